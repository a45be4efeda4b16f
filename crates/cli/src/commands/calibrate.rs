//! `hersim calibrate`.

use std::process::ExitCode;

use hersim_network::Diagnostic;
use hersim_study::{
    StudyError,
    calibrate::{CalibrationOutcome, CalibrationRequest, run},
    library::Shelf,
};

use super::{open, settings, typed};
use crate::{
    arguments::{Arguments, CalibrateOptions},
    print,
    terminal::{self, Bar},
};

/// Fits a disease population to what trials have reported.
pub fn calibrate(arguments: &Arguments, options: &CalibrateOptions) -> ExitCode {
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    let request = CalibrationRequest {
        calibration: options.calibration.clone(),
        pool: options.pool,
        seed: options.seed,
        out: options.out.clone(),
        start_over: options.start_over,
        leave_out: !options.no_leave_out,
        settings: settings(&options.machine),
        command: typed(),
        version: env!("CARGO_PKG_VERSION").to_string(),
    };
    let run = match run(&mut library, &request, &Bar::new(arguments)) {
        Ok(run) => run,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    let outcome = &run.outcome;
    let text = document(outcome);
    if let Err(error) = run.folder.write_text("population.toml", &text) {
        return terminal::fail(&error.into(), &library.sources, arguments);
    }
    let mut adopted = None;
    if options.adopt {
        let below = format!("{}/{}.toml", Shelf::Populations.folder(), outcome.population.id);
        let path = library.path(&below);
        if let Err(error) = std::fs::write(&path, &text) {
            let message = format!("cannot write `{}`: {error}", path.display());
            let error = Diagnostic::error("file-unwritable", message)
                .mend("check the permissions; the population is in the run folder");
            return terminal::fail(&StudyError::Input(vec![error]), &library.sources, arguments);
        }
        adopted = Some(path);
    }
    if arguments.json {
        terminal::result(serde_json::to_string_pretty(outcome).unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    terminal::result(print::calibration(outcome));
    if run.resumed > 0 {
        terminal::say(arguments, format!("{} parts of the pool were already there", run.resumed));
    }
    match adopted {
        Some(path) => terminal::result(format!("trials now use {}", path.display())),
        None => terminal::result("not adopted: `--adopt` writes it where trials take it from"),
    }
    let folder = run.folder.path().display();
    terminal::result(format!("{:.1} s; pool and population.toml in {folder}", outcome.seconds));
    ExitCode::SUCCESS
}

/// The population as a document.
fn document(outcome: &CalibrationOutcome) -> String {
    let body = toml::to_string_pretty(&outcome.population).unwrap_or_default();
    format!(
        "# A population as `hersim calibrate` left it: the mean and the standard deviation of the normal\n\
         # score of each draw that was moved (0 and 1 where nothing was). Made by the command below.\n\n{body}"
    )
}
