//! Mistakes that need no units: orphans, missing values, rings, contradictions.

use std::collections::{HashMap, HashSet};

use super::wording::local;
use crate::{
    BinaryOp, Diagnostic, Expr, Network, Node, Participant, Reaction, Rule, Symbol, SymbolId,
    SymbolKind, Value,
};

/// Symbols that two things determine: `rule-and-reaction`, `constant-changed`, `event-and-rule`.
///
/// Whatever follows a network in time would have to leave one of the two out.
pub fn contradictions(network: &Network) -> Vec<Diagnostic> {
    let uses = Uses::of(network);
    let mut found = Vec::new();
    for (id, symbol) in network.iter() {
        constant(network, id, symbol, &uses, &mut found);
        determined_twice(network, id, symbol, &uses, &mut found);
    }
    events(network, &mut found);
    found
}

/// All structural mistakes, in the order of the symbols.
pub(super) fn check(network: &Network) -> Vec<Diagnostic> {
    let uses = Uses::of(network);
    let mut found = Vec::new();
    for (id, symbol) in network.iter() {
        value(symbol, &mut found);
        constant(network, id, symbol, &uses, &mut found);
        match &symbol.kind {
            SymbolKind::Species { .. } => {
                let changed = uses.changed.contains_key(&id);
                determined_twice(network, id, symbol, &uses, &mut found);
                if !changed && !uses.anywhere(id) && symbol.rule.is_none() {
                    let what = format!("species `{}` takes part in nothing", symbol.name);
                    let diagnostic = Diagnostic::warning("orphan-species", what)
                        .at(symbol.span, "in no reaction, rule, event or formula")
                        .mend("remove it, or use it in a reaction");
                    found.push(diagnostic);
                }
            }
            SymbolKind::Parameter => {
                if symbol.rule.is_none() && !uses.anywhere(id) {
                    let place = match (&symbol.provenance, symbol.span) {
                        (Some(row), crate::Span::NONE) => row.span,
                        (_, span) => span,
                    };
                    let what = format!("parameter `{}` is used nowhere", symbol.name);
                    let diagnostic = Diagnostic::warning("orphan-parameter", what)
                        .at(place, "in no formula")
                        .mend("remove it, or use it in a formula");
                    found.push(diagnostic);
                }
            }
            SymbolKind::Reaction(reaction) => self::reaction(network, symbol, reaction, &mut found),
            SymbolKind::Compartment => {}
        }
    }
    events(network, &mut found);
    rings(network, &mut found);
    found
}

/// Events that set what a rule determines.
fn events(network: &Network, found: &mut Vec<Diagnostic>) {
    for event in &network.events {
        for (target, expr) in &event.assignments {
            if matches!(network[*target].rule, Some(Rule::Assignment(_))) {
                let name = &network[*target].name;
                let what = format!("`{name}` is set by an event, but a rule determines it");
                let mut diagnostic =
                    Diagnostic::error("event-and-rule", what).at(expr.span, "set here");
                if let Some(Rule::Assignment(rule)) = &network[*target].rule {
                    diagnostic = diagnostic.also(rule.span, "its rule");
                }
                found.push(diagnostic.mend("let the event set something the rule depends on"));
            }
        }
    }
}

/// Where symbols are used.
struct Uses {
    /// Mentioned in a formula, declared as a modifier, or set by an event.
    mentioned: HashSet<SymbolId>,
    /// Set by an event.
    set: HashSet<SymbolId>,
    /// Species that reactions change, with the first reaction that does.
    changed: HashMap<SymbolId, SymbolId>,
}

impl Uses {
    fn of(network: &Network) -> Self {
        let mut uses =
            Uses { mentioned: HashSet::new(), set: HashSet::new(), changed: HashMap::new() };
        for (id, symbol) in network.iter() {
            for expr in formulas(symbol) {
                uses.mentioned.extend(expr.symbols());
            }
            if let SymbolKind::Reaction(reaction) = &symbol.kind {
                uses.mentioned.extend(reaction.modifiers.iter().map(|m| m.species));
                for participant in participants(reaction) {
                    uses.changed.entry(participant.species).or_insert(id);
                }
            }
        }
        for rule in &network.algebraic {
            uses.mentioned.extend(rule.expr.symbols());
        }
        for event in &network.events {
            let times = [&event.delay, &event.priority].into_iter().flatten();
            for expr in times.chain([&event.trigger]) {
                uses.mentioned.extend(expr.symbols());
            }
            for (target, expr) in &event.assignments {
                uses.set.insert(*target);
                uses.mentioned.extend(expr.symbols());
            }
        }
        uses
    }

    fn anywhere(&self, id: SymbolId) -> bool {
        self.mentioned.contains(&id) || self.set.contains(&id)
    }
}

/// Every formula that belongs to a symbol.
fn formulas(symbol: &Symbol) -> impl Iterator<Item = &Expr> {
    let rule = symbol.rule.as_ref().map(|rule| match rule {
        Rule::Assignment(expr) | Rule::Rate(expr) => expr,
    });
    let value = match &symbol.value {
        Value::Formula(expr) => Some(expr),
        _ => None,
    };
    let rate = match &symbol.kind {
        SymbolKind::Reaction(reaction) => Some(&reaction.rate),
        _ => None,
    };
    rule.into_iter().chain(value).chain(rate)
}

fn participants(reaction: &Reaction) -> impl Iterator<Item = &Participant> {
    reaction.reactants.iter().chain(&reaction.products)
}

fn value(symbol: &Symbol, found: &mut Vec<Diagnostic>) {
    let kind = match symbol.kind {
        SymbolKind::Reaction(_) => return,
        SymbolKind::Compartment => "compartment",
        SymbolKind::Species { .. } => "species",
        SymbolKind::Parameter if symbol.rule.is_some() => "variable",
        SymbolKind::Parameter => "parameter",
    };
    match symbol.value {
        Value::Missing if !matches!(symbol.rule, Some(Rule::Assignment(_))) => {
            let (name, local) = (&symbol.name, local(&symbol.name));
            let start = if matches!(kind, "species" | "variable") { "start " } else { "" };
            found.push(
                Diagnostic::error("value-missing", format!("{kind} `{name}` has no {start}value"))
                    .at(symbol.span, "no value")
                    .mend(format!(
                        "give `{local}` a row in the parameter table, or a value in the text"
                    )),
            );
        }
        Value::Number(number) if !number.is_finite() => {
            let what = format!("{kind} `{}` has the value {number}", symbol.name);
            let diagnostic = Diagnostic::error("value-not-finite", what);
            found.push(diagnostic.at(symbol.span, "not a finite number"));
        }
        _ => {}
    }
}

/// Constants that something changes.
fn constant(
    network: &Network,
    id: SymbolId,
    symbol: &Symbol,
    uses: &Uses,
    found: &mut Vec<Diagnostic>,
) {
    if !symbol.constant {
        return;
    }
    let by = if let Some(Rule::Assignment(expr) | Rule::Rate(expr)) = &symbol.rule {
        Some((expr.span, "its rule"))
    } else if uses.set.contains(&id) {
        let assignments = network.events.iter().flat_map(|event| &event.assignments);
        let here = assignments.into_iter().find(|(target, _)| *target == id);
        here.map(|(_, expr)| (expr.span, "set by this event"))
    } else if matches!(symbol.kind, SymbolKind::Species { boundary: false, .. }) {
        uses.changed.get(&id).map(|reaction| (network[*reaction].span, "changed by this reaction"))
    } else {
        None
    };
    if let Some((span, label)) = by {
        let what = format!("`{}` is constant, but something changes it", symbol.name);
        let mend = "declare it as `var` (`constant=\"false\"` in SBML), or remove what changes it";
        let diagnostic = Diagnostic::error("constant-changed", what).at(span, label);
        found.push(diagnostic.also(symbol.span, "declared constant").mend(mend));
    }
}

/// Species that both a rule and a reaction change.
fn determined_twice(
    network: &Network,
    id: SymbolId,
    symbol: &Symbol,
    uses: &Uses,
    found: &mut Vec<Diagnostic>,
) {
    let free = matches!(symbol.kind, SymbolKind::Species { boundary: false, .. });
    if !free || symbol.rule.is_none() || !uses.changed.contains_key(&id) {
        return;
    }
    let name = &symbol.name;
    let what = format!("`{name}` is determined by a rule and changed by a reaction");
    let span = match &symbol.rule {
        Some(Rule::Assignment(expr) | Rule::Rate(expr)) => expr.span,
        None => symbol.span,
    };
    let mut diagnostic = Diagnostic::error("rule-and-reaction", what).at(span, "its rule");
    if let Some(reaction) = uses.changed.get(&id) {
        diagnostic = diagnostic.also(network[*reaction].span, "changed by this reaction");
    }
    let local = local(name);
    found.push(diagnostic.mend(format!(
        "remove the rule, or make it a boundary species (`${local}`, `boundaryCondition` in SBML), \
         which reactions leave alone"
    )));
}

fn reaction(network: &Network, symbol: &Symbol, reaction: &Reaction, found: &mut Vec<Diagnostic>) {
    if participants(reaction).next().is_none() {
        let what = format!("reaction `{}` changes nothing", symbol.name);
        let diagnostic = Diagnostic::warning("reaction-empty", what);
        found.push(diagnostic.at(symbol.span, "no reactant and no product"));
    }
    for participant in participants(reaction) {
        let number = participant.stoichiometry;
        if !(number.is_finite() && number > 0.0) {
            let species = &network[participant.species].name;
            let what = format!("the stoichiometry of `{species}` must be positive, not {number}");
            let diagnostic = Diagnostic::error("stoichiometry", what);
            found.push(diagnostic.at(symbol.span, "in this reaction"));
        }
    }
    if matches!(reaction.rate.node, Node::Number(0.0)) {
        return;
    }
    let reached = reached(network, &reaction.rate);
    for participant in &reaction.reactants {
        let species = &network[participant.species];
        let free = matches!(species.kind, SymbolKind::Species { boundary: false, .. })
            && species.rule.is_none();
        let gives_back = || {
            let made: f64 = of(&reaction.products, participant.species);
            made >= of(&reaction.reactants, participant.species)
        };
        if free && !reached.contains(&participant.species) && !gives_back() {
            let name = &species.name;
            let what =
                format!("the rate of `{}` does not depend on its reactant `{name}`", symbol.name);
            found.push(
                Diagnostic::warning("rate-ignores-reactant", what)
                    .at(reaction.rate.span, format!("goes on when no `{}` is left", local(name)))
                    .mend(format!(
                        "multiply the rate by `{}`; else it may turn negative",
                        local(name)
                    )),
            );
        }
    }
}

fn of(side: &[Participant], species: SymbolId) -> f64 {
    side.iter().filter(|p| p.species == species).map(|p| p.stoichiometry).sum()
}

/// All symbols a formula depends on at the same moment: through assignment rules and rates.
fn reached(network: &Network, expr: &Expr) -> HashSet<SymbolId> {
    let mut reached = HashSet::new();
    let mut open = expr.symbols();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            match (&network[id].kind, &network[id].rule) {
                (SymbolKind::Reaction(reaction), _) => open.extend(reaction.rate.symbols()),
                (_, Some(Rule::Assignment(rule))) => open.extend(rule.symbols()),
                _ => {}
            }
        }
    }
    reached
}

/// The formula that determines a symbol at the start, and whether it does so at all times.
fn definition(symbol: &Symbol) -> Option<(&Expr, bool)> {
    match (&symbol.kind, &symbol.rule, &symbol.value) {
        (SymbolKind::Reaction(reaction), ..) => Some((&reaction.rate, true)),
        (_, Some(Rule::Assignment(expr)), _) => Some((expr, true)),
        (_, _, Value::Formula(expr)) => Some((expr, false)),
        _ => None,
    }
}

/// Rings of rules and initial values that need each other.
fn rings(network: &Network, found: &mut Vec<Diagnostic>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; network.symbols.len()];
    for (start, _) in network.iter() {
        // Depth first, with the path kept by hand: rules may be nested deeper than the stack.
        let mut path: Vec<(SymbolId, Vec<SymbolId>)> = Vec::new();
        let mut next = Some(start);
        loop {
            if let Some(id) = next.take() {
                match marks[id.0 as usize] {
                    Mark::Done => {}
                    Mark::Open => {
                        let from = path.iter().position(|(on_path, _)| *on_path == id);
                        let ring = path.iter().skip(from.unwrap_or(0)).map(|(on_path, _)| *on_path);
                        found.push(ring_found(network, &ring.collect::<Vec<_>>()));
                    }
                    Mark::New => {
                        marks[id.0 as usize] = Mark::Open;
                        let mut needs =
                            definition(&network[id]).map_or_else(Vec::new, |(e, _)| e.symbols());
                        needs.sort_unstable();
                        needs.dedup();
                        needs.reverse();
                        path.push((id, needs));
                    }
                }
            }
            let Some((id, needs)) = path.last_mut() else {
                break;
            };
            next = needs.pop();
            if next.is_none() {
                marks[id.0 as usize] = Mark::Done;
                path.pop();
            }
        }
    }
}

fn ring_found(network: &Network, ring: &[SymbolId]) -> Diagnostic {
    let names: Vec<&str> =
        ring.iter().chain(ring.first()).map(|id| network[*id].name.as_str()).collect();
    let definitions: Vec<(&Expr, bool)> =
        ring.iter().filter_map(|id| definition(&network[*id])).collect();
    let what = if definitions.iter().all(|(_, always)| *always) { "rules" } else { "start values" };
    let message = format!("{what} need each other in a ring: {}", names.join(" -> "));
    let mut diagnostic = Diagnostic::error("rule-cycle", message);
    for (i, (expr, _)) in definitions.iter().enumerate() {
        let label = format!("`{}` needs `{}`", local(names[i]), local(names[i + 1]));
        diagnostic = match i {
            0 => diagnostic.at(expr.span, label),
            _ => diagnostic.also(expr.span, label),
        };
    }
    diagnostic.mend("make one of them a state with a rate rule, or solve the ring by hand")
}

/// True for operators that give true or false.
pub(super) fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    matches!(op, Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual)
}
