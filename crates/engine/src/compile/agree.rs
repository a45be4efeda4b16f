//! Whether compiled code and interpreter agree on a program that was made up.

use std::fmt::Write;

use super::Code;
use crate::{
    interpret::interpret,
    lanes::{Arena, Isa, Kernel, Lanes},
    tape::{Instruction, Operation, Tape},
};

const SLOTS: usize = 160;
const LASTING: usize = 40;
/// These of the lasting slots are written only, and found elsewhere afterwards.
const MOVED: std::ops::Range<u32> = 30..40;
/// The first slots hold these and are never written.
const CONSTANTS: [f64; 6] = [1.0, -0.0, 2.5, f64::INFINITY, 1e-310, -720.0];
/// Bytes of an instruction.
const BYTES: usize = 5;

/// Where compiled code and interpreter disagree on the program that these bytes stand for, at four
/// and at eight lanes; `None` where they agree, to the last bit of everything that is a number.
pub(crate) fn disagreement(bytes: &[u8]) -> Option<String> {
    let (seed, program) = bytes.split_first().unwrap_or((&0, &[]));
    // Two tapes in the same code, so that one starts in the middle.
    let (first, second) = program.split_at(program.len() / 2 / BYTES * BYTES);
    let tapes = [tape(first), tape(second)];
    let mut told = String::new();
    for width in [4, 8] {
        let isa = Isa::detect(width);
        let constants: Vec<(u32, f64)> = (0..).zip(CONSTANTS).collect();
        let Some(code) = Code::new(&[&tapes[0], &tapes[1]], SLOTS, &constants, MOVED, isa) else {
            continue;
        };
        for (number, tape) in tapes.iter().enumerate() {
            // Each from the beginning: what a tape leaves in slots that do not last is no result.
            let mut interpreted = memory(SLOTS, isa, *seed);
            let mut compiled = memory(code.slots() + MOVED.len(), isa, *seed);
            for (moved, slot) in (code.slots()..).zip(MOVED) {
                for lane in 0..isa.width() {
                    compiled.set(moved, lane, interpreted.get(slot as usize, lane));
                }
            }
            interpreted.run(Interpreted(tape));
            compiled.run(Compiled(&code, number));
            for (slot, lane) in (0..LASTING).flat_map(|s| (0..isa.width()).map(move |l| (s, l))) {
                let wanted = interpreted.get(slot, lane);
                let moved = MOVED.contains(&(slot as u32));
                let place = if moved { code.slots() + slot - MOVED.start as usize } else { slot };
                let found = compiled.get(place, lane);
                let both_nan = wanted.is_nan() && found.is_nan();
                if wanted.to_bits() != found.to_bits() && !both_nan {
                    let _ = writeln!(
                        told,
                        "tape {number}, slot {slot}, lane {lane} of {width}: {found:?} for {wanted:?}"
                    );
                }
            }
        }
    }
    (!told.is_empty()).then_some(told)
}

/// Every five bytes are an instruction: operation, result, operands.
pub(super) fn tape(program: &[u8]) -> Tape {
    let operations = program.chunks_exact(BYTES).map(|bytes| {
        let read = |byte: u8| u32::from(byte) % SLOTS as u32;
        let to = CONSTANTS.len() as u32 + u32::from(bytes[1]) % (SLOTS - CONSTANTS.len()) as u32;
        let (a, b, c) = (read(bytes[2]), read(bytes[3]), read(bytes[4]));
        (Operation::ALL[usize::from(bytes[0]) % Operation::ALL.len()], Instruction { to, a, b, c })
    });
    Tape::new(operations, LASTING)
}

/// Numbers of every kind, and what is not one.
fn memory(slots: usize, isa: Isa, seed: u8) -> Arena {
    const KINDS: [f64; 12] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.37,
        3e5,
        -2e-9,
        4e-320,
        1e300,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let mut arena = Arena::new(slots, isa);
    (0..).zip(CONSTANTS).for_each(|(slot, value)| arena.fill(slot, value));
    for slot in CONSTANTS.len()..SLOTS {
        for lane in 0..isa.width() {
            let mixed = ((slot * 8 + lane + 1) as u64)
                .wrapping_mul(u64::from(seed) * 2 + 0x9e37_79b9_7f4a_7c15);
            let kind = KINDS[(mixed >> 40) as usize % KINDS.len()];
            // Mostly ordinary numbers, so that not everything ends as NaN.
            let ordinary = (mixed >> 12) as f64 / (1u64 << 52) as f64 * 4.0 - 1.0;
            arena.set(slot, lane, if mixed >> 20 & 7 == 0 { kind } else { ordinary });
        }
    }
    arena
}

struct Interpreted<'a>(&'a Tape);

impl Kernel for Interpreted<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        interpret(self.0, memory);
    }
}

struct Compiled<'a>(&'a Code, usize);

impl Kernel for Compiled<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        self.0.run(self.1, self.0.slots(), memory);
    }
}
