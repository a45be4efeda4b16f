//! How well parameters fit: residuals, likelihood, prior.
//!
//! Minus the logarithm of the posterior density is half the sum of squares of the residuals, up
//! to a constant: one residual per measurement, one per measurement whose noise is estimated (its
//! square is twice the logarithm of the noise, shifted to be positive), one per Gaussian prior.

use std::{cell::RefCell, sync::Arc};

use super::{
    ensemble::{Outputs, Simulated, simulate},
    measurement::Measurement,
    observable::Surroundings,
    setup::Setup,
};
use crate::equilibrate::EnsembleSettings;

/// Twice the logarithm of the smallest noise that can be estimated, sign changed.
const NOISE_SHIFT: f64 = 50.0;

/// A simulated value beside the measured one.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// Simulated value.
    pub simulated: f64,
    /// Standard deviation on the scale of comparison.
    pub sigma: f64,
    /// Simulated minus measured, in standard deviations.
    pub residual: f64,
}

/// What a set of parameters amounts to.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Score {
    /// Logarithm of the likelihood of the measurements.
    pub log_likelihood: f64,
    /// Sum of squared residuals of the measurements.
    pub chi2: f64,
    /// Half the sum of squared distances from the priors' means.
    pub prior: f64,
}

impl Score {
    /// Minus the logarithm of likelihood and prior: what is minimised.
    pub fn objective(&self) -> f64 {
        self.prior - self.log_likelihood
    }
}

/// Residuals of a problem, for vectors of the estimated parameters on their scales.
pub struct Objective<'a> {
    /// The problem.
    pub setup: &'a Setup,
    /// Tolerances.
    pub settings: &'a EnsembleSettings,
    /// The first reason why a simulation failed.
    pub trouble: RefCell<Option<String>>,
}

impl<'a> Objective<'a> {
    /// The objective of a problem.
    pub fn new(setup: &'a Setup, settings: &'a EnsembleSettings) -> Self {
        Objective { setup, settings, trouble: RefCell::new(None) }
    }

    /// Residuals of each vector; none where a simulation failed or a value is not finite.
    pub fn residuals(&self, vectors: &[Vec<f64>]) -> Vec<Option<Vec<f64>>> {
        let sets: Vec<Vec<f64>> = vectors.iter().map(|v| self.setup.values(v)).collect();
        let simulated = simulate(self.setup, &sets, None, self.settings);
        (vectors.iter().zip(&sets).zip(&simulated))
            .map(|((scaled, set), simulated)| match simulated {
                Ok(outputs) => self.one(scaled, set, outputs),
                Err(reason) => {
                    self.trouble.borrow_mut().get_or_insert_with(|| reason.clone());
                    None
                }
            })
            .collect()
    }

    fn one(&self, scaled: &[f64], set: &[f64], outputs: &[Arc<Outputs>]) -> Option<Vec<f64>> {
        let mut residuals = Vec::new();
        for measurement in &self.setup.measurements {
            let compared = self.compare(measurement, set, outputs);
            residuals.push(compared.residual);
            if measurement.noise_moves {
                residuals.push((2.0 * compared.sigma.ln() + NOISE_SHIFT).max(0.0).sqrt());
            }
        }
        for (at, scaled) in self.setup.estimated.iter().zip(scaled) {
            residuals.extend(self.setup.parameters[*at].prior.residual(*scaled, set[*at]));
        }
        residuals.iter().all(|r| r.is_finite()).then_some(residuals)
    }

    /// The simulated value of a measurement.
    pub fn compare(&self, m: &Measurement, set: &[f64], outputs: &[Arc<Outputs>]) -> Compared {
        let experiment = &self.setup.experiments[m.experiment];
        let system = &self.setup.systems[experiment.system];
        let mut with = Surroundings {
            time: experiment.days[m.time] / system.assembled.days_per_time_unit(),
            outputs: &outputs[m.experiment][m.time],
            parameters: set,
            places: &m.places,
            own: f64::NAN,
        };
        let simulated = m.formula.value(&with);
        with.own = simulated;
        with.places = &m.noise_places;
        let sigma = m.noise.value(&with);
        let scale = self.setup.observables[m.observable].transformation;
        let residual = (scale.apply(simulated) - scale.apply(m.value)) / sigma;
        let residual = if sigma > 0.0 { residual } else { f64::NAN };
        Compared { simulated, sigma, residual }
    }

    /// Likelihood and prior of one vector, with what each measurement is compared with.
    ///
    /// # Errors
    /// Why the simulation failed.
    pub fn score(&self, scaled: &[f64]) -> Result<(Score, Vec<Compared>), String> {
        let set = self.setup.values(scaled);
        let simulated: Simulated =
            simulate(self.setup, std::slice::from_ref(&set), None, self.settings)
                .pop()
                .unwrap_or_else(|| Err("not run".into()));
        let outputs = simulated?;
        let mut score = Score { log_likelihood: 0.0, chi2: 0.0, prior: 0.0 };
        let mut compared = Vec::new();
        for m in &self.setup.measurements {
            let c = self.compare(m, &set, &outputs);
            let square = c.residual * c.residual;
            score.chi2 += square;
            let scale = self.setup.observables[m.observable].transformation;
            score.log_likelihood += scale.log_slope(m.value)
                - 0.5 * (square + (2.0 * std::f64::consts::PI * c.sigma * c.sigma).ln());
            compared.push(c);
        }
        for (at, scaled) in self.setup.estimated.iter().zip(scaled) {
            let prior = self.setup.parameters[*at].prior.residual(*scaled, set[*at]);
            score.prior += prior.map_or(0.0, |r| 0.5 * r * r);
        }
        if score.log_likelihood.is_finite() {
            Ok((score, compared))
        } else {
            Err("a simulated value has no logarithm or no positive noise".into())
        }
    }
}
