//! What is said for people and catalogues, and of how well values are known.

use std::fmt::Write as _;

use hersim_network::{About, Quantity, Spread, Uncertainty};

use super::{Writer, formula::number};
use crate::{fields::spelling, parser::annotation::word_for};

// Writing to a String cannot fail; the results of `writeln!` are dropped.
impl Writer<'_> {
    pub(super) fn words(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            said(text, "  ", self.name(id), &symbol.about);
        }
        for (index, rule) in self.network.algebraic.iter().enumerate() {
            said(text, "  ", self.names.rule(index), &rule.about);
        }
        for (index, event) in self.network.events.iter().enumerate() {
            said(text, "  ", self.names.event(index), &event.about);
        }
        let model = &self.network.about;
        // Its name and its term stand behind it.
        remarks(text, "  ", "model", model);
        self.heading(text, before, "Names and identities");
    }

    pub(super) fn words_of_the_model(&self, text: &mut String) {
        let About { display_name, sbo, .. } = &self.network.about;
        name_and_term(text, "", self.names.model(), display_name.as_deref(), *sbo);
    }

    pub(super) fn uncertainties(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            for one in &symbol.uncertainties {
                self.uncertainty(text, self.name(id), one);
            }
        }
        self.heading(text, before, "Uncertainty");
    }

    fn uncertainty(&self, text: &mut String, name: &str, one: &Uncertainty) {
        let field = spelling(&one.statistic);
        let quantity = |q: &Quantity| match q {
            Quantity::Number(value) => number(*value),
            Quantity::Symbol(id) => self.name(*id).to_string(),
        };
        let value = one.spread.as_ref().map(|spread| match spread {
            Spread::Value(value) => quantity(value),
            Spread::Range(from, to) => format!("{{{}, {}}}", quantity(from), quantity(to)),
            Spread::Distribution(name, arguments) => {
                let arguments: Vec<String> =
                    arguments.iter().map(|a| self.formulas.write(a)).collect();
                format!("{name}({})", arguments.join(", "))
            }
        });
        if let Some(value) = value {
            let _ = writeln!(text, "  {name}.{field} = {value};");
        }
        if let Some(url) = &one.definition {
            let _ = writeln!(text, "  {name}.{field} is \"{}\";", quoted(url));
        }
    }
}

fn said(text: &mut String, indent: &str, name: &str, about: &About) {
    name_and_term(text, indent, name, about.display_name.as_deref(), about.sbo);
    remarks(text, indent, name, about);
}

fn name_and_term(
    text: &mut String,
    indent: &str,
    name: &str,
    words: Option<&str>,
    sbo: Option<u32>,
) {
    if let Some(words) = words {
        let _ = writeln!(text, "{indent}{name} is \"{}\";", quoted(words));
    }
    if let Some(sbo) = sbo {
        let _ = writeln!(text, "{indent}{name}.sboTerm = {sbo};");
    }
}

fn remarks(text: &mut String, indent: &str, name: &str, about: &About) {
    for annotation in &about.annotations {
        if let Some(word) = word_for(&annotation.qualifier) {
            let _ = writeln!(text, "{indent}{name} {word} \"{}\";", quoted(&annotation.resource));
        }
    }
    for (index, creator) in about.creators.iter().enumerate() {
        let fields = [
            ("givenName", &creator.given_name),
            ("familyName", &creator.family_name),
            ("organization", &creator.organization),
            ("email", &creator.email),
        ];
        for (field, words) in fields {
            if let Some(words) = words {
                let number = index + 1;
                let words = quoted(words);
                let _ = writeln!(text, "{indent}{name} creator{number}.{field} \"{words}\";");
            }
        }
    }
    let created = about.created.iter().map(|date| ("created", date));
    for (word, date) in created.chain(about.modified.iter().map(|date| ("modified", date))) {
        let _ = writeln!(text, "{indent}{name} {word} \"{}\";", quoted(date));
    }
    if let Some(notes) = &about.notes {
        let _ = writeln!(text, "{indent}{name} notes ```{}```;", notes.replace("```", "` ` `"));
    }
}

/// Words that stay on their line and between their quotes.
fn quoted(words: &str) -> String {
    words.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ")
}
