//! Finding the time within a step at which a condition turns.

use crate::{history::Step, run::Run, tape::Inputs};

/// Places within a step that are looked at.
const LOOKS: usize = 8;

impl Run<'_> {
    /// Conditions at a state: for steps and for events.
    pub(crate) fn conditions(&self, state: &[f64], regs: &mut Vec<f64>) -> Vec<f64> {
        self.system.watch.run(Inputs { state, ..self.inputs() }, regs);
        let all = self.system.modes.iter().chain(&self.system.triggers);
        all.map(|&r| regs[r as usize]).collect()
    }

    /// The first time in a step at which a condition is not what it was at its start, if any.
    pub(crate) fn turns(&self, step: &Step) -> Option<f64> {
        if self.system.modes.is_empty() && self.system.triggers.is_empty() {
            return None;
        }
        let mut regs = Vec::new();
        let mut state = Vec::new();
        let base = self.conditions(&step.start, &mut regs);
        let differ = |values: &[f64]| {
            values.iter().zip(&base).any(|(a, b)| a != b && !(a.is_nan() && b.is_nan()))
        };
        let differences = |regs: &[f64]| -> Vec<f64> {
            self.system.differences.iter().map(|&r| regs[r as usize]).collect()
        };
        let mut seen = vec![(step.from, differences(&regs))];
        let mut found = None;
        for look in 1..=LOOKS {
            let time = if look == LOOKS {
                step.to
            } else {
                step.from + (step.to - step.from) * look as f64 / LOOKS as f64
            };
            step.states(time, &mut state);
            let values = self.conditions(&state, &mut regs);
            seen.push((time, differences(&regs)));
            if let Some(dip) = self.dip(step, &seen, &differ) {
                let before = seen.len().saturating_sub(3);
                found = Some((seen[before].0, dip));
                break;
            }
            if differ(&values) {
                found = Some((seen[seen.len() - 2].0, time));
                break;
            }
        }
        let (mut before, mut after) = found?;
        loop {
            let middle = before + 0.5 * (after - before);
            if middle <= before || middle >= after {
                return Some(after);
            }
            step.states(middle, &mut state);
            if differ(&self.conditions(&state, &mut regs)) {
                after = middle;
            } else {
                before = middle;
            }
        }
    }

    /// Where between the last three looks a quantity touches zero, seen from one side at all
    /// three, so that a condition turns there.
    fn dip(
        &self,
        step: &Step,
        seen: &[(f64, Vec<f64>)],
        differ: &dyn Fn(&[f64]) -> bool,
    ) -> Option<f64> {
        let [.., (t0, a), (_, b), (t2, c)] = seen else { return None };
        let mut regs = Vec::new();
        let mut state = Vec::new();
        for (i, &reg) in self.system.differences.iter().enumerate() {
            let same = a[i].signum() == b[i].signum() && b[i].signum() == c[i].signum();
            let (x, y, z) = (a[i].abs(), b[i].abs(), c[i].abs());
            // A parabola through the three would reach beyond zero, or nearly so.
            let curved = x - 2.0 * y + z;
            let slope = 0.5 * (z - x);
            if !same
                || y > x
                || y > z
                || curved <= 0.0
                || y - slope * slope / (2.0 * curved) > 0.2 * y
            {
                continue;
            }
            let (mut low, mut high) = (*t0, *t2);
            const GOLDEN: f64 = 0.381_966_011_250_105_2;
            for _ in 0..60 {
                let (p, q) = (low + GOLDEN * (high - low), high - GOLDEN * (high - low));
                let mut size = |time: f64| {
                    step.states(time, &mut state);
                    let turned = differ(&self.conditions(&state, &mut regs));
                    (regs[reg as usize].abs(), turned)
                };
                let ((at_p, p_turned), (at_q, q_turned)) = (size(p), size(q));
                if p_turned {
                    return Some(p);
                }
                if q_turned {
                    return Some(q);
                }
                if at_p < at_q {
                    high = q;
                } else {
                    low = p;
                }
            }
        }
        None
    }
}
