//! Telling a person what is wrong, where, and how to mend it.

use std::{ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level as SnippetLevel, Origin, Renderer, Snippet};

/// A text file that was read, by index in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A stretch of bytes in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of things that were made rather than written.
    pub const NONE: Span = Span { file: FileId(u32::MAX), start: 0, end: 0 };

    /// A span in `file`.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        Span { file, start: range.start as u32, end: range.end as u32 }
    }

    /// The smallest span that holds both; `self` when they are in different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The texts that were read, for showing lines of them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<(String, Arc<str>)>,
}

impl Sources {
    /// Keeps a text under the name that messages will show (a path as the user gave it).
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.files.push((name.into(), text.into()));
        FileId(self.files.len() as u32 - 1)
    }

    /// Name and text of a file.
    pub fn get(&self, file: FileId) -> Option<(&str, &Arc<str>)> {
        self.files.get(file.0 as usize).map(|(name, text)| (name.as_str(), text))
    }

    /// All files read, in order, as name and text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, text)| (name.as_str(), text.as_ref()))
    }

    /// The file that was read under this name.
    pub fn find(&self, name: &str) -> Option<FileId> {
        self.files.iter().position(|(n, _)| n == name).map(|i| FileId(i as u32))
    }

    /// `file:line:col` of the start of a span, both from one, columns in characters.
    pub fn locate(&self, span: Span) -> Option<(String, usize, usize)> {
        let (name, text) = self.get(span.file)?;
        let before = text.get(..span.start as usize)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((name.to_string(), line, column))
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The input cannot be honoured.
    Error,
    /// Legal, but probably not meant.
    Warning,
}

/// One thing that is wrong with the input.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// Stable kebab-case name of the kind of mistake; documented in `docs/errors.md`.
    pub code: &'static str,
    /// What is wrong, one sentence, lower case, no full stop.
    pub message: String,
    /// Where, with a short label for the caret (may be empty).
    pub at: Option<(Span, String)>,
    /// Other places that matter, each with a label.
    pub also: Vec<(Span, String)>,
    /// How to mend it.
    pub mend: Option<String>,
}

impl Diagnostic {
    /// An error of a kind.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            level: Level::Error,
            code,
            message: message.into(),
            at: None,
            also: Vec::new(),
            mend: None,
        }
    }

    /// A warning of a kind.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { level: Level::Warning, ..Diagnostic::error(code, message) }
    }

    /// Points at a place, with a short label for the caret.
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.at = Some((span, label.into()));
        self
    }

    /// Points at another place that matters.
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also.push((span, label.into()));
        self
    }

    /// Says how to mend it.
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// The message as a terminal shows it, with the lines it points at; colours when `styled`.
    pub fn render(&self, sources: &Sources, styled: bool) -> String {
        let level = match self.level {
            Level::Error => SnippetLevel::ERROR,
            Level::Warning => SnippetLevel::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message).id(self.code));
        let places: Vec<(Span, &str, bool)> = (self.at.iter().map(|(s, l)| (*s, l.as_str(), true)))
            .chain(self.also.iter().map(|(s, l)| (*s, l.as_str(), false)))
            .collect();
        let mut files: Vec<FileId> = Vec::new();
        for (span, ..) in &places {
            if !files.contains(&span.file) && sources.get(span.file).is_some() {
                files.push(span.file);
            }
        }
        for file in files {
            let Some((name, text)) = sources.get(file) else {
                continue;
            };
            // Text that a machine wrote in one line: the place is all that can be shown.
            let here = places.iter().map(|place| place.0).find(|span| span.file == file);
            if let Some(span) = here.filter(|span| is_endless(text, *span)) {
                let (path, line, column) = sources.locate(span).unwrap_or_default();
                let origin = Origin::path(path).line(line).char_column(column);
                group = group.element(origin);
                continue;
            }
            let here: Vec<(Range<usize>, &str, bool)> = (places.iter())
                .filter(|(span, ..)| span.file == file)
                .map(|(span, label, primary)| {
                    let end = (span.end as usize).min(text.len());
                    ((span.start as usize).min(end)..end, *label, *primary)
                })
                .collect();
            for lines in stretches(text, &here) {
                let before = text[..lines.start].matches('\n').count();
                let mut snippet =
                    Snippet::source(&text[lines.clone()]).line_start(before + 1).path(name);
                let within = |at: &Range<usize>| lines.start <= at.start && at.end <= lines.end;
                for (at, label, primary) in here.iter().filter(|(at, ..)| within(at)) {
                    let kind =
                        if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                    let mut annotation = kind.span(at.start - lines.start..at.end - lines.start);
                    if !label.is_empty() {
                        annotation = annotation.label(*label);
                    }
                    snippet = snippet.annotation(annotation);
                }
                group = group.element(snippet);
            }
        }
        if let Some(mend) = &self.mend {
            group = group.element(SnippetLevel::HELP.with_name("mend").message(mend));
        }
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// The whole lines that hold these places, the first place's before the others; places that are far
/// apart are shown apart, so that a large file need not be gone through to show some lines of it.
fn stretches(text: &str, places: &[(Range<usize>, &str, bool)]) -> Vec<Range<usize>> {
    const FAR: usize = 16_000;
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for (place, ..) in places {
        let start = text[..place.start].rfind('\n').map_or(0, |i| i + 1);
        let end = text[place.end..].find('\n').map_or(text.len(), |i| place.end + i + 1);
        let near = |s: &&mut Range<usize>| start <= s.end + FAR && s.start <= end + FAR;
        match stretches.iter_mut().find(near) {
            Some(near) => *near = near.start.min(start)..near.end.max(end),
            None => stretches.push(start..end),
        }
    }
    stretches
}

/// Whether a place stands in a line that is too long to be shown.
fn is_endless(text: &str, span: Span) -> bool {
    const LONGEST: usize = 2_000;
    let at = (span.start as usize).min(text.len());
    let bytes = text.as_bytes();
    let before = bytes[..at].iter().rev().take(LONGEST).take_while(|b| **b != b'\n').count();
    let after = bytes[at..].iter().take(LONGEST).take_while(|b| **b != b'\n').count();
    before + after >= LONGEST
}

/// The candidate that looks most like `name`, if any is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::jaro_winkler(&name.to_lowercase(), &k.to_lowercase()), k))
        .filter(|(score, _)| *score > 0.84)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}
