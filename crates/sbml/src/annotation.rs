//! Identities, literature and remarks: what a network says about a symbol besides its numbers.

use hersim_network::{About, Annotation, Provenance, Status};

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

/// The attribute that says what something is.
pub(crate) fn sbo(about: &About) -> Option<String> {
    about.sbo.map(|number| format!("SBO:{number:07}"))
}

/// Whether something is said that goes into an annotation.
pub(crate) fn has_annotation(about: &About) -> bool {
    let About { annotations, creators, created, modified, .. } = about;
    !(annotations.is_empty() && creators.is_empty() && created.is_none() && modified.is_empty())
}

/// Writes references and history as RDF about `metaid`.
pub(crate) fn annotation(xml: &mut Xml, metaid: &str, about: &About) {
    let references = &about.annotations;
    let history = !about.creators.is_empty() || about.created.is_some();
    let history = history || !about.modified.is_empty();
    xml.open("annotation", &[]);
    xml.open(
        "rdf:RDF",
        &[
            ("xmlns:rdf", Some("http://www.w3.org/1999/02/22-rdf-syntax-ns#")),
            ("xmlns:dcterms", history.then_some("http://purl.org/dc/terms/")),
            ("xmlns:vCard4", history.then_some("http://www.w3.org/2006/vcard/ns#")),
            ("xmlns:bqbiol", Some("http://biomodels.net/biology-qualifiers/")),
            ("xmlns:bqmodel", Some("http://biomodels.net/model-qualifiers/")),
        ],
    );
    xml.open("rdf:Description", &[("rdf:about", Some(&format!("#{metaid}")))]);
    self::history(xml, about);
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

/// Writes who made something, and when.
fn history(xml: &mut Xml, about: &About) {
    let resource = &[("rdf:parseType", Some("Resource"))];
    if !about.creators.is_empty() {
        xml.open("dcterms:creator", &[]);
        xml.open("rdf:Bag", &[]);
        for creator in &about.creators {
            xml.open("rdf:li", resource);
            if creator.family_name.is_some() || creator.given_name.is_some() {
                xml.open("vCard4:hasName", resource);
                text(xml, "vCard4:family-name", creator.family_name.as_deref());
                text(xml, "vCard4:given-name", creator.given_name.as_deref());
                xml.close();
            }
            text(xml, "vCard4:hasEmail", creator.email.as_deref());
            text(xml, "vCard4:organization-name", creator.organization.as_deref());
            xml.close();
        }
        xml.close();
        xml.close();
    }
    let dates = about.created.iter().map(|d| ("dcterms:created", d));
    for (element, date) in dates.chain(about.modified.iter().map(|d| ("dcterms:modified", d))) {
        xml.open(element, resource);
        xml.text("dcterms:W3CDTF", &[], date);
        xml.close();
    }
}

fn text(xml: &mut Xml, element: &str, words: Option<&str>) {
    if let Some(words) = words {
        xml.text(element, &[], words);
    }
}
