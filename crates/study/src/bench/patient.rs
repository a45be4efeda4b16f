//! A patient whose doses are events of the model, seen at given times.

use hersim_engine::{Failure, Leg, Moment, Program, Reached, Subject};

/// One patient and what became of her.
#[derive(Clone, Debug)]
pub(super) struct Patient<'a> {
    parameters: Vec<f64>,
    start: Vec<f64>,
    times: &'a [f64],
    /// Outputs at the times asked for, `[time][output]`.
    pub(super) values: Vec<Vec<f64>>,
    /// Largest magnitude of each state at those times, `[state]`.
    pub(super) largest: Vec<f64>,
    /// Whether the engine gave up.
    pub(super) failed: bool,
}

impl<'a> Patient<'a> {
    /// A patient at the start, with these values of the parameters that vary.
    pub(super) fn new(program: &Program, values: &[f64], times: &'a [f64]) -> Self {
        let mut parameters = values.to_vec();
        let frozen = &program.parameters()[parameters.len()..];
        let kept: Vec<f64> =
            frozen.iter().map(|s| program.initial_of(*s, values).unwrap_or(0.0)).collect();
        parameters.extend(kept);
        parameters.resize(program.parameter_count(), 0.0);
        let start = program.initial(&parameters);
        let largest = start.iter().map(|v| v.abs()).collect();
        Patient {
            parameters,
            start,
            times,
            values: Vec::with_capacity(times.len()),
            largest,
            failed: false,
        }
    }
}

impl Subject for Patient<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.parameters);
        state.copy_from_slice(&self.start);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        let until = *self.times.last()?;
        (now.reached == Reached::Start)
            .then(|| Leg { samples: self.times.to_vec(), ..Leg::until(until) })
    }

    fn sample(&mut self, _t: f64, state: &[f64], _parameters: &[f64], outputs: &[f64]) {
        self.values.push(outputs.to_vec());
        for (largest, value) in self.largest.iter_mut().zip(state) {
            *largest = largest.max(value.abs());
        }
    }

    fn failed(&mut self, _failure: Failure) {
        self.failed = true;
    }
}
