//! Formulas as text that is read back to the same tree.

use hersim_network::{BinaryOp, Expr, Function, Node};

use super::names::Names;

pub(super) struct Formulas<'a> {
    pub(super) names: &'a Names,
}

// How tightly the outermost operation binds.
const LOGIC: u8 = 1;
const COMPARISON: u8 = 2;
const SUM: u8 = 3;
const PRODUCT: u8 = 4;
const POWER: u8 = 6;
const ATOM: u8 = 7;

impl Formulas<'_> {
    /// A formula that is true or false.
    pub(super) fn condition(&self, expr: &Expr) -> String {
        let mut text = String::new();
        self.put_condition(expr, 0, &mut text);
        text
    }

    /// The numbers that stand for truth have names.
    fn put_condition(&self, expr: &Expr, least: u8, text: &mut String) {
        match expr.node {
            Node::Number(1.0) => text.push_str("true"),
            Node::Number(0.0) => text.push_str("false"),
            _ => self.put(expr, least, text),
        }
    }

    pub(super) fn write(&self, expr: &Expr) -> String {
        let mut text = String::new();
        self.put(expr, 0, &mut text);
        text
    }

    /// Writes `expr`, in parentheses when it binds less than `least`.
    fn put(&self, expr: &Expr, least: u8, text: &mut String) {
        let bracket = binding(expr) < least;
        if bracket {
            text.push('(');
        }
        self.bare(expr, text);
        if bracket {
            text.push(')');
        }
    }

    fn bare(&self, expr: &Expr, text: &mut String) {
        match &expr.node {
            Node::Number(value) => text.push_str(&number(*value)),
            Node::Symbol(id) => text.push_str(self.names.symbol(*id)),
            Node::Time => text.push_str("time"),
            Node::Neg(a) => {
                text.push('-');
                self.put(a, POWER, text);
            }
            Node::Not(a) => {
                text.push('!');
                self.put_condition(a, ATOM, text);
            }
            Node::Binary(op, a, b) => self.binary(*op, a, b, text),
            Node::Call(function, arguments) => {
                self.call(spelled(*function), arguments.iter(), text);
            }
            Node::Piecewise { cases, otherwise } => {
                text.push_str("piecewise(");
                for (value, condition) in cases {
                    self.put(value, 0, text);
                    text.push_str(", ");
                    self.put_condition(condition, 0, text);
                    text.push_str(", ");
                }
                if matches!(otherwise.node, Node::Number(value) if value.is_nan()) {
                    // There is none then, and nothing is written.
                    text.truncate(text.len() - 2);
                } else {
                    self.put(otherwise, 0, text);
                }
                text.push(')');
            }
        }
    }

    fn call<'e>(&self, name: &str, arguments: impl Iterator<Item = &'e Expr>, text: &mut String) {
        text.push_str(name);
        text.push('(');
        for (i, argument) in arguments.enumerate() {
            if i > 0 {
                text.push_str(", ");
            }
            self.put(argument, 0, text);
        }
        text.push(')');
    }

    fn binary(&self, op: BinaryOp, a: &Expr, b: &Expr, text: &mut String) {
        let (sign, left, right) = match op {
            BinaryOp::Add => (" + ", SUM, PRODUCT),
            BinaryOp::Sub => (" - ", SUM, PRODUCT),
            BinaryOp::Mul => ("*", PRODUCT, POWER),
            BinaryOp::Div => ("/", PRODUCT, POWER),
            BinaryOp::Pow => ("^", ATOM, ATOM),
            BinaryOp::Less => (" < ", SUM, SUM),
            BinaryOp::LessEqual => (" <= ", SUM, SUM),
            BinaryOp::Greater => (" > ", SUM, SUM),
            BinaryOp::GreaterEqual => (" >= ", SUM, SUM),
            BinaryOp::Equal => (" == ", SUM, SUM),
            BinaryOp::NotEqual => (" != ", SUM, SUM),
            BinaryOp::And => (" && ", logic(a, op), COMPARISON),
            BinaryOp::Or => (" || ", logic(a, op), COMPARISON),
        };
        // Other readers take comparisons of comparisons for chains of them, in brackets or not.
        if let (Some(name), true) = (comparison(op), [a, b].into_iter().any(is_comparison)) {
            text.push_str(name);
            text.push('(');
            self.put_condition(a, 0, text);
            text.push_str(", ");
            self.put_condition(b, 0, text);
            text.push(')');
            return;
        }
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            self.put_condition(a, left, text);
            text.push_str(sign);
            self.put_condition(b, right, text);
            return;
        }
        self.put(a, left, text);
        text.push_str(sign);
        self.put(b, right, text);
    }
}

/// A chain of one logical operator needs no parentheses; a mixture does.
fn logic(left: &Expr, op: BinaryOp) -> u8 {
    match &left.node {
        Node::Binary(inner, ..) if *inner == op => LOGIC,
        _ => COMPARISON,
    }
}

/// The function that a comparison is too.
fn comparison(op: BinaryOp) -> Option<&'static str> {
    Some(match op {
        BinaryOp::Less => "lt",
        BinaryOp::LessEqual => "leq",
        BinaryOp::Greater => "gt",
        BinaryOp::GreaterEqual => "geq",
        BinaryOp::Equal => "eq",
        BinaryOp::NotEqual => "neq",
        _ => return None,
    })
}

fn is_comparison(expr: &Expr) -> bool {
    matches!(&expr.node, Node::Binary(op, ..) if comparison(*op).is_some())
}

/// The name that all readers know it by.
fn spelled(function: Function) -> &'static str {
    match function {
        Function::Asin => "arcsin",
        Function::Acos => "arccos",
        Function::Atan => "arctan",
        Function::Asinh => "arcsinh",
        Function::Acosh => "arccosh",
        Function::Atanh => "arctanh",
        _ => function.name(),
    }
}

fn binding(expr: &Expr) -> u8 {
    match &expr.node {
        // A sign binds like a sum, so that it is bracketed inside products.
        Node::Number(value) if value.is_sign_negative() => SUM,
        Node::Neg(_) => SUM,
        Node::Number(_)
        | Node::Symbol(_)
        | Node::Time
        | Node::Call(..)
        | Node::Piecewise { .. } => ATOM,
        Node::Not(_) => PRODUCT,
        Node::Binary(op, a, b)
            if comparison(*op).is_some() && [a, b].into_iter().any(|x| is_comparison(x)) =>
        {
            ATOM
        }
        Node::Binary(op, ..) => match op {
            BinaryOp::Add | BinaryOp::Sub => SUM,
            BinaryOp::Mul | BinaryOp::Div => PRODUCT,
            BinaryOp::Pow => POWER,
            BinaryOp::And | BinaryOp::Or => LOGIC,
            _ => COMPARISON,
        },
    }
}

/// The shortest text that is read back as the same number.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "inf".into() } else { "-inf".into() }
    } else if size == 0.0 || (1e-4..1e15).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}
