//! What people write who come from other languages, and what it is here.

use super::Parser;
use crate::{lexer::Token, words::KEYWORDS};

impl Parser<'_> {
    /// How to mend what stands here, where it is a habit from elsewhere.
    pub(super) fn habit(&self) -> Option<&'static str> {
        let before = self.at.checked_sub(1).and_then(|at| self.lexemes.get(at)).map(|l| &l.token);
        match (before, self.peek()) {
            (Some(Token::Sign("*")), Token::Sign("*")) => Some("powers are written with `^`"),
            (_, Token::Name(word)) if word == "and" => Some("write `&&`"),
            (_, Token::Name(word)) if word == "or" => Some("write `||`"),
            (_, Token::Name(word)) if word == "not" => Some("write `!`"),
            (_, Token::Name(word)) if word == "if" => {
                Some("write `piecewise(value, condition, otherwise)`")
            }
            (Some(Token::Number(..)), Token::Sign(","))
                if matches!(self.peek_at(1), Token::Number(..)) =>
            {
                Some("numbers have a point: `0.5`")
            }
            (Some(Token::Number(..)), Token::Name(_)) => {
                Some("write `*` for a product, and a blank before a unit")
            }
            (Some(Token::Name(_)), Token::Name(_)) => {
                Some("separate names: `,` in a list, `*` in a product, `;` between statements")
            }
            (Some(Token::Name(_) | Token::Number(..)), Token::Sign("=")) if self.nesting > 0 => {
                Some("compare with `==`")
            }
            _ => None,
        }
    }

    /// What to do where nothing better is known.
    pub(super) fn plain_mend(&self) -> &'static str {
        match self.peek() {
            Token::Name(word) if KEYWORDS.contains(&word.as_str()) => {
                "it is a word of the language: choose another name"
            }
            Token::Newline | Token::End => "go on here, or remove what stands before it",
            _ => "a name begins with a letter or `_` and has letters, digits and `_`",
        }
    }
}
