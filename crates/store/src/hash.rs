//! Names by content.

/// BLAKE3 hash of a list of parts, as 64 hexadecimal digits.
///
/// Each part is preceded by its length, so `["ab", "c"]` and `["a", "bc"]` differ.
///
/// ```
/// let hash = hersim_store::content_hash([b"model".as_slice(), b"seed 1"]);
/// assert_eq!(hash.len(), 64);
/// ```
pub fn content_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_the_bytes_and_on_where_parts_end() {
        let hash = |parts: &[&str]| content_hash(parts.iter().map(|p| p.as_bytes()));
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["c", "ab"]));
        assert_ne!(hash(&[]), hash(&[""]));
    }

    /// The hash of no input is published with the BLAKE3 test vectors.
    #[test]
    fn is_blake3() {
        assert_eq!(
            content_hash([]),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
    }
}
