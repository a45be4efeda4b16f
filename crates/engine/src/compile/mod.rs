//! Tapes as machine code.
//!
//! ```text
//! tape ── trace ──► values ── schedule, registers ──► instructions ── encode ──► pages
//! ```
//!
//! The machine carries out the operations of the tape, each once, in another order: bit for bit
//! what the interpreter computes, which is also what runs where there is no compiler for the
//! processor or the system allows no new code.

#[cfg(any(test, feature = "oracle"))]
pub(crate) mod agree;
mod encode;
mod pages;
mod registers;
mod schedule;
mod trace;
mod uses;

use std::ops::Range;

use rustc_hash::FxHashMap as HashMap;

use crate::{
    lanes::{Isa, Lanes},
    tape::Tape,
};
use encode::{Target, encode};
use pages::Pages;
use registers::{Constants, allocate};
use schedule::schedule;
use trace::trace;

/// Bytes of code that are worth having: what does not fit the second cache of one core runs no
/// faster than the interpreter's loops.
const MOST_CODE: usize = 2 << 20;

/// Operations whose code would be longer than that in any case, so that nobody waits for it.
const MOST_OPERATIONS: usize = MOST_CODE / 4;

/// Compiled tapes that share memory.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pages: Pages,
    /// Where each tape's function starts, in bytes.
    entries: Vec<usize>,
    constants: Vec<f64>,
    /// Slots of memory the code needs: those of the tapes and some of its own.
    slots: usize,
    /// Slots that are moved.
    moved: usize,
    lanes: usize,
}

impl Code {
    /// Compiles tapes for the lanes of `isa`, on memory of at least `slots` slots, some of which
    /// hold `constants`. What the tapes leave in the slots `moved`, which they do not read before,
    /// goes where [`Code::run`] says. `None` where there is no compiler for these lanes, the system
    /// allows no new code, or there would be too much of it.
    pub(crate) fn new(
        tapes: &[&Tape],
        slots: usize,
        constants: &[(u32, f64)],
        moved: Range<u32>,
        isa: Isa,
    ) -> Option<Code> {
        // The code may run where these instructions are present: never more than detected.
        let target = match Isa::detect(isa.width()) {
            Isa::Avx512 => Target::Avx512,
            Isa::Avx2 => Target::Avx2,
            _ => return None,
        };
        if target.lanes() != isa.width() {
            return None;
        }
        let operations: usize = tapes.iter().map(|tape| tape.instructions().len()).sum();
        if operations > MOST_OPERATIONS {
            return None;
        }
        let slots = tapes.iter().map(|tape| tape.slots()).max()?.max(slots);
        let known: HashMap<u32, f64> = constants.iter().copied().collect();
        let mut pool = Constants::default();
        let mut spills = 0;
        let mut bytes = Vec::new();
        let mut entries = Vec::with_capacity(tapes.len());
        for tape in tapes {
            let trace = trace(tape, &known);
            let order = schedule(&trace);
            let first_spill = u32::try_from(slots).ok()?;
            let allocated = allocate(&trace, &order, target.registers(), first_spill, &mut pool);
            spills = spills.max(allocated.spills as usize);
            bytes.resize(bytes.len().next_multiple_of(64), 0xcc);
            entries.push(bytes.len());
            bytes.extend(encode(target, &allocated.instructions, &moved).ok()?);
            if bytes.len() > MOST_CODE {
                return None;
            }
        }
        let copies = target.constant_copies();
        let constants = pool.bits.iter().flat_map(|&bits| vec![f64::from_bits(bits); copies]);
        Some(Code {
            pages: Pages::new(&bytes)?,
            entries,
            constants: constants.collect(),
            slots: slots + spills,
            moved: moved.len(),
            lanes: target.lanes(),
        })
    }

    /// Slots of memory the code needs.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// Carries out one of the tapes, by its place among those given. Slots that are moved are those
    /// from `out` on.
    #[allow(unsafe_code, reason = "machine code is entered here")]
    pub(crate) fn run<V: Lanes>(&self, tape: usize, out: usize, memory: &mut [V]) {
        assert!(self.slots <= memory.len() && size_of::<V>() == 8 * self.lanes);
        assert!(out + self.moved <= memory.len());
        let constants = self.constants.as_ptr().cast();
        let first: *mut V = memory.as_mut_ptr();
        let moved = first.wrapping_add(out);
        // SAFETY: at the entry starts what `encode` wrote: a whole function whose slots are less
        // than `self.slots`, whose moved slots are `self.moved` from `moved` on, and whose
        // constants are those in `self.constants`. The processor has its instructions, for `new`
        // has detected them.
        unsafe { self.pages.call(self.entries[tape], first.cast(), constants, moved.cast()) }
    }
}

#[cfg(test)]
mod tests;
