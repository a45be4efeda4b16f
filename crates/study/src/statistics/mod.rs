//! Statistics of times to events and of shares, as trial papers report them.
//!
//! A time to an event is a pair `(time, event)`: the time of the event when `event` is true,
//! the time at which observation ended (censored) when it is false. Times may be in any unit,
//! the same throughout; results come back in it. At one time, events precede censoring.
//! All intervals are two-sided 95 %.

mod cox;
mod shares;
mod survival;
mod weighted;

pub use self::{
    cox::{HazardRatio, hazard_ratio, stratified_hazard_ratio},
    shares::{odds_ratio, risk_difference, share},
    survival::{KaplanMeier, LogRank, Median, Step, log_rank, stratified_log_rank},
    weighted::{WeightedTimes, weighted_hazard_ratio},
};

/// The 97.5 % point of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A time to an event, or to the end of observation.
pub type Time = (f64, bool);

/// A value with its 95 % interval, all three in one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower limit.
    pub ci_low: f64,
    /// Upper limit.
    pub ci_high: f64,
}

/// Probability of a chi-squared variable with one degree of freedom above `x`.
fn chi_squared_tail(x: f64) -> f64 {
    statrs::function::erf::erfc((x / 2.0).sqrt())
}

/// Sorted times of two groups, walked from event time to event time.
struct EventTable {
    /// One row per distinct time with an event, ascending.
    rows: Vec<EventRow>,
}

/// What happens at one time; first group, then second.
struct EventRow {
    at_risk: [f64; 2],
    events: [f64; 2],
}

impl EventTable {
    fn new(groups: [&[Time]; 2]) -> Self {
        let mut all: Vec<(f64, usize, bool)> = Vec::new();
        for (group, times) in groups.iter().enumerate() {
            all.extend(times.iter().map(|&(time, event)| (time, group, event)));
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut at_risk = groups.map(|g| g.len() as f64);
        let mut rows = Vec::new();
        for tied in all.chunk_by(|a, b| a.0 == b.0) {
            let mut row = EventRow { at_risk, events: [0.0; 2] };
            for &(_, group, event) in tied {
                at_risk[group] -= 1.0;
                row.events[group] += f64::from(u8::from(event));
            }
            if row.events != [0.0; 2] {
                rows.push(row);
            }
        }
        EventTable { rows }
    }
}

#[cfg(test)]
mod tests;
