//! Virtual trials: a plan, a cohort, arms, visits, endpoints.
//!
//! The main path is [`run()`]: plan and model are read and compiled (`setup`), patients are
//! sampled, brought to rest and treated (`patient`), judged at their visits (`recist`), stored
//! (`tables`) and summed up beside the published figures (`endpoints`).

mod endpoints;
mod patient;
mod plan;
mod recist;
mod run;
mod setup;
mod tables;

pub use plan::*;
pub use run::{TrialRequest, TrialRun, run};
pub use setup::TrialSetup;
