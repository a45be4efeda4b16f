//! What events, delays, algebraic rules, fast reactions and changing compartments mean, against
//! closed forms.

mod common;

use common::{Model, at_least, get, less, minus, mul, num, plus, time};
use hersim_hybrid::{Output, Settings, compile, run};
use hersim_network::{
    BinaryOp, Event, Expr, Function, Node, Participant, Reaction, SymbolId, SymbolKind,
};

fn follow(model: &Model, names: &[&str], times: &[f64]) -> Vec<Vec<f64>> {
    follow_with(model, names, times, &Settings::default())
}

fn follow_with(model: &Model, names: &[&str], times: &[f64], settings: &Settings) -> Vec<Vec<f64>> {
    let outputs: Vec<Output> = names.iter().map(|n| Output::Value(model.id(n))).collect();
    let system = compile(&model.network, &outputs).unwrap();
    run(&system, times, settings).unwrap()
}

fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= 1e-6 * wanted.abs() + 1e-9, "{found}, not {wanted}");
}

fn species(model: &mut Model, name: &str, amount: f64) -> SymbolId {
    let compartment = match model.network.find("c") {
        Some(id) => id,
        None => model.add("c", SymbolKind::Compartment, 1.0),
    };
    let kind = SymbolKind::Species { compartment, amount: true, boundary: false };
    model.add(name, kind, amount)
}

fn reaction(model: &mut Model, from: &[&str], to: &[&str], rate: Expr, fast: bool) {
    let side = |names: &[&str], model: &Model| -> Vec<Participant> {
        names.iter().map(|n| Participant::new(model.id(n), 1.0)).collect()
    };
    let sides = (side(from, model), side(to, model));
    let reaction = Reaction { fast, ..Reaction::new(sides.0, sides.1, rate) };
    let name = format!("J{}", model.network.symbols.len());
    model.add(&name, SymbolKind::Reaction(Box::new(reaction)), 0.0);
}

#[test]
fn a_delayed_event_uses_values_of_its_trigger_or_of_its_time() {
    for (at_trigger, wanted) in [(true, 1.0), (false, 1.5)] {
        let mut model = Model::new();
        model.rate_rule("x", 0.0, |_| num(1.0));
        model.parameter("seen", 0.0);
        let mut event = Event::new("e", at_least(get(&model, "x"), num(1.0)));
        event.delay = Some(num(0.5));
        event.at_trigger = at_trigger;
        event.assignments.push((model.id("seen"), get(&model, "x")));
        model.network.events.push(event);
        let rows = follow(&model, &["seen"], &[0.0, 1.4999, 1.6]);
        near(rows[1][0], 0.0);
        near(rows[2][0], wanted);
    }
}

#[test]
fn an_event_that_does_not_persist_is_dropped() {
    for (persistent, wanted) in [(true, 1.0), (false, 0.0)] {
        let mut model = Model::new();
        model.parameter("done", 0.0);
        let window =
            Expr::binary(BinaryOp::And, at_least(time(), num(1.0)), less(time(), num(1.2)));
        let mut event = Event::new("e", window);
        event.delay = Some(num(0.5));
        event.persistent = persistent;
        event.assignments.push((model.id("done"), num(1.0)));
        model.network.events.push(event);
        near(follow(&model, &["done"], &[0.0, 2.0])[1][0], wanted);
    }
}

#[test]
fn the_highest_priority_comes_first_and_equal_ones_are_drawn() {
    let mut model = Model::new();
    model.parameter("last", 0.0);
    for (name, priority, value) in [("low", 1.0, 1.0), ("high", 5.0, 2.0)] {
        let mut event = Event::new(name, at_least(time(), num(1.0)));
        event.priority = Some(num(priority));
        event.assignments.push((model.id("last"), num(value)));
        model.network.events.push(event);
    }
    near(follow(&model, &["last"], &[0.0, 2.0])[1][0], 1.0);

    for event in &mut model.network.events {
        event.priority = Some(num(1.0));
    }
    let ends: Vec<f64> = (0..64)
        .map(|seed| {
            let settings = Settings { seed, ..Settings::default() };
            follow_with(&model, &["last"], &[0.0, 2.0], &settings)[1][0]
        })
        .collect();
    let low = ends.iter().filter(|e| **e == 1.0).count();
    assert!((16..=48).contains(&low), "{low} of 64");
}

#[test]
fn a_touching_trigger_is_found_between_steps() {
    // sin reaches 0.9999999 for a very short while.
    let mut model = Model::new();
    let sine = Expr::made(Node::Call(Function::Sin, vec![time()]));
    model.assign("wave", sine);
    model.parameter("count", 0.0);
    let mut event = Event::new("peak", at_least(get(&model, "wave"), num(0.999_999_9)));
    event.assignments.push((model.id("count"), plus(get(&model, "count"), num(1.0))));
    model.network.events.push(event);
    near(follow(&model, &["count"], &[0.0, 20.0])[1][0], 3.0);
}

#[test]
fn a_delay_looks_into_the_past_and_before_the_start() {
    // x' = -x(t - 1), x = 1 before: x = 1 - t up to 1, then 1 - t + (t - 1)^2 / 2.
    let mut model = Model::new();
    model.rate_rule("x", 1.0, |m| {
        let past = Expr::made(Node::Call(Function::Delay, vec![get(m, "x"), num(1.0)]));
        minus(num(0.0), past)
    });
    let rows = follow(&model, &["x"], &[0.0, 0.5, 1.0, 1.5, 2.0]);
    for (row, t) in rows.iter().zip([0.0, 0.5, 1.0, 1.5, 2.0f64]) {
        near(row[0], 1.0 - t + (t - 1.0).max(0.0).powi(2) / 2.0);
    }
}

#[test]
fn an_algebraic_rule_holds_at_all_times() {
    let mut model = Model::new();
    model.rate_rule("x", 1.0, |m| minus(num(0.0), get(m, "x")));
    model.parameter("y", 0.0);
    let k = model.parameter("total", 3.0);
    model.network[k].constant = true;
    // 0 = x + y - total
    let rule = minus(plus(get(&model, "x"), get(&model, "y")), get(&model, "total"));
    model.network.algebraic.push(hersim_network::Algebraic {
        name: "rule".into(),
        expr: rule,
        about: hersim_network::About::default(),
    });
    let rows = follow(&model, &["y"], &[0.0, 1.0, 3.0]);
    for (row, t) in rows.iter().zip([0.0, 1.0, 3.0f64]) {
        near(row[0], 3.0 - (-t).exp());
    }
}

#[test]
fn a_fast_reaction_is_at_equilibrium_while_slow_ones_drain_it() {
    // A = B/3 at once; B drains slowly: the pool falls with 3/4 of its rate.
    let mut model = Model::new();
    species(&mut model, "A", 4.0);
    species(&mut model, "B", 0.0);
    let law = minus(mul(num(3.0), get(&model, "A")), get(&model, "B"));
    reaction(&mut model, &["A"], &["B"], law, true);
    let drain = mul(num(0.2), get(&model, "B"));
    reaction(&mut model, &["B"], &[], drain, false);
    let rows = follow(&model, &["A", "B"], &[0.0, 1.0, 5.0]);
    for (row, t) in rows.iter().zip([0.0, 1.0, 5.0f64]) {
        let pool = 4.0 * (-0.2 * 0.75 * t).exp();
        near(row[0], pool / 4.0);
        near(row[1], pool * 0.75);
    }
}

#[test]
fn fast_reactions_in_a_circle_rest_too() {
    let mut model = Model::new();
    for (name, amount) in [("A", 6.0), ("B", 0.0), ("C", 0.0)] {
        species(&mut model, name, amount);
    }
    for (from, to) in [("A", "B"), ("B", "C"), ("C", "A")] {
        let law = get(&model, from);
        reaction(&mut model, &[from], &[to], law, true);
    }
    let rows = follow(&model, &["A", "B", "C"], &[0.0, 1.0]);
    rows.iter().flatten().for_each(|amount| near(*amount, 2.0));
}

#[test]
fn a_growing_compartment_dilutes() {
    let mut model = Model::new();
    let c = model.add("c", SymbolKind::Compartment, 1.0);
    model.network[c].rule = Some(hersim_network::Rule::Rate(num(1.0)));
    let kind = SymbolKind::Species { compartment: c, amount: false, boundary: false };
    model.add("S", kind, 2.0);
    let rate = num(0.0);
    reaction(&mut model, &["S"], &[], rate, false);
    near(follow(&model, &["S"], &[0.0, 3.0])[1][0], 0.5);
}

#[test]
fn a_run_that_cannot_go_on_says_where_and_why() {
    // x' = x^2 ends at time one.
    let mut model = Model::new();
    model.rate_rule("x", 1.0, |m| mul(get(m, "x"), get(m, "x")));
    let system = compile(&model.network, &[Output::Value(model.id("x"))]).unwrap();
    let failure = run(&system, &[0.0, 2.0], &Settings::default()).unwrap_err();
    assert!((failure.time - 1.0).abs() < 1e-3, "{failure:?}");
}

#[test]
fn events_without_end_are_given_up() {
    let mut model = Model::new();
    model.parameter("x", 0.0);
    for (name, when, to) in [("up", 0.0, 1.0), ("down", 1.0, 0.0)] {
        let trigger = Expr::binary(BinaryOp::Equal, get(&model, "x"), num(when));
        let mut event = Event::new(name, trigger);
        event.initially = false;
        event.assignments.push((model.id("x"), num(to)));
        model.network.events.push(event);
    }
    let system = compile(&model.network, &[Output::Value(model.id("x"))]).unwrap();
    let failure = run(&system, &[0.0, 2.0], &Settings::default()).unwrap_err();
    assert_eq!(failure.reason, hersim_hybrid::Reason::Cascade);
}

#[test]
fn a_long_chain_of_rules_is_followed() {
    let mut model = Model::new();
    model.assign("x0", time());
    for i in 1..20_000 {
        let before = get(&model, &format!("x{}", i - 1));
        model.assign(&format!("x{i}"), plus(before, num(1.0)));
    }
    near(follow(&model, &["x19999"], &[0.0, 2.0])[1][0], 20_001.0);
}
