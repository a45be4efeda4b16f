//! All claims and protocols of `library/claims/`, and which of them are asked for.

use std::collections::{BTreeMap, HashSet};

use hersim_network::{Diagnostic, FileId, Span, nearest};

use super::{
    Kind, Tier,
    file::{Claim, ClaimFile, Protocols},
    intervention::Interventions,
};
use crate::{
    document::{self, Document},
    library::Library,
};

const FOLDER: &str = "library/claims";

/// All claims, in the order of files and within them.
pub struct Catalogue {
    /// The claims, each with its file.
    pub claims: Vec<(FileId, Claim)>,
    /// Readouts that need arms of their own.
    pub protocols: Document<Protocols>,
    /// What can be done.
    pub interventions: Document<Interventions>,
    /// Literature by number.
    pub references: BTreeMap<u32, String>,
}

/// Which claims are asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ids and sections; empty for all.
    pub named: Vec<String>,
    /// Only claims of this kind.
    pub kind: Option<Kind>,
    /// Only tests of their own.
    pub core: bool,
}

impl Catalogue {
    /// Reads everything.
    ///
    /// # Errors
    /// What is wrong with the documents, `claim` for what does not fit together, all of it.
    pub fn read(library: &mut Library) -> Result<Catalogue, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut claims = Vec::new();
        let mut keep = |found: Result<Document<ClaimFile>, Vec<Diagnostic>>| match found {
            Ok(file) => claims.extend(file.value.claim.into_iter().map(|c| (file.file, c))),
            Err(more) => errors.extend(more),
        };
        let mut names = library.names_in(FOLDER);
        names.sort_by_key(|name| section_order(name));
        for name in names.iter().filter(|n| *n != "protocols") {
            let path = library.path(&format!("{FOLDER}/{name}.toml"));
            let (files, sources) = library.reader();
            keep(document::read(files, &path, sources));
        }
        let optional = |path: &str| -> Option<std::path::PathBuf> {
            Some(library.path(path)).filter(|p| p.is_file())
        };
        let paths = [
            optional("library/claims/protocols.toml"),
            optional("model/interventions.toml"),
            optional("model/references.csv"),
        ];
        let protocols = or_empty(library, paths[0].as_deref(), &mut errors);
        let interventions = or_empty(library, paths[1].as_deref(), &mut errors);
        let references = match &paths[2] {
            Some(path) => library.files().read(path).map(|t| references(&t)).unwrap_or_default(),
            None => BTreeMap::new(),
        };
        let catalogue = Catalogue { claims, protocols, interventions, references };
        errors.extend(catalogue.mistakes());
        if errors.is_empty() { Ok(catalogue) } else { Err(errors) }
    }

    /// Places in [`Catalogue::claims`] of what is asked for.
    ///
    /// # Errors
    /// `unknown-claim` for names that are neither a claim nor a section.
    pub fn select(&self, selection: &Selection) -> Result<Vec<usize>, Vec<Diagnostic>> {
        let named =
            |claim: &Claim, name: &String| claim.id.get_ref() == name || claim.section == *name;
        let errors: Vec<Diagnostic> = (selection.named.iter())
            .filter(|name| !self.claims.iter().any(|(_, claim)| named(claim, name)))
            .map(|name| {
                let message = format!("there is neither a claim nor a section `{name}`");
                let error = Diagnostic::error("unknown-claim", message);
                let known = self.claims.iter().map(|(_, claim)| claim.id.get_ref().as_str());
                match nearest(name, known) {
                    Some(near) => error.mend(format!("did you mean `{near}`?")),
                    None => error.mend("`hersim claims` lists them"),
                }
            })
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let wanted = |claim: &Claim| {
            (selection.named.is_empty() || selection.named.iter().any(|n| named(claim, n)))
                && selection.kind.is_none_or(|kind| claim.kind == kind)
                && (!selection.core || claim.tier == Tier::Core)
        };
        let all = self.claims.iter().enumerate();
        Ok(all.filter(|(_, (_, claim))| wanted(claim)).map(|(i, _)| i).collect())
    }

    /// What does not fit together.
    fn mistakes(&self) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let ids: HashSet<&str> = self.claims.iter().map(|(_, c)| c.id.get_ref().as_str()).collect();
        for (file, claim) in &self.claims {
            let mut refuse = |span: std::ops::Range<usize>, message: String, mend: &str| {
                let error = Diagnostic::error("claim", message).at(Span::new(*file, span), "");
                errors.push(error.mend(mend));
            };
            let id = claim.id.get_ref();
            if !seen.insert(id) {
                refuse(claim.id.span(), format!("there are two claims `{id}`"), "rename one");
            }
            for other in claim.contested_by.iter().filter(|o| !ids.contains(o.get_ref().as_str())) {
                let message = format!("there is no claim `{}`", other.get_ref());
                refuse(other.span(), message, "name a claim that there is");
            }
            let known = |number: &u32| self.references.contains_key(number);
            for number in claim.refs.iter().filter(|n| !known(n.get_ref())) {
                let message = format!("there is no reference {}", number.get_ref());
                refuse(number.span(), message, "add it to model/references.csv");
            }
            let given = [
                claim.untestable.is_some(),
                claim.waiting.is_some(),
                claim.experiment.is_some() && claim.waiting.is_none(),
            ];
            if given.iter().filter(|g| **g).count() != 1 {
                refuse(
                    claim.id.span(),
                    format!("`{id}` needs one of `untestable`, `waiting` and `experiment`"),
                    "say how it is tested, what it waits for, or why it cannot be tested",
                );
            }
            let Some(experiment) = claim.experiment.as_ref().filter(|_| claim.waiting.is_none())
            else {
                continue;
            };
            if experiment.readout.iter().all(|r| r.exploratory) {
                let message = format!("the experiment of `{id}` has no readout that is scored");
                refuse(claim.id.span(), message, "add a `[[claim.experiment.readout]]`");
            }
        }
        errors
    }
}

/// Sections in the order of their numbers.
fn section_order(name: &str) -> (Vec<u32>, String) {
    (name.split('.').map(|n| n.parse().unwrap_or(u32::MAX)).collect(), name.to_string())
}

fn or_empty<T: serde::de::DeserializeOwned + Default>(
    library: &mut Library,
    path: Option<&std::path::Path>,
    errors: &mut Vec<Diagnostic>,
) -> Document<T> {
    let empty = Document { value: T::default(), file: FileId(u32::MAX) };
    let Some(path) = path else { return empty };
    let (files, sources) = library.reader();
    document::read(files, path, sources).unwrap_or_else(|more| {
        errors.extend(more);
        empty
    })
}

/// Rows of a table with commas and quotes: number, then words for people.
fn references(text: &str) -> BTreeMap<u32, String> {
    let row = |line: &str| -> Option<(u32, String)> {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                c => cells.last_mut()?.push(c),
            }
        }
        let number = cells.first()?.trim().parse().ok()?;
        let [_, authors, title, journal, year, rest @ ..] = cells.as_slice() else { return None };
        let rest: Vec<&str> = rest.iter().map(String::as_str).filter(|c| !c.is_empty()).collect();
        let title = title.trim_end_matches('.');
        let authors = authors.trim_end_matches('.');
        let place = rest.join(":");
        Some((number, format!("{authors}. {title}. {journal} {year}; {place}")))
    };
    text.lines().skip(1).filter_map(row).collect()
}
