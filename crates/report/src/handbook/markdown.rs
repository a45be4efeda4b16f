//! Pages as Markdown, as GitHub shows it: tables, ```math blocks, pictures beside the pages.

use hersim_study::handbook::Formula;

use super::{
    document::{Block, Inline, Page, Target},
    latex,
};

/// First line of every page and picture, by which a later run knows them.
pub(super) const MARK: &str = "<!-- Written by `hersim handbook`. Edit the files of model/. -->";

/// A page as Markdown; `up` leads from the handbook's folder to the root.
pub(super) fn page(page: &Page, up: &str) -> String {
    let depth = page.path.matches('/').count();
    let writer = Writer { base: "../".repeat(depth), up: up.to_string() };
    let mut text = format!("{MARK}\n\n# {}\n", escape(&page.title));
    for block in &page.blocks {
        text.push('\n');
        writer.block(block, &mut text);
    }
    text
}

struct Writer {
    /// From the page to the handbook's folder.
    base: String,
    /// From the handbook's folder to the root.
    up: String,
}

impl Writer {
    fn block(&self, block: &Block, text: &mut String) {
        match block {
            Block::Heading(level, words) => {
                text.push_str(&format!("{} {}\n", "#".repeat(*level as usize), escape(words)));
            }
            Block::Text(inlines) => {
                text.push_str(&wrapped(&self.inlines(inlines)));
                text.push('\n');
            }
            Block::List(items) => {
                for item in items {
                    text.push_str(&format!("- {}\n", self.inlines(item)));
                }
            }
            Block::Table { head, rows } => {
                text.push_str(&format!("| {} |\n", head.join(" | ")));
                text.push_str(&format!("|{}\n", "---|".repeat(head.len())));
                for row in rows {
                    let cells: Vec<String> =
                        row.iter().map(|c| self.inlines(c).replace('\n', " ")).collect();
                    text.push_str(&format!("| {} |\n", cells.join(" | ")));
                }
            }
            Block::Equations(rows) => {
                text.push_str(&format!("```math\n{}\n```\n", latex::aligned(rows)));
            }
            Block::Figure { name, caption, .. } => {
                let path = format!("{}figures/{name}.svg", self.base);
                text.push_str(&format!(
                    "![{}]({path})\n\n*{}*\n",
                    escape(caption),
                    escape(caption)
                ));
            }
        }
    }

    fn inlines(&self, inlines: &[Inline]) -> String {
        inlines.iter().map(|i| self.inline(i)).collect()
    }

    fn inline(&self, inline: &Inline) -> String {
        match inline {
            Inline::Text(text) => escape(text),
            Inline::Strong(text) => format!("**{}**", escape(text)),
            Inline::Code(text) => format!("`{}`", text.replace('|', "\\|")),
            Inline::Formula(Formula::Number(value)) => value.to_string(),
            Inline::Formula(formula) => format!("$`{}`$", latex::formula(formula)),
            Inline::Link(text, target) => {
                let address = match target {
                    Target::Web(address) => {
                        address.replace('(', "%28").replace(')', "%29").replace('<', "%3C")
                    }
                    Target::Page(path) => format!("{}{path}.md", self.base),
                    Target::Reference(_, line) => {
                        format!("{}{}model/references.csv#L{line}", self.base, self.up)
                    }
                };
                format!("[{}]({address})", escape(text))
            }
        }
    }
}

/// Text that means nothing but itself.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Lines of about a hundred characters, broken at blanks outside of links and formulas.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        if length > 0 && length + word.chars().count() > 98 {
            // A line that began with a sign would be a list or a heading.
            if !word.starts_with(['-', '+', '>', '=']) && !word.ends_with('.') {
                out.push('\n');
                length = 0;
            }
        }
        if length > 0 {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += word.chars().count();
    }
    out
}
