//! One system with everything a network can say, followed exactly: events with delays and
//! priorities, algebraic rules, fast reactions at equilibrium, delayed quantities, compartments
//! that change.
//!
//! ```text
//! network ── compile ──► states, rates, conditions ── run ──► outputs at times
//! ```
//!
//! The engine follows ensembles of plain systems as fast as the machine allows; this crate follows
//! any system, one at a time, by the same method with a tighter hold on what turns when. Over a
//! step every condition keeps the value it had at its start; the step is cut where one turns.
//!
//! Where things are few, [`jumps`] and [`jump`] follow a network as whole numbers and chance.
//!
//! This crate knows a network, and nothing of file formats, biology, units or ensembles.

mod build;
mod chance;
mod events;
mod history;
mod implicit;
mod jumps;
mod linear;
mod order;
mod run;
mod settle;
mod solver;
mod system;
mod tape;
mod turns;

pub use chance::{Budget, Halt, HaltReason, Method, jump};
pub use jumps::{Jumps, jumps};
pub use run::{Failure, Reason, Settings, Trouble, run, run_watched};
pub use system::{Output, System, compile};
