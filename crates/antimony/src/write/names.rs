//! Flat names that every reader of Antimony accepts.

use std::collections::HashSet;

use hersim_network::{Network, SymbolId, SymbolKind};

use crate::words::is_taken;

/// The written name of every symbol and event.
pub(super) struct Names {
    model: String,
    symbols: Vec<String>,
    events: Vec<String>,
    rules: Vec<String>,
    /// Names of influences that are free for them.
    labels: HashSet<String>,
}

impl Names {
    pub(super) fn new(network: &Network) -> Self {
        let mut taken = HashSet::new();
        let model = fresh(if network.id.is_empty() { "network" } else { &network.id }, &mut taken);
        let symbols = network.symbols.iter().map(|s| fresh(&s.name, &mut taken)).collect();
        let events = network.events.iter().map(|e| fresh(&e.name, &mut taken)).collect();
        let rules = network.algebraic.iter().map(|r| fresh(&r.name, &mut taken)).collect();
        let reactions = network.symbols.iter().filter_map(|s| match &s.kind {
            SymbolKind::Reaction(reaction) => Some(reaction),
            _ => None,
        });
        let labels = reactions
            .flat_map(|r| &r.modifiers)
            .filter_map(|m| m.name.clone())
            .filter(|name| fresh(name, &mut taken) == *name)
            .collect();
        Names { model, symbols, events, rules, labels }
    }

    /// The network's own dotted names, for people.
    pub(super) fn dotted(network: &Network) -> Self {
        let symbols = network.symbols.iter().map(|s| s.name.clone()).collect();
        let events = network.events.iter().map(|e| e.name.clone()).collect();
        let rules = network.algebraic.iter().map(|r| r.name.clone()).collect();
        Names { model: network.id.clone(), symbols, events, rules, labels: HashSet::new() }
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn symbol(&self, id: SymbolId) -> &str {
        self.symbols.get(id.0 as usize).map_or("", String::as_str)
    }

    /// The name of an influence with its colon, where it can have it.
    pub(super) fn label(&self, name: Option<&str>) -> String {
        name.filter(|n| self.labels.contains(*n)).map_or(String::new(), |n| format!("{n}: "))
    }

    /// All names but those of units.
    pub(super) fn all(&self) -> HashSet<String> {
        let all = self.symbols.iter().chain(&self.events).chain(&self.rules).chain(&self.labels);
        all.chain([&self.model]).cloned().collect()
    }

    pub(super) fn rule(&self, index: usize) -> &str {
        self.rules.get(index).map_or("", String::as_str)
    }

    pub(super) fn event(&self, index: usize) -> &str {
        self.events.get(index).map_or("", String::as_str)
    }
}

/// The name with `__` for dots, changed until it is new and means nothing else.
fn fresh(name: &str, taken: &mut HashSet<String>) -> String {
    let mut flat = identifier(&name.replace('.', "__"));
    while is_taken(&flat) || !taken.insert(flat.clone()) {
        flat.push('_');
    }
    flat
}

/// The text with everything that may not stand in a name replaced by `_`.
pub(super) fn identifier(text: &str) -> String {
    let mut name: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}
