//! Unit definitions as units.

use std::collections::HashMap;

use hersim_units::Unit;

use super::syntax::{Model, Name, UnitFactor};

/// The units of a model by name.
pub(super) struct Units {
    defined: HashMap<String, Option<Unit>>,
    level: u32,
}

/// What the name of a unit stands for.
pub(super) enum Meaning {
    /// A unit that is known exactly.
    Unit,
    /// A unit that cannot be kept exactly.
    Inexact,
    /// Nothing.
    Nothing,
}

impl Units {
    pub(super) fn of(model: &Model, level: u32) -> Units {
        let mut units = Units { defined: HashMap::new(), level };
        for definition in &model.units {
            let unit = (definition.factors.iter())
                .try_fold(Unit::dimensionless(), |unit, factor| {
                    unit.try_mul(&self::factor(factor)?)
                });
            // A definition without factors leaves the unit open.
            let unit = unit.filter(|_| !definition.factors.is_empty());
            units.defined.insert(definition.head.id.clone(), unit);
        }
        units
    }

    /// The unit that a name stands for; `None` for names that stand for none, and for units that
    /// cannot be kept exactly (they say nothing about the numbers, so nothing is computed wrongly).
    pub(super) fn get(&self, name: Option<&Name>) -> Option<Unit> {
        self.named(&name?.text)
    }

    /// The unit of a name that Level 2 gives a meaning of its own.
    pub(super) fn builtin(&self, name: &str) -> Option<Unit> {
        if self.level >= 3 { None } else { self.named(name) }
    }

    /// What a name says of numbers.
    pub(super) fn meaning(&self, name: &str) -> Meaning {
        let known = self.defined.contains_key(name) || name == "Celsius";
        match (self.named(name), known) {
            (Some(_), _) => Meaning::Unit,
            (None, true) => Meaning::Inexact,
            (None, false) => Meaning::Nothing,
        }
    }

    fn named(&self, name: &str) -> Option<Unit> {
        if let Some(unit) = self.defined.get(name) {
            return unit.clone();
        }
        if self.level < 3 {
            let metre = || Unit::base("metre");
            match name {
                "substance" => return Unit::base("mole"),
                "volume" => return Unit::base("litre"),
                "area" => return metre()?.pow(2, 1),
                "length" => return metre(),
                "time" => return Unit::base("second"),
                _ => {}
            }
        }
        kind(name)
    }
}

fn kind(name: &str) -> Option<Unit> {
    match name {
        "dimensionless" | "radian" | "steradian" => Some(Unit::dimensionless()),
        "liter" => Unit::base("litre"),
        "meter" => Unit::base("metre"),
        "avogadro" => Unit::dimensionless().scaled_by("6.02214179e23"),
        "Celsius" => None,
        _ => Unit::base(name).or_else(|| Unit::parse(derived(name)?).ok()),
    }
}

/// Units of the SI that are made of others.
fn derived(name: &str) -> Option<&'static str> {
    Some(match name {
        "becquerel" | "hertz" => "1/second",
        "coulomb" => "ampere*second",
        "farad" => "ampere^2*second^4/(kilogram*metre^2)",
        "gray" | "sievert" => "metre^2/second^2",
        "henry" => "kilogram*metre^2/(ampere^2*second^2)",
        "joule" => "kilogram*metre^2/second^2",
        "katal" => "mole/second",
        "lumen" => "candela",
        "lux" => "candela/metre^2",
        "newton" => "kilogram*metre/second^2",
        "ohm" => "kilogram*metre^2/(ampere^2*second^3)",
        "pascal" => "kilogram/(metre*second^2)",
        "siemens" => "ampere^2*second^3/(kilogram*metre^2)",
        "tesla" => "kilogram/(ampere*second^2)",
        "volt" => "kilogram*metre^2/(ampere*second^3)",
        "watt" => "kilogram*metre^2/second^3",
        "weber" => "kilogram*metre^2/(ampere*second^2)",
        _ => return None,
    })
}

/// `(multiplier * 10^scale * kind)^exponent`
fn factor(factor: &UnitFactor) -> Option<Unit> {
    if factor.offset != 0.0 || !(1e-300..1e300).contains(&factor.multiplier.abs()) {
        return None;
    }
    let scaled = kind(&factor.kind)?.scaled_by(&format!("{:e}", factor.multiplier))?;
    let scaled = scaled.scaled_by(&format!("1e{}", factor.scale))?;
    const PARTS: f64 = 840.0;
    let parts = factor.exponent * PARTS;
    if factor.exponent.fract() == 0.0 && factor.exponent.abs() < 100.0 {
        scaled.pow(factor.exponent as i32, 1)
    } else if parts.fract() == 0.0 && parts.abs() < 100.0 * PARTS {
        scaled.pow(parts as i32, PARTS as i32)
    } else {
        None
    }
}
