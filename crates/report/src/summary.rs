//! The table of figures: simulated with its interval beside the published one.

use hersim_study::outcome::{Contrast, TrialOutcome};
use maud::{Markup, html};

use crate::format::{
    contrast_label, decimals, endpoint_label, endpoint_name, subgroup_name, with_interval,
};

/// Value with its limits.
type Figure = [Option<f64>; 3];

/// One row of the table.
struct Row {
    subgroup: String,
    label: String,
    simulated: Figure,
    published: Figure,
    decimals: usize,
    split: Option<String>,
}

/// All figures: those of all patients first, then those of subgroups.
pub(crate) fn tables(outcome: &TrialOutcome) -> Markup {
    let has_subgroups = groups(outcome, true).iter().any(|(_, rows)| !rows.is_empty());
    html! {
        (table(&groups(outcome, false)))
        @if has_subgroups {
            h3 { "Subgroups" }
            (table(&groups(outcome, true)))
        }
    }
}

/// Rows by heading: one heading per arm, then one per pair of arms compared.
fn groups(outcome: &TrialOutcome, subgroups: bool) -> Vec<(String, Vec<Row>)> {
    let mut groups = Vec::new();
    for arm in &outcome.arms {
        let wanted = arm.endpoints.iter().filter(|e| e.subgroup.is_empty() != subgroups);
        let rows = wanted.map(|e| Row {
            subgroup: e.subgroup.clone(),
            label: endpoint_label(e),
            simulated: [e.value, e.ci_low, e.ci_high],
            published: [e.observed, e.observed_ci_low, e.observed_ci_high],
            decimals: decimals(&e.unit),
            split: e.split.clone(),
        });
        groups.push((format!("{} (n = {})", arm.title, arm.n), rows.collect::<Vec<_>>()));
    }
    for contrast in outcome.contrasts.iter().filter(|c| c.subgroup.is_empty() != subgroups) {
        let [a, b] = [0, 1].map(|i| arm_title(outcome, &contrast.arms[i]));
        let heading = format!("{a} against {b}");
        let row = contrast_row(contrast);
        match groups.iter_mut().find(|(there, _)| *there == heading) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((heading, vec![row])),
        }
    }
    groups
}

/// Title of an arm, or its identifier when it is not among the arms.
fn arm_title<'a>(outcome: &'a TrialOutcome, id: &'a str) -> &'a str {
    outcome.arms.iter().find(|arm| arm.arm == id).map_or(id, |arm| &arm.title)
}

fn contrast_row(c: &Contrast) -> Row {
    Row {
        subgroup: c.subgroup.clone(),
        label: contrast_label(c),
        simulated: [c.value, c.ci_low, c.ci_high],
        published: [c.observed, c.observed_ci_low, c.observed_ci_high],
        decimals: decimals(&c.measure),
        split: c.split.clone(),
    }
}

fn table(groups: &[(String, Vec<Row>)]) -> Markup {
    let shown = || groups.iter().filter(|(_, rows)| !rows.is_empty());
    html! {
        table.summary {
            thead {
                tr {
                    th.left { "Endpoint" }
                    th { "Simulated (95 % CI)" }
                    th { "Published (95 % CI)" }
                    th { "Within its CI" }
                    th { "Published is" }
                }
            }
            @for (heading, rows) in shown() {
                tbody {
                    tr.group { th.left colspan="5" scope="rowgroup" { (heading) } }
                    @for row in rows {
                        tr {
                            td.left {
                                (row.label)
                                @if !row.subgroup.is_empty() {
                                    br; span.note { (subgroup_name(&row.subgroup)) }
                                }
                            }
                            td.value { (show(row.simulated, row.decimals, absent(row))) }
                            td.published { (show(row.published, row.decimals, "–")) }
                            td { (within(row)) }
                            td { (use_of(row)) }
                        }
                    }
                }
            }
        }
    }
}

fn show([value, low, high]: Figure, decimals: usize, absent: &str) -> String {
    with_interval(value, low, high, decimals, absent)
}

/// What stands for a simulated figure that does not exist.
fn absent(row: &Row) -> &'static str {
    if row.label.contains(", median,") { "not reached" } else { "not estimable" }
}

fn within(row: &Row) -> &'static str {
    match (row.simulated[0], row.published[1], row.published[2]) {
        (Some(value), Some(low), Some(high)) if (low..=high).contains(&value) => "yes",
        (Some(_), Some(_), Some(_)) => "no",
        _ => "",
    }
}

fn use_of(row: &Row) -> String {
    match row.split.as_deref() {
        Some("calibration") => "calibrated to".into(),
        Some("prediction") => "predicted".into(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// A sentence per endpoint with a comparison of two medians, for the head of the page.
pub(crate) fn sentences(outcome: &TrialOutcome) -> Vec<String> {
    let mut sentences = Vec::new();
    for c in outcome.contrasts.iter().filter(|c| c.measure == "hr" && c.subgroup.is_empty()) {
        let median = |id: &str| {
            let arm = outcome.arms.iter().find(|a| a.arm == id)?;
            let found = arm.endpoints.iter().find(|e| {
                e.endpoint == c.endpoint && e.statistic == "median" && e.subgroup.is_empty()
            })?;
            let value = found.value.map_or("not reached".into(), |v| format!("{v:.1} months"));
            Some(format!("{value} ({})", arm.title))
        };
        let (Some(a), Some(b)) = (median(&c.arms[0]), median(&c.arms[1])) else { continue };
        let ratio = with_interval(c.value, c.ci_low, c.ci_high, 2, "not estimable");
        let name = endpoint_name(&c.endpoint);
        sentences.push(format!("{name}: median {a} against {b}; hazard ratio {ratio}."));
    }
    sentences
}
