//! `library/regimens/*.toml`: named regimens.

use hersim_network::Diagnostic;
use serde::Deserialize;

use super::{Library, Shelf};
use crate::{
    document::{Document, Spanned},
    regimen::Regimen,
    written::Written,
};

/// A named regimen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegimenFile {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// The regimen as text.
    pub text: Spanned<String>,
    /// Literature source.
    pub source: String,
}

/// A regimen from its text, or from the library when the text is the id of one.
///
/// # Errors
/// `unknown-regimen`; as [`Regimen::parse`].
pub fn regimen(written: &Written, library: &mut Library) -> Result<Regimen, Vec<Diagnostic>> {
    let text = &written.text;
    if text.is_empty() || text.contains(char::is_whitespace) || text == "none" {
        return Regimen::parse(written);
    }
    let file: Document<RegimenFile> = library.read(Shelf::Regimens, text, Some(written.whole()))?;
    Regimen::parse(&Written::in_document(&file, &file.value.text, &library.sources))
}
