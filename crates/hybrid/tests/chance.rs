//! Counts that follow chance, against closed forms: means, variances, extinction.

mod common;

use common::{Model, get, minus, mul, num, time};
use hersim_hybrid::{Halt, HaltReason, Method, Output, jump, jumps};
use hersim_network::{Expr, Participant, Reaction, Symbol, SymbolId, SymbolKind};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const LEAP: Method = Method::Leap { tolerance: 0.03 };
const BUDGET: u64 = 10_000_000;

fn species(model: &mut Model, name: &str, count: f64) -> SymbolId {
    if model.network.find("volume").is_none() {
        model.add("volume", SymbolKind::Compartment, 1.0);
    }
    let compartment = model.id("volume");
    let kind = SymbolKind::Species { compartment, amount: true, boundary: false };
    model.add(name, kind, count)
}

fn reaction(model: &mut Model, name: &str, from: &[(&str, f64)], to: &[(&str, f64)], rate: Expr) {
    let side = |model: &Model, side: &[(&str, f64)]| {
        side.iter().map(|(name, n)| Participant::new(model.id(name), *n)).collect()
    };
    let (reactants, products) = (side(model, from), side(model, to));
    let reaction = Reaction { reversible: true, ..Reaction::new(reactants, products, rate) };
    model.network.add(Symbol::new(name, SymbolKind::Reaction(Box::new(reaction)))).unwrap();
}

/// Counts of the first species at a time, over runs.
fn draw(model: &Model, name: &str, at: f64, runs: u64, method: Method, budget: u64) -> Vec<f64> {
    let ready = jumps(&model.network, &[Output::Value(model.id(name))]).unwrap();
    (0..runs)
        .map(|run| {
            let mut random = ChaCha8Rng::seed_from_u64(run);
            jump(&ready, &[0.0, at], method, budget, &mut random).unwrap()[1][0]
        })
        .collect()
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// Mean and variance within five of their standard errors, for distributions whose tails are not
/// heavier than those of an exponential one (kurtosis up to 9); a leap may be off by another part.
fn agree(values: &[f64], mean: f64, variance: f64, bias: f64) {
    let n = values.len() as f64;
    let (m, v) = moments(values);
    assert!((m - mean).abs() < 5.0 * (variance / n).sqrt() + bias * mean, "mean {m}, not {mean}");
    assert!(
        (v - variance).abs() < 5.0 * variance * (8.0 / n).sqrt() + bias * variance,
        "variance {v}, not {variance}"
    );
}

fn birth_death(count: f64, birth: f64, death: f64) -> Model {
    let mut model = Model::new();
    species(&mut model, "n", count);
    let by = |rate: f64, model: &Model| mul(num(rate), get(model, "n"));
    let (b, d) = (by(birth, &model), by(death, &model));
    reaction(&mut model, "divide", &[("n", 1.0)], &[("n", 2.0)], b);
    reaction(&mut model, "die", &[("n", 1.0)], &[], d);
    model
}

/// Mean, variance and probability of extinction of a birth-death process (Kendall 1948).
fn kendall(count: f64, birth: f64, death: f64, t: f64) -> (f64, f64, f64) {
    let growth = ((birth - death) * t).exp();
    let mean = count * growth;
    let variance = mean * (growth - 1.0) * (birth + death) / (birth - death);
    let one = death * (growth - 1.0) / (birth * growth - death);
    (mean, variance, one.powf(count))
}

#[test]
fn births_and_deaths_have_their_moments_and_die_out_as_often_as_they_should() {
    for (count, birth, death, t) in
        [(1.0, 1.0, 0.8, 3.0), (10.0, 0.5, 1.0, 2.0), (60.0, 1.1, 1.0, 1.5)]
    {
        let (mean, variance, extinct) = kendall(count, birth, death, t);
        for (method, bias) in [(Method::Exact, 0.0), (LEAP, 0.01)] {
            let model = birth_death(count, birth, death);
            let values = draw(&model, "n", t, 20_000, method, BUDGET);
            agree(&values, mean, variance, bias);
            let gone = values.iter().filter(|v| **v == 0.0).count() as f64 / 20_000.0;
            let error = (extinct * (1.0 - extinct) / 20_000.0).sqrt();
            assert!((gone - extinct).abs() <= 5.0 * error, "{gone} extinct, not {extinct}");
        }
    }
}

#[test]
fn arrivals_and_departures_are_poisson() {
    let mut model = Model::new();
    species(&mut model, "n", 0.0);
    let leave = mul(num(0.7), get(&model, "n"));
    reaction(&mut model, "arrive", &[], &[("n", 1.0)], num(14.0));
    reaction(&mut model, "leave", &[("n", 1.0)], &[], leave);
    let mean = 14.0 / 0.7 * (1.0 - (-0.7f64 * 2.0).exp());
    for (method, bias) in [(Method::Exact, 0.0), (LEAP, 0.02)] {
        agree(&draw(&model, "n", 2.0, 20_000, method, BUDGET), mean, mean, bias);
    }
}

#[test]
fn a_reversible_reaction_is_two_and_ends_binomial() {
    let mut model = Model::new();
    species(&mut model, "a", 40.0);
    species(&mut model, "b", 0.0);
    let rate = minus(mul(num(2.0), get(&model, "a")), mul(num(3.0), get(&model, "b")));
    reaction(&mut model, "turn", &[("a", 1.0)], &[("b", 1.0)], rate);
    let p = 2.0 / 5.0 * (1.0 - (-5.0f64 * 0.4).exp());
    for (method, bias) in [(Method::Exact, 0.0), (LEAP, 0.02)] {
        let values = draw(&model, "b", 0.4, 20_000, method, BUDGET);
        agree(&values, 40.0 * p, 40.0 * p * (1.0 - p), bias);
    }
}

#[test]
fn pairs_follow_the_master_equation() {
    // 2 a -> b with every pair of ten things: the chain of 10, 8, … 0 solved by small steps.
    let mut model = Model::new();
    species(&mut model, "a", 10.0);
    species(&mut model, "b", 0.0);
    let rate = mul(mul(num(0.05), get(&model, "a")), minus(get(&model, "a"), num(1.0)));
    reaction(&mut model, "pair", &[("a", 2.0)], &[("b", 1.0)], rate);
    let mut p = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let steps = 400_000;
    for _ in 0..steps {
        let before = p;
        for (b, share) in before.iter().enumerate() {
            let a = 10.0 - 2.0 * b as f64;
            let flow = 0.05 * a * (a - 1.0) * share / f64::from(steps);
            p[b] -= flow;
            if b < 5 {
                p[b + 1] += flow;
            }
        }
    }
    let mean: f64 = p.iter().enumerate().map(|(b, p)| b as f64 * p).sum();
    let square: f64 = p.iter().enumerate().map(|(b, p)| (b * b) as f64 * p).sum();
    for method in [Method::Exact, LEAP] {
        agree(&draw(&model, "b", 1.0, 20_000, method, BUDGET), mean, square - mean * mean, 0.0);
    }
}

#[test]
fn leaps_are_few_where_things_are_many() {
    let (mean, variance, _) = kendall(1e6, 1.1, 1.0, 1.0);
    let model = birth_death(1e6, 1.1, 1.0);
    // About two million jumps in a thousand leaps or less.
    let values = draw(&model, "n", 1.0, 300, LEAP, 1000);
    agree(&values, mean, variance, 0.002);
    let ready = jumps(&model.network, &[]).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let halt = jump(&ready, &[1.0], Method::Exact, 1000, &mut random).unwrap_err();
    assert_eq!(halt.reason, HaltReason::Budget);
}

#[test]
fn the_same_seed_jumps_the_same() {
    let model = birth_death(20.0, 1.0, 0.9);
    assert_eq!(
        draw(&model, "n", 2.0, 20, Method::Exact, BUDGET),
        draw(&model, "n", 2.0, 20, Method::Exact, BUDGET)
    );
}

#[test]
fn what_cannot_be_counted_is_refused_by_name() {
    let codes = |model: &Model| -> Vec<String> {
        let found = jumps(&model.network, &[]).unwrap_err();
        found.iter().map(|d| format!("{}: {}", d.code, d.message)).collect()
    };
    let mut model = Model::new();
    model.rate_rule("drug", 1.0, |m| mul(num(-1.0), get(m, "drug")));
    species(&mut model, "half", 0.5);
    let vanish = get(&model, "half");
    reaction(&mut model, "vanish", &[("half", 1.0)], &[], vanish);
    species(&mut model, "n", 1.0);
    reaction(&mut model, "timed", &[], &[("n", 1.0)], time());
    reaction(&mut model, "part", &[], &[("n", 0.5)], num(1.0));
    assert_eq!(
        codes(&model),
        [
            "not-counted: `drug` changes continuously, by a rate rule",
            "not-counted: `timed` has a rate that follows time",
            "not-counted: `part` changes `n` by what is not a whole number",
        ]
    );
    let mut model = Model::new();
    species(&mut model, "half", 0.5);
    let vanish = get(&model, "half");
    reaction(&mut model, "vanish", &[("half", 1.0)], &[], vanish);
    assert_eq!(
        codes(&model),
        ["not-counted: `half` begins with 0.5, which is not a number of things"]
    );
}

#[test]
fn rates_and_counts_below_zero_end_a_run() {
    let mut model = Model::new();
    species(&mut model, "n", 2.0);
    reaction(&mut model, "take", &[("n", 1.0)], &[], num(5.0));
    let ready = jumps(&model.network, &[]).unwrap();
    for method in [Method::Exact, LEAP] {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let Halt { reason, .. } = jump(&ready, &[100.0], method, BUDGET, &mut random).unwrap_err();
        assert_eq!(reason, HaltReason::Negative { species: "n".into(), reaction: "take".into() });
    }
    let mut model = Model::new();
    species(&mut model, "n", 2.0);
    let rate = minus(num(1.0), get(&model, "n"));
    reaction(&mut model, "back", &[], &[("n", 1.0)], mul(num(1.0), rate));
    let ready = jumps(&model.network, &[]).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let halt = jump(&ready, &[1.0], Method::Exact, BUDGET, &mut random).unwrap_err();
    assert_eq!(halt.reason, HaltReason::Rate { reaction: "back".into(), rate: -1.0 });
}
