//! From a reaction network to compiled derivatives to trajectories.
//!
//! ```text
//! network ── lower ──► formulas ── derive, order, factor ──► more formulas ── record ──► tapes
//! tapes + subjects ── ensemble ──► samples and outcomes
//! ```
//!
//! [`compile`] turns a [`hersim_network::Network`] into a [`Program`]: its rates of change, their
//! exact sparse Jacobian and the elimination of the linear systems, all written out as short lists
//! of arithmetic. [`run`] carries them out for many [`Subject`]s at once, each with its own
//! parameters, doses, time and step size, with an implicit method of order five.
//!
//! This crate knows numbers, not names: nothing of biology, file formats, units, patients or
//! trials. It never reads a file, draws a random number or prints. The same input gives the same
//! bits on every machine, at every width and number of threads.

#![deny(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod compile;
#[cfg(not(target_arch = "x86_64"))]
#[path = "compile/none.rs"]
mod compile;
mod control;
mod dag;
mod dense;
mod derive;
mod drivers;
mod eliminate;
mod ensemble;
mod evaluate;
mod factor;
mod group;
mod interpret;
mod lane;
#[allow(unsafe_code, reason = "processor instructions live here, and nowhere else")]
mod lanes;
mod lower;
mod math;
mod order;
mod program;
mod record;
mod rodas;
mod sensitivity;
mod settings;
mod stepper;
mod subject;
mod system;
mod tape;

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

/// The numbers of the method, for whoever writes it out in another form.
pub mod tableau {
    pub use crate::rodas::{A, C, GAMMA, H, ORDER};
}

/// Comparison of compiled code with the interpreter, for fuzzing.
#[cfg(all(feature = "oracle", target_arch = "x86_64"))]
pub mod oracle {
    /// Where compiled code and interpreter disagree on the program that these bytes stand for;
    /// `None` where they agree, to the last bit of everything that is a number.
    pub fn disagreement(bytes: &[u8]) -> Option<String> {
        crate::compile::agree::disagreement(bytes)
    }
}

pub use drivers::Strongest;
pub use ensemble::run;
pub use program::{Compile, Program, Summary, compile};
pub use sensitivity::{Sensitivities, sensitivities};
pub use settings::{Settings, Stats, Width};
pub use subject::{Effort, Failure, Leg, Moment, Reached, Reason, Subject, Watch, WatchOn};
