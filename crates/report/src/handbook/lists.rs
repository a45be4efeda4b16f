//! Pages of the lists beside the modules: attributes, interventions, open questions.

use hersim_study::{claims::TargetPath, handbook::Handbook, library::Scope};

use super::{
    document::{Block, Inline, Page, Target, code, table, words},
    sources::linked,
};

fn whose(scope: Scope) -> &'static str {
    match scope {
        Scope::Subclone => "subclone",
        Scope::Host => "host",
    }
}

/// What a user may say of a tumour.
pub(super) fn attributes(book: &Handbook) -> Page {
    let rows = book.attributes.iter().map(|(name, attribute)| {
        let mut levels: Vec<(&String, f64)> =
            attribute.levels.iter().map(|(word, value)| (word, *value)).collect();
        levels.sort_by(|a, b| a.1.total_cmp(&b.1));
        let levels: Vec<String> =
            levels.iter().map(|(word, value)| format!("{word} = {}", short(*value))).collect();
        let [low, high] = attribute.range;
        vec![
            code(name),
            words(&attribute.meaning),
            words(whose(attribute.scope)),
            code(attribute.parameter.get_ref()),
            words(attribute.unit.get_ref()),
            words(format!("{} to {}", short(low), short(high))),
            words(levels.join(", ")),
            linked(book, &attribute.source),
        ]
    });
    let head =
        vec!["attribute", "what it means", "whose", "moves", "unit", "range", "words", "source"];
    let table = table(head, rows.collect::<Vec<_>>());
    let intro = "What a tumour's document may say, and the number it moves. Where cells are tuned to \
                 an attribute before treatment, the number is what they are tuned to.";
    Page {
        path: "attributes".into(),
        title: "Attributes of tumours".into(),
        blocks: vec![Block::Text(words(intro)), table],
    }
}

/// What can be done beside giving drugs.
pub(super) fn interventions(book: &Handbook) -> Page {
    let path = |path: Option<&TargetPath>| match path {
        None => Vec::new(),
        Some(TargetPath::Everywhere(path)) => code(path),
        Some(TargetPath::BySystem(paths)) => {
            let mut line = Vec::new();
            for (i, (system, path)) in paths.iter().enumerate() {
                let comma = if i > 0 { ", " } else { "" };
                line.push(Inline::Text(format!("{comma}{system}: ")));
                line.push(Inline::Code(path.clone()));
            }
            line
        }
    };
    let rows = book.interventions.iter().map(|(name, target)| {
        let mut about = words(&target.meaning);
        for address in &target.is {
            let id = address.rsplit("identifiers.org/").next().unwrap_or(address);
            about.push(Inline::Text(", ".into()));
            about.push(Inline::Link(id.to_string(), Target::Web(address.clone())));
        }
        if !target.note.is_empty() {
            about.push(Inline::Text("; ".into()));
            about.extend(linked(book, &target.note));
        }
        vec![
            code(name),
            about,
            words(whose(target.scope)),
            path(target.amount.as_ref().map(|p| p.get_ref())),
            path(target.activity.as_ref().map(|p| p.get_ref())),
            path(target.supply.as_ref().map(|p| p.get_ref())),
        ]
    });
    let head = vec!["name", "what it is", "whose", "amount", "activity", "supply"];
    let table = table(head, rows.collect::<Vec<_>>());
    let intro = "What can be done to cells and hosts beside giving drugs, and the number each deed \
                 moves. Amount and activity are factors, 1 as it is; a supply is set to a value.";
    Page {
        path: "interventions".into(),
        title: "Interventions".into(),
        blocks: vec![Block::Text(words(intro)), table],
    }
}

/// What the literature leaves open, and the answers to choose from.
pub(super) fn questions(book: &Handbook) -> Page {
    let intro = "Each question has an answer that holds unless another is chosen with \
                 --hypothesis NAME=OPTION.";
    let mut blocks = vec![Block::Text(words(intro))];
    for (name, hypothesis) in &book.hypotheses {
        blocks.push(Block::Heading(2, hypothesis.question.clone()));
        let default = hypothesis.default.get_ref();
        let mut because = vec![
            Inline::Code(name.clone()),
            Inline::Text(", by default ".into()),
            Inline::Code(default.clone()),
            Inline::Text(format!(". {} ", hypothesis.because)),
        ];
        because.extend(linked(book, &hypothesis.source));
        blocks.push(Block::Text(because));
        let rows = hypothesis.options.iter().map(|(option, settings)| {
            let mut line = Vec::new();
            for (i, (symbol, setting)) in settings.iter().enumerate() {
                let comma = if i > 0 { "; " } else { "" };
                line.push(Inline::Text(comma.into()));
                line.push(Inline::Code(symbol.get_ref().clone()));
                let unit = setting.unit.get_ref();
                let unit = if unit == "1" { String::new() } else { format!(" {unit}") };
                line.push(Inline::Text(format!(" = {}{unit}", short(setting.value))));
            }
            if settings.is_empty() {
                line = words("the tables as they stand");
            }
            vec![code(option), line]
        });
        let rows = rows.collect();
        blocks.push(table(vec!["answer", "what it sets"], rows));
        if !hypothesis.claims.is_empty() {
            let claims: Vec<&str> =
                hypothesis.claims.iter().map(|c| c.get_ref().as_str()).collect();
            blocks.push(Block::Text(words(format!("Claims it bears on: {}.", claims.join(", ")))));
        }
    }
    Page { path: "questions".into(), title: "Open questions".into(), blocks }
}

/// A number without more digits than it needs.
fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}
