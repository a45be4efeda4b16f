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

pub use endpoints::{PublishedFigure, check_figures, published_figures};
pub use figures::{ENDPOINTS, EndpointKind};
pub use figures::{Statistic, kind as endpoint_kind, members_of};
pub use plan::*;
pub use run::{Members, TrialRequest, TrialRun, run, simulate_patients, typical_scale};
pub use score::{Score, Scored, met, score};
pub use setup::TrialSetup;
pub use tables::{endpoints as stored_patients, without_assessments as read_patients};
