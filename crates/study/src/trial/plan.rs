//! `library/trials/*.toml`: a trial as it was designed and what it found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// What disease is treated.
    #[serde(default)]
    pub setting: Setting,
    /// Whether its figures may be fitted.
    #[serde(default)]
    pub role: Role,
    /// What the experimental arm is about: classes of drugs can be left out of a calibration.
    #[serde(default)]
    pub drug_class: String,
    /// Who is drawn: conditions on what the cohort draws, all of which must hold.
    #[serde(default)]
    pub eligibility: Vec<Spanned<String>>,
    /// Who enters: conditions on what is seen on day 0, after the history.
    #[serde(default)]
    pub entry: Vec<Spanned<String>>,
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
    /// Smallest lesion that is found once the tumour has been taken out; 10 mm when absent.
    pub relapse_size: Option<SourcedNumber>,
    /// When tumours are assessed.
    pub visits: Visits,
    /// What patients had before they entered, in order.
    #[serde(default)]
    pub history: Vec<HistoryLine>,
    /// When the tumour is taken out, if it is.
    pub surgery: Option<Surgery>,
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

/// What disease is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Measurable disease; response and progression.
    #[default]
    Metastatic,
    /// A primary tumour that is treated and then taken out.
    Neoadjuvant,
    /// What is left once the tumour has been taken out.
    Adjuvant,
}

/// Whether a trial's figures may be fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// They may.
    Calibration,
    /// They are kept for prediction.
    #[default]
    Prediction,
}

/// A line of treatment before the trial.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryLine {
    /// The treatment; it ends at progression or after `for`.
    pub regimen: Spanned<String>,
    /// Longest time it lasts; a patient who has not progressed by then goes on to the next line or the
    /// trial. Without it only patients who progress within ten years go on.
    #[serde(rename = "for")]
    pub duration: Option<Spanned<String>>,
    /// Share of the patients who had it; the others skip it.
    pub share: Option<Spanned<f64>>,
    /// Whether the tumour is taken out when it begins.
    #[serde(default)]
    pub surgery: bool,
    /// When tumours are assessed; every nine weeks when absent.
    #[serde(default)]
    pub visits: Vec<Spanned<String>>,
    /// Time without treatment from its end to what follows.
    pub washout: Option<Spanned<String>>,
    /// Where it comes from.
    pub source: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// When the tumour is taken out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surgery {
    /// Time since the first dose.
    pub at: Spanned<String>,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
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
    pub arm: Spanned<String>,
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
    /// One of [`super::ENDPOINTS`].
    pub endpoint: Spanned<String>,
    /// `median` or `percent`.
    pub statistic: String,
    /// For a percentage of patients free of an event: when.
    pub at: Option<Spanned<String>>,
    /// The figure, in `unit`.
    pub value: f64,
    /// `month` or `%`.
    pub unit: Spanned<String>,
    /// Lower 95 % limit.
    pub ci_low: Option<f64>,
    /// Upper 95 % limit.
    pub ci_high: Option<f64>,
    /// Restriction (`stratum = …`, `ihc = 3+`).
    #[serde(default)]
    pub subgroup: Option<Spanned<String>>,
    /// Who judged: `investigator`, `independent`, or nothing.
    #[serde(default)]
    pub assessed: String,
    /// Where it was published.
    pub source: String,
    /// Whether the figure was read in its source.
    #[serde(default)]
    pub known: Known,
    /// `calibration` or `prediction`.
    pub split: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// How a published figure is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Read in its source.
    Read,
    /// Remembered, to be read again.
    #[default]
    Remembered,
}

/// A published comparison of two arms.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedContrast {
    /// One of [`super::ENDPOINTS`].
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
    /// Restriction (`fish = +`).
    #[serde(default)]
    pub subgroup: Option<Spanned<String>>,
    /// Who judged: `investigator`, `independent`, or nothing.
    #[serde(default)]
    pub assessed: String,
    /// Where it was published.
    pub source: String,
    /// Whether the figure was read in its source.
    #[serde(default)]
    pub known: Known,
    /// `calibration` or `prediction`.
    pub split: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}
