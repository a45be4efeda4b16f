use super::circular::LARGEST_ANGLE;
use super::*;
use crate::{
    interpret::{self, apply},
    lanes::{Arena, Isa, Kernel},
    tape::Operation,
};

/// A function of one number.
fn of(function: Operation, x: f64) -> f64 {
    interpret::value(function, [x; 3])
}

fn exp_of(x: f64) -> f64 {
    of(Operation::Exp, x)
}

fn ln_of(x: f64) -> f64 {
    of(Operation::Ln, x)
}

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

struct All;

/// Functions of one number, as tapes know them.
const FUNCTIONS: [Operation; 16] = [
    Operation::Exp,
    Operation::Ln,
    Operation::Sin,
    Operation::Cos,
    Operation::Tan,
    Operation::Asin,
    Operation::Acos,
    Operation::Atan,
    Operation::Sinh,
    Operation::Cosh,
    Operation::Tanh,
    Operation::Asinh,
    Operation::Acosh,
    Operation::Atanh,
    Operation::Floor,
    Operation::Ceil,
];

impl Kernel for All {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        for slots in memory.chunks_exact_mut(FUNCTIONS.len() + 1) {
            let x = slots[0];
            for (slot, function) in slots[1..].iter_mut().zip(FUNCTIONS) {
                *slot = apply(function, x, x, x);
            }
        }
    }
}

#[test]
fn every_width_gives_the_same_bits() {
    let numbers: Vec<f64> = spread(20_000)
        .flat_map(|x| [x, x.abs(), (x.to_bits() >> 44) as f64 * 1e-3 - 600.0])
        .chain((0..20_000).map(|i| i as f64 * 1.1e-4 - 1.1))
        .chain([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324])
        .collect();
    let step = FUNCTIONS.len() + 1;
    for width in [1, 4, 8] {
        let isa = Isa::detect(width);
        let slots = numbers.len().div_ceil(isa.width());
        let mut arena = Arena::new(step * slots, isa);
        for (i, x) in numbers.iter().enumerate() {
            arena.set(step * (i / isa.width()), i % isa.width(), *x);
        }
        arena.run(All);
        for (i, &x) in numbers.iter().enumerate() {
            for (k, function) in FUNCTIONS.into_iter().enumerate() {
                let found = arena.get(step * (i / isa.width()) + k + 1, i % isa.width());
                let alone = of(function, x);
                let same = found.to_bits() == alone.to_bits() || found.is_nan() && alone.is_nan();
                assert!(same, "{function:?} {x} at width {width}");
            }
        }
    }
}

/// The largest distance to a reference over some numbers.
fn worst(
    function: Operation,
    reference: impl Fn(f64) -> f64,
    numbers: impl Iterator<Item = f64>,
) -> (f64, f64) {
    let distances = numbers.map(|x| (ulps(of(function, x), reference(x)), x));
    distances.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
}

/// Angles of every size that counts, and those nearest to multiples of a right angle.
fn angles() -> impl Iterator<Item = f64> {
    let nearest = (1..200_000u64).map(|k| (k * k) as f64 * std::f64::consts::FRAC_PI_2);
    let dense = (0..400_000).map(|i| i as f64 * 1e-4 - 20.0);
    let wide = spread(2_000_000).filter(|x| x.abs() <= LARGEST_ANGLE && x.abs() > 1e-300);
    nearest.filter(|x| x.abs() <= LARGEST_ANGLE).chain(dense).chain(wide)
}

#[test]
fn circular_functions_are_within_two_ulps_of_libm() {
    let unit = || {
        (0..400_000)
            .map(|i| i as f64 * 5e-6 - 1.0)
            .chain(spread(200_000))
            .filter(|x| x.abs() <= 1.0)
    };
    let any = || (0..400_000).map(|i| i as f64 * 1e-4 - 20.0).chain(spread(200_000));
    let found = [
        ("sin", worst(Operation::Sin, f64::sin, angles())),
        ("cos", worst(Operation::Cos, f64::cos, angles())),
        ("tan", worst(Operation::Tan, f64::tan, angles())),
        ("asin", worst(Operation::Asin, f64::asin, unit())),
        ("acos", worst(Operation::Acos, f64::acos, unit())),
        ("atan", worst(Operation::Atan, f64::atan, any())),
    ];
    assert!(found.iter().all(|(_, (ulps, _))| *ulps <= 2.0), "{found:?}");
}

#[test]
fn hyperbolic_functions_are_within_two_ulps_of_what_they_are() {
    // libm's own errors are as large, so the reference is computed with twice the digits.
    let one = Double::from(1.0);
    let half = Double::from(0.5);
    let sinh = |x: f64| {
        let grown = Double::exp(x.abs());
        (half * (grown - one / grown)).scaled(1f64.copysign(x))
    };
    let cosh = |x: f64| {
        let grown = Double::exp(x.abs());
        half * (grown + one / grown)
    };
    let square = |x: f64| Double::from(x) * Double::from(x);
    let any = || {
        (0..40_000)
            .map(|i| i as f64 * 5e-4 - 10.0)
            .chain((0..4000).map(|i| i as f64 * 0.17 - 340.0))
            .filter(|x: &f64| x.abs() > 1e-5)
    };
    let above = || {
        (1..40_000).map(|i| 1.0 + (i as f64 * 1e-3).powi(2)).chain((1..100).map(|i| 10f64.powi(i)))
    };
    let inside =
        || (0..40_000).map(|i| i as f64 * 5e-5 - 1.0).filter(|x| x.abs() < 1.0 && x.abs() > 1e-5);
    let found = [
        ("sinh", worst(Operation::Sinh, |x| sinh(x).near(), any())),
        ("cosh", worst(Operation::Cosh, |x| cosh(x).near(), any())),
        ("tanh", worst(Operation::Tanh, |x| (sinh(x) / cosh(x)).near(), any())),
        (
            "asinh",
            worst(
                Operation::Asinh,
                |x| {
                    let size = (Double::from(x.abs()) + (square(x) + one).sqrt()).ln().near();
                    size.copysign(x)
                },
                any().chain(above()),
            ),
        ),
        (
            "acosh",
            worst(
                Operation::Acosh,
                |x| (Double::from(x) + (square(x) - one).sqrt()).ln().near(),
                above(),
            ),
        ),
        (
            "atanh",
            worst(
                Operation::Atanh,
                |x| {
                    let size = Double::from(x.abs());
                    (half * ((one + size) / (one - size)).ln()).near().copysign(x)
                },
                inside(),
            ),
        ),
    ];
    assert!(found.iter().all(|(_, (ulps, _))| *ulps <= 2.0), "{found:?}");
    // Where they are their argument, or nearly.
    for function in [Operation::Sinh, Operation::Tanh, Operation::Asinh, Operation::Atanh] {
        for x in [1e-9, -1e-12, 5e-324, -2e-200, 0.0] {
            assert!(ulps(of(function, x), x) <= 1.0, "{function:?} {x}");
        }
    }
}

#[test]
fn functions_end_where_they_should() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for (function, reference) in [
        (Operation::Sin, f64::sin as fn(f64) -> f64),
        (Operation::Cos, f64::cos),
        (Operation::Tan, f64::tan),
        (Operation::Asin, f64::asin),
        (Operation::Acos, f64::acos),
        (Operation::Atan, f64::atan),
        (Operation::Sinh, f64::sinh),
        (Operation::Cosh, f64::cosh),
        (Operation::Tanh, f64::tanh),
        (Operation::Asinh, f64::asinh),
        (Operation::Acosh, f64::acosh),
        (Operation::Atanh, f64::atanh),
        (Operation::Floor, f64::floor),
        (Operation::Ceil, f64::ceil),
    ] {
        for x in
            [-inf, -800.0, -1.5, -1.0, -0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 30.0, 800.0, 1e300, inf, nan]
        {
            let (found, expected) = (of(function, x), reference(x));
            let beyond = x.abs() > LARGEST_ANGLE
                && matches!(function, Operation::Sin | Operation::Cos | Operation::Tan);
            let expected = if beyond { nan } else { expected };
            assert!(ulps(found, expected) <= 2.0, "{function:?} {x}: {found} for {expected}");
        }
    }
}

#[test]
fn whole_numbers_are_exact() {
    for x in spread(200_000).chain((0..20_000).map(|i| i as f64 * 0.25 - 2500.0)) {
        assert!(ulps(of(Operation::Floor, x), x.floor()) == 0.0, "floor {x}");
        assert!(ulps(of(Operation::Ceil, x), x.ceil()) == 0.0, "ceil {x}");
    }
    for a in (0..3000).map(|i| i as f64 * 0.37 - 500.0).chain([49.0, -49.0, 1e12]) {
        for b in [0.1, -0.3, 1.0, 7.0, -49.0, 1e-3, 12.25] {
            let pair = |operation| interpret::value(operation, [a, b, b]);
            assert_eq!(pair(Operation::Quotient), (a / b).trunc(), "{a} by {b}");
            assert_eq!(pair(Operation::Remainder), a % b, "{a} by {b}");
        }
    }
}

/// A number as the sum of two, with about 106 bits.
#[derive(Clone, Copy, Debug)]
struct Double(f64, f64);

impl From<f64> for Double {
    fn from(x: f64) -> Self {
        Double(x, 0.0)
    }
}

impl Double {
    /// `a + b`, where `b` is the smaller.
    fn fast(a: f64, b: f64) -> Double {
        let sum = a + b;
        Double(sum, b - (sum - a))
    }

    fn near(self) -> f64 {
        self.0 + self.1
    }

    fn scaled(self, factor: f64) -> Double {
        Double(self.0 * factor, self.1 * factor)
    }

    /// Of a number that is not negative: by a series of an argument made small, squared again.
    fn exp(x: f64) -> Double {
        Double(x, 0.0).exponential()
    }

    fn exponential(self) -> Double {
        let halvings = 20;
        let small = self.scaled(0.5f64.powi(halvings));
        // exp x - 1, which keeps its digits: (1 + e)² - 1 = 2 e + e²
        let mut term = small;
        let mut less_one = small;
        for n in 2..12 {
            term = term * small / Double::from(f64::from(n));
            less_one = less_one + term;
        }
        for _ in 0..halvings {
            less_one = less_one.scaled(2.0) + less_one * less_one;
        }
        less_one + Double::from(1.0)
    }

    /// Newton's method from the logarithm of the first piece.
    fn ln(self) -> Double {
        let mut y = Double::from(self.0.ln());
        for _ in 0..2 {
            y = y + (self / y.exponential() - Double::from(1.0));
        }
        y
    }

    fn sqrt(self) -> Double {
        let first = Double::from(self.0.sqrt());
        first + (self - first * first) / first.scaled(2.0)
    }
}

impl std::ops::Add for Double {
    type Output = Double;
    fn add(self, b: Double) -> Double {
        let sum = self.0 + b.0;
        let of_b = sum - self.0;
        let lost = (self.0 - (sum - of_b)) + (b.0 - of_b);
        Double::fast(sum, lost + self.1 + b.1)
    }
}

impl std::ops::Sub for Double {
    type Output = Double;
    fn sub(self, b: Double) -> Double {
        self + b.scaled(-1.0)
    }
}

impl std::ops::Mul for Double {
    type Output = Double;
    fn mul(self, b: Double) -> Double {
        let product = self.0 * b.0;
        let lost = self.0.mul_add(b.0, -product);
        Double::fast(product, lost + self.0 * b.1 + self.1 * b.0)
    }
}

impl std::ops::Div for Double {
    type Output = Double;
    fn div(self, b: Double) -> Double {
        let first = self.0 / b.0;
        let rest = self - b * Double::from(first);
        Double::fast(first, rest.near() / b.0)
    }
}
