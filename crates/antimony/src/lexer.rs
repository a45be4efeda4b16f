//! Text into words, numbers and signs.

use hersim_network::{Diagnostic, FileId, Span};

/// A word of the language.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A name, with its dots when it is a path.
    Name(String),
    /// A number and its spelling.
    Number(f64, String),
    /// Text between quotes.
    Text(String),
    /// A long text between ``` or """.
    Notes(String),
    /// An operator or punctuation.
    Sign(&'static str),
    /// End of a line.
    Newline,
    /// End of the file.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) span: Span,
}

/// Words, numbers and signs that a text may have.
const MOST_WORDS: usize = 1_200_000;

/// Longest first, so that the first match is the longest.
const SIGNS: [&str; 33] = [
    "<->", ":=", "->", "=>", "==", "!=", ">=", "<=", "&&", "||", "-|", "(", ")", "{", "}", "[",
    "]", ",", ";", ":", "=", "+", "-", "*", "/", "^", "<", ">", "!", "$", "'", "%", ".",
];

/// Splits a text into tokens, the last of which is [`Token::End`]. Characters that mean nothing
/// are reported and left out.
pub(crate) fn lex(text: &str, file: FileId, found: &mut Vec<Diagnostic>) -> Vec<Lexeme> {
    let mut lexer = Lexer { text, file, at: 0, lexemes: Vec::new(), found };
    lexer.run();
    lexer.lexemes
}

/// The first quote without a backslash before it.
fn closing_quote(line: &str) -> Option<usize> {
    let mut escaped = false;
    line.char_indices().find_map(|(at, c)| {
        let end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        end.then_some(at)
    })
}

struct Lexer<'a> {
    text: &'a str,
    file: FileId,
    at: usize,
    lexemes: Vec<Lexeme>,
    found: &'a mut Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            if self.lexemes.len() >= MOST_WORDS {
                let message = format!("this text has more than {MOST_WORDS} words and signs");
                let here = Span::new(self.file, start..start + c.len_utf8());
                self.found.push(
                    Diagnostic::error("too-large", message)
                        .at(here, "read up to here")
                        .mend("split the model, or give it as SBML"),
                );
                self.lexemes.clear();
                break;
            }
            match c {
                '\n' => {
                    self.at += 1;
                    self.push(Token::Newline, start);
                }
                '\u{feff}' => self.at += c.len_utf8(),
                c if c.is_whitespace() => self.at += c.len_utf8(),
                '\\' if self.rest()[1..]
                    .trim_start_matches([' ', '\t', '\r'])
                    .starts_with('\n') =>
                {
                    self.at += self.rest().find('\n').map_or(1, |n| n + 1);
                }
                '#' => self.skip_line(),
                '/' if self.rest().starts_with("//") => self.skip_line(),
                '/' if self.rest().starts_with("/*") => self.skip_comment(),
                '`' if self.rest().starts_with("```") => self.notes("```"),
                '"' if self.rest().starts_with("\"\"\"") => self.notes("\"\"\""),
                '"' => self.quoted(),
                c if c.is_ascii_alphabetic() || c == '_' => self.name(),
                c if c.is_ascii_digit() || self.starts_with_fraction() => self.number(),
                _ => self.sign(c),
            }
        }
        self.push(Token::End, self.at);
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn byte(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.at + offset).copied().unwrap_or(0)
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start..self.at)
    }

    fn push(&mut self, token: Token, start: usize) {
        let span = self.span(start);
        self.lexemes.push(Lexeme { token, span });
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn skip_comment(&mut self) {
        let start = self.at;
        match self.rest().find("*/") {
            Some(end) => self.at += end + 2,
            None => {
                let opening = Span::new(self.file, start..start + 2);
                self.at = self.text.len();
                self.found.push(
                    Diagnostic::error("unclosed-comment", "this comment is never closed")
                        .at(opening, "opened here")
                        .mend("close it with `*/`"),
                );
            }
        }
    }

    fn notes(&mut self, fence: &str) {
        let start = self.at;
        match self.rest()[3..].find(fence) {
            Some(end) => {
                let words = self.rest()[3..3 + end].trim().to_string();
                self.at += end + 6;
                self.push(Token::Notes(words), start);
            }
            None => {
                let opening = Span::new(self.file, start..start + 3);
                self.at = self.text.len();
                self.found.push(
                    Diagnostic::error("unclosed-text", "this long text is never closed")
                        .at(opening, "opened here")
                        .mend(format!("close it with `{fence}`")),
                );
            }
        }
    }

    fn quoted(&mut self) {
        let start = self.at;
        let inside = &self.text[start + 1..];
        let line = &inside[..inside.find('\n').unwrap_or(inside.len())];
        match closing_quote(line) {
            Some(end) => {
                let words = line[..end].replace("\\\"", "\"").replace("\\\\", "\\");
                self.at = start + 1 + end + 1;
                self.push(Token::Text(words), start);
            }
            None => {
                let words = line.trim_end().to_string();
                self.at = start + 1 + words.len();
                self.found.push(
                    Diagnostic::error("unclosed-text", "this text is not closed on its line")
                        .at(self.span(start), "opened here")
                        .mend("close it with `\"`"),
                );
                self.push(Token::Text(words), start);
            }
        }
    }

    fn name(&mut self) {
        let start = self.at;
        loop {
            while self.byte(0).is_ascii_alphanumeric() || self.byte(0) == b'_' {
                self.at += 1;
            }
            let dotted = self.byte(0) == b'.'
                && (self.byte(1).is_ascii_alphabetic() || self.byte(1) == b'_');
            if !dotted {
                break;
            }
            self.at += 1;
        }
        self.push(Token::Name(self.text[start..self.at].to_string()), start);
    }

    fn starts_with_fraction(&self) -> bool {
        self.byte(0) == b'.' && self.byte(1).is_ascii_digit()
    }

    fn number(&mut self) {
        let start = self.at;
        self.digits();
        if self.byte(0) == b'.' {
            self.at += 1;
            self.digits();
        }
        if matches!(self.byte(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if self.byte(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.digits();
            }
        }
        let spelling = &self.text[start..self.at];
        // Digits with at most one point and one exponent always parse; overflow is infinite.
        let value = spelling.parse().unwrap_or(f64::NAN);
        if !f64::is_finite(value) {
            self.found.push(
                Diagnostic::error("bad-number", format!("{spelling} is too large for a number"))
                    .at(self.span(start), "")
                    .mend("use a smaller number, or `inf`"),
            );
        }
        self.push(Token::Number(value, spelling.to_string()), start);
    }

    fn digits(&mut self) {
        while self.byte(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    fn sign(&mut self, c: char) {
        let start = self.at;
        if let Some(sign) = SIGNS.into_iter().find(|s| self.rest().starts_with(s)) {
            self.at += sign.len();
            self.push(Token::Sign(sign), start);
            return;
        }
        self.at += c.len_utf8();
        // What it is meant for stands in its place, so that it is the only mistake here.
        let (meant, mend) = match c {
            '−' | '–' | '—' => (Some(Token::Sign("-")), "write `-`"),
            '×' | '·' | '⋅' => (Some(Token::Sign("*")), "write `*`"),
            '→' => (Some(Token::Sign("->")), "write `->`"),
            '≤' => (Some(Token::Sign("<=")), "write `<=`"),
            '≥' => (Some(Token::Sign(">=")), "write `>=`"),
            '“' | '”' | '„' | '«' | '»' => (None, "write `\"`"),
            c if c.is_alphabetic() => {
                let rest = self.rest();
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                self.at += end.unwrap_or(rest.len());
                let name = Token::Name(self.text[start..self.at].to_string());
                (Some(name), "names have the letters a to z, digits and `_`")
            }
            _ => (None, "remove it"),
        };
        let what = &self.text[start..self.at];
        self.found.push(
            Diagnostic::error("unexpected-character", format!("`{what}` means nothing here"))
                .at(self.span(start), "")
                .mend(mend),
        );
        if let Some(token) = meant {
            self.push(token, start);
        }
    }
}
