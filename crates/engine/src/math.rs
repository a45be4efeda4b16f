//! Elementary functions from exactly rounded operations only: here exponential, logarithm and power.
//!
//! The same source runs at every width, and on every processor gives the same bits; libm does
//! not promise that. The errors stay below one unit in the last place for `exp` and `ln`, and below
//! two for all others.

mod circular;
mod hyperbolic;
mod whole;

use crate::lanes::{self, Lanes, Scalar};

pub(crate) use circular::{acos, asin, atan, cos, sin, tan};
pub(crate) use hyperbolic::{acosh, asinh, atanh, cosh, sinh, tanh};
pub(crate) use whole::{ceil, floor, quotient, remainder};

/// The smallest base of a power with a real exponent. Round-off can push a quantity that is
/// never negative slightly below zero; a power of such a number means the power of (almost) zero.
pub(crate) const SMALLEST_BASE: f64 = 1e-100;

/// ln 2 in two pieces, the first short enough to be multiplied by an exponent without rounding.
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `1/2!, 1/3!, …`: the series of `(exp r - 1 - r) / r²`, first omitted term below 4e-18 of it.
const EXP: [f64; 13] = {
    let mut terms = [0.5; 13];
    let mut i = 1;
    while i < 13 {
        terms[i] = terms[i - 1] / (i as f64 + 2.0);
        i += 1;
    }
    terms
};

/// `2/3, 2/5, …`: the series of `(2 artanh s - 2 s) / s³`.
const ARTANH: [f64; 11] = {
    let mut terms = [0.0; 11];
    let mut i = 0;
    while i < 11 {
        terms[i] = 2.0 / (2.0 * i as f64 + 3.0);
        i += 1;
    }
    terms
};

/// `c[0] + x c[1] + x² c[2] + …`
#[inline(always)]
fn polynomial<V: Lanes, const N: usize>(x: V, c: &[f64; N]) -> V {
    let mut sum = x.splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, x.splat(c[i]));
    }
    sum
}

/// e to the power `x`; overflows to infinity and fades through subnormals to zero.
#[inline(always)]
pub(crate) fn exp<V: Lanes>(x: V) -> V {
    // Ordered so that a NaN passes: see `Lanes::max`.
    let x = x.splat(720.0).min(x.splat(-760.0).max(x));
    // exp x = 2^k exp r with |r| <= ln 2 / 2
    let shifter = x.splat(6755399441055744.0);
    let k = x.mul_add(x.splat(std::f64::consts::LOG2_E), shifter).sub(shifter);
    let high = k.neg_mul_add(x.splat(LN2_HIGH), x);
    let r = k.neg_mul_add(x.splat(LN2_LOW), high);
    let tail = r.mul(r).mul_add(polynomial(r, &EXP), r);
    let exp_r = tail.add(x.splat(1.0));
    // 2^k in two factors, each a normal number.
    let half = k.mul_add(x.splat(0.5), shifter).sub(shifter);
    exp_r.mul(half.exp2_integer()).mul(k.sub(half).exp2_integer())
}

/// Natural logarithm; minus infinity at zero, NaN below.
#[inline(always)]
pub(crate) fn ln<V: Lanes>(x: V) -> V {
    let zero = x.splat(0.0);
    let subnormal = x.less(x.splat(f64::MIN_POSITIVE));
    let scaled = subnormal.select(x.mul(x.splat(18014398509481984.0)), x); // 2^54
    let (fraction, exponent) = scaled.fraction_exponent();
    let exponent = exponent.sub(subnormal.mul(x.splat(54.0)));
    let Logarithm { of_power, near, correction } = Logarithm::of(fraction, exponent);
    let result = of_power.add(near.sub(correction));
    // The edges: infinity and NaN stay, zero and below leave the reals.
    let result = x.less(x.splat(f64::INFINITY)).select(result, x);
    let edge = x.equal(zero).select(x.splat(f64::NEG_INFINITY), x.splat(f64::NAN));
    x.less_equal(zero).select(edge, result)
}

/// A logarithm in pieces: `of_power + (near - correction)`, the largest first.
struct Logarithm<V> {
    of_power: V,
    near: V,
    correction: V,
}

impl<V: Lanes> Logarithm<V> {
    /// Of a fraction in 1..2 times two to the power `exponent`.
    #[inline(always)]
    fn of(fraction: V, exponent: V) -> Self {
        // Fraction into sqrt(1/2)..sqrt(2), so that the series converges fast.
        let large = fraction.splat(std::f64::consts::SQRT_2).less(fraction);
        let fraction = large.select(fraction.mul(fraction.splat(0.5)), fraction);
        let exponent = exponent.add(large);
        // ln(1 + f) = 2 artanh s with s = f / (2 + f), and 2 s = f - s f
        let f = fraction.sub(fraction.splat(1.0));
        let s = f.div(f.add(fraction.splat(2.0)));
        let z = s.mul(s);
        let series = z.mul(polynomial(z, &ARTANH));
        Logarithm {
            // Exact: the exponent has eleven bits, and that piece of ln 2 so many fewer than 53.
            of_power: exponent.mul(fraction.splat(LN2_HIGH)),
            near: f,
            correction: s.mul_add(f.sub(series), exponent.mul(fraction.splat(-LN2_LOW))),
        }
    }
}

/// `base` to a real power, for a positive base.
pub(crate) fn pow_of(base: f64, exponent: f64) -> f64 {
    lanes::compute(Power { base, exponent })
}

struct Power {
    base: f64,
    exponent: f64,
}

impl lanes::Function for Power {
    #[inline(always)]
    fn value(self) -> f64 {
        exp(Scalar(self.exponent * ln(Scalar(self.base)).0)).0
    }
}

#[cfg(test)]
mod tests;
