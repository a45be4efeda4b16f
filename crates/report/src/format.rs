//! Numbers as papers print them: a true minus, thin habits, no false digits.

use hersim_study::outcome::{Contrast, Endpoint};

/// A number with so many decimals and a true minus sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        // No "-0.0".
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_string(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A number to four significant digits, with a power of ten when far from one.
pub(crate) fn general(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return fixed(value, 0);
    }
    let power = value.abs().log10().floor();
    if (-3.0..5.0).contains(&power) {
        let text = fixed(value, (3.0 - power).max(0.0) as usize);
        if text.contains('.') {
            return text.trim_end_matches('0').trim_end_matches('.').to_string();
        }
        return text;
    }
    let digits = fixed(value / 10f64.powf(power), 3);
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}×{}", power_of_ten(power as i32))
}

/// `10⁻³`.
pub(crate) fn power_of_ten(power: i32) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = power.unsigned_abs().to_string();
    let raised: String =
        raised.chars().filter_map(|c| digits.get(c.to_digit(10)? as usize)).collect();
    format!("10{}{raised}", if power < 0 { "⁻" } else { "" })
}

/// `p < 0.001`, `p = 0.012`, `p = 0.34`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".into()
    } else if p < 0.1 {
        format!("p = {p:.3}")
    } else {
        format!("p = {p:.2}")
    }
}

/// `7.4 (6.9–8.1)`; a limit that does not exist is `NE`, a value that does not exist is
/// `not reached` when it is a median.
pub(crate) fn with_interval(
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    decimals: usize,
    absent: &str,
) -> String {
    let show = |v: Option<f64>, or: &str| v.map_or(or.to_string(), |v| fixed(v, decimals));
    let value_text = show(value, absent);
    if low.is_none() && high.is_none() {
        return value_text;
    }
    // "−3–4" reads badly; negative limits are joined with a word.
    let joint =
        if low.is_some_and(|l| l < 0.0) || high.is_some_and(|h| h < 0.0) { " to " } else { "–" };
    format!("{value_text} ({}{joint}{})", show(low, "NE"), show(high, "NE"))
}

/// Name of an endpoint for a reader; an unknown one stays as it is.
pub(crate) fn endpoint_name(id: &str) -> String {
    match id {
        "orr" => "Objective response rate".into(),
        "ttp" => "Time to progression".into(),
        "pfs" => "Progression-free survival".into(),
        "os" => "Overall survival".into(),
        "dor" => "Duration of response".into(),
        other => other.to_string(),
    }
}

/// Name and statistic of an arm's figure, with its unit: `Overall survival, median, months`.
pub(crate) fn endpoint_label(endpoint: &Endpoint) -> String {
    let name = endpoint_name(&endpoint.endpoint);
    match (endpoint.statistic.as_str(), endpoint.unit.as_str()) {
        ("percent", _) => format!("{name}, %"),
        (statistic, "month") => format!("{name}, {statistic}, months"),
        (statistic, unit) => format!("{name}, {statistic}, {unit}"),
    }
}

/// Name and measure of a comparison: `Overall survival, hazard ratio`.
pub(crate) fn contrast_label(contrast: &Contrast) -> String {
    let measure = match contrast.measure.as_str() {
        "hr" => "hazard ratio",
        "or" => "odds ratio",
        "difference" => "difference, percentage points",
        other => other,
    };
    format!("{}, {measure}", endpoint_name(&contrast.endpoint))
}

/// Decimals that suit a measure or a unit.
pub(crate) fn decimals(measure_or_unit: &str) -> usize {
    match measure_or_unit {
        "hr" | "or" => 2,
        _ => 1,
    }
}

/// A unit for a reader: `ug/mL` as `µg/mL`; none and `1` are `dimensionless`.
pub(crate) fn unit_name(unit: &str) -> String {
    if matches!(unit, "" | "1") {
        return "dimensionless".into();
    }
    let factor = |word: &str| match word {
        "ug" | "um" | "umol" | "uM" | "uL" => word.replacen('u', "µ", 1),
        other => other.to_string(),
    };
    unit.split('/').map(factor).collect::<Vec<_>>().join("/")
}

/// `stratum=a` as `stratum: a`.
pub(crate) fn subgroup_name(subgroup: &str) -> String {
    subgroup.replacen('=', ": ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_like_a_paper() {
        assert_eq!(fixed(-12.34, 1), "−12.3");
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(general(1.5e9), "1.5×10⁹");
        assert_eq!(general(-2.0e-7), "−2×10⁻⁷");
        assert_eq!(general(1234.5), "1234");
        assert_eq!(general(0.25), "0.25");
        assert_eq!(general(100.0), "100");
        assert_eq!(general(0.0), "0");
        assert_eq!(p_value(0.00004), "p < 0.001");
        assert_eq!(p_value(0.0123), "p = 0.012");
    }

    #[test]
    fn units_are_spelt_for_readers() {
        assert_eq!(unit_name("ug/mL"), "µg/mL");
        assert_eq!(unit_name("umbrella/day"), "umbrella/day");
        assert_eq!(unit_name("1"), "dimensionless");
    }

    #[test]
    fn intervals_say_what_is_absent() {
        let absent = "not reached";
        assert_eq!(with_interval(Some(7.4), Some(6.9), Some(8.13), 1, absent), "7.4 (6.9–8.1)");
        assert_eq!(with_interval(Some(23.0), Some(13.0), None, 0, absent), "23 (13–NE)");
        assert_eq!(with_interval(None, Some(13.0), None, 0, absent), "not reached (13–NE)");
        assert_eq!(with_interval(None, None, None, 0, absent), "not reached");
        assert_eq!(with_interval(Some(-1.0), Some(-3.0), Some(1.0), 0, ""), "−1 (−3 to 1)");
    }
}
