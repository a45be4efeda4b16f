//! Four numbers at a time: AVX2 with FMA.

use std::arch::x86_64::*;

use super::{FRACTION, Lanes, ONE, SHIFTER, TWO_52};

/// Four lanes.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Avx2(__m256d);

/// Wraps intrinsics in the one argument that makes them sound.
macro_rules! lanes {
    ($($intrinsics:tt)*) => {
        // SAFETY: a value of this type exists only where `Arena::run` has found its instructions.
        unsafe { $($intrinsics)* }
    };
}

impl Avx2 {
    #[inline(always)]
    fn truth(self, mask: __m256d) -> Self {
        lanes!(Avx2(_mm256_and_pd(mask, self.splat(1.0).0)))
    }
}

impl Lanes for Avx2 {
    #[inline(always)]
    fn splat(self, value: f64) -> Self {
        lanes!(Avx2(_mm256_set1_pd(value)))
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        lanes!(Avx2(_mm256_add_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        lanes!(Avx2(_mm256_sub_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        lanes!(Avx2(_mm256_mul_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        lanes!(Avx2(_mm256_div_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        lanes!(Avx2(_mm256_fmadd_pd(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        lanes!(Avx2(_mm256_fmsub_pd(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        lanes!(Avx2(_mm256_fnmadd_pd(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        lanes!(Avx2(_mm256_sqrt_pd(self.0)))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        lanes!(Avx2(_mm256_max_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        lanes!(Avx2(_mm256_min_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        lanes!(Avx2(_mm256_andnot_pd(self.splat(-0.0).0, self.0)))
    }
    #[inline(always)]
    fn less(self, b: Self) -> Self {
        lanes!(self.truth(_mm256_cmp_pd::<_CMP_LT_OQ>(self.0, b.0)))
    }
    #[inline(always)]
    fn less_equal(self, b: Self) -> Self {
        lanes!(self.truth(_mm256_cmp_pd::<_CMP_LE_OQ>(self.0, b.0)))
    }
    #[inline(always)]
    fn equal(self, b: Self) -> Self {
        lanes!(self.truth(_mm256_cmp_pd::<_CMP_EQ_OQ>(self.0, b.0)))
    }
    #[inline(always)]
    fn select(self, a: Self, b: Self) -> Self {
        lanes! {
            let mask = _mm256_cmp_pd::<_CMP_NEQ_UQ>(self.0, _mm256_setzero_pd());
            Avx2(_mm256_blendv_pd(b.0, a.0, mask))
        }
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        lanes! {
            let shifted = _mm256_castpd_si256(self.add(self.splat(SHIFTER + 1023.0)).0);
            Avx2(_mm256_castsi256_pd(_mm256_slli_epi64::<52>(shifted)))
        }
    }
    #[inline(always)]
    fn fraction_exponent(self) -> (Self, Self) {
        lanes! {
            let bits = _mm256_castpd_si256(self.0);
            let fraction = _mm256_and_si256(bits, _mm256_set1_epi64x(FRACTION as i64));
            let fraction = _mm256_or_si256(fraction, _mm256_set1_epi64x(ONE as i64));
            let two_52 = self.splat(TWO_52);
            let biased = _mm256_or_si256(_mm256_srli_epi64::<52>(bits), _mm256_castpd_si256(two_52.0));
            let exponent = Avx2(_mm256_castsi256_pd(biased)).sub(self.splat(TWO_52 + 1023.0));
            (Avx2(_mm256_castsi256_pd(fraction)), exponent)
        }
    }
}
