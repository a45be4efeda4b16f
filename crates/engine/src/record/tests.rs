use proptest::prelude::*;

use crate::{
    dag::{Binary, Dag, Leaf, Node, NodeId, Unary},
    derive::Derivatives,
    evaluate::{Block, Evaluator},
};

const PARAMETERS: u32 = 3;
const STATES: u32 = 4;

const SMOOTH: [Unary; 12] = [
    Unary::Sin,
    Unary::Cos,
    Unary::Tan,
    Unary::Asin,
    Unary::Acos,
    Unary::Atan,
    Unary::Sinh,
    Unary::Cosh,
    Unary::Tanh,
    Unary::Asinh,
    Unary::Acosh,
    Unary::Atanh,
];

/// A formula grown from instructions, each applied to two of what there is so far.
fn grow(dag: &mut Dag, recipe: &[(u8, usize, usize)]) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = (0..PARAMETERS).map(|i| dag.leaf(Leaf::Parameter(i))).collect();
    nodes.extend((0..STATES).map(|i| dag.leaf(Leaf::State(i))));
    nodes.extend([0.0, 1.0, -2.0, 0.5].map(|c| dag.constant(c)));
    for &(op, i, j) in recipe {
        let (a, b) = (nodes[i % nodes.len()], nodes[j % nodes.len()]);
        let one = dag.constant(1.0);
        let new = match op % 15 {
            0 | 1 => dag.add(a, b),
            2 | 3 => dag.subtract(a, b),
            4..=6 => dag.multiply(a, b),
            7 => {
                // Saturation, away from its pole.
                let b = dag.abs(b);
                let below = dag.add(one, b);
                dag.divide(a, below)
            }
            8 => dag.negate(a),
            9 => {
                let a = dag.abs(a);
                let base = dag.add(one, a);
                let exponent = dag.constant(0.7);
                dag.power(base, exponent)
            }
            10 => {
                let below = dag.less(a, b);
                dag.select(below, a, b)
            }
            11 => {
                let a = dag.abs(a);
                let base = dag.add(one, a);
                dag.ln(base)
            }
            12 | 13 => {
                // Within -0.9..=0.9, where all of these are smooth.
                let size = dag.abs(a);
                let below = dag.add(one, size);
                let (share, most) = (dag.divide(a, below), dag.constant(0.9));
                let inside = dag.multiply(most, share);
                let (two, function) = (dag.constant(2.0), SMOOTH[j % SMOOTH.len()]);
                let above = dag.add(two, inside);
                dag.function(function, if function == Unary::Acosh { above } else { inside })
            }
            _ => {
                let larger = dag.max(a, one);
                let reciprocal = dag.reciprocal(larger);
                let minus = dag.negate(reciprocal);
                dag.exp(minus)
            }
        };
        nodes.push(new);
    }
    nodes
}

/// The plain meaning of a node.
fn meaning(dag: &Dag, id: NodeId, parameters: &[f64], states: &[f64]) -> f64 {
    let mut values = vec![0.0; id.0 as usize + 1];
    for i in 0..=id.0 {
        let of = |id: NodeId| values[id.0 as usize];
        values[i as usize] = match dag.node(NodeId(i)) {
            Node::Constant(bits) => f64::from_bits(bits),
            Node::Leaf(Leaf::Parameter(i)) => parameters[i as usize],
            Node::Leaf(Leaf::State(i)) => states[i as usize],
            Node::Leaf(leaf) => panic!("{leaf:?}"),
            Node::Unary(op, a) => match op {
                Unary::Negate => -of(a),
                Unary::Reciprocal => 1.0 / of(a),
                Unary::SquareRoot => of(a).sqrt(),
                Unary::Exp => of(a).exp(),
                Unary::Ln => of(a).ln(),
                Unary::Abs => of(a).abs(),
                Unary::Sin => of(a).sin(),
                Unary::Cos => of(a).cos(),
                Unary::Tan => of(a).tan(),
                Unary::Asin => of(a).asin(),
                Unary::Acos => of(a).acos(),
                Unary::Atan => of(a).atan(),
                Unary::Sinh => of(a).sinh(),
                Unary::Cosh => of(a).cosh(),
                Unary::Tanh => of(a).tanh(),
                Unary::Asinh => of(a).asinh(),
                Unary::Acosh => of(a).acosh(),
                Unary::Atanh => of(a).atanh(),
                Unary::Floor => of(a).floor(),
                Unary::Ceil => of(a).ceil(),
            },
            Node::Binary(op, a, b) => match op {
                Binary::Add => of(a) + of(b),
                Binary::Subtract => of(a) - of(b),
                Binary::Multiply => of(a) * of(b),
                Binary::Max => of(a).max(of(b)),
                Binary::Min => of(a).min(of(b)),
                Binary::Less => f64::from(of(a) < of(b)),
                Binary::LessEqual => f64::from(of(a) <= of(b)),
                Binary::Equal => f64::from(of(a) == of(b)),
                Binary::Quotient => (of(a) / of(b)).trunc(),
                Binary::Remainder => of(a) % of(b),
            },
            Node::Select(c, a, b) => {
                if of(c) != 0.0 {
                    of(a)
                } else {
                    of(b)
                }
            }
        };
    }
    values[id.0 as usize]
}

fn recipes() -> impl Strategy<Value = Vec<(u8, usize, usize)>> {
    prop::collection::vec((any::<u8>(), 0..200usize, 0..200usize), 1..60)
}

fn numbers(count: u32) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.3..1.7f64, count as usize)
}

fn evaluate(dag: &mut Dag, formulas: &[NodeId], parameters: &[f64], states: &[f64]) -> Vec<f64> {
    let leaves: Vec<u32> = (0..STATES).collect();
    let block = Block::new(dag, parameters.len(), &leaves, formulas);
    Evaluator::new(&block).evaluate(&block, parameters, None, states).to_vec()
}

proptest! {
    #[test]
    fn tapes_compute_what_formulas_mean(
        recipe in recipes(), parameters in numbers(PARAMETERS), states in numbers(STATES),
    ) {
        let mut dag = Dag::new();
        let formulas = grow(&mut dag, &recipe);
        let found = evaluate(&mut dag, &formulas, &parameters, &states);
        for (&id, found) in formulas.iter().zip(found) {
            let expected = meaning(&dag, id, &parameters, &states);
            // Fusion rounds less often; cancellation may magnify the difference.
            prop_assume!(expected.abs() < 1e6);
            prop_assert!((found - expected).abs() < 1e-7, "{} for {}", found, expected);
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences(
        recipe in recipes(), parameters in numbers(PARAMETERS), states in numbers(STATES),
    ) {
        let mut dag = Dag::new();
        let formula = *grow(&mut dag, &recipe).last().unwrap();
        let gradient = Derivatives::default().gradient(&mut dag, formula).clone();
        let slopes: Vec<NodeId> = gradient.iter().map(|entry| entry.1).collect();
        let found = evaluate(&mut dag, &slopes, &parameters, &states);
        for state in 0..STATES {
            let entry = gradient.iter().position(|entry| entry.0 == state);
            let found = entry.map_or(0.0, |i| found[i]);
            let difference = |h: f64| {
                let at = |h: f64| {
                    let mut states = states.clone();
                    states[state as usize] += h;
                    meaning(&dag, formula, &parameters, &states)
                };
                (at(h) - at(-h)) / (2.0 * h)
            };
            let (coarse, fine) = (difference(2e-5), difference(1e-5));
            // Leave out kinks and what is too curved or too large for differences.
            prop_assume!((coarse - fine).abs() < 1e-5 * (1.0 + fine.abs()) && fine.abs() < 1e4);
            prop_assert!((found - fine).abs() < 1e-4 * (1.0 + fine.abs()), "{} for {}", found, fine);
        }
    }
}

#[test]
fn equal_formulas_are_one_node() {
    let mut dag = Dag::new();
    let [k, c] = [0, 1].map(|i| dag.leaf(Leaf::Parameter(i)));
    let [x, y] = [0, 1].map(|i| dag.leaf(Leaf::State(i)));
    let two = dag.constant(2.0);
    assert_eq!(dag.add(x, y), dag.add(y, x));
    assert_eq!(dag.multiply(x, y), dag.multiply(y, x));
    assert_eq!(dag.subtract(x, x), Dag::ZERO);
    assert_eq!(dag.multiply(x, Dag::ZERO), Dag::ZERO);
    // Constants and parameters come together, whatever the order of writing.
    let kx = dag.multiply(k, x);
    let c_kx = dag.multiply(c, kx);
    let ck = dag.multiply(c, k);
    assert_eq!(c_kx, dag.multiply(ck, x));
    let half = dag.divide(kx, two);
    let two_halves = dag.multiply(two, half);
    assert_eq!(two_halves, kx);
    let negative = dag.negate(x);
    assert_eq!(dag.add(y, negative), dag.subtract(y, x));
    assert_eq!(dag.negate(negative), x);
}
