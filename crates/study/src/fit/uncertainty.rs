//! How well the best values are known, from the curvature of the objective.

use super::{outcome::FittedParameter, parameter::Scale, setup::Setup};
use crate::least_squares::{Space, Square, eigen};

/// Standard normal quantile of 97.5 %.
const WIDE: f64 = 1.959_963_985;
/// Share of the information on a parameter that must come from data to call it identifiable.
const INFORMED: f64 = 0.1;
/// Curvature below which a direction counts as flat, relative to the largest.
const FLAT: f64 = 1e-12;

/// Table of the best values. `columns` are derivatives of all residuals, priors included; the
/// last residuals are those of the priors, in the order of the parameters that have one.
pub fn table(
    setup: &Setup,
    point: &[f64],
    space: &Space,
    columns: &[Vec<f64>],
) -> Vec<FittedParameter> {
    let bounds: Vec<Option<&'static str>> = (0..point.len())
        .map(|i| {
            let near = 1e-6 * (space.upper[i] - space.lower[i]);
            if point[i] - space.lower[i] <= near {
                Some("lower")
            } else if space.upper[i] - point[i] <= near {
                Some("upper")
            } else {
                None
            }
        })
        .collect();
    let open: Vec<usize> = (0..point.len()).filter(|i| bounds[*i].is_none()).collect();
    let kept: Vec<Vec<f64>> = open.iter().map(|i| columns[*i].clone()).collect();
    let variance = variances(&Square::gram(&kept));
    (setup.estimated.iter().enumerate())
        .map(|(i, at)| {
            let p = &setup.parameters[*at];
            let value = p.scale.back(point[i]);
            let variance = open.iter().position(|o| *o == i).and_then(|k| variance[k]);
            let se = variance.map(f64::sqrt);
            let prior = p.prior.scaled_sd(p.scale, value);
            let range = space.upper[i] - space.lower[i];
            let informed = match (se, prior) {
                (Some(se), Some(prior)) => (1.0 - (se / prior).powi(2)).clamp(0.0, 1.0),
                // Without a prior: against knowing only that it lies between the bounds.
                (Some(se), None) => (1.0 - 12.0 * (se / range).powi(2)).clamp(0.0, 1.0),
                (None, _) => 0.0,
            };
            let limit = |sign: f64| se.map(|se| p.scale.back(point[i] + sign * WIDE * se));
            FittedParameter {
                id: p.id.clone(),
                title: p.title.clone(),
                unit: p.unit.as_ref().map(ToString::to_string).unwrap_or_default(),
                scale: p.scale,
                lower: p.lower,
                upper: p.upper,
                nominal: p.nominal,
                value,
                se,
                ci_low: limit(-1.0),
                ci_high: limit(1.0),
                informed,
                at_bound: bounds[i],
                unidentifiable: bounds[i].is_none() && informed < INFORMED,
                in_model: p.symbols.iter().any(|s| !s.is_empty()),
            }
        })
        .collect()
}

/// Diagonal of the inverse; none for a parameter in a flat direction.
fn variances(hessian: &Square) -> Vec<Option<f64>> {
    let (values, vectors) = eigen(hessian);
    let largest = values.iter().copied().fold(0.0, f64::max);
    (0..hessian.n)
        .map(|i| {
            let mut sum = 0.0;
            for (k, value) in values.iter().enumerate() {
                let share = vectors.at(i, k).powi(2);
                if *value > FLAT * largest {
                    sum += share / value;
                } else if share > 1e-6 {
                    return None;
                }
            }
            sum.is_finite().then_some(sum)
        })
        .collect()
}

/// The box on the scales of the estimation.
pub fn space(setup: &Setup, step: f64) -> Space {
    let mut space = Space { lower: Vec::new(), upper: Vec::new(), step: Vec::new() };
    for at in &setup.estimated {
        let p = &setup.parameters[*at];
        let (low, high) = (p.scale.forward(p.lower), p.scale.forward(p.upper));
        space.lower.push(low);
        space.upper.push(high);
        // A change of the value by so much where the scale is logarithmic, else of the range.
        space.step.push(match p.scale {
            Scale::Lin => step * (high - low),
            Scale::Log => step,
            Scale::Log10 => step * std::f64::consts::LOG10_E,
        });
    }
    space
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_are_those_of_the_inverse() {
        // Two columns with correlation; the third parameter has no influence.
        let hessian = Square::gram(&[vec![2.0, 0.0, 1.0], vec![1.0, 1.0, 0.0], vec![0.0; 3]]);
        let found = variances(&hessian);
        let det = 5.0 * 2.0 - 2.0 * 2.0;
        assert!((found[0].unwrap() - 2.0 / det).abs() < 1e-12);
        assert!((found[1].unwrap() - 5.0 / det).abs() < 1e-12);
        assert_eq!(found[2], None);
    }
}
