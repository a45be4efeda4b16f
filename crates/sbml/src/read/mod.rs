//! SBML Level 2 and 3 text to a network.
//!
//! ```text
//! text ── parse ──► elements ── flatten (submodels) ──► elements ── lower ──► network
//! ```

mod annotation;
mod comp;
mod element;
mod lower;
mod malformed;
mod math;
mod odd;
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
    read_noting(name, text, sources, load).map(|(network, _)| network)
}

/// As [`read`], and what is legal but probably not meant: units that mean nothing, reactions
/// without a rate, events that never happen.
///
/// # Errors
/// As [`read`].
pub fn read_noting(
    name: &str,
    text: &str,
    sources: &mut Sources,
    load: Load,
) -> Result<(Network, Vec<Diagnostic>), Vec<Diagnostic>> {
    let id = sources.add(name, text);
    let (file, mut found) = parsed(id, text);
    let Some(file) = file else { return Err(found) };
    let level = file.level;
    // What could not be read does not hide what is wrong with the rest.
    let read = comp::flatten(file, sources, load)
        .and_then(|model| Ok((lower::lower(&model, level)?, odd::found(&model, level))));
    match read {
        Ok(read) if found.is_empty() => return Ok(read),
        Ok(_) => {}
        Err(more) => found.extend(more),
    }
    found.sort_by_key(|d| d.at.as_ref().map_or((0, 0), |(s, _)| (s.file.0, s.start)));
    Err(found)
}

/// Another file, which must be right on its own.
fn file(id: FileId, text: &str) -> Result<syntax::File, Vec<Diagnostic>> {
    match parsed(id, text) {
        (Some(file), found) if found.is_empty() => Ok(file),
        (_, found) => Err(found),
    }
}

fn parsed(id: FileId, text: &str) -> (Option<syntax::File>, Vec<Diagnostic>) {
    let mut place = Place { file: id, text, level: 0, version: 0, found: Vec::new() };
    let file = parse::parse(&mut place);
    (file, place.found)
}
