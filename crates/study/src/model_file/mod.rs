//! A model in a file of its own, SBML or Antimony, apart from any library.

mod chance;
mod follow;

use std::{fs, io::Read as _, path::Path};

use hersim_antimony::{Disk, Request};
use hersim_network::{Diagnostic, Level, Network, Sources, SymbolKind};

use crate::{
    check::{CheckReport, summary},
    convert::Format,
};

pub use chance::{Chance, ChanceRuns, follow_chance};
pub use follow::{FollowRequest, follow};
pub use hersim_hybrid::Method;

/// Bytes a model file may have.
const LARGEST: u64 = 64 << 20;

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
    if format(name) != Some(Format::Sbml) {
        let request = Request { model: path, main: None, subclones: &[], tolerant: true };
        let loaded = hersim_antimony::load(&Disk, &request, sources)?;
        return Ok(ModelFile { network: loaded.network, warnings: loaded.warnings });
    }
    let text = text(path).map_err(|error| {
        vec![
            Diagnostic::error("missing-file", format!("`{name}` cannot be read: {error}"))
                .mend("check the path"),
        ]
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut other = |file: &str| {
        // Beside the model, and nowhere else.
        let plain = !file.contains("..") && Path::new(file).is_relative();
        plain.then(|| self::text(&folder.join(file)).ok())?
    };
    let network = hersim_sbml::read(name, &text, sources, &mut other)?;
    Ok(ModelFile { network, warnings: Vec::new() })
}

/// The text of a file, unless it is too long to be a model.
fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
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

/// Looks over an SBML file: names, units where they are given, what cannot be honoured.
pub fn check(name: &str, sources: &mut Sources) -> CheckReport {
    let mut report = CheckReport::default();
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

/// Treats fast reactions like any others.
pub fn ignore_fast(network: &mut Network) {
    for symbol in &mut network.symbols {
        if let SymbolKind::Reaction(reaction) = &mut symbol.kind {
            reaction.fast = false;
        }
    }
}
