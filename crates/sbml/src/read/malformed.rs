//! What is said of a text that is not XML, or not XML that is read.

use hersim_network::{Diagnostic, FileId, Span};
use roxmltree::Error;

/// The error of the XML reader, with its place and what to do.
pub(super) fn told(error: &Error, text: &str, file: FileId) -> Diagnostic {
    let at = match error {
        Error::DtdDetected => text.find("<!DOCTYPE").unwrap_or(0),
        // It ends where something was still open.
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            let end = text.trim_end().len();
            text[..end].char_indices().last().map_or(0, |(i, _)| i)
        }
        _ => offset(text, error.pos()),
    };
    let word = match error {
        Error::DtdDetected => "<!DOCTYPE".len(),
        // The name in a closing tag, from where its bracket opens.
        Error::UnexpectedCloseTag(_, actual, _) => actual.len() + 3,
        _ => text[at..].chars().next().map_or(0, char::len_utf8),
    };
    let (message, mend) = words(error, text);
    Diagnostic::error("sbml-syntax", message)
        .at(Span::new(file, at..(at + word).min(text.len())), "")
        .mend(mend)
}

fn words(error: &Error, text: &str) -> (String, String) {
    let (message, mend) = match error {
        Error::NoRootNode if text.trim().is_empty() => ("the file is empty", "give an SBML file"),
        Error::DtdDetected if html(text) => (
            "this is a web page, not SBML",
            "download the file itself rather than the page about it",
        ),
        Error::DtdDetected => (
            "the file has a document type, which is never followed",
            "remove it, and write out what its entities stand for",
        ),
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            ("the file is cut off: elements are still open at its end", "fetch or write it again")
        }
        Error::UnexpectedCloseTag(expected, actual, _) => {
            return (
                format!("`{expected}` is closed by `{actual}`"),
                format!("close it with `</{expected}>`"),
            );
        }
        Error::UnknownEntityReference(name, _) => {
            return (
                format!("`&{name};` is not known in XML"),
                "write the character itself, or its number as in `&#945;`".into(),
            );
        }
        Error::NonXmlChar(..) => ("this character cannot stand in XML", "remove it"),
        Error::NodesLimitReached => {
            ("the file has too many elements to be read", "split the model")
        }
        _ if !text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with('<') => (
            "this is not XML",
            "SBML begins with `<?xml`; Antimony is read from files that end in `.ant`",
        ),
        _ => return (format!("this is not well-formed XML: {}", plain(error)), MEND.into()),
    };
    (message.into(), mend.into())
}

const MEND: &str = "mend it here, or write the file again with the tool that made it";

/// The error without its place, which is shown beside it.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at ").map_or(text.clone(), |(before, _)| before.to_string())
}

fn html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(15).collect();
    start.to_ascii_lowercase().starts_with("<!doctype html")
}

/// The byte at a line and column.
fn offset(text: &str, at: roxmltree::TextPos) -> usize {
    let row = (at.row as usize).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
    let rest = text.get(start..).unwrap_or("");
    let column = (at.col as usize).saturating_sub(1);
    let within = rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i);
    let at = start + within;
    if at >= text.len() { text.char_indices().last().map_or(0, |(i, _)| i) } else { at }
}
