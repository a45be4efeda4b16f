//! Annotations: `X identity "https://…"`.

use hersim_network::{Diagnostic, nearest};

use super::{Parsed, Parser};
use crate::{ast::Name, lexer::Token};

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

/// Bookkeeping words whose text changes nothing.
const SKIPPED: [&str; 4] = ["notes", "created", "modified", "creator"];

/// The word that writes a qualifier.
pub(crate) fn word_for(qualifier: &str) -> Option<&'static str> {
    if qualifier == "is" {
        return Some("identity");
    }
    QUALIFIERS.iter().find(|(word, _)| *word == qualifier).map(|(word, _)| *word)
}

impl Parser<'_> {
    /// Qualifier and resources; none when the annotation is skipped with a warning.
    pub(super) fn annotation_of(&mut self, name: &Name) -> Parsed<(&'static str, Vec<String>)> {
        self.qualified(Some(name))
    }

    /// The same behind the word `model`.
    pub(super) fn annotation(&mut self) -> Parsed<(&'static str, Vec<String>)> {
        self.qualified(None)
    }

    fn qualified(&mut self, name: Option<&Name>) -> Parsed<(&'static str, Vec<String>)> {
        let span = self.span();
        let Token::Name(word) = self.peek().clone() else {
            return self.fail(
                "an annotation",
                "for example `model isDescribedBy \"https://identifiers.org/doi:…\"`",
            );
        };
        let first =
            word.split('.').next().unwrap_or(&word).trim_end_matches(|c: char| c.is_ascii_digit());
        if SKIPPED.contains(&first) {
            while !self.at_break() {
                self.at += 1;
            }
            self.found.push(
                Diagnostic::warning("ignored", format!("`{first}` is not kept"))
                    .at(span, "")
                    .mend("write it as a comment"),
            );
            return Ok(("", Vec::new()));
        }
        let Some((_, qualifier)) = QUALIFIERS.iter().find(|(w, _)| *w == word) else {
            let near = nearest(&word, QUALIFIERS.iter().map(|(w, _)| *w));
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
                return Ok((qualifier, resources));
            }
            while matches!(self.peek(), Token::Newline) {
                self.at += 1;
            }
        }
    }
}
