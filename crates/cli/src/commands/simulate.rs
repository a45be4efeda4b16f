//! `hersim simulate`.

use std::{path::Path, process::ExitCode};

use comfy_table::CellAlignment;
use hersim_network::{Diagnostic, Sources};
use hersim_store::Table;
use hersim_study::{
    StudyError,
    dosing::EventTable,
    equilibrate::Rest,
    model_file::{self, Chance, FollowRequest, Method},
    simulate::{SimulateRequest, Simulation, simulate as run},
};
use serde_json::{Map, Value, json};

use super::{open, settings};
use crate::{
    arguments::{Arguments, ChanceMethod, SimulateOptions},
    print, terminal,
};

/// Rows that are printed at most; the file has them all.
const PRINTED_ROWS: usize = 20;

/// Part of a rate that may change over a leap.
const LEAP: f64 = 0.03;

/// Follows one tumour, prints its course and writes it where asked.
pub fn simulate(arguments: &Arguments, options: &SimulateOptions) -> ExitCode {
    if model_file::is_model_file(&options.tumour) {
        return file(arguments, options);
    }
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    if options.chance.is_some() || options.ignore_fast {
        let option = if options.ignore_fast { "--ignore-fast" } else { "--chance" };
        let message = format!("{option} is for model files, and `{}` is none", options.tumour);
        let error = Diagnostic::error("setting", message)
            .mend("leave it out, or name a file (.xml, .sbml, .ant)");
        return terminal::fail(&vec![error].into(), &library.sources, arguments);
    }
    let request = SimulateRequest {
        tumour: Some(options.tumour.clone()),
        system: options.subject.system.clone(),
        host: options.subject.host.clone(),
        regimen: options.subject.regimen.clone(),
        events: options.subject.events.clone().map(|path| EventTable {
            path,
            id: options.subject.id.clone(),
            time_unit: options.subject.time_unit.clone(),
            amount_unit: options.subject.amount_unit.clone(),
        }),
        medium: options.subject.medium.clone(),
        set: options.subject.set.clone(),
        duration: options.duration.clone(),
        every: options.every.clone(),
        all_states: options.states,
        settings: settings(&options.machine),
    };
    let simulation = match run(&mut library, &request) {
        Ok(simulation) => simulation,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    if let Err(error) = write(&simulation, options) {
        return terminal::fail(&error, &library.sources, arguments);
    }
    if arguments.json {
        terminal::result(as_json(&simulation));
    } else {
        terminal::warn(&simulation.warnings, arguments);
        show(&simulation, arguments);
    }
    match (&simulation.rest, &simulation.failure) {
        (Rest::Failed(reason), _) | (_, Some(reason)) => {
            let error =
                Diagnostic::error("integration", format!("the simulation stopped: {reason}"))
                    .mend("raise --max-steps, or look at the state that is named");
            terminal::report(&[error], &library.sources, arguments);
            ExitCode::from(terminal::FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Follows the model of a file.
fn file(arguments: &Arguments, options: &SimulateOptions) -> ExitCode {
    let mut sources = Sources::default();
    let request = FollowRequest {
        duration: options.duration.clone(),
        every: options.every.clone(),
        set: options.subject.set.clone(),
        rtol: options.machine.rtol.min(1e-6),
        max_steps: options.machine.max_steps,
        time_limit: options.time_limit.clone(),
        seed: options.seed,
        ignore_fast: options.ignore_fast,
    };
    let mut run = || -> Result<Table, StudyError> {
        let subject = &options.subject;
        let given = subject.regimen.is_some() || subject.events.is_some();
        if given || subject.host.is_some() || !subject.medium.is_empty() {
            let message = "a model file knows no drugs and hosts of the library";
            let error = Diagnostic::error("setting", message);
            return Err(vec![error.mend("write doses as events of the model")].into());
        }
        if let Some(path) = &options.plot {
            let message =
                format!("`{}` cannot be drawn: a model file has no readouts", path.display());
            let error = Diagnostic::error("setting", message);
            return Err(vec![error.mend("write the rows with --out")].into());
        }
        let mut model = model_file::read(&options.tumour, &mut sources)?;
        terminal::warn(&model.warnings, arguments);
        let bar = terminal::Bar::new(arguments);
        let network = &mut model.network;
        let (all, summary) = match options.chance {
            None => (model_file::follow(network, &request, &mut sources, &bar)?, None),
            Some(method) => {
                let method = match method {
                    ChanceMethod::Exact => Method::Exact,
                    ChanceMethod::Leap => Method::Leap { tolerance: LEAP },
                };
                let chance = Chance { method, runs: options.runs };
                let runs =
                    model_file::follow_chance(network, &request, chance, &mut sources, &bar)?;
                // One run is its own summary.
                (runs.all, (options.runs > 1).then_some(runs.summary))
            }
        };
        write_rows(&all, options)?;
        Ok(summary.unwrap_or(all))
    };
    match run() {
        Err(error) => terminal::fail(&error, &sources, arguments),
        Ok(table) => {
            if arguments.json {
                let columns = json_columns(&table);
                let whole = json!({ "title": options.tumour, "columns": columns });
                terminal::result(whole);
            } else {
                terminal::result(rows(&table));
            }
            ExitCode::SUCCESS
        }
    }
}

/// Some of the rows of a table.
fn rows(table: &Table) -> impl std::fmt::Display {
    let header: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let mut printed = print::table(&header);
    for column in printed.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let count = table.rows();
    let step = count.div_ceil(PRINTED_ROWS).max(1);
    for i in (0..count).filter(|i| i % step == 0 || i + 1 == count) {
        printed.add_row(table.columns.iter().map(|column| match &column.values {
            hersim_store::Values::F64(values) => values[i].map_or(String::new(), print::number),
            _ => String::new(),
        }));
    }
    printed
}

/// Writes all rows where asked.
fn write_rows(table: &Table, options: &SimulateOptions) -> Result<(), StudyError> {
    let Some(path) = &options.out else { return Ok(()) };
    match path.extension().and_then(|e| e.to_str()) {
        Some("parquet") => hersim_store::write_parquet(table, path)?,
        Some("csv") => hersim_store::write_csv(table, path)?,
        _ => return Err(wrong_ending(path, ".parquet or .csv")),
    }
    Ok(())
}

fn write(simulation: &Simulation, options: &SimulateOptions) -> Result<(), StudyError> {
    write_rows(&simulation.table, options)?;
    if let Some(path) = &options.plot {
        if path.extension().and_then(|e| e.to_str()) != Some("svg") {
            return Err(wrong_ending(path, ".svg"));
        }
        hersim_store::write_text(path, &hersim_report::trace_svg(&simulation.trace))?;
    }
    Ok(())
}

fn wrong_ending(path: &Path, known: &str) -> StudyError {
    let error = Diagnostic::error(
        "file-ending",
        format!("`{}` does not say what kind of file it is", path.display()),
    );
    StudyError::Input(vec![error.mend(format!("end its name in {known}"))])
}

fn show(simulation: &Simulation, arguments: &Arguments) {
    for a in &simulation.achieved {
        terminal::say(
            arguments,
            format!(
                "{} {}: asked {}, achieved {} {}",
                a.subclone,
                a.attribute,
                print::number(a.asked),
                print::number(a.achieved),
                a.unit
            ),
        );
    }
    for d in &simulation.delivered {
        terminal::say(
            arguments,
            format!("{}: {} {} arrived", d.drug, print::number(d.amount), d.unit),
        );
    }
    if let Rest::Moving = simulation.rest {
        terminal::say(arguments, "the tumour was not at rest when treatment began");
    }
    let trace = &simulation.trace;
    let header: Vec<String> = std::iter::once("day".to_string())
        .chain(trace.series.iter().map(|s| match s.unit.as_str() {
            "1" | "dimensionless" => s.title.clone(),
            unit => format!("{}, {unit}", s.title),
        }))
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = print::table(&header);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let step = trace.day.len().div_ceil(PRINTED_ROWS).max(1);
    for i in (0..trace.day.len()).filter(|i| i % step == 0 || i + 1 == trace.day.len()) {
        let values = trace.series.iter().map(|s| print::number(s.values[i]));
        table.add_row(std::iter::once(print::number(trace.day[i])).chain(values));
    }
    terminal::result(format!("{}\n{table}", trace.title));
}

fn json_columns(table: &Table) -> Map<String, Value> {
    let mut columns = Map::new();
    for column in &table.columns {
        if let hersim_store::Values::F64(values) = &column.values {
            let unit = column.unit.as_deref().unwrap_or("1");
            columns.insert(column.name.clone(), json!({ "unit": unit, "values": values }));
        }
    }
    columns
}

fn as_json(simulation: &Simulation) -> String {
    let columns = json_columns(&simulation.table);
    let rest = match &simulation.rest {
        Rest::Settled(days) => json!({ "settled_day": days }),
        Rest::Moving => json!("moving"),
        Rest::Failed(reason) => json!({ "failed": reason }),
    };
    let whole: Value = json!({
        "title": simulation.trace.title,
        "equilibration": rest,
        "achieved": simulation.achieved,
        "delivered": simulation.delivered,
        "failure": simulation.failure,
        "columns": columns,
    });
    serde_json::to_string(&whole).unwrap_or_default()
}
