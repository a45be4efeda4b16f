//! Writing a unit so that people can read it and [`Unit::parse`] gives it back.

use std::fmt::{self, Display, Formatter, Write};

use crate::{
    BaseUnit, Unit, names,
    scale::{PARTS, fraction, times},
};

/// Units with a name of their own, shown whole.
const WHOLE: &[&str] = &[
    "%", "mg/kg", "ug/kg", "g/mol", "kg/mol", "newton", "joule", "watt", "pascal", "coulomb",
    "volt", "ohm", "siemens", "farad", "henry", "weber", "tesla", "gray", "lux",
];

/// Names to try for a base dimension, best first, with the power of it they hold.
fn choices(base: BaseUnit) -> &'static [(&'static str, i32)] {
    match base {
        BaseUnit::Metre => &[
            ("L", 3),
            ("mL", 3),
            ("uL", 3),
            ("dL", 3),
            ("nL", 3),
            ("pL", 3),
            ("fL", 3),
            ("m", 1),
            ("cm", 1),
            ("mm", 1),
            ("um", 1),
            ("nm", 1),
        ],
        BaseUnit::Kilogram => {
            &[("mg", 1), ("g", 1), ("kg", 1), ("ug", 1), ("ng", 1), ("pg", 1), ("fg", 1)]
        }
        BaseUnit::Second => {
            &[("day", 1), ("h", 1), ("min", 1), ("s", 1), ("week", 1), ("month", 1), ("year", 1)]
        }
        BaseUnit::Ampere => &[("ampere", 1)],
        BaseUnit::Kelvin => &[("K", 1), ("mK", 1)],
        BaseUnit::Mole => {
            &[("nmol", 1), ("mol", 1), ("umol", 1), ("pmol", 1), ("mmol", 1), ("fmol", 1)]
        }
        BaseUnit::Candela => &[("candela", 1)],
        BaseUnit::Item => &[("copies", 1)],
        BaseUnit::Cell => &[("cell", 1)],
    }
}

/// Order in which factors are shown: counts before volumes before times (`copies/cell/day`).
const ORDER: [BaseUnit; 9] = [
    BaseUnit::Mole,
    BaseUnit::Item,
    BaseUnit::Cell,
    BaseUnit::Metre,
    BaseUnit::Kilogram,
    BaseUnit::Ampere,
    BaseUnit::Kelvin,
    BaseUnit::Candela,
    BaseUnit::Second,
];

/// A name with its exponent in parts.
type Factor = (&'static str, i64);

impl Display for Unit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(&text(self))
    }
}

fn text(unit: &Unit) -> String {
    if unit.is_dimensionless() {
        return "1".to_string();
    }
    for name in WHOLE {
        if Unit::parse(name).as_ref() == Ok(unit) {
            return (*name).to_string();
        }
    }
    let bases: Vec<BaseUnit> =
        ORDER.into_iter().filter(|base| unit.dimension[*base as usize] != 0).collect();
    // Few enough to try them all when there are at most four dimensions; else only the best few.
    let width = match bases.len() {
        0..=3 => 12,
        4 => 8,
        5 => 4,
        _ => 1,
    };
    let options: Vec<Vec<(Factor, Unit)>> =
        bases.iter().map(|base| options(*base, unit.dimension[*base as usize], width)).collect();
    let mut best: Option<(usize, Vec<Factor>)> = None;
    search(unit, &options, 0, &mut Vec::new(), &mut best);
    match best {
        Some((_, factors)) => joined(None, &factors),
        None => {
            let factors: Vec<Factor> = options.iter().filter_map(|o| Some(o.first()?.0)).collect();
            let rest = options
                .iter()
                .filter_map(|o| o.first())
                .try_fold(unit.clone(), |rest, (_, factor)| rest.try_div(factor));
            joined(rest.as_ref().map(number).as_deref(), &factors)
        }
    }
}

/// Ways to write one base dimension with this exponent, best first.
fn options(base: BaseUnit, parts: i64, width: usize) -> Vec<(Factor, Unit)> {
    let all = choices(base).iter().filter_map(|(name, power)| {
        if *power == 3 && parts % (3 * PARTS / 2) != 0 {
            return None;
        }
        let exponent = times(parts, 1, *power)?;
        let (num, den) = fraction(exponent);
        let unit = names::lookup(name)?;
        let unit = unit.pow(i32::try_from(num).ok()?, i32::try_from(den).ok()?)?;
        Some(((*name, exponent), unit))
    });
    all.take(width).collect()
}

/// Looks for the product of one option per dimension that is exactly `rest`, with the best names.
fn search(
    rest: &Unit,
    options: &[Vec<(Factor, Unit)>],
    cost: usize,
    chosen: &mut Vec<Factor>,
    best: &mut Option<(usize, Vec<Factor>)>,
) {
    if best.as_ref().is_some_and(|(least, _)| *least <= cost) {
        return;
    }
    let Some((first, others)) = options.split_first() else {
        if rest.is_dimensionless() {
            *best = Some((cost, chosen.clone()));
        }
        return;
    };
    for (rank, (factor, unit)) in first.iter().enumerate() {
        let Some(rest) = rest.try_div(unit) else {
            continue;
        };
        // A choice that is off the preferred one costs more for volumes and times, which are the
        // frame that amounts are read in: nmol/L, not pmol/mL.
        let weight = if matches!(factor.0, "mol" | "nmol" | "umol" | "pmol" | "mmol" | "fmol") {
            1
        } else {
            3
        };
        chosen.push(*factor);
        search(&rest, others, cost + rank * weight, chosen, best);
        chosen.pop();
    }
}

fn joined(number: Option<&str>, factors: &[Factor]) -> String {
    let mut text = number.unwrap_or_default().to_string();
    for (name, exponent) in factors.iter().filter(|(_, e)| *e > 0) {
        if !text.is_empty() {
            text.push('*');
        }
        push(&mut text, name, *exponent);
    }
    if text.is_empty() {
        text.push('1');
    }
    for (name, exponent) in factors.iter().filter(|(_, e)| *e < 0) {
        text.push('/');
        push(&mut text, if *name == "copies" { "copy" } else { name }, -exponent);
    }
    text
}

fn push(text: &mut String, name: &str, exponent: i64) {
    text.push_str(name);
    // Writing to a string cannot fail.
    let _ = match fraction(exponent) {
        (1, 1) => Ok(()),
        (n, 1) => write!(text, "^{n}"),
        (n, d) => write!(text, "^({n}/{d})"),
    };
}

/// A scale without dimension, as a decimal where it is one.
fn number(unit: &Unit) -> String {
    if let Some((mantissa, exponent)) = unit.scale_decimal() {
        return match exponent {
            0 => mantissa.to_string(),
            -4..=3 => {
                // Exact: both are small; only used when the decimal text is the number itself.
                let digits =
                    format!("{mantissa:0>width$}", width = 1 + (-exponent).max(0) as usize);
                match exponent {
                    1..=3 => format!("{digits}{}", "0".repeat(exponent as usize)),
                    _ => {
                        let (whole, part) = digits.split_at(digits.len() - (-exponent) as usize);
                        format!("{whole}.{part}")
                    }
                }
            }
            _ => format!("{mantissa}e{exponent}"),
        };
    }
    match unit.scale_ratio() {
        Some((num, den)) if num.max(den) < u128::from(u64::MAX) => format!("{num}/{den}"),
        _ => {
            let mut text = String::new();
            for (i, (prime, parts)) in unit.scale.powers().iter().enumerate() {
                let (num, den) = fraction(*parts);
                let star = if i > 0 { "*" } else { "" };
                let _ = write!(text, "{star}{prime}^({num}/{den})");
            }
            text
        }
    }
}
