//! `hersim bench`.

use std::{
    io,
    path::Path,
    process::{Command, ExitCode},
};

use hersim_network::{Diagnostic, Sources};
use hersim_study::{
    bench::{BenchRequest, Measured, measure, serve},
    model_file,
};
use serde_json::json;

use super::open;
use crate::{
    arguments::{Arguments, BenchOptions},
    print::{self, number},
    terminal,
};

/// Measures the engine and prints the figures.
pub fn bench(arguments: &Arguments, options: &BenchOptions) -> ExitCode {
    let mut sources = Sources::default();
    if let Some(setup) = &options.worker {
        return match serve(setup, io::stdin().lock(), io::stdout().lock(), &mut sources) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => terminal::fail(&error, &sources, arguments),
        };
    }
    // Files stand alone, outside any project.
    let alone = !options.models.is_empty()
        && options.models.iter().all(|m| model_file::is_model_file(m))
        && options.peers.is_none();
    let mut library = match alone {
        true => None,
        false => match open(arguments) {
            Ok(library) => Some(library),
            Err(code) => return code,
        },
    };
    if let (Some(python), Some(library)) = (&options.peers, &library) {
        return peers(python, &library.path("bench/peers.py"), arguments, options);
    }
    let request = BenchRequest {
        models: options.models.clone(),
        suites: options.suites.clone(),
        patients: options.patients as usize,
        threads: options.threads as usize,
        rtol: options.rtol,
        max_steps: options.max_steps,
        seed: options.seed,
        duration: options.duration,
        vary: options.vary.clone(),
    };
    match measure(library.as_mut(), &request, &mut sources) {
        Ok((found, missing)) => show(&found, &missing, arguments),
        Err(error) => {
            let sources = library.map_or(sources, |library| library.sources);
            return terminal::fail(&error, &sources, arguments);
        }
    }
    ExitCode::SUCCESS
}

fn show(found: &[Measured], missing: &[(String, String)], arguments: &Arguments) {
    if arguments.json {
        let missing: serde_json::Map<_, _> =
            missing.iter().map(|(name, why)| (name.clone(), json!(why))).collect();
        terminal::result(json!({ "models": found, "missing": missing }));
        return;
    }
    let mut table = print::table(&[
        "model",
        "states",
        "load, ms",
        "compile, ms",
        "steps",
        "CPU, ms per patient",
        "without machine code",
        "peak, MiB",
    ]);
    for m in found {
        table.add_row([
            m.model.clone(),
            m.loaded.states.to_string(),
            number(m.loaded.load_ms),
            number(m.loaded.compile_ms),
            number(m.steps),
            number(m.cpu_ms),
            number(m.interpreted_ms),
            m.peak_mib.map_or_else(|| "–".into(), number),
        ]);
    }
    terminal::result(table);
    for m in found.iter().filter(|m| m.failed > 0) {
        terminal::result(format!("{}: {} of {} patients failed", m.model, m.failed, m.patients));
    }
    for (name, why) in missing {
        terminal::result(format!("{name}: not measured: {why}"));
    }
}

/// Lets the comparison with other tools run, with this very program.
fn peers(python: &Path, script: &Path, arguments: &Arguments, options: &BenchOptions) -> ExitCode {
    let mut command = Command::new(python);
    command.arg(script).args(&options.models);
    if let Some(suites) = &options.suites {
        command.arg("--suites").arg(suites);
    }
    if let Ok(itself) = std::env::current_exe() {
        command.arg("--hersim").arg(itself);
    }
    if arguments.json {
        command.arg("--json");
    }
    let failed = |what: String| {
        let error = Diagnostic::error("peers", format!("other tools were not measured: {what}"))
            .mend("`--peers PYTHON` names a Python that has bench/requirements.txt installed");
        terminal::fail(&vec![error].into(), &Sources::default(), arguments)
    };
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => failed(format!("`{}` ended with {status}", script.display())),
        Err(error) => failed(format!("`{}`: {error}", python.display())),
    }
}
