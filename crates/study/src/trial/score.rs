//! How simulated figures stand beside published ones.

use serde::Serialize;

use super::{Known, endpoints::in_words};
use crate::outcome::TrialOutcome;

/// Relative distance within which a figure without a published interval counts as met.
const WITHIN: f64 = 0.15;

/// One published figure and the simulated one.
#[derive(Clone, Debug, Serialize)]
pub struct Scored {
    /// Identifier of the trial.
    pub trial: String,
    /// What it is of, in words.
    pub what: String,
    /// Published.
    pub observed: f64,
    /// Published 95 % interval.
    pub observed_ci: [Option<f64>; 2],
    /// Simulated.
    pub value: Option<f64>,
    /// `calibration` or `prediction`.
    pub split: String,
    /// How the published figure is known.
    pub known: Known,
    /// Whether the simulated one lies inside the published interval, or within 15 % where none was
    /// published.
    pub met: bool,
}

/// How many of a kind are met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Figures that are met.
    pub met: usize,
    /// Figures there are.
    pub of: usize,
}

impl Score {
    /// Counts figures that a condition picks.
    pub fn count(all: &[Scored], pick: impl Fn(&Scored) -> bool) -> Score {
        let of = all.iter().filter(|s| pick(s)).count();
        Score { met: all.iter().filter(|s| pick(s) && s.met).count(), of }
    }
}

/// Every published figure of a trial beside the simulated one.
pub fn score(outcome: &TrialOutcome) -> Vec<Scored> {
    let one =
        |what, observed, observed_ci: [Option<f64>; 2], value, split: &Option<String>, known| {
            Scored {
                trial: outcome.trial.clone(),
                what,
                observed,
                observed_ci,
                value,
                split: split.clone().unwrap_or_default(),
                known,
                met: met(observed, observed_ci, value),
            }
        };
    let figures = outcome.arms.iter().flat_map(|arm| {
        arm.endpoints.iter().filter_map(move |e| {
            let what = in_words(&e.endpoint, &e.statistic, e.at_month, &arm.arm, &e.subgroup);
            Some((
                what,
                e.observed?,
                [e.observed_ci_low, e.observed_ci_high],
                e.value,
                &e.split,
                e.known?,
            ))
        })
    });
    let contrasts = outcome.contrasts.iter().filter_map(|c| {
        let arms = c.arms.join(" against ");
        let what = in_words(&c.endpoint, &c.measure, None, &arms, &c.subgroup);
        Some((
            what,
            c.observed?,
            [c.observed_ci_low, c.observed_ci_high],
            c.value,
            &c.split,
            c.known?,
        ))
    });
    figures
        .chain(contrasts)
        .map(|(what, observed, ci, value, split, known)| {
            one(what, observed, ci, value, split, known)
        })
        .collect()
}

/// Whether a simulated figure lies inside the published interval, or within 15 % of the published one
/// where there is none.
pub fn met(observed: f64, ci: [Option<f64>; 2], value: Option<f64>) -> bool {
    let Some(value) = value else { return false };
    match ci {
        [Some(low), Some(high)] => (low..=high).contains(&value),
        _ => (value - observed).abs() <= WITHIN * observed.abs(),
    }
}

#[cfg(test)]
mod tests {
    use super::met;

    #[test]
    fn an_interval_counts_before_a_distance() {
        assert!(met(10.0, [Some(5.0), Some(20.0)], Some(19.0)));
        assert!(!met(10.0, [Some(9.5), Some(10.5)], Some(11.0)));
        assert!(met(10.0, [None, None], Some(11.4)) && !met(10.0, [None, None], Some(11.6)));
        assert!(!met(10.0, [None, Some(20.0)], None));
    }
}
