//! The command line: a thin door to `hersim-study`.
//!
//! It reads arguments, shows progress, prints tables or JSON, and turns errors into text and
//! exit codes: 0 good, 1 the check failed, 2 wrong usage or input. It computes nothing.

mod arguments;
mod commands;
mod print;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match &arguments.command {
        Command::Trial(options) => commands::trial(&arguments, options),
        Command::Simulate(options) => commands::simulate(&arguments, options),
        Command::Check(options) => commands::check(&arguments, options),
        Command::Claims(options) => commands::claims(&arguments, options),
        Command::Calibrate(options) => commands::calibrate(&arguments, options),
        Command::Fit(options) => commands::fit(&arguments, options),
        Command::Convert(options) => commands::convert(&arguments, options),
        Command::Handbook(options) => commands::handbook(&arguments, options),
        Command::Suite(options) => commands::suite(&arguments, options),
        Command::Bench(options) => commands::bench(&arguments, options),
        Command::List(options) => commands::list(&arguments, options),
    }
}
