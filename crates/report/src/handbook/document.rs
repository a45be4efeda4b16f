//! What a page of the handbook holds, before it is Markdown or HTML.

use hersim_study::handbook::Formula;

use super::math::Row;
use crate::svg::Svg;

/// A page.
pub(super) struct Page {
    /// Path below the handbook's folder, without an ending.
    pub(super) path: String,
    /// Its title.
    pub(super) title: String,
    /// Its contents.
    pub(super) blocks: Vec<Block>,
}

/// A part of a page.
pub(super) enum Block {
    /// A heading below the title; 2 is the first level.
    Heading(u8, String),
    /// A paragraph.
    Text(Vec<Inline>),
    /// A list.
    List(Vec<Vec<Inline>>),
    /// A table.
    Table {
        /// Headings of the columns.
        head: Vec<&'static str>,
        /// Cells by row.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// Formulas, set below each other.
    Equations(Vec<Row>),
    /// A picture.
    Figure {
        /// Name of its file, without an ending.
        name: String,
        /// The picture.
        svg: Svg,
        /// Words below it.
        caption: String,
    },
}

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Inline {
    /// Words.
    Text(String),
    /// Words that stand out.
    Strong(String),
    /// A name of the model, or what is typed.
    Code(String),
    /// A formula.
    Formula(Formula),
    /// Words that lead somewhere.
    Link(String, Target),
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// An address.
    Web(String),
    /// Another page, by its path.
    Page(String),
    /// A paper of the reference list, by its number and the line of the file it stands in.
    Reference(String, usize),
}

/// A table without the columns that hold nothing.
pub(super) fn table(head: Vec<&'static str>, mut rows: Vec<Vec<Vec<Inline>>>) -> Block {
    let empty = |cell: &Vec<Inline>| {
        cell.iter().all(|i| matches!(i, Inline::Text(text) if text.is_empty()))
    };
    let used: Vec<bool> = (0..head.len())
        .map(|c| rows.is_empty() || rows.iter().any(|r| r.get(c).is_some_and(|cell| !empty(cell))))
        .collect();
    let keep = |c: usize| used.get(c).copied().unwrap_or(false);
    for row in &mut rows {
        let cells = std::mem::take(row).into_iter().enumerate();
        *row = cells.filter(|(c, _)| keep(*c)).map(|(_, cell)| cell).collect();
    }
    let head = head.into_iter().enumerate().filter(|(c, _)| keep(*c)).map(|(_, h)| h).collect();
    Block::Table { head, rows }
}

/// Words alone.
pub(super) fn words(text: impl Into<String>) -> Vec<Inline> {
    vec![Inline::Text(text.into())]
}

/// A name of the model alone.
pub(super) fn code(text: impl Into<String>) -> Vec<Inline> {
    vec![Inline::Code(text.into())]
}
