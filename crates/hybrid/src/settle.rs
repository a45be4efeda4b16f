//! Moving states to where algebraic rules hold and fast reactions rest.

use crate::{
    linear::Factor,
    run::{Failure, Reason, Run},
    solver::Solver,
    system::{Settling, System},
    tape::Inputs,
};

/// Steps of the search for values that meet algebraic rules.
const MOST: usize = 200;
/// Steps in which fast reactions must come to rest.
const LONGEST: usize = 20_000;
/// A step is long when it is this many times as long as what is fastest takes.
const LONG: f64 = 1e12;
/// The longest step there is.
const HUGE: f64 = 1e60;
/// A matrix is singular when a pivot is this much smaller than its row was.
const SINGULAR: f64 = 1e-10;

impl Run<'_> {
    /// Moves the states onto algebraic rules and equilibria.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        let system = self.system;
        if system.settling.is_empty() && system.alone.is_none() {
            return Ok(());
        }
        let mut regs = Vec::new();
        let conditions = self.conditions(&self.state, &mut regs);
        self.modes.copy_from_slice(&conditions[..system.modes.len()]);
        let mut solver = std::mem::replace(&mut self.solver, Solver::new_empty());
        let mut result = self.meet(&mut solver);
        if let (Ok(()), Some(alone)) = (&result, &system.alone) {
            result = self.rest(alone);
            let conditions = self.conditions(&self.state, &mut regs);
            self.modes.copy_from_slice(&conditions[..system.modes.len()]);
            if result.is_ok() && system.exact {
                result = self.determined(&mut solver);
            }
        }
        self.solver = solver;
        result.or_else(|reason| self.fail(reason))
    }

    /// Lets fast reactions run alone from where they are until they rest, so that they come to
    /// the equilibrium that they would come to.
    fn rest(&mut self, alone: &System) -> Result<(), Reason> {
        let mut solver = alone.solver.clone();
        let mut regs = Vec::new();
        let mut modes = vec![0.0; alone.modes.len()];
        let tolerances = (self.settings.relative, self.settings.absolute);
        let (mut length, mut rested) = (1e-6, 0);
        for _ in 0..LONGEST {
            alone.watch.run(self.inputs(), &mut regs);
            for (mode, &reg) in modes.iter_mut().zip(&alone.modes) {
                *mode = regs[reg as usize];
            }
            let inputs = Inputs { modes: &modes, ..self.inputs() };
            solver.differentiate(alone, inputs);
            let tried = solver.step(alone, &self.history, inputs, length, tolerances);
            let Some((step, error)) = tried.filter(|(_, error)| *error <= 1.0) else {
                length *= 0.2;
                if length < 1e-200 {
                    return Err(Reason::Inconsistent);
                }
                continue;
            };
            let now = self.time();
            let moved = self
                .state
                .iter()
                .zip(&step.end)
                .map(|(from, to)| (to - from).abs() / (tolerances.1 + tolerances.0 * to.abs()));
            let moved = moved.fold(0.0, f64::max);
            self.state.copy_from_slice(&step.end);
            if let Some(clock) = self.state.last_mut() {
                *clock = now;
            }
            // At rest when steps that are long for the slowest of them change nothing.
            let longest = LONG / solver.steepest().max(f64::MIN_POSITIVE);
            rested = if moved < 0.1 && length >= 0.1 * longest.min(HUGE) { rested + 1 } else { 0 };
            if rested >= 3 {
                return Ok(());
            }
            let factor = (0.9 * error.max(1e-10).powf(-0.2)).clamp(0.2, 5.0);
            length = (length * factor).min(longest).min(HUGE);
        }
        Err(Reason::Inconsistent)
    }

    /// Finds values that meet the algebraic rules, and the equilibria once they are near.
    fn meet(&mut self, solver: &mut Solver) -> Result<(), Reason> {
        let system = self.system;
        let settling = &system.settling;
        let count = settling.iter().filter(|s| !s.fast).count();
        if count == 0 {
            return Ok(());
        }
        let mut factor = Factor::full(count);
        for round in 0..MOST {
            let mut change = solver.settling(system, self.inputs());
            change.truncate(count);
            let mut rows = self.slopes(solver);
            rows.truncate(count);
            rows.iter_mut().for_each(|row| row.truncate(count));
            if !factor.factor(&rows) {
                let first = round == 0;
                return Err(if first { Reason::Undetermined } else { Reason::Inconsistent });
            }
            factor.solve(&mut change);
            let mut small = true;
            for (one, change) in settling.iter().zip(&change) {
                for &(i, d) in &one.direction {
                    let by = d * change;
                    self.state[i] -= by;
                    small &= by.abs() <= 1e-13 * self.state[i].abs() + 1e-300
                        || by.abs() <= 1e-3 * self.settings.absolute;
                }
            }
            if self.state.iter().any(|x| !x.is_finite()) {
                break;
            }
            if small {
                return Ok(());
            }
        }
        Err(Reason::Inconsistent)
    }

    /// How each equation changes along the direction of each.
    fn slopes(&self, solver: &mut Solver) -> Vec<Vec<(usize, f64)>> {
        let system = self.system;
        let mut rows = vec![Vec::new(); system.settling.len()];
        for (j, Settling { direction, .. }) in system.settling.iter().enumerate() {
            let mut along = vec![0.0; system.n];
            direction.iter().for_each(|&(i, d)| along[i] = d);
            let slopes = solver.along(system, self.inputs(), &along);
            for (row, slope) in rows.iter_mut().zip(slopes) {
                row.push((j, slope));
            }
        }
        rows
    }

    /// Whether the equations hold the states where they are, so that steps can keep them there.
    fn determined(&self, solver: &mut Solver) -> Result<(), Reason> {
        let mut rows = self.slopes(solver);
        for row in &mut rows {
            let largest = row.iter().map(|e| e.1.abs()).fold(0.0, f64::max);
            if largest == 0.0 {
                return Err(Reason::Undetermined);
            }
            row.iter_mut().for_each(|e| e.1 /= largest);
        }
        let count = rows.len();
        let mut factor = Factor::full(count);
        let sound = factor.factor(&rows) && factor.smallest_pivot() > SINGULAR;
        if sound { Ok(()) } else { Err(Reason::Undetermined) }
    }
}
