//! hersim's engine on given virtual patients, for comparison with other tools.
//!
//! Usage: `hersim-bench SETUP`. SETUP is a JSON file, see [`Setup`]. Then each line of standard
//! input asks for one run, see [`Ask`], and each line of standard output answers it, see
//! [`Answer`]. Nothing but the integration is in the measured time.

use std::{
    error::Error,
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

use hersim_antimony::{Disk, Request, load};
use hersim_engine::{Compile, Program, Settings, Width, compile, run};
use hersim_network::{Diagnostic, Sources, SymbolId};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

mod patient;

use patient::Patient;

/// What is simulated.
#[derive(Debug, Deserialize)]
struct Setup {
    /// Antimony file. Its events are left out.
    model: PathBuf,
    /// Species that the doses go into.
    dosed: String,
    /// Days between doses, and from the last dose to the end.
    interval: f64,
    /// Parameters that differ between patients.
    parameters: Vec<String>,
    /// Symbols to compare.
    outputs: Vec<String>,
    /// Who is simulated.
    patients: Vec<Person>,
}

/// One patient.
#[derive(Clone, Debug, Deserialize)]
struct Person {
    /// Values, `[parameter]`.
    values: Vec<f64>,
    /// Doses in the unit of the dosed species, `[cycle]`.
    doses: Vec<f64>,
}

/// One run.
#[derive(Debug, Deserialize)]
struct Ask {
    /// Patients per instruction: 1, 4 or 8.
    width: u8,
    /// Relative tolerance; the absolute one is a thousandth of it, times the size of the state.
    rtol: f64,
    /// Steps after which a patient is given up.
    max_steps: u64,
    /// Whether machine code may be made.
    #[serde(default = "yes")]
    compile: bool,
}

fn yes() -> bool {
    true
}

/// What a run cost and gave.
#[derive(Debug, Serialize)]
struct Answer {
    /// Processor time of the whole process, milliseconds.
    cpu_ms: f64,
    /// Patients per instruction that were used.
    width: usize,
    /// Steps tried, over all patients.
    steps: u64,
    /// Steps rejected, over all patients.
    rejections: u64,
    /// Steps of whole lane groups.
    batches: u64,
    /// Outputs before each dose and at the end, `[patient][cycle][output]`; none for a patient
    /// who was given up.
    values: Vec<Option<Vec<Vec<f64>>>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: hersim-bench SETUP < asks > answers")?;
    let setup: Setup = serde_json::from_slice(&std::fs::read(path)?)?;
    let (program, dosed) = program(&setup)?;
    let scale = scale(&program, dosed, &setup);
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let ask: Ask = serde_json::from_str(&line?)?;
        let answer = answer(&program, dosed, &setup, &scale, &ask);
        serde_json::to_writer(&mut out, &answer)?;
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}

/// The compiled model and the place of the dosed species among its states.
fn program(setup: &Setup) -> Result<(Program, usize), Box<dyn Error>> {
    let mut sources = Sources::default();
    let told = |found: Vec<Diagnostic>, sources: &Sources| -> Box<dyn Error> {
        found.iter().map(|d| d.render(sources, false)).collect::<String>().into()
    };
    let request = Request { model: Path::new(&setup.model), main: None, subclones: &[] };
    let loaded = load(&Disk, &request, &mut sources).map_err(|found| told(found, &sources))?;
    let mut network = loaded.network;
    network.events.clear();
    let find = |name: &String| network.find(name).ok_or_else(|| format!("no symbol `{name}`"));
    let varying: Vec<SymbolId> = setup.parameters.iter().map(find).collect::<Result<_, _>>()?;
    let outputs: Vec<SymbolId> = setup.outputs.iter().map(find).collect::<Result<_, _>>()?;
    let dosed = find(&setup.dosed)?;
    let options =
        Compile { varying: &varying, inputs: &[dosed], outputs: &outputs, ..Compile::default() };
    let program = compile(&network, &options).map_err(|found| told(found, &sources))?;
    let place = program.states().iter().position(|state| *state == dosed);
    let place = place.ok_or("the dosed species is no state")?;
    Ok((program, place))
}

/// How large each state becomes in the first patient, in a run that nobody measures.
fn scale(program: &Program, dosed: usize, setup: &Setup) -> Vec<f64> {
    let Some(person) = setup.patients.first() else { return Vec::new() };
    let mut pilot = [Patient::new(program, person.clone(), dosed, setup.interval)];
    run(program, &mut pilot, &Settings { threads: 1, ..Settings::default() }, &|_| {});
    pilot[0].largest.iter().map(|size| if *size > 0.0 { *size } else { 1.0 }).collect()
}

fn answer(program: &Program, dosed: usize, setup: &Setup, scale: &[f64], ask: &Ask) -> Answer {
    let mut patients: Vec<Patient> = (setup.patients.iter())
        .map(|person| Patient::new(program, person.clone(), dosed, setup.interval))
        .collect();
    let width = match ask.width {
        1 => Width::One,
        4 => Width::Four,
        _ => Width::Eight,
    };
    let settings = Settings {
        rtol: ask.rtol,
        atol: scale.iter().map(|size| Settings::default_atol(ask.rtol, *size)).collect(),
        max_steps: ask.max_steps,
        width,
        compile: ask.compile,
        threads: 1,
        ..Settings::default()
    };
    let before = cpu_ms();
    let stats = run(program, &mut patients, &settings, &|_| {});
    let cpu_ms = cpu_ms() - before;
    Answer {
        cpu_ms,
        width: stats.width,
        steps: stats.steps,
        rejections: stats.rejections,
        batches: stats.batches,
        values: patients.into_iter().map(|p| (!p.failed).then_some(p.values)).collect(),
    }
}

/// Processor time of this process so far, milliseconds.
fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}
