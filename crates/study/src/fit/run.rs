//! Fitting a problem: from its id to a folder of results.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use hersim_network::{Diagnostic, nearest};
use hersim_store::{Chunk, Column, Manifest, RunFolder, Table, Values, content_hash};

use super::{
    objective::{Compared, Objective, Score},
    outcome::{Fit, FitOutcome, ObservableOutcome, Point, StartOutcome},
    panels::panels,
    profile::{self, profiles},
    setup::Setup,
    starts::starts,
    uncertainty::{space, table},
};
use crate::{
    equilibrate::EnsembleSettings,
    error::StudyError,
    least_squares::{Evaluate, Search, Space, Status, central, descend},
    library::Library,
    progress::Progress,
};

/// Starts that go in step: enough to fill every lane, few enough to lose little.
const BATCH: usize = 8;
/// Relative change of a parameter for a derivative.
const STEP: f64 = 5e-3;
/// Iterations for the parameters that only the problem has, with the tables' values.
const UNFITTED_ITERATIONS: usize = 30;
/// Iterations at each value of a profile.
const PROFILE_ITERATIONS: usize = 12;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct FitRequest {
    /// Identifier of the problem, or the path of its index.
    pub problem: String,
    /// Starts.
    pub starts: usize,
    /// Most iterations per start.
    pub iterations: usize,
    /// Seed of the starts.
    pub seed: u64,
    /// Parameters to profile.
    pub profile: Vec<String>,
    /// Folder for the results; named after the run when absent.
    pub out: Option<PathBuf>,
    /// Whether to discard what another run left in the folder.
    pub start_over: bool,
    /// Tolerances, threads, lanes.
    pub settings: EnsembleSettings,
    /// The command as typed, for the manifest.
    pub command: String,
    /// Version of the program.
    pub version: String,
}

/// A finished fit.
pub struct FitRun {
    /// Its results.
    pub outcome: FitOutcome,
    /// The problem, bound.
    pub setup: Setup,
    /// Its folder.
    pub folder: RunFolder,
    /// Starts that were found done in the folder.
    pub resumed: usize,
    /// Literature of the measurements.
    pub sources: Vec<String>,
}

/// Fits a problem, or does what an interrupted run left to do of it.
///
/// # Errors
/// What is wrong with the input, or what keeps the results from being stored.
pub fn run(
    library: &mut Library,
    request: &FitRequest,
    progress: &dyn Progress,
) -> Result<FitRun, StudyError> {
    let setup = Setup::new(library, &request.problem, &request.settings)?;
    let profiled = profiled(&setup, &request.profile)?;
    let space = space(&setup, STEP);
    let manifest = manifest(request, &setup, library);
    let out = request.out.clone().unwrap_or_else(|| default_folder(request, &setup, &manifest));
    let mut folder = if request.start_over {
        RunFolder::start_over(&out, &manifest)?
    } else {
        RunFolder::open_or_create(&out, &manifest)?
    };

    let started = Instant::now();
    let objective = Objective::new(&setup, &request.settings);
    let mut evaluate = |vectors: &[Vec<f64>]| objective.residuals(vectors);
    let unfitted = unfitted(&setup, &space, &mut evaluate);
    let missing = folder.missing_parts();
    let resumed = request.starts - missing.len();
    let mut iterations = 0;
    progress.begin("fitting", (missing.len() * request.iterations) as u64);
    let points = first_points(&setup, &space, request, &unfitted);
    for batch in missing.chunks(BATCH) {
        let free = vec![true; setup.estimated.len()];
        let mut searches: Vec<Search> =
            batch.iter().map(|s| Search::new(points[*s].clone(), free.clone())).collect();
        let tick = |n| progress.advance(n);
        descend(&mut searches, &space, request.iterations, &mut evaluate, &tick);
        for (start, search) in batch.iter().zip(&searches) {
            let done = search.path.len().saturating_sub(1);
            iterations += done;
            progress.advance((request.iterations - done) as u64);
            folder.write_part(*start, &path_table(&setup, *start, search))?;
        }
    }
    progress.end();
    let seconds = started.elapsed().as_secs_f64();

    let found = (0..request.starts)
        .map(|s| folder.read_part(s).map(|t| read_path(&setup, &t)))
        .collect::<Result<Vec<_>, _>>()?;
    let best = (0..found.len()).min_by(|a, b| found[*a].cost.total_cmp(&found[*b].cost));
    let best = best.map(|b| &found[b]).filter(|b| b.cost.is_finite());
    let Some(best) = best else { return Err(nothing_simulated(&objective).into()) };
    let (score, compared) = objective.score(&best.point).map_err(|reason| failed(&reason))?;
    let before = objective.score(&unfitted).ok().map(|(score, _)| fit(&score));
    let columns = central(&best.point, &space, &mut evaluate).unwrap_or_default();
    let parameters =
        if columns.is_empty() { Vec::new() } else { table(&setup, &best.point, &space, &columns) };
    let profiles = if profiled.is_empty() {
        Vec::new()
    } else {
        let total = profile::searches(profiled.len()) * PROFILE_ITERATIONS;
        progress.begin("profiling", total as u64);
        let tick = |n| progress.advance(n);
        let best = (best.point.as_slice(), best.cost);
        let made =
            profiles(&setup, &profiled, best, &space, PROFILE_ITERATIONS, &mut evaluate, &tick);
        progress.end();
        made
    };
    let values = setup.values(&best.point);
    let outcome = FitOutcome {
        problem: setup.problem.id.clone(),
        title: setup.problem.title.clone(),
        note: setup.problem.note.clone(),
        seed: request.seed,
        measurements: setup.measurements.len(),
        nominal: before,
        best: fit(&score),
        parameters,
        starts: waterfall(&found, best.cost, score.objective()),
        observables: observables(&setup, &compared),
        points: points_of(&setup, &compared),
        profiles,
        panels: panels(&setup, &values, &compared, &request.settings),
        trouble: objective.trouble.borrow().clone(),
        iterations,
        seconds,
    };
    drop(objective);
    folder.finish()?;
    let sources = sources(&setup);
    Ok(FitRun { outcome, setup, folder, resumed, sources })
}

fn fit(score: &Score) -> Fit {
    Fit {
        objective: score.objective(),
        log_likelihood: score.log_likelihood,
        chi2: score.chi2,
        prior: score.prior,
    }
}

/// The tables' values of the estimated parameters, on their scales.
fn nominal(setup: &Setup) -> Vec<f64> {
    let scaled = |at: &usize| {
        let p = &setup.parameters[*at];
        p.scale.forward(p.nominal)
    };
    setup.estimated.iter().map(scaled).collect()
}

/// The tables' values, with the parameters that only the problem has fitted to them: what the
/// model as it stands can do.
fn unfitted(setup: &Setup, space: &Space, evaluate: &mut Evaluate<'_>) -> Vec<f64> {
    let free = |at: &usize| setup.parameters[*at].symbols.iter().all(Vec::is_empty);
    let free = setup.estimated.iter().map(free).collect();
    let mut searches = [Search::new(nominal(setup), free)];
    descend(&mut searches, space, UNFITTED_ITERATIONS, evaluate, &|_| {});
    let [search] = searches;
    search.point
}

/// Where the searches begin; the first at what the model as it stands can do.
fn first_points(
    setup: &Setup,
    space: &Space,
    request: &FitRequest,
    unfitted: &[f64],
) -> Vec<Vec<f64>> {
    let names: Vec<&str> =
        setup.estimated.iter().map(|at| setup.parameters[*at].id.as_str()).collect();
    starts(&setup.problem.id, &names, unfitted, space, request.starts, request.seed)
}

/// Places of the parameters to profile among those estimated.
fn profiled(setup: &Setup, asked: &[String]) -> Result<Vec<usize>, Vec<Diagnostic>> {
    let names: Vec<&str> =
        setup.estimated.iter().map(|at| setup.parameters[*at].id.as_str()).collect();
    let mut errors = Vec::new();
    let mut found = Vec::new();
    for name in asked {
        match names.iter().position(|n| n == name) {
            Some(at) => found.push(at),
            None => {
                let message = format!("`{name}` is not estimated in this problem");
                let error = Diagnostic::error("unknown-parameter", message);
                errors.push(match nearest(name, names.iter().copied()) {
                    Some(near) => error.mend(format!("did you mean `{near}`?")),
                    None => error.mend(format!("estimated are: {}", names.join(", "))),
                });
            }
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

fn failed(reason: &str) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error("integration", format!("the best fit cannot be simulated: {reason}"))
            .mend("raise --max-steps, or narrow the bounds"),
    ]
}

fn nothing_simulated(objective: &Objective<'_>) -> Vec<Diagnostic> {
    let reason = objective.trouble.borrow().clone();
    let reason = reason.unwrap_or_else(|| "a simulated value is not finite".into());
    let message = format!("no start could be simulated: {reason}");
    vec![Diagnostic::error("integration", message).mend("raise --max-steps, or narrow the bounds")]
}

/// What a part holds of a start: one row per iteration.
struct StartPath {
    start: usize,
    from: f64,
    cost: f64,
    point: Vec<f64>,
    iterations: usize,
    status: Status,
}

fn path_table(setup: &Setup, start: usize, search: &Search) -> Table {
    let n = search.path.len();
    let status = match search.status {
        Status::Converged => "converged",
        Status::Failed => "failed",
        Status::Moving | Status::Stopped => "stopped",
    };
    // A start that cannot be simulated has one row, so that its number is known.
    let rows = n.max(1);
    let mut columns = vec![
        Column::i64("start", vec![start as i64; rows]),
        Column::i64("iteration", 0..rows as i64),
        Column::text("status", vec![status; rows]),
        Column::f64_opt("cost", "1", (0..rows).map(|i| search.path.get(i).map(|(cost, _)| *cost))),
    ];
    for (k, at) in setup.estimated.iter().enumerate() {
        let p = &setup.parameters[*at];
        let scaled = (0..rows).map(|i| search.path.get(i).map_or(search.point[k], |(_, x)| x[k]));
        let unit = p.unit.as_ref().map_or("1".to_string(), ToString::to_string);
        let unit = if p.scale == super::parameter::Scale::Lin {
            unit
        } else {
            format!("logarithm of {unit}")
        };
        columns.push(Column::f64(&p.id, &unit, scaled));
    }
    Table::new(columns)
}

fn read_path(setup: &Setup, table: &Table) -> StartPath {
    let last = table.rows().saturating_sub(1);
    let number = |name: &str, row: usize| match table.column(name).map(|c| &c.values) {
        Some(Values::F64(v)) => v.get(row).copied().flatten(),
        _ => None,
    };
    let start = match table.column("start").map(|c| &c.values) {
        Some(Values::I64(v)) => v.first().copied().flatten().unwrap_or(0) as usize,
        _ => 0,
    };
    let status = table.column("status").map(|c| c.values.text(last)).unwrap_or_default();
    let point = setup.estimated.iter().map(|at| {
        let p = &setup.parameters[*at];
        number(&p.id, last).unwrap_or_else(|| p.scale.forward(p.nominal))
    });
    StartPath {
        start,
        from: number("cost", 0).unwrap_or(f64::INFINITY),
        cost: number("cost", last).unwrap_or(f64::INFINITY),
        point: point.collect(),
        iterations: last,
        status: match status.as_str() {
            "converged" => Status::Converged,
            "failed" => Status::Failed,
            _ => Status::Stopped,
        },
    }
}

/// Starts, best first. Costs and objectives differ by a constant.
fn waterfall(found: &[StartPath], best_cost: f64, best: f64) -> Vec<StartOutcome> {
    let shift = best - best_cost;
    let shown = |cost: f64| cost.is_finite().then_some(cost + shift);
    let mut starts: Vec<StartOutcome> = (found.iter())
        .map(|f| StartOutcome {
            start: f.start,
            from: shown(f.from),
            objective: shown(f.cost),
            iterations: f.iterations,
            status: f.status,
        })
        .collect();
    let key = |s: &StartOutcome| s.objective.unwrap_or(f64::INFINITY);
    starts.sort_by(|a, b| key(a).total_cmp(&key(b)));
    starts
}

fn observables(setup: &Setup, compared: &[Compared]) -> Vec<ObservableOutcome> {
    let mut made = Vec::new();
    for (number, observable) in setup.observables.iter().enumerate() {
        let mine: Vec<&Compared> = (setup.measurements.iter().zip(compared))
            .filter(|(m, _)| m.observable == number)
            .map(|(_, c)| c)
            .collect();
        if mine.is_empty() {
            continue;
        }
        let n = mine.len() as f64;
        let chi2 = mine.iter().map(|c| c.residual.powi(2)).sum();
        let error: f64 = mine.iter().map(|c| (c.residual * c.sigma).powi(2)).sum();
        let worst = mine
            .iter()
            .map(|c| c.residual)
            .fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        made.push(ObservableOutcome {
            id: observable.label.clone(),
            title: observable.title.clone(),
            n: mine.len(),
            chi2,
            mean: mine.iter().map(|c| c.residual).sum::<f64>() / n,
            worst,
            rmse: (error / n).sqrt(),
        });
    }
    made
}

fn points_of(setup: &Setup, compared: &[Compared]) -> Vec<Point> {
    (setup.measurements.iter().zip(compared))
        .map(|(m, c)| Point {
            observable: setup.observables[m.observable].label.clone(),
            condition: setup.experiments[m.experiment].condition.clone(),
            day: setup.experiments[m.experiment].days[m.time],
            measured: m.value,
            simulated: c.simulated,
            sigma: c.sigma,
            residual: c.residual,
        })
        .collect()
}

fn sources(setup: &Setup) -> Vec<String> {
    let mut sources: Vec<String> =
        setup.measurements.iter().map(|m| m.source.clone()).filter(|s| !s.is_empty()).collect();
    sources.sort();
    sources.dedup();
    sources
}

fn default_folder(request: &FitRequest, setup: &Setup, manifest: &Manifest) -> PathBuf {
    let model: String = manifest.model_hash.chars().take(8).collect();
    let FitRequest { starts, seed, .. } = request;
    Path::new("runs").join(format!("fit-{}-{starts}-seed{seed}-{model}", setup.problem.id))
}

fn manifest(request: &FitRequest, setup: &Setup, library: &Library) -> Manifest {
    let model_hash = library.hash();
    let settings: [(&str, String); 5] = [
        ("starts", request.starts.to_string()),
        ("iterations per start", request.iterations.to_string()),
        ("relative tolerance", request.settings.rtol.to_string()),
        (
            "absolute tolerance, share of each state's scale",
            request.settings.atol_share.to_string(),
        ),
        ("most steps per simulation", request.settings.max_steps.to_string()),
    ];
    let study = format!("fit {}", setup.problem.id);
    let base = format!("{study}|{}|{model_hash}|{}|{settings:?}", request.seed, request.version);
    Manifest {
        command: request.command.clone(),
        study,
        seed: request.seed,
        versions: [("hersim".to_string(), request.version.clone())].into(),
        circumstances: [("threads".to_string(), request.settings.threads.to_string())].into(),
        chunks: (0..request.starts)
            .map(|start| {
                let name = format!("start-{start:04}");
                let key = content_hash([base.as_bytes(), name.as_bytes()]);
                Chunk { name, key }
            })
            .collect(),
        settings: settings.map(|(k, v)| (k.to_string(), v)).into(),
        model_hash,
        ..Manifest::default()
    }
}
