//! Whole numbers near others.

use crate::lanes::Lanes;

/// From here on every number is whole.
const ALL_WHOLE: f64 = 4503599627370496.0; // 2^52

/// The largest whole number that is not larger.
#[inline(always)]
pub(crate) fn floor<V: Lanes>(x: V) -> V {
    let rounded = round(x);
    x.less(rounded).select(rounded.sub(x.splat(1.0)), rounded)
}

/// The smallest whole number that is not smaller.
#[inline(always)]
pub(crate) fn ceil<V: Lanes>(x: V) -> V {
    let rounded = round(x);
    rounded.less(x).select(rounded.add(x.splat(1.0)), rounded)
}

/// How often `b` goes into `a`, without the fraction.
#[inline(always)]
pub(crate) fn quotient<V: Lanes>(a: V, b: V) -> V {
    let ratio = a.div(b);
    ratio.less(a.splat(0.0)).select(ceil(ratio), floor(ratio))
}

/// What is left of `a` after [`quotient`], with the sign of `a`: exact while the quotient is below
/// 2^52.
#[inline(always)]
pub(crate) fn remainder<V: Lanes>(a: V, b: V) -> V {
    let zero = a.splat(0.0);
    let left = quotient(a, b).neg_mul_add(b, a);
    // The division may have rounded up to a whole number.
    let sign = a.less(zero).select(a.splat(-1.0), a.splat(1.0));
    let wrong = left.mul(sign).less(zero);
    wrong.select(b.abs().mul_add(sign, left), left)
}

/// The nearest whole number, the even one of two; infinity and NaN stay.
#[inline(always)]
fn round<V: Lanes>(x: V) -> V {
    let size = x.abs();
    let all_whole = x.splat(ALL_WHOLE);
    let rounded = size.add(all_whole).sub(all_whole);
    let rounded = x.less(x.splat(0.0)).select(rounded.neg(), rounded);
    size.less(all_whole).select(rounded, x)
}
