//! The unit names that need no definition.

use crate::{BaseUnit, Unit, scale::Scale};

/// Names that stand for themselves, with the text that defines them: a decimal scale and
/// exponents of (metre, kilogram, second, ampere, kelvin, mole, candela, item, cell).
/// The last field says whether a plural with `s` is known too.
type Row = (&'static str, &'static str, [i8; 9], bool);

const fn d(m: i8, kg: i8, s: i8, a: i8, k: i8, mol: i8) -> [i8; 9] {
    [m, kg, s, a, k, mol, 0, 0, 0]
}

const NONE: [i8; 9] = [0; 9];
const TIME: [i8; 9] = d(0, 0, 1, 0, 0, 0);
const VOLUME: [i8; 9] = d(3, 0, 0, 0, 0, 0);
const CANDELA: [i8; 9] = [0, 0, 0, 0, 0, 0, 1, 0, 0];
const ITEM: [i8; 9] = [0, 0, 0, 0, 0, 0, 0, 1, 0];
const CELL: [i8; 9] = [0, 0, 0, 0, 0, 0, 0, 0, 1];
const PER_MOLE: [i8; 9] = d(0, 1, 0, 0, 0, -1);

#[rustfmt::skip]
const NAMES: &[Row] = &[
    ("dimensionless", "1", NONE, false),
    ("radian", "1", NONE, true),
    ("steradian", "1", NONE, true),
    ("%", "0.01", NONE, false),
    ("percent", "0.01", NONE, false),
    ("metre", "1", d(1, 0, 0, 0, 0, 0), true),
    ("meter", "1", d(1, 0, 0, 0, 0, 0), true),
    ("kilogram", "1", d(0, 1, 0, 0, 0, 0), true),
    ("gram", "1e-3", d(0, 1, 0, 0, 0, 0), true),
    ("second", "1", TIME, true),
    ("ampere", "1", d(0, 0, 0, 1, 0, 0), true),
    ("kelvin", "1", d(0, 0, 0, 0, 1, 0), false),
    ("mole", "1", d(0, 0, 0, 0, 0, 1), true),
    ("candela", "1", CANDELA, true),
    ("item", "1", ITEM, true),
    ("copy", "1", ITEM, false),
    ("copies", "1", ITEM, false),
    ("cell", "1", CELL, true),
    ("litre", "1e-3", VOLUME, true),
    ("liter", "1e-3", VOLUME, true),
    ("becquerel", "1", d(0, 0, -1, 0, 0, 0), true),
    ("hertz", "1", d(0, 0, -1, 0, 0, 0), false),
    ("coulomb", "1", d(0, 0, 1, 1, 0, 0), true),
    ("newton", "1", d(1, 1, -2, 0, 0, 0), true),
    ("joule", "1", d(2, 1, -2, 0, 0, 0), true),
    ("watt", "1", d(2, 1, -3, 0, 0, 0), true),
    ("pascal", "1", d(-1, 1, -2, 0, 0, 0), true),
    ("volt", "1", d(2, 1, -3, -1, 0, 0), true),
    ("ohm", "1", d(2, 1, -3, -2, 0, 0), true),
    ("siemens", "1", d(-2, -1, 3, 2, 0, 0), false),
    ("farad", "1", d(-2, -1, 4, 2, 0, 0), true),
    ("henry", "1", d(2, 1, -2, -2, 0, 0), true),
    ("weber", "1", d(2, 1, -2, -1, 0, 0), true),
    ("tesla", "1", d(0, 1, -2, -1, 0, 0), true),
    ("gray", "1", d(2, 0, -2, 0, 0, 0), true),
    ("sievert", "1", d(2, 0, -2, 0, 0, 0), true),
    ("katal", "1", d(0, 0, -1, 0, 0, 1), true),
    ("lumen", "1", CANDELA, true),
    ("lux", "1", [-2, 0, 0, 0, 0, 0, 1, 0, 0], false),
    ("min", "60", TIME, false),
    ("minute", "60", TIME, true),
    ("h", "3600", TIME, false),
    ("hour", "3600", TIME, true),
    ("d", "86400", TIME, false),
    ("day", "86400", TIME, true),
    ("week", "604800", TIME, true),
    ("month", "2629800", TIME, true),
    ("year", "31557600", TIME, true),
    ("mcg", "1e-9", d(0, 1, 0, 0, 0, 0), false),
    ("dalton", "1e-3", PER_MOLE, true),
];

/// Symbols that take a prefix, with scale and exponents as above.
#[rustfmt::skip]
const SYMBOLS: &[(&str, &str, [i8; 9])] = &[
    ("m", "1", d(1, 0, 0, 0, 0, 0)),
    ("g", "1e-3", d(0, 1, 0, 0, 0, 0)),
    ("s", "1", TIME),
    ("mol", "1", d(0, 0, 0, 0, 0, 1)),
    ("L", "1e-3", VOLUME),
    ("l", "1e-3", VOLUME),
    ("M", "1e3", d(-3, 0, 0, 0, 0, 1)),
    ("Da", "1e-3", PER_MOLE),
    ("K", "1", d(0, 0, 0, 0, 1, 0)),
    ("J", "1", d(2, 1, -2, 0, 0, 0)),
    ("Pa", "1", d(-1, 1, -2, 0, 0, 0)),
    ("Gy", "1", d(2, 0, -2, 0, 0, 0)),
];

const PREFIXES: &[(&str, i32)] = &[
    ("k", 3),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
];

/// The unit with this name; both micro signs count as `u`.
pub(crate) fn lookup(name: &str) -> Option<Unit> {
    let name = name.replace(['µ', 'μ'], "u");
    if name == "U" {
        return make("1e-6", d(0, 0, 0, 0, 0, 1))?.try_div(&make("60", TIME)?);
    }
    let singular = name.strip_suffix('s');
    for &(known, scale, exponents, plural) in NAMES {
        if name == known || (plural && singular == Some(known)) {
            return make(scale, exponents);
        }
    }
    for &(symbol, scale, exponents) in SYMBOLS {
        let Some(prefix) = name.strip_suffix(symbol) else {
            continue;
        };
        let Some(unit) = make(scale, exponents) else {
            continue;
        };
        if prefix.is_empty() {
            return Some(unit);
        }
        if let Some((_, power)) = PREFIXES.iter().find(|(p, _)| *p == prefix) {
            let scale = unit.scale.combine(&Scale::ten_to(*power), 1)?;
            return Some(Unit { scale, ..unit });
        }
    }
    None
}

/// Names to suggest for a misspelt one: everything a model is likely to use.
pub(crate) fn suggestions() -> Vec<String> {
    let mut names: Vec<String> = NAMES.iter().map(|row| row.0.to_string()).collect();
    names.extend(["copies", "cells", "U"].map(String::from));
    for (symbol, prefixes) in
        [("m", "cmun"), ("g", "kmunp"), ("mol", "munpf"), ("L", "dmun"), ("M", "munp"), ("Da", "k")]
    {
        names.push(symbol.to_string());
        names.extend(prefixes.chars().map(|prefix| format!("{prefix}{symbol}")));
    }
    names
}

/// Why a name that looks like a unit is refused.
pub(crate) fn refusal(name: &str) -> Option<&'static str> {
    match name.to_lowercase().as_str() {
        "avogadro" => Some(
            "`avogadro` is not a unit here: moles and copies are kept apart; \
             use a parameter in copies/nmol",
        ),
        "celsius" | "degc" => Some("`celsius` has an offset and is not a unit here; use kelvin"),
        "iu" => Some("`IU` has no fixed size; give the amount in mass or moles"),
        _ => None,
    }
}

fn make(scale: &str, exponents: [i8; 9]) -> Option<Unit> {
    let mut unit = Unit::dimensionless().scaled_by(scale)?;
    for (base, exponent) in BaseUnit::ALL.into_iter().zip(exponents) {
        unit.dimension[base as usize] = i64::from(exponent) * crate::scale::PARTS;
    }
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_every_suggestion_is_known() {
        for name in suggestions() {
            assert!(lookup(&name).is_some(), "{name}");
        }
        for &(name, _, _, plural) in NAMES {
            assert_eq!(lookup(&format!("{name}s")).is_some(), plural || name == "d" || name == "m");
        }
    }
}
