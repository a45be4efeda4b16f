//! hersim's engine on given virtual patients, for comparison with other tools.
//!
//! Usage: `hersim-bench SETUP`. SETUP is a JSON file, see [`Setup`]. The first line of standard
//! output says what loading has cost, see [`Loaded`]. Then each line of standard input asks for one
//! run, see [`Ask`], and each line of standard output answers it, see [`Answer`]. Nothing but the
//! integration, and the compilation that a run itself asks for, is in its measured time.

use std::{
    error::Error,
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

use hersim_antimony::{Disk, Request, load};
use hersim_engine::{Compile, Program, Settings, Width, compile, run};
use hersim_network::{Diagnostic, Network, Sources, SymbolId};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

mod patient;

use patient::Patient;

/// What is simulated.
#[derive(Debug, Deserialize)]
struct Setup {
    /// Antimony file; its events are the doses.
    model: PathBuf,
    /// Parameters that differ between patients.
    parameters: Vec<String>,
    /// Symbols to compare.
    outputs: Vec<String>,
    /// Times of the outputs, ascending, in the model's unit; the run ends at the last.
    times: Vec<f64>,
    /// Values per patient, `[patient][parameter]`.
    patients: Vec<Vec<f64>>,
    /// Factor from the usual size of a state to its absolute tolerance, relative to `rtol`.
    #[serde(default = "thousandth")]
    floor: f64,
}

/// What loading has cost and given.
#[derive(Debug, Serialize)]
struct Loaded {
    /// Processor time to read the text, milliseconds.
    load_ms: f64,
    /// Processor time to compile the network, machine code not included, milliseconds.
    compile_ms: f64,
    states: usize,
    parameters: usize,
    jacobian_entries: usize,
    factor_entries: usize,
    prelude_operations: usize,
    first_operations: usize,
    stage_operations: usize,
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
    #[serde(default = "one")]
    threads: usize,
    /// Patients to simulate, the given ones over and over; all given ones once when absent.
    #[serde(default)]
    count: Option<usize>,
    /// Whether to answer without values.
    #[serde(default)]
    quiet: bool,
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

fn thousandth() -> f64 {
    1e-3
}

/// Patients whose results are held at a time.
const CHUNK: usize = 1000;

/// What a run cost and gave.
#[derive(Debug, Default, Serialize)]
struct Answer {
    /// Processor time of the whole process, milliseconds.
    cpu_ms: f64,
    /// Time on the clock, milliseconds.
    wall_ms: f64,
    /// Patients per instruction that were used.
    width: usize,
    /// Steps tried, over all patients.
    steps: u64,
    /// Steps rejected, over all patients.
    rejections: u64,
    /// Steps of whole lane groups.
    batches: u64,
    /// Outputs, `[patient][time][output]`; none for a patient who was given up.
    values: Vec<Option<Vec<Vec<f64>>>>,
}

/// The network of an Antimony or SBML file.
fn network(
    model: &Path,
    sources: &mut Sources,
) -> std::io::Result<Result<Network, Vec<Diagnostic>>> {
    if model.extension().is_some_and(|e| e == "xml") {
        let text = std::fs::read_to_string(model)?;
        let name = model.display().to_string();
        return Ok(hersim_sbml::read(&name, &text, sources, &mut |_| None));
    }
    let request = Request { model, main: None, subclones: &[], tolerant: false };
    Ok(load(&Disk, &request, sources).map(|loaded| loaded.network))
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: hersim-bench SETUP < asks > answers")?;
    let setup: Setup = serde_json::from_slice(&std::fs::read(path)?)?;
    let (program, loaded) = program(&setup)?;
    let mut out = std::io::stdout().lock();
    let mut tell = |value: &str| -> Result<(), Box<dyn Error>> {
        writeln!(out, "{value}")?;
        Ok(out.flush()?)
    };
    tell(&serde_json::to_string(&loaded)?)?;
    let scale = scale(&program, &setup);
    for line in std::io::stdin().lock().lines() {
        let ask: Ask = serde_json::from_str(&line?)?;
        tell(&serde_json::to_string(&answer(&program, &setup, &scale, &ask))?)?;
    }
    Ok(())
}

/// The compiled model.
fn program(setup: &Setup) -> Result<(Program, Loaded), Box<dyn Error>> {
    let mut sources = Sources::default();
    let told = |found: Vec<Diagnostic>, sources: &Sources| -> Box<dyn Error> {
        found.iter().map(|d| d.render(sources, false)).collect::<String>().into()
    };
    let start = milliseconds(ClockId::ProcessCPUTime);
    let network = network(&setup.model, &mut sources)?.map_err(|found| told(found, &sources))?;
    let read = milliseconds(ClockId::ProcessCPUTime);
    let find = |name: &String| network.find(name).ok_or_else(|| format!("no symbol `{name}`"));
    let varying: Vec<SymbolId> = setup.parameters.iter().map(find).collect::<Result<_, _>>()?;
    let outputs: Vec<SymbolId> = setup.outputs.iter().map(find).collect::<Result<_, _>>()?;
    let options = Compile { varying: &varying, outputs: &outputs, ..Compile::default() };
    let program = compile(&network, &options).map_err(|found| told(found, &sources))?;
    let compiled = milliseconds(ClockId::ProcessCPUTime);
    let size = program.summary();
    let loaded = Loaded {
        load_ms: read - start,
        compile_ms: compiled - read,
        states: size.states,
        parameters: size.parameters,
        jacobian_entries: size.jacobian_entries,
        factor_entries: size.factor_entries,
        prelude_operations: size.prelude_operations,
        first_operations: size.first_operations,
        stage_operations: size.stage_operations,
    };
    Ok((program, loaded))
}

/// How large each state becomes in the first patient, in a run that nobody measures.
fn scale(program: &Program, setup: &Setup) -> Vec<f64> {
    const POINTS: usize = 1000;
    let (Some(person), Some(end)) = (setup.patients.first(), setup.times.last()) else {
        return Vec::new();
    };
    let times: Vec<f64> = (1..=POINTS).map(|i| end * i as f64 / POINTS as f64).collect();
    let mut pilot = [Patient::new(program, person, &times)];
    run(program, &mut pilot, &Settings { threads: 1, ..Settings::default() }, &|_| {});
    pilot[0].largest.iter().map(|size| if *size > 0.0 { *size } else { 1.0 }).collect()
}

fn answer(program: &Program, setup: &Setup, scale: &[f64], ask: &Ask) -> Answer {
    let width = match ask.width {
        1 => Width::One,
        4 => Width::Four,
        _ => Width::Eight,
    };
    let atol = |size: &f64| ask.rtol * setup.floor * size;
    let settings = Settings {
        rtol: ask.rtol,
        atol: scale.iter().map(atol).collect(),
        max_steps: ask.max_steps,
        width,
        compile: ask.compile,
        threads: ask.threads,
        ..Settings::default()
    };
    let mut answer = Answer::default();
    let mut left = ask.count.unwrap_or(setup.patients.len());
    let mut given = setup.patients.iter().cycle();
    while left > 0 {
        let some = given.by_ref().take(left.min(CHUNK));
        let mut patients: Vec<Patient> =
            some.map(|values| Patient::new(program, values, &setup.times)).collect();
        if patients.is_empty() {
            break;
        }
        left -= patients.len();
        let before = (milliseconds(ClockId::ProcessCPUTime), milliseconds(ClockId::Monotonic));
        let stats = run(program, &mut patients, &settings, &|_| {});
        answer.cpu_ms += milliseconds(ClockId::ProcessCPUTime) - before.0;
        answer.wall_ms += milliseconds(ClockId::Monotonic) - before.1;
        answer.width = stats.width;
        answer.steps += stats.steps;
        answer.rejections += stats.rejections;
        answer.batches += stats.batches;
        if !ask.quiet {
            answer.values.extend(patients.into_iter().map(|p| (!p.failed).then_some(p.values)));
        }
    }
    answer
}

/// What a clock shows, milliseconds.
fn milliseconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}
