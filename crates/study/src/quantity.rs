//! Numbers with units as people write them: `10 ug/mL`, `8 week`, `90 min`, `1y`.

use hersim_units::Unit;

/// A number and its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

impl Quantity {
    /// Reads `NUMBER UNIT` (the blank may be left out: `1y`, `90min`); a bare number is
    /// refused, `1` as a unit means dimensionless.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the text.
    pub fn parse(text: &str) -> Result<Quantity, String> {
        let text = text.trim();
        let split = number_length(text);
        let (number, unit) = text.split_at(split);
        let value: f64 =
            number.parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
        if !value.is_finite() {
            return Err(format!("`{number}` is not a finite number"));
        }
        let unit = unit.trim();
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit; write for example `{text} day`"));
        }
        let unit = parse_unit(unit)?;
        Ok(Quantity { value, unit })
    }

    /// The number in another unit of the same dimension.
    ///
    /// # Errors
    /// A sentence naming both units when their dimensions differ.
    pub fn to(&self, unit: &Unit) -> Result<f64, String> {
        match self.unit.factor_to(unit) {
            Some(factor) => Ok(self.value * factor),
            None => Err(format!("`{}` cannot be expressed in `{unit}`", self.unit)),
        }
    }

    /// The number in days.
    ///
    /// # Errors
    /// A sentence when it is not a time.
    pub fn days(&self) -> Result<f64, String> {
        self.to(&day())
    }
}

/// The unit of hazards at the doors.
pub fn per_day() -> Unit {
    known("1/day")
}

/// The unit of time at the doors.
pub fn day() -> Unit {
    known("day")
}

/// A unit by a name that is known to exist; dimensionless if it does not.
pub fn known(name: &str) -> Unit {
    Unit::parse(name).unwrap_or_else(|_| Unit::dimensionless())
}

/// Reads a unit, taking `y`, `d`, `w` and `mo` as people write times at a command line.
///
/// # Errors
/// A sentence saying what is wrong with the text.
pub fn parse_unit(text: &str) -> Result<Unit, String> {
    let text = match text {
        "y" | "yr" => "year",
        "mo" => "month",
        "w" | "wk" => "week",
        "d" => "day",
        other => other,
    };
    Unit::parse(text).map_err(|e| format!("unit `{text}`: {e}"))
}

/// Length in bytes of the number `text` begins with.
pub fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut seen_digit = false;
    while end < bytes.len() {
        let c = bytes[end];
        let sign_here =
            matches!(c, b'+' | b'-') && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        let exponent = matches!(c, b'e' | b'E')
            && seen_digit
            && bytes.get(end + 1).is_some_and(|n| n.is_ascii_digit() || matches!(n, b'+' | b'-'))
            && !bytes[..end].iter().any(|b| matches!(b, b'e' | b'E'));
        if c.is_ascii_digit() || c == b'.' || sign_here || exponent {
            seen_digit |= c.is_ascii_digit();
            end += 1;
        } else {
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        assert_eq!(Quantity::parse("1y").unwrap().days().unwrap(), 365.25);
        assert_eq!(Quantity::parse("8 week").unwrap().days().unwrap(), 56.0);
        assert_eq!(Quantity::parse("90 min").unwrap().days().unwrap(), 0.0625);
        let dose = Quantity::parse("1.5e2 ug/mL").unwrap();
        assert!((dose.to(&known("mg/L")).unwrap() - 150.0).abs() < 1e-9);
    }

    #[test]
    fn refuses_bare_numbers_and_wrong_dimensions() {
        assert!(Quantity::parse("8").unwrap_err().contains("no unit"));
        assert!(Quantity::parse("mg").is_err());
        assert!(Quantity::parse("8 mg").unwrap().days().is_err());
    }
}
