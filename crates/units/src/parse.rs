//! Reading a unit from its short text.
//!
//! ```text
//! product = factor { ("*" | "/") factor }
//! factor  = number [name-with-power] | name | "(" product ")" , each with an optional power
//! power   = "^" ["-"] integer | "^(" ["-"] integer ["/" integer] ")" | integer (after a name)
//! ```
//!
//! `/` and `*` bind from left to right: `L/day/kg` is `L/(day*kg)`. A number may stand right
//! before a name (`86400 second`, `mL/min/1.73m2`) and then belongs to it.

use std::{fmt, ops::Range};

use crate::{Unit, names};

/// Why a text is not a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    /// What is wrong, one sentence, lower case, no full stop.
    pub message: String,
    /// Bytes of the text that are wrong.
    pub range: Range<usize>,
    /// The known name that looks most like an unknown one.
    pub nearest: Option<String>,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnitError {}

impl Unit {
    /// Reads a unit: `1/day`, `nmol/L`, `copies/cell/day`, `mg/m2`, `1/(nmol/L)/day`, `%`, `1`.
    ///
    /// # Errors
    /// When the text is empty, uses an unknown name, or is no product of powers.
    pub fn parse(text: &str) -> Result<Unit, UnitError> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        if text.trim().is_empty() {
            return Err(reader.error("a unit is needed here; write `1` for dimensionless", 0..0));
        }
        let unit = reader.product()?;
        match reader.peek() {
            None if unit.is_moderate() => Ok(unit),
            None => Err(reader.too_large(0)),
            Some(c) => {
                let at = reader.at;
                let what = format!("`{c}` is not expected in a unit here");
                Err(reader.error(what, at..at + c.len_utf8()))
            }
        }
    }
}

/// Deepest nesting of parentheses that is read.
const DEEPEST: usize = 32;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn product(&mut self) -> Result<Unit, UnitError> {
        let start = self.at;
        let mut unit = self.factor()?;
        loop {
            let divide = match self.peek() {
                Some('/') => true,
                Some('*' | '·' | '×') => false,
                _ => return Ok(unit),
            };
            self.bump();
            let next = self.factor()?;
            let result = if divide { unit.try_div(&next) } else { unit.try_mul(&next) };
            unit = result.ok_or_else(|| self.too_large(start))?;
        }
    }

    fn factor(&mut self) -> Result<Unit, UnitError> {
        let Some(first) = self.peek() else {
            let end = self.text.len();
            return Err(self.error("a unit is missing at the end", end..end));
        };
        let start = self.at;
        if first == '(' {
            self.bump();
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.error("too many parentheses in a unit", start..start + 1));
            }
            let inner = self.product()?;
            if self.peek() != Some(')') {
                return Err(self.error("this parenthesis is not closed", start..start + 1));
            }
            self.bump();
            self.depth -= 1;
            return self.powered(inner, start, false);
        }
        if first.is_ascii_digit() || first == '.' {
            let number = self.number()?;
            let number = self.powered(number, start, false)?;
            return match self.peek() {
                Some(c) if is_name(c) => {
                    let named = self.name()?;
                    number.try_mul(&named).ok_or_else(|| self.too_large(start))
                }
                _ => Ok(number),
            };
        }
        if is_name(first) {
            return self.name();
        }
        let what = format!("`{first}` is not expected in a unit here");
        Err(self.error(what, start..start + first.len_utf8()))
    }

    fn number(&mut self) -> Result<Unit, UnitError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
                at += 1;
            }
            at
        };
        self.at = digits(start);
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(self.at + 1), Some(b'+' | b'-')));
            let end = digits(self.at + 1 + sign);
            if end > self.at + 1 + sign {
                self.at = end;
            }
        }
        let literal = &self.text[start..self.at];
        Unit::dimensionless().scaled_by(literal).ok_or_else(|| {
            let what = format!("`{literal}` cannot be the scale of a unit");
            self.error(what, start..self.at)
        })
    }

    fn name(&mut self) -> Result<Unit, UnitError> {
        let start = self.at;
        while self.text[self.at..].chars().next().is_some_and(is_name) {
            self.bump();
        }
        let name = &self.text[start..self.at];
        match names::lookup(name) {
            Some(unit) => self.powered(unit, start, true),
            None => Err(unknown(name, start..self.at)),
        }
    }

    /// Reads the power after a factor that began at `start`.
    fn powered(&mut self, unit: Unit, start: usize, named: bool) -> Result<Unit, UnitError> {
        let next = self.text[self.at..].chars().next();
        if named && next.is_some_and(|c| c.is_ascii_digit()) {
            let power = self.integer()?;
            return unit.pow(power, 1).ok_or_else(|| self.too_large(start));
        }
        if self.peek() != Some('^') {
            return Ok(unit);
        }
        self.bump();
        let (num, den) = if self.peek() == Some('(') {
            let open = self.at;
            self.bump();
            let num = self.integer()?;
            let mut den = 1;
            if self.peek() == Some('/') {
                self.bump();
                den = self.integer()?;
            }
            if self.peek() != Some(')') {
                return Err(self.error("this parenthesis is not closed", open..open + 1));
            }
            self.bump();
            (num, den)
        } else {
            (self.integer()?, 1)
        };
        unit.pow(num, den).ok_or_else(|| self.too_large(start))
    }

    fn integer(&mut self) -> Result<i32, UnitError> {
        self.peek();
        let start = self.at;
        if matches!(self.text.as_bytes().get(self.at), Some(b'-' | b'+')) {
            self.at += 1;
        }
        while self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        digits.parse().ok().filter(|n: &i32| n.abs() <= 1000).ok_or_else(|| {
            let end =
                self.at.max(start + self.text[start..].chars().next().map_or(0, char::len_utf8));
            self.error("the power of a unit must be an integer up to 1000", start..end)
        })
    }

    /// The next character that is not white space.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) {
        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
    }

    fn too_large(&self, start: usize) -> UnitError {
        self.error("this power of a unit is out of range", start..self.at)
    }

    fn error(&self, message: impl Into<String>, range: Range<usize>) -> UnitError {
        UnitError { message: message.into(), range, nearest: None }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '%' | '_' | 'µ')
}

fn unknown(name: &str, range: Range<usize>) -> UnitError {
    if let Some(refusal) = names::refusal(name) {
        return UnitError { message: refusal.to_string(), range, nearest: None };
    }
    let score = |known: &str| {
        let (a, b) = (name.to_lowercase(), known.to_lowercase());
        // A swapped pair or one wrong letter of a short name, which the other score misses.
        if a.len() >= 3 && a.len() == b.len() && strsim::osa_distance(&a, &b) == 1 {
            return 0.99;
        }
        strsim::jaro_winkler(&a, &b)
    };
    let nearest = names::suggestions()
        .into_iter()
        .map(|known| (score(&known), known))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    UnitError {
        message: format!("unknown unit `{name}`"),
        range,
        nearest: nearest.map(|(_, known)| known),
    }
}
