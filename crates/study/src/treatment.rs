//! Giving a regimen to a patient inside the engine: doses at their times.

use hersim_engine::{Moment, Program};

use crate::dosing::{BodySize, BoundRegimen, DoseAction, DoseEvent};

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
    events: Vec<DoseEvent>,
    next: usize,
    /// Rates of running infusions by order, per day.
    running: Vec<f64>,
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
        Treatment {
            supplies,
            events: regimen.events(size, start_day, horizon_day),
            next: 0,
            running: vec![0.0; regimen.orders.len()],
        }
    }

    /// Day of the next change.
    pub fn next_day(&self) -> f64 {
        self.events.get(self.next).map_or(f64::INFINITY, |e| e.day)
    }

    /// Makes the changes due at or before `day`. `days` is the length of the model's time unit.
    pub fn give(&mut self, day: f64, days: f64, now: &mut Moment<'_>) {
        let before = self.next;
        while let Some(event) = self.events.get(self.next).filter(|e| e.day <= day) {
            match event.action {
                DoseAction::Bolus(amount) => {
                    if let Some(state) = self.supplies[event.order].state {
                        now.state[state] += amount;
                    }
                }
                DoseAction::Start(rate) => self.running[event.order] = rate,
                DoseAction::Stop => self.running[event.order] = 0.0,
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
        self.running.fill(0.0);
        self.set_rates(days, now);
    }

    /// Infusion rates are sums over the orders, so that nothing is left by rounding.
    fn set_rates(&self, days: f64, now: &mut Moment<'_>) {
        for slot in self.supplies.iter().filter_map(|s| s.infusion) {
            now.parameters[slot] = 0.0;
        }
        for (supply, rate) in self.supplies.iter().zip(&self.running) {
            if let Some(slot) = supply.infusion {
                now.parameters[slot] += rate * days;
            }
        }
    }
}
