use super::*;
use build::Build;

/// One symbol of each usual unit.
fn all() -> Build {
    build()
        .amount("A", "nmol")
        .amount("B", "nmol")
        .amount("R", "copies/cell")
        .concentration("C", "nmol")
        .parameter("k", "1/day")
        .parameter("kh", "1/h")
        .parameter("n", "1")
        .parameter("kd", "nmol/L")
        .parameter("V", "L")
        .parameter("x", "nmol")
}

/// Unit mistakes only, of `x := formula` with `x` in `unit`.
fn rule(unit: &str, formula: &str) -> Vec<&'static str> {
    let (network, _) = all().parameter("y", unit).rule("y", formula).done();
    check(&network).iter().map(|d| d.code).filter(|c| !c.starts_with("orphan")).collect()
}

fn fits(unit: &str, formula: &str) {
    assert_eq!(rule(unit, formula), Vec::<&str>::new(), "{formula} is in {unit}");
}

fn fails(unit: &str, formula: &str, code: &str) {
    assert_eq!(rule(unit, formula), [code], "{formula} against {unit}");
}

#[test]
fn arithmetic() {
    fits("nmol/day", "k*A + B*k - k*x");
    fits("nmol/L", "C + A/V + kd");
    fits("nmol^2/L", "C*A");
    fits("1", "C/(C + kd)");
    fits("1", "1 - A/B + 0");
    fits("day", "1/k");
    fits("day", "time");
    fits("1", "k*time");
    fits("nmol", "-A");
    fails("nmol", "A + 1", "unit-mismatch");
    fails("nmol", "A*k", "unit-mismatch");
    fails("1/day", "k + kh", "unit-mismatch");
    fails("1/day", "kh", "unit-mismatch");
    fails("nmol", "C", "unit-mismatch");
    fails("copies/cell", "A", "unit-mismatch");
    fails("1", "k*(1 + A)", "unit-mismatch");
    fails("1", "A/(B + n)", "unit-mismatch");
}

#[test]
fn zero_fits_all_and_other_literals_are_plain() {
    fits("nmol", "0");
    fits("nmol", "0*k");
    fits("nmol", "max(0, A)");
    fits("nmol", "piecewise(0, time > 0, A)");
    fits("1", "2");
    fails("nmol", "2", "unit-mismatch");
    fails("1/day", "max(1, k)", "unit-mismatch");
    // The literal is at fault, not the symbol, whichever comes first.
    let (network, sources) = all().parameter("y", "1").rule("y", "A/max(1, A)").done();
    let found = check(&network);
    let error = found.iter().find(|d| d.code == "unit-mismatch").unwrap();
    let (span, label) = error.at.clone().unwrap();
    let (_, text) = sources.get(span.file).unwrap();
    assert_eq!(&text[span.start as usize..span.end as usize], "1");
    assert_eq!(label, "dimensionless, needed nmol");
}

#[test]
fn powers_and_roots() {
    fits("nmol^2", "A^2");
    fits("1/nmol", "A^-1");
    fits("nmol^(1/2)", "A^(1/2)");
    fits("nmol^(3/4)", "A^0.75");
    fits("nmol", "sqrt(A*B)");
    fits("1", "n^n");
    fits("1", "(C/kd)^n");
    fits("1", "n^0.123456");
    fits("1", "2^n");
    fails("1", "A^n", "unit-argument");
    fails("1", "n^A", "unit-argument");
    fails("1", "A^0.123456", "unit-argument");
    fails("nmol", "sqrt(A)", "unit-mismatch");
    fails("1", "(((A^1000)^1000)^1000)/A", "unit-range");
}

#[test]
fn functions_take_plain_numbers() {
    fits("1", "exp(-k*time) + ln(A/B) + log10(n)");
    fits("nmol", "abs(A) + min(A, B, x)");
    fails("1", "exp(k)", "unit-argument");
    fails("1", "ln(A)", "unit-argument");
    fails("1", "log10(kd)", "unit-argument");
    fails("1", "exp(kh*time)", "unit-argument");
    fails("nmol", "min(A, B, n)", "unit-mismatch");
}

#[test]
fn conditions_and_numbers_are_kept_apart() {
    fits("1", "piecewise(1, A > B && !(C <= kd), 0)");
    fits("1", "piecewise(1, time == 0 || n > 1, 2)");
    fails("1", "A > B", "condition-as-number");
    fails("1", "n + (A > B)", "condition-as-number");
    fails("1", "piecewise(1, n, 0)", "not-a-condition");
    fails("1", "piecewise(1, A > k, 0)", "unit-mismatch");
    fails("1", "piecewise(1, A > 1, 0)", "unit-mismatch");
    fails("1", "piecewise(A, A > B, 1)/A", "unit-mismatch");
    fails("1", "piecewise(1, n > 0 && A, 0)", "not-a-condition");
}

#[test]
fn rates_rules_starts_and_events() {
    let codes = |b: Build| {
        let (network, _) = b.done();
        let found = check(&network).into_iter().map(|d| d.code);
        found.filter(|c| c.starts_with("unit") || c.contains("condition")).collect::<Vec<_>>()
    };
    let none = Vec::<&str>::new();
    assert_eq!(codes(all().reaction("J", "A => B", "k*A")), none);
    assert_eq!(codes(all().reaction("J", "A => C", "k*A")), none, "amounts are what reacts");
    assert_eq!(codes(all().reaction("J", "C => ", "k*C*V")), none);
    assert_eq!(codes(all().reaction("J", "C => ", "k*C")), ["unit-mismatch"]);
    assert_eq!(codes(all().reaction("J", "A => B", "kh*A")), ["unit-mismatch"]);
    assert_eq!(codes(all().reaction("J", "A => R", "k*A")), ["unit-mismatch"]);
    assert_eq!(codes(all().reaction("J", "A => B", "k*A").rule("x", "J/k")), none);
    assert_eq!(codes(all().rate("x", "k*A")), none);
    assert_eq!(codes(all().rate("x", "A")), ["unit-mismatch"]);
    assert_eq!(codes(all().rate("C", "k*kd")), none);
    assert_eq!(codes(all().start("C", "kd")), none);
    assert_eq!(codes(all().start("C", "x")), ["unit-mismatch"]);
    assert_eq!(codes(all().event("E", "time > 1/k", "A", "2*B")), none);
    assert_eq!(codes(all().event("E", "time > 1/k", "A", "2*kd")), ["unit-mismatch"]);
    assert_eq!(codes(all().event("E", "time", "A", "B")), ["not-a-condition"]);
    assert_eq!(codes(all().event("E", "C > A", "A", "B")), ["unit-mismatch"]);
}

#[test]
fn a_missing_unit_is_told_once_and_only_there() {
    let b = all().parameter("u", "").reaction("J", "A => B", "u*A").rule("x", "u*A + A*exp(u)");
    let (network, _) = b.done();
    let found: Vec<_> =
        check(&network).into_iter().filter(|d| d.level == crate::Level::Error).collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].message.as_str()), ("unit-missing", "`u` has no unit"));
    let (mut network, _) = all().reaction("J", "A => B", "k*A").rate("x", "k*A").done();
    network.time_unit = None;
    let codes: Vec<_> = check(&network).into_iter().map(|d| d.code).collect();
    assert_eq!(codes.iter().filter(|c| **c == "unit-missing").count(), 1);
}
