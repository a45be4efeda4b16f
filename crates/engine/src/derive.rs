//! Exact partial derivatives of formulas with respect to the states they depend on, directly or
//! through values that are treated as if they were states.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap as HashMap;

use crate::dag::{Binary, Dag, Leaf, Node, NodeId, Unary};

/// Partial derivatives, by variable, ascending; variables without influence are left out. The
/// states come first, then the values treated like them.
pub(crate) type Gradient = Vec<(u32, NodeId)>;

/// Computes gradients, each once.
#[derive(Default)]
pub(crate) struct Derivatives {
    known: HashMap<NodeId, Gradient>,
    /// Values treated as variables, and what they depend on themselves.
    variables: HashMap<NodeId, u32>,
    inner: HashMap<NodeId, Gradient>,
}

impl Derivatives {
    /// Treats these values as variables of their own, the first of them numbered `first`.
    pub(crate) fn through(values: &[NodeId], first: u32) -> Derivatives {
        Derivatives {
            variables: values.iter().copied().zip(first..).collect(),
            ..Derivatives::default()
        }
    }

    /// The gradient of a value that is treated as a variable itself.
    pub(crate) fn inner(&mut self, dag: &mut Dag, of: NodeId) -> Gradient {
        self.gradient(dag, of);
        self.inner.get(&of).cloned().unwrap_or_default()
    }

    /// The gradient of a formula.
    pub(crate) fn gradient(&mut self, dag: &mut Dag, of: NodeId) -> &Gradient {
        // Operands are older than what uses them, so visiting what is missing in order of age
        // needs no recursion, however deep the formula.
        let mut missing = vec![of];
        let mut i = 0;
        while i < missing.len() {
            if self.known.contains_key(&missing[i]) {
                missing.swap_remove(i);
                continue;
            }
            self.known.insert(missing[i], Gradient::new());
            missing.extend(dag.operands(missing[i]));
            i += 1;
        }
        missing.sort_unstable();
        for id in missing {
            let mut gradient = self.apply_rule(dag, id);
            if let Some(&variable) = self.variables.get(&id) {
                let itself = vec![(variable, dag.constant(1.0))];
                self.inner.insert(id, std::mem::replace(&mut gradient, itself));
            }
            self.known.insert(id, gradient);
        }
        &self.known[&of]
    }

    /// One differentiation rule, the gradients of the operands being known.
    fn apply_rule(&self, dag: &mut Dag, id: NodeId) -> Gradient {
        let known = |id: NodeId| self.known[&id].as_slice();
        match dag.node(id) {
            Node::Constant(_) => Gradient::new(),
            Node::Leaf(Leaf::State(i)) => vec![(i, dag.constant(1.0))],
            Node::Leaf(_) => Gradient::new(),
            Node::Unary(op, a) => {
                if known(a).is_empty() {
                    return Gradient::new();
                }
                let slope = slope(dag, op, a, id);
                scale(dag, known(a), slope)
            }
            Node::Binary(op, a, b) => match op {
                Binary::Add => sum(dag, known(a), known(b)),
                Binary::Subtract => {
                    let minus = dag.constant(-1.0);
                    let b = scale(dag, known(b), minus);
                    sum(dag, known(a), &b)
                }
                Binary::Multiply => self.product_rule(dag, id, a, b),
                Binary::Max => {
                    let first = dag.less(b, a);
                    choose(dag, first, known(a), known(b))
                }
                Binary::Min => {
                    let first = dag.less(a, b);
                    choose(dag, first, known(a), known(b))
                }
                Binary::Remainder => {
                    let quotient = dag.quotient(a, b);
                    let slope = dag.negate(quotient);
                    let b = scale(dag, known(b), slope);
                    sum(dag, known(a), &b)
                }
                Binary::Quotient | Binary::Less | Binary::LessEqual | Binary::Equal => {
                    Gradient::new()
                }
            },
            Node::Select(condition, a, b) => choose(dag, condition, known(a), known(b)),
        }
    }

    fn product_rule(&self, dag: &mut Dag, id: NodeId, a: NodeId, b: NodeId) -> Gradient {
        let known = |id: NodeId| self.known[&id].as_slice();
        // d(a/q) = da (1/q) - (a/q) dq (1/q): shares the quotient, which is needed anyway.
        for (numerator, reciprocal) in [(a, b), (b, a)] {
            if let Node::Unary(Unary::Reciprocal, q) = dag.node(reciprocal) {
                let first = scale(dag, known(numerator), reciprocal);
                if known(q).is_empty() {
                    return first;
                }
                let product = dag.multiply(id, reciprocal);
                let slope = dag.negate(product);
                let second = scale(dag, known(q), slope);
                return sum(dag, &first, &second);
            }
        }
        let first = scale(dag, known(a), b);
        let second = scale(dag, known(b), a);
        sum(dag, &first, &second)
    }
}

/// The derivative of a function; `value` is its value at `a`.
fn slope(dag: &mut Dag, function: Unary, a: NodeId, value: NodeId) -> NodeId {
    let one = dag.constant(1.0);
    match function {
        Unary::Negate => dag.constant(-1.0),
        Unary::Reciprocal => {
            let square = dag.multiply(value, value);
            dag.negate(square)
        }
        Unary::SquareRoot => {
            let (half, reciprocal) = (dag.constant(0.5), dag.reciprocal(value));
            dag.multiply(half, reciprocal)
        }
        Unary::Exp => value,
        Unary::Ln => dag.reciprocal(a),
        Unary::Abs => {
            let (minus, negative) = (dag.constant(-1.0), dag.less(a, Dag::ZERO));
            dag.select(negative, minus, one)
        }
        Unary::Sin => dag.function(Unary::Cos, a),
        Unary::Cos => {
            let sine = dag.function(Unary::Sin, a);
            dag.negate(sine)
        }
        Unary::Sinh => dag.function(Unary::Cosh, a),
        Unary::Cosh => dag.function(Unary::Sinh, a),
        Unary::Tan => {
            let square = dag.multiply(value, value);
            dag.add(one, square)
        }
        Unary::Tanh => {
            let square = dag.multiply(value, value);
            dag.subtract(one, square)
        }
        Unary::Floor | Unary::Ceil => Dag::ZERO,
        Unary::Asin | Unary::Acos | Unary::Atan | Unary::Asinh | Unary::Acosh | Unary::Atanh => {
            // One over something of the square, or over its root.
            let square = dag.multiply(a, a);
            let below = match function {
                Unary::Asin | Unary::Acos | Unary::Atanh => dag.subtract(one, square),
                Unary::Atan | Unary::Asinh => dag.add(one, square),
                _ => dag.subtract(square, one),
            };
            let below = match function {
                Unary::Atan | Unary::Atanh => below,
                _ => dag.square_root(below),
            };
            let slope = dag.reciprocal(below);
            if function == Unary::Acos { dag.negate(slope) } else { slope }
        }
    }
}

/// Values worth treating as variables of their own in the derivatives of these formulas, oldest
/// first: many states act through them on many formulas, so that a matrix with a row for each of
/// them has fewer entries than one without.
///
/// Which of them to eliminate early is then a matter of pivot order: it finds by itself where the
/// chain rule is better carried out (Griewank and Reese, "On the calculation of Jacobian matrices
/// by the Markowitz rule", 1991).
pub(crate) fn hubs(dag: &Dag, formulas: &[NodeId]) -> Vec<NodeId> {
    let mut uses: HashMap<NodeId, usize> = HashMap::default();
    let mut stack = formulas.to_vec();
    formulas.iter().for_each(|&id| *uses.entry(id).or_default() += 1);
    let mut needed = BTreeSet::new();
    while let Some(id) = stack.pop() {
        if needed.insert(id) {
            for operand in dag.operands(id) {
                *uses.entry(operand).or_default() += 1;
                stack.push(operand);
            }
        }
    }
    let mut support: HashMap<NodeId, BTreeSet<NodeId>> = HashMap::default();
    let mut hubs = Vec::new();
    for id in needed {
        let through = match dag.node(id) {
            Node::Leaf(Leaf::State(_)) => BTreeSet::from([id]),
            Node::Unary(Unary::Floor | Unary::Ceil, _) => BTreeSet::new(),
            Node::Binary(
                Binary::Quotient | Binary::Less | Binary::LessEqual | Binary::Equal,
                ..,
            ) => BTreeSet::new(),
            Node::Select(_, a, b) => &support[&a] | &support[&b],
            _ => dag.operands(id).flat_map(|operand| support[&operand].clone()).collect(),
        };
        let (from, to) = (through.len(), uses[&id]);
        let is_hub = from * to > 2 * (from + to);
        if is_hub {
            hubs.push(id);
        }
        support.insert(id, if is_hub { BTreeSet::from([id]) } else { through });
    }
    hubs
}

/// `factor · gradient`
fn scale(dag: &mut Dag, gradient: &[(u32, NodeId)], factor: NodeId) -> Gradient {
    let scaled = gradient.iter().map(|&(state, slope)| (state, dag.multiply(slope, factor)));
    scaled.collect()
}

/// `a + b`, without the entries that cancel.
fn sum(dag: &mut Dag, a: &[(u32, NodeId)], b: &[(u32, NodeId)]) -> Gradient {
    merge(dag, a, b, |dag, x, y| dag.add(x, y))
}

/// `condition ? a : b`
fn choose(dag: &mut Dag, condition: NodeId, a: &[(u32, NodeId)], b: &[(u32, NodeId)]) -> Gradient {
    merge(dag, a, b, |dag, x, y| dag.select(condition, x, y))
}

/// Combines two gradients state by state.
fn merge(
    dag: &mut Dag,
    a: &[(u32, NodeId)],
    b: &[(u32, NodeId)],
    combine: impl Fn(&mut Dag, NodeId, NodeId) -> NodeId,
) -> Gradient {
    let zero = dag.constant(0.0);
    let mut merged = Gradient::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let in_a = a.get(i).map_or(u32::MAX, |entry| entry.0);
        let in_b = b.get(j).map_or(u32::MAX, |entry| entry.0);
        let state = in_a.min(in_b);
        let (mut x, mut y) = (zero, zero);
        if in_a == state {
            x = a[i].1;
            i += 1;
        }
        if in_b == state {
            y = b[j].1;
            j += 1;
        }
        let combined = combine(dag, x, y);
        if !dag.is_zero(combined) {
            merged.push((state, combined));
        }
    }
    merged
}
