//! Derivatives with respect to parameters against finite differences, for every way of dosing.

mod common;
#[path = "common/probe.rs"]
mod probe;

use common::{id, network};
use hersim_engine::*;
use hersim_network::{Network, SymbolId};
use probe::Probe;

/// Drug into depot and plasma, binding to a turning-over receptor, cells that grow and are killed.
const BODY: &str = "compartment c = 2; F = 0.7; ka = 1.3; kel = 0.4; vmax = 0.6; km = 0.8; h = 1.7;
    kon = 2; koff = 0.5; kin = 0.9; R0 = 1.4; ks = kin*R0; kg = 0.25; kd = 0.8; top = 30; dose = 2;
    lag = 0.6; inflow = 0; limit = 1.8; rest = 0.1;
    substanceOnly species Depot in c = 0; species A in c = 0; species R in c = R0;
    species AR in c = 0; substanceOnly species N in c = 1;
    effect := AR^h/(0.2^h + AR^h); crowd := max(1 - N/top, rest); half = 1; half' = -kel*half*R;
    absorb: Depot -> A; F*ka*Depot; lose: Depot => ; (1 - F)*ka*Depot;
    drip: => A; inflow; clear: A => ; c*(kel*A + vmax*A/(km + A));
    make: => R; c*ks; turn: R => ; c*kin*R; bind: A + R -> AR; c*(kon*A*R - koff*AR);
    away: AR => ; c*2*kin*AR; grow: => N; kg*N*crowd; kill: N => ; kd*effect*N;";

const PARAMETERS: [&str; 12] =
    ["F", "ka", "kel", "km", "h", "kon", "R0", "kg", "dose", "lag", "limit", "rest"];
const OUTPUTS: [&str; 6] = ["Depot", "A", "AR", "N", "effect", "half"];
const TIMES: [f64; 5] = [0.3, 0.9, 1.55, 3.3, 6.1];

fn values(net: &Network) -> Vec<f64> {
    let number = |name: &&str| match net[id(net, name)].value {
        hersim_network::Value::Number(value) => value,
        _ => panic!("{name} is no number"),
    };
    PARAMETERS.iter().map(number).collect()
}

/// Outputs at all times, `[time][output]`, for several parameter vectors. Doses from outside go
/// into the depot at these times.
fn follow(
    net: &Network,
    outputs: &[SymbolId],
    points: &[Vec<f64>],
    doses: &'static [f64],
) -> Vec<Vec<Vec<f64>>> {
    let varying = PARAMETERS.map(|name| id(net, name));
    let inputs = [id(net, "Depot")];
    let options = Compile { varying: &varying, inputs: &inputs, outputs, ..Compile::default() };
    let program = compile(net, &options).unwrap();
    let depot = program.states().iter().position(|&s| s == inputs[0]).unwrap();
    let one = |point: &Vec<f64>| {
        let mut parameters = point.clone();
        // What only events change is a parameter too.
        let kept = &program.parameters()[parameters.len()..];
        let kept: Vec<f64> = kept.iter().map(|&s| program.initial_of(s, point).unwrap()).collect();
        parameters.extend(kept);
        Probe::new(&program, &parameters, move |now| {
            if doses.contains(&now.t) {
                now.state[depot] += 1.5;
            }
            let until = doses.iter().copied().find(|&t| t > now.t).unwrap_or(7.0);
            (now.t < 7.0).then(|| Leg { samples: TIMES.to_vec(), ..Leg::until(until) })
        })
    };
    let mut probes: Vec<Probe> = points.iter().map(one).collect();
    let settings = Settings { rtol: 1e-11, atol: vec![1e-14], ..Settings::default() };
    run(&program, &mut probes, &settings, &|_| {});
    let rows = |probe: &Probe| {
        assert!(probe.failure.is_none(), "{:?}", probe.failure);
        probe.samples.iter().map(|sample| sample.2.clone()).collect()
    };
    probes.iter().map(rows).collect()
}

/// Compares all derivatives of all outputs at all times; `moved` names parameters that must matter.
fn check(events: &str, doses: &'static [f64], moved: &[&str]) {
    let net = network(&format!("{BODY} {events}"));
    let outputs = OUTPUTS.map(|name| id(&net, name));
    let parameters = PARAMETERS.map(|name| id(&net, name));
    let extended = sensitivities(&net, &outputs, &parameters).unwrap();
    let mut points = vec![values(&net)];
    let step = |value: f64| 1e-5 * value;
    for i in 0..PARAMETERS.len() {
        for sign in [1.0, -1.0] {
            let mut point = points[0].clone();
            point[i] += sign * step(point[i]);
            points.push(point);
        }
    }
    let differences = follow(&net, &outputs, &points, doses);
    for (i, parameter) in PARAMETERS.iter().enumerate() {
        let known: Vec<Option<SymbolId>> =
            outputs.iter().map(|&o| extended.derivative(o, parameters[i])).collect();
        let asked: Vec<SymbolId> = known.iter().copied().flatten().collect();
        let found = &follow(&extended.network, &asked, &points[..1], doses)[0];
        let mut largest: f64 = 0.0;
        for (t, time) in TIMES.iter().enumerate() {
            let mut found = found[t].iter();
            for (o, output) in OUTPUTS.iter().enumerate() {
                let (up, down) = (differences[1 + 2 * i][t][o], differences[2 + 2 * i][t][o]);
                let wanted = (up - down) / (2.0 * step(points[0][i]));
                let exact = known[o].map_or(0.0, |_| *found.next().unwrap());
                let allowed = 2e-6 * (wanted.abs() + differences[0][t][o].abs() + 1e-2);
                assert!(
                    (exact - wanted).abs() < allowed,
                    "d {output} / d {parameter} at {time}: {exact} for {wanted}"
                );
                largest = largest.max(exact.abs());
            }
        }
        if moved.contains(parameter) {
            assert!(largest > 1e-3, "{parameter} should matter: {largest}");
        }
    }
}

#[test]
fn boluses_from_outside() {
    check("", &[0.0, 0.7, 3.0], &["F", "ka", "kel", "km", "h", "kon", "R0", "kg"]);
}

#[test]
fn boluses_as_events_whose_size_is_a_parameter() {
    check(
        "at (time >= 0.5): Depot = Depot + dose; at (time >= 3): Depot = Depot + dose*F;",
        &[],
        &["dose", "F", "ka"],
    );
}

#[test]
fn infusions_as_events() {
    check("at (time >= 0.5): inflow = dose/0.4; at (time >= 0.9001): inflow = 0;", &[], &["dose"]);
}

#[test]
fn doses_after_a_lag() {
    check(
        "at (time >= lag): Depot = Depot + dose; at (time >= 2 + lag*lag): A = A + 0.3*dose;",
        &[],
        &["lag", "dose"],
    );
}

#[test]
fn infusions_whose_ends_move() {
    check(
        "at (time >= lag): inflow = dose; at (lag + dose/4 <= time): inflow = 0;",
        &[],
        &["lag", "dose"],
    );
}

#[test]
fn doses_when_a_threshold_is_reached() {
    // Growth decides when treatment begins; what it was may have to be topped up.
    check(
        "at (N >= limit): Depot = Depot + dose, half = 1; at (half <= 0.4): half = half + F;",
        &[],
        &["limit", "kg", "dose"],
    );
}

#[test]
fn resets_and_overlapping_doses() {
    check(
        "at (time >= 0.4): Depot = dose; at (time >= 1): Depot = 0.5*dose; at (time >= 2): A = 0;",
        &[0.0, 0.9],
        &["dose", "ka"],
    );
}

#[test]
fn a_threshold_on_what_is_computed() {
    check("at (effect > 0.2): Depot = 0, A = A/(1 + dose);", &[0.0, 3.0], &["kon", "h", "dose"]);
}

#[test]
fn events_that_several_conditions_move_are_refused() {
    let net = network(&format!("{BODY} at (N >= limit && time > lag): Depot = dose;"));
    let several = ["lag", "limit", "kg"].map(|name| id(&net, name));
    let errors = sensitivities(&net, &[id(&net, "N")], &several).unwrap_err();
    assert_eq!(errors.iter().map(|e| e.code).collect::<Vec<_>>(), ["event-derivative"]);
    let errors = sensitivities(&net, &[id(&net, "N")], &[id(&net, "crowd"), id(&net, "kill")]);
    assert_eq!(errors.unwrap_err().len(), 2, "all of them, not the first");
}
