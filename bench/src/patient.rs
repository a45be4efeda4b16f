//! A patient who gets a dose into one species at regular times.

use hersim_engine::{Failure, Leg, Moment, Program, Reached, Subject};

use crate::Person;

/// One patient and what became of her.
#[derive(Clone, Debug)]
pub struct Patient {
    person: Person,
    parameters: Vec<f64>,
    start: Vec<f64>,
    dosed: usize,
    interval: f64,
    cycle: usize,
    /// Outputs before each dose but the first, and at the end, `[cycle][output]`.
    pub values: Vec<Vec<f64>>,
    /// Largest magnitude of each state between two legs, `[state]`.
    pub largest: Vec<f64>,
    /// Whether the engine gave up.
    pub failed: bool,
}

impl Patient {
    /// A patient at the start; doses go into the state at `dosed`, every `interval` days.
    pub fn new(program: &Program, person: Person, dosed: usize, interval: f64) -> Self {
        let mut parameters = person.values.clone();
        let frozen = &program.parameters()[parameters.len()..];
        let kept: Vec<f64> =
            frozen.iter().map(|s| program.initial_of(*s, &person.values).unwrap_or(0.0)).collect();
        parameters.extend(kept);
        parameters.resize(program.parameter_count(), 0.0);
        let start = program.initial(&parameters);
        let largest = start.iter().map(|v| v.abs()).collect();
        let values = Vec::with_capacity(person.doses.len());
        Patient {
            person,
            parameters,
            start,
            dosed,
            interval,
            cycle: 0,
            values,
            largest,
            failed: false,
        }
    }
}

impl Subject for Patient {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.parameters);
        state.copy_from_slice(&self.start);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        if now.reached != Reached::Start {
            self.values.push(now.outputs());
        }
        if let Some(dose) = self.person.doses.get(self.cycle) {
            now.state[self.dosed] += dose;
        }
        for (largest, value) in self.largest.iter_mut().zip(now.state.iter()) {
            *largest = largest.max(value.abs());
        }
        self.cycle += 1;
        (self.cycle <= self.person.doses.len())
            .then(|| Leg::until(self.cycle as f64 * self.interval))
    }

    fn sample(&mut self, _t: f64, _state: &[f64], _parameters: &[f64], _outputs: &[f64]) {}

    fn failed(&mut self, _failure: Failure) {
        self.failed = true;
    }
}
