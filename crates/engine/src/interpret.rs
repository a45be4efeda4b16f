//! Carries out a tape.

#![allow(unsafe_code, reason = "slots are checked once per tape instead of once per operand")]

use crate::{
    lanes::{Kernel, Lanes},
    math,
    tape::{Operation, Tape},
};

impl Kernel for &Tape {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        interpret(self, memory);
    }
}

/// Carries out every instruction of the tape on `memory`, `[slot]`.
#[inline(always)]
pub(crate) fn interpret<V: Lanes>(tape: &Tape, memory: &mut [V]) {
    assert!(tape.slots() <= memory.len());
    let memory = memory.as_mut_ptr().cast::<u8>();
    let width = size_of::<V>() / 8;
    let mut instructions = tape.instructions();
    // SAFETY: every slot of an instruction is less than `tape.slots()`, which was computed from
    // all of them when the tape was made and is not more than what `memory` holds. Instructions
    // hold eight times the slot, so that the address is one scaled addition at every width.
    let at = |offset: u32| unsafe { memory.add(offset as usize * width).cast::<V>() };
    // SAFETY: as above.
    let load = |offset: u32| unsafe { *at(offset) };
    // SAFETY: as above.
    let store = |offset: u32, value: V| unsafe { *at(offset) = value };
    for run in tape.runs() {
        let (run_instructions, rest) = instructions.split_at(run.length as usize);
        instructions = rest;
        macro_rules! each {
            (|$($operand:ident),+| $result:expr) => {
                for i in run_instructions {
                    $(let $operand = load(i.$operand);)+
                    store(i.to, $result);
                }
            };
        }
        match run.operation {
            Operation::Move => each!(|a| a),
            Operation::Add => each!(|a, b| a.add(b)),
            Operation::Subtract => each!(|a, b| a.sub(b)),
            Operation::Multiply => each!(|a, b| a.mul(b)),
            Operation::MultiplyAdd => each!(|a, b, c| a.mul_add(b, c)),
            Operation::MultiplySubtract => each!(|a, b, c| a.mul_sub(b, c)),
            Operation::NegativeMultiplyAdd => each!(|a, b, c| a.neg_mul_add(b, c)),
            Operation::Reciprocal => each!(|a| a.splat(1.0).div(a)),
            Operation::Negate => each!(|a| a.neg()),
            Operation::SquareRoot => each!(|a| a.sqrt()),
            Operation::Exp => each!(|a| math::exp(a)),
            Operation::Ln => each!(|a| math::ln(a)),
            Operation::Abs => each!(|a| a.abs()),
            Operation::Max => each!(|a, b| a.max(b)),
            Operation::Min => each!(|a, b| a.min(b)),
            Operation::Less => each!(|a, b| a.less(b)),
            Operation::LessEqual => each!(|a, b| a.less_equal(b)),
            Operation::Equal => each!(|a, b| a.equal(b)),
            Operation::Select => each!(|a, b, c| a.select(b, c)),
        }
    }
}
