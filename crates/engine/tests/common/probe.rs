//! A subject made of a script, which keeps all it is told.

#![allow(dead_code, reason = "not every test uses everything")]

use hersim_engine::{Effort, Failure, Leg, Moment, Program, Reached, Subject};

type Script = Box<dyn FnMut(&mut Moment<'_>) -> Option<Leg> + Send>;

/// A subject that follows a script.
pub struct Probe {
    pub start: f64,
    pub parameters: Vec<f64>,
    pub initial: Vec<f64>,
    script: Script,
    /// Time, state, outputs of every sample.
    pub samples: Vec<(f64, Vec<f64>, Vec<f64>)>,
    /// Time, reason and state of every call of `next`, before the script acts.
    pub moments: Vec<(f64, Reached, Vec<f64>)>,
    pub failure: Option<Failure>,
    pub effort: Option<Effort>,
}

impl Probe {
    /// Starts at zero with these parameters (infusions left out) and the state they imply.
    pub fn new(
        program: &Program,
        parameters: &[f64],
        script: impl FnMut(&mut Moment<'_>) -> Option<Leg> + Send + 'static,
    ) -> Probe {
        let mut parameters = parameters.to_vec();
        parameters.resize(program.parameter_count(), 0.0);
        Probe {
            start: 0.0,
            initial: program.initial(&parameters),
            parameters,
            script: Box::new(script),
            samples: Vec::new(),
            moments: Vec::new(),
            failure: None,
            effort: None,
        }
    }

    /// One leg, sampled at these times, to the last of them.
    pub fn sampled(program: &Program, parameters: &[f64], times: &[f64]) -> Probe {
        let mut legs =
            vec![Leg { until: *times.last().unwrap(), samples: times.to_vec(), ..Leg::default() }];
        Probe::new(program, parameters, move |_| legs.pop())
    }

    /// Value of a state in the sample with this number.
    pub fn at(&self, sample: usize, state: usize) -> f64 {
        self.samples[sample].1[state]
    }
}

impl Subject for Probe {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.parameters);
        state.copy_from_slice(&self.initial);
        self.start
    }
    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        self.moments.push((now.t, now.reached, now.state.to_vec()));
        (self.script)(now)
    }
    fn sample(&mut self, t: f64, state: &[f64], _: &[f64], outputs: &[f64]) {
        self.samples.push((t, state.to_vec(), outputs.to_vec()));
    }
    fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
    fn finished(&mut self, effort: Effort) {
        self.effort = Some(effort);
    }
}
