//! `hersim trial`.

use std::process::ExitCode;

use hersim_report::{ReportMeta, trial_report};
use hersim_study::{
    StudyError,
    library::{Library, Shelf},
    trial::{TrialRequest, TrialRun, run, score},
};
use serde::Serialize;

use super::{open, settings, typed};
use crate::{
    arguments::{Arguments, TrialOptions},
    print,
    terminal::{self, Bar},
};

/// Runs one virtual trial or all, prints the figures and writes reports.
pub fn trial(arguments: &Arguments, options: &TrialOptions) -> ExitCode {
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    match &options.trial {
        Some(trial) => one(arguments, options, &mut library, trial),
        None => all(arguments, options, library),
    }
}

fn one(
    arguments: &Arguments,
    options: &TrialOptions,
    library: &mut Library,
    trial: &str,
) -> ExitCode {
    let run = match simulate(arguments, options, library, trial) {
        Ok(run) => run,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    if arguments.json {
        terminal::result(pretty(&printed(&run)));
        return ExitCode::SUCCESS;
    }
    terminal::warn(&run.warnings, arguments);
    terminal::result(print::trial(&run.outcome));
    let failed = run.outcome.failed_patients;
    if failed > 0 {
        terminal::result(format!(
            "{failed} patients could not be simulated; their rows in endpoints.parquet say why"
        ));
    }
    if run.outcome.not_enrolled > 0 {
        terminal::result(format!(
            "{} patients did not enter; their rows in endpoints.parquet say why",
            run.outcome.not_enrolled
        ));
    }
    if run.restless > 0 {
        terminal::result(format!("{} tumours were not at rest when treatment began", run.restless));
    }
    if run.resumed > 0 {
        terminal::say(arguments, format!("{} parts of the run were already there", run.resumed));
    }
    let folder = run.folder.path().display();
    terminal::result(format!("{:.1} s; results and report.html in {folder}", run.outcome.seconds));
    ExitCode::SUCCESS
}

/// Every trial of the library; one that cannot be run is told of, and the others go on.
fn all(arguments: &Arguments, options: &TrialOptions, library: Library) -> ExitCode {
    let ids = library.ids(Shelf::Trials);
    let mut scored = Vec::new();
    let mut objects = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for id in &ids {
        // Each trial is keyed by the texts it is made from, so each begins with none read.
        let mut library = library.afresh();
        terminal::say(arguments, id.to_string());
        match simulate(arguments, options, &mut library, id) {
            Ok(run) => {
                scored.extend(score(&run.outcome));
                if arguments.json {
                    objects.push(serde_json::to_value(printed(&run)).unwrap_or_default());
                }
            }
            Err(error) => code = terminal::fail(&error, &library.sources, arguments),
        }
    }
    terminal::result(if arguments.json { pretty(&objects) } else { print::scores(&scored) });
    code
}

fn simulate(
    arguments: &Arguments,
    options: &TrialOptions,
    library: &mut Library,
    trial: &str,
) -> Result<TrialRun, StudyError> {
    let request = TrialRequest {
        trial: trial.to_string(),
        patients: options.patients,
        seed: options.seed,
        out: options.out.clone(),
        start_over: options.start_over,
        calibrated: !options.uncalibrated,
        settings: settings(&options.machine),
        command: typed(),
        version: env!("CARGO_PKG_VERSION").to_string(),
    };
    let run = run(library, &request, &Bar::new(arguments))?;
    run.folder.write_text("report.html", &trial_report(&run.outcome, &meta(&run)))?;
    Ok(run)
}

fn meta(run: &TrialRun) -> ReportMeta {
    let manifest = run.folder.manifest();
    ReportMeta {
        command: manifest.command.clone(),
        version: manifest.versions.get("hersim").cloned().unwrap_or_default(),
        model_hash: manifest.model_hash.clone(),
        settings: manifest.settings.clone().into_iter().collect(),
        sources: run.sources.clone(),
    }
}

#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    outcome: &'a hersim_study::outcome::TrialOutcome,
    folder: String,
}

fn printed(run: &TrialRun) -> Printed<'_> {
    Printed { outcome: &run.outcome, folder: run.folder.path().display().to_string() }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
