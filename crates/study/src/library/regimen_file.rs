//! `library/regimens/*.toml`: named regimens.

use serde::Deserialize;

use crate::document::Spanned;

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
