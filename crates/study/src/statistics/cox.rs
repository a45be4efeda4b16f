//! The hazard ratio of two groups: Cox's partial likelihood with Efron's ties.

use super::{EventTable, Time, Z};

/// A hazard ratio, experimental group over control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HazardRatio {
    /// The ratio; below 1 the experimental group fares better.
    pub value: f64,
    /// Lower 95 % limit (Wald, on the log scale).
    pub ci_low: f64,
    /// Upper 95 % limit.
    pub ci_high: f64,
    /// Natural logarithm of the ratio.
    pub coefficient: f64,
    /// Standard error of the logarithm.
    pub standard_error: f64,
}

/// Hazard ratio of two groups.
///
/// None when it does not exist: one group has no event while the other is at risk, so that the
/// likelihood grows without bound (or is flat).
pub fn hazard_ratio(experimental: &[Time], control: &[Time]) -> Option<HazardRatio> {
    stratified_hazard_ratio(&[(experimental, control)])
}

/// Hazard ratio of two groups (experimental, control) common to all strata, each of which has
/// its own baseline hazard. None as for `hazard_ratio`.
pub fn stratified_hazard_ratio(strata: &[(&[Time], &[Time])]) -> Option<HazardRatio> {
    let terms = Terms::new(strata);
    // The score falls with the coefficient; a maximum exists when its two limits straddle zero.
    let (at_minus_infinity, at_plus_infinity) = terms.score_limits();
    if at_minus_infinity <= 0.0 || at_plus_infinity >= 0.0 {
        return None;
    }
    let (mut low, mut high) = (-60.0_f64, 60.0_f64);
    let mut coefficient = 0.0_f64;
    for _ in 0..200 {
        let (score, information) = terms.score(coefficient);
        if score > 0.0 {
            low = coefficient;
        } else {
            high = coefficient;
        }
        let mut next = coefficient + score / information;
        // Newton's step far from the maximum may leave the bracket: then halve the bracket.
        if !(low < next && next < high) {
            next = (low + high) / 2.0;
        }
        let step = next - coefficient;
        coefficient = next;
        if step.abs() <= 1e-12 * (1.0 + coefficient.abs()) {
            break;
        }
    }
    let (_, information) = terms.score(coefficient);
    let standard_error = information.sqrt().recip();
    let at = |log: f64| log.exp();
    standard_error.is_finite().then(|| HazardRatio {
        value: at(coefficient),
        ci_low: at(coefficient - Z * standard_error),
        ci_high: at(coefficient + Z * standard_error),
        coefficient,
        standard_error,
    })
}

/// The partial likelihood of one binary covariate: one term per event.
struct Terms {
    /// Weights of experimental and control in the risk set of each event. Efron: of d tied
    /// events the k-th sees the tied ones with weight 1 - k/d.
    risk: Vec<(f64, f64)>,
    /// Events in the experimental group.
    events: f64,
}

impl Terms {
    fn new(strata: &[(&[Time], &[Time])]) -> Self {
        let mut terms = Terms { risk: Vec::new(), events: 0.0 };
        for &(experimental, control) in strata {
            for row in EventTable::new([experimental, control]).rows {
                let tied = row.events[0] + row.events[1];
                for k in 0..tied as usize {
                    let left = k as f64 / tied;
                    terms.risk.push((
                        row.at_risk[0] - left * row.events[0],
                        row.at_risk[1] - left * row.events[1],
                    ));
                }
                terms.events += row.events[0];
            }
        }
        terms
    }

    /// First derivative of the log likelihood and the negative of the second.
    fn score(&self, coefficient: f64) -> (f64, f64) {
        let ratio = coefficient.exp();
        let (mut score, mut information) = (self.events, 0.0);
        for &(experimental, control) in &self.risk {
            let p = experimental * ratio / (experimental * ratio + control);
            score -= p;
            information += p * (1.0 - p);
        }
        (score, information)
    }

    /// The score as the coefficient goes to minus and to plus infinity.
    fn score_limits(&self) -> (f64, f64) {
        let sure = self.risk.iter().filter(|(_, control)| *control == 0.0).count() as f64;
        let possible = self.risk.iter().filter(|(e, _)| *e > 0.0).count() as f64;
        (self.events - sure, self.events - possible)
    }
}
