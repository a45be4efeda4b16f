//! The report of a trial.

use hersim_study::{
    outcome::{
        ArmOutcome, Contrast, DAYS_PER_MONTH, EventTime, PatientOutcome, PatientStatus,
        TrialOutcome,
    },
    statistics::{KaplanMeier, hazard_ratio, log_rank},
};
use maud::{Markup, html};

use crate::{
    ReportMeta, forest,
    format::{endpoint_name, p_value, with_interval},
    page::{document, figure, linked, provenance},
    spider, summary,
    survival::{self, Curve},
    trace, waterfall,
};

/// An arm with its patients whose simulation succeeded.
pub(crate) struct ArmView<'a> {
    /// Identifier.
    pub id: &'a str,
    /// Words for the reader.
    pub title: &'a str,
    /// The identifier again, as the short name in narrow places.
    pub short: &'a str,
    /// Patients simulated to the end, in the order of their numbers.
    pub patients: Vec<&'a PatientOutcome>,
}

/// The report of a trial as one HTML page that needs no other file and no network.
///
/// Shows what the outcome holds: without patients (an outcome read back from JSON) only the
/// tables, without traces no curves of single patients. Failed patients are listed, and are in
/// no curve. The same outcome gives the same bytes.
pub fn trial_report(outcome: &TrialOutcome, meta: &ReportMeta) -> String {
    let arms: Vec<ArmView<'_>> =
        outcome.arms.iter().enumerate().map(|(i, arm)| view(outcome, i, arm)).collect();
    let simulated: usize = arms.iter().map(|arm| arm.patients.len()).sum();
    document(
        &outcome.title,
        html! {
            (head(outcome))
            section id="summary" {
                h2 { "Simulated beside published" }
                div.wide { (summary::tables(outcome)) }
                p.note {
                    "Medians: Kaplan–Meier with log(−log) intervals. Shares: exact intervals. \
                     NE: not estimable. The published figure is either used to calibrate the \
                     model or kept aside and predicted by it."
                }
                (forest_figure(outcome))
            }
            @if simulated > 0 {
                @for endpoint in survival_endpoints(outcome) {
                    (survival_figure(outcome, &arms, endpoint))
                }
                (response_figures(&arms))
            }
            @for (i, trace) in outcome.traces.iter().enumerate() {
                (figure(
                    &format!("trace-{i}"),
                    &trace.title,
                    "Exposure and tumour of one simulated patient on one axis of time.",
                    &trace::draw(trace, false),
                    trace::table(trace),
                ))
            }
            (failures(outcome))
            (methods(outcome))
            (provenance(meta, &[
                ("Trial", outcome.trial.clone()),
                ("Seed", outcome.seed.to_string()),
                ("Time to simulate", format!("{:.1} s", outcome.seconds)),
            ]))
        },
    )
}

fn view<'a>(outcome: &'a TrialOutcome, index: usize, arm: &'a ArmOutcome) -> ArmView<'a> {
    let mine = outcome.patients.iter().filter(|p| p.arm == index);
    let mut patients: Vec<_> = mine.filter(|p| p.status == PatientStatus::Complete).collect();
    patients.sort_by_key(|p| p.patient);
    let title = if arm.title.is_empty() { &arm.arm } else { &arm.title };
    ArmView { id: &arm.arm, title, short: &arm.arm, patients }
}

fn head(outcome: &TrialOutcome) -> Markup {
    let n: usize = outcome.arms.iter().map(|arm| arm.n).sum();
    html! {
        header {
            h1 { (outcome.title) }
            p.facts {
                span { "Virtual trial " strong { (outcome.trial) } }
                span { (n) " virtual patients in " (outcome.arms.len()) " arms" }
                span { "seed " (outcome.seed) }
                @if outcome.not_enrolled > 0 {
                    span { (outcome.not_enrolled) " more did not enter" }
                }
                @if outcome.failed_patients > 0 {
                    span { (outcome.failed_patients) " failed (" a href="#failures" { "listed" } ")" }
                }
            }
            @if !outcome.source.is_empty() {
                p.facts { "After " (linked(&outcome.source)) }
            }
            p.purpose { "A simulation for research, not for treating a person." }
            @for sentence in summary::sentences(outcome) { p.lead { (sentence) } }
        }
    }
}

fn forest_figure(outcome: &TrialOutcome) -> Markup {
    let ratios = forest::ratios(&outcome.contrasts);
    html! {
        @if !ratios.is_empty() {
            figure {
                (maud::PreEscaped(forest::draw(&ratios).inline()))
                figcaption {
                    "Ratios of the first arm named over the second. A hazard ratio below 1 \
                     favours the first; so does an odds ratio of response above 1. The numbers \
                     stand beside each row and in the table above."
                }
            }
        }
    }
}

/// Times that get curves: those the arms report, else progression-free and overall survival.
fn survival_endpoints(outcome: &TrialOutcome) -> Vec<&'static str> {
    let reported = |id: &&str| {
        outcome.arms.iter().flat_map(|arm| &arm.endpoints).any(|e| e.endpoint == *id)
            || outcome.contrasts.iter().any(|c| c.endpoint == *id)
    };
    let found: Vec<_> =
        ["ttp", "pfs", "efs", "dfs", "idfs", "os"].into_iter().filter(reported).collect();
    if found.is_empty() { vec!["pfs", "os"] } else { found }
}

fn survival_figure(outcome: &TrialOutcome, arms: &[ArmView<'_>], endpoint: &str) -> Markup {
    let curves: Vec<Curve<'_>> = arms
        .iter()
        .zip(&outcome.arms)
        .enumerate()
        .filter(|(_, (view, _))| !view.patients.is_empty())
        .map(|(i, (view, arm))| Curve {
            arm: i,
            title: view.title,
            short: view.short,
            curve: KaplanMeier::new(&times(view, endpoint)),
            published: published_median(arm, endpoint),
        })
        .collect();
    let notes = notes(outcome, arms, endpoint);
    let caption = match endpoint {
        "ttp" => "Time to progression; deaths without progression are censored.",
        "os" => "Time to death from any cause.",
        "pfs" => "Time to progression or death.",
        _ => "Time to progression, relapse or death.",
    };
    let caption = format!(
        "{caption} Kaplan–Meier with pointwise 95 % bands. The axis ends where fewer than one in \
         fifty patients of every arm are under observation."
    );
    let name = endpoint_name(endpoint);
    let axis = if endpoint == "ttp" { "Free of progression".to_string() } else { name.clone() };
    let svg = survival::draw(&axis, &curves, &notes);
    figure(&format!("km-{endpoint}"), &name, &caption, &svg, survival::table(&curves))
}

/// Times of one arm, months.
fn times(arm: &ArmView<'_>, endpoint: &str) -> Vec<(f64, bool)> {
    let pick = |p: &PatientOutcome| -> EventTime {
        match endpoint {
            "ttp" => p.ttp,
            "os" => p.os,
            _ => p.pfs,
        }
    };
    let times = arm.patients.iter().map(|p| pick(p));
    times.map(|time| (time.day / DAYS_PER_MONTH, time.event)).collect()
}

fn published_median(arm: &ArmOutcome, endpoint: &str) -> [Option<f64>; 3] {
    let figure = arm.endpoints.iter().find(|e| {
        e.endpoint == endpoint
            && e.statistic == "median"
            && e.unit == "month"
            && e.subgroup.is_empty()
    });
    figure.map_or([None; 3], |e| [e.observed, e.observed_ci_low, e.observed_ci_high])
}

/// Hazard ratio, log-rank and published ratio of every pair of arms compared on this endpoint.
/// The hazard ratio is the outcome's own when it has one.
fn notes(outcome: &TrialOutcome, arms: &[ArmView<'_>], endpoint: &str) -> Vec<String> {
    let index = |id: &str| arms.iter().position(|arm| arm.id == id);
    let known: Vec<&Contrast> = outcome
        .contrasts
        .iter()
        .filter(|c| c.endpoint == endpoint && c.measure == "hr" && c.subgroup.is_empty())
        .collect();
    let mut pairs: Vec<(usize, usize, Option<&Contrast>)> = known
        .iter()
        .filter_map(|c| Some((index(&c.arms[0])?, index(&c.arms[1])?, Some(*c))))
        .collect();
    if pairs.is_empty() && arms.len() == 2 {
        pairs.push((0, 1, None));
    }
    let several = pairs.len() > 1 || known.is_empty();
    let mut notes = Vec::new();
    for (a, b, contrast) in pairs {
        if several {
            notes.push(format!("{} / {}", arms[a].short, arms[b].short));
        }
        let (first, second) = (times(&arms[a], endpoint), times(&arms[b], endpoint));
        let ratio = match contrast {
            Some(c) => [c.value, c.ci_low, c.ci_high],
            None => {
                let hr = hazard_ratio(&first, &second);
                [hr.map(|h| h.value), hr.map(|h| h.ci_low), hr.map(|h| h.ci_high)]
            }
        };
        let [value, low, high] = ratio;
        notes.push(format!("Hazard ratio {}", with_interval(value, low, high, 2, "not estimable")));
        if let Some(c) = contrast.filter(|c| c.observed.is_some()) {
            let [low, high] = [c.observed_ci_low, c.observed_ci_high];
            notes.push(format!("published {}", with_interval(c.observed, low, high, 2, "")));
        }
        if let Some(test) = log_rank(&first, &second) {
            notes.push(format!("log-rank {}", p_value(test.p)));
        }
    }
    notes
}

fn response_figures(arms: &[ArmView<'_>]) -> Markup {
    html! {
        (figure(
            "waterfall",
            "Best change of the tumours",
            "Each bar is one patient: the lowest sum of diameters after baseline, in percent of \
             baseline, coloured by best response (RECIST 1.1). Dashed: +20 % and −30 %.",
            &waterfall::draw(arms),
            waterfall::table(arms),
        ))
        (figure(
            "spider",
            "Change of the tumours over time",
            "Each line is one patient until progression, at most sixty per arm, evenly chosen \
             by number; a dot is an assessment. Lines above +100 % leave the picture. Dashed: \
             +20 % and −30 %.",
            &spider::draw(arms),
            spider::table(arms),
        ))
    }
}

fn failures(outcome: &TrialOutcome) -> Markup {
    let title = |arm: usize| outcome.arms.get(arm).map_or("?", |a| a.arm.as_str());
    let failed: Vec<(&PatientOutcome, &str)> = outcome
        .patients
        .iter()
        .filter_map(|p| match &p.status {
            PatientStatus::Failed(reason) => Some((p, reason.as_str())),
            PatientStatus::Complete | PatientStatus::NotEnrolled(_) => None,
        })
        .collect();
    let count = failed.len().max(outcome.failed_patients);
    html! {
        section id="failures" {
            h2 { "Failed patients" }
            @if count == 0 {
                p { "None: every patient was simulated to death or to the end of follow-up." }
            } @else {
                p {
                    (count) " could not be simulated to the end and are in no curve, share or \
                     median above."
                }
            }
            @if !failed.is_empty() {
                div.scroll {
                    table {
                        thead { tr { th.left { "Arm" } th { "Patient" } th.left { "Reason" } } }
                        tbody {
                            @for (patient, reason) in failed {
                                tr {
                                    td.left { (title(patient.arm)) }
                                    td { (patient.patient) }
                                    td.left { (reason) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn methods(outcome: &TrialOutcome) -> Markup {
    let crossed = outcome.patients.iter().filter(|p| p.crossover_day.is_some()).count();
    html! {
        section id="methods" {
            h2 { "Methods" }
            p.note {
                "Each virtual patient is one draw from the cohort, treated and assessed as the \
                 trial did, and followed until death or the end of follow-up. Responses follow \
                 RECIST 1.1 on the measured sum of diameters at the trial's visits. Curves: \
                 Kaplan–Meier, Greenwood's variance on the log(−log) scale, medians after \
                 Brookmeyer and Crowley. Hazard ratios: Cox's partial likelihood with Efron's \
                 ties, Wald intervals. Shares: Clopper and Pearson. Odds ratios: Woolf. \
                 Intervals are the sampling error of a trial of this size; they do not hold the \
                 uncertainty of the model."
            }
            @if crossed > 0 {
                p.note { (crossed) " patients crossed over to another arm's treatment." }
            }
        }
    }
}
