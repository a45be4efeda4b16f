//! Names that a trial's file uses must exist.

use hersim_network::{Diagnostic, Span, nearest};

use super::TrialPlan;
use crate::{
    condition::Condition,
    document::{Document, Spanned},
    library::Library,
    written::Written,
};

/// Published figures and treatments must speak of arms that exist.
pub fn check_names(plan: &Document<TrialPlan>) -> Vec<Diagnostic> {
    let arms: Vec<&str> = plan.value.arm.iter().map(|a| a.id.as_str()).collect();
    let spoken_of = (plan.value.result.iter().map(|r| &r.arm))
        .chain(plan.value.after_progression.iter().map(|a| &a.arm));
    let mut errors: Vec<Diagnostic> = spoken_of
        .filter(|arm| !arms.contains(&arm.get_ref().as_str()))
        .map(|arm| unknown("arm", arm.get_ref(), &arms, plan.place(arm)))
        .collect();
    for contrast in &plan.value.contrast {
        for arm in contrast.arms.iter().filter(|a| !arms.contains(&a.as_str())) {
            errors.push(unknown("arm", arm, &arms, plan.place(&contrast.endpoint)));
        }
    }
    errors
}

/// Conditions from their texts.
///
/// # Errors
/// `condition`, `unknown-name`: all of them.
pub fn conditions(
    plan: &Document<TrialPlan>,
    texts: &[Spanned<String>],
    known: &[String],
    library: &Library,
) -> Result<Vec<Condition>, Vec<Diagnostic>> {
    let mut conditions = Vec::new();
    let mut errors = Vec::new();
    for text in texts {
        match Condition::parse(&Written::in_document(plan, text, &library.sources), known) {
            Ok(condition) => conditions.push(condition),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(conditions) } else { Err(errors) }
}

/// The message for a name that the trial does not have.
pub fn unknown(what: &str, name: &str, known: &[&str], place: Span) -> Diagnostic {
    let error = Diagnostic::error("unknown-name", format!("the trial has no {what} `{name}`"))
        .at(place, "");
    error.mend(match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    })
}
