//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};
use hersim_study::outcome::{Contrast, Endpoint, TrialOutcome};

/// A table with this header, fit for a terminal.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

/// A number with three significant digits.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs().log10().floor();
    if !(-4.0..6.0).contains(&size) {
        return format!("{value:.2e}");
    }
    let decimals = (2.0 - size).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

/// A value with its interval, or why there is none.
fn interval(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    let show = |v: Option<f64>| v.map_or_else(|| "–".to_string(), number);
    match (value, low, high) {
        (None, _, _) => "not reached".into(),
        (Some(_), None, None) => show(value),
        _ => format!("{} ({}–{})", show(value), show(low), show(high)),
    }
}

fn published(
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    split: Option<&str>,
) -> String {
    if value.is_none() {
        return String::new();
    }
    let mark = if split == Some("calibration") { " †" } else { "" };
    format!("{}{mark}", interval(value, low, high))
}

/// The figures of a trial beside the published ones.
pub fn trial(outcome: &TrialOutcome) -> String {
    let mut text = format!("{}\n\n", outcome.title);
    let mut figures = table(&["arm", "endpoint", "simulated (95 % CI)", "published (95 % CI)"]);
    for arm in &outcome.arms {
        for (i, e) in arm.endpoints.iter().enumerate() {
            let name =
                if i == 0 { format!("{} (n = {})", arm.title, arm.n) } else { String::new() };
            figures.add_row([
                name,
                endpoint_name(e),
                interval(e.value, e.ci_low, e.ci_high),
                published(e.observed, e.observed_ci_low, e.observed_ci_high, e.split.as_deref()),
            ]);
        }
    }
    text += &format!("{figures}\n\n");
    let mut contrasts =
        table(&["comparison", "measure", "simulated (95 % CI)", "published (95 % CI)"]);
    for c in &outcome.contrasts {
        contrasts.add_row([
            format!("{} : {}", c.arms[0], c.arms[1]),
            contrast_name(c),
            interval(c.value, c.ci_low, c.ci_high),
            published(c.observed, c.observed_ci_low, c.observed_ci_high, c.split.as_deref()),
        ]);
    }
    text +=
        &format!("{contrasts}\n† used to choose parameters by hand; the others are predictions\n");
    text
}

fn with_subgroup(name: String, subgroup: &str) -> String {
    if subgroup.is_empty() { name } else { format!("{name}, {subgroup}") }
}

fn endpoint_name(endpoint: &Endpoint) -> String {
    let words = match (endpoint.endpoint.as_str(), endpoint.statistic.as_str()) {
        ("orr", _) => "objective response",
        ("ttp", _) => "median time to progression",
        ("pfs", _) => "median progression-free survival",
        ("os", _) => "median overall survival",
        ("dor", _) => "median duration of response",
        (other, _) => other,
    };
    with_subgroup(format!("{words}, {}", endpoint.unit), &endpoint.subgroup)
}

fn contrast_name(contrast: &Contrast) -> String {
    let words = match contrast.endpoint.as_str() {
        "orr" => "objective response",
        "ttp" => "progression",
        "pfs" => "progression or death",
        "os" => "death",
        other => other,
    };
    let measure = match contrast.measure.as_str() {
        "hr" => "hazard ratio",
        "or" => "odds ratio",
        other => other,
    };
    with_subgroup(format!("{words}, {measure}"), &contrast.subgroup)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_three_significant_digits() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(7.4444), "7.44");
        assert_eq!(number(25.06), "25.1");
        assert_eq!(number(1234.0), "1234");
        assert_eq!(number(0.00123), "0.00123");
        assert_eq!(number(1.2e9), "1.20e9");
    }
}
