//! Exact positive numbers: products of prime powers with rational exponents.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Pow, ToPrimitive};

/// Exponents are counted in parts of this size, so that all fractions with a denominator up to
/// ten are exact integers and sums can never need a finer one.
pub(crate) const PARTS: i64 = 2520;

/// Largest exponent (in parts) that a checked operation may give.
pub(crate) const LIMIT: i64 = PARTS * 1_000_000;

/// `exponent * num / den` in parts; `None` when not a whole number of parts or out of range.
pub(crate) fn times(exponent: i64, num: i32, den: i32) -> Option<i64> {
    if den == 0 {
        return None;
    }
    let product = i128::from(exponent) * i128::from(num);
    let den = i128::from(den);
    if product % den != 0 {
        return None;
    }
    i64::try_from(product / den).ok().filter(|e| e.abs() <= LIMIT)
}

/// An exponent in parts as a fraction in lowest terms, denominator positive.
pub(crate) fn fraction(parts: i64) -> (i64, i64) {
    let ratio = Ratio::new(parts, PARTS);
    (*ratio.numer(), *ratio.denom())
}

/// A positive number as prime powers, sorted by prime, without zero exponents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scale(Vec<(u64, i64)>);

impl Scale {
    pub(crate) fn one() -> Self {
        Scale(Vec::new())
    }

    pub(crate) fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// The positive integer `n`; `None` for zero and for numbers whose part without prime factors
    /// below 1000 does not fit 64 bits.
    pub(crate) fn integer(n: u128) -> Option<Self> {
        let mut primes = factor(n)?;
        primes.sort_unstable();
        let mut powers: Vec<(u64, i64)> = Vec::new();
        for p in primes {
            match powers.last_mut() {
                Some((q, e)) if *q == p => *e += PARTS,
                _ => powers.push((p, PARTS)),
            }
        }
        Some(Scale(powers))
    }

    pub(crate) fn ten_to(n: i32) -> Self {
        if n == 0 {
            return Scale::one();
        }
        let e = i64::from(n) * PARTS;
        Scale(vec![(2, e), (5, e)])
    }

    /// A positive decimal literal (`86400`, `1e-9`, `30.4375`), exactly.
    pub(crate) fn decimal(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{part}");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let exponent = exponent.checked_sub(i32::try_from(part.len()).ok()?)?;
        if exponent.abs() > 1000 {
            return None;
        }
        Scale::integer(digits.parse().ok()?)?.combine(&Scale::ten_to(exponent), 1)
    }

    /// `self * other^sign`, with exponents kept within [`LIMIT`].
    pub(crate) fn combine(&self, other: &Scale, sign: i64) -> Option<Self> {
        let mut powers = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            let (p, e) = match (a.peek(), b.peek()) {
                (None, None) => break,
                (Some(&&(p, e)), None) => {
                    a.next();
                    (p, e)
                }
                (None, Some(&&(p, e))) => {
                    b.next();
                    (p, sign * e)
                }
                (Some(&&(p, e)), Some(&&(q, f))) => {
                    if p <= q {
                        a.next();
                    }
                    if q <= p {
                        b.next();
                    }
                    match p.cmp(&q) {
                        std::cmp::Ordering::Less => (p, e),
                        std::cmp::Ordering::Greater => (q, sign * f),
                        std::cmp::Ordering::Equal => (p, e.checked_add(sign.checked_mul(f)?)?),
                    }
                }
            };
            if e.abs() > LIMIT {
                return None;
            }
            if e != 0 {
                powers.push((p, e));
            }
        }
        Some(Scale(powers))
    }

    pub(crate) fn pow(&self, num: i32, den: i32) -> Option<Self> {
        let powers = self.0.iter().map(|&(p, e)| Some((p, times(e, num, den)?)));
        let mut powers = powers.collect::<Option<Vec<_>>>()?;
        powers.retain(|&(_, e)| e != 0);
        Some(Scale(powers))
    }

    /// Primes and exponents in parts.
    pub(crate) fn powers(&self) -> &[(u64, i64)] {
        &self.0
    }

    /// Nearest float. Correctly rounded when all exponents are integers; otherwise the irrational
    /// rest adds a few units in the last place.
    pub(crate) fn to_f64(&self) -> f64 {
        let (mut above, mut below) = (BigInt::one(), BigInt::one());
        let mut rest = 1.0_f64;
        for &(p, e) in &self.0 {
            let whole = e.div_euclid(PARTS);
            // Beyond any float in either direction; keeps the integers small.
            let power = whole.unsigned_abs().min(2200) as u32;
            let side = if whole > 0 { &mut above } else { &mut below };
            *side *= Pow::pow(BigInt::from(p), power);
            rest *= (p as f64).powf(e.rem_euclid(PARTS) as f64 / PARTS as f64);
        }
        Ratio::new(above, below).to_f64().unwrap_or(f64::NAN) * rest
    }

    /// Numerator and denominator, when the scale is rational and both fit.
    pub(crate) fn ratio(&self) -> Option<(u128, u128)> {
        let (mut above, mut below) = (1u128, 1u128);
        for &(p, e) in &self.0 {
            if e % PARTS != 0 {
                return None;
            }
            let power = u32::try_from(e.abs() / PARTS).ok()?;
            let side = if e > 0 { &mut above } else { &mut below };
            *side = side.checked_mul(u128::from(p).checked_pow(power)?)?;
        }
        Some((above, below))
    }

    /// `mantissa * 10^exponent` with the smallest integer mantissa, when the scale is such.
    pub(crate) fn as_decimal(&self) -> Option<(u64, i64)> {
        let of = |prime| self.0.iter().find(|(p, _)| *p == prime).map_or(0, |(_, e)| *e);
        let ten = of(2).min(of(5)).div_euclid(PARTS) * PARTS;
        let mantissa = self.combine(&Scale::one().with_ten(ten), -1)?;
        match mantissa.ratio()? {
            (n, 1) => Some((u64::try_from(n).ok()?, ten / PARTS)),
            _ => None,
        }
    }

    fn with_ten(mut self, parts: i64) -> Self {
        if parts != 0 {
            self.0 = vec![(2, parts), (5, parts)];
        }
        self
    }
}

/// Prime factors with repeats, unsorted.
fn factor(mut n: u128) -> Option<Vec<u64>> {
    if n == 0 {
        return None;
    }
    let mut primes = Vec::new();
    for p in 2u64..1000 {
        while n.is_multiple_of(u128::from(p)) {
            primes.push(p);
            n /= u128::from(p);
        }
    }
    split(u64::try_from(n).ok()?, &mut primes);
    Some(primes)
}

/// Factors a number without prime factors below 1000.
fn split(n: u64, primes: &mut Vec<u64>) {
    if n == 1 {
        return;
    }
    if is_prime(n) {
        primes.push(n);
        return;
    }
    let d = divisor(n);
    split(d, primes);
    split(n / d, primes);
}

fn multiply(a: u64, b: u64, n: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(n)) as u64
}

/// Miller–Rabin with the witnesses that decide all 64-bit numbers (the first twelve primes).
fn is_prime(n: u64) -> bool {
    let shift = (n - 1).trailing_zeros();
    [2u64, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].iter().all(|&witness| {
        if n.is_multiple_of(witness) {
            return n == witness;
        }
        let (mut x, mut base, mut power) = (1, witness, (n - 1) >> shift);
        while power > 0 {
            if power & 1 == 1 {
                x = multiply(x, base, n);
            }
            base = multiply(base, base, n);
            power >>= 1;
        }
        if x == 1 || x == n - 1 {
            return true;
        }
        (1..shift).any(|_| {
            x = multiply(x, x, n);
            x == n - 1
        })
    })
}

/// A proper divisor of an odd composite number (Pollard's rho).
fn divisor(n: u64) -> u64 {
    let gcd = |mut a: u64, mut b: u64| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    for c in 1.. {
        let step = |x: u64| ((u128::from(x) * u128::from(x) + c) % u128::from(n)) as u64;
        let (mut slow, mut fast, mut d) = (2, 2, 1);
        while d == 1 {
            slow = step(slow);
            fast = step(step(fast));
            d = gcd(slow.abs_diff(fast), n);
        }
        if d != n {
            return d;
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_multiply_back_and_are_prime() {
        for n in [1u128, 2, 997 * 997, 1_000_003 * 999_983, 602_214_076, 18_446_744_073_709_551_557]
        {
            let primes = factor(n).unwrap();
            assert_eq!(primes.iter().map(|&p| u128::from(p)).product::<u128>(), n);
            for p in primes {
                assert!(p < 1000 || is_prime(p), "{p}");
            }
        }
        // The square of a prime above the trial range, and a number too large to factor.
        assert_eq!(factor(1_000_003 * 1_000_003), Some(vec![1_000_003, 1_000_003]));
        assert_eq!(factor(1_000_003u128.pow(5)), None);
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(Scale::decimal("30.4375").unwrap().ratio(), Some((487, 16)));
        assert_eq!(Scale::decimal("1e-9").unwrap().ratio(), Some((1, 1_000_000_000)));
        assert_eq!(Scale::decimal("86400"), Scale::decimal("8.64e4"));
        for bad in ["0", "", ".", "-1", "1e", "1e99999", "1.2.3", "x"] {
            assert_eq!(Scale::decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn floats_are_rounded_once() {
        assert_eq!(Scale::decimal("0.1").unwrap().to_f64(), 0.1);
        assert_eq!(Scale::decimal("6.02214076e23").unwrap().to_f64(), 6.02214076e23);
        assert_eq!(Scale::decimal("1e-320").unwrap().to_f64(), 1e-320);
        assert_eq!(Scale::decimal("1e400").unwrap().to_f64(), f64::INFINITY);
        let third = Scale::one().combine(&Scale::integer(3).unwrap(), -1).unwrap();
        assert_eq!(third.to_f64(), 1.0 / 3.0);
        let root = Scale::integer(2).unwrap().pow(1, 2).unwrap();
        assert!((root.to_f64() - std::f64::consts::SQRT_2).abs() < 1e-15);
    }
}
