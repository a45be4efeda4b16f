//! Giving a regimen to a patient inside the engine: doses at their times.

use std::collections::VecDeque;

use hersim_engine::{Moment, Program};

use crate::dosing::{BodySize, BoundRegimen, Delivered, DoseAction, DoseEvent};

/// Where each order's doses go in a program.
#[derive(Clone, Copy, Debug)]
struct Supply {
    state: Option<usize>,
    infusion: Option<usize>,
}

/// A regimen being given: the doses still to come.
#[derive(Clone, Debug)]
pub struct Treatment {
    supplies: Vec<Supply>,
    /// Drug and unit of each order.
    names: Vec<(String, String)>,
    events: Vec<DoseEvent>,
    next: usize,
    /// Rates of running infusions by order, per day, the one that began first in front.
    running: Vec<VecDeque<f64>>,
    /// States to return to, by reset.
    origins: Vec<Vec<f64>>,
    /// Day up to which `given` counts.
    counted: f64,
    /// Amount that has arrived of each order.
    given: Vec<f64>,
    /// Day on which a drug stops for its toxicity.
    stopped_day: Option<f64>,
}

impl Treatment {
    /// A regimen that begins on `start_day` and goes on to `horizon_day`.
    pub fn new(
        regimen: &BoundRegimen,
        program: &Program,
        size: BodySize,
        start_day: f64,
        horizon_day: f64,
    ) -> Treatment {
        let supplies = (regimen.orders.iter())
            .map(|o| Supply {
                state: program.states().iter().position(|s| *s == o.into),
                infusion: program.infusion(o.into),
            })
            .collect();
        let names = regimen.orders.iter().map(|o| (o.order.drug.clone(), o.unit.clone()));
        Treatment {
            supplies,
            names: names.collect(),
            events: regimen.events(size, start_day, horizon_day),
            next: 0,
            running: vec![VecDeque::new(); regimen.orders.len()],
            origins: Vec::new(),
            counted: start_day,
            given: vec![0.0; regimen.orders.len()],
            stopped_day: None,
        }
    }

    /// The same with the states that resets return to, `[reset][state]`.
    pub fn returning_to(mut self, origins: Vec<Vec<f64>>) -> Treatment {
        self.origins = origins;
        self
    }

    /// The same, with a note of the day on which a drug stops for its toxicity.
    pub fn stopping(mut self, day: Option<f64>) -> Treatment {
        self.stopped_day = day;
        self
    }

    /// Day on which a drug stops for its toxicity.
    pub fn stopped_day(&self) -> Option<f64> {
        self.stopped_day
    }

    /// Day of the next change.
    pub fn next_day(&self) -> f64 {
        self.events.get(self.next).map_or(f64::INFINITY, |e| e.day)
    }

    /// What has arrived of each drug by a day, or by the last change if that was later.
    pub fn delivered(&mut self, day: f64) -> Vec<Delivered> {
        self.count(day);
        let mut all = Vec::new();
        for ((drug, unit), &amount) in self.names.iter().zip(&self.given) {
            Delivered { drug: drug.clone(), amount, unit: unit.clone() }.add_to(&mut all);
        }
        all
    }

    /// Makes the changes due at or before `day`. `days` is the length of the model's time unit.
    pub fn give(&mut self, day: f64, days: f64, now: &mut Moment<'_>) {
        self.count(day);
        let before = self.next;
        while let Some(event) = self.events.get(self.next).filter(|e| e.day <= day) {
            match event.action {
                DoseAction::Return(reset) => {
                    if let Some(origin) = self.origins.get(reset) {
                        now.state.copy_from_slice(origin);
                    }
                    self.running.iter_mut().for_each(VecDeque::clear);
                }
                DoseAction::Bolus(amount) => {
                    if let Some(state) = self.supplies[event.order].state {
                        now.state[state] += amount;
                        self.given[event.order] += amount;
                    }
                }
                DoseAction::Start(rate) => self.running[event.order].push_back(rate),
                DoseAction::Stop => {
                    self.running[event.order].pop_front();
                }
            }
            self.next += 1;
        }
        if self.next != before {
            self.set_rates(days, now);
        }
    }

    /// Ends the treatment: no more doses, infusions off.
    pub fn stop(&mut self, days: f64, now: &mut Moment<'_>) {
        self.next = self.events.len();
        self.running.iter_mut().for_each(VecDeque::clear);
        self.set_rates(days, now);
    }

    /// Adds what running infusions have brought by `day`.
    fn count(&mut self, day: f64) {
        let passed = (day - self.counted).max(0.0);
        for (given, rates) in self.given.iter_mut().zip(&self.running) {
            *given += rates.iter().sum::<f64>() * passed;
        }
        self.counted = self.counted.max(day);
    }

    /// Infusion rates are sums over the orders, so that nothing is left by rounding.
    fn set_rates(&self, days: f64, now: &mut Moment<'_>) {
        for slot in self.supplies.iter().filter_map(|s| s.infusion) {
            now.parameters[slot] = 0.0;
        }
        for (supply, rates) in self.supplies.iter().zip(&self.running) {
            if let Some(slot) = supply.infusion {
                now.parameters[slot] += rates.iter().sum::<f64>() * days;
            }
        }
    }
}
