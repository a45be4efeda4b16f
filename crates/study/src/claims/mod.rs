//! What the literature claims, tried claim by claim.
//!
//! A claim names arms and compares readouts between them. The claims asked for are read together
//! (`planner`, `readings`): every distinct course is simulated once, those of one system side by
//! side in one program (`execute`), and the readouts are judged (`judge`). Two questions go
//! further: which couplings between parts of the model a claim depends on (`ablate`), and how
//! often it holds when the numbers are drawn anew (`ensemble`).

mod ablate;
mod catalogue;
mod check;
mod controls;
mod course;
mod curves;
mod deed;
mod ensemble;
mod execute;
mod file;
mod graph;
mod intervention;
mod judge;
mod outcome;
mod plan;
mod planner;
mod readings;
mod run;
mod stage;
mod subject;
mod words;

pub(crate) use crate::formula;
pub use catalogue::{Catalogue, Selection};
pub use check::{Checked, check};
pub use curves::Curve;
pub use file::{Claim, ClaimFile, Expect, Kind, Protocols, Tier};
pub use intervention::{Interventions, Path as TargetPath, Target};
pub use judge::{Judged, Verdict};
pub use outcome::{ArmWords, ClaimOutcome, ClaimsOutcome, Controls, Exchange, Status, Tally};
pub use run::{ClaimsRequest, run};
