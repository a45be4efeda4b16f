//! The page around the pictures: head, style, figures with their tables, provenance.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{ReportMeta, palette::style_sheet, svg::Svg};

/// Style of everything but the pictures.
const STYLE: &str = include_str!("page.css");

/// A whole page, for a file of its own.
pub(crate) fn document(title: &str, body: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(style_sheet())) }
            }
            body { main { (body) } }
        }
    }
    .into_string()
}

/// A picture with its caption and, folded, the table of its numbers.
pub(crate) fn figure(id: &str, title: &str, caption: &str, svg: &Svg, table: Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            figure {
                (PreEscaped(svg.inline()))
                figcaption { (caption) }
            }
            details {
                summary { "The numbers in this picture" }
                (table)
            }
        }
    }
}

/// How the result came about and on what it stands.
pub(crate) fn provenance(meta: &ReportMeta, rows: &[(&str, String)]) -> Markup {
    let fixed = [
        ("Command", meta.command.clone()),
        ("Version", meta.version.clone()),
        ("Model hash", meta.model_hash.clone()),
    ];
    html! {
        footer id="provenance" {
            h2 { "Provenance" }
            table.plain {
                tbody {
                    @for (name, value) in fixed.iter().chain(rows) {
                        @if !value.is_empty() {
                            tr { th.left scope="row" { (name) } td.left { code { (value) } } }
                        }
                    }
                    @for (name, value) in &meta.settings {
                        tr { th.left scope="row" { (name) } td.left { (value) } }
                    }
                }
            }
            @if !meta.sources.is_empty() {
                h3 { "Sources" }
                ul { @for source in &meta.sources { li { (linked(source)) } } }
            }
        }
    }
}

/// A source as text, in which `doi:…` and `pmid:…` lead to the paper.
pub(crate) fn linked(source: &str) -> Markup {
    html! {
        @for (i, word) in source.split(' ').enumerate() {
            @if i > 0 { " " }
            @match address(word) {
                Some((address, reference, rest)) => { a href=(address) { (reference) } (rest) },
                None => { (word) },
            }
        }
    }
}

/// Address, reference and trailing punctuation of a word that is a reference.
pub(crate) fn address(word: &str) -> Option<(String, &str, &str)> {
    let mut reference = word.trim_end_matches([',', ';', '.']);
    // A closing bracket belongs to the sentence unless the reference opened it.
    while reference.ends_with(')')
        && reference.matches(')').count() > reference.matches('(').count()
    {
        reference = reference[..reference.len() - 1].trim_end_matches([',', ';', '.']);
    }
    let rest = &word[reference.len()..];
    let plain = |c: char| c.is_ascii_alphanumeric() || "./-_();:<>".contains(c);
    let (kind, id) = reference.split_once(':')?;
    let address = match kind.to_ascii_lowercase().as_str() {
        "doi" if id.starts_with("10.") && id.chars().all(plain) => format!("https://doi.org/{id}"),
        "pmid" if !id.is_empty() && id.chars().all(|c| c.is_ascii_digit()) => {
            format!("https://pubmed.ncbi.nlm.nih.gov/{id}/")
        }
        _ => return None,
    };
    Some((address, reference, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_links_and_nothing_else_does() {
        let text = linked("Author 1999, doi:10.1000/ab.c(1), pmid:123.").into_string();
        assert_eq!(
            text,
            "Author 1999, <a href=\"https://doi.org/10.1000/ab.c(1)\">doi:10.1000/ab.c(1)</a>, \
             <a href=\"https://pubmed.ncbi.nlm.nih.gov/123/\">pmid:123</a>."
        );
        let text = linked("(pmid:123)").into_string();
        assert!(!text.contains("<a"), "{text}");
        let text = linked("(see pmid:123).").into_string();
        assert!(text.ends_with(">pmid:123</a>)."), "{text}");
        for text in ["javascript:alert(1)", "doi:\"onclick", "http://a.b", "pmid:"] {
            assert!(!linked(text).into_string().contains("<a"), "{text}");
        }
    }
}
