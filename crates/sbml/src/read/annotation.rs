//! Notes and MIRIAM annotations.

use hersim_network::Annotation;
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

/// The references in the annotation of an element.
pub(super) fn read(node: Node) -> Vec<Annotation> {
    let mut all = Vec::new();
    let Some(annotation) = node.children().find(|c| c.has_tag_name_local("annotation")) else {
        return all;
    };
    let about = annotation.descendants().filter(|n| n.has_tag_name((RDF, "Description")));
    for qualifier in about.flat_map(|n| n.children()).filter(Node::is_element) {
        let space = qualifier.tag_name().namespace().unwrap_or("");
        if !space.starts_with("http://biomodels.net/") {
            continue;
        }
        for item in qualifier.descendants().filter(|n| n.has_tag_name((RDF, "li"))) {
            if let Some(resource) = item.attribute((RDF, "resource")) {
                all.push(Annotation {
                    qualifier: qualifier.tag_name().name().to_string(),
                    resource: resource.to_string(),
                });
            }
        }
    }
    all
}
