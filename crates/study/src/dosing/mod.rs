//! From a regimen and a patient's size to amounts at times.

mod bind;
mod delivered;
mod steady;
mod table;
mod write;

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, SymbolId};

use crate::{
    assemble::Assembled,
    library::Library,
    regimen::{Order, Regimen, RouteKind},
};

pub use delivered::Delivered;
pub use steady::{SteadyRun, steady_state};
pub use table::{EventTable, read_events};
pub use write::event_table;

/// One order of a regimen, bound to a species of a system.
#[derive(Clone, Debug)]
pub struct BoundOrder {
    /// The order.
    pub order: Order,
    /// Species that receives the doses.
    pub into: SymbolId,
    /// Unit of its amount.
    pub unit: String,
    /// What the written dose must be multiplied with to give the species' unit.
    pub scale: DoseScale,
    /// Days over which a dose is infused; zero for a bolus.
    pub infusion_day: f64,
    /// Days between a dose and its arrival.
    pub lag_day: f64,
    /// Share of a dose that arrives.
    pub available: f64,
    /// Number of resets before it; it ends with the next one.
    pub epoch: usize,
    /// Rate at which patients stop it for its toxicity, per day.
    pub toxicity_per_day: f64,
}

/// A return of the whole system to a state, which ends all that was given before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reset {
    /// When, days.
    pub day: f64,
    /// The order that has always been given before, at its interval; without one the system is
    /// as it was at the start.
    pub steady: Option<usize>,
}

/// How a written dose becomes an amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DoseScale {
    /// The same for everyone.
    Flat(f64),
    /// Times body weight.
    PerWeight(f64),
    /// Times body surface.
    PerSurface(f64),
}

/// A regimen bound to a system.
#[derive(Clone, Debug, Default)]
pub struct BoundRegimen {
    /// Its orders.
    pub orders: Vec<BoundOrder>,
    /// Its resets, in order of time.
    pub resets: Vec<Reset>,
}

/// What doses may refer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodySize {
    /// Body weight, in the unit of the system's symbol.
    pub weight: f64,
    /// Body surface, in the unit of the system's symbol.
    pub surface: f64,
}

/// A change of a species' supply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoseEvent {
    /// When, days.
    pub day: f64,
    /// Index of the order in its regimen; zero for a return.
    pub order: usize,
    /// What happens.
    pub action: DoseAction,
}

/// What happens at a [`DoseEvent`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DoseAction {
    /// The system returns to the state of a reset, by its place in [`BoundRegimen::resets`], and
    /// no infusion runs.
    Return(usize),
    /// An amount at once.
    Bolus(f64),
    /// An infusion begins: amount per day.
    Start(f64),
    /// The infusion of the order that began first ends.
    Stop,
}

impl BoundRegimen {
    /// Finds the species for each drug of a regimen.
    ///
    /// # Errors
    /// `unknown-drug`, `drug-route`, `dose-unit`: all that do not fit.
    pub fn bind(
        regimen: &Regimen,
        assembled: &Assembled,
        library: &mut Library,
    ) -> Result<BoundRegimen, Vec<Diagnostic>> {
        let mut orders = Vec::new();
        let mut errors = Vec::new();
        for order in &regimen.orders {
            match bind::bind_order(order, assembled, library) {
                Ok(bound) => orders.push(bound),
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() {
            Ok(BoundRegimen { orders, resets: Vec::new() })
        } else {
            Err(errors)
        }
    }

    /// The same with what is taken by mouth once a day or more often arriving evenly over the time
    /// to the next dose: over months nothing but the mean matters, and thousands of doses a year
    /// become a few.
    pub fn evenly(mut self) -> BoundRegimen {
        for bound in &mut self.orders {
            let order = &bound.order;
            if order.route == RouteKind::Oral
                && order.spacing_day <= 1.0
                && bound.infusion_day == 0.0
            {
                bound.infusion_day = order.spacing_day;
            }
        }
        self
    }

    /// The same with each order ending at the latest on its day, `[order]`, counted from its begin.
    pub fn ending(mut self, days: &[f64]) -> BoundRegimen {
        for (bound, day) in self.orders.iter_mut().zip(days) {
            bound.order.end_day = bound.order.end_day.min(*day);
        }
        self
    }

    /// Species that receive doses.
    pub fn inputs(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.orders.iter().map(|o| o.into)
    }

    /// All changes from `start_day` to `horizon_day`, in order of time; at one time, ends of
    /// infusions come first and doses last.
    pub fn events(&self, size: BodySize, start_day: f64, horizon_day: f64) -> Vec<DoseEvent> {
        let mut events = Vec::new();
        for (index, reset) in self.resets.iter().enumerate() {
            let action = DoseAction::Return(index);
            events.push(DoseEvent { day: start_day + reset.day, order: 0, action });
        }
        for (order, bound) in self.orders.iter().enumerate() {
            let begin = bound.epoch.checked_sub(1).and_then(|e| self.resets.get(e));
            let end = self.resets.get(bound.epoch).map_or(f64::INFINITY, |r| start_day + r.day);
            let steady = begin.filter(|r| r.steady == Some(order)).map(|r| start_day + r.day);
            for (day, dose) in bound.order.doses(horizon_day - start_day) {
                bound.give(order, start_day + day, dose, size, end, &mut events);
            }
            // Infusions that began before the steady state was reached and are still running.
            for day in steady.iter().flat_map(|s| bound.still_running(*s)) {
                bound.give(order, day, bound.order.then, size, end, &mut events);
            }
            if let Some(steady) = steady {
                let begun = events.iter_mut().filter(|e| e.order == order && e.day < steady);
                begun.for_each(|e| e.day = steady);
            }
        }
        let rank = |e: &DoseEvent| match e.action {
            DoseAction::Stop => 0,
            DoseAction::Return(_) => 1,
            DoseAction::Bolus(_) | DoseAction::Start(_) => 2,
        };
        events.sort_by(|a, b| {
            a.day.total_cmp(&b.day).then(rank(a).cmp(&rank(b))).then(a.order.cmp(&b.order))
        });
        join_infusions(events)
    }
}

/// Drops the end of an infusion and the beginning of the next one of its order where that follows
/// at once, at the same rate, and nothing else of the order runs.
fn join_infusions(events: Vec<DoseEvent>) -> Vec<DoseEvent> {
    /// What runs of one order, and where its last end is among the events kept.
    #[derive(Default)]
    struct Running {
        count: usize,
        rate: f64,
        ended: Option<usize>,
    }
    let mut orders: BTreeMap<usize, Running> = BTreeMap::new();
    let mut kept: Vec<Option<DoseEvent>> = Vec::with_capacity(events.len());
    for event in events {
        let running = orders.entry(event.order).or_default();
        match event.action {
            DoseAction::Start(rate) => {
                let ended = running.ended.take().filter(|_| running.count == 0);
                let at_once = |e: &DoseEvent| event.day - e.day < 1e-9;
                running.count += 1;
                if let Some(end) = ended
                    && running.rate == rate
                    && kept[end].as_ref().is_some_and(at_once)
                {
                    kept[end] = None;
                    continue;
                }
                running.rate = rate;
            }
            DoseAction::Stop => {
                running.count = running.count.saturating_sub(1);
                running.ended = Some(kept.len());
            }
            DoseAction::Return(_) => orders.clear(),
            DoseAction::Bolus(_) => {}
        }
        kept.push(Some(event));
    }
    kept.into_iter().flatten().collect()
}

impl BoundOrder {
    /// What one dose that is given on `day` does before `end`.
    fn give(
        &self,
        order: usize,
        day: f64,
        dose: f64,
        size: BodySize,
        end: f64,
        events: &mut Vec<DoseEvent>,
    ) {
        let day = day + self.lag_day;
        if day >= end {
            return;
        }
        let amount = self.available * dose * self.scale.factor(size);
        if self.infusion_day > 0.0 {
            let action = DoseAction::Start(amount / self.infusion_day);
            events.push(DoseEvent { day, order, action });
            let stop = day + self.infusion_day;
            if stop < end {
                events.push(DoseEvent { day: stop, order, action: DoseAction::Stop });
            }
        } else {
            events.push(DoseEvent { day, order, action: DoseAction::Bolus(amount) });
        }
    }

    /// When the infusions were ordered, at the order's interval, that run on `day`, which is a day
    /// of the order.
    fn still_running(&self, day: f64) -> impl Iterator<Item = f64> + '_ {
        let late = if self.infusion_day > 0.0 { self.lag_day + self.infusion_day } else { 0.0 };
        (1u32..)
            .map(|k| f64::from(k) * self.order.every_day)
            .take_while(move |ago| *ago < late)
            .map(move |ago| day - ago)
    }
}

impl DoseScale {
    /// Amount per written dose for a patient of this size.
    pub fn factor(self, size: BodySize) -> f64 {
        match self {
            DoseScale::Flat(scale) => scale,
            DoseScale::PerWeight(scale) => scale * size.weight,
            DoseScale::PerSurface(scale) => scale * size.surface,
        }
    }
}
