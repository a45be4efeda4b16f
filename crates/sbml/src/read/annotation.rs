//! Notes, MIRIAM annotations and the history of an element.

use hersim_network::{About, Annotation, Creator};
use roxmltree::Node;

use super::element::Local;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// What stands between the tags of an element, as it is written.
pub(super) fn inner(node: Node, text: &str) -> String {
    let (Some(first), Some(last)) = (node.first_child(), node.last_child()) else {
        return String::new();
    };
    text.get(first.range().start..last.range().end).unwrap_or("").trim().to_string()
}

/// The number of a term such as `SBO:0000179`.
pub(super) fn sbo(term: &str) -> Option<u32> {
    term.trim().strip_prefix("SBO:")?.parse().ok()
}

/// Whether a function is marked as the rate of its argument.
pub(super) fn is_rate(node: Node) -> bool {
    let annotation = node.children().find(|c| c.has_tag_name_local("annotation"));
    let symbols = annotation
        .iter()
        .flat_map(|a| a.children())
        .filter(|n| n.has_tag_name(("http://sbml.org/annotations/symbols", "symbols")));
    let mut definitions = symbols.filter_map(|n| n.attribute("definition"));
    definitions.any(|d| d == "http://en.wikipedia.org/wiki/Derivative")
}

/// The references and the history in the annotation of an element.
pub(super) fn read(node: Node, about: &mut About) {
    let Some(annotation) = node.children().find(|c| c.has_tag_name_local("annotation")) else {
        return;
    };
    let descriptions = annotation.descendants().filter(|n| n.has_tag_name((RDF, "Description")));
    for said in descriptions.flat_map(|n| n.children()).filter(Node::is_element) {
        let space = said.tag_name().namespace().unwrap_or("");
        if space.starts_with("http://biomodels.net/") {
            for item in said.descendants().filter(|n| n.has_tag_name((RDF, "li"))) {
                if let Some(resource) = item.attribute((RDF, "resource")) {
                    about.annotations.push(Annotation {
                        qualifier: said.tag_name().name().to_string(),
                        resource: resource.to_string(),
                    });
                }
            }
        } else if space.starts_with("http://purl.org/dc/") {
            history(said, about);
        }
    }
}

fn history(said: Node, about: &mut About) {
    let text = |node: Node| node.text().map(str::trim).filter(|t| !t.is_empty()).map(String::from);
    let date = || said.descendants().find(|n| n.has_tag_name_local("W3CDTF")).and_then(text);
    match said.tag_name().name() {
        "created" => about.created = date().or(about.created.take()),
        "modified" => about.modified.extend(date()),
        "creator" => {
            for one in said.descendants().filter(|n| n.has_tag_name((RDF, "li"))) {
                // Two versions of vCard are in use.
                let get = |names: [&str; 2]| {
                    let mut all = one.descendants();
                    all.find(|n| names.contains(&n.tag_name().name())).and_then(text)
                };
                let creator = Creator {
                    given_name: get(["given-name", "Given"]),
                    family_name: get(["family-name", "Family"]),
                    organization: get(["organization-name", "Orgname"]),
                    email: get(["hasEmail", "EMAIL"]),
                };
                if creator != Creator::default() && !about.creators.contains(&creator) {
                    about.creators.push(creator);
                }
            }
        }
        _ => {}
    }
}
