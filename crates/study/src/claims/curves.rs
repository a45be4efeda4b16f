//! The readout of a claim over time in its arms, to draw.

use serde::Serialize;

use super::{
    execute::Executed,
    formula::evaluate,
    plan::{How, Moment, Plan, PlannedClaim},
};
use hersim_network::{Expr, Node};

/// Points of a curve.
const POINTS: usize = 60;

/// One curve.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// The arm.
    pub arm: String,
    /// Days.
    pub day: Vec<f64>,
    /// Values.
    pub value: Vec<f64>,
}

/// Asks for what the curves of a claim need. Call it before the plan is run.
pub fn ask(plan: &mut Plan, claim: &PlannedClaim) {
    let shown = shown(plan, claim);
    let last = shown.iter().map(|s| s.last).fold(0.0, f64::max);
    for Shown { course, .. } in shown {
        for point in 0..=POINTS {
            plan.courses[course].glance(last * point as f64 / POINTS as f64);
        }
    }
}

/// The curves of a claim.
pub fn curves(plan: &Plan, claim: &PlannedClaim, executed: &Executed) -> Vec<Curve> {
    let shown = shown(plan, claim);
    let last = shown.iter().map(|s| s.last).fold(0.0, f64::max);
    let mut curves = Vec::new();
    for Shown { arm, course, of, .. } in shown {
        let stage = &plan.stages[plan.courses[course].stage];
        let (mut day, mut value) = (Vec::new(), Vec::new());
        for (time, outputs) in &executed.trajectories[course].read {
            if *time > last {
                break;
            }
            let seen = |id| {
                let id = stage.gates.get(&id).map_or(id, |gate| gate.seen);
                stage.output(id).map_or(f64::NAN, |place| outputs[place])
            };
            day.push(*time);
            value.push(evaluate(&of, time / stage.assembled.days_per_time_unit(), &seen));
        }
        curves.push(Curve { arm, day, value });
    }
    curves
}

struct Shown {
    arm: String,
    course: usize,
    of: Expr,
    /// Last day on which the claim may read it.
    last: f64,
}

/// What is drawn: the first readout that counts, once for each arm.
fn shown(plan: &Plan, claim: &PlannedClaim) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let readout = claim.readouts.iter().find(|r| !r.exploratory).or(claim.readouts.first());
    let sides = readout.and_then(|r| r.sides.first());
    for value in sides.into_iter().flat_map(super::plan::Sides::values) {
        value.each(&mut |arm, how| {
            let How::Read { course, moment, of } = how else { return };
            let mut of = of.clone();
            let last = match moment {
                Moment::Day(day) => *day,
                Moment::Crossing(index) => {
                    let Some(crossing) = plan.courses[*course].crossings.get(*index) else {
                        return;
                    };
                    if matches!(of.node, Node::Time) {
                        of = Expr::symbol(crossing.symbol);
                    }
                    crossing.horizon
                }
            };
            match found.iter_mut().find(|s| s.arm == arm && s.course == *course) {
                Some(known) => known.last = known.last.max(last),
                None => found.push(Shown { arm: arm.to_string(), course: *course, of, last }),
            }
        });
    }
    found
}
