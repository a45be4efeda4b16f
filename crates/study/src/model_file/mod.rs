//! A model in a file of its own, SBML or Antimony, apart from any library.

mod chance;
mod follow;

use std::path::Path;

use hersim_antimony::{Disk, Files as _, Request};
use hersim_network::{Diagnostic, Level, Network, Sources, Span, SymbolKind, nearest};

use crate::{
    check::{CheckReport, summary, variabilities},
    convert::Format,
};

pub use chance::{Chance, ChanceRuns, follow_chance};
pub use follow::{FollowRequest, follow};
pub use hersim_hybrid::Method;

/// Whether an argument names a model file rather than something of the library.
pub fn is_model_file(name: &str) -> bool {
    format(name).is_some()
}

/// Whether an argument names an SBML file.
pub fn is_sbml(name: &str) -> bool {
    format(name) == Some(Format::Sbml)
}

fn format(name: &str) -> Option<Format> {
    match Path::new(name).extension()?.to_str()? {
        "xml" | "sbml" => Some(Format::Sbml),
        "ant" => Some(Format::Antimony),
        _ => None,
    }
}

/// A model and what is legal in it but probably not meant.
pub struct ModelFile {
    /// The flat network.
    pub network: Network,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a model file; submodels and imports are looked for beside it.
///
/// # Errors
/// Everything that is wrong with the text, and what of it cannot be honoured.
pub fn read(name: &str, sources: &mut Sources) -> Result<ModelFile, Vec<Diagnostic>> {
    let path = Path::new(name);
    let text = text(name, sources)?;
    let file = if format(name) == Some(Format::Sbml) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut other = |file: &str| {
            // Beside the model, and nowhere else.
            let plain = !file.contains("..") && Path::new(file).is_relative();
            plain.then(|| Disk.read(&folder.join(file)).ok())?
        };
        let (network, warnings) = hersim_sbml::read_noting(name, &text, sources, &mut other)?;
        ModelFile { network, warnings }
    } else {
        let request = Request { model: path, main: None, subclones: &[], tolerant: true };
        let loaded = hersim_antimony::load(&Disk, &request, sources)?;
        ModelFile { network: loaded.network, warnings: loaded.warnings }
    };
    let contradictions = hersim_network::contradictions(&file.network);
    if contradictions.is_empty() { Ok(file) } else { Err(contradictions) }
}

/// The text of a model file.
///
/// # Errors
/// `missing-file` when there is none, `file-ending` when it is of the other kind.
fn text(name: &str, sources: &mut Sources) -> Result<String, Vec<Diagnostic>> {
    let path = Path::new(name);
    let text = Disk.read(path).map_err(|error| {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
        let beside: Vec<String> = (std::fs::read_dir(folder.unwrap_or(Path::new("."))))
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| is_model_file(name))
            .collect();
        let own = path.file_name().and_then(|n| n.to_str()).unwrap_or(name);
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".into(),
            std::io::ErrorKind::InvalidData => "it is not UTF-8 text".into(),
            _ => error.to_string(),
        };
        let error = Diagnostic::error("missing-file", format!("cannot read `{name}`: {why}"));
        vec![error.mend(match nearest(own, beside.iter().map(String::as_str)) {
            Some(near) if near != own => format!("did you mean `{near}`?"),
            _ => "check the path".into(),
        })]
    })?;
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if format(name) == Some(Format::Antimony)
        && (start.starts_with("<?xml") || start.starts_with("<sbml"))
    {
        let at = text.len() - start.len();
        let file = sources.add(name, text.as_str());
        return Err(vec![
            Diagnostic::error("file-ending", "this is XML, not Antimony")
                .at(Span::new(file, at..at + 5), "")
                .mend("let the name of an SBML file end in `.xml`"),
        ]);
    }
    Ok(text)
}

/// The model of a file in a format, and what of it only people miss there.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn convert(
    name: &str,
    format: Format,
    sources: &mut Sources,
) -> Result<(String, Vec<Diagnostic>), Vec<Diagnostic>> {
    let ModelFile { network, warnings } = read(name, sources)?;
    let text = match format {
        Format::Sbml => hersim_sbml::write(&network),
        Format::Antimony => {
            // Rather refused than left out.
            let refuse = |what: String| {
                let message = format!("{what} cannot be written as Antimony");
                Diagnostic::error("unsupported", message).mend("convert to sbml")
            };
            let beyond: Vec<Diagnostic> =
                hersim_antimony::beyond(&network).into_iter().map(refuse).collect();
            if !beyond.is_empty() {
                return Err(beyond);
            }
            hersim_antimony::write(&network)
        }
        Format::Events => {
            let message = "a model file has no regimen that could be written as a table";
            return Err(vec![
                Diagnostic::error("setting", message).mend("convert to sbml or antimony"),
            ]);
        }
    };
    Ok((text, warnings))
}

/// Looks over a model file. Antimony is held to what the project's own modules are held to: every
/// name declared, every number with a unit. Of SBML: names, units where they are given, what
/// cannot be honoured.
pub fn check(name: &str, sources: &mut Sources) -> CheckReport {
    let mut report = CheckReport::default();
    if !is_sbml(name) {
        match text(name, sources) {
            Ok(_) => check_module(name, sources, &mut report),
            Err(found) => report.diagnostics.extend(found),
        }
        return report;
    }
    match read(name, sources) {
        Err(found) => report.diagnostics.extend(found),
        Ok(file) => {
            report.diagnostics.extend(file.warnings);
            // Units are for each model to give or not, and whether a rate is meant is too.
            let ours = ["unit-missing", "unit-mismatch", "unit-argument", "unit-range"];
            let found = hersim_network::check(&file.network).into_iter().map(|mut found| {
                if ours.contains(&found.code) {
                    found.level = Level::Warning;
                }
                found
            });
            report.diagnostics.extend(found.filter(|d| d.code != "unit-missing"));
            if let Err(found) = hersim_hybrid::compile(&file.network, &[]) {
                report.diagnostics.extend(found);
            }
            report.systems.push(summary(name, Vec::new(), &file.network));
        }
    }
    report
}

/// Looks over a module on its own.
fn check_module(name: &str, sources: &mut Sources, report: &mut CheckReport) {
    let request = Request { model: Path::new(name), main: None, subclones: &[], tolerant: false };
    let loaded = match hersim_antimony::load(&Disk, &request, sources) {
        Ok(loaded) => loaded,
        Err(found) => return report.diagnostics.extend(found),
    };
    report.diagnostics.extend(loaded.warnings);
    // The ports of a module get their values from the model around it.
    let ports: Vec<_> = loaded.ports.iter().map(|p| loaded.network[*p].span).collect();
    let left_open = |d: &Diagnostic| {
        let at_port = d.at.as_ref().is_some_and(|(span, _)| ports.contains(span));
        at_port && ["value-missing", "orphan-parameter", "orphan-species"].contains(&d.code)
    };
    let found = hersim_network::check(&loaded.network);
    report.diagnostics.extend(found.into_iter().filter(|d| !left_open(d)));
    report.diagnostics.extend(variabilities(&loaded.network));
    report.systems.push(summary(name, Vec::new(), &loaded.network));
}

/// Treats fast reactions like any others.
pub fn ignore_fast(network: &mut Network) {
    for symbol in &mut network.symbols {
        if let SymbolKind::Reaction(reaction) = &mut symbol.kind {
            reaction.fast = false;
        }
    }
}
