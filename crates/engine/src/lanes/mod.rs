//! Numbers side by side: one arithmetic for one, four or eight subjects at a time.
//!
//! All `unsafe` that touches the processor lives in this folder. Every operation here is exactly
//! rounded or a bit pattern, so that a computation gives the same bits at every width: IEEE add,
//! subtract, multiply, divide and square root, fused multiply-add, comparisons and selection.
//! Approximate reciprocals, vendor exponent helpers and libm have no place here.

mod arena;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;

pub(crate) use arena::{Arena, Function, Isa, Kernel, compute};
pub(crate) use scalar::Scalar;

/// `WIDTH` numbers, one per subject.
///
/// A value of an implementing type exists only where the processor has its instructions: the only
/// way to a first one is [`Arena::run`], which has checked. So the operations are safe, and
/// [`splat`](Lanes::splat) takes a value as its witness.
pub(crate) trait Lanes: Copy {
    /// Every lane `value`; `self` only proves that the processor can.
    fn splat(self, value: f64) -> Self;
    /// `self + b`
    fn add(self, b: Self) -> Self;
    /// `self - b`
    fn sub(self, b: Self) -> Self;
    /// `self * b`
    fn mul(self, b: Self) -> Self;
    /// `self / b`, IEEE.
    fn div(self, b: Self) -> Self;
    /// `self * b + c`, rounded once.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `self * b - c`, rounded once.
    fn mul_sub(self, b: Self, c: Self) -> Self;
    /// `c - self * b`, rounded once.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// Square root, IEEE.
    fn sqrt(self) -> Self;
    /// `self > b ? self : b`, so that a NaN in `b` is kept and one in `self` is not.
    fn max(self, b: Self) -> Self;
    /// `self < b ? self : b`, so that a NaN in `b` is kept and one in `self` is not.
    fn min(self, b: Self) -> Self;
    /// Without its sign.
    fn abs(self) -> Self;
    /// One where `self < b`, else zero.
    fn less(self, b: Self) -> Self;
    /// One where `self <= b`, else zero.
    fn less_equal(self, b: Self) -> Self;
    /// One where `self == b`, else zero.
    fn equal(self, b: Self) -> Self;
    /// `a` where `self` is not zero, else `b`.
    fn select(self, a: Self, b: Self) -> Self;
    /// Two to the power `self`, which must be an integer in -1022..=1023.
    fn exp2_integer(self) -> Self;
    /// Fraction in 1..2 and exponent of a positive normal number.
    fn fraction_exponent(self) -> (Self, Self);

    /// `-self`
    #[inline(always)]
    fn neg(self) -> Self {
        self.splat(-0.0).sub(self)
    }
}

/// Adding this to an integer of up to 51 bits leaves that integer in the low bits.
pub(crate) const SHIFTER: f64 = 6755399441055744.0; // 1.5 * 2^52
/// Bits of the fraction of a double.
pub(crate) const FRACTION: u64 = 0x000f_ffff_ffff_ffff;
/// Bits of one.
pub(crate) const ONE: u64 = 0x3ff0_0000_0000_0000;
/// 2^52; or-ing an integer into its low bits adds that integer.
#[cfg(target_arch = "x86_64")]
pub(crate) const TWO_52: f64 = 4503599627370496.0;
