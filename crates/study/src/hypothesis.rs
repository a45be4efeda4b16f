//! `model/hypotheses.toml`: questions that the literature leaves open, and the answers to choose
//! from. An answer is a set of parameters that hold from before equilibration on.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, SymbolId, Value, nearest};
use hersim_units::Unit;
use serde::Deserialize;

use crate::{
    assemble::Assembled,
    document::{self, Document, Spanned},
    library::Library,
};

/// All hypotheses by name.
pub type Hypotheses = BTreeMap<String, Hypothesis>;

/// One open question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// The question.
    pub question: String,
    /// The answer that holds unless another is chosen.
    pub default: Spanned<String>,
    /// Why that one.
    pub because: String,
    /// Where that stands.
    #[serde(default)]
    pub source: String,
    /// Claims that the answers decide between.
    #[serde(default)]
    pub claims: Vec<Spanned<String>>,
    /// Answers by name; each sets parameters.
    pub options: BTreeMap<String, BTreeMap<Spanned<String>, Setting>>,
}

/// Value of one parameter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Spanned<String>,
}

/// The answer chosen for each hypothesis.
pub type Choice = BTreeMap<String, String>;

/// Reads `model/hypotheses.toml`; a model without one leaves nothing open.
///
/// # Errors
/// When the file is not valid, or a default is not among the options.
pub fn read(library: &mut Library) -> Result<Option<Document<Hypotheses>>, Vec<Diagnostic>> {
    let path = library.path("model/hypotheses.toml");
    if !path.is_file() {
        return Ok(None);
    }
    let (files, sources) = library.reader();
    let found: Document<Hypotheses> = document::read(files, &path, sources)?;
    let errors: Vec<Diagnostic> = (found.value.iter())
        .filter(|(_, hypothesis)| !hypothesis.options.contains_key(hypothesis.default.get_ref()))
        .map(|(name, hypothesis)| {
            unknown_option(name, hypothesis.default.get_ref(), hypothesis)
                .at(found.place(&hypothesis.default), "")
        })
        .collect();
    if errors.is_empty() { Ok(Some(found)) } else { Err(errors) }
}

/// The defaults, changed by `NAME=OPTION` texts.
///
/// # Errors
/// `unknown-hypothesis` and `unknown-option`, all of them.
pub fn choose(
    hypotheses: Option<&Document<Hypotheses>>,
    texts: &[String],
) -> Result<Choice, Vec<Diagnostic>> {
    let none = Hypotheses::new();
    let known = hypotheses.map_or(&none, |h| &h.value);
    let mut choice: Choice =
        known.iter().map(|(name, h)| (name.clone(), h.default.get_ref().clone())).collect();
    let mut errors = Vec::new();
    for text in texts {
        let (name, option) = text.split_once('=').unwrap_or((text, ""));
        match pick(known, name.trim(), option.trim()) {
            Ok(()) => {
                choice.insert(name.trim().to_string(), option.trim().to_string());
            }
            Err(error) => errors.push(*error),
        }
    }
    if errors.is_empty() { Ok(choice) } else { Err(errors) }
}

/// Puts the answers that the library was opened with into a system.
///
/// # Errors
/// As [`read`], [`choose`] and [`settings`].
pub fn answer(library: &mut Library, assembled: &mut Assembled) -> Result<(), Vec<Diagnostic>> {
    let hypotheses = read(library)?;
    let choice = choose(hypotheses.as_ref(), &library.answers)?;
    for (id, value) in settings(hypotheses.as_ref(), &choice, assembled)? {
        assembled.network[id].value = Value::Number(value);
    }
    Ok(())
}

/// Whether a hypothesis has this option.
///
/// # Errors
/// `unknown-hypothesis` or `unknown-option`, without a place.
pub fn pick(known: &Hypotheses, name: &str, option: &str) -> Result<(), Box<Diagnostic>> {
    let Some(hypothesis) = known.get(name) else {
        let message = format!("there is no hypothesis `{name}`");
        let error = Diagnostic::error("unknown-hypothesis", message);
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        return Err(Box::new(error.mend(match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", names.join(", ")),
        })));
    };
    if hypothesis.options.contains_key(option) {
        return Ok(());
    }
    Err(Box::new(unknown_option(name, option, hypothesis)))
}

fn unknown_option(name: &str, option: &str, hypothesis: &Hypothesis) -> Diagnostic {
    let known: Vec<&str> = hypothesis.options.keys().map(String::as_str).collect();
    Diagnostic::error("unknown-option", format!("hypothesis `{name}` has no option `{option}`"))
        .mend(format!("known: {}", known.join(", ")))
}

/// The parameters that a choice sets in a system, with their values. A path below a subclone
/// means every subclone; paths that a system does not have are passed over, since systems have
/// different hosts.
///
/// # Errors
/// `unit` where a number cannot be expressed in the parameter's unit.
pub fn settings(
    hypotheses: Option<&Document<Hypotheses>>,
    choice: &Choice,
    assembled: &Assembled,
) -> Result<Vec<(SymbolId, f64)>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    let Some(document) = hypotheses else { return Ok(found) };
    for (name, option) in choice {
        let set = document.value.get(name).and_then(|h| h.options.get(option));
        for (path, setting) in set.into_iter().flatten() {
            for id in assembled.below(path.get_ref()) {
                let needed = assembled.unit(id);
                let factor = Unit::parse(setting.unit.get_ref()).ok();
                match factor.and_then(|unit| unit.factor_to(&needed)) {
                    Some(factor) => match assembled.settable(id, document.place(path)) {
                        Ok(()) => found.push((id, setting.value * factor)),
                        Err(error) => errors.push(*error),
                    },
                    None => errors.push(
                        Diagnostic::error(
                            "unit",
                            format!(
                                "`{}` is not the unit of this parameter",
                                setting.unit.get_ref()
                            ),
                        )
                        .at(document.place(&setting.unit), "")
                        .mend(format!("needed is `{needed}`")),
                    ),
                }
            }
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}
