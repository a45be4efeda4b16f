//! Shares of patients, and comparisons of two shares.

use statrs::distribution::{Beta, ContinuousCDF};

use super::{Estimate, Z};

/// A share with its exact interval (Clopper and Pearson 1934), as fractions of 1.
///
/// None when `n` is 0 or smaller than `successes`.
pub fn share(successes: usize, n: usize) -> Option<Estimate> {
    if n == 0 || successes > n {
        return None;
    }
    let (k, failures) = (successes as f64, (n - successes) as f64);
    let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).ok()?.try_inverse_cdf(p).ok();
    let ci_low = if successes == 0 { 0.0 } else { quantile(k, failures + 1.0, 0.025)? };
    let ci_high = if successes == n { 1.0 } else { quantile(k + 1.0, failures, 0.975)? };
    Some(Estimate { value: k / n as f64, ci_low, ci_high })
}

/// Odds ratio of two shares, `a` over `b`, each given as (successes, n), with Woolf's interval.
///
/// When a cell of the fourfold table is 0, one half is added to all four (Haldane 1956).
/// None when a group is empty or smaller than its successes.
pub fn odds_ratio(a: (usize, usize), b: (usize, usize)) -> Option<Estimate> {
    let failures = |(k, n): (usize, usize)| if n == 0 { None } else { n.checked_sub(k) };
    let cells = [a.0, failures(a)?, b.0, failures(b)?];
    let more = if cells.contains(&0) { 0.5 } else { 0.0 };
    let [a_yes, a_no, b_yes, b_no] = cells.map(|count| count as f64 + more);
    let log = (a_yes * b_no / (a_no * b_yes)).ln();
    let error = (1.0 / a_yes + 1.0 / a_no + 1.0 / b_yes + 1.0 / b_no).sqrt();
    Some(Estimate {
        value: log.exp(),
        ci_low: (log - Z * error).exp(),
        ci_high: (log + Z * error).exp(),
    })
}

/// Difference of two shares, `a` less `b`, each given as (successes, n), in fractions of 1.
///
/// The interval joins the Wilson intervals of the two shares (Newcombe 1998, method 10), which
/// holds its level where the simple one does not: near 0 and 1 and in small groups.
/// None when a group is empty or smaller than its successes.
pub fn risk_difference(a: (usize, usize), b: (usize, usize)) -> Option<Estimate> {
    let (a, b) = (wilson(a)?, wilson(b)?);
    let value = a.value - b.value;
    Some(Estimate {
        value,
        ci_low: value - (a.value - a.ci_low).hypot(b.ci_high - b.value),
        ci_high: value + (a.ci_high - a.value).hypot(b.value - b.ci_low),
    })
}

/// Wilson's score interval of a share.
fn wilson((k, n): (usize, usize)) -> Option<Estimate> {
    if n == 0 || k > n {
        return None;
    }
    let n = n as f64;
    let value = k as f64 / n;
    let middle = (value + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z * (value * (1.0 - value) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n);
    Some(Estimate { value, ci_low: middle - half, ci_high: middle + half })
}
