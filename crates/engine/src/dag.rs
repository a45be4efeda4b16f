//! Formulas as a graph in which nothing stands twice.
//!
//! A node is made through the methods named after its operation; they fold constants, drop what
//! does nothing and put operands in one order, so that equal formulas are the same node. Whatever
//! is multiplied or added is sorted so that what varies rarely comes together first: constants
//! fold, and products of parameters can be computed once per subject.

use rustc_hash::FxHashMap as HashMap;

use crate::{interpret, math, record, tape::Operation};

/// A node, by its place in the graph. Operands always come before the node that uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub u32);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// A number, as bits so that it can be compared.
    Constant(u64),
    /// A number that comes from outside.
    Leaf(Leaf),
    /// An operation on one number.
    Unary(Unary, NodeId),
    /// An operation on two numbers.
    Binary(Binary, NodeId, NodeId),
    /// The second if the first is not zero, else the third.
    Select(NodeId, NodeId, NodeId),
}

/// A number that comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Leaf {
    /// A parameter of the subject.
    Parameter(u32),
    /// A state.
    State(u32),
    /// `1/(γh)`, the shift on the diagonal of the matrix of a step.
    Shift,
    /// A factor of the matrix, as the first stage has left it.
    Factor(u32),
    /// An entry of the vector that a stage accumulates and solves for.
    Residual(u32),
}

/// Operations on one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Unary {
    Negate,
    Reciprocal,
    SquareRoot,
    Exp,
    Ln,
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
    Floor,
    Ceil,
    Abs,
}

/// Operations on two numbers. The relations give one or zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Max,
    Min,
    Quotient,
    Remainder,
    Less,
    LessEqual,
    Equal,
}

/// How often a node's value changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Varies {
    /// Never.
    Never,
    /// With the subject and its doses.
    WithParameters,
    /// With the state.
    WithState,
    /// With the size of the step.
    WithStep,
    /// Within a stage.
    WithResidual,
}

/// A set of formulas.
#[derive(Clone, Debug)]
pub(crate) struct Dag {
    nodes: Vec<Node>,
    varies: Vec<Varies>,
    ids: HashMap<Node, NodeId>,
}

impl Dag {
    /// The number zero, in every graph.
    pub(crate) const ZERO: NodeId = NodeId(0);

    /// A graph that holds zero only.
    pub(crate) fn new() -> Dag {
        let mut dag = Dag { nodes: Vec::new(), varies: Vec::new(), ids: HashMap::default() };
        dag.constant(0.0);
        dag
    }

    /// The node with this id.
    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }

    /// Number of nodes made so far.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How often the value of a node changes.
    pub(crate) fn varies(&self, id: NodeId) -> Varies {
        self.varies[id.0 as usize]
    }

    /// The number a node always is, if it is one.
    pub(crate) fn value(&self, id: NodeId) -> Option<f64> {
        match self.node(id) {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// Whether a node is always zero.
    pub(crate) fn is_zero(&self, id: NodeId) -> bool {
        self.value(id) == Some(0.0)
    }

    /// The operands of a node.
    pub(crate) fn operands(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let [a, b, c] = match self.node(id) {
            Node::Constant(_) | Node::Leaf(_) => [None, None, None],
            Node::Unary(_, a) => [Some(a), None, None],
            Node::Binary(_, a, b) => [Some(a), Some(b), None],
            Node::Select(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        a.into_iter().chain(b).chain(c)
    }

    /// A number.
    pub(crate) fn constant(&mut self, value: f64) -> NodeId {
        let value = if value == 0.0 { 0.0 } else { value }; // one zero
        self.intern(Node::Constant(value.to_bits()))
    }

    /// A number from outside.
    pub(crate) fn leaf(&mut self, leaf: Leaf) -> NodeId {
        self.intern(Node::Leaf(leaf))
    }

    /// `a + b`
    pub(crate) fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = self.rarest_first(a, b);
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.constant(x + y),
            (Some(0.0), _) => return b,
            _ => {}
        }
        if let Node::Unary(Unary::Negate, b) = self.node(b) {
            return self.subtract(a, b);
        }
        if let Node::Unary(Unary::Negate, a) = self.node(a) {
            return self.subtract(b, a);
        }
        if let Node::Binary(Binary::Add, p, x) = self.node(b)
            && self.varies(a).max(self.varies(p)) < self.varies(x)
        {
            let sum = self.add(a, p);
            return self.add(sum, x);
        }
        self.intern(Node::Binary(Binary::Add, a, b))
    }

    /// `a - b`
    pub(crate) fn subtract(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if a == b {
            return self.constant(0.0);
        }
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.constant(x - y),
            (Some(0.0), _) => return self.negate(b),
            (_, Some(0.0)) => return a,
            _ => {}
        }
        if let Node::Unary(Unary::Negate, b) = self.node(b) {
            return self.add(a, b);
        }
        self.intern(Node::Binary(Binary::Subtract, a, b))
    }

    /// `a b`
    pub(crate) fn multiply(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = self.rarest_first(a, b);
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.constant(x * y),
            (Some(0.0), _) => return a,
            (Some(1.0), _) => return b,
            (Some(-1.0), _) => return self.negate(b),
            (Some(x), _) => {
                if let Node::Unary(Unary::Negate, b) = self.node(b) {
                    let a = self.constant(-x);
                    return self.multiply(a, b);
                }
            }
            _ => {}
        }
        if let Node::Unary(Unary::Negate, a) = self.node(a) {
            let product = self.multiply(a, b);
            return self.negate(product);
        }
        if let Node::Unary(Unary::Negate, b) = self.node(b) {
            let product = self.multiply(a, b);
            return self.negate(product);
        }
        // Products of parameters are computed once per subject; others would only be made anew for
        // every use of the longer product.
        if let Node::Binary(Binary::Multiply, p, x) = self.node(b)
            && self.varies(a).max(self.varies(p)) < self.varies(x).min(Varies::WithState)
        {
            let product = self.multiply(a, p);
            return self.multiply(product, x);
        }
        self.intern(Node::Binary(Binary::Multiply, a, b))
    }

    /// `a / b`
    pub(crate) fn divide(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.constant(x / y);
        }
        let reciprocal = self.reciprocal(b);
        self.multiply(a, reciprocal)
    }

    /// `1 / a`
    pub(crate) fn reciprocal(&mut self, a: NodeId) -> NodeId {
        if let Some(x) = self.value(a) {
            return self.constant(1.0 / x);
        }
        match self.node(a) {
            Node::Unary(Unary::Reciprocal, a) => a,
            Node::Unary(Unary::Negate, a) => {
                let reciprocal = self.reciprocal(a);
                self.negate(reciprocal)
            }
            _ => self.intern(Node::Unary(Unary::Reciprocal, a)),
        }
    }

    /// `-a`
    pub(crate) fn negate(&mut self, a: NodeId) -> NodeId {
        if let Some(x) = self.value(a) {
            return self.constant(-x);
        }
        match self.node(a) {
            Node::Unary(Unary::Negate, a) => a,
            Node::Binary(Binary::Subtract, a, b) => self.subtract(b, a),
            Node::Binary(Binary::Multiply, p, x) if self.value(p).is_some() => {
                let p = self.negate(p);
                self.multiply(p, x)
            }
            _ => self.intern(Node::Unary(Unary::Negate, a)),
        }
    }

    /// A function of one number; powers and what has a name of its own are made otherwise.
    pub(crate) fn function(&mut self, function: Unary, a: NodeId) -> NodeId {
        match self.value(a) {
            Some(x) => self.constant(interpret::value(record::unary(function), [x; 3])),
            None => self.intern(Node::Unary(function, a)),
        }
    }

    /// `e` to the power `a`
    pub(crate) fn exp(&mut self, a: NodeId) -> NodeId {
        self.function(Unary::Exp, a)
    }

    /// Natural logarithm.
    pub(crate) fn ln(&mut self, a: NodeId) -> NodeId {
        self.function(Unary::Ln, a)
    }

    /// How often `b` goes into `a`, without the fraction.
    pub(crate) fn quotient(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Quotient, a, b, |x, y| interpret::value(Operation::Quotient, [x, y, y]))
    }

    /// What is left of `a` after [`Dag::quotient`].
    pub(crate) fn remainder(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Remainder, a, b, |x, y| {
            interpret::value(Operation::Remainder, [x, y, y])
        })
    }

    /// Square root; like other powers held to a base that has a finite slope.
    pub(crate) fn square_root(&mut self, a: NodeId) -> NodeId {
        if let Some(x) = self.value(a) {
            return self.constant(x.sqrt());
        }
        let smallest = self.constant(math::SMALLEST_BASE);
        let a = self.max(smallest, a);
        self.intern(Node::Unary(Unary::SquareRoot, a))
    }

    /// Without its sign.
    pub(crate) fn abs(&mut self, a: NodeId) -> NodeId {
        self.function(Unary::Abs, a)
    }

    /// The larger.
    pub(crate) fn max(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = self.rarest_first(a, b);
        if a == b { a } else { self.binary(Binary::Max, a, b, |x, y| if x > y { x } else { y }) }
    }

    /// The smaller.
    pub(crate) fn min(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = self.rarest_first(a, b);
        if a == b { a } else { self.binary(Binary::Min, a, b, |x, y| if x < y { x } else { y }) }
    }

    /// One if `a < b`, else zero.
    pub(crate) fn less(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Less, a, b, |x, y| f64::from(x < y))
    }

    /// One if `a <= b`, else zero.
    pub(crate) fn less_equal(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::LessEqual, a, b, |x, y| f64::from(x <= y))
    }

    /// One if `a == b`, else zero.
    pub(crate) fn equal(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        self.binary(Binary::Equal, a, b, |x, y| f64::from(x == y))
    }

    /// `a` if `condition` is not zero, else `b`.
    pub(crate) fn select(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> NodeId {
        match self.value(condition) {
            _ if a == b => a,
            Some(0.0) => b,
            Some(_) => a,
            None => self.intern(Node::Select(condition, a, b)),
        }
    }

    /// `base` to the power `exponent`.
    ///
    /// Small whole exponents are products, halves a square root; anything else is
    /// `exp(exponent ln base)`, the base held above [`math::SMALLEST_BASE`].
    pub(crate) fn power(&mut self, base: NodeId, exponent: NodeId) -> NodeId {
        const LARGEST_PRODUCT: f64 = 64.0;
        match (self.value(base), self.value(exponent)) {
            (_, Some(n)) if n.fract() == 0.0 && n.abs() <= LARGEST_PRODUCT => {
                return self.whole_power(base, n as i32);
            }
            (_, Some(0.5)) => {
                return self.square_root(base);
            }
            (Some(0.0), Some(n)) if n > 0.0 => return base,
            (Some(1.0), _) => return base,
            _ => {}
        }
        let smallest = self.constant(math::SMALLEST_BASE);
        let base = self.max(smallest, base);
        let logarithm = self.ln(base);
        let scaled = self.multiply(exponent, logarithm);
        self.exp(scaled)
    }

    /// `base` to a whole power, by squaring.
    fn whole_power(&mut self, base: NodeId, exponent: i32) -> NodeId {
        if exponent < 0 {
            let positive = self.whole_power(base, -exponent);
            return self.reciprocal(positive);
        }
        let mut result = self.constant(1.0);
        let (mut square, mut left) = (base, exponent);
        while left > 0 {
            if left & 1 == 1 {
                result = self.multiply(result, square);
            }
            left >>= 1;
            if left > 0 {
                square = self.multiply(square, square);
            }
        }
        result
    }

    /// Operands of a commutative operation: what varies most rarely first, then by age.
    fn rarest_first(&self, a: NodeId, b: NodeId) -> (NodeId, NodeId) {
        let key = |id: NodeId| (self.varies(id).min(Varies::WithState), id);
        if key(a) <= key(b) { (a, b) } else { (b, a) }
    }

    fn binary(
        &mut self,
        op: Binary,
        a: NodeId,
        b: NodeId,
        fold: impl Fn(f64, f64) -> f64,
    ) -> NodeId {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => self.constant(fold(x, y)),
            _ => self.intern(Node::Binary(op, a, b)),
        }
    }

    fn intern(&mut self, node: Node) -> NodeId {
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let varies = match node {
            Node::Constant(_) => Varies::Never,
            Node::Leaf(Leaf::Parameter(_)) => Varies::WithParameters,
            Node::Leaf(Leaf::State(_)) => Varies::WithState,
            Node::Leaf(Leaf::Shift | Leaf::Factor(_)) => Varies::WithStep,
            Node::Leaf(Leaf::Residual(_)) => Varies::WithResidual,
            Node::Unary(_, a) => self.varies(a),
            Node::Binary(_, a, b) => self.varies(a).max(self.varies(b)),
            Node::Select(a, b, c) => self.varies(a).max(self.varies(b)).max(self.varies(c)),
        };
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.varies.push(varies);
        self.ids.insert(node, id);
        id
    }
}
