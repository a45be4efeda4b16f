//! Unit definitions.

use std::collections::HashSet;

use hersim_network::Network;
use hersim_units::{BaseUnit, Unit};

use crate::{
    ids::{assign, identifier},
    xml::{Xml, double},
};

/// The units of a network with their ids in SBML.
pub(crate) struct Units(Vec<(Unit, String)>);

impl Units {
    /// Collects the units of all symbols; the names that the text gave come first.
    pub(crate) fn of(network: &Network) -> Self {
        let mut used: Vec<&Unit> = Vec::new();
        for unit in
            network.time_unit.iter().chain(network.symbols.iter().filter_map(|s| s.unit.as_ref()))
        {
            if !unit.is_dimensionless() && !used.contains(&unit) {
                used.push(unit);
            }
        }
        let names: Vec<String> = used
            .iter()
            .map(|unit| {
                let given = network.unit_names.iter().find(|(_, known)| known == *unit);
                given.map_or_else(|| readable(unit), |(name, _)| name.clone())
            })
            .collect();
        let mut taken: HashSet<String> = RESERVED.iter().map(|name| (*name).to_string()).collect();
        let ids = assign(names.iter().map(String::as_str), &mut taken);
        Units(used.into_iter().cloned().zip(ids).collect())
    }

    /// The id of a unit that the network uses.
    pub(crate) fn id(&self, unit: Option<&Unit>) -> Option<&str> {
        let unit = unit?;
        if unit.is_dimensionless() {
            return Some("dimensionless");
        }
        self.0.iter().find(|(known, _)| known == unit).map(|(_, id)| id.as_str())
    }

    /// Writes the list of definitions.
    pub(crate) fn write(&self, xml: &mut Xml) {
        if self.0.is_empty() {
            return;
        }
        xml.open("listOfUnitDefinitions", &[]);
        let uses = |base: BaseUnit| {
            self.0.iter().any(|(unit, _)| unit.components().iter().any(|(b, _)| *b == base))
        };
        if uses(BaseUnit::Cell) {
            xml.comment(
                "Copies and cells are units of their own in the model; SBML has one for both, \
                 item. The name attribute of a definition keeps the difference.",
            );
        }
        for (unit, id) in &self.0 {
            let text = unit.to_string();
            xml.open("unitDefinition", &[("id", Some(id)), ("name", Some(&text))]);
            xml.open("listOfUnits", &[]);
            for factor in factors(unit) {
                let attributes = [
                    ("kind", Some(factor.kind)),
                    ("exponent", Some(&*double(factor.exponent))),
                    ("scale", Some(&*factor.scale.to_string())),
                    ("multiplier", Some(&*double(factor.multiplier))),
                ];
                xml.empty("unit", &attributes);
            }
            xml.close();
            xml.close();
        }
        xml.close();
    }
}

/// True when SBML takes this unit for the substance of a species.
pub(crate) fn is_substance(unit: &Unit) -> bool {
    use BaseUnit::{Cell, Item, Kilogram, Mole};
    match unit.components().as_slice() {
        [] | [(Mole | Kilogram | Item | Cell, (1, 1))] => true,
        // Copies per cell are items per item, which is dimensionless there.
        other => net(other).is_empty(),
    }
}

/// Dimensions of space that a unit measures, when it measures space only: 3 for a volume.
pub(crate) fn space(unit: &Unit) -> Option<&'static str> {
    match unit.components().as_slice() {
        [(BaseUnit::Metre, (3, 1))] => Some("3"),
        [(BaseUnit::Metre, (2, 1))] => Some("2"),
        [(BaseUnit::Metre, (1, 1))] => Some("1"),
        _ => None,
    }
}

type Component = (BaseUnit, (i32, i32));

/// Components after cells have become items, as SBML sees them.
fn net(components: &[Component]) -> Vec<Component> {
    let of = |base| components.iter().find(|(b, _)| *b == base).map_or((0, 1), |(_, power)| *power);
    let ((a, b), (c, d)) = (of(BaseUnit::Item), of(BaseUnit::Cell));
    let items = i64::from(a) * i64::from(d) + i64::from(c) * i64::from(b);
    let counts = |base| matches!(base, BaseUnit::Item | BaseUnit::Cell);
    components.iter().filter(|(base, _)| items != 0 || !counts(*base)).copied().collect()
}

/// One `unit` element: `(multiplier * 10^scale * kind)^exponent`.
struct Factor {
    kind: &'static str,
    exponent: f64,
    scale: i64,
    multiplier: f64,
}

/// Seconds in the units that times are usually given in, the preferred first.
const TIMES: [u32; 7] = [86_400, 3_600, 60, 1, 604_800, 2_629_800, 31_557_600];

/// A unit as SBML units: litres for volumes, multiples of the second for times, and what is left
/// of the scale as a power of ten where people expect it (`nmol` is `10^-9 mole`).
fn factors(unit: &Unit) -> Vec<Factor> {
    let mut rest = unit.clone();
    let mut factors: Vec<Factor> = Vec::new();
    for (base, (num, den)) in unit.components() {
        let (kind, num) = match base {
            BaseUnit::Metre if num % 3 == 0 => ("litre", num / 3),
            BaseUnit::Cell => ("item", num),
            BaseUnit::Kilogram => ("gram", num),
            other => (other.name(), num),
        };
        let known = match base {
            BaseUnit::Cell => Some(Unit::of(BaseUnit::Cell)),
            _ => Unit::base(kind),
        };
        if let Some(next) = known.and_then(|u| u.pow(num, den)).and_then(|u| rest.try_div(&u)) {
            rest = next;
        }
        let exponent = f64::from(num) / f64::from(den);
        factors.push(Factor { kind, exponent, scale: 0, multiplier: 1.0 });
    }
    // What is left has no dimension. Take out the multiple of the second that leaves a power of
    // ten, if one does.
    let mut ten = power_of_ten(&rest);
    let time = unit.components().into_iter().find(|(base, _)| *base == BaseUnit::Second);
    if let (Some((_, (num, den))), Some(second)) =
        (time, factors.iter_mut().find(|f| f.kind == "second"))
    {
        for seconds in TIMES {
            let Some(scale) =
                Unit::dimensionless().scaled(i128::from(seconds), 1).and_then(|u| u.pow(num, den))
            else {
                continue;
            };
            let Some(left) = rest.try_div(&scale) else {
                continue;
            };
            if let Some(power) = power_of_ten(&left) {
                second.multiplier = f64::from(seconds);
                ten = Some(power);
                rest = left;
                break;
            }
        }
    }
    if rest.is_dimensionless() && !factors.is_empty() {
        return factors;
    }
    // Put the power of ten on the unit that carries prefixes, else on a factor of its own.
    let bearer = ["mole", "gram", "metre", "litre", "item"].into_iter().find_map(|kind| {
        factors.iter().position(|f| {
            f.kind == kind && ten.is_some_and(|ten| (ten as f64 / f.exponent).fract() == 0.0)
        })
    });
    match (ten, bearer) {
        (Some(ten), Some(at)) => factors[at].scale = (ten as f64 / factors[at].exponent) as i64,
        (Some(ten), None) => factors.push(plain(ten, 1.0)),
        (None, _) => factors.push(plain(0, rest.scale_f64())),
    }
    factors
}

fn plain(scale: i64, multiplier: f64) -> Factor {
    Factor { kind: "dimensionless", exponent: 1.0, scale, multiplier }
}

fn power_of_ten(unit: &Unit) -> Option<i64> {
    match unit.scale_decimal() {
        Some((1, power)) => Some(power),
        _ => None,
    }
}

/// `nmol_per_L` for `nmol/L`, `per_day` for `1/day`.
fn readable(unit: &Unit) -> String {
    let text = unit.to_string();
    let text = text.strip_prefix("1/").map_or_else(|| text.clone(), |rest| format!("per_{rest}"));
    let text = text.replace('/', "_per_").replace('^', "").replace('%', "percent");
    identifier(text.trim_matches('_'))
}

/// Unit names of SBML, which definitions may not take.
const RESERVED: &[&str] = &[
    "ampere",
    "avogadro",
    "becquerel",
    "candela",
    "coulomb",
    "dimensionless",
    "farad",
    "gram",
    "gray",
    "henry",
    "hertz",
    "item",
    "joule",
    "katal",
    "kelvin",
    "kilogram",
    "litre",
    "lumen",
    "lux",
    "metre",
    "mole",
    "newton",
    "ohm",
    "pascal",
    "radian",
    "second",
    "siemens",
    "sievert",
    "steradian",
    "tesla",
    "volt",
    "watt",
    "weber",
    "celsius",
    "liter",
    "meter",
    "Celsius",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(text: &str) -> String {
        let parts = factors(&Unit::parse(text).unwrap());
        let show = |f: &Factor| {
            format!("({}*10^{} {})^{}", double(f.multiplier), f.scale, f.kind, f.exponent)
        };
        parts.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn units_are_written_as_people_expect() {
        assert_eq!(definition("1/day"), "(86400*10^0 second)^-1");
        assert_eq!(definition("nmol/L"), "(1*10^0 litre)^-1 (1*10^-9 mole)^1");
        assert_eq!(
            definition("L/nmol/day"),
            "(1*10^0 litre)^1 (86400*10^0 second)^-1 (1*10^-9 mole)^-1"
        );
        assert_eq!(definition("mg"), "(1*10^-3 gram)^1");
        assert_eq!(definition("mm"), "(1*10^-3 metre)^1");
        assert_eq!(definition("%"), "(1*10^-2 dimensionless)^1");
        assert_eq!(definition("copies/cell"), "(1*10^0 item)^1 (1*10^0 item)^-1");
        assert_eq!(definition("3 mol"), "(1*10^0 mole)^1 (3*10^0 dimensionless)^1");
        assert_eq!(definition("week"), "(604800*10^0 second)^1");
    }

    /// The product of the written factors, computed in floats from the definition of SBML, is the
    /// scale of the unit.
    #[test]
    fn written_factors_multiply_to_the_unit() {
        for text in [
            "nmol/L",
            "1/day",
            "copies/cell/day",
            "mg/m^2",
            "L/kg/h",
            "mL/min",
            "1/(nmol/L)/month",
            "um^2/s",
            "kg/mol",
            "7 nmol",
            "nmol^2/mL",
            "joule",
            "L^(1/2)",
            "1/week",
            "dL/g",
        ] {
            let unit = Unit::parse(text).unwrap();
            let mut scale = 1.0;
            for f in factors(&unit) {
                let base = match f.kind {
                    "litre" | "gram" => 1e-3,
                    _ => 1.0,
                };
                scale *= (f.multiplier * 10f64.powi(f.scale as i32) * base).powf(f.exponent);
            }
            assert!((scale / unit.scale_f64() - 1.0).abs() < 1e-12, "{text}: {scale}");
        }
    }

    #[test]
    fn substances_and_spaces_are_recognised() {
        let unit = |text| Unit::parse(text).unwrap();
        for text in ["nmol", "mg", "copies", "cell", "1", "%", "copies/cell"] {
            assert!(is_substance(&unit(text)), "{text}");
        }
        for text in ["mm", "nmol/L", "1/day", "cell^2"] {
            assert!(!is_substance(&unit(text)), "{text}");
        }
        assert_eq!(space(&unit("mL")), Some("3"));
        assert_eq!(space(&unit("cell")), None);
    }
}
