//! Running a virtual trial: the path from a trial's id to a folder of results.

use std::path::{Path, PathBuf};

use hersim_engine::run as run_ensemble;
use hersim_network::Diagnostic;
use hersim_store::{Chunk, Manifest, RunFolder, content_hash};

use super::{
    endpoints::{check_figures, summarise},
    patient::TrialPatient,
    setup::TrialSetup,
    tables,
};
use crate::{
    equilibrate::{EnsembleSettings, Ready, Rest, describe_failure},
    error::StudyError,
    library::Library,
    outcome::{PatientOutcome, PatientStatus, Trace, TrialOutcome},
    population::VirtualPatient,
    progress::Progress,
};

/// Patients per chunk: small enough to lose little, large enough to keep the lanes full.
const CHUNK: u64 = 125;
/// How long the typical patients' curves are, days.
const TRACE_DAYS: f64 = 730.0;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct TrialRequest {
    /// Identifier of the trial, or the path of its file.
    pub trial: String,
    /// Virtual patients per arm.
    pub patients: u64,
    /// Seed of every draw.
    pub seed: u64,
    /// Folder for the results; named after the run when absent.
    pub out: Option<PathBuf>,
    /// Whether to discard what another run left in the folder.
    pub start_over: bool,
    /// Whether the cohort is taken as a calibration left it, where there is one.
    pub calibrated: bool,
    /// Tolerances, threads, lanes.
    pub settings: EnsembleSettings,
    /// The command as typed, for the manifest.
    pub command: String,
    /// Version of the program.
    pub version: String,
}

/// A finished virtual trial.
pub struct TrialRun {
    /// Its results.
    pub outcome: TrialOutcome,
    /// Its folder.
    pub folder: RunFolder,
    /// What is legal in the model but probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// Patients whose tumour was not at rest when treatment began.
    pub restless: u64,
    /// Chunks that were found done in the folder.
    pub resumed: usize,
    /// Literature and documents that the run rests on.
    pub sources: Vec<String>,
}

/// Runs a virtual trial, or what an interrupted run left to do of it.
///
/// Every chunk of patients is simulated, stored whole, and forgotten; the figures are then made
/// from what is stored, so a resumed run gives the same bytes as one that was never interrupted.
///
/// # Errors
/// What is wrong with the input, or what keeps the results from being stored.
pub fn run(
    library: &mut Library,
    request: &TrialRequest,
    progress: &dyn Progress,
) -> Result<TrialRun, StudyError> {
    let mut setup = match request.calibrated {
        true => TrialSetup::new(library, &request.trial)?,
        false => TrialSetup::uncalibrated(library, &request.trial)?,
    };
    // What is wrong with the published figures is told before anything is simulated.
    check_figures(&setup, library)?;
    let arms: Vec<String> = setup.plan.value.arm.iter().map(|a| a.id.clone()).collect();
    let chunks = chunks(arms.len(), request.patients);
    let manifest = manifest(&setup.plan.value.id, request, library, &arms, &chunks);
    let out = request.out.clone().unwrap_or_else(|| default_folder(request, &manifest));
    let mut folder = if request.start_over {
        RunFolder::start_over(&out, &manifest)?
    } else {
        RunFolder::open_or_create(&out, &manifest)?
    };

    let started = std::time::Instant::now();
    let (traces, scale) = pilot(&setup, &request.settings);
    progress.begin("simulating patients", request.patients * arms.len() as u64);
    let (mut restless, mut resumed) = (0, 0);
    for (index, chunk) in chunks.iter().enumerate() {
        if folder.has_part(2 * index) && folder.has_part(2 * index + 1) {
            resumed += 1;
            progress.advance(chunk.to - chunk.from);
            continue;
        }
        let (patients, moving) = simulate(&setup, chunk, request, &scale, progress)?;
        restless += moving;
        folder.write_part(2 * index, &tables::endpoints(&patients, &arms))?;
        folder.write_part(2 * index + 1, &tables::assessments(&patients, &arms, &setup.markers))?;
    }
    progress.end();

    let mut patients = Vec::new();
    for index in 0..chunks.len() {
        let endpoints = folder.read_part(2 * index)?;
        let assessments = folder.read_part(2 * index + 1)?;
        patients.extend(tables::patients(&endpoints, &assessments, &arms)?);
    }
    let mut outcome = summarise(&setup, library, patients, request.seed)?;
    outcome.traces = traces;
    outcome.seconds = started.elapsed().as_secs_f64();
    folder.write_table("endpoints.parquet", &tables::endpoints(&outcome.patients, &arms))?;
    folder.write_table(
        "assessments.parquet",
        &tables::assessments(&outcome.patients, &arms, &setup.markers),
    )?;
    folder.finish()?;
    let warnings = std::mem::take(&mut setup.assembled.warnings);
    let sources = sources(&setup);
    Ok(TrialRun { outcome, folder, warnings, restless, resumed, sources })
}

/// Literature behind the trial, its cohort and every number of the model, without repeats.
fn sources(setup: &TrialSetup) -> Vec<String> {
    let rows = setup.assembled.network.symbols.iter().filter_map(|s| s.provenance.as_ref());
    let mut sources: Vec<String> = rows
        .map(|p| &p.source)
        .chain(setup.cohort.value.draw.iter().map(|d| &d.source))
        .chain([&setup.plan.value.source])
        .filter(|s| *s != "assumed")
        .cloned()
        .collect();
    sources.sort();
    sources.dedup();
    sources
}

/// The folder a run goes to when none is named: another model is another folder.
fn default_folder(request: &TrialRequest, manifest: &Manifest) -> PathBuf {
    let model: String = manifest.model_hash.chars().take(8).collect();
    let TrialRequest { patients, seed, .. } = request;
    Path::new("runs").join(format!("{}-{patients}-seed{seed}-{model}", manifest.study))
}

/// Patients `from..to` of an arm.
struct Piece {
    arm: usize,
    from: u64,
    to: u64,
}

fn chunks(arms: usize, patients: u64) -> Vec<Piece> {
    let starts = |arm| {
        (0..patients).step_by(CHUNK as usize).map(move |from| Piece {
            arm,
            from,
            to: (from + CHUNK).min(patients),
        })
    };
    (0..arms).flat_map(starts).collect()
}

fn manifest(
    study: &str,
    request: &TrialRequest,
    library: &Library,
    arms: &[String],
    chunks: &[Piece],
) -> Manifest {
    let model_hash = library.hash();
    let mut settings: Vec<(&str, String)> = vec![
        ("patients per arm", request.patients.to_string()),
        ("relative tolerance", request.settings.rtol.to_string()),
        (
            "absolute tolerance, share of each state's scale",
            request.settings.atol_share.to_string(),
        ),
        ("most steps per patient", request.settings.max_steps.to_string()),
    ];
    if !library.answers.is_empty() {
        settings.push(("open questions", library.answers.join(", ")));
    }
    let base = format!("{study}|{}|{model_hash}|{}|{settings:?}", request.seed, request.version);
    let named = |kind: &str, piece: &Piece| {
        let name = format!("{}-{:06}-{kind}", arms[piece.arm], piece.from);
        let key = content_hash([base.as_bytes(), name.as_bytes(), &piece.to.to_le_bytes()]);
        Chunk { name, key }
    };
    Manifest {
        command: request.command.clone(),
        study: study.to_string(),
        seed: request.seed,
        model_hash,
        versions: [("hersim".to_string(), request.version.clone())].into(),
        settings: settings.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        circumstances: [("threads".to_string(), request.settings.threads.to_string())].into(),
        chunks: (chunks.iter())
            .flat_map(|c| [named("endpoints", c), named("assessments", c)])
            .collect(),
        ..Manifest::default()
    }
}

/// The typical patient of each arm: curves to show, and how large each state grows.
fn pilot(setup: &TrialSetup, settings: &EnsembleSettings) -> (Vec<Trace>, Vec<f64>) {
    let typical = setup.population.typical(None);
    let arms = setup.plan.value.arm.len();
    let ready = setup.programs.equilibrate(&setup.assembled, &[typical], settings);
    let Some(ready) = ready.into_iter().next() else { return (Vec::new(), Vec::new()) };
    let rough = crate::equilibrate::typical_scale(&setup.programs.during, Some(&ready.state));
    let mut patients: Vec<Pilot> = (0..arms)
        .map(|arm| Pilot {
            patient: setup.enter_typical(arm, ready.clone(), TRACE_DAYS),
            largest: ready.state.iter().map(|v| v.abs()).collect(),
        })
        .collect();
    run_ensemble(&setup.programs.during, &mut patients, &settings.engine(&rough), &|_| {});
    let mut scale = vec![0.0f64; setup.programs.during.states().len()];
    let mut traces = Vec::new();
    for pilot in patients {
        for (s, l) in scale.iter_mut().zip(&pilot.largest) {
            *s = s.max(*l);
        }
        traces.extend(pilot.patient.into_trace().map(|t| setup.finish_trace(t)));
    }
    scale.iter_mut().filter(|s| **s <= 0.0 || !s.is_finite()).for_each(|s| *s = 1.0);
    (traces, scale)
}

/// One chunk: sampled, brought to rest, treated, followed.
fn simulate(
    setup: &TrialSetup,
    piece: &Piece,
    request: &TrialRequest,
    scale: &[f64],
    progress: &dyn Progress,
) -> Result<(Vec<PatientOutcome>, u64), StudyError> {
    let drawn = (piece.from..piece.to).map(|n| setup.sample(request.seed, piece.arm, n));
    let sampled: Option<Vec<_>> = drawn.collect();
    let sampled = sampled.ok_or_else(|| setup.nobody_eligible())?;
    let numbers: Vec<u64> = (piece.from..piece.to).collect();
    let members = Members { arm: piece.arm, numbers: &numbers, patients: &sampled };
    Ok(simulate_patients(setup, &members, request.seed, &request.settings, scale, progress))
}

/// Some patients of an arm.
pub struct Members<'a> {
    /// The arm, by its place.
    pub arm: usize,
    /// Number of each, which keys its fate.
    pub numbers: &'a [u64],
    /// The patients.
    pub patients: &'a [VirtualPatient],
}

/// Patients of an arm: brought to rest, treated, followed. Says how many tumours were not at rest
/// when treatment began.
pub fn simulate_patients(
    setup: &TrialSetup,
    members: &Members,
    seed: u64,
    settings: &EnsembleSettings,
    scale: &[f64],
    progress: &dyn Progress,
) -> (Vec<PatientOutcome>, u64) {
    let ready: Vec<Ready> =
        setup.programs.equilibrate(&setup.assembled, members.patients, settings);
    let restless = ready.iter().filter(|r| matches!(r.rest, Rest::Moving)).count() as u64;
    let numbered = members.numbers.iter().zip(members.patients);
    let (mut able, unable): (Vec<TrialPatient>, Vec<TrialPatient>) = (numbered.zip(ready))
        .map(|((number, patient), ready)| setup.enter(seed, members.arm, *number, patient, ready))
        .partition(|p| p.outcome.status == PatientStatus::Complete);
    progress.advance(unable.len() as u64);
    // The engine tells after each patient how many are done.
    let advance = |_done: usize| progress.advance(1);
    run_ensemble(&setup.programs.during, &mut able, &settings.engine(scale), &advance);
    let told = |mut patient: TrialPatient| {
        if let Some(failure) = patient.failure {
            let reason = describe_failure(&failure, &setup.programs.during, &setup.assembled);
            patient.outcome.status = PatientStatus::Failed(reason);
        }
        patient.outcome
    };
    let mut outcomes: Vec<PatientOutcome> = able.into_iter().chain(unable).map(told).collect();
    outcomes.sort_by_key(|o| o.patient);
    (outcomes, restless)
}

/// How large each state grows in the typical patients of a trial's arms.
pub fn typical_scale(setup: &TrialSetup, settings: &EnsembleSettings) -> Vec<f64> {
    pilot(setup, settings).1
}

/// A traced patient that also remembers how large each state grew.
struct Pilot<'a> {
    patient: TrialPatient<'a>,
    largest: Vec<f64>,
}

impl hersim_engine::Subject for Pilot<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        self.patient.start(parameters, state)
    }

    fn next(&mut self, now: &mut hersim_engine::Moment<'_>) -> Option<hersim_engine::Leg> {
        let leg = self.patient.next(now);
        self.note(now.state);
        leg
    }

    fn sample(&mut self, t: f64, state: &[f64], parameters: &[f64], outputs: &[f64]) {
        self.note(state);
        self.patient.sample(t, state, parameters, outputs);
    }

    fn failed(&mut self, failure: hersim_engine::Failure) {
        self.patient.failed(failure);
    }
}

impl Pilot<'_> {
    fn note(&mut self, state: &[f64]) {
        for (largest, value) in self.largest.iter_mut().zip(state) {
            *largest = largest.max(value.abs());
        }
    }
}
