//! `library/populations/plans/*.toml`: which trials a population is fitted to, in which order.

use serde::Deserialize;

use crate::document::Spanned;

/// A calibration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationPlan {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
    /// Disease population that is fitted; all trials must draw from it.
    pub cohort: Spanned<String>,
    /// Virtual patients in the pool.
    pub pool: u64,
    /// Least effective share of the pool once it is weighed.
    pub least_effective: f64,
    /// Steps, in order; what one has fitted is frozen for the next.
    pub step: Vec<Step>,
}

/// One step of a calibration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Arms whose figures are fitted, as `trial/arm`; comparisons count once both arms were named.
    pub arm: Vec<Spanned<String>>,
    /// Draws that may move.
    pub moves: Vec<Moved>,
}

/// A draw that may move.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The draw, by attribute or symbol; `spread:SYMBOL` for the spread of a table's row.
    pub draw: Spanned<String>,
    /// How far its median is expected to move, in standard deviations of its distribution.
    pub shift: f64,
    /// How much its spread is expected to change, on the logarithm; it stays when absent.
    pub spread: Option<f64>,
}
