//! A made-up trial of two arms: exponential-like times, a spread of shrinkage, a few failures.
//! Its numbers mean nothing; they repeat exactly.

use hersim_report::ReportMeta;
use hersim_study::{
    outcome::{
        ArmOutcome, Assessment, Contrast, DAYS_PER_MONTH, Endpoint, EventTime, PatientOutcome,
        PatientStatus, Response, Series, Trace, TrialOutcome,
    },
    statistics::{KaplanMeier, hazard_ratio, share},
};

/// SplitMix64: a stream of draws in 0..1.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

/// The trial with `n` patients per arm; the first arm does better.
pub fn trial(n: u64) -> TrialOutcome {
    let titles = ["Chemotherapy with the antibody", "Chemotherapy alone"];
    let ids = ["with", "alone"];
    let mut draws = Draws(7);
    let mut patients = Vec::new();
    for arm in 0..2 {
        for number in 0..n {
            patients.push(patient(&mut draws, arm, number));
        }
    }
    let complete = |arm: usize| {
        let mine = patients.iter().filter(move |p: &&PatientOutcome| p.arm == arm);
        mine.filter(|p| p.status == PatientStatus::Complete)
    };
    let times = |arm: usize, pick: fn(&PatientOutcome) -> EventTime| -> Vec<(f64, bool)> {
        complete(arm).map(|p| (pick(p).day / DAYS_PER_MONTH, pick(p).event)).collect()
    };
    let median = |arm: usize, endpoint: &str, pick, observed: [Option<f64>; 3], split: &str| {
        let m = KaplanMeier::new(&times(arm, pick)).median();
        Endpoint {
            endpoint: endpoint.into(),
            statistic: "median".into(),
            at_month: None,
            n: 0,
            unit: "month".into(),
            subgroup: String::new(),
            value: m.value,
            ci_low: m.ci_low,
            ci_high: m.ci_high,
            observed: observed[0],
            observed_ci_low: observed[1],
            observed_ci_high: observed[2],
            split: Some(split.into()),
            known: None,
            assessed: String::new(),
        }
    };
    let pfs: fn(&PatientOutcome) -> EventTime = |p| p.pfs;
    let os: fn(&PatientOutcome) -> EventTime = |p| p.os;
    let responders = |arm: usize, stratum: &str| {
        let all: Vec<_> =
            complete(arm).filter(|p| stratum.is_empty() || p.stratum == stratum).collect();
        let hit = all.iter().filter(|p| matches!(p.response, Response::CR | Response::PR)).count();
        (hit, all.len())
    };
    let response = |arm: usize, stratum: &str, observed: f64| {
        let (k, n) = responders(arm, stratum);
        let s = share(k, n);
        Endpoint {
            endpoint: "orr".into(),
            statistic: "percent".into(),
            at_month: None,
            n: 0,
            unit: "%".into(),
            subgroup: if stratum.is_empty() { String::new() } else { format!("stratum={stratum}") },
            value: s.map(|s| 100.0 * s.value),
            ci_low: s.map(|s| 100.0 * s.ci_low),
            ci_high: s.map(|s| 100.0 * s.ci_high),
            observed: Some(observed),
            observed_ci_low: Some(observed - 6.0),
            observed_ci_high: Some(observed + 7.0),
            split: Some("calibration".into()),
            known: None,
            assessed: String::new(),
        }
    };
    let arms = (0..2)
        .map(|arm| ArmOutcome {
            arm: ids[arm].into(),
            title: titles[arm].into(),
            n: complete(arm).count(),
            endpoints: vec![
                response(arm, "", [50.0, 32.0][arm]),
                median(
                    arm,
                    "pfs",
                    pfs,
                    [[7.4, 7.0, 9.0], [4.6, 4.4, 5.4]][arm].map(Some),
                    "calibration",
                ),
                median(
                    arm,
                    "os",
                    os,
                    [[25.1, 22.2, 29.5], [20.3, 16.8, 24.2]][arm].map(Some),
                    "prediction",
                ),
                response(arm, "naive", [52.0, 38.0][arm]),
                response(arm, "pretreated & more", [38.0, 16.0][arm]),
            ],
        })
        .collect();
    let contrast = |endpoint: &str, pick, subgroup: &str, observed: [Option<f64>; 3]| {
        let hr = hazard_ratio(&times(0, pick), &times(1, pick));
        Contrast {
            endpoint: endpoint.into(),
            measure: "hr".into(),
            arms: [ids[0].into(), ids[1].into()],
            subgroup: subgroup.into(),
            value: hr.map(|h| h.value),
            ci_low: hr.map(|h| h.ci_low),
            ci_high: hr.map(|h| h.ci_high),
            observed: observed[0],
            observed_ci_low: observed[1],
            observed_ci_high: observed[2],
            split: Some("prediction".into()),
            known: None,
            assessed: String::new(),
        }
    };
    TrialOutcome {
        trial: "example".into(),
        title: "A made-up trial of <chemotherapy> with & without an antibody".into(),
        source: "Nobody N et al. 2000, doi:10.1000/example.1".into(),
        seed: 7,
        arms,
        contrasts: vec![
            contrast("pfs", pfs, "", [Some(0.51), Some(0.41), Some(0.63)]),
            contrast("os", os, "", [Some(0.80), Some(0.64), Some(1.00)]),
            contrast("os", os, "marker=+", [Some(0.71), Some(0.54), Some(0.92)]),
        ],
        failed_patients: patients.iter().filter(|p| p.status != PatientStatus::Complete).count(),
        not_enrolled: 0,
        markers: Vec::new(),
        seconds: 12.3,
        traces: vec![trace("A typical patient, chemotherapy with the antibody")],
        patients,
    }
}

fn patient(draws: &mut Draws, arm: usize, number: u64) -> PatientOutcome {
    let end = (30.0 + 21.0 * draws.next()) * DAYS_PER_MONTH;
    let shrink = (0.010 + 0.006 * draws.normal()).max(-0.002) * [1.5, 1.0, 1.2][arm];
    let grow = 0.0025 * (0.6 * draws.normal()).exp();
    let wane = [240.0, 150.0, 200.0][arm] * (0.4 * draws.normal()).exp();
    let death = -(900.0 * [1.25, 1.0, 1.1][arm]) * draws.next().ln() * 0.7 + 90.0;
    let baseline = 40.0 + 60.0 * draws.next();
    let size =
        |day: f64| baseline * (-shrink * wane * (1.0 - (-day / wane).exp()) + grow * day).exp();
    let mut assessments = vec![Assessment {
        day: 0.0,
        sum_of_diameters_mm: baseline,
        new_lesion: false,
        markers: vec![],
    }];
    let (mut nadir, mut best, mut progressed) = (baseline, f64::INFINITY, None);
    let mut day: f64 = 56.0;
    while day < end.min(death) && progressed.is_none() {
        let sum = (size(day) * (1.0 + 0.03 * draws.normal())).max(0.0);
        let sum = if sum < 6.0 { 0.0 } else { sum };
        let new_lesion = draws.next() < 0.05;
        assessments.push(Assessment { day, sum_of_diameters_mm: sum, new_lesion, markers: vec![] });
        best = best.min(sum);
        if new_lesion || (sum > 1.2 * nadir && sum - nadir > 5.0) {
            progressed = Some(day);
        }
        nadir = nadir.min(sum);
        day += 84.0;
    }
    let change = best.is_finite().then(|| 100.0 * (best / baseline - 1.0));
    let response = match change {
        None => Response::NE,
        Some(c) if c <= -99.9 => Response::CR,
        Some(c) if c <= -30.0 => Response::PR,
        Some(_) if progressed.is_some_and(|day| day < 60.0) => Response::PD,
        Some(_) => Response::SD,
    };
    let last = end.min(death);
    let failed = number % 97 == 41;
    PatientOutcome {
        arm,
        patient: number,
        status: if failed {
            PatientStatus::Failed("step below 1e-12 day at day 12.5, worst state <bulk.a>".into())
        } else {
            PatientStatus::Complete
        },
        stratum: if number.is_multiple_of(2) { "naive" } else { "pretreated & more" }.into(),
        group: "all".into(),
        ttp: EventTime { day: progressed.unwrap_or(last), event: progressed.is_some() },
        pfs: EventTime {
            day: progressed.unwrap_or(last),
            event: progressed.is_some() || death < end,
        },
        os: EventTime { day: last, event: death < end },
        dor: None,
        response,
        best_change_percent: change,
        crossover_day: progressed.filter(|_| arm == 1 && number.is_multiple_of(3)),
        discontinued_day: None,
        delivered: Vec::new(),
        pcr: None,
        tpcr: None,
        tags: Default::default(),
        traits: Default::default(),
        assessments,
    }
}

/// Weekly doses for nine months, and a tumour that shrinks and comes back.
pub fn trace(title: &str) -> Trace {
    let day: Vec<f64> = (0..1200).map(|i| f64::from(i) * 0.35).collect();
    let doses = |t: f64| (0..39).map(move |k| t - 7.0 * f64::from(k)).filter(|since| *since >= 0.0);
    let exposure = |t: &f64| doses(*t).map(|since| 40.0 * (-since / 9.0).exp()).sum::<f64>();
    let other = |t: &f64| doses(*t).step_by(3).map(|since| 25.0 * (-since / 1.5).exp()).sum();
    let size = |t: &f64| 82.0 * (-1.6 * (1.0 - (-t / 90.0).exp()) + 0.0035 * t).exp();
    let series = |title: &str, unit: &str, values: Vec<f64>| Series {
        title: title.into(),
        unit: unit.into(),
        values,
    };
    Trace {
        title: title.into(),
        series: vec![
            series("antibody in plasma", "ug/mL", day.iter().map(exposure).collect()),
            series("cytotoxic in plasma", "ug/mL", day.iter().map(other).collect()),
            series("sum of diameters", "mm", day.iter().map(size).collect()),
        ],
        day,
    }
}

/// A command and its provenance.
pub fn meta() -> ReportMeta {
    ReportMeta {
        command: "tool trial example --patients 500 --seed 7".into(),
        version: "tool 0.1.0".into(),
        model_hash: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262".into(),
        settings: vec![
            ("patients per arm".into(), "500".into()),
            ("relative tolerance".into(), "1e-4 (dimensionless)".into()),
        ],
        sources: vec![
            "Nobody N et al. 2000, doi:10.1000/example.1".into(),
            "Someone S 1999, pmid:12345".into(),
        ],
    }
}

/// Three arms with long names, few patients and almost no deaths; a trace over days with a
/// curve that grows a thousand-fold and one that is not a number for a while.
pub fn awkward() -> TrialOutcome {
    let mut outcome = trial(30);
    let mut third = outcome.arms[1].clone();
    third.arm = "identifier_of_the_third_arm_which_is_long".into();
    third.title = "An arm whose title goes on for longer than any picture or legend is wide, with \
                   all of its drugs, doses and days of infusion"
        .into();
    outcome.arms.push(third);
    let mut draws = Draws(11);
    let copies: Vec<_> = (0..12).map(|number| patient(&mut draws, 2, number)).collect();
    outcome.patients.extend(copies);
    for p in &mut outcome.patients {
        p.os.event = p.os.event && p.patient % 5 == 0;
        p.best_change_percent = p.best_change_percent.map(|c| if c > 0.0 { 9.0 * c } else { c });
    }
    let mut more = outcome.contrasts[1].clone();
    more.arms[0] = "identifier_of_the_third_arm_which_is_long".into();
    more.observed = None;
    more.ci_high = Some(900.0);
    outcome.contrasts.push(more);
    let day: Vec<f64> = (0..60).map(f64::from).collect();
    let series = |title: &str, unit: &str, value: fn(f64) -> f64| Series {
        title: title.into(),
        unit: unit.into(),
        values: day.iter().map(|t| value(*t)).collect(),
    };
    outcome.traces = vec![Trace {
        title: "Growth & gaps".into(),
        series: vec![
            series("cells that grow", "cells", |t| 1e4 * (0.2 * t).exp()),
            series("cells that do not", "cells", |_| 3e4),
            series(
                "a curve with a gap, and a title that is long enough to need a row of its own",
                "1",
                |t| {
                    if (20.0..30.0).contains(&t) { f64::NAN } else { (t / 9.0).sin() }
                },
            ),
            series("short", "1", |t| (t / 9.0).cos()),
        ],
        day,
    }];
    outcome
}
