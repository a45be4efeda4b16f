//! What may change in a network, and what the engine cannot honour.

use std::collections::HashSet;

use hersim_network::{Diagnostic, Network, Rule, Symbol, SymbolId, SymbolKind};

use crate::Compile;

/// Whether reactions change the amount of a species.
pub(crate) fn follows_reactions(symbol: &Symbol) -> bool {
    let boundary = matches!(symbol.kind, SymbolKind::Species { boundary: true, .. });
    !boundary && !symbol.constant && symbol.rule.is_none()
}

/// Symbols that events assign, with repeats.
pub(crate) fn set_by_events(network: &Network) -> impl Iterator<Item = SymbolId> {
    network.events.iter().flat_map(|event| event.assignments.iter().map(|a| a.0))
}

/// Symbols that reactions, rate rules, events or doses may change, in order of declaration.
pub(super) fn changing(network: &Network, options: &Compile) -> Vec<SymbolId> {
    let fixed: HashSet<SymbolId> = options.fixed.iter().map(|f| f.0).collect();
    let mut changing: HashSet<SymbolId> = set_by_events(network).collect();
    changing.extend(options.inputs);
    for (id, symbol) in network.iter() {
        if let Some(Rule::Rate(_)) = symbol.rule {
            changing.insert(id);
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            let participants = reaction.reactants.iter().chain(&reaction.products);
            changing.extend(
                participants.map(|p| p.species).filter(|&s| follows_reactions(&network[s])),
            );
        }
    }
    changing.retain(|id| !fixed.contains(id));
    let mut changing: Vec<SymbolId> = changing.into_iter().collect();
    changing.sort_unstable();
    changing
}

/// Refuses what cannot be honoured.
pub(super) fn check(
    network: &Network,
    options: &Compile,
    changing: &[SymbolId],
) -> Result<(), Vec<Diagnostic>> {
    let mut problems = super::beyond::check(network);
    let mut refuse = |code, id: SymbolId, why: &str, mend: &str| {
        let symbol = &network[id];
        let message = format!("`{}` {why}", symbol.name);
        problems.push(Diagnostic::error(code, message).at(symbol.span, "").mend(mend));
    };
    for &id in changing {
        match (&network[id].kind, &network[id].rule) {
            (SymbolKind::Compartment, _) => refuse(
                "compartment-changes",
                id,
                "changes during the run, and compartments must keep their size",
                "keep the size constant and write growth as a species or a parameter with a rate rule",
            ),
            (SymbolKind::Reaction(_), _) => refuse(
                "rate-is-set",
                id,
                "is a reaction; its rate cannot be set from outside",
                "change a parameter of the rate law instead",
            ),
            (_, Some(Rule::Assignment(_))) => refuse(
                "assigned-twice",
                id,
                "follows an assignment rule, so neither a dose nor an event can change it",
                "dose or set one of the species the rule is made of",
            ),
            _ => {}
        }
    }
    for (id, symbol) in network.iter() {
        if let (SymbolKind::Compartment, Some(Rule::Assignment(_))) = (&symbol.kind, &symbol.rule) {
            refuse(
                "compartment-changes",
                id,
                "follows a rule, and compartments must keep their size",
                "give the size as a number or as an initial assignment",
            );
        }
    }
    for &id in options.inputs {
        if !matches!(network[id].kind, SymbolKind::Species { .. }) {
            refuse("not-a-species", id, "cannot be dosed: it is not a species", "dose a species");
        }
    }
    for &id in options.varying {
        let computed = matches!(network[id].rule, Some(Rule::Assignment(_)))
            || matches!(network[id].kind, SymbolKind::Reaction(_));
        if computed {
            refuse(
                "not-a-parameter",
                id,
                "is computed from other symbols, so it cannot differ between subjects by itself",
                "vary what it is computed from",
            );
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
