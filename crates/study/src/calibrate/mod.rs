//! A disease population that agrees with what trials have reported.
//!
//! [`run()`] simulates one pool of virtual patients under every arm of the calibration's trials
//! (`pool`), and then moves the distributions the pool was drawn from, step by step, so that the
//! pool, weighed accordingly, shows the published figures (`weights`, `fit`). There is one population
//! for all trials, each of which takes those of its patients who are eligible; no trial has weights of
//! its own. What was fitted is frozen before the next step begins. The result ([`Calibration`]) is a
//! small document: for each draw that was moved, the mean and the spread of its normal score.

mod fit;
mod hull;
mod plan;
mod pool;
mod result;
mod run;
mod targets;
mod weights;

pub use plan::{CalibrationPlan, Moved, Step};
pub use result::{Calibration, CalibrationOutcome, Compared, LeftOut, StepOutcome};
pub use run::{CalibrationRequest, CalibrationRun, check, run};
