//! Formulas over the symbols of a network.

use crate::{Span, SymbolId};

/// A formula and the place it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// The outermost operation.
    pub node: Node,
    /// Where it stands; [`Span::NONE`] when it was made, not written.
    pub span: Span,
}

/// One operation of a formula.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A literal. Literals carry no unit; zero fits any unit, any other number is dimensionless.
    Number(f64),
    /// A symbol of the network.
    Symbol(SymbolId),
    /// Time since the start, in the network's time unit.
    Time,
    /// Minus the operand.
    Neg(Box<Expr>),
    /// True when the operand is false.
    Not(Box<Expr>),
    /// Two operands.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// A named function.
    Call(Function, Vec<Expr>),
    /// The first value whose condition holds, else `otherwise`.
    Piecewise {
        /// Value and condition, in order.
        cases: Vec<(Expr, Expr)>,
        /// Value when no condition holds.
        otherwise: Box<Expr>,
    },
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// Functions with a fixed meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Function {
    Exp,
    /// Natural logarithm.
    Ln,
    Log10,
    Sqrt,
    Abs,
    /// Smallest of one or more.
    Min,
    /// Largest of one or more.
    Max,
}

impl Expr {
    /// A formula that was made rather than written.
    pub fn made(node: Node) -> Self {
        Expr { node, span: Span::NONE }
    }

    /// A literal that was made rather than written.
    pub fn number(value: f64) -> Self {
        Expr::made(Node::Number(value))
    }

    /// A reference to a symbol that was made rather than written.
    pub fn symbol(id: SymbolId) -> Self {
        Expr::made(Node::Symbol(id))
    }

    /// `op(a, b)`, made rather than written.
    pub fn binary(op: BinaryOp, a: Expr, b: Expr) -> Self {
        Expr::made(Node::Binary(op, Box::new(a), Box::new(b)))
    }

    /// Calls `visit` on this formula and everything inside it, outermost first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        match &self.node {
            Node::Number(_) | Node::Symbol(_) | Node::Time => {}
            Node::Neg(a) | Node::Not(a) => a.walk(visit),
            Node::Binary(_, a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
            Node::Call(_, arguments) => arguments.iter().for_each(|a| a.walk(visit)),
            Node::Piecewise { cases, otherwise } => {
                for (value, condition) in cases {
                    value.walk(visit);
                    condition.walk(visit);
                }
                otherwise.walk(visit);
            }
        }
    }

    /// The symbols this formula mentions, in order, with repeats.
    pub fn symbols(&self) -> Vec<SymbolId> {
        let mut found = Vec::new();
        self.walk(&mut |e| {
            if let Node::Symbol(id) = e.node {
                found.push(id);
            }
        });
        found
    }
}
