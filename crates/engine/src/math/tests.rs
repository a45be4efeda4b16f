use super::*;
use crate::lanes::{Arena, Isa, Kernel};

/// Distance in units of the last place of `expected`.
fn ulps(found: f64, expected: f64) -> f64 {
    if found == expected || found.is_nan() && expected.is_nan() {
        return 0.0;
    }
    let spacing = (f64::from_bits(expected.to_bits() + 1) - expected).abs();
    ((found - expected) / spacing).abs()
}

/// Numbers of every size, deterministic.
fn spread(count: u64) -> impl Iterator<Item = f64> {
    let mut bits = 0x9e37_79b9_7f4a_7c15u64;
    (0..count).map(move |_| {
        bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        f64::from_bits(bits)
    })
}

#[test]
fn exp_is_within_an_ulp_of_libm() {
    let mut worst: f64 = 0.0;
    for i in 0..400_000 {
        let x = -708.0 + 1417.5 * (i as f64 / 400_000.0);
        worst = worst.max(ulps(exp_of(x), x.exp()));
    }
    for x in spread(200_000).filter(|x| x.abs() < 1.0) {
        worst = worst.max(ulps(exp_of(x), x.exp()));
    }
    assert!(worst <= 1.0, "{worst}");
}

#[test]
fn ln_is_within_an_ulp_of_libm() {
    let mut worst: f64 = 0.0;
    for x in spread(400_000).map(f64::abs).filter(|x| x.is_finite()) {
        worst = worst.max(ulps(ln_of(x), x.ln()));
    }
    for i in 1..400_000 {
        let x = 0.5 + i as f64 * 5e-6;
        worst = worst.max(ulps(ln_of(x), x.ln()));
    }
    // Subnormal numbers too.
    for i in 1..2000 {
        let x = f64::from_bits(i * i * i * 7);
        worst = worst.max(ulps(ln_of(x), x.ln()));
    }
    assert!(worst <= 1.0, "{worst}");
}

#[test]
fn edges_are_those_of_libm() {
    let inf = f64::INFINITY;
    for x in [-inf, -1e300, -746.0, -0.0, 0.0, 5e-324, 1e-20, 709.9, 1e300, inf, f64::NAN] {
        let (found, expected) = (exp_of(x), x.exp());
        assert!(found == expected || found.is_nan() && expected.is_nan(), "exp {x}: {found}");
    }
    for x in [-inf, -1.0, -0.0, 0.0, 1.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, inf, f64::NAN] {
        let (found, expected) = (ln_of(x), x.ln());
        let near = ulps(found, expected) <= 1.0;
        assert!(near || found == expected, "ln {x}: {found} for {expected}");
    }
    // Fading through subnormals: as near as their spacing allows.
    for x in [-708.5, -720.0, -740.0, -744.9] {
        assert!((exp_of(x) - x.exp()).abs() <= 1e-323, "{x}");
    }
}

#[test]
fn powers_lose_little() {
    for i in 1..10_000 {
        let base = i as f64 * 1e-3;
        for exponent in [-3.7, -0.5, 0.33, 1.7, 2.3, 11.1] {
            let expected = f64::powf(base, exponent);
            let bound = (exponent * base.ln()).abs().max(1.0) * 4e-16;
            assert!((pow_of(base, exponent) / expected - 1.0).abs() <= bound, "{base}^{exponent}");
        }
    }
}

struct Both;

impl Kernel for Both {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        for slots in memory.chunks_exact_mut(3) {
            slots[1] = exp(slots[0]);
            slots[2] = ln(slots[0]);
        }
    }
}

#[test]
fn every_width_gives_the_same_bits() {
    let numbers: Vec<f64> = spread(60_000)
        .flat_map(|x| [x, x.abs(), (x.to_bits() >> 44) as f64 * 1e-3 - 600.0])
        .chain([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324])
        .collect();
    for width in [1, 4, 8] {
        let isa = Isa::detect(width);
        let slots = numbers.len().div_ceil(isa.width());
        let mut arena = Arena::new(3 * slots, isa);
        for (i, x) in numbers.iter().enumerate() {
            arena.set(3 * (i / isa.width()), i % isa.width(), *x);
        }
        arena.run(Both);
        for (i, &x) in numbers.iter().enumerate() {
            let get = |k| arena.get(3 * (i / isa.width()) + k, i % isa.width());
            let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
            assert!(same(get(1), exp_of(x)), "exp {x} at width {width}");
            assert!(same(get(2), ln_of(x)), "ln {x} at width {width}");
        }
    }
}
