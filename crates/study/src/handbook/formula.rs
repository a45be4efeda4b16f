//! Formulas as they are set: sums and products flat, quotients as fractions.

use hersim_network::{BinaryOp, Expr, Function, Network, Node, SymbolId, SymbolKind, Value};

/// A formula ready to be set.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// A literal.
    Number(f64),
    /// A name; `constant` when it is a number of a table.
    Name {
        /// The name.
        name: String,
        /// True when nothing changes it.
        constant: bool,
    },
    /// Terms, each with true when it is taken away.
    Sum(Vec<(bool, Formula)>),
    /// Two or more factors.
    Product(Vec<Formula>),
    /// Numerator over denominator.
    Fraction(Box<Formula>, Box<Formula>),
    /// Base and exponent.
    Power(Box<Formula>, Box<Formula>),
    /// A named function of its arguments.
    Call(&'static str, Vec<Formula>),
    /// A square root.
    Root(Box<Formula>),
    /// Two sides and what stands between them: a comparison, "and", "or".
    Relation(&'static str, Box<Formula>, Box<Formula>),
    /// What does not hold.
    Not(Box<Formula>),
    /// The first value whose condition holds, else the last.
    Cases(Vec<(Formula, Formula)>, Box<Formula>),
}

/// The formula as it is set, with the network's names.
pub(super) fn formula(network: &Network, expr: &Expr) -> Formula {
    let set = |e: &Expr| formula(network, e);
    let boxed = |e: &Expr| Box::new(formula(network, e));
    match &expr.node {
        Node::Number(value) => Formula::Number(*value),
        Node::Symbol(id) => name(network, *id),
        Node::Time => Formula::Name { name: "time".into(), constant: false },
        Node::Neg(_) | Node::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => {
            let mut terms = Vec::new();
            sum(network, expr, false, &mut terms);
            Formula::Sum(terms)
        }
        Node::Binary(BinaryOp::Mul | BinaryOp::Div, ..) => {
            let (mut above, mut below) = (Vec::new(), Vec::new());
            product(network, expr, &mut above, &mut below);
            match below.is_empty() {
                true => times(above),
                false => Formula::Fraction(Box::new(times(above)), Box::new(times(below))),
            }
        }
        Node::Binary(BinaryOp::Pow, a, b) => Formula::Power(boxed(a), boxed(b)),
        Node::Binary(op, a, b) => Formula::Relation(relation(*op), boxed(a), boxed(b)),
        Node::Not(a) => Formula::Not(boxed(a)),
        Node::Call(Function::Sqrt, arguments) if arguments.len() == 1 => {
            Formula::Root(boxed(&arguments[0]))
        }
        Node::Call(function, arguments) => {
            Formula::Call(called(*function), arguments.iter().map(set).collect())
        }
        Node::Piecewise { cases, otherwise } => Formula::Cases(
            cases.iter().map(|(value, when)| (set(value), set(when))).collect(),
            boxed(otherwise),
        ),
    }
}

/// A symbol as it stands in a formula.
pub(super) fn name(network: &Network, id: SymbolId) -> Formula {
    Formula::Name { name: network[id].name.clone(), constant: is_constant(network, id) }
}

/// Whether a symbol is a number of a table: nothing computes or changes it.
pub(super) fn is_constant(network: &Network, id: SymbolId) -> bool {
    let symbol = &network[id];
    let fixed = matches!(symbol.kind, SymbolKind::Parameter | SymbolKind::Compartment);
    fixed && symbol.rule.is_none() && symbol.value != Value::Missing
}

fn sum(network: &Network, expr: &Expr, minus: bool, terms: &mut Vec<(bool, Formula)>) {
    match &expr.node {
        Node::Binary(BinaryOp::Add, a, b) => {
            sum(network, a, minus, terms);
            sum(network, b, minus, terms);
        }
        Node::Binary(BinaryOp::Sub, a, b) => {
            sum(network, a, minus, terms);
            sum(network, b, !minus, terms);
        }
        Node::Neg(a) => sum(network, a, !minus, terms),
        _ => terms.push((minus, formula(network, expr))),
    }
}

fn product(network: &Network, expr: &Expr, above: &mut Vec<Formula>, below: &mut Vec<Formula>) {
    match &expr.node {
        Node::Binary(BinaryOp::Mul, a, b) => {
            product(network, a, above, below);
            product(network, b, above, below);
        }
        Node::Binary(BinaryOp::Div, a, b) => {
            product(network, a, above, below);
            product(network, b, below, above);
        }
        _ => above.push(formula(network, expr)),
    }
}

/// The product of factors; ones are left out where others remain.
fn times(mut factors: Vec<Formula>) -> Formula {
    if factors.len() > 1 {
        factors.retain(|f| *f != Formula::Number(1.0));
    }
    match factors.len() {
        0 => Formula::Number(1.0),
        1 => factors.swap_remove(0),
        _ => Formula::Product(factors),
    }
}

fn relation(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "≤",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => "≥",
        BinaryOp::NotEqual => "≠",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        _ => "=",
    }
}

fn called(function: Function) -> &'static str {
    function.name()
}
