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

impl BinaryOp {
    /// Its value; what holds is 1 and what does not 0. Powers have the same bits on every machine.
    pub fn value(self, a: f64, b: f64) -> f64 {
        let truth = |holds: bool| f64::from(u8::from(holds));
        match self {
            BinaryOp::Add => a + b,
            BinaryOp::Sub => a - b,
            BinaryOp::Mul => a * b,
            BinaryOp::Div => a / b,
            BinaryOp::Pow if b.fract() == 0.0 && b.abs() <= 64.0 => a.powi(b as i32),
            BinaryOp::Pow => libm::pow(a, b),
            BinaryOp::Less => truth(a < b),
            BinaryOp::LessEqual => truth(a <= b),
            BinaryOp::Greater => truth(a > b),
            BinaryOp::GreaterEqual => truth(a >= b),
            BinaryOp::Equal => truth(a == b),
            BinaryOp::NotEqual => truth(a != b),
            BinaryOp::And => truth(a != 0.0 && b != 0.0),
            BinaryOp::Or => truth(a != 0.0 || b != 0.0),
        }
    }
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
    /// Largest whole number that is not larger.
    Floor,
    /// Smallest whole number that is not smaller.
    Ceil,
    /// Product of the whole numbers up to it.
    Factorial,
    /// How often the second goes into the first, without the fraction.
    Quotient,
    /// What is left of the first after [`Function::Quotient`], with its sign.
    Remainder,
    /// The first as it was so long ago as the second says.
    Delay,
    /// How fast a symbol changes.
    RateOf,
}

impl Function {
    /// A function of one argument by its name in MathML: which, whether of one over the argument,
    /// and whether one over it (`csc` is one over `sin`; `arccsc` is `asin` of one over).
    pub fn of_one(name: &str) -> Option<(Function, bool, bool)> {
        use Function::*;
        Some(match name {
            "exp" => (Exp, false, false),
            "ln" => (Ln, false, false),
            "abs" => (Abs, false, false),
            "floor" => (Floor, false, false),
            "ceiling" => (Ceil, false, false),
            "factorial" => (Factorial, false, false),
            "sin" => (Sin, false, false),
            "cos" => (Cos, false, false),
            "tan" => (Tan, false, false),
            "csc" => (Sin, false, true),
            "sec" => (Cos, false, true),
            "cot" => (Tan, false, true),
            "sinh" => (Sinh, false, false),
            "cosh" => (Cosh, false, false),
            "tanh" => (Tanh, false, false),
            "csch" => (Sinh, false, true),
            "sech" => (Cosh, false, true),
            "coth" => (Tanh, false, true),
            "arcsin" => (Asin, false, false),
            "arccos" => (Acos, false, false),
            "arctan" => (Atan, false, false),
            "arccsc" => (Asin, true, false),
            "arcsec" => (Acos, true, false),
            "arccot" => (Atan, true, false),
            "arcsinh" => (Asinh, false, false),
            "arccosh" => (Acosh, false, false),
            "arctanh" => (Atanh, false, false),
            "arccsch" => (Asinh, true, false),
            "arcsech" => (Acosh, true, false),
            "arccoth" => (Atanh, true, false),
            _ => return None,
        })
    }

    /// Its name, as Antimony writes it.
    pub fn name(self) -> &'static str {
        match self {
            Function::Exp => "exp",
            Function::Ln => "ln",
            Function::Log10 => "log10",
            Function::Sqrt => "sqrt",
            Function::Abs => "abs",
            Function::Min => "min",
            Function::Max => "max",
            Function::Sin => "sin",
            Function::Cos => "cos",
            Function::Tan => "tan",
            Function::Asin => "asin",
            Function::Acos => "acos",
            Function::Atan => "atan",
            Function::Sinh => "sinh",
            Function::Cosh => "cosh",
            Function::Tanh => "tanh",
            Function::Asinh => "asinh",
            Function::Acosh => "acosh",
            Function::Atanh => "atanh",
            Function::Floor => "floor",
            Function::Ceil => "ceil",
            Function::Factorial => "factorial",
            Function::Quotient => "quotient",
            Function::Remainder => "rem",
            Function::Delay => "delay",
            Function::RateOf => "rateOf",
        }
    }

    /// Its value, where that depends on nothing but these numbers: not for a delay or a rate.
    pub fn value(self, arguments: &[f64]) -> Option<f64> {
        let first = arguments.first().copied()?;
        let second = || arguments.get(1).copied();
        Some(match self {
            Function::Exp => libm::exp(first),
            Function::Ln => libm::log(first),
            Function::Log10 => libm::log10(first),
            Function::Sqrt => first.sqrt(),
            Function::Abs => first.abs(),
            Function::Min => arguments.iter().copied().fold(first, f64::min),
            Function::Max => arguments.iter().copied().fold(first, f64::max),
            Function::Sin => libm::sin(first),
            Function::Cos => libm::cos(first),
            Function::Tan => libm::tan(first),
            Function::Asin => libm::asin(first),
            Function::Acos => libm::acos(first),
            Function::Atan => libm::atan(first),
            Function::Sinh => libm::sinh(first),
            Function::Cosh => libm::cosh(first),
            Function::Tanh => libm::tanh(first),
            Function::Asinh => libm::asinh(first),
            Function::Acosh => libm::acosh(first),
            Function::Atanh => libm::atanh(first),
            Function::Floor => first.floor(),
            Function::Ceil => first.ceil(),
            Function::Factorial => libm::tgamma(first + 1.0),
            Function::Quotient => (first / second()?).trunc(),
            Function::Remainder => first % second()?,
            Function::Delay | Function::RateOf => return None,
        })
    }
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
