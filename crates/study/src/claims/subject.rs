//! A course as the engine runs it.

use std::collections::HashMap;

use hersim_engine::{Effort, Failure, Leg, Moment, Reached, Subject, Watch, WatchOn};

use super::{course::Course, deed::Op, stage::Stage};
use crate::{
    dosing::{BodySize, BoundRegimen},
    equilibrate::Programs,
    treatment::Treatment,
};

/// What a course gave.
#[derive(Clone, Debug, Default)]
pub struct Trajectory {
    /// Outputs by day.
    pub read: Vec<(f64, Vec<f64>)>,
    /// Day and outputs of each crossing that was reached.
    pub crossed: Vec<Option<(f64, Vec<f64>)>>,
    /// State at the end.
    pub state: Vec<f64>,
    /// Parameters at the end.
    pub parameters: Vec<f64>,
    /// Largest size of each state.
    pub largest: Vec<f64>,
    /// Why it has no end.
    pub failure: Option<String>,
    /// Steps it took.
    pub steps: u64,
}

impl Trajectory {
    /// Outputs on a day.
    pub fn on(&self, day: f64) -> Option<&[f64]> {
        let found = self.read.iter().find(|(d, _)| *d == day);
        found.map(|(_, outputs)| outputs.as_slice())
    }
}

/// A change of parameters.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// A slot gets a value.
    Put(usize, f64),
    /// A gate is shut at what its symbol is now: places of `shut`, `held` and the output.
    Shut(usize, usize, usize),
}

/// A course on its way.
#[derive(Clone)]
pub struct Walker<'a> {
    course: &'a Course,
    start: (Vec<f64>, Vec<f64>),
    /// Length of the model's unit of time, days.
    unit: f64,
    changes: Vec<(f64, Vec<Change>)>,
    next_change: usize,
    treatment: Treatment,
    /// Places of the crossings among the outputs.
    watched: Vec<usize>,
    waiting: Vec<usize>,
    end: f64,
    /// What it gave.
    pub trajectory: Trajectory,
    /// How the integration failed.
    pub failed: Option<Failure>,
}

impl<'a> Walker<'a> {
    /// A course from these parameters and this state.
    pub fn new(
        course: &'a Course,
        stage: &Stage,
        programs: &Programs,
        parameters: Vec<f64>,
        state: Vec<f64>,
    ) -> Walker<'a> {
        let end = course.end();
        let (changes, regimen) = changes(course, stage, &parameters);
        let body = programs.during.outputs_at(0.0, &state, &parameters);
        // The first two outputs of a stage with doses are the body's.
        let size = match stage.assembled.system.value.dosing {
            Some(_) => BodySize { weight: body[0], surface: body[1] },
            None => BodySize::default(),
        };
        let treatment = Treatment::new(&regimen, &programs.during, size, 0.0, end);
        let watched: Vec<usize> =
            course.crossings.iter().filter_map(|c| stage.output(c.symbol)).collect();
        Walker {
            course,
            unit: stage.assembled.days_per_time_unit(),
            changes,
            next_change: 0,
            treatment,
            waiting: (0..watched.len()).collect(),
            watched,
            end,
            trajectory: Trajectory {
                crossed: vec![None; course.crossings.len()],
                largest: state.iter().map(|v| v.abs()).collect(),
                ..Trajectory::default()
            },
            start: (parameters, state),
            failed: None,
        }
    }

    fn next_day(&self) -> f64 {
        let change = self.changes.get(self.next_change).map_or(f64::INFINITY, |c| c.0);
        change.min(self.treatment.next_day())
    }

    fn note(&mut self, state: &[f64]) {
        for (largest, value) in self.trajectory.largest.iter_mut().zip(state) {
            *largest = largest.max(value.abs());
        }
    }
}

impl Subject for Walker<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.start.0);
        state.copy_from_slice(&self.start.1);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        let mut day = now.t * self.unit;
        match now.reached {
            // What is read at time zero is what was there before anything was done.
            Reached::Start if self.course.read().any(|day| day == 0.0) => {
                self.trajectory.read.push((0.0, now.outputs()));
            }
            Reached::Watch(place) => {
                let index = self.waiting.remove(place / 2);
                self.trajectory.crossed[index] = Some((day, now.outputs()));
            }
            Reached::End => day = self.leg_end(day),
            _ => {}
        }
        self.note(now.state);
        let past = |asked: f64| asked <= day;
        let waits = self.waiting.iter().any(|w| !past(self.course.crossings[*w].horizon));
        let more = self.course.days.last().is_some_and(|d| !past(*d));
        let history = self.course.ends.is_some_and(|end| !past(end));
        if !(waits || more || history) {
            self.trajectory.state = now.state.to_vec();
            self.trajectory.parameters = now.parameters.to_vec();
            return None;
        }
        while let Some((_, changes)) = self.changes.get(self.next_change).filter(|c| c.0 <= day) {
            let outputs = if changes.iter().any(|c| matches!(c, Change::Shut(..))) {
                now.outputs()
            } else {
                Vec::new()
            };
            for change in changes {
                match *change {
                    Change::Put(slot, value) => now.parameters[slot] = value,
                    Change::Shut(shut, held, output) => {
                        now.parameters[shut] = 1.0;
                        now.parameters[held] = outputs[output];
                    }
                }
            }
            self.next_change += 1;
        }
        self.treatment.give(day, self.unit, now);
        let until = self.next_day().min(self.end);
        let horizons = self.waiting.iter().map(|w| self.course.crossings[*w].horizon);
        let mut samples: Vec<f64> = (self.course.read().chain(horizons))
            .filter(|d| *d > day && *d <= until)
            .map(|d| d / self.unit)
            .collect();
        samples.sort_by(f64::total_cmp);
        samples.dedup();
        let watches = (self.waiting.iter())
            .flat_map(|w| {
                let on = WatchOn::Output(self.watched[*w]);
                let level = self.course.crossings[*w].level;
                [true, false].map(|rising| Watch { on, level, rising })
            })
            .collect();
        Some(Leg { until: until / self.unit, samples, watches, steady: None })
    }

    fn sample(&mut self, t: f64, state: &[f64], _parameters: &[f64], outputs: &[f64]) {
        let day = t * self.unit;
        // The very number that was asked for, whatever the unit of time did to it.
        let near = |asked: &f64| (*asked - day).abs() <= 1e-9 * day.max(1e-3);
        let horizons = self.course.crossings.iter().map(|c| c.horizon);
        let day = self.course.read().chain(horizons).find(near).unwrap_or(day);
        self.trajectory.read.push((day, outputs.to_vec()));
        self.note(state);
    }

    fn failed(&mut self, failure: Failure) {
        self.failed = Some(failure);
    }

    fn finished(&mut self, effort: Effort) {
        self.trajectory.steps = effort.steps;
    }
}

impl Walker<'_> {
    /// The state it began with.
    pub fn beginning(&self) -> Vec<f64> {
        self.start.1.clone()
    }

    /// The day that the last leg was to end on, free of rounding.
    fn leg_end(&self, day: f64) -> f64 {
        let planned = self.next_day().min(self.end);
        if (planned - day).abs() <= 1e-9 * planned.max(1e-3) { planned } else { day }
    }
}

/// The changes of a course in order, and its doses.
fn changes(
    course: &Course,
    stage: &Stage,
    parameters: &[f64],
) -> (Vec<(f64, Vec<Change>)>, BoundRegimen) {
    let slots: HashMap<_, usize> =
        stage.varying.iter().enumerate().map(|(slot, id)| (*id, slot)).collect();
    let mut now = parameters.to_vec();
    let mut regimen = BoundRegimen::default();
    let mut all = Vec::new();
    for (day, ops) in &course.timeline {
        let before = now.clone();
        if course.ends.is_some() {
            // A phase begins where all began.
            now = parameters.to_vec();
        }
        let mut shut = Vec::new();
        for op in ops {
            match op {
                Op::Set(id, value) => {
                    if let Some(slot) = slots.get(id) {
                        now[*slot] = *value;
                    }
                }
                Op::Scale(id, factor) => {
                    if let Some(slot) = slots.get(id) {
                        now[*slot] *= factor;
                    }
                }
                Op::Clamp(id, value) => {
                    let Some(gate) = stage.gates.get(id) else { continue };
                    let (Some(is_shut), Some(held)) =
                        (slots.get(&gate.shut), slots.get(&gate.held))
                    else {
                        continue;
                    };
                    match (value, stage.output(*id)) {
                        (Some(value), _) => {
                            now[*is_shut] = 1.0;
                            now[*held] = *value;
                        }
                        (None, Some(output)) => shut.push(Change::Shut(*is_shut, *held, output)),
                        (None, None) => {}
                    }
                }
                Op::Doses(more) => {
                    for bound in &more.orders {
                        let mut bound = bound.clone();
                        bound.order.start_day += day;
                        bound.order.end_day += day;
                        regimen.orders.push(bound);
                    }
                }
                Op::Stop(drug) => {
                    for bound in regimen.orders.iter_mut().filter(|b| b.order.drug == *drug) {
                        let last = day - 1e-9 * day.max(1.0);
                        bound.order.end_day = bound.order.end_day.min(last);
                    }
                }
            }
        }
        let puts = before.iter().zip(&now).enumerate();
        let mut changed: Vec<Change> = puts
            .filter(|(_, (old, new))| old.to_bits() != new.to_bits())
            .map(|(slot, (_, new))| Change::Put(slot, *new))
            .collect();
        if course.ends.is_some() {
            // Gates that an earlier phase shut are open again.
            let shuts = stage.gates.values().filter_map(|g| slots.get(&g.shut));
            changed.extend(shuts.map(|slot| Change::Put(*slot, now[*slot])));
        }
        changed.extend(shut);
        all.push((*day, changed));
    }
    (all, regimen)
}

/// Values of the parameters that vary, once all that holds from the outset is done.
pub fn base_values(base: &[Op], stage: &Stage) -> Vec<f64> {
    let slots: HashMap<_, usize> =
        stage.varying.iter().enumerate().map(|(slot, id)| (*id, slot)).collect();
    let mut values: Vec<f64> = (stage.varying.iter())
        .map(|id| match stage.assembled.network[*id].value {
            hersim_network::Value::Number(value) => value,
            _ => 0.0,
        })
        .collect();
    for op in base {
        match op {
            Op::Set(id, value) => {
                if let Some(slot) = slots.get(id) {
                    values[*slot] = *value;
                }
            }
            Op::Scale(id, factor) => {
                if let Some(slot) = slots.get(id) {
                    values[*slot] *= factor;
                }
            }
            Op::Clamp(id, Some(value)) => {
                let Some(gate) = stage.gates.get(id) else { continue };
                for (id, value) in [(gate.shut, 1.0), (gate.held, *value)] {
                    if let Some(slot) = slots.get(&id) {
                        values[*slot] = value;
                    }
                }
            }
            Op::Clamp(_, None) | Op::Doses(_) | Op::Stop(_) => {}
        }
    }
    values
}
