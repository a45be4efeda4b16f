//! Times to events of members that carry weights.

/// Times of some members, sorted once so that any weights can be tried quickly.
#[derive(Clone, Debug, Default)]
pub struct WeightedTimes {
    /// Time, event, member; ascending in time, events before ends of observation.
    times: Vec<(f64, bool, usize)>,
}

impl WeightedTimes {
    /// Times with members, in any order.
    pub fn new(mut times: Vec<(f64, bool, usize)>) -> WeightedTimes {
        times.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        WeightedTimes { times }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Kaplan and Meier's share free of the event at a time, events at it counted; `weights` are by
    /// member.
    pub fn survival(&self, weights: &[f64], time: f64) -> f64 {
        let mut share = 1.0;
        self.walk(weights, |at, risk, events| {
            if at <= time {
                share *= 1.0 - events / risk;
            }
            at < time
        });
        share
    }

    /// The first time at which the share free of the event is at or below one half.
    pub fn median(&self, weights: &[f64]) -> Option<f64> {
        let mut share = 1.0;
        let mut median = None;
        self.walk(weights, |at, risk, events| {
            share *= 1.0 - events / risk;
            if share <= 0.5 + 1e-12 {
                median = Some(at);
            }
            median.is_none()
        });
        median
    }

    /// Members whose fate at a time is known, and whether they are free of the event then.
    pub fn beyond(&self, time: f64) -> impl Iterator<Item = (usize, bool)> + '_ {
        let known = move |t: &&(f64, bool, usize)| t.0 > time || t.1;
        self.times.iter().filter(known).map(move |t| (t.2, t.0 > time))
    }

    /// Calls with each time of events, the weight under observation and the weight of the events,
    /// as long as the answer is yes.
    fn walk(&self, weights: &[f64], mut visit: impl FnMut(f64, f64, f64) -> bool) {
        let mut risk: f64 = self.times.iter().map(|t| weights[t.2]).sum();
        for tied in self.times.chunk_by(|a, b| a.0 == b.0) {
            let all: f64 = tied.iter().map(|t| weights[t.2]).sum();
            let events: f64 = tied.iter().filter(|t| t.1).map(|t| weights[t.2]).sum();
            if events > 0.0 && risk > 0.0 && !visit(tied[0].0, risk.max(events), events) {
                return;
            }
            risk -= all;
        }
    }
}

/// Cox's hazard ratio of two groups, experimental over control, whose members carry weights; ties by
/// Efron's rule, tied events sharing their mean weight. None when it does not exist.
pub fn weighted_hazard_ratio(
    experimental: &WeightedTimes,
    control: &WeightedTimes,
    weights: &[f64],
) -> Option<f64> {
    let mut all: Vec<(f64, bool, usize, usize)> =
        Vec::with_capacity(experimental.len() + control.len());
    for (group, times) in [experimental, control].into_iter().enumerate() {
        all.extend(times.times.iter().map(|t| (t.0, t.1, t.2, group)));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut risk = [0.0; 2];
    all.iter().for_each(|t| risk[t.3] += weights[t.2]);
    // One term for each event: its weight, and the weights of both groups at risk.
    let mut terms: Vec<(f64, f64, f64)> = Vec::new();
    let mut score_at_events = 0.0;
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        let mut events = [0.0; 2];
        let mut left = [0.0; 2];
        let mut count = 0usize;
        for t in tied {
            left[t.3] += weights[t.2];
            if t.1 {
                events[t.3] += weights[t.2];
                count += 1;
            }
        }
        let weight = (events[0] + events[1]) / count.max(1) as f64;
        for k in 0..count {
            let gone = k as f64 / count as f64;
            terms.push((weight, risk[0] - gone * events[0], risk[1] - gone * events[1]));
        }
        score_at_events += events[0];
        risk = [risk[0] - left[0], risk[1] - left[1]];
    }
    let sum = |pick: fn(&(f64, f64, f64)) -> bool| {
        terms.iter().filter(|t| pick(t)).map(|t| t.0).sum::<f64>()
    };
    let tiny = 1e-12;
    let (sure, possible) = (sum(|t| t.2 <= 1e-12), sum(|t| t.1 > 1e-12));
    if score_at_events - sure <= tiny || score_at_events - possible >= -tiny {
        return None;
    }
    let (mut low, mut high, mut log) = (-30.0_f64, 30.0_f64, 0.0_f64);
    for _ in 0..100 {
        let ratio = log.exp();
        let (mut score, mut information) = (score_at_events, 0.0);
        for (weight, a, b) in &terms {
            let p = a * ratio / (a * ratio + b);
            score -= weight * p;
            information += weight * p * (1.0 - p);
        }
        if score > 0.0 {
            low = log
        } else {
            high = log
        }
        let mut next = log + score / information;
        if !(low < next && next < high) {
            next = 0.5 * (low + high);
        }
        let step = next - log;
        log = next;
        if step.abs() < 1e-10 {
            break;
        }
    }
    Some(log.exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{KaplanMeier, hazard_ratio};

    /// Freireich's 6-mercaptopurine trial (Cox 1972): remission in weeks; false is censored.
    const TREATED: [(f64, bool); 21] = [
        (6.0, true),
        (6.0, true),
        (6.0, true),
        (6.0, false),
        (7.0, true),
        (9.0, false),
        (10.0, true),
        (10.0, false),
        (11.0, false),
        (13.0, true),
        (16.0, true),
        (17.0, false),
        (19.0, false),
        (20.0, false),
        (22.0, true),
        (23.0, true),
        (25.0, false),
        (32.0, false),
        (32.0, false),
        (34.0, false),
        (35.0, false),
    ];
    const CONTROL: [f64; 21] = [
        1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 5.0, 8.0, 8.0, 8.0, 8.0, 11.0, 11.0, 12.0, 12.0,
        15.0, 17.0, 22.0, 23.0,
    ];

    fn both() -> (WeightedTimes, WeightedTimes) {
        let treated = TREATED.iter().enumerate().map(|(i, t)| (t.0, t.1, i)).collect();
        let control = CONTROL.iter().enumerate().map(|(i, t)| (*t, true, 21 + i)).collect();
        (WeightedTimes::new(treated), WeightedTimes::new(control))
    }

    #[test]
    fn equal_weights_change_nothing() {
        let (treated, control) = both();
        let weights = vec![1.0 / 42.0; 42];
        let plain: Vec<(f64, bool)> = CONTROL.iter().map(|t| (*t, true)).collect();
        let ratio = weighted_hazard_ratio(&treated, &control, &weights).unwrap();
        assert!((ratio / hazard_ratio(&TREATED, &plain).unwrap().value - 1.0).abs() < 1e-8);
        // Cox's coefficient by Efron's rule, from R's survival: -1.5721.
        assert!((ratio.ln() + 1.5721).abs() < 1e-4, "{ratio}");
        assert_eq!(treated.median(&weights), Some(23.0));
        assert_eq!(control.median(&weights), Some(8.0));
        let curve = KaplanMeier::new(&TREATED);
        for week in [5.0, 6.0, 12.0, 23.0, 40.0] {
            assert!((treated.survival(&weights, week) - curve.survival_at(week)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_weight_of_two_is_two_members() {
        let (treated, _) = both();
        let mut weights = vec![1.0; 42];
        weights[4] = 2.0;
        let twice: Vec<(f64, bool)> = TREATED.iter().copied().chain([TREATED[4]]).collect();
        let curve = KaplanMeier::new(&twice);
        for week in [6.0, 7.0, 13.0, 23.0] {
            assert!((treated.survival(&weights, week) - curve.survival_at(week)).abs() < 1e-12);
        }
    }
}
