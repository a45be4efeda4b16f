//! Formulas of claims and calibrations: text to a tree, to an expression over leaves, to a number.
//!
//! `1 - treated/control@0h`, `mean(active/total)`: infix with the usual precedence; names may have
//! dots, and `@24h` behind a name means its value at that time.

use hersim_network::{BinaryOp, Diagnostic, Expr, Function, Node, SymbolId};

use crate::{quantity, written::Written};

/// How deeply a formula may be nested.
const DEEPEST: usize = 60;

/// A formula as written.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The outermost operation.
    pub part: Part,
    /// First byte in its text.
    pub from: usize,
    /// One past its last byte.
    pub to: usize,
}

/// One operation of a formula.
#[derive(Clone, Debug)]
pub enum Part {
    /// A literal.
    Number(f64),
    /// A name, with the day behind `@`.
    Name(String, Option<f64>),
    /// Minus the operand.
    Neg(Box<Formula>),
    /// Two operands.
    Binary(BinaryOp, Box<Formula>, Box<Formula>),
    /// A function.
    Call(String, Vec<Formula>),
}

/// A mistake, or what was asked for.
pub type Step<T> = Result<T, Box<Diagnostic>>;

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// `formula`, pointing at the first mistake.
    pub fn parse(written: &Written) -> Step<Formula> {
        let mut parser = Parser { written, at: 0, depth: 0 };
        let formula = parser.level(0)?;
        parser.blanks();
        if parser.at < written.text.len() {
            return parser.fail("an operator, or the end of the formula");
        }
        Ok(formula)
    }

    /// The expression over what `leaf` makes of names and of functions that are not built in.
    ///
    /// # Errors
    /// What `leaf` refuses; `formula` for a wrong number of arguments.
    pub fn lower(
        &self,
        written: &Written,
        leaf: &mut dyn FnMut(&Formula) -> Step<Expr>,
    ) -> Step<Expr> {
        Ok(match &self.part {
            Part::Number(value) => Expr::number(*value),
            Part::Name(..) => leaf(self)?,
            Part::Neg(a) => Expr::made(Node::Neg(Box::new(a.lower(written, leaf)?))),
            Part::Binary(op, a, b) => {
                Expr::binary(*op, a.lower(written, leaf)?, b.lower(written, leaf)?)
            }
            Part::Call(name, arguments) => {
                let Some((function, least, most)) = built_in(name) else {
                    return leaf(self);
                };
                if !(least..=most).contains(&arguments.len())
                    || (function.is_none() && arguments.len() % 2 == 0)
                {
                    return Err(mistake(
                        written,
                        self,
                        "this function takes another number of arguments",
                    ));
                }
                let mut lowered = Vec::new();
                for argument in arguments {
                    lowered.push(argument.lower(written, leaf)?);
                }
                match function {
                    Some(function) => Expr::made(Node::Call(function, lowered)),
                    None => piecewise(lowered),
                }
            }
        })
    }
}

/// A mistake in a formula, pointing at a part of it.
pub fn mistake(written: &Written, part: &Formula, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error("formula", message)
            .at(written.place(part.from, part.to), "")
            .mend("formulas are described in docs/formats.md"),
    )
}

fn built_in(name: &str) -> Option<(Option<Function>, usize, usize)> {
    Some(match name {
        "ln" | "log" => (Some(Function::Ln), 1, 1),
        "log10" => (Some(Function::Log10), 1, 1),
        "exp" => (Some(Function::Exp), 1, 1),
        "sqrt" => (Some(Function::Sqrt), 1, 1),
        "abs" => (Some(Function::Abs), 1, 1),
        "min" => (Some(Function::Min), 1, usize::MAX),
        "max" => (Some(Function::Max), 1, usize::MAX),
        "piecewise" => (None, 3, usize::MAX),
        _ => return None,
    })
}

fn piecewise(arguments: Vec<Expr>) -> Expr {
    let mut arguments = arguments.into_iter();
    let mut cases = Vec::new();
    while let Some(value) = arguments.next() {
        match arguments.next() {
            Some(condition) => cases.push((value, condition)),
            None => {
                return Expr::made(Node::Piecewise { cases, otherwise: Box::new(value) });
            }
        }
    }
    Expr::number(f64::NAN)
}

/// The number an expression stands for; conditions are 1 and 0.
pub fn evaluate(expr: &Expr, time: f64, leaf: &dyn Fn(SymbolId) -> f64) -> f64 {
    let of = |e: &Expr| evaluate(e, time, leaf);
    let truth = |b: bool| f64::from(u8::from(b));
    match &expr.node {
        Node::Number(value) => *value,
        Node::Symbol(id) => leaf(*id),
        Node::Time => time,
        Node::Neg(a) => -of(a),
        Node::Not(a) => truth(of(a) == 0.0),
        Node::Binary(op, a, b) => {
            let (a, b) = (of(a), of(b));
            match op {
                BinaryOp::Pow => a.powf(b),
                _ => op.value(a, b),
            }
        }
        Node::Call(function, arguments) => {
            let values: Vec<f64> = arguments.iter().map(of).collect();
            let first = values.first().copied().unwrap_or(f64::NAN);
            match function {
                Function::Exp => first.exp(),
                Function::Ln => first.ln(),
                Function::Log10 => first.log10(),
                _ => function.value(&values).unwrap_or(f64::NAN),
            }
        }
        Node::Piecewise { cases, otherwise } => {
            let holds = cases.iter().find(|(_, condition)| of(condition) != 0.0);
            holds.map_or_else(|| of(otherwise), |(value, _)| of(value))
        }
    }
}

/// Operators by how loosely they bind.
const LEVELS: [&[(&str, BinaryOp)]; 5] = [
    &[("||", BinaryOp::Or)],
    &[("&&", BinaryOp::And)],
    &[
        ("<=", BinaryOp::LessEqual),
        (">=", BinaryOp::GreaterEqual),
        ("==", BinaryOp::Equal),
        ("!=", BinaryOp::NotEqual),
        ("<", BinaryOp::Less),
        (">", BinaryOp::Greater),
    ],
    &[("+", BinaryOp::Add), ("-", BinaryOp::Sub)],
    &[("*", BinaryOp::Mul), ("/", BinaryOp::Div)],
];

struct Parser<'a> {
    written: &'a Written,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.written.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn fail<T>(&mut self, wanted: &str) -> Step<T> {
        let end = self.written.text.len();
        let from = self.at.min(end);
        let message = format!("expected {wanted}");
        Err(Box::new(
            Diagnostic::error("formula", message)
                .at(self.written.place(from, end.min(from + 1)), "")
                .mend("formulas are described in docs/formats.md"),
        ))
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn level(&mut self, level: usize) -> Step<Formula> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some((_, op)) = operators.iter().find(|(sign, _)| self.eat(sign)) {
            let right = self.level(level + 1)?;
            let (from, to) = (left.from, right.to);
            left = Formula { part: Part::Binary(*op, Box::new(left), Box::new(right)), from, to };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Step<Formula> {
        self.blanks();
        let from = self.at;
        if self.eat("-") {
            self.deeper()?;
            let operand = self.unary()?;
            self.depth -= 1;
            let to = operand.to;
            return Ok(Formula { part: Part::Neg(Box::new(operand)), from, to });
        }
        let base = self.primary()?;
        if !self.eat("^") {
            return Ok(base);
        }
        self.deeper()?;
        let exponent = self.unary()?;
        self.depth -= 1;
        let (from, to) = (base.from, exponent.to);
        let part = Part::Binary(BinaryOp::Pow, Box::new(base), Box::new(exponent));
        Ok(Formula { part, from, to })
    }

    fn deeper(&mut self) -> Step<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.fail("a formula that is nested less deeply")
        } else {
            Ok(())
        }
    }

    fn primary(&mut self) -> Step<Formula> {
        self.blanks();
        let from = self.at;
        let Some(first) = self.rest().chars().next() else { return self.fail("a value") };
        if first == '(' {
            self.deeper()?;
            self.at += 1;
            let mut inner = self.level(0)?;
            if !self.eat(")") {
                return self.fail("`)`");
            }
            self.depth -= 1;
            (inner.from, inner.to) = (from, self.at);
            return Ok(inner);
        }
        if first.is_ascii_digit() || first == '.' {
            let length = quantity::number_length(self.rest());
            let Ok(value) = self.rest()[..length].parse::<f64>() else {
                return self.fail("a number");
            };
            self.at += length;
            return Ok(Formula { part: Part::Number(value), from, to: self.at });
        }
        if !(first.is_ascii_alphabetic() || first == '_') {
            return self.fail("a number, a name or `(`");
        }
        let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let length = self.rest().find(|c| !in_name(c)).unwrap_or(self.rest().len());
        let name = self.rest()[..length].to_string();
        self.at += length;
        if name == "inf" {
            return Ok(Formula { part: Part::Number(f64::INFINITY), from, to: self.at });
        }
        if self.eat("(") {
            self.deeper()?;
            let mut arguments = vec![self.level(0)?];
            while self.eat(",") {
                arguments.push(self.level(0)?);
            }
            if !self.eat(")") {
                return self.fail("`,` or `)`");
            }
            self.depth -= 1;
            return Ok(Formula { part: Part::Call(name, arguments), from, to: self.at });
        }
        let day = if self.eat("@") { Some(self.day()?) } else { None };
        Ok(Formula { part: Part::Name(name, day), from, to: self.at })
    }

    /// The time behind `@`, in days.
    fn day(&mut self) -> Step<f64> {
        self.blanks();
        let number = quantity::number_length(self.rest());
        let blank = self.rest()[number..].len() - self.rest()[number..].trim_start().len();
        let unit = &self.rest()[number + blank..];
        let unit = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        let length = number + blank + unit;
        match quantity::Quantity::parse(&self.rest()[..length]).and_then(|q| q.days()) {
            Ok(days) if days >= 0.0 => {
                self.at += length;
                Ok(days)
            }
            _ => self.fail("a time such as `24h`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hersim_network::Sources;

    fn number(text: &str) -> Result<f64, String> {
        let mut sources = Sources::default();
        let written = Written::argument("formula", text, &mut sources);
        let render = |d: Box<Diagnostic>| d.render(&sources, false);
        let formula = Formula::parse(&written).map_err(render)?;
        // A name stands for its length, its time is added.
        let mut leaf = |f: &Formula| match &f.part {
            Part::Name(name, day) => Ok(Expr::number(name.len() as f64 + day.unwrap_or(0.0))),
            _ => Err(mistake(&written, f, "no such function")),
        };
        let expr = formula.lower(&written, &mut leaf).map_err(render)?;
        Ok(evaluate(&expr, 0.0, &|_| f64::NAN))
    }

    #[test]
    fn binds_as_usual() {
        assert_eq!(number("1 + 2*3^2^0.5*0 - -4").unwrap(), 5.0);
        assert_eq!(number("-2^2").unwrap(), -4.0);
        assert_eq!(number("10/5/2").unwrap(), 1.0);
        assert_eq!(number("max(1, ab, 2) + piecewise(7, 1 > 2, 8)").unwrap(), 10.0);
        assert_eq!(number("exp(ln(3)) * (1 - 0.5)").unwrap().round(), 2.0);
    }

    #[test]
    fn names_may_be_read_at_another_time() {
        assert_eq!(number("treated@24h").unwrap(), 8.0);
        assert_eq!(number("treated@48 h/b.c").unwrap(), 3.0);
        assert_eq!(number("treated @ 0h - 7").unwrap(), 0.0);
    }

    #[test]
    fn mistakes_point_at_their_place() {
        for text in ["", "1 +", "a b", "(1", "f(1,", "3x", "a@3", "min()", "foo(1)", "ln(1, 2)"] {
            assert!(number(text).is_err(), "{text}");
        }
        assert!(number(&format!("{}1{}", "(".repeat(99), ")".repeat(99))).is_err());
        insta::assert_snapshot!(number("1 + (a b)").unwrap_err());
    }
}
