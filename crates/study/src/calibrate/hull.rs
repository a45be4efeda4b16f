//! Whether any weighing of a pool could show the published figures.

use super::{targets::Target, weights::effective};
use crate::least_squares::{Square, dot, solve};

/// How firmly each figure is asked for: a standard error of a share.
const ERROR: f64 = 0.02;
/// Newton steps.
const STEPS: usize = 60;

/// Where the published figures lie against the pool.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Hull {
    /// Figures that are sums over patients.
    pub figures: usize,
    /// Those of them that lie outside what the pool shows, taken alone.
    pub outside: Vec<String>,
    /// Those that a weighing free of any population misses by more than two standard errors.
    pub unreachable: Vec<String>,
    /// Share of the pool that such a weighing leaves effective.
    pub effective: f64,
}

/// Weighs each member freely, as little as can be (by entropy), so that all figures are met within
/// a standard error: what no population can do better.
pub fn hull(targets: &[&Target], members: usize) -> Hull {
    let moments: Vec<(String, Vec<f64>)> = (targets.iter())
        .filter_map(|t| Some((format!("{}: {}", t.trial, t.what), t.moment(members)?)))
        .collect();
    let alone = |moment: &[f64]| {
        let low = moment.iter().copied().fold(0.0, f64::min);
        let high = moment.iter().copied().fold(0.0, f64::max);
        low < 0.0 && high > 0.0
    };
    let outside = moments.iter().filter(|(_, m)| !alone(m)).map(|(what, _)| what.clone()).collect();
    let weights = entropy(&moments.iter().map(|(_, m)| m.as_slice()).collect::<Vec<_>>(), members);
    let miss = |moment: &[f64]| {
        let covered: f64 =
            weights.iter().zip(moment).filter(|(_, m)| **m != 0.0).map(|(w, _)| w).sum();
        dot(&weights, moment).abs() / covered.max(1e-9)
    };
    let missed = |m: &&(String, Vec<f64>)| miss(&m.1) > 2.0 * ERROR;
    let unreachable = moments.iter().filter(missed).map(|(what, _)| what.clone()).collect();
    Hull {
        figures: moments.len(),
        outside,
        unreachable,
        effective: effective(&weights) / members.max(1) as f64,
    }
}

/// Weights nearest to equal ones for which all moments are about zero: Newton's method on the dual,
/// log of the mean of exp(-l.m) plus half of the squared error times l.l.
fn entropy(moments: &[&[f64]], members: usize) -> Vec<f64> {
    let n = moments.len();
    let mut multipliers = vec![0.0; n];
    let weigh = |multipliers: &[f64]| -> (Vec<f64>, f64) {
        let mut log = vec![0.0; members];
        for (l, moment) in multipliers.iter().zip(moments) {
            log.iter_mut().zip(*moment).for_each(|(log, m)| *log -= l * m);
        }
        let most = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = log.iter().map(|l| (l - most).exp()).collect();
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        (weights, most + total.ln() + 0.5 * ERROR * ERROR * dot(multipliers, multipliers))
    };
    let (mut weights, mut value) = weigh(&multipliers);
    for _ in 0..STEPS {
        let means: Vec<f64> = moments.iter().map(|m| dot(&weights, m)).collect();
        let gradient: Vec<f64> =
            (0..n).map(|i| -means[i] + ERROR * ERROR * multipliers[i]).collect();
        let mut curvature = Square::zero(n);
        for i in 0..n {
            for j in 0..=i {
                let both: f64 = weights
                    .iter()
                    .zip(moments[i].iter().zip(moments[j]))
                    .map(|(w, (a, b))| w * a * b)
                    .sum();
                let entry = both - means[i] * means[j];
                *curvature.at_mut(i, j) = entry;
                *curvature.at_mut(j, i) = entry;
            }
            *curvature.at_mut(i, i) += ERROR * ERROR;
        }
        let Some(step) = solve(&curvature, &gradient) else { break };
        // Halved until it goes downhill.
        let mut length = 1.0;
        let better = loop {
            let next: Vec<f64> =
                multipliers.iter().zip(&step).map(|(l, s)| l - length * s).collect();
            let (w, v) = weigh(&next);
            if v < value {
                break Some((next, w, v));
            }
            length *= 0.5;
            if length < 1e-6 {
                break None;
            }
        };
        let Some((next, w, v)) = better else { break };
        let fell = value - v;
        (multipliers, weights, value) = (next, w, v);
        if fell < 1e-9 {
            break;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meets_what_can_be_met_with_weights_that_stay_even() {
        // Half of the pool answers; 70 % is asked for, and met by nearly even weights.
        let members = 1000;
        let moment: Vec<f64> = (0..members).map(|i| (i % 2) as f64 - 0.7).collect();
        let weights = entropy(&[&moment], members);
        let share: f64 =
            weights.iter().enumerate().filter(|(i, _)| i % 2 == 1).map(|(_, w)| w).sum();
        assert!((share - 0.7).abs() < 0.005, "{share}");
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let expected = 1.0 / (0.7f64.powi(2) / 0.5 + 0.3f64.powi(2) / 0.5);
        assert!((effective(&weights) / members as f64 - expected).abs() < 0.01);
        // Nobody answers: no weights help.
        let nobody = vec![-0.7; members];
        let weights = entropy(&[&nobody], members);
        assert!((effective(&weights) / members as f64 - 1.0).abs() < 1e-6);
    }
}
