//! What a calibration yields: plain data that the doors print and the report draws.

use serde::{Deserialize, Serialize};

use super::hull::Hull;
use crate::{population::Shifts, trial::Known};

/// A population as a calibration left it; `library/populations/COHORT.toml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The cohort it is of.
    pub id: String,
    /// Words.
    pub title: String,
    /// The calibration that made it.
    pub calibration: String,
    /// The command that made it.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// Content hash of the model and the trials it was made with.
    pub model_hash: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Members of the pool.
    pub pool: u64,
    /// Effective share of the pool.
    pub effective: f64,
    /// Draws that were moved.
    #[serde(default)]
    pub moved: Vec<MovedDraw>,
}

/// A draw that was moved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedDraw {
    /// The draw.
    pub draw: String,
    /// Mean of its normal score.
    pub mean: f64,
    /// Standard deviation of its normal score.
    pub sd: f64,
    /// Step that moved it.
    pub step: String,
}

impl Calibration {
    /// What was moved, by draw.
    pub fn shifts(&self) -> Shifts {
        self.moved.iter().map(|m| (m.draw.clone(), (m.mean, m.sd))).collect()
    }
}

/// One step's outcome.
#[derive(Clone, Debug, Serialize)]
pub struct StepOutcome {
    /// Identifier.
    pub step: String,
    /// Words.
    pub title: String,
    /// Figures that were fitted.
    pub figures: usize,
    /// Mean squared distance before, in standard errors.
    pub before: f64,
    /// And after.
    pub after: f64,
    /// Effective share of the pool after it.
    pub effective: f64,
    /// Draws it moved: name, mean and standard deviation of the normal score.
    pub moved: Vec<(String, f64, f64)>,
}

/// A published figure beside the calibrated one.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// Identifier of the trial.
    pub trial: String,
    /// What the trial is about.
    pub class: String,
    /// Words.
    pub what: String,
    /// Published.
    pub observed: f64,
    /// Published 95 % interval.
    pub observed_ci: [Option<f64>; 2],
    /// Of the pool as it was drawn.
    pub before: Option<f64>,
    /// Of the calibrated population.
    pub value: Option<f64>,
    /// Distance in standard errors.
    pub residual: Option<f64>,
    /// Whether it was fitted.
    pub fitted: bool,
    /// How it is known.
    pub known: Known,
    /// Whether it lies inside the published interval, or within 15 % where there is none.
    pub met: bool,
}

/// What is predicted of a class of drugs whose trials were left out.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// The class.
    pub class: String,
    /// Figures of its trials that would have been fitted, predicted.
    pub figures: Vec<Compared>,
}

/// Everything a calibration yields.
#[derive(Clone, Debug, Serialize)]
pub struct CalibrationOutcome {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Where the published figures lie against the pool.
    pub hull: Hull,
    /// The steps.
    pub steps: Vec<StepOutcome>,
    /// Every published figure of the trials.
    pub figures: Vec<Compared>,
    /// Classes of drugs left out one after another.
    pub left_out: Vec<LeftOut>,
    /// The population.
    pub population: Calibration,
    /// Wall time, seconds.
    pub seconds: f64,
}
