use super::*;
use build::Build;

fn pair() -> Build {
    build().amount("A", "nmol").amount("B", "nmol").parameter("k", "1/day")
}

#[test]
fn a_sound_network_is_silent() {
    let b = pair().reaction("J", "A => B", "k*A").reaction("K", "B => ", "k*B");
    assert_eq!(b.shown(), "");
}

#[test]
fn unused_symbols_are_warned_of() {
    let b = pair().parameter("idle", "1").amount("lone", "nmol").reaction("J", "A => B", "k*A");
    assert_eq!(b.codes(), ["orphan-parameter", "orphan-species"]);
    // Used in an event, a start value, a rule, or set by an event: not an orphan.
    let b = pair()
        .parameter("p", "1/day")
        .parameter("q", "nmol")
        .parameter("r", "1")
        .parameter("out", "nmol")
        .amount("C", "nmol")
        .reaction("J", "A => B", "k*A")
        .event("E", "time > 1/p", "r", "2")
        .start("A", "q")
        .rule("out", "C");
    assert_eq!(b.codes(), Vec::<&str>::new());
}

#[test]
fn missing_values_are_errors_unless_a_rule_gives_them() {
    let b = pair().valueless("p", "1").valueless("x", "nmol").valueless("y", "1");
    let b = b.rule("x", "p*A").rate("y", "k").reaction("J", "A => B", "k*A");
    let (network, _) = b.done();
    let messages: Vec<String> = check(&network).into_iter().map(|d| d.message).collect();
    assert_eq!(messages, ["parameter `p` has no value", "variable `y` has no start value"]);
}

#[test]
fn not_a_number_is_not_a_value() {
    let b = pair().reaction("J", "A => B", "k*A");
    let b = b.edit("A", |s| s.value = crate::Value::Number(f64::NAN));
    assert_eq!(b.codes(), ["value-not-finite"]);
}

#[test]
fn rings_are_found_once_each_through_rules_rates_and_start_values() {
    let three = build().parameter("x", "1").parameter("y", "1").parameter("z", "1");
    let b = three.rule("x", "y").rule("y", "z").rule("z", "x + y");
    let (network, _) = b.done();
    let messages: Vec<String> = check(&network).into_iter().map(|d| d.message).collect();
    assert_eq!(
        messages,
        [
            "rules need each other in a ring: x -> y -> z -> x",
            "rules need each other in a ring: y -> z -> y",
        ]
    );
    let b = pair().parameter("f", "nmol/day").rule("f", "2*J").reaction("J", "A => B", "f + k*A");
    assert_eq!(b.codes(), ["rule-cycle"]);
    let b = pair().reaction("J", "A => B", "k*A").start("A", "B").start("B", "A");
    let (network, _) = b.done();
    assert!(check(&network)[0].message.starts_with("start values need each other"));
    // A rate rule may mention itself: it is a state, not a definition.
    let b = build().parameter("x", "1").parameter("k", "1/day").rate("x", "-k*x");
    assert_eq!(b.codes(), Vec::<&str>::new());
}

#[test]
fn a_rate_must_know_its_reactants() {
    let base =
        || pair().parameter("flow", "nmol/day").parameter("o", "nmol/day^2").rule("o", "k*flow");
    assert_eq!(base().reaction("J", "A => B", "flow").codes(), ["rate-ignores-reactant"]);
    // Through a rule is enough; a reactant that is given back, or a boundary, cannot run out.
    let b = base().parameter("v", "nmol/day").rule("v", "k*A").edit("flow", |_| ());
    assert_eq!(b.reaction("J", "A => B", "v").codes(), Vec::<&str>::new());
    let b = base().reaction("J", "A => A + B", "flow");
    assert_eq!(b.codes(), Vec::<&str>::new());
    let b =
        base().boundary("X", "nmol").reaction("J", "X => B", "flow").reaction("L", "B => A", "k*B");
    assert_eq!(b.codes(), Vec::<&str>::new());
}

#[test]
fn contradictions_are_errors() {
    let b = pair().rule("B", "2*A").reaction("J", "A => B", "k*A");
    assert_eq!(b.codes(), ["rule-and-reaction"]);
    let b = pair().edit("k", |s| s.constant = true).reaction("J", "A => B", "k*A");
    assert_eq!(b.event("E", "time > 1/k", "k", "0").codes(), ["constant-changed"]);
    let b = pair().edit("A", |s| s.constant = true).reaction("J", "A => B", "k*A");
    assert_eq!(b.codes(), ["constant-changed"]);
    let b = pair().parameter("x", "nmol").rule("x", "A").reaction("J", "A => B", "k*A");
    assert_eq!(b.event("E", "x > 2*A", "x", "0").codes(), ["event-and-rule"]);
    assert_eq!(pair().reaction("J", "-1 A => B", "k*A").codes(), ["stoichiometry"]);
    let b = pair().reaction("J", "A => B", "k*A").reaction("none", " => ", "k*A");
    assert_eq!(b.codes(), ["reaction-empty"]);
}

#[test]
fn one_mistake_in_a_shared_text_is_told_once() {
    let (mut network, _) = pair().reaction("J", "A => B", "k").done();
    // A second instance of the same text: same spans, other names.
    for i in 0..network.symbols.len() {
        let mut symbol = network.symbols[i].clone();
        symbol.name = format!("other.{}", symbol.name);
        network.add(symbol).unwrap();
    }
    let codes: Vec<_> = check(&network).iter().map(|d| d.code).collect();
    assert_eq!(codes.iter().filter(|c| **c == "unit-mismatch").count(), 1);
}
