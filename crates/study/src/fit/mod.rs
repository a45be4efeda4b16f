//! Fitting parameters to data: PEtab problems.
//!
//! [`run()`] reads a problem (tables of parameters, conditions, observables and measurements),
//! simulates every condition for many values of the parameters at once, and brings several
//! searches down by least squares. What it finds is plain data ([`FitOutcome`]).

mod condition;
mod design;
mod ensemble;
mod experiment;
mod export;
mod gather;
mod measurement;
mod objective;
mod observable;
mod outcome;
mod panels;
mod parameter;
mod problem;
mod profile;
mod run;
mod setup;
mod starts;
mod uncertainty;
mod write_back;

use hersim_network::Diagnostic;

use crate::library::Library;

pub use crate::least_squares::Status;
pub use export::{Files, export, export_to};
pub use outcome::{
    Fit, FitOutcome, FittedParameter, Line, ObservableOutcome, Panel, Point, Profile, StartOutcome,
};
pub use parameter::Scale;
pub use problem::ids;
pub use run::{FitRequest, FitRun, run};
pub use setup::Setup;
pub use write_back::{Written, write_back};

/// What is wrong with a problem, without simulating anything.
pub fn check(library: &mut Library, problem: &str) -> Vec<Diagnostic> {
    design::Design::new(library, problem).err().unwrap_or_default()
}

/// Words for a problem of the library.
///
/// # Errors
/// When its index cannot be read.
pub fn title(library: &mut Library, problem: &str) -> Result<String, Vec<Diagnostic>> {
    Ok(problem::read(library, problem)?.title)
}
