//! A network as jumps of whole numbers: what happens, how often, and what it changes.

use hersim_network::{
    BinaryOp, Diagnostic, Expr, Network, Node, Participant, Reaction, Rule, SymbolId, SymbolKind,
};

use crate::{
    build::{Builder, Kind, Shared},
    system::{Output, Role, roles},
    tape::{Inputs, Op, Past, Reg, Tape},
};

/// A network made ready to jump.
///
/// Amounts of species are counts. A reaction happens with the probability per time that its rate
/// says, as written: whoever means pairs of the same species writes `k*A*(A - 1)`. A reversible
/// reaction whose rate is a difference is two, one forth and one back.
#[derive(Clone, Debug)]
pub struct Jumps {
    pub(crate) channels: Vec<Channel>,
    /// Channels whose rates depend on what a channel changes, `[channel]`.
    pub(crate) touched: Vec<Vec<usize>>,
    /// Counts at the start; zero is the time.
    pub(crate) start: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    pub(crate) observe: Tape,
    pub(crate) outputs: Vec<Reg>,
    pub(crate) names: Vec<String>,
}

/// One thing that can happen.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    rate: Tape,
    reg: Reg,
    /// State and whole number that is added to it.
    pub(crate) change: Vec<(usize, f64)>,
}

impl Channel {
    /// How often it happens, per time.
    pub(crate) fn rate(&self, state: &[f64], parameters: &[f64], regs: &mut Vec<f64>) -> f64 {
        self.rate.run(inputs(state, parameters), regs);
        regs[self.reg as usize]
    }
}

/// No past: nothing that is counted asks for it.
struct Nothing;

impl Past for Nothing {
    fn value(&self, _: usize, _: f64) -> f64 {
        f64::NAN
    }

    fn slope(&self, _: usize, _: f64) -> f64 {
        f64::NAN
    }
}

/// What operations are evaluated with.
fn inputs<'a>(state: &'a [f64], parameters: &'a [f64]) -> Inputs<'a> {
    Inputs { state, parameters, modes: &[], past: &Nothing }
}

/// Makes a network ready to jump; `outputs` are reported by a run.
///
/// # Errors
/// `not-counted`, for everything that is not a reaction with a whole number of each species: rules
/// that change with time, algebraic rules, events, delays, fast reactions, rates that follow time,
/// starting amounts that are not whole.
pub fn jumps(network: &Network, outputs: &[Output]) -> Result<Jumps, Vec<Diagnostic>> {
    let mut problems = unheard_of(network);
    let mut shared = Shared::new(network, roles(network, &[]));
    let states = shared.states();
    let clock = states.len();
    let mut channels = Vec::new();
    for (id, symbol) in network.iter() {
        let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
        let change = match change(network, &shared, id, reaction, &states) {
            Ok(change) => change,
            Err(problem) => {
                problems.push(*problem);
                continue;
            }
        };
        for (name, rate, sign) in ways(&symbol.name, reaction) {
            let mut builder = Builder::new(Kind::Live);
            let reg = builder.expr(&mut shared, rate);
            if builder.tape.depends(reg, &|op| is_clock(op, clock)) {
                let why = "has a rate that follows time";
                problems.push(refuse(network, id, why, "let it depend on counts alone"));
            }
            let change = change.iter().map(|(state, by)| (*state, sign * by)).collect();
            channels.push(Channel { name, rate: builder.tape, reg, change });
        }
    }
    let mut observe = Builder::new(Kind::Live);
    let outputs = outputs.iter().map(|&o| observe.output(&mut shared, o)).collect();
    let mut begin = Builder::new(Kind::Start);
    let begins: Vec<Reg> = states
        .iter()
        .copied()
        .chain(shared.parameters())
        .map(|id| begin.starting(&mut shared, id))
        .collect();
    problems.append(&mut shared.problems);
    if !shared.delayed.is_empty() {
        let message = "formulas that ask for the past cannot be followed as counts";
        problems.push(Diagnostic::error("not-counted", message).mend("take `delay` out"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut regs = Vec::new();
    begin.tape.run(inputs(&vec![0.0; clock + 1], &[]), &mut regs);
    let values: Vec<f64> = begins.iter().map(|&r| regs[r as usize]).collect();
    let (start, parameters) = values.split_at(clock);
    for (&id, &count) in states.iter().zip(start) {
        // Products of a concentration and a size are whole but for rounding.
        if (count - count.round()).abs() > 1e-9 * count.abs().max(1.0) || count < 0.0 {
            let why = format!("begins with {count}, which is not a number of things");
            problems.push(refuse(network, id, &why, "let its amount be a whole number"));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut start: Vec<f64> = start.iter().map(|c| c.round()).collect();
    start.push(0.0);
    Ok(Jumps {
        touched: touched(&channels),
        channels,
        start,
        parameters: parameters.to_vec(),
        observe: observe.tape,
        outputs,
        names: states.iter().map(|id| network[*id].name.clone()).collect(),
    })
}

impl Jumps {
    pub(crate) fn observed(&self, state: &[f64], regs: &mut Vec<f64>) -> Vec<f64> {
        self.observe.run(inputs(state, &self.parameters), regs);
        self.outputs.iter().map(|&r| regs[r as usize]).collect()
    }
}

/// What has no meaning where things are counted.
fn unheard_of(network: &Network) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (id, symbol) in network.iter() {
        if matches!(symbol.rule, Some(Rule::Rate(_))) {
            let why = "changes continuously, by a rate rule";
            problems.push(refuse(network, id, why, "write it as reactions"));
        }
        if symbol.conversion.is_some() {
            let why = "has a conversion factor";
            problems.push(refuse(network, id, why, "count it in the unit of the reactions"));
        }
        if matches!(&symbol.kind, SymbolKind::Reaction(r) if r.fast) {
            let why = "is marked fast";
            problems.push(refuse(network, id, why, "give it a rate that is not"));
        }
    }
    let mut whole = |what: &str, place, mend: &str| {
        let message = format!("{what} cannot be followed as counts");
        problems.push(Diagnostic::error("not-counted", message).at(place, "").mend(mend));
    };
    if let Some(rule) = network.algebraic.first() {
        whole("algebraic rules", rule.expr.span, "write them as assignments");
    }
    if let Some(event) = network.events.first() {
        let what = format!("events (`{}`)", event.name);
        whole(&what, event.span, "follow the model without chance");
    }
    problems
}

fn refuse(network: &Network, id: SymbolId, why: &str, mend: &str) -> Diagnostic {
    let symbol = &network[id];
    Diagnostic::error("not-counted", format!("`{}` {why}", symbol.name))
        .at(symbol.span, "")
        .mend(mend)
}

/// The ways a reaction can go: names, rates and signs.
fn ways<'r>(name: &str, reaction: &'r Reaction) -> Vec<(String, &'r Expr, f64)> {
    match &reaction.rate.node {
        Node::Binary(BinaryOp::Sub, forth, back) if reaction.reversible => {
            vec![(name.to_string(), forth, 1.0), (format!("{name} (back)"), back, -1.0)]
        }
        _ => vec![(name.to_string(), &reaction.rate, 1.0)],
    }
}

/// What a reaction does to the states, forth.
fn change(
    network: &Network,
    shared: &Shared,
    reaction_id: SymbolId,
    reaction: &Reaction,
    states: &[SymbolId],
) -> Result<Vec<(usize, f64)>, Box<Diagnostic>> {
    let mut change: Vec<(usize, f64)> = Vec::new();
    let sides = [(&reaction.reactants, -1.0), (&reaction.products, 1.0)];
    let all = sides.iter().flat_map(|(side, sign)| side.iter().map(move |p| (p, *sign)));
    for (Participant { species, stoichiometry, variable }, sign) in all {
        if variable.is_some() || stoichiometry.fract() != 0.0 || !stoichiometry.is_finite() {
            let why = format!("changes `{}` by what is not a whole number", network[*species].name);
            let mend = "let all stoichiometries be whole numbers";
            return Err(Box::new(refuse(network, reaction_id, &why, mend)));
        }
        // Species that reactions do not change have no state.
        let Some(state) = states.iter().position(|s| s == species) else { continue };
        if !matches!(shared.roles[species.0 as usize], Role::AmountState(_)) {
            continue;
        }
        match change.iter_mut().find(|(s, _)| *s == state) {
            Some((_, by)) => *by += sign * stoichiometry,
            None => change.push((state, sign * stoichiometry)),
        }
    }
    change.retain(|(_, by)| *by != 0.0);
    Ok(change)
}

fn is_clock(op: Op, clock: usize) -> bool {
    matches!(op, Op::State(i) if i as usize == clock)
}

/// For each channel those whose rates depend on what it changes.
fn touched(channels: &[Channel]) -> Vec<Vec<usize>> {
    let reads = |channel: &Channel, state: usize| {
        channel.rate.depends(channel.reg, &|op| matches!(op, Op::State(i) if i as usize == state))
    };
    channels
        .iter()
        .map(|from| {
            let after = |to: &Channel| from.change.iter().any(|(state, _)| reads(to, *state));
            (0..channels.len()).filter(|&to| after(&channels[to])).collect()
        })
        .collect()
}
