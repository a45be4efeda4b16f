//! Texts with references in them: `doi:`, `pmid:` and `ref:` become links, and so do the addresses
//! of annotations.

use hersim_network::Annotation;
use hersim_study::handbook::Handbook;

use super::document::{Inline, Target};
use crate::page::address;

/// A text whose references are links and whose names between back quotes are names.
pub(super) fn linked(book: &Handbook, text: &str) -> Vec<Inline> {
    let mut found = Vec::new();
    for (i, part) in text.split('`').enumerate() {
        if i % 2 == 1 {
            found.push(Inline::Code(part.to_string()));
        } else if !part.is_empty() {
            found.extend(with_links(book, part));
        }
    }
    found
}

fn with_links(book: &Handbook, text: &str) -> Vec<Inline> {
    let mut found: Vec<Inline> = Vec::new();
    let mut plain = String::new();
    for (i, word) in text.split(' ').enumerate() {
        if i > 0 {
            plain.push(' ');
        }
        // A reference may stand in brackets.
        let (before, core) = word.split_at(word.len() - word.trim_start_matches('(').len());
        match target(book, core) {
            Some((target, words, after)) => {
                plain.push_str(before);
                if !plain.is_empty() {
                    found.push(Inline::Text(std::mem::take(&mut plain)));
                }
                found.push(Inline::Link(words.to_string(), target));
                plain.push_str(after);
            }
            None => plain.push_str(word),
        }
    }
    if !plain.is_empty() {
        found.push(Inline::Text(plain));
    }
    found
}

/// Where a word leads, the word without what follows the reference, and what follows.
fn target<'w>(book: &Handbook, word: &'w str) -> Option<(Target, &'w str, &'w str)> {
    if let Some((address, reference, rest)) = address(word) {
        return Some((Target::Web(address), reference, rest));
    }
    let number = word.strip_prefix("ref:")?;
    let length = number.chars().take_while(char::is_ascii_digit).count();
    let (number, rest) = number.split_at(length);
    let reference = book.references.iter().find(|r| r.number == number)?;
    let target = Target::Reference(reference.number.clone(), reference.line);
    Some((target, &word[..4 + length], rest))
}

/// What annotations say, a link each.
pub(super) fn identities(annotations: &[Annotation]) -> Vec<Inline> {
    let mut found = Vec::new();
    for (i, annotation) in annotations.iter().enumerate() {
        if i > 0 {
            found.push(Inline::Text(", ".into()));
        }
        let words = short(&annotation.resource);
        let relation = relation(&annotation.qualifier);
        if !relation.is_empty() {
            found.push(Inline::Text(format!("{relation} ")));
        }
        found.push(Inline::Link(words, Target::Web(annotation.resource.clone())));
    }
    found
}

/// The last part of an address, with the name of the collection where it has none of its own.
fn short(address: &str) -> String {
    let path = address.trim_end_matches('/').rsplit("identifiers.org/").next().unwrap_or(address);
    path.rsplit("://").next().unwrap_or(path).to_string()
}

/// The words for a qualifier.
fn relation(qualifier: &str) -> &'static str {
    match qualifier {
        "isVersionOf" => "a form of",
        "hasVersion" => "with the form",
        "isDescribedBy" => "described in",
        "hasPart" => "with",
        "isPartOf" => "part of",
        "occursIn" => "in",
        "isHomologTo" => "like",
        _ => "",
    }
}
