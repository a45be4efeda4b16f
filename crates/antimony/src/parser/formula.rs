//! Formulas, with the operator precedence of SBML's text form.

use hersim_network::{BinaryOp, Diagnostic, Span};

use super::{DEEPEST, Failed, Parsed, Parser};
use crate::{
    ast::{Formula, FormulaNode, MAX_DEPTH, Name, REMAINDER},
    lexer::Token,
};

/// Operators by how loosely they bind. `&&` and `||` bind alike, so a mixture needs parentheses.
const LEVELS: [&[(&str, BinaryOp)]; 4] = [
    &[("&&", BinaryOp::And), ("||", BinaryOp::Or)],
    &[
        ("<", BinaryOp::Less),
        ("<=", BinaryOp::LessEqual),
        (">", BinaryOp::Greater),
        (">=", BinaryOp::GreaterEqual),
        ("==", BinaryOp::Equal),
        ("!=", BinaryOp::NotEqual),
    ],
    &[("+", BinaryOp::Add), ("-", BinaryOp::Sub)],
    &[("*", BinaryOp::Mul), ("/", BinaryOp::Div)],
];
const LOGIC: usize = 0;
const COMPARISON: usize = 1;
const PRODUCT: usize = 3;

impl Parser<'_> {
    /// A formula up to the first token that cannot belong to it.
    pub(super) fn formula(&mut self) -> Parsed<Formula> {
        self.nesting = 0;
        self.unit_of_number = None;
        self.level(0)
    }

    fn nested(&mut self) -> Parsed<()> {
        self.nesting += 1;
        if self.nesting > DEEPEST {
            return self.too_deep(self.span());
        }
        Ok(())
    }

    fn too_deep<T>(&mut self, span: Span) -> Parsed<T> {
        self.found.push(
            Diagnostic::error("formula-too-deep", "this formula is nested too deeply to be read")
                .at(span, "")
                .mend("give parts of it names with assignment rules (`part := …`)"),
        );
        Err(Failed)
    }

    fn level(&mut self, level: usize) -> Parsed<Formula> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        let mut last: Option<(&str, Span)> = None;
        loop {
            self.skip_newline_before_operator();
            let Token::Sign(sign) = *self.peek() else { return Ok(left) };
            let Some((_, op)) = operators.iter().find(|(s, _)| *s == sign) else {
                if sign == "%" && level == PRODUCT {
                    left = self.remainder(left)?;
                    continue;
                }
                return Ok(left);
            };
            let span = self.span();
            self.check_mixture(level, sign, span, last)?;
            last = Some((sign, span));
            self.at += 1;
            self.skip_newline_after_operator();
            let right = self.level(level + 1)?;
            let whole = left.span.to(right.span);
            let node = FormulaNode::Binary(*op, Box::new(left), Box::new(right));
            left = Formula::new(node, whole);
            if left.depth > MAX_DEPTH {
                return self.too_deep(span);
            }
        }
    }

    /// `a % b`, at the sign.
    fn remainder(&mut self, left: Formula) -> Parsed<Formula> {
        let span = self.span();
        if !self.tolerant {
            return self.unsupported("the remainder `%`", span, "write it with piecewise");
        }
        self.at += 1;
        let right = self.unary()?;
        let whole = left.span.to(right.span);
        let name = Name { path: REMAINDER.into(), span };
        let made = Formula::new(FormulaNode::Call(name, vec![left, right]), whole);
        if made.depth > MAX_DEPTH { self.too_deep(span) } else { Ok(made) }
    }

    fn check_mixture(
        &mut self,
        level: usize,
        sign: &str,
        span: Span,
        last: Option<(&str, Span)>,
    ) -> Parsed<()> {
        let Some((before, at)) = last.filter(|_| !(self.tolerant && level == LOGIC)) else {
            return Ok(());
        };
        let message = match level {
            LOGIC if before != sign => {
                "`&&` and `||` without parentheses mean different things to different readers"
            }
            COMPARISON => "comparisons cannot be chained",
            _ => return Ok(()),
        };
        let mend = if level == LOGIC {
            "put parentheses around one of them"
        } else {
            "join two comparisons with `&&`"
        };
        self.found.push(
            Diagnostic::error("ambiguous-formula", message).at(span, "").also(at, "").mend(mend),
        );
        Err(Failed)
    }

    fn unary(&mut self) -> Parsed<Formula> {
        let span = self.span();
        let minus = self.peek_is("-");
        let node: fn(Box<Formula>) -> FormulaNode = match self.peek() {
            Token::Sign("-") => FormulaNode::Neg,
            Token::Sign("!") => FormulaNode::Not,
            Token::Sign("+") => {
                self.nested()?;
                self.at += 1;
                return self.unary();
            }
            _ => return self.power(),
        };
        self.nested()?;
        self.at += 1;
        let operand = self.unary()?;
        self.nesting -= 1;
        let whole = span.to(operand.span);
        if let (true, FormulaNode::Number(value)) = (minus, &operand.node) {
            return Ok(Formula::new(FormulaNode::Number(-value), whole));
        }
        Ok(Formula::new(node(Box::new(operand)), whole))
    }

    /// Binds tighter than a sign on its left, and to the right: `-a^b^c` is `-(a^(b^c))`.
    fn power(&mut self) -> Parsed<Formula> {
        let base = self.primary()?;
        if !self.eat("^") {
            return Ok(base);
        }
        self.nested()?;
        let exponent = self.unary()?;
        self.nesting -= 1;
        let span = base.span.to(exponent.span);
        let node = FormulaNode::Binary(BinaryOp::Pow, Box::new(base), Box::new(exponent));
        Ok(Formula::new(node, span))
    }

    fn primary(&mut self) -> Parsed<Formula> {
        let span = self.span();
        match self.peek().clone() {
            Token::Number(value, _) => {
                self.at += 1;
                if self.tolerant && self.at_unit() {
                    self.unit_of_number = Some(self.name("a unit")?);
                    return Ok(Formula::new(FormulaNode::Number(value), span));
                }
                if let Token::Name(name) = self.peek().clone()
                    && self.span().start == span.end
                {
                    return self.fail("an operator", &format!("write `*` before `{name}`"));
                }
                Ok(Formula::new(FormulaNode::Number(value), span))
            }
            Token::Sign("(") => {
                self.nested()?;
                self.at += 1;
                self.skip_newline_after_operator();
                let mut inner = self.level(0)?;
                self.skip_newline_before_closing();
                let close = self.span();
                self.expect(")", "close every `(`")?;
                self.nesting -= 1;
                inner.span = span.to(close);
                Ok(inner)
            }
            Token::Name(_) => {
                let name = self.name("a value")?;
                if !self.peek_is("(") {
                    return Ok(Formula::new(FormulaNode::Name(name.path), span));
                }
                let arguments = self.arguments()?;
                let whole = span.to(self.span_before());
                Ok(Formula::new(FormulaNode::Call(name, arguments), whole))
            }
            Token::Sign("'") => self.unsupported(
                "a derivative inside a formula",
                span,
                "give the rate a name of its own",
            ),
            _ => self.fail("a value", "a number, a name, a call or a formula in parentheses"),
        }
    }

    fn arguments(&mut self) -> Parsed<Vec<Formula>> {
        self.nested()?;
        self.expect("(", "")?;
        self.skip_newline_after_operator();
        let mut arguments = Vec::new();
        if !self.eat(")") {
            loop {
                arguments.push(self.level(0)?);
                self.skip_newline_before_closing();
                if self.eat(")") {
                    break;
                }
                self.expect(",", "separate arguments with `,` and close the call with `)`")?;
                self.skip_newline_after_operator();
            }
        }
        self.nesting -= 1;
        Ok(arguments)
    }

    /// `( a +` line end: the formula plainly goes on.
    fn skip_newline_after_operator(&mut self) {
        if self.inside_parentheses() {
            self.skip_newlines_inside();
        }
    }

    fn skip_newline_before_operator(&mut self) {
        if self.inside_parentheses() && self.next_after_newlines_continues(false) {
            self.skip_newlines_inside();
        }
    }

    fn skip_newline_before_closing(&mut self) {
        if self.next_after_newlines_continues(true) {
            self.skip_newlines_inside();
        }
    }

    fn inside_parentheses(&self) -> bool {
        self.nesting > 0
    }

    fn next_after_newlines_continues(&self, closing: bool) -> bool {
        if !matches!(self.peek(), Token::Newline) {
            return false;
        }
        let next = self.lexemes[self.at..].iter().find(|l| l.token != Token::Newline);
        match next.map(|l| &l.token) {
            Some(Token::Sign(")" | ",")) => closing,
            Some(Token::Sign(
                "+" | "-" | "*" | "/" | "^" | "&&" | "||" | "<" | "<=" | ">" | ">=" | "==" | "!=",
            )) => true,
            _ => false,
        }
    }
}
