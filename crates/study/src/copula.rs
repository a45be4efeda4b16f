//! Draws that hang together: a Gaussian copula.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, FileId, Span};

use crate::{distribution::normal_share, library::Correlation};

/// Names of draws and the lower triangular factor of their normal scores' correlations.
#[derive(Clone, Debug, Default)]
pub struct Copula {
    names: Vec<String>,
    factor: Vec<Vec<f64>>,
}

impl Copula {
    /// Reads correlations of draws, of which `known` says whether they exist and have quantiles.
    ///
    /// # Errors
    /// `correlation`: names that are not drawn, coefficients outside -1 to 1, pairs given twice,
    /// and coefficients that cannot all hold at once.
    pub fn new(
        correlations: &[Correlation],
        file: FileId,
        known: impl Fn(&str) -> bool,
    ) -> Result<Copula, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut refuse = |place: Span, message: String, mend: &str| {
            errors.push(Diagnostic::error("correlation", message).at(place, "").mend(mend));
        };
        let mut names: Vec<String> = Vec::new();
        let mut pairs: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for correlation in correlations {
            let place = Span::new(file, correlation.rho.span());
            let rho = *correlation.rho.get_ref();
            if !(rho > -1.0 && rho < 1.0) {
                refuse(
                    place,
                    format!("a correlation lies between -1 and 1; this is {rho}"),
                    "mend it",
                );
            }
            let mut indices = Vec::new();
            for name in &correlation.between {
                let word = name.get_ref();
                if !known(word) {
                    refuse(
                        Span::new(file, name.span()),
                        format!("`{word}` is not drawn in a way that can be correlated"),
                        "name a draw of the cohort by its attribute or symbol",
                    );
                }
                indices.push(names.iter().position(|n| n == word).unwrap_or_else(|| {
                    names.push(word.clone());
                    names.len() - 1
                }));
            }
            let pair = (indices[0].max(indices[1]), indices[0].min(indices[1]));
            if pair.0 == pair.1 || pairs.insert(pair, rho).is_some() {
                refuse(place, "this pair is already correlated".to_string(), "say it once");
            }
        }
        let size = names.len();
        let entry = |i: usize, j: usize| match i.cmp(&j) {
            std::cmp::Ordering::Equal => 1.0,
            _ => pairs.get(&(i.max(j), i.min(j))).copied().unwrap_or(0.0),
        };
        let mut factor = vec![vec![0.0; size]; size];
        for i in 0..size {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
                let rest = entry(i, j) - sum;
                factor[i][j] = if i == j { rest.max(0.0).sqrt() } else { rest / factor[j][j] };
                if i == j && rest <= 1e-12 && errors.is_empty() {
                    let place = correlations.last().map(|c| Span::new(file, c.rho.span()));
                    let message =
                        format!("the correlations of `{}` contradict the others", names[i]);
                    let error = Diagnostic::error("correlation", message)
                        .mend("make them smaller: all of them together must be possible");
                    errors.push(match place {
                        Some(place) => error.at(place, ""),
                        None => error,
                    });
                }
            }
        }
        if errors.is_empty() { Ok(Copula { names, factor }) } else { Err(errors) }
    }

    /// A share (0 to 1) for each draw that hangs together with others, made from independent normal
    /// scores.
    pub fn draw(&self, mut score: impl FnMut(&str) -> f64) -> BTreeMap<String, f64> {
        let scores: Vec<f64> = self.names.iter().map(|name| score(name)).collect();
        let share =
            |row: &Vec<f64>| normal_share(row.iter().zip(&scores).map(|(f, z)| f * z).sum());
        self.names.iter().cloned().zip(self.factor.iter().map(share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use hersim_network::Sources;
    use rand::RngExt;

    use super::*;
    use crate::{distribution::normal_quantile, library::Cohort, random::stream};

    fn copula(text: &str) -> Result<Copula, Vec<String>> {
        let text = format!("id=\"x\"\ntitle=\"x\"\nsystem=\"x\"\nsubclone=[]\n{text}");
        let mut sources = Sources::default();
        let cohort: crate::document::Document<Cohort> =
            crate::document::parse("cohort", text, &mut sources).unwrap();
        Copula::new(&cohort.value.correlation, cohort.file, |name| name != "nobody")
            .map_err(|errors| errors.into_iter().map(|e| e.message).collect())
    }

    fn pair(a: &str, b: &str, rho: f64) -> String {
        format!(
            "[[correlation]]\nbetween=[\"{a}\", \"{b}\"]\nrho={rho}\nsource=\"\"\nstatus=\"assumed\"\n"
        )
    }

    #[test]
    fn scores_have_the_correlation_asked_for() {
        let copula = copula(&(pair("a", "b", 0.6) + &pair("b", "c", -0.4))).unwrap();
        let n = 4000;
        let scores: Vec<BTreeMap<String, f64>> = (0..n)
            .map(|i| {
                let uniform = |name: &str| stream(1, &[name, &i.to_string()]).random();
                let mut all = copula.draw(|name| normal_quantile(uniform(name)));
                all.values_mut().for_each(|p| *p = normal_quantile(*p));
                all
            })
            .collect();
        let mean = |f: &dyn Fn(&BTreeMap<String, f64>) -> f64| {
            scores.iter().map(f).sum::<f64>() / n as f64
        };
        for (x, y, rho) in [("a", "b", 0.6), ("b", "c", -0.4), ("a", "c", 0.0), ("a", "a", 1.0)] {
            let found = mean(&|s| s[x] * s[y]);
            assert!((found - rho).abs() < 4.0 * (2.0 / n as f64).sqrt(), "{x} {y}: {found}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = |text: &str| copula(text).unwrap_err().join("; ");
        assert!(wrong(&pair("a", "nobody", 0.2)).contains("`nobody`"));
        assert!(wrong(&pair("a", "b", 1.2)).contains("between -1 and 1"));
        assert!(wrong(&(pair("a", "b", 0.2) + &pair("b", "a", 0.3))).contains("already"));
        let impossible = pair("a", "b", 0.9) + &pair("b", "c", 0.9) + &pair("a", "c", -0.9);
        assert!(wrong(&impossible).contains("contradict"));
    }
}
