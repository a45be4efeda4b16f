//! What the states were: a step's interpolation, and all of them for formulas that ask for the past.

use std::cell::Cell;

use hersim_engine::tableau;

use crate::{
    system::Delayed,
    tape::{Inputs, Past, Reg, Tape},
};

/// The solution over one step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    pub(crate) from: f64,
    /// Where the step was to end; what is used of it may end before.
    pub(crate) to: f64,
    pub(crate) start: Vec<f64>,
    pub(crate) end: Vec<f64>,
    pub(crate) k: [Vec<f64>; 3],
}

impl Step {
    /// Computes the interpolation from the stages.
    pub(crate) fn interpolate(&mut self, stages: &[Vec<f64>]) {
        for (k, weights) in self.k.iter_mut().zip(&tableau::H) {
            k.clear();
            for i in 0..self.start.len() {
                k.push(weights.iter().zip(stages).map(|(w, u)| w * u[i]).sum());
            }
        }
    }

    /// All states at a time within the step; the last is the time itself.
    pub(crate) fn states(&self, time: f64, states: &mut Vec<f64>) {
        let theta = (time - self.from) / (self.to - self.from);
        let [k1, k2, k3] = &self.k;
        states.clear();
        for i in 0..self.start.len() {
            let inner = k1[i] + theta * (k2[i] + theta * k3[i]);
            let value =
                (1.0 - theta) * self.start[i] + theta * (self.end[i] + (1.0 - theta) * inner);
            states.push(value);
        }
        if let Some(last) = states.last_mut() {
            *last = time;
        }
    }
}

/// All steps so far, where formulas ask for them.
pub(crate) struct History<'s> {
    formulas: &'s [Delayed],
    /// Steps, where what is used of each ends, and the parameters meanwhile.
    steps: Vec<(Step, f64, Vec<f64>)>,
    before: (Vec<f64>, Vec<f64>),
    /// Whether a time at which something jumped means the moment before.
    pub(crate) left: Cell<bool>,
    /// Times at which something jumped.
    pub(crate) jumps: Vec<f64>,
    depth: Cell<u32>,
}

/// The past may ask for its past this often.
const DEEPEST: u32 = 100;
/// Numbers of the past that are remembered.
const MOST_NUMBERS: usize = 64 << 20;

impl<'s> History<'s> {
    pub(crate) fn new(formulas: &'s [Delayed], states: &[f64], parameters: &[f64]) -> Self {
        History {
            formulas,
            steps: Vec::new(),
            before: (states.to_vec(), parameters.to_vec()),
            left: Cell::new(false),
            jumps: Vec::new(),
            depth: Cell::new(0),
        }
    }

    pub(crate) fn is_needed(&self) -> bool {
        !self.formulas.is_empty()
    }

    /// Remembers a step; false when there is no more room for it.
    pub(crate) fn push(&mut self, step: Step, until: f64, parameters: &[f64]) -> bool {
        if self.is_needed() {
            let size = 5 * step.start.len() + parameters.len();
            if self.steps.len() * size > MOST_NUMBERS {
                return false;
            }
            self.steps.push((step, until, parameters.to_vec()));
        }
        true
    }

    /// States and parameters at a time, and whether it was before the start.
    fn at(&self, time: f64) -> (Vec<f64>, &[f64], bool) {
        let slack = 1e-12 * time.abs().max(1e-6);
        let next = if self.left.get() {
            self.steps.partition_point(|(_, until, _)| *until < time - slack)
        } else {
            self.steps.partition_point(|(_, until, _)| *until <= time + slack)
        };
        let early = self.steps.first().is_none_or(|(step, ..)| {
            if self.left.get() { time <= step.from + slack } else { time < step.from - slack }
        });
        if early {
            let mut states = self.before.0.clone();
            if let Some(last) = states.last_mut() {
                *last = time;
            }
            return (states, &self.before.1, true);
        }
        let (step, _, parameters) = &self.steps[next.min(self.steps.len() - 1)];
        let mut states = Vec::new();
        step.states(time, &mut states);
        (states, parameters, false)
    }
}

impl Past for History<'_> {
    fn value(&self, formula: usize, time: f64) -> f64 {
        let (state, parameters, before) = self.at(time);
        let formula = &self.formulas[formula];
        let written = if before { &formula.before } else { &formula.live };
        let inputs = Inputs { state: &state, parameters, modes: &[], past: self };
        evaluate(written, inputs, &self.depth)
    }

    fn slope(&self, formula: usize, time: f64) -> f64 {
        const SHARE: f64 = 1e-6;
        let step = SHARE * time.abs().max(1.0);
        // To one side, so that a jump is not taken for a slope.
        let (from, to) = if self.left.get() { (time - step, time) } else { (time, time + step) };
        (self.value(formula, to) - self.value(formula, from)) / step
    }
}

/// The past of the start itself.
pub(crate) struct Beginning<'s> {
    formulas: &'s [Delayed],
    states: usize,
    depth: Cell<u32>,
}

impl<'s> Beginning<'s> {
    pub(crate) fn new(formulas: &'s [Delayed], states: usize) -> Self {
        Beginning { formulas, states, depth: Cell::new(0) }
    }
}

impl Past for Beginning<'_> {
    fn value(&self, formula: usize, time: f64) -> f64 {
        let mut state = vec![0.0; self.states];
        if let Some(clock) = state.last_mut() {
            *clock = time;
        }
        let inputs = Inputs { state: &state, parameters: &[], modes: &[], past: self };
        evaluate(&self.formulas[formula].start, inputs, &self.depth)
    }

    fn slope(&self, _: usize, _: f64) -> f64 {
        0.0
    }
}

/// The value of a formula that may ask for its own past, unless it does so without end.
fn evaluate((tape, reg): &(Tape, Reg), inputs: Inputs, depth: &Cell<u32>) -> f64 {
    if depth.get() >= DEEPEST {
        return f64::NAN;
    }
    depth.set(depth.get() + 1);
    let mut regs = Vec::new();
    tape.run(inputs, &mut regs);
    depth.set(depth.get() - 1);
    regs[*reg as usize]
}
