//! Reactions, interactions and events.

use hersim_network::Diagnostic;

use super::{Failed, Parsed, Parser};
use crate::{
    ast::{EventText, InteractionText, Name, ReactionText, Statement, Term},
    lexer::Token,
    words::RESERVED,
};

/// Terms of the Systems Biology Ontology for a species that acts on a reaction.
const INHIBITOR: u32 = 20;
const STIMULATOR: u32 = 459;
pub(crate) const MODIFIER: u32 = 19;

/// The arrow that a term is written with.
pub(crate) fn arrow_of(sbo: Option<u32>) -> Option<&'static str> {
    match sbo {
        Some(INHIBITOR) => Some("-|"),
        Some(STIMULATOR) => Some("-o"),
        Some(MODIFIER) => Some("-("),
        _ => None,
    }
}

impl Parser<'_> {
    /// `2 A + $B -> C; rate` or `A -| J`, after the label.
    pub(super) fn reaction(
        &mut self,
        name: Option<Name>,
        compartment: Option<Name>,
    ) -> Parsed<Statement> {
        let start = self.span();
        let reactants = self.side()?;
        let reversible = match self.peek() {
            Token::Sign("->") => true,
            Token::Sign("=>") => false,
            Token::Sign("<->") => {
                let span = self.span();
                return self.unsupported(
                    "`<->`",
                    span,
                    "write `->` for a reversible reaction, `=>` for one that is not",
                );
            }
            Token::Sign("-|" | "-") => return self.interaction(name, reactants),
            _ => return self.fail("`->` or `=>`", "a reaction is written `A + B -> C; rate`"),
        };
        self.at += 1;
        let products = self.side()?;
        let needed = "a reaction is written `A + B -> C; rate`, on one line";
        if !self.eat(";") {
            return self.fail("`;` and a rate", needed);
        }
        let rate = if self.at_break() { None } else { Some(self.formula()?) };
        if rate.is_none() && !self.tolerant {
            let whole = start.to(self.span_before());
            self.found.push(
                Diagnostic::error("missing-rate", "this reaction has no rate")
                    .at(whole, "")
                    .mend("write the rate behind the `;`, on the same line"),
            );
            return Err(Failed);
        }
        let mut compartment = compartment;
        if self.peek_word("in") {
            self.at += 1;
            compartment = Some(self.name("a compartment's name")?);
        }
        let made = ReactionText { name, reactants, products, reversible, rate, compartment };
        Ok(Statement::Reaction(made))
    }

    /// From the arrow on.
    fn interaction(&mut self, name: Option<Name>, left: Vec<Term>) -> Parsed<Statement> {
        let span = self.span();
        if !self.tolerant {
            return self.unsupported(
                "an interaction (`-|`, `-o`, `-(`)",
                span,
                "put the modifier into the rate; naming it there is enough",
            );
        }
        let plain = self.eat("-|");
        let sbo = match (plain, self.peek_at(1)) {
            (true, _) => INHIBITOR,
            (false, Token::Name(o)) if o == "o" => STIMULATOR,
            (false, Token::Sign("(")) => MODIFIER,
            _ => return self.fail("`-|`, `-o` or `-(`", "an interaction is written `S -| J`"),
        };
        self.at += if plain { 0 } else { 2 };
        let reactions = self.side()?.into_iter().map(|t| t.species).collect();
        let modifiers = left.into_iter().map(|t| t.species).collect();
        Ok(Statement::Interaction(InteractionText { name, modifiers, reactions, sbo }))
    }

    fn side(&mut self) -> Parsed<Vec<Term>> {
        let mut terms: Vec<Term> = Vec::new();
        let arrow = matches!(self.peek(), Token::Sign("->" | "=>" | "<->" | "-|" | "-" | ";"));
        if arrow || self.at_break() {
            return Ok(terms);
        }
        loop {
            terms.push(self.term()?);
            if !self.eat("+") {
                return Ok(terms);
            }
        }
    }

    fn term(&mut self) -> Parsed<Term> {
        let span = self.span();
        let mut stoichiometry = 1.0;
        let mut variable = None;
        if let Token::Number(value, _) = *self.peek() {
            self.at += 1;
            stoichiometry = value;
            let positive = value > 0.0 || (self.tolerant && value == 0.0);
            if !(positive && value.is_finite()) {
                self.found.push(
                    Diagnostic::error("bad-number", "a stoichiometry must be positive")
                        .at(span, "")
                        .mend("remove the species, or write it on the other side"),
                );
                return Err(Failed);
            }
        }
        let mut boundary = self.eat("$");
        let mut species = self.name("a species' name")?;
        let more = matches!(self.peek(), Token::Name(_) | Token::Sign("$"));
        if more && !self.at_break() && !self.peek_word("in") {
            if !self.tolerant {
                return self.unsupported(
                    "a stoichiometry given by a name",
                    species.span,
                    "write it as a number",
                );
            }
            boundary = self.eat("$");
            variable = Some(species);
            species = self.name("a species' name")?;
        }
        for name in variable.iter().chain([&species]) {
            if RESERVED.contains(&name.path.as_str()) {
                super::statement::check_reserved(name, self.found)?;
            }
        }
        Ok(Term { species, stoichiometry, variable, boundary })
    }

    /// `at delay after (condition), t0=false: A = …, B = …`, from the word `at`.
    pub(super) fn event(&mut self, name: Option<Name>) -> Parsed<Statement> {
        self.at += 1;
        let mut event = EventText {
            name,
            trigger: self.formula()?,
            delay: None,
            priority: None,
            initially: true,
            persistent: true,
            at_trigger: true,
            assignments: Vec::new(),
        };
        if self.peek_word("after") {
            let span = self.span();
            if !self.tolerant {
                return self.unsupported(
                    "a delayed event",
                    span,
                    "put the delay into the condition: `at (time >= t + delay)`",
                );
            }
            self.at += 1;
            event.delay = Some(std::mem::replace(&mut event.trigger, self.formula()?));
        }
        while self.eat(",") {
            self.skip_newlines_inside();
            self.event_option(&mut event)?;
        }
        self.expect(":", "an event is written `at (condition): A = value, B = value`")?;
        if self.tolerant && self.at_event_end() {
            return Ok(Statement::Event(event));
        }
        loop {
            self.skip_newlines_inside();
            let target = self.name("a name to set")?;
            super::statement::check_reserved(&target, self.found)?;
            self.expect("=", "an event sets names with `=`")?;
            event.assignments.push((target, self.formula()?));
            if !self.eat(",") {
                break;
            }
        }
        Ok(Statement::Event(event))
    }

    /// An event that sets nothing ends right behind its `:`.
    fn at_event_end(&self) -> bool {
        matches!(self.peek(), Token::Sign(";") | Token::End) || self.peek_word("end")
    }

    fn event_option(&mut self, event: &mut EventText) -> Parsed<()> {
        let span = self.span();
        let Token::Name(option) = self.peek().clone() else {
            return self.fail("`t0`", "the option read here is `t0=false` or `t0=true`");
        };
        self.at += 1;
        self.expect("=", "options are written `t0=false`")?;
        if option == "priority" && self.tolerant {
            event.priority = Some(self.formula()?);
            return Ok(());
        }
        let truth = match self.peek() {
            Token::Name(word) if word == "true" => Some(true),
            Token::Name(word) if word == "false" => Some(false),
            _ => None,
        };
        match (option.as_str(), truth) {
            ("t0", Some(truth)) => event.initially = truth,
            ("persistent", Some(truth)) if truth || self.tolerant => event.persistent = truth,
            ("fromTrigger", Some(truth)) if truth || self.tolerant => event.at_trigger = truth,
            ("t0", None) => return self.fail("`true` or `false`", ""),
            ("priority", _) => {
                return self.unsupported(
                    "a priority of an event",
                    span,
                    "make the conditions exclude each other",
                );
            }
            ("persistent" | "fromTrigger", Some(_)) => {
                let what = format!("`{option}` of an event");
                return self.unsupported(&what, span, "remove it; events act at once");
            }
            ("persistent" | "fromTrigger", None) => return self.fail("`true` or `false`", ""),
            _ => {
                let what = format!("the option `{option}` of an event");
                return self.unsupported(&what, span, "remove it");
            }
        }
        self.at += 1;
        Ok(())
    }
}
