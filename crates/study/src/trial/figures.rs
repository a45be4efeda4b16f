//! One figure of one group of patients, or of two compared.

use std::collections::BTreeMap;

use crate::{
    condition::{Condition, Fact},
    outcome::{DAYS_PER_MONTH, EventTime, PatientOutcome, PatientStatus, Response},
    statistics::{Estimate, KaplanMeier, hazard_ratio, odds_ratio, risk_difference, share},
};

/// Endpoints by name, and what they are.
///
/// The names for the time to a relapse, progression or death differ between settings (`efs`, `dfs`,
/// …); what is counted does not.
pub const ENDPOINTS: [(&str, &str); 16] = [
    ("orr", "complete or partial response"),
    ("cr", "complete response"),
    ("cbr", "response, or no progression for 24 weeks"),
    ("pcr", "no tumour cell found in the breast at surgery"),
    ("tpcr", "no tumour cell found in breast and nodes at surgery"),
    ("ttp", "time to progression; deaths without it end observation"),
    ("pfs", "time to progression or death"),
    ("ttf", "time to progression, death or the end of a drug for its toxicity"),
    ("os", "time to death"),
    ("dor", "time from first response to progression or death"),
    ("efs", "time to progression, relapse or death"),
    ("dfs", "time to relapse or death"),
    ("idfs", "time to relapse or death"),
    ("ddfs", "time to relapse or death"),
    ("rfs", "time to relapse or death"),
    ("new_lesion", "a new lesion by the last visit"),
];

/// Days without progression that count as clinical benefit.
const CLINICAL_BENEFIT: f64 = 168.0;

/// What an endpoint is made from.
#[derive(Clone, Copy)]
pub enum EndpointKind {
    /// Yes or no for each patient.
    Share(fn(&PatientOutcome) -> bool),
    /// A time for each patient, or for some.
    Time(fn(&PatientOutcome) -> Option<EventTime>),
}

/// The endpoint of a name.
pub fn kind(endpoint: &str) -> Option<EndpointKind> {
    fn responded(p: &PatientOutcome) -> bool {
        matches!(p.response, Response::CR | Response::PR)
    }
    fn benefited(p: &PatientOutcome) -> bool {
        let stable = p.response == Response::SD && p.pfs.day >= CLINICAL_BENEFIT;
        responded(p) || stable
    }
    fn failed(p: &PatientOutcome) -> Option<EventTime> {
        let stopped = p.discontinued_day.filter(|day| *day < p.pfs.day);
        Some(stopped.map_or(p.pfs, |day| EventTime { day, event: true }))
    }
    Some(match endpoint {
        "orr" => EndpointKind::Share(responded),
        "cr" => EndpointKind::Share(|p| p.response == Response::CR),
        "cbr" => EndpointKind::Share(benefited),
        "pcr" => EndpointKind::Share(|p| p.pcr == Some(true)),
        "tpcr" => EndpointKind::Share(|p| p.tpcr == Some(true)),
        "new_lesion" => EndpointKind::Share(|p| p.assessments.last().is_some_and(|a| a.new_lesion)),
        "ttp" => EndpointKind::Time(|p| Some(p.ttp)),
        "pfs" | "efs" | "dfs" | "idfs" | "ddfs" | "rfs" => EndpointKind::Time(|p| Some(p.pfs)),
        "ttf" => EndpointKind::Time(failed),
        "os" => EndpointKind::Time(|p| Some(p.os)),
        "dor" => EndpointKind::Time(|p| p.dor),
        _ => return None,
    })
}

/// A figure with its 95 % interval; parts that cannot be estimated are absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figure {
    /// The value.
    pub value: Option<f64>,
    /// Lower limit.
    pub ci_low: Option<f64>,
    /// Upper limit.
    pub ci_high: Option<f64>,
}

impl Figure {
    fn new(estimate: Option<Estimate>, scale: f64) -> Figure {
        Figure {
            value: estimate.map(|e| e.value * scale),
            ci_low: estimate.map(|e| e.ci_low * scale),
            ci_high: estimate.map(|e| e.ci_high * scale),
        }
    }
}

/// What is asked of a group: a median, or a percentage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Median time, months.
    Median,
    /// Share of the patients, percent.
    Percent,
    /// Share free of the event at a time in months, percent.
    FreeAt(f64),
}

/// A statistic of a group; none when the endpoint has no such statistic.
pub fn figure(
    patients: &[&PatientOutcome],
    endpoint: &str,
    statistic: Statistic,
) -> Option<Figure> {
    Some(match (kind(endpoint)?, statistic) {
        (EndpointKind::Share(yes), Statistic::Percent) => {
            let count = patients.iter().filter(|p| yes(p)).count();
            Figure::new(share(count, patients.len()), 100.0)
        }
        (EndpointKind::Time(time), Statistic::Median) => {
            let median = KaplanMeier::new(&times(patients, time)).median();
            Figure { value: median.value, ci_low: median.ci_low, ci_high: median.ci_high }
        }
        (EndpointKind::Time(time), Statistic::FreeAt(month)) => {
            let curve = KaplanMeier::new(&times(patients, time));
            // Beyond the last observation nothing is known.
            let seen = curve.last_time().is_some_and(|last| last >= month - 1e-9);
            let step = curve.step_at(month + 1e-9);
            let percent = |x: f64| Some(100.0 * x).filter(|_| seen);
            Figure {
                value: percent(step.map_or(1.0, |s| s.survival)),
                ci_low: percent(step.map_or(1.0, |s| s.ci_low)),
                ci_high: percent(step.map_or(1.0, |s| s.ci_high)),
            }
        }
        _ => return None,
    })
}

/// A comparison of two groups, experimental first; none when the endpoint has no such measure.
pub fn contrast(
    experimental: &[&PatientOutcome],
    control: &[&PatientOutcome],
    endpoint: &str,
    measure: &str,
) -> Option<Figure> {
    Some(match (kind(endpoint)?, measure) {
        (EndpointKind::Share(yes), "or" | "difference") => {
            let count =
                |all: &[&PatientOutcome]| (all.iter().filter(|p| yes(p)).count(), all.len());
            let (a, b) = (count(experimental), count(control));
            match measure {
                "or" => Figure::new(odds_ratio(a, b), 1.0),
                _ => Figure::new(risk_difference(a, b), 100.0),
            }
        }
        (EndpointKind::Time(time), "hr") => {
            let ratio = hazard_ratio(&times(experimental, time), &times(control, time));
            let estimate =
                ratio.map(|r| Estimate { value: r.value, ci_low: r.ci_low, ci_high: r.ci_high });
            Figure::new(estimate, 1.0)
        }
        _ => return None,
    })
}

/// Times of an endpoint in months.
pub fn times(
    patients: &[&PatientOutcome],
    time: fn(&PatientOutcome) -> Option<EventTime>,
) -> Vec<(f64, bool)> {
    patients.iter().filter_map(|p| time(p)).map(|t| (t.day / DAYS_PER_MONTH, t.event)).collect()
}

/// Patients of an arm and a subgroup who entered the trial and were followed to the end. Medians
/// are those of all arms.
pub fn group<'a>(
    patients: &'a [PatientOutcome],
    arm: usize,
    subgroup: Option<&Condition>,
) -> Vec<&'a PatientOutcome> {
    let entered = |p: &&PatientOutcome| p.status == PatientStatus::Complete;
    let medians: BTreeMap<&str, f64> = (subgroup.into_iter().flat_map(Condition::medians))
        .filter_map(|name| Some((name, median(patients.iter().filter(entered), name)?)))
        .collect();
    let belongs = |p: &&PatientOutcome| {
        let fact = |name: &str| p.fact(name);
        p.arm == arm && subgroup.is_none_or(|c| c.holds(&fact, &|name| medians.get(name).copied()))
    };
    patients.iter().filter(entered).filter(belongs).collect()
}

/// Places of those of an arm's patients who belong to a subgroup, whose medians are those of all.
pub fn members_of(
    arm: &[PatientOutcome],
    all: &[&PatientOutcome],
    subgroup: Option<&Condition>,
) -> Vec<usize> {
    let medians: BTreeMap<&str, f64> = (subgroup.into_iter().flat_map(Condition::medians))
        .filter_map(|name| Some((name, median(all.iter().copied(), name)?)))
        .collect();
    let belongs = |i: &usize| {
        let fact = |name: &str| arm[*i].fact(name);
        subgroup.is_none_or(|c| c.holds(&fact, &|name| medians.get(name).copied()))
    };
    (0..arm.len()).filter(belongs).collect()
}

fn median<'a>(patients: impl Iterator<Item = &'a PatientOutcome>, name: &str) -> Option<f64> {
    let number = |p: &PatientOutcome| match p.fact(name) {
        Some(Fact::Number(number)) => Some(number),
        _ => None,
    };
    let mut values: Vec<f64> = patients.filter_map(number).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        _ if values.is_empty() => None,
        1 => Some(values[middle]),
        _ => Some(0.5 * (values[middle - 1] + values[middle])),
    }
}
