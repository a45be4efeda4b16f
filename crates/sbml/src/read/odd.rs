//! What is legal in a model but probably not meant.

use hersim_network::Diagnostic;

use super::{
    syntax::{Model, Name},
    units::{Meaning, Units},
};

/// Units that mean nothing, reactions without a rate and events that never happen.
pub(super) fn found(model: &Model, level: u32) -> Vec<Diagnostic> {
    let mut found = units(model, level);
    for reaction in &model.reactions {
        if reaction.law.as_ref().is_none_or(|law| law.math.is_none()) {
            let message = format!("reaction `{}` has no rate, so it never runs", reaction.head.id);
            found.push(
                Diagnostic::warning("rate-missing", message)
                    .at(reaction.head.span, "")
                    .mend("give it a `kineticLaw` with `math`"),
            );
        }
    }
    for event in &model.events {
        if event.trigger.as_ref().is_none_or(|trigger| trigger.math.is_none()) {
            let message = format!("event `{}` has no trigger, so it never happens", event.head.id);
            found.push(
                Diagnostic::warning("event-never", message)
                    .at(event.head.span, "")
                    .mend("give it a `trigger` with `math`"),
            );
        }
    }
    found
}

fn units(model: &Model, level: u32) -> Vec<Diagnostic> {
    let units = Units::of(model, level);
    let mut found = Vec::new();
    for definition in &model.units {
        for factor in &definition.factors {
            let kind = Name { text: factor.kind.clone(), span: definition.head.span };
            odd(&units, &kind, &mut found);
        }
        let whole = Name { text: definition.head.id.clone(), span: definition.head.span };
        if let Meaning::Inexact = units.meaning(&whole.text) {
            found.push(inexact(&whole));
        }
    }
    let whole = [&model.time_units, &model.substance_units, &model.extent_units];
    let names = (whole.into_iter().chain(&model.space_units))
        .chain(model.compartments.iter().map(|c| &c.units))
        .chain(model.species.iter().map(|s| &s.units))
        .chain(model.parameters.iter().map(|p| &p.units))
        .chain(
            model.reactions.iter().flat_map(|r| &r.law).flat_map(|l| &l.locals).map(|p| &p.units),
        );
    for name in names.flatten() {
        odd(&units, name, &mut found);
    }
    found
}

fn odd(units: &Units, name: &Name, found: &mut Vec<Diagnostic>) {
    if let Meaning::Nothing = units.meaning(&name.text) {
        found.push(
            Diagnostic::warning("unknown-unit", format!("there is no unit `{}`", name.text))
                .at(name.span, "")
                .mend("define it in `listOfUnitDefinitions`, or name a unit of SBML"),
        );
    }
}

fn inexact(name: &Name) -> Diagnostic {
    let message = format!("unit `{}` cannot be kept exactly", name.text);
    Diagnostic::warning("unit-range", message)
        .at(name.span, "nothing is checked with it")
        .mend("numbers are taken as they stand; use no offsets and small exponents")
}
