//! Following a system in time: steps that end where something turns, and events.

use std::{
    fmt,
    time::{Duration, Instant},
};

use hersim_network::SymbolId;

use crate::{
    history::{Beginning, History},
    solver::Solver,
    system::System,
    tape::{Inputs, Reg},
};

/// How exactly a system is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Relative tolerance of each step.
    pub relative: f64,
    /// Absolute tolerance of each step, in the states' own units.
    pub absolute: f64,
    /// Steps after which a run is given up, rejected ones included.
    pub max_steps: u64,
    /// Time on the clock after which a run is given up.
    pub patience: Option<Duration>,
    /// What chance follows from: which of several events that are due with equal priorities
    /// happens first.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { relative: 1e-8, absolute: 1e-12, max_steps: 2_000_000, patience: None, seed: 1 }
    }
}

/// Why and when a run could not go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Time reached.
    pub time: f64,
    /// What happened.
    pub reason: Reason,
    /// What it happened to, where that is one thing.
    pub of: Option<Trouble>,
}

/// What kept a run from going on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// A symbol, and its state: the one that changed most in the last step, or that is no number.
    Symbol(SymbolId, f64),
    /// An event, by its place in the network.
    Event(usize),
}

impl Failure {
    fn new(time: f64, reason: Reason) -> Failure {
        Failure { time, reason, of: None }
    }
}

/// What can keep a run from going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A value at the start is not a number.
    Start,
    /// No starting values meet the algebraic rules or the equilibria of fast reactions.
    Inconsistent,
    /// The rules do not determine their symbols, whatever the values.
    Undetermined,
    /// Steps have become too small: the solution breaks off or jumps.
    StepTooSmall,
    /// Too many steps.
    StepBudget,
    /// It took too long.
    Patience,
    /// The past that formulas ask for has become too long to remember.
    Memory,
    /// Events set off one another without end.
    Cascade,
    /// The delay of an event, or of a formula, is negative or not a number.
    Delay(String),
    /// Fast reactions do not come to rest so much faster than the others change that it does not
    /// matter how fast they are.
    Fast,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded, so that it reads as the time that was meant.
        let at = round(self.time);
        match &self.reason {
            Reason::Start => write!(f, "a starting value is not a number"),
            Reason::Inconsistent => {
                write!(f, "no values meet the algebraic rules and equilibria at time {at}")
            }
            Reason::Undetermined => {
                write!(f, "the algebraic rules do not determine their symbols at time {at}")
            }
            Reason::StepTooSmall => {
                write!(f, "the solution breaks off at time {at}: steps have become too small")
            }
            Reason::StepBudget => write!(f, "too many steps were needed; time {at} was reached"),
            Reason::Patience => write!(f, "it took too long; time {at} was reached"),
            Reason::Memory => {
                write!(f, "the past has become too long to remember; time {at} was reached")
            }
            Reason::Cascade => write!(f, "events set off one another without end at time {at}"),
            Reason::Fast => {
                write!(f, "what fast reactions do depends on how fast they are at time {at}")
            }
            Reason::Delay(what) => write!(f, "the delay of {what} is negative at time {at}"),
        }
    }
}

impl std::error::Error for Failure {}

/// Follows a system from time zero and reports its outputs at these times, which rise.
///
/// At the time of an event the values after it are reported.
///
/// # Errors
/// When and why the run could not go on.
pub fn run(system: &System, times: &[f64], settings: &Settings) -> Result<Vec<Vec<f64>>, Failure> {
    run_watched(system, times, settings, &|_| ())
}

/// As [`run`]; `watch` is told the time that was reached, step by step.
///
/// # Errors
/// As [`run`].
pub fn run_watched(
    system: &System,
    times: &[f64],
    settings: &Settings,
    watch: &dyn Fn(f64),
) -> Result<Vec<Vec<f64>>, Failure> {
    let began = Instant::now();
    if system.exact {
        let exact = Run::new(system, times, settings, 0.0, began);
        match (exact.and_then(|run| run.follow(watch)), &system.alternative) {
            (Err(failure), Some(alternative)) if failure.reason != Reason::Patience => {
                hurried(alternative, times, settings, watch, began)
            }
            (result, _) => result,
        }
    } else {
        hurried(system, times, settings, watch, began)
    }
}

/// Follows a system whose fast reactions are some orders of magnitude faster than written, for
/// want of equations for where they rest. It must not matter how many orders.
fn hurried(
    system: &System,
    times: &[f64],
    settings: &Settings,
    watch: &dyn Fn(f64),
    began: Instant,
) -> Result<Vec<Vec<f64>>, Failure> {
    const FAST: f64 = 1e7;
    const FASTER: f64 = 1e9;
    /// Part of a column's largest value that its values may differ by.
    const DIFFERENCE: f64 = 1e-5;
    let horizon = times.last().copied().unwrap_or(1.0);
    let per_time = if horizon > 0.0 { (1.0 / horizon).max(1.0) } else { 1.0 };
    let follow = |speed| Run::new(system, times, settings, speed, began)?.follow(watch);
    let slower = follow(FAST * per_time)?;
    let faster = follow(FASTER * per_time)?;
    for column in 0..faster.first().map_or(0, Vec::len) {
        let largest = faster.iter().map(|row| row[column].abs()).fold(0.0, f64::max);
        for ((a, b), time) in slower.iter().zip(&faster).zip(times) {
            if (a[column] - b[column]).abs() > DIFFERENCE * largest {
                return Err(Failure::new(*time, Reason::Fast));
            }
        }
    }
    Ok(faster)
}

/// An event that is due.
pub(crate) struct Due {
    pub(crate) event: usize,
    pub(crate) time: f64,
    pub(crate) values: Option<Vec<f64>>,
}

/// A system on its way.
pub(crate) struct Run<'s> {
    pub(crate) system: &'s System,
    pub(crate) settings: &'s Settings,
    pub(crate) times: &'s [f64],
    pub(crate) rows: Vec<Vec<f64>>,
    pub(crate) solver: Solver,
    pub(crate) history: History<'s>,
    pub(crate) state: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    pub(crate) modes: Vec<f64>,
    pub(crate) held: Vec<bool>,
    pub(crate) due: Vec<Due>,
    pub(crate) length: f64,
    pub(crate) steps: u64,
    pub(crate) random: u64,
    pub(crate) began: Instant,
}

/// The horizon is at least this many steps long where something can turn within a step.
const FEWEST_STEPS: f64 = 200.0;

impl<'s> Run<'s> {
    fn new(
        system: &'s System,
        times: &'s [f64],
        settings: &'s Settings,
        speed: f64,
        began: Instant,
    ) -> Result<Self, Failure> {
        let mut regs = Vec::new();
        let past = Beginning::new(&system.delayed, system.n);
        let state = vec![0.0; system.n];
        let inputs = Inputs { state: &state, parameters: &[], modes: &[], past: &past };
        system.start.run(inputs, &mut regs);
        let mut values: Vec<f64> = system.starts.iter().map(|&r| regs[r as usize]).collect();
        values.push(speed);
        let (state, parameters) = values.split_at(system.n);
        let mut state = state.to_vec();
        // What algebraic rules determine may start anywhere.
        for unknown in system.settling.iter().filter(|s| !s.fast) {
            for &(i, _) in &unknown.direction {
                if !state[i].is_finite() {
                    state[i] = 1.0;
                }
            }
        }
        if let Some(at) = state.iter().position(|x| !x.is_finite()) {
            let of = system.symbol(at).map(|id| Trouble::Symbol(id, state[at]));
            return Err(Failure { of, ..Failure::new(0.0, Reason::Start) });
        }
        let mut run = Run {
            system,
            settings,
            times,
            rows: Vec::new(),
            solver: system.solver.clone(),
            history: History::new(&system.delayed, &state, parameters),
            state,
            parameters: parameters.to_vec(),
            modes: vec![0.0; system.modes.len()],
            held: system.events.iter().map(|e| e.initially).collect(),
            due: Vec::new(),
            length: 0.0,
            steps: 0,
            random: settings.seed,
            began,
        };
        run.settle()?;
        run.history = History::new(&system.delayed, &run.state, parameters);
        run.history.jumps.push(0.0);
        Ok(run)
    }

    pub(crate) fn time(&self) -> f64 {
        self.state[self.system.n - 1]
    }

    /// Whether patience has run out.
    pub(crate) fn late(&self) -> bool {
        self.settings.patience.is_some_and(|patience| self.began.elapsed() > patience)
    }

    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            state: &self.state,
            parameters: &self.parameters,
            modes: &self.modes,
            past: &self.history,
        }
    }

    pub(crate) fn fail<T>(&self, reason: Reason) -> Result<T, Failure> {
        Err(Failure::new(self.time(), reason))
    }

    /// Gives up over what changed most in the last step.
    fn fail_of<T>(&self, reason: Reason, state: usize) -> Result<T, Failure> {
        let of = self.system.symbol(state).map(|id| Trouble::Symbol(id, self.state[state]));
        Err(Failure { of, ..Failure::new(self.time(), reason) })
    }

    pub(crate) fn observe(&self, regs: &[Reg]) -> Vec<f64> {
        let mut all = Vec::new();
        self.system.observe.run(self.inputs(), &mut all);
        regs.iter().map(|&r| all[r as usize]).collect()
    }

    fn follow(mut self, watch: &dyn Fn(f64)) -> Result<Vec<Vec<f64>>, Failure> {
        let end = self.times.last().copied().unwrap_or(0.0);
        self.events()?;
        self.length = 1e-6 * end;
        while self.time() < end {
            self.deliver(self.time());
            if let Err(failure) = self.advance(end) {
                // Time may also be up between steps, when the last one says what was hard.
                return match failure {
                    Failure { of: None, reason: Reason::Patience, .. } => {
                        self.fail_of(Reason::Patience, self.solver.worst)
                    }
                    _ => Err(failure),
                };
            }
            watch(self.time());
        }
        self.deliver(end);
        Ok(self.rows)
    }

    /// Reports the present state at all times up to now that are still to be reported.
    fn deliver(&mut self, now: f64) {
        while self.times.get(self.rows.len()).is_some_and(|t| *t <= now) {
            let row = self.observe(&self.system.outputs);
            self.rows.push(row);
        }
    }

    /// Takes one step, or the part of it up to where something turns.
    fn advance(&mut self, end: f64) -> Result<(), Failure> {
        let now = self.time();
        let stop = self.next_stop(end)?;
        let smallest = 4.0 * f64::EPSILON * now.abs().max(1e-10 * end);
        let longest = self.longest(end)?;
        let system = self.system;
        let mut solver = std::mem::replace(&mut self.solver, Solver::new_empty());
        solver.differentiate(system, self.inputs());
        let tolerances = (self.settings.relative, self.settings.absolute);
        let step = loop {
            self.steps += 1;
            if self.steps > self.settings.max_steps {
                return self.fail_of(Reason::StepBudget, solver.worst);
            }
            if self.late() {
                return self.fail_of(Reason::Patience, solver.worst);
            }
            let left = stop - now;
            let mut length = self.length.min(longest).min(left);
            // No crumbs before a stop.
            if left - length < 0.01 * length {
                length = left;
            }
            let tried = solver.step(system, &self.history, self.inputs(), length, tolerances);
            match tried {
                Some((mut step, error)) if error <= 1.0 => {
                    self.length = length * (0.9 * error.max(1e-10).powf(-0.2)).clamp(0.2, 5.0);
                    if length == left {
                        step.to = stop;
                        if let Some(clock) = step.end.last_mut() {
                            *clock = stop;
                        }
                    }
                    step.interpolate(&solver.stages);
                    break step;
                }
                Some((_, error)) => {
                    self.length = length * (0.9 * error.powf(-0.2)).clamp(0.1, 0.9);
                }
                None => self.length = length * 0.1,
            }
            if self.length < smallest && length > left.min(smallest) {
                return self.fail_of(Reason::StepTooSmall, solver.worst);
            }
        };
        self.solver = solver;
        let cut = self.turns(&step);
        let until = cut.unwrap_or(step.to);
        let mut state = Vec::new();
        // Times before the end of the step; what is due at its end waits for the events.
        while let Some(&t) = self.times.get(self.rows.len()).filter(|t| **t < until) {
            step.states(t, &mut state);
            std::mem::swap(&mut state, &mut self.state);
            let row = self.observe(&self.system.outputs);
            std::mem::swap(&mut state, &mut self.state);
            self.rows.push(row);
        }
        if cut.is_some() {
            step.states(until, &mut state);
            self.state.copy_from_slice(&state);
        } else {
            self.state.copy_from_slice(&step.end);
        }
        if !self.history.push(step, until, &self.parameters) {
            return self.fail(Reason::Memory);
        }
        self.events()
    }

    /// The next time that is known beforehand at which something may turn.
    fn next_stop(&self, end: f64) -> Result<f64, Failure> {
        let now = self.time();
        let mut stop = end;
        let mut consider = |time: f64| {
            if time > now && time < stop {
                stop = time;
            }
        };
        self.due.iter().for_each(|due| consider(due.time));
        if !self.system.timed.is_empty() {
            let mut ahead = self.state.clone();
            if let Some(clock) = ahead.last_mut() {
                *clock += 1.0;
            }
            let (mut at, mut later) = (Vec::new(), Vec::new());
            self.system.watch.run(self.inputs(), &mut at);
            self.system.watch.run(Inputs { state: &ahead, ..self.inputs() }, &mut later);
            for &reg in &self.system.timed {
                let (here, there) = (at[reg as usize], later[reg as usize]);
                let time = now - here / (there - here);
                if time.is_finite() {
                    consider(round(time));
                }
            }
        }
        if self.history.is_needed() {
            for lag in self.observe(&self.system.lags) {
                self.history.jumps.iter().for_each(|jump| consider(jump + lag));
            }
        }
        Ok(stop)
    }

    /// The longest step that is safe.
    fn longest(&self, end: f64) -> Result<f64, Failure> {
        let watched = self.system.modes.len() + self.system.triggers.len() > 0;
        let mut longest = if watched { end / FEWEST_STEPS } else { end };
        for lag in self.observe(&self.system.lags) {
            if lag < 0.0 || lag.is_nan() {
                return self.fail(Reason::Delay("a formula".into()));
            }
            // A step must not ask for its own past.
            if lag > 0.0 {
                longest = longest.min(lag * 0.999);
            }
        }
        Ok(longest)
    }
}

/// A computed time that is a short decimal but for rounding, as that decimal.
fn round(time: f64) -> f64 {
    format!("{time:.13e}").parse().unwrap_or(time)
}
