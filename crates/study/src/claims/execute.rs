//! Running all courses of a plan: one program for each stage, each rest once, courses side by
//! side, those that go on from others after them.

use std::{collections::HashMap, time::Instant};

use hersim_engine::run;
use hersim_network::{Diagnostic, SymbolId};

use super::{
    plan::Plan,
    stage::Stage,
    subject::{Trajectory, Walker, base_values},
};
use crate::{
    equilibrate::{EnsembleSettings, Programs, Ready, Rest, describe_failure},
    library::Library,
    population::VirtualPatient,
    progress::Progress,
};

/// Relative tolerance of the rough run.
const ROUGH: f64 = 1e-3;
/// Less than this of anything is a trace, in whatever unit the model counts it.
const TRACE: f64 = 1e-9;
/// So is less than this share of what it comes to.
const TRACE_SHARE: f64 = 1e-6;

/// The courses of a plan, run.
pub struct Executed {
    /// One for each course.
    pub trajectories: Vec<Trajectory>,
    /// Seconds that each course took, its share of those it ran with.
    pub seconds: Vec<f64>,
    /// Courses whose tumour was still moving when treatment began.
    pub restless: usize,
}

/// Compiles the stages that courses run on.
///
/// # Errors
/// What the engine cannot honour.
pub fn compile(plan: &Plan, library: &Library) -> Result<Vec<Option<Programs>>, Vec<Diagnostic>> {
    let needed = plan.needed();
    let used = |stage: usize| {
        plan.courses.iter().zip(&needed).any(|(course, needed)| *needed && course.stage == stage)
    };
    let compile = |stage: &Stage| {
        let edited = stage.edited();
        let days = edited.equilibration_days(library).map_err(|e| vec![*e])?;
        Programs::new(&edited, &stage.varying, &stage.inputs, &stage.outputs, days).map(Some)
    };
    std::thread::scope(|scope| {
        let compile = &compile;
        let jobs: Vec<_> = (plan.stages.iter().enumerate())
            .map(|(index, stage)| used(index).then(|| scope.spawn(move || compile(stage))))
            .collect();
        let join = |job: Option<std::thread::ScopedJoinHandle<'_, _>>| match job {
            Some(job) => job.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => Ok(None),
        };
        jobs.into_iter().map(join).collect()
    })
}

/// Keeps alive, on stages that take over cells from another, every state of a cell that starts at
/// zero: the cells may bring some.
pub fn receive(plan: &mut Plan) {
    use hersim_network::{Rule, SymbolKind, Value};
    let receives: Vec<usize> = (plan.courses.iter())
        .filter(|c| c.after.is_some_and(|a| plan.courses[a].stage != c.stage))
        .map(|c| c.stage)
        .collect();
    for stage in receives {
        let stage = &mut plan.stages[stage];
        let prefixes: Vec<String> =
            stage.assembled.subclones.iter().map(|s| format!("{s}.")).collect();
        let found: Vec<SymbolId> = (stage.assembled.network.iter())
            .filter(|(_, s)| {
                let state = matches!(s.rule, Some(Rule::Rate(_)))
                    || (s.rule.is_none() && matches!(s.kind, SymbolKind::Species { .. }));
                state && s.value == Value::Number(0.0)
            })
            .filter(|(_, s)| prefixes.iter().any(|p| s.name.starts_with(p)))
            .map(|(id, _)| id)
            .collect();
        found.into_iter().for_each(|id| stage.vary(id));
    }
}

/// Runs every course.
pub fn execute(
    plan: &Plan,
    programs: &[Option<Programs>],
    settings: &EnsembleSettings,
    progress: &dyn Progress,
) -> Executed {
    let count = plan.courses.len();
    let mut executed = Executed {
        trajectories: vec![Trajectory::default(); count],
        seconds: vec![0.0; count],
        restless: 0,
    };
    let needed = plan.needed();
    progress.begin("simulating", needed.iter().filter(|n| **n).count() as u64);
    let mut left: Vec<usize> = (0..count).filter(|id| needed[*id]).collect();
    while !left.is_empty() {
        // A course comes after the one it goes on from, which was planned before it.
        let (now, later): (Vec<usize>, Vec<usize>) = left
            .iter()
            .partition(|id| plan.courses[**id].after.is_none_or(|before| !left.contains(&before)));
        for stage in 0..plan.stages.len() {
            let ids: Vec<usize> =
                now.iter().copied().filter(|id| plan.courses[*id].stage == stage).collect();
            if !ids.is_empty() {
                run_stage(plan, programs, stage, &ids, settings, &mut executed);
                progress.advance(ids.len() as u64);
            }
        }
        left = later;
    }
    progress.end();
    executed
}

/// Runs courses of one stage that wait for nothing.
fn run_stage(
    plan: &Plan,
    programs: &[Option<Programs>],
    index: usize,
    ids: &[usize],
    settings: &EnsembleSettings,
    executed: &mut Executed,
) {
    let begun = Instant::now();
    let stage = &plan.stages[index];
    let Some(program) = &programs[index] else { return };
    let bases: Vec<Vec<f64>> =
        ids.iter().map(|id| base_values(&plan.courses[*id].base, stage)).collect();
    let rests = rest(plan, program, stage, ids, &bases, settings);
    let mut walkers = Vec::new();
    let mut walking = Vec::new();
    for ((id, base), rest) in ids.iter().zip(&bases).zip(&rests) {
        let course = &plan.courses[*id];
        let start = match (rest, course.after) {
            (Some(ready), after) => match &ready.rest {
                Rest::Failed(reason) => Err(format!("before treatment: {reason}")),
                rest => {
                    executed.restless += usize::from(*rest == Rest::Moving);
                    let (parameters, state) = (ready.parameters.clone(), ready.state.clone());
                    match after {
                        None => Ok((parameters, state)),
                        Some(before) => {
                            take_over(plan, programs, executed, before, *id, parameters, state)
                        }
                    }
                }
            },
            (None, Some(before)) => go_on(&executed.trajectories[before], base),
            (None, None) => Err("it has no beginning".into()),
        };
        match start {
            Ok((parameters, state)) => {
                walkers.push(Walker::new(course, stage, program, parameters, state));
                walking.push(*id);
            }
            Err(reason) => executed.trajectories[*id].failure = Some(reason),
        }
    }
    let scale = scale(&walkers, program, settings);
    run(&program.during, &mut walkers, &settings.engine(&scale), &|_| {});
    let mut steps = 0;
    for (id, mut walker) in walking.iter().zip(walkers) {
        if let Some(failure) = &walker.failed {
            let reason = describe_failure(failure, &program.during, &stage.assembled);
            walker.trajectory.failure = Some(reason);
            walker.trajectory.steps = failure.effort.steps;
        }
        if plan.courses[*id].ends.is_some() && walker.trajectory.failure.is_none() {
            passage(stage, program, &walker.beginning(), &mut walker.trajectory.state);
        }
        steps += walker.trajectory.steps;
        executed.trajectories[*id] = walker.trajectory;
    }
    let spent = begun.elapsed().as_secs_f64();
    for id in walking {
        let share = executed.trajectories[id].steps as f64 / steps.max(1) as f64;
        executed.seconds[id] = spent * share;
    }
}

/// Size of each state, which sets its absolute tolerance: what it is at the start, but not far
/// below what it comes to in a first, rough run (the middle of the courses). Traces of what has
/// decayed would otherwise be followed as if they mattered.
fn scale(walkers: &[Walker], program: &Programs, settings: &EnsembleSettings) -> Vec<f64> {
    let count = program.during.states().len();
    let sizes = |walkers: &[Walker], state: usize| -> Vec<f64> {
        let sizes = walkers.iter().map(|w| w.trajectory.largest[state]);
        sizes.filter(|s| *s > 0.0 && s.is_finite()).collect()
    };
    let start: Vec<f64> =
        (0..count).map(|i| sizes(walkers, i).into_iter().fold(0.0, f64::max)).collect();
    let rough: Vec<f64> = start.iter().map(|s| if *s > 0.0 { s.max(TRACE) } else { 1.0 }).collect();
    if start.iter().all(|s| *s > TRACE) {
        return start;
    }
    let coarse = EnsembleSettings {
        rtol: settings.rtol.max(ROUGH),
        atol_share: settings.atol_share.max(ROUGH * 1e-3),
        ..settings.clone()
    };
    let mut pilots = walkers.to_vec();
    run(&program.during, &mut pilots, &coarse.engine(&rough), &|_| {});
    let comes_to = |state: usize| {
        let mut found = sizes(&pilots, state);
        found.sort_by(f64::total_cmp);
        found.get(found.len() / 2).copied()
    };
    let size = |state: usize| match (start[state], comes_to(state)) {
        (start, Some(later)) if start > 0.0 => start.max(later * TRACE_SHARE).max(TRACE),
        (_, Some(later)) => later.max(TRACE),
        (start, None) if start > 0.0 => start.max(TRACE),
        (_, None) => 1.0,
    };
    (0..count).map(size).collect()
}

/// The rest that each course needs; none where it goes on from a course of the same stage.
fn rest(
    plan: &Plan,
    program: &Programs,
    stage: &Stage,
    ids: &[usize],
    bases: &[Vec<f64>],
    settings: &EnsembleSettings,
) -> Vec<Option<Ready>> {
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut patients = Vec::new();
    let wanted: Vec<Option<usize>> = (ids.iter().zip(bases))
        .map(|(id, base)| {
            let course = &plan.courses[*id];
            if course.after.is_some_and(|before| plan.courses[before].stage == course.stage) {
                return None;
            }
            let key = base.iter().map(|v| v.to_bits()).collect();
            Some(*places.entry(key).or_insert_with(|| {
                patients.push(VirtualPatient::of(base.clone()));
                patients.len() - 1
            }))
        })
        .collect();
    let ready = program.equilibrate(&stage.assembled, &patients, settings);
    wanted.into_iter().map(|place| place.map(|p| ready[p].clone())).collect()
}

type Start = Result<(Vec<f64>, Vec<f64>), String>;

/// Goes on from a course of the same stage, with other parameters.
fn go_on(before: &Trajectory, base: &[f64]) -> Start {
    if let Some(reason) = &before.failure {
        return Err(format!("in its history: {reason}"));
    }
    let mut parameters = before.parameters.clone();
    parameters[..base.len()].copy_from_slice(base);
    Ok((parameters, before.state.clone()))
}

/// Puts cells of a course of another stage into a host at rest: every state of a cell that both
/// know, and the shares of the subclones.
fn take_over(
    plan: &Plan,
    programs: &[Option<Programs>],
    executed: &Executed,
    before: usize,
    id: usize,
    mut parameters: Vec<f64>,
    mut state: Vec<f64>,
) -> Start {
    let old = &executed.trajectories[before];
    if let Some(reason) = &old.failure {
        return Err(format!("in its history: {reason}"));
    }
    let (from, to) = (plan.courses[before].stage, plan.courses[id].stage);
    let (Some(source), Some(program)) = (&programs[from], &programs[to]) else {
        return Err("it has no program".into());
    };
    let (from, source) = (&plan.stages[from], &source.during);
    let (to, program) = (&plan.stages[to], &program.during);
    let mut values: HashMap<&str, f64> = HashMap::new();
    let fixed = from.varying.len();
    for (symbol, value) in source.parameters().iter().zip(&old.parameters).skip(fixed) {
        values.insert(&from.assembled.network[*symbol].name, *value);
    }
    for (symbol, value) in source.states().iter().zip(&old.state) {
        values.insert(&from.assembled.network[*symbol].name, *value);
    }
    let known = |id: SymbolId, ours: &[SymbolId], values: &[f64]| {
        ours.iter().position(|s| *s == id).and_then(|i| values.get(i).copied()).unwrap_or(0.0)
    };
    let count = |stage: &Stage, ids: Option<&Vec<SymbolId>>, values: &HashMap<&str, f64>| {
        let names = ids.into_iter().flatten().map(|id| &*stage.assembled.network[*id].name);
        names.filter_map(|name| values.get(name)).sum::<f64>()
    };
    let before_total = count(from, from.numbers.first(), &values);
    let total: f64 =
        (to.numbers.iter().take(1).flatten()).map(|id| known(*id, program.states(), &state)).sum();
    let scale = total / before_total;
    let counted: Vec<SymbolId> = to.numbers.iter().flatten().copied().collect();
    let prefixes: Vec<String> = to.assembled.subclones.iter().map(|s| format!("{s}.")).collect();
    let value = |id: SymbolId| {
        let name = to.assembled.network[id].name.as_str();
        let found = *values.get(name)?;
        if counted.contains(&id) {
            return scale.is_finite().then_some(found * scale);
        }
        prefixes.iter().any(|p| name.starts_with(p)).then_some(found)
    };
    for (symbol, slot) in program.parameters().iter().zip(&mut parameters) {
        if let Some(value) = value(*symbol) {
            *slot = value;
        }
    }
    for (symbol, slot) in program.states().iter().zip(&mut state) {
        if let Some(value) = value(*symbol) {
            *slot = value;
        }
    }
    Ok((parameters, state))
}

/// Multiplies all that counts cells so that there are as many as at the beginning.
fn passage(stage: &Stage, programs: &Programs, beginning: &[f64], state: &mut [f64]) {
    let states = programs.during.states();
    let places = |ids: &[SymbolId]| -> Vec<usize> {
        ids.iter().filter_map(|id| states.iter().position(|s| s == id)).collect()
    };
    let Some(living) = stage.numbers.first() else { return };
    let total = |values: &[f64]| places(living).iter().map(|p| values[*p]).sum::<f64>();
    let factor = total(beginning) / total(state);
    if factor.is_finite() {
        for ids in &stage.numbers {
            places(ids).into_iter().for_each(|p| state[p] *= factor);
        }
    }
}
