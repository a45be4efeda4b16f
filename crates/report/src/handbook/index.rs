//! The first page: what the model is made of.

use std::collections::BTreeMap;

use hersim_study::handbook::{Handbook, Module};

use super::{
    document::{Block, Inline, Page, Target, table, words},
    module::{path, title, to_module},
    sources::linked,
};

/// Chapters of the biology in order, each with its modules; those that name none come last, by
/// folder. Systems are left out.
pub(super) fn chapters(book: &Handbook) -> Vec<(String, Vec<&Module>)> {
    let mut chapters: Vec<(String, Vec<&Module>)> = Vec::new();
    let mut put = |title: String, module| match chapters.iter_mut().find(|c| c.0 == title) {
        Some((_, modules)) => modules.push(module),
        None => chapters.push((title, vec![module])),
    };
    let modules = || book.modules.iter().filter(|m| m.system.is_none());
    for module in modules() {
        for part in &module.header.parts {
            put(part.clone(), module);
        }
    }
    for module in modules().filter(|m| m.header.parts.is_empty()) {
        put(format!("Files of model/{}", module.folder), module);
    }
    // Numbered chapters come in the order of their numbers.
    chapters.sort_by_key(|(title, _)| {
        let digits: String = title.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().unwrap_or(u32::MAX)
    });
    chapters
}

/// The page.
pub(super) fn page(book: &Handbook) -> Page {
    let mut blocks = vec![
        Block::Text(words(
            "What the model claims, file by file: wiring, equations, numbers and their sources. \
             Every page is written from the files of model/, which are the model; nothing here \
             is typed by hand.",
        )),
        Block::Text(words(
            "In equations, what varies is upright and numbers of the tables are slanted; d/dt is \
             per day. Units are written with item for copies of a molecule and cell for cells. In \
             wirings, a box is a state, a rounded frame is computed, an arrow raises, a bar \
             lowers, a ring does one or the other; which it is was found by trying values.",
        )),
        Block::Heading(2, "Systems".into()),
        systems(book),
        Block::Heading(2, "Modules".into()),
        modules(book),
        Block::Heading(2, "Beside the modules".into()),
        Block::List(vec![
            beside("Attributes of tumours", "attributes", book.attributes.len()),
            beside("Interventions", "interventions", book.interventions.len()),
            beside("Open questions", "questions", book.hypotheses.len()),
        ]),
        Block::Heading(2, "Numbers".into()),
        counts(book),
    ];
    blocks.retain(|b| !matches!(b, Block::Table { rows, .. } if rows.is_empty()));
    Page { path: "index".into(), title: "The model".into(), blocks }
}

fn systems(book: &Handbook) -> Block {
    let systems = book.modules.iter().filter(|m| m.system.is_some());
    let row = |m: &Module| {
        vec![vec![Inline::Link(title(m), Target::Page(path(m)))], linked(book, &m.header.claims)]
    };
    table(vec!["system", "what it claims"], systems.map(row).collect())
}

fn modules(book: &Handbook) -> Block {
    let mut rows = Vec::new();
    for (chapter, modules) in chapters(book) {
        for (i, module) in modules.iter().enumerate() {
            let chapter = if i == 0 { vec![Inline::Strong(chapter.clone())] } else { Vec::new() };
            rows.push(vec![
                chapter,
                vec![to_module(book, &module.id, &module.id)],
                words(&module.header.title),
            ]);
        }
    }
    table(vec!["part", "file", "what it is"], rows)
}

fn beside(words: &str, page: &str, count: usize) -> Vec<Inline> {
    vec![Inline::Link(words.into(), Target::Page(page.into())), Inline::Text(format!(": {count}"))]
}

/// How firmly the numbers are known.
fn counts(book: &Handbook) -> Block {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for module in &book.modules {
        for number in &module.numbers {
            *counts.entry(&module.folder).or_default().entry(&number.status).or_default() += 1;
        }
    }
    let row = |(folder, of): (&&str, &BTreeMap<&str, usize>)| {
        let count = |status: &str| of.get(status).copied().unwrap_or(0);
        let all: usize = of.values().sum();
        let mut cells = vec![words(format!("model/{folder}"))];
        for status in ["measured", "fitted", "assumed"] {
            cells.push(words(count(status).to_string()));
        }
        cells.push(words(all.to_string()));
        cells
    };
    let head = vec!["tables of", "measured", "fitted", "assumed", "all"];
    table(head, counts.iter().map(row).collect())
}
