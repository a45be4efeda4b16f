//! Exact partial derivatives of formulas with respect to the states they depend on.

use std::collections::HashMap;

use crate::dag::{Binary, Dag, Leaf, Node, NodeId, Unary};

/// Partial derivatives, by state, ascending; states without influence are left out.
pub(crate) type Gradient = Vec<(u32, NodeId)>;

/// Computes gradients, each once.
#[derive(Default)]
pub(crate) struct Derivatives {
    known: HashMap<NodeId, Gradient>,
}

impl Derivatives {
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
            let gradient = self.apply_rule(dag, id);
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
                let slope = match op {
                    Unary::Negate => dag.constant(-1.0),
                    Unary::Reciprocal => {
                        let square = dag.multiply(id, id);
                        dag.negate(square)
                    }
                    Unary::SquareRoot => {
                        let (half, reciprocal) = (dag.constant(0.5), dag.reciprocal(id));
                        dag.multiply(half, reciprocal)
                    }
                    Unary::Exp => id,
                    Unary::Ln => dag.reciprocal(a),
                    Unary::Abs => {
                        let (zero, one) = (dag.constant(0.0), dag.constant(1.0));
                        let (minus, negative) = (dag.constant(-1.0), dag.less(a, zero));
                        dag.select(negative, minus, one)
                    }
                };
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
                Binary::Less | Binary::LessEqual | Binary::Equal => Gradient::new(),
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
