//! Equations without a rate of change: algebraic rules, and fast reactions at equilibrium.

use std::collections::{HashMap, HashSet};

use hersim_network::{
    BinaryOp, Diagnostic, Expr, Network, Node, Participant, Rule, SymbolId, SymbolKind, Value,
};

use crate::{
    build::{Builder, Shared},
    system::{Role, Settling, moved},
    tape::Reg,
};

/// The symbol that each algebraic rule determines.
pub(crate) fn unknowns(network: &Network) -> Result<Vec<SymbolId>, Vec<Diagnostic>> {
    if network.algebraic.is_empty() {
        return Ok(Vec::new());
    }
    let moved = moved(network);
    let set: HashSet<SymbolId> =
        network.events.iter().flat_map(|e| e.assignments.iter().map(|a| a.0)).collect();
    let mut candidates: Vec<Vec<SymbolId>> = Vec::new();
    for rule in &network.algebraic {
        let mut all: Vec<SymbolId> = (mentioned(network, rule.expr.symbols()).into_iter())
            .filter(|id| {
                let symbol = &network[*id];
                !symbol.constant
                    && symbol.rule.is_none()
                    && !moved.contains(id)
                    && !matches!(symbol.kind, SymbolKind::Reaction(_))
            })
            .collect();
        if all.iter().any(|id| !set.contains(id)) {
            all.retain(|id| !set.contains(id));
        }
        all.sort_unstable();
        candidates.push(all);
    }
    let mut taken: HashMap<SymbolId, usize> = HashMap::new();
    let mut problems = Vec::new();
    for (index, rule) in network.algebraic.iter().enumerate() {
        if !augment(index, &candidates, &mut taken, &mut HashSet::new()) {
            problems.push(
                Diagnostic::error("algebraic-overdetermined", "this rule determines no symbol")
                    .at(rule.expr.span, "")
                    .mend("let it name a symbol that nothing else determines"),
            );
        }
    }
    let free: Vec<SymbolId> =
        candidates.iter().flatten().copied().filter(|id| !taken.contains_key(id)).collect();
    if problems.is_empty()
        && let Some(id) = free.first()
    {
        let name = &network[*id].name;
        problems.push(
            Diagnostic::error(
                "algebraic-ambiguous",
                format!("the algebraic rules could determine `{name}` or another symbol"),
            )
            .at(network[*id].span, "")
            .mend("declare what they do not determine with `constant=\"true\"`"),
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut unknowns = vec![SymbolId(0); candidates.len()];
    for (id, rule) in taken {
        unknowns[rule] = id;
    }
    // A starting value that follows from an unknown would have to be solved with it.
    for (id, symbol) in network.iter() {
        if let Value::Formula(expr) = &symbol.value
            && !unknowns.contains(&id)
            && mentioned(network, given(network, id, expr).symbols())
                .iter()
                .any(|m| unknowns.contains(m))
        {
            problems.push(
                Diagnostic::error(
                    "algebraic-start",
                    format!("`{}` starts from what an algebraic rule determines", symbol.name),
                )
                .at(expr.span, "")
                .mend("give it a number"),
            );
        }
    }
    if problems.is_empty() { Ok(unknowns) } else { Err(problems) }
}

/// What a starting value is made of: of an amount that was given, without the size that turns it
/// into a concentration.
fn given<'e>(network: &Network, id: SymbolId, expr: &'e Expr) -> &'e Expr {
    match (&expr.node, &network[id].kind) {
        (
            Node::Binary(BinaryOp::Div, amount, size),
            SymbolKind::Species { compartment, amount: false, .. },
        ) if size.node == Node::Symbol(*compartment) && network[id].rule.is_none() => amount,
        _ => expr,
    }
}

/// What symbols mention, through assignment rules, rates and sizes of compartments.
fn mentioned(network: &Network, symbols: Vec<SymbolId>) -> HashSet<SymbolId> {
    let mut all = HashSet::new();
    let mut open = symbols;
    while let Some(id) = open.pop() {
        if !all.insert(id) {
            continue;
        }
        let symbol = &network[id];
        if let Some(Rule::Assignment(expr)) = &symbol.rule {
            open.extend(expr.symbols());
        }
        match &symbol.kind {
            SymbolKind::Reaction(reaction) => open.extend(reaction.rate.symbols()),
            SymbolKind::Species { compartment, amount: false, .. } => open.push(*compartment),
            _ => {}
        }
    }
    all
}

/// Finds a symbol for a rule, moving other rules to other symbols where needed.
fn augment(
    rule: usize,
    candidates: &[Vec<SymbolId>],
    taken: &mut HashMap<SymbolId, usize>,
    tried: &mut HashSet<SymbolId>,
) -> bool {
    for &id in &candidates[rule] {
        if !tried.insert(id) {
            continue;
        }
        let free = match taken.get(&id).copied() {
            None => true,
            Some(other) => augment(other, candidates, taken, tried),
        };
        if free {
            taken.insert(id, rule);
            return true;
        }
    }
    false
}

/// The fast reactions: their rates, and what each changes.
pub(crate) fn fast(network: &Network, shared: &mut Shared, rate: &mut Builder) -> Vec<Settling> {
    let mut all = Vec::new();
    for (id, symbol) in network.iter() {
        let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
        if !reaction.fast {
            continue;
        }
        let mut direction: Vec<(usize, f64)> = Vec::new();
        let sides = [(&reaction.reactants, -1.0), (&reaction.products, 1.0)];
        for (participant, sign) in sides.iter().flat_map(|(s, sign)| s.iter().map(|p| (p, *sign))) {
            let Role::AmountState(state) = shared.roles[participant.species.0 as usize] else {
                continue;
            };
            let Some(count) = plain(network, participant) else {
                shared.refuse(
                    "fast-variable",
                    id,
                    "is fast and its stoichiometry is not a plain number",
                    "give it plain numbers, or drop `fast`",
                );
                continue;
            };
            let state = state as usize;
            match direction.iter_mut().find(|d| d.0 == state) {
                Some(entry) => entry.1 += sign * count,
                None => direction.push((state, sign * count)),
            }
        }
        direction.retain(|d| d.1 != 0.0);
        if !direction.is_empty() {
            let reg = rate.expr(shared, &reaction.rate);
            all.push(Settling { reg, direction, fast: true });
        }
    }
    all
}

/// How much of its species a participant adds, where that never changes.
fn plain(network: &Network, participant: &Participant) -> Option<f64> {
    let fixed = |id: SymbolId| {
        let symbol = &network[id];
        let set = network.events.iter().any(|e| e.assignments.iter().any(|a| a.0 == id));
        let expr = match (&symbol.rule, &symbol.value) {
            _ if set => return None,
            (Some(Rule::Assignment(expr)), _) | (None, Value::Formula(expr)) => expr,
            (None, Value::Number(value)) => return Some(*value),
            _ => return None,
        };
        match expr.node {
            Node::Number(value) => Some(value),
            _ => None,
        }
    };
    let count = match participant.variable {
        Some(id) => fixed(id)?,
        None => participant.stoichiometry,
    };
    let factor = network[participant.species].conversion.map_or(Some(1.0), fixed)?;
    Some(count * factor)
}

/// Puts fast reactions at rest: one equation each, in the place of one of the species it changes;
/// the sums that it leaves alone change by the slow reactions.
pub(crate) fn at_rest(
    fast: &[Settling],
    shared: &mut Shared,
    rate: &mut Builder,
    rates: &mut [Reg],
    mass: &mut [Vec<(usize, f64)>],
) {
    let n = mass.len();
    // Eliminate: each fast reaction gives up one state's row, and leaves the others' sums.
    let mut left: Vec<Vec<f64>> = Vec::new();
    for one in fast {
        let mut column = vec![0.0; n];
        one.direction.iter().for_each(|&(i, d)| column[i] = d);
        left.push(column);
    }
    let mut pivots = Vec::new();
    for f in 0..left.len() {
        let best = (0..n)
            .filter(|i| !pivots.contains(i))
            .max_by(|&i, &j| left[f][i].abs().total_cmp(&left[f][j].abs()));
        let Some(pivot) = best.filter(|&i| left[f][i].abs() > 1e-12) else {
            let message = "fast reactions depend on one another";
            shared.problems.push(
                Diagnostic::error("fast-dependent", message)
                    .mend("drop `fast` from one of them: its equilibrium follows from the others"),
            );
            return;
        };
        pivots.push(pivot);
        for i in 0..n {
            if i == pivot {
                continue;
            }
            let factor = left[f][i] / left[f][pivot];
            if factor == 0.0 {
                continue;
            }
            for column in &mut left {
                let from = column[pivot];
                column[i] -= factor * from;
            }
            // Row i gives up `factor` times the pivot's row.
            let taken: Vec<(usize, f64)> = mass[pivot].clone();
            for (state, value) in taken {
                match mass[i].iter_mut().find(|e| e.0 == state) {
                    Some(entry) => entry.1 -= factor * value,
                    None => mass[i].push((state, -factor * value)),
                }
            }
            let number = rate.tape.number(factor);
            let part = rate.tape.binary(BinaryOp::Mul, number, rates[pivot]);
            rates[i] = rate.tape.binary(BinaryOp::Sub, rates[i], part);
        }
    }
    for (one, &pivot) in fast.iter().zip(&pivots) {
        mass[pivot].clear();
        rates[pivot] = one.reg;
    }
}
