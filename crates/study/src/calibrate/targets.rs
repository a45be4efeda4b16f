//! Published figures as functions of the weights of a pool.

use crate::{
    outcome::{DAYS_PER_MONTH, PatientOutcome},
    statistics::{WeightedTimes, weighted_hazard_ratio},
    trial::{EndpointKind, Known},
};

/// Months on either side of a published time over which a curve is averaged: visits are not kept to
/// the day.
const JITTER_MONTHS: f64 = 0.5;
/// Smallest standard error of a share that is believed.
const LEAST_SHARE_ERROR: f64 = 0.02;
/// Relative standard error of a figure without interval: 15 % at 95 %.
const RELATIVE_ERROR: f64 = 0.15 / 1.96;
/// How much less a figure weighs that was not read in its source.
const REMEMBERED: f64 = 1.5;

/// Patients of one arm of one trial: what became of which members of the pool.
pub struct Arm {
    /// Identifier of the trial.
    pub trial: String,
    /// Identifier of the arm.
    pub arm: String,
    /// Patients in the real arm.
    pub n: u64,
    /// Members of the pool who entered.
    pub members: Vec<usize>,
    /// What became of them.
    pub patients: Vec<PatientOutcome>,
}

/// A published figure to compare with.
pub struct Target {
    /// Identifier of the trial.
    pub trial: String,
    /// What the trial is about.
    pub class: String,
    /// Words.
    pub what: String,
    /// Published.
    pub observed: f64,
    /// Published 95 % interval.
    pub ci: [Option<f64>; 2],
    /// How it is known.
    pub known: Known,
    /// Whether it may be fitted.
    pub fitted: bool,
    /// Arms it needs, by their places.
    pub arms: Vec<usize>,
    /// What it is made from.
    pub quantity: Quantity,
    /// Patients behind it in the real trial.
    pub n: u64,
}

/// What a figure is made from.
pub enum Quantity {
    /// Percentage of patients: members, and whether each has it.
    Share(Vec<(usize, bool)>),
    /// Median of a time, months.
    Median(WeightedTimes),
    /// Percentage free of an event at a time, months.
    Free(WeightedTimes, f64),
    /// Hazard ratio of two groups of times, experimental first.
    HazardRatio(WeightedTimes, WeightedTimes),
    /// Odds ratio of two shares, experimental first.
    OddsRatio(Vec<(usize, bool)>, Vec<(usize, bool)>),
    /// Difference of two shares in percent, experimental first.
    Difference(Vec<(usize, bool)>, Vec<(usize, bool)>),
}

/// Times of an endpoint of some patients, months, or whether each has what is counted.
pub fn gathered(arm: &Arm, chosen: &[usize], kind: EndpointKind) -> Gathered {
    match kind {
        EndpointKind::Share(yes) => Gathered::Shares(
            chosen.iter().map(|i| (arm.members[*i], yes(&arm.patients[*i]))).collect(),
        ),
        EndpointKind::Time(time) => Gathered::Times(WeightedTimes::new(
            chosen
                .iter()
                .filter_map(|i| Some((time(&arm.patients[*i])?, arm.members[*i])))
                .map(|(t, member)| (t.day / DAYS_PER_MONTH, t.event, member))
                .collect(),
        )),
    }
}

/// What [`gathered`] finds.
pub enum Gathered {
    /// Members, and whether each has it.
    Shares(Vec<(usize, bool)>),
    /// Times by member.
    Times(WeightedTimes),
}

impl Target {
    /// The figure of a weighed pool, in its published unit; none when it cannot be estimated.
    pub fn predict(&self, weights: &[f64]) -> Option<f64> {
        match &self.quantity {
            Quantity::Share(members) => Some(100.0 * share(members, weights)?),
            Quantity::Median(times) => times.median(weights),
            Quantity::Free(times, month) => Some(100.0 * times.survival(weights, *month)),
            Quantity::HazardRatio(a, b) => weighted_hazard_ratio(a, b, weights),
            Quantity::OddsRatio(a, b) => {
                let odds = |p: f64| p / (1.0 - p);
                Some(odds(share(a, weights)?) / odds(share(b, weights)?))
            }
            Quantity::Difference(a, b) => Some(100.0 * (share(a, weights)? - share(b, weights)?)),
        }
    }

    /// Distance from the published figure in standard errors; smooth in the weights. None when it
    /// cannot be estimated.
    pub fn residual(&self, weights: &[f64]) -> Option<f64> {
        let less = if self.known == Known::Read { 1.0 } else { REMEMBERED };
        let n = (self.n.max(10)) as f64;
        let width = |scale: fn(f64) -> f64| match self.ci {
            [Some(low), Some(high)] if high > low => Some((scale(high) - scale(low)) / 3.92),
            _ => None,
        };
        let share_error = |p: f64| {
            let p = p.clamp(0.02, 0.98);
            (p * (1.0 - p) / n).sqrt().max(LEAST_SHARE_ERROR)
        };
        let z = match &self.quantity {
            Quantity::Share(members) => {
                let observed = self.observed / 100.0;
                let error = width(|x| x / 100.0).unwrap_or_else(|| share_error(observed));
                (share(members, weights)? - observed) / error.max(LEAST_SHARE_ERROR)
            }
            Quantity::Free(times, month) => {
                let observed = self.observed / 100.0;
                let error = width(|x| x / 100.0).unwrap_or_else(|| share_error(observed));
                (blurred(times, weights, *month) - observed) / error.max(LEAST_SHARE_ERROR)
            }
            Quantity::Median(times) => {
                // Where the curve stands at the published median, in place of the median itself,
                // which jumps; an exponential turns an error of time into one of the share.
                let relative = width(f64::ln).unwrap_or(RELATIVE_ERROR);
                let error = (0.5 * std::f64::consts::LN_2 * relative).max(LEAST_SHARE_ERROR);
                (blurred(times, weights, self.observed) - 0.5) / error
            }
            Quantity::HazardRatio(..) | Quantity::OddsRatio(..) => {
                let error = width(f64::ln).unwrap_or(RELATIVE_ERROR);
                (self.predict(weights)?.ln() - self.observed.ln()) / error
            }
            Quantity::Difference(..) => {
                let error = width(|x| x).unwrap_or(RELATIVE_ERROR * self.observed.abs()).max(2.0);
                (self.predict(weights)? - self.observed) / error
            }
        };
        Some(z / less).filter(|z| z.is_finite())
    }

    /// Contribution of each member to a sum that is zero when the figure is met exactly, for figures
    /// that are such sums, with its standard error; none for ratios.
    pub fn moment(&self, members: usize) -> Option<Vec<f64>> {
        let mut moment = vec![0.0; members];
        match &self.quantity {
            Quantity::Share(all) => {
                let observed = self.observed / 100.0;
                all.iter().for_each(|(i, yes)| moment[*i] = f64::from(u8::from(*yes)) - observed);
            }
            Quantity::Median(times) => {
                times
                    .beyond(self.observed)
                    .for_each(|(i, yes)| moment[i] = f64::from(u8::from(yes)) - 0.5);
            }
            Quantity::Free(times, month) => {
                let observed = self.observed / 100.0;
                times
                    .beyond(*month)
                    .for_each(|(i, yes)| moment[i] = f64::from(u8::from(yes)) - observed);
            }
            _ => return None,
        }
        Some(moment)
    }

    /// Whether a prediction lies inside the published interval, or within 15 % where there is none.
    pub fn met(&self, predicted: Option<f64>) -> bool {
        crate::trial::met(self.observed, self.ci, predicted)
    }
}

/// The curve at a time, averaged over how late or early visits may be.
fn blurred(times: &WeightedTimes, weights: &[f64], month: f64) -> f64 {
    let at = |month: f64| times.survival(weights, month);
    0.5 * (at(month - JITTER_MONTHS) + at(month + JITTER_MONTHS))
}

fn share(members: &[(usize, bool)], weights: &[f64]) -> Option<f64> {
    let (mut all, mut yes) = (0.0, 0.0);
    for (member, has) in members {
        all += weights[*member];
        if *has {
            yes += weights[*member];
        }
    }
    (all > 0.0).then(|| yes / all)
}
