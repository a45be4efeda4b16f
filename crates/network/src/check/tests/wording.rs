//! The text users see.

use super::*;

#[test]
fn a_rate_that_is_an_amount() {
    let b = build()
        .amount("HER2", "nmol")
        .amount("HER2_endo", "nmol")
        .parameter("k_endo", "1/day")
        .parameter("t_half", "day")
        .reaction("internalise", "HER2 => HER2_endo", "HER2")
        .reaction("recycle", "HER2_endo => HER2", "k_endo*HER2_endo*t_half*k_endo");
    insta::assert_snapshot!(b.shown(), @r#"
    error[unit-mismatch]: a rate must be an amount per time; this is an amount
     --> test.ant:6:33
      |
    6 | internalise: HER2 => HER2_endo; HER2;
      |                                 ^^^^ nmol, needed nmol/day
      |
      = mend: multiply by a first-order constant; `k_endo` (1/day) is in scope
    "#);
}

#[test]
fn an_hour_against_a_day() {
    let b = build()
        .amount("A", "nmol")
        .parameter("k", "1/day")
        .parameter("k_fast", "1/h")
        .reaction("decay", "A => ", "(k + k_fast)*A");
    insta::assert_snapshot!(b.shown(), @r#"
    error[unit-mismatch]: the terms of a sum must share a unit
     --> test.ant:5:20
      |
    5 | decay: A => ; (k + k_fast)*A;
      |                --  ^^^^^^ 1/h, needed 1/day: same dimension, 24 times apart
      |                |
      |                1/day
      |
      = mend: give `k_fast` in 1/day
    "#);
}

#[test]
fn a_concentration_where_an_amount_is_needed() {
    let b = build()
        .concentration("drug", "nmol")
        .parameter("k", "1/day")
        .reaction("clear", "drug => ", "k*drug");
    insta::assert_snapshot!(b.shown(), @r#"
    error[unit-mismatch]: a rate must be an amount per time; this is a concentration per time
     --> test.ant:4:18
      |
    4 | clear: drug => ; k*drug;
      |                  ^^^^^^ nmol/L/day, needed nmol/day
      |
      = mend: multiply by a volume; `c` (L) is in scope
    "#);
}

#[test]
fn a_literal_and_an_exponential() {
    let b = build()
        .amount("A", "nmol")
        .parameter("k", "1/day")
        .parameter("y", "1")
        .rule("y", "exp(-k) + A/(1 + A)")
        .reaction("decay", "A => ", "k*A");
    insta::assert_snapshot!(b.shown(), @r#"
    error[unit-argument]: the argument of exp must be dimensionless
     --> test.ant:5:10
      |
    5 | y := exp(-k) + A/(1 + A);
      |          ^^ 1/day, needed dimensionless
      |
      = mend: multiply by a time

    error[unit-mismatch]: the terms of a sum must share a unit
     --> test.ant:5:19
      |
    5 | y := exp(-k) + A/(1 + A);
      |                   ^   - nmol
      |                   |
      |                   dimensionless, needed nmol
      |
      = mend: a literal is dimensionless; use a parameter in nmol instead
    "#);
}

#[test]
fn a_ring_of_rules() {
    let b = build()
        .parameter("x", "1")
        .parameter("y", "1")
        .parameter("z", "1")
        .rule("x", "1 + y")
        .rule("y", "2*z")
        .rule("z", "x");
    insta::assert_snapshot!(b.shown(), @r#"
    error[rule-cycle]: rules need each other in a ring: x -> y -> z -> x
     --> test.ant:5:6
      |
    5 | x := 1 + y;
      |      ^^^^^ `x` needs `y`
    6 | y := 2*z;
      |      --- `y` needs `z`
    7 | z := x;
      |      - `z` needs `x`
      |
      = mend: make one of them a state with a rate rule, or solve the ring by hand
    "#);
}

#[test]
fn orphans_and_missing_things() {
    let b = build()
        .amount("lone", "nmol")
        .parameter("idle", "1/day")
        .parameter("bare", "")
        .valueless("later", "1")
        .parameter("y", "1")
        .rule("y", "bare*later");
    insta::assert_snapshot!(b.shown(), @r#"
    warning[orphan-species]: species `lone` takes part in nothing
     --> test.ant:2:1
      |
    2 | lone has nmol;
      | ^^^^ in no reaction, rule, event or formula
      |
      = mend: remove it, or use it in a reaction

    warning[orphan-parameter]: parameter `idle` is used nowhere
     --> test.ant:3:1
      |
    3 | idle has 1/day;
      | ^^^^ in no formula
      |
      = mend: remove it, or use it in a formula

    error[value-missing]: parameter `later` has no value
     --> test.ant:5:1
      |
    5 | later has 1;
      | ^^^^^ no value
      |
      = mend: give `later` a row in the parameter table, or a value in the text

    error[unit-missing]: `bare` has no unit
     --> test.ant:4:1
      |
    4 | bare has ?;
      | ^^^^ no unit
      |
      = mend: write `bare has …;`, or fill its `unit` column; `dimensionless` is a unit too
    "#);
}

#[test]
fn a_reactant_that_may_run_out_and_a_rule_against_a_reaction() {
    let b = build()
        .amount("A", "nmol")
        .amount("B", "nmol")
        .parameter("flow", "nmol/day")
        .rule("B", "2*A")
        .reaction("take", "A => B", "flow");
    insta::assert_snapshot!(b.shown(), @r#"
    error[rule-and-reaction]: `B` is determined by a rule and changed by a reaction
     --> test.ant:5:6
      |
    5 | B := 2*A;
      |      ^^^ its rule
    6 | take: A => B; flow;
      | ---- changed by this reaction
      |
      = mend: remove the rule, or make it a boundary species (`$B`, `boundaryCondition` in SBML), which reactions leave alone

    warning[rate-ignores-reactant]: the rate of `take` does not depend on its reactant `A`
     --> test.ant:6:15
      |
    6 | take: A => B; flow;
      |               ^^^^ goes on when no `A` is left
      |
      = mend: multiply the rate by `A`; else it may turn negative
    "#);
}

#[test]
fn moles_into_copies_and_a_number_as_trigger() {
    let b = build()
        .amount("drug", "nmol")
        .amount("bound", "copies/cell")
        .parameter("k", "1/day")
        .reaction("bind", "drug => bound", "k*drug")
        .event("stop", "drug", "k", "k*drug");
    insta::assert_snapshot!(b.shown(), @r#"
    error[unit-mismatch]: all that takes part in a reaction must share one amount unit; `drug` is in nmol, `bound` in copies/cell
     --> test.ant:5:1
      |
    5 | bind: drug => bound; k*drug;
      | ^^^^ copies/cell, needed nmol
      |
      = mend: write two reactions, each with a rate in its own unit

    error[not-a-condition]: a condition is needed here; this is a number
     --> test.ant:6:11
      |
    6 | stop: at (drug): k = k*drug;
      |           ^^^^ a number
      |
      = mend: compare it with something: `x > 0`

    error[unit-mismatch]: what an event sets `k` to must be in its unit
     --> test.ant:6:22
      |
    6 | stop: at (drug): k = k*drug;
      |                      ^^^^^^ nmol/day, needed 1/day
      |
      = mend: divide by something in nmol
    "#);
}
