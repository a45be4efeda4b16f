//! `hersim trial`.

use std::process::ExitCode;

use hersim_report::{ReportMeta, trial_report};
use hersim_study::trial::{TrialRequest, TrialRun, run};
use serde::Serialize;

use super::{open, settings, typed};
use crate::{
    arguments::{Arguments, TrialOptions},
    print,
    terminal::{self, Bar},
};

/// Runs a virtual trial, prints its figures and writes its report.
pub fn trial(arguments: &Arguments, options: &TrialOptions) -> ExitCode {
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    let request = TrialRequest {
        trial: options.trial.clone(),
        patients: options.patients,
        seed: options.seed,
        out: options.out.clone(),
        start_over: options.start_over,
        settings: settings(&options.machine),
        command: typed(),
        version: env!("CARGO_PKG_VERSION").to_string(),
    };
    let bar = Bar::new(arguments);
    let run = match run(&mut library, &request, &bar) {
        Ok(run) => run,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    let report = trial_report(&run.outcome, &meta(&run));
    if let Err(error) = run.folder.write_text("report.html", &report) {
        return terminal::fail(&error.into(), &library.sources, arguments);
    }
    if arguments.json {
        terminal::result(json(&run));
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

fn json(run: &TrialRun) -> String {
    #[derive(Serialize)]
    struct Printed<'a> {
        #[serde(flatten)]
        outcome: &'a hersim_study::outcome::TrialOutcome,
        folder: String,
    }
    let printed =
        Printed { outcome: &run.outcome, folder: run.folder.path().display().to_string() };
    serde_json::to_string_pretty(&printed).unwrap_or_default()
}
