//! Conditions on patients as people write them: `ihc = 3+ or fish = +`, `muc4 > median`.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, nearest};

use crate::written::Written;

/// What is known of a patient under a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A number, in the unit in which it is drawn or shown.
    Number(f64),
    /// A word.
    Word(String),
}

/// Who someone is and what was drawn for them, as conditions may ask.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Stratum of randomisation.
    pub stratum: &'a str,
    /// Cohort group.
    pub group: &'a str,
    /// Tags of the group.
    pub tags: &'a BTreeMap<String, String>,
    /// What was drawn, by the draws' names.
    pub traits: &'a BTreeMap<String, f64>,
}

impl Person<'_> {
    /// What is known under a name: `stratum`, `group`, a tag, or a draw.
    pub fn fact(&self, name: &str) -> Option<Fact> {
        let word = |word: &str| Fact::Word(word.to_string());
        match name {
            "stratum" => Some(word(self.stratum)),
            "group" => Some(word(self.group)),
            _ => (self.tags.get(name).map(|text| word(text)))
                .or_else(|| self.traits.get(name).map(|v| Fact::Number(*v))),
        }
    }
}

/// A condition: at least one of its tests must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    tests: Vec<Test>,
}

#[derive(Clone, Debug, PartialEq)]
struct Test {
    name: String,
    comparison: Comparison,
    bound: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Clone, Debug, PartialEq)]
enum Bound {
    Number(f64),
    Word(String),
    Median,
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("!=", Comparison::NotEqual),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Condition {
    /// Reads tests joined with `or`. `known` lists the names that may be asked about.
    ///
    /// # Errors
    /// `condition`: text that is no comparison; `unknown-name`: a name that is not known.
    pub fn parse(written: &Written, known: &[String]) -> Result<Condition, Vec<Diagnostic>> {
        let mut tests = Vec::new();
        let mut errors = Vec::new();
        let mut from = 0;
        for part in written.text.split(" or ") {
            let place = written.place(from, from + part.len());
            from += part.len() + " or ".len();
            let found = SIGNS.iter().find_map(|(sign, comparison)| {
                let (name, bound) = part.split_once(sign)?;
                Some((name.trim(), *comparison, bound.trim()))
            });
            let Some((name, comparison, bound)) =
                found.filter(|f| !f.0.is_empty() && !f.2.is_empty())
            else {
                errors.push(
                    Diagnostic::error("condition", format!("`{}` is no comparison", part.trim()))
                        .at(place, "")
                        .mend("write for example `ihc = 3+ or fish = +`, `age < 50`, `score > median`"),
                );
                continue;
            };
            if !known.iter().any(|k| k == name) {
                let near = nearest(name, known.iter().map(String::as_str));
                errors.push(
                    Diagnostic::error(
                        "unknown-name",
                        format!("nothing is known of `{name}` of a patient"),
                    )
                    .at(place, "")
                    .mend(match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known: {}", known.join(", ")),
                    }),
                );
            }
            let bound = match (bound, bound.parse::<f64>()) {
                ("median", _) => Bound::Median,
                (_, Ok(number)) if number.is_finite() => Bound::Number(number),
                _ => Bound::Word(bound.to_string()),
            };
            tests.push(Test { name: name.to_string(), comparison, bound });
        }
        if errors.is_empty() { Ok(Condition { tests }) } else { Err(errors) }
    }

    /// Whether it holds for a patient of whom `fact` tells; `median` gives the median of a number
    /// over the patients that are compared. What is not known of a patient holds for no test.
    pub fn holds(
        &self,
        fact: &dyn Fn(&str) -> Option<Fact>,
        median: &dyn Fn(&str) -> Option<f64>,
    ) -> bool {
        self.tests.iter().any(|test| {
            let Some(fact) = fact(&test.name) else { return false };
            let bound = match &test.bound {
                Bound::Median => median(&test.name).map(Fact::Number),
                Bound::Number(number) => Some(Fact::Number(*number)),
                Bound::Word(word) => Some(Fact::Word(word.clone())),
            };
            match (fact, bound) {
                (Fact::Number(fact), Some(Fact::Number(bound))) => match test.comparison {
                    Comparison::Equal => fact == bound,
                    Comparison::NotEqual => fact != bound,
                    Comparison::Less => fact < bound,
                    Comparison::AtMost => fact <= bound,
                    Comparison::Greater => fact > bound,
                    Comparison::AtLeast => fact >= bound,
                },
                (fact, Some(bound)) => {
                    let same = word(&fact) == word(&bound);
                    match test.comparison {
                        Comparison::Equal => same,
                        Comparison::NotEqual => !same,
                        _ => false,
                    }
                }
                (_, None) => false,
            }
        })
    }

    /// Names whose median it asks for.
    pub fn medians(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().filter(|t| t.bound == Bound::Median).map(|t| t.name.as_str())
    }
}

fn word(fact: &Fact) -> String {
    match fact {
        Fact::Number(number) => number.to_string(),
        Fact::Word(word) => word.clone(),
    }
}

#[cfg(test)]
mod tests {
    use hersim_network::Sources;

    use super::*;

    fn parse(text: &str) -> Result<Condition, Vec<Diagnostic>> {
        let mut sources = Sources::default();
        let known = ["ihc", "fish", "copies", "x:y"].map(str::to_string);
        Condition::parse(&Written::argument("condition", text, &mut sources), &known)
    }

    fn holds(text: &str) -> bool {
        let fact = |name: &str| match name {
            "ihc" => Some(Fact::Word("3+".into())),
            "fish" => Some(Fact::Word("-".into())),
            "copies" => Some(Fact::Number(2e5)),
            _ => None,
        };
        parse(text).unwrap().holds(&fact, &|_| Some(1e5))
    }

    #[test]
    fn compares_numbers_and_words() {
        for yes in ["ihc=3+", "ihc != 2+", "copies >= 2e5", "fish=+ or ihc=3+", "copies > median"] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["ihc=2+", "copies < 2e5", "copies <= median", "x:y = 1", "ihc < 3"] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |text: &str| parse(text).unwrap_err()[0].message.clone();
        assert!(message("ihc").contains("no comparison"));
        assert!(message("= 3").contains("no comparison"));
        assert!(message("ich = 3+").contains("`ich`"));
    }
}
