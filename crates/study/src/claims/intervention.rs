//! What can be done to cells and hosts: `model/interventions.toml`, and one intervention as text.
//!
//! ```text
//! knock out X          lower X by 90 %     raise X 3x
//! inhibit X by 80 %    activate X 3x
//! add X 10 ng/mL       remove X
//! set SYMBOL 0.3 unit  clamp SYMBOL        clamp SYMBOL 0.4
//! DRUG 10 ug/mL        DRUG 8 then 6 mg/kg q3w        stop DRUG
//! ```
//!
//! `in NAME` at the end restricts an intervention in cells to one subclone.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, Span};
use hersim_units::Unit;
use serde::Deserialize;

use super::formula::Step;
use crate::{document::Spanned, library::Scope, quantity, written::Written};

/// All targets by name: `model/interventions.toml`.
pub type Interventions = BTreeMap<String, Target>;

/// Something that can be acted on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is, in words.
    pub meaning: String,
    /// Identity (URIs).
    #[serde(default)]
    pub is: Vec<String>,
    /// Whose it is.
    pub scope: Scope,
    /// Factor on how much there is; 1 as it is.
    pub amount: Option<Spanned<Path>>,
    /// Factor on how active it is; 1 uninhibited.
    pub activity: Option<Spanned<Path>>,
    /// How much of it is added from outside.
    pub supply: Option<Spanned<Path>>,
    /// Mass of one mole, so that a supply may be given by mass.
    pub molar_mass: Option<MolarMass>,
    /// Where its numbers come from.
    #[serde(default)]
    pub source: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// Mass of one mole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MolarMass {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Spanned<String>,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
}

/// Path of a parameter: the same in every system, or one for each.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Path {
    /// The same in every system.
    Everywhere(String),
    /// By system.
    BySystem(BTreeMap<String, String>),
}

impl Path {
    /// The path in a system.
    pub fn in_system(&self, system: &str) -> Option<&str> {
        match self {
            Path::Everywhere(path) => Some(path),
            Path::BySystem(paths) => paths.get(system).map(String::as_str),
        }
    }
}

/// A word of a text and its place.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Its place.
    pub place: Span,
}

/// One intervention as written.
#[derive(Clone, Debug)]
pub struct Intervention {
    /// What is done.
    pub deed: Deed,
    /// The only subclone it is done to.
    pub only: Option<Word>,
    /// The text.
    pub written: Written,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Deed {
    /// There is this many times as much of a target.
    Amount(Word, f64),
    /// A target is this many times as active.
    Activity(Word, f64),
    /// A target is supplied from outside; the number in the unit.
    Add(Word, Number),
    /// A target is no longer supplied.
    Remove(Word),
    /// A parameter gets a value.
    Set(Word, Number),
    /// A symbol is held where it is, or at a value.
    Clamp(Word, Option<Number>),
    /// A drug, with what follows its name.
    Drug(Word),
    /// A drug is no longer given.
    Stop(Word),
}

/// A number with its unit, dimensionless when none was written.
#[derive(Clone, Debug)]
pub struct Number {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// Its place.
    pub place: Span,
}

impl Intervention {
    /// Reads one intervention.
    ///
    /// # Errors
    /// `intervention`, pointing at the first mistake.
    pub fn parse(written: &Written) -> Step<Intervention> {
        let words: Vec<Word> = (written.words().into_iter())
            .map(|(from, text)| Word {
                text: text.to_string(),
                place: written.place(from, from + text.len()),
            })
            .collect();
        let (words, only) = match words.as_slice() {
            [rest @ .., word, name] if word.text == "in" && !rest.is_empty() => {
                (rest, Some(name.clone()))
            }
            all => (all, None),
        };
        let mut parser = Parser { written, words, at: 0 };
        let deed = parser.deed()?;
        Ok(Intervention { deed, only, written: written.clone() })
    }
}

struct Parser<'a> {
    written: &'a Written,
    words: &'a [Word],
    at: usize,
}

const EXAMPLE: &str = "write for example `knock out X`, `lower X by 90 %`, `raise X 3x`, \
                       `inhibit X by 80 %`, `add X 10 ng/mL`, `set SYMBOL 0.3 unit`, \
                       `clamp SYMBOL`, `DRUG 10 ug/mL`";

impl Parser<'_> {
    fn next(&mut self) -> Option<&Word> {
        self.at += 1;
        self.words.get(self.at - 1)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Step<T> {
        let last = self.words.len().saturating_sub(1);
        let at = self.at.saturating_sub(1).min(last);
        let place = self.words.get(at).map_or(self.written.whole(), |w| w.place);
        let error = Diagnostic::error("intervention", message).at(place, "");
        Err(Box::new(error.mend(EXAMPLE)))
    }

    fn word(&mut self, what: &str) -> Step<Word> {
        match self.next().cloned() {
            Some(word) => Ok(word),
            None => self.fail(format!("{what} is missing")),
        }
    }

    fn end<T>(&mut self, value: T) -> Step<T> {
        match self.next().cloned() {
            Some(word) => self.fail(format!("`{}` is one word too many", word.text)),
            None => Ok(value),
        }
    }

    fn deed(&mut self) -> Step<Deed> {
        let verb = self.word("an intervention")?;
        let deed = match verb.text.as_str() {
            "knock" => {
                if self.word("`out`")?.text != "out" {
                    return self.fail("`knock` goes on with `out`");
                }
                Deed::Amount(self.word("what to knock out")?, 0.0)
            }
            "lower" => Deed::Amount(self.word("what to lower")?, self.factor(false)?),
            "raise" => Deed::Amount(self.word("what to raise")?, self.factor(true)?),
            "inhibit" => Deed::Activity(self.word("what to inhibit")?, self.factor(false)?),
            "activate" => Deed::Activity(self.word("what to activate")?, self.factor(true)?),
            "add" => Deed::Add(self.word("what to add")?, self.number()?),
            "remove" => Deed::Remove(self.word("what to remove")?),
            "set" => Deed::Set(self.word("a symbol")?, self.number()?),
            "clamp" => {
                let symbol = self.word("a symbol")?;
                let value = if self.at < self.words.len() { Some(self.number()?) } else { None };
                Deed::Clamp(symbol, value)
            }
            "stop" => Deed::Stop(self.word("a drug")?),
            _ => {
                if self.words.len() < 2 {
                    return self.fail(format!("`{}` is not an intervention", verb.text));
                }
                return Ok(Deed::Drug(verb));
            }
        };
        self.end(deed)
    }

    /// `by 90 %` or `3x`, as a factor on what is lowered or raised.
    fn factor(&mut self, up: bool) -> Step<f64> {
        let mut word = self.word("by how much")?;
        if word.text == "by" {
            word = self.word("by how much")?;
            let number = match word.text.strip_suffix('%') {
                Some(number) => number.to_string(),
                None if self.words.get(self.at).is_some_and(|w| w.text == "%") => {
                    self.at += 1;
                    word.text.clone()
                }
                None => return self.fail("a percentage is needed after `by`"),
            };
            return match number.parse::<f64>() {
                Ok(percent) if up && percent >= 0.0 => Ok(1.0 + percent / 100.0),
                Ok(percent) if !up && (0.0..=100.0).contains(&percent) => Ok(1.0 - percent / 100.0),
                _ => self.fail(format!("`{number}` is not a percentage that makes sense here")),
            };
        }
        let number = word.text.strip_suffix('x').unwrap_or("");
        match number.parse::<f64>() {
            Ok(times) if times > 0.0 && times.is_finite() => {
                Ok(if up { times } else { 1.0 / times })
            }
            _ => self.fail(format!("`{}` is neither `by N %` nor `Nx`", word.text)),
        }
    }

    fn number(&mut self) -> Step<Number> {
        let word = self.word("a number")?;
        let Ok(value) = word.text.parse::<f64>() else {
            return self.fail(format!("`{}` is not a number", word.text));
        };
        if !value.is_finite() {
            return self.fail(format!("`{}` is not a finite number", word.text));
        }
        let Some(unit) = self.words.get(self.at).cloned() else {
            return Ok(Number { value, unit: Unit::dimensionless(), place: word.place });
        };
        self.at += 1;
        match quantity::parse_unit(&unit.text) {
            Ok(parsed) => Ok(Number { value, unit: parsed, place: word.place.to(unit.place) }),
            Err(message) => self.fail(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hersim_network::Sources;

    fn parse(text: &str) -> Result<Intervention, String> {
        let mut sources = Sources::default();
        let written = Written::argument("do", text, &mut sources);
        Intervention::parse(&written).map_err(|d| d.render(&sources, false))
    }

    #[test]
    fn reads_every_kind() {
        let factor = |text: &str| match parse(text).unwrap().deed {
            Deed::Amount(_, factor) | Deed::Activity(_, factor) => factor,
            other => panic!("{other:?}"),
        };
        assert_eq!(factor("knock out A:b"), 0.0);
        assert!((factor("lower A by 90 %") - 0.1).abs() < 1e-12);
        assert!((factor("inhibit A by 80%") - 0.2).abs() < 1e-12);
        assert_eq!(factor("raise A 3x"), 3.0);
        assert_eq!(factor("raise A by 50 %"), 1.5);
        assert_eq!(factor("lower A 4x"), 0.25);
        assert_eq!(factor("activate A 3x"), 3.0);
        let added = parse("add A 10 ng/mL").unwrap().deed;
        assert!(matches!(added, Deed::Add(_, Number { value: 10.0, .. })));
        assert!(matches!(parse("remove A").unwrap().deed, Deed::Remove(_)));
        assert!(matches!(parse("clamp a.b").unwrap().deed, Deed::Clamp(_, None)));
        assert!(matches!(parse("clamp a.b 0.4").unwrap().deed, Deed::Clamp(_, Some(_))));
        assert!(matches!(parse("drug 8 then 6 mg/kg q3w").unwrap().deed, Deed::Drug(_)));
        assert!(matches!(parse("stop drug").unwrap().deed, Deed::Stop(_)));
        let only = parse("set a.b 3 nM in minor").unwrap();
        assert_eq!(only.only.unwrap().text, "minor");
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for text in [
            "",
            "knock A",
            "lower A",
            "lower A by 90",
            "lower A by 120 %",
            "raise A 0x",
            "raise A x",
            "add A",
            "add A much",
            "add A 10 parsec",
            "set A 1 nM now",
            "drug",
            "remove A B",
            "clamp",
            "clamp A inf",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        insta::assert_snapshot!(parse("lower A by lots").unwrap_err());
    }
}
