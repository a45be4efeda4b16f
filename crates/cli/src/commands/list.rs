//! `hersim list`.

use std::process::ExitCode;

use hersim_network::Diagnostic;
use hersim_study::{
    fit,
    library::{Library, Shelf},
};
use serde::Deserialize;
use serde_json::json;

use super::open;
use crate::{
    arguments::{Arguments, ListOptions, Listed},
    print, terminal,
};

/// What every document has to say of itself.
#[derive(Deserialize)]
struct Heading {
    id: String,
    title: Option<String>,
    name: Option<String>,
    kind: Option<String>,
    text: Option<String>,
}

/// Lists what is in the library.
pub fn list(arguments: &Arguments, options: &ListOptions) -> ExitCode {
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    let shelves = match options.what {
        None => Shelf::ALL.to_vec(),
        Some(Listed::Trials) => vec![Shelf::Trials],
        Some(Listed::Tumours) => vec![Shelf::Tumours],
        Some(Listed::Regimens) => vec![Shelf::Regimens],
        Some(Listed::Drugs) => vec![Shelf::Drugs],
        Some(Listed::Cohorts) => vec![Shelf::Cohorts],
        Some(Listed::Populations) => vec![Shelf::Calibrations, Shelf::Populations],
        Some(Listed::Hosts) => vec![Shelf::Hosts],
        Some(Listed::Systems) => vec![Shelf::Systems],
        Some(Listed::Problems) => Vec::new(),
    };
    let mut rows = Vec::new();
    if matches!(options.what, None | Some(Listed::Problems)) {
        match problems(&mut library) {
            Ok(more) => rows.extend(more),
            Err(error) => {
                terminal::report(&error, &library.sources, arguments);
                return ExitCode::from(terminal::WRONG);
            }
        }
    }
    for shelf in shelves {
        for id in library.ids(shelf) {
            match heading(&mut library, shelf, &id) {
                Ok(heading) => rows.push((shelf.noun(), heading)),
                Err(error) => {
                    terminal::report(&error, &library.sources, arguments);
                    return ExitCode::from(terminal::WRONG);
                }
            }
        }
    }
    if arguments.json {
        let all: Vec<_> = rows
            .iter()
            .map(|(kind, h)| json!({ "kind": kind, "id": h.id, "title": words(h) }))
            .collect();
        terminal::result(json!({ "library": all }));
    } else {
        let mut table = print::table(&["kind", "id", "what it is"]);
        for (kind, heading) in &rows {
            table.add_row([*kind, &heading.id, &words(heading)]);
        }
        terminal::result(table);
    }
    ExitCode::SUCCESS
}

/// Calibration problems, as rows.
fn problems(library: &mut Library) -> Result<Vec<(&'static str, Heading)>, Vec<Diagnostic>> {
    let mut rows = Vec::new();
    for id in fit::ids(library) {
        let title = Some(fit::title(library, &id)?);
        rows.push(("problem", Heading { id, title, name: None, kind: None, text: None }));
    }
    Ok(rows)
}

fn heading(library: &mut Library, shelf: Shelf, id: &str) -> Result<Heading, Vec<Diagnostic>> {
    Ok(library.read::<Heading>(shelf, id, None)?.value)
}

fn words(heading: &Heading) -> String {
    let name = heading.title.as_ref().or(heading.name.as_ref()).cloned().unwrap_or_default();
    match heading.kind.as_ref().or(heading.text.as_ref()) {
        Some(more) => format!("{name} ({more})"),
        None => name,
    }
}
