//! Units by name, and the definitions that make the names mean something.

use std::{collections::HashSet, fmt::Write as _};

use hersim_network::Network;
use hersim_units::{BaseUnit, Unit};

use super::names::{Names, identifier};
use crate::words::is_taken;

/// Units every reader knows.
const KNOWN: [&str; 12] = [
    "dimensionless",
    "second",
    "mole",
    "litre",
    "item",
    "gram",
    "kilogram",
    "metre",
    "ampere",
    "kelvin",
    "candela",
    "cell",
];

/// Names for the units of one text.
pub(super) struct UnitNames {
    /// Names used so far, in order.
    used: Vec<(String, Unit)>,
    /// Names that are no units.
    taken: HashSet<String>,
}

impl UnitNames {
    /// Other readers do not tell names of units from those of symbols.
    pub(super) fn new(network: &Network, symbols: &Names) -> Self {
        let mut names = UnitNames { used: Vec::new(), taken: symbols.all() };
        // That of time is written in any case.
        let time = |unit| network.time_unit.as_ref() == Some(unit);
        let all = network.unit_names.iter().filter(|(name, u)| !(name == "time_unit" && time(u)));
        for (name, unit) in all {
            let mut name = identifier(&name.replace('.', "__"));
            while is_taken(&name) || KNOWN.contains(&name.as_str()) || names.is_used(&name) {
                name.push('_');
            }
            names.used.push((name, unit.clone()));
        }
        names
    }

    fn is_used(&self, name: &str) -> bool {
        self.taken.contains(name) || self.used.iter().any(|(known, _)| known == name)
    }

    /// The name of a unit; a new one gets a definition.
    pub(super) fn name(&mut self, unit: &Unit) -> String {
        if let Some(known) = KNOWN.iter().find(|name| Unit::base(name).as_ref() == Some(unit)) {
            return known.to_string();
        }
        if let Some((name, _)) = self.used.iter().find(|(_, u)| u == unit) {
            return name.clone();
        }
        let mut name = words(unit);
        while is_taken(&name) || KNOWN.contains(&name.as_str()) || self.is_used(&name) {
            name.push('_');
        }
        self.used.push((name.clone(), unit.clone()));
        name
    }

    /// `unit name = …;` for every name handed out, and for the time unit.
    pub(super) fn definitions(&self, time: Option<&Unit>) -> String {
        let mut text = String::new();
        if let Some(time) = time {
            let _ = writeln!(text, "  unit time_unit = {};", definition(time));
        }
        for (name, unit) in &self.used {
            let _ = writeln!(text, "  unit {name} = {};", definition(unit));
        }
        text
    }
}

/// A name made of the unit's text: `1/(nM*day)` becomes `per_nM_day`.
fn words(unit: &Unit) -> String {
    let text =
        unit.to_string().replace("1/", "per_").replace('/', "_per_").replace(['*', ' '], "_");
    let name: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let name = identifier(&name);
    if name.chars().all(|c| c == '_') { "some_unit".to_string() } else { name }
}

/// The unit as arithmetic over base units: `1e-9 mole / litre`.
fn definition(unit: &Unit) -> String {
    let (rest, litres) = in_litres(unit);
    let mut parts: Vec<(String, i32, i32)> = Vec::new();
    for (base, (num, den)) in rest.components() {
        parts.push((base.name().to_string(), num, den));
    }
    if litres != 0 {
        parts.push(("litre".into(), litres, 1));
    }
    let (above, below) = scale(&rest);
    let side = |positive: bool, number: &str| {
        let mut text = String::new();
        let factors = parts.iter().filter(|(_, num, _)| (*num > 0) == positive);
        for (i, (name, num, den)) in factors.enumerate() {
            let power = power(num.abs(), *den);
            match (i, number) {
                (0, "1") => {}
                (0, number) if power.is_empty() => {
                    let _ = write!(text, "{number} ");
                }
                (0, number) => {
                    let _ = write!(text, "{number} * ");
                }
                _ => text.push_str(" * "),
            }
            let _ = write!(text, "{name}{power}");
        }
        if text.is_empty() && number != "1" {
            let _ = write!(text, "{number} dimensionless");
        }
        text
    };
    let top = side(true, &above);
    let bottom = side(false, &below);
    match (top.as_str(), bottom.as_str()) {
        ("", "") => "dimensionless".into(),
        (top, "") => top.into(),
        ("", bottom) => format!("1 / {}", bracketed(bottom)),
        (top, bottom) => format!("{top} / {}", bracketed(bottom)),
    }
}

fn bracketed(text: &str) -> String {
    if text.contains(' ') { format!("({text})") } else { text.to_string() }
}

/// Cubic metres as litres, where they come in whole cubes.
fn in_litres(unit: &Unit) -> (Unit, i32) {
    let metres = unit.components().into_iter().find(|(base, _)| *base == BaseUnit::Metre);
    if let Some((_, (num, 1))) = metres {
        let cubes = num / 3;
        let rest = Unit::base("litre").and_then(|l| l.pow(cubes, 1)).and_then(|l| unit.try_div(&l));
        if let (0, Some(rest)) = (num % 3, rest) {
            return (rest, cubes);
        }
    }
    (unit.clone(), 0)
}

/// Numerator and denominator of the scale, as short as they get.
fn scale(unit: &Unit) -> (String, String) {
    if let Some((mantissa, exponent)) = unit.scale_decimal() {
        let text = match exponent {
            0 => mantissa.to_string(),
            1..=6 => format!("{mantissa}{}", "0".repeat(exponent as usize)),
            _ => format!("{mantissa}e{exponent}"),
        };
        return (text, "1".into());
    }
    if let Some((above, below)) = unit.scale_ratio() {
        return (above.to_string(), below.to_string());
    }
    (format!("{:e}", unit.scale_f64()), "1".into())
}

fn power(num: i32, den: i32) -> String {
    match (num, den) {
        (1, 1) => String::new(),
        (num, 1) => format!("^{num}"),
        (num, den) => format!("^{}", f64::from(num) / f64::from(den)),
    }
}
