//! Sine, cosine, tangent and their inverses.
//!
//! Angles are exact up to [`LARGEST_ANGLE`]: the nearest multiple of π/2 is taken away in three
//! pieces of 53 bits each, and what rounding loses on the way is kept as a second number.

use super::polynomial;
use crate::lanes::Lanes;

/// Larger angles give NaN: neighbouring numbers are then an eighth apart, and no one can mean the sine of one.
pub(crate) const LARGEST_ANGLE: f64 = 1125899906842624.0; // 2^50

/// π/2 in three pieces.
const HALF_PI: [f64; 3] =
    [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17, -1.497_384_904_859_169_8e-33];

/// `-1/3!, 1/5!, …`: the series of `(sin r - r) / r³`, first omitted term below 1e-18 of `sin r`.
const SIN: [f64; 8] = alternating_factorials(3);
/// `1/4!, -1/6!, …`: the series of `(cos r - 1 + r²/2) / r⁴`.
const COS: [f64; 8] = {
    let mut terms = alternating_factorials(4);
    let mut i = 0;
    while i < 8 {
        terms[i] = -terms[i];
        i += 1;
    }
    terms
};

/// `-1/first!, 1/(first + 2)!, …`
const fn alternating_factorials(first: u32) -> [f64; 8] {
    let mut terms = [0.0; 8];
    let (mut i, mut n, mut factorial) = (0, 1, 1.0);
    while i < 8 {
        while n < first + 2 * i as u32 {
            n += 1;
            factorial *= n as f64;
        }
        terms[i] = if i % 2 == 0 { -1.0 / factorial } else { 1.0 / factorial };
        i += 1;
    }
    terms
}

/// `1/3, 1/5, …` with alternating signs, the first negative: the series of `(atan t - t) / t³`; for
/// `|t| <= 0.3` the first omitted term is below 1e-18 of `atan t`.
const ATAN: [f64; 16] = {
    let mut terms = [0.0; 16];
    let mut i = 0;
    while i < 16 {
        let size = 1.0 / (2.0 * i as f64 + 3.0);
        terms[i] = if i % 2 == 0 { -size } else { size };
        i += 1;
    }
    terms
};

/// The series of `(asin x - x) / x³`: `1/6, 3/40, …`, good for `|x| <= 1/2`.
const ASIN: [f64; 24] = {
    let mut terms = [0.0; 24];
    let (mut i, mut central) = (0, 1.0);
    while i < 24 {
        let n = i as f64 + 1.0;
        central *= (2.0 * n - 1.0) / (2.0 * n);
        terms[i] = central / (2.0 * n + 1.0);
        i += 1;
    }
    terms
};

/// Sine and cosine of the angle.
#[inline(always)]
fn sin_cos<V: Lanes>(x: V) -> (V, V) {
    let one = x.splat(1.0);
    let shifter = x.splat(6755399441055744.0);
    let k = x.mul_add(x.splat(std::f64::consts::FRAC_2_PI), shifter).sub(shifter);
    // x - k π/2 as a number and its rest: the first difference is exact, of the second and third
    // the rounding is kept.
    let first = k.neg_mul_add(x.splat(HALF_PI[0]), x);
    let product = k.mul(x.splat(HALF_PI[1]));
    let lost_product = k.mul_sub(x.splat(HALF_PI[1]), product);
    let (second, lost) = difference(first, product);
    let rest = k.neg_mul_add(x.splat(HALF_PI[2]), lost.sub(lost_product));
    let r = second.add(rest);
    let low = second.sub(r).add(rest);
    let z = r.mul(r);
    // sin(r + low) = r + (low (1 - z/2) + r³ s), cos(r + low) = 1 - z/2 + (z² c - r low)
    let half = x.splat(0.5);
    let near_one = half.neg_mul_add(z, one);
    let sin = low.mul_add(near_one, z.mul(r).mul(polynomial(z, &SIN))).add(r);
    let lost = half.neg_mul_add(z, one.sub(near_one));
    let tail = z.mul(z).mul_add(polynomial(z, &COS), r.neg_mul_add(low, lost));
    let cos = near_one.add(tail);
    // The quadrant: -2, -1, 0, 1 or 2.
    let quarter = k.mul(x.splat(0.25));
    let quarter = quarter.add(shifter).sub(shifter);
    let quadrant = quarter.neg_mul_add(x.splat(4.0), k);
    let odd = quadrant.abs().equal(one);
    let half_turn = quadrant.abs().equal(x.splat(2.0));
    let sine = odd.select(cos, sin);
    let cosine = odd.select(sin, cos);
    let sine_turns = half_turn.add(quadrant.equal(x.splat(-1.0)));
    let cosine_turns = half_turn.add(quadrant.equal(one));
    let sensible = x.abs().less_equal(x.splat(LARGEST_ANGLE));
    let nan = x.splat(f64::NAN);
    let sine = sensible.select(sine_turns.select(sine.neg(), sine), nan);
    let cosine = sensible.select(cosine_turns.select(cosine.neg(), cosine), nan);
    (sine, cosine)
}

/// `a - b` and what rounding it lost.
#[inline(always)]
fn difference<V: Lanes>(a: V, b: V) -> (V, V) {
    let rounded = a.sub(b);
    let of_b = a.sub(rounded);
    let of_a = rounded.add(of_b);
    (rounded, a.sub(of_a).sub(b.sub(of_b)))
}

/// Sine; NaN beyond [`LARGEST_ANGLE`].
#[inline(always)]
pub(crate) fn sin<V: Lanes>(x: V) -> V {
    sin_cos(x).0
}

/// Cosine; NaN beyond [`LARGEST_ANGLE`].
#[inline(always)]
pub(crate) fn cos<V: Lanes>(x: V) -> V {
    sin_cos(x).1
}

/// Tangent; NaN beyond [`LARGEST_ANGLE`].
#[inline(always)]
pub(crate) fn tan<V: Lanes>(x: V) -> V {
    let (sin, cos) = sin_cos(x);
    sin.div(cos)
}

/// Arc tangent of any number.
#[inline(always)]
pub(crate) fn atan<V: Lanes>(x: V) -> V {
    let one = x.splat(1.0);
    let size = x.abs();
    // atan x = atan c + atan((x - c) / (1 + c x)), c the nearest of 0, 1/2, 1, 2 and infinity.
    let mut top = one.neg();
    let mut bottom = size;
    let (mut high, mut low) = (x.splat(HALF_PI[0]), x.splat(HALF_PI[1]));
    for (c, limit, atan_high, atan_low) in CENTRES {
        let nearer = size.less(x.splat(limit));
        let c = x.splat(c);
        top = nearer.select(size.sub(c), top);
        bottom = nearer.select(size.mul_add(c, one), bottom);
        high = nearer.select(x.splat(atan_high), high);
        low = nearer.select(x.splat(atan_low), low);
    }
    let t = top.div(bottom);
    let z = t.mul(t);
    let tail = z.mul(t).mul_add(polynomial(z, &ATAN), low);
    let result = high.add(t.add(tail));
    with_sign_of(x, result)
}

/// Centres of the arc tangent, largest first: the number, up to where, and its arc tangent in two
/// pieces.
const CENTRES: [(f64, f64, f64, f64); 4] = [
    (2.0, 3.5, 1.107_148_717_794_090_4, 9.404_471_373_566_38e-17),
    (1.0, 1.8, std::f64::consts::FRAC_PI_4, 3.061_616_997_868_383e-17),
    (0.5, 0.75, 0.463_647_609_000_806_1, 2.269_877_745_296_168_7e-17),
    (0.0, 0.3, 0.0, 0.0),
];

/// Arc sine; NaN outside -1..=1.
#[inline(always)]
pub(crate) fn asin<V: Lanes>(x: V) -> V {
    let half = x.splat(0.5);
    let size = x.abs();
    let small = size.less_equal(half);
    let (root, lost) = half_angle(size);
    let s = small.select(size, root);
    let z = s.mul(s);
    let tail = z.mul(s).mul(polynomial(z, &ASIN));
    // Beyond 1/2: π/2 - 2 asin sqrt((1 - |x|)/2)
    let rest = tail.add(lost);
    let rest = rest.add(rest).sub(x.splat(HALF_PI[1]));
    let far = x.splat(HALF_PI[0]).sub(s.add(s)).sub(rest);
    with_sign_of(x, small.select(s.add(tail), far))
}

/// Arc cosine; NaN outside -1..=1.
#[inline(always)]
pub(crate) fn acos<V: Lanes>(x: V) -> V {
    let (zero, half) = (x.splat(0.0), x.splat(0.5));
    let size = x.abs();
    let small = size.less_equal(half);
    let (root, lost) = half_angle(size);
    let s = small.select(x, root);
    let z = s.mul(s);
    let tail = z.mul(s).mul(polynomial(z, &ASIN));
    let near = x.splat(HALF_PI[0]).sub(s).sub(tail.sub(x.splat(HALF_PI[1])));
    // 2 asin sqrt((1 - |x|)/2), or π less that.
    let (two, rest) = (s.add(s), tail.add(lost));
    let rest = rest.add(rest);
    let doubled = two.add(rest);
    let pi = x.splat(std::f64::consts::PI);
    let turned = pi.sub(two).sub(rest.sub(x.splat(2.0 * HALF_PI[1])));
    small.select(near, x.less(zero).select(turned, doubled))
}

/// `sqrt((1 - size) / 2)` and what rounding it lost.
#[inline(always)]
fn half_angle<V: Lanes>(size: V) -> (V, V) {
    let half = size.splat(0.5);
    let square = half.neg_mul_add(size, half);
    let root = square.sqrt();
    let lost = root.neg_mul_add(root, square).div(root.add(root));
    // Zero has no rest.
    (root, root.equal(root.splat(0.0)).select(root, lost))
}

/// `size` where `x` is positive, `-size` where it is negative, and `x` where it is zero.
#[inline(always)]
pub(super) fn with_sign_of<V: Lanes>(x: V, size: V) -> V {
    let zero = x.splat(0.0);
    let signed = x.less(zero).select(size.neg(), size);
    x.equal(zero).select(x, signed)
}
