//! What a tape computes, as values that are each made once.
//!
//! The tape is carried out on symbols instead of numbers. Exponential and logarithm are the very
//! functions that the interpreter calls, so their symbols are its operations in its order.

use std::cell::RefCell;

use rustc_hash::FxHashMap as HashMap;

use crate::{
    interpret::apply,
    lanes::{FRACTION, Lanes, ONE, SHIFTER, TWO_52},
    tape::Tape,
};

/// A value, by its place in [`Trace::values`]. Operands come before the value that uses them.
pub(crate) type ValueId = u32;

/// How a value comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Value {
    /// What a slot holds at the beginning.
    Slot(u32),
    /// The same number in every lane, as bits.
    Constant(u64),
    Two(Two, ValueId, ValueId),
    Fused(Fused, ValueId, ValueId, ValueId),
    SquareRoot(ValueId),
    /// The bits moved up by the length of a fraction.
    ShiftLeft(ValueId),
    /// The bits moved down by the length of a fraction.
    ShiftRight(ValueId),
    /// One where the relation holds, else zero.
    Relation(Relation, ValueId, ValueId),
    /// The second where the first is not zero, else the third.
    Select(ValueId, ValueId, ValueId),
}

/// Operations on two numbers or their bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Two {
    Add,
    Subtract,
    Multiply,
    Divide,
    Max,
    Min,
    And,
    Or,
    ExclusiveOr,
}

impl Two {
    /// Whether the operands may change places.
    pub(crate) fn commutes(self) -> bool {
        !matches!(self, Two::Subtract | Two::Divide | Two::Max | Two::Min)
    }
}

/// Products with something added, rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fused {
    /// `a b + c`
    Add,
    /// `a b - c`
    Subtract,
    /// `c - a b`
    AddNegative,
}

/// Comparisons that are false for what is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Relation {
    Less,
    LessEqual,
    Equal,
}

impl Value {
    /// What the value is made of.
    pub(crate) fn operands(self) -> impl DoubleEndedIterator<Item = ValueId> + Clone {
        let [a, b, c] = match self {
            Value::Slot(_) | Value::Constant(_) => [None, None, None],
            Value::SquareRoot(a) | Value::ShiftLeft(a) | Value::ShiftRight(a) => {
                [Some(a), None, None]
            }
            Value::Two(_, a, b) | Value::Relation(_, a, b) => [Some(a), Some(b), None],
            Value::Fused(_, a, b, c) | Value::Select(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        a.into_iter().chain(b).chain(c)
    }

    /// Whether the value must be computed, and is not just read.
    pub(crate) fn is_computed(self) -> bool {
        !matches!(self, Value::Slot(_) | Value::Constant(_))
    }
}

/// All values of a tape and where they end up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    pub(crate) values: Vec<Value>,
    /// What the tape leaves in slots that last, in order of slots.
    pub(crate) stores: Vec<(u32, ValueId)>,
}

/// Follows a tape; slots that hold constants are given with their value.
pub(crate) fn trace(tape: &Tape, constants: &HashMap<u32, f64>) -> Trace {
    let recorder = Recorder::default();
    let mut current: HashMap<u32, Symbol> = HashMap::default();
    let mut instructions = tape.instructions().iter();
    for run in tape.runs() {
        for instruction in instructions.by_ref().take(run.length as usize) {
            let mut read = |offset: u32| {
                let slot = offset / 8;
                *current.entry(slot).or_insert_with(|| match constants.get(&slot) {
                    Some(value) => recorder.symbol(Value::Constant(value.to_bits())),
                    None => recorder.symbol(Value::Slot(slot)),
                })
            };
            let (a, b, c) = (read(instruction.a), read(instruction.b), read(instruction.c));
            current.insert(instruction.to / 8, apply(run.operation, a, b, c));
        }
    }
    let values = recorder.made.borrow().values.clone();
    let written = |&(slot, id): &(u32, ValueId)| {
        let unchanged = match values[id as usize] {
            Value::Slot(own) => own == slot,
            Value::Constant(bits) => constants.get(&slot).is_some_and(|v| v.to_bits() == bits),
            _ => false,
        };
        (slot as usize) < tape.lasting() && !unchanged
    };
    let mut stores: Vec<(u32, ValueId)> =
        current.iter().map(|(&slot, symbol)| (slot, symbol.id)).filter(written).collect();
    stores.sort_unstable();
    Trace { values, stores }
}

#[derive(Default)]
struct Recorder {
    made: RefCell<Made>,
}

#[derive(Default)]
struct Made {
    values: Vec<Value>,
    known: HashMap<Value, ValueId>,
}

impl Recorder {
    fn symbol(&self, value: Value) -> Symbol<'_> {
        let mut made = self.made.borrow_mut();
        let next = made.values.len() as ValueId;
        let id = *made.known.entry(value).or_insert(next);
        if id == next {
            made.values.push(value);
        }
        Symbol { id, recorder: self }
    }
}

/// A value that is not known yet.
#[derive(Clone, Copy)]
struct Symbol<'r> {
    id: ValueId,
    recorder: &'r Recorder,
}

impl Symbol<'_> {
    fn make(self, value: Value) -> Self {
        self.recorder.symbol(value)
    }

    fn bits(self, bits: u64) -> Self {
        self.make(Value::Constant(bits))
    }

    fn two(self, two: Two, b: Self) -> Self {
        self.make(Value::Two(two, self.id, b.id))
    }

    fn fused(self, fused: Fused, b: Self, c: Self) -> Self {
        self.make(Value::Fused(fused, self.id, b.id, c.id))
    }

    fn relation(self, relation: Relation, b: Self) -> Self {
        self.make(Value::Relation(relation, self.id, b.id))
    }
}

impl Lanes for Symbol<'_> {
    fn splat(self, value: f64) -> Self {
        self.bits(value.to_bits())
    }
    fn add(self, b: Self) -> Self {
        self.two(Two::Add, b)
    }
    fn sub(self, b: Self) -> Self {
        self.two(Two::Subtract, b)
    }
    fn mul(self, b: Self) -> Self {
        self.two(Two::Multiply, b)
    }
    fn div(self, b: Self) -> Self {
        self.two(Two::Divide, b)
    }
    fn mul_add(self, b: Self, c: Self) -> Self {
        self.fused(Fused::Add, b, c)
    }
    fn mul_sub(self, b: Self, c: Self) -> Self {
        self.fused(Fused::Subtract, b, c)
    }
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        self.fused(Fused::AddNegative, b, c)
    }
    fn sqrt(self) -> Self {
        self.make(Value::SquareRoot(self.id))
    }
    fn max(self, b: Self) -> Self {
        self.two(Two::Max, b)
    }
    fn min(self, b: Self) -> Self {
        self.two(Two::Min, b)
    }
    fn abs(self) -> Self {
        self.two(Two::And, self.bits(!SIGN))
    }
    fn less(self, b: Self) -> Self {
        self.relation(Relation::Less, b)
    }
    fn less_equal(self, b: Self) -> Self {
        self.relation(Relation::LessEqual, b)
    }
    fn equal(self, b: Self) -> Self {
        self.relation(Relation::Equal, b)
    }
    fn select(self, a: Self, b: Self) -> Self {
        self.make(Value::Select(self.id, a.id, b.id))
    }
    fn exp2_integer(self) -> Self {
        let shifted = self.add(self.splat(SHIFTER + 1023.0));
        self.make(Value::ShiftLeft(shifted.id))
    }
    fn fraction_exponent(self) -> (Self, Self) {
        let fraction = self.two(Two::And, self.bits(FRACTION));
        let fraction = fraction.two(Two::Or, self.bits(ONE));
        let down = self.make(Value::ShiftRight(self.id));
        let biased = down.two(Two::Or, self.splat(TWO_52));
        (fraction, biased.sub(self.splat(TWO_52 + 1023.0)))
    }
    fn neg(self) -> Self {
        self.two(Two::ExclusiveOr, self.bits(SIGN))
    }
}

const SIGN: u64 = 1 << 63;
