//! A compiled model and its patients, run and timed.

use hersim_engine::{Compile, Program, Settings, Width, compile, run};
use hersim_network::{Diagnostic, Network, Sources, SymbolId, nearest};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::patient::Patient;
use crate::model_file;

/// What is simulated.
#[derive(Debug, Deserialize)]
pub struct Setup {
    /// Antimony or SBML file; its events are the doses.
    pub model: String,
    /// Parameters that differ between patients.
    pub parameters: Vec<String>,
    /// Symbols to compare.
    pub outputs: Vec<String>,
    /// Times of the outputs, ascending, in the model's unit; the run ends at the last.
    pub times: Vec<f64>,
    /// Values per patient, `[patient][parameter]`.
    pub patients: Vec<Vec<f64>>,
}

/// Size of a compiled model.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Loaded {
    /// Processor time to read the text, milliseconds.
    pub load_ms: f64,
    /// Processor time to compile the network, machine code included, milliseconds.
    pub compile_ms: f64,
    /// States that are followed.
    pub states: usize,
    /// Entries of the Jacobian.
    pub jacobian_entries: usize,
    /// Entries of its factors.
    pub factor_entries: usize,
    /// Operations of the first stage of a step.
    pub first_operations: usize,
    /// Operations of every other stage.
    pub stage_operations: usize,
}

/// One run.
#[derive(Clone, Debug, Deserialize)]
pub struct Ask {
    /// Patients per instruction: 1, 4 or 8.
    #[serde(default = "eight")]
    pub width: u8,
    /// Relative tolerance; the absolute one is a thousandth of it, times the size of the state.
    pub rtol: f64,
    /// Steps after which a patient is given up.
    pub max_steps: u64,
    /// Whether machine code may be made.
    #[serde(default = "yes")]
    pub compile: bool,
    /// Threads.
    #[serde(default = "one")]
    pub threads: usize,
    /// Patients to simulate, the given ones over and over; all given ones once when absent.
    #[serde(default)]
    pub count: Option<usize>,
    /// Whether to answer without values.
    #[serde(default)]
    pub quiet: bool,
}

fn eight() -> u8 {
    8
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

/// Share of a state's size that its absolute tolerance is, relative to the relative one.
const FLOOR: f64 = 1e-3;

/// Patients whose results are held at a time.
const CHUNK: usize = 1000;

/// What a run cost and gave.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Answer {
    /// Processor time of the whole process, milliseconds.
    pub cpu_ms: f64,
    /// Time on the clock, milliseconds.
    pub wall_ms: f64,
    /// Patients per instruction that were used.
    pub width: usize,
    /// Steps tried, over all patients.
    pub steps: u64,
    /// Steps rejected, over all patients.
    pub rejections: u64,
    /// Steps of whole lane groups.
    pub batches: u64,
    /// Patients who were given up.
    pub failed: u64,
    /// Outputs, `[patient][time][output]`; none for a patient who was given up.
    pub values: Vec<Option<Vec<Vec<f64>>>>,
}

/// A compiled model, its patients, and how large its states become.
pub struct Workload {
    program: Program,
    times: Vec<f64>,
    patients: Vec<Vec<f64>>,
    scale: Vec<f64>,
    /// What it is and what it cost to get there.
    pub loaded: Loaded,
}

impl Workload {
    /// Reads and compiles a model file.
    ///
    /// # Errors
    /// Everything wrong with the file, what ensembles cannot follow, and names it does not have.
    pub fn load(setup: Setup, sources: &mut Sources) -> Result<Workload, Vec<Diagnostic>> {
        let start = milliseconds(ClockId::ProcessCPUTime);
        let network = model_file::read(&setup.model, sources)?.network;
        Workload::new(&network, setup, start)
    }

    /// Compiles a network; reading it began at this time.
    pub(super) fn new(
        network: &Network,
        setup: Setup,
        start: f64,
    ) -> Result<Workload, Vec<Diagnostic>> {
        let read = milliseconds(ClockId::ProcessCPUTime);
        let varying = find(network, &setup.parameters)?;
        let outputs = find(network, &setup.outputs)?;
        let options = Compile { varying: &varying, outputs: &outputs, ..Compile::default() };
        let program = compile(network, &options)?;
        program.make_code(Width::Auto);
        let compiled = milliseconds(ClockId::ProcessCPUTime);
        let size = program.summary();
        let loaded = Loaded {
            load_ms: read - start,
            compile_ms: compiled - read,
            states: size.states,
            jacobian_entries: size.jacobian_entries,
            factor_entries: size.factor_entries,
            first_operations: size.first_operations,
            stage_operations: size.stage_operations,
        };
        let Setup { times, patients, .. } = setup;
        let scale = scale(&program, &times, &patients);
        Ok(Workload { program, times, patients, scale, loaded })
    }

    /// Runs the patients.
    pub fn answer(&self, ask: &Ask) -> Answer {
        let width = match ask.width {
            1 => Width::One,
            4 => Width::Four,
            _ => Width::Eight,
        };
        let settings = Settings {
            rtol: ask.rtol,
            atol: self.scale.iter().map(|size| ask.rtol * FLOOR * size).collect(),
            max_steps: ask.max_steps,
            width,
            compile: ask.compile,
            threads: ask.threads,
            ..Settings::default()
        };
        let mut answer = Answer::default();
        let mut left = ask.count.unwrap_or(self.patients.len());
        let mut given = self.patients.iter().cycle();
        while left > 0 {
            let some = given.by_ref().take(left.min(CHUNK));
            let mut patients: Vec<Patient> =
                some.map(|values| Patient::new(&self.program, values, &self.times)).collect();
            if patients.is_empty() {
                break;
            }
            left -= patients.len();
            let before = (milliseconds(ClockId::ProcessCPUTime), milliseconds(ClockId::Monotonic));
            let stats = run(&self.program, &mut patients, &settings, &|_| {});
            answer.cpu_ms += milliseconds(ClockId::ProcessCPUTime) - before.0;
            answer.wall_ms += milliseconds(ClockId::Monotonic) - before.1;
            answer.width = stats.width;
            answer.steps += stats.steps;
            answer.rejections += stats.rejections;
            answer.batches += stats.batches;
            answer.failed += stats.failed;
            if !ask.quiet {
                answer.values.extend(patients.into_iter().map(|p| (!p.failed).then_some(p.values)));
            }
        }
        answer
    }
}

/// Symbols by name; all that are unknown.
fn find(network: &Network, names: &[String]) -> Result<Vec<SymbolId>, Vec<Diagnostic>> {
    let mut unknown = Vec::new();
    let mut found = Vec::new();
    for name in names {
        match network.find(name) {
            Some(id) => found.push(id),
            None => {
                let known = network.symbols.iter().map(|s| s.name.as_str());
                let mend = nearest(name, known).map_or_else(
                    || "name a symbol of the model".to_string(),
                    |near| format!("did you mean `{near}`?"),
                );
                let error = Diagnostic::error("setting", format!("there is no symbol `{name}`"));
                unknown.push(error.mend(mend));
            }
        }
    }
    if unknown.is_empty() { Ok(found) } else { Err(unknown) }
}

/// How large each state becomes in the first patient, in a run that nobody measures.
fn scale(program: &Program, times: &[f64], patients: &[Vec<f64>]) -> Vec<f64> {
    const POINTS: usize = 1000;
    let (Some(person), Some(end)) = (patients.first(), times.last()) else { return Vec::new() };
    let times: Vec<f64> = (1..=POINTS).map(|i| end * i as f64 / POINTS as f64).collect();
    let mut pilot = [Patient::new(program, person, &times)];
    run(program, &mut pilot, &Settings { threads: 1, ..Settings::default() }, &|_| {});
    pilot[0].largest.iter().map(|size| if *size > 0.0 { *size } else { 1.0 }).collect()
}

/// What a clock shows, milliseconds.
pub(super) fn milliseconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}
