//! Studies: tumour, regimen, patient, cohort, trial, endpoint.
//!
//! The one door that command line, Python and web share. It knows roles (a dose, a subclone, a
//! visit, an endpoint), never a gene, a drug or a tumour: those are data in `model/` and
//! `library/`. It draws nothing and prints nothing.
//!
//! - [`trial::run()`]: a virtual trial, from its id to a folder of results
//! - [`simulate::simulate`]: one tumour under one regimen
//! - [`convert::convert`]: an assembled system as SBML or Antimony
//! - [`claims::run`]: what the literature claims, tried claim by claim
//! - [`fit::run()`]: parameters of the model fitted to data
//! - [`handbook::handbook`]: the model's files as people read them
//! - [`check::check`]: what is wrong with the model and the library

pub mod assemble;
pub mod bench;
pub mod calibrate;
pub mod check;
pub mod claims;
pub mod condition;
pub mod convert;
pub mod copula;
pub mod distribution;
pub mod document;
pub mod dosing;
pub mod equilibrate;
mod error;
pub mod fit;
pub mod formula;
pub mod handbook;
pub mod hypothesis;
mod least_squares;
pub mod library;
pub mod model_file;
pub mod network_edit;
pub mod outcome;
pub mod population;
pub mod progress;
pub mod quantity;
pub mod random;
pub mod readout;
pub mod regimen;
mod sheet;
pub mod simulate;
pub mod statistics;
pub mod suite;
mod treatment;
pub mod trial;
mod tumour;
pub mod written;

pub use error::StudyError;
