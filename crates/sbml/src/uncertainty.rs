//! How well numbers are known, as the package `distrib` says it.

use hersim_network::{Quantity, Spread, Uncertainty};

use crate::{
    math,
    xml::{Xml, double},
};

pub(crate) const DISTRIB: &str = "http://www.sbml.org/sbml/level3/version1/distrib/version1";

/// Writes the statistics of one element.
pub(crate) fn write(xml: &mut Xml, all: &[Uncertainty], ids: &[String]) {
    if all.is_empty() {
        return;
    }
    xml.open("distrib:listOfUncertainties", &[]);
    xml.open("distrib:uncertainty", &[]);
    for one in all {
        statistic(xml, one, ids);
    }
    xml.close();
    xml.close();
}

fn statistic(xml: &mut Xml, one: &Uncertainty, ids: &[String]) {
    let mut attributes: Vec<(&str, Option<String>)> = vec![
        ("distrib:type", Some(one.statistic.clone())),
        ("distrib:definitionURL", one.definition.clone()),
    ];
    let mut quantity = |value, name, quantity: &Quantity| {
        attributes.push(match quantity {
            Quantity::Number(number) => (value, Some(double(*number))),
            Quantity::Symbol(id) => (name, ids.get(id.0 as usize).cloned()),
        });
    };
    let mut range = Uncertainty::is_range(&one.statistic);
    match &one.spread {
        Some(Spread::Value(value)) => quantity("distrib:value", "distrib:var", value),
        Some(Spread::Range(from, to)) => {
            range = true;
            quantity("distrib:valueLower", "distrib:varLower", from);
            quantity("distrib:valueUpper", "distrib:varUpper", to);
        }
        Some(Spread::Distribution(..)) | None => {}
    }
    let element = if range { "distrib:uncertSpan" } else { "distrib:uncertParameter" };
    let attributes: Vec<(&str, Option<&str>)> =
        attributes.iter().map(|(key, value)| (*key, value.as_deref())).collect();
    xml.open(element, &attributes);
    if let Some(Spread::Distribution(name, arguments)) = &one.spread {
        math::write_distribution(xml, name, arguments, ids);
    }
    xml.close();
}
