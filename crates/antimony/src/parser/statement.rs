//! One statement of a model.

use hersim_network::{Diagnostic, Span};

use super::{Failed, Parsed, Parser};
use crate::{
    ast::{
        Class, Conversion, Declaration, FieldText, FieldValue, How, Name, Remark, Stated,
        Statement, Submodel, UnitDefinition, UnitExpr,
    },
    fields::{Field, field_of},
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
                    made.push(self.reaction(None, None)?);
                } else {
                    made.push(Statement::Declare(self.declared(name, None, None, true)?));
                }
            }
            Token::Number(..) if matches!(self.peek_at(1), Token::Sign("=")) => {
                made.push(self.algebraic(None)?);
            }
            Token::Number(..) | Token::Sign("->" | "=>") => {
                made.push(self.reaction(None, None)?);
            }
            Token::Sign("-") if matches!(self.peek_at(1), Token::Sign("-")) => {
                return self.unsupported("a DNA strand", from, "write its products as reactions");
            }
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
                made.push(Statement::Remark(None, self.remark(None)?));
                return Ok(());
            }
            "delete" if self.tolerant && matches!(self.peek_at(1), Token::Name(_)) => {
                self.at += 1;
                loop {
                    made.push(Statement::Delete(self.name("a name to delete")?));
                    if !self.eat(",") {
                        return Ok(());
                    }
                }
            }
            _ => {}
        }
        if let Some((_, what, mend)) = FOREIGN.iter().find(|(w, ..)| *w == word)
            && matches!(self.peek_at(1), Token::Name(_))
            && !matches!(self.peek_at(2), Token::Text(_) | Token::Notes(_))
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
                made.push(self.labelled(name, None)?);
            }
            Token::Sign("=") if field_of(&name.path).is_some() => {
                self.at += 1;
                made.push(self.field(name)?);
            }
            Token::Sign("=") if is_unit_setting(&name.path) => {
                self.at += 1;
                self.nesting = 0;
                let value = self.unit_expression()?;
                made.push(Statement::Unit(UnitDefinition { name, value }));
            }
            Token::Sign("*" | "/") if self.is_conversion() => {
                let inner = self.converted(name)?;
                self.at += 1;
                let outer = self.name("a name")?;
                made.push(Statement::Same(inner.0, outer, inner.1));
            }
            Token::Sign("=" | ":=" | "'") => {
                made.push(Statement::Declare(self.declared(name, None, None, false)?));
            }
            Token::Sign("->" | "=>" | "+" | "<->" | "-" | "-|") => {
                self.at -= 1;
                made.push(self.reaction(None, None)?);
            }
            Token::Name(word) => match word.as_str() {
                "has" => made.push(Statement::Declare(self.declared(name, None, None, false)?)),
                "in" => {
                    if matches!(self.peek_at(2), Token::Sign(":")) {
                        let span = self.span();
                        if !self.tolerant {
                            return self.unsupported(
                                "a compartment of a reaction",
                                span,
                                "say where each species is instead: `species X in c`",
                            );
                        }
                        self.at += 1;
                        let compartment = self.name("a compartment's name")?;
                        self.at += 1;
                        made.push(self.labelled(name, Some(compartment))?);
                        return Ok(());
                    }
                    made.push(Statement::Declare(self.declared(name, None, None, false)?));
                }
                "is" => self.same_or_called(name, made)?,
                _ if self.looks_like_reaction() => {
                    self.at -= 1;
                    made.push(self.reaction(None, None)?);
                }
                _ => {
                    let remark = self.remark(Some(&name))?;
                    made.push(Statement::Remark(Some(name), remark));
                }
            },
            Token::Sign("(") if self.tolerant => {
                self.at -= 1;
                let unnamed = Name { path: String::new(), span: name.span };
                made.push(self.submodel(unnamed)?);
            }
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
            made.push(Statement::Remark(Some(name), Remark::Called(words)));
            return Ok(());
        }
        let mut outer = (self.name("a name or a quoted text")?, None);
        if self.peek_is("/") || self.peek_is("*") {
            outer = self.converted(outer.0)?;
        }
        made.push(Statement::Same(name, outer.0, outer.1));
        Ok(())
    }

    /// At `* factor is` or `/ factor is`.
    fn is_conversion(&self) -> bool {
        matches!(self.peek_at(2), Token::Name(word) if word == "is")
    }

    /// `a * factor` on the left of `is`, `b / factor` on its right.
    fn converted(&mut self, name: Name) -> Parsed<(Name, Conversion)> {
        let span = self.span();
        let right = self.peek_is("/");
        if self.is_conversion() == right {
            return self.unsupported(
                "this conversion",
                span,
                "write `inner * factor is outer` or `inner is outer / factor`",
            );
        }
        self.at += 1;
        Ok((name, Some(self.name("the name of a factor")?)))
    }

    /// `name:` and what follows: a submodel, an event, a rule or a reaction.
    fn labelled(&mut self, name: Name, compartment: Option<Name>) -> Parsed<Statement> {
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
            return self.algebraic(Some(name));
        }
        if matches!((self.peek(), self.peek_at(1)), (Token::Sign("-"), Token::Sign("-"))) {
            let span = self.span();
            return self.unsupported("a DNA strand", span, "write its products as reactions");
        }
        if !submodel {
            return self.reaction(Some(name), compartment);
        }
        match compartment {
            Some(compartment) => self.submodel_in_compartment(compartment.span),
            None => self.submodel(name),
        }
    }

    fn submodel_in_compartment(&mut self, span: Span) -> Parsed<Statement> {
        self.unsupported("a submodel in a compartment", span, "pass the compartment as a port")
    }

    /// `model(a, b), timeconv=60`, after the label.
    fn submodel(&mut self, name: Name) -> Parsed<Statement> {
        let model = self.name("a model's name")?;
        let arguments = self.name_list()?;
        if self.peek_word("in") {
            return self.submodel_in_compartment(self.span());
        }
        let mut submodel = Submodel { name, model, arguments, time: None, extent: None };
        while self.eat(",") {
            let span = self.span();
            let what = self.name("`timeconv` or `extentconv`")?;
            self.expect("=", "for example `timeconv=60`")?;
            let factor = Some(self.formula()?);
            match what.path.as_str() {
                _ if !self.tolerant => {
                    return self.unsupported(
                        "a conversion of a submodel",
                        span,
                        "use one unit of time and extent for all models",
                    );
                }
                "timeconv" => submodel.time = factor,
                "extentconv" => submodel.extent = factor,
                _ => return self.fail("`timeconv` or `extentconv`", ""),
            }
        }
        Ok(Statement::Submodel(submodel))
    }

    /// `0 = formula`, after the label.
    fn algebraic(&mut self, name: Option<Name>) -> Parsed<Statement> {
        let span = self.span();
        let zero = matches!(self.peek(), Token::Number(value, _) if *value == 0.0);
        if !self.tolerant || !zero {
            return self.unsupported(
                "an algebraic rule",
                span,
                "solve it for one name and use `:=`",
            );
        }
        self.at += 2;
        Ok(Statement::Algebraic(name, self.formula()?))
    }

    /// True when an arrow comes before the end of the statement's first part.
    fn looks_like_reaction(&self) -> bool {
        self.lexemes[self.at.min(self.lexemes.len())..]
            .iter()
            .take_while(|l| {
                !matches!(l.token, Token::Newline | Token::End | Token::Sign(";" | "=" | ":="))
            })
            .any(|l| matches!(l.token, Token::Sign("->" | "=>" | "<->" | "-|" | "-")))
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
            let mut name = self.name("a name to declare")?;
            let field = field_of(&name.path).is_some().then(|| name.clone());
            if let (Some((owner, _)), true) = (name.path.rsplit_once('.'), field.is_some()) {
                name.path = owner.to_string();
            }
            match field {
                // `species a.sboTerm = 247` declares the species as well.
                Some(field) if self.eat("=") => {
                    let declaration =
                        Declaration { class, constant, boundary, ..Declaration::of(name) };
                    made.push(Statement::Declare(declaration));
                    made.push(self.field(field)?);
                }
                _ => made.push(Statement::Declare(self.declared(name, class, constant, boundary)?)),
            }
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
        let mut declaration = Declaration { class, constant, boundary, ..Declaration::of(name) };
        loop {
            if self.peek_word("in") {
                self.at += 1;
                declaration.compartment = Some(self.name("a compartment's name")?);
            } else if self.peek_word("has") {
                self.at += 1;
                self.nesting = 0;
                declaration.unit = Some(self.unit_expression()?);
            } else if let Some(how) = self.assignment_sign()? {
                if self.at_break() {
                    // `x = ;`: libAntimony's way to declare a name without a value.
                    declaration.cleared = Some(how);
                    return Ok(declaration);
                }
                let value = self.formula()?;
                let number = value.as_number().is_some() && how == How::Initial;
                if let (true, Some(unit)) = (number, self.unit_of_number.take()) {
                    declaration.unit = Some(UnitExpr::Name(unit));
                } else if number && !self.tolerant && self.at_unit() {
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

    pub(super) fn at_unit(&self) -> bool {
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

    /// `x.sboTerm = 9` and the like, after the `=`.
    fn field(&mut self, name: Name) -> Parsed<Statement> {
        if !self.tolerant && field_of(&name.path) != Some(Field::Sbo) {
            let field = name.path.rsplit('.').next().unwrap_or_default();
            let mend = "keep spread and uncertainty in the parameter table";
            return self.unsupported(&format!("the field `{field}`"), name.span, mend);
        }
        let value = if self.eat("{") {
            let from = self.formula()?;
            self.expect(",", "a range is written `{from, to}`")?;
            let to = self.formula()?;
            self.expect("}", "a range is written `{from, to}`")?;
            FieldValue::Range(from, to)
        } else if self.peek_word("SBO") && matches!(self.peek_at(1), Token::Sign(":")) {
            self.at += 2;
            FieldValue::One(self.formula()?)
        } else {
            FieldValue::One(self.formula()?)
        };
        Ok(Statement::Field(FieldText { name, value }))
    }
}

/// Names that give the units of a whole model.
fn is_unit_setting(name: &str) -> bool {
    ["time_unit", "substance", "extent", "length", "area", "volume"].contains(&name)
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
