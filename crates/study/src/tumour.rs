//! From a tumour's attributes to parameter values.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, Sources, Span, SymbolId, nearest};
use hersim_units::Unit;

use crate::{
    assemble::Assembled,
    document::{Document, Spanned},
    library::{Attribute, AttributeValue, Attributes, NumberOrWord, Scope, Tumour},
    written::Written,
};

/// Parameter values that a tumour's attributes stand for.
///
/// # Errors
/// All attributes that are unknown, out of range or in a wrong unit; subclones that the system
/// does not have; shares that do not sum to one.
pub fn attribute_settings(
    tumour: &Document<Tumour>,
    attributes: &Document<Attributes>,
    assembled: &Assembled,
    sources: &Sources,
) -> Result<Vec<(SymbolId, f64)>, Vec<Diagnostic>> {
    if let Some(made) = &tumour.value.made {
        let message = format!("`{}` is made by selection and has no attributes", tumour.value.id);
        let error = Diagnostic::error("made-tumour", message);
        return Err(vec![
            error
                .at(tumour.place(&made.from), "made from this")
                .mend("only the arms of claims can begin with it; name the tumour it is made from"),
        ]);
    }
    let mut settings = Vec::new();
    let mut errors = Vec::new();
    let mut set = |given: &BTreeMap<Spanned<String>, AttributeValue>, subclones: &[String]| {
        for (name, value) in given {
            let place = tumour.place(name);
            let Some(attribute) = attributes.value.get(name.get_ref()) else {
                errors.push(unknown_attribute(name.get_ref(), attributes, Some(place)));
                continue;
            };
            let number = match number(attribute, value, tumour, sources) {
                Ok(number) => number,
                Err(error) => {
                    errors.push(*error);
                    continue;
                }
            };
            let parameter = attribute.parameter.get_ref();
            let names: Vec<String> = match attribute.scope {
                Scope::Host => vec![parameter.clone()],
                Scope::Subclone => subclones.iter().map(|s| format!("{s}.{parameter}")).collect(),
            };
            for name in names {
                // A host that lacks the part an attribute speaks of (a dish has no genotype)
                // is not an error of the tumour.
                if attribute.scope == Scope::Host && assembled.network.find(&name).is_none() {
                    continue;
                }
                match assembled.symbol(&name, Some(attributes.place(&attribute.parameter))) {
                    Ok(id) => {
                        let unit = Unit::parse(attribute.unit.get_ref()).ok();
                        let factor = unit.and_then(|u| u.factor_to(&assembled.unit(id)));
                        match factor {
                            Some(factor) => settings.push((id, number * factor)),
                            None => errors.push(
                                Diagnostic::error(
                                    "unit",
                                    format!(
                                        "`{}` is not the unit of `{name}`",
                                        attribute.unit.get_ref()
                                    ),
                                )
                                .at(attributes.place(&attribute.unit), "")
                                .mend(format!("needed is `{}`", assembled.unit(id))),
                            ),
                        }
                    }
                    Err(error) => errors.push(*error),
                }
            }
        }
    };
    set(&tumour.value.attributes, &assembled.subclones);
    for subclone in &tumour.value.subclone {
        set(&subclone.attributes, std::slice::from_ref(&subclone.id));
    }
    errors.extend(check_subclones(tumour, assembled));
    if errors.is_empty() { Ok(settings) } else { Err(errors) }
}

fn check_subclones(tumour: &Document<Tumour>, assembled: &Assembled) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut total = 0.0;
    for subclone in &tumour.value.subclone {
        total += subclone.fraction.get_ref();
        if !assembled.subclones.contains(&subclone.id) {
            errors.push(
                Diagnostic::error(
                    "unknown-subclone",
                    format!("there is no subclone `{}`", subclone.id),
                )
                .at(tumour.place(&subclone.fraction), "")
                .mend(format!("known: {}", assembled.subclones.join(", "))),
            );
        }
    }
    if let Some(last) = tumour.value.subclone.last().filter(|_| (total - 1.0f64).abs() > 1e-9) {
        errors.push(
            Diagnostic::error("shares", format!("the subclones' fractions sum to {total}"))
                .at(tumour.place(&last.fraction), "")
                .mend("make them sum to 1"),
        );
    }
    errors
}

/// The message for an attribute that does not exist.
pub fn unknown_attribute(
    name: &str,
    attributes: &Document<Attributes>,
    place: Option<Span>,
) -> Diagnostic {
    let mut error =
        Diagnostic::error("unknown-attribute", format!("there is no attribute `{name}`"));
    if let Some(place) = place {
        error = error.at(place, "not in model/attributes.toml");
    }
    let known: Vec<&str> = attributes.value.keys().map(String::as_str).collect();
    error.mend(match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    })
}

/// The value in the attribute's own unit.
fn number(
    attribute: &Attribute,
    given: &AttributeValue,
    tumour: &Document<Tumour>,
    sources: &Sources,
) -> Result<f64, Box<Diagnostic>> {
    let place = tumour.place(&given.value);
    let value = match given.value.get_ref() {
        NumberOrWord::Number(value) => {
            let Some(unit) = &given.unit else {
                return Err(Box::new(
                    Diagnostic::error("unit", "this number has no unit")
                        .at(place, "")
                        .mend(format!("add `unit = \"{}\"`", attribute.unit.get_ref())),
                ));
            };
            let text = Written::in_document(tumour, unit, sources);
            let factor = Unit::parse(unit.get_ref())
                .map_err(|e| e.to_string())
                .and_then(|u| {
                    let needed =
                        Unit::parse(attribute.unit.get_ref()).map_err(|e| e.to_string())?;
                    u.factor_to(&needed)
                        .ok_or_else(|| format!("`{u}` cannot be expressed in `{needed}`"))
                })
                .map_err(|message| {
                    let mend = format!("give it in `{}`", attribute.unit.get_ref());
                    Box::new(Diagnostic::error("unit", message).at(text.whole(), "").mend(mend))
                })?;
            value * factor
        }
        NumberOrWord::Word(word) => *attribute.levels.get(word).ok_or_else(|| {
            let known: Vec<&str> = attribute.levels.keys().map(String::as_str).collect();
            Box::new(
                Diagnostic::error(
                    "unknown-level",
                    format!("`{word}` is not a level of this attribute"),
                )
                .at(place, "")
                .mend(format!("give a number, or one of: {}", known.join(", "))),
            )
        })?,
    };
    let [low, high] = attribute.range;
    if !(low..=high).contains(&value) {
        return Err(Box::new(
            Diagnostic::error("out-of-range", format!("{value} lies outside {low} to {high}"))
                .at(place, "")
                .mend(format!("the range is for: {}", attribute.meaning)),
        ));
    }
    Ok(value)
}
