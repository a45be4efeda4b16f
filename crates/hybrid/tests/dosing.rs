//! Five ways to write the same doses, which other tools have been seen to take differently without
//! a word: all must deliver the same amount, and the same amount again for the next patient.

mod common;

use common::{Model, and, at_least, get, less, minus, mul, num, plus, time};
use hersim_hybrid::{Output, Settings, compile, run};
use hersim_network::{Event, Expr, Node, Value};

const DOSES: usize = 18;
const INTERVAL: f64 = 21.0;
const ELIMINATION: f64 = 0.35;
const INFUSION: f64 = 1.5 / 24.0;
const DOSE: f64 = 560.0;

/// One compartment with elimination, what was given so far and the area under the curve.
fn pharmacokinetics() -> Model {
    let mut model = Model::new();
    model.parameter("k", ELIMINATION);
    model.parameter("inflow", 0.0);
    model.rate_rule("drug", 0.0, |m| minus(get(m, "inflow"), mul(get(m, "k"), get(m, "drug"))));
    model.rate_rule("area", 0.0, |m| get(m, "drug"));
    model
}

fn area(model: &Model) -> f64 {
    let network = &model.network;
    let out = network.find("area").unwrap();
    let system = compile(network, &[Output::Value(out)]).unwrap();
    let end = INTERVAL * DOSES as f64;
    let times: Vec<f64> = (0..=378).map(|i| end * f64::from(i) / 378.0).collect();
    let first = run(&system, &times, &Settings::default()).unwrap();
    let again = run(&system, &times, &Settings::default()).unwrap();
    assert_eq!(first, again, "nothing of one run may stay for the next");
    first.last().unwrap()[0]
}

fn dose_at(day: f64, model: &Model, name: String, dose: Expr) -> Event {
    let mut event = Event::new(name, at_least(time(), num(day)));
    event.initially = false;
    event.assignments.push((model.id("drug"), plus(get(model, "drug"), dose)));
    event
}

fn explicit() -> Model {
    let mut model = pharmacokinetics();
    for i in 0..DOSES {
        let event = dose_at(INTERVAL * i as f64, &model, format!("dose{i}"), num(DOSE));
        model.network.events.push(event);
    }
    model
}

fn derived() -> Model {
    let mut model = pharmacokinetics();
    model.parameter("weight", 70.0);
    let dose = model.parameter("dose", 0.0);
    model.network[dose].value = Value::Formula(mul(num(8.0), get(&model, "weight")));
    for i in 0..DOSES {
        let dose = get(&model, "dose");
        let event = dose_at(INTERVAL * i as f64, &model, format!("dose{i}"), dose);
        model.network.events.push(event);
    }
    model
}

fn rearming() -> Model {
    let mut model = pharmacokinetics();
    model.parameter("next", 0.0);
    model.parameter("given", 0.0);
    let left = less(get(&model, "given"), num(DOSES as f64));
    let trigger = and(at_least(time(), get(&model, "next")), left);
    let mut event = Event::new("dose", trigger);
    event.initially = false;
    event.assignments = vec![
        (model.id("drug"), plus(get(&model, "drug"), num(DOSE))),
        (model.id("next"), plus(get(&model, "next"), num(INTERVAL))),
        (model.id("given"), plus(get(&model, "given"), num(1.0))),
    ];
    model.network.events.push(event);
    model
}

fn switched() -> Model {
    let mut model = pharmacokinetics();
    for i in 0..DOSES {
        let start = INTERVAL * i as f64;
        for (what, day, rate) in
            [("start", start, DOSE / INFUSION), ("stop", start + INFUSION, 0.0)]
        {
            let mut event = Event::new(format!("{what}{i}"), at_least(time(), num(day)));
            event.initially = false;
            event.assignments.push((model.id("inflow"), num(rate)));
            model.network.events.push(event);
        }
    }
    model
}

fn piecewise() -> Model {
    let mut model = pharmacokinetics();
    let cases = (0..DOSES)
        .map(|i| {
            let start = INTERVAL * i as f64;
            let during = and(at_least(time(), num(start)), less(time(), num(start + INFUSION)));
            (num(DOSE / INFUSION), during)
        })
        .collect();
    let inflow = Expr::made(Node::Piecewise { cases, otherwise: Box::new(num(0.0)) });
    model.assign("inflow", inflow);
    model
}

#[test]
fn a_bolus_is_the_same_however_it_is_written() {
    // Each dose leaves dose/k · (1 − e^(−k · time left)) under the curve.
    let closed: f64 = (0..DOSES)
        .map(|i| {
            let left = INTERVAL * (DOSES - i) as f64;
            DOSE / ELIMINATION * (1.0 - (-ELIMINATION * left).exp())
        })
        .sum();
    for (name, model) in
        [("explicit", explicit()), ("derived", derived()), ("rearming", rearming())]
    {
        let found = area(&model);
        assert!((found / closed - 1.0).abs() < 1e-6, "{name}: {found}, not {closed}");
    }
}

#[test]
fn an_infusion_is_the_same_however_it_is_written() {
    let rate = DOSE / INFUSION;
    let closed: f64 = (0..DOSES)
        .map(|i| {
            let left = INTERVAL * (DOSES - i) as f64;
            let decay = |t: f64| (1.0 - (-ELIMINATION * t).exp()) / ELIMINATION;
            rate / ELIMINATION * (INFUSION - (decay(left) - decay(left - INFUSION)))
        })
        .sum();
    for (name, model) in [("switched", switched()), ("piecewise", piecewise())] {
        let found = area(&model);
        assert!((found / closed - 1.0).abs() < 1e-6, "{name}: {found}, not {closed}");
    }
}

#[test]
fn a_short_infusion_in_a_long_run_is_not_stepped_over() {
    let mut model = pharmacokinetics();
    let during = and(at_least(time(), num(300.0)), less(time(), num(300.0 + 1e-3)));
    let cases = vec![(num(1e5), during)];
    let inflow = Expr::made(Node::Piecewise { cases, otherwise: Box::new(num(0.0)) });
    model.assign("inflow", inflow);
    let found = area(&model);
    let closed = 100.0 / ELIMINATION;
    let loss = (-ELIMINATION * (INTERVAL * DOSES as f64 - 300.0)).exp();
    assert!((found / closed - 1.0).abs() < 1e-5 + loss, "{found}, not {closed}");
}
