//! Weights that turn a pool into a population whose draws were moved.

use crate::population::Shifts;

/// The normal scores of a pool: for each draw that may move, the score of every member.
#[derive(Clone, Debug)]
pub struct Scores {
    /// Names of the draws.
    pub names: Vec<String>,
    /// `[draw][member]`.
    pub values: Vec<Vec<f64>>,
    /// Members.
    pub members: usize,
}

/// Mean and logarithm of the spread of each draw's score, `[draw]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moves {
    /// Means.
    pub mean: Vec<f64>,
    /// Logarithms of standard deviations.
    pub log_sd: Vec<f64>,
}

impl Moves {
    /// Nothing is moved.
    pub fn none(draws: usize) -> Moves {
        Moves { mean: vec![0.0; draws], log_sd: vec![0.0; draws] }
    }

    /// What was moved, by name.
    pub fn shifts(&self, names: &[String]) -> Shifts {
        let moved = |i: &usize| self.mean[*i] != 0.0 || self.log_sd[*i] != 0.0;
        let pair = |i: usize| (names[i].clone(), (self.mean[i], self.log_sd[i].exp()));
        (0..names.len()).filter(moved).map(pair).collect()
    }
}

impl Scores {
    /// Weights, `[member]`, summing to one: the density of the moved scores over the density the pool
    /// was drawn from.
    pub fn weights(&self, moves: &Moves) -> Vec<f64> {
        let mut log = vec![0.0; self.members];
        for (i, values) in self.values.iter().enumerate() {
            let (mean, sd) = (moves.mean[i], moves.log_sd[i].exp());
            if mean == 0.0 && sd == 1.0 {
                continue;
            }
            for (log, z) in log.iter_mut().zip(values) {
                let moved = (z - mean) / sd;
                *log += 0.5 * (z * z - moved * moved) - moves.log_sd[i];
            }
        }
        let most = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = log.iter().map(|l| (l - most).exp()).collect();
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        weights
    }
}

/// How many equally weighed members are worth as much (Kish 1965).
pub fn effective(weights: &[f64]) -> f64 {
    let (sum, squares) =
        weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::{distribution::normal_quantile, random::stream};

    #[test]
    fn weighed_scores_have_the_mean_and_spread_asked_for() {
        let n = 20_000;
        let score = |i: usize| normal_quantile(stream(1, &["score", &i.to_string()]).random());
        let values: Vec<f64> = (0..n).map(score).collect();
        let scores = Scores { names: vec!["a".into()], values: vec![values.clone()], members: n };
        let moves = Moves { mean: vec![0.5], log_sd: vec![0.8f64.ln()] };
        let weights = scores.weights(&moves);
        let mean: f64 = weights.iter().zip(&values).map(|(w, z)| w * z).sum();
        let variance: f64 = weights.iter().zip(&values).map(|(w, z)| w * (z - mean).powi(2)).sum();
        let error = 4.0 / effective(&weights).sqrt();
        assert!((mean - 0.5).abs() < 0.8 * error, "{mean}");
        assert!((variance.sqrt() / 0.8 - 1.0).abs() < error, "{variance}");
        // A shift by m alone leaves exp(-m^2) of the pool.
        let shifted = scores.weights(&Moves { mean: vec![0.5], log_sd: vec![0.0] });
        assert!((effective(&shifted) / n as f64 - (-0.25f64).exp()).abs() < 0.03);
        assert_eq!(effective(&scores.weights(&Moves::none(1))).round() as usize, n);
    }
}
