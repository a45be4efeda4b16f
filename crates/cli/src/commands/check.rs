//! `hersim check`.

use std::process::ExitCode;

use hersim_network::{Level, Sources};
use hersim_study::{check::check as run, model_file};
use serde_json::json;

use super::open;
use crate::{
    arguments::{Arguments, CheckOptions},
    print, terminal,
};

/// Looks over the model and prints what is wrong.
pub fn check(arguments: &Arguments, options: &CheckOptions) -> ExitCode {
    let mut sources = Sources::default();
    let report = match options.model.as_deref().filter(|m| model_file::is_model_file(m)) {
        // It stands alone, outside any project.
        Some(file) => model_file::check(file, &mut sources),
        None => {
            let mut library = match open(arguments) {
                Ok(library) => library,
                Err(code) => return code,
            };
            let report = run(&mut library, options.model.as_deref());
            sources = library.sources;
            report
        }
    };
    let clean = report.diagnostics.is_empty();
    let passed = if options.strict { clean } else { report.passed() };
    if arguments.json {
        let diagnostics: Vec<_> =
            report.diagnostics.iter().map(|d| terminal::as_json(d, &sources)).collect();
        terminal::result(
            json!({ "passed": passed, "checked": report, "diagnostics": diagnostics }),
        );
    } else {
        terminal::report(&report.diagnostics, &sources, arguments);
        let mut table = print::table(&[
            "system",
            "subclones",
            "species",
            "rate rules",
            "reactions",
            "measured",
            "fitted",
            "assumed",
        ]);
        for s in &report.systems {
            let count = |status: &str| s.parameters.get(status).copied().unwrap_or(0).to_string();
            table.add_row([
                s.system.clone(),
                s.subclones.join(", "),
                s.species.to_string(),
                s.rate_rules.to_string(),
                s.reactions.to_string(),
                count("measured"),
                count("fitted"),
                count("assumed"),
            ]);
        }
        terminal::result(table);
        for s in &report.systems {
            for sum in &s.conserved {
                terminal::result(format!("conserved in {}: {sum}", s.system));
            }
        }
        let errors = report.diagnostics.iter().filter(|d| d.level == Level::Error).count();
        let warnings = report.diagnostics.len() - errors;
        let (systems, documents) = (report.systems.len(), report.documents);
        terminal::result(format!(
            "{systems} systems, {documents} library documents and {} claims: {errors} errors, \
             {warnings} warnings",
            report.claims
        ));
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::from(terminal::FAILED) }
}
