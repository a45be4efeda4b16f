//! What conditions compare, and when it can be known beforehand that they turn.

use hersim_network::{BinaryOp, Diagnostic, Function, Network};

use super::{Builder, Shared};
use crate::tape::{Op, Reg};

impl Builder<'_> {
    /// Differences of what conditions compare, each once.
    pub(crate) fn differences(&mut self, shared: &mut Shared, network: &Network) -> Vec<Reg> {
        let n = shared.counts.0;
        let continuous = |op: Op| match op {
            Op::State(i) => i != n,
            Op::Delayed(..) => true,
            _ => false,
        };
        let mut differences = Vec::new();
        for (op, a, b, span) in std::mem::take(&mut self.compared) {
            let logical = |reg: Reg| self.is_logical(reg);
            if logical(a) || logical(b) {
                continue;
            }
            let equality = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
            if equality
                && !network.events.is_empty()
                && (self.tape.depends(a, &continuous) || self.tape.depends(b, &continuous))
            {
                let message = "an equality of quantities that change by themselves is never met \
                               exactly";
                shared.problems.push(
                    Diagnostic::error("equality-trigger", message)
                        .at(span, "")
                        .mend("compare with `<` or `>=` instead"),
                );
            }
            let difference = self.tape.push(Op::Binary(BinaryOp::Sub, a, b));
            if self.tape.constant(difference).is_none() && !differences.contains(&difference) {
                differences.push(difference);
            }
        }
        differences
    }

    /// Whether an operation gives truth values or whole numbers.
    fn is_logical(&self, reg: Reg) -> bool {
        match self.tape.ops[reg as usize] {
            Op::Not(_) => true,
            Op::Binary(op, ..) => is_relation(op) || matches!(op, BinaryOp::And | BinaryOp::Or),
            Op::Call(Function::Floor | Function::Ceil | Function::Quotient, ..) => true,
            Op::Select(_, a, b) => {
                let whole = |r: Reg| self.tape.constant(r).is_some() || self.is_logical(r);
                whole(a) && whole(b)
            }
            _ => false,
        }
    }

    /// Differences that change in a straight line with time and with nothing else that moves.
    pub(crate) fn timed(&self, differences: &[Reg], n: usize) -> Vec<Reg> {
        let time = n as u32 - 1;
        // How each operation depends on time: not, in a straight line, otherwise.
        let mut degree: Vec<u8> = Vec::with_capacity(self.tape.ops.len());
        for op in &self.tape.ops {
            let d = |reg: Reg| degree[reg as usize];
            degree.push(match *op {
                Op::Number(_) | Op::Parameter(_) => 0,
                Op::State(i) if i == time => 1,
                Op::State(_) | Op::Delayed(..) | Op::Mode(_) => 2,
                Op::Negate(a) => d(a),
                Op::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => d(a).max(d(b)),
                Op::Binary(BinaryOp::Mul, a, b) => {
                    if d(a) == 2 || d(b) == 2 {
                        2
                    } else {
                        d(a) + d(b)
                    }
                }
                Op::Binary(BinaryOp::Div, a, b) if d(b) == 0 => d(a),
                Op::Binary(_, a, b) | Op::Call(_, a, b) => {
                    if d(a) == 0 && d(b) == 0 {
                        0
                    } else {
                        2
                    }
                }
                Op::Not(a) => {
                    if d(a) == 0 {
                        0
                    } else {
                        2
                    }
                }
                Op::Select(c, a, b) => {
                    if d(c) == 0 && d(a) == 0 && d(b) == 0 {
                        0
                    } else {
                        2
                    }
                }
            });
        }
        differences.iter().copied().filter(|&reg| degree[reg as usize] == 1).collect()
    }
}

pub(super) fn is_relation(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual)
}
