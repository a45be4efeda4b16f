//! The functions that Antimony knows, as operations of a network.

use hersim_network::{BinaryOp, Expr, Function, Node};

use crate::ast::REMAINDER;

/// A function of Antimony applied; `None` when it has none of this name with so many arguments.
pub(crate) fn applied(name: &str, mut arguments: Vec<Expr>) -> Option<Expr> {
    use BinaryOp::*;
    let count = arguments.len();
    if let (Some((function, inverse_in, inverse_out)), 1) = (of_one(name), count) {
        let one = || Expr::number(1.0);
        let mut argument = arguments.pop()?;
        if inverse_in {
            argument = Expr::binary(Div, one(), argument);
        }
        let value = call(function, vec![argument]);
        return Some(if inverse_out { Expr::binary(Div, one(), value) } else { value });
    }
    Some(match (name, count) {
        ("min", 1..) => call(Function::Min, arguments),
        ("max", 1..) => call(Function::Max, arguments),
        ("quotient", 2) => call(Function::Quotient, arguments),
        ("rem", 2) => call(Function::Remainder, arguments),
        ("delay", 2) => call(Function::Delay, arguments),
        ("rateOf", 1) if matches!(arguments[0].node, Node::Symbol(_)) => {
            call(Function::RateOf, arguments)
        }
        ("log", 1) => call(Function::Ln, arguments),
        ("sqr", 1) => Expr::binary(Pow, arguments.pop()?, Expr::number(2.0)),
        ("log", 2) => {
            let argument = arguments.pop()?;
            match arguments.pop()? {
                Expr { node: Node::Number(10.0), .. } => call(Function::Log10, vec![argument]),
                base => Expr::binary(
                    Div,
                    call(Function::Ln, vec![argument]),
                    call(Function::Ln, vec![base]),
                ),
            }
        }
        ("root", 2) => {
            let argument = arguments.pop()?;
            match arguments.pop()? {
                Expr { node: Node::Number(2.0), .. } => call(Function::Sqrt, vec![argument]),
                degree => Expr::binary(Pow, argument, Expr::binary(Div, Expr::number(1.0), degree)),
            }
        }
        ("plus", _) => chain(Add, 0.0, arguments),
        ("times", _) => chain(Mul, 1.0, arguments),
        ("minus", 1) => Expr::made(Node::Neg(Box::new(arguments.pop()?))),
        ("minus", 2) => chain(Sub, 0.0, arguments),
        ("divide", 2) => chain(Div, 0.0, arguments),
        ("pow" | "power", 2) => chain(Pow, 0.0, arguments),
        ("not", 1) => Expr::made(Node::Not(Box::new(arguments.pop()?))),
        ("and", _) => chain(And, 1.0, arguments.into_iter().map(truth).collect()),
        ("or", _) => chain(Or, 0.0, arguments.into_iter().map(truth).collect()),
        ("xor", _) => chain(NotEqual, 0.0, arguments.into_iter().map(truth).collect()),
        ("implies", 2) => {
            let then = truth(arguments.pop()?);
            Expr::binary(Or, Expr::made(Node::Not(Box::new(arguments.pop()?))), then)
        }
        ("eq", 2..) => relation(Equal, &arguments)?,
        ("neq", 2) => relation(NotEqual, &arguments)?,
        ("lt", 2..) => relation(Less, &arguments)?,
        ("leq", 2..) => relation(LessEqual, &arguments)?,
        ("gt", 2..) => relation(Greater, &arguments)?,
        ("geq", 2..) => relation(GreaterEqual, &arguments)?,
        ("piecewise", 2..) => piecewise(arguments),
        (REMAINDER, 2) => remainder(arguments.remove(0), arguments.remove(0)),
        _ => return None,
    })
}

/// Numbers that stand for truth become one or zero.
pub(crate) fn truth(expr: Expr) -> Expr {
    use BinaryOp::{Add, Div, Mul, NotEqual, Pow, Sub};
    let logical = match &expr.node {
        Node::Not(_) => true,
        Node::Binary(op, ..) => !matches!(op, Add | Sub | Mul | Div | Pow),
        Node::Number(value) => *value == 0.0 || *value == 1.0,
        _ => false,
    };
    if logical { expr } else { Expr::binary(NotEqual, expr, Expr::number(0.0)) }
}

fn call(function: Function, arguments: Vec<Expr>) -> Expr {
    Expr::made(Node::Call(function, arguments))
}

fn chain(op: BinaryOp, start: f64, arguments: Vec<Expr>) -> Expr {
    let joined = arguments.into_iter().reduce(|a, b| Expr::binary(op, a, b));
    joined.unwrap_or(Expr::number(start))
}

fn relation(op: BinaryOp, arguments: &[Expr]) -> Option<Expr> {
    let pairs = arguments.windows(2).map(|p| Expr::binary(op, p[0].clone(), p[1].clone()));
    pairs.reduce(|a, b| Expr::binary(BinaryOp::And, a, b))
}

/// Without a last value there is none when no condition holds.
fn piecewise(arguments: Vec<Expr>) -> Expr {
    let mut arguments = arguments.into_iter();
    let mut cases = Vec::new();
    let mut otherwise = Expr::number(f64::NAN);
    while let Some(value) = arguments.next() {
        match arguments.next() {
            Some(condition) => cases.push((value, condition)),
            None => otherwise = value,
        }
    }
    Expr::made(Node::Piecewise { cases, otherwise: Box::new(otherwise) })
}

/// `a % b` has the sign of `a`.
fn remainder(a: Expr, b: Expr) -> Expr {
    use BinaryOp::{Div, Less, Mul, NotEqual, Sub};
    let negative = |x: &Expr| Expr::binary(Less, x.clone(), Expr::number(0.0));
    let whole = |function| {
        let ratio = Expr::binary(Div, a.clone(), b.clone());
        Expr::binary(Sub, a.clone(), Expr::binary(Mul, b.clone(), call(function, vec![ratio])))
    };
    let differ = Expr::binary(NotEqual, negative(&a), negative(&b));
    let cases = vec![(whole(Function::Ceil), differ)];
    let otherwise = Box::new(whole(Function::Floor));
    Expr::made(Node::Piecewise { cases, otherwise })
}

/// A function of one argument, as [`Function::of_one`], by its names in Antimony: `asin` is `arcsin`.
fn of_one(name: &str) -> Option<(Function, bool, bool)> {
    match name {
        "log10" => Some((Function::Log10, false, false)),
        "sqrt" => Some((Function::Sqrt, false, false)),
        "ceil" => Function::of_one("ceiling"),
        _ => Function::of_one(name)
            .or_else(|| Function::of_one(&format!("arc{}", name.strip_prefix('a')?))),
    }
}
