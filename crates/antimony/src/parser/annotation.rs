//! Annotations (`X identity "https://…"`), notes and history.

use hersim_network::nearest;

use super::{Parsed, Parser};
use crate::{
    ast::{CreatorField, Date, Name, Remark},
    lexer::Token,
};

/// Antimony's words and the SBML qualifiers they stand for.
const QUALIFIERS: [(&str, &str); 35] = [
    ("identity", "is"),
    ("biological_entity_is", "is"),
    ("model_entity_is", "is"),
    ("hypernym", "isVersionOf"),
    ("isVersionOf", "isVersionOf"),
    ("part", "hasPart"),
    ("hasPart", "hasPart"),
    ("parthood", "isPartOf"),
    ("isPartOf", "isPartOf"),
    ("version", "hasVersion"),
    ("hasVersion", "hasVersion"),
    ("homolog", "isHomologTo"),
    ("isHomologTo", "isHomologTo"),
    ("description", "isDescribedBy"),
    ("isDescribedBy", "isDescribedBy"),
    ("encodement", "isEncodedBy"),
    ("isEncodedBy", "isEncodedBy"),
    ("encoder", "encodes"),
    ("encodes", "encodes"),
    ("container", "occursIn"),
    ("occursIn", "occursIn"),
    ("property", "hasProperty"),
    ("hasProperty", "hasProperty"),
    ("propertyBearer", "isPropertyOf"),
    ("isPropertyOf", "isPropertyOf"),
    ("taxon", "hasTaxon"),
    ("hasTaxon", "hasTaxon"),
    ("origin", "isDerivedFrom"),
    ("isDerivedFrom", "isDerivedFrom"),
    ("isInstanceOf", "isInstanceOf"),
    ("hasInstance", "hasInstance"),
    ("instance", "hasInstance"),
    ("source", "isDescribedBy"),
    ("bqbiol_is", "is"),
    ("bqmodel_is", "is"),
];

/// Parts of a date, in the order in which a date is written.
const DATE: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];

/// The word that writes a qualifier.
pub(crate) fn word_for(qualifier: &str) -> Option<&'static str> {
    if qualifier == "is" {
        return Some("identity");
    }
    QUALIFIERS.iter().find(|(word, _)| *word == qualifier).map(|(word, _)| *word)
}

impl Parser<'_> {
    /// What is said of `name`, or of the model: an annotation, notes or history.
    pub(super) fn remark(&mut self, name: Option<&Name>) -> Parsed<Remark> {
        let Token::Name(word) = self.peek().clone() else {
            return self.fail(
                "an annotation",
                "for example `model isDescribedBy \"https://identifiers.org/doi:…\"`",
            );
        };
        let (first, field) = word.split_once('.').unwrap_or((&word, ""));
        match first {
            "notes" if field.is_empty() => {
                self.at += 1;
                return Ok(Remark::Notes(xhtml(self.words()?)));
            }
            "created" | "modified" => {
                self.at += 1;
                let date = if first == "created" { Date::Created } else { Date::Modified };
                return self.date(date, field);
            }
            _ => {}
        }
        if let Some(number) = first.strip_prefix("creator") {
            let number = if number.is_empty() { Ok(1) } else { number.parse() };
            if let (Ok(number), Some(field)) = (number, creator_field(field)) {
                self.at += 1;
                return Ok(Remark::Creator(number, field, self.words()?));
            }
        }
        self.qualified(&word, name)
    }

    /// A quoted text.
    fn words(&mut self) -> Parsed<String> {
        match self.peek().clone() {
            Token::Text(words) | Token::Notes(words) => {
                self.at += 1;
                Ok(words)
            }
            _ => self.fail("a quoted text", ""),
        }
    }

    fn date(&mut self, date: Date, field: &str) -> Parsed<Remark> {
        if field.is_empty() {
            return Ok(Remark::Date(date, self.words()?));
        }
        let part = DATE.iter().position(|part| *part == field);
        match (part, self.peek()) {
            (Some(part), Token::Number(value, _)) => {
                let value = *value as u32;
                self.at += 1;
                Ok(Remark::DatePart(date, part, value))
            }
            _ => self.fail("a number", "the parts of a date are year, month, day, hour, …"),
        }
    }

    fn qualified(&mut self, word: &str, name: Option<&Name>) -> Parsed<Remark> {
        let Some((_, qualifier)) = QUALIFIERS.iter().find(|(w, _)| *w == word) else {
            let near = nearest(word, QUALIFIERS.iter().map(|(w, _)| *w));
            let mend = match (near, name) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some(name)) => format!(
                    "a statement about `{0}` is `{0} = …`, `{0} := …`, `{0} has …` or `{0} is …`",
                    name.path
                ),
                (None, None) => "for example `model isDescribedBy \"…\"`".to_string(),
            };
            return self.fail("`=`, `has`, `is` or the name of an annotation", &mend);
        };
        self.at += 1;
        let mut resources = Vec::new();
        loop {
            let Token::Text(uri) = self.peek().clone() else {
                return self.fail(
                    "a resource between quotes",
                    "for example `\"https://identifiers.org/…\"`",
                );
            };
            self.at += 1;
            resources.push(uri);
            if !self.eat(",") {
                return Ok(Remark::Annotate(qualifier, resources));
            }
            while matches!(self.peek(), Token::Newline) {
                self.at += 1;
            }
        }
    }
}

fn creator_field(field: &str) -> Option<CreatorField> {
    Some(match field {
        "givenName" => CreatorField::GivenName,
        "familyName" => CreatorField::FamilyName,
        "organization" | "organisation" => CreatorField::Organization,
        "email" => CreatorField::Email,
        _ => return None,
    })
}

/// Remarks as XHTML: plain words become a paragraph.
fn xhtml(words: String) -> String {
    if words.starts_with('<') {
        return words;
    }
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<p xmlns=\"http://www.w3.org/1999/xhtml\">{words}</p>")
}
