//! `library/tumours/*.toml`: cell lines and archetypes as attributes.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::Spanned;

/// A tumour.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tumour {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Identity (URIs).
    #[serde(default)]
    pub is: Vec<String>,
    /// `cell line` or `archetype`.
    pub kind: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
    /// Attributes of all subclones and of the host.
    #[serde(default)]
    pub attributes: BTreeMap<Spanned<String>, AttributeValue>,
    /// Subclones; their fractions sum to one.
    #[serde(default)]
    pub subclone: Vec<TumourSubclone>,
    /// How it was made from another tumour, instead of attributes and subclones.
    pub made: Option<Made>,
}

/// A tumour made by selection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The tumour it was made from.
    pub from: Spanned<String>,
    /// The system it was made in.
    pub system: Spanned<String>,
    /// What it went through.
    pub history: Vec<Phase>,
}

/// A stretch of time that cells go through. What is done in it ends with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// How long.
    #[serde(rename = "for")]
    pub duration: Spanned<String>,
    /// What is done.
    #[serde(default, rename = "do")]
    pub deeds: Vec<Spanned<String>>,
}

/// One subclone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TumourSubclone {
    /// Its name in the system.
    pub id: String,
    /// Share of all tumour cells.
    pub fraction: Spanned<f64>,
    /// Attributes in which it differs.
    #[serde(default)]
    pub attributes: BTreeMap<Spanned<String>, AttributeValue>,
}

/// Value of an attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeValue {
    /// Number, or a word from the attribute's levels.
    pub value: Spanned<NumberOrWord>,
    /// Unit of the number.
    pub unit: Option<Spanned<String>>,
    /// Where it comes from.
    pub source: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// A number, or a word that stands for one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum NumberOrWord {
    /// A number.
    Number(f64),
    /// A level's name.
    Word(String),
}
