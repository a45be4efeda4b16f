//! Reading the TOML documents of `model/` and `library/` with errors that show the place.

mod mistakes;

use std::path::Path;

use hersim_antimony::Files;
use hersim_network::{Diagnostic, FileId, Sources, Span};
use serde::de::DeserializeOwned;

pub use toml::Spanned;

/// A value and the file it stands in, so that a later check can point at it.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// What was read.
    pub value: T,
    /// Its file.
    pub file: FileId,
}

impl<T> Document<T> {
    /// The place of a spanned part of the document.
    pub fn place<U>(&self, part: &Spanned<U>) -> Span {
        Span::new(self.file, part.span())
    }
}

/// Reads one document.
///
/// # Errors
/// `file-unreadable` when there is no such text, `document` when it is not what `T` asks for.
pub fn read<T: DeserializeOwned>(
    files: &dyn Files,
    path: &Path,
    sources: &mut Sources,
) -> Result<Document<T>, Vec<Diagnostic>> {
    let text = text(files, path)?;
    parse(&path.display().to_string(), text, sources)
}

/// The text of a file.
///
/// # Errors
/// `file-unreadable`.
pub(crate) fn text(files: &dyn Files, path: &Path) -> Result<String, Vec<Diagnostic>> {
    files.read(path).map_err(|e| {
        let why = match e.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".into(),
            std::io::ErrorKind::InvalidData => "it is not UTF-8 text".into(),
            _ => e.to_string(),
        };
        let message = format!("cannot read `{}`: {why}", path.display());
        let error = Diagnostic::error("file-unreadable", message);
        vec![error.mend("check the path and the permissions")]
    })
}

/// Reads one document from a text.
///
/// # Errors
/// `document` when it is not what `T` asks for, once for each mistake.
pub fn parse<T: DeserializeOwned>(
    name: &str,
    text: String,
    sources: &mut Sources,
) -> Result<Document<T>, Vec<Diagnostic>> {
    let file = sources.add(name, text.as_str());
    let value = mistakes::read(&text, file)?;
    Ok(Document { value, file })
}
