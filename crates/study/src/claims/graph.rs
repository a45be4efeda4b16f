//! Which part of the model acts on which: the flat network as a graph, its parts being the files
//! that its statements stand in.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::Path,
};

use hersim_network::{
    BinaryOp, Expr, Network, Node, Rule, Sources, Span, SymbolId, SymbolKind, Value,
};

/// One part of the model acting on another: from, to.
pub type Coupling = (String, String);

/// Who reads whom in a network, and in which file that stands.
pub struct Graph {
    /// Readers of each symbol: owners of formulas with it, and species of reactions.
    readers: Vec<Vec<SymbolId>>,
    /// What each symbol is computed from.
    sources: Vec<Vec<SymbolId>>,
    /// Readers whose formula holds at all times, by symbol; without reactions that read what they
    /// consume or make.
    running: Vec<Vec<SymbolId>>,
    /// Part that says what the symbol is.
    home: Vec<Option<String>>,
    /// Part in which the symbol's formula stands.
    stands: Vec<Option<String>>,
    /// Whether the symbol changes over time by itself.
    moves: Vec<bool>,
    /// Whether the symbol's formula is at work only while tumours come to rest, when attributes
    /// are achieved. It carries no effect of an experiment, and is never frozen.
    before_only: Vec<bool>,
}

impl Graph {
    /// The graph of a network read from `sources`; `switch` is 1 only while tumours come to rest.
    pub fn new(network: &Network, sources: &Sources, switch: Option<SymbolId>) -> Graph {
        let count = network.symbols.len();
        let mut stems: HashMap<u32, Option<String>> = HashMap::new();
        let mut part = |span: Span| -> Option<String> {
            let stem = || {
                let (name, _) = sources.get(span.file)?;
                Some(Path::new(name).file_stem()?.to_str()?.to_string())
            };
            stems.entry(span.file.0).or_insert_with(stem).clone()
        };
        let mut graph = Graph {
            readers: vec![Vec::new(); count],
            sources: vec![Vec::new(); count],
            running: vec![Vec::new(); count],
            home: vec![None; count],
            stands: vec![None; count],
            moves: vec![false; count],
            before_only: vec![false; count],
        };
        let mut changed_in: Vec<Vec<String>> = vec![Vec::new(); count];
        for (id, symbol) in network.iter() {
            let index = id.0 as usize;
            let mut formula = None;
            let mut own = Vec::new();
            if let Some(Rule::Assignment(expr) | Rule::Rate(expr)) = &symbol.rule {
                formula = Some(expr);
            }
            if let SymbolKind::Reaction(reaction) = &symbol.kind {
                formula = Some(&reaction.rate);
                let file = part(reaction.rate.span);
                for p in reaction.reactants.iter().chain(&reaction.products) {
                    graph.link(id, p.species);
                    own.push(p.species);
                    changed_in[p.species.0 as usize].extend(file.clone());
                    graph.moves[p.species.0 as usize] = true;
                }
            }
            if let Some(expr) = formula {
                graph.moves[index] = true;
                graph.stands[index] = part(expr.span);
                graph.before_only[index] = switch.is_some_and(|s| vanishes_without(expr, s));
                for read in expr.symbols() {
                    graph.link(read, id);
                    if !own.contains(&read) && !graph.before_only[index] {
                        graph.running[read.0 as usize].push(id);
                    }
                }
            }
            if let Value::Formula(expr) = &symbol.value {
                expr.symbols().into_iter().for_each(|read| graph.link(read, id));
            }
        }
        for (id, symbol) in network.iter() {
            let index = id.0 as usize;
            let row = symbol.provenance.as_ref().map(|row| row.span);
            let given = Some(symbol.given).filter(|s| *s != Span::NONE);
            graph.home[index] = (graph.stands[index].clone())
                .or_else(|| part(row?))
                .or_else(|| part(given?))
                .or_else(|| changed_in[index].first().cloned())
                .or_else(|| part(symbol.span));
        }
        graph
    }

    fn link(&mut self, from: SymbolId, to: SymbolId) {
        self.readers[from.0 as usize].push(to);
        self.sources[to.0 as usize].push(from);
    }

    /// Everything that can be reached along `next`, the start included.
    fn reach(start: &[SymbolId], next: &[Vec<SymbolId>]) -> HashSet<SymbolId> {
        let mut found: HashSet<SymbolId> = start.iter().copied().collect();
        let mut open: Vec<SymbolId> = start.to_vec();
        while let Some(id) = open.pop() {
            for other in next.get(id.0 as usize).into_iter().flatten() {
                if found.insert(*other) {
                    open.push(*other);
                }
            }
        }
        found
    }

    /// Couplings on some path from `changed` to `read`.
    pub fn between(&self, changed: &[SymbolId], read: &[SymbolId]) -> BTreeSet<Coupling> {
        let reached = Graph::reach(changed, &self.readers);
        let leading = Graph::reach(read, &self.sources);
        let on_path = |id: &SymbolId| reached.contains(id) && leading.contains(id);
        let mut found = BTreeSet::new();
        for id in reached.iter().filter(|id| on_path(id)) {
            let index = id.0 as usize;
            let Some(from) = self.home[index].as_ref().filter(|_| self.moves[index]) else {
                continue;
            };
            for reader in self.running[index].iter().filter(|r| on_path(r)) {
                if let Some(to) = self.stands[reader.0 as usize].as_ref().filter(|to| *to != from) {
                    found.insert((from.clone(), to.clone()));
                }
            }
        }
        found
    }

    /// The symbols of a coupling and the owners of the formulas that read them.
    pub fn coupling(&self, (from, to): &Coupling) -> (Vec<SymbolId>, HashSet<SymbolId>) {
        let of = |list: &[Option<String>], index: usize, part: &str| {
            list[index].as_deref() == Some(part)
        };
        let readers: HashSet<SymbolId> = (0..self.stands.len())
            .filter(|i| of(&self.stands, *i, to) && !self.before_only[*i])
            .map(|i| SymbolId(i as u32))
            .collect();
        let symbols = (0..self.home.len())
            .filter(|i| self.moves[*i] && of(&self.home, *i, from))
            .filter(|i| self.running[*i].iter().any(|r| readers.contains(r)))
            .map(|i| SymbolId(i as u32))
            .collect();
        (symbols, readers)
    }

    /// Parts in which formulas read these symbols.
    pub fn acted_on(&self, ids: &[SymbolId]) -> BTreeSet<String> {
        let readers = ids.iter().flat_map(|id| &self.running[id.0 as usize]);
        readers.filter_map(|reader| self.stands[reader.0 as usize].clone()).collect()
    }

    /// The part that says what a symbol is.
    pub fn part(&self, id: SymbolId) -> Option<&str> {
        self.home.get(id.0 as usize)?.as_deref()
    }
}

/// Whether a formula is zero wherever the switch is: a product with the switch as a factor.
fn vanishes_without(expr: &Expr, switch: SymbolId) -> bool {
    match &expr.node {
        Node::Symbol(id) => *id == switch,
        Node::Neg(a) => vanishes_without(a, switch),
        Node::Binary(BinaryOp::Mul, a, b) => {
            vanishes_without(a, switch) || vanishes_without(b, switch)
        }
        Node::Binary(BinaryOp::Div, a, _) => vanishes_without(a, switch),
        _ => false,
    }
}
