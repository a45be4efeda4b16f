//! What can keep a study from being done.

use std::fmt;

use hersim_network::Diagnostic;
use hersim_store::StoreError;

/// Why a study was not done.
#[derive(Debug)]
pub enum StudyError {
    /// The input cannot be honoured.
    Input(Vec<Diagnostic>),
    /// The results could not be stored.
    Store(StoreError),
}

impl From<Vec<Diagnostic>> for StudyError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        StudyError::Input(diagnostics)
    }
}

impl From<Box<Diagnostic>> for StudyError {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        StudyError::Input(vec![*diagnostic])
    }
}

impl From<StoreError> for StudyError {
    fn from(error: StoreError) -> Self {
        StudyError::Store(error)
    }
}

impl fmt::Display for StudyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StudyError::Input(diagnostics) => {
                let messages: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
                f.write_str(&messages.join("; "))
            }
            StudyError::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StudyError {}
