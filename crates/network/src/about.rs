//! What is said of a part of a model for people and catalogues; none of it changes a result.

use crate::{Expr, SymbolId};

/// Names, remarks and references of a model or of one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Words for people, where the text gives them.
    pub display_name: Option<String>,
    /// Remarks for people, as XHTML.
    pub notes: Option<String>,
    /// Identity and literature references (MIRIAM).
    pub annotations: Vec<Annotation>,
    /// Number of the term of the Systems Biology Ontology that says what it is.
    pub sbo: Option<u32>,
    /// Who wrote it.
    pub creators: Vec<Creator>,
    /// When it was written, as in `2019-07-29T10:53:09Z`.
    pub created: Option<String>,
    /// When it was changed, first to last.
    pub modified: Vec<String>,
}

/// A MIRIAM annotation: qualifier and resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Qualifier without prefix: `is`, `isDescribedBy`, `isVersionOf`, ….
    pub qualifier: String,
    /// URI.
    pub resource: String,
}

/// Somebody who wrote a part of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Creator {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub organization: Option<String>,
    pub email: Option<String>,
}

/// A statistic of a number that is not known exactly, as the package `distrib` of SBML has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertainty {
    /// One of [`Uncertainty::STATISTICS`].
    pub statistic: String,
    /// What it amounts to.
    pub spread: Option<Spread>,
    /// Where the statistic is defined, if it is not one that all know.
    pub definition: Option<String>,
}

impl Uncertainty {
    /// Statistics that are one value, a range or a distribution; the first letters of SBML's
    /// spelling, which for the coefficient of variation is unusual.
    pub const STATISTICS: [&str; 16] = [
        "mean",
        "standardDeviation",
        "coeffientOfVariation",
        "kurtosis",
        "median",
        "mode",
        "sampleSize",
        "skewness",
        "standardError",
        "variance",
        "range",
        "confidenceInterval",
        "credibleInterval",
        "interquartileRange",
        "distribution",
        "externalParameter",
    ];

    /// Whether a statistic is always a range.
    pub fn is_range(statistic: &str) -> bool {
        ["range", "confidenceInterval", "credibleInterval", "interquartileRange"]
            .contains(&statistic)
    }
}

/// The value of an [`Uncertainty`].
#[derive(Clone, Debug, PartialEq)]
pub enum Spread {
    /// One number.
    Value(Quantity),
    /// From one to another.
    Range(Quantity, Quantity),
    /// A distribution by its name and parameters: `normal(3, x)`.
    Distribution(String, Vec<Expr>),
}

/// A number, or a symbol whose value it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Quantity {
    Number(f64),
    Symbol(SymbolId),
}
