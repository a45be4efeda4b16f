//! The whole handbook as one page.

use hersim_study::handbook::{Formula, Handbook};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    document::{Block, Inline, Page, Target},
    mathml,
};
use crate::palette::style_sheet;

const STYLE: &str = include_str!("../page.css");
const OWN_STYLE: &str = include_str!("handbook.css");

/// Pages under a heading of the table of contents.
pub(super) struct Chapter<'p> {
    /// The heading.
    pub(super) title: String,
    /// The pages.
    pub(super) pages: Vec<&'p Page>,
}

/// One page that loads nothing and runs nothing.
pub(super) fn handbook(book: &Handbook, chapters: &[Chapter<'_>]) -> String {
    let title = chapters.first().and_then(|c| c.pages.first()).map_or("", |p| p.title.as_str());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(style_sheet())) (PreEscaped(OWN_STYLE)) }
            }
            body.handbook {
                main {
                    @for (number, chapter) in chapters.iter().enumerate() {
                        @for page in &chapter.pages { (section(page)) }
                        @if number == 0 { (contents(&chapters[1..])) }
                    }
                    (references(book))
                }
            }
        }
    }
    .into_string()
}

fn contents(chapters: &[Chapter<'_>]) -> Markup {
    html! {
        nav id="contents" {
            h2 { "Contents" }
            @for chapter in chapters {
                h3 { (chapter.title) }
                ul {
                    @for page in &chapter.pages {
                        li { a href=(format!("#{}", anchor(&page.path))) { (page.title) } }
                    }
                }
            }
        }
    }
}

fn references(book: &Handbook) -> Markup {
    html! {
        @if !book.references.is_empty() {
            section.page id="references" {
                h2 { "References" }
                dl.references {
                    @for reference in &book.references {
                        dt id=(format!("ref-{}", reference.number)) { (reference.number) }
                        dd {
                            (reference.authors) ". " (reference.title) ". "
                            i { (reference.place) } "."
                        }
                    }
                }
            }
        }
    }
}

fn anchor(path: &str) -> String {
    path.replace('/', "-")
}

fn section(page: &Page) -> Markup {
    html! {
        section.page id=(anchor(&page.path)) {
            h2 { (page.title) }
            @for block in &page.blocks { (self::block(block)) }
        }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Heading(2, words) => html! { h3 { (words) } },
        Block::Heading(_, words) => html! { h4 { (words) } },
        Block::Text(text) => html! { p { (inlines(text)) } },
        Block::List(items) => html! { ul { @for item in items { li { (inlines(item)) } } } },
        Block::Table { head, rows } => html! {
            div.wide {
                table {
                    thead { tr { @for cell in head { th { (cell) } } } }
                    tbody {
                        @for row in rows { tr { @for cell in row { td { (inlines(cell)) } } } }
                    }
                }
            }
        },
        Block::Equations(rows) => html! {
            div.wide.equations { (PreEscaped(mathml::aligned(rows))) }
        },
        Block::Figure { svg, caption, .. } => html! {
            figure {
                div.wide style=(format!("--w:{}px", svg.size().0)) { (PreEscaped(svg.inline())) }
                figcaption { (caption) }
            }
        },
    }
}

fn inlines(inlines: &[Inline]) -> Markup {
    html! { @for part in inlines { (inline(part)) } }
}

fn inline(inline: &Inline) -> Markup {
    match inline {
        Inline::Text(text) => html! { (text) },
        Inline::Strong(text) => html! { strong { (text) } },
        // Names may be broken after a dot or an underscore.
        Inline::Code(text) => html! {
            code {
                @for (i, part) in text.split_inclusive(['.', '_']).enumerate() {
                    @if i > 0 { wbr; }
                    (part)
                }
            }
        },
        Inline::Formula(Formula::Number(value)) => html! { (value) },
        Inline::Formula(formula) => html! { (PreEscaped(mathml::inline(formula))) },
        Inline::Link(text, target) => {
            let address = match target {
                Target::Web(address) => address.clone(),
                Target::Page(path) => format!("#{}", anchor(path)),
                Target::Reference(number, _) => format!("#ref-{number}"),
            };
            html! { a href=(address) { (text) } }
        }
    }
}
