//! The state in which a dose finds a system that has always been given it before.

use std::collections::HashSet;

use hersim_engine::{Failure, Leg, Moment, Program, Reached, Subject, run};
use hersim_network::{Expr, Network, Rule, SymbolId, SymbolKind};

use super::{BodySize, BoundOrder, BoundRegimen};
use crate::{
    equilibrate::{EnsembleSettings, typical_scale},
    treatment::Treatment,
};

/// Cycles after which steady state is given up.
const MOST_CYCLES: u32 = 5000;

/// What a steady state is looked for in.
pub struct SteadyRun<'a> {
    /// The system.
    pub network: &'a Network,
    /// Compiled.
    pub program: &'a Program,
    /// Its parameters.
    pub parameters: &'a [f64],
    /// Its state without any dose.
    pub rest: &'a [f64],
    /// Body size for doses.
    pub size: BodySize,
    /// Days in the model's unit of time.
    pub time_unit_days: f64,
    /// Tolerances.
    pub settings: &'a EnsembleSettings,
}

/// The state just before a dose of this order when it has been given at its interval for ever.
///
/// What only counts (the amount that has been excreted, a hazard that adds up) need not settle:
/// nothing follows from it. Doses are given cycle after cycle until what all cycles to come would still change is smaller
/// than the tolerance of the integration, judged from the ratio of the last two changes.
///
/// # Errors
/// The place in [`Program::states`] of the state that changes most when it does not settle.
pub fn steady_state(of: &SteadyRun<'_>, order: &BoundOrder) -> Result<Vec<f64>, Option<usize>> {
    let mut endless = order.clone();
    endless.order.times = None;
    endless.order.start_day = 0.0;
    endless.order.end_day = f64::INFINITY;
    endless.epoch = 0;
    let interval = endless.order.every_day;
    let regimen = BoundRegimen { orders: vec![endless], resets: Vec::new() };
    let horizon = interval * f64::from(MOST_CYCLES);
    let felt = felt(of.network);
    let course = || Cycles {
        of,
        felt: of.program.states().iter().map(|s| felt.contains(s)).collect(),
        treatment: Treatment::new(&regimen, of.program, of.size, 0.0, horizon),
        interval,
        cycle: 0,
        last: of.rest.to_vec(),
        change: f64::INFINITY,
        largest: of.rest.iter().map(|v| v.abs()).collect(),
        worst: None,
        settled: false,
        failure: None,
    };
    // A first pass finds how large each state grows, which sets its absolute tolerance.
    let mut pilot = [course()];
    run(
        of.program,
        &mut pilot,
        &of.settings.engine(&typical_scale(of.program, Some(of.rest))),
        &|_| {},
    );
    let scale: Vec<f64> =
        pilot[0].largest.iter().map(|l| if *l > 0.0 { *l } else { 1.0 }).collect();
    let mut courses = [course()];
    run(of.program, &mut courses, &of.settings.engine(&scale), &|_| {});
    let [found] = courses;
    if found.settled { Ok(found.last) } else { Err(found.failure.map(|f| f.worst).or(found.worst)) }
}

/// The symbols that some rate of change or event depends on.
fn felt(network: &Network) -> HashSet<SymbolId> {
    let mut open: Vec<&Expr> = Vec::new();
    for (_, symbol) in network.iter() {
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            open.push(&reaction.rate);
        }
        if let Some(Rule::Rate(rate)) = &symbol.rule {
            open.push(rate);
        }
    }
    for event in &network.events {
        open.push(&event.trigger);
        open.extend(event.assignments.iter().map(|(_, value)| value));
    }
    let mut found = HashSet::new();
    while let Some(expr) = open.pop() {
        for id in expr.symbols() {
            if found.insert(id)
                && let Some(Rule::Assignment(rule)) = &network[id].rule
            {
                open.push(rule);
            }
        }
    }
    found
}

/// Cycle after cycle of one order.
struct Cycles<'a> {
    of: &'a SteadyRun<'a>,
    /// Which states something follows from.
    felt: Vec<bool>,
    treatment: Treatment,
    interval: f64,
    cycle: u32,
    /// State at the end of the last cycle.
    last: Vec<f64>,
    /// Largest change over the last cycle, relative to the largest value of each state.
    change: f64,
    largest: Vec<f64>,
    worst: Option<usize>,
    settled: bool,
    failure: Option<Failure>,
}

impl Cycles<'_> {
    fn end_day(&self) -> f64 {
        f64::from(self.cycle) * self.interval
    }

    /// Whether all cycles to come would change the state by less than the tolerance.
    fn compare(&mut self, state: &[f64]) -> bool {
        let before = self.change;
        self.change = 0.0;
        for (i, (now, last)) in state.iter().zip(&self.last).enumerate() {
            if !self.felt[i] {
                continue;
            }
            let change = (now - last).abs() / self.largest[i].max(f64::MIN_POSITIVE);
            if change > self.change {
                self.change = change;
                self.worst = Some(i);
            }
        }
        self.last.copy_from_slice(state);
        let ratio = self.change / before;
        let tolerance = self.of.settings.rtol;
        // Below the integration's own error the ratio says nothing more.
        self.cycle > 2
            && (self.change <= 1e-3 * tolerance
                || (ratio < 1.0 && self.change * ratio / (1.0 - ratio) <= 0.1 * tolerance))
    }
}

impl Subject for Cycles<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(self.of.parameters);
        state.copy_from_slice(self.of.rest);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        for (largest, value) in self.largest.iter_mut().zip(now.state.iter()) {
            *largest = largest.max(value.abs());
        }
        let day = match now.reached {
            Reached::Start => 0.0,
            _ => self.treatment.next_day().min(self.end_day()),
        };
        if day >= self.end_day() {
            if self.cycle > 0 && self.compare(now.state) {
                self.settled = true;
                return None;
            }
            if self.cycle == MOST_CYCLES {
                return None;
            }
            self.cycle += 1;
        }
        self.treatment.give(day, self.of.time_unit_days, now);
        for (largest, value) in self.largest.iter_mut().zip(now.state.iter()) {
            *largest = largest.max(value.abs());
        }
        let until = self.treatment.next_day().min(self.end_day());
        Some(Leg::until(until / self.of.time_unit_days))
    }

    fn sample(&mut self, _t: f64, _state: &[f64], _parameters: &[f64], _outputs: &[f64]) {}

    fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}
