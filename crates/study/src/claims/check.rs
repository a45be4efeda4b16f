//! Looking over claims, protocols, interventions and hypotheses without running anything.

use std::collections::HashMap;

use hersim_network::Diagnostic;

use super::{
    catalogue::Catalogue,
    deed,
    formula::Formula,
    intervention::{Intervention, Path},
    planner::Planner,
    run::own_choice,
};
use crate::{
    assemble::{Assembled, assemble_open, days},
    document::{Document, Spanned},
    hypothesis::{self, Hypotheses},
    library::{Library, Shelf},
    written::Written,
};

/// What was looked over.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Claims that were read.
    pub claims: usize,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Looks over everything that `library/claims/`, `model/interventions.toml` and
/// `model/hypotheses.toml` say. A project without claims has nothing to be checked.
pub fn check(library: &mut Library) -> Checked {
    let mut checked = Checked::default();
    let mut keep = |found: Vec<Diagnostic>| checked.diagnostics.extend(found);
    let hypotheses = hypothesis::read(library).unwrap_or_else(|errors| {
        keep(errors);
        None
    });
    let catalogue = match Catalogue::read(library) {
        Ok(catalogue) => catalogue,
        Err(errors) => {
            keep(errors);
            return checked;
        }
    };
    let mut systems = HashMap::new();
    for id in library.ids(Shelf::Systems) {
        if let Ok(assembled) = assemble_open(library, &id, &[]) {
            systems.insert(id, assembled);
        }
    }
    keep(paths(&catalogue, &systems));
    if let Some(hypotheses) = &hypotheses {
        keep(answers(hypotheses, &catalogue, &systems));
    }
    keep(protocols(&catalogue, library));
    let choice = hypothesis::choose(hypotheses.as_ref(), &[]).unwrap_or_default();
    match Planner::new(library, &catalogue, hypotheses.as_ref()) {
        Ok(mut planner) => {
            for id in planner.library.ids(Shelf::Tumours) {
                keep(planner.made(&id, &choice).err().unwrap_or_default());
            }
            for (file, claim) in &catalogue.claims {
                let Some(experiment) =
                    claim.experiment.as_ref().filter(|_| claim.waiting.is_none())
                else {
                    continue;
                };
                let planned = planner
                    .arms(*file, experiment)
                    .and_then(|arms| planner.experiment(*file, experiment, &arms, &choice));
                keep(planned.err().unwrap_or_default());
                keep(
                    own_choice(hypotheses.as_ref(), *file, claim, &choice)
                        .err()
                        .unwrap_or_default(),
                );
            }
        }
        Err(errors) => keep(errors),
    }
    checked.claims = catalogue.claims.len();
    checked
}

/// Paths of interventions that no system has, or not the one they are said for.
fn paths(catalogue: &Catalogue, systems: &HashMap<String, Assembled>) -> Vec<Diagnostic> {
    let document = &catalogue.interventions;
    let mut errors = Vec::new();
    for (name, target) in &document.value {
        for path in [&target.amount, &target.activity, &target.supply].into_iter().flatten() {
            let place = document.place(path);
            let refuse = |message: String| {
                let error = Diagnostic::error("target-path", message).at(place, "");
                error.mend("name a parameter of the model, below the subclone or of the system")
            };
            let found = |assembled: &Assembled, path: &str| {
                let symbols = assembled.below(path);
                let settable = symbols.iter().all(|id| assembled.settable(*id, place).is_ok());
                !symbols.is_empty() && settable
            };
            match path.get_ref() {
                Path::Everywhere(path) => {
                    if !systems.values().any(|s| found(s, path)) {
                        errors.push(refuse(format!(
                            "no system has a parameter `{path}` for `{name}`"
                        )));
                    }
                }
                Path::BySystem(paths) => {
                    for (system, path) in paths {
                        if !systems.get(system).is_some_and(|s| found(s, path)) {
                            let message =
                                format!("system `{system}` has no parameter `{path}` for `{name}`");
                            errors.push(refuse(message));
                        }
                    }
                }
            }
        }
    }
    errors
}

/// Hypotheses that set what no system has, or speak of claims that there are not.
fn answers(
    hypotheses: &Document<Hypotheses>,
    catalogue: &Catalogue,
    systems: &HashMap<String, Assembled>,
) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for hypothesis in hypotheses.value.values() {
        for path in hypothesis.options.values().flat_map(|option| option.keys()) {
            let found = |s: &Assembled| !s.below(path.get_ref()).is_empty();
            if !systems.values().any(found) {
                let message = format!("no system has a parameter `{}`", path.get_ref());
                let error = Diagnostic::error("unknown-symbol", message);
                errors.push(
                    error.at(hypotheses.place(path), "").mend("name a parameter of the model"),
                );
            }
        }
        let known = |id: &str| catalogue.claims.iter().any(|(_, c)| c.id.get_ref() == id);
        for claim in hypothesis.claims.iter().filter(|c| !known(c.get_ref())) {
            let message = format!("there is no claim `{}`", claim.get_ref());
            let error = Diagnostic::error("unknown-claim", message);
            errors.push(error.at(hypotheses.place(claim), "").mend("name a claim that there is"));
        }
    }
    for (name, hypothesis) in &hypotheses.value {
        for option in hypothesis.options.keys() {
            let text = format!("{name}={option}");
            let Ok(choice) = hypothesis::choose(Some(hypotheses), &[text]) else { continue };
            for assembled in systems.values() {
                let set = hypothesis::settings(Some(hypotheses), &choice, assembled);
                errors.extend(set.err().unwrap_or_default());
            }
        }
    }
    errors
}

/// Protocols whose texts cannot be read, used or not.
fn protocols(catalogue: &Catalogue, library: &mut Library) -> Vec<Diagnostic> {
    let document = &catalogue.protocols;
    let mut errors = Vec::new();
    let written = |s: &Spanned<String>| Written::in_document(document, s, &library.sources);
    for protocol in document.value.values() {
        for formula in [&protocol.of, &protocol.value] {
            errors.extend(Formula::parse(&written(formula)).err().map(|e| *e));
        }
        errors.extend(days(&written(&protocol.at)).err().map(|e| *e));
        for deed in protocol.with.iter().chain(&protocol.without) {
            match Intervention::parse(&written(deed)) {
                Ok(intervention) => {
                    let known = deed::known(&intervention, &catalogue.interventions);
                    errors.extend(known.err().map(|e| *e));
                }
                Err(error) => errors.push(*error),
            }
        }
    }
    errors
}
