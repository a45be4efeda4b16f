//! From an intervention as written to what it changes on a stage.

use hersim_network::{Diagnostic, Span, SymbolId, nearest};
use hersim_units::Unit;

use super::{
    formula::Step,
    intervention::{Deed, Intervention, Interventions, Number, Path, Target, Word},
    stage::Stage,
};
use crate::{
    document::{Document, Spanned},
    dosing::BoundRegimen,
    library::{Drug, Library, Scope, Shelf},
    quantity::Quantity,
    regimen::Regimen,
};

/// One change.
#[derive(Clone, Debug)]
pub enum Op {
    /// A parameter gets a value.
    Set(SymbolId, f64),
    /// A parameter is multiplied.
    Scale(SymbolId, f64),
    /// A symbol is held where it is, or at a value.
    Clamp(SymbolId, Option<f64>),
    /// A regimen begins.
    Doses(BoundRegimen),
    /// A drug is no longer given.
    Stop(String),
}

/// The changes that an intervention makes on a stage; tells the stage what they need.
///
/// # Errors
/// `unknown-target`, `target-path`, `unknown-symbol`, `unknown-subclone`, `quantity`,
/// `not-settable`, and what is wrong with a regimen.
pub fn bind(
    intervention: &Intervention,
    stage: &mut Stage,
    interventions: &Document<Interventions>,
    library: &mut Library,
) -> Result<Vec<Op>, Vec<Diagnostic>> {
    let ops = match &intervention.deed {
        Deed::Drug(word) => drug(word, intervention, stage, library)?,
        Deed::Stop(word) => stop(word, stage, library)?,
        Deed::Clamp(word, value) => {
            clamp(word, value.as_ref(), intervention, stage).map_err(|e| vec![*e])?
        }
        _ => parameters(intervention, stage, interventions).map_err(|e| vec![*e])?,
    };
    for op in &ops {
        match op {
            Op::Set(id, _) | Op::Scale(id, _) => {
                stage
                    .assembled
                    .settable(*id, intervention.written.whole())
                    .map_err(|e| vec![*e])?;
                stage.vary(*id);
            }
            Op::Doses(regimen) => {
                for id in regimen.inputs() {
                    if !stage.inputs.contains(&id) {
                        stage.inputs.push(id);
                    }
                }
            }
            Op::Clamp(..) | Op::Stop(_) => {}
        }
    }
    Ok(ops)
}

/// Interventions that set or multiply parameters.
fn parameters(
    intervention: &Intervention,
    stage: &Stage,
    interventions: &Document<Interventions>,
) -> Step<Vec<Op>> {
    let only = intervention.only.as_ref().map(|w| (w.text.as_str(), w.place));
    if let Deed::Set(word, number) = &intervention.deed {
        return (stage.symbols(&word.text, word.place, only)?.into_iter())
            .map(|id| Ok(Op::Set(id, in_unit_of(number, id, None, stage)?)))
            .collect();
    }
    let (word, way) = match &intervention.deed {
        Deed::Amount(word, _) => (word, "amount"),
        Deed::Activity(word, _) => (word, "activity"),
        Deed::Add(word, _) | Deed::Remove(word) => (word, "supply"),
        Deed::Set(word, _) | Deed::Clamp(word, _) | Deed::Drug(word) | Deed::Stop(word) => {
            (word, "")
        }
    };
    let target = target(word, interventions)?;
    let path = match way {
        "amount" => &target.amount,
        "activity" => &target.activity,
        _ => &target.supply,
    };
    let (path, document) = path_in(path.as_ref(), word, way, target, stage, interventions)?;
    if target.scope == Scope::Host
        && let Some((_, place)) = only
    {
        let message = format!("`{}` belongs to the host, not to a subclone", word.text);
        return Err(Box::new(
            Diagnostic::error("target-path", message).at(place, "").mend("leave out `in …`"),
        ));
    }
    let symbols = stage.symbols(&path, word.place, only).map_err(|error| match error.code {
        "unknown-symbol" => Box::new(error.also(document, "the path stands here")),
        _ => error,
    })?;
    let molar_mass = target.molar_mass.as_ref().and_then(|mass| {
        let unit = Unit::parse(mass.unit.get_ref()).ok()?;
        Some(Quantity { value: mass.value, unit })
    });
    (symbols.into_iter())
        .map(|id| {
            Ok(match &intervention.deed {
                Deed::Amount(_, factor) | Deed::Activity(_, factor) if *factor == 0.0 => {
                    Op::Set(id, 0.0)
                }
                Deed::Amount(_, factor) | Deed::Activity(_, factor) => Op::Scale(id, *factor),
                Deed::Add(_, number) => {
                    Op::Set(id, in_unit_of(number, id, molar_mass.as_ref(), stage)?)
                }
                _ => Op::Set(id, 0.0),
            })
        })
        .collect()
}

/// Whether the target of an intervention is known, whatever the system.
///
/// # Errors
/// `unknown-target`.
pub fn known(intervention: &Intervention, interventions: &Document<Interventions>) -> Step<()> {
    match &intervention.deed {
        Deed::Amount(word, _)
        | Deed::Activity(word, _)
        | Deed::Add(word, _)
        | Deed::Remove(word) => target(word, interventions).map(|_| ()),
        Deed::Set(..) | Deed::Clamp(..) | Deed::Drug(_) | Deed::Stop(_) => Ok(()),
    }
}

/// The target that a word names.
fn target<'a>(word: &Word, interventions: &'a Document<Interventions>) -> Step<&'a Target> {
    interventions.value.get(&word.text).ok_or_else(|| {
        let message = format!("nothing is known that acts on `{}`", word.text);
        let error = Diagnostic::error("unknown-target", message).at(word.place, "");
        let known = interventions.value.keys().map(String::as_str);
        Box::new(match nearest(&word.text, known) {
            Some(near) => error.mend(format!("did you mean `{near}`?")),
            None => error.mend("add it to model/interventions.toml"),
        })
    })
}

/// The path of a target in the stage's system, and where that is written.
fn path_in(
    path: Option<&Spanned<Path>>,
    word: &Word,
    way: &str,
    target: &Target,
    stage: &Stage,
    interventions: &Document<Interventions>,
) -> Step<(String, Span)> {
    let refuse = |message: String, mend: String| {
        Err(Box::new(Diagnostic::error("target-path", message).at(word.place, "").mend(mend)))
    };
    let Some(path) = path else {
        let ways = [
            (&target.amount, "knock out, lower, raise"),
            (&target.activity, "inhibit, activate"),
            (&target.supply, "add, remove"),
        ];
        let known: Vec<&str> =
            ways.iter().filter(|(path, _)| path.is_some()).map(|(_, verbs)| *verbs).collect();
        return refuse(
            format!("`{}` has no `{way}` in model/interventions.toml", word.text),
            format!("known for it: {}", known.join("; ")),
        );
    };
    match path.get_ref().in_system(stage.system()) {
        Some(found) => Ok((found.to_string(), interventions.place(path))),
        None => refuse(
            format!("`{}` has no `{way}` in system `{}`", word.text, stage.system()),
            "add the system's path in model/interventions.toml".into(),
        ),
    }
}

/// A number in the unit of a symbol; by way of the molar mass when that is needed.
pub fn in_unit_of(
    number: &Number,
    id: SymbolId,
    molar_mass: Option<&Quantity>,
    stage: &Stage,
) -> Step<f64> {
    let needed = stage.assembled.unit(id);
    if let Some(factor) = number.unit.factor_to(&needed) {
        return Ok(number.value * factor);
    }
    let by_mass = molar_mass.and_then(|mass| {
        let factor = (&number.unit / &mass.unit).factor_to(&needed)?;
        Some(number.value * factor / mass.value)
    });
    by_mass.ok_or_else(|| {
        let name = &stage.assembled.network[id].name;
        let message = format!("`{}` is not a unit of `{name}`", number.unit);
        Box::new(
            Diagnostic::error("quantity", message)
                .at(number.place, "")
                .mend(format!("it is counted in `{needed}`")),
        )
    })
}

fn clamp(
    word: &Word,
    value: Option<&Number>,
    intervention: &Intervention,
    stage: &mut Stage,
) -> Step<Vec<Op>> {
    let only = intervention.only.as_ref().map(|w| (w.text.as_str(), w.place));
    let mut ops = Vec::new();
    for id in stage.symbols(&word.text, word.place, only)? {
        let value = value.map(|number| in_unit_of(number, id, None, stage)).transpose()?;
        if stage.gate(id).is_none() {
            let message = format!("`{}` cannot be clamped", word.text);
            return Err(Box::new(Diagnostic::error("target-path", message).at(word.place, "")));
        }
        ops.push(Op::Clamp(id, value));
    }
    Ok(ops)
}

/// A drug held at a concentration, or a regimen.
fn drug(
    word: &Word,
    intervention: &Intervention,
    stage: &Stage,
    library: &mut Library,
) -> Result<Vec<Op>, Vec<Diagnostic>> {
    let known: Document<Drug> = library.read(Shelf::Drugs, &word.text, Some(word.place))?;
    let written = &intervention.written;
    let sets = (known.value.system.get(stage.system())).and_then(|route| route.sets.as_ref());
    let words = written.words();
    let (Some(sets), [_, (from, number), (_, unit)]) = (sets, words.as_slice()) else {
        let regimen = Regimen::parse(written)?;
        let mut bound = BoundRegimen::bind(&regimen, &stage.assembled, library)?;
        // The same regimen is the same wherever it is written.
        for bound in &mut bound.orders {
            (bound.order.drug_span, bound.order.dose_span) = (Span::NONE, Span::NONE);
        }
        return Ok(vec![Op::Doses(bound)]);
    };
    let place = written.place(*from, written.text.len());
    let refuse = |message: String| {
        let error = Diagnostic::error("quantity", message).at(place, "");
        vec![error.mend("write for example `DRUG 10 ug/mL`")]
    };
    let quantity = Quantity::parse(&format!("{number} {unit}")).map_err(refuse)?;
    let number = Number { value: quantity.value, unit: quantity.unit, place };
    let mass = &known.value.molar_mass;
    let molar_mass =
        Unit::parse(mass.unit.get_ref()).ok().map(|unit| Quantity { value: mass.value, unit });
    let symbol =
        (stage.assembled.symbol(sets.get_ref(), Some(known.place(sets)))).map_err(|e| vec![*e])?;
    let value = in_unit_of(&number, symbol, molar_mass.as_ref(), stage).map_err(|e| vec![*e])?;
    Ok(vec![Op::Set(symbol, value)])
}

fn stop(word: &Word, stage: &Stage, library: &mut Library) -> Result<Vec<Op>, Vec<Diagnostic>> {
    let known: Document<Drug> = library.read(Shelf::Drugs, &word.text, Some(word.place))?;
    let sets = (known.value.system.get(stage.system())).and_then(|route| route.sets.as_ref());
    match sets {
        Some(sets) => {
            let found = stage.assembled.symbol(sets.get_ref(), Some(known.place(sets)));
            Ok(vec![Op::Set(found.map_err(|e| vec![*e])?, 0.0)])
        }
        None => Ok(vec![Op::Stop(word.text.clone())]),
    }
}
