//! Draws that depend on what they are for, never on when they are made.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The random stream for one purpose: same seed and words, same stream, whatever else is drawn
/// before, after or at the same time. Words are study, arm, patient and purpose.
pub fn stream(seed: u64, words: &[&str]) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    for word in words {
        hasher.update(&(word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_are_told_apart_by_every_word() {
        let first = |seed, words: &[&str]| stream(seed, words).random::<u64>();
        assert_eq!(first(1, &["a", "b"]), first(1, &["a", "b"]));
        assert_ne!(first(1, &["a", "b"]), first(2, &["a", "b"]));
        assert_ne!(first(1, &["a", "b"]), first(1, &["ab", ""]));
    }
}
