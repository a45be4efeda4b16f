//! What acts on what inside a module: states and what is computed from them as nodes, reactions
//! and regulation as wires. Constants are left out.

use std::collections::BTreeMap;

use hersim_network::{Expr, Network, Participant, Reaction, Rule, SymbolId, SymbolKind};

use super::{
    effect::{Effect, effect},
    formula::is_constant,
    module::{Role, role},
};

/// A graph of quantities.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// Quantities and processes.
    pub nodes: Vec<Node>,
    /// What acts on what.
    pub wires: Vec<(usize, usize, Wire)>,
}

/// A quantity or a process.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether the model around reads it.
    pub given: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Read from the model around.
    Read,
    /// A state of another module that is changed here.
    Changed,
    /// A state of this module.
    State,
    /// Computed from others.
    Computed,
    /// A reaction between states; true when it goes both ways.
    Process(bool),
}

/// How one node acts on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A state is used up by a process.
    UsedUp,
    /// A process makes a state.
    Made,
    /// One moves the other.
    Moves(Effect),
}

/// Graphs with more nodes are thinned.
const MANY: usize = 22;

/// The graph of a module read on its own.
pub(super) fn wiring(network: &Network, ports: &[SymbolId]) -> Wiring {
    let mut builder = Builder { network, ports, graph: Wiring::default(), at: BTreeMap::new() };
    for (id, symbol) in network.iter() {
        let drawn = match symbol.kind {
            SymbolKind::Species { .. } => true,
            SymbolKind::Compartment | SymbolKind::Reaction(_) => symbol.rule.is_some(),
            SymbolKind::Parameter => symbol.rule.is_some() || ports.contains(&id),
        };
        if drawn && !is_constant(network, id) {
            builder.node(id);
        }
    }
    for (id, symbol) in network.iter() {
        match &symbol.rule {
            Some(Rule::Assignment(e)) => builder.moves(e, &[(id, false)], &[]),
            Some(Rule::Rate(e)) => builder.moves(e, &[(id, false)], &[id]),
            None => {}
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            builder.reaction(&symbol.name, reaction);
        }
    }
    let mut graph = builder.graph;
    graph.thin();
    graph.drop_loose();
    graph
}

struct Builder<'a> {
    network: &'a Network,
    ports: &'a [SymbolId],
    graph: Wiring,
    at: BTreeMap<SymbolId, usize>,
}

impl Builder<'_> {
    fn node(&mut self, id: SymbolId) -> usize {
        if let Some(at) = self.at.get(&id) {
            return *at;
        }
        let symbol = &self.network[id];
        let port = self.ports.contains(&id);
        let kind = match (port.then(|| role(self.network, id)), &symbol.rule) {
            (Some(Role::Read | Role::Volume), _) => Kind::Read,
            (Some(Role::Changed), _) => Kind::Changed,
            (_, Some(Rule::Assignment(_))) => Kind::Computed,
            _ => Kind::State,
        };
        let given = port && matches!(kind, Kind::State | Kind::Computed);
        let at = self.graph.nodes.len();
        self.graph.nodes.push(Node { name: symbol.name.clone(), kind, given });
        self.at.insert(id, at);
        at
    }

    /// Quantities in a formula that are drawn; of a reaction, those in its rate.
    fn readers(&self, expr: &Expr, without: &[SymbolId]) -> Vec<SymbolId> {
        let mut found = Vec::new();
        for id in expr.symbols() {
            let reached = match &self.network[id].kind {
                SymbolKind::Reaction(reaction) => self.readers(&reaction.rate, without),
                _ => vec![id],
            };
            for id in reached {
                if self.at.contains_key(&id) && !without.contains(&id) && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        found
    }

    /// Wires from what a formula reads to what it moves; true when it moves it the other way.
    fn moves(&mut self, expr: &Expr, targets: &[(SymbolId, bool)], without: &[SymbolId]) {
        for id in self.readers(expr, without) {
            let found = effect(self.network, expr, id);
            for (target, turned) in targets {
                let found = if *turned { found.turned() } else { found };
                let (from, to) = (self.node(id), self.node(*target));
                self.graph.join(from, to, Wire::Moves(found));
            }
        }
    }

    fn reaction(&mut self, name: &str, reaction: &Reaction) {
        let net = |side: &[Participant], other: &[Participant]| -> Vec<SymbolId> {
            let count = |side: &[Participant], id| -> f64 {
                side.iter().filter(|p| p.species == id).map(|p| p.stoichiometry).sum()
            };
            let more = |id: &SymbolId| count(side, *id) > count(other, *id);
            side.iter().map(|p| p.species).filter(more).collect()
        };
        let used = net(&reaction.reactants, &reaction.products);
        let made = net(&reaction.products, &reaction.reactants);
        let without: Vec<SymbolId> = used.iter().chain(&made).copied().collect();
        if used.len() + made.len() <= 1 {
            let targets =
                used.iter().map(|id| (*id, true)).chain(made.iter().map(|id| (*id, false)));
            let targets: Vec<_> = targets.collect();
            return self.moves(&reaction.rate, &targets, &without);
        }
        let process = self.graph.nodes.len();
        let kind = Kind::Process(reaction.reversible && !used.is_empty() && !made.is_empty());
        self.graph.nodes.push(Node { name: name.to_string(), kind, given: false });
        for id in &used {
            let from = self.node(*id);
            self.graph.join(from, process, Wire::UsedUp);
        }
        for id in &made {
            let to = self.node(*id);
            self.graph.join(process, to, Wire::Made);
        }
        for id in self.readers(&reaction.rate, &without) {
            let found = effect(self.network, &reaction.rate, id);
            let from = self.node(id);
            self.graph.join(from, process, Wire::Moves(found));
        }
    }
}

impl Wiring {
    /// Adds a wire; two that move the same become one, and none leads back to where it came from.
    fn join(&mut self, from: usize, to: usize, wire: Wire) {
        if from == to {
            return;
        }
        let same = self.wires.iter_mut().find(|(f, t, w)| {
            (*f, *t) == (from, to) && matches!(w, Wire::Moves(_)) == matches!(wire, Wire::Moves(_))
        });
        match (same, wire) {
            (Some((_, _, Wire::Moves(old))), Wire::Moves(new)) => *old = old.with(new),
            (Some(_), _) => {}
            (None, wire) => self.wires.push((from, to, wire)),
        }
    }

    /// Takes steps out of a large graph that lead from one quantity on, or on to one only: what
    /// they pass on is drawn without them.
    fn thin(&mut self) {
        let mut gone = vec![false; self.nodes.len()];
        loop {
            let left = gone.iter().filter(|g| !**g).count();
            let step = (0..self.nodes.len()).find(|n| {
                let node = &self.nodes[*n];
                let degree = |pick: fn(&(usize, usize, Wire)) -> usize| {
                    self.wires.iter().filter(|w| pick(w) == *n).count()
                };
                let (into, out) = (degree(|w| w.1), degree(|w| w.0));
                !gone[*n]
                    && node.kind == Kind::Computed
                    && !node.given
                    && into > 0
                    && (into == 1 || out <= 1)
            });
            let Some(step) = step.filter(|_| left > MANY) else { break };
            gone[step] = true;
            let (touching, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.wires)
                .into_iter()
                .partition(|w| w.0 == step || w.1 == step);
            self.wires = rest;
            for (from, _, first) in touching.iter().filter(|w| w.1 == step) {
                for (_, to, second) in touching.iter().filter(|w| w.0 == step) {
                    if let (Wire::Moves(first), Wire::Moves(second)) = (first, second) {
                        let both = match first {
                            Effect::Raises => *second,
                            Effect::Lowers => second.turned(),
                            Effect::Changes => Effect::Changes,
                        };
                        self.join(*from, *to, Wire::Moves(both));
                    }
                }
            }
        }
        self.keep(|n, _| !gone[n]);
    }

    /// Takes out what nothing is wired to, but what is given to others stays.
    fn drop_loose(&mut self) {
        let wired: Vec<usize> = self.wires.iter().flat_map(|w| [w.0, w.1]).collect();
        self.keep(|n, node| node.given || node.kind == Kind::State || wired.contains(&n));
    }

    fn keep(&mut self, keep: impl Fn(usize, &Node) -> bool) {
        let mut places = Vec::new();
        let mut nodes = Vec::new();
        for (n, node) in self.nodes.drain(..).enumerate() {
            let kept = keep(n, &node);
            places.push(kept.then_some(nodes.len()));
            if kept {
                nodes.push(node);
            }
        }
        self.nodes = nodes;
        let moved = self.wires.drain(..);
        self.wires =
            moved.filter_map(|(from, to, wire)| Some((places[from]?, places[to]?, wire))).collect();
    }
}
