//! Formulas of a network as nodes of a graph.

use hersim_network::{
    BinaryOp, Diagnostic, Expr, Function, Network, Node, Rule, SymbolId, SymbolKind, Value,
};

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::{Event, Role, Target};
use crate::{
    Compile,
    dag::{Dag, Leaf, NodeId, Unary, Varies},
};

/// When a formula is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Context {
    /// Once, before time starts: symbols mean their starting values.
    Starting,
    /// At any time.
    Running,
}

/// Turns formulas into nodes, each symbol once per context.
pub(super) struct Formulas<'a> {
    network: &'a Network,
    roles: HashMap<SymbolId, Role>,
    fixed: HashMap<SymbolId, f64>,
    varying: HashMap<SymbolId, u32>,
    known: HashMap<(SymbolId, Context), NodeId>,
    /// Symbols being worked on; meeting one again means a circle.
    open: HashSet<(SymbolId, Context)>,
    problems: Vec<Diagnostic>,
    uses_time: bool,
    /// Leaf of the clock, behind all states.
    clock: u32,
}

impl<'a> Formulas<'a> {
    pub(super) fn new(
        network: &'a Network,
        options: &Compile,
        roles: HashMap<SymbolId, Role>,
    ) -> Self {
        let states = roles.values().filter(|r| matches!(r, Role::State(_))).count();
        let varying = options.varying.iter().enumerate().map(|(i, &id)| (id, i as u32));
        Formulas {
            network,
            roles,
            fixed: options.fixed.iter().copied().collect(),
            varying: varying.collect(),
            known: HashMap::default(),
            open: HashSet::default(),
            problems: Vec::new(),
            uses_time: false,
            clock: states as u32,
        }
    }

    /// What went wrong so far, as an error.
    pub(super) fn problems(&mut self) -> Result<(), Vec<Diagnostic>> {
        if self.problems.is_empty() { Ok(()) } else { Err(std::mem::take(&mut self.problems)) }
    }

    /// Whether some formula mentions time.
    pub(super) fn uses_time(&self) -> bool {
        self.uses_time
    }

    /// A symbol as it stands in formulas: a concentration for species unless they are amounts.
    pub(super) fn symbol(&mut self, dag: &mut Dag, id: SymbolId, context: Context) -> NodeId {
        if let Some(&node) = self.known.get(&(id, context)) {
            return node;
        }
        if !self.open.insert((id, context)) {
            self.circular(id);
            return Dag::ZERO;
        }
        let node = self.symbol_anew(dag, id, context);
        self.open.remove(&(id, context));
        self.known.insert((id, context), node);
        node
    }

    fn symbol_anew(&mut self, dag: &mut Dag, id: SymbolId, context: Context) -> NodeId {
        if let Some(&value) = self.fixed.get(&id) {
            return dag.constant(value);
        }
        if context == Context::Running
            && let Some(&role) = self.roles.get(&id)
        {
            let amount = match role {
                Role::State(i) => dag.leaf(Leaf::State(i)),
                Role::Frozen(i) => dag.leaf(Leaf::Parameter(i)),
                Role::Dropped => Dag::ZERO,
            };
            return self.per_volume(dag, id, amount);
        }
        if let Some(&i) = self.varying.get(&id) {
            return dag.leaf(Leaf::Parameter(i));
        }
        let symbol = &self.network[id];
        if let Some(Rule::Assignment(formula)) = &symbol.rule {
            return self.expr(dag, formula, context);
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            return self.expr(dag, &reaction.rate, context);
        }
        match &symbol.value {
            Value::Number(value) => dag.constant(*value),
            Value::Formula(formula) => self.expr(dag, formula, Context::Starting),
            Value::Missing => {
                self.missing(id);
                Dag::ZERO
            }
        }
    }

    /// The amount of a species from what it means in formulas; other symbols are left as they are.
    pub(super) fn amount(&mut self, dag: &mut Dag, id: SymbolId, value: NodeId) -> NodeId {
        match self.network[id].kind {
            SymbolKind::Species { compartment, amount: false, .. } => {
                let size = self.symbol(dag, compartment, Context::Starting);
                dag.multiply(value, size)
            }
            _ => value,
        }
    }

    /// What a species means in formulas from its amount; other symbols are left as they are.
    fn per_volume(&mut self, dag: &mut Dag, id: SymbolId, amount: NodeId) -> NodeId {
        match self.network[id].kind {
            SymbolKind::Species { compartment, amount: false, .. } => {
                let size = self.symbol(dag, compartment, Context::Starting);
                dag.divide(amount, size)
            }
            _ => amount,
        }
    }

    /// A formula.
    pub(super) fn expr(&mut self, dag: &mut Dag, expr: &Expr, context: Context) -> NodeId {
        match &expr.node {
            Node::Number(value) => dag.constant(*value),
            Node::Symbol(id) => self.symbol(dag, *id, context),
            Node::Time if context == Context::Starting => Dag::ZERO,
            Node::Time => {
                self.uses_time = true;
                dag.leaf(Leaf::State(self.clock))
            }
            Node::Neg(a) => {
                let a = self.expr(dag, a, context);
                dag.negate(a)
            }
            Node::Not(a) => {
                let a = self.expr(dag, a, context);
                dag.equal(a, Dag::ZERO)
            }
            Node::Binary(op, a, b) => {
                let (a, b) = (self.expr(dag, a, context), self.expr(dag, b, context));
                binary(dag, *op, a, b)
            }
            Node::Call(function, arguments) => {
                let arguments: Vec<NodeId> =
                    arguments.iter().map(|a| self.expr(dag, a, context)).collect();
                call(dag, *function, &arguments)
            }
            Node::Piecewise { cases, otherwise } => {
                let otherwise = self.expr(dag, otherwise, context);
                cases.iter().rev().fold(otherwise, |rest, (value, condition)| {
                    let condition = self.expr(dag, condition, context);
                    let value = self.expr(dag, value, context);
                    dag.select(condition, value, rest)
                })
            }
        }
    }

    /// The events of the network.
    pub(super) fn events(&mut self, dag: &mut Dag) -> Vec<Event> {
        let network = self.network;
        let events = network.events.iter();
        events
            .map(|event| {
                let mut stops = Vec::new();
                event.trigger.walk(&mut |part| stops.extend(self.stop(dag, part)));
                let mut assignments = Vec::new();
                for (id, formula) in &event.assignments {
                    let value = self.expr(dag, formula, Context::Running);
                    let amount = self.amount(dag, *id, value);
                    assignments.push(match (self.roles.get(id), self.varying.get(id)) {
                        (Some(Role::State(i)), _) => (Target::State(*i as usize), amount),
                        (Some(Role::Frozen(i)), _) => (Target::Parameter(*i as usize), amount),
                        // Parameters of the subject are as in formulas.
                        (None, Some(i)) => (Target::Parameter(*i as usize), value),
                        (Some(Role::Dropped) | None, _) => continue,
                    });
                }
                let condition = self.expr(dag, &event.trigger, Context::Running);
                let timed = self.is_timed(dag, &event.trigger);
                Event { condition, stops, timed, initially: event.initially, assignments }
            })
            .collect()
    }

    /// The time a relation compares time with, if that is known beforehand.
    fn stop(&mut self, dag: &mut Dag, part: &Expr) -> Option<NodeId> {
        let Node::Binary(op, a, b) = &part.node else { return None };
        let other = match (&a.node, &b.node) {
            (Node::Time, _) => b,
            (_, Node::Time) => a,
            _ => return None,
        };
        if !is_relation(*op) {
            return None;
        }
        let time = self.expr(dag, other, Context::Running);
        (dag.varies(time) <= Varies::WithParameters).then_some(time)
    }

    /// Whether a condition changes only at its stops and has its new value there: relations that
    /// turn when time reaches a known number, and what logic makes of them.
    fn is_timed(&mut self, dag: &mut Dag, condition: &Expr) -> bool {
        use BinaryOp::{And, Greater, GreaterEqual, Less, LessEqual, Or};
        match &condition.node {
            Node::Not(a) => self.is_timed(dag, a),
            Node::Binary(And | Or, a, b) => self.is_timed(dag, a) && self.is_timed(dag, b),
            Node::Binary(GreaterEqual | Less, a, _) if matches!(a.node, Node::Time) => {
                self.stop(dag, condition).is_some()
            }
            Node::Binary(LessEqual | Greater, _, b) if matches!(b.node, Node::Time) => {
                self.stop(dag, condition).is_some()
            }
            _ => false,
        }
    }

    fn circular(&mut self, id: SymbolId) {
        let symbol = &self.network[id];
        self.problems.push(
            Diagnostic::error("circular-rule", format!("`{}` depends on itself", symbol.name))
                .at(symbol.span, "needed to compute itself")
                .mend("break the circle with a species or a parameter that has a rate rule"),
        );
    }

    fn missing(&mut self, id: SymbolId) {
        let symbol = &self.network[id];
        self.problems.push(
            Diagnostic::error("value-missing", format!("`{}` has no value", symbol.name))
                .at(symbol.span, "declared without a value")
                .mend("give it a number, an initial assignment or a row in the parameter table"),
        );
    }
}

fn is_relation(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual)
}

fn binary(dag: &mut Dag, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
    match op {
        BinaryOp::Add => dag.add(a, b),
        BinaryOp::Sub => dag.subtract(a, b),
        BinaryOp::Mul => dag.multiply(a, b),
        BinaryOp::Div => dag.divide(a, b),
        BinaryOp::Pow => dag.power(a, b),
        BinaryOp::Less => dag.less(a, b),
        BinaryOp::LessEqual => dag.less_equal(a, b),
        BinaryOp::Greater => dag.less(b, a),
        BinaryOp::GreaterEqual => dag.less_equal(b, a),
        BinaryOp::Equal => dag.equal(a, b),
        BinaryOp::NotEqual => {
            let equal = dag.equal(a, b);
            dag.equal(equal, Dag::ZERO)
        }
        BinaryOp::And => dag.min(a, b),
        BinaryOp::Or => dag.max(a, b),
    }
}

fn call(dag: &mut Dag, function: Function, arguments: &[NodeId]) -> NodeId {
    let first = arguments.first().copied().unwrap_or(Dag::ZERO);
    let rest = arguments.iter().skip(1).copied();
    match function {
        Function::Exp => dag.exp(first),
        Function::Ln => dag.ln(first),
        Function::Log10 => {
            let (ln, ln_10) = (dag.ln(first), dag.constant(std::f64::consts::LN_10));
            dag.divide(ln, ln_10)
        }
        Function::Sqrt => dag.square_root(first),
        Function::Quotient => rest.fold(first, |a, b| dag.quotient(a, b)),
        Function::Remainder => rest.fold(first, |a, b| dag.remainder(a, b)),
        Function::Min => rest.fold(first, |a, b| dag.min(a, b)),
        Function::Max => rest.fold(first, |a, b| dag.max(a, b)),
        Function::Abs => dag.abs(first),
        Function::Sin => dag.function(Unary::Sin, first),
        Function::Cos => dag.function(Unary::Cos, first),
        Function::Tan => dag.function(Unary::Tan, first),
        Function::Asin => dag.function(Unary::Asin, first),
        Function::Acos => dag.function(Unary::Acos, first),
        Function::Atan => dag.function(Unary::Atan, first),
        Function::Sinh => dag.function(Unary::Sinh, first),
        Function::Cosh => dag.function(Unary::Cosh, first),
        Function::Tanh => dag.function(Unary::Tanh, first),
        Function::Asinh => dag.function(Unary::Asinh, first),
        Function::Acosh => dag.function(Unary::Acosh, first),
        Function::Atanh => dag.function(Unary::Atanh, first),
        Function::Floor => dag.function(Unary::Floor, first),
        Function::Ceil => dag.function(Unary::Ceil, first),
        // Refused before: see `beyond`.
        Function::Factorial | Function::Delay | Function::RateOf => Dag::ZERO,
    }
}
