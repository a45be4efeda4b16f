//! `library/cohorts/*.toml`: a disease population, as draws.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::Spanned;

/// A disease population.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// System its patients live in.
    pub system: Spanned<String>,
    /// Remarks.
    #[serde(default)]
    pub note: String,
    /// What differs between patients.
    #[serde(default)]
    pub draw: Vec<Draw>,
    /// Subclones of each tumour; the first takes what the others leave.
    pub subclone: Vec<SubclonePlan>,
    /// Kinds of patients; shares sum to one.
    #[serde(default)]
    pub group: Vec<Group>,
    /// Draws that hang together, by a Gaussian copula.
    #[serde(default)]
    pub correlation: Vec<Correlation>,
}

/// Two draws that hang together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// The two, by attribute or symbol.
    pub between: [Spanned<String>; 2],
    /// Correlation of their normal scores, -1 to 1.
    pub rho: Spanned<f64>,
    /// Where it comes from.
    pub source: String,
    /// `measured`, `fitted`, `derived` or `assumed`.
    pub status: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// One quantity that differs between patients.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// Parameter of the system.
    pub symbol: Option<Spanned<String>>,
    /// Attribute, of all subclones (`pten`) or of one (`minor:pten`).
    pub attribute: Option<Spanned<String>>,
    /// Distribution, in `unit`.
    pub distribution: Spanned<String>,
    /// Values outside are drawn again.
    pub limits: Option<[f64; 2]>,
    /// Unit of the distribution.
    pub unit: Spanned<String>,
    /// Where it comes from.
    pub source: String,
    /// `measured`, `fitted`, `derived` or `assumed`.
    pub status: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// One subclone of each tumour.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubclonePlan {
    /// Its name in the system.
    pub id: String,
    /// Its share of all tumour cells; absent for the one that takes the rest.
    pub fraction: Option<FractionDraw>,
}

/// Distribution of a subclone's share.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FractionDraw {
    /// Distribution of the share.
    pub distribution: Spanned<String>,
    /// Where it comes from.
    pub source: String,
    /// `measured`, `fitted`, `derived` or `assumed`.
    pub status: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// One kind of patients.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Identifier.
    pub id: String,
    /// Share of the population.
    pub share: Spanned<f64>,
    /// What subgroup analyses can ask for (`ihc = "3+"`).
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Where the share comes from.
    pub source: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
    /// Draws that replace or add to the cohort's.
    #[serde(default)]
    pub draw: Vec<Draw>,
}
