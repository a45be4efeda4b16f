//! The unit type and its algebra.

use std::ops::{Div, Mul};

use crate::{
    names,
    scale::{LIMIT, PARTS, Scale, fraction, times},
};

/// A dimension that is not made from others, by its unit of scale one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BaseUnit {
    /// Length.
    Metre,
    /// Mass.
    Kilogram,
    /// Time.
    Second,
    /// Electric current.
    Ampere,
    /// Temperature.
    Kelvin,
    /// Amount of substance.
    Mole,
    /// Luminous intensity.
    Candela,
    /// Number of copies of a molecule.
    Item,
    /// Number of cells.
    Cell,
}

impl BaseUnit {
    /// All of them, in the order of declaration.
    pub const ALL: [BaseUnit; 9] = [
        BaseUnit::Metre,
        BaseUnit::Kilogram,
        BaseUnit::Second,
        BaseUnit::Ampere,
        BaseUnit::Kelvin,
        BaseUnit::Mole,
        BaseUnit::Candela,
        BaseUnit::Item,
        BaseUnit::Cell,
    ];

    /// Full name: `metre`, `kilogram`, …, `item`, `cell`.
    pub fn name(self) -> &'static str {
        match self {
            BaseUnit::Metre => "metre",
            BaseUnit::Kilogram => "kilogram",
            BaseUnit::Second => "second",
            BaseUnit::Ampere => "ampere",
            BaseUnit::Kelvin => "kelvin",
            BaseUnit::Mole => "mole",
            BaseUnit::Candela => "candela",
            BaseUnit::Item => "item",
            BaseUnit::Cell => "cell",
        }
    }
}

/// A unit of measurement: base dimensions with rational exponents, times an exact scale.
///
/// Two units are equal when their dimensions and scales are, however they were written:
/// `nmol/L`, `nM` and `pmol/mL` are one unit, `1/h` and `1/day` are two of one dimension. A per
/// cent is dimensionless in dimension, but not [`Unit::is_dimensionless`]: its scale is 1/100.
///
/// ```
/// # use hersim_units::Unit;
/// let rate = Unit::parse("1/h")?;
/// let needed = Unit::parse("1/day")?;
/// assert!(rate != needed && rate.same_dimension(&needed));
/// assert_eq!(rate.factor_to(&needed), Some(24.0));
/// # Ok::<(), hersim_units::UnitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit {
    /// Exponents in parts, by [`BaseUnit`].
    pub(crate) dimension: [i64; 9],
    pub(crate) scale: Scale,
}

impl Unit {
    /// The unit of plain numbers: no dimension, scale one.
    pub fn dimensionless() -> Self {
        Unit { dimension: [0; 9], scale: Scale::one() }
    }

    /// A unit by its known name (`nmol`, `litre`, `days`), without any operator.
    pub fn base(name: &str) -> Option<Self> {
        names::lookup(name)
    }

    /// The unit of a base dimension.
    pub fn of(base: BaseUnit) -> Self {
        let mut unit = Unit::dimensionless();
        unit.dimension[base as usize] = PARTS;
        unit
    }

    /// Product. Exponents that no real formula reaches (a million) are refused.
    pub fn try_mul(&self, other: &Unit) -> Option<Unit> {
        self.combine(other, 1)
    }

    /// Quotient. Exponents that no real formula reaches (a million) are refused.
    pub fn try_div(&self, other: &Unit) -> Option<Unit> {
        self.combine(other, -1)
    }

    /// Product of units that were written down, not built up in a loop.
    ///
    /// # Panics
    /// When an exponent would pass a million; [`Unit::try_mul`] says so instead.
    pub fn mul(&self, other: &Unit) -> Unit {
        match self.try_mul(other) {
            Some(unit) => unit,
            None => panic!("bug: unit exponent beyond a million; try_mul was needed"),
        }
    }

    /// Quotient of units that were written down, not built up in a loop.
    ///
    /// # Panics
    /// When an exponent would pass a million; [`Unit::try_div`] says so instead.
    pub fn div(&self, other: &Unit) -> Unit {
        match self.try_div(other) {
            Some(unit) => unit,
            None => panic!("bug: unit exponent beyond a million; try_div was needed"),
        }
    }

    /// One over this unit.
    pub fn inverse(&self) -> Unit {
        Unit::dimensionless().div(self)
    }

    /// `self^(num/den)`. `None` for a zero denominator, for exponents beyond a million, and for
    /// those that are no multiple of 1/2520 (all fractions with denominators to ten are).
    pub fn pow(&self, num: i32, den: i32) -> Option<Unit> {
        let mut dimension = [0; 9];
        for (to, from) in dimension.iter_mut().zip(&self.dimension) {
            *to = times(*from, num, den)?;
        }
        Some(Unit { dimension, scale: self.scale.pow(num, den)? })
    }

    /// This unit times `num/den`: `second.scaled(86400, 1)` is a day. `None` unless both are
    /// positive and can be split into primes (the part without primes below 1000 fits 64 bits).
    pub fn scaled(&self, num: i128, den: i128) -> Option<Unit> {
        let num = Scale::integer(u128::try_from(num).ok()?)?;
        let den = Scale::integer(u128::try_from(den).ok()?)?;
        let scale = self.scale.combine(&num, 1)?.combine(&den, -1)?;
        Some(Unit { dimension: self.dimension, scale })
    }

    /// This unit times a positive decimal literal, taken exactly as written (`86400`, `1e-9`).
    pub fn scaled_by(&self, literal: &str) -> Option<Unit> {
        let scale = self.scale.combine(&Scale::decimal(literal)?, 1)?;
        Some(Unit { dimension: self.dimension, scale })
    }

    /// True for the unit of plain numbers: no dimension and scale one.
    pub fn is_dimensionless(&self) -> bool {
        self.dimension == [0; 9] && self.scale.is_one()
    }

    /// True when a value in one can be given in the other.
    pub fn same_dimension(&self, other: &Unit) -> bool {
        self.dimension == other.dimension
    }

    /// What to multiply a value in this unit by to have it in `other`; `None` when the dimensions
    /// differ. The ratio is exact and rounded once (with fractional exponents of the scale, to a
    /// few units in the last place).
    pub fn factor_to(&self, other: &Unit) -> Option<f64> {
        if !self.same_dimension(other) {
            return None;
        }
        Some(self.scale.combine(&other.scale, -1)?.to_f64())
    }

    /// The base units with their exponents as fractions in lowest terms, zero exponents left out.
    pub fn components(&self) -> Vec<(BaseUnit, (i32, i32))> {
        let whole = BaseUnit::ALL.iter().zip(&self.dimension).filter(|(_, e)| **e != 0);
        whole
            .map(|(base, e)| {
                // Within i32 by LIMIT: the numerator is at most a million times PARTS.
                let (num, den) = fraction(*e);
                (*base, (num as i32, den as i32))
            })
            .collect()
    }

    /// The scale to the base units as primes with exponents (fractions in lowest terms).
    pub fn scale_powers(&self) -> Vec<(u64, (i64, i64))> {
        self.scale.powers().iter().map(|&(p, e)| (p, fraction(e))).collect()
    }

    /// The scale to the base units as numerator and denominator in lowest terms; `None` when it
    /// is irrational or does not fit.
    pub fn scale_ratio(&self) -> Option<(u128, u128)> {
        self.scale.ratio()
    }

    /// The scale to the base units as `mantissa * 10^exponent`, mantissa not divisible by ten;
    /// `None` when it is no such number or does not fit.
    pub fn scale_decimal(&self) -> Option<(u64, i64)> {
        self.scale.as_decimal()
    }

    /// The scale to the base units, rounded.
    pub fn scale_f64(&self) -> f64 {
        self.scale.to_f64()
    }

    /// True when all exponents are below a hundred, far from the limit: what any text may give.
    /// Written out in other units such a power stays below the thousand that can be read.
    pub(crate) fn is_moderate(&self) -> bool {
        let powers = self.scale.powers().iter().map(|(_, e)| e);
        self.dimension.iter().chain(powers).all(|e| e.abs() <= LIMIT / 10_000)
    }

    fn combine(&self, other: &Unit, sign: i64) -> Option<Unit> {
        let mut dimension = self.dimension;
        for (to, from) in dimension.iter_mut().zip(&other.dimension) {
            *to += sign * from;
            if to.abs() > LIMIT {
                return None;
            }
        }
        Some(Unit { dimension, scale: self.scale.combine(&other.scale, sign)? })
    }
}

impl Mul for &Unit {
    type Output = Unit;
    fn mul(self, other: &Unit) -> Unit {
        Unit::mul(self, other)
    }
}

impl Div for &Unit {
    type Output = Unit;
    fn div(self, other: &Unit) -> Unit {
        Unit::div(self, other)
    }
}

#[cfg(test)]
mod tests;
