//! Dimensions and exact unit algebra.
//!
//! A [`Unit`] is a product of base dimensions with rational exponents and an exact scale, so
//! `1/h` and `1/day` are different units of one dimension and `sqrt(L)` squared is `L` again.
//! Copies (`item`) and cells (`cell`) are dimensions of their own; nothing turns moles into
//! copies but a parameter that says how many.
//!
//! This crate does not know any quantity that has a unit, any formula and any file format but the
//! short text of a unit (`nmol/L`, `copies/cell/day`).

mod display;
mod names;
mod parse;
mod scale;
mod unit;

pub use parse::UnitError;
pub use unit::{BaseUnit, Unit};
