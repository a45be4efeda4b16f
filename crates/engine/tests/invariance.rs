//! What must not matter does not: machine code, output grid, split runs, order of states, company.

mod common;
#[path = "common/probe.rs"]
mod probe;
#[path = "common/tumour.rs"]
mod tumour;

use common::{id, network};
use hersim_engine::*;
use hersim_network::Network;
use probe::Probe;

const VARYING: [&str; 4] = ["kon1", "kk1", "kp2", "grow1"];

fn program(net: &Network) -> Program {
    let varying = VARYING.map(|name| id(net, name));
    let options = Compile {
        varying: &varying,
        inputs: &[id(net, "D")],
        outputs: &[id(net, "total")],
        ..Compile::default()
    };
    compile(net, &options).unwrap()
}

fn place(net: &Network, program: &Program, name: &str) -> usize {
    program.states().iter().position(|&s| s == id(net, name)).unwrap()
}

fn parameters(i: usize) -> [f64; 4] {
    let x = 1.0 + 0.04 * i as f64;
    [60.0 * x, 7200.0 / x, 30000.0, 0.06 * x]
}

/// A patient with three doses, 21 days apart; legs also end at `splits`, where nothing happens.
fn patient(
    program: &Program,
    drug: usize,
    i: usize,
    samples: &'static [f64],
    splits: &'static [f64],
) -> Probe {
    Probe::new(program, &parameters(i), move |now| {
        if now.t < 62.0 && now.t % 21.0 == 0.0 {
            now.state[drug] += 3.0;
        }
        let dose = (now.t / 21.0).floor() * 21.0 + 21.0;
        let until = splits.iter().copied().find(|&s| s > now.t).unwrap_or(dose).min(dose);
        (now.t < 63.0).then(|| Leg { samples: samples.to_vec(), ..Leg::until(until) })
    })
}

/// All that a subject has seen, to the last bit: what is printed differs where bits differ.
fn bits(probe: &Probe) -> String {
    format!("{:?} {:?} {:?} {:?}", probe.samples, probe.moments, probe.effort, probe.failure)
}

fn last(probe: &Probe) -> &[f64] {
    assert!(probe.failure.is_none(), "{:?}", probe.failure);
    &probe.moments.last().unwrap().2
}

fn farthest(a: &[f64], b: &[f64]) -> f64 {
    let apart = |(a, b): (&f64, &f64)| (a - b).abs() / (a.abs() + b.abs() + 1e-3);
    a.iter().zip(b).map(apart).fold(0.0, f64::max)
}

fn settings(width: Width, compile: bool) -> Settings {
    Settings { width, compile, threads: 1, ..Settings::default() }
}

#[test]
fn machine_code_changes_no_bit_of_a_whole_network() {
    let net = network(&tumour::tumour());
    let follow = |width, compile| {
        let program = program(&net);
        let drug = place(&net, &program, "D");
        let one = |i| patient(&program, drug, i, &[1.0, 30.0], &[]);
        let mut subjects: Vec<Probe> = (0..12).map(one).collect();
        let stats = run(&program, &mut subjects, &settings(width, compile), &|_| {});
        // Machine code is made after a hundred steps; most must come after.
        assert!(stats.batches > 300, "{stats:?}");
        subjects.iter().map(bits).collect::<Vec<_>>()
    };
    let expected = follow(Width::One, false);
    for width in [Width::Four, Width::Eight] {
        assert_eq!(follow(width, true), expected, "compiled, {width:?}");
        assert_eq!(follow(width, false), expected, "interpreted, {width:?}");
    }
}

#[test]
fn loops_over_a_matrix_that_fills_agree_at_every_width() {
    // Every species becomes every other with the help of a third: 58³/3 products.
    let n = 58;
    let mut text = "compartment c = 1; k = 1;".to_string();
    for i in 0..n {
        text += &format!("species A{i} in c = {};", 1.0 + 0.1 * i as f64);
    }
    for i in 0..n {
        for j in (0..n).filter(|&j| j != i) {
            let helper = (3 * i + 5 * j + 1) % n;
            text +=
                &format!("r{i}_{j}: A{i} -> A{j}; k*{}*A{i}*A{helper};", 0.01 + 0.001 * j as f64);
        }
    }
    let net = network(&text);
    let varying = [id(&net, "k")];
    let program = compile(&net, &Compile { varying: &varying, ..Compile::default() }).unwrap();
    let follow = |width, compile| {
        let one = |i: usize| Probe::sampled(&program, &[1.0 + 0.1 * i as f64], &[0.1, 1.0, 50.0]);
        let mut subjects: Vec<Probe> = (0..10).map(one).collect();
        let tight = Settings { rtol: 1e-9, atol: vec![1e-12], ..settings(width, compile) };
        run(&program, &mut subjects, &tight, &|_| {});
        // Nothing is lost: amounts add up to what was there.
        let (before, after): (f64, f64) =
            (subjects[0].initial.iter().sum(), last(&subjects[0]).iter().sum());
        assert!((before - after).abs() < 1e-9 * before, "{before} became {after}");
        subjects.iter().map(bits).collect::<Vec<_>>()
    };
    let expected = follow(Width::One, false);
    for width in [Width::Four, Width::Eight] {
        assert!(follow(width, true) == expected, "compiled, {width:?}");
        assert!(follow(width, false) == expected, "interpreted, {width:?}");
    }
}

#[test]
fn the_output_grid_does_not_touch_the_steps() {
    let net = network(&tumour::tumour());
    let program = program(&net);
    let drug = place(&net, &program, "D");
    const DENSE: &[f64] = &[0.01, 0.5, 1.0, 2.5, 20.999, 21.0, 21.001, 40.0, 41.5, 62.0, 62.9];
    let end = |samples| {
        let mut subject = [patient(&program, drug, 3, samples, &[])];
        run(&program, &mut subject, &Settings::default(), &|_| {});
        (format!("{:?}", subject[0].moments), subject[0].effort, subject[0].samples.len())
    };
    let (bare, dense) = (end(&[]), end(DENSE));
    assert_eq!((bare.2, dense.2), (0, DENSE.len()));
    assert_eq!((bare.0, bare.1), (dense.0, dense.1));
}

#[test]
fn a_split_run_ends_where_a_whole_one_does() {
    let net = network(&tumour::tumour());
    let program = program(&net);
    let drug = place(&net, &program, "D");
    let tight = Settings { rtol: 1e-9, atol: vec![1e-12], ..Settings::default() };
    const SPLITS: &[f64] = &[0.3, 1.0, 7.7, 13.0, 29.9, 50.0, 62.5];
    let end = |splits| {
        let mut subject = [patient(&program, drug, 2, &[], splits)];
        run(&program, &mut subject, &tight, &|_| {});
        (last(&subject[0]).to_vec(), subject[0].moments.len())
    };
    let (whole, split) = (end(&[]), end(SPLITS));
    assert_eq!(split.1, whole.1 + SPLITS.len());
    let apart = farthest(&whole.0, &split.0);
    assert!(apart > 0.0 && apart < 1e-7, "{apart:e}");
}

#[test]
fn the_order_of_declaration_does_not_matter() {
    let tight = Settings { rtol: 1e-9, atol: vec![1e-12], ..Settings::default() };
    let end = |text: &str| {
        let net = network(text);
        let program = program(&net);
        let drug = place(&net, &program, "D");
        let mut subject = [patient(&program, drug, 1, &[], &[])];
        run(&program, &mut subject, &tight, &|_| {});
        let mut named: Vec<(String, f64)> = (program.states().iter().zip(last(&subject[0])))
            .map(|(state, value)| (net[*state].name.clone(), *value))
            .collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    };
    let forth = end(&tumour::tumour_in_order(["1", "2"]));
    let back = end(&tumour::tumour_in_order(["2", "1"]));
    assert!(forth.iter().map(|s| &s.0).eq(back.iter().map(|s| &s.0)));
    let values = |named: &[(String, f64)]| named.iter().map(|s| s.1).collect::<Vec<_>>();
    let apart = farthest(&values(&forth), &values(&back));
    // Another order of elimination and of sums: not the same bits, but the same course.
    assert!(apart > 0.0 && apart < 1e-7, "{apart:e}");
}

#[test]
fn tolerance_buys_accuracy_at_the_order_of_the_method() {
    let net = network(&tumour::tumour());
    let program = program(&net);
    let drug = place(&net, &program, "D");
    let at = |rtol: f64| {
        let mut subject = [patient(&program, drug, 4, &[], &[])];
        let settings = Settings { rtol, atol: vec![rtol * 1e-3], ..Settings::default() };
        run(&program, &mut subject, &settings, &|_| {});
        (last(&subject[0]).to_vec(), subject[0].effort.unwrap().steps as f64)
    };
    let reference = at(1e-12).0;
    let rtols: Vec<f64> = (0..3).map(|i| 1e-5 / 32f64.powi(i)).collect();
    let runs: Vec<(f64, f64)> = (rtols.iter())
        .map(|&rtol| {
            let (end, steps) = at(rtol);
            (farthest(&end, &reference), steps)
        })
        .collect();
    for pair in runs.windows(2) {
        // A fifth-order method with an error per step held to the tolerance: half the step for a
        // tolerance 32 times tighter, and an error that falls at least half as fast.
        let (error, steps) = (pair[0].0 / pair[1].0, pair[1].1 / pair[0].1);
        assert!((1.5..2.4).contains(&steps), "steps grow {steps}-fold: {runs:?}");
        assert!(error > 6.0, "the error falls {error}-fold: {runs:?}");
    }
    assert!(runs[0].0 < 1e-4 && runs[2].0 < 1e-9, "{runs:?}");
}

#[test]
fn who_blows_up_or_oscillates_is_a_row_and_holds_nobody_up() {
    // A brusselator with a fast clock for b > 1 + a², at rest otherwise, and an explosion.
    let net = network(
        "compartment c = 1; b = 1; boom = 0; speed = 1e4;
         substanceOnly species X in c = 1.1; substanceOnly species Y in c = 1;
         substanceOnly species Z in c = 1;
         feed: => X; speed; turn: X -> Y; speed*b*X; back: Y -> X; speed*X^2*Y;
         out: X => ; speed*X; burst: => Z; boom*Z^2; fade: Z => ; 0.1*Z;",
    );
    let varying = [id(&net, "b"), id(&net, "boom")];
    let program = compile(&net, &Compile { varying: &varying, ..Compile::default() }).unwrap();
    let one = |i: usize| {
        let (b, boom) = match i {
            3 => (4.0, 0.0),
            5 => (1.0, 10.0),
            _ => (1.0 + 0.01 * i as f64, 0.01 * i as f64),
        };
        Probe::sampled(&program, &[b, boom], &[1.0, 100.0])
    };
    let settings = |compile| Settings { max_steps: 20_000, ..settings(Width::Eight, compile) };
    let mut together: Vec<Probe> = (0..8).map(one).collect();
    let stats = run(&program, &mut together, &settings(true), &|_| {});
    assert_eq!((stats.finished, stats.failed), (6, 2));
    let of = |i: usize| together[i].failure.unwrap();
    let named = |place: usize| net[program.states()[place]].name.as_str();
    let strongest = |failure: Failure| net[failure.drivers[0].unwrap()].name.clone();

    let oscillates = of(3);
    assert_eq!((oscillates.reason, oscillates.effort.steps), (Reason::StepBudget, 20_000));
    assert!(["X", "Y"].contains(&named(oscillates.worst)), "{}", named(oscillates.worst));
    assert!(["turn", "back", "out", "feed"].contains(&strongest(oscillates).as_str()));
    assert!(oscillates.t > 0.0 && oscillates.t < 100.0);

    let explodes = of(5);
    assert!(matches!(explodes.reason, Reason::StepTooSmall | Reason::NotFinite), "{explodes:?}");
    assert_eq!((named(explodes.worst), strongest(explodes).as_str()), ("Z", "burst"));
    // z' = 10 z² - 0.1 z from 1 is infinite at 10 ln(100/99).
    assert!((explodes.t - 10.0 * (100f64 / 99.0).ln()).abs() < 1e-4, "at {}", explodes.t);

    for i in [0, 1, 2, 4, 6, 7] {
        let mut alone = [one(i)];
        run(&program, &mut alone, &settings(false), &|_| {});
        assert_eq!(bits(&together[i]), bits(&alone[0]), "subject {i} has noticed");
    }
}

#[test]
fn a_step_whose_pivot_vanishes_is_not_trusted() {
    // y' = λ y with λ = 1/(γh): the matrix 1/(γh) - λ of a step of size h is zero but for rounding.
    // y is too small to matter, so that nothing but the pivot can reject the step.
    let rate = 1.0 / tableau::GAMMA * (1.0 + 1e-12);
    let net = network(&format!("y = 1e-30; y' = {rate}*y; z = 1; z' = -0.01*z;"));
    let program = compile(&net, &Compile::default()).unwrap();
    let follow = |first_step: f64| {
        let mut subject = [Probe::sampled(&program, &[], &[1.0])];
        let settings = Settings { atol: vec![1.0], first_step, ..settings(Width::One, false) };
        run(&program, &mut subject, &settings, &|_| {});
        subject
    };
    let [wary] = follow(1.0);
    let [plain] = follow(0.5);
    let effort = wary.effort.unwrap();
    assert!(effort.rejections >= 1 && effort.steps > effort.rejections, "{effort:?}");
    assert_eq!(plain.effort.unwrap().rejections, 0, "half the step is sound");
    let [y, z] = ["y", "z"].map(|name| place(&net, &program, name));
    assert!(wary.at(0, y).abs() < 1e-25, "what rounding magnified is not taken over");
    assert!((wary.at(0, z) - (-0.01f64).exp()).abs() < 1e-9);
}

#[test]
fn who_is_not_a_number_from_the_start_fails_at_once() {
    // A rate that is infinite, and one that is not a number, beside one who is well.
    let net = network("k = 1; y = 1; y' = -k*y;");
    let varying = [id(&net, "k")];
    let program = compile(&net, &Compile { varying: &varying, ..Compile::default() }).unwrap();
    let one = |k: f64| Probe::sampled(&program, &[k], &[1.0]);
    let mut subjects = [one(f64::INFINITY), one(1.0), one(f64::NAN)];
    let stats = run(&program, &mut subjects, &settings(Width::Eight, true), &|_| {});
    assert_eq!((stats.finished, stats.failed), (1, 2));
    for subject in [&subjects[0], &subjects[2]] {
        let failure = subject.failure.unwrap();
        assert_eq!((failure.reason, failure.t, failure.value), (Reason::NotFinite, 0.0, 1.0));
        assert!(failure.effort.steps < 50, "{failure:?}");
    }
    assert!((subjects[1].at(0, 0) - (-1f64).exp()).abs() < 1e-4);
}
