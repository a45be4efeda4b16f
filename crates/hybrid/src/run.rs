//! Following a system in time: steps that end where something turns, and events.

use std::fmt;

use crate::{
    history::{History, NoPast, Step},
    solver::Solver,
    system::{Role, System},
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
}

impl Default for Settings {
    fn default() -> Self {
        Settings { relative: 1e-8, absolute: 1e-12, max_steps: 2_000_000 }
    }
}

/// Why and when a run could not go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Time reached.
    pub time: f64,
    /// What happened.
    pub reason: Reason,
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
    /// Events set off one another without end.
    Cascade,
    /// The delay of an event, or of a formula, is negative or not a number.
    Delay(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.time;
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
            Reason::StepBudget => write!(f, "too many steps; time {at} was reached"),
            Reason::Cascade => write!(f, "events set off one another without end at time {at}"),
            Reason::Delay(what) => write!(f, "the delay of {what} is not positive at time {at}"),
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
    Run::new(system, times, settings)?.follow()
}

/// An event that is due.
struct Due {
    event: usize,
    time: f64,
    values: Option<Vec<f64>>,
}

struct Run<'s> {
    system: &'s System,
    settings: &'s Settings,
    times: &'s [f64],
    rows: Vec<Vec<f64>>,
    solver: Solver,
    history: History<'s>,
    state: Vec<f64>,
    parameters: Vec<f64>,
    modes: Vec<f64>,
    held: Vec<bool>,
    due: Vec<Due>,
    length: f64,
    steps: u64,
}

/// Places within a step that are looked at.
const LOOKS: usize = 8;
/// Events may set off one another this many times at one moment.
const LONGEST_CASCADE: usize = 10_000;
/// The horizon is at least this many steps long where something can turn within a step.
const FEWEST_STEPS: f64 = 200.0;

impl<'s> Run<'s> {
    fn new(
        system: &'s System,
        times: &'s [f64],
        settings: &'s Settings,
    ) -> Result<Self, Failure> {
        let mut regs = Vec::new();
        let inputs = Inputs { state: &[0.0], parameters: &[], modes: &[], past: &NoPast };
        system.start.run(inputs, &mut regs);
        let values: Vec<f64> = system.starts.iter().map(|&r| regs[r as usize]).collect();
        let (state, parameters) = values.split_at(system.n);
        let mut state = state.to_vec();
        // What algebraic rules determine may start anywhere.
        for (_, direction) in &system.implicit {
            if let [(i, _)] = direction[..]
                && !state[i].is_finite()
            {
                state[i] = 1.0;
            }
        }
        if state.iter().any(|x| !x.is_finite()) {
            return Err(Failure { time: 0.0, reason: Reason::Start });
        }
        let mut run = Run {
            system,
            settings,
            times,
            rows: Vec::new(),
            solver: Solver::new(system),
            history: History::new(&system.delayed, &state, parameters),
            state,
            parameters: parameters.to_vec(),
            modes: vec![0.0; system.modes.len()],
            held: system.events.iter().map(|e| e.initially).collect(),
            due: Vec::new(),
            length: 0.0,
            steps: 0,
        };
        run.settle()?;
        run.history = History::new(&system.delayed, &run.state, parameters);
        run.history.jumps.push(0.0);
        Ok(run)
    }

    fn time(&self) -> f64 {
        self.state[self.system.n - 1]
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            state: &self.state,
            parameters: &self.parameters,
            modes: &self.modes,
            past: &self.history,
        }
    }

    fn fail<T>(&self, reason: Reason) -> Result<T, Failure> {
        Err(Failure { time: self.time(), reason })
    }

    fn observe(&self, regs: &[Reg]) -> Vec<f64> {
        let mut all = Vec::new();
        self.system.observe.run(self.inputs(), &mut all);
        regs.iter().map(|&r| all[r as usize]).collect()
    }

    fn follow(mut self) -> Result<Vec<Vec<f64>>, Failure> {
        let end = self.times.last().copied().unwrap_or(0.0);
        self.events()?;
        self.length = 1e-6 * end;
        while self.time() < end {
            self.deliver(self.time());
            self.advance(end)?;
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
                return self.fail(Reason::StepBudget);
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
                return self.fail(Reason::StepTooSmall);
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
        self.history.push(step, until, &self.parameters);
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

    /// Conditions at a state: for steps and for events.
    fn conditions(&self, state: &[f64], regs: &mut Vec<f64>) -> Vec<f64> {
        self.system.watch.run(Inputs { state, ..self.inputs() }, regs);
        let all = self.system.modes.iter().chain(&self.system.triggers);
        all.map(|&r| regs[r as usize]).collect()
    }

    /// The first time in a step at which a condition is not what it was at its start, if any.
    fn turns(&self, step: &Step) -> Option<f64> {
        if self.system.modes.is_empty() && self.system.triggers.is_empty() {
            return None;
        }
        let mut regs = Vec::new();
        let mut state = Vec::new();
        let base = self.conditions(&step.start, &mut regs);
        let differ = |values: &[f64]| {
            values.iter().zip(&base).any(|(a, b)| a != b && !(a.is_nan() && b.is_nan()))
        };
        let differences = |regs: &[f64]| -> Vec<f64> {
            self.system.differences.iter().map(|&r| regs[r as usize]).collect()
        };
        let mut seen = vec![(step.from, differences(&regs))];
        let mut found = None;
        for look in 1..=LOOKS {
            let time = if look == LOOKS {
                step.to
            } else {
                step.from + (step.to - step.from) * look as f64 / LOOKS as f64
            };
            step.states(time, &mut state);
            let values = self.conditions(&state, &mut regs);
            seen.push((time, differences(&regs)));
            if let Some(dip) = self.dip(step, &seen, &differ) {
                let before = seen.len().saturating_sub(3);
                found = Some((seen[before].0, dip));
                break;
            }
            if differ(&values) {
                found = Some((seen[seen.len() - 2].0, time));
                break;
            }
        }
        let (mut before, mut after) = found?;
        loop {
            let middle = before + 0.5 * (after - before);
            if middle <= before || middle >= after {
                return Some(after);
            }
            step.states(middle, &mut state);
            if differ(&self.conditions(&state, &mut regs)) {
                after = middle;
            } else {
                before = middle;
            }
        }
    }

    /// Where between the last three looks a quantity touches zero, seen from one side at all
    /// three, so that a condition turns there.
    fn dip(
        &self,
        step: &Step,
        seen: &[(f64, Vec<f64>)],
        differ: &dyn Fn(&[f64]) -> bool,
    ) -> Option<f64> {
        let [.., (t0, a), (_, b), (t2, c)] = seen else { return None };
        let mut regs = Vec::new();
        let mut state = Vec::new();
        for (i, &reg) in self.system.differences.iter().enumerate() {
            let same = a[i].signum() == b[i].signum() && b[i].signum() == c[i].signum();
            let (x, y, z) = (a[i].abs(), b[i].abs(), c[i].abs());
            // A parabola through the three would reach beyond zero, or nearly so.
            let curved = x - 2.0 * y + z;
            let slope = 0.5 * (z - x);
            if !same || y > x || y > z || curved <= 0.0 || y - slope * slope / (2.0 * curved) > 0.2 * y
            {
                continue;
            }
            let (mut low, mut high) = (*t0, *t2);
            const GOLDEN: f64 = 0.381_966_011_250_105_2;
            for _ in 0..60 {
                let (p, q) = (low + GOLDEN * (high - low), high - GOLDEN * (high - low));
                let mut size = |time: f64| {
                    step.states(time, &mut state);
                    let turned = differ(&self.conditions(&state, &mut regs));
                    (regs[reg as usize].abs(), turned)
                };
                let ((at_p, p_turned), (at_q, q_turned)) = (size(p), size(q));
                if p_turned {
                    return Some(p);
                }
                if q_turned {
                    return Some(q);
                }
                if at_p < at_q {
                    high = q;
                } else {
                    low = p;
                }
            }
        }
        None
    }

    /// Lets everything happen that is to happen now, and looks at the conditions again.
    fn events(&mut self) -> Result<(), Failure> {
        let now = self.time();
        let mut regs = Vec::new();
        let mut jumped = false;
        for round in 0.. {
            if round > LONGEST_CASCADE {
                return self.fail(Reason::Cascade);
            }
            let count = self.system.modes.len();
            let conditions = self.conditions(&self.state, &mut regs);
            let turned = conditions[..count] != self.modes[..];
            self.modes.copy_from_slice(&conditions[..count]);
            if turned {
                jumped = true;
                self.settle()?;
            }
            self.trigger(&conditions[count..])?;
            let Some(next) = self.choose() else { break };
            let due = self.due.remove(next);
            self.execute(due)?;
            jumped = true;
        }
        if jumped {
            self.history.jumps.push(now);
            self.length *= 0.1;
        }
        Ok(())
    }

    /// Compares the triggers with what they were.
    fn trigger(&mut self, triggers: &[f64]) -> Result<(), Failure> {
        let now = self.time();
        let system = self.system;
        let mut all = Vec::new();
        for (index, event) in system.events.iter().enumerate() {
            let holds = triggers[index] != 0.0;
            let held = std::mem::replace(&mut self.held[index], holds);
            if held && !holds && !event.persistent {
                self.due.retain(|due| due.event != index);
            }
            if held || !holds {
                continue;
            }
            if all.is_empty() {
                system.observe.run(self.inputs(), &mut all);
            }
            let delay = event.delay.map_or(0.0, |reg| all[reg as usize]);
            if delay < 0.0 || delay.is_nan() {
                return self.fail(Reason::Delay(format!("the event `{}`", event.name)));
            }
            let values = || event.assignments.iter().map(|(_, reg)| all[*reg as usize]).collect();
            let values = event.at_trigger.then(values);
            self.due.push(Due { event: index, time: now + delay, values });
        }
        Ok(())
    }

    /// The event that happens next, of those whose time has come.
    fn choose(&self) -> Option<usize> {
        let now = self.time();
        let ready: Vec<usize> = (0..self.due.len()).filter(|&i| self.due[i].time <= now).collect();
        if ready.len() <= 1 {
            return ready.first().copied();
        }
        let mut all = Vec::new();
        self.system.observe.run(self.inputs(), &mut all);
        let priority = |i: usize| {
            let event = &self.system.events[self.due[i].event];
            event.priority.map_or(f64::NEG_INFINITY, |reg| all[reg as usize])
        };
        ready.into_iter().reduce(|best, i| if priority(i) > priority(best) { i } else { best })
    }

    /// Carries out the assignments of an event.
    fn execute(&mut self, due: Due) -> Result<(), Failure> {
        let system = self.system;
        let event = &system.events[due.event];
        let values = due.values.unwrap_or_else(|| {
            let regs: Vec<Reg> = event.assignments.iter().map(|a| a.1).collect();
            self.observe(&regs)
        });
        let sizes: Vec<Reg> = system.dilution.iter().map(|d| d.2).collect();
        let before = self.observe(&sizes);
        // Compartments first: what is in them is diluted, and new concentrations are in new sizes.
        let pairs = || event.assignments.iter().map(|a| a.0).zip(values.iter().copied());
        let role = |id: hersim_network::SymbolId| system.roles[id.0 as usize];
        for (id, value) in pairs() {
            match role(id) {
                Role::ValueState(i) => self.state[i as usize] = value,
                Role::ValueParameter(i) => self.parameters[i as usize] = value,
                _ => {}
            }
        }
        let after = self.observe(&sizes);
        for (((_, state, _), before), after) in system.dilution.iter().zip(before).zip(after) {
            let set = pairs().any(|(id, _)| role(id) == Role::ValueState(*state));
            if before != after && !set {
                self.state[*state as usize] *= before / after;
            }
        }
        for (id, value) in pairs() {
            let amount = value * system.size_of(id, |reg| self.observe(&[reg])[0]);
            match role(id) {
                Role::AmountState(i) => self.state[i as usize] = amount,
                Role::AmountParameter(i) => self.parameters[i as usize] = amount,
                _ => {}
            }
        }
        self.settle()
    }

    /// Moves the states onto algebraic rules and equilibria.
    fn settle(&mut self) -> Result<(), Failure> {
        const MOST: usize = 100;
        let system = self.system;
        let count = system.implicit.len();
        if count == 0 {
            return Ok(());
        }
        let mut regs = Vec::new();
        let conditions = self.conditions(&self.state, &mut regs);
        self.modes.copy_from_slice(&conditions[..system.modes.len()]);
        let mut solver = std::mem::replace(&mut self.solver, Solver::new_empty());
        let pattern: Vec<Vec<usize>> = vec![(0..count).collect(); count];
        let mut factor = crate::linear::Factor::new(count, &pattern, true);
        let mut result = self.fail(Reason::Inconsistent);
        for round in 0..MOST {
            let rates = solver.rates(system, self.inputs()).to_vec();
            let residuals: Vec<f64> = system.implicit.iter().map(|(row, _)| rates[*row]).collect();
            let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); count];
            for (j, (_, direction)) in system.implicit.iter().enumerate() {
                let mut along = vec![0.0; system.n];
                direction.iter().for_each(|&(i, d)| along[i] = d);
                let slopes = solver.along(system, self.inputs(), &along);
                for (row, (i, _)) in rows.iter_mut().zip(&system.implicit) {
                    row.push((j, slopes[*i]));
                }
            }
            if !factor.factor(&rows) {
                let reason = if round == 0 { Reason::Undetermined } else { Reason::Inconsistent };
                result = self.fail(reason);
                break;
            }
            let mut change = residuals;
            factor.solve(&mut change);
            let mut small = true;
            for ((_, direction), change) in system.implicit.iter().zip(&change) {
                for &(i, d) in direction {
                    let by = d * change;
                    self.state[i] -= by;
                    small &= by.abs() <= 1e-13 * self.state[i].abs() + 1e-300
                        || by.abs() <= 1e-3 * self.settings.absolute;
                }
            }
            if self.state.iter().any(|x| !x.is_finite()) {
                break;
            }
            if small {
                result = Ok(());
                break;
            }
        }
        self.solver = solver;
        result
    }
}

/// A computed time that is a short decimal but for rounding, as that decimal.
fn round(time: f64) -> f64 {
    format!("{time:.13e}").parse().unwrap_or(time)
}
