//! Submodels written out: one model without them that means the same.
//!
//! From inside out: a submodel's own submodels are written out, its names get its name before
//! them, what is deleted goes, what another element stands for goes and is redirected to that
//! element, and time and extents are converted.

mod convert;
mod pointer;
mod visit;

use std::collections::{HashMap, HashSet};

use hersim_network::{Diagnostic, Sources, Span, nearest};

use super::{
    Load,
    syntax::{File, Head, Model, Name, Pointer, Step, Submodel},
};
use convert::{Prefix, PrefixUnits, Redirect, Redirects, Rescale};
use pointer::{Place, Target};
use visit::{Visitor, remove, visit};

/// Submodels may stand in one another this deep.
const DEEPEST: usize = 50;
/// Elements that all submodels together may have, each submodel counted as many.
const MOST: usize = 1_000_000;
const EACH: usize = 50;

/// A model without submodels, and how what was in them can still be found.
struct Flat {
    model: Model,
    place: Place,
    /// What is no longer there, and the name of what stands for it.
    gone: Vec<(Head, Option<String>)>,
}

/// Where definitions are looked up: a file.
struct Library {
    definitions: HashMap<String, Model>,
    external: HashMap<String, (String, Option<String>, Span)>,
    main: Model,
}

/// Writes out the submodels of a file's model; `load` is asked for other files.
///
/// # Errors
/// What cannot be found or would go too deep.
pub(super) fn flatten(
    file: File,
    sources: &mut Sources,
    load: Load,
) -> Result<Model, Vec<Diagnostic>> {
    if file.model.submodels.is_empty() {
        return Ok(file.model);
    }
    let mut work = Work {
        libraries: Vec::new(),
        names: HashMap::new(),
        open: Vec::new(),
        sources,
        load,
        count: 0,
    };
    work.library(file);
    let main = work.libraries[0].main.clone();
    work.flat(main, 0, 0).map(|flat| flat.model)
}

struct Work<'w, 'l> {
    libraries: Vec<Library>,
    names: HashMap<String, usize>,
    /// Models that are being written out, from outside in: their libraries and names.
    open: Vec<(usize, String)>,
    sources: &'w mut Sources,
    load: Load<'l>,
    count: usize,
}

fn wrong(code: &'static str, message: String, span: Span, mend: &str) -> Vec<Diagnostic> {
    vec![Diagnostic::error(code, message).at(span, "").mend(mend)]
}

impl Work<'_, '_> {
    fn library(&mut self, file: File) -> usize {
        self.libraries.push(Library {
            definitions: file.definitions.into_iter().collect(),
            external: (file.external.into_iter())
                .map(|(id, source, model)| (id.text, (source, model, id.span)))
                .collect(),
            main: file.model,
        });
        self.libraries.len() - 1
    }

    /// The model that a name of a library stands for, and the library of the names in it.
    fn definition(
        &mut self,
        name: &Name,
        library: usize,
        depth: usize,
    ) -> Result<(Model, usize), Vec<Diagnostic>> {
        if depth > DEEPEST {
            return Err(too_deep(name.span));
        }
        let here = &self.libraries[library];
        if let Some(model) = here.definitions.get(&name.text) {
            return Ok((model.clone(), library));
        }
        if here.main.head.as_ref().is_some_and(|h| h.id == name.text) {
            return Ok((here.main.clone(), library));
        }
        let Some((source, model, span)) = here.external.get(&name.text).cloned() else {
            return Err(wrong(
                "unknown-name",
                format!("there is no model definition `{}`", name.text),
                name.span,
                "define it in `listOfModelDefinitions`",
            ));
        };
        let other = match self.names.get(&source) {
            Some(&known) => known,
            None => {
                let text = (self.load)(&source).ok_or_else(|| {
                    wrong(
                        "missing-import",
                        format!("`{source}` cannot be read"),
                        span,
                        "give the name of a file in the folder of this one; files elsewhere are not read",
                    )
                })?;
                let id = self.sources.add(source.as_str(), text.as_str());
                let file = super::file(id, &text)?;
                let other = self.library(file);
                self.names.insert(source, other);
                other
            }
        };
        match model {
            Some(text) => self.definition(&Name { text, span }, other, depth + 1),
            None => Ok((self.libraries[other].main.clone(), other)),
        }
    }

    fn flat(
        &mut self,
        mut model: Model,
        library: usize,
        depth: usize,
    ) -> Result<Flat, Vec<Diagnostic>> {
        let own = (library, model.head.as_ref().map_or(String::new(), |h| h.id.clone()));
        self.open.push(own);
        self.count += EACH + model.size();
        let submodels = std::mem::take(&mut model.submodels);
        let here = model.head.as_ref().map_or(Span::NONE, |h| h.span);
        if depth > DEEPEST {
            return Err(too_deep(here));
        }
        if self.count > MOST {
            let message = "the submodels have too many elements together".to_string();
            return Err(wrong("sbml-too-large", message, here, "split the model"));
        }
        let place = Place::of(&mut model, &submodels);
        let mut flat = Flat { model, place, gone: Vec::new() };
        let mut children = Vec::new();
        for submodel in &submodels {
            let (inner, other) = self.definition(&submodel.model, library, depth)?;
            let id = inner.head.as_ref().map_or("", |h| h.id.as_str());
            if let Some(at) = self.open.iter().position(|open| open.0 == other && open.1 == id) {
                let ring: Vec<&str> = self.open[at..].iter().map(|open| open.1.as_str()).collect();
                let message = format!("a model cannot hold itself: {} -> {id}", ring.join(" -> "));
                let span = submodel.model.span;
                return Err(wrong("cyclic-model", message, span, "remove this submodel"));
            }
            let mut child = self.flat(inner, other, depth + 1)?;
            prefix(&mut child, &submodel.head.id);
            // All are looked up before any goes: parts go with the whole they belong to.
            let mut doomed = Vec::new();
            for (_, at) in &submodel.deletions {
                // The deletion speaks of the submodel as it is on its own.
                let target = child.place.find(&at.steps).map(|t| t.within(&submodel.head.id));
                let target = target.and_then(|t| follow(&child.gone, t));
                let there =
                    target.as_ref().is_some_and(|t| visit::find(&mut child.model, t).is_some());
                doomed.push((at, target, there));
            }
            for (at, target, there) in doomed {
                let taken = take(&mut child, target, None, at);
                if !there {
                    taken?;
                }
            }
            children.push(child);
        }
        let mut redirects = vec![Redirects::new(); submodels.len()];
        let own = Own::of(&mut flat.model, &submodels);
        // All are looked up before any goes: parts go with the whole they belong to.
        let mut located = Vec::new();
        for (head, submodel) in &own.0 {
            for replaced in head.replaces.iter().filter(|r| !r.deleted) {
                let (at, target) = self.locate(&submodels, &children, &replaced.at)?;
                let found = visit::find(&mut children[at].model, &target);
                if found.is_none() && !matches!(target, Target::Model(_)) {
                    return Err(unknown(&replaced.at));
                }
                located.push((head, submodel, replaced, at, target, found));
            }
        }
        for (head, submodel, replaced, at, target, found) in located {
            if let (Some(old), Target::Model(inner)) = (submodel, &target) {
                // A submodel stands for another: all of its elements do.
                let names = visit::ids(&mut children[at].model);
                let inside = format!("{inner}.");
                for name in names.iter().filter(|n| n.starts_with(&inside)) {
                    let new = format!("{old}.{}", &name[inside.len()..]);
                    redirects[at].insert(name.clone(), (new, None));
                }
            }
            let taken = take(&mut children[at], target, Some(&head.id), &replaced.at);
            // Without an error it went on its own, else with what it belongs to.
            if let Some(gone) = taken.unwrap_or(found)
                && !gone.id.is_empty()
            {
                redirects[at].insert(gone.id, (head.id.clone(), replaced.factor.clone()));
            }
        }
        for (head, _) in &own.0 {
            let Some(pointer) = &head.replaced_by else { continue };
            let (at, target) = self.locate(&submodels, &children, pointer)?;
            let found = visit::find(&mut children[at].model, &target);
            let Some(stands) = found else { return Err(unknown(pointer)) };
            remove(&mut flat.model, &|one| same(one, head));
            if !stands.id.is_empty() && !head.id.is_empty() {
                redirects[at].insert(stands.id.clone(), (head.id.clone(), None));
                visit::rename(&mut children[at].model, &stands, head);
                children[at].gone.push((stands, Some(head.id.clone())));
            }
        }
        for (index, mut child) in children.into_iter().enumerate() {
            let submodel = &submodels[index];
            settle(&mut redirects[index]);
            Redirect(&redirects[index]).apply(&mut child.model);
            let reactions = child.model.reactions.iter().map(|r| r.head.id.clone()).collect();
            let time = submodel.time.as_ref();
            let extent = submodel.extent.as_ref();
            Rescale { time, extent, reactions: &reactions }.apply(&mut child.model);
            flat.gone.append(&mut child.gone);
            flat.place.children.insert(submodel.head.id.clone(), child.place);
            flat.model.take(child.model);
        }
        self.open.pop();
        Ok(flat)
    }

    /// The submodel that a pointer leads to, and the element in it.
    fn locate(
        &self,
        submodels: &[Submodel],
        children: &[Flat],
        pointer: &Pointer,
    ) -> Result<(usize, Target), Vec<Diagnostic>> {
        let name = pointer.submodel.as_deref().unwrap_or("");
        let at = submodels.iter().position(|s| s.head.id == name);
        let at = at.ok_or_else(|| {
            let known: Vec<&str> = submodels.iter().map(|s| s.head.id.as_str()).collect();
            let mend = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", known.join(", ")),
            };
            wrong("unknown-name", format!("there is no submodel `{name}`"), pointer.span, &mend)
        })?;
        let target = children[at].place.find(&pointer.steps).map(|t| t.within(name));
        let target = target.and_then(|target| follow(&children[at].gone, target));
        Ok((at, target.ok_or_else(|| unknown(pointer))?))
    }
}

fn too_deep(span: Span) -> Vec<Diagnostic> {
    let message = format!("submodels stand in one another more than {DEEPEST} deep");
    wrong("sbml-too-deep", message, span, "no model may hold itself")
}

fn unknown(pointer: &Pointer) -> Vec<Diagnostic> {
    let what = match pointer.steps.last() {
        Some(Step::Id(name)) => format!("element `{name}`"),
        Some(Step::Meta(name)) => format!("element with the metaid `{name}`"),
        Some(Step::Port(name)) => format!("port `{name}`"),
        Some(Step::Unit(name)) => format!("unit `{name}`"),
        None => "such element".into(),
    };
    let message = format!("the submodel has no {what}");
    wrong("unknown-name", message, pointer.span, "name an element, or a port, of the submodel")
}

fn same(a: &Head, b: &Head) -> bool {
    (&a.id, &a.meta, &a.home, a.span) == (&b.id, &b.meta, &b.home, b.span)
}

/// Elements of a model that stand for others, with the name of the submodel where they are one.
struct Own(Vec<(Head, Option<String>)>);

impl Own {
    fn of(model: &mut Model, submodels: &[Submodel]) -> Own {
        let mut own = Own(Vec::new());
        visit(model, &mut own);
        let with = submodels.iter().filter(|s| !s.head.replaces.is_empty());
        own.0.extend(with.map(|s| (s.head.clone(), Some(s.head.id.clone()))));
        own
    }
}

impl Visitor for Own {
    fn head(&mut self, head: &mut Head) {
        if !head.replaces.is_empty() || head.replaced_by.is_some() {
            self.0.push((head.clone(), None));
        }
    }
}

/// Puts the name of a submodel before everything in it.
fn prefix(flat: &mut Flat, name: &str) {
    let model = &mut flat.model;
    // What holds for the whole of a model is said of its elements.
    for species in &mut model.species {
        species.conversion = species.conversion.take().or_else(|| model.conversion.clone());
        species.units = species.units.take().or_else(|| model.substance_units.clone());
    }
    for compartment in &mut model.compartments {
        let space = match compartment.dimensions {
            1.0 => &model.space_units[0],
            2.0 => &model.space_units[1],
            3.0 => &model.space_units[2],
            _ => &None,
        };
        compartment.units = compartment.units.take().or_else(|| space.clone());
    }
    let units: HashSet<String> = model.units.iter().map(|u| u.head.id.clone()).collect();
    visit(model, &mut PrefixUnits(name, &units));
    visit(model, &mut Prefix(name));
    let mut prefix = Prefix(name);
    for (head, stands) in &mut flat.gone {
        prefix.head(head);
        stands.iter_mut().for_each(|s| prefix.put(s));
    }
}

/// The element that stands for one that is no longer there, or the one that is meant.
fn follow(gone: &[(Head, Option<String>)], mut target: Target) -> Option<Target> {
    for _ in 0..DEEPEST {
        match gone.iter().find(|(head, _)| target.is(head)) {
            Some((_, Some(name))) if !target.is_id(name) => target = Target::Id(name.clone()),
            // Deleted: a mention of it is left to those who check names.
            Some((_, None)) => return None,
            _ => return Some(target),
        }
    }
    None
}

/// Takes an element out of a submodel: its head, unless a whole submodel went.
fn take(
    child: &mut Flat,
    target: impl Into<Option<Target>>,
    stands: Option<&str>,
    pointer: &Pointer,
) -> Result<Option<Head>, Vec<Diagnostic>> {
    let Some(target) = target.into() else { return Err(unknown(pointer)) };
    if let Target::Model(inner) = &target {
        let inside = format!("{inner}.");
        let within = |head: &Head| head.home == *inner || head.home.starts_with(&inside);
        let heads = remove(&mut child.model, &within);
        child.gone.extend(heads.into_iter().map(|head| (head, None)));
        return Ok(None);
    }
    if let Some(head) = visit::remove_local(&mut child.model, &target, stands) {
        child.gone.push((head, None));
        return Ok(None);
    }
    let mut heads = remove(&mut child.model, &|head| target.is(head)).into_iter();
    let Some(head) = heads.next() else { return Err(unknown(pointer)) };
    // Its parameters, rate law and the like go with it.
    child.gone.push((head.clone(), stands.filter(|s| !s.is_empty()).map(str::to_string)));
    Ok(Some(head))
}

/// Lets every redirect lead to where it ends.
fn settle(redirects: &mut Redirects) {
    for _ in 0..DEEPEST {
        let further: Vec<(String, String)> = (redirects.iter())
            .filter_map(|(old, (new, _))| {
                let (last, _) = redirects.get(new).filter(|(last, _)| last != new)?;
                Some((old.clone(), last.clone()))
            })
            .collect();
        if further.is_empty() {
            return;
        }
        for (old, last) in further {
            if let Some(entry) = redirects.get_mut(&old) {
                entry.0 = last;
            }
        }
    }
}
