//! One file per command.

mod bench;
mod calibrate;
mod check;
mod claims;
mod convert;
mod fit;
mod handbook;
mod list;
mod simulate;
mod suite;
mod trial;

use std::{path::Path, process::ExitCode};

use hersim_network::Sources;
use hersim_study::{StudyError, equilibrate::EnsembleSettings, library::Library};

pub use bench::bench;
pub use calibrate::calibrate;
pub use check::check;
pub use claims::claims;
pub use convert::convert;
pub use fit::fit;
pub use handbook::handbook;
pub use list::list;
pub use simulate::simulate;
pub use suite::suite;
pub use trial::trial;

use crate::{
    arguments::{Arguments, Lanes, MachineOptions},
    terminal,
};

/// The library that the arguments ask for.
fn open(arguments: &Arguments) -> Result<Library, ExitCode> {
    let found = match &arguments.project {
        Some(root) => Library::find(root),
        None => Library::find(Path::new(".")),
    };
    match found {
        Ok(mut library) => {
            library.answers.clone_from(&arguments.hypothesis);
            Ok(library)
        }
        Err(e) => Err(terminal::fail(&StudyError::Input(e), &Sources::default(), arguments)),
    }
}

fn settings(machine: &MachineOptions) -> EnsembleSettings {
    let default = EnsembleSettings::default();
    EnsembleSettings {
        rtol: machine.rtol,
        atol_share: machine.rtol * 1e-3,
        max_steps: machine.max_steps,
        threads: machine.threads.map_or(default.threads, |n| n as usize),
        width: match machine.lanes {
            Lanes::Auto => hersim_engine::Width::Auto,
            Lanes::One => hersim_engine::Width::One,
            Lanes::Four => hersim_engine::Width::Four,
            Lanes::Eight => hersim_engine::Width::Eight,
        },
        compile: !machine.no_compile,
    }
}

/// The command as it was typed.
fn typed() -> String {
    std::env::args().map(|a| if a.contains(' ') { format!("\"{a}\"") } else { a }).skip(1).fold(
        "hersim".to_string(),
        |mut text, word| {
            text.push(' ');
            text.push_str(&word);
            text
        },
    )
}
