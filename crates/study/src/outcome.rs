//! What a virtual trial yields: plain data that the doors print and the report draws.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    condition::{Fact, Person},
    dosing::Delivered,
    trial::Known,
};

/// Days in a month (a twelfth of 365.25 days).
pub const DAYS_PER_MONTH: f64 = 30.4375;

/// Best response by RECIST 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// Complete response.
    CR,
    /// Partial response.
    PR,
    /// Stable disease.
    SD,
    /// Progressive disease.
    PD,
    /// Not evaluable: no visit after baseline.
    NE,
}

/// How the simulation of one patient ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PatientStatus {
    /// Followed to death or to the end of follow-up.
    Complete,
    /// Did not enter the trial; the reason says what was asked.
    NotEnrolled(String),
    /// The integration failed; the reason names time and worst state.
    Failed(String),
}

/// A time to an event, or to the end of observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventTime {
    /// Days since the first dose.
    pub day: f64,
    /// True when the event happened; false when observation ended first.
    pub event: bool,
}

/// One tumour assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Days since the first dose.
    pub day: f64,
    /// Measured sum of diameters, mm.
    pub sum_of_diameters_mm: f64,
    /// Whether a new lesion had appeared by then.
    pub new_lesion: bool,
    /// What else is measured at visits, in the order and the units of [`TrialOutcome::markers`].
    pub markers: Vec<f64>,
}

/// Endpoints of one virtual patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatientOutcome {
    /// Index of the arm.
    pub arm: usize,
    /// Number of the patient within the arm, from zero.
    pub patient: u64,
    /// How the simulation ended.
    pub status: PatientStatus,
    /// Stratum of randomisation, empty when the trial has none.
    pub stratum: String,
    /// Cohort group.
    pub group: String,
    /// Tags of the group.
    pub tags: BTreeMap<String, String>,
    /// What was drawn for the patient, by the names and in the units of the cohort's draws.
    pub traits: BTreeMap<String, f64>,
    /// Time to progression; deaths without progression are censored.
    pub ttp: EventTime,
    /// Time to progression or death.
    pub pfs: EventTime,
    /// Time to death.
    pub os: EventTime,
    /// Time from first response to progression, for responders.
    pub dor: Option<EventTime>,
    /// Best response.
    pub response: Response,
    /// Best change of the sum of diameters from baseline, percent (negative: shrinkage).
    pub best_change_percent: Option<f64>,
    /// Day of cross-over to another arm's treatment, if it happened.
    pub crossover_day: Option<f64>,
    /// Day on which a drug of the trial's treatment was to be stopped for its toxicity.
    pub discontinued_day: Option<f64>,
    /// What has arrived of each drug since day 0.
    pub delivered: Vec<Delivered>,
    /// Whether surgery found no tumour cell in the breast; none without surgery.
    pub pcr: Option<bool>,
    /// Whether surgery found no tumour cell in breast and nodes; none without surgery.
    pub tpcr: Option<bool>,
    /// Assessments, baseline first, until progression.
    pub assessments: Vec<Assessment>,
}

impl PatientOutcome {
    /// What conditions may ask about the patient: stratum, group, its tags, and what was drawn.
    pub fn fact(&self, name: &str) -> Option<Fact> {
        let Self { stratum, group, tags, traits, .. } = self;
        Person { stratum, group, tags, traits }.fact(name)
    }
}

/// One curve over time of one patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it shows.
    pub title: String,
    /// Unit of the values.
    pub unit: String,
    /// Values, one per time of the trace.
    pub values: Vec<f64>,
}

/// Curves of one patient over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Whose they are, in words.
    pub title: String,
    /// Days since the first dose.
    pub day: Vec<f64>,
    /// The curves.
    pub series: Vec<Series>,
}

/// A figure with its interval beside the published one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// One of [`crate::trial::ENDPOINTS`].
    pub endpoint: String,
    /// `median` or `percent`.
    pub statistic: String,
    /// When patients free of an event are counted, months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_month: Option<f64>,
    /// `month` or `%`.
    pub unit: String,
    /// Restriction to a subgroup (`stratum=…`), empty for all patients.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subgroup: String,
    /// Patients it is made from.
    pub n: usize,
    /// Simulated value; none when the median is not reached.
    pub value: Option<f64>,
    /// Lower 95 % limit.
    pub ci_low: Option<f64>,
    /// Upper 95 % limit.
    pub ci_high: Option<f64>,
    /// Published value.
    pub observed: Option<f64>,
    /// Published lower 95 % limit.
    pub observed_ci_low: Option<f64>,
    /// Published upper 95 % limit.
    pub observed_ci_high: Option<f64>,
    /// Whether the published figure was used for `calibration` or kept for `prediction`.
    pub split: Option<String>,
    /// Whether the published figure was read in its source.
    pub known: Option<Known>,
    /// Who judged the published figure, where it was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub assessed: String,
}

/// One arm's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmOutcome {
    /// Identifier.
    pub arm: String,
    /// Words.
    pub title: String,
    /// Patients simulated without failure.
    pub n: usize,
    /// Its figures.
    pub endpoints: Vec<Endpoint>,
}

/// A comparison of two arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// `orr`, `ttp`, `pfs`, `os`.
    pub endpoint: String,
    /// `hr`, `or` or `difference`.
    pub measure: String,
    /// Experimental arm, then control.
    pub arms: [String; 2],
    /// Restriction to a subgroup (`fish=+`), empty for all patients.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subgroup: String,
    /// Simulated value.
    pub value: Option<f64>,
    /// Lower 95 % limit.
    pub ci_low: Option<f64>,
    /// Upper 95 % limit.
    pub ci_high: Option<f64>,
    /// Published value.
    pub observed: Option<f64>,
    /// Published lower 95 % limit.
    pub observed_ci_low: Option<f64>,
    /// Published upper 95 % limit.
    pub observed_ci_high: Option<f64>,
    /// Whether the published figure was used for `calibration` or kept for `prediction`.
    pub split: Option<String>,
    /// Whether the published figure was read in its source.
    pub known: Option<Known>,
    /// Who judged the published figure, where it was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub assessed: String,
}

/// Everything a virtual trial yields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialOutcome {
    /// Identifier of the trial.
    pub trial: String,
    /// Title of the trial.
    pub title: String,
    /// Literature source of the trial.
    pub source: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Figures per arm.
    pub arms: Vec<ArmOutcome>,
    /// Comparisons.
    pub contrasts: Vec<Contrast>,
    /// Patients whose integration failed (they are rows with a reason).
    pub failed_patients: usize,
    /// Patients who did not enter the trial (they are rows with a reason).
    pub not_enrolled: usize,
    /// What is measured at visits: id and unit.
    pub markers: Vec<(String, String)>,
    /// Wall time of the simulation, seconds.
    pub seconds: f64,
    /// One row per patient.
    #[serde(skip)]
    pub patients: Vec<PatientOutcome>,
    /// One typical patient's curves per arm.
    #[serde(skip)]
    pub traces: Vec<Trace>,
}
