//! Data over curves: what is drawn of a fit.

use super::{
    ensemble::simulate,
    experiment::Experiment,
    measurement::Measurement,
    objective::Compared,
    observable::{Surroundings, Transformation},
    outcome::{Line, Panel},
    setup::Setup,
};
use crate::equilibrate::EnsembleSettings;

/// Points of a curve over time.
const POINTS: usize = 80;
/// Standard normal quantile of 97.5 %.
const WIDE: f64 = 1.96;

/// One panel per observable and tumour: over time where an experiment has several times, else
/// over the column of the condition table that differs most.
pub fn panels(
    setup: &Setup,
    values: &[f64],
    compared: &[Compared],
    settings: &EnsembleSettings,
) -> Vec<Panel> {
    let mut groups: Vec<(usize, &str, Vec<usize>)> = Vec::new();
    for (i, m) in setup.measurements.iter().enumerate() {
        let tumour = setup.experiments[m.experiment].tumour.as_str();
        match groups.iter_mut().find(|(o, t, _)| *o == m.observable && *t == tumour) {
            Some((_, _, members)) => members.push(i),
            None => groups.push((m.observable, tumour, vec![i])),
        }
    }
    let grid: Vec<Vec<f64>> = setup
        .experiments
        .iter()
        .map(|e| {
            let last = e.days.last().copied().unwrap_or(0.0);
            (0..=POINTS).map(|i| last * i as f64 / POINTS as f64).collect()
        })
        .collect();
    let simulated = simulate(setup, &[values.to_vec()], Some(&grid), settings).pop();
    let Some(Ok(outputs)) = simulated else { return Vec::new() };
    let mut panels = Vec::new();
    for (observable, tumour, members) in groups {
        let (over_time, single): (Vec<usize>, Vec<usize>) =
            members.into_iter().partition(|i| has_times(setup, *i));
        let o = &setup.observables[observable];
        let title =
            if tumour.is_empty() { o.title.clone() } else { format!("{}, {tumour}", o.title) };
        let y_log = o.transformation != Transformation::Lin;
        let panel = |x: String, x_log, lines| Panel {
            title: title.clone(),
            x,
            x_log,
            y: o.title.clone(),
            y_log,
            lines,
        };
        if !over_time.is_empty() {
            let last = over_time.iter().map(|i| day(setup, *i)).fold(0.0, f64::max);
            let (unit, per_day) = clock(last);
            let mut lines: Vec<(usize, Line)> = Vec::new();
            for i in over_time {
                let m = &setup.measurements[i];
                let at = match lines.iter().position(|(e, _)| *e == m.experiment) {
                    Some(at) => at,
                    None => {
                        let curve =
                            curve(setup, m, values, &grid[m.experiment], &outputs[m.experiment]);
                        let curve = curve.into_iter().map(|(d, v)| (d * per_day, v)).collect();
                        let title = setup.experiments[m.experiment].title.clone();
                        lines.push((m.experiment, Line { title, curve, data: Vec::new() }));
                        lines.len() - 1
                    }
                };
                lines[at].1.data.push(datum(setup, i, day(setup, i) * per_day, &compared[i]));
            }
            let lines = lines.into_iter().map(|(_, line)| line).collect();
            panels.push(panel(format!("Time, {unit}"), false, lines));
        }
        panels.extend(
            doses(setup, &single, compared).into_iter().map(|(x, lines)| panel(x, true, lines)),
        );
    }
    panels
}

fn day(setup: &Setup, measurement: usize) -> f64 {
    let m = &setup.measurements[measurement];
    setup.experiments[m.experiment].days[m.time]
}

/// Whether an observable is measured at several times in the experiment.
fn has_times(setup: &Setup, measurement: usize) -> bool {
    let m = &setup.measurements[measurement];
    setup
        .measurements
        .iter()
        .any(|o| o.experiment == m.experiment && o.observable == m.observable && o.time != m.time)
}

/// Unit of an axis of time and how many of it are in a day.
fn clock(last: f64) -> (&'static str, f64) {
    match last {
        d if d <= 0.15 => ("min", 1440.0),
        d if d <= 5.0 => ("h", 24.0),
        _ => ("days", 1.0),
    }
}

fn curve(
    setup: &Setup,
    m: &Measurement,
    values: &[f64],
    days: &[f64],
    outputs: &[Vec<f64>],
) -> Vec<(f64, f64)> {
    let system = &setup.systems[setup.experiments[m.experiment].system];
    (days.iter().zip(outputs))
        .map(|(day, outputs)| {
            let with = Surroundings {
                time: day / system.assembled.days_per_time_unit(),
                outputs,
                parameters: values,
                places: &m.places,
                own: f64::NAN,
            };
            (*day, m.formula.value(&with))
        })
        .collect()
}

/// A measured value with its limits, at a place.
fn datum(setup: &Setup, measurement: usize, x: f64, compared: &Compared) -> (f64, f64, f64, f64) {
    let m = &setup.measurements[measurement];
    let scale = setup.observables[m.observable].transformation;
    let at = |sign: f64| scale.undo(scale.apply(m.value) + sign * WIDE * compared.sigma);
    (x, m.value, at(-1.0), at(1.0))
}

/// Panels over a column of the condition table; a condition in which it is 0 or absent stands at
/// the left of all lines.
fn doses(setup: &Setup, members: &[usize], compared: &[Compared]) -> Vec<(String, Vec<Line>)> {
    let of = |i: usize| &setup.experiments[setup.measurements[i].experiment];
    let number = |e: &Experiment, name: &str| {
        e.numbers.iter().find(|(n, _)| n == name).map_or(0.0, |(_, v)| *v)
    };
    let mut names: Vec<&String> = Vec::new();
    for i in members {
        for (name, value) in &of(*i).numbers {
            if *value > 0.0 && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut panels = Vec::new();
    for name in names {
        let mut dosed: Vec<usize> =
            members.iter().copied().filter(|i| number(of(*i), name) > 0.0).collect();
        if dosed.is_empty() {
            continue;
        }
        dosed.sort_by(|a, b| number(of(*a), name).total_cmp(&number(of(*b), name)));
        let lowest = number(of(dosed[0]), name);
        let mut lines: Vec<(String, Line)> = Vec::new();
        for i in dosed {
            let (unit, per_day) = clock(day(setup, i));
            let title = format!("{} {unit}", (day(setup, i) * per_day * 100.0).round() / 100.0);
            let at = match lines.iter().position(|(t, _)| *t == title) {
                Some(at) => at,
                None => {
                    let line = Line { title: title.clone(), curve: Vec::new(), data: Vec::new() };
                    lines.push((title, line));
                    lines.len() - 1
                }
            };
            let x = number(of(i), name);
            lines[at].1.curve.push((x, compared[i].simulated));
            lines[at].1.data.push(datum(setup, i, x, &compared[i]));
        }
        // Controls, a step to the left of the lowest dose.
        let bare = |i: &usize| of(*i).numbers.iter().all(|(_, v)| *v == 0.0);
        let controls: Vec<usize> = members.iter().copied().filter(bare).collect();
        for (_, line) in &mut lines {
            for i in &controls {
                line.curve.insert(0, (lowest / 10.0, compared[*i].simulated));
                line.data.push(datum(setup, *i, lowest / 10.0, &compared[*i]));
            }
        }
        panels.push((name.clone(), lines.into_iter().map(|(_, line)| line).collect()));
    }
    panels
}
