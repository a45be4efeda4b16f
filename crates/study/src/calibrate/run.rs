//! Running a calibration: the path from its id to a population.

use std::{collections::BTreeSet, path::PathBuf, time::Instant};

use hersim_network::Diagnostic;
use hersim_store::RunFolder;

use super::{
    fit::{fit, places},
    hull::hull,
    plan::CalibrationPlan,
    pool::{Pool, PooledTrial, pool},
    result::{Calibration, CalibrationOutcome, Compared, LeftOut, MovedDraw},
    targets::{Arm, Gathered, Quantity, Target, gathered},
    weights::effective,
};
use crate::{
    document::Document,
    equilibrate::EnsembleSettings,
    error::StudyError,
    library::{Library, Shelf},
    progress::Progress,
    trial::{Role, Statistic, endpoint_kind, members_of, published_figures},
};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct CalibrationRequest {
    /// Identifier of the calibration, or the path of its file.
    pub calibration: String,
    /// Members of the pool; the plan's number when absent.
    pub pool: Option<u64>,
    /// Seed of every draw.
    pub seed: u64,
    /// Folder for the pool; named after it when absent.
    pub out: Option<PathBuf>,
    /// Whether to discard what another run left in the folder.
    pub start_over: bool,
    /// Whether each class of drugs is left out once.
    pub leave_out: bool,
    /// Tolerances, threads, lanes.
    pub settings: EnsembleSettings,
    /// The command as typed.
    pub command: String,
    /// Version of the program.
    pub version: String,
}

/// A finished calibration.
pub struct CalibrationRun {
    /// Its results.
    pub outcome: CalibrationOutcome,
    /// The pool's folder.
    pub folder: RunFolder,
    /// Parts of the pool that were there already.
    pub resumed: usize,
}

/// Runs a calibration, or what an interrupted run left to do of its pool.
///
/// # Errors
/// What is wrong with the input, or keeps the results from being stored.
pub fn run(
    library: &mut Library,
    request: &CalibrationRequest,
    progress: &dyn Progress,
) -> Result<CalibrationRun, StudyError> {
    let started = Instant::now();
    let plan: Document<CalibrationPlan> =
        library.read_or_open(Shelf::Calibrations, &request.calibration)?;
    let trials = trials(&plan)?;
    let mut pool = pool(library, &plan, &trials, request, progress)?;
    let members = pool.scores.members;
    let targets = targets(&mut pool)?;
    let arms: Vec<&Arm> = pool.trials.iter().flat_map(|t| &t.arms).collect();

    let fitted: Vec<&Target> = targets.iter().filter(|t| t.fitted).collect();
    let hull = hull(&fitted, members);
    let classes: BTreeSet<&str> = match request.leave_out {
        true => fitted.iter().map(|t| t.class.as_str()).filter(|c| !c.is_empty()).collect(),
        false => BTreeSet::new(),
    };
    let steps = plan.value.step.len() as u64;
    progress.begin("fitting", steps * (1 + classes.len() as u64));
    let tick = |n: u64| progress.advance(n);
    let (moves, outcomes) = fit(&plan.value, &pool.scores, &arms, &targets, None, &tick);
    let even = vec![1.0 / members.max(1) as f64; members];
    let weights = pool.scores.weights(&moves);
    let compare = |target: &Target, weights: &[f64], fitted: bool| {
        let value = target.predict(weights);
        Compared {
            trial: target.trial.clone(),
            class: target.class.clone(),
            what: target.what.clone(),
            observed: target.observed,
            observed_ci: target.ci,
            before: target.predict(&even),
            value,
            residual: target.residual(weights),
            fitted,
            known: target.known,
            met: target.met(value),
        }
    };
    let named: Vec<usize> = plan.value.step.iter().flat_map(|step| places(step, &arms)).collect();
    let was_fitted = |t: &Target| t.fitted && t.arms.iter().all(|arm| named.contains(arm));
    let figures = targets.iter().map(|t| compare(t, &weights, was_fitted(t))).collect();
    let left_out = (classes.into_iter())
        .map(|class| {
            let (moves, _) = fit(&plan.value, &pool.scores, &arms, &targets, Some(class), &tick);
            let weights = pool.scores.weights(&moves);
            let of_class = targets.iter().filter(|t| t.class == class && was_fitted(t));
            let figures = of_class.map(|t| compare(t, &weights, false)).collect();
            LeftOut { class: class.to_string(), figures }
        })
        .collect();
    progress.end();

    let step_of = |draw: &str| {
        let of = |s: &&super::plan::Step| s.moves.iter().any(|m| m.draw.get_ref() == draw);
        plan.value.step.iter().rfind(of).map(|s| s.id.clone()).unwrap_or_default()
    };
    let moved = (moves.shifts(&pool.scores.names).into_iter())
        .map(|(draw, (mean, sd))| MovedDraw { step: step_of(&draw), draw, mean, sd })
        .collect();
    let population = Calibration {
        id: plan.value.cohort.get_ref().clone(),
        title: plan.value.title.clone(),
        calibration: plan.value.id.clone(),
        command: request.command.clone(),
        version: request.version.clone(),
        model_hash: pool.folder.manifest().model_hash.clone(),
        seed: request.seed,
        pool: members as u64,
        effective: effective(&weights) / members.max(1) as f64,
        moved,
    };
    pool.folder.finish()?;
    let outcome = CalibrationOutcome {
        id: plan.value.id.clone(),
        title: plan.value.title.clone(),
        hull,
        steps: outcomes,
        figures,
        left_out,
        population,
        seconds: started.elapsed().as_secs_f64(),
    };
    Ok(CalibrationRun { outcome, folder: pool.folder, resumed: pool.resumed })
}

/// Trials that the plan names, once each, in order.
fn trials(plan: &Document<CalibrationPlan>) -> Result<Vec<String>, Vec<Diagnostic>> {
    let mut trials: Vec<String> = Vec::new();
    let mut errors = Vec::new();
    for arm in plan.value.step.iter().flat_map(|s| &s.arm) {
        match arm.get_ref().split_once('/') {
            Some((trial, _)) if trials.iter().any(|t| t == trial) => {}
            Some((trial, _)) => trials.push(trial.to_string()),
            None => errors.push(
                Diagnostic::error("calibration", format!("`{}` is not TRIAL/ARM", arm.get_ref()))
                    .at(plan.place(arm), "")
                    .mend("write the id of a trial, a slash and the id of one of its arms"),
            ),
        }
    }
    if errors.is_empty() { Ok(trials) } else { Err(errors) }
}

/// What is wrong with a plan at first sight: arms that are not `TRIAL/ARM`, trials that there are not.
pub fn check(plan: &Document<CalibrationPlan>, library: &Library) -> Vec<Diagnostic> {
    if let Err(errors) = trials(plan) {
        return errors;
    }
    let known = library.ids(Shelf::Trials);
    let arms = plan.value.step.iter().flat_map(|step| &step.arm);
    arms.filter_map(|arm| {
        let (trial, _) = arm.get_ref().split_once('/')?;
        let missing = !known.iter().any(|k| k == trial);
        missing.then(|| library.unknown(Shelf::Trials, trial, Some(plan.place(arm))))
    })
    .collect()
}

/// Every published figure of the pool's trials.
fn targets(pool: &mut Pool) -> Result<Vec<Target>, Vec<Diagnostic>> {
    let mut targets = Vec::new();
    let mut errors = Vec::new();
    let mut first = 0;
    for trial in &mut pool.trials {
        match targets_of(trial, first) {
            Ok(more) => targets.extend(more),
            Err(more) => errors.extend(more),
        }
        first += trial.arms.len();
    }
    if errors.is_empty() { Ok(targets) } else { Err(errors) }
}

fn targets_of(trial: &PooledTrial, first: usize) -> Result<Vec<Target>, Vec<Diagnostic>> {
    let plan = &trial.plan;
    let published = published_figures(plan, &trial.facts, &trial.library)?;
    let patients: Vec<&crate::outcome::PatientOutcome> =
        trial.arms.iter().flat_map(|a| &a.patients).collect();
    let of = |arm: usize, condition: Option<&crate::condition::Condition>, kind| {
        let chosen = members_of(&trial.arms[arm].patients, &patients, condition);
        gathered(&trial.arms[arm], &chosen, kind)
    };
    let mut targets = Vec::new();
    for figure in published {
        let Some(kind) = endpoint_kind(&figure.endpoint) else { continue };
        let condition = figure.condition.as_ref();
        let quantity = match (figure.statistic, figure.arms.as_slice()) {
            (Some(statistic), [arm]) => match (of(*arm, condition, kind), statistic) {
                (Gathered::Shares(all), _) => Quantity::Share(all),
                (Gathered::Times(times), Statistic::FreeAt(month)) => Quantity::Free(times, month),
                (Gathered::Times(times), _) => Quantity::Median(times),
            },
            (None, [a, b]) => match (of(*a, condition, kind), of(*b, condition, kind)) {
                (Gathered::Times(a), Gathered::Times(b)) => Quantity::HazardRatio(a, b),
                (Gathered::Shares(a), Gathered::Shares(b)) if figure.measure == "or" => {
                    Quantity::OddsRatio(a, b)
                }
                (Gathered::Shares(a), Gathered::Shares(b)) => Quantity::Difference(a, b),
                _ => continue,
            },
            _ => continue,
        };
        targets.push(Target {
            trial: plan.value.id.clone(),
            class: plan.value.drug_class.clone(),
            what: figure.what,
            observed: figure.value,
            ci: figure.ci,
            known: figure.known,
            fitted: figure.split == "calibration" && plan.value.role == Role::Calibration,
            arms: figure.arms.iter().map(|i| first + i).collect(),
            n: figure.arms.iter().map(|i| trial.arms[*i].n).sum(),
            quantity,
        });
    }
    Ok(targets)
}
