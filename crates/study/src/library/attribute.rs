//! `model/attributes.toml`: what a user may say of a tumour, and which parameter it moves.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::Spanned;

/// All attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

/// Whether an attribute belongs to a subclone or to the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One value per subclone.
    Subclone,
    /// One value per patient.
    Host,
}

/// One attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// What it means, in words.
    pub meaning: String,
    /// Whose it is.
    pub scope: Scope,
    /// Parameter it sets: path below the subclone, or below the system.
    pub parameter: Spanned<String>,
    /// Unit of its values.
    pub unit: Spanned<String>,
    /// Lowest and highest value that make sense.
    pub range: [f64; 2],
    /// Symbol that shows what equilibration achieved, path as for `parameter`.
    pub achieved: Option<Spanned<String>>,
    /// Words for values (`high`, `3+`).
    #[serde(default)]
    pub levels: BTreeMap<String, f64>,
    /// Evidence for the mapping.
    pub source: String,
}
