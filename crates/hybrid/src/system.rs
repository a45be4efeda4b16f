//! From a network to what a run needs: states, their rates, conditions to watch, starting values.

use std::collections::{HashMap, HashSet};

use hersim_network::{Diagnostic, Network, Rule, SymbolId, SymbolKind, Value};

use crate::{
    build::{Builder, Kind, Shared},
    implicit,
    linear::MOST_DENSE,
    solver::Solver,
    tape::{Op, Reg, Tape},
};

/// What stands for a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A state that holds the amount of a species.
    AmountState(u32),
    /// A state that holds what the symbol means in formulas.
    ValueState(u32),
    /// A number that events change at most: the amount of a species.
    AmountParameter(u32),
    /// A number that events change at most.
    ValueParameter(u32),
    /// Follows an assignment rule.
    Assigned,
    /// The rate of a reaction.
    Reaction,
}

impl Role {
    pub(crate) fn is_state(self) -> bool {
        matches!(self, Role::AmountState(_) | Role::ValueState(_))
    }

    pub(crate) fn is_parameter(self) -> bool {
        matches!(self, Role::AmountParameter(_) | Role::ValueParameter(_))
    }
}

/// What to report of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// What it means in formulas.
    Value(SymbolId),
    /// The amount of a species.
    Amount(SymbolId),
    /// The concentration of a species.
    Concentration(SymbolId),
}

/// A network made ready to be followed.
#[derive(Clone, Debug)]
pub struct System {
    /// Work space for its steps, prepared once.
    pub(crate) solver: Solver,
    /// States, time last.
    pub(crate) n: usize,
    /// Whether fast reactions, if any, are at rest by equations; else they are hurried.
    pub(crate) exact: bool,
    /// The same system with fast reactions hurried, for where the equations fail.
    pub(crate) alternative: Option<Box<System>>,
    /// Fast reactions, if any, with everything else as it is.
    pub(crate) alone: Option<Box<System>>,
    pub(crate) roles: Vec<Role>,
    /// `mass · rate of change = rates`, by row.
    pub(crate) mass: Vec<Vec<(usize, f64)>>,
    pub(crate) rate: Tape,
    pub(crate) rates: Vec<Reg>,
    /// What is zero at rest.
    pub(crate) settling: Vec<Settling>,
    /// Conditions, compared quantities and triggers.
    pub(crate) watch: Tape,
    pub(crate) modes: Vec<Reg>,
    pub(crate) triggers: Vec<Reg>,
    /// Differences of what is compared: their zeros are where conditions turn.
    pub(crate) differences: Vec<Reg>,
    /// Differences that grow or fall in a straight line with time and with nothing else.
    pub(crate) timed: Vec<Reg>,
    /// Outputs, and what events ask for.
    pub(crate) observe: Tape,
    pub(crate) outputs: Vec<Reg>,
    pub(crate) events: Vec<Event>,
    /// Sizes of compartments, with the species whose state is a concentration in them.
    pub(crate) dilution: Vec<(SymbolId, u32, Reg)>,
    /// Size of the compartment of each species that events set and whose state is an amount.
    pub(crate) sizes: HashMap<SymbolId, Reg>,
    /// Values at the start: states, then parameters.
    pub(crate) start: Tape,
    pub(crate) starts: Vec<Reg>,
    /// Formulas of which the past is asked.
    pub(crate) delayed: Vec<Delayed>,
    pub(crate) lags: Vec<Reg>,
}

/// An algebraic rule, or the rate of a fast reaction.
#[derive(Clone, Debug)]
pub(crate) struct Settling {
    /// In places of [`System::rate`].
    pub(crate) reg: Reg,
    /// The states that bring it to zero, and in what proportions they change.
    pub(crate) direction: Vec<(usize, f64)>,
    pub(crate) fast: bool,
}

/// A formula of which the past is asked.
#[derive(Clone, Debug)]
pub(crate) struct Delayed {
    /// Since the start.
    pub(crate) live: (Tape, Reg),
    /// Before it, once starting values are known.
    pub(crate) before: (Tape, Reg),
    /// Before it, from starting values alone.
    pub(crate) start: (Tape, Reg),
}

/// An event, in places of [`System::observe`].
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) initially: bool,
    pub(crate) persistent: bool,
    pub(crate) at_trigger: bool,
    pub(crate) delay: Option<Reg>,
    pub(crate) priority: Option<Reg>,
    pub(crate) assignments: Vec<(SymbolId, Reg)>,
}

/// Makes a network ready; `outputs` are reported by a run.
///
/// # Errors
/// What of the network cannot be honoured.
pub fn compile(network: &Network, outputs: &[Output]) -> Result<System, Vec<Diagnostic>> {
    let fast = |kind: &SymbolKind| matches!(kind, SymbolKind::Reaction(r) if r.fast);
    if !network.symbols.iter().any(|symbol| fast(&symbol.kind)) {
        return build(network, outputs, Fast::AtRest);
    }
    let alone = Box::new(build(network, &[], Fast::Alone)?);
    let hurried = build(network, outputs, Fast::Hurried)?;
    let hurried = System { alone: Some(alone.clone()), ..hurried };
    Ok(match build(network, outputs, Fast::AtRest) {
        Ok(exact) => System { alternative: Some(Box::new(hurried)), alone: Some(alone), ..exact },
        Err(_) => hurried,
    })
}

/// What is made of fast reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fast {
    /// They are at rest at all times, by equations.
    AtRest,
    /// They are some orders of magnitude faster than written.
    Hurried,
    /// Nothing else happens.
    Alone,
}

fn build(network: &Network, outputs: &[Output], fast: Fast) -> Result<System, Vec<Diagnostic>> {
    let unknowns = implicit::unknowns(network)?;
    let roles = roles(network, &unknowns);
    let mut shared = Shared::new(network, roles.clone());

    let states = shared.states();
    let n = states.len() + 1;
    let mut watch = Builder::new(Kind::Watch);
    let mut rate = Builder::new(Kind::Rate(&mut watch));
    let mut rates = Vec::new();
    let mut mass: Vec<Vec<(usize, f64)>> = Vec::new();
    for (i, &id) in states.iter().enumerate() {
        if unknowns.contains(&id) {
            continue;
        }
        rates.push(rate.state_rate(&mut shared, id, fast));
        mass.push(vec![(i, 1.0)]);
    }
    let mut settling = Vec::new();
    for (rule, id) in network.algebraic.iter().zip(&unknowns) {
        let residual = rate.expr(&mut shared, &rule.expr);
        let state = states.iter().position(|s| s == id).unwrap_or(0);
        let direction = vec![(state, 1.0)];
        settling.push(Settling { reg: residual, direction, fast: false });
        rates.push(residual);
        mass.push(Vec::new());
    }
    rates.push(rate.tape.number(if fast == Fast::Alone { 0.0 } else { 1.0 }));
    mass.push(vec![(n - 1, 1.0)]);
    if fast == Fast::AtRest {
        let fast = implicit::fast(network, &mut shared, &mut rate);
        implicit::at_rest(&fast, &mut shared, &mut rate, &mut rates, &mut mass);
        settling.extend(fast);
    }
    let rate = rate.tape;

    let triggers = network.events.iter().map(|e| watch.expr(&mut shared, &e.trigger)).collect();
    let differences = watch.differences(&mut shared, network);
    let timed = watch.timed(&differences, n);

    let mut observe = Builder::new(Kind::Live);
    let events: Vec<Event> = network
        .events
        .iter()
        .map(|event| Event {
            name: event.name.clone(),
            initially: event.initially,
            persistent: event.persistent,
            at_trigger: event.at_trigger,
            delay: event.delay.as_ref().map(|e| observe.expr(&mut shared, e)),
            priority: event.priority.as_ref().map(|e| observe.expr(&mut shared, e)),
            assignments: (event.assignments.iter())
                .map(|(id, e)| (*id, observe.expr(&mut shared, e)))
                .collect(),
        })
        .collect();
    let outputs: Vec<Reg> =
        outputs.iter().map(|&output| observe.output(&mut shared, output)).collect();
    let mut dilution = Vec::new();
    for (id, symbol) in network.iter() {
        if let (Role::ValueState(i), &SymbolKind::Species { compartment, amount: false, .. }) =
            (roles[id.0 as usize], &symbol.kind)
        {
            let size = observe.symbol(&mut shared, compartment);
            dilution.push((compartment, i, size));
        }
    }
    let mut sizes = HashMap::new();
    for (id, _) in network.events.iter().flat_map(|e| &e.assignments) {
        if let SymbolKind::Species { compartment, amount: false, .. } = network[*id].kind {
            sizes.insert(*id, observe.symbol(&mut shared, compartment));
        }
        if matches!(roles[id.0 as usize], Role::Assigned | Role::Reaction) {
            shared.refuse(
                "assigned-twice",
                *id,
                "follows a rule, so an event cannot set it",
                "set one of the symbols the rule is made of",
            );
        }
    }
    let mut start = Builder::new(Kind::Start);
    let mut starts = Vec::new();
    for id in states.iter().copied().chain(shared.parameters()) {
        starts.push(start.starting(&mut shared, id));
    }
    starts.insert(states.len(), start.tape.number(0.0));

    // Formulas of which the past is asked may ask for the past of others.
    let mut delayed = Vec::new();
    while delayed.len() < shared.delayed.len() {
        let expr = shared.delayed[delayed.len()].clone();
        let mut written = |kind| {
            let mut builder = Builder::new(kind);
            let reg = builder.expr(&mut shared, &expr);
            (builder.tape, reg)
        };
        let (live, before) = (written(Kind::Live), written(Kind::Before));
        delayed.push(Delayed { live, before, start: written(Kind::Start) });
    }
    let lags: Vec<Reg> = shared.lags.clone().iter().map(|e| observe.expr(&mut shared, e)).collect();

    let system = System {
        n,
        exact: fast == Fast::AtRest,
        alternative: None,
        alone: None,
        solver: Solver::new_empty(),
        roles,
        mass,
        rate,
        rates,
        settling,
        modes: watch.modes.clone(),
        triggers,
        differences,
        timed,
        watch: watch.tape,
        observe: observe.tape,
        outputs,
        events,
        dilution,
        sizes,
        start: start.tape,
        starts,
        delayed,
        lags,
    };
    missing(network, &mut shared, &system, &unknowns);
    if !shared.problems.is_empty() {
        return Err(shared.problems);
    }
    match Solver::new(&system.rate, &system.rates, &system.mass) {
        Some(solver) => Ok(System { solver, ..system }),
        None => Err(vec![too_many(n, system.mass.iter().any(Vec::is_empty))]),
    }
}

fn too_many(n: usize, implicit: bool) -> Diagnostic {
    let (message, mend) = match implicit {
        true => (
            format!("{n} equations of which some are algebraic are too many"),
            format!("up to {MOST_DENSE} can be solved together; solve the algebraic rules by hand"),
        ),
        false => (
            format!("{n} equations that hang together so much cannot be solved at once"),
            "split the model, or let fewer things depend on sums over everything".into(),
        ),
    };
    Diagnostic::error("too-many-equations", message).mend(mend)
}

impl System {
    /// The symbol that a state belongs to.
    pub(crate) fn symbol(&self, state: usize) -> Option<SymbolId> {
        let of = |role: &Role| match role {
            Role::AmountState(i) | Role::ValueState(i) => *i as usize == state,
            _ => false,
        };
        self.roles.iter().position(of).map(|at| SymbolId(at as u32))
    }

    /// What turns the value of a symbol into its amount: a size, or one.
    pub(crate) fn size_of(&self, id: SymbolId, value: impl Fn(Reg) -> f64) -> f64 {
        self.sizes.get(&id).map_or(1.0, |&reg| value(reg))
    }
}

/// Says what stands for each symbol.
pub(crate) fn roles(network: &Network, unknowns: &[SymbolId]) -> Vec<Role> {
    let moved = moved(network);
    let (mut states, mut parameters) = (0, 0);
    let mut roles = Vec::with_capacity(network.symbols.len());
    for (id, symbol) in network.iter() {
        let mut state = || {
            states += 1;
            states - 1
        };
        let species = matches!(symbol.kind, SymbolKind::Species { .. });
        roles.push(match (&symbol.kind, &symbol.rule) {
            (SymbolKind::Reaction(_), _) => Role::Reaction,
            (_, Some(Rule::Assignment(_))) => Role::Assigned,
            (_, Some(Rule::Rate(_))) => Role::ValueState(state()),
            _ if unknowns.contains(&id) => Role::ValueState(state()),
            _ if moved.contains(&id) => Role::AmountState(state()),
            _ => {
                parameters += 1;
                let at = parameters - 1;
                if species { Role::AmountParameter(at) } else { Role::ValueParameter(at) }
            }
        });
    }
    roles
}

/// Species that reactions change.
pub(crate) fn moved(network: &Network) -> HashSet<SymbolId> {
    let mut moved = HashSet::new();
    for symbol in &network.symbols {
        let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
        for participant in reaction.reactants.iter().chain(&reaction.products) {
            let species = &network[participant.species];
            let boundary = matches!(species.kind, SymbolKind::Species { boundary: true, .. });
            if !boundary && !species.constant && species.rule.is_none() {
                moved.insert(participant.species);
            }
        }
    }
    moved
}

/// Refuses symbols that are used and have no value.
fn missing(network: &Network, shared: &mut Shared, system: &System, unknowns: &[SymbolId]) {
    let mut used: HashSet<u32> = HashSet::new();
    let delayed = system.delayed.iter().flat_map(|d| [&d.live.0, &d.before.0]);
    for tape in [&system.rate, &system.watch, &system.observe].into_iter().chain(delayed) {
        used.extend(tape.ops.iter().filter_map(|op| match op {
            Op::Parameter(i) => Some(*i),
            _ => None,
        }));
    }
    let mut seen = HashMap::new();
    for (id, symbol) in network.iter() {
        if symbol.value != Value::Missing || unknowns.contains(&id) {
            continue;
        }
        let needed = match system.roles[id.0 as usize] {
            Role::AmountState(_) | Role::ValueState(_) => true,
            Role::AmountParameter(i) | Role::ValueParameter(i) => {
                used.contains(&i) || shared.missing.contains(&id)
            }
            Role::Assigned | Role::Reaction => false,
        };
        if needed && seen.insert(id, ()).is_none() {
            shared.problems.push(
                Diagnostic::error("value-missing", format!("`{}` has no value", symbol.name))
                    .at(symbol.span, "declared without a value")
                    .mend("give it a number or an initial assignment"),
            );
        }
    }
}
