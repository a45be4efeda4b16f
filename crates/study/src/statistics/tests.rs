use super::*;

/// Remission in weeks of 21 pairs of children with acute leukaemia, 6-mercaptopurine against
/// placebo (Freireich et al. 1963, Blood 21:699; the data set of most textbooks of survival).
fn treated() -> Vec<Time> {
    let weeks: [i32; 21] =
        [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];
    weeks.iter().map(|&w| (f64::from(w.abs()), w > 0)).collect()
}

fn placebo() -> Vec<Time> {
    let weeks = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
    weeks.iter().map(|&w| (f64::from(w), true)).collect()
}

/// The 42 children split into three strata by position: 0, 3, … / 1, 4, … / 2, 5, …, counted
/// through both groups. An artificial split, made to test the arithmetic.
fn strata() -> Vec<(Vec<Time>, Vec<Time>)> {
    let pick = |times: Vec<Time>, offset: usize, s: usize| {
        let mine = times.into_iter().enumerate().filter(|(i, _)| (i + offset) % 3 == s);
        mine.map(|(_, time)| time).collect::<Vec<_>>()
    };
    (0..3).map(|s| (pick(placebo(), 21, s), pick(treated(), 0, s))).collect()
}

fn borrowed(strata: &[(Vec<Time>, Vec<Time>)]) -> Vec<(&[Time], &[Time])> {
    strata.iter().map(|(a, b)| (a.as_slice(), b.as_slice())).collect()
}

#[track_caller]
fn near(value: f64, expected: f64, digits: i32) {
    let tolerance = 0.5 * 10f64.powi(-digits);
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
}

/// Curve: Collett, Modelling Survival Data, and Kleinbaum & Klein print it (0.857, 0.807, …);
/// band and all digits: lifelines 0.30.3, `KaplanMeierFitter` (exponential Greenwood).
#[test]
fn the_curve_of_the_treated_children() {
    let km = KaplanMeier::new(&treated());
    let expected = [
        (6.0, 21, 3, 0.857143, 0.619718, 0.951552),
        (7.0, 17, 1, 0.806723, 0.563147, 0.922809),
        (10.0, 15, 1, 0.752941, 0.503200, 0.889362),
        (13.0, 12, 1, 0.690196, 0.431610, 0.849066),
        (16.0, 11, 1, 0.627451, 0.367511, 0.804912),
        (22.0, 7, 1, 0.537815, 0.267779, 0.746791),
        (23.0, 6, 1, 0.448179, 0.188052, 0.680143),
    ];
    assert_eq!(km.steps.len(), expected.len());
    for (step, (time, at_risk, events, survival, low, high)) in km.steps.iter().zip(expected) {
        assert_eq!((step.time, step.at_risk, step.events), (time, at_risk, events));
        near(step.survival, survival, 6);
        near(step.ci_low, low, 6);
        near(step.ci_high, high, 6);
    }
    assert_eq!((km.n(), km.events(), km.censored.len()), (21, 9, 12));
}

/// Medians 23 and 8 weeks in the paper; limits by lifelines `median_survival_times`, which for
/// the treated gives no upper limit.
#[test]
fn medians_with_their_limits() {
    let median = KaplanMeier::new(&treated()).median();
    assert_eq!((median.value, median.ci_low, median.ci_high), (Some(23.0), Some(13.0), None));
    let median = KaplanMeier::new(&placebo()).median();
    assert_eq!((median.value, median.ci_low, median.ci_high), (Some(8.0), Some(4.0), Some(11.0)));
    let censored: Vec<Time> = (1..9).map(|t| (f64::from(t), t == 1)).collect();
    assert_eq!(KaplanMeier::new(&censored).median().value, None);
    assert_eq!(KaplanMeier::new(&[]).median(), Median::default());
}

/// Without censoring the curve is the share still without an event, and a curve that stands at
/// one half in theory counts as one half despite rounding.
#[test]
fn without_censoring_it_is_the_empirical_share() {
    for n in [2usize, 6, 10, 49, 50] {
        let times: Vec<Time> = (1..=n).map(|t| (t as f64, true)).collect();
        let km = KaplanMeier::new(&times);
        for t in 0..=n {
            near(km.survival_at(t as f64), (n - t) as f64 / n as f64, 12);
            assert_eq!(km.at_risk(t as f64 + 0.5), n - t);
            assert_eq!(km.at_risk(t as f64 + 1.0), n - t);
        }
        assert_eq!(km.median().value, Some(n.div_ceil(2) as f64));
        assert_eq!(km.steps.last().map(|s| (s.survival, s.ci_low)), Some((0.0, 0.0)));
    }
}

#[test]
fn an_event_precedes_the_censoring_at_its_time() {
    let km = KaplanMeier::new(&[(5.0, false), (5.0, true)]);
    assert_eq!((km.steps[0].at_risk, km.steps[0].survival), (2, 0.5));
    assert_eq!(km.survival_at(4.999), 1.0);
    assert_eq!(km.survival_at(5.0), 0.5);
}

/// Chi-squared 16.79 in Kleinbaum & Klein; all digits, and the stratified test, by statsmodels
/// 0.15.0 `survdiff`.
#[test]
fn log_rank_of_the_children() {
    let test = log_rank(&treated(), &placebo()).unwrap();
    near(test.chi_squared, 16.792940989, 9);
    near(test.p * 1e5, 4.168809109, 6);
    let swapped = log_rank(&placebo(), &treated()).unwrap();
    near(swapped.chi_squared, test.chi_squared, 9);
    let test = stratified_log_rank(&borrowed(&strata())).unwrap();
    near(test.chi_squared, 15.181606995, 9);
    near(test.p * 1e5, 9.764994776, 6);
    assert_eq!(log_rank(&treated(), &[]), None);
}

/// Efron 1.5721 (Breslow would give 1.5092), R's survival vignette and Kleinbaum & Klein; all
/// digits by statsmodels 0.15.0 `PHReg(..., ties="efron")`, with which lifelines 0.30.3 agrees
/// to its tolerance.
#[test]
fn hazard_ratio_of_the_children() {
    let hr = hazard_ratio(&placebo(), &treated()).unwrap();
    near(hr.coefficient, 1.57212515, 8);
    near(hr.standard_error, 0.41239672, 8);
    near(hr.value, 4.81687, 5);
    near(hr.ci_low, 2.14651, 5);
    near(hr.ci_high, 10.80931, 5);
    let inverse = hazard_ratio(&treated(), &placebo()).unwrap();
    near(inverse.coefficient, -hr.coefficient, 10);
    near(inverse.ci_low * hr.ci_high, 1.0, 10);
}

/// statsmodels 0.15.0 `PHReg(..., ties="efron", strata=...)`.
#[test]
fn stratified_hazard_ratio_of_the_children() {
    let hr = stratified_hazard_ratio(&borrowed(&strata())).unwrap();
    near(hr.coefficient, 1.5139574, 7);
    near(hr.standard_error, 0.42182741, 7);
}

/// One pair per stratum: the likelihood is binomial, so the ratio is the odds that the first of
/// a pair is the experimental one.
#[test]
fn paired_data_have_a_closed_form() {
    let pair = |experimental_first: bool| {
        let (e, c) = if experimental_first { (1.0, 2.0) } else { (2.0, 1.0) };
        (vec![(e, true)], vec![(c, true)])
    };
    let strata: Vec<_> = (0..10).map(|i| pair(i < 7)).collect();
    let hr = stratified_hazard_ratio(&borrowed(&strata)).unwrap();
    near(hr.value, 7.0 / 3.0, 9);
    near(hr.standard_error, (1.0f64 / 7.0 + 1.0 / 3.0).sqrt(), 9);
}

#[test]
fn a_hazard_ratio_that_does_not_exist_is_none() {
    let none = [(4.0, false), (5.0, false)];
    let some = [(1.0, true), (2.0, true)];
    let late = [(3.0, true), (4.0, true)];
    assert_eq!(hazard_ratio(&none, &some), None);
    assert_eq!(hazard_ratio(&some, &none), None);
    // All events of one group before any of the other: the likelihood grows without bound.
    assert_eq!(hazard_ratio(&some, &late), None);
    assert_eq!(hazard_ratio(&late, &some), None);
    assert_eq!(hazard_ratio(&some, &[]), None);
    assert_eq!(hazard_ratio(&[], &[]), None);
}

/// A large, unequal effect: Newton's method alone overshoots here.
#[test]
fn extreme_ratios_converge() {
    let control: Vec<Time> = (1..=1000).map(|i| (f64::from(i), true)).collect();
    let mut experimental: Vec<Time> = vec![(2000.0, false); 999];
    experimental.push((0.5, true));
    let hr = hazard_ratio(&experimental, &control).unwrap();
    let inverse = hazard_ratio(&control, &experimental).unwrap();
    assert!(hr.value < 1e-2, "{hr:?}");
    near(hr.coefficient + inverse.coefficient, 0.0, 8);
}

/// statsmodels 0.15.0 `proportion_confint(method="beta")`; no success and all successes also by
/// hand: the limit is 1 - 0.025^(1/n).
#[test]
fn exact_intervals_of_shares() {
    for (k, n, low, high) in [
        (0, 10, 0.0, 0.30849710781876083),
        (10, 10, 0.6915028921812392, 1.0),
        (3, 10, 0.06673951117773447, 0.6524528500599973),
        (235, 469, 0.45486512214879316, 0.5472535517319204),
        (1, 500, 5.0634334007415215e-05, 0.01109247689896879),
    ] {
        let s = share(k, n).unwrap();
        near(s.value, k as f64 / n as f64, 12);
        near(s.ci_low, low, 9);
        near(s.ci_high, high, 9);
    }
    near(share(0, 10).unwrap().ci_high, 1.0 - 0.025f64.powf(0.1), 9);
    assert_eq!(share(0, 0), None);
    assert_eq!(share(2, 1), None);
}

/// statsmodels 0.15.0 `Table2x2`; the second table has an empty cell, entered there as
/// 10.5, 0.5, 5.5, 5.5.
#[test]
fn odds_ratios() {
    let or = odds_ratio((56, 70), (48, 80)).unwrap();
    near(or.value, 8.0 / 3.0, 12);
    near(or.ci_low, 1.2762178705, 9);
    near(or.ci_high, 5.5720196961, 9);
    let or = odds_ratio((10, 10), (5, 10)).unwrap();
    near(or.value, 21.0, 9);
    near(or.ci_low, 0.9715547846, 9);
    near(or.ci_high, 453.9116136, 6);
    assert_eq!(odds_ratio((0, 0), (1, 2)), None);
    assert_eq!(odds_ratio((3, 2), (1, 2)), None);
}

/// Newcombe 1998, Statistics in Medicine 17:873, table II, case (a): 56/70 less 48/80, method
/// 10: 0.0524 to 0.3339; all digits by statsmodels `confint_proportions_2indep`.
#[test]
fn differences_of_shares() {
    let d = risk_difference((56, 70), (48, 80)).unwrap();
    near(d.value, 0.2, 12);
    near(d.ci_low, 0.0524314724, 9);
    near(d.ci_high, 0.3338726540, 9);
    let opposite = risk_difference((48, 80), (56, 70)).unwrap();
    near(opposite.ci_low, -d.ci_high, 12);
    assert_eq!(risk_difference((1, 0), (1, 2)), None);
}
