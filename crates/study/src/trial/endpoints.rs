//! From patients to the figures of a trial, each beside the published one.

use std::collections::BTreeMap;

use hersim_network::Diagnostic;

use super::{Arm, PublishedContrast, PublishedResult, TrialPlan};
use crate::{
    library::Cohort,
    outcome::{
        ArmOutcome, Contrast, DAYS_PER_MONTH, Endpoint, EventTime, PatientOutcome, PatientStatus,
        Response, TrialOutcome,
    },
    statistics::{Estimate, KaplanMeier, hazard_ratio, odds_ratio, risk_difference, share},
};

/// Times to events, by name.
const TIMES: [&str; 4] = ["ttp", "pfs", "os", "dor"];
/// Figures that every arm gets, published or not.
const ALWAYS: [(&str, &str); 4] =
    [("orr", "percent"), ("ttp", "median"), ("pfs", "median"), ("os", "median")];
/// Comparisons that every pair of arms gets.
const ALWAYS_COMPARED: [(&str, &str); 4] =
    [("orr", "or"), ("ttp", "hr"), ("pfs", "hr"), ("os", "hr")];

/// The figures of a trial.
///
/// # Errors
/// Published figures whose endpoint, statistic or subgroup is not known.
pub fn summarise(
    plan: &TrialPlan,
    cohort: &Cohort,
    patients: Vec<PatientOutcome>,
    seed: u64,
) -> Result<TrialOutcome, Vec<Diagnostic>> {
    let tags: BTreeMap<&str, &BTreeMap<String, String>> =
        cohort.group.iter().map(|g| (g.id.as_str(), &g.tags)).collect();
    let view = View { patients: &patients, tags };
    let mut errors = Vec::new();
    let mut keep = |result: Result<_, Box<Diagnostic>>| match result {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(*error);
            None
        }
    };

    let mut arms = Vec::new();
    for (index, arm) in plan.arm.iter().enumerate() {
        let mut endpoints = Vec::new();
        for (endpoint, statistic, subgroup, published) in wanted(plan, arm) {
            let value = keep(view.figure(index, endpoint, statistic, subgroup));
            endpoints.extend(value.map(|v| beside(endpoint, statistic, subgroup, v, published)));
        }
        arms.push(ArmOutcome {
            arm: arm.id.clone(),
            title: arm.title.clone(),
            n: view.able(index, "").map(|p| p.len()).unwrap_or_default(),
            endpoints,
        });
    }
    let mut contrasts = Vec::new();
    for (endpoint, measure, pair, subgroup, published) in wanted_contrasts(plan) {
        let value = keep(view.contrast(endpoint, measure, pair, subgroup));
        contrasts.extend(value.map(|value| Contrast {
            endpoint: endpoint.to_string(),
            measure: measure.to_string(),
            arms: pair.map(|i| plan.arm[i].id.clone()),
            subgroup: subgroup.to_string(),
            value: value.value,
            ci_low: value.ci_low,
            ci_high: value.ci_high,
            observed: published.map(|p| p.value),
            observed_ci_low: published.and_then(|p| p.ci_low),
            observed_ci_high: published.and_then(|p| p.ci_high),
            split: published.map(|p| p.split.clone()),
        }));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let failed = patients.iter().filter(|p| p.status != PatientStatus::Complete).count();
    Ok(TrialOutcome {
        trial: plan.id.clone(),
        title: plan.title.clone(),
        source: plan.source.clone(),
        seed,
        arms,
        contrasts,
        failed_patients: failed,
        seconds: 0.0,
        patients,
        traces: Vec::new(),
    })
}

type Wanted<'a, P> = Vec<(&'a str, &'a str, &'a str, Option<&'a P>)>;

/// Figures of an arm: those every arm gets, then what else was published.
fn wanted<'a>(plan: &'a TrialPlan, arm: &Arm) -> Wanted<'a, PublishedResult> {
    let published: Vec<&PublishedResult> =
        plan.result.iter().filter(|r| *r.arm.get_ref() == arm.id).collect();
    let mut wanted: Wanted<PublishedResult> = ALWAYS
        .iter()
        .map(|(endpoint, statistic)| {
            let found = published.iter().copied().find(|r| {
                r.endpoint.get_ref() == endpoint
                    && r.statistic == *statistic
                    && r.subgroup.is_empty()
            });
            (*endpoint, *statistic, "", found)
        })
        .collect();
    for result in published {
        let key = (result.endpoint.get_ref().as_str(), result.statistic.as_str());
        if !(result.subgroup.is_empty() && ALWAYS.contains(&key)) {
            wanted.push((key.0, key.1, &result.subgroup, Some(result)));
        }
    }
    wanted
}

type WantedContrast<'a> = (&'a str, &'a str, [usize; 2], &'a str, Option<&'a PublishedContrast>);

/// Comparisons: the usual ones of every later arm with the first (or of the published pairs),
/// then what else was published.
fn wanted_contrasts(plan: &TrialPlan) -> Vec<WantedContrast<'_>> {
    let position = |id: &str| plan.arm.iter().position(|a| a.id == id);
    let published: Vec<([usize; 2], &PublishedContrast)> = (plan.contrast.iter())
        .filter_map(|c| Some(([position(&c.arms[0])?, position(&c.arms[1])?], c)))
        .collect();
    let mut pairs: Vec<[usize; 2]> = published.iter().map(|p| p.0).collect();
    if pairs.is_empty() {
        pairs = (1..plan.arm.len()).map(|i| [i, 0]).collect();
    }
    pairs.sort();
    pairs.dedup();
    let mut wanted: Vec<WantedContrast> = Vec::new();
    for pair in pairs {
        for (endpoint, measure) in ALWAYS_COMPARED {
            let found = published.iter().find(|(p, c)| {
                *p == pair
                    && c.endpoint.get_ref() == endpoint
                    && c.measure == measure
                    && c.subgroup.is_empty()
            });
            wanted.push((endpoint, measure, pair, "", found.map(|f| f.1)));
        }
    }
    for (pair, contrast) in published {
        let key = (contrast.endpoint.get_ref().as_str(), contrast.measure.as_str());
        if !(contrast.subgroup.is_empty() && ALWAYS_COMPARED.contains(&key)) {
            wanted.push((key.0, key.1, pair, &contrast.subgroup, Some(contrast)));
        }
    }
    wanted
}

fn beside(
    endpoint: &str,
    statistic: &str,
    subgroup: &str,
    value: Figure,
    published: Option<&PublishedResult>,
) -> Endpoint {
    Endpoint {
        endpoint: endpoint.to_string(),
        statistic: statistic.to_string(),
        unit: if statistic == "median" { "month" } else { "%" }.to_string(),
        subgroup: subgroup.to_string(),
        value: value.value,
        ci_low: value.ci_low,
        ci_high: value.ci_high,
        observed: published.map(|p| p.value),
        observed_ci_low: published.and_then(|p| p.ci_low),
        observed_ci_high: published.and_then(|p| p.ci_high),
        split: published.map(|p| p.split.clone()),
    }
}

/// A figure with its interval; parts that cannot be estimated are absent.
#[derive(Clone, Copy, Debug, Default)]
struct Figure {
    value: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
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

struct View<'a> {
    patients: &'a [PatientOutcome],
    tags: BTreeMap<&'a str, &'a BTreeMap<String, String>>,
}

type Outcome<T> = Result<T, Box<Diagnostic>>;

impl View<'_> {
    /// Patients of an arm and a subgroup who were simulated to the end.
    fn able(&self, arm: usize, subgroup: &str) -> Outcome<Vec<&PatientOutcome>> {
        let wanted = match subgroup.split_once('=') {
            None if subgroup.is_empty() => None,
            Some(pair) => Some(pair),
            None => return Err(unknown("subgroup", subgroup, "write for example `stratum=ac`")),
        };
        if let Some((key, _)) = wanted
            && key != "stratum"
            && key != "group"
            && !self.tags.values().any(|t| t.contains_key(key))
        {
            return Err(unknown(
                "subgroup",
                subgroup,
                "known are stratum, group and the groups' tags",
            ));
        }
        let belongs = |p: &PatientOutcome| match wanted {
            None => true,
            Some(("stratum", value)) => p.stratum == value,
            Some(("group", value)) => p.group == value,
            Some((tag, value)) => {
                self.tags.get(p.group.as_str()).and_then(|t| t.get(tag)).is_some_and(|v| v == value)
            }
        };
        let done = |p: &&PatientOutcome| p.arm == arm && p.status == PatientStatus::Complete;
        Ok(self.patients.iter().filter(done).filter(|p| belongs(p)).collect())
    }

    fn figure(
        &self,
        arm: usize,
        endpoint: &str,
        statistic: &str,
        subgroup: &str,
    ) -> Outcome<Figure> {
        let patients = self.able(arm, subgroup)?;
        match (endpoint, statistic) {
            ("orr", "percent") => {
                Ok(Figure::new(share(responders(&patients), patients.len()), 100.0))
            }
            (time, "median") if TIMES.contains(&time) => {
                let median = KaplanMeier::new(&times(&patients, time)).median();
                Ok(Figure { value: median.value, ci_low: median.ci_low, ci_high: median.ci_high })
            }
            _ => Err(unknown(
                "statistic",
                &format!("{endpoint} {statistic}"),
                "known are `orr` with `percent` and `ttp`, `pfs`, `os`, `dor` with `median`",
            )),
        }
    }

    fn contrast(
        &self,
        endpoint: &str,
        measure: &str,
        pair: [usize; 2],
        subgroup: &str,
    ) -> Outcome<Figure> {
        let (a, b) = (self.able(pair[0], subgroup)?, self.able(pair[1], subgroup)?);
        let count = |p: &[&PatientOutcome]| (responders(p), p.len());
        match (endpoint, measure) {
            ("orr", "or") => Ok(Figure::new(odds_ratio(count(&a), count(&b)), 1.0)),
            ("orr", "difference") => Ok(Figure::new(risk_difference(count(&a), count(&b)), 100.0)),
            (time, "hr") if TIMES.contains(&time) => {
                let ratio = hazard_ratio(&times(&a, time), &times(&b, time));
                let estimate = ratio.map(|r| Estimate {
                    value: r.value,
                    ci_low: r.ci_low,
                    ci_high: r.ci_high,
                });
                Ok(Figure::new(estimate, 1.0))
            }
            _ => Err(unknown(
                "comparison",
                &format!("{endpoint} {measure}"),
                "known are `orr` with `or` or `difference` and times with `hr`",
            )),
        }
    }
}

fn unknown(what: &str, name: &str, mend: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error("unknown-endpoint", format!("`{name}` is not a {what} that is known"))
            .mend(mend),
    )
}

fn responders(patients: &[&PatientOutcome]) -> usize {
    patients.iter().filter(|p| matches!(p.response, Response::CR | Response::PR)).count()
}

/// Times of an endpoint in months.
pub fn times(patients: &[&PatientOutcome], endpoint: &str) -> Vec<(f64, bool)> {
    let pick = |p: &PatientOutcome| -> Option<EventTime> {
        match endpoint {
            "ttp" => Some(p.ttp),
            "pfs" => Some(p.pfs),
            "os" => Some(p.os),
            "dor" => p.dor,
            _ => None,
        }
    };
    patients.iter().filter_map(|p| pick(p)).map(|t| (t.day / DAYS_PER_MONTH, t.event)).collect()
}
