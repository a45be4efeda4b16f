//! `hersim fit`.

use std::{path::Path, process::ExitCode};

use comfy_table::CellAlignment;
use hersim_report::{ReportMeta, fit_report};
use hersim_study::{
    StudyError,
    equilibrate::EnsembleSettings,
    fit::{
        FitOutcome, FitRequest, FitRun, FittedParameter, Setup, Status, Written, export_to, run,
        write_back,
    },
    library::Library,
};
use serde::Serialize;

use super::{open, typed};
use crate::{
    arguments::{Arguments, FitOptions, MachineOptions},
    print,
    terminal::{self, Bar},
};

/// Starts that are printed at most.
const PRINTED_STARTS: usize = 10;

/// Fits a calibration problem, prints what it found and writes its report.
pub fn fit(arguments: &Arguments, options: &FitOptions) -> ExitCode {
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    if let Some(folder) = &options.export {
        return write_problem(arguments, options, &mut library, folder);
    }
    let request = FitRequest {
        problem: options.problem.clone(),
        starts: options.starts as usize,
        iterations: options.iterations as usize,
        seed: options.seed,
        profile: options.profile.clone(),
        out: options.out.clone(),
        start_over: options.start_over,
        settings: settings(options),
        command: typed(),
        version: env!("CARGO_PKG_VERSION").to_string(),
    };
    let bar = Bar::new(arguments);
    let run = match run(&mut library, &request, &bar) {
        Ok(run) => run,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    let report = fit_report(&run.outcome, &meta(&run));
    if let Err(error) = run.folder.write_text("report.html", &report) {
        return terminal::fail(&error.into(), &library.sources, arguments);
    }
    let written = match options.write {
        true => match write_back(&library, &run.setup, &run.outcome.parameters) {
            Ok(written) => written,
            Err(error) => return terminal::fail(&error, &library.sources, arguments),
        },
        false => Vec::new(),
    };
    if arguments.json {
        terminal::result(json(&run));
        return ExitCode::SUCCESS;
    }
    terminal::warn(&run.setup.warnings, arguments);
    show(&run, arguments);
    show_written(&written);
    ExitCode::SUCCESS
}

fn write_problem(
    arguments: &Arguments,
    options: &FitOptions,
    library: &mut Library,
    folder: &Path,
) -> ExitCode {
    let written = Setup::new(library, &options.problem, &settings(options))
        .map_err(StudyError::from)
        .and_then(|setup| export_to(&setup, folder));
    match written {
        Ok(files) => {
            terminal::say(arguments, format!("wrote {files} files into {}", folder.display()));
            ExitCode::SUCCESS
        }
        Err(error) => terminal::fail(&error, &library.sources, arguments),
    }
}

fn meta(run: &FitRun) -> ReportMeta {
    let manifest = run.folder.manifest();
    ReportMeta {
        command: manifest.command.clone(),
        version: manifest.versions.get("hersim").cloned().unwrap_or_default(),
        model_hash: manifest.model_hash.clone(),
        settings: manifest.settings.clone().into_iter().collect(),
        sources: run.sources.clone(),
    }
}

fn show_written(written: &[Written]) {
    let mut path = "";
    for row in written {
        if row.path != path {
            path = &row.path;
            terminal::result(format!("wrote {path}"));
        }
        terminal::result(format!("  {}: {} -> {}", row.id, row.from, row.to));
    }
}

fn settings(options: &FitOptions) -> EnsembleSettings {
    super::settings(&MachineOptions {
        threads: options.threads,
        lanes: options.lanes,
        no_compile: options.no_compile,
        rtol: options.rtol,
        max_steps: options.max_steps,
    })
}

fn show(run: &FitRun, arguments: &Arguments) {
    let outcome = &run.outcome;
    terminal::result(format!("{}\n\n{}", outcome.title, parameters(outcome)));
    terminal::result(observables(outcome));
    terminal::result(starts(outcome));
    let before = outcome.nominal.map_or("cannot be simulated".to_string(), |n| {
        format!("{} (chi² {})", print::number(n.objective), print::number(n.chi2))
    });
    terminal::result(format!(
        "{} measurements; objective {} (chi² {}), with the tables' values {before}",
        outcome.measurements,
        print::number(outcome.best.objective),
        print::number(outcome.best.chi2),
    ));
    if let Some(reason) = &outcome.trouble {
        terminal::say(arguments, format!("some simulations failed on the way: {reason}"));
    }
    if run.resumed > 0 {
        terminal::say(arguments, format!("{} starts were already done", run.resumed));
    }
    terminal::result(format!(
        "{:.1} s, {} iterations; results and report.html in {}",
        outcome.seconds,
        outcome.iterations,
        run.folder.path().display()
    ));
}

fn parameters(outcome: &FitOutcome) -> String {
    let mut table =
        print::table(&["parameter", "table", "fitted (95 %)", "unit", "from data", "remark"]);
    for column in [1, 2, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for p in &outcome.parameters {
        let limits = match (p.ci_low, p.ci_high) {
            (Some(low), Some(high)) => {
                format!(" ({}–{})", print::number(low), print::number(high))
            }
            _ => String::new(),
        };
        table.add_row([
            p.id.clone(),
            print::number(p.nominal),
            format!("{}{limits}", print::number(p.value)),
            p.unit.clone(),
            format!("{:.0} %", 100.0 * p.informed),
            remark(p),
        ]);
    }
    table.to_string()
}

fn remark(p: &FittedParameter) -> String {
    match p.at_bound {
        Some(bound) => format!("at its {bound} bound"),
        None if p.unidentifiable => "not identifiable".into(),
        None => String::new(),
    }
}

fn observables(outcome: &FitOutcome) -> String {
    let mut table = print::table(&["observable", "n", "chi²/n", "mean residual", "worst"]);
    for o in &outcome.observables {
        table.add_row([
            o.id.clone(),
            o.n.to_string(),
            print::number(o.chi2 / o.n as f64),
            format!("{:+.2} σ", o.mean),
            format!("{:+.1} σ", o.worst),
        ]);
    }
    table.to_string()
}

fn starts(outcome: &FitOutcome) -> String {
    let mut table = print::table(&["start", "from", "objective", "iterations", "ended"]);
    let shown = |v: Option<f64>| v.map_or("–".to_string(), print::number);
    for s in outcome.starts.iter().take(PRINTED_STARTS) {
        table.add_row([
            if s.start == 0 { "tables".to_string() } else { s.start.to_string() },
            shown(s.from),
            shown(s.objective),
            s.iterations.to_string(),
            match s.status {
                Status::Converged => "converged",
                Status::Moving | Status::Stopped => "out of iterations",
                Status::Failed => "could not be simulated",
            }
            .to_string(),
        ]);
    }
    let rest = outcome.starts.len().saturating_sub(PRINTED_STARTS);
    if rest > 0 { format!("{table}\n… and {rest} more") } else { table.to_string() }
}

fn json(run: &FitRun) -> String {
    #[derive(Serialize)]
    struct Printed<'a> {
        #[serde(flatten)]
        outcome: &'a FitOutcome,
        folder: String,
    }
    let folder = run.folder.path().display().to_string();
    serde_json::to_string_pretty(&Printed { outcome: &run.outcome, folder }).unwrap_or_default()
}
