//! How fast the engine is: models, patients who differ in some parameters, and what a run of them
//! costs.
//!
//! `bench/models.toml` of the project lists models, some of them files of others; a model file is
//! measured on its own. [`serve`] lets another program ask for runs, one line each, to compare hersim
//! with other tools on the same patients.

mod patient;
mod workload;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

use hersim_network::{Diagnostic, Network, Sources, SymbolKind, Value, nearest};
use rand_distr::{Distribution, StandardNormal};
use rustix::time::ClockId;
use serde::{Deserialize, Serialize};

pub use workload::{Answer, Ask, Loaded, Setup, Workload};

use crate::{
    StudyError,
    convert::valued,
    library::Library,
    model_file,
    random::stream,
    simulate::{SimulateRequest, prepare},
};
use workload::milliseconds;

/// What is measured and how.
#[derive(Clone, Debug)]
pub struct BenchRequest {
    /// Names in the project's `bench/models.toml`, or model files; all that are listed when empty.
    pub models: Vec<String>,
    /// Folder with the models of others.
    pub suites: Option<PathBuf>,
    /// Patients of each model.
    pub patients: usize,
    /// Threads.
    pub threads: usize,
    /// Relative tolerance.
    pub rtol: f64,
    /// Steps after which a patient is given up.
    pub max_steps: u64,
    /// Seed of who differs how.
    pub seed: u64,
    /// Length of a model file's run, in its own unit of time.
    pub duration: Option<f64>,
    /// Parameters that differ between the patients of a model file; all with a number when empty.
    pub vary: Vec<String>,
}

/// A model as `bench/models.toml` lists it; what it says for other tools is left to them.
#[derive(Clone, Debug, Deserialize)]
struct Listed {
    title: String,
    file: Option<String>,
    #[serde(default)]
    system: String,
    tumour: Option<String>,
    regimen: Option<String>,
    #[serde(default)]
    ignore_fast: bool,
    time: f64,
    first: f64,
    every: f64,
    outputs: Vec<String>,
    vary: BTreeMap<String, f64>,
    cv: f64,
}

/// What was measured of one model.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Its name.
    pub model: String,
    /// What it is.
    pub title: String,
    /// Patients who were simulated.
    pub patients: usize,
    /// Patients who were given up.
    pub failed: u64,
    /// What loading cost and gave.
    #[serde(flatten)]
    pub loaded: Loaded,
    /// Patients per instruction.
    pub width: usize,
    /// Steps per patient, rejected ones included.
    pub steps: f64,
    /// Steps rejected, per patient.
    pub rejections: f64,
    /// Processor time per patient with machine code, milliseconds.
    pub cpu_ms: f64,
    /// Time on the clock per patient with machine code, milliseconds.
    pub wall_ms: f64,
    /// Processor time per patient without machine code, milliseconds.
    pub interpreted_ms: f64,
    /// Most memory this process has held so far, MiB; none where the system does not tell.
    pub peak_mib: Option<f64>,
}

/// What could not be measured, and why.
pub type Missing = Vec<(String, String)>;

/// Measures models one after another; what is not there is named with the reason.
///
/// # Errors
/// Unknown names, and everything wrong with a model file that was named.
pub fn measure(
    library: Option<&mut Library>,
    request: &BenchRequest,
    sources: &mut Sources,
) -> Result<(Vec<Measured>, Missing), StudyError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let (files, named): (Vec<&String>, Vec<&String>) =
        request.models.iter().partition(|name| model_file::is_model_file(name));
    for file in &files {
        found.push(measure_file(file, request, sources)?);
    }
    if !named.is_empty() || files.is_empty() {
        let Some(library) = library else { return Ok((found, missing)) };
        let listed = listed(library)?;
        for name in &named {
            if !listed.contains_key(*name) {
                let known = listed.keys().map(String::as_str);
                let near = nearest(name, known).map(|near| format!("did you mean `{near}`? "));
                let message = format!("no model `{name}` is listed in bench/models.toml");
                let all: Vec<&str> = listed.keys().map(String::as_str).collect();
                let mend = format!(
                    "{}listed are {}; or name a file (.xml, .sbml, .ant)",
                    near.unwrap_or_default(),
                    all.join(", ")
                );
                return Err(vec![Diagnostic::error("setting", message).mend(mend)].into());
            }
        }
        for (name, model) in &listed {
            if !named.is_empty() && !named.contains(&name) {
                continue;
            }
            match measure_listed(name, model, library, request, sources)? {
                Ok(measured) => found.push(measured),
                Err(why) => missing.push((name.clone(), why)),
            }
        }
    }
    Ok((found, missing))
}

/// The models of the project's table.
fn listed(library: &Library) -> Result<BTreeMap<String, Listed>, Vec<Diagnostic>> {
    let path = library.path("bench/models.toml");
    let wrong = |what: String| {
        let message = format!("`{}` cannot be read: {what}", path.display());
        vec![Diagnostic::error("setting", message).mend("name a model file instead")]
    };
    let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.message().to_string()))
}

fn measure_listed(
    name: &str,
    model: &Listed,
    library: &mut Library,
    request: &BenchRequest,
    sources: &mut Sources,
) -> Result<Result<Measured, String>, StudyError> {
    let start = milliseconds(ClockId::ProcessCPUTime);
    let mut network = match &model.file {
        Some(file) => {
            let Some(suites) = &request.suites else {
                return Ok(Err(format!(
                    "{file} is a model of others: name their folder with --suites"
                )));
            };
            let path = suites.join(file);
            if !path.exists() {
                return Ok(Err(format!("there is no {}", path.display())));
            }
            model_file::read(&path.to_string_lossy(), sources)?.network
        }
        None => {
            let request = SimulateRequest {
                system: model.system.clone(),
                tumour: model.tumour.clone(),
                regimen: model.regimen.clone(),
                ..SimulateRequest::default()
            };
            valued(&prepare(library, &request)?, model.time)
        }
    };
    if model.ignore_fast {
        model_file::ignore_fast(&mut network);
    }
    // A submodel's symbol is written with underscores where the model is a file.
    let symbol = |name: &String| match network.find(name) {
        Some(_) => name.clone(),
        None => name.replacen("__", ".", 1),
    };
    let count = ((model.time - model.first) / model.every).floor() as usize + 1;
    let setup = Setup {
        model: String::new(),
        parameters: model.vary.keys().map(symbol).collect(),
        outputs: model.outputs.iter().map(symbol).collect(),
        times: (0..count).map(|i| model.first + model.every * i as f64).collect(),
        patients: draw(&model.vary.values().copied().collect::<Vec<_>>(), model.cv, request),
    };
    let workload = Workload::new(&network, setup, start)?;
    Ok(Ok(run(name, &model.title, &workload, request)))
}

/// Spread of a model file's parameters, and times at which it is seen.
const FILE_CV: f64 = 0.1;
const FILE_POINTS: usize = 100;

fn measure_file(
    file: &str,
    request: &BenchRequest,
    sources: &mut Sources,
) -> Result<Measured, StudyError> {
    let Some(duration) = request.duration else {
        let message = format!("how long is `{file}` to be followed?");
        let mend = "give `--for`, in the model's own unit of time";
        return Err(vec![Diagnostic::error("setting", message).mend(mend)].into());
    };
    let start = milliseconds(ClockId::ProcessCPUTime);
    let network = model_file::read(file, sources)?.network;
    let parameters = if request.vary.is_empty() { numbers(&network) } else { request.vary.clone() };
    let value = |name: &String| match network.find(name).map(|id| &network[id].value) {
        Some(Value::Number(value)) => *value,
        _ => 0.0,
    };
    let setup = Setup {
        model: String::new(),
        outputs: Vec::new(),
        times: (1..=FILE_POINTS).map(|i| duration * i as f64 / FILE_POINTS as f64).collect(),
        patients: draw(&parameters.iter().map(value).collect::<Vec<_>>(), FILE_CV, request),
        parameters,
    };
    let workload = Workload::new(&network, setup, start)?;
    Ok(run(file, "", &workload, request))
}

/// Parameters that are given as numbers, are not zero and never change.
fn numbers(network: &Network) -> Vec<String> {
    let set: Vec<_> =
        network.events.iter().flat_map(|e| e.assignments.iter().map(|a| a.0)).collect();
    let plain = network.iter().filter(|(id, symbol)| {
        matches!(symbol.kind, SymbolKind::Parameter)
            && symbol.rule.is_none()
            && matches!(symbol.value, Value::Number(value) if value != 0.0)
            && !set.contains(id)
    });
    plain.map(|(_, symbol)| symbol.name.clone()).collect()
}

/// Parameters of the patients, `[patient][parameter]`, log-normal around these values.
fn draw(typical: &[f64], cv: f64, request: &BenchRequest) -> Vec<Vec<f64>> {
    let sigma = cv.mul_add(cv, 1.0).ln().sqrt();
    let one = |patient: usize| {
        let mut random = stream(request.seed, &["bench", &patient.to_string()]);
        let mut factor = || {
            let normal: f64 = StandardNormal.sample(&mut random);
            (sigma * normal).exp()
        };
        typical.iter().map(|value| value * factor()).collect()
    };
    // Results do not depend on it, and more different ones only take memory.
    (0..request.patients.min(1000)).map(one).collect()
}

/// Patients who are followed without machine code.
const MOST_INTERPRETED: usize = 256;

fn run(name: &str, title: &str, workload: &Workload, request: &BenchRequest) -> Measured {
    let ask = Ask {
        width: 8,
        rtol: request.rtol,
        max_steps: request.max_steps,
        compile: true,
        threads: request.threads,
        count: Some(request.patients),
        quiet: true,
    };
    let compiled = workload.answer(&ask);
    let few = request.patients.min(MOST_INTERPRETED);
    let interpreted = workload.answer(&Ask { compile: false, count: Some(few), ..ask });
    let each = |total: f64| total / request.patients as f64;
    Measured {
        model: name.to_string(),
        title: title.to_string(),
        patients: request.patients,
        failed: compiled.failed,
        loaded: workload.loaded,
        width: compiled.width,
        steps: each(compiled.steps as f64),
        rejections: each(compiled.rejections as f64),
        cpu_ms: each(compiled.cpu_ms),
        wall_ms: each(compiled.wall_ms),
        interpreted_ms: interpreted.cpu_ms / few as f64,
        peak_mib: peak_mib(),
    }
}

/// Most memory this process has held, MiB, where Linux tells.
fn peak_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// Answers another program: a line that says what loading has cost, then a line for each line that
/// asks for a run. The setup is JSON, see [`Setup`]; so are questions and answers.
///
/// # Errors
/// A setup or question that cannot be read, and everything wrong with the model.
pub fn serve(
    setup: &Path,
    questions: impl BufRead,
    mut answers: impl Write,
    sources: &mut Sources,
) -> Result<(), StudyError> {
    let wrong = |what: String| {
        let error = Diagnostic::error("setting", format!("the worker was asked wrongly: {what}"));
        StudyError::from(vec![error.mend("`bench/peers.py` shows how it is asked")])
    };
    let text = fs::read(setup).map_err(|error| wrong(error.to_string()))?;
    let setup: Setup = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    let workload = Workload::load(setup, sources)?;
    let mut tell = |answer: serde_json::Result<String>| -> Result<(), StudyError> {
        let line = answer.map_err(|error| wrong(error.to_string()))?;
        writeln!(answers, "{line}")
            .and_then(|()| answers.flush())
            .map_err(|error| wrong(error.to_string()))
    };
    tell(serde_json::to_string(&workload.loaded))?;
    for line in questions.lines() {
        let line = line.map_err(|error| wrong(error.to_string()))?;
        let ask: Ask = serde_json::from_str(&line).map_err(|error| wrong(error.to_string()))?;
        tell(serde_json::to_string(&workload.answer(&ask)))?;
    }
    Ok(())
}
