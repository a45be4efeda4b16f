//! Measurements: rows of the measurement tables, bound to formulas.

use std::collections::HashMap;

use hersim_network::{Diagnostic, nearest};

use super::{
    condition::Source,
    experiment::Experiment,
    gather::{Draft, Gathered, PartDraft},
    observable::{self, Bound, FormulaBinder, Leaf, Observable, Transformation},
    parameter::Parameter,
};
use crate::quantity;

/// One measured value.
pub struct Measurement {
    /// Number of the observable.
    pub observable: usize,
    /// Number of the experiment.
    pub experiment: usize,
    /// Number of the time in the experiment.
    pub time: usize,
    /// The value.
    pub value: f64,
    /// What it is compared with.
    pub formula: Bound,
    /// Its standard deviation on the scale of comparison.
    pub noise: Bound,
    /// What fills the formula's places.
    pub places: Vec<Source>,
    /// What fills the noise's places.
    pub noise_places: Vec<Source>,
    /// Whether the noise depends on parameters or on the simulation.
    pub noise_moves: bool,
    /// Literature source of the row.
    pub source: String,
}

/// A measurement before its formulas are bound.
pub struct Row {
    pub observable: usize,
    pub experiment: usize,
    pub day: f64,
    pub value: f64,
    pub places: Vec<Source>,
    pub noise_places: Vec<Source>,
    pub source: String,
}

pub fn measurements(
    draft: &PartDraft,
    part: usize,
    gathered: &Gathered,
    observables: &[Observable],
    parameters: &[Parameter],
) -> Result<Vec<Row>, Vec<Diagnostic>> {
    let mut rows = Vec::new();
    let mut errors = Vec::new();
    for sheet in &draft.sheets {
        let time_unit = sheet.column("time").and_then(|c| sheet.columns[c].unit.clone());
        for row in &sheet.rows {
            let made = (|| -> Result<Row, Box<Diagnostic>> {
                let id = sheet.needed(row, "observableId")?;
                let known = &observables[draft.observables.clone()];
                let observable = known.iter().position(|o| o.id == id.text).ok_or_else(|| {
                    let message = format!("there is no observable `{}`", id.text);
                    let near = nearest(&id.text, known.iter().map(|o| o.id.as_str()));
                    let error = Diagnostic::error("unknown-observable", message).at(id.span, "");
                    Box::new(match near {
                        Some(near) => error.mend(format!("did you mean `{near}`?")),
                        None => error.mend("add a row to the observable table"),
                    })
                })?;
                let during = sheet.needed(row, "simulationConditionId")?;
                let before = sheet.cell(row, "preequilibrationConditionId");
                let experiment = gathered.find(part, before, during).unwrap_or(0);
                let cell = sheet.needed(row, "time")?;
                let time = cell.number()?;
                let system = &gathered.systems[gathered.experiments[experiment].system];
                let days = match &time_unit {
                    Some(unit) => unit.factor_to(&quantity::day()),
                    None => Some(system.assembled.days_per_time_unit()),
                };
                let day = days.map(|d| d * time).filter(|d| *d >= 0.0).ok_or_else(|| {
                    Box::new(
                        Diagnostic::error("quantity", "this is not a time after the start")
                            .at(cell.span, "")
                            .mend("head the column `time [h]`, and begin at 0"),
                    )
                })?;
                Ok(Row {
                    observable: draft.observables.start + observable,
                    experiment,
                    day,
                    value: sheet.needed(row, "measurement")?.number()?,
                    places: observable::places(
                        sheet.cell(row, "observableParameters"),
                        parameters,
                    )?,
                    noise_places: observable::places(
                        sheet.cell(row, "noiseParameters"),
                        parameters,
                    )?,
                    source: sheet.cell(row, "source").map(|c| c.text.clone()).unwrap_or_default(),
                })
            })();
            match made {
                Ok(row) => rows.push(row),
                Err(error) => errors.push(*error),
            }
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

/// The formulas of an observable and of its noise in one system.
type Formulas = HashMap<(usize, usize), (Bound, Bound)>;

/// Binds the formulas of all measurements.
///
/// # Errors
/// `formula`, `unknown-symbol`, `wrong-columns`, `bad-number`; `document` when there is no
/// measurement.
pub fn bind(
    rows: Vec<Row>,
    observables: &[Observable],
    experiments: &[Experiment],
    parameters: &[Parameter],
    systems: &mut [Draft],
) -> Result<Vec<Measurement>, Vec<Diagnostic>> {
    let formulas = formulas(&rows, observables, experiments, parameters, systems)?;
    let mut errors: Vec<Diagnostic> = Vec::new();
    let mut made = Vec::new();
    for row in rows {
        let observable = &observables[row.observable];
        let experiment = &experiments[row.experiment];
        let Some((formula, noise)) = formulas.get(&(row.observable, experiment.system)) else {
            continue;
        };
        let found = places_fit("observable", observable, formula, &row.places)
            .and_then(|()| places_fit("noise", observable, noise, &row.noise_places))
            .and_then(|()| has_logarithm(observable, row.value));
        if let Err(error) = found {
            // One row says it for all rows with the same mistake.
            if errors.iter().all(|e| e.message != error.message) {
                errors.push(*error);
            }
            continue;
        }
        let moves = |places: &[Source]| {
            places.iter().any(|s| matches!(s, Source::Parameter(i, _) if parameters[*i].estimated))
        };
        let noise_moves = moves(&row.noise_places)
            || noise.leaves().iter().any(|l| match l {
                Leaf::Output(_) | Leaf::Own => true,
                Leaf::Parameter(i) => parameters[*i].estimated,
                Leaf::Place(_) => false,
            });
        let time = experiment.days.iter().position(|d| *d == row.day).unwrap_or(0);
        made.push(Measurement {
            observable: row.observable,
            experiment: row.experiment,
            time,
            value: row.value,
            formula: formula.clone(),
            noise: noise.clone(),
            places: row.places,
            noise_places: row.noise_places,
            noise_moves,
            source: row.source,
        });
    }
    if made.is_empty() && errors.is_empty() {
        errors.push(
            Diagnostic::error("document", "the problem has no measurements")
                .mend("add rows to its measurement table"),
        );
    }
    if errors.is_empty() { Ok(made) } else { Err(errors) }
}

/// Binds each observable that is measured to each system it is measured in.
fn formulas(
    rows: &[Row],
    observables: &[Observable],
    experiments: &[Experiment],
    parameters: &[Parameter],
    systems: &mut [Draft],
) -> Result<Formulas, Vec<Diagnostic>> {
    let mut keys: Vec<(usize, usize)> =
        rows.iter().map(|r| (r.observable, experiments[r.experiment].system)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut formulas = Formulas::new();
    let mut errors = Vec::new();
    for (observable, system) in keys {
        let draft = &mut systems[system];
        let mut binder =
            FormulaBinder { assembled: &draft.assembled, parameters, outputs: &mut draft.outputs };
        let observed = &observables[observable];
        match (binder.formula(observed), binder.noise(observed)) {
            (Ok(formula), Ok(noise)) => {
                formulas.insert((observable, system), (formula, noise));
            }
            (formula, noise) => {
                errors.extend([formula.err(), noise.err()].into_iter().flatten().map(|e| *e));
            }
        }
    }
    if errors.is_empty() { Ok(formulas) } else { Err(errors) }
}

/// Whether a measurement fills all places of a formula, and no more.
fn places_fit(
    what: &str,
    observable: &Observable,
    formula: &Bound,
    places: &[Source],
) -> Result<(), Box<Diagnostic>> {
    let place = |leaf: &Leaf| if let Leaf::Place(i) = leaf { Some(i + 1) } else { None };
    let needed = formula.leaves().iter().filter_map(place).max().unwrap_or(0);
    if needed == places.len() {
        return Ok(());
    }
    let message = format!(
        "{what} `{}` needs {needed} parameters in each measurement; one has {}",
        observable.id,
        places.len()
    );
    Err(Box::new(
        Diagnostic::error("wrong-columns", message)
            .at(observable.formula.whole(), "")
            .mend(format!("fill `{what}Parameters`, separated by `;`")),
    ))
}

/// Refuses a measurement that the observable's scale cannot show.
fn has_logarithm(observable: &Observable, value: f64) -> Result<(), Box<Diagnostic>> {
    if observable.transformation == Transformation::Lin || value > 0.0 {
        return Ok(());
    }
    let message = format!("a measurement of `{}` has no logarithm: {value}", observable.id);
    Err(Box::new(
        Diagnostic::error("bad-number", message)
            .at(observable.formula.whole(), "")
            .mend("leave it out, or compare on the scale `lin`"),
    ))
}

/// Refuses parameters that nothing uses, and problems that estimate nothing.
pub fn check_use(
    parameters: &[Parameter],
    measurements: &[Measurement],
    experiments: &[Experiment],
) -> Result<(), Vec<Diagnostic>> {
    let mut used = vec![false; parameters.len()];
    let mut mark = |source: &Source| {
        if let Source::Parameter(i, _) = source {
            used[*i] = true;
        }
    };
    for m in measurements {
        m.places.iter().chain(&m.noise_places).for_each(&mut mark);
        for leaf in m.formula.leaves().iter().chain(m.noise.leaves()) {
            if let Leaf::Parameter(i) = leaf {
                mark(&Source::Parameter(*i, 1.0));
            }
        }
    }
    for e in experiments {
        e.before.iter().chain(&e.during).for_each(|(_, source)| mark(source));
    }
    let mut errors = Vec::new();
    for (parameter, used) in parameters.iter().zip(used) {
        if !used && parameter.symbols.iter().all(Vec::is_empty) {
            let message = format!(
                "`{}` is neither in the model nor in a formula or table of the problem",
                parameter.id
            );
            errors.push(
                Diagnostic::error("unknown-parameter", message)
                    .at(parameter.place, "")
                    .mend("mend its name, or remove the row"),
            );
        }
    }
    if !parameters.iter().any(|p| p.estimated) {
        errors.push(Diagnostic::error("document", "the problem estimates nothing").mend(
            "set `estimate` to 1 in its parameter table, or name parameters of the model \
                 under `hersim: estimate:`",
        ));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
