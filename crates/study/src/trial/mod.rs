//! Virtual trials: a plan, a cohort, arms, visits, endpoints.
//!
//! The main path is [`run()`]: plan and model are read and compiled (`setup`), patients are
//! drawn (`enter`), brought to rest and treated (`patient`), judged at their visits (`recist`), stored
//! (`tables`) and summed up beside the published figures (`figures`, `endpoints`).

mod checks;
mod clinic;
mod endpoints;
mod enter;
mod figures;
mod patient;
mod plan;
mod recist;
mod regimens;
mod run;
mod score;
mod sense;
mod setup;
mod tables;
mod visits;

pub use endpoints::check_figures;
pub use figures::ENDPOINTS;
pub use plan::*;
pub use run::{TrialRequest, TrialRun, run};
pub use score::{Score, Scored, score};
pub use setup::TrialSetup;
