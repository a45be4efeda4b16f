//! Distributions as people write them: `lognormal(median=66, cv=20%)`.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use rand_distr::{Distribution as _, Exp1, StandardNormal};

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
            other => return Err(format!("`{other}` is not a distribution; {KNOWN}")),
        };
        arguments.finish()?;
        Ok(distribution)
    }

    /// One value.
    pub fn draw(&self, random: &mut impl Rng) -> f64 {
        match self {
            Distribution::Fixed(value) => *value,
            Distribution::LogNormal { median, sigma } => {
                let z: f64 = StandardNormal.sample(random);
                median * (sigma * z).exp()
            }
            Distribution::Normal { mean, sd } => {
                let z: f64 = StandardNormal.sample(random);
                mean + sd * z
            }
            Distribution::Uniform { low, high } => low + (high - low) * random.random::<f64>(),
            Distribution::LogUniform { low, high } => {
                (low.ln() + (high.ln() - low.ln()) * random.random::<f64>()).exp()
            }
            Distribution::Exponential { median } => {
                let draw: f64 = Exp1.sample(random);
                median * draw / std::f64::consts::LN_2
            }
            Distribution::Choice(options) => {
                let mut left: f64 = random.random();
                for (value, share) in options {
                    left -= share;
                    if left < 0.0 {
                        return *value;
                    }
                }
                options.iter().rev().find(|(_, share)| *share > 0.0).map_or(f64::NAN, |o| o.0)
            }
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
        }
    }
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
        let values: Vec<f64> =
            (0..4000).map(|i| d.draw(&mut stream(1, &["exponential", &i.to_string()]))).collect();
        // Half of the draws lie above the median, and half of those above twice the median.
        let above = |x: f64| values.iter().filter(|v| **v > x).count() as f64 / 4000.0;
        for (x, share) in [(2.0, 0.5), (4.0, 0.25), (6.0, 0.125)] {
            let error = (share * (1.0 - share) / 4000.0f64).sqrt();
            assert!((above(x) - share).abs() < 4.0 * error, "{} above {x}", above(x));
        }
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
            (0..4001).map(|i| d.draw(&mut stream(1, &["test", &i.to_string()]))).collect();
        values.sort_by(f64::total_cmp);
        let median = values[2000];
        assert!((median / 3.0).ln().abs() < 3.0 * 1.2533 * 0.4724 / (4001f64).sqrt(), "{median}");
        let mean = values.iter().sum::<f64>() / 4001.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4000.0;
        assert!((variance.sqrt() / mean - 0.5).abs() < 0.06);
    }
}
