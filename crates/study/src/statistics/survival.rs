//! Kaplan–Meier curves, their medians, and the log-rank test.

use super::{EventTable, Time, Z, chi_squared_tail};

/// The curve just after one time of events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Time of the events.
    pub time: f64,
    /// Still under observation just before it.
    pub at_risk: usize,
    /// Events at this time.
    pub events: usize,
    /// Estimated share without the event from here on, 0 to 1.
    pub survival: f64,
    /// Lower 95 % limit.
    pub ci_low: f64,
    /// Upper 95 % limit.
    pub ci_high: f64,
}

/// A median time with its 95 % interval; a part is none when the curve or its band does not
/// come down to one half.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Median {
    /// The first time at which the curve is at or below one half.
    pub value: Option<f64>,
    /// Lower limit.
    pub ci_low: Option<f64>,
    /// Upper limit.
    pub ci_high: Option<f64>,
}

/// A Kaplan–Meier curve with a pointwise 95 % band.
///
/// The band is Greenwood's variance on the scale of log(-log S), which keeps it inside 0 to 1.
/// Where the curve reaches 0 the variance does not exist: the lower limit is 0 and the upper
/// one stays where it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KaplanMeier {
    /// One step per distinct time of events, ascending. Before the first the curve is 1.
    pub steps: Vec<Step>,
    /// Times at which observation ended without the event, ascending.
    pub censored: Vec<f64>,
    /// All times, ascending.
    times: Vec<f64>,
}

impl KaplanMeier {
    /// The curve of one group. Without times it stays at 1 and has no steps.
    pub fn new(times: &[Time]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut steps = Vec::new();
        let mut at_risk = sorted.len();
        // Sum of d / (n (n - d)): Greenwood's variance of log S.
        let (mut survival, mut variance, mut ci_high) = (1.0_f64, 0.0_f64, 1.0_f64);
        for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
            let events = tied.iter().filter(|(_, event)| *event).count();
            if events > 0 {
                let (n, d) = (at_risk as f64, events as f64);
                survival *= (n - d) / n;
                variance += d / (n * (n - d));
                let mut ci_low = 0.0;
                if events < at_risk {
                    let log = survival.ln();
                    let width = (Z * variance.sqrt() / log.abs()).exp();
                    ci_low = (log * width).exp();
                    ci_high = (log / width).exp();
                }
                steps.push(Step { time: tied[0].0, at_risk, events, survival, ci_low, ci_high });
            }
            at_risk -= tied.len();
        }
        let censored = sorted.iter().filter(|(_, event)| !event).map(|(time, _)| *time).collect();
        KaplanMeier { steps, censored, times: sorted.iter().map(|(time, _)| *time).collect() }
    }

    /// Number in the group.
    pub fn n(&self) -> usize {
        self.times.len()
    }

    /// Number of events in the group.
    pub fn events(&self) -> usize {
        self.times.len() - self.censored.len()
    }

    /// Number whose event or end of observation is at `time` or later.
    pub fn at_risk(&self, time: f64) -> usize {
        self.times.len() - self.times.partition_point(|&t| t < time)
    }

    /// The last step at or before `time`; none before the first.
    pub fn step_at(&self, time: f64) -> Option<&Step> {
        let after = self.steps.partition_point(|step| step.time <= time);
        after.checked_sub(1).and_then(|i| self.steps.get(i))
    }

    /// Share without the event at `time`, events at `time` counted.
    pub fn survival_at(&self, time: f64) -> f64 {
        self.step_at(time).map_or(1.0, |step| step.survival)
    }

    /// The last time at which anyone was under observation; none for an empty group.
    pub fn last_time(&self) -> Option<f64> {
        self.times.last().copied()
    }

    /// The median by the first time at or below one half, its interval by where the band
    /// crosses one half (Brookmeyer and Crowley 1982, on the log(-log) scale).
    pub fn median(&self) -> Median {
        // A product of fractions that is one half in theory may be a rounding above it.
        let first = |curve: fn(&Step) -> f64| {
            self.steps.iter().find(|step| curve(step) <= 0.5 + 1e-12).map(|step| step.time)
        };
        Median {
            value: first(|step| step.survival),
            ci_low: first(|step| step.ci_low),
            ci_high: first(|step| step.ci_high),
        }
    }
}

/// A log-rank test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogRank {
    /// The statistic, chi-squared with one degree of freedom.
    pub chi_squared: f64,
    /// Two-sided probability of a difference as large when the hazards are equal.
    pub p: f64,
}

/// Log-rank test of two groups; none when there is nothing to compare (no event while both
/// groups are under observation).
pub fn log_rank(a: &[Time], b: &[Time]) -> Option<LogRank> {
    stratified_log_rank(&[(a, b)])
}

/// Log-rank test of two groups within strata: differences and variances are summed over them.
pub fn stratified_log_rank(strata: &[(&[Time], &[Time])]) -> Option<LogRank> {
    let (mut difference, mut variance) = (0.0, 0.0);
    for &(a, b) in strata {
        for row in EventTable::new([a, b]).rows {
            let n = row.at_risk[0] + row.at_risk[1];
            let d = row.events[0] + row.events[1];
            let share = row.at_risk[0] / n;
            difference += row.events[0] - d * share;
            if n > 1.0 {
                // Hypergeometric: d events fall on the two groups as drawn without replacement.
                variance += d * share * (1.0 - share) * (n - d) / (n - 1.0);
            }
        }
    }
    let chi_squared = difference * difference / variance;
    (variance > 0.0).then(|| LogRank { chi_squared, p: chi_squared_tail(chi_squared) })
}
