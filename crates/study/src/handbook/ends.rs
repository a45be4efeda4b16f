//! Who is at the other end of each port, in every model that uses the module.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use hersim_antimony::Loaded;
use hersim_network::{Expr, Network, Rule, Sources, Span, SymbolId, SymbolKind, Value};

use super::{
    equations::within,
    module::{Meaning, Module, Role},
};

/// The other ends of a port in one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Id of the module that uses this one.
    pub within: String,
    /// Who is there; nobody when nothing reads it or constants give it.
    pub others: Vec<End>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Id of the module.
    pub module: String,
    /// What it is called in the model around; the same as `module` for that model itself.
    pub name: String,
    /// Name of the quantity there.
    pub port: String,
}

/// A file and what it was read into.
pub(super) struct Read {
    pub(super) loaded: Loaded,
    pub(super) path: PathBuf,
}

/// A model that is put together from others.
pub(super) struct Context {
    /// Index of its module.
    pub(super) module: usize,
    /// Name and module of each model inside.
    pub(super) parts: Vec<(String, usize)>,
    /// Ports that are one quantity, as indices of part and port.
    pub(super) members: BTreeMap<SymbolId, Vec<(usize, usize)>>,
    /// The formulas of the model itself.
    pub(super) own: Vec<Own>,
}

/// A formula of a model itself.
pub(super) struct Own {
    /// What it sets.
    pub(super) target: SymbolId,
    /// What it reads.
    pub(super) reads: Vec<SymbolId>,
    /// When it holds.
    pub(super) when: When,
}

/// When a formula holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// At all times: what it sets is nothing of its own.
    Always,
    /// As a rate of change.
    Rate,
    /// At the start.
    Start,
}

/// The models that are put together from others.
pub(super) fn contexts(modules: &[Module], reads: &[Read], sources: &Sources) -> Vec<Context> {
    let index: HashMap<&str, usize> =
        modules.iter().enumerate().map(|(i, m)| (m.id.as_str(), i)).collect();
    let mut contexts = Vec::new();
    for (at, (module, read)) in modules.iter().zip(reads).enumerate() {
        if module.parts.is_empty() {
            continue;
        }
        let network = &read.loaded.network;
        let aliases: HashMap<&str, SymbolId> =
            read.loaded.aliases.iter().map(|(name, id)| (name.as_str(), *id)).collect();
        let parts: Vec<(String, usize)> = (module.parts.iter())
            .filter_map(|p| Some((p.name.clone(), *index.get(p.module.as_str())?)))
            .collect();
        let mut members: BTreeMap<SymbolId, Vec<(usize, usize)>> = BTreeMap::new();
        for (part, (name, inner)) in parts.iter().enumerate() {
            for (port, known) in modules[*inner].ports.iter().enumerate() {
                let full = format!("{name}.{}", known.name);
                let id = network.find(&full).or_else(|| aliases.get(full.as_str()).copied());
                if let Some(id) = id {
                    members.entry(id).or_default().push((part, port));
                }
            }
        }
        let own = own(network, &|span| within(sources, span, &read.path));
        contexts.push(Context { module: at, parts, members, own });
    }
    contexts
}

/// The formulas whose places are a model's own.
fn own(network: &Network, here: &dyn Fn(Span) -> bool) -> Vec<Own> {
    let mut found = Vec::new();
    let mut keep = |target, expr: &Expr, when| {
        if here(expr.span) {
            found.push(Own { target, reads: expr.symbols(), when });
        }
    };
    for (id, symbol) in network.iter() {
        match &symbol.rule {
            Some(Rule::Assignment(e)) => keep(id, e, When::Always),
            Some(Rule::Rate(e)) => keep(id, e, When::Rate),
            None => {}
        }
        if let Value::Formula(e) = &symbol.value {
            keep(id, e, When::Start);
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            for participant in reaction.reactants.iter().chain(&reaction.products) {
                keep(participant.species, &reaction.rate, When::Rate);
            }
        }
    }
    found
}

/// Fills in the other ends of all ports.
pub(super) fn tell(modules: &mut [Module], reads: &[Read], contexts: &[Context]) {
    for context in contexts {
        let network = &reads[context.module].loaded.network;
        let mut told: Vec<(usize, usize, Vec<End>)> = Vec::new();
        for (id, members) in &context.members {
            for (part, port) in members {
                let ends = others(modules, context, network, *id, (*part, *port));
                told.push((context.parts[*part].1, *port, ends));
            }
        }
        let within = modules[context.module].id.clone();
        for (module, port, others) in told {
            let ends = &mut modules[module].ports[port].ends;
            match ends.iter_mut().find(|e| e.within == within) {
                Some(known) => {
                    for end in others {
                        if !known.others.contains(&end) {
                            known.others.push(end);
                        }
                    }
                }
                None => ends.push(Ends { within: within.clone(), others }),
            }
        }
    }
    fill_in(modules);
}

/// Ports that say nothing of themselves mean what the other end says.
fn fill_in(modules: &mut [Module]) {
    let mut known: HashMap<(String, String), Meaning> = HashMap::new();
    for module in modules.iter() {
        for port in module.ports.iter().filter(|p| !p.meaning.is_empty()) {
            known.insert((module.id.clone(), port.name.clone()), port.meaning.clone());
        }
    }
    for port in modules.iter_mut().flat_map(|m| &mut m.ports) {
        if port.meaning.is_empty() && matches!(port.role, Role::Read | Role::Changed) {
            let ends = port.ends.iter().flat_map(|e| &e.others);
            let told = ends.filter_map(|e| known.get(&(e.module.clone(), e.port.clone()))).next();
            port.meaning = told.cloned().unwrap_or_default();
        }
    }
}

fn others(
    modules: &[Module],
    context: &Context,
    network: &Network,
    id: SymbolId,
    (part, port): (usize, usize),
) -> Vec<End> {
    let role = |(part, port): (usize, usize)| modules[context.parts[part].1].ports[port].role;
    let members = &context.members[&id];
    let own = role((part, port));
    if own == Role::Volume {
        return Vec::new();
    }
    let mut ends = Vec::new();
    for other in members.iter().filter(|m| **m != (part, port)) {
        let meets = match (own, role(*other)) {
            (Role::Read, theirs) => matches!(theirs, Role::Given | Role::Changed),
            (Role::Given, theirs) => matches!(theirs, Role::Read | Role::Changed),
            (Role::Changed, theirs) => theirs != Role::Volume,
            (Role::Volume, _) => false,
        };
        if meets {
            let (name, module) = &context.parts[other.0];
            ends.push(End {
                module: modules[*module].id.clone(),
                name: name.clone(),
                port: modules[*module].ports[other.1].name.clone(),
            });
        }
    }
    let around = &modules[context.module];
    let given = members.iter().any(|m| role(*m) == Role::Given);
    let passed_on = around.ports.iter().any(|p| p.name == network[id].name);
    let made_around = !network[id].name.contains('.') && !given;
    let set_around = context.own.iter().any(|o| o.target == id);
    let read_around = set_around || context.own.iter().any(|o| o.reads.contains(&id));
    let reached = match own {
        Role::Read => made_around || set_around,
        _ => passed_on || read_around || made_around,
    };
    if reached {
        let port = network[id].name.clone();
        ends.push(End { module: around.id.clone(), name: around.id.clone(), port });
    }
    // The model around may reach for a name that is no port.
    if let (true, Role::Read, Some((first, last))) =
        (ends.is_empty(), own, network[id].name.split_once('.'))
        && let Some((name, module)) = context.parts.iter().find(|(name, _)| name == first)
    {
        let module = modules[*module].id.clone();
        ends.push(End { module, name: name.clone(), port: last.to_string() });
    }
    ends
}
