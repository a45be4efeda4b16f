//! No compiler for this processor: the interpreter runs everything.

use std::ops::Range;

use crate::{
    lanes::{Isa, Lanes},
    tape::Tape,
};

/// Compiled tapes, of which there are none.
#[derive(Clone, Debug)]
pub(crate) enum Code {}

impl Code {
    /// `None`.
    pub(crate) fn new(
        _: &[&Tape],
        _: usize,
        _: &[(u32, f64)],
        _: Range<u32>,
        _: Isa,
    ) -> Option<Code> {
        None
    }

    /// Slots of memory the code needs.
    pub(crate) fn slots(&self) -> usize {
        match *self {}
    }

    /// Carries out one of the tapes.
    pub(crate) fn run<V: Lanes>(&self, _tape: usize, _out: usize, _memory: &mut [V]) {
        match *self {}
    }
}
