//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};
use hersim_study::{
    calibrate::{CalibrationOutcome, Compared},
    outcome::{Contrast, Endpoint, TrialOutcome},
    trial::{Known, Score, Scored},
};

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

/// The figures of a trial beside the published ones: for all patients, then for subgroups.
pub fn trial(outcome: &TrialOutcome) -> String {
    let mut text = format!("{}\n\n{}\n", outcome.title, figures(outcome, false));
    let subgroups = outcome.arms.iter().any(|a| a.endpoints.iter().any(|e| !e.subgroup.is_empty()))
        || outcome.contrasts.iter().any(|c| !c.subgroup.is_empty());
    if subgroups {
        text += &format!("\nSubgroups\n{}\n", figures(outcome, true));
    }
    text + "† for calibration: may be fitted, or was seen while numbers were set by hand; the others are for prediction\n"
}

/// A calibration: where the figures lie, the steps, every figure, and what is predicted of classes of
/// drugs that were left out.
pub fn calibration(outcome: &CalibrationOutcome) -> String {
    let hull = &outcome.hull;
    let mut text = format!(
        "{}\n\n{} figures are sums over patients; {} lie outside the pool. Weighed freely, all but {} are met \
         with {:.0} % of the pool effective.\n",
        outcome.title,
        hull.figures,
        hull.outside.len(),
        hull.unreachable.len(),
        100.0 * hull.effective,
    );
    for what in &hull.unreachable {
        text += &format!("  out of reach: {what}\n");
    }
    let mut steps =
        table(&["step", "figures", "distance before", "after", "effective, %", "moved"]);
    for step in &outcome.steps {
        let moved = |(name, mean, sd): &(String, f64, f64)| format!("{name} {mean:+.2} x{sd:.2}");
        steps.add_row([
            step.title.clone(),
            step.figures.to_string(),
            number(step.before.sqrt()),
            number(step.after.sqrt()),
            format!("{:.0}", 100.0 * step.effective),
            step.moved.iter().map(moved).collect::<Vec<_>>().join("\n"),
        ]);
    }
    text += &format!("\n{steps}\n\n");
    let mut figures =
        table(&["trial", "figure", "pool", "calibrated", "published (95 % CI)", "met"]);
    let mut trial = "";
    for f in &outcome.figures {
        let name = if f.trial == trial { "" } else { &f.trial };
        trial = &f.trial;
        let [low, high] = f.observed_ci;
        let split = if f.fitted { "calibration" } else { "prediction" };
        figures.add_row([
            name.to_string(),
            f.what.clone(),
            interval(f.before, None, None),
            interval(f.value, None, None),
            published(Some(f.observed), low, high, Some(split)),
            if f.met { "yes" } else { "no" }.to_string(),
        ]);
    }
    text += &format!("{figures}\n† fitted\n\n");
    let count = |what: &str, figures: &[&Compared]| {
        let met = figures.iter().filter(|f| f.met).count();
        format!("{what}: {met} of {}\n", figures.len())
    };
    let some = |pick: &dyn Fn(&Compared) -> bool| -> Vec<&Compared> {
        outcome.figures.iter().filter(|f| pick(f)).collect()
    };
    text += &count("met, fitted", &some(&|f| f.fitted));
    text +=
        &count("  of those, read in their source", &some(&|f| f.fitted && f.known == Known::Read));
    text += &count("  of those, remembered", &some(&|f| f.fitted && f.known != Known::Read));
    text += &count("met, predicted", &some(&|f| !f.fitted));
    let all: Vec<&Compared> = outcome.left_out.iter().flat_map(|l| &l.figures).collect();
    if !all.is_empty() {
        text += &count("met, with their class of drugs left out", &all);
        for left in &outcome.left_out {
            text += &count(&format!("  {}", left.class), &left.figures.iter().collect::<Vec<_>>());
        }
    }
    text + &format!("effective share of the pool: {:.0} %\n", 100.0 * outcome.population.effective)
}

/// Published figures of several trials beside the simulated ones, and how many are met.
pub fn scores(scored: &[Scored]) -> String {
    let mut table = table(&["trial", "figure", "simulated", "published (95 % CI)", "met"]);
    let mut trial = "";
    for s in scored {
        let name = if s.trial == trial { "" } else { &s.trial };
        trial = &s.trial;
        let [low, high] = s.observed_ci;
        table.add_row([
            name.to_string(),
            s.what.clone(),
            interval(s.value, None, None),
            published(Some(s.observed), low, high, Some(&s.split)),
            if s.met { "yes" } else { "no" }.to_string(),
        ]);
    }
    let count = |what: &str, pick: &dyn Fn(&Scored) -> bool| {
        let score = Score::count(scored, pick);
        format!("{what}: {} of {}\n", score.met, score.of)
    };
    let read = |s: &Scored| s.known == Known::Read;
    format!("{table}\n")
        + &count("met, all published figures", &|_| true)
        + &count("used for calibration", &|s| s.split == "calibration")
        + &count("predicted", &|s| s.split != "calibration")
        + &count("read in their source", &read)
        + &count("remembered", &|s| !read(s))
        + "met: inside the published interval, or within 15 % where none was published\n"
}

/// One table: figures per arm, then comparisons, of all patients or of subgroups.
fn figures(outcome: &TrialOutcome, subgroups: bool) -> Table {
    let mut table = if subgroups {
        self::table(&["arm", "subgroup", "endpoint", "simulated (95 % CI)", "published (95 % CI)"])
    } else {
        self::table(&["arm", "endpoint", "simulated (95 % CI)", "published (95 % CI)"])
    };
    let mut add = |name: String, subgroup: &str, endpoint: String, ours: String, theirs: String| {
        match subgroups {
            true => table.add_row([name, subgroup_name(subgroup), endpoint, ours, theirs]),
            false => table.add_row([name, endpoint, ours, theirs]),
        };
    };
    let wanted = |subgroup: &str| subgroup.is_empty() != subgroups;
    for arm in &outcome.arms {
        let mut name = format!("{} (n = {})", arm.title, arm.n);
        for e in arm.endpoints.iter().filter(|e| wanted(&e.subgroup)) {
            let ours = interval(e.value, e.ci_low, e.ci_high);
            let split = e.split.as_deref();
            let theirs = published(e.observed, e.observed_ci_low, e.observed_ci_high, split);
            add(std::mem::take(&mut name), &e.subgroup, endpoint_name(e), ours, theirs);
        }
    }
    let mut pair = String::new();
    for c in outcome.contrasts.iter().filter(|c| wanted(&c.subgroup)) {
        let names = format!("{} : {}", c.arms[0], c.arms[1]);
        let name = if names == pair { String::new() } else { names.clone() };
        pair = names;
        let ours = interval(c.value, c.ci_low, c.ci_high);
        let theirs =
            published(c.observed, c.observed_ci_low, c.observed_ci_high, c.split.as_deref());
        add(name, &c.subgroup, contrast_name(c), ours, theirs);
    }
    table
}

/// A stratum by its words, other subgroups as they are asked for.
fn subgroup_name(subgroup: &str) -> String {
    match subgroup.split_once('=') {
        Some((name, words)) if name.trim() == "stratum" => words.trim().replace('_', " "),
        _ => subgroup.to_string(),
    }
}

fn endpoint_name(endpoint: &Endpoint) -> String {
    let name = match endpoint.endpoint.as_str() {
        "orr" => "objective response (ORR)".to_string(),
        "ttp" => "time to progression (TTP)".to_string(),
        "pfs" => "progression-free survival (PFS)".to_string(),
        "os" => "overall survival (OS)".to_string(),
        "dor" => "duration of response (DOR)".to_string(),
        "pcr" => "pathological complete response, breast (pCR)".to_string(),
        "tpcr" => "pathological complete response, breast and nodes (tpCR)".to_string(),
        "cbr" => "clinical benefit (CBR)".to_string(),
        other => other.to_uppercase(),
    };
    match (endpoint.statistic.as_str(), endpoint.at_month) {
        ("median", _) => format!("{name}, median, {}s", endpoint.unit),
        (_, Some(month)) => format!("{name} at {month:.0} months, {}", endpoint.unit),
        _ => format!("{name}, {}", endpoint.unit),
    }
}

fn contrast_name(contrast: &Contrast) -> String {
    let measure = match contrast.measure.as_str() {
        "hr" => "hazard ratio",
        "or" => "odds ratio",
        other => other,
    };
    format!("{}, {measure}", contrast.endpoint.to_uppercase())
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
