//! What the package `distrib` says of how well numbers are known.

use hersim_network::{Diagnostic, Uncertainty as Known};
use roxmltree::Node;

use super::{
    element::{Local, Place},
    math,
    syntax::{Name, Quantity, Spread, Uncertainty},
};

pub(super) const DISTRIB: &str = "http://www.sbml.org/sbml/level3/version1/distrib/version1";

/// The statistics of an element.
pub(super) fn read(node: Node, place: &mut Place) -> Vec<Uncertainty> {
    let lists = node.children().filter(|c| c.has_tag_name((DISTRIB, "listOfUncertainties")));
    let all = lists.flat_map(|list| list.children()).flat_map(|one| one.children());
    let all: Vec<Node> = all.filter(Node::is_element).collect();
    all.into_iter().filter_map(|one| statistic(one, place)).collect()
}

fn statistic(node: Node, place: &mut Place) -> Option<Uncertainty> {
    let statistic = get(node, "type").unwrap_or("");
    if !Known::STATISTICS.contains(&statistic) {
        let message = format!("the statistic `{statistic}` is not known");
        place.found.push(
            Diagnostic::error("bad-attribute", message)
                .at(place.span(node), "")
                .mend(format!("give one of {}", Known::STATISTICS.join(", "))),
        );
        return None;
    }
    let mut quantity = |value: &str, name: &str| {
        if let Some(text) = get(node, name) {
            return Some(Quantity::Name(Name { text: text.into(), span: place.span(node) }));
        }
        get(node, value)?;
        place.number_in(node, DISTRIB, value).map(Quantity::Number)
    };
    let value = quantity("value", "var");
    let range = quantity("valueLower", "varLower").zip(quantity("valueUpper", "varUpper"));
    let spread = match (value, range) {
        (_, Some((from, to))) => Some(Spread::Range(from, to)),
        (Some(value), None) => Some(Spread::Value(value)),
        (None, None) => distribution(node, place),
    };
    let definition = get(node, "definitionURL").map(str::to_string);
    Some(Uncertainty { statistic: statistic.to_string(), spread, definition })
}

fn get<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attribute((DISTRIB, name)).map(str::trim)
}

fn distribution(node: Node, place: &mut Place) -> Option<Spread> {
    let math = node.children().find(|c| c.has_tag_name_local("math"))?;
    let (name, arguments) = math::distribution(math, place)?;
    Some(Spread::Distribution(name, arguments))
}
