//! The handbook of the model: a page for every file, as Markdown with figures beside it and as
//! one HTML page.
//!
//! Pages are built once (`document`), then written twice (`markdown`, `html`); formulas are
//! broken into lines once (`math`) and set twice (`latex`, `mathml`).

mod arrow;
mod coupling;
mod document;
mod html;
mod index;
mod latex;
mod legend;
mod lists;
mod markdown;
mod math;
mod mathml;
mod module;
mod sources;
mod system;
mod wiring;

use hersim_study::handbook::Handbook;

use document::{Block, Page};

/// A file of the handbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandbookFile {
    /// Path below the handbook's folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Whether a text was written by [`handbook_files`], so that a later run may replace it.
pub fn is_of_handbook(text: &str) -> bool {
    text.starts_with(markdown::MARK)
}

/// The handbook as Markdown pages and SVG figures. `up` leads from its folder to the root of the
/// project (`../../`), where the list of references is.
pub fn handbook_files(book: &Handbook, up: &str) -> Vec<HandbookFile> {
    let mut files = Vec::new();
    for page in pages(book) {
        for block in &page.blocks {
            if let Block::Figure { name, svg, .. } = block {
                let text = format!("{}\n{}", markdown::MARK, svg.on_paper());
                files.push(HandbookFile { path: format!("figures/{name}.svg"), text });
            }
        }
        let text = markdown::page(&page, up);
        files.push(HandbookFile { path: format!("{}.md", page.path), text });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The handbook as one self-contained HTML page.
pub fn handbook_page(book: &Handbook) -> String {
    let pages = pages(book);
    let find = |path: &str| pages.iter().find(|p| p.path == path);
    let chapter = |title: &str, paths: Vec<String>| html::Chapter {
        title: title.to_string(),
        pages: paths.iter().filter_map(|p| find(p)).collect(),
    };
    let systems = book.modules.iter().filter(|m| m.system.is_some()).map(module::path);
    let mut chapters =
        vec![chapter("", vec!["index".into()]), chapter("Systems", systems.collect())];
    let mut told: Vec<String> = Vec::new();
    for (title, modules) in index::chapters(book) {
        // A file that belongs to two chapters stands in the first.
        let paths: Vec<String> =
            modules.iter().map(|m| module::path(m)).filter(|p| !told.contains(p)).collect();
        told.extend(paths.iter().cloned());
        chapters.push(chapter(&title, paths));
    }
    let lists = ["attributes", "interventions", "questions"].map(String::from);
    chapters.push(chapter("Beside the modules", lists.to_vec()));
    chapters.retain(|c| !c.pages.is_empty());
    html::handbook(book, &chapters)
}

fn pages(book: &Handbook) -> Vec<Page> {
    let mut pages = vec![index::page(book)];
    pages.extend(book.modules.iter().map(|m| module::page(book, m)));
    pages.extend([lists::attributes(book), lists::interventions(book), lists::questions(book)]);
    pages
}
