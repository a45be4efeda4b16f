//! Following the model of a file as counts and chance, many times.

use std::{thread, time::Instant};

use hersim_hybrid::{Budget, Halt, HaltReason, Jumps, Method, Output, jump, jumps};
use hersim_network::{Diagnostic, Network, Sources};
use hersim_store::{Column, Table};

use super::follow::{FollowRequest, changing, patience, start, unit};
use crate::{error::StudyError, progress::Progress, random::stream};

/// Counts a file of all runs may hold.
const MOST_ROWS: u64 = 50_000_000;

/// How chance is followed, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    /// How.
    pub method: Method,
    /// How often.
    pub runs: u64,
}

/// Many runs of one model.
pub struct ChanceRuns {
    /// `run`, `time`, then everything that can change.
    pub all: Table,
    /// `time`, then for everything that can change its mean, its standard deviation and the share
    /// of the runs in which it is zero.
    pub summary: Table,
}

/// Follows a model as counts. The same seed gives the same runs, on any number of threads.
///
/// # Errors
/// What is wrong with the request, what of the model cannot be counted, and why a run broke off.
pub fn follow_chance(
    network: &mut Network,
    request: &FollowRequest,
    chance: Chance,
    sources: &mut Sources,
    progress: &dyn Progress,
) -> Result<ChanceRuns, StudyError> {
    let until = Instant::now() + patience(request, sources)?;
    let times = start(network, request, sources)?;
    if chance.runs * times.len() as u64 > MOST_ROWS {
        let message = format!("{} runs of {} rows are too many", chance.runs, times.len());
        let error = Diagnostic::error("quantity", message);
        return Err(vec![error.mend("ask for fewer runs, or more time between rows")].into());
    }
    let shown = changing(network);
    let outputs: Vec<Output> = shown.iter().map(|&id| Output::Value(id)).collect();
    let ready = jumps(network, &outputs)?;
    let budget = Budget { jumps: request.max_steps, until: Some(until) };
    let runs = all_runs(&ready, &times, request, chance, budget, progress);
    let runs = runs.map_err(|(run, halt)| {
        let (code, mend) = match halt.reason {
            HaltReason::Patience => {
                ("time-limit", "give it longer with --time-limit, or ask for fewer runs")
            }
            HaltReason::Budget => ("integration", "raise --max-steps, or use `--chance leap`"),
            _ => ("integration", "look at what the model does at that time"),
        };
        vec![Diagnostic::error(code, format!("run {run} stopped: {halt}")).mend(mend)]
    })?;
    let clock = unit(network.time_unit.as_ref());
    let of = |run: usize, row: usize, at: usize| runs[run][row][at];
    let (count, rows) = (runs.len(), times.len());
    let places = || (0..count).flat_map(|run| (0..rows).map(move |row| (run, row)));
    let mut all = vec![
        Column::i64("run", places().map(|(run, _)| run as i64 + 1)),
        Column::f64("time", &clock, places().map(|(_, row)| times[row])),
    ];
    let mut summary = vec![Column::f64("time", &clock, times.iter().copied())];
    for (at, &id) in shown.iter().enumerate() {
        let (name, own) = (&network[id].name, unit(network.formula_unit(id).as_ref()));
        all.push(Column::f64(name, &own, places().map(|(run, row)| of(run, row, at))));
        let over = |row: usize| (0..count).map(move |run| of(run, row, at));
        let mean = |row: usize| over(row).sum::<f64>() / count as f64;
        let spread = |row: usize| {
            let mean = mean(row);
            let sum = over(row).map(|v| (v - mean).powi(2)).sum::<f64>();
            (sum / (count as f64 - 1.0).max(1.0)).sqrt()
        };
        let none = |row: usize| over(row).filter(|v| *v == 0.0).count() as f64 / count as f64;
        summary.push(Column::f64(name, &own, (0..rows).map(mean)));
        summary.push(Column::f64(&format!("{name} (sd)"), &own, (0..rows).map(spread)));
        summary.push(Column::f64(&format!("{name} (share at 0)"), "1", (0..rows).map(none)));
    }
    Ok(ChanceRuns { all: Table::new(all), summary: Table::new(summary) })
}

type Rows = Vec<Vec<f64>>;

/// All runs in order, `[run][row][output]`, or the first that broke off.
fn all_runs(
    ready: &Jumps,
    times: &[f64],
    request: &FollowRequest,
    chance: Chance,
    budget: Budget,
    progress: &dyn Progress,
) -> Result<Vec<Rows>, (u64, Halt)> {
    progress.begin("runs", chance.runs);
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let one = |run: u64| {
        let mut random = stream(request.seed, &["jumps", &run.to_string()]);
        let rows = jump(ready, times, chance.method, budget, &mut random);
        progress.advance(1);
        rows.map_err(|halt| (run, halt))
    };
    let share = chance.runs.div_ceil(threads).max(1);
    let runs = thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|i| {
                let part = i * share + 1..=((i + 1) * share).min(chance.runs);
                scope.spawn(move || part.map(one).collect::<Result<Vec<Rows>, _>>())
            })
            .collect();
        let mut runs = Vec::with_capacity(chance.runs as usize);
        for part in parts {
            match part.join() {
                Ok(found) => runs.extend(found?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(runs)
    });
    progress.end();
    runs
}
