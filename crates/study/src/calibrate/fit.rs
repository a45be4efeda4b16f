//! Moving draws, step by step, until the weighed pool shows the published figures.

use super::{
    plan::{CalibrationPlan, Step},
    result::StepOutcome,
    targets::{Arm, Target},
    weights::{Moves, Scores, effective},
};
use crate::least_squares::{Search, Space, descend};

/// Furthest a median may move, in standard deviations.
const FURTHEST: f64 = 2.5;
/// Logarithms between which a spread may change.
const SPREADS: [f64; 2] = [-1.2, 0.4];
/// Residual of a figure that cannot be estimated from the weighed pool.
const LOST: f64 = 5.0;
/// How steeply it counts when the pool becomes too small.
const TOO_SMALL: f64 = 10.0;
/// Iterations of a step.
const ITERATIONS: usize = 40;

/// The moved draws of a pool after all steps, leaving out the trials of one class if asked.
pub fn fit(
    plan: &CalibrationPlan,
    scores: &Scores,
    arms: &[&Arm],
    targets: &[Target],
    left_out: Option<&str>,
    tick: &dyn Fn(u64),
) -> (Moves, Vec<StepOutcome>) {
    let mut moves = Moves::none(scores.names.len());
    let mut named: Vec<usize> = Vec::new();
    let mut outcomes = Vec::new();
    for step in &plan.step {
        named.extend(places(step, arms));
        let used: Vec<&Target> = targets
            .iter()
            .filter(|t| t.fitted && Some(t.class.as_str()) != left_out)
            .filter(|t| t.arms.iter().all(|arm| named.contains(arm)))
            .collect();
        let before = cost(&used, &scores.weights(&moves));
        moves = fit_step(plan, step, scores, &used, moves);
        let weights = scores.weights(&moves);
        let moved = step.moves.iter().filter_map(|m| {
            let i = scores.names.iter().position(|n| n == m.draw.get_ref())?;
            Some((scores.names[i].clone(), moves.mean[i], moves.log_sd[i].exp()))
        });
        outcomes.push(StepOutcome {
            step: step.id.clone(),
            title: step.title.clone(),
            figures: used.len(),
            before,
            after: cost(&used, &weights),
            effective: effective(&weights) / scores.members.max(1) as f64,
            moved: moved.collect(),
        });
        tick(1);
    }
    (moves, outcomes)
}

/// Mean squared residual.
fn cost(targets: &[&Target], weights: &[f64]) -> f64 {
    let squares = targets.iter().map(|t| t.residual(weights).unwrap_or(LOST).powi(2));
    squares.sum::<f64>() / targets.len().max(1) as f64
}

/// Arms that a step names, by their places.
pub fn places(step: &Step, arms: &[&Arm]) -> Vec<usize> {
    let named = |arm: &Arm| {
        let words = format!("{}/{}", arm.trial, arm.arm);
        step.arm.iter().any(|a| *a.get_ref() == words)
    };
    (0..arms.len()).filter(|i| named(arms[*i])).collect()
}

fn fit_step(
    plan: &CalibrationPlan,
    step: &Step,
    scores: &Scores,
    targets: &[&Target],
    start: Moves,
) -> Moves {
    // One number per mean, then one per spread that may change; each with its prior.
    let place = |name: &str| scores.names.iter().position(|n| n == name);
    let means: Vec<(usize, f64)> =
        step.moves.iter().filter_map(|m| Some((place(m.draw.get_ref())?, m.shift))).collect();
    let spreads: Vec<(usize, f64)> =
        step.moves.iter().filter_map(|m| Some((place(m.draw.get_ref())?, m.spread?))).collect();
    let count = means.len() + spreads.len();
    if count == 0 || targets.is_empty() {
        return start;
    }
    let moves_at = |point: &[f64]| {
        let mut moves = start.clone();
        means.iter().zip(point).for_each(|((i, _), x)| moves.mean[*i] = *x);
        spreads.iter().zip(&point[means.len()..]).for_each(|((i, _), x)| moves.log_sd[*i] = *x);
        moves
    };
    let priors: Vec<f64> = means.iter().chain(&spreads).map(|(_, prior)| *prior).collect();
    let least = plan.least_effective * scores.members as f64;
    let mut evaluate = |points: &[Vec<f64>]| -> Vec<Option<Vec<f64>>> {
        let residuals = |point: &Vec<f64>| {
            let weights = scores.weights(&moves_at(point));
            let mut all: Vec<f64> =
                targets.iter().map(|t| t.residual(&weights).unwrap_or(LOST)).collect();
            all.extend(point.iter().zip(&priors).map(|(x, prior)| x / prior));
            let short = (least / effective(&weights).max(1.0)).ln();
            all.push(TOO_SMALL * short.max(0.0));
            Some(all)
        };
        points.iter().map(residuals).collect()
    };
    let space = Space {
        lower: [vec![-FURTHEST; means.len()], vec![SPREADS[0]; spreads.len()]].concat(),
        upper: [vec![FURTHEST; means.len()], vec![SPREADS[1]; spreads.len()]].concat(),
        step: vec![0.02; count],
    };
    let origin: Vec<f64> = (means.iter().map(|(i, _)| start.mean[*i]))
        .chain(spreads.iter().map(|(i, _)| start.log_sd[*i]))
        .collect();
    let mut searches = [Search::new(origin, vec![true; count])];
    descend(&mut searches, &space, ITERATIONS, &mut evaluate, &|_| {});
    let [search] = searches;
    moves_at(&search.point)
}
