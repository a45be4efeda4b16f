//! Formulas as operations.

use hersim_network::{BinaryOp, Expr, Function, Node};

use super::{Builder, Kind, Shared, conditions::is_relation};
use crate::tape::{Op, Reg};

impl Builder<'_> {
    /// A formula.
    pub(crate) fn expr(&mut self, shared: &mut Shared, expr: &Expr) -> Reg {
        use Function::{Ceil, Floor, Quotient};
        if is_step(expr)
            && let Kind::Rate(watch) = &mut self.kind
        {
            let condition = watch.expr(shared, expr);
            return match watch.tape.constant(condition) {
                Some(value) => self.tape.number(value),
                None => {
                    let known = watch.modes.iter().position(|m| *m == condition);
                    let mode = known.unwrap_or_else(|| {
                        watch.modes.push(condition);
                        watch.modes.len() - 1
                    });
                    self.tape.push(Op::Mode(mode as u32))
                }
            };
        }
        match &expr.node {
            Node::Number(value) => self.tape.number(*value),
            Node::Symbol(id) => self.symbol(shared, *id),
            Node::Time => {
                let states = shared.counts.0;
                self.tape.push(Op::State(states))
            }
            Node::Neg(a) => {
                let a = self.expr(shared, a);
                self.tape.push(Op::Negate(a))
            }
            Node::Not(a) => {
                let a = self.expr(shared, a);
                self.tape.push(Op::Not(a))
            }
            Node::Binary(op, a, b) => {
                let (a, b) = (self.expr(shared, a), self.expr(shared, b));
                if is_relation(*op) && matches!(self.kind, Kind::Watch) {
                    self.compared.push((*op, a, b, expr.span));
                }
                self.tape.binary(*op, a, b)
            }
            Node::Piecewise { cases, otherwise } => {
                let mut rest = self.expr(shared, otherwise);
                for (value, condition) in cases.iter().rev() {
                    let condition = self.expr(shared, condition);
                    let value = self.expr(shared, value);
                    rest = match self.tape.constant(condition) {
                        Some(0.0) => rest,
                        Some(_) => value,
                        None => self.tape.push(Op::Select(condition, value, rest)),
                    };
                }
                rest
            }
            Node::Call(Function::RateOf, arguments) => match arguments.first().map(|a| &a.node) {
                Some(Node::Symbol(id)) => self.rate_of(shared, *id, expr.span),
                _ => self.tape.number(f64::NAN),
            },
            Node::Call(Function::Delay, arguments) => self.delay(shared, arguments),
            Node::Call(Function::Remainder, arguments) if arguments.len() == 2 => {
                // a - b * quotient, so that it is smooth within a step.
                let whole = Expr { node: Node::Call(Quotient, arguments.clone()), span: expr.span };
                let whole = self.expr(shared, &whole);
                let (a, b) = (self.expr(shared, &arguments[0]), self.expr(shared, &arguments[1]));
                let part = self.tape.binary(BinaryOp::Mul, b, whole);
                self.tape.binary(BinaryOp::Sub, a, part)
            }
            Node::Call(function, arguments) => {
                let regs: Vec<Reg> = arguments.iter().map(|a| self.expr(shared, a)).collect();
                let first = regs.first().copied().unwrap_or(0);
                match function {
                    Function::Max | Function::Min => (regs.iter().copied())
                        .reduce(|a, b| self.tape.push(Op::Call(*function, a, b)))
                        .unwrap_or(first),
                    Floor | Ceil | Quotient => {
                        let second = regs.get(1).copied().unwrap_or(first);
                        self.tape.push(Op::Call(*function, first, second))
                    }
                    _ => self.tape.push(Op::Call(*function, first, first)),
                }
            }
        }
    }

    fn delay(&mut self, shared: &mut Shared, arguments: &[Expr]) -> Reg {
        let [what, lag] = arguments else { return self.tape.number(f64::NAN) };
        let ago = self.expr(shared, lag);
        if self.tape.constant(ago) == Some(0.0) {
            return self.expr(shared, what);
        }
        let known = shared.delayed.iter().position(|e| e == what);
        let formula = known.unwrap_or_else(|| {
            shared.delayed.push(what.clone());
            shared.delayed.len() - 1
        });
        if !shared.lags.contains(lag) {
            shared.lags.push(lag.clone());
        }
        self.tape.push(Op::Delayed(formula as u32, ago))
    }
}

/// Whether a formula changes in jumps only.
fn is_step(expr: &Expr) -> bool {
    match &expr.node {
        Node::Not(_) => true,
        Node::Binary(op, ..) => is_relation(*op) || matches!(op, BinaryOp::And | BinaryOp::Or),
        Node::Call(function, _) => {
            matches!(function, Function::Floor | Function::Ceil | Function::Quotient)
        }
        _ => false,
    }
}
