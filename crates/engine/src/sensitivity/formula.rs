//! Differentiation of formulas over symbols.

use hersim_network::{BinaryOp, Expr, Function, Node, SymbolId};

use super::{Direction, Extension};

impl Extension<'_> {
    /// The derivative of a formula; `None` where it is zero.
    pub(super) fn derivative(&mut self, of: &Expr, by: Direction) -> Option<Expr> {
        match &of.node {
            Node::Number(_) | Node::Not(_) => None,
            Node::Time => (by == Direction::Time).then(|| Expr::number(1.0)),
            Node::Symbol(id) => self.companion(*id, by).map(Expr::symbol),
            Node::Neg(a) => self.derivative(a, by).map(negative),
            Node::Binary(op, a, b) => self.of_binary(*op, a, b, by),
            Node::Call(function, arguments) => self.of_call(*function, arguments, by),
            Node::Piecewise { cases, otherwise } => {
                let slopes: Vec<Option<Expr>> =
                    cases.iter().map(|(value, _)| self.derivative(value, by)).collect();
                let rest = self.derivative(otherwise, by);
                if rest.is_none() && slopes.iter().all(Option::is_none) {
                    return None;
                }
                let zero = || Expr::number(0.0);
                let cases = slopes.into_iter().zip(cases);
                Some(Expr::made(Node::Piecewise {
                    cases: cases
                        .map(|(slope, (_, condition))| {
                            (slope.unwrap_or_else(zero), condition.clone())
                        })
                        .collect(),
                    otherwise: Box::new(rest.unwrap_or_else(zero)),
                }))
            }
        }
    }

    fn of_binary(&mut self, op: BinaryOp, a: &Expr, b: &Expr, by: Direction) -> Option<Expr> {
        use BinaryOp::{Add, Div, Mul, Pow, Sub};
        if !matches!(op, Add | Sub | Mul | Div | Pow) {
            return None; // true or false
        }
        let (da, db) = (self.derivative(a, by), self.derivative(b, by));
        match op {
            Add => add(da, db),
            Sub => difference(da, db),
            Mul => add(da.map(|da| product(da, b.clone())), db.map(|db| product(a.clone(), db))),
            Div => {
                // (a/b)' = (a' − (a/b) b') / b
                let share = db.map(|db| product(quotient(a.clone(), b.clone()), db));
                difference(da, share).map(|top| quotient(top, b.clone()))
            }
            _ => {
                let lower = match b.node {
                    Node::Number(n) => Expr::number(n - 1.0),
                    _ => Expr::binary(Sub, b.clone(), Expr::number(1.0)),
                };
                let slope = product(b.clone(), power(a.clone(), lower));
                let first = da.map(|da| product(slope, da));
                let second = db.map(|db| {
                    let base = Expr::made(Node::Call(
                        Function::Max,
                        vec![a.clone(), Expr::number(crate::math::SMALLEST_BASE)],
                    ));
                    let ln = Expr::made(Node::Call(Function::Ln, vec![base]));
                    product(product(power(a.clone(), b.clone()), ln), db)
                });
                add(first, second)
            }
        }
    }

    fn of_call(&mut self, function: Function, given: &[Expr], by: Direction) -> Option<Expr> {
        let (first, rest) = given.split_first()?;
        if let (Function::Min | Function::Max, [_, ..]) = (function, rest) {
            // The slope of whichever it is.
            let own = self.derivative(first, by);
            let other = self.of_call(function, rest, by);
            if own.is_none() && other.is_none() {
                return None;
            }
            let relation =
                if function == Function::Min { BinaryOp::Less } else { BinaryOp::Greater };
            let others = Expr::made(Node::Call(function, rest.to_vec()));
            let condition = Expr::binary(relation, first.clone(), others);
            let zero = || Expr::number(0.0);
            return Some(Expr::made(Node::Piecewise {
                cases: vec![(own.unwrap_or_else(zero), condition)],
                otherwise: Box::new(other.unwrap_or_else(zero)),
            }));
        }
        match (function, rest) {
            (Function::Floor | Function::Ceil | Function::Quotient, _) => return None,
            (Function::Remainder, [divisor]) => {
                let (own, other) = (self.derivative(first, by), self.derivative(divisor, by));
                let whole = || Expr::made(Node::Call(Function::Quotient, given.to_vec()));
                return difference(own, other.map(|other| product(whole(), other)));
            }
            _ => {}
        }
        let inner = self.derivative(first, by)?;
        let call = Expr::made(Node::Call(function, given.to_vec()));
        let a = first.clone();
        Some(match function {
            Function::Exp => product(call, inner),
            Function::Ln => quotient(inner, a),
            Function::Log10 => quotient(inner, product(Expr::number(std::f64::consts::LN_10), a)),
            Function::Sqrt => quotient(inner, product(Expr::number(2.0), call)),
            Function::Abs => {
                let negative_side = Expr::binary(BinaryOp::Less, a, Expr::number(0.0));
                Expr::made(Node::Piecewise {
                    cases: vec![(negative(inner.clone()), negative_side)],
                    otherwise: Box::new(inner),
                })
            }
            Function::Min | Function::Max => inner,
            Function::Sin => product(function_of(Function::Cos, a), inner),
            Function::Cos => negative(product(function_of(Function::Sin, a), inner)),
            Function::Sinh => product(function_of(Function::Cosh, a), inner),
            Function::Cosh => product(function_of(Function::Sinh, a), inner),
            Function::Tan => product(sum(Expr::number(1.0), square(call)), inner),
            Function::Tanh => product(one_less(square(call)), inner),
            Function::Atan => quotient(inner, sum(Expr::number(1.0), square(a))),
            Function::Atanh => quotient(inner, one_less(square(a))),
            Function::Asin => quotient(inner, root(one_less(square(a)))),
            Function::Acos => negative(quotient(inner, root(one_less(square(a))))),
            Function::Asinh => quotient(inner, root(sum(Expr::number(1.0), square(a)))),
            Function::Acosh => quotient(inner, root(negative(one_less(square(a))))),
            // The engine has no such function: compiling the model refuses it.
            Function::Factorial | Function::Delay | Function::RateOf => Expr::number(f64::NAN),
            // Handled above.
            Function::Floor | Function::Ceil | Function::Quotient | Function::Remainder => inner,
        })
    }
}

fn negative(a: Expr) -> Expr {
    Expr::made(Node::Neg(Box::new(a)))
}

fn function_of(function: Function, a: Expr) -> Expr {
    Expr::made(Node::Call(function, vec![a]))
}

fn root(a: Expr) -> Expr {
    function_of(Function::Sqrt, a)
}

fn square(a: Expr) -> Expr {
    power(a, Expr::number(2.0))
}

fn one_less(a: Expr) -> Expr {
    Expr::binary(BinaryOp::Sub, Expr::number(1.0), a)
}

fn power(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Pow, a, b)
}

pub(super) fn sum(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Add, a, b)
}

pub(super) fn product(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Mul, a, b)
}

pub(super) fn quotient(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Div, a, b)
}

fn add(a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    match (a, b) {
        (Some(a), Some(b)) => Some(sum(a, b)),
        (a, b) => a.or(b),
    }
}

/// `a − b`, where either may be zero.
pub(super) fn difference(a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Expr::binary(BinaryOp::Sub, a, b)),
        (a, b) => a.or_else(|| b.map(negative)),
    }
}

/// The formula with symbols replaced where there is something to replace them with.
pub(super) fn substitute(formula: &Expr, with: &mut impl FnMut(SymbolId) -> Option<Expr>) -> Expr {
    let node = match &formula.node {
        Node::Number(_) | Node::Time => formula.node.clone(),
        Node::Symbol(id) => return with(*id).unwrap_or_else(|| formula.clone()),
        Node::Neg(a) => Node::Neg(Box::new(substitute(a, with))),
        Node::Not(a) => Node::Not(Box::new(substitute(a, with))),
        Node::Binary(op, a, b) => {
            Node::Binary(*op, Box::new(substitute(a, with)), Box::new(substitute(b, with)))
        }
        Node::Call(function, given) => {
            Node::Call(*function, given.iter().map(|a| substitute(a, with)).collect())
        }
        Node::Piecewise { cases, otherwise } => {
            let mut one = |(value, condition): &(Expr, Expr)| {
                (substitute(value, with), substitute(condition, with))
            };
            let cases = cases.iter().map(&mut one).collect();
            Node::Piecewise { cases, otherwise: Box::new(substitute(otherwise, with)) }
        }
    };
    Expr { node, span: formula.span }
}
