//! SBML Level 2 and 3 text to a network.
//!
//! ```text
//! text ── parse ──► elements ── flatten (submodels) ──► elements ── lower ──► network
//! ```

mod annotation;
mod comp;
mod element;
mod lower;
mod math;
mod parse;
mod syntax;
mod uncertainty;
mod units;

use hersim_network::{Diagnostic, FileId, Network, Sources};

use element::Place;

/// Reads another file that a model names: its text, under the name that messages will show.
pub type Load<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// Reads a model of Level 2 or 3 as a flat network.
///
/// Functions are written out; parameters of a rate law are named `reaction.parameter`, elements
/// of submodels `submodel.element`. `load` is asked for files that the model takes submodels from.
///
/// # Errors
/// Everything that is wrong with the text, and what of it cannot be honoured.
pub fn read(
    name: &str,
    text: &str,
    sources: &mut Sources,
    load: Load,
) -> Result<Network, Vec<Diagnostic>> {
    let id = sources.add(name, text);
    let file = file(id, text)?;
    let level = file.level;
    let model = comp::flatten(file, sources, load)?;
    lower::lower(&model, level)
}

fn file(id: FileId, text: &str) -> Result<syntax::File, Vec<Diagnostic>> {
    let mut place = Place { file: id, text, level: 0, version: 0, found: Vec::new() };
    let file = parse::parse(&mut place);
    match file {
        Some(file) if place.found.is_empty() => Ok(file),
        _ => Err(place.found),
    }
}
