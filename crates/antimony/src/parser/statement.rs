//! One statement of a model.

use hersim_network::{Diagnostic, Span};

use super::{Failed, Parsed, Parser};
use crate::{
    ast::{Class, Declaration, How, Name, Stated, Statement, Submodel},
    lexer::Token,
    words::{KEYWORDS, RESERVED, is_taken},
};

/// Words that open statements of Antimony that have no place here.
const FOREIGN: [(&str, &str, &str); 11] = [
    (
        "delete",
        "`delete`",
        "leave the part out of the module, or set its rate to zero by a parameter",
    ),
    ("DNA", "a DNA strand", "write its products as reactions"),
    ("gene", "a gene", "write it as a reaction"),
    ("operator", "an operator site", "write it as a parameter"),
    ("extern", "an external definition", "define it in the text"),
    ("constraint", "a constraint", "check the range where the result is used"),
    ("assert", "a constraint", "check the range where the result is used"),
    ("maximize", "a flux objective", "remove it"),
    ("minimize", "a flux objective", "remove it"),
    ("reaction", "a declaration of a reaction", "write the reaction itself"),
    ("event", "a declaration of an event", "write the event itself"),
];

impl Parser<'_> {
    /// Reads one statement (several for a list) into `into`.
    pub(super) fn statement(&mut self, into: &mut Vec<Stated>) -> Parsed<()> {
        let start = self.at;
        let from = self.span();
        let mut made = Vec::new();
        match self.peek().clone() {
            Token::Name(word) => self.worded(&word, &mut made)?,
            Token::Sign("$") => {
                self.at += 1;
                let name = self.name("a species' name")?;
                if self.looks_like_reaction() {
                    self.at = start;
                    made.push(self.reaction(None)?);
                } else {
                    made.push(Statement::Declare(self.declared(name, None, None, true)?));
                }
            }
            Token::Number(..) if matches!(self.peek_at(1), Token::Sign("=")) => {
                return self.unsupported(
                    "an algebraic rule",
                    from,
                    "solve it for one name and use `:=`",
                );
            }
            Token::Number(..) | Token::Sign("->" | "=>") => made.push(self.reaction(None)?),
            _ => {
                return self
                    .fail("a statement", "a declaration, a value, a rule, a reaction or an event");
            }
        }
        let span = from.to(self.span_before());
        into.extend(made.into_iter().map(|what| Stated { what, span }));
        Ok(())
    }

    fn worded(&mut self, word: &str, made: &mut Vec<Statement>) -> Parsed<()> {
        let span = self.span();
        match word {
            "const" | "var" | "species" | "substanceOnly" | "compartment" | "formula"
                if matches!(self.peek_at(1), Token::Name(_) | Token::Sign("$")) =>
            {
                return self.declaration(made);
            }
            "unit" => {
                made.push(Statement::Unit(self.unit_definition()?));
                return Ok(());
            }
            "at" => {
                made.push(self.event(None)?);
                return Ok(());
            }
            "model" => {
                self.at += 1;
                let (qualifier, resources) = self.annotation()?;
                if !resources.is_empty() {
                    made.push(Statement::AnnotateModel(qualifier, resources));
                }
                return Ok(());
            }
            _ => {}
        }
        if let Some((_, what, mend)) = FOREIGN.iter().find(|(w, ..)| *w == word)
            && matches!(self.peek_at(1), Token::Name(_))
            && !matches!(self.peek_at(2), Token::Text(_))
        {
            return self.unsupported(what, span, mend);
        }
        if KEYWORDS.contains(&word) {
            return self.fail("a statement", &format!("`{word}` cannot be a name"));
        }
        let name = self.name("a name")?;
        self.after_name(name, made)
    }

    /// Everything that starts with a name.
    fn after_name(&mut self, name: Name, made: &mut Vec<Statement>) -> Parsed<()> {
        match self.peek().clone() {
            Token::Sign(":") => {
                self.at += 1;
                made.push(self.labelled(name)?);
            }
            Token::Sign("=" | ":=" | "'") => {
                if let Some(field) = annotation_field(&name.path) {
                    return self.field(field, name.span);
                }
                made.push(Statement::Declare(self.declared(name, None, None, false)?));
            }
            Token::Sign("->" | "=>" | "+" | "<->" | "-" | "-|") => {
                self.at -= 1;
                made.push(self.reaction(None)?);
            }
            Token::Name(word) => match word.as_str() {
                "has" => made.push(Statement::Declare(self.declared(name, None, None, false)?)),
                "in" => {
                    let span = self.span();
                    let ahead = self.lexemes.get(self.at + 2).map(|l| &l.token);
                    if matches!(ahead, Some(Token::Sign(":"))) {
                        return self.unsupported(
                            "a compartment of a reaction",
                            span,
                            "say where each species is instead: `species X in c`",
                        );
                    }
                    made.push(Statement::Declare(self.declared(name, None, None, false)?));
                }
                "is" => self.same_or_called(name, made)?,
                _ if self.looks_like_reaction() => {
                    self.at -= 1;
                    made.push(self.reaction(None)?);
                }
                _ => {
                    let (qualifier, resources) = self.annotation_of(&name)?;
                    if !resources.is_empty() {
                        made.push(Statement::Annotate(name, qualifier, resources));
                    }
                }
            },
            Token::Sign("(") => {
                let mend = format!("give the instance a name: `a: {}(…)`", name.path);
                return self.fail("a meaning for this name", &mend);
            }
            _ => {
                return self.fail(
                    "`=`, `:=`, `'=`, `has`, `is`, `:` or a reaction",
                    "to declare it without a value write `var name`",
                );
            }
        }
        Ok(())
    }

    fn same_or_called(&mut self, name: Name, made: &mut Vec<Statement>) -> Parsed<()> {
        self.at += 1;
        if let Token::Text(words) = self.peek().clone() {
            self.at += 1;
            made.push(Statement::Called(name, words));
            return Ok(());
        }
        let other = self.name("a name or a quoted text")?;
        made.push(Statement::Same(name, other));
        Ok(())
    }

    /// `name:` and what follows: a submodel, an event or a reaction.
    fn labelled(&mut self, name: Name) -> Parsed<Statement> {
        if name.path.contains('.') {
            return self.unsupported(
                "a reaction, event or submodel inside another model",
                name.span,
                "write it in that model, or give it a name without dots here",
            );
        }
        check_reserved(&name, self.found)?;
        let submodel =
            matches!(self.peek(), Token::Name(_)) && matches!(self.peek_at(1), Token::Sign("("));
        if self.peek_word("at") {
            return self.event(Some(name));
        }
        if matches!((self.peek(), self.peek_at(1)), (Token::Number(..), Token::Sign("="))) {
            let span = self.span();
            return self.unsupported(
                "an algebraic rule",
                span,
                "solve it for one name and use `:=`",
            );
        }
        if !submodel {
            return self.reaction(Some(name));
        }
        let model = self.name("a model's name")?;
        let arguments = self.name_list()?;
        if self.peek_word("in") {
            let span = self.span();
            return self.unsupported(
                "a submodel in a compartment",
                span,
                "pass the compartment as a port",
            );
        }
        Ok(Statement::Submodel(Submodel { name, model, arguments }))
    }

    /// True when an arrow comes before the end of the statement's first part.
    fn looks_like_reaction(&self) -> bool {
        self.lexemes[self.at.min(self.lexemes.len())..]
            .iter()
            .take_while(|l| {
                !matches!(l.token, Token::Newline | Token::End | Token::Sign(";" | "=" | ":="))
            })
            .any(|l| matches!(l.token, Token::Sign("->" | "=>" | "<->" | "-|")))
    }

    // ---- declarations ----

    fn declaration(&mut self, made: &mut Vec<Statement>) -> Parsed<()> {
        let mut class = None;
        let mut constant = None;
        let mut amount = false;
        while let Token::Name(word) = self.peek().clone() {
            let word = word.as_str();
            match word {
                "const" | "var" if constant.is_none() => constant = Some(word == "const"),
                "substanceOnly" => amount = true,
                "species" => class = Some(Class::Species { amount: false }),
                "compartment" => class = Some(Class::Compartment),
                "formula" => class = Some(Class::Parameter),
                _ => break,
            }
            self.at += 1;
            if matches!(word, "species" | "compartment" | "formula") {
                break;
            }
        }
        if amount {
            if class != Some(Class::Species { amount: false }) {
                return self.fail("`species`", "`substanceOnly` goes before `species`");
            }
            class = Some(Class::Species { amount: true });
        }
        loop {
            let boundary = self.eat("$");
            let name = self.name("a name to declare")?;
            made.push(Statement::Declare(self.declared(name, class, constant, boundary)?));
            if !self.eat(",") {
                return Ok(());
            }
            self.skip_newlines_inside();
        }
    }

    /// What may follow a name: `in c`, `has unit`, `= value`, `:= rule`, `'= rate`.
    fn declared(
        &mut self,
        name: Name,
        class: Option<Class>,
        constant: Option<bool>,
        boundary: bool,
    ) -> Parsed<Declaration> {
        check_reserved(&name, self.found)?;
        let mut declaration = Declaration {
            name,
            class,
            constant,
            boundary,
            compartment: None,
            value: None,
            unit: None,
        };
        loop {
            if self.peek_word("in") {
                self.at += 1;
                declaration.compartment = Some(self.name("a compartment's name")?);
            } else if self.peek_word("has") {
                self.at += 1;
                self.nesting = 0;
                declaration.unit = Some(self.unit_expression()?);
            } else if let Some(how) = self.assignment_sign()? {
                if how == How::Initial && self.at_break() {
                    // `x = ;`: libAntimony's way to declare a name without a value.
                    return Ok(declaration);
                }
                let value = self.formula()?;
                if value.as_number().is_some() && how == How::Initial && self.at_unit() {
                    self.nesting = 0;
                    declaration.unit = Some(self.unit_expression()?);
                }
                declaration.value = Some((how, value));
                return Ok(declaration);
            } else {
                return Ok(declaration);
            }
        }
    }

    fn at_unit(&self) -> bool {
        matches!(self.peek(), Token::Name(word) if !KEYWORDS.contains(&word.as_str()))
    }

    fn assignment_sign(&mut self) -> Parsed<Option<How>> {
        if self.eat("=") {
            return Ok(Some(How::Initial));
        }
        if self.eat(":=") {
            return Ok(Some(How::Always));
        }
        if self.eat("'") {
            self.expect("=", "a rate rule is written `x' = …`")?;
            return Ok(Some(How::Rate));
        }
        Ok(None)
    }

    /// `x.sboTerm = 9`: skipped with a warning; other fields are refused.
    fn field(&mut self, field: &str, span: Span) -> Parsed<()> {
        if !field.eq_ignore_ascii_case("sboTerm") {
            let what = format!("the field `{field}`");
            return self.unsupported(
                &what,
                span,
                "keep spread and uncertainty in the parameter table",
            );
        }
        self.at += 1;
        let _ = self.formula()?;
        self.found.push(
            Diagnostic::warning("ignored", "an SBO term is not kept")
                .at(span, "")
                .mend("use an annotation: `x identity \"https://identifiers.org/SBO:…\"`"),
        );
        Ok(())
    }
}

/// The field of `x.field` when it is one of libAntimony's and not a part of a submodel.
fn annotation_field(path: &str) -> Option<&str> {
    const FIELDS: [&str; 16] = [
        "sboterm",
        "externalparameter",
        "mean",
        "stdev",
        "standarddeviation",
        "variance",
        "distribution",
        "confidenceinterval",
        "credibleinterval",
        "interquartilerange",
        "kurtosis",
        "skewness",
        "median",
        "mode",
        "samplesize",
        "range",
    ];
    let (_, field) = path.rsplit_once('.')?;
    FIELDS.contains(&field.to_ascii_lowercase().as_str()).then_some(field)
}

/// Names with a fixed meaning cannot be given another.
pub(super) fn check_reserved(name: &Name, found: &mut Vec<Diagnostic>) -> Parsed<()> {
    if !RESERVED.contains(&name.path.as_str()) {
        if is_taken(&name.path) {
            found.push(
                Diagnostic::warning(
                    "reserved-name",
                    format!("`{}` is a word of other readers of Antimony", name.path),
                )
                .at(name.span, "libAntimony stops here")
                .mend(format!("choose another name, such as `{}_`", name.path)),
            );
        }
        return Ok(());
    }
    found.push(
        Diagnostic::error(
            "reserved-name",
            format!("`{}` always means the same and cannot be set", name.path),
        )
        .at(name.span, "")
        .mend("choose another name"),
    );
    Err(Failed)
}
