//! `library/trials/*.toml`: a trial as it was designed and what it found.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    document::Spanned,
    library::{Draw, SourcedNumber},
};

/// A trial.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialPlan {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Cohort its patients come from.
    pub cohort: Spanned<String>,
    /// Longest time from the first dose to the end of observation.
    pub follow_up: Spanned<String>,
    /// Length of accrual: patients who enter later are observed for less.
    pub accrual: Option<Spanned<String>>,
    /// Literature source.
    pub source: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
    /// Error of a measured sum of diameters, as a coefficient of variation.
    pub measurement_error: SourcedNumber,
    /// Sum of diameters below which no lesion is seen any more (complete response).
    pub detection_limit: SourcedNumber,
    /// When tumours are assessed.
    pub visits: Visits,
    /// Strata of randomisation; shares sum to one.
    #[serde(default)]
    pub stratum: Vec<Stratum>,
    /// Arms.
    pub arm: Vec<Arm>,
    /// Treatment after progression.
    #[serde(default)]
    pub after_progression: Vec<AfterProgression>,
    /// Published figures per arm.
    #[serde(default)]
    pub result: Vec<PublishedResult>,
    /// Published comparisons.
    #[serde(default)]
    pub contrast: Vec<PublishedContrast>,
}

/// When tumours are assessed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// Times since the first dose; the last may be `then every …`.
    pub schedule: Vec<Spanned<String>>,
}

/// A stratum of randomisation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// Identifier.
    pub id: String,
    /// Share of the patients.
    pub share: Spanned<f64>,
    /// Where the share comes from.
    #[serde(default)]
    pub source: String,
    /// Draws that replace or add to the cohort's.
    #[serde(default)]
    pub draw: Vec<Draw>,
}

/// An arm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Patients randomised to it in the real trial.
    pub n: u64,
    /// Its treatment.
    pub regimen: Spanned<ByStratum>,
}

/// A regimen for all, or one per stratum.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ByStratum {
    /// The same for all.
    All(String),
    /// One per stratum.
    Each(BTreeMap<String, String>),
}

/// Treatment after progression for a share of an arm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterProgression {
    /// The arm.
    pub arm: String,
    /// Share of its patients who get it.
    pub share: Spanned<f64>,
    /// The treatment.
    pub regimen: Spanned<ByStratum>,
    /// Where the share comes from.
    pub source: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// A published figure of one arm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedResult {
    /// The arm.
    pub arm: Spanned<String>,
    /// `ttp`, `pfs`, `os`, `dor` or `orr`.
    pub endpoint: Spanned<String>,
    /// `median` or `percent`.
    pub statistic: String,
    /// The figure, in `unit`.
    pub value: f64,
    /// `month` or `%`.
    pub unit: Spanned<String>,
    /// Lower 95 % limit.
    pub ci_low: Option<f64>,
    /// Upper 95 % limit.
    pub ci_high: Option<f64>,
    /// Restriction (`stratum=…`, `ihc=3+`).
    #[serde(default)]
    pub subgroup: String,
    /// Where it was published.
    pub source: String,
    /// `calibration` or `prediction`.
    pub split: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// A published comparison of two arms.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedContrast {
    /// `ttp`, `pfs`, `os` or `orr`.
    pub endpoint: Spanned<String>,
    /// `hr`, `or` or `difference`.
    pub measure: String,
    /// Experimental arm, then control.
    pub arms: [String; 2],
    /// The figure.
    pub value: f64,
    /// Lower 95 % limit.
    pub ci_low: Option<f64>,
    /// Upper 95 % limit.
    pub ci_high: Option<f64>,
    /// Restriction (`fish=+`).
    #[serde(default)]
    pub subgroup: String,
    /// Where it was published.
    pub source: String,
    /// `calibration` or `prediction`.
    pub split: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}
