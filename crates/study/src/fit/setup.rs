//! From the texts of a problem to what is simulated and compared.

use std::collections::HashMap;

use hersim_engine::{Failure, run};
use hersim_network::{Diagnostic, Level, SymbolId, Value};

use super::{
    condition::{Binder, ConditionRow, Conditions, Setting, Source, molar_masses},
    ensemble::Course,
    observable::{self, Bound, FormulaBinder, Leaf, Observable, Outputs},
    parameter::{Collector, Parameter},
    problem::{self, Problem},
    sheet::{Cell, Sheet},
};
use crate::{
    assemble::{Assembled, assemble},
    document::Document,
    dosing::BoundRegimen,
    equilibrate::{EnsembleSettings, Programs, typical_scale},
    library::{Attributes, Library, RegimenFile, Shelf, Tumour},
    population::VirtualPatient,
    quantity,
    regimen::Regimen,
    tumour::attribute_settings,
    written::Written,
};

/// A problem bound to the systems it simulates.
pub struct Setup {
    /// The problem as written.
    pub problem: Problem,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Numbers of those that are estimated.
    pub estimated: Vec<usize>,
    /// Systems, each for some subclones.
    pub systems: Vec<SystemSetup>,
    /// What is simulated.
    pub experiments: Vec<Experiment>,
    /// What is observed.
    pub observables: Vec<Observable>,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// What is legal but probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// A system for some subclones, compiled.
pub struct SystemSetup {
    /// The system.
    pub assembled: Assembled,
    /// Compiled.
    pub programs: Programs,
    /// Value of each varying symbol where nothing is said.
    pub base: Vec<f64>,
    /// Varying symbols that parameters of the problem set.
    pub targets: Vec<(usize, usize)>,
    /// Whether the first two outputs are body weight and surface.
    pub sized: bool,
    /// Usual size of each state, for absolute tolerances.
    pub scale: Vec<f64>,
    /// Who is equilibrated first, so that tolerances do not depend on what is asked.
    pub reference: VirtualPatient,
}

/// One simulation: a tumour at rest under a condition.
pub struct Experiment {
    /// Identifier of the condition.
    pub condition: String,
    /// Words.
    pub title: String,
    /// What was said of the tumour.
    pub tumour: String,
    /// Number of its system.
    pub system: usize,
    /// Slots set before time zero.
    pub before: Vec<(usize, Source)>,
    /// Slots set from time zero.
    pub during: Vec<(usize, Source)>,
    /// Doses.
    pub regimen: BoundRegimen,
    /// Times of measurements, days, ascending.
    pub days: Vec<f64>,
    /// Fields of the condition's row that are numbers: heading and value.
    pub numbers: Vec<(String, f64)>,
}

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
struct Row {
    observable: usize,
    experiment: usize,
    day: f64,
    value: f64,
    places: Vec<Source>,
    noise_places: Vec<Source>,
    source: String,
}

/// A system while it is being set up.
struct Draft {
    assembled: Assembled,
    varying: Vec<SymbolId>,
    base: Vec<f64>,
    outputs: Outputs,
    inputs: Vec<SymbolId>,
    sized: bool,
    targets: Vec<(usize, usize)>,
}

impl Draft {
    fn slot(&mut self, id: SymbolId) -> usize {
        if let Some(at) = self.varying.iter().position(|v| *v == id) {
            return at;
        }
        self.varying.push(id);
        self.base.push(match self.assembled.network[id].value {
            Value::Number(value) => value,
            _ => 0.0,
        });
        self.varying.len() - 1
    }
}

/// What one part's tables hold, and which experiments its measurements need.
struct PartDraft {
    conditions: Conditions,
    sheets: Vec<Sheet>,
    observables: std::ops::Range<usize>,
}

impl Setup {
    /// Reads a problem and everything it refers to.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(
        library: &mut Library,
        asked: &str,
        settings: &EnsembleSettings,
    ) -> Result<Setup, Vec<Diagnostic>> {
        let problem = problem::read(library, asked)?;
        let attributes = library.attributes()?;
        let molar = molar_masses(library)?;
        let mut errors = Vec::new();

        // Tables, and the systems they ask for.
        let mut observables = Vec::new();
        let mut parts = Vec::new();
        for part in &problem.parts {
            match read_part(library, part, &mut observables) {
                Ok(draft) => parts.push(draft),
                Err(more) => errors.extend(more),
            }
        }
        let mut tables = Vec::new();
        for path in &problem.parameters {
            match Sheet::read(library, path, &["parameterId"]) {
                Ok(sheet) => tables.push(sheet),
                Err(more) => errors.extend(more),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut gathered = gather(library, &problem, &parts)?;

        // Parameters of the problem, over all its systems.
        let mut collector =
            Collector::new(gathered.systems.iter().map(|d| &d.assembled).collect());
        for (pattern, place) in &problem.estimate {
            collector.pattern(pattern, *place);
        }
        for table in &tables {
            collector.table(table);
        }
        let parameters = collector.finish()?;
        for (i, parameter) in parameters.iter().enumerate() {
            for (draft, symbols) in gathered.systems.iter_mut().zip(&parameter.symbols) {
                for id in symbols {
                    let slot = draft.slot(*id);
                    draft.targets.push((slot, i));
                }
            }
        }

        // What each experiment sets.
        let mut experiments = Vec::new();
        for seen in &gathered.experiments {
            let part = &parts[seen.part];
            let made = experiment(
                seen,
                part,
                &mut gathered.systems[seen.system],
                &parameters,
                &attributes,
                &molar,
                library,
            );
            match made {
                Ok(experiment) => experiments.push(experiment),
                Err(more) => errors.extend(more),
            }
        }
        let mut rows = Vec::new();
        for (part, draft) in problem.parts.iter().zip(&parts) {
            let number = (problem.parts.iter()).position(|p| std::ptr::eq(p, part)).unwrap_or(0);
            match measurements(draft, number, &gathered, &observables, &parameters) {
                Ok(more) => rows.extend(more),
                Err(more) => errors.extend(more),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for row in &rows {
            experiments[row.experiment].days.push(row.day);
        }
        for experiment in &mut experiments {
            experiment.days.sort_by(f64::total_cmp);
            experiment.days.dedup();
        }

        let measurements =
            bind(rows, &observables, &experiments, &parameters, &mut gathered.systems)?;
        check_use(&parameters, &measurements, &experiments)?;
        let estimated: Vec<usize> =
            (0..parameters.len()).filter(|i| parameters[*i].estimated).collect();
        let mut systems = Vec::new();
        let mut warnings = Vec::new();
        for (number, draft) in gathered.systems.into_iter().enumerate() {
            warnings.extend(draft.assembled.warnings.iter().cloned());
            systems.push(compile(draft, number, library, &parameters, &experiments, settings)?);
        }
        warnings.retain(|w| w.level == Level::Warning);
        Ok(Setup {
            problem,
            parameters,
            estimated,
            systems,
            experiments,
            observables,
            measurements,
            warnings,
        })
    }

    /// Values of all parameters when the estimated ones are these, on their scales.
    pub fn values(&self, scaled: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = self.parameters.iter().map(|p| p.nominal).collect();
        for (at, value) in self.estimated.iter().zip(scaled) {
            values[*at] = self.parameters[*at].scale.back(*value);
        }
        values
    }
}

fn read_part(
    library: &mut Library,
    part: &problem::Part,
    observables: &mut Vec<Observable>,
) -> Result<PartDraft, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut keep = |more: Vec<Diagnostic>| errors.extend(more);
    let conditions = Conditions::read(library, &part.conditions).map_err(&mut keep).ok();
    let from = observables.len();
    if let Ok(more) = observable::read(library, &part.observables).map_err(&mut keep) {
        observables.extend(more);
    }
    let needed = ["observableId", "simulationConditionId", "measurement", "time"];
    let mut sheets = Vec::new();
    for path in &part.measurements {
        if let Ok(sheet) = Sheet::read(library, path, &needed).map_err(&mut keep) {
            sheets.push(sheet);
        }
    }
    match conditions {
        Some(conditions) if errors.is_empty() => {
            Ok(PartDraft { conditions, sheets, observables: from..observables.len() })
        }
        _ => Err(errors),
    }
}

/// An experiment that measurements ask for.
struct Seen {
    part: usize,
    before: Option<Cell>,
    during: Cell,
    tumour: Option<Document<Tumour>>,
    system: usize,
}

struct Gathered {
    systems: Vec<Draft>,
    experiments: Vec<Seen>,
}

/// The experiments that measurements ask for and the systems they run in.
fn gather(
    library: &mut Library,
    problem: &Problem,
    parts: &[PartDraft],
) -> Result<Gathered, Vec<Diagnostic>> {
    let mut gathered = Gathered { systems: Vec::new(), experiments: Vec::new() };
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    let mut errors = Vec::new();
    for (number, (part, draft)) in problem.parts.iter().zip(parts).enumerate() {
        for sheet in &draft.sheets {
            for row in &sheet.rows {
                let Ok(during) = sheet.needed(row, "simulationConditionId") else { continue };
                let before = sheet.cell(row, "preequilibrationConditionId");
                if gathered.find(number, before, during).is_some() {
                    continue;
                }
                let tumour = tumour(library, &draft.conditions, before, during);
                let tumour = match tumour {
                    Ok(tumour) => tumour,
                    Err(more) => {
                        errors.extend(more);
                        None
                    }
                };
                let subclones: Vec<String> =
                    tumour.iter().flat_map(|t| &t.value.subclone).map(|s| s.id.clone()).collect();
                let key = (part.system.0.clone(), subclones);
                let system = match keys.iter().position(|k| *k == key) {
                    Some(at) => at,
                    None => {
                        let known = library.ids(Shelf::Systems);
                        if !known.contains(&key.0) {
                            return Err(vec![library.unknown(
                                Shelf::Systems,
                                &key.0,
                                Some(part.system.1),
                            )]);
                        }
                        gathered.systems.push(draft_system(library, &key.0, &key.1)?);
                        keys.push(key);
                        keys.len() - 1
                    }
                };
                gathered.experiments.push(Seen {
                    part: number,
                    before: before.cloned(),
                    during: during.clone(),
                    tumour,
                    system,
                });
            }
        }
    }
    if errors.is_empty() { Ok(gathered) } else { Err(errors) }
}

impl Gathered {
    fn find(&self, part: usize, before: Option<&Cell>, during: &Cell) -> Option<usize> {
        self.experiments.iter().position(|e| {
            e.part == part
                && e.during.text == during.text
                && e.before.as_ref().map(|c| &c.text) == before.map(|c| &c.text)
        })
    }
}

/// The tumour that the rows of an experiment name.
fn tumour(
    library: &mut Library,
    conditions: &Conditions,
    before: Option<&Cell>,
    during: &Cell,
) -> Result<Option<Document<Tumour>>, Vec<Diagnostic>> {
    let mut named: Option<Cell> = None;
    for asked in before.into_iter().chain([during]) {
        let row = conditions.row(asked).map_err(|e| vec![*e])?;
        let Some(cell) = row.text("tumour") else { continue };
        if let Some(first) = named.as_ref().filter(|n| n.text != cell.text) {
            return Err(vec![
                Diagnostic::error("unsupported", "a tumour cannot become another at time zero")
                    .at(cell.span, "")
                    .also(first.span, "before time zero")
                    .mend("name the same tumour in both conditions, or in one of them"),
            ]);
        }
        named = Some(cell.clone());
    }
    named.map(|cell| library.read(Shelf::Tumours, &cell.text, Some(cell.span))).transpose()
}

fn draft_system(
    library: &mut Library,
    system: &str,
    subclones: &[String],
) -> Result<Draft, Vec<Diagnostic>> {
    let assembled = assemble(library, system, subclones)?;
    let mut outputs = Outputs::default();
    let mut sized = false;
    if let Some(dosing) = &assembled.system.value.dosing {
        for role in [&dosing.per_kg, &dosing.per_m2] {
            outputs.symbols.push(assembled.role(role).map_err(|e| vec![*e])?);
        }
        sized = true;
    }
    Ok(Draft {
        assembled,
        varying: Vec::new(),
        base: Vec::new(),
        outputs,
        inputs: Vec::new(),
        sized,
        targets: Vec::new(),
    })
}

fn experiment(
    seen: &Seen,
    part: &PartDraft,
    draft: &mut Draft,
    parameters: &[Parameter],
    attributes: &Document<Attributes>,
    molar: &HashMap<String, (f64, hersim_units::Unit)>,
    library: &mut Library,
) -> Result<Experiment, Vec<Diagnostic>> {
    let row = part.conditions.row(&seen.during).map_err(|e| vec![*e])?;
    let binder = Binder { assembled: &draft.assembled, attributes, parameters, molar };
    let now = binder.settings(row)?;
    let earlier = match &seen.before {
        Some(cell) => {
            let row = part.conditions.row(cell).map_err(|e| vec![*e])?;
            if let Some(cell) = row.text("regimen") {
                let error = Diagnostic::error("unsupported", "doses before time zero");
                return Err(vec![
                    error.at(cell.span, "").mend("doses begin at time zero; leave this empty"),
                ]);
            }
            Some(binder.settings(row)?)
        }
        None => None,
    };
    let regimen = match row.text("regimen") {
        Some(cell) => bound_regimen(cell, &draft.assembled, library)?,
        None => BoundRegimen::default(),
    };
    for id in regimen.inputs() {
        if !draft.inputs.contains(&id) {
            draft.inputs.push(id);
        }
    }
    let mut before = fractions(seen.tumour.as_ref(), draft)?;
    if let Some(tumour) = &seen.tumour {
        let settings =
            attribute_settings(tumour, attributes, &draft.assembled, &library.sources)?;
        for (id, value) in settings {
            before.push((draft.slot(id), Source::Number(value)));
        }
    }
    let mut during = before.clone();
    let mut set = |into: &mut Vec<(usize, Source)>, settings: &[Setting], medium: bool| {
        for setting in settings.iter().filter(|s| medium || !s.medium) {
            for id in &setting.symbols {
                into.push((draft.slot(*id), setting.source));
            }
        }
    };
    match &earlier {
        // What is said of the tumour stays; what is in the medium is changed.
        Some(earlier) => {
            set(&mut before, earlier, true);
            set(&mut during, earlier, false);
        }
        None => set(&mut before, &now, false),
    }
    set(&mut during, &now, true);
    Ok(Experiment {
        condition: seen.during.text.clone(),
        title: row.text("conditionName").unwrap_or(&seen.during).text.clone(),
        tumour: seen.tumour.as_ref().map(|t| t.value.name.clone()).unwrap_or_default(),
        system: seen.system,
        before,
        during,
        regimen,
        days: Vec::new(),
        numbers: numbers(row),
    })
}

/// Fields of a row that are numbers, with their headings as a person reads them.
fn numbers(row: ConditionRow<'_>) -> Vec<(String, f64)> {
    (row.sheet.columns.iter().zip(row.cells))
        .filter_map(|(heading, cell)| {
            let value = cell.text.parse().ok()?;
            let name = match &heading.unit {
                Some(unit) => format!("{}, {unit}", heading.name),
                None => heading.name.clone(),
            };
            Some((name, value))
        })
        .collect()
}

fn bound_regimen(
    cell: &Cell,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<BoundRegimen, Vec<Diagnostic>> {
    let written = Written::at(&cell.text, cell.span);
    let regimen = if cell.text.contains(char::is_whitespace) || cell.text == "none" {
        Regimen::parse(&written)?
    } else {
        let file: Document<RegimenFile> =
            library.read(Shelf::Regimens, &cell.text, Some(cell.span))?;
        Regimen::parse(&Written::in_document(&file, &file.value.text, &library.sources))?
    };
    BoundRegimen::bind(&regimen, assembled, library)
}

/// Shares of the subclones.
fn fractions(
    tumour: Option<&Document<Tumour>>,
    draft: &mut Draft,
) -> Result<Vec<(usize, Source)>, Vec<Diagnostic>> {
    let role = draft.assembled.system.value.population.fraction.clone();
    let mut shares = Vec::new();
    for (i, subclone) in draft.assembled.subclones.clone().iter().enumerate() {
        let id = draft.assembled.of_subclone(&role, subclone).map_err(|e| vec![*e])?;
        let share = match tumour.filter(|t| !t.value.subclone.is_empty()) {
            Some(tumour) => (tumour.value.subclone.iter())
                .find(|s| s.id == *subclone)
                .map_or(0.0, |s| *s.fraction.get_ref()),
            None => f64::from(u8::from(i == 0)),
        };
        shares.push((draft.slot(id), Source::Number(share)));
    }
    Ok(shares)
}

fn measurements(
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
                let observable =
                    known.iter().position(|o| o.id == id.text).ok_or_else(|| {
                        let message = format!("there is no observable `{}`", id.text);
                        let near = hersim_network::nearest(
                            &id.text,
                            known.iter().map(|o| o.id.as_str()),
                        );
                        let error =
                            Diagnostic::error("unknown-observable", message).at(id.span, "");
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

/// Binds the formulas of all measurements.
fn bind(
    rows: Vec<Row>,
    observables: &[Observable],
    experiments: &[Experiment],
    parameters: &[Parameter],
    systems: &mut [Draft],
) -> Result<Vec<Measurement>, Vec<Diagnostic>> {
    let mut bound: HashMap<(usize, usize), (Bound, Bound)> = HashMap::new();
    let mut errors = Vec::new();
    let mut made = Vec::new();
    for row in rows {
        let observable = &observables[row.observable];
        let experiment = &experiments[row.experiment];
        let key = (row.observable, experiment.system);
        if !bound.contains_key(&key) {
            let draft = &mut systems[experiment.system];
            let mut binder = FormulaBinder {
                assembled: &draft.assembled,
                parameters,
                outputs: &mut draft.outputs,
            };
            match (binder.formula(observable), binder.noise(observable)) {
                (Ok(formula), Ok(noise)) => {
                    bound.insert(key, (formula, noise));
                }
                (formula, noise) => {
                    errors.extend([formula.err(), noise.err()].into_iter().flatten().map(|e| *e));
                    return Err(errors);
                }
            }
        }
        let Some((formula, noise)) = bound.get(&key) else { continue };
        for (what, formula, places) in
            [("observable", formula, &row.places), ("noise", noise, &row.noise_places)]
        {
            let needed = formula.leaves().iter().filter_map(|l| match l {
                Leaf::Place(i) => Some(i + 1),
                _ => None,
            });
            let needed = needed.max().unwrap_or(0);
            if needed != places.len() {
                let message = format!(
                    "{what} `{}` needs {needed} parameters in each measurement; one has {}",
                    observable.id,
                    places.len()
                );
                errors.push(
                    Diagnostic::error("wrong-columns", message)
                        .at(observable.formula.whole(), "")
                        .mend(format!("fill `{what}Parameters`, separated by `;`")),
                );
                return Err(errors);
            }
        }
        if observable.transformation != observable::Transformation::Lin && row.value <= 0.0 {
            let message =
                format!("a measurement of `{}` has no logarithm: {}", observable.id, row.value);
            errors.push(
                Diagnostic::error("bad-number", message)
                    .at(observable.formula.whole(), "")
                    .mend("leave it out, or compare on the scale `lin`"),
            );
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

/// Refuses parameters that nothing uses, and problems that estimate nothing.
fn check_use(
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
        errors.push(
            Diagnostic::error("document", "the problem estimates nothing").mend(
                "set `estimate` to 1 in its parameter table, or name parameters of the model \
                 under `hersim: estimate:`",
            ),
        );
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Compiles a system and finds how large its states grow.
fn compile(
    draft: Draft,
    number: usize,
    library: &Library,
    parameters: &[Parameter],
    experiments: &[Experiment],
    settings: &EnsembleSettings,
) -> Result<SystemSetup, Vec<Diagnostic>> {
    let days = draft.assembled.equilibration_days(library).map_err(|e| vec![*e])?;
    let programs = Programs::new(
        &draft.assembled,
        &draft.varying,
        &draft.inputs,
        &draft.outputs.symbols,
        days,
    )?;
    let nominal: Vec<f64> = parameters.iter().map(|p| p.nominal).collect();
    let mut system = SystemSetup {
        assembled: draft.assembled,
        programs,
        base: draft.base,
        targets: draft.targets,
        sized: draft.sized,
        scale: Vec::new(),
        reference: patient(Vec::new()),
    };
    let mine: Vec<&Experiment> = experiments.iter().filter(|e| e.system == number).collect();
    let patients: Vec<VirtualPatient> =
        mine.iter().map(|e| patient(system.filled(&e.before, &nominal))).collect();
    let Some(first) = patients.first() else { return Ok(system) };
    system.reference = first.clone();
    let ready = system.programs.equilibrate(&system.assembled, &patients, settings);
    let program = &system.programs.during;
    let rough = typical_scale(program, ready.first().map(|r| r.state.as_slice()));
    let mut pilots: Vec<Course> = (mine.iter().zip(&ready))
        .map(|(e, r)| Course::new(&system, e, r, &system.filled(&e.during, &nominal), &e.days))
        .collect();
    run(program, &mut pilots, &settings.engine(&rough), &|_| {});
    let mut scale = vec![0.0f64; program.states().len()];
    for pilot in &pilots {
        for (largest, value) in scale.iter_mut().zip(&pilot.largest) {
            *largest = largest.max(*value);
        }
    }
    scale.iter_mut().filter(|s| **s <= 0.0 || !s.is_finite()).for_each(|s| *s = 1.0);
    drop(pilots);
    system.scale = scale;
    Ok(system)
}

impl SystemSetup {
    /// Values of the varying symbols: the base, then parameters, then what is set.
    pub fn filled(&self, set: &[(usize, Source)], parameters: &[f64]) -> Vec<f64> {
        let mut values = self.base.clone();
        for (slot, parameter) in &self.targets {
            values[*slot] = parameters[*parameter];
        }
        for (slot, source) in set {
            values[*slot] = source.value(parameters);
        }
        values
    }

    /// Why an integration failed, in words.
    pub fn describe(&self, failure: &Failure) -> String {
        crate::equilibrate::describe_failure(failure, &self.programs.during, &self.assembled)
    }
}

/// A patient who is nothing but values.
pub fn patient(values: Vec<f64>) -> VirtualPatient {
    VirtualPatient {
        values,
        group: String::new(),
        tags: Default::default(),
        stratum: String::new(),
    }
}
