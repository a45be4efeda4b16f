//! Hyperbolic functions and their inverses, through `exp x - 1` and `ln(1 + x)`, which stay exact
//! where `x` is small.

use super::{EXP, LN2_HIGH, LN2_LOW, Logarithm, circular::with_sign_of, exp, ln, polynomial};
use crate::lanes::Lanes;

/// From here on `1 + x²` is `x²` to the last bit.
const LARGE: f64 = 1e9;

/// `exp x - 1`, for `x` up to 709; never below -1.
#[inline(always)]
fn exp_minus_one<V: Lanes>(x: V) -> V {
    let one = x.splat(1.0);
    let x = x.splat(720.0).min(x.splat(-60.0).max(x));
    // As in `exp`, but what is added to one is kept in two pieces.
    let shifter = x.splat(6755399441055744.0);
    let k = x.mul_add(x.splat(std::f64::consts::LOG2_E), shifter).sub(shifter);
    let high = k.neg_mul_add(x.splat(LN2_HIGH), x);
    let r = k.neg_mul_add(x.splat(LN2_LOW), high);
    let lost = k.neg_mul_add(x.splat(LN2_LOW), high.sub(r));
    let tail = r.mul(r).mul_add(polynomial(r, &EXP), lost);
    // 2^k (1 + r + tail) - 1, the largest parts first.
    let half = k.mul(x.splat(0.5)).add(shifter).sub(shifter);
    let (scale, rest) = (half.exp2_integer(), k.sub(half).exp2_integer());
    let power = scale.mul(rest);
    let above = power.sub(one);
    let scaled = r.mul(scale).mul(rest);
    let sum = above.add(scaled);
    let first = above.abs().less(scaled.abs());
    let (larger, smaller) = (first.select(scaled, above), first.select(above, scaled));
    let left = smaller.sub(sum.sub(larger));
    let found = sum.add(tail.mul(scale).mul_add(rest, left));
    // Infinity and NaN stay, and zero keeps its sign.
    let found = power.less(x.splat(f64::INFINITY)).select(found, power);
    x.equal(x.splat(0.0)).select(x, found)
}

/// `ln(1 + x)`; NaN below -1.
#[inline(always)]
fn ln_one_plus<V: Lanes>(x: V) -> V {
    let one = x.splat(1.0);
    let sum = x.add(one);
    // What rounding the sum lost, relative to it: small beside one.
    let lost = x.less(one).select(x.sub(sum.sub(one)), one.sub(sum.sub(x))).div(sum);
    let (fraction, exponent) = sum.fraction_exponent();
    let Logarithm { of_power, near, correction } = Logarithm::of(fraction, exponent);
    let result = of_power.add(near.sub(correction.sub(lost)));
    // Zero, infinity and NaN stay.
    let ordinary = x.abs().less(x.splat(f64::INFINITY));
    let stays = x.equal(x.splat(0.0));
    let result = stays.select(x, ordinary.select(result, ln(sum)));
    x.splat(-1.0).less(x).select(result, ln(sum))
}

/// Hyperbolic sine, for `x` in -709..=709.
#[inline(always)]
pub(crate) fn sinh<V: Lanes>(x: V) -> V {
    exp_minus_one(x).sub(exp_minus_one(x.neg())).mul(x.splat(0.5))
}

/// Hyperbolic cosine, for `x` in -709..=709.
#[inline(always)]
pub(crate) fn cosh<V: Lanes>(x: V) -> V {
    let half = x.splat(0.5);
    exp(x).mul_add(half, exp(x.neg()).mul(half))
}

/// Hyperbolic tangent of any number.
#[inline(always)]
pub(crate) fn tanh<V: Lanes>(x: V) -> V {
    let (one, two) = (x.splat(1.0), x.splat(2.0));
    let grown = exp_minus_one(x.abs().mul(two));
    // Where the exponential is large, tanh is one less a little.
    let small = grown.div(grown.add(two));
    let large = one.sub(two.div(grown.add(two)));
    with_sign_of(x, grown.less(two).select(small, large))
}

/// Inverse hyperbolic sine of any number.
#[inline(always)]
pub(crate) fn asinh<V: Lanes>(x: V) -> V {
    let one = x.splat(1.0);
    let size = x.abs();
    let square = size.mul(size);
    let root = square.add(one).sqrt();
    let near = ln_one_plus(size.add(square.div(root.add(one))));
    let far = ln(size).add(x.splat(std::f64::consts::LN_2));
    with_sign_of(x, x.splat(LARGE).less(size).select(far, near))
}

/// Inverse hyperbolic cosine; NaN below one.
#[inline(always)]
pub(crate) fn acosh<V: Lanes>(x: V) -> V {
    let above = x.sub(x.splat(1.0));
    // x² - 1 = above² + 2 above
    let root = above.mul_add(above, above.add(above)).sqrt();
    let near = ln_one_plus(above.add(root));
    let far = ln(x).add(x.splat(std::f64::consts::LN_2));
    x.splat(LARGE).less(x).select(far, near)
}

/// Inverse hyperbolic tangent; infinite at one, NaN beyond.
#[inline(always)]
pub(crate) fn atanh<V: Lanes>(x: V) -> V {
    let size = x.abs();
    let ratio = size.add(size).div(x.splat(1.0).sub(size));
    with_sign_of(x, ln_one_plus(ratio).mul(x.splat(0.5)))
}
