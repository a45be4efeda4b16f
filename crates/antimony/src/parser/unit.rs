//! Unit arithmetic: `1 / (86400 second)`, `1e-9 mole / litre`, `copies/cell`.

use hersim_network::Diagnostic;

use super::{DEEPEST, Failed, Parsed, Parser};
use crate::{
    ast::{UnitDefinition, UnitExpr},
    lexer::Token,
};

impl Parser<'_> {
    /// `unit name = …`, from the word `unit`.
    pub(super) fn unit_definition(&mut self) -> Parsed<UnitDefinition> {
        self.at += 1;
        let name = self.new_name("a unit's name")?;
        self.expect("=", "for example `unit per_day = 1 / (86400 second)`")?;
        self.nesting = 0;
        let value = self.unit_expression()?;
        Ok(UnitDefinition { name, value })
    }

    /// Products and quotients of powers, left to right.
    pub(super) fn unit_expression(&mut self) -> Parsed<UnitExpr> {
        let mut left = self.unit_power()?;
        let mut length = 0;
        loop {
            length += 1;
            if length > DEEPEST {
                return self.fail("a shorter unit", "define parts of it with `unit`");
            }
            if self.eat("*") {
                left = UnitExpr::Mul(Box::new(left), Box::new(self.unit_power()?));
            } else if self.eat("/") {
                left = UnitExpr::Div(Box::new(left), Box::new(self.unit_power()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn unit_power(&mut self) -> Parsed<UnitExpr> {
        let start = self.span();
        let (base, counted) = self.unit_atom()?;
        if !self.eat("^") {
            return Ok(base);
        }
        if counted {
            let span = start.to(self.span());
            self.found.push(
                Diagnostic::error(
                    "ambiguous-unit",
                    "the exponent takes the number with it, which is easily misread",
                )
                .at(span, "")
                .mend("write `(2 second)^2` or `2 * second^2`, whichever is meant"),
            );
            return Err(Failed);
        }
        let minus = self.eat("-");
        match self.peek().clone() {
            Token::Number(value, _) => {
                // Halves and thirds of small integers; everything else is no unit.
                let fraction = (1..=6_i64).find_map(|den| {
                    let num = value * den as f64;
                    ((num - num.round()).abs() < 1e-9 && num <= 1e6)
                        .then(|| (num.round() as i64, den))
                });
                let Some((num, den)) = fraction else {
                    return self.fail("a whole exponent", "");
                };
                self.at += 1;
                Ok(UnitExpr::Pow(Box::new(base), if minus { -num } else { num }, den))
            }
            _ => self.fail("a whole exponent", "for example `litre^-1`"),
        }
    }

    /// An atom, and whether it is a number with a name behind it (`86400 second`).
    fn unit_atom(&mut self) -> Parsed<(UnitExpr, bool)> {
        let span = self.span();
        match self.peek().clone() {
            Token::Number(_, spelling) => {
                self.at += 1;
                let number = UnitExpr::Number(spelling, span);
                let followed = matches!(self.peek(), Token::Name(_)) && !self.at_break();
                if !followed {
                    return Ok((number, false));
                }
                let name = self.name("a unit")?;
                Ok((UnitExpr::Mul(Box::new(number), Box::new(UnitExpr::Name(name))), true))
            }
            Token::Sign("(") => {
                self.nesting += 1;
                if self.nesting > DEEPEST {
                    return self.fail("a simpler unit", "");
                }
                self.at += 1;
                let inner = self.unit_expression()?;
                self.expect(")", "close every `(`")?;
                self.nesting -= 1;
                Ok((inner, false))
            }
            Token::Name(_) => Ok((UnitExpr::Name(self.name("a unit")?), false)),
            _ => self.fail("a unit", "for example `mole`, `1 / (86400 second)`, `dimensionless`"),
        }
    }
}
