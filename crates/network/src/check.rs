//! What a well-formed network is.

mod conservation;
mod structure;
mod units;
mod wording;

use crate::{Diagnostic, Network};

pub use conservation::conservation;
pub use structure::contradictions;

/// Everything wrong with a network, errors and warnings, in the order of the symbols.
///
/// Units are checked exactly over every formula (`unit-mismatch`, `unit-argument`,
/// `unit-missing`, `unit-range`, `condition-as-number`, `not-a-condition`). Structure:
/// `value-missing`, `value-not-finite`, `rule-cycle`, `rule-and-reaction`, `constant-changed`,
/// `event-and-rule`, `stoichiometry` are errors; `orphan-species`, `orphan-parameter`,
/// `rate-ignores-reactant` and `reaction-empty` are warnings.
///
/// A mistake in a text that is used several times (one module, many instances) is told once.
pub fn check(network: &Network) -> Vec<Diagnostic> {
    let mut found = structure::check(network);
    found.extend(units::check(network));
    let mut seen = std::collections::HashSet::new();
    found.retain(|diagnostic| {
        let place = diagnostic.at.as_ref().map(|(span, _)| *span);
        match place.filter(|span| *span != crate::Span::NONE) {
            Some(span) => seen.insert((diagnostic.code, Some(span), String::new())),
            None => seen.insert((diagnostic.code, None, diagnostic.message.clone())),
        }
    });
    found
}

#[cfg(test)]
mod tests;
