//! Reactions and events.

use super::{Parsed, Parser};
use crate::{
    ast::{EventText, Name, ReactionText, Statement, Term},
    lexer::Token,
};

impl Parser<'_> {
    /// `2 A + $B -> C; rate`, after the label.
    pub(super) fn reaction(&mut self, name: Option<Name>) -> Parsed<Statement> {
        let start = self.span();
        let reactants = self.side()?;
        let span = self.span();
        let reversible = match self.peek() {
            Token::Sign("->") => true,
            Token::Sign("=>") => false,
            Token::Sign("<->") => {
                return self.unsupported(
                    "`<->`",
                    span,
                    "write `->` for a reversible reaction, `=>` for one that is not",
                );
            }
            Token::Sign("-|" | "-") => {
                return self.unsupported(
                    "an interaction (`-|`, `-o`, `-(`)",
                    span,
                    "put the modifier into the rate; naming it there is enough",
                );
            }
            _ => return self.fail("`->` or `=>`", "a reaction is written `A + B -> C; rate`"),
        };
        self.at += 1;
        let products = self.side()?;
        if !self.eat(";") {
            return self
                .fail("`;` and a rate", "a reaction is written `A + B -> C; rate`, on one line");
        }
        if matches!(self.peek(), Token::Newline | Token::Sign(";") | Token::End)
            || self.peek_word("end")
        {
            let whole = start.to(self.span_before());
            self.found.push(
                hersim_network::Diagnostic::error("missing-rate", "this reaction has no rate")
                    .at(whole, "")
                    .mend("write the rate behind the `;`, on the same line"),
            );
            return Err(super::Failed);
        }
        let rate = self.formula()?;
        Ok(Statement::Reaction(ReactionText { name, reactants, products, reversible, rate }))
    }

    fn side(&mut self) -> Parsed<Vec<Term>> {
        let mut terms: Vec<Term> = Vec::new();
        if matches!(self.peek(), Token::Sign("->" | "=>" | "<->" | ";")) || self.at_break() {
            return Ok(terms);
        }
        loop {
            let span = self.span();
            let mut stoichiometry = 1.0;
            if let Token::Number(value, _) = *self.peek() {
                self.at += 1;
                stoichiometry = value;
                if !(value > 0.0 && value.is_finite()) {
                    self.found.push(
                        hersim_network::Diagnostic::error(
                            "bad-number",
                            "a stoichiometry must be positive",
                        )
                        .at(span, "")
                        .mend("remove the species, or write it on the other side"),
                    );
                    return Err(super::Failed);
                }
            }
            let boundary = self.eat("$");
            let species = self.name("a species' name")?;
            if matches!(self.peek(), Token::Name(_) | Token::Sign("$")) && !self.at_break() {
                return self.unsupported(
                    "a stoichiometry given by a name",
                    species.span,
                    "write it as a number",
                );
            }
            match terms.iter_mut().find(|t| t.species.path == species.path) {
                Some(term) => term.stoichiometry += stoichiometry,
                None => terms.push(Term { species, stoichiometry, boundary }),
            }
            if !self.eat("+") {
                return Ok(terms);
            }
        }
    }

    /// `at (condition), t0=false: A = …, B = …`, from the word `at`.
    pub(super) fn event(&mut self, name: Option<Name>) -> Parsed<Statement> {
        self.at += 1;
        let trigger = self.formula()?;
        if self.peek_word("after") {
            let span = self.span();
            return self.unsupported(
                "a delayed event",
                span,
                "put the delay into the condition: `at (time >= t + delay)`",
            );
        }
        let mut initially = true;
        while self.eat(",") {
            self.skip_newlines_inside();
            initially = self.event_option(initially)?;
        }
        self.expect(":", "an event is written `at (condition): A = value, B = value`")?;
        let mut assignments = Vec::new();
        loop {
            self.skip_newlines_inside();
            let target = self.name("a name to set")?;
            super::statement::check_reserved(&target, self.found)?;
            self.expect("=", "an event sets names with `=`")?;
            assignments.push((target, self.formula()?));
            if !self.eat(",") {
                break;
            }
        }
        Ok(Statement::Event(EventText { name, trigger, initially, assignments }))
    }

    fn event_option(&mut self, initially: bool) -> Parsed<bool> {
        let span = self.span();
        let Token::Name(option) = self.peek().clone() else {
            return self.fail("`t0`", "the option read here is `t0=false` or `t0=true`");
        };
        self.at += 1;
        self.expect("=", "options are written `t0=false`")?;
        let truth = match self.peek() {
            Token::Name(word) if word == "true" => Some(true),
            Token::Name(word) if word == "false" => Some(false),
            _ => None,
        };
        match (option.as_str(), truth) {
            ("t0", Some(truth)) => {
                self.at += 1;
                Ok(truth)
            }
            // What holds for an event without delay and priority anyway.
            ("persistent" | "fromTrigger", Some(true)) => {
                self.at += 1;
                Ok(initially)
            }
            ("t0", None) => self.fail("`true` or `false`", ""),
            ("priority", _) => self.unsupported(
                "a priority of an event",
                span,
                "make the conditions exclude each other",
            ),
            ("persistent" | "fromTrigger", _) => {
                let what = format!("`{option}` of an event");
                self.unsupported(&what, span, "remove it; events act at once")
            }
            _ => self.unsupported(&format!("the option `{option}` of an event"), span, "remove it"),
        }
    }
}
