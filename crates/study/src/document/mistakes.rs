//! Every mistake of a TOML document, not only the first.

use std::ops::Range;

use hersim_network::{Diagnostic, FileId, Span, nearest};
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

/// Mistakes that are told of one document.
const MOST: usize = 100;

/// Reads a text. Where a part is wrong, it is told and taken out, and the rest is read again.
///
/// # Errors
/// `document`, once for each mistake.
pub(super) fn read<T: DeserializeOwned>(text: &str, file: FileId) -> Result<T, Vec<Diagnostic>> {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    let mut found: Vec<Diagnostic> = errors.iter().map(|e| syntax(e, file)).collect();
    if !found.is_empty() {
        return Err(found);
    }
    let mut gone: Vec<String> = Vec::new();
    for _ in 0..MOST {
        let error = match T::deserialize(Deserializer::from(table.clone())) {
            Ok(value) if found.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => error,
        };
        let missing = quoted(&error, "missing field `");
        // What was taken out is missing now.
        if missing.is_some_and(|name| gone.iter().any(|g| g == name)) {
            break;
        }
        found.push(meaning(&error, file));
        let Some(key) = error.span().and_then(|span| take(table.get_mut(), &span)) else { break };
        gone.push(key);
    }
    found.sort_by_key(|d| d.at.as_ref().map_or(0, |(span, _)| span.start));
    Err(found)
}

fn syntax(error: &Error, file: FileId) -> Diagnostic {
    let message = error.message().replace('\n', " ");
    let told = Diagnostic::error("document", format!("this is not TOML: {message}"))
        .mend("a line is `key = value`; texts stand in double quotes");
    place(told, error, file)
}

fn meaning(error: &Error, file: FileId) -> Diagnostic {
    const KEYS: &str = "the keys of each kind of file are listed in docs/formats.md";
    let message = error.message().replace('\n', " ");
    let (message, mend) = if let Some(name) = quoted(error, "unknown field `") {
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        let mend = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => KEYS.into(),
            None => format!("known here: {}", known.join(", ")),
        };
        (format!("there is no key `{name}` here"), mend)
    } else if let Some(name) = quoted(error, "missing field `") {
        (format!("the key `{name}` is missing here"), format!("add `{name} = …`; {KEYS}"))
    } else if let Some((is, needed)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        let needed = match needed {
            "a string" => "a text in quotes",
            "u64" | "u32" | "usize" | "i64" => "a whole number",
            "f64" | "f32" => "a number",
            other => other,
        };
        (format!("this is {is}, and {needed} is needed"), KEYS.into())
    } else if let Some(name) = quoted(error, "unknown variant `") {
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        (format!("`{name}` is none of what may stand here"), format!("write {}", known.join(", ")))
    } else {
        (message.clone(), KEYS.into())
    };
    place(Diagnostic::error("document", message).mend(mend), error, file)
}

fn place(told: Diagnostic, error: &Error, file: FileId) -> Diagnostic {
    // A whole table is wrong at its beginning.
    let span = error.span().unwrap_or(0..0);
    told.at(Span::new(file, span), "")
}

/// The name behind the beginning of a message.
fn quoted<'e>(error: &'e Error, before: &str) -> Option<&'e str> {
    error.message().strip_prefix(before)?.split('`').next()
}

/// Takes the smallest entry that holds a place out of a table; gives its key.
fn take(table: &mut DeTable, at: &Range<usize>) -> Option<String> {
    let holds = |span: Range<usize>| span.start <= at.start && at.end <= span.end;
    let key = table.iter().find(|(key, value)| holds(key.span()) || holds(value.span()));
    let (key, on_key) = key.map(|(key, _)| (key.clone(), holds(key.span())))?;
    if !on_key
        && let Some(value) = table.get_mut(&key)
        && let Some(taken) = inside(value.get_mut(), at)
    {
        return Some(taken);
    }
    table.remove(&key);
    Some(key.get_ref().to_string())
}

fn inside(value: &mut DeValue, at: &Range<usize>) -> Option<String> {
    match value {
        DeValue::Table(table) => take(table, at),
        DeValue::Array(array) => array.iter_mut().find_map(|v| inside(v.get_mut(), at)),
        _ => None,
    }
}
