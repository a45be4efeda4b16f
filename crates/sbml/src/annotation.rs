//! Identities, literature and remarks: what a network says about a symbol besides its numbers.

use hersim_network::{Annotation, Provenance, Status};

use crate::xml::Xml;

/// Qualifiers that speak of models; all others speak of biology.
const MODEL: &[&str] = &["isDerivedFrom", "isInstanceOf", "hasInstance"];

/// The references of a symbol: its annotations, and the source of its number where that is a
/// DOI or a PubMed number.
pub(crate) fn references(
    annotations: &[Annotation],
    provenance: Option<&Provenance>,
) -> Vec<Annotation> {
    let mut all = annotations.to_vec();
    for source in provenance.map_or("", |p| &p.source).split([';', ' ', ',']) {
        let number = source.strip_prefix("pmid:");
        let resource = match (source.strip_prefix("doi:"), number) {
            (Some(doi), _) if doi.starts_with("10.") => {
                format!("https://identifiers.org/doi:{doi}")
            }
            (_, Some(n)) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => {
                format!("https://identifiers.org/pubmed:{n}")
            }
            _ => continue,
        };
        let reference = Annotation { qualifier: "isDescribedBy".to_string(), resource };
        if !all.contains(&reference) {
            all.push(reference);
        }
    }
    all
}

/// Writes remarks, the name for people and those of a parameter table as notes.
pub(crate) fn notes(
    xml: &mut Xml,
    remarks: Option<&str>,
    display_name: Option<&str>,
    provenance: Option<&Provenance>,
) {
    if let (Some(remarks), None) = (remarks, provenance) {
        xml.open("notes", &[]);
        // Remarks are XHTML that stands on its own, or else plain words.
        if roxmltree::Document::parse(&format!("<notes>{remarks}</notes>")).is_ok() {
            xml.raw(remarks);
        } else {
            xml.text("p", &[("xmlns", Some("http://www.w3.org/1999/xhtml"))], remarks);
        }
        xml.close();
        return;
    }
    let mut lines: Vec<String> = display_name.map(str::to_string).into_iter().collect();
    if let Some(row) = provenance {
        let status = match row.status {
            Status::Measured => "measured",
            Status::Fitted => "fitted",
            Status::Assumed => "assumed",
        };
        lines.push(format!("status: {status}"));
        lines.push(format!("source: {}", row.source));
        let more = [("variability", &row.variability), ("uncertainty", &row.uncertainty)];
        for (what, text) in more {
            lines.extend(text.as_ref().map(|text| format!("{what}: {text}")));
        }
        if !row.note.is_empty() {
            lines.push(format!("note: {}", row.note));
        }
    }
    if lines.is_empty() {
        return;
    }
    xml.open("notes", &[]);
    xml.open("body", &[("xmlns", Some("http://www.w3.org/1999/xhtml"))]);
    for line in &lines {
        xml.text("p", &[], line);
    }
    xml.close();
    xml.close();
}

/// Writes references as RDF about `metaid`.
pub(crate) fn annotation(xml: &mut Xml, metaid: &str, references: &[Annotation]) {
    if references.is_empty() {
        return;
    }
    xml.open("annotation", &[]);
    xml.open(
        "rdf:RDF",
        &[
            ("xmlns:rdf", Some("http://www.w3.org/1999/02/22-rdf-syntax-ns#")),
            ("xmlns:bqbiol", Some("http://biomodels.net/biology-qualifiers/")),
            ("xmlns:bqmodel", Some("http://biomodels.net/model-qualifiers/")),
        ],
    );
    xml.open("rdf:Description", &[("rdf:about", Some(&format!("#{metaid}")))]);
    let mut done: Vec<&str> = Vec::new();
    for reference in references {
        let qualifier = reference.qualifier.as_str();
        if done.contains(&qualifier) {
            continue;
        }
        done.push(qualifier);
        let prefix = if MODEL.contains(&qualifier) { "bqmodel" } else { "bqbiol" };
        xml.open(&format!("{prefix}:{}", crate::ids::identifier(qualifier)), &[]);
        xml.open("rdf:Bag", &[]);
        for same in references.iter().filter(|r| r.qualifier == qualifier) {
            xml.empty("rdf:li", &[("rdf:resource", Some(&same.resource))]);
        }
        xml.close();
        xml.close();
    }
    xml.close();
    xml.close();
    xml.close();
}
