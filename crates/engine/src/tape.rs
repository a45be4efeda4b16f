//! A list of operations on slots of memory, grouped into runs of equal ones.
//!
//! Within a run the interpreter neither decides nor mispredicts, so that an operation costs hardly
//! more than its loads and its store.

/// What an instruction does with its operands `a`, `b`, `c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Operation {
    /// `a`
    Move,
    Add,
    Subtract,
    Multiply,
    /// `a b + c`
    MultiplyAdd,
    /// `a b - c`
    MultiplySubtract,
    /// `c - a b`
    NegativeMultiplyAdd,
    /// `1 / a`
    Reciprocal,
    Negate,
    SquareRoot,
    Exp,
    Ln,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Floor,
    Ceil,
    Abs,
    Max,
    Min,
    Quotient,
    Remainder,
    Less,
    LessEqual,
    Equal,
    /// `a != 0 ? b : c`
    Select,
}

impl Operation {
    /// All operations, in order.
    pub(crate) const ALL: [Operation; 35] = [
        Operation::Move,
        Operation::Add,
        Operation::Subtract,
        Operation::Multiply,
        Operation::MultiplyAdd,
        Operation::MultiplySubtract,
        Operation::NegativeMultiplyAdd,
        Operation::Reciprocal,
        Operation::Negate,
        Operation::SquareRoot,
        Operation::Exp,
        Operation::Ln,
        Operation::Sin,
        Operation::Cos,
        Operation::Tan,
        Operation::Asin,
        Operation::Acos,
        Operation::Atan,
        Operation::Sinh,
        Operation::Cosh,
        Operation::Tanh,
        Operation::Asinh,
        Operation::Acosh,
        Operation::Atanh,
        Operation::Floor,
        Operation::Ceil,
        Operation::Abs,
        Operation::Max,
        Operation::Min,
        Operation::Quotient,
        Operation::Remainder,
        Operation::Less,
        Operation::LessEqual,
        Operation::Equal,
        Operation::Select,
    ];
}

/// One operation: where the result goes and where the operands are, as eight times the slot, the
/// bytes it would be from the start of memory with one lane. Operands that the operation does not
/// have repeat the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Instruction {
    pub(crate) to: u32,
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) c: u32,
}

/// Consecutive instructions with the same operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) operation: Operation,
    pub(crate) length: u32,
}

/// A list of operations, grouped into runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    runs: Vec<Run>,
    instructions: Vec<Instruction>,
    /// One more than the largest slot used.
    slots: usize,
    /// Slots from here on are of no use to anyone afterwards.
    lasting: usize,
}

impl Tape {
    /// The runs; their lengths add up to the number of instructions.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// All instructions, run after run.
    pub(crate) fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Slots of memory the tape needs: every slot in it is less than this.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// The first slot whose content is of no use to anyone afterwards, like all that follow.
    pub(crate) fn lasting(&self) -> usize {
        self.lasting
    }

    /// A tape of these operations in this order, their instructions in slots; only what it leaves
    /// in the first `lasting` slots counts.
    pub(crate) fn new(
        operations: impl IntoIterator<Item = (Operation, Instruction)>,
        lasting: usize,
    ) -> Tape {
        let mut tape = Tape { lasting, ..Tape::default() };
        for (operation, Instruction { to, a, b, c }) in operations {
            match tape.runs.last_mut() {
                Some(run) if run.operation == operation => run.length += 1,
                _ => tape.runs.push(Run { operation, length: 1 }),
            }
            let highest = to.max(a).max(b).max(c);
            assert!(highest < u32::MAX / 8, "a tape reaches half a thousand million slots");
            tape.slots = tape.slots.max(highest as usize + 1);
            tape.instructions.push(Instruction { to: 8 * to, a: 8 * a, b: 8 * b, c: 8 * c });
        }
        tape
    }
}
