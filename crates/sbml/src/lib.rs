//! The reaction network as SBML Level 3 Version 2 core, for any other simulator.
//!
//! Everything a network says is written: values, units, rules, reactions, events, names,
//! identities, and where numbers come from. One thing SBML cannot say is lost and noted in the
//! file: copies and cells are one unit there, `item`.
//!
//! This crate does not know any biology, any solver and any text format but SBML.

mod annotation;
mod ids;
mod math;
mod read;
mod uncertainty;
mod units;
mod write;
mod xml;

pub use ids::ids;
pub use read::{Load, read, read_noting};
pub use write::write;
