//! Jumps as they happen: one by one, or many at a time where that changes nothing that matters.

use std::{fmt, time::Instant};

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp1, Poisson};

use crate::jumps::Jumps;

/// How jumps are followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Every jump at its time (Gillespie's direct method).
    Exact,
    /// Leaps over times in which no rate changes by more than about this part of it; reactions that
    /// could use up what they consume are followed one by one (Cao, Gillespie and Petzold 2006,
    /// doi:10.1063/1.2159468).
    Leap {
        /// The part, 0.03 as a rule.
        tolerance: f64,
    },
}

/// Why and when jumps could not be followed further.
#[derive(Clone, Debug, PartialEq)]
pub struct Halt {
    /// Time reached.
    pub time: f64,
    /// What happened.
    pub reason: HaltReason,
}

/// What can stop jumps.
#[derive(Clone, Debug, PartialEq)]
pub enum HaltReason {
    /// A rate is negative or not a number.
    Rate {
        /// The reaction.
        reaction: String,
        /// Its rate.
        rate: f64,
    },
    /// There would be fewer than none of a species.
    Negative {
        /// The species.
        species: String,
        /// The reaction that takes it.
        reaction: String,
    },
    /// More jumps or leaps than allowed.
    Budget,
    /// It took too long.
    Patience,
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.time;
        match &self.reason {
            HaltReason::Rate { reaction, rate } => {
                write!(f, "the rate of `{reaction}` is {rate} at time {at}")
            }
            HaltReason::Negative { species, reaction } => {
                write!(f, "`{reaction}` takes more of `{species}` than there is at time {at}")
            }
            HaltReason::Budget => write!(f, "too many jumps; time {at} was reached"),
            HaltReason::Patience => write!(f, "it took too long; time {at} was reached"),
        }
    }
}

impl std::error::Error for Halt {}

/// How much work a run may be.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Jumps or leaps.
    pub jumps: u64,
    /// When it must have ended.
    pub until: Option<Instant>,
}

impl From<u64> for Budget {
    fn from(jumps: u64) -> Budget {
        Budget { jumps, until: None }
    }
}

/// Follows jumps from time zero once, and reports the outputs at these times, which rise.
///
/// # Errors
/// When and why it could not go on.
pub fn jump(
    jumps: &Jumps,
    times: &[f64],
    method: Method,
    budget: impl Into<Budget>,
    random: &mut impl Rng,
) -> Result<Vec<Vec<f64>>, Halt> {
    let mut way = Way {
        jumps,
        state: jumps.start.clone(),
        rates: vec![0.0; jumps.channels.len()],
        time: 0.0,
        left: budget.into(),
        regs: Vec::new(),
    };
    way.all_rates()?;
    let mut rows = Vec::with_capacity(times.len());
    for &until in times {
        match method {
            Method::Exact => way.exact(until, u64::MAX, random)?,
            Method::Leap { tolerance } => way.leap(until, tolerance, random)?,
        };
        rows.push(jumps.observed(&way.state, &mut way.regs));
    }
    Ok(rows)
}

/// Reactions that can happen so often before something runs out are followed one by one.
const FEW: f64 = 10.0;
/// A leap over fewer jumps than this is not worth it.
const WORTH: f64 = 10.0;
/// Jumps that are followed one by one instead.
const ONE_BY_ONE: u64 = 100;
/// Largest part of a rate's relative change per change of a count, for reactions of up to three.
const ORDER: f64 = 3.0;

/// Jumps on their way.
struct Way<'j> {
    jumps: &'j Jumps,
    /// Counts, then the clock, which no rate reads.
    state: Vec<f64>,
    rates: Vec<f64>,
    time: f64,
    left: Budget,
    regs: Vec<f64>,
}

impl Way<'_> {
    fn rate(&mut self, channel: usize) -> Result<(), Halt> {
        let of = &self.jumps.channels[channel];
        let rate = of.rate(&self.state, &self.jumps.parameters, &mut self.regs);
        if !(rate >= 0.0 && rate.is_finite()) {
            let reason = HaltReason::Rate { reaction: of.name.clone(), rate };
            return Err(Halt { time: self.time, reason });
        }
        self.rates[channel] = rate;
        Ok(())
    }

    fn all_rates(&mut self) -> Result<(), Halt> {
        (0..self.rates.len()).try_for_each(|channel| self.rate(channel))
    }

    fn spend(&mut self) -> Result<(), Halt> {
        let halt = |reason| Err(Halt { time: self.time, reason });
        let Some(left) = self.left.jumps.checked_sub(1) else { return halt(HaltReason::Budget) };
        self.left.jumps = left;
        // Looking at the clock costs as much as a jump.
        if left.is_multiple_of(256) && self.left.until.is_some_and(|until| Instant::now() > until) {
            return halt(HaltReason::Patience);
        }
        Ok(())
    }

    /// Lets a channel happen some times.
    fn happen(&mut self, channel: usize, times: f64) -> Result<(), Halt> {
        for (state, by) in &self.jumps.channels[channel].change {
            self.state[*state] += by * times;
            if self.state[*state] < 0.0 {
                let reason = HaltReason::Negative {
                    species: self.jumps.names[*state].clone(),
                    reaction: self.jumps.channels[channel].name.clone(),
                };
                return Err(Halt { time: self.time, reason });
            }
        }
        Ok(())
    }

    /// Which channel happens next, when they happen at these rates.
    fn pick(rates: impl Iterator<Item = f64>, total: f64, random: &mut impl Rng) -> usize {
        let mut left = random.random::<f64>() * total;
        let mut last = 0;
        for (channel, rate) in rates.enumerate() {
            if rate > 0.0 {
                last = channel;
                if left < rate {
                    break;
                }
                left -= rate;
            }
        }
        last
    }

    /// Jump by jump up to a time, or so many of them.
    fn exact(&mut self, until: f64, most: u64, random: &mut impl Rng) -> Result<(), Halt> {
        for _ in 0..most {
            let total: f64 = self.rates.iter().sum();
            let wait: f64 = Exp1.sample(random);
            // No rate depends on time: a wait that is too long may be drawn anew from here.
            if total <= 0.0 || self.time + wait / total > until {
                self.time = until;
                return Ok(());
            }
            self.spend()?;
            self.time += wait / total;
            let channel = Self::pick(self.rates.iter().copied(), total, random);
            self.happen(channel, 1.0)?;
            let jumps = self.jumps;
            jumps.touched[channel].iter().try_for_each(|&other| self.rate(other))?;
        }
        Ok(())
    }

    /// Leap by leap up to a time.
    fn leap(&mut self, until: f64, tolerance: f64, random: &mut impl Rng) -> Result<(), Halt> {
        let mut shorter = f64::INFINITY;
        while self.time < until {
            let critical: Vec<bool> = (0..self.rates.len()).map(|c| self.critical(c)).collect();
            let total: f64 = self.rates.iter().sum();
            let longest = self.longest(&critical, tolerance).min(shorter);
            if longest * total < WORTH {
                shorter = f64::INFINITY;
                self.exact(until, ONE_BY_ONE, random)?;
                continue;
            }
            self.spend()?;
            let rare: f64 = self.rates.iter().zip(&critical).filter(|c| *c.1).map(|c| c.0).sum();
            let wait: f64 = Exp1.sample(random);
            let first = if rare > 0.0 { wait / rare } else { f64::INFINITY };
            let step = longest.min(first).min(until - self.time);
            let before = self.state.clone();
            let mut done = Ok(());
            for channel in (0..self.rates.len()).filter(|&c| !critical[c]) {
                let times = poisson(self.rates[channel] * step, random);
                let jumps = self.jumps;
                for (state, by) in &jumps.channels[channel].change {
                    self.state[*state] += by * times;
                }
            }
            if first <= step {
                let rates =
                    self.rates.iter().zip(&critical).map(|(r, c)| if *c { *r } else { 0.0 });
                let channel = Self::pick(rates, rare, random);
                done = self.happen(channel, 1.0);
            }
            if done.is_err() || self.state.iter().any(|count| *count < 0.0) {
                // Too far: something would have run out on the way.
                self.state = before;
                shorter = 0.5 * step;
                continue;
            }
            shorter = f64::INFINITY;
            self.time = if step == until - self.time { until } else { self.time + step };
            self.all_rates()?;
        }
        Ok(())
    }

    /// Whether a channel could use up what it takes by happening a few times.
    fn critical(&self, channel: usize) -> bool {
        let takes = self.jumps.channels[channel].change.iter().filter(|(_, by)| *by < 0.0);
        let times = takes.map(|(state, by)| self.state[*state] / -by).fold(f64::INFINITY, f64::min);
        self.rates[channel] > 0.0 && times < FEW
    }

    /// The longest leap over which the counts that rates depend on change little.
    fn longest(&self, critical: &[bool], tolerance: f64) -> f64 {
        let states = self.state.len() - 1;
        let (mut drift, mut spread) = (vec![0.0; states], vec![0.0; states]);
        for (channel, of) in self.jumps.channels.iter().enumerate().filter(|c| !critical[c.0]) {
            for (state, by) in &of.change {
                drift[*state] += by * self.rates[channel];
                spread[*state] += by * by * self.rates[channel];
            }
        }
        (0..states)
            .map(|i| {
                let allowed = (tolerance * self.state[i] / ORDER).max(1.0);
                (allowed / drift[i].abs()).min(allowed * allowed / spread[i])
            })
            .fold(f64::INFINITY, f64::min)
    }
}

/// A draw from the Poisson distribution; from the normal one near it where counts are beyond what
/// whole numbers tell apart.
fn poisson(mean: f64, random: &mut impl Rng) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    match Poisson::new(mean) {
        Ok(distribution) => distribution.sample(random),
        Err(_) => mean.round(),
    }
}
