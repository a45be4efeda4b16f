//! The objective along one parameter, all others fitted anew at each value.

use super::{outcome::Profile, setup::Setup};
use crate::least_squares::{Evaluate, Search, Space, descend};

/// Values between the bounds at which the others are fitted anew.
const VALUES: usize = 17;
/// Rise of the objective that bounds a 95 % interval (half of 3.84).
const RISE: f64 = 1.920_729;

/// How many searches so many profiles take.
pub fn searches(profiles: usize) -> usize {
    2 * (VALUES + 1) * profiles
}

/// Profiles of some of the estimated parameters, by their place among them.
///
/// All values of all parameters are searched at once, each from the best fit; then each value once
/// more from what its better neighbour found, which carries the others along.
pub fn profiles(
    setup: &Setup,
    wanted: &[usize],
    best: (&[f64], f64),
    space: &Space,
    iterations: usize,
    evaluate: &mut Evaluate<'_>,
    tick: &dyn Fn(u64),
) -> Vec<Profile> {
    let (point, cost) = best;
    let mut searches = Vec::new();
    for i in wanted {
        for value in grid(point[*i], space.lower[*i], space.upper[*i]) {
            let mut free = vec![true; point.len()];
            free[*i] = false;
            let mut start = point.to_vec();
            start[*i] = value;
            searches.push(Search::new(start, free));
        }
    }
    descend(&mut searches, space, iterations, evaluate, tick);
    let per = VALUES + 1;
    let mut again = Vec::new();
    for (k, search) in searches.iter().enumerate() {
        let fixed = wanted[k / per];
        let beside = [k.checked_sub(1), Some(k + 1)];
        let near = (beside.into_iter().flatten())
            .filter(|n| n / per == k / per && *n < searches.len())
            .min_by(|a, b| searches[*a].cost.total_cmp(&searches[*b].cost));
        let mut start = near.map_or(search.point.clone(), |n| searches[n].point.clone());
        start[fixed] = search.point[fixed];
        again.push(Search::new(start, search.free.clone()));
    }
    descend(&mut again, space, iterations, evaluate, tick);
    (wanted.iter().enumerate())
        .map(|(number, i)| {
            let p = &setup.parameters[setup.estimated[*i]];
            let range = number * per..(number + 1) * per;
            let found: Vec<(f64, Option<f64>)> = range
                .map(|k| {
                    let least = searches[k].cost.min(again[k].cost);
                    (searches[k].point[*i], least.is_finite().then_some(least - cost))
                })
                .collect();
            Profile {
                id: p.id.clone(),
                unit: p.unit.as_ref().map(ToString::to_string).unwrap_or_default(),
                scale: p.scale,
                best: p.scale.back(point[*i]),
                values: found.iter().map(|(v, _)| p.scale.back(*v)).collect(),
                rise: found.iter().map(|(_, r)| *r).collect(),
                ci: limits(&found, point[*i]).map(|l| l.map(|v| p.scale.back(v))),
            }
        })
        .collect()
}

/// Evenly spaced values between the bounds, and the best one.
fn grid(best: f64, lower: f64, upper: f64) -> Vec<f64> {
    let at = |i: usize| lower + (upper - lower) * i as f64 / (VALUES - 1) as f64;
    let mut values: Vec<f64> = (0..VALUES).map(at).chain([best]).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Where the profile crosses the 95 % rise, on both sides of the best value.
fn limits(found: &[(f64, Option<f64>)], best: f64) -> [Option<f64>; 2] {
    let cross = |side: Vec<&(f64, Option<f64>)>| {
        // Outward from the best value.
        side.windows(2).find_map(|pair| {
            let ((a, low), (b, high)) = (*pair[0], *pair[1]);
            let low = low?;
            let Some(high) = high else { return Some(b) };
            (low < RISE && high >= RISE).then(|| a + (b - a) * (RISE - low) / (high - low))
        })
    };
    [
        cross(found.iter().rev().filter(|(v, _)| *v <= best).collect()),
        cross(found.iter().filter(|(v, _)| *v >= best).collect()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_where_the_rise_is_reached() {
        let found: Vec<_> =
            (0..=8).map(|i| i as f64).map(|x| (x, Some((x - 4.0f64).powi(2)))).collect();
        let [low, high] = limits(&found, 4.0);
        assert!((low.unwrap() - (3.0 - (RISE - 1.0) / 3.0)).abs() < 1e-12);
        assert!((high.unwrap() - (5.0 + (RISE - 1.0) / 3.0)).abs() < 1e-12);
        let flat: Vec<_> = (0..5).map(|i| (i as f64, Some(0.1))).collect();
        assert_eq!(limits(&flat, 2.0), [None, None]);
    }

    #[test]
    fn the_grid_holds_bounds_and_best() {
        let values = grid(0.3, -1.0, 1.0);
        assert_eq!((values[0], values[VALUES], values.len()), (-1.0, 1.0, VALUES + 1));
        assert!(values.contains(&0.3));
    }
}
