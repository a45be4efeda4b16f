//! Formulas as lists of operations: their values, and how these change in a direction.

use std::collections::HashMap;

use hersim_network::{BinaryOp, Function};

/// A place in the list.
pub(crate) type Reg = u32;

/// One operation; operands stand earlier in the list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Number(f64),
    State(u32),
    Parameter(u32),
    /// What a condition or a whole number was at the start of the step.
    Mode(u32),
    Negate(Reg),
    Not(Reg),
    Binary(BinaryOp, Reg, Reg),
    Call(Function, Reg, Reg),
    Select(Reg, Reg, Reg),
    /// A delayed formula, by its place, and how long ago.
    Delayed(u32, Reg),
}

/// Operations and where their results are found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    pub(crate) ops: Vec<Op>,
    known: HashMap<(u8, u64, u64, u64), Reg>,
}

/// What the past was.
pub(crate) trait Past {
    /// The value of a delayed formula at a time.
    fn value(&self, formula: usize, time: f64) -> f64;
    /// How fast it changed.
    fn slope(&self, formula: usize, time: f64) -> f64;
}

/// What a list of operations is evaluated with.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    /// States; the last is time.
    pub(crate) state: &'a [f64],
    pub(crate) parameters: &'a [f64],
    pub(crate) modes: &'a [f64],
    pub(crate) past: &'a dyn Past,
}

impl Tape {
    /// Adds an operation, or finds the same one.
    pub(crate) fn push(&mut self, op: Op) -> Reg {
        let key = key(op);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        if let Some(value) = self.fold(op) {
            return self.push(Op::Number(value));
        }
        let reg = self.ops.len() as Reg;
        self.ops.push(op);
        self.known.insert(key, reg);
        reg
    }

    pub(crate) fn number(&mut self, value: f64) -> Reg {
        self.push(Op::Number(value))
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, a: Reg, b: Reg) -> Reg {
        match (op, self.constant(a), self.constant(b)) {
            (BinaryOp::Mul, Some(1.0), _) | (BinaryOp::Add, Some(0.0), _) => b,
            (BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow, _, Some(1.0))
            | (BinaryOp::Add | BinaryOp::Sub, _, Some(0.0)) => a,
            _ => self.push(Op::Binary(op, a, b)),
        }
    }

    pub(crate) fn constant(&self, reg: Reg) -> Option<f64> {
        match self.ops[reg as usize] {
            Op::Number(value) => Some(value),
            _ => None,
        }
    }

    fn fold(&self, op: Op) -> Option<f64> {
        let of = |reg| self.constant(reg);
        Some(match op {
            Op::Negate(a) => -of(a)?,
            Op::Not(a) => truth(of(a)? == 0.0),
            Op::Binary(op, a, b) => op.value(of(a)?, of(b)?),
            Op::Call(function, a, b) => function.value(&[of(a)?, of(b)?])?,
            Op::Select(c, a, b) => of(if of(c)? != 0.0 { a } else { b })?,
            _ => return None,
        })
    }

    /// Evaluates all operations.
    pub(crate) fn run(&self, inputs: Inputs, regs: &mut Vec<f64>) {
        regs.clear();
        for op in &self.ops {
            let at = |reg: Reg| regs[reg as usize];
            let value = match *op {
                Op::Number(value) => value,
                Op::State(i) => inputs.state[i as usize],
                Op::Parameter(i) => inputs.parameters[i as usize],
                Op::Mode(i) => inputs.modes[i as usize],
                Op::Negate(a) => -at(a),
                Op::Not(a) => truth(at(a) == 0.0),
                Op::Binary(op, a, b) => op.value(at(a), at(b)),
                Op::Call(function, a, b) => function.value(&[at(a), at(b)]).unwrap_or(f64::NAN),
                Op::Select(c, a, b) => {
                    if at(c) != 0.0 {
                        at(a)
                    } else {
                        at(b)
                    }
                }
                Op::Delayed(formula, lag) => {
                    inputs.past.value(formula as usize, now(inputs) - at(lag))
                }
            };
            regs.push(value);
        }
    }

    /// How the values change when the states change in a direction; `regs` are the values.
    pub(crate) fn slope(
        &self,
        inputs: Inputs,
        regs: &[f64],
        direction: &[f64],
        slopes: &mut Vec<f64>,
    ) {
        slopes.clear();
        for (i, op) in self.ops.iter().enumerate() {
            let at = |reg: Reg| regs[reg as usize];
            let d = |reg: Reg| slopes[reg as usize];
            let slope = match *op {
                Op::Number(_) | Op::Parameter(_) | Op::Mode(_) | Op::Not(_) => 0.0,
                Op::State(i) => direction[i as usize],
                Op::Negate(a) => -d(a),
                Op::Binary(op, a, b) => slope_of_binary(op, [at(a), at(b)], [d(a), d(b)], regs[i]),
                Op::Call(function, a, b) => {
                    slope_of_call(function, [at(a), at(b)], [d(a), d(b)], regs[i])
                }
                Op::Select(c, a, b) => {
                    if at(c) != 0.0 {
                        d(a)
                    } else {
                        d(b)
                    }
                }
                Op::Delayed(formula, lag) => {
                    let moves = direction[direction.len() - 1] - d(lag);
                    if moves == 0.0 {
                        0.0
                    } else {
                        moves * inputs.past.slope(formula as usize, now(inputs) - at(lag))
                    }
                }
            };
            slopes.push(slope);
        }
    }

    /// The states that each of some operations depends on, rising; nothing when there are too many
    /// to look at.
    pub(crate) fn states(&self, of: &[Reg], count: usize) -> Option<Vec<Vec<usize>>> {
        const MOST_LOOKS: usize = 200_000_000;
        const MOST_STATES: usize = 5_000_000;
        let mut seen = vec![usize::MAX; self.ops.len()];
        let (mut looks, mut total) = (0, 0);
        let mut all = Vec::with_capacity(of.len());
        for (which, &reg) in of.iter().enumerate() {
            let mut states = Vec::new();
            let mut open = vec![reg];
            while let Some(reg) = open.pop() {
                if std::mem::replace(&mut seen[reg as usize], which) == which {
                    continue;
                }
                looks += 1;
                match self.ops[reg as usize] {
                    Op::Number(_) | Op::Parameter(_) | Op::Mode(_) => {}
                    Op::State(i) => states.push(i as usize),
                    Op::Negate(a) | Op::Not(a) => open.push(a),
                    Op::Binary(_, a, b) | Op::Call(_, a, b) => open.extend([a, b]),
                    Op::Select(c, a, b) => open.extend([c, a, b]),
                    Op::Delayed(_, lag) => {
                        open.push(lag);
                        states.push(count - 1);
                    }
                }
            }
            states.sort_unstable();
            states.dedup();
            total += states.len();
            if looks > MOST_LOOKS || total > MOST_STATES {
                return None;
            }
            all.push(states);
        }
        Some(all)
    }

    /// Whether an operation depends on what `from` picks.
    pub(crate) fn depends(&self, reg: Reg, from: &dyn Fn(Op) -> bool) -> bool {
        let mut open = vec![reg];
        let mut seen = vec![false; self.ops.len()];
        while let Some(reg) = open.pop() {
            if std::mem::replace(&mut seen[reg as usize], true) {
                continue;
            }
            let op = self.ops[reg as usize];
            if from(op) {
                return true;
            }
            match op {
                Op::Negate(a) | Op::Not(a) | Op::Delayed(_, a) => open.push(a),
                Op::Binary(_, a, b) | Op::Call(_, a, b) => open.extend([a, b]),
                Op::Select(c, a, b) => open.extend([c, a, b]),
                _ => {}
            }
        }
        false
    }
}

fn now(inputs: Inputs) -> f64 {
    inputs.state.last().copied().unwrap_or(0.0)
}

fn key(op: Op) -> (u8, u64, u64, u64) {
    let r = u64::from;
    match op {
        Op::Number(v) => (0, v.to_bits(), 0, 0),
        Op::State(i) => (1, r(i), 0, 0),
        Op::Parameter(i) => (2, r(i), 0, 0),
        Op::Mode(i) => (3, r(i), 0, 0),
        Op::Negate(a) => (4, r(a), 0, 0),
        Op::Not(a) => (5, r(a), 0, 0),
        Op::Binary(op, a, b) => (6, r(a), r(b), op as u64),
        Op::Call(f, a, b) => (7, r(a), r(b), f as u64),
        Op::Select(c, a, b) => (8, r(c), r(a), r(b)),
        Op::Delayed(f, a) => (9, r(f), r(a), 0),
    }
}

pub(crate) fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn slope_of_binary(op: BinaryOp, [a, b]: [f64; 2], [da, db]: [f64; 2], value: f64) -> f64 {
    match op {
        BinaryOp::Add => da + db,
        BinaryOp::Sub => da - db,
        BinaryOp::Mul => times(a, db) + times(b, da),
        BinaryOp::Div => (da - times(value, db)) / b,
        BinaryOp::Pow => {
            let base =
                if da == 0.0 || b == 0.0 { 0.0 } else { da * b * BinaryOp::Pow.value(a, b - 1.0) };
            let exponent = if db == 0.0 || a == 0.0 { 0.0 } else { db * value * libm::log(a) };
            base + exponent
        }
        _ => 0.0,
    }
}

/// Zero when one is, even if the other is infinite.
fn times(a: f64, d: f64) -> f64 {
    if d == 0.0 { 0.0 } else { a * d }
}

fn slope_of_call(function: Function, [a, b]: [f64; 2], [da, db]: [f64; 2], value: f64) -> f64 {
    match function {
        Function::Max => return if a > b { da } else { db },
        Function::Min => return if a < b { da } else { db },
        _ => {}
    }
    if da == 0.0 {
        return 0.0;
    }
    let factor = match function {
        Function::Exp => value,
        Function::Ln => 1.0 / a,
        Function::Log10 => 1.0 / (a * std::f64::consts::LN_10),
        Function::Sqrt => 0.5 / value,
        Function::Abs => {
            if a < 0.0 {
                -1.0
            } else {
                1.0
            }
        }
        Function::Sin => libm::cos(a),
        Function::Cos => -libm::sin(a),
        Function::Tan => 1.0 + value * value,
        Function::Asin => 1.0 / (1.0 - a * a).sqrt(),
        Function::Acos => -1.0 / (1.0 - a * a).sqrt(),
        Function::Atan => 1.0 / (1.0 + a * a),
        Function::Sinh => libm::cosh(a),
        Function::Cosh => libm::sinh(a),
        Function::Tanh => 1.0 - value * value,
        Function::Asinh => 1.0 / (a * a + 1.0).sqrt(),
        Function::Acosh => 1.0 / (a * a - 1.0).sqrt(),
        Function::Atanh => 1.0 / (1.0 - a * a),
        Function::Factorial => {
            const STEP: f64 = 1e-5;
            let at = |a: f64| libm::tgamma(a + 1.0);
            (at(a + STEP) - at(a - STEP)) / (2.0 * STEP)
        }
        // Whole numbers do not change within a step; the others are handled elsewhere.
        _ => 0.0,
    };
    factor * da
}
