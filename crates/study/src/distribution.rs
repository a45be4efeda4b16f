//! Distributions as people write them: `lognormal(median=66, cv=20%)`.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use rand_distr::{Distribution as _, Poisson};

/// Mutations in a tumour above which every cell is one in all but name.
const MOST_MUTATIONS: f64 = 1e6;

/// A distribution over real numbers, in the unit of whatever is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always this value.
    Fixed(f64),
    /// Log-normal with this median; `sigma` is the standard deviation of the logarithm.
    LogNormal {
        /// Median.
        median: f64,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Uniform.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Uniform on the logarithm.
    LogUniform {
        /// Lower end, positive.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Exponential with this median.
    Exponential {
        /// Median.
        median: f64,
    },
    /// One of several values with given shares, which sum to one.
    Choice(Vec<(f64, f64)>),
    /// Share of mutants in a population grown from one cell (Luria and Delbrück 1943).
    Mutants {
        /// Mutations per division.
        rate: f64,
        /// Cells of the grown population.
        cells: f64,
    },
}

impl Distribution {
    /// Reads a distribution. A percent sign divides by a hundred. `lognormal` takes `cv` (on
    /// the natural scale) or `sigma` (of the logarithm); it and `exponential` have median 1 without
    /// `median`, which is how the tables write a spread between patients.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the text.
    pub fn parse(text: &str) -> Result<Distribution, String> {
        let text = text.trim();
        let (name, rest) = text
            .split_once('(')
            .ok_or_else(|| format!("`{text}` is not a distribution; {KNOWN}"))?;
        let inner =
            rest.strip_suffix(')').ok_or_else(|| format!("`{text}` lacks its closing bracket"))?;
        let mut arguments = Arguments::read(text, inner)?;
        let distribution = match name.trim() {
            "fixed" => Distribution::Fixed(arguments.only()?),
            "lognormal" => {
                let median = arguments.take("median").unwrap_or(1.0);
                let sigma = match (arguments.take("cv"), arguments.take("sigma")) {
                    (Some(cv), None) => (1.0 + cv * cv).ln().sqrt(),
                    (None, Some(sigma)) => sigma,
                    _ => return Err(format!("`{text}` needs either cv= or sigma=")),
                };
                positive(text, "median", median)?;
                Distribution::LogNormal { median, sigma: not_negative(text, sigma)? }
            }
            "normal" => Distribution::Normal {
                mean: arguments.take("mean").unwrap_or(0.0),
                sd: not_negative(text, arguments.need("sd")?)?,
            },
            "uniform" => {
                let (low, high) = (arguments.need("low")?, arguments.need("high")?);
                ordered(text, low, high)?;
                Distribution::Uniform { low, high }
            }
            "loguniform" => {
                let (low, high) = (arguments.need("low")?, arguments.need("high")?);
                positive(text, "low", low)?;
                ordered(text, low, high)?;
                Distribution::LogUniform { low, high }
            }
            "exponential" => {
                let median = arguments.take("median").unwrap_or(1.0);
                positive(text, "median", median)?;
                Distribution::Exponential { median }
            }
            "bernoulli" => {
                let p = arguments.need("p")?;
                if !(0.0..=1.0).contains(&p) {
                    return Err(format!("`{text}`: p must lie between 0 and 1"));
                }
                Distribution::Choice(vec![(1.0, p), (0.0, 1.0 - p)])
            }
            "choice" => Distribution::Choice(arguments.choices()?),
            "mutants" => {
                let (rate, cells) = (arguments.need("rate")?, arguments.need("cells")?);
                positive(text, "rate", rate)?;
                positive(text, "cells", cells)?;
                if rate >= 1.0 || cells < 1.0 || rate * cells > MOST_MUTATIONS {
                    return Err(format!(
                        "`{text}`: rate must lie below 1, cells above 1 and their product below 1e6"
                    ));
                }
                Distribution::Mutants { rate, cells }
            }
            other => return Err(format!("`{other}` is not a distribution; {KNOWN}")),
        };
        arguments.finish()?;
        Ok(distribution)
    }

    /// One value; with limits, of the distribution cut off there.
    pub fn draw(&self, limits: Option<[f64; 2]>, random: &mut impl Rng) -> f64 {
        match self {
            Distribution::Mutants { rate, cells } => {
                let value = mutants(*rate, *cells, random);
                limits.map_or(value, |[low, high]| value.clamp(low, high))
            }
            _ => self.quantile_within(random.random(), limits),
        }
    }

    /// Whether draws can be correlated with others: whether a quantile exists.
    pub fn has_quantiles(&self) -> bool {
        !matches!(self, Distribution::Mutants { .. })
    }

    /// The value below which a share `p` (0 to 1) of all draws lie, after what lies outside the
    /// limits has been cut off. Limits outside which all of the distribution lies give the nearer one.
    pub fn quantile_within(&self, p: f64, limits: Option<[f64; 2]>) -> f64 {
        let Some([low, high]) = limits else { return self.quantile(p) };
        let (below, up_to) = (self.below(low), self.up_to(high));
        let value =
            if up_to > below { self.quantile(below + p * (up_to - below)) } else { self.typical() };
        value.clamp(low, high)
    }

    /// The value below which a share `p` (0 to 1) of all draws lie.
    pub fn quantile(&self, p: f64) -> f64 {
        // Ends are left out, where the normal and the exponential are infinite.
        let p = p.clamp(f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0);
        match self {
            Distribution::Fixed(value) => *value,
            Distribution::LogNormal { median, sigma } => {
                median * (sigma * normal_quantile(p)).exp()
            }
            Distribution::Normal { mean, sd } => mean + sd * normal_quantile(p),
            Distribution::Uniform { low, high } => low + (high - low) * p,
            Distribution::LogUniform { low, high } => (low.ln() + (high.ln() - low.ln()) * p).exp(),
            Distribution::Exponential { median } => -median * (-p).ln_1p() / std::f64::consts::LN_2,
            Distribution::Choice(options) => {
                let mut left = p;
                for (value, share) in sorted(options) {
                    left -= share;
                    if left < 0.0 && share > 0.0 {
                        return value;
                    }
                }
                sorted(options).rev().find(|(_, share)| *share > 0.0).map_or(f64::NAN, |o| o.0)
            }
            Distribution::Mutants { rate, cells } => median_mutants(*rate, *cells),
        }
    }

    /// Share of draws below `x`.
    fn below(&self, x: f64) -> f64 {
        match self {
            Distribution::Choice(options) => {
                options.iter().filter(|o| o.0 < x).map(|o| o.1).sum::<f64>()
            }
            Distribution::Fixed(value) => f64::from(u8::from(*value < x)),
            _ => self.up_to(x),
        }
    }

    /// Share of draws at or below `x`.
    fn up_to(&self, x: f64) -> f64 {
        let ramp = |x: f64, low: f64, high: f64| ((x - low) / (high - low)).clamp(0.0, 1.0);
        match self {
            Distribution::Fixed(value) => f64::from(u8::from(*value <= x)),
            Distribution::LogNormal { median, sigma } if x > 0.0 => {
                normal_share((x / median).ln() / sigma)
            }
            Distribution::Normal { mean, sd } => normal_share((x - mean) / sd),
            Distribution::Uniform { low, high } => ramp(x, *low, *high),
            Distribution::LogUniform { low, high } if x > 0.0 => ramp(x.ln(), low.ln(), high.ln()),
            Distribution::Exponential { median } if x > 0.0 => {
                -(-x * std::f64::consts::LN_2 / median).exp_m1()
            }
            Distribution::LogNormal { .. }
            | Distribution::LogUniform { .. }
            | Distribution::Exponential { .. } => 0.0,
            Distribution::Choice(options) => {
                options.iter().filter(|o| o.0 <= x).map(|o| o.1).sum::<f64>()
            }
            Distribution::Mutants { .. } => 1.0,
        }
    }

    /// The middle: median, or the commonest choice. What a typical patient has.
    pub fn typical(&self) -> f64 {
        match self {
            Distribution::Fixed(value) => *value,
            Distribution::LogNormal { median, .. } | Distribution::Exponential { median } => {
                *median
            }
            Distribution::Normal { mean, .. } => *mean,
            Distribution::Uniform { low, high } => 0.5 * (low + high),
            Distribution::LogUniform { low, high } => (low * high).sqrt(),
            Distribution::Choice(options) => {
                options
                    .iter()
                    .fold((f64::NAN, -1.0), |best, o| if o.1 > best.1 { *o } else { best })
                    .0
            }
            Distribution::Mutants { rate, cells } => median_mutants(*rate, *cells),
        }
    }
}

/// The options in order of their values, so that a quantile grows with its share.
fn sorted(options: &[(f64, f64)]) -> impl DoubleEndedIterator<Item = (f64, f64)> {
    let mut sorted = options.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.into_iter()
}

/// Share of the standard normal distribution below `z`.
pub fn normal_share(z: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(-z / std::f64::consts::SQRT_2)
}

/// The inverse of [`normal_share`].
pub fn normal_quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p)
}

/// Share of mutants among `cells` grown from one: each of a Poisson number of mutations founds a
/// clone, which by then has more than k cells with chance 1/k (Lea and Coulson 1949).
fn mutants(rate: f64, cells: f64, random: &mut impl Rng) -> f64 {
    let Ok(mutations) = Poisson::new(rate * cells) else { return 0.0 };
    let count = mutations.sample(random) as u64;
    let all: f64 =
        (0..count).map(|_| (1.0 / (1.0 - random.random::<f64>())).floor().min(cells)).sum();
    (all / cells).min(1.0)
}

/// Median of [`mutants`] by Lea and Coulson's rule: r/m - ln m = 1.24.
fn median_mutants(rate: f64, cells: f64) -> f64 {
    let m = rate * cells;
    ((m * (m.ln() + 1.24)).max(0.0) / cells).min(1.0)
}

const KNOWN: &str = "known are fixed(x), lognormal(median=, cv=), normal(mean=, sd=), \
                     uniform(low=, high=), loguniform(low=, high=), exponential(median=), \
                     choice(value:share, …) and \
                     bernoulli(p=)";

struct Arguments<'a> {
    text: &'a str,
    named: BTreeMap<&'a str, f64>,
    plain: Vec<f64>,
    weighted: Vec<(f64, f64)>,
}

impl<'a> Arguments<'a> {
    fn read(text: &'a str, inner: &'a str) -> Result<Self, String> {
        let mut all = Arguments { text, named: BTreeMap::new(), plain: vec![], weighted: vec![] };
        for part in inner.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            if let Some((name, value)) = part.split_once('=') {
                if all.named.insert(name.trim(), number(text, value)?).is_some() {
                    return Err(format!("`{text}` gives {} twice", name.trim()));
                }
            } else if let Some((value, share)) = part.split_once(':') {
                all.weighted.push((number(text, value)?, number(text, share)?));
            } else {
                all.plain.push(number(text, part)?);
            }
        }
        Ok(all)
    }

    fn take(&mut self, name: &str) -> Option<f64> {
        self.named.remove(name)
    }

    fn need(&mut self, name: &str) -> Result<f64, String> {
        self.take(name).ok_or_else(|| format!("`{}` needs {name}=", self.text))
    }

    fn only(&mut self) -> Result<f64, String> {
        match self.plain.pop() {
            Some(value) if self.plain.is_empty() => Ok(value),
            _ => Err(format!("`{}` takes one number", self.text)),
        }
    }

    fn choices(&mut self) -> Result<Vec<(f64, f64)>, String> {
        let options = std::mem::take(&mut self.weighted);
        let total: f64 = options.iter().map(|o| o.1).sum();
        if options.is_empty() || options.iter().any(|o| o.1 < 0.0) || (total - 1.0).abs() > 1e-9 {
            return Err(format!(
                "`{}`: the shares must be positive and sum to 1; they sum to {total}",
                self.text
            ));
        }
        Ok(options)
    }

    fn finish(self) -> Result<(), String> {
        if let Some(name) = self.named.keys().next() {
            return Err(format!("`{}` does not take {name}=", self.text));
        }
        if !self.plain.is_empty() || !self.weighted.is_empty() {
            return Err(format!("`{}` has an argument too many", self.text));
        }
        Ok(())
    }
}

fn number(text: &str, part: &str) -> Result<f64, String> {
    let part = part.trim();
    let (digits, scale) = part.strip_suffix('%').map_or((part, 1.0), |p| (p.trim(), 0.01));
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value * scale),
        _ => Err(format!("`{part}` in `{text}` is not a number")),
    }
}

fn positive(text: &str, name: &str, value: f64) -> Result<(), String> {
    if value > 0.0 { Ok(()) } else { Err(format!("`{text}`: {name} must be positive")) }
}

fn not_negative(text: &str, value: f64) -> Result<f64, String> {
    if value >= 0.0 { Ok(value) } else { Err(format!("`{text}`: a spread cannot be negative")) }
}

fn ordered(text: &str, low: f64, high: f64) -> Result<(), String> {
    if low < high { Ok(()) } else { Err(format!("`{text}`: low must lie below high")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    #[test]
    fn reads_each_kind() {
        let d = Distribution::parse("lognormal(median=66, cv=20%)").unwrap();
        let Distribution::LogNormal { median, sigma } = d else { panic!("{d:?}") };
        assert_eq!(median, 66.0);
        assert!((sigma * sigma - (1.04f64).ln()).abs() < 1e-15);
        assert_eq!(Distribution::parse("choice(0:0.46, 1:0.42, 2:0.12)").unwrap().typical(), 0.0);
        assert_eq!(Distribution::parse("loguniform(low=1e-6, high=1e-2)").unwrap().typical(), 1e-4);
    }

    #[test]
    fn an_exponential_is_memoryless_about_its_median() {
        let d = Distribution::parse("exponential(median=2)").unwrap();
        assert_eq!(d.typical(), 2.0);
        let values: Vec<f64> = (0..4000)
            .map(|i| d.draw(None, &mut stream(1, &["exponential", &i.to_string()])))
            .collect();
        // Half of the draws lie above the median, and half of those above twice the median.
        let above = |x: f64| values.iter().filter(|v| **v > x).count() as f64 / 4000.0;
        for (x, share) in [(2.0, 0.5), (4.0, 0.25), (6.0, 0.125)] {
            let error = (share * (1.0 - share) / 4000.0f64).sqrt();
            assert!((above(x) - share).abs() < 4.0 * error, "{} above {x}", above(x));
        }
    }

    #[test]
    fn quantiles_and_limits() {
        for text in [
            "lognormal(median=3, cv=50%)",
            "normal(mean=1, sd=2)",
            "uniform(low=-1, high=4)",
            "loguniform(low=0.1, high=40)",
            "exponential(median=2)",
        ] {
            let d = Distribution::parse(text).unwrap();
            for p in [0.01, 0.3, 0.5, 0.97] {
                assert!((d.up_to(d.quantile(p)) - p).abs() < 1e-10, "{text} at {p}");
                // Cut off, the share below a value is what was below it within the limits.
                let value = d.quantile_within(p, Some([0.5, 3.5]));
                assert!((0.5..=3.5).contains(&value), "{text}: {value}");
                let share = (d.up_to(value) - d.up_to(0.5)) / (d.up_to(3.5) - d.up_to(0.5));
                assert!((share - p).abs() < 1e-9, "{text} at {p}: {share}");
            }
        }
        let choice = Distribution::parse("choice(2:0.2, 0:0.5, 1:0.3)").unwrap();
        assert_eq!([0.4, 0.6, 0.9].map(|p| choice.quantile(p)), [0.0, 1.0, 2.0]);
        assert_eq!(choice.quantile_within(0.01, Some([1.0, 2.0])), 1.0);
        // The normal quantile, against tables.
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
    }

    #[test]
    fn mutants_are_as_luria_and_delbrueck_found() {
        // No mutant at all has chance exp(-m), and the median follows Lea and Coulson.
        let draw = |d: &Distribution, n: usize| -> Vec<f64> {
            let one = |i: usize| d.draw(None, &mut stream(1, &["mutants", &i.to_string()]));
            let mut all: Vec<f64> = (0..n).map(one).collect();
            all.sort_by(f64::total_cmp);
            all
        };
        let few = Distribution::parse("mutants(rate=1e-6, cells=1e6)").unwrap();
        let none = draw(&few, 4000).iter().filter(|v| **v == 0.0).count() as f64 / 4000.0;
        let expected = (-1.0f64).exp();
        let error = (expected * (1.0 - expected) / 4000.0).sqrt();
        assert!((none - expected).abs() < 4.0 * error, "{none}");
        let many = Distribution::parse("mutants(rate=2e-8, cells=1e9)").unwrap();
        // Lea and Coulson's recursion puts the median of 20 mutations at 86.
        let median = draw(&many, 10_001)[5000] * 1e9;
        assert!((median / 86.0 - 1.0).abs() < 0.03, "{median}");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, part) in [
            ("gamma(1)", "known are"),
            ("choice(0:0.4, 1:0.4)", "sum to 0.8"),
            ("lognormal(median=-1, cv=1)", "positive"),
            ("normal(mean=1)", "needs sd="),
            ("exponential(median=0)", "positive"),
            ("uniform(low=2, high=1)", "below high"),
            ("normal(mean=1, sd=1, cv=2)", "does not take cv="),
        ] {
            let error = Distribution::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn draws_have_the_stated_median_and_spread() {
        let d = Distribution::parse("lognormal(median=3, cv=50%)").unwrap();
        let mut values: Vec<f64> =
            (0..4001).map(|i| d.draw(None, &mut stream(1, &["test", &i.to_string()]))).collect();
        values.sort_by(f64::total_cmp);
        let median = values[2000];
        assert!((median / 3.0).ln().abs() < 3.0 * 1.2533 * 0.4724 / (4001f64).sqrt(), "{median}");
        let mean = values.iter().sum::<f64>() / 4001.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4000.0;
        assert!((variance.sqrt() / mean - 0.5).abs() < 0.06);
    }
}
