//! `hersim convert`.

use std::process::ExitCode;

use hersim_network::Sources;
use hersim_study::{
    StudyError,
    convert::{Format, convert as run},
    equilibrate::EnsembleSettings,
    model_file,
    quantity::Quantity,
    simulate::SimulateRequest,
};

use super::open;
use crate::{
    arguments::{Arguments, ConvertOptions, Target},
    terminal,
};

/// Writes an assembled system as a file for other tools.
pub fn convert(arguments: &Arguments, options: &ConvertOptions) -> ExitCode {
    let format = match options.to {
        Target::Sbml => Format::Sbml,
        Target::Antimony => Format::Antimony,
        Target::Events => Format::Events,
    };
    if model_file::is_model_file(&options.system) {
        let mut sources = Sources::default();
        return match model_file::convert(&options.system, format, &mut sources) {
            Ok((text, warnings)) => {
                terminal::report(&warnings, &sources, arguments);
                deliver(&text, &sources, arguments, options)
            }
            Err(error) => terminal::fail(&error.into(), &sources, arguments),
        };
    }
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    let request = SimulateRequest {
        tumour: options.tumour.clone(),
        system: options.system.clone(),
        host: options.host.clone(),
        regimen: options.regimen.clone(),
        medium: options.medium.clone(),
        set: options.set.clone(),
        settings: EnsembleSettings {
            rtol: options.rtol,
            atol_share: options.rtol * 1e-3,
            ..EnsembleSettings::default()
        },
        ..SimulateRequest::default()
    };
    let days = Quantity::parse(&options.duration).and_then(|q| q.days()).map_err(|message| {
        StudyError::Input(vec![
            hersim_network::Diagnostic::error("quantity", format!("--for: {message}"))
                .mend("write for example `--for 1y`"),
        ])
    });
    let text = match days.and_then(|days| run(&mut library, &request, days, format)) {
        Ok(text) => text,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    deliver(&text, &library.sources, arguments, options)
}

/// Writes or prints the text.
fn deliver(
    text: &str,
    sources: &Sources,
    arguments: &Arguments,
    options: &ConvertOptions,
) -> ExitCode {
    match &options.out {
        None => terminal::result(text.trim_end()),
        Some(path) => {
            if let Err(error) = hersim_store::write_text(path, text) {
                return terminal::fail(&error.into(), sources, arguments);
            }
            terminal::say(arguments, format!("wrote {}", path.display()));
        }
    }
    ExitCode::SUCCESS
}
