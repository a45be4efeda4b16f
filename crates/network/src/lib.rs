//! The checked reaction network every reader produces and every engine consumes.
//!
//! A [`Network`] is one flat table of [`Symbol`]s (compartments, species, parameters, reactions)
//! with units, values, rules, events and the places in the text they came from. Nested names are
//! kept readable with dots (`bulk.module.species`).
//!
//! This crate does not know any file format, any biology and any solver. It knows what a
//! well-formed network is ([`check()`]) and how to tell a person what is wrong with one
//! ([`Diagnostic`]).

mod about;
mod check;
mod diagnostic;
mod expr;
mod network;

pub use about::{About, Annotation, Creator, Quantity, Spread, Uncertainty};
pub use check::{check, conservation, contradictions};
pub use diagnostic::{Diagnostic, FileId, Level, Sources, Span, nearest};
pub use expr::{BinaryOp, Expr, Function, Node};
pub use network::{
    Algebraic, Event, Modifier, Network, Participant, Provenance, Reaction, Rule, Scale, Status,
    Symbol, SymbolId, SymbolKind, Value,
};
