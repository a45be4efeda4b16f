//! The pool: the same virtual patients under every arm of the calibration's trials.

use hersim_network::{Diagnostic, nearest};
use hersim_store::{Chunk, Manifest, RunFolder, content_hash};

use super::{CalibrationRequest, plan::CalibrationPlan, targets::Arm, weights::Scores};
use crate::{
    document::{Document, Spanned},
    error::StudyError,
    library::Library,
    outcome::PatientStatus,
    population::VirtualPatient,
    progress::Progress,
    trial::{
        Members, TrialSetup, check_figures, read_patients, simulate_patients, stored_patients,
        typical_scale,
    },
};

/// Members per chunk.
const CHUNK: u64 = 250;

/// What a pool holds.
pub struct Pool {
    /// Trials, in the order of the plan.
    pub trials: Vec<PooledTrial>,
    /// Normal scores of every draw of every member.
    pub scores: Scores,
    /// Its folder.
    pub folder: RunFolder,
    /// Parts that were there already.
    pub resumed: usize,
}

/// A trial of the pool.
pub struct PooledTrial {
    /// The trial, without what is compiled.
    pub plan: Document<crate::trial::TrialPlan>,
    /// What conditions may ask of its patients.
    pub facts: Vec<String>,
    /// Its texts, for messages.
    pub library: Library,
    /// Its arms.
    pub arms: Vec<Arm>,
}

/// Simulates the pool, or what an interrupted run left of it.
///
/// # Errors
/// What is wrong with the trials, or keeps the results from being stored.
pub fn pool(
    library: &Library,
    document: &Document<CalibrationPlan>,
    trials: &[String],
    request: &CalibrationRequest,
    progress: &dyn Progress,
) -> Result<Pool, StudyError> {
    let plan = &document.value;
    let mut setups = Vec::new();
    let mut errors = Vec::new();
    progress.begin("reading trials", trials.len() as u64);
    for trial in trials {
        let mut library = library.afresh();
        match TrialSetup::uncalibrated(&mut library, trial) {
            Ok(setup) => setups.push((setup, library)),
            Err(more) => errors.extend(more),
        }
        progress.advance(1);
    }
    progress.end();
    if errors.is_empty() {
        errors = mistakes(document, &setups);
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let size = request.pool.unwrap_or(plan.pool);
    let manifest = manifest(plan, request, &setups, size);
    let model: String = manifest.model_hash.chars().take(8).collect();
    let usual = || format!("runs/pool-{}-{size}-seed{}-{model}", plan.id, request.seed).into();
    let out = request.out.clone().unwrap_or_else(usual);
    let folder = match request.start_over {
        true => RunFolder::start_over(&out, &manifest)?,
        false => RunFolder::open_or_create(&out, &manifest)?,
    };

    let arms: u64 = setups.iter().map(|(s, _)| s.plan.value.arm.len() as u64).sum();
    progress.begin("simulating the pool", arms * size);
    let (mut part, mut resumed) = (0, 0);
    for (setup, _) in &setups {
        let ids: Vec<String> = setup.plan.value.arm.iter().map(|a| a.id.clone()).collect();
        let mut scale = None;
        for arm in 0..ids.len() {
            for from in (0..size).step_by(CHUNK as usize) {
                let to = (from + CHUNK).min(size);
                if folder.has_part(part) {
                    resumed += 1;
                } else {
                    let scale =
                        scale.get_or_insert_with(|| typical_scale(setup, &request.settings));
                    let (numbers, patients): (Vec<u64>, Vec<VirtualPatient>) = (from..to)
                        .map(|k| (k, setup.member(request.seed, k)))
                        .filter(|(_, patient)| setup.is_eligible(patient))
                        .unzip();
                    let members = Members { arm, numbers: &numbers, patients: &patients };
                    let (patients, _) = simulate_patients(
                        setup,
                        &members,
                        request.seed,
                        &request.settings,
                        scale,
                        &crate::progress::Silent,
                    );
                    folder.write_part(part, &stored_patients(&patients, &ids))?;
                }
                progress.advance(to - from);
                part += 1;
            }
        }
    }
    progress.end();

    let mut part = 0;
    let mut pooled = Vec::new();
    let mut scores: Option<Scores> = None;
    for (setup, library) in setups {
        scores.get_or_insert_with(|| all_scores(&setup, request.seed, size));
        let ids: Vec<String> = setup.plan.value.arm.iter().map(|a| a.id.clone()).collect();
        let mut arms = Vec::new();
        for arm in &setup.plan.value.arm {
            let (mut members, mut patients) = (Vec::new(), Vec::new());
            for _ in (0..size).step_by(CHUNK as usize) {
                let table = folder.read_part(part)?;
                let stored = read_patients(&table, &ids)?;
                for patient in stored.into_iter().filter(|p| p.status == PatientStatus::Complete) {
                    members.push(patient.patient as usize);
                    patients.push(patient);
                }
                part += 1;
            }
            let (trial, id, n) = (setup.plan.value.id.clone(), arm.id.clone(), arm.n);
            arms.push(Arm { trial, arm: id, n, members, patients });
        }
        let facts = setup.population.facts();
        pooled.push(PooledTrial { plan: setup.plan, facts, library, arms });
    }
    let scores = scores.unwrap_or(Scores { names: vec![], values: vec![], members: 0 });
    Ok(Pool { trials: pooled, scores, folder, resumed })
}

/// What is wrong with a plan or its trials' figures, before hours are spent on a pool: trials of another
/// cohort, arms and draws that there are not, figures that cannot be computed.
fn mistakes(plan: &Document<CalibrationPlan>, setups: &[(TrialSetup, Library)]) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let cohort = &plan.value.cohort;
    for (setup, library) in setups {
        errors.extend(check_figures(setup, library).err().into_iter().flatten());
        let trial = &setup.plan.value;
        if trial.cohort.get_ref() != cohort.get_ref() {
            let message = format!("trial `{}` draws from `{}`", trial.id, trial.cohort.get_ref());
            errors.push(
                Diagnostic::error("calibration", message)
                    .at(plan.place(cohort), "another cohort")
                    .mend(format!("name trials of `{}` only", cohort.get_ref())),
            );
        }
    }
    let arms: Vec<String> = (setups.iter().map(|(setup, _)| &setup.plan.value))
        .flat_map(|trial| trial.arm.iter().map(|arm| format!("{}/{}", trial.id, arm.id)))
        .collect();
    let draws = setups.first().map_or(Vec::new(), |(setup, _)| setup.population.movable());
    let mut look = |name: &Spanned<String>, known: &[String], what: &str| {
        let word = name.get_ref();
        if known.contains(word) {
            return;
        }
        let error = Diagnostic::error("unknown-name", format!("there is no {what} `{word}`"))
            .at(plan.place(name), "");
        errors.push(match nearest(word, known.iter().map(String::as_str)) {
            Some(near) => error.mend(format!("did you mean `{near}`?")),
            None => error.mend(format!("known: {}", known.join(", "))),
        });
    };
    for step in &plan.value.step {
        step.arm.iter().for_each(|arm| look(arm, &arms, "arm"));
        step.moves.iter().for_each(|m| look(&m.draw, &draws, "draw that can be moved"));
    }
    errors
}

/// Normal scores of every draw that has one; a draw that a member does not make (of another group)
/// is zero, the middle, and carries no weight.
fn all_scores(setup: &TrialSetup, seed: u64, size: u64) -> Scores {
    let names = setup.population.movable();
    let mut values = vec![vec![0.0; size as usize]; names.len()];
    for k in 0..size {
        let member = setup.member(seed, k);
        for (name, column) in names.iter().zip(&mut values) {
            if let Some(score) = member.scores.get(name) {
                column[k as usize] = *score;
            }
        }
    }
    Scores { names, values, members: size as usize }
}

fn manifest(
    plan: &CalibrationPlan,
    request: &CalibrationRequest,
    setups: &[(TrialSetup, Library)],
    size: u64,
) -> Manifest {
    let hashes: Vec<String> = setups.iter().map(|(_, library)| library.hash()).collect();
    let model_hash = content_hash(hashes.iter().map(String::as_bytes));
    let mut chunks = Vec::new();
    for ((setup, _), hash) in setups.iter().zip(&hashes) {
        let trial = &setup.plan.value.id;
        for arm in &setup.plan.value.arm {
            for from in (0..size).step_by(CHUNK as usize) {
                let name = format!("{trial}-{}-{from:06}", arm.id);
                let words = format!(
                    "{name}|{size}|{}|{}|{}",
                    request.seed, request.version, request.settings.rtol
                );
                let key = content_hash([words.as_bytes(), hash.as_bytes()]);
                chunks.push(Chunk { name, key });
            }
        }
    }
    Manifest {
        command: request.command.clone(),
        study: format!("pool {}", plan.id),
        seed: request.seed,
        model_hash,
        versions: [("hersim".to_string(), request.version.clone())].into(),
        settings: [
            ("pool".to_string(), size.to_string()),
            ("relative tolerance".to_string(), request.settings.rtol.to_string()),
        ]
        .into(),
        circumstances: [("threads".to_string(), request.settings.threads.to_string())].into(),
        chunks,
        ..Manifest::default()
    }
}
