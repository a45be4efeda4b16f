//! Carries out a tape.

#![allow(unsafe_code, reason = "slots are checked once per tape instead of once per operand")]

use crate::{
    lanes::{self, Kernel, Lanes, Scalar},
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
            ($($operation:ident)+) => {
                match run.operation {
                    $(Operation::$operation => {
                        for i in run_instructions {
                            let (a, b, c) = (load(i.a), load(i.b), load(i.c));
                            store(i.to, apply(Operation::$operation, a, b, c));
                        }
                    })+
                }
            };
        }
        each! {
            Move Add Subtract Multiply MultiplyAdd MultiplySubtract NegativeMultiplyAdd Reciprocal
            Negate SquareRoot Exp Ln Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh
            Floor Ceil Abs Max Min Quotient Remainder Less LessEqual Equal Select
        }
    }
}

/// What an operation makes of three numbers.
pub(crate) fn value(operation: Operation, operands: [f64; 3]) -> f64 {
    lanes::compute(Applied { operation, operands })
}

struct Applied {
    operation: Operation,
    operands: [f64; 3],
}

impl lanes::Function for Applied {
    #[inline(always)]
    fn value(self) -> f64 {
        let [a, b, c] = self.operands.map(Scalar);
        apply(self.operation, a, b, c).0
    }
}

/// What an operation makes of its operands.
#[inline(always)]
pub(crate) fn apply<V: Lanes>(operation: Operation, a: V, b: V, c: V) -> V {
    match operation {
        Operation::Move => a,
        Operation::Add => a.add(b),
        Operation::Subtract => a.sub(b),
        Operation::Multiply => a.mul(b),
        Operation::MultiplyAdd => a.mul_add(b, c),
        Operation::MultiplySubtract => a.mul_sub(b, c),
        Operation::NegativeMultiplyAdd => a.neg_mul_add(b, c),
        Operation::Reciprocal => a.splat(1.0).div(a),
        Operation::Negate => a.neg(),
        Operation::SquareRoot => a.sqrt(),
        Operation::Exp => math::exp(a),
        Operation::Ln => math::ln(a),
        Operation::Sin => math::sin(a),
        Operation::Cos => math::cos(a),
        Operation::Tan => math::tan(a),
        Operation::Asin => math::asin(a),
        Operation::Acos => math::acos(a),
        Operation::Atan => math::atan(a),
        Operation::Sinh => math::sinh(a),
        Operation::Cosh => math::cosh(a),
        Operation::Tanh => math::tanh(a),
        Operation::Asinh => math::asinh(a),
        Operation::Acosh => math::acosh(a),
        Operation::Atanh => math::atanh(a),
        Operation::Floor => math::floor(a),
        Operation::Ceil => math::ceil(a),
        Operation::Abs => a.abs(),
        Operation::Max => a.max(b),
        Operation::Min => a.min(b),
        Operation::Quotient => math::quotient(a, b),
        Operation::Remainder => math::remainder(a, b),
        Operation::Less => a.less(b),
        Operation::LessEqual => a.less_equal(b),
        Operation::Equal => a.equal(b),
        Operation::Select => a.select(b, c),
    }
}
