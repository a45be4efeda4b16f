//! One tumour under one regimen: curves over time.

use hersim_engine::{Failure, Leg, Moment, Reached, Subject, run};
use hersim_network::{Diagnostic, Rule, Symbol, SymbolId, SymbolKind};
use hersim_store::{Column, Table};
use hersim_units::Unit;

use crate::{
    assemble::{Assembled, assemble},
    document::Document,
    dosing::{BodySize, BoundRegimen, Delivered, EventTable, SteadyRun, read_events, steady_state},
    equilibrate::{EnsembleSettings, Programs, Ready, Rest, describe_failure, typical_scale},
    error::StudyError,
    library::{Attributes, Drug, Host, Library, Scope, Shelf, Tumour, host_settings, regimen},
    outcome::{Series, Trace},
    population::{Ingredients, Population},
    quantity::Quantity,
    readout::{self, Column as Shown},
    treatment::Treatment,
    written::Written,
};

/// Rows a simulation may give.
const MOST_ROWS: f64 = 1e7;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct SimulateRequest {
    /// Identifier of the tumour; without one the tables' values are taken.
    pub tumour: Option<String>,
    /// Identifier of the system.
    pub system: String,
    /// Identifier of the host; without one the tables' values are taken.
    pub host: Option<String>,
    /// Regimen as text, or the id of one in the library.
    pub regimen: Option<String>,
    /// Table of doses, instead of a regimen.
    pub events: Option<EventTable>,
    /// Concentrations to hold from time zero, as `NAME=QUANTITY`.
    pub medium: Vec<String>,
    /// Parameters to set for the whole run, equilibration included, as `SYMBOL=QUANTITY`.
    pub set: Vec<String>,
    /// Length, as text with a unit.
    pub duration: String,
    /// Time between rows, as text with a unit.
    pub every: String,
    /// Whether to give every state besides the readouts.
    pub all_states: bool,
    /// Tolerances.
    pub settings: EnsembleSettings,
}

/// What an attribute asked for and what equilibration achieved.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Achieved {
    /// Attribute.
    pub attribute: String,
    /// Subclone.
    pub subclone: String,
    /// Asked for, in `unit`.
    pub asked: f64,
    /// Achieved, in `unit`.
    pub achieved: f64,
    /// Unit.
    pub unit: String,
}

/// A finished simulation.
pub struct Simulation {
    /// Rows over time: `day`, then the readouts, then the states if asked for.
    pub table: Table,
    /// The readouts, to draw.
    pub trace: Trace,
    /// Attributes that equilibration had to achieve.
    pub achieved: Vec<Achieved>,
    /// What arrived of each drug, dose by dose and infusion by infusion as it was given.
    pub delivered: Vec<Delivered>,
    /// How equilibration ended.
    pub rest: Rest,
    /// Why the integration stopped early, if it did.
    pub failure: Option<String>,
    /// What is legal in the model but probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// A tumour in a system, brought to rest, with a regimen to be given: what `simulate` runs and
/// `convert` writes out.
pub struct Prepared {
    /// The system.
    pub assembled: Assembled,
    /// Compiled.
    pub programs: Programs,
    /// The tumour at rest, concentrations of the medium set.
    pub ready: Ready,
    /// The regimen.
    pub regimen: BoundRegimen,
    /// Body size for doses.
    pub size: BodySize,
    /// States that the regimen's resets return to.
    origins: Vec<Vec<f64>>,
    /// Columns of the outputs, after those that are hidden.
    columns: Vec<Shown>,
    /// Number of outputs that only give the body size.
    hidden: usize,
    /// How many columns are readouts; the rest are states.
    readouts: usize,
    achieved: Vec<Achieved>,
}

/// Simulates one tumour.
///
/// # Errors
/// What is wrong with the input.
pub fn simulate(
    library: &mut Library,
    request: &SimulateRequest,
) -> Result<Simulation, StudyError> {
    let duration = argument_days("--for", &request.duration, library)?;
    let every = argument_days("--every", &request.every, library)?;
    if every <= 0.0 || duration / every > MOST_ROWS {
        let place = Written::argument("--every", &request.every, &mut library.sources);
        let message = format!("this gives no row, or more than {MOST_ROWS:e} rows");
        let error = Diagnostic::error("quantity", message).at(place.whole(), "");
        return Err(Box::new(error.mend("choose a longer time between rows")).into());
    }
    let prepared = prepare(library, request)?;
    let mut course = Course::new(&prepared, duration, every);
    let program = &prepared.programs.during;
    if !matches!(prepared.ready.rest, Rest::Failed(_)) {
        // A first pass finds how large each state grows, which sets its absolute tolerance.
        let rough = typical_scale(program, Some(&prepared.ready.state));
        let mut pilot = [Course::new(&prepared, duration, every)];
        run(program, &mut pilot, &request.settings.engine(&rough), &|_| {});
        let scale: Vec<f64> =
            pilot[0].largest.iter().map(|l| if *l > 0.0 { *l } else { 1.0 }).collect();
        let mut courses = [course];
        run(program, &mut courses, &request.settings.engine(&scale), &|_| {});
        [course] = courses;
    }
    let failure = course.failure.map(|f| describe_failure(&f, program, &prepared.assembled));
    let delivered = course.treatment.delivered(0.0);
    let (days, rows) = (course.days, course.rows);
    let mut columns = vec![Column::f64("day", "day", days.iter().copied())];
    let mut series = Vec::new();
    for (i, shown) in prepared.columns.iter().enumerate() {
        let values: Vec<f64> = rows.iter().map(|r| r[prepared.hidden + i] * shown.factor).collect();
        columns.push(Column::f64(&shown.id, &shown.unit, values.iter().copied()));
        // A drug that is not given has a column but no curve.
        if i < prepared.readouts && values.iter().any(|v| *v != 0.0) {
            series.push(Series { title: shown.title.clone(), unit: shown.unit.clone(), values });
        }
    }
    let tumour = request.tumour.as_deref().unwrap_or("tumour");
    let title = match &request.regimen {
        Some(regimen) => format!("{tumour} under {regimen}"),
        None => tumour.to_string(),
    };
    Ok(Simulation {
        table: Table::new(columns),
        trace: Trace { title, day: days, series },
        achieved: prepared.achieved,
        delivered,
        rest: prepared.ready.rest,
        failure,
        warnings: prepared.assembled.warnings,
    })
}

/// Assembles a tumour in a system, brings it to rest and binds its regimen.
///
/// # Errors
/// What is wrong with the input.
pub fn prepare(library: &mut Library, request: &SimulateRequest) -> Result<Prepared, StudyError> {
    let tumour: Option<Document<Tumour>> = match &request.tumour {
        Some(id) => Some(library.read(Shelf::Tumours, id, None)?),
        None => None,
    };
    let attributes = library.attributes()?;
    let subclones: Vec<String> =
        tumour.iter().flat_map(|t| &t.value.subclone).map(|s| s.id.clone()).collect();
    let mut assembled = assemble(library, &request.system, &subclones)?;

    let regimen = match (&request.events, &request.regimen) {
        (Some(table), _) => {
            let (regimen, unused) = read_events(library, table, &assembled)?;
            assembled.warnings.extend(unused);
            regimen
        }
        (None, Some(text)) => {
            let written = Written::argument("--regimen", text, &mut library.sources);
            BoundRegimen::bind(&regimen(&written, library)?, &assembled, library)?
        }
        (None, None) => BoundRegimen::default(),
    };
    let medium = settings(&request.medium, "--medium", &assembled, library, medium_symbol)?;
    let mut fixed = match &request.host {
        Some(id) => {
            let host: Document<Host> = library.read(Shelf::Hosts, id, None)?;
            host_settings(&host, &assembled)?
        }
        None => Vec::new(),
    };
    // What is set by hand comes later and wins.
    fixed.extend(settings(&request.set, "--set", &assembled, library, plain_symbol)?);
    let also: Vec<SymbolId> = medium.iter().chain(&fixed).map(|(id, _)| *id).collect();
    let ingredients = Ingredients {
        assembled: &assembled,
        attributes: &attributes,
        cohort: None,
        tumour: tumour.as_ref(),
        strata: (&[], attributes.file),
        also: &also,
        spread: false,
    };
    let population = Population::new(&ingredients, &library.sources)?;
    let mut patient = population.typical(None);
    for (id, value) in &fixed {
        if let Some(slot) = population.position(*id) {
            patient.values[slot] = *value;
        }
    }

    let mut outputs = Vec::new();
    if let Some(dosing) = &assembled.system.value.dosing {
        outputs.push(assembled.role(&dosing.per_kg)?);
        outputs.push(assembled.role(&dosing.per_m2)?);
    }
    let hidden = outputs.len();
    let mut columns = readout::columns(&assembled)?;
    let readouts = columns.len();
    if request.all_states {
        columns.extend(state_columns(&assembled));
    }
    outputs.extend(columns.iter().map(|c| c.symbol));
    let shown = outputs.len();
    let wanted = achieved_symbols(tumour.as_ref(), &attributes, &assembled);
    outputs.extend(wanted.iter().map(|a| a.0));

    let inputs: Vec<SymbolId> = regimen.inputs().collect();
    let days = assembled.equilibration_days(library)?;
    let programs = Programs::new(&assembled, &population.varying, &inputs, &outputs, days)?;
    let mut ready = programs
        .equilibrate(&assembled, std::slice::from_ref(&patient), &request.settings)
        .remove(0);
    let values = programs.during.outputs_at(0.0, &ready.state, &ready.parameters);
    let size = if hidden == 2 {
        BodySize { weight: values[0], surface: values[1] }
    } else {
        BodySize::default()
    };
    let achieved = wanted
        .into_iter()
        .zip(&values[shown..])
        .map(|((id, attribute, subclone, target, unit), value)| {
            let factor = assembled.unit(id).factor_to(&unit).unwrap_or(1.0);
            let asked = population.position(target).map_or(f64::NAN, |i| patient.values[i]);
            Achieved {
                attribute,
                subclone,
                asked: asked * assembled.unit(target).factor_to(&unit).unwrap_or(1.0),
                achieved: value * factor,
                unit: unit.to_string(),
            }
        })
        .collect();
    for (id, value) in &medium {
        if let Some(slot) = population.position(*id) {
            ready.parameters[slot] = *value;
        }
    }
    let origins = origins(&assembled, &programs, &ready, &regimen, size, &request.settings)?;
    Ok(Prepared {
        assembled,
        programs,
        ready,
        regimen,
        size,
        origins,
        columns,
        hidden,
        readouts,
        achieved,
    })
}

/// The states that a regimen's resets return to.
fn origins(
    assembled: &Assembled,
    programs: &Programs,
    ready: &Ready,
    regimen: &BoundRegimen,
    size: BodySize,
    settings: &EnsembleSettings,
) -> Result<Vec<Vec<f64>>, Vec<Diagnostic>> {
    let program = &programs.during;
    let run = SteadyRun {
        network: &assembled.network,
        program,
        parameters: &ready.parameters,
        rest: &ready.state,
        size,
        time_unit_days: assembled.days_per_time_unit(),
        settings,
    };
    let (mut states, mut errors) = (Vec::new(), Vec::new());
    for reset in &regimen.resets {
        let Some(order) = reset.steady.and_then(|o| regimen.orders.get(o)) else {
            states.push(ready.state.clone());
            continue;
        };
        match steady_state(&run, order) {
            Ok(state) => states.push(state),
            Err(worst) => {
                let state = worst.and_then(|w| program.states().get(w));
                let name = state.map_or("the system", |id| assembled.network[*id].name.as_str());
                let message =
                    format!("these doses do not lead to a steady state: `{name}` goes on");
                errors.push(
                    Diagnostic::error("steady-state", message)
                        .at(order.order.drug_span, "")
                        .mend("a system that grows has none; write out some cycles instead"),
                );
            }
        }
    }
    if errors.is_empty() { Ok(states) } else { Err(errors) }
}

impl Prepared {
    /// Symbols and values of everything that differs from the texts: parameters and states.
    pub fn values(&self) -> impl Iterator<Item = (SymbolId, f64)> + '_ {
        let program = &self.programs.during;
        let parameters =
            program.parameters().iter().copied().zip(self.ready.parameters.iter().copied());
        parameters.chain(program.states().iter().copied().zip(self.ready.state.iter().copied()))
    }
}

fn argument_days(option: &str, text: &str, library: &mut Library) -> Result<f64, Box<Diagnostic>> {
    let written = Written::argument(option, text, &mut library.sources);
    crate::assemble::days(&written)
}

type FindSymbol = fn(
    &str,
    &Written,
    &Assembled,
    &mut Library,
) -> Result<(SymbolId, Option<Quantity>), Vec<Diagnostic>>;

/// Reads `NAME=QUANTITY` settings.
fn settings(
    texts: &[String],
    option: &str,
    assembled: &Assembled,
    library: &mut Library,
    find: FindSymbol,
) -> Result<Vec<(SymbolId, f64)>, Vec<Diagnostic>> {
    let mut values = Vec::new();
    let mut errors = Vec::new();
    for text in texts {
        let written = Written::argument(option, text, &mut library.sources);
        let Some((name, number)) = text.split_once('=') else {
            errors.push(
                Diagnostic::error("setting", format!("`{text}` is not NAME=QUANTITY"))
                    .at(written.whole(), "")
                    .mend(format!("write for example `{option} name=\"10 nmol/L\"`")),
            );
            continue;
        };
        let value = find(name.trim(), &written, assembled, library).and_then(|(id, molar)| {
            let needed = assembled.unit(id);
            let refuse = |message| {
                vec![
                    Diagnostic::error("quantity", message)
                        .at(written.place(name.len() + 1, text.len()), "")
                        .mend(format!("`{}` is counted in `{needed}`", name.trim())),
                ]
            };
            let quantity = match number.trim().parse() {
                Ok(value) if needed == Unit::dimensionless() => {
                    Quantity { value, unit: needed.clone() }
                }
                _ => Quantity::parse(number).map_err(refuse)?,
            };
            let by_mass = molar.as_ref().and_then(|m| {
                let factor = (&quantity.unit / &m.unit).factor_to(&needed)?;
                Some(quantity.value * factor / m.value)
            });
            let value = match by_mass {
                Some(value) => value,
                None => quantity.to(&needed).map_err(refuse)?,
            };
            Ok((id, value))
        });
        match value {
            Ok(value) => values.push(value),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// A name of the system's `[medium]`, and the molar mass of the drug of that name, if any.
fn medium_symbol(
    name: &str,
    written: &Written,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<(SymbolId, Option<Quantity>), Vec<Diagnostic>> {
    let medium = &assembled.system.value.medium;
    let Some(symbol) = medium.get(name) else {
        let known: Vec<&str> = medium.keys().map(String::as_str).collect();
        return Err(vec![
            Diagnostic::error("unknown-medium", format!("the medium has no `{name}`"))
                .at(written.place(0, name.len()), "")
                .mend(if known.is_empty() {
                    format!("system `{}` has no medium; use `--regimen`", assembled.system.value.id)
                } else {
                    format!("known: {}", known.join(", "))
                }),
        ]);
    };
    let id = assembled.role(symbol).map_err(|e| vec![*e])?;
    let mut molar = None;
    if library.ids(Shelf::Drugs).iter().any(|d| d == name) {
        let drug: Document<Drug> = library.read(Shelf::Drugs, name, None)?;
        let mass = &drug.value.molar_mass;
        molar =
            Unit::parse(mass.unit.get_ref()).ok().map(|unit| Quantity { value: mass.value, unit });
    }
    Ok((id, molar))
}

fn plain_symbol(
    name: &str,
    written: &Written,
    assembled: &Assembled,
    _library: &mut Library,
) -> Result<(SymbolId, Option<Quantity>), Vec<Diagnostic>> {
    let id = assembled.symbol(name, Some(written.place(0, name.len()))).map_err(|e| vec![*e])?;
    let symbol = &assembled.network[id];
    if !matches!(symbol.kind, SymbolKind::Parameter | SymbolKind::Compartment)
        || symbol.rule.is_some()
    {
        return Err(vec![
            Diagnostic::error("not-settable", format!("`{name}` is computed by the model"))
                .at(written.place(0, name.len()), "")
                .mend("set a parameter that it is computed from"),
        ]);
    }
    Ok((id, None))
}

/// Every species (as amount or concentration, as it stands in formulas) and every variable with
/// a rate rule.
fn state_columns(assembled: &Assembled) -> Vec<Shown> {
    let is_state = |symbol: &Symbol| match symbol.rule {
        Some(Rule::Rate(_)) => true,
        Some(Rule::Assignment(_)) => false,
        None => matches!(symbol.kind, SymbolKind::Species { .. }),
    };
    (assembled.network.iter())
        .filter(|(_, symbol)| is_state(symbol))
        .map(|(id, symbol)| Shown {
            id: symbol.name.clone(),
            title: symbol.name.clone(),
            unit: assembled.unit(id).to_string(),
            factor: 1.0,
            symbol: id,
            marker: false,
        })
        .collect()
}

/// Readout, attribute, subclone, parameter and unit of each attribute with something to achieve.
fn achieved_symbols(
    tumour: Option<&Document<Tumour>>,
    attributes: &Document<Attributes>,
    assembled: &Assembled,
) -> Vec<(SymbolId, String, String, SymbolId, Unit)> {
    let mut found = Vec::new();
    let Some(tumour) = tumour else { return found };
    for (name, attribute) in &attributes.value {
        let Some(achieved) = &attribute.achieved else { continue };
        let given = tumour.value.attributes.keys().any(|k| k.get_ref() == name)
            || tumour
                .value
                .subclone
                .iter()
                .any(|s| s.attributes.keys().any(|k| k.get_ref() == name));
        if !given || attribute.scope != Scope::Subclone {
            continue;
        }
        let Ok(unit) = Unit::parse(attribute.unit.get_ref()) else { continue };
        for subclone in &assembled.subclones {
            let path = |p: &str| assembled.network.find(&format!("{subclone}.{p}"));
            if let (Some(symbol), Some(target)) =
                (path(achieved.get_ref()), path(attribute.parameter.get_ref()))
            {
                found.push((symbol, name.clone(), subclone.clone(), target, unit.clone()));
            }
        }
    }
    found
}

/// One course of treatment, sampled at regular times.
struct Course<'a> {
    prepared: &'a Prepared,
    treatment: Treatment,
    duration: f64,
    every: f64,
    time_unit_days: f64,
    next_row: u64,
    days: Vec<f64>,
    rows: Vec<Vec<f64>>,
    largest: Vec<f64>,
    failure: Option<Failure>,
}

impl<'a> Course<'a> {
    fn new(prepared: &'a Prepared, duration: f64, every: f64) -> Self {
        let program = &prepared.programs.during;
        Course {
            prepared,
            treatment: Treatment::new(&prepared.regimen, program, prepared.size, 0.0, duration)
                .returning_to(prepared.origins.clone()),
            duration,
            every,
            time_unit_days: prepared.assembled.days_per_time_unit(),
            next_row: 0,
            days: Vec::new(),
            rows: Vec::new(),
            largest: prepared.ready.state.iter().map(|v| v.abs()).collect(),
            failure: None,
        }
    }

    fn row_day(&self) -> f64 {
        (self.next_row as f64 * self.every).min(self.duration)
    }

    fn rows_left(&self) -> bool {
        (self.next_row as f64 - 1.0) * self.every < self.duration
    }

    fn note(&mut self, state: &[f64]) {
        for (largest, value) in self.largest.iter_mut().zip(state) {
            *largest = largest.max(value.abs());
        }
    }
}

impl Subject for Course<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.prepared.ready.parameters);
        state.copy_from_slice(&self.prepared.ready.state);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        let day = match now.reached {
            Reached::Start => 0.0,
            _ => self.treatment.next_day().min(self.row_day()).min(self.duration),
        };
        self.treatment.give(day, self.time_unit_days, now);
        self.note(now.state);
        // A row at the time of a dose shows the value after the dose.
        if self.rows_left() && self.row_day() <= day {
            self.days.push(day);
            self.rows.push(now.outputs());
            self.next_row += 1;
        }
        if day >= self.duration {
            return None;
        }
        let until = self.treatment.next_day().min(self.row_day()).min(self.duration);
        Some(Leg::until(until / self.time_unit_days))
    }

    fn sample(&mut self, _t: f64, _state: &[f64], _parameters: &[f64], _outputs: &[f64]) {}

    fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}
