//! Eight numbers at a time: AVX-512F.

use std::arch::x86_64::*;

use super::{FRACTION, Lanes, ONE, SHIFTER, TWO_52};

/// Eight lanes.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Avx512(__m512d);

/// Wraps intrinsics in the one argument that makes them sound.
macro_rules! lanes {
    ($($intrinsics:tt)*) => {
        // SAFETY: a value of this type exists only where `Arena::run` has found its instructions.
        unsafe { $($intrinsics)* }
    };
}

impl Avx512 {
    #[inline(always)]
    fn truth(self, mask: __mmask8) -> Self {
        lanes!(Avx512(_mm512_maskz_mov_pd(mask, self.splat(1.0).0)))
    }
}

impl Lanes for Avx512 {
    #[inline(always)]
    fn splat(self, value: f64) -> Self {
        lanes!(Avx512(_mm512_set1_pd(value)))
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        lanes!(Avx512(_mm512_add_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        lanes!(Avx512(_mm512_sub_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        lanes!(Avx512(_mm512_mul_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        lanes!(Avx512(_mm512_div_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        lanes!(Avx512(_mm512_fmadd_pd(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        lanes!(Avx512(_mm512_fmsub_pd(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        lanes!(Avx512(_mm512_fnmadd_pd(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        lanes!(Avx512(_mm512_sqrt_pd(self.0)))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        lanes!(Avx512(_mm512_max_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        lanes!(Avx512(_mm512_min_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        lanes!(Avx512(_mm512_abs_pd(self.0)))
    }
    #[inline(always)]
    fn less(self, b: Self) -> Self {
        lanes!(self.truth(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, b.0)))
    }
    #[inline(always)]
    fn less_equal(self, b: Self) -> Self {
        lanes!(self.truth(_mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, b.0)))
    }
    #[inline(always)]
    fn equal(self, b: Self) -> Self {
        lanes!(self.truth(_mm512_cmp_pd_mask::<_CMP_EQ_OQ>(self.0, b.0)))
    }
    #[inline(always)]
    fn select(self, a: Self, b: Self) -> Self {
        lanes! {
            let mask = _mm512_cmp_pd_mask::<_CMP_NEQ_UQ>(self.0, _mm512_setzero_pd());
            Avx512(_mm512_mask_blend_pd(mask, b.0, a.0))
        }
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        lanes! {
            let shifted = _mm512_castpd_si512(self.add(self.splat(SHIFTER + 1023.0)).0);
            Avx512(_mm512_castsi512_pd(_mm512_slli_epi64::<52>(shifted)))
        }
    }
    #[inline(always)]
    fn fraction_exponent(self) -> (Self, Self) {
        lanes! {
            let bits = _mm512_castpd_si512(self.0);
            let fraction = _mm512_and_si512(bits, _mm512_set1_epi64(FRACTION as i64));
            let fraction = _mm512_or_si512(fraction, _mm512_set1_epi64(ONE as i64));
            let two_52 = self.splat(TWO_52);
            let biased = _mm512_or_si512(_mm512_srli_epi64::<52>(bits), _mm512_castpd_si512(two_52.0));
            let exponent = Avx512(_mm512_castsi512_pd(biased)).sub(self.splat(TWO_52 + 1023.0));
            (Avx512(_mm512_castsi512_pd(fraction)), exponent)
        }
    }
}
