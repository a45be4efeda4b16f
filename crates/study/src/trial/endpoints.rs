//! From patients to the figures of a trial, each beside the published one.

use hersim_network::{Diagnostic, nearest};

use super::{
    PublishedContrast, PublishedResult, Setting, TrialPlan,
    figures::{self, ENDPOINTS, EndpointKind, Figure, Statistic},
    setup::TrialSetup,
};
use crate::{
    assemble::days,
    condition::Condition,
    document::{Document, Spanned},
    library::Library,
    outcome::{
        ArmOutcome, Contrast, DAYS_PER_MONTH, Endpoint, PatientOutcome, PatientStatus, TrialOutcome,
    },
    written::Written,
};

/// Figures that every arm gets, published or not.
fn always(setting: Setting) -> &'static [(&'static str, Statistic)] {
    match setting {
        Setting::Metastatic => &[
            ("orr", Statistic::Percent),
            ("ttp", Statistic::Median),
            ("pfs", Statistic::Median),
            ("os", Statistic::Median),
        ],
        Setting::Neoadjuvant => &[("pcr", Statistic::Percent), ("tpcr", Statistic::Percent)],
        Setting::Adjuvant => &[("dfs", Statistic::FreeAt(36.0)), ("os", Statistic::FreeAt(36.0))],
    }
}

/// Comparisons that every pair of arms gets.
fn always_compared(setting: Setting) -> &'static [(&'static str, &'static str)] {
    match setting {
        Setting::Metastatic => &[("orr", "or"), ("ttp", "hr"), ("pfs", "hr"), ("os", "hr")],
        Setting::Neoadjuvant => &[("pcr", "or")],
        Setting::Adjuvant => &[("dfs", "hr"), ("os", "hr")],
    }
}

/// A figure that is asked for.
struct Asked<'a> {
    endpoint: &'a str,
    statistic: Statistic,
    subgroup: Option<&'a Spanned<String>>,
    published: Option<&'a PublishedResult>,
}

/// A comparison that is asked for.
struct AskedContrast<'a> {
    endpoint: &'a str,
    measure: &'a str,
    pair: [usize; 2],
    subgroup: Option<&'a Spanned<String>>,
    published: Option<&'a PublishedContrast>,
}

/// Whether the published figures can be computed.
///
/// # Errors
/// As [`summarise`].
pub fn check_figures(setup: &TrialSetup, library: &Library) -> Result<(), Vec<Diagnostic>> {
    summarise(setup, library, Vec::new(), 0).map(drop)
}

/// The figures of a trial.
///
/// # Errors
/// Published figures whose endpoint, statistic or subgroup is not known: all of them.
pub fn summarise(
    setup: &TrialSetup,
    library: &Library,
    patients: Vec<PatientOutcome>,
    seed: u64,
) -> Result<TrialOutcome, Vec<Diagnostic>> {
    let plan = &setup.plan;
    let facts = setup.population.facts();
    let mut errors = Vec::new();
    let mut arms = Vec::new();
    for (index, arm) in plan.value.arm.iter().enumerate() {
        let mut endpoints = Vec::new();
        for asked in wanted(plan, &arm.id, library, &mut errors) {
            let restriction = restriction(plan, asked.subgroup, &facts, library, &mut errors);
            let group = figures::group(&patients, index, restriction.as_ref());
            if let Some(figure) = figures::figure(&group, asked.endpoint, asked.statistic) {
                endpoints.push(beside(&asked, figure, group.len()));
            }
        }
        arms.push(ArmOutcome {
            arm: arm.id.clone(),
            title: arm.title.clone(),
            n: figures::group(&patients, index, None).len(),
            endpoints,
        });
    }
    let mut contrasts = Vec::new();
    for asked in wanted_contrasts(plan, &mut errors) {
        let restriction = restriction(plan, asked.subgroup, &facts, library, &mut errors);
        let [a, b] = asked.pair.map(|arm| figures::group(&patients, arm, restriction.as_ref()));
        let figure = figures::contrast(&a, &b, asked.endpoint, asked.measure);
        contrasts.extend(figure.map(|figure| compared(plan, &asked, figure)));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let count =
        |wanted: fn(&PatientStatus) -> bool| patients.iter().filter(|p| wanted(&p.status)).count();
    Ok(TrialOutcome {
        trial: plan.value.id.clone(),
        title: plan.value.title.clone(),
        source: plan.value.source.clone(),
        seed,
        arms,
        contrasts,
        failed_patients: count(|s| matches!(s, PatientStatus::Failed(_))),
        not_enrolled: count(|s| matches!(s, PatientStatus::NotEnrolled(_))),
        markers: setup.markers.clone(),
        seconds: 0.0,
        patients,
        traces: Vec::new(),
    })
}

/// Figures of an arm: those every arm gets, then what else was published.
fn wanted<'a>(
    plan: &'a Document<TrialPlan>,
    arm: &str,
    library: &Library,
    errors: &mut Vec<Diagnostic>,
) -> Vec<Asked<'a>> {
    let mut published = Vec::new();
    for result in plan.value.result.iter().filter(|r| r.arm.get_ref() == arm) {
        match statistic(plan, result, library) {
            Ok(statistic) => published.push(Asked {
                endpoint: result.endpoint.get_ref(),
                statistic,
                subgroup: result.subgroup.as_ref(),
                published: Some(result),
            }),
            Err(error) => errors.push(*error),
        }
    }
    let whole = |a: &Asked| a.subgroup.is_none_or(|s| s.get_ref().is_empty());
    let missing = always(plan.value.setting).iter().filter(|(endpoint, statistic)| {
        !published.iter().any(|p| whole(p) && p.endpoint == *endpoint && p.statistic == *statistic)
    });
    let mut all: Vec<Asked> = missing
        .map(|(endpoint, statistic)| Asked {
            endpoint,
            statistic: *statistic,
            subgroup: None,
            published: None,
        })
        .collect();
    all.extend(published);
    let usual = always(plan.value.setting);
    // The usual figures of everyone first, in their usual order.
    all.sort_by_key(|a| {
        let place = usual.iter().position(|(e, s)| *e == a.endpoint && *s == a.statistic);
        (!whole(a), place.unwrap_or(usual.len()))
    });
    all
}

/// What a published figure is.
fn statistic(
    plan: &Document<TrialPlan>,
    result: &PublishedResult,
    library: &Library,
) -> Result<Statistic, Box<Diagnostic>> {
    let name = result.endpoint.get_ref();
    let refuse = |message: String, mend: &str| {
        let error = Diagnostic::error("unknown-endpoint", message);
        Err(Box::new(error.at(plan.place(&result.endpoint), "").mend(mend)))
    };
    let Some(kind) = figures::kind(name) else {
        return Err(unknown_endpoint(plan, &result.endpoint));
    };
    match (kind, result.statistic.as_str(), &result.at) {
        (EndpointKind::Share(_), "percent", None) => Ok(Statistic::Percent),
        (EndpointKind::Time(_), "median", None) => Ok(Statistic::Median),
        (EndpointKind::Time(_), "percent", Some(at)) => {
            let day = days(&Written::in_document(plan, at, &library.sources))?;
            Ok(Statistic::FreeAt(day / DAYS_PER_MONTH))
        }
        (EndpointKind::Time(_), "percent", None) => refuse(
            format!("when are patients free of `{name}` counted?"),
            "add for example at = \"36 month\"",
        ),
        (EndpointKind::Share(_), ..) => refuse(
            format!("`{name}` is a share of patients"),
            "write statistic = \"percent\" without `at`",
        ),
        (EndpointKind::Time(_), other, _) => refuse(
            format!("`{name}` is a time and has no statistic `{other}`"),
            "write statistic = \"median\", or \"percent\" with `at`",
        ),
    }
}

fn unknown_endpoint(plan: &Document<TrialPlan>, endpoint: &Spanned<String>) -> Box<Diagnostic> {
    let name = endpoint.get_ref();
    let error = Diagnostic::error("unknown-endpoint", format!("`{name}` is not an endpoint"));
    let known = ENDPOINTS.map(|e| e.0);
    let mend = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    };
    Box::new(error.at(plan.place(endpoint), "").mend(mend))
}

/// Comparisons: the usual ones of every later arm with the first (or of the published pairs),
/// then what else was published.
fn wanted_contrasts<'a>(
    plan: &'a Document<TrialPlan>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<AskedContrast<'a>> {
    let position = |id: &str| plan.value.arm.iter().position(|a| a.id == id);
    let mut published = Vec::new();
    for contrast in &plan.value.contrast {
        let Some(kind) = figures::kind(contrast.endpoint.get_ref()) else {
            errors.push(*unknown_endpoint(plan, &contrast.endpoint));
            continue;
        };
        let fits = matches!(
            (kind, contrast.measure.as_str()),
            (EndpointKind::Share(_), "or" | "difference") | (EndpointKind::Time(_), "hr")
        );
        if !fits {
            let message = format!(
                "`{}` cannot be compared by `{}`",
                contrast.endpoint.get_ref(),
                contrast.measure
            );
            errors.push(
                Diagnostic::error("unknown-endpoint", message)
                    .at(plan.place(&contrast.endpoint), "")
                    .mend("times are compared by `hr`, shares by `or` or `difference`"),
            );
            continue;
        }
        if let (Some(a), Some(b)) = (position(&contrast.arms[0]), position(&contrast.arms[1])) {
            published.push(AskedContrast {
                endpoint: contrast.endpoint.get_ref(),
                measure: &contrast.measure,
                pair: [a, b],
                subgroup: contrast.subgroup.as_ref(),
                published: Some(contrast),
            });
        }
    }
    let mut pairs: Vec<[usize; 2]> = published.iter().map(|p| p.pair).collect();
    if pairs.is_empty() {
        pairs = (1..plan.value.arm.len()).map(|i| [i, 0]).collect();
    }
    pairs.sort();
    pairs.dedup();
    let whole = |a: &AskedContrast| a.subgroup.is_none_or(|s| s.get_ref().is_empty());
    let usual = always_compared(plan.value.setting);
    let mut all = Vec::new();
    for pair in pairs {
        for (endpoint, measure) in usual {
            let there = published.iter().any(|p| {
                whole(p) && p.pair == pair && p.endpoint == *endpoint && p.measure == *measure
            });
            if !there {
                all.push(AskedContrast {
                    endpoint,
                    measure,
                    pair,
                    subgroup: None,
                    published: None,
                });
            }
        }
    }
    all.extend(published);
    all.sort_by_key(|a| {
        let place = usual.iter().position(|(e, m)| *e == a.endpoint && *m == a.measure);
        (!whole(a), a.pair, place.unwrap_or(usual.len()))
    });
    all
}

fn words(subgroup: Option<&Spanned<String>>) -> String {
    subgroup.map(|s| s.get_ref().clone()).unwrap_or_default()
}

fn beside(asked: &Asked, figure: Figure, n: usize) -> Endpoint {
    let published = asked.published;
    let (statistic, unit, at_month) = match asked.statistic {
        Statistic::Median => ("median", "month", None),
        Statistic::Percent => ("percent", "%", None),
        Statistic::FreeAt(month) => ("percent", "%", Some(month)),
    };
    Endpoint {
        endpoint: asked.endpoint.to_string(),
        statistic: statistic.to_string(),
        at_month,
        unit: unit.to_string(),
        subgroup: words(asked.subgroup),
        n,
        value: figure.value,
        ci_low: figure.ci_low,
        ci_high: figure.ci_high,
        observed: published.map(|p| p.value),
        observed_ci_low: published.and_then(|p| p.ci_low),
        observed_ci_high: published.and_then(|p| p.ci_high),
        split: published.map(|p| p.split.clone()),
        known: published.map(|p| p.known),
        assessed: published.map(|p| p.assessed.clone()).unwrap_or_default(),
    }
}

fn compared(plan: &Document<TrialPlan>, asked: &AskedContrast, figure: Figure) -> Contrast {
    let published = asked.published;
    Contrast {
        endpoint: asked.endpoint.to_string(),
        measure: asked.measure.to_string(),
        arms: asked.pair.map(|i| plan.value.arm[i].id.clone()),
        subgroup: words(asked.subgroup),
        value: figure.value,
        ci_low: figure.ci_low,
        ci_high: figure.ci_high,
        observed: published.map(|p| p.value),
        observed_ci_low: published.and_then(|p| p.ci_low),
        observed_ci_high: published.and_then(|p| p.ci_high),
        split: published.map(|p| p.split.clone()),
        known: published.map(|p| p.known),
        assessed: published.map(|p| p.assessed.clone()).unwrap_or_default(),
    }
}

/// The condition of a subgroup; none for everyone, and where it is wrong.
fn restriction(
    plan: &Document<TrialPlan>,
    subgroup: Option<&Spanned<String>>,
    facts: &[String],
    library: &Library,
    errors: &mut Vec<Diagnostic>,
) -> Option<Condition> {
    let text = subgroup.filter(|s| !s.get_ref().is_empty())?;
    let parsed = Condition::parse(&Written::in_document(plan, text, &library.sources), facts);
    parsed.map_err(|more| errors.extend(more)).ok()
}

/// A figure in words: `os percent at 36 months, chemo, ihc = 3+`.
pub fn in_words(
    endpoint: &str,
    statistic: &str,
    at_month: Option<f64>,
    arms: &str,
    subgroup: &str,
) -> String {
    let at = at_month.map_or(String::new(), |month| format!(" at {month:.0} months"));
    let among = if subgroup.is_empty() { String::new() } else { format!(", {subgroup}") };
    format!("{endpoint} {statistic}{at}, {arms}{among}")
}

/// A published figure, or a comparison, ready to be looked up in patients.
pub struct PublishedFigure {
    /// The endpoint.
    pub endpoint: String,
    /// What is asked of one arm; none for a comparison of two.
    pub statistic: Option<Statistic>,
    /// `hr`, `or` or `difference` for a comparison.
    pub measure: String,
    /// Arms by their places; experimental first.
    pub arms: Vec<usize>,
    /// Restriction to a subgroup.
    pub condition: Option<Condition>,
    /// Published value and 95 % interval.
    pub value: f64,
    /// Its 95 % interval.
    pub ci: [Option<f64>; 2],
    /// How it is known.
    pub known: super::Known,
    /// `calibration` or `prediction`.
    pub split: String,
    /// Words.
    pub what: String,
}

/// Everything that a trial has published. `facts` are the names that subgroups may speak of.
///
/// # Errors
/// Endpoints, statistics and subgroups that are not known: all of them.
pub fn published_figures(
    plan: &Document<TrialPlan>,
    facts: &[String],
    library: &Library,
) -> Result<Vec<PublishedFigure>, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut figures = Vec::new();
    for (index, arm) in plan.value.arm.iter().enumerate() {
        for asked in wanted(plan, &arm.id, library, &mut errors) {
            let Some(result) = asked.published else { continue };
            let at = match asked.statistic {
                Statistic::FreeAt(month) => Some(month),
                _ => None,
            };
            let (endpoint, statistic) = (asked.endpoint, &result.statistic);
            figures.push(PublishedFigure {
                endpoint: endpoint.to_string(),
                statistic: Some(asked.statistic),
                measure: String::new(),
                arms: vec![index],
                condition: restriction(plan, asked.subgroup, facts, library, &mut errors),
                value: result.value,
                ci: [result.ci_low, result.ci_high],
                known: result.known,
                split: result.split.clone(),
                what: in_words(endpoint, statistic, at, &arm.id, &words(asked.subgroup)),
            });
        }
    }
    for asked in wanted_contrasts(plan, &mut errors) {
        let Some(contrast) = asked.published else { continue };
        figures.push(PublishedFigure {
            endpoint: asked.endpoint.to_string(),
            statistic: None,
            measure: asked.measure.to_string(),
            arms: asked.pair.to_vec(),
            condition: restriction(plan, asked.subgroup, facts, library, &mut errors),
            value: contrast.value,
            ci: [contrast.ci_low, contrast.ci_high],
            known: contrast.known,
            split: contrast.split.clone(),
            what: in_words(
                asked.endpoint,
                asked.measure,
                None,
                &contrast.arms.join(" against "),
                &words(asked.subgroup),
            ),
        });
    }
    if errors.is_empty() { Ok(figures) } else { Err(errors) }
}
