//! How large the next step is, and when to give up.

use crate::{math::pow_of, rodas::ORDER};

/// Step size control of one subject: the error of this step and, once there is a history, the
/// trend of the last two (Gustafsson's predictive controller).
///
/// Everything here is computed with portable functions, because the step sequence decides the
/// last bits of every result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control {
    /// Proposed size of the next step.
    pub(crate) step: f64,
    /// Size of the last accepted step since the last discontinuity, and its error to the power
    /// -1/5.
    last: Option<(f64, f64)>,
    rejected: bool,
    /// Steps that would just have met the tolerance after the last two discontinuities, as far as
    /// the first step with an error worth the name has told.
    learnt: [f64; 2],
    /// No such step yet since the last discontinuity.
    learning: bool,
}

/// Fraction of the predicted step that is taken.
const SAFETY: f64 = 0.9;
/// A step changes by at most these factors.
const SHRINK: f64 = 0.1;
const GROW: f64 = 6.0;
/// The second step after a discontinuity may be this much larger than the first.
const GROW_AT_START: f64 = 100.0;
/// A step whose error is not a number shrinks by this factor.
const COLLAPSE: f64 = 0.1;
/// Smaller errors count as this one.
pub(crate) const SMALLEST_ERROR: f64 = 1e-12;
/// In the trend an error counts as one hundredth at least; this is that to the power -1/5.
const LARGEST_ROOT: f64 = 2.51188643150958;
/// Share of the largest possible first step that is taken after a discontinuity like the last.
const CONFIDENCE: f64 = 0.6;
/// An error of one in ten thousand tells where the tolerance lies; this is that to the power -1/5.
const NOTABLE_ROOT: f64 = 6.30957344480193;
/// Steps are stretched by up to this factor to reach the end of a leg.
const STRETCH: f64 = 1.05;

impl Control {
    /// Nothing known.
    pub(crate) fn new() -> Control {
        Control { step: 0.0, last: None, rejected: false, learnt: [0.0; 2], learning: true }
    }

    /// The step to start with after a discontinuity, if the last two have shown what is possible:
    /// what they excited is likely to be excited again, and a step too large costs only itself.
    pub(crate) fn experience(&self) -> Option<f64> {
        let possible = self.learnt[0].min(self.learnt[1]);
        (possible > 0.0).then_some(CONFIDENCE * possible)
    }

    /// Starts after a discontinuity with this step.
    pub(crate) fn restart(&mut self, step: f64) {
        *self = Control { step, last: None, rejected: false, learning: true, ..*self };
    }

    /// What the error of a step of size `tried` says of the step to start with next time.
    fn learn(&mut self, tried: f64, root: f64) {
        if self.learning && root < NOTABLE_ROOT {
            self.learnt = [self.learnt[1], tried * root];
            self.learning = false;
        }
    }

    /// Size of the next step when `left` remains of the leg: exactly `left` if that is near, and
    /// half of it if one more step would leave a small rest.
    pub(crate) fn fit(&self, left: f64) -> f64 {
        if self.step * STRETCH >= left {
            left
        } else if self.step * 2.0 > left {
            left * 0.5
        } else {
            self.step
        }
    }

    /// The step of size `tried` had a scaled error of at most one; `root` is that error, held above
    /// [`SMALLEST_ERROR`], to the power -1/5.
    pub(crate) fn accept(&mut self, tried: f64, root: f64) {
        let largest = if self.last.is_none() && !self.rejected { GROW_AT_START } else { GROW };
        let mut factor = (SAFETY * root).clamp(SHRINK, largest);
        if let Some((last_step, last_root)) = self.last {
            let predicted = SAFETY * (tried / last_step) * (root * root / last_root);
            factor = factor.min(predicted.clamp(SHRINK, GROW));
        }
        if self.rejected {
            factor = factor.min(1.0);
        }
        // A step cut short by the end of a leg says little against the one it was cut from.
        let cut_short = tried < self.step;
        self.step = if cut_short { self.step.max(tried * factor) } else { tried * factor };
        self.last = Some((tried, root.min(LARGEST_ROOT)));
        self.rejected = false;
        self.learn(tried, root);
    }

    /// The step of size `tried` had this scaled error, above one or not a number; `root` is that
    /// error to the power -1/5.
    pub(crate) fn reject(&mut self, tried: f64, error: f64, root: f64) {
        let factor =
            if error.is_finite() { (SAFETY * root).clamp(SHRINK, SAFETY) } else { COLLAPSE };
        self.step = tried * factor;
        self.rejected = true;
        if error.is_finite() {
            self.learn(tried, root);
        }
    }
}

/// The first step when the largest scaled rate of change is `rate` (1/time). What a dose excites
/// may be far faster than its own rate, and a step too small costs less than one too large: the
/// second may be a hundred times larger.
pub(crate) fn first_step(rate: f64, rtol: f64, t: f64, left: f64) -> f64 {
    const CAUTION: f64 = 0.01;
    let step = CAUTION * pow_of(rtol, 1.0 / ORDER) / rate;
    let step = if step.is_nan() { left * 1e-6 } else { step };
    step.max(10.0 * smallest_step(t)).min(left)
}

/// Steps below this are lost in the rounding of time.
pub(crate) fn smallest_step(t: f64) -> f64 {
    1e-15 * t.abs().max(1e-3)
}
