//! What a fit yields: plain data that the doors print and the report draws.

use serde::Serialize;

use super::parameter::Scale;
use crate::least_squares::Status;

/// Everything a fit yields.
#[derive(Clone, Debug, Serialize)]
pub struct FitOutcome {
    /// Identifier of the problem.
    pub problem: String,
    /// Words.
    pub title: String,
    /// Remarks of the problem.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Seed of the starts.
    pub seed: u64,
    /// Number of measurements.
    pub measurements: usize,
    /// Fit of the values that the tables hold now; none when they cannot be simulated.
    pub nominal: Option<Fit>,
    /// Best fit.
    pub best: Fit,
    /// Estimated parameters.
    pub parameters: Vec<FittedParameter>,
    /// Starts, best first.
    pub starts: Vec<StartOutcome>,
    /// Observables.
    pub observables: Vec<ObservableOutcome>,
    /// Measurements beside the best fit.
    pub points: Vec<Point>,
    /// Profiles that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
    /// Data over curves.
    #[serde(skip)]
    pub panels: Vec<Panel>,
    /// Why some simulation failed on the way, if any did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Iterations of all starts in this run; those found done in the folder do not count.
    pub iterations: usize,
    /// Seconds that the search took.
    pub seconds: f64,
}

/// How well one set of parameters fits.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Fit {
    /// Minus the logarithm of likelihood and priors, which is minimised.
    pub objective: f64,
    /// Logarithm of the likelihood of the measurements.
    pub log_likelihood: f64,
    /// Sum of squared residuals of the measurements.
    pub chi2: f64,
    /// Half the sum of squared distances from the priors' means.
    pub prior: f64,
}

/// One estimated parameter.
#[derive(Clone, Debug, Serialize)]
pub struct FittedParameter {
    /// Name.
    pub id: String,
    /// Words.
    pub title: String,
    /// Unit of the values, as the model counts.
    pub unit: String,
    /// Scale of the estimation.
    pub scale: Scale,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Value in the tables.
    pub nominal: f64,
    /// Best value.
    pub value: f64,
    /// Standard error on the scale of the estimation; none at a bound or without curvature.
    pub se: Option<f64>,
    /// Lower 95 % limit.
    pub ci_low: Option<f64>,
    /// Upper 95 % limit.
    pub ci_high: Option<f64>,
    /// Share of what is known of it that comes from the data rather than from the prior.
    pub informed: f64,
    /// `lower` or `upper` when it ends there.
    pub at_bound: Option<&'static str>,
    /// Whether the data say next to nothing of it.
    pub unidentifiable: bool,
    /// Whether it belongs to the model, not only to the problem.
    pub in_model: bool,
}

/// One start.
#[derive(Clone, Debug, Serialize)]
pub struct StartOutcome {
    /// Number; 0 begins at the tables' values.
    pub start: usize,
    /// Objective where it began; none when that cannot be simulated.
    pub from: Option<f64>,
    /// Objective where it ended.
    pub objective: Option<f64>,
    /// Iterations.
    pub iterations: usize,
    /// How it ended.
    pub status: Status,
}

/// How an observable is fitted.
#[derive(Clone, Debug, Serialize)]
pub struct ObservableOutcome {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Measurements.
    pub n: usize,
    /// Sum of squared residuals.
    pub chi2: f64,
    /// Mean residual, in standard deviations.
    pub mean: f64,
    /// Largest residual, in standard deviations.
    pub worst: f64,
    /// Root mean squared error on the scale of comparison.
    pub rmse: f64,
}

/// A measurement beside its simulation.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Observable.
    pub observable: String,
    /// Condition.
    pub condition: String,
    /// Days.
    pub day: f64,
    /// Measured.
    pub measured: f64,
    /// Simulated.
    pub simulated: f64,
    /// Standard deviation on the scale of comparison.
    pub sigma: f64,
    /// Simulated minus measured in standard deviations.
    pub residual: f64,
}

/// Objective along one parameter, all others fitted anew at each value.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// Parameter.
    pub id: String,
    /// Unit of the values.
    pub unit: String,
    /// Scale of the estimation.
    pub scale: Scale,
    /// Best value.
    pub best: f64,
    /// Values, ascending.
    pub values: Vec<f64>,
    /// How much the objective rises above the best fit; none where nothing can be simulated.
    pub rise: Vec<Option<f64>>,
    /// Limits within which twice the rise stays below 3.84 (95 %); none where it stays so to the
    /// bound.
    pub ci: [Option<f64>; 2],
}

/// A picture of data over curves.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Words.
    pub title: String,
    /// What the horizontal axis shows.
    pub x: String,
    /// Whether it is logarithmic.
    pub x_log: bool,
    /// What the vertical axis shows.
    pub y: String,
    /// Whether it is logarithmic.
    pub y_log: bool,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A curve and the data it is to meet.
#[derive(Clone, Debug)]
pub struct Line {
    /// Words.
    pub title: String,
    /// Simulated.
    pub curve: Vec<(f64, f64)>,
    /// Measured: place, value, 95 % limits of the noise.
    pub data: Vec<(f64, f64, f64, f64)>,
}
