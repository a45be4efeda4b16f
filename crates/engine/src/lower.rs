//! From a network to formulas: which symbols are states, how fast each changes and how it starts.
//!
//! Assignment rules are put in where they are used, constants that do not vary become numbers,
//! species become amounts. Two kinds of state disappear: *dropped* ones start at zero and can
//! never leave it, *frozen* ones never change by themselves and become parameters.

mod beyond;
mod formula;
pub(crate) mod inspect;

use std::collections::{BTreeMap, BTreeSet};

use hersim_network::{Diagnostic, Network, Rule, SymbolId, SymbolKind};
use rustc_hash::FxHashMap as HashMap;

use crate::{
    Compile,
    dag::{Dag, Leaf, NodeId},
};
use formula::{Context, Formulas};

/// A network as formulas.
pub(crate) struct Model {
    pub(crate) dag: Dag,
    /// Symbols of the states; `Leaf::State(i)` is the amount or value of `states[i]`.
    pub(crate) states: Vec<SymbolId>,
    /// Whether time occurs; then `Leaf::State(states.len())` is a clock.
    pub(crate) clock: bool,
    /// Rate of change per state, clock included: factors and formulas to be added up.
    pub(crate) rates: Vec<Terms>,
    /// `varying`, then frozen states; `Leaf::Parameter(i)`.
    pub(crate) parameters: Vec<SymbolId>,
    /// Species with an infusion rate; `Leaf::Parameter(parameters.len() + i)`.
    pub(crate) infused: Vec<SymbolId>,
    /// States that are zero forever.
    pub(crate) dropped: Vec<SymbolId>,
    /// Starting value of every state, frozen and dropped ones included: amounts of species.
    pub(crate) initial: Vec<(SymbolId, NodeId)>,
    /// What was asked for.
    pub(crate) outputs: Vec<NodeId>,
    /// Discrete events.
    pub(crate) events: Vec<Event>,
    /// Reactions that change states.
    pub(crate) reactions: Vec<Reaction>,
}

/// A reaction: its rate and what it changes by how much.
pub(crate) struct Reaction {
    pub(crate) symbol: SymbolId,
    pub(crate) rate: NodeId,
    pub(crate) changes: Vec<(SymbolId, f64)>,
}

/// Factors and formulas to be added up.
pub(crate) type Terms = Vec<(f64, NodeId)>;

/// A discrete event as formulas.
pub(crate) struct Event {
    /// Not zero while the condition holds.
    pub(crate) condition: NodeId,
    /// Times the condition compares with, where these do not depend on the state.
    pub(crate) stops: Vec<NodeId>,
    /// Whether the condition changes at the stops only, and has its new value there.
    pub(crate) timed: bool,
    /// Whether the condition counts as true before the start.
    pub(crate) initially: bool,
    /// What is set, and the amount or value it is set to.
    pub(crate) assignments: Vec<(Target, NodeId)>,
}

/// What an event sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A state, by its place in [`Model::states`].
    State(usize),
    /// A parameter.
    Parameter(usize),
}

/// What stands for a symbol that may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    State(u32),
    Frozen(u32),
    Dropped,
}

/// Turns a network into formulas.
///
/// # Errors
/// Everything that cannot be honoured: symbols without a value, circular rules, compartments that
/// change, parameters and inputs that cannot be what the options ask for.
pub(crate) fn lower(network: &Network, options: &Compile) -> Result<Model, Vec<Diagnostic>> {
    let changing = inspect::changing(network, options);
    inspect::check(network, options, &changing)?;
    let set_from_outside = |id: &SymbolId| {
        options.inputs.contains(id) || inspect::set_by_events(network).any(|set| set == *id)
    };

    // Largest set of states that start at zero and stay there as long as all of them are zero.
    let mut split = Split { changing, ..Split::default() };
    let whole = Rates::lower(network, options, &split)?;
    split.dropped = (whole.initial.iter())
        .filter(|(id, initial)| whole.dag.is_zero(*initial) && !set_from_outside(id))
        .map(|(id, _)| *id)
        .collect();
    let mut rates = loop {
        let rates = Rates::lower(network, options, &split)?;
        let before = split.dropped.len();
        split.dropped.retain(|id| rates.of[id].is_empty());
        if split.dropped.len() == before {
            break rates;
        }
    };

    // What has no rate of change then never changes by itself.
    split.frozen = (rates.of.iter())
        .filter(|(id, terms)| {
            terms.is_empty() && !split.dropped.contains(id) && !options.inputs.contains(id)
        })
        .map(|(id, _)| *id)
        .collect();
    if !split.frozen.is_empty() {
        rates = Rates::lower(network, options, &split)?;
    }
    rates.into_model(&split, options)
}

/// Which of the symbols that may change are states.
#[derive(Clone, Debug, Default)]
struct Split {
    /// Symbols that reactions, rate rules, events or doses may change, in order of declaration.
    changing: Vec<SymbolId>,
    dropped: BTreeSet<SymbolId>,
    frozen: BTreeSet<SymbolId>,
}

impl Split {
    fn states(&self) -> impl Iterator<Item = SymbolId> {
        self.changing
            .iter()
            .copied()
            .filter(|id| !self.dropped.contains(id) && !self.frozen.contains(id))
    }

    fn parameters(&self, options: &Compile) -> Vec<SymbolId> {
        options.varying.iter().copied().chain(self.frozen_only(options)).collect()
    }

    /// Frozen states that are not parameters anyway.
    fn frozen_only(&self, options: &Compile) -> impl Iterator<Item = SymbolId> {
        self.frozen.iter().copied().filter(|id| !options.varying.contains(id))
    }

    fn roles(&self, options: &Compile) -> HashMap<SymbolId, Role> {
        let states = self.states().enumerate().map(|(i, id)| (id, Role::State(i as u32)));
        let first_frozen = options.varying.len();
        let frozen = (self.frozen_only(options).enumerate())
            .map(|(i, id)| (id, Role::Frozen((first_frozen + i) as u32)));
        let dropped = self.dropped.iter().map(|&id| (id, Role::Dropped));
        states.chain(frozen).chain(dropped).collect()
    }
}

/// Rates of change and starting values under a split.
struct Rates<'a> {
    formulas: Formulas<'a>,
    dag: Dag,
    of: BTreeMap<SymbolId, Terms>,
    reactions: Vec<Reaction>,
    initial: Vec<(SymbolId, NodeId)>,
}

impl<'a> Rates<'a> {
    fn lower(
        network: &'a Network,
        options: &Compile<'a>,
        split: &Split,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut dag = Dag::new();
        let mut formulas = Formulas::new(network, options, split.roles(options));
        let mut of: BTreeMap<SymbolId, Terms> =
            split.changing.iter().map(|&id| (id, Terms::new())).collect();
        let mut reactions = Vec::new();
        for (id, symbol) in network.iter() {
            if let Some(Rule::Rate(rate)) = &symbol.rule {
                let rate = formulas.expr(&mut dag, rate, Context::Running);
                let rate = formulas.amount(&mut dag, id, rate);
                push(&mut of, id, 1.0, rate);
            }
            let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
            let rate = formulas.symbol(&mut dag, id, Context::Running);
            let participants = (reaction.reactants.iter().map(|p| (p.species, -p.stoichiometry)))
                .chain(reaction.products.iter().map(|p| (p.species, p.stoichiometry)));
            let follows = |change: &(SymbolId, f64)| inspect::follows_reactions(&network[change.0]);
            let changes: Vec<(SymbolId, f64)> = participants.filter(follows).collect();
            for &(species, stoichiometry) in &changes {
                push(&mut of, species, stoichiometry, rate);
            }
            reactions.push(Reaction { symbol: id, rate, changes });
        }
        let infusions = split.parameters(options).len();
        for (i, &species) in options.inputs.iter().enumerate() {
            let rate = dag.leaf(Leaf::Parameter((infusions + i) as u32));
            push(&mut of, species, 1.0, rate);
        }
        for terms in of.values_mut() {
            terms.retain(|&(factor, rate)| factor != 0.0 && !dag.is_zero(rate));
        }
        let initial = (split.changing.iter())
            .map(|&id| {
                let start = formulas.symbol(&mut dag, id, Context::Starting);
                (id, formulas.amount(&mut dag, id, start))
            })
            .collect();
        formulas.problems()?;
        Ok(Rates { formulas, dag, of, reactions, initial })
    }

    fn into_model(mut self, split: &Split, options: &Compile) -> Result<Model, Vec<Diagnostic>> {
        let dag = &mut self.dag;
        let outputs = (options.outputs.iter())
            .map(|&id| self.formulas.symbol(dag, id, Context::Running))
            .collect();
        let events = self.formulas.events(dag);
        self.formulas.problems()?;
        let states: Vec<SymbolId> = split.states().collect();
        let mut rates: Vec<Terms> = (states.iter()).filter_map(|id| self.of.remove(id)).collect();
        let clock = self.formulas.uses_time();
        if clock {
            let one = dag.constant(1.0);
            rates.push(vec![(1.0, one)]);
        }
        Ok(Model {
            states,
            clock,
            rates,
            parameters: split.parameters(options),
            infused: options.inputs.to_vec(),
            dropped: split.dropped.iter().copied().collect(),
            initial: self.initial,
            outputs,
            events,
            reactions: self.reactions,
            dag: self.dag,
        })
    }
}

/// Adds a term to a rate of change, joined with one of the same formula.
fn push(of: &mut BTreeMap<SymbolId, Terms>, id: SymbolId, factor: f64, rate: NodeId) {
    let Some(terms) = of.get_mut(&id) else { return };
    match terms.iter_mut().find(|term| term.1 == rate) {
        Some(term) => term.0 += factor,
        None => terms.push((factor, rate)),
    }
}
