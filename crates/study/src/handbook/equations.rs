//! The formulas that stand in one file, under the headings it gives them.

use std::path::Path;

use hersim_network::{Event, Network, Participant, Rule, Sources, Span, Symbol, SymbolKind, Value};

use super::{
    formula::{Formula, formula},
    text::{Comment, comments},
};

/// Formulas under one heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading; empty before the first one.
    pub title: String,
    /// In the order of the file.
    pub equations: Vec<Equation>,
}

/// One formula and the remark above it.
#[derive(Clone, Debug)]
pub struct Equation {
    /// What it says.
    pub shown: Shown,
    /// The comment above it.
    pub remark: Option<String>,
}

/// What an equation says.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A name equals a formula at all times.
    Always(String, Formula),
    /// The rate of change of a name.
    Rate(String, Formula),
    /// What a name is at the start.
    Start(String, Formula),
    /// A reaction.
    Reaction {
        /// Its name.
        name: String,
        /// What is used up, with how many of each.
        left: Vec<(f64, String)>,
        /// What is made.
        right: Vec<(f64, String)>,
        /// Whether it goes both ways.
        reversible: bool,
        /// Amount per time.
        rate: Formula,
    },
    /// When something turns true, names take new values.
    Event(Formula, Vec<(String, Formula)>),
}

/// Whether a place is in a file.
pub(super) fn within(sources: &Sources, span: Span, path: &Path) -> bool {
    sources.get(span.file).is_some_and(|(name, _)| Path::new(name) == path)
}

/// The formulas of a file, from the network it was read into.
pub(super) fn sections(
    network: &Network,
    sources: &Sources,
    path: &Path,
    text: &str,
) -> Vec<Section> {
    let mut found: Vec<(u32, Shown)> = Vec::new();
    for symbol in &network.symbols {
        for (span, shown) in said(network, symbol) {
            if within(sources, span, path) {
                found.push((span.start, shown));
            }
        }
    }
    for event in &network.events {
        if within(sources, event.span, path) {
            found.push((event.span.start, on(network, event)));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let comments = comments(text);
    let mut sections: Vec<Section> = vec![Section { title: String::new(), equations: Vec::new() }];
    let mut next = 0;
    let mut open: Option<(usize, String)> = None;
    for (at, shown) in found {
        while let Some((start, end, comment)) = comments.get(next)
            && *start < at as usize
        {
            match comment {
                Comment::Section(title) => {
                    open = None;
                    sections.push(Section { title: title.clone(), equations: Vec::new() });
                }
                Comment::Remark(words) => open = Some((*end, words.clone())),
            }
            next += 1;
        }
        // A remark above couplings is about them, not about the formula that follows.
        let remark = open.take().filter(|(end, _)| {
            text.get(*end..at as usize).is_some_and(|between| !between.contains(" is "))
        });
        let remark = remark.map(|(_, words)| words);
        if let Some(section) = sections.last_mut() {
            section.equations.push(Equation { shown, remark });
        }
    }
    sections.retain(|s| !s.equations.is_empty());
    sections
}

/// What is said of a symbol, each with its place.
fn said(network: &Network, symbol: &Symbol) -> Vec<(Span, Shown)> {
    let name = || symbol.name.clone();
    let mut said = Vec::new();
    match &symbol.rule {
        Some(Rule::Assignment(e)) => {
            said.push((e.span, Shown::Always(name(), formula(network, e))));
        }
        Some(Rule::Rate(e)) => said.push((e.span, Shown::Rate(name(), formula(network, e)))),
        None => {}
    }
    if let Value::Formula(e) = &symbol.value {
        said.push((e.span, Shown::Start(name(), formula(network, e))));
    }
    if let SymbolKind::Reaction(reaction) = &symbol.kind {
        let side = |participants: &[Participant]| {
            participants
                .iter()
                .map(|p| (p.stoichiometry, network[p.species].name.clone()))
                .collect()
        };
        let shown = Shown::Reaction {
            name: name(),
            left: side(&reaction.reactants),
            right: side(&reaction.products),
            reversible: reaction.reversible,
            rate: formula(network, &reaction.rate),
        };
        said.push((reaction.rate.span, shown));
    }
    said
}

fn on(network: &Network, event: &Event) -> Shown {
    let sets = event.assignments.iter();
    let sets = sets.map(|(id, e)| (network[*id].name.clone(), formula(network, e))).collect();
    Shown::Event(formula(network, &event.trigger), sets)
}
