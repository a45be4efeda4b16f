//! Regimens as clinicians write them.
//!
//! `drug 75 mg/m2 q3w x6 + antibody 8 then 6 mg/kg q3w until progression`
//!
//! An order is: drug, optional route (`iv`, `sc`, `oral`), dose (`8 then 6 mg/kg`: the first,
//! then the others), how often (`qw`, `q3w`, `q21d`, `daily`, `bid`, `once`), and in any order
//! `x6` (how many doses), `over 90 min` (infusion), `from 3 week` (first dose), `for 1 year` or
//! `until progression`. Days within a cycle come before or after its length (`bid d1-14 q3w`,
//! `d1,8 q3w`); then `x6` counts cycles. Orders are joined with `+`.

use hersim_network::{Diagnostic, Span};
use hersim_units::Unit;

use crate::{quantity, written::Written};

/// How a drug is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteKind {
    /// Into a vein.
    Intravenous,
    /// Under the skin.
    Subcutaneous,
    /// By mouth.
    Oral,
}

/// One drug of a regimen.
#[derive(Clone, Debug)]
pub struct Order {
    /// Identifier of the drug.
    pub drug: String,
    /// Where the drug is named.
    pub drug_span: Span,
    /// How it is given.
    pub route: RouteKind,
    /// First dose, in `unit`.
    pub first: f64,
    /// Every other dose, in `unit`.
    pub then: f64,
    /// Unit of the dose: an amount, or an amount per kg or m².
    pub unit: Unit,
    /// Where the dose is written.
    pub dose_span: Span,
    /// Days between cycles, which are single doses unless `offsets` says more; infinite when there
    /// is one dose.
    pub every_day: f64,
    /// Days from the beginning of a cycle to each of its doses, ascending.
    pub offsets: Vec<f64>,
    /// Days between doses on the days of a cycle on which doses are given.
    pub spacing_day: f64,
    /// How many cycles; `None` for no limit.
    pub times: Option<u32>,
    /// Length of the infusion in days, when the regimen says so.
    pub infusion_day: Option<f64>,
    /// Day of the first dose.
    pub start_day: f64,
    /// Last day on which a dose may be given.
    pub end_day: f64,
}

/// Several drugs given together.
#[derive(Clone, Debug, Default)]
pub struct Regimen {
    /// The drugs.
    pub orders: Vec<Order>,
    /// As it was written.
    pub text: String,
}

impl Order {
    /// Days and doses (in `unit`) up to and including `horizon_day`.
    pub fn doses(&self, horizon_day: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let last = self.end_day.min(horizon_day);
        let dose = move |cycle: u32, place: usize| {
            let begin = if cycle == 0 { 0.0 } else { f64::from(cycle) * self.every_day };
            let first = cycle == 0 && place == 0;
            (
                self.start_day + begin + self.offsets[place],
                if first { self.first } else { self.then },
            )
        };
        (0u32..)
            .take_while(move |i| self.times.is_none_or(|n| *i < n))
            .flat_map(move |i| (0..self.offsets.len()).map(move |place| dose(i, place)))
            .take_while(move |(day, _)| *day <= last)
    }
}

impl Regimen {
    /// No treatment.
    pub fn none() -> Regimen {
        Regimen::default()
    }

    /// Reads a regimen.
    ///
    /// # Errors
    /// Everything that is wrong with the text, each with its place: `regimen-dose`,
    /// `regimen-schedule`, `regimen-word`.
    pub fn parse(written: &Written) -> Result<Regimen, Vec<Diagnostic>> {
        let mut orders = Vec::new();
        let mut errors = Vec::new();
        let words = written.words();
        if words.is_empty() || (words.len() == 1 && words[0].1 == "none") {
            return Ok(Regimen { orders, text: written.text.clone() });
        }
        for part in words.split(|(_, word)| *word == "+") {
            match Parser::new(written, part).and_then(Parser::order) {
                Ok(order) => orders.push(order),
                Err(error) => errors.push(*error),
            }
        }
        if errors.is_empty() {
            Ok(Regimen { orders, text: written.text.clone() })
        } else {
            Err(errors)
        }
    }
}

type Step<T> = Result<T, Box<Diagnostic>>;

struct Parser<'a> {
    written: &'a Written,
    words: &'a [(usize, &'a str)],
    at: usize,
}

impl<'a> Parser<'a> {
    fn new(written: &'a Written, words: &'a [(usize, &'a str)]) -> Step<Self> {
        if words.is_empty() {
            return Err(Box::new(
                Diagnostic::error("regimen-word", "a drug is missing beside `+`")
                    .at(written.whole(), "")
                    .mend(EXAMPLE),
            ));
        }
        Ok(Parser { written, words, at: 0 })
    }

    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(|w| w.1)
    }

    fn next(&mut self) -> Option<(Span, &'a str)> {
        let (start, word) = *self.words.get(self.at)?;
        self.at += 1;
        Some((self.written.place(start, start + word.len()), word))
    }

    fn here(&self) -> Span {
        match self.words.get(self.at).or(self.words.last()) {
            Some((start, word)) => self.written.place(*start, start + word.len()),
            None => self.written.whole(),
        }
    }

    fn fail<T>(&self, code: &'static str, at: Span, message: impl Into<String>) -> Step<T> {
        Err(Box::new(Diagnostic::error(code, message).at(at, "").mend(EXAMPLE)))
    }

    fn order(mut self) -> Step<Order> {
        let Some((drug_span, drug)) = self.next() else {
            return self.fail("regimen-word", self.here(), "a drug is missing");
        };
        let route = match self.peek() {
            Some("iv") => RouteKind::Intravenous,
            Some("sc") => RouteKind::Subcutaneous,
            Some("oral" | "po") => RouteKind::Oral,
            _ => RouteKind::Intravenous,
        };
        if matches!(self.peek(), Some("iv" | "sc" | "oral" | "po")) {
            self.at += 1;
        }
        let dose_from = self.here();
        let first = self.dose()?;
        let then = if self.peek() == Some("then") {
            self.at += 1;
            self.dose()?
        } else {
            first
        };
        let (unit, unit_span) = self.unit()?;
        let mut order = Order {
            drug: drug.to_string(),
            drug_span,
            route,
            first,
            then,
            unit,
            dose_span: dose_from.to(unit_span),
            every_day: f64::INFINITY,
            offsets: vec![0.0],
            spacing_day: f64::INFINITY,
            times: Some(1),
            infusion_day: None,
            start_day: 0.0,
            end_day: f64::INFINITY,
        };
        self.schedule(&mut order)?;
        Ok(order)
    }

    fn dose(&mut self) -> Step<f64> {
        let Some((span, word)) = self.next() else {
            return self.fail("regimen-dose", self.here(), "the dose is missing");
        };
        match word.parse::<f64>() {
            Ok(dose) if dose > 0.0 && dose.is_finite() => Ok(dose),
            Ok(_) => self.fail(
                "regimen-dose",
                span,
                format!("a dose must be a positive number; this is {word}"),
            ),
            Err(_) => self.fail("regimen-dose", span, format!("`{word}` is not a dose")),
        }
    }

    fn unit(&mut self) -> Step<(Unit, Span)> {
        let Some((span, word)) = self.next() else {
            return self.fail("regimen-dose", self.here(), "the dose has no unit");
        };
        match quantity::parse_unit(word) {
            Ok(unit) => Ok((unit, span)),
            Err(error) => self.fail("regimen-dose", span, error),
        }
    }

    fn schedule(&mut self, order: &mut Order) -> Step<()> {
        let mut often = false;
        let mut limit = None;
        let mut intervals: Vec<f64> = Vec::new();
        let mut days: Option<(Span, Vec<u32>)> = None;
        while let Some((span, word)) = self.next() {
            match word {
                "once" => often = true,
                "over" => order.infusion_day = Some(self.time(span)?),
                "from" => order.start_day = self.time(span)?,
                "for" => order.end_day = self.time(span)?,
                "until" => match self.next() {
                    // Treatment always ends at progression; the words are accepted because
                    // regimens are written with them.
                    Some((_, "progression")) => {}
                    _ => {
                        return self.fail(
                            "regimen-word",
                            span,
                            "`until` knows only `until progression`",
                        );
                    }
                },
                _ => {
                    if let Some(interval) = interval(word) {
                        intervals.push(interval);
                        often = true;
                    } else if let Some(times) = count(word) {
                        if times == 0 {
                            return self.fail("regimen-schedule", span, "no dose at all");
                        }
                        limit = Some(times);
                    } else if let Some(listed) = cycle_days(word) {
                        days = Some((span, listed));
                    } else {
                        return self.fail(
                            "regimen-word",
                            span,
                            format!("`{word}` is not understood in a regimen"),
                        );
                    }
                }
            }
        }
        if !often {
            return self.fail(
                "regimen-schedule",
                self.here(),
                format!("how often `{}` is given is missing", order.drug),
            );
        }
        if let Some(cycle) = intervals.iter().copied().reduce(f64::max) {
            order.every_day = cycle;
            order.times = limit;
        } else if let Some(times) = limit {
            order.times = Some(times);
        }
        order.spacing_day = order.every_day;
        let most = if days.is_some() { 2 } else { 1 };
        if intervals.len() > most {
            return self.fail(
                "regimen-schedule",
                self.here(),
                "the intervals contradict each other",
            );
        }
        if let Some((span, days)) = days {
            let inner = intervals.iter().copied().fold(f64::INFINITY, f64::min);
            let within = if inner < order.every_day { inner } else { 1.0 };
            let last = days.last().copied().unwrap_or(1);
            if order.every_day.is_infinite() || f64::from(last) > order.every_day {
                return self.fail(
                    "regimen-schedule",
                    span,
                    "the days need a cycle that is long enough, such as `q3w`",
                );
            }
            (order.offsets, order.spacing_day) = (doses_on(&days, within), within);
        }
        if order.times.is_some_and(|n| n > 1) && order.every_day.is_infinite() {
            return self.fail(
                "regimen-schedule",
                self.here(),
                "`once` and a number of doses contradict",
            );
        }
        if order.infusion_day.is_some_and(|d| d >= order.every_day) {
            return self.fail(
                "regimen-schedule",
                self.here(),
                "an infusion lasts as long as the interval between doses",
            );
        }
        Ok(())
    }

    /// A time such as `90 min`, in days.
    fn time(&mut self, after: Span) -> Step<f64> {
        let Some((span, number)) = self.next() else {
            return self.fail("regimen-word", after, "a time is missing");
        };
        let mut text = number.to_string();
        let mut place = span;
        if number.parse::<f64>().is_ok() {
            let Some((unit_span, unit)) = self.next() else {
                return self.fail("regimen-word", span, "the time has no unit");
            };
            text = format!("{number} {unit}");
            place = span.to(unit_span);
        }
        match quantity::Quantity::parse(&text).and_then(|q| q.days()) {
            Ok(days) if days >= 0.0 => Ok(days),
            Ok(_) => self.fail("regimen-schedule", place, "a time cannot be negative"),
            Err(error) => self.fail("regimen-schedule", place, error),
        }
    }
}

const EXAMPLE: &str =
    "write for example `DRUG 8 then 6 mg/kg q3w + OTHER 75 mg/m2 q3w x6 over 1 h`";

/// Days between doses: `qw`, `q3w`, `q21d`, `q12h`, `weekly`, `daily`, `bid`.
fn interval(word: &str) -> Option<f64> {
    match word {
        "weekly" | "qw" => return Some(7.0),
        "daily" | "qd" => return Some(1.0),
        "bid" => return Some(0.5),
        "tid" => return Some(1.0 / 3.0),
        _ => {}
    }
    let rest = word.strip_prefix('q')?;
    let (number, days) = match rest.as_bytes().last()? {
        b'w' => (&rest[..rest.len() - 1], 7.0),
        b'd' => (&rest[..rest.len() - 1], 1.0),
        b'h' => (&rest[..rest.len() - 1], 1.0 / 24.0),
        _ => return None,
    };
    let number: u32 = number.parse().ok()?;
    (number > 0).then(|| f64::from(number) * days)
}

/// Days of a cycle: `d1-14`, `d1,8`, `d1`; ascending, from 1.
fn cycle_days(word: &str) -> Option<Vec<u32>> {
    let list = word.strip_prefix('d')?;
    let mut days = Vec::new();
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        if from == 0 || to < from || to > 366 || days.last().is_some_and(|last| *last >= from) {
            return None;
        }
        days.extend(from..=to);
    }
    Some(days)
}

/// Days since the beginning of a cycle on which doses `within` days apart fall, when they are given
/// on these days of it.
fn doses_on(days: &[u32], within: f64) -> Vec<f64> {
    let mut doses: Vec<f64> = Vec::new();
    for day in days {
        let (begin, end) = (f64::from(*day) - 1.0, f64::from(*day));
        // A day next to the last goes on at the same interval; another begins anew.
        let mut next = match doses.last() {
            Some(last) if last + within >= begin - 1e-9 && last + 1.0 >= begin - 1e-9 => {
                last + within
            }
            _ => begin,
        };
        while next < end - 1e-9 {
            doses.push(next);
            next += within;
        }
    }
    doses
}

/// How many doses: `x6`.
fn count(word: &str) -> Option<u32> {
    word.strip_prefix('x')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hersim_network::Sources;

    fn parse(text: &str) -> Result<Regimen, String> {
        let mut sources = Sources::default();
        let written = Written::argument("regimen", text, &mut sources);
        Regimen::parse(&written)
            .map_err(|e| e.iter().map(|d| d.render(&sources, false)).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn reads_a_loading_dose_and_cycles() {
        let regimen = parse(
            "docetaxel 75 mg/m2 q3w x6 over 1 h + trastuzumab 8 then 6 mg/kg q3w until progression",
        )
        .unwrap();
        let [docetaxel, antibody] = regimen.orders.as_slice() else { panic!() };
        assert_eq!(docetaxel.doses(1000.0).count(), 6);
        assert_eq!(docetaxel.infusion_day, Some(1.0 / 24.0));
        let doses: Vec<_> = antibody.doses(42.0).collect();
        assert_eq!(doses, [(0.0, 8.0), (21.0, 6.0), (42.0, 6.0)]);
    }

    #[test]
    fn once_means_once_and_none_means_nothing() {
        assert_eq!(parse("a 1 mg once").unwrap().orders[0].doses(1e9).count(), 1);
        assert!(parse("none").unwrap().orders.is_empty());
        assert_eq!(
            parse("a 1 mg daily for 3 day from 1 day").unwrap().orders[0].doses(9.0).count(),
            3
        );
    }

    #[test]
    fn reads_days_within_a_cycle() {
        let days = |text: &str, horizon: f64| -> Vec<f64> {
            parse(text).unwrap().orders[0].doses(horizon).map(|d| d.0).collect()
        };
        assert_eq!(days("a 1 mg d1,8 q3w x2", 1e9), [0.0, 7.0, 21.0, 28.0]);
        let twice = days("a 1 mg bid d1-14 q3w", 41.0);
        assert_eq!(twice.len(), 56);
        assert_eq!(twice[27..29], [13.5, 21.0]);
        assert_eq!(days("a 1 mg daily d1-3 q7d x1", 1e9), [0.0, 1.0, 2.0]);
        assert_eq!(parse("a 1 mg bid d1-14 q3w").unwrap().orders[0].spacing_day, 0.5);
        for wrong in ["a 1 mg d1-14", "a 1 mg bid d1-14 qw", "a 1 mg d8,1 q3w", "a 1 mg q3w qw"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reports_every_mistake_with_its_place() {
        let text =
            parse("a -8 mg/kg q3w + b 2 mg/kg + c 3 parsec q3w + d 1 mg q3w often").unwrap_err();
        insta::assert_snapshot!(text);
    }
}
