//! Words into files, models and statements.
//!
//! A statement that cannot be read is reported and left out; reading goes on after it, so that
//! every mistake of a file is reported at once.

pub(crate) mod annotation;
mod formula;
mod habit;
pub(crate) mod reaction;
mod statement;
mod unit;

use std::collections::HashSet;

use hersim_network::{Diagnostic, FileId, Span};

use crate::{
    ast::{FileText, FunctionText, Model, Name},
    fields::field_of,
    lexer::{Lexeme, Token, lex},
    words::KEYWORDS,
};

/// Reads one file. What could not be read is in `found`.
pub(crate) fn parse(
    text: &str,
    file: FileId,
    tolerant: bool,
    found: &mut Vec<Diagnostic>,
) -> FileText {
    let lexemes = lex(text, file, found);
    let mut parser =
        Parser { lexemes, at: 0, nesting: 0, unit_of_number: None, tolerant, found, file };
    parser.file()
}

/// The mistake is already in `found`.
pub(super) struct Failed;

pub(super) type Parsed<T> = Result<T, Failed>;

/// Deepest nesting of parentheses and signs.
const DEEPEST: u32 = 150;

pub(super) struct Parser<'a> {
    lexemes: Vec<Lexeme>,
    at: usize,
    nesting: u32,
    /// The unit behind the number that was read last.
    unit_of_number: Option<Name>,
    /// Whether all of Antimony is read, or what the model's own texts may use.
    tolerant: bool,
    found: &'a mut Vec<Diagnostic>,
    file: FileId,
}

impl Parser<'_> {
    fn file(&mut self) -> FileText {
        let mut file = FileText::default();
        let mut loose = self.model_without_head();
        loop {
            self.skip_breaks();
            let start = self.at;
            let done = match self.peek() {
                Token::End => break,
                Token::Name(word) => match word.as_str() {
                    "import" => self.import(&mut file),
                    "function" => self.function().map(|f| file.functions.push(f)),
                    "unit" => self.unit_definition().map(|u| file.units.push(u)),
                    "model" | "module" if self.is_model_head() => {
                        self.model().map(|model| file.models.push(model))
                    }
                    "end" => self.stray_end(),
                    _ => self.loose_statement(&mut file, &mut loose),
                },
                _ => self.loose_statement(&mut file, &mut loose),
            };
            if done.is_ok() {
                if !self.at_head() {
                    self.expect_break();
                }
            } else {
                self.recover(start, &mut loose.unread);
            }
            if self.at == start {
                // Nothing was consumed: step over it rather than stand still.
                self.at += 1;
            }
        }
        file.unread = loose.unread.clone();
        // Without a model of its own a text is the model of its loose statements.
        if !loose.body.is_empty() || (self.tolerant && file.models.is_empty()) {
            file.models.push(loose);
        }
        file
    }

    fn model_without_head(&self) -> Model {
        Model {
            name: Name { path: "__main".into(), span: Span::new(self.file, 0..0) },
            main: false,
            ports: Vec::new(),
            body: Vec::new(),
            unread: HashSet::new(),
        }
    }

    /// `name is "…"` after the model it names belongs to that model.
    fn loose_statement(&mut self, file: &mut FileText, loose: &mut Model) -> Parsed<()> {
        let known = |name: &str| {
            file.models.iter().any(|m| m.name.path == name)
                || file.functions.iter().any(|f| f.name.path == name)
        };
        let about_model = match (self.peek(), self.peek_at(1)) {
            (Token::Name(name), Token::Name(_)) => known(name),
            (Token::Name(path), Token::Sign("=")) if field_of(path).is_some() => {
                path.split_once('.').is_some_and(|(owner, _)| known(owner))
            }
            _ => false,
        };
        let into = if about_model { &mut file.about } else { &mut loose.body };
        self.statement(into)
    }

    fn stray_end(&mut self) -> Parsed<()> {
        let span = self.span();
        self.at += 1;
        self.found.push(
            Diagnostic::error("unexpected-end", "this `end` closes nothing")
                .at(span, "no model or function is open here")
                .mend("remove it"),
        );
        Ok(())
    }

    fn import(&mut self, file: &mut FileText) -> Parsed<()> {
        self.at += 1;
        let span = self.span();
        match self.peek().clone() {
            Token::Text(path) => {
                self.at += 1;
                file.imports.push((path, span));
                Ok(())
            }
            _ => self.fail("a file name between quotes", "for example `import \"units.ant\"`"),
        }
    }

    /// `model name(`, `model *name(` or `model name` and the end of the line: not an annotation.
    fn is_model_head(&self) -> bool {
        match self.peek_at(1) {
            Token::Sign("*") => true,
            Token::Name(_) => !matches!(self.peek_at(2), Token::Text(_) | Token::Notes(_)),
            _ => true,
        }
    }

    fn model(&mut self) -> Parsed<Model> {
        let head = self.span();
        self.at += 1;
        let main = self.eat("*");
        let name = self.new_name("a model's name")?;
        let ports = if self.peek_is("(") { self.name_list()? } else { Vec::new() };
        let mut model = Model { name, main, ports, body: Vec::new(), unread: HashSet::new() };
        let opened = head.to(model.name.span);
        loop {
            self.skip_breaks();
            let start = self.at;
            match self.peek() {
                Token::End => {
                    self.unclosed("model", opened);
                    return Ok(model);
                }
                Token::Name(word) if word == "end" => {
                    self.at += 1;
                    return Ok(model);
                }
                Token::Name(word)
                    if matches!(word.as_str(), "model" | "module" | "function" | "import")
                        && (word == "function" || word == "import" || self.is_model_head()) =>
                {
                    self.unclosed("model", opened);
                    return Ok(model);
                }
                _ => {}
            }
            match self.statement(&mut model.body) {
                Ok(()) => self.expect_break(),
                Err(Failed) => self.recover(start, &mut model.unread),
            }
            if self.at == start {
                self.at += 1;
            }
        }
    }

    /// At a word that opens a model, a function or an import.
    fn at_head(&self) -> bool {
        matches!(self.peek(), Token::Name(word)
            if matches!(word.as_str(), "model" | "module" | "function" | "import"))
    }

    fn unclosed(&mut self, what: &str, opened: Span) {
        let here = self.span();
        let mut diagnostic =
            Diagnostic::error("unclosed-model", format!("this {what} is never closed"))
                .at(opened, "opened here")
                .mend("close it with `end`");
        if !matches!(self.peek(), Token::End) {
            diagnostic = diagnostic.also(here, "still inside it here");
        }
        self.found.push(diagnostic);
    }

    fn function(&mut self) -> Parsed<FunctionText> {
        let head = self.span();
        self.at += 1;
        let name = self.new_name("a function's name")?;
        let parameters = self.name_list()?;
        self.skip_breaks();
        let body = self.formula()?;
        self.skip_breaks();
        if matches!(self.peek(), Token::Name(word) if word == "end") {
            self.at += 1;
        } else if matches!(self.peek(), Token::End) {
            self.unclosed("function", head.to(name.span));
        } else {
            return self.fail("`end`", "a function holds one formula; close it with `end`");
        }
        Ok(FunctionText { name, parameters, body })
    }

    /// `(a, b, c)`.
    pub(super) fn name_list(&mut self) -> Parsed<Vec<Name>> {
        let mut names = Vec::new();
        self.expect("(", "open the list of names with `(`")?;
        self.skip_newlines_inside();
        if self.eat(")") {
            return Ok(names);
        }
        loop {
            self.skip_newlines_inside();
            self.eat("$");
            names.push(self.name("a name")?);
            self.skip_newlines_inside();
            if self.eat(")") {
                return Ok(names);
            }
            self.expect(",", "separate names with `,` and close the list with `)`")?;
        }
    }

    // ---- words ----

    pub(super) fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, offset: usize) -> &Token {
        self.lexemes.get(self.at + offset).map_or(&Token::End, |l| &l.token)
    }

    pub(super) fn peek_is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(s) if *s == sign)
    }

    pub(super) fn peek_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(name) if name == word)
    }

    pub(super) fn span(&self) -> Span {
        let last = self.lexemes.len().saturating_sub(1);
        self.lexemes[self.at.min(last)].span
    }

    pub(super) fn span_before(&self) -> Span {
        self.lexemes[self.at.saturating_sub(1).min(self.lexemes.len() - 1)].span
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let there = self.peek_is(sign);
        self.at += usize::from(there);
        there
    }

    pub(super) fn expect(&mut self, sign: &str, mend: &str) -> Parsed<()> {
        if self.eat(sign) {
            return Ok(());
        }
        self.fail(&format!("`{sign}`"), mend)
    }

    pub(super) fn name(&mut self, what: &str) -> Parsed<Name> {
        let span = self.span();
        match self.peek() {
            Token::Name(path) if !KEYWORDS.contains(&path.as_str()) => {
                let name = Name { path: path.clone(), span };
                self.at += 1;
                Ok(name)
            }
            _ => self.fail(what, ""),
        }
    }

    /// A name that is about to get a meaning of its own.
    pub(super) fn new_name(&mut self, what: &str) -> Parsed<Name> {
        let name = self.name(what)?;
        if name.path.contains('.') {
            self.found.push(
                Diagnostic::error("unexpected", format!("{what} has no dots"))
                    .at(name.span, "")
                    .mend("dots lead into submodels; use `_` instead"),
            );
            return Err(Failed);
        }
        Ok(name)
    }

    /// Reports that something else was needed here.
    pub(super) fn fail<T>(&mut self, needed: &str, mend: &str) -> Parsed<T> {
        let what = match self.peek() {
            Token::Name(name) if KEYWORDS.contains(&name.as_str()) => format!("the word `{name}`"),
            Token::Name(name) => format!("`{name}`"),
            Token::Number(_, spelling) => format!("the number {spelling}"),
            Token::Text(_) | Token::Notes(_) => "a quoted text".to_string(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::Newline => "the end of the line".to_string(),
            Token::End => "the end of the file".to_string(),
        };
        let span = match self.peek() {
            // The caret stands behind the last word rather than on an invisible character.
            Token::Newline | Token::End => {
                let before = self.span_before();
                Span { start: before.end, end: before.end, ..before }
            }
            _ => self.span(),
        };
        let mend = self.habit().unwrap_or(match mend {
            "" => self.plain_mend(),
            mend => mend,
        });
        self.found.push(
            Diagnostic::error("unexpected", format!("{needed} is needed here, not {what}"))
                .at(span, format!("needed {needed}"))
                .mend(mend),
        );
        Err(Failed)
    }

    /// Reports a construct that is Antimony but not for this reader.
    pub(super) fn unsupported<T>(&mut self, what: &str, span: Span, mend: &str) -> Parsed<T> {
        self.found.push(
            Diagnostic::error("unsupported", format!("{what} cannot be read"))
                .at(span, "")
                .mend(mend),
        );
        Err(Failed)
    }

    // ---- ends of statements ----

    pub(super) fn at_break(&self) -> bool {
        matches!(self.peek(), Token::Newline | Token::End | Token::Sign(";"))
            || self.peek_word("end")
    }

    fn skip_breaks(&mut self) {
        while matches!(self.peek(), Token::Newline | Token::Sign(";")) {
            self.at += 1;
        }
    }

    fn expect_break(&mut self) {
        if !self.at_break() {
            let _: Parsed<()> = self.fail("the end of the statement", "end a statement with `;`");
            self.skip_statement(false);
        }
    }

    /// Line ends inside parentheses: read on, but other readers of Antimony stop here.
    pub(super) fn skip_newlines_inside(&mut self) {
        if !matches!(self.peek(), Token::Newline) {
            return;
        }
        let before = self.span_before();
        let here = Span { start: before.end, end: before.end, ..before };
        self.found.push(
            Diagnostic::warning("line-break", "a line break inside a statement is not standard")
                .at(here, "libAntimony stops here")
                .mend("put it on one line, or end the line with `\\`"),
        );
        while matches!(self.peek(), Token::Newline) {
            self.at += 1;
        }
    }

    /// After a mistake: past the statement, keeping the names in it.
    fn recover(&mut self, start: usize, unread: &mut HashSet<String>) {
        let read = &self.lexemes[start..self.at.min(self.lexemes.len())];
        let reaction =
            read.iter().any(is_arrow) && !read.iter().any(|l| l.token == Token::Sign(";"));
        self.skip_statement(reaction);
        for lexeme in &self.lexemes[start..self.at.min(self.lexemes.len())] {
            if let Token::Name(name) = &lexeme.token {
                unread.insert(name.clone());
            }
        }
    }

    /// Skips to the next `;` or line end; a reaction goes on for one more part.
    fn skip_statement(&mut self, mut reaction: bool) {
        loop {
            match self.peek() {
                Token::Newline | Token::End => return,
                Token::Sign(";") if reaction => reaction = false,
                Token::Sign(";") => return,
                _ if self.peek_word("end") => return,
                _ => reaction |= self.lexemes.get(self.at).is_some_and(is_arrow),
            }
            self.at += 1;
        }
    }
}

fn is_arrow(lexeme: &Lexeme) -> bool {
    matches!(lexeme.token, Token::Sign("->" | "=>" | "<->" | "-|"))
}
