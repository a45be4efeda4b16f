//! A problem as plain PEtab (version 1) with SBML, for other tools.
//!
//! What a system does before time zero becomes preequilibration: every experiment has a condition
//! with the equilibration switch on, and one with it off. Names are those of the SBML file.

use std::{collections::HashMap, fmt::Write as _, path::Path};

use hersim_network::{BinaryOp, Diagnostic, Expr, Node, SymbolId};

use super::{
    condition::Source,
    experiment::Experiment,
    measurement::Measurement,
    observable::{Bound, Leaf, Transformation},
    parameter::{Parameter, Prior, Scale},
    setup::{Setup, SystemSetup},
};
use crate::error::StudyError;

/// Files of an exported problem: name and text.
pub type Files = Vec<(String, String)>;

/// The problem as files.
///
/// # Errors
/// `unsupported` for what PEtab cannot say: doses, and parameters that stand in a column of
/// another unit.
pub fn export(setup: &Setup) -> Result<Files, Vec<Diagnostic>> {
    check(setup)?;
    let systems: Vec<Names> =
        (0..setup.systems.len()).map(|number| Names::new(setup, number)).collect();
    let mut index = "format_version: 1\nparameter_file: parameters.tsv\nproblems:\n".to_string();
    let mut files = vec![("parameters.tsv".to_string(), parameters(setup, &systems))];
    for (number, names) in systems.iter().enumerate() {
        let end = if systems.len() == 1 { String::new() } else { format!("_{}", number + 1) };
        let (conditions, ids) = conditions(setup, number, names)?;
        let tables = [
            ("condition", conditions),
            ("observable", observables(setup, number, names)),
            ("measurement", measurements(setup, number, names, &ids)),
        ];
        let model = format!("model{end}.xml");
        let _ = writeln!(index, "- sbml_files: [{model}]");
        files.push((model, hersim_sbml::write(&setup.systems[number].assembled.network)));
        for (kind, text) in tables {
            let file = format!("{kind}s{end}.tsv");
            let _ = writeln!(index, "  {kind}_files: [{file}]");
            files.push((file, text));
        }
    }
    files.push(("problem.yaml".to_string(), index));
    Ok(files)
}

/// Writes the problem into a folder.
///
/// # Errors
/// As [`export`], or what the system says.
pub fn export_to(setup: &Setup, folder: &Path) -> Result<usize, StudyError> {
    let files = export(setup)?;
    std::fs::create_dir_all(folder).map_err(|e| {
        let message = format!("could not create {}: {e}", folder.display());
        Box::new(Diagnostic::error("io", message).mend("choose another folder"))
    })?;
    for (name, text) in &files {
        hersim_store::write_text(&folder.join(name), text)?;
    }
    Ok(files.len())
}

/// Refuses what PEtab cannot say.
fn check(setup: &Setup) -> Result<(), Vec<Diagnostic>> {
    let mut errors = Vec::new();
    for experiment in &setup.experiments {
        if let Some(order) = experiment.regimen.orders.first() {
            errors.push(
                Diagnostic::error("unsupported", "PEtab has no word for doses")
                    .at(order.order.drug_span, "")
                    .mend("export problems without the column `regimen` only"),
            );
        }
        let sources = experiment.before.iter().chain(&experiment.during).map(|(_, s)| *s);
        for source in sources {
            if let Source::Parameter(at, factor) = source
                && factor != 1.0
            {
                let id = &setup.parameters[at].id;
                let message = format!("`{id}` stands in a column of another unit than the model's");
                errors.push(
                    Diagnostic::error("unsupported", message)
                        .at(setup.parameters[at].place, "")
                        .mend("give the column in the unit of the model"),
                );
            }
        }
    }
    let mut seen: Vec<(String, Option<(hersim_network::Span, String)>)> = Vec::new();
    errors.retain(|e| {
        let key = (e.message.clone(), e.at.clone());
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What things of one system are called in PEtab.
struct Names<'a> {
    system: &'a SystemSetup,
    /// SBML id of each symbol.
    symbols: Vec<String>,
    /// PEtab id of each parameter of the problem.
    parameters: Vec<String>,
    /// Slots that are columns of the condition table.
    columns: Vec<usize>,
    /// Identifier of each observable.
    observables: Vec<String>,
}

impl<'a> Names<'a> {
    fn new(setup: &'a Setup, number: usize) -> Self {
        let system = &setup.systems[number];
        let symbols = hersim_sbml::ids(&system.assembled.network);
        let mut columns: Vec<usize> = Vec::new();
        for experiment in setup.experiments.iter().filter(|e| e.system == number) {
            let slots = experiment.before.iter().chain(&experiment.during).map(|(slot, _)| *slot);
            columns.extend(slots);
        }
        let parameters: Vec<String> =
            (0..setup.parameters.len()).map(|at| parameter_id(setup, at)).collect();
        // A parameter that is not called as the symbol it sets is handed over by the conditions.
        for (slot, at) in &system.targets {
            if symbols[system.symbol(*slot).0 as usize] != parameters[*at] {
                columns.push(*slot);
            }
        }
        columns.sort_unstable();
        columns.dedup();
        let observables = setup.observables.iter().map(|o| identifier(&o.label)).collect();
        Names { system, symbols, parameters, columns, observables }
    }

    fn symbol(&self, id: SymbolId) -> &str {
        &self.symbols[id.0 as usize]
    }

    fn source(&self, source: Source) -> String {
        match source {
            Source::Number(value) => number(value),
            Source::Parameter(at, _) => self.parameters[at].clone(),
        }
    }

    /// The fields of a condition.
    fn fields(&self, set: &[(usize, Source)]) -> Vec<String> {
        let field = |slot: &usize| {
            let given = set.iter().rev().find(|(s, _)| s == slot).map(|(_, source)| *source);
            let target = self.system.targets.iter().find(|(s, _)| s == slot);
            let target = target.map(|(_, at)| Source::Parameter(*at, 1.0));
            let base = Source::Number(self.system.base[*slot]);
            self.source(given.or(target).unwrap_or(base))
        };
        self.columns.iter().map(field).collect()
    }
}

/// The SBML id of the one symbol that a parameter sets everywhere, unless a condition sets it
/// too; else an id made from its name.
fn parameter_id(setup: &Setup, at: usize) -> String {
    let parameter = &setup.parameters[at];
    let mut ids: Vec<String> = Vec::new();
    for (number, symbols) in parameter.symbols.iter().enumerate() {
        let system = &setup.systems[number];
        let known = hersim_sbml::ids(&system.assembled.network);
        for symbol in symbols {
            let set = setup.experiments.iter().filter(|e| e.system == number).any(|e| {
                e.before.iter().chain(&e.during).any(|(slot, _)| system.symbol(*slot) == *symbol)
            });
            if set {
                return identifier(&parameter.id);
            }
            ids.push(known[symbol.0 as usize].clone());
        }
    }
    ids.sort();
    ids.dedup();
    match ids.as_slice() {
        [id] => id.clone(),
        _ => identifier(&parameter.id),
    }
}

/// A text as a PEtab identifier.
fn identifier(text: &str) -> String {
    let mut id = String::new();
    for c in text.chars() {
        match c {
            '.' => id.push_str("__"),
            c if c.is_ascii_alphanumeric() || c == '_' => id.push(c),
            ' ' => id.push('_'),
            _ => {}
        }
    }
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        id.insert(0, '_');
    }
    id
}

/// Shortest digits that read back to the same number.
fn number(value: f64) -> String {
    let far = value != 0.0 && !(1e-4..1e15).contains(&value.abs());
    if far { format!("{value:e}") } else { value.to_string() }
}

fn table(header: &[String], rows: Vec<Vec<String>>) -> String {
    let mut text = header.join("\t");
    text.push('\n');
    for row in rows {
        text.push_str(&row.join("\t"));
        text.push('\n');
    }
    text
}

fn parameters(setup: &Setup, systems: &[Names<'_>]) -> String {
    let header = [
        "parameterId",
        "parameterName",
        "parameterScale",
        "lowerBound",
        "upperBound",
        "nominalValue",
        "estimate",
        "objectivePriorType",
        "objectivePriorParameters",
    ]
    .map(String::from);
    let row = |at: usize, p: &Parameter| -> Vec<String> {
        let bound = |v: f64| if v.is_finite() { number(v) } else { String::new() };
        let scale = match p.scale {
            Scale::Lin => "lin",
            Scale::Log => "log",
            Scale::Log10 => "log10",
        };
        let (prior, numbers) = match p.prior {
            Prior::Flat => ("parameterScaleUniform", scaled_bounds(p)),
            Prior::Scaled { mean, sd } => ("parameterScaleNormal", Some((mean, sd))),
            Prior::Linear { mean, sd } => ("normal", Some((mean, sd))),
            Prior::Log { mean, sd } => ("logNormal", Some((mean, sd))),
        };
        let numbers = numbers.filter(|_| p.estimated);
        vec![
            systems[0].parameters[at].clone(),
            if p.title.is_empty() { p.id.clone() } else { p.title.clone() },
            scale.into(),
            bound(p.lower),
            bound(p.upper),
            number(p.nominal),
            u8::from(p.estimated).to_string(),
            numbers.map_or(String::new(), |_| prior.into()),
            numbers.map_or(String::new(), |(a, b)| format!("{};{}", number(a), number(b))),
        ]
    };
    let rows = setup.parameters.iter().enumerate().map(|(at, p)| row(at, p)).collect();
    table(&header, rows)
}

fn scaled_bounds(p: &Parameter) -> Option<(f64, f64)> {
    let bounds = (p.scale.forward(p.lower), p.scale.forward(p.upper));
    (bounds.0.is_finite() && bounds.1.is_finite()).then_some(bounds)
}

/// Identifiers of the conditions of an experiment: before and from time zero.
type Ids = HashMap<usize, (String, String)>;

fn conditions(
    setup: &Setup,
    number: usize,
    names: &Names<'_>,
) -> Result<(String, Ids), Vec<Diagnostic>> {
    let switch = names.system.assembled.switch().map_err(|e| vec![*e])?;
    let mut header = vec!["conditionId".to_string(), "conditionName".to_string()];
    header.push(names.symbol(switch).to_string());
    header.extend(names.columns.iter().map(|s| names.symbol(names.system.symbol(*s)).to_string()));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut known: HashMap<Vec<String>, String> = HashMap::new();
    let mut ids = Ids::new();
    let mine = || setup.experiments.iter().enumerate().filter(|(_, e)| e.system == number);
    for (at, experiment) in mine() {
        let mut condition = |id: String, title: String, on: &str, set: &[(usize, Source)]| {
            let mut fields = vec![on.to_string()];
            fields.extend(names.fields(set));
            if let Some(id) = known.get(&fields) {
                return id.clone();
            }
            let mut unique = id.clone();
            let mut again = 2;
            while rows.iter().any(|r| r[0] == unique) {
                unique = format!("{id}_{again}");
                again += 1;
            }
            known.insert(fields.clone(), unique.clone());
            rows.push([unique.clone(), title].into_iter().chain(fields).collect());
            unique
        };
        let Experiment { condition: id, title, tumour, .. } = experiment;
        let rest = match tumour.is_empty() {
            true => "rest".to_string(),
            false => format!("rest_{}", identifier(tumour)),
        };
        let before = condition(rest, format!("{tumour} at rest"), "1", &experiment.before);
        let during = condition(identifier(id), title.clone(), "0", &experiment.during);
        ids.insert(at, (before, during));
    }
    Ok((table(&header, rows), ids))
}

fn observables(setup: &Setup, number: usize, names: &Names<'_>) -> String {
    let header = [
        "observableId",
        "observableName",
        "observableFormula",
        "observableTransformation",
        "noiseFormula",
        "noiseDistribution",
    ]
    .map(String::from);
    let mut rows = Vec::new();
    for (at, observable) in setup.observables.iter().enumerate() {
        let used = |m: &&Measurement| {
            m.observable == at && setup.experiments[m.experiment].system == number
        };
        let Some(measurement) = setup.measurements.iter().find(used) else { continue };
        let id = &names.observables[at];
        let formula =
            formula(&measurement.formula, names, &format!("observableParameter#_{id}"), "");
        let noise = self::formula(
            &measurement.noise,
            names,
            &format!("noiseParameter#_{id}"),
            &format!("({formula})"),
        );
        rows.push(vec![
            id.clone(),
            observable.title.clone(),
            formula,
            match observable.transformation {
                Transformation::Lin => "lin",
                Transformation::Log => "log",
                Transformation::Log10 => "log10",
            }
            .to_string(),
            noise,
            "normal".to_string(),
        ]);
    }
    table(&header, rows)
}

fn measurements(setup: &Setup, number: usize, names: &Names<'_>, ids: &Ids) -> String {
    let header = [
        "observableId",
        "preequilibrationConditionId",
        "simulationConditionId",
        "measurement",
        "time",
        "observableParameters",
        "noiseParameters",
    ]
    .map(String::from);
    let mut rows = Vec::new();
    for m in &setup.measurements {
        let experiment = &setup.experiments[m.experiment];
        let Some((before, during)) = ids.get(&m.experiment).filter(|_| experiment.system == number)
        else {
            continue;
        };
        let places = |places: &[Source]| -> String {
            places.iter().map(|s| names.source(*s)).collect::<Vec<_>>().join(";")
        };
        let time = experiment.days[m.time] / names.system.assembled.days_per_time_unit();
        rows.push(vec![
            names.observables[m.observable].clone(),
            before.clone(),
            during.clone(),
            self::number(m.value),
            self::number(time),
            places(&m.places),
            places(&m.noise_places),
        ]);
    }
    table(&header, rows)
}

/// A formula in PEtab's words; `#` in the name of a place stands for its number.
fn formula(bound: &Bound, names: &Names<'_>, place: &str, own: &str) -> String {
    let outputs = names.system.programs.during.outputs();
    let leaf = |id: SymbolId| match bound.leaves().get(id.0 as usize) {
        Some(Leaf::Output(at)) => names.symbol(outputs[*at]).to_string(),
        Some(Leaf::Parameter(at)) => names.parameters[*at].clone(),
        Some(Leaf::Place(at)) => place.replace('#', &(at + 1).to_string()),
        Some(Leaf::Own) | None => own.to_string(),
    };
    words(bound.expr(), &leaf)
}

fn words(expr: &Expr, leaf: &dyn Fn(SymbolId) -> String) -> String {
    let of = |e: &Expr| words(e, leaf);
    let inner = |e: &Expr| match e.node {
        Node::Number(value) if value >= 0.0 => of(e),
        Node::Symbol(_) | Node::Time | Node::Call(..) | Node::Piecewise { .. } => of(e),
        _ => format!("({})", of(e)),
    };
    match &expr.node {
        Node::Number(value) => number(*value),
        Node::Symbol(id) => leaf(*id),
        Node::Time => "time".to_string(),
        Node::Neg(a) => format!("-{}", inner(a)),
        Node::Not(a) => format!("!{}", inner(a)),
        // Nothing is added to a sum over subclones that begins with 0.
        Node::Binary(BinaryOp::Add, a, b) if a.node == Node::Number(0.0) => of(b),
        Node::Binary(op, a, b) => {
            let sign = match op {
                BinaryOp::Add => "+",
                BinaryOp::Sub => "-",
                BinaryOp::Mul => "*",
                BinaryOp::Div => "/",
                BinaryOp::Pow => "^",
                BinaryOp::Less => "<",
                BinaryOp::LessEqual => "<=",
                BinaryOp::Greater => ">",
                BinaryOp::GreaterEqual => ">=",
                BinaryOp::Equal => "==",
                BinaryOp::NotEqual => "!=",
                BinaryOp::And => "&&",
                BinaryOp::Or => "||",
            };
            format!("{} {sign} {}", inner(a), inner(b))
        }
        Node::Call(function, arguments) => {
            let name = function.name();
            format!("{name}({})", arguments.iter().map(of).collect::<Vec<_>>().join(", "))
        }
        Node::Piecewise { cases, otherwise } => {
            let cases = cases.iter().flat_map(|(value, condition)| [of(value), of(condition)]);
            let parts: Vec<String> = cases.chain([of(otherwise)]).collect();
            format!("piecewise({})", parts.join(", "))
        }
    }
}
