//! `problem.yaml`: the index of a PEtab problem, with a section `hersim` in place of SBML files.

use std::path::{Path, PathBuf};

use hersim_network::{Diagnostic, FileId, Span, nearest};
use serde::Deserialize;

use crate::library::Library;

/// Folder of the library that holds calibration problems.
pub const FOLDER: &str = "library/calibration";
/// Name of the index in a problem's folder.
const INDEX: &str = "problem.yaml";

/// An index as it was read.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Name of the problem's folder.
    pub id: String,
    /// Words.
    pub title: String,
    /// Remarks.
    pub note: String,
    /// Which parameters of the model are estimated besides those of the parameter table.
    pub estimate: Vec<(String, Span)>,
    /// Parameter tables.
    pub parameters: Vec<PathBuf>,
    /// Its parts: data of one system each.
    pub parts: Vec<Part>,
    /// Its file.
    pub file: FileId,
}

/// Data of one system.
#[derive(Clone, Debug)]
pub struct Part {
    /// System that is simulated.
    pub system: (String, Span),
    /// Tables of conditions.
    pub conditions: Vec<PathBuf>,
    /// Tables of observables.
    pub observables: Vec<PathBuf>,
    /// Tables of measurements.
    pub measurements: Vec<PathBuf>,
}

type Word = serde_saphyr::Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format_version: serde_saphyr::Spanned<Version>,
    parameter_file: OneOrMore,
    problems: Vec<PartIndex>,
    #[serde(default)]
    hersim: Extension,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Number(u32),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Extension {
    title: String,
    note: String,
    estimate: Vec<Word>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartIndex {
    #[serde(default)]
    sbml_files: Vec<Word>,
    measurement_files: Vec<String>,
    condition_files: Vec<String>,
    observable_files: Vec<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "part of the format, of no use here")]
    visualization_files: Vec<String>,
    hersim: Option<PartExtension>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartExtension {
    system: Word,
}

/// Ids of the problems in the library, sorted.
pub fn ids(library: &Library) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(library.path(FOLDER)) else { return Vec::new() };
    let mut ids: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|e| e.path().join(INDEX).is_file())
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    ids.sort();
    ids
}

/// Finds and reads a problem: an id in the library, a folder, or the path of an index.
///
/// # Errors
/// `unknown-problem`, `file-unreadable`, `document`, `unsupported`.
pub fn read(library: &mut Library, asked: &str) -> Result<Problem, Vec<Diagnostic>> {
    let path = locate(library, asked)?;
    let (files, sources) = library.reader();
    let text = crate::document::text(files, &path)?;
    let file = sources.add(path.display().to_string(), text.as_str());
    let index = parse(&text, &path, file)?;
    finish(index, &path, file)
}

fn locate(library: &Library, asked: &str) -> Result<PathBuf, Vec<Diagnostic>> {
    let known = ids(library);
    if known.iter().any(|k| k == asked) {
        return Ok(library.path(FOLDER).join(asked).join(INDEX));
    }
    let path = Path::new(asked);
    if path.join(INDEX).is_file() {
        return Ok(path.join(INDEX));
    }
    if path.is_file() || matches!(path.extension(), Some(e) if e == "yaml" || e == "yml") {
        return Ok(path.to_path_buf());
    }
    let message = format!("there is no calibration problem `{asked}`");
    let list = known.join(", ");
    Err(vec![Diagnostic::error("unknown-problem", message).mend(
        match nearest(asked, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? Known: {list}"),
            None => format!("known: {list}; or give the path of a problem.yaml"),
        },
    )])
}

fn parse(text: &str, path: &Path, file: FileId) -> Result<Index, Vec<Diagnostic>> {
    serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|l| place(l.span(), file));
        let words = error.without_snippet().to_string();
        let words = words.lines().next().unwrap_or_default().to_string();
        let message = format!("{} is not valid: {words}", path.display());
        let diagnostic = Diagnostic::error("document", message)
            .mend("the keys of a calibration problem are listed in docs/commands/fit.md");
        vec![match place {
            Some(place) => diagnostic.at(place, ""),
            None => diagnostic,
        }]
    })
}

fn finish(index: Index, path: &Path, file: FileId) -> Result<Problem, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let version = match &index.format_version.value {
        Version::Number(n) => n.to_string(),
        Version::Text(text) => text.clone(),
    };
    if version.split('.').next() != Some("1") {
        errors.push(
            Diagnostic::error("unsupported", format!("PEtab version `{version}` cannot be read"))
                .at(word_place(&index.format_version, file), "")
                .mend("write the problem in version 1"),
        );
    }
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let below = |names: Vec<String>| names.iter().map(|n| folder.join(n)).collect::<Vec<_>>();
    let mut parts = Vec::new();
    for part in index.problems {
        if let Some(model) = part.sbml_files.first() {
            errors.push(
                Diagnostic::error("unsupported", "models of calibration problems cannot be SBML")
                    .at(word_place(model, file), "")
                    .mend("leave `sbml_files: []` and name a system under `hersim:`"),
            );
        }
        let Some(extension) = part.hersim else {
            errors.push(
                Diagnostic::error("document", "a part of the problem names no system")
                    .at(Span::new(file, 0..0), "")
                    .mend("add `hersim: {system: ID}` to every entry of `problems`"),
            );
            continue;
        };
        parts.push(Part {
            system: (extension.system.value.clone(), word_place(&extension.system, file)),
            conditions: below(part.condition_files),
            observables: below(part.observable_files),
            measurements: below(part.measurement_files),
        });
    }
    if parts.is_empty() && errors.is_empty() {
        errors.push(
            Diagnostic::error("document", "the problem has no parts")
                .at(Span::new(file, 0..0), "")
                .mend("list measurement, condition and observable files under `problems`"),
        );
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let name = std::path::absolute(&folder).ok();
    let name = name.as_deref().and_then(Path::file_name).and_then(|n| n.to_str());
    let id = name.unwrap_or("problem").to_string();
    Ok(Problem {
        title: if index.hersim.title.is_empty() { id.clone() } else { index.hersim.title },
        id,
        note: index.hersim.note,
        estimate: (index.hersim.estimate.iter())
            .map(|w| (w.value.clone(), word_place(w, file)))
            .collect(),
        parameters: below(match index.parameter_file {
            OneOrMore::One(name) => vec![name],
            OneOrMore::More(names) => names,
        }),
        parts,
        file,
    })
}

fn word_place<T>(word: &serde_saphyr::Spanned<T>, file: FileId) -> Span {
    place(word.referenced.span(), file)
}

fn place(span: serde_saphyr::Span, file: FileId) -> Span {
    let start = span.byte_offset().unwrap_or(0) as usize;
    let length = span.byte_len().unwrap_or(0) as usize;
    Span::new(file, start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Result<Problem, Vec<&'static str>> {
        let path = Path::new("some/where/problem.yaml");
        parse(text, path, FileId(0))
            .and_then(|index| finish(index, path, FileId(0)))
            .map_err(|e| e.into_iter().map(|d| d.code).collect())
    }

    const GOOD: &str = "format_version: 1\nparameter_file: p.tsv\nproblems:\n- sbml_files: []\n  \
                        measurement_files: [m.tsv]\n  condition_files: [c.tsv]\n  \
                        observable_files: [o.tsv]\n  hersim: {system: dish}\n";

    #[test]
    fn an_index_is_read_with_places() {
        let read = problem(&format!("{GOOD}hersim:\n  estimate: ['a.*']\n")).unwrap();
        assert_eq!(read.id, "where");
        assert_eq!(read.parts[0].measurements, [Path::new("some/where/m.tsv")]);
        let (name, place) = &read.parts[0].system;
        assert_eq!(&GOOD[place.start as usize..place.end as usize], name);
        assert_eq!(read.estimate[0].0, "a.*");
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(problem("format_version: [").unwrap_err(), ["document"]);
        assert_eq!(problem(&format!("{GOOD}colour: red\n")).unwrap_err(), ["document"]);
        let other = GOOD.replace("version: 1", "version: 2").replace("[]", "[a.xml]");
        assert_eq!(problem(&other).unwrap_err(), ["unsupported", "unsupported"]);
        let bare = GOOD.replace("  hersim: {system: dish}\n", "");
        assert_eq!(problem(&bare).unwrap_err(), ["document"]);
    }
}
