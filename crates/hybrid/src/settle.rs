//! Moving states to where algebraic rules hold and fast reactions rest.

use crate::{
    linear::Factor,
    run::{Failure, Reason, Run},
    solver::Solver,
    system::Settling,
};

/// Steps after which there is no hope.
const MOST: usize = 1_000;
/// A step moves a state by no more than this share of the largest it is exchanged with.
const BOLDEST: f64 = 0.3;
/// A matrix is singular when a pivot is this much smaller than its row was.
const SINGULAR: f64 = 1e-10;

impl Run<'_> {
    /// Moves the states onto algebraic rules and equilibria.
    ///
    /// Fast reactions run, alone, from where they are until they rest, so that they come to the
    /// equilibrium that they would come to: implicit steps that grow. Algebraic rules hold after
    /// each of these.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        let system = self.system;
        if system.settling.is_empty() {
            return Ok(());
        }
        let mut regs = Vec::new();
        let conditions = self.conditions(&self.state, &mut regs);
        self.modes.copy_from_slice(&conditions[..system.modes.len()]);
        let mut solver = std::mem::replace(&mut self.solver, Solver::new_empty());
        let result = self.relax(&mut solver);
        self.solver = solver;
        result.or_else(|reason| self.fail(reason))
    }

    fn relax(&mut self, solver: &mut Solver) -> Result<(), Reason> {
        let system = self.system;
        let settling = &system.settling;
        let count = settling.len();
        let pattern: Vec<Vec<usize>> = vec![(0..count).collect(); count];
        let mut factor = Factor::new(count, &pattern, true);
        let has_fast = settling.iter().any(|s| s.fast);
        let (mut length, mut first) = (None, f64::INFINITY);
        let mut rested = 0;
        for _ in 0..MOST {
            let residuals = solver.settling(system, self.inputs());
            if residuals.iter().any(|r| !r.is_finite()) {
                return Err(Reason::Inconsistent);
            }
            let slopes = self.slopes(solver);
            let step = *length.get_or_insert_with(|| {
                first = self.first_step(&residuals);
                first
            });
            let mut rows = slopes.clone();
            for (i, (row, one)) in rows.iter_mut().zip(settling).enumerate() {
                row.iter_mut().for_each(|entry| entry.1 = -entry.1);
                if one.fast {
                    row.push((i, 1.0 / step));
                }
            }
            let mut change = residuals;
            if !factor.factor(&rows) {
                return Err(Reason::Undetermined);
            }
            factor.solve(&mut change);
            let mut moves = vec![0.0; system.n];
            for (one, change) in settling.iter().zip(&change) {
                one.direction.iter().for_each(|&(i, d)| moves[i] += d * change);
            }
            if has_fast && self.too_bold(&moves) && step > 1e-12 * first {
                length = Some(0.3 * step);
                continue;
            }
            let mut small = true;
            for (x, by) in self.state.iter_mut().zip(&moves) {
                *x += by;
                small &= by.abs() <= 1e-13 * x.abs() + 1e-300
                    || by.abs() <= 1e-3 * self.settings.absolute;
            }
            if self.state.iter().any(|x| !x.is_finite()) {
                return Err(Reason::Inconsistent);
            }
            // Small steps are small at first too.
            rested = if small && (!has_fast || step > 1e9 * first) { rested + 1 } else { 0 };
            if rested > 0 && (!has_fast || rested > 2) {
                return if system.exact && has_fast { self.determined(solver) } else { Ok(()) };
            }
            length = Some((5.0 * step).min(1e30 * first));
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

    /// A step in which fast reactions do little.
    fn first_step(&self, residuals: &[f64]) -> f64 {
        let mut step = f64::INFINITY;
        for (one, rate) in self.system.settling.iter().zip(residuals).filter(|(s, _)| s.fast) {
            let largest = one.direction.iter().map(|&(i, _)| self.state[i].abs());
            let largest = largest.fold(self.settings.absolute, f64::max);
            step = step.min(0.01 * largest / rate.abs());
        }
        step.clamp(1e-30, 1e30)
    }

    fn too_bold(&self, moves: &[f64]) -> bool {
        self.system.settling.iter().filter(|s| s.fast).any(|one| {
            let over = |values: &[f64]| {
                one.direction.iter().map(|&(i, _)| values[i].abs()).fold(0.0, f64::max)
            };
            over(moves) > BOLDEST * over(&self.state) + self.settings.absolute
        })
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
        let pattern: Vec<Vec<usize>> = vec![(0..count).collect(); count];
        let mut factor = Factor::new(count, &pattern, true);
        let sound = factor.factor(&rows) && factor.smallest_pivot() > SINGULAR;
        if sound { Ok(()) } else { Err(Reason::Undetermined) }
    }
}
