//! Progress bars, diagnostics and exit codes.

use std::{
    collections::HashSet,
    fmt::Display,
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::Mutex,
    time::Duration,
};

use hersim_network::{Diagnostic, Level, Sources};
use hersim_study::{StudyError, progress::Progress};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::arguments::Arguments;

/// A check was made and failed.
pub const FAILED: u8 = 1;
/// Wrong usage or input.
pub const WRONG: u8 = 2;

/// A bar on standard error; nothing where that is not a terminal or `--quiet` was given.
pub struct Bar {
    quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    /// A bar that is not shown yet.
    pub fn new(arguments: &Arguments) -> Bar {
        Bar { quiet: arguments.quiet, bar: Mutex::new(None) }
    }

    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        if let Ok(mut bar) = self.bar.lock() {
            act(&mut bar);
        }
    }
}

impl Progress for Bar {
    fn begin(&self, what: &str, total: u64) {
        if self.quiet {
            return;
        }
        let template = "{msg} {wide_bar} {pos}/{len}  {elapsed} (about {eta} left)";
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total).with_style(style).with_message(what.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.with(|slot| *slot = Some(bar));
    }

    fn advance(&self, pieces: u64) {
        self.with(|slot| {
            if let Some(bar) = slot {
                bar.inc(pieces);
            }
        });
    }

    fn end(&self) {
        self.with(|slot| {
            if let Some(bar) = slot.take() {
                bar.finish_and_clear();
            }
        });
    }
}

/// Prints a result. A reader that has gone away (`| head`) is no error.
pub fn result(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a message beside the results.
fn message(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints what is wrong and gives the exit code for wrong input.
pub fn fail(error: &StudyError, sources: &Sources, arguments: &Arguments) -> ExitCode {
    match error {
        StudyError::Input(diagnostics) => report(diagnostics, sources, arguments),
        StudyError::Store(store) => {
            let error = Diagnostic::error(store.code(), store.what()).mend(store.mend());
            report(&[error], sources, arguments);
        }
    }
    ExitCode::from(WRONG)
}

/// Diagnostics that are printed at once.
const MOST_SHOWN: usize = 500;

/// Prints diagnostics: for people on standard error, with `--json` as JSON on standard output.
pub fn report(diagnostics: &[Diagnostic], sources: &Sources, arguments: &Arguments) {
    // What is reached in several ways is told once.
    let mut seen = HashSet::new();
    let diagnostics: Vec<&Diagnostic> = diagnostics
        .iter()
        .filter(|d| {
            let place = d.at.as_ref().map(|(span, _)| (span.file, span.start, span.end));
            seen.insert((d.code, d.message.as_str(), place))
        })
        .collect();
    if arguments.json {
        let all: Vec<_> = diagnostics.iter().map(|d| as_json(d, sources)).collect();
        result(json!({ "diagnostics": all }));
        return;
    }
    let styled = std::io::stderr().is_terminal();
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        message(format!("{}\n", diagnostic.render(sources, styled)));
    }
    if let Some(more) = diagnostics.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        message(format!("… and {more} more; `--json` gives them all"));
    }
}

/// Prints warnings, one line each, unless `--quiet` or `--json` was given.
pub fn warn(warnings: &[Diagnostic], arguments: &Arguments) {
    if !arguments.quiet && !arguments.json && !warnings.is_empty() {
        message(format!("{} warnings in the model; `hersim check` shows them", warnings.len()));
    }
}

/// A diagnostic for programs.
pub fn as_json(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let place = diagnostic.at.as_ref().and_then(|(span, _)| sources.locate(*span));
    json!({
        "level": if diagnostic.level == Level::Error { "error" } else { "warning" },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": place.as_ref().map(|p| &p.0),
        "line": place.as_ref().map(|p| p.1),
        "column": place.as_ref().map(|p| p.2),
        "mend": diagnostic.mend,
    })
}

/// Tells the user something that is not a result, unless `--quiet` was given.
pub fn say(arguments: &Arguments, text: impl Display) {
    if !arguments.quiet {
        message(text);
    }
}
