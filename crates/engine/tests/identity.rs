//! The same bits at every width, packing, order and number of threads; and what compiling removes.

mod common;
#[path = "common/probe.rs"]
mod probe;

use common::{id, network};
use hersim_engine::*;
use hersim_network::Network;
use probe::Probe;

/// A receptor with drug, signal and growth: mass action, saturation, real powers, stiff.
const RECEPTOR: &str = "compartment c = 1; substanceOnly species D in c = 0; species R in c = 20;
    species RD in c = 0; species S in c = 0.2; species N in c = 1;
    kel = 0.3; kon = 60; koff = 30; ksyn = 40; kdeg = 2; kin = 8; ks = 3000; kd = 2000; km = 0.4;
    hill = 2.3; half = 0.5; kg = 0.1; kk = 0.2; vs = 0.001;
    P: D => ; kel*D; B: D + R -> RD; kon*D*R - koff*RD; Y: => R; ksyn; G: R => ; kdeg*R; I: RD => ; kin*RD;
    A: => S; ks*R/(10 + R)*(1 - S)/(km + 1 - S) - kd*S/(km + S);
    W: => N; kg*N*S^hill/(half^hill + S^hill) - kk*N*RD/(5 + RD);
    occupancy := RD/(R + RD);";

fn receptor() -> (Network, Program) {
    let net = network(RECEPTOR);
    let varying = ["kon", "ksyn", "ks", "hill", "kg"].map(|name| id(&net, name));
    let options = Compile {
        varying: &varying,
        inputs: &[id(&net, "D")],
        outputs: &[id(&net, "occupancy"), id(&net, "A")],
        ..Compile::default()
    };
    let program = compile(&net, &options).unwrap();
    (net, program)
}

/// Subjects with different parameters, doses, infusions, samples and watches; the ninth fails.
fn subjects(net: &Network, program: &Program, count: usize) -> Vec<Probe> {
    let place = |name| program.states().iter().position(|&s| s == id(net, name)).unwrap();
    let (drug, cells) = (place("D"), place("N"));
    let infusion = program.infusion(id(net, "D")).unwrap();
    let one = |i: usize| {
        let x = (i as f64 * 0.618).fract() - 0.5;
        let kg = if i == 8 { f64::INFINITY } else { 0.1 * (1.0 + x) };
        let parameters = [60.0 * (1.0 + x), 40.0, 3000.0 * (1.0 - 0.3 * x), 2.3 + x, kg];
        let interval = 3.0 + (i % 4) as f64;
        Probe::new(program, &parameters, move |now| {
            let k = (now.t / interval).round();
            now.parameters[infusion] = if k == 2.0 { 0.7 } else { 0.0 };
            if now.reached != Reached::Watch(0) && k < 3.0 {
                now.state[drug] += 1.0 + 0.1 * i as f64 + 0.01 * now.outputs()[0];
            }
            let samples = (0..5).map(|j| now.t + 0.37 * interval * j as f64).collect();
            let watches = vec![Watch { on: WatchOn::State(cells), level: 1.3, rising: true }];
            let until = (k + 1.0) * interval;
            (k < 6.0).then_some(Leg { until, samples, watches, steady: None })
        })
    };
    (0..count).map(one).collect()
}

type Seen = (Vec<(f64, Vec<f64>, Vec<f64>)>, Vec<(f64, Vec<f64>)>, Option<Effort>, Option<Failure>);

fn seen(probe: &Probe) -> Seen {
    let moments = probe.moments.iter().map(|(t, _, state)| (*t, state.clone())).collect();
    (probe.samples.clone(), moments, probe.effort, probe.failure)
}

#[test]
fn every_packing_gives_the_same_bits() {
    let (net, program) = receptor();
    let settings = |width, threads, compile| Settings {
        rtol: 1e-6,
        atol: vec![1e-9],
        max_steps: 3000,
        width,
        compile,
        threads,
        first_step: 0.0,
    };
    let mut alone = subjects(&net, &program, 21);
    for subject in alone.chunks_mut(1) {
        run(&program, subject, &settings(Width::One, 1, false), &|_| {});
    }
    let expected: Vec<Seen> = alone.iter().map(seen).collect();
    assert_eq!(expected.iter().filter(|s| s.3.is_some()).count(), 1, "the ninth fails");
    assert!(expected.iter().any(|s| s.1.len() > 7), "some watch is reached");
    let widths = [Width::One, Width::Four, Width::Eight, Width::Auto];
    for (width, threads, reverse, compile) in widths.into_iter().flat_map(|w| {
        [(w, 1, false, false), (w, 1, false, true), (w, 1, true, true), (w, 3, false, true)]
    }) {
        let mut together = subjects(&net, &program, 21);
        if reverse {
            together.reverse();
        }
        let done = std::sync::atomic::AtomicUsize::new(0);
        let stats = run(&program, &mut together, &settings(width, threads, compile), &|_| {
            done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
        if reverse {
            together.reverse();
        }
        assert_eq!(done.into_inner(), 21);
        assert_eq!((stats.finished, stats.failed), (20, 1));
        for (i, (probe, expected)) in together.iter().zip(&expected).enumerate() {
            // NaN differs from itself, so compare what is printed; `{:?}` shows every bit else.
            let found = format!("{:?}", seen(probe));
            assert_eq!(
                found,
                format!("{expected:?}"),
                "subject {i}, {width:?}, {threads} threads, compiled: {compile}"
            );
        }
    }
}

#[test]
fn what_is_never_given_is_removed() {
    let text =
        format!("{RECEPTOR} tune = 1; tune' = switch*tune*(1 - R/30); switch = 1; s := tune*R;");
    let net = network(&text);
    let ids = |names: &[&str]| {
        let mut ids: Vec<_> = names.iter().map(|name| id(&net, name)).collect();
        ids.sort_unstable();
        ids
    };
    let sorted = |ids: &[hersim_network::SymbolId]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids
    };
    let fixed = [(id(&net, "switch"), 0.0)];
    let varying = [id(&net, "kdeg")];
    let outputs = [id(&net, "s"), id(&net, "RD")];
    // Without drug: D and RD start at zero and stay; tune is held by the switch.
    let options =
        Compile { fixed: &fixed, varying: &varying, outputs: &outputs, ..Compile::default() };
    let program = compile(&net, &options).unwrap();
    assert_eq!(sorted(program.dropped()), ids(&["D", "RD"]));
    assert_eq!(sorted(program.states()), ids(&["R", "S", "N"]));
    assert_eq!(program.parameters(), [id(&net, "kdeg"), id(&net, "tune")]);
    assert_eq!(program.initial_of(id(&net, "tune"), &[]), Some(1.0));
    assert_eq!(program.initial_of(id(&net, "RD"), &[]), Some(0.0));
    assert_eq!(program.initial_of(id(&net, "kg"), &[]), None);
    let r = program.states().iter().position(|&s| s == id(&net, "R")).unwrap();
    let mut state = program.initial(&[2.0, 7.0]);
    state[r] = 5.0;
    assert_eq!(program.outputs_at(0.0, &state, &[2.0, 7.0]), [35.0, 0.0]);

    // With the drug as input they are back, and with the switch on tune moves.
    let inputs = [id(&net, "D")];
    let program = compile(&net, &Compile { inputs: &inputs, ..Compile::default() }).unwrap();
    assert_eq!(program.dropped(), []);
    assert_eq!(sorted(program.states()), ids(&["D", "R", "RD", "S", "N", "tune"]));
    assert_eq!(program.infusion(inputs[0]), Some(0));
    assert_eq!(program.parameter_count(), 1);
}

#[test]
fn initial_formulas_follow_the_parameters() {
    let net = network(
        "compartment c = 2; k = 3; d = 0.5; total = 10*k; R0 = total/d;
         species R in c = R0; species B in c = R + 1; substanceOnly species M in c = 4;
         J: R -> B; d*R; K: M -> B; d*M;",
    );
    let varying = [id(&net, "k"), id(&net, "M")];
    let program = compile(&net, &Compile { varying: &varying, ..Compile::default() }).unwrap();
    let amount = |name: &str| program.initial_of(id(&net, name), &[1.0, 9.0]).unwrap();
    assert_eq!((amount("R"), amount("B"), amount("M")), (40.0, 42.0, 9.0));
}

#[test]
fn what_cannot_be_honoured_is_refused() {
    let errors = |text: &str, options: &dyn Fn(&Network) -> Vec<hersim_network::SymbolId>| {
        let net = network(text);
        let inputs = options(&net);
        let result = compile(&net, &Compile { inputs: &inputs, ..Compile::default() });
        result.err().into_iter().flatten().map(|d| d.code).collect::<Vec<_>>()
    };
    let none = |_: &Network| Vec::new();
    assert_eq!(errors("a := b + 1; b := a; y = 1; y' = a*y;", &none), ["circular-rule"]);
    assert_eq!(errors("compartment c = 1; c' = 0.1;", &none), ["compartment-changes"]);
    assert_eq!(errors("k = 1; y = 1; y' = -k*y;", &|net| vec![id(net, "k")]), ["not-a-species"]);
    let mut net = network("k = 1; y = 1; y' = -k*y; m = 2; z = 1; z' = m*z;");
    let (k, m) = (id(&net, "k"), id(&net, "m"));
    net[k].value = hersim_network::Value::Missing;
    net[m].value = hersim_network::Value::Missing;
    let found = compile(&net, &Compile::default()).unwrap_err();
    assert_eq!(found.len(), 2, "all of them, not the first: {found:?}");
    assert!(found.iter().all(|d| d.code == "value-missing"));
    // A value that every subject brings along need not be given.
    assert!(compile(&net, &Compile { varying: &[k, m], ..Compile::default() }).is_ok());
}
