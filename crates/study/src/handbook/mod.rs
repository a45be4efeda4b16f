//! The model as people read it: what every file claims, reads, gives, computes and stands on.
//!
//! Everything is taken from the files of `model/`: the comments at their heads, their sections,
//! formulas, tables and annotations, and how systems wire them. Nothing is drawn or written here.

mod couplings;
mod effect;
mod ends;
mod equations;
mod formula;
mod module;
mod numbers;
mod references;
mod text;
mod wiring;

use std::path::Path;

use hersim_antimony::{Loaded, Request};
use hersim_network::Diagnostic;

pub use couplings::{Coupling, Couplings, Place};
pub use effect::Effect;
pub use ends::{End, Ends};
pub use equations::{Equation, Section, Shown};
pub use formula::Formula;
pub use module::{Meaning, Module, Part, Port, Role, State};
pub use numbers::Number;
pub use references::Reference;
pub use text::Header;
pub use wiring::{Kind, Node, Wire, Wiring};

use crate::{
    claims::Interventions,
    document::{self, Document},
    hypothesis::{self, Hypotheses},
    library::{Attributes, Library, Shelf, System},
};

/// Everything that the handbook tells.
#[derive(Clone, Debug)]
pub struct Handbook {
    /// A page each: the files of `model/`, by folder and name; systems last.
    pub modules: Vec<Module>,
    /// What a user may say of a tumour.
    pub attributes: Attributes,
    /// What can be done beside giving drugs.
    pub interventions: Interventions,
    /// What the literature leaves open.
    pub hypotheses: Hypotheses,
    /// The literature that `ref:` means.
    pub references: Vec<Reference>,
}

impl Handbook {
    /// The module with this id.
    pub fn module(&self, id: &str) -> Option<&Module> {
        self.modules.iter().find(|m| m.id == id)
    }
}

/// Reads all of `model/`.
///
/// # Errors
/// What is wrong with the files.
pub fn handbook(library: &mut Library) -> Result<Handbook, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut modules = Vec::new();
    let mut reads = Vec::new();
    for (folder, stem) in files(library) {
        let path = library.path(&format!("model/{folder}/{stem}.ant"));
        match load(library, &path) {
            Ok(None) => {}
            Ok(Some(loaded)) => {
                let place = module::Place { folder: &folder, stem: &stem, path: &path };
                modules.push(module::read(&place, &loaded, &library.sources));
                reads.push(ends::Read { loaded, path });
            }
            Err(more) => errors.extend(more),
        }
    }
    for id in library.ids(Shelf::Systems) {
        let system: Result<Document<System>, _> = library.read(Shelf::Systems, &id, None);
        match system {
            Ok(system) => {
                let file = format!("model/systems/{}", system.value.model.get_ref());
                if let Some(module) = modules.iter_mut().find(|m: &&mut Module| m.file == file) {
                    module.system = Some(system.value);
                }
            }
            Err(more) => errors.extend(more),
        }
    }
    let contexts = ends::contexts(&modules, &reads, &library.sources);
    ends::tell(&mut modules, &reads, &contexts);
    couplings::tell(&mut modules, &reads, &contexts);
    modules.sort_by_key(|m| m.system.is_some());
    let attributes = keep(library.attributes().map(|d| d.value), &mut errors);
    let hypotheses = keep(
        hypothesis::read(library).map(|d| d.map(|d| d.value).unwrap_or_default()),
        &mut errors,
    );
    let interventions = keep(interventions(library), &mut errors);
    let references = keep(references::read(library), &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Handbook { modules, attributes, interventions, hypotheses, references })
}

fn keep<T: Default>(read: Result<T, Vec<Diagnostic>>, errors: &mut Vec<Diagnostic>) -> T {
    read.unwrap_or_else(|more| {
        errors.extend(more);
        T::default()
    })
}

fn interventions(library: &mut Library) -> Result<Interventions, Vec<Diagnostic>> {
    let path = library.path("model/interventions.toml");
    if !path.is_file() {
        return Ok(Interventions::default());
    }
    let (files, sources) = library.reader();
    document::read(files, &path, sources).map(|d| d.value)
}

/// Folder and name of every Antimony file one folder below `model/`, in order.
fn files(library: &Library) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in names(&library.path("model")) {
        for file in names(&library.path(&format!("model/{folder}"))) {
            if let Some(stem) = file.strip_suffix(".ant") {
                found.push((folder.clone(), stem.to_string()));
            }
        }
    }
    found
}

/// Names in a folder, sorted; none where there is no folder.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// One file on its own; nothing when it holds no model, such as a file of units.
fn load(library: &mut Library, path: &Path) -> Result<Option<Loaded>, Vec<Diagnostic>> {
    let (files, sources) = library.reader();
    let request = Request { model: path, main: None, subclones: &[], tolerant: false };
    match hersim_antimony::load(files, &request, sources) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(found) if found.iter().any(|d| d.code == "no-model") => Ok(None),
        Err(found) => Err(found),
    }
}
