//! Values within a step, and where in it something crosses a level.

use crate::{lanes::Arena, rodas, stepper::Stepper};

/// The solution over one step of one lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interpolant {
    start: Vec<f64>,
    end: Vec<f64>,
    k: Vec<[f64; 3]>,
}

impl Interpolant {
    /// Copies a lane's interpolation, once [`rodas::Interpolate`] has run.
    pub(crate) fn load(&mut self, stepper: &Stepper, arena: &Arena, lane: usize) {
        let n = stepper.n;
        self.start.resize(n, 0.0);
        self.end.resize(n, 0.0);
        self.k.resize(n, [0.0; 3]);
        arena.gather(stepper.state(), lane, &mut self.start);
        arena.gather(stepper.stage_state, lane, &mut self.end);
        arena.gather(stepper.interpolation(), lane, self.k.as_flattened_mut());
    }

    /// One state, clock included, at `theta` in 0..=1.
    pub(crate) fn state(&self, i: usize, theta: f64) -> f64 {
        rodas::interpolate(theta, self.start[i], self.end[i], self.k[i])
    }

    /// All states but the first `skip`, at `theta` in 0..=1.
    pub(crate) fn states(&self, skip: usize, theta: f64, states: &mut [f64]) {
        for (i, state) in states.iter_mut().enumerate() {
            *state = self.state(i + skip, theta);
        }
    }
}

/// Where in 0..=1 a function that is on one side of zero at 0 and at or beyond it at 1 crosses.
/// The result is on the far side, so that starting from there does not cross again.
///
/// The ITP method (Oliveira and Takahashi, ACM TOMS 47:5, 2021): never slower than bisection,
/// superlinear on smooth functions, and the same steps on every machine.
pub(crate) fn crossing(at_start: f64, at_end: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    const TOLERANCE: f64 = 1e-13;
    const SLACK: i32 = 1;
    let (mut a, mut b) = (0.0, 1.0);
    let (mut fa, mut fb) = (at_start, at_end);
    let far = fb.signum();
    let bisections = (1.0 / (2.0 * TOLERANCE)).log2().ceil() as i32;
    for step in 0..bisections + SLACK {
        if fb == 0.0 || b - a <= 2.0 * TOLERANCE {
            break;
        }
        let width: f64 = b - a;
        let middle = 0.5 * (a + b);
        let truncation = 0.2 * width * width;
        let secant = (fb * a - fa * b) / (fb - fa);
        let towards = (middle - secant).signum();
        let interpolated = if truncation <= (middle - secant).abs() {
            secant + towards * truncation
        } else {
            middle
        };
        let radius = (TOLERANCE * 2f64.powi(bisections + SLACK - step) - 0.5 * width).max(0.0);
        let x = if (interpolated - middle).abs() <= radius {
            interpolated
        } else {
            middle - towards * radius
        };
        let fx = f(x);
        // Zero counts as the far side.
        if fx == 0.0 || fx.signum() == far || fx.is_nan() {
            (b, fb) = (x, fx);
        } else {
            (a, fa) = (x, fx);
        }
    }
    b
}

#[cfg(test)]
mod tests;
