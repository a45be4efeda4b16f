//! A text that someone wrote somewhere, so that parts of it can be pointed at.

use hersim_network::{FileId, Sources, Span};

use crate::document::{Document, Spanned};

/// A short text and the place of its first byte.
#[derive(Clone, Debug)]
pub struct Written {
    /// The text.
    pub text: String,
    file: FileId,
    start: usize,
}

impl Written {
    /// A text given at the command line; `origin` names it in messages (`--regimen`).
    pub fn argument(origin: &str, text: &str, sources: &mut Sources) -> Written {
        let file = sources.add(origin, text);
        Written { text: text.to_string(), file, start: 0 }
    }

    /// A text that stands at a place.
    pub fn at(text: &str, place: Span) -> Written {
        Written { text: text.to_string(), file: place.file, start: place.start as usize }
    }

    /// A string of a document.
    pub fn in_document<T>(
        document: &Document<T>,
        string: &Spanned<String>,
        sources: &Sources,
    ) -> Written {
        Written::in_file(document.file, string, sources)
    }

    /// A string of a document's file.
    pub fn in_file(file: FileId, string: &Spanned<String>, sources: &Sources) -> Written {
        let span = string.span();
        let raw = sources.get(file).and_then(|(_, text)| text.get(span.clone())).unwrap_or("");
        let quotes = raw.len() - raw.trim_start_matches(['"', '\'']).len();
        Written { text: string.get_ref().clone(), file, start: span.start + quotes.min(3) }
    }

    /// A string that stands in a file at or after a byte; its place is found by looking for it.
    pub fn found(file: FileId, from: usize, text: &str, sources: &Sources) -> Written {
        let rest = sources.get(file).and_then(|(_, whole)| whole.get(from..)).unwrap_or("");
        let start = from + rest.find(text).unwrap_or(0);
        Written { text: text.to_string(), file, start }
    }

    /// Bytes `from..to` of the text, as a text of its own.
    pub fn part(&self, from: usize, to: usize) -> Written {
        let text = self.text.get(from..to).unwrap_or("").to_string();
        Written { text, file: self.file, start: self.start + from }
    }

    /// The place of bytes `from..to` of the text.
    pub fn place(&self, from: usize, to: usize) -> Span {
        Span::new(self.file, self.start + from..self.start + to)
    }

    /// The place of the whole text.
    pub fn whole(&self) -> Span {
        self.place(0, self.text.len())
    }

    /// The blank-separated words with the byte each begins at.
    pub fn words(&self) -> Vec<(usize, &str)> {
        let mut words = Vec::new();
        let mut begin = None;
        for (i, c) in self.text.char_indices().chain([(self.text.len(), ' ')]) {
            match (c.is_whitespace(), begin) {
                (false, None) => begin = Some(i),
                (true, Some(b)) => {
                    words.push((b, &self.text[b..i]));
                    begin = None;
                }
                _ => {}
            }
        }
        words
    }
}
