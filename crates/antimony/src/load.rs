//! The whole way from a path to a network.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use hersim_network::{Diagnostic, Level, Network, Sources, SymbolId, nearest};

use crate::{
    expression::Lowering,
    files::Files,
    flatten::flatten,
    join::check_rows,
    lower::lower,
    merge::merge,
    program::{Program, gather, start_of},
    replicate::replicate,
    scope::{Place, Units, check_duplicates},
};

/// What to load.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Path of the model file; imports are relative to it.
    pub model: &'a Path,
    /// Name of the model in it; without one, the model marked `*`, else loose statements, else
    /// the last model of the file.
    pub main: Option<&'a str>,
    /// Names of the subclones that take the place of `clone`; empty for the text as it stands.
    pub subclones: &'a [String],
    /// Whether all of Antimony is read as other readers take it: names need not be declared, the
    /// last of several values holds, and a unit of a concentration is just that. Else what the
    /// model's own texts need is read, and everything that is likely to be a mistake is an error.
    pub tolerant: bool,
}

/// A network and what is odd about its text.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The flat network, numbers in the units of their symbols. Units inside formulas are not
    /// checked yet; [`hersim_network::check()`] does that.
    pub network: Network,
    /// Legal, but probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// Other dotted names of symbols: ports and names joined by `is`, in order of appearance.
    pub aliases: Vec<(String, SymbolId)>,
    /// Ports of the model that was loaded: what a model around it may give or read.
    pub ports: Vec<SymbolId>,
    /// The models inside it, outer before inner.
    pub modules: Vec<UsedModel>,
}

/// A model inside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedModel {
    /// Dotted name it has there, such as `cell.growth`.
    pub path: String,
    /// Name of the model.
    pub model: String,
    /// File the model stands in, as it was read.
    pub file: PathBuf,
}

/// Reads a model, its imports and tables into a flat network.
///
/// Every file that is read is added to `sources`, also when loading fails, so that the
/// diagnostics can be shown.
///
/// # Errors
/// Everything that is wrong with the texts (warnings among it), ordered by place.
pub fn load(
    files: &dyn Files,
    request: &Request<'_>,
    sources: &mut Sources,
) -> Result<Loaded, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let loaded = gather(files, request.model, request.tolerant, sources, &mut found)
        .and_then(|mut program| assemble(&mut program, request, sources, &mut found));
    let found = tidy(found);
    let failed = found.iter().any(|d| d.level == Level::Error);
    match loaded {
        Some(loaded) if !failed => Ok(Loaded { warnings: found, ..loaded }),
        _ => Err(found),
    }
}

fn assemble(
    program: &mut Program,
    request: &Request<'_>,
    sources: &Sources,
    found: &mut Vec<Diagnostic>,
) -> Option<Loaded> {
    check_duplicates(program, found);
    check_rows(program, found);
    let name = main_model(program, request, sources, found)?;
    if !request.subclones.is_empty() {
        let (file, _) = program.model(&name)?;
        let file = &mut program.files[file];
        let model = file.text.models.iter_mut().find(|m| m.name.path == name)?;
        replicate(model, file.table.as_mut(), request.subclones, found);
    }
    let program = &*program;
    let (file, model) = program.model(&name)?;
    let mut units = Units::new(program);
    let mut flat = flatten(program, file, model, &mut units, found);
    let symbols = merge(program, &mut flat, found);
    let mut lowering = Lowering {
        program,
        flat: &flat,
        symbols: &symbols,
        found,
        open: Vec::new(),
        made: 0,
        lost: false,
        lost_change: false,
    };
    let place = Place { file, model: Some(model) };
    let network = lower(&mut lowering, &mut units, &name, place);
    let aliases = symbols
        .all
        .iter()
        .enumerate()
        .flat_map(|(i, s)| s.aliases.iter().map(move |a| (a.clone(), SymbolId(i as u32))))
        .collect();
    let ports = model.ports.iter().filter_map(|p| network.find(&p.path)).collect();
    let modules = flat.instances.iter().filter_map(|i| {
        Some(UsedModel {
            path: i.prefix.strip_suffix('.')?.to_string(),
            model: i.model.name.path.clone(),
            file: program.files[i.place.file].path.clone(),
        })
    });
    let modules = modules.collect();
    Some(Loaded { network, warnings: Vec::new(), aliases, ports, modules })
}

fn main_model(
    program: &Program,
    request: &Request<'_>,
    sources: &Sources,
    found: &mut Vec<Diagnostic>,
) -> Option<String> {
    let models = &program.files.first()?.text.models;
    if let Some(name) = request.main {
        if program.model(name).is_some() {
            return Some(name.to_string());
        }
        let diagnostic = Diagnostic::error("unknown-model", format!("there is no model `{name}`"));
        found.push(match nearest(name, program.model_names()) {
            Some(near) => diagnostic.mend(format!("did you mean `{near}`?")),
            None => diagnostic.mend("name one of the models of the file"),
        });
        return None;
    }
    let main = models.iter().rev().find(|m| m.main).or(models.last());
    if main.is_none() && !found.iter().any(|d| d.level == Level::Error) {
        let path = program.files[0].path.display().to_string();
        let diagnostic = Diagnostic::error("no-model", format!("{path} holds no model"))
            .mend("a model is written `model name() … end`");
        found.push(match sources.find(&path) {
            Some(file) => diagnostic.at(start_of(file), ""),
            None => diagnostic,
        });
    }
    main.map(|m| m.name.path.clone())
}

/// In order of place, each mistake once.
fn tidy(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let mut found: Vec<Diagnostic> = found
        .into_iter()
        .filter(|d| {
            let place = d.at.as_ref().map(|(s, _)| (s.file.0, s.start, s.end));
            // One mistake in a model that is used many times is one mistake.
            let words = place.is_none().then(|| d.message.clone());
            seen.insert((d.code, place, words))
        })
        .collect();
    found.sort_by_key(|d| d.at.as_ref().map_or((0, 0), |(s, _)| (s.file.0, s.start)));
    found
}

#[cfg(test)]
mod tests;
