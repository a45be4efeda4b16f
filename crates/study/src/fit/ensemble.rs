//! Simulating every experiment for many values of the parameters at once.
//!
//! Whatever is the same is simulated once: tumours that differ in nothing that matters before time
//! zero share an equilibration, and parameters that only formulas use cost no simulation.

use std::{collections::HashMap, sync::Arc};

use hersim_engine::{Failure, Leg, Moment, Reached, Subject, run};

use super::{
    experiment::Experiment,
    setup::{Setup, SystemSetup, patient},
};
use crate::{
    dosing::BodySize,
    equilibrate::{EnsembleSettings, Ready, Rest},
    treatment::Treatment,
};

/// Outputs of one experiment, per time.
pub type Outputs = Vec<Vec<f64>>;

/// Outputs of all experiments for one set of parameters, or why there are none.
pub type Simulated = Result<Vec<Arc<Outputs>>, String>;

/// Results by set and experiment; none where nothing was tried yet.
type Results = Vec<Vec<Option<Result<Arc<Outputs>, String>>>>;

/// Simulates all experiments for each set of parameter values. `days` gives other times than
/// those of the measurements, per experiment.
pub fn simulate(
    setup: &Setup,
    sets: &[Vec<f64>],
    days: Option<&[Vec<f64>]>,
    settings: &EnsembleSettings,
) -> Vec<Simulated> {
    let mut results: Results = vec![vec![None; setup.experiments.len()]; sets.len()];
    for (number, system) in setup.systems.iter().enumerate() {
        let mine: Vec<usize> = (0..setup.experiments.len())
            .filter(|e| setup.experiments[*e].system == number)
            .collect();
        one_system(setup, system, &mine, sets, days, settings, &mut results);
    }
    (results.into_iter())
        .map(|all| {
            all.into_iter().map(|one| one.unwrap_or_else(|| Err("not run".into()))).collect()
        })
        .collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

fn one_system(
    setup: &Setup,
    system: &SystemSetup,
    mine: &[usize],
    sets: &[Vec<f64>],
    days: Option<&[Vec<f64>]>,
    settings: &EnsembleSettings,
    results: &mut Results,
) {
    // Tumours at rest, each once. The reference comes first, which fixes the tolerances.
    let mut resting: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut patients = vec![system.reference.clone()];
    // Courses, each once: who starts it, its parameters, its experiment.
    let mut courses: HashMap<(usize, Vec<u64>, usize), usize> = HashMap::new();
    let mut plans: Vec<(usize, Vec<f64>, usize)> = Vec::new();
    let mut wanted: Vec<Vec<usize>> = Vec::new();
    for set in sets {
        let mut row = Vec::new();
        for &e in mine {
            let experiment = &setup.experiments[e];
            let before = system.filled(&experiment.before, set);
            let rest = *resting.entry(bits(&before)).or_insert_with(|| {
                patients.push(patient(before));
                patients.len() - 1
            });
            let during = system.filled(&experiment.during, set);
            let key = (rest, bits(&during), e);
            row.push(*courses.entry(key).or_insert_with(|| {
                plans.push((rest, during, e));
                plans.len() - 1
            }));
        }
        wanted.push(row);
    }
    let ready = system.programs.equilibrate(&system.assembled, &patients, settings);
    let mut subjects = Vec::new();
    let mut places = Vec::new();
    for (rest, during, e) in &plans {
        let Rest::Failed(_) = ready[*rest].rest else {
            let experiment = &setup.experiments[*e];
            let days = days.map_or(&experiment.days, |d| &d[*e]);
            places.push(Some(subjects.len()));
            subjects.push(Course::new(system, experiment, &ready[*rest], during, days));
            continue;
        };
        places.push(None);
    }
    run(&system.programs.during, &mut subjects, &settings.engine(&system.scale), &|_| {});
    let outcomes: Vec<Result<Arc<Outputs>, String>> = (subjects.into_iter())
        .map(|mut course| match course.failure {
            Some(failure) => Err(system.describe(&failure)),
            None => Ok(Arc::new(std::mem::take(&mut course.rows))),
        })
        .collect();
    for (row, result) in wanted.iter().zip(results) {
        for (plan, &e) in row.iter().zip(mine) {
            result[e] = Some(match (places[*plan], &ready[plans[*plan].0].rest) {
                (Some(place), _) => outcomes[place].clone(),
                (None, Rest::Failed(reason)) => Err(reason.clone()),
                (None, _) => Err("it did not come to rest".into()),
            });
        }
    }
}

/// One experiment being run.
pub struct Course<'a> {
    ready: &'a Ready,
    parameters: Vec<f64>,
    days: &'a [f64],
    per_day: f64,
    treatment: Treatment,
    /// Outputs per time.
    pub rows: Outputs,
    /// Largest size of each state at any of these times and at doses.
    pub largest: Vec<f64>,
    failure: Option<Failure>,
}

impl<'a> Course<'a> {
    /// An experiment for a tumour at rest, with these values of the varying symbols.
    pub fn new(
        system: &'a SystemSetup,
        experiment: &'a Experiment,
        ready: &'a Ready,
        during: &[f64],
        days: &'a [f64],
    ) -> Self {
        let program = &system.programs.during;
        let mut parameters = ready.parameters.clone();
        parameters[..during.len()].copy_from_slice(during);
        let mut size = BodySize::default();
        if system.sized && !experiment.regimen.orders.is_empty() {
            let values = program.outputs_at(0.0, &ready.state, &parameters);
            size = BodySize { weight: values[0], surface: values[1] };
        }
        let last = days.last().copied().unwrap_or(0.0);
        Course {
            ready,
            parameters,
            days,
            per_day: 1.0 / system.assembled.days_per_time_unit(),
            treatment: Treatment::new(&experiment.regimen, program, size, 0.0, last),
            rows: Vec::new(),
            largest: ready.state.iter().map(|v| v.abs()).collect(),
            failure: None,
        }
    }

    fn note(&mut self, state: &[f64]) {
        for (largest, value) in self.largest.iter_mut().zip(state) {
            *largest = largest.max(value.abs());
        }
    }
}

impl Subject for Course<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.parameters);
        state.copy_from_slice(&self.ready.state);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        let day = match now.reached {
            Reached::Start => 0.0,
            _ => now.t / self.per_day,
        };
        // A measurement at the time of a dose comes before the dose.
        if now.reached == Reached::Start && self.days.first() == Some(&0.0) {
            let outputs = now.outputs();
            self.rows.push(outputs);
        }
        // Rounding of times must not lose a dose.
        let day = if self.treatment.next_day() <= day * (1.0 + 1e-12) {
            self.treatment.next_day().max(day)
        } else {
            day
        };
        self.treatment.give(day, 1.0 / self.per_day, now);
        self.note(now.state);
        let rest = &self.days[self.rows.len()..];
        let last = *rest.last()?;
        let until = self.treatment.next_day().min(last);
        let samples: Vec<f64> =
            rest.iter().take_while(|d| **d <= until).map(|d| d * self.per_day).collect();
        Some(Leg { until: until * self.per_day, samples, ..Leg::default() })
    }

    fn sample(&mut self, _t: f64, state: &[f64], _parameters: &[f64], outputs: &[f64]) {
        self.rows.push(outputs.to_vec());
        self.note(state);
    }

    fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}
