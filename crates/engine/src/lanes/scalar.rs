//! One number at a time, on any processor.

use super::{FRACTION, Lanes, ONE, SHIFTER};

/// One lane.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Scalar(pub f64);

impl Scalar {
    #[inline(always)]
    fn truth(holds: bool) -> Self {
        Scalar(if holds { 1.0 } else { 0.0 })
    }
}

impl Lanes for Scalar {
    #[inline(always)]
    fn splat(self, value: f64) -> Self {
        Scalar(value)
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Scalar(self.0 + b.0)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Scalar(self.0 - b.0)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Scalar(self.0 * b.0)
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Scalar(self.0 / b.0)
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Scalar(self.0.mul_add(b.0, c.0))
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        Scalar(self.0.mul_add(b.0, -c.0))
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Scalar((-self.0).mul_add(b.0, c.0))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Scalar(self.0.sqrt())
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        if self.0 > b.0 { self } else { b }
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        if self.0 < b.0 { self } else { b }
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Scalar(self.0.abs())
    }
    #[inline(always)]
    fn less(self, b: Self) -> Self {
        Self::truth(self.0 < b.0)
    }
    #[inline(always)]
    fn less_equal(self, b: Self) -> Self {
        Self::truth(self.0 <= b.0)
    }
    #[inline(always)]
    fn equal(self, b: Self) -> Self {
        Self::truth(self.0 == b.0)
    }
    #[inline(always)]
    fn select(self, a: Self, b: Self) -> Self {
        if self.0 != 0.0 { a } else { b }
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        Scalar(f64::from_bits((self.0 + (SHIFTER + 1023.0)).to_bits() << 52))
    }
    #[inline(always)]
    fn fraction_exponent(self) -> (Self, Self) {
        let bits = self.0.to_bits();
        let exponent = (bits >> 52) as f64 - 1023.0;
        (Scalar(f64::from_bits(bits & FRACTION | ONE)), Scalar(exponent))
    }
}
