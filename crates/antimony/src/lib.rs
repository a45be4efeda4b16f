//! Antimony text and parameter tables to and from the reaction network.
//!
//! A model file holds no numbers; the table beside it (`x.tsv` for `x.ant`) gives every number
//! its unit, source and status. [`load`] reads a file with everything it imports, joins the
//! tables, repeats the cell for every subclone, spreads submodels out under dotted names and
//! gives a [network](hersim_network::Network) whose every part points at the text it came from.
//! [`write()`] gives a network back as plain, flat Antimony that other tools read.
//!
//! The model's own texts are read strictly: what is Antimony but not in their dialect is refused
//! with its place and a mend. Any other text is read as libAntimony reads it
//! ([`Request::tolerant`]), with all that changes results and what is said for people.
//!
//! This crate does not know what the names mean, how equations are solved, whether units agree
//! inside a formula (the network's own check does) and where files are kept ([`Files`] does).

mod about;
mod ast;
mod convert;
mod expression;
mod fields;
mod files;
mod flatten;
mod functions;
mod join;
mod lexer;
mod load;
mod lower;
mod merge;
mod parser;
mod program;
mod replicate;
mod scope;
mod table;
mod words;
mod write;

pub use files::{Disk, Files};
pub use load::{Loaded, Request, UsedModel, load};
pub use words::is_taken;
pub use write::{beyond, formula, write};
