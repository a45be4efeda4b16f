//! From readings to verdicts.

use serde::Serialize;

use super::{
    execute::Executed,
    file::Expect,
    formula::evaluate,
    plan::{How, Moment, Plan, PlannedClaim, PlannedReadout, Sides, Value},
};

/// Least relative change that counts as one.
const LEAST_CHANGE: f64 = 0.05;
/// Least relative step of an order, which must be strict.
const LEAST_STEP: f64 = 1e-3;

/// What one formula of a readout showed.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The formula.
    pub of: String,
    /// Place of the readout in the experiment.
    pub readout: usize,
    /// The readout in words, where the claim gives some.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What was expected, in words.
    pub expected: String,
    /// What was found: a ratio, a difference, a value, a share, or the smallest gap of an order.
    pub effect: Option<f64>,
    /// What `effect` is.
    pub measure: &'static str,
    /// The values it is made of, by their formula over the arms.
    pub values: Vec<(String, f64)>,
    /// Whether the expectation is met.
    pub holds: bool,
    /// Whether it counts.
    pub scored: bool,
    /// How large the effect is, on a scale on which a loss can be measured; none where that means
    /// nothing.
    #[serde(skip)]
    pub size: Option<f64>,
}

/// What a claim showed.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// One for each formula of each readout.
    pub verdicts: Vec<Verdict>,
    /// Why it could not be judged.
    pub failure: Option<String>,
}

impl Judged {
    /// Whether every scored readout holds.
    pub fn holds(&self) -> bool {
        self.failure.is_none() && self.verdicts.iter().all(|v| v.holds || !v.scored)
    }

    /// Whether a scored readout has an effect that something must carry. A claim that says that
    /// nothing changes has none: no coupling can be missed by it.
    pub fn carries_effect(&self) -> bool {
        self.verdicts.iter().any(|v| v.scored && v.size.is_some())
    }

    /// The readout that decides: the first that does not hold, else the first that counts.
    pub fn deciding(&self) -> Option<&Verdict> {
        let mut scored = self.verdicts.iter().filter(|v| v.scored);
        let first_failing = scored.clone().find(|v| !v.holds);
        first_failing.or_else(|| scored.next())
    }
}

/// Judges a claim by its courses.
pub fn judge(claim: &PlannedClaim, plan: &Plan, executed: &Executed) -> Judged {
    let mut verdicts = Vec::new();
    for readout in &claim.readouts {
        for sides in &readout.sides {
            match verdict(readout, sides, plan, executed) {
                Ok(verdict) => verdicts.push(verdict),
                Err(reason) if readout.exploratory => drop(reason),
                Err(reason) => return Judged { verdicts, failure: Some(reason) },
            }
        }
    }
    Judged { verdicts, failure: None }
}

fn verdict(
    readout: &PlannedReadout,
    sides: &Sides,
    plan: &Plan,
    executed: &Executed,
) -> Result<Verdict, String> {
    let mut values = Vec::new();
    let mut value = |v: &Value| -> Result<f64, String> {
        let number = number(v, plan, executed)?;
        values.push((v.text.clone(), number));
        Ok(number)
    };
    let mut optional = |v: &Option<Value>| v.as_ref().map_or(Ok(f64::NAN), &mut value);
    let p = optional(&sides.perturbed)?;
    let r = optional(&sides.reference)?;
    let (resistant, parental) = (optional(&sides.resistant)?, optional(&sides.parental)?);
    let rising = sides.ascending.iter().map(&mut value).collect::<Result<Vec<_>, _>>()?;
    let [low, high] = readout.band.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    let inside = |x: f64| x >= low && x <= high;
    let least = readout.least.unwrap_or(LEAST_CHANGE * r.abs());
    let band = || format!("[{low}, {high}]");
    let log_ratio = |a: f64, b: f64| (a / b).ln();
    let found = match readout.expect {
        Expect::Increase | Expect::Decrease => {
            let up = readout.expect == Expect::Increase;
            let gap = if up { p - r } else { r - p };
            // At least: rounding must not decide where the reference is zero.
            let holds = gap >= least && gap > 0.0;
            let word = if up { "increase" } else { "decrease" };
            let ratio = p / r;
            let by_ratio = readout.least.is_none() && ratio.is_finite() && ratio > 0.0;
            let size =
                if by_ratio { if up { log_ratio(p, r) } else { log_ratio(r, p) } } else { gap };
            let expected = match readout.least {
                Some(least) => format!("{word} by {least} or more"),
                None => word.to_string(),
            };
            let (effect, measure) = if readout.least.is_none() && ratio.is_finite() {
                (ratio, "ratio")
            } else {
                (p - r, "difference")
            };
            (effect, measure, expected, holds, Some(size))
        }
        Expect::NoChange if readout.difference => {
            (p - r, "difference", format!("difference in {}", band()), inside(p - r), None)
        }
        Expect::NoChange => {
            (p / r, "ratio", format!("no change, ratio in {}", band()), inside(p / r), None)
        }
        Expect::Value => (p, "value", format!("value in {}", band()), inside(p), None),
        Expect::Order => {
            let size = |a: f64, b: f64| a.abs().max(b.abs());
            let gaps = rising.windows(2).map(|w| (w[1] - w[0], LEAST_STEP * size(w[0], w[1])));
            let rises = gaps.clone().all(|(gap, least)| gap > least);
            let gap = gaps.map(|(gap, _)| gap).fold(f64::INFINITY, f64::min);
            let whole = match rising.as_slice() {
                [first, .., last] => last - first >= readout.least.unwrap_or(0.0),
                _ => false,
            };
            let names: Vec<&str> = sides.ascending.iter().map(|v| v.text.as_str()).collect();
            (gap, "smallest gap", names.join(" < "), rises && whole, Some(gap))
        }
        Expect::Restored => {
            let gap = parental - resistant;
            let share = (p - resistant) / gap;
            let expected = format!("{} or more of the gap closed", readout.share);
            // Where nothing was lost nothing can be restored.
            let lost = gap.abs() >= readout.least.unwrap_or(LEAST_CHANGE * parental.abs());
            (share, "share of the gap", expected, lost && share >= readout.share, Some(share))
        }
    };
    let (effect, measure, expected, holds, size) = found;
    Ok(Verdict {
        of: sides.of.clone(),
        readout: readout.index,
        label: readout.label.clone(),
        expected,
        effect: effect.is_finite().then_some(effect),
        measure,
        values,
        holds: holds && !effect.is_nan(),
        scored: !readout.exploratory,
        size: size.filter(|s| s.is_finite()),
    })
}

/// The number that a formula over readings stands for.
///
/// # Errors
/// Why one of its courses failed.
pub fn number(value: &Value, plan: &Plan, executed: &Executed) -> Result<f64, String> {
    let mut numbers = Vec::new();
    for reading in &value.readings {
        numbers.push(match &reading.how {
            How::Derived(inner) => number(inner, plan, executed)?,
            How::Read { course, moment, of } => {
                let trajectory = &executed.trajectories[*course];
                let (day, outputs) = match moment {
                    Moment::Day(day) => (*day, trajectory.on(*day)),
                    Moment::Crossing(index) => {
                        let crossing = plan.courses[*course].crossings.get(*index);
                        let reached = trajectory.crossed.get(*index).and_then(Option::as_ref);
                        match (reached, crossing) {
                            (Some((day, outputs)), _) => (*day, Some(outputs.as_slice())),
                            // Never reached: what there is when waiting ends.
                            (None, Some(c)) => (c.horizon, trajectory.on(c.horizon)),
                            (None, None) => (f64::NAN, None),
                        }
                    }
                };
                // What was read before a failure is good.
                let Some(outputs) = outputs else {
                    let reason = trajectory.failure.as_deref().unwrap_or("it was not read");
                    return Err(format!("arm `{}`, day {day}: {reason}", reading.arm));
                };
                let stage = &plan.stages[plan.courses[*course].stage];
                let seen = |id| {
                    let id = stage.gates.get(&id).map_or(id, |gate| gate.seen);
                    stage.output(id).map_or(f64::NAN, |place| outputs[place])
                };
                let time = day / stage.assembled.days_per_time_unit();
                evaluate(of, time, &seen)
            }
        });
    }
    Ok(evaluate(&value.expr, f64::NAN, &|id| {
        numbers.get(id.0 as usize).copied().unwrap_or(f64::NAN)
    }))
}
