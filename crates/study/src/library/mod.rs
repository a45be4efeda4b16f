//! The folders `model/` and `library/`: what is in them, by id.

mod attribute;
mod cohort;
mod drug;
mod host;
mod regimen_file;
mod sense;
mod system;
mod tumour;

use std::path::{Path, PathBuf};

use hersim_antimony::Files;
use hersim_network::{Diagnostic, Sources, Span, nearest};
use hersim_units::Unit;
use serde::de::DeserializeOwned;

pub use attribute::{Attribute, Attributes, Scope};
pub use cohort::{Cohort, Correlation, Draw, Group, SubclonePlan};
pub use drug::{Drug, Route};
pub use host::{Host, HostValue, host_settings};
pub use regimen_file::{RegimenFile, regimen};
pub use sense::{cohort as cohort_sense, named, repeated, share, tumour as tumour_sense};
pub use system::{ClinicRoles, SurgeryRoles, System};
pub use tumour::{AttributeValue, Made, NumberOrWord, Phase, Tumour, TumourSubclone};

use crate::document::{self, Document};

/// A number with its unit and source, as documents write it.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcedNumber {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: document::Spanned<String>,
    /// Where it comes from.
    pub source: String,
    /// `measured`, `derived`, `fitted` or `assumed`, where the document says so.
    #[serde(default)]
    pub status: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

impl SourcedNumber {
    /// The number in another unit.
    ///
    /// # Errors
    /// A sentence when its unit is none or of another dimension.
    pub fn to(&self, needed: &Unit) -> Result<f64, String> {
        let unit = Unit::parse(self.unit.get_ref()).map_err(|e| e.to_string())?;
        let factor = unit.factor_to(needed);
        factor
            .map(|factor| self.value * factor)
            .ok_or_else(|| format!("`{unit}` cannot be expressed in `{needed}`"))
    }
}

/// One kind of thing in the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Shelf {
    Drugs,
    Tumours,
    Cohorts,
    Hosts,
    Regimens,
    Trials,
    Calibrations,
    Populations,
    Systems,
}

impl Shelf {
    /// All shelves, in the order `hersim list` shows them.
    pub const ALL: [Shelf; 9] = [
        Shelf::Trials,
        Shelf::Calibrations,
        Shelf::Populations,
        Shelf::Tumours,
        Shelf::Regimens,
        Shelf::Drugs,
        Shelf::Cohorts,
        Shelf::Hosts,
        Shelf::Systems,
    ];

    /// Folder below the root.
    pub fn folder(self) -> &'static str {
        match self {
            Shelf::Drugs => "library/drugs",
            Shelf::Tumours => "library/tumours",
            Shelf::Cohorts => "library/cohorts",
            Shelf::Hosts => "library/hosts",
            Shelf::Regimens => "library/regimens",
            Shelf::Trials => "library/trials",
            Shelf::Calibrations => "library/populations/plans",
            Shelf::Populations => "library/populations",
            Shelf::Systems => "model/systems",
        }
    }

    /// What one thing on the shelf is called.
    pub fn noun(self) -> &'static str {
        match self {
            Shelf::Drugs => "drug",
            Shelf::Tumours => "tumour",
            Shelf::Cohorts => "cohort",
            Shelf::Hosts => "host",
            Shelf::Regimens => "regimen",
            Shelf::Trials => "trial",
            Shelf::Calibrations => "calibration",
            Shelf::Populations => "population",
            Shelf::Systems => "system",
        }
    }
}

/// The model and library folders below one root, and every text read from them so far.
pub struct Library {
    root: PathBuf,
    files: Box<dyn Files + Sync + Send>,
    /// Texts read, for messages and for the model hash.
    pub sources: Sources,
    /// Answers to the model's open questions, as `NAME=OPTION`; the defaults hold for others.
    pub answers: Vec<String>,
}

impl Library {
    /// Finds the root: the nearest folder at or above `start` that has `model/` and `library/`.
    ///
    /// # Errors
    /// `project-not-found` when there is none.
    pub fn find(start: &Path) -> Result<Library, Vec<Diagnostic>> {
        let start = std::path::absolute(start).unwrap_or_else(|_| start.to_path_buf());
        let root = start
            .ancestors()
            .find(|folder| folder.join("model").is_dir() && folder.join("library").is_dir());
        match root {
            Some(root) => Ok(Library::at(root)),
            None => Err(vec![
                Diagnostic::error(
                    "project-not-found",
                    format!(
                        "no folder with `model/` and `library/` at or above `{}`",
                        start.display()
                    ),
                )
                .mend("run hersim inside its checkout, or say where it is with `--project DIR`"),
            ]),
        }
    }

    /// The library below `root`, read from disk.
    pub fn at(root: &Path) -> Library {
        // Messages are shortest, and the same everywhere, relative to where the user stands.
        let here = std::env::current_dir().unwrap_or_default();
        let root = root.strip_prefix(&here).unwrap_or(root).to_path_buf();
        Library {
            root,
            files: Box::new(hersim_antimony::Disk),
            sources: Sources::default(),
            answers: Vec::new(),
        }
    }

    /// The same folders with no text read yet.
    pub fn afresh(&self) -> Library {
        Library {
            root: self.root.clone(),
            files: Box::new(hersim_antimony::Disk),
            sources: Sources::default(),
            answers: self.answers.clone(),
        }
    }

    /// Access to files.
    pub fn files(&self) -> &(dyn Files + Sync + Send) {
        self.files.as_ref()
    }

    /// Files and texts at once, for readers that need both.
    pub fn reader(&mut self) -> (&(dyn Files + Sync + Send), &mut Sources) {
        (self.files.as_ref(), &mut self.sources)
    }

    /// A path below the root.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Ids on a shelf, sorted.
    pub fn ids(&self, shelf: Shelf) -> Vec<String> {
        self.names_in(shelf.folder())
    }

    /// Names of the TOML documents in a folder below the root, sorted, without their ending.
    pub fn names_in(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut ids: Vec<String> = entries
            .filter_map(|e| e.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_string))
            .collect();
        ids.sort();
        ids
    }

    /// Reads a document by id. `asked` is the place where the id was written, for the message.
    ///
    /// # Errors
    /// `unknown-drug`, `unknown-tumour`, … with the nearest known id; `document` when the file
    /// is not valid.
    pub fn read<T: DeserializeOwned>(
        &mut self,
        shelf: Shelf,
        id: &str,
        asked: Option<Span>,
    ) -> Result<Document<T>, Vec<Diagnostic>> {
        let known = self.ids(shelf);
        if !known.iter().any(|k| k == id) {
            return Err(vec![self.unknown(shelf, id, asked)]);
        }
        let path = self.path(&format!("{}/{id}.toml", shelf.folder()));
        document::read(self.files.as_ref(), &path, &mut self.sources)
    }

    /// Reads a document by id, or by path when the word is one (`trials/mine.toml`).
    ///
    /// # Errors
    /// As [`Library::read`]; `file-unreadable`.
    pub fn read_or_open<T: DeserializeOwned>(
        &mut self,
        shelf: Shelf,
        word: &str,
    ) -> Result<Document<T>, Vec<Diagnostic>> {
        if word.ends_with(".toml") || word.contains(std::path::is_separator) {
            return document::read(self.files.as_ref(), Path::new(word), &mut self.sources);
        }
        self.read(shelf, word, None)
    }

    /// The message for an id that is not on a shelf.
    pub fn unknown(&self, shelf: Shelf, id: &str, asked: Option<Span>) -> Diagnostic {
        let known = self.ids(shelf);
        let code = match shelf {
            Shelf::Drugs => "unknown-drug",
            Shelf::Tumours => "unknown-tumour",
            Shelf::Cohorts => "unknown-cohort",
            Shelf::Hosts => "unknown-host",
            Shelf::Regimens => "unknown-regimen",
            Shelf::Trials => "unknown-trial",
            Shelf::Calibrations => "unknown-calibration",
            Shelf::Populations => "unknown-population",
            Shelf::Systems => "unknown-system",
        };
        let noun = shelf.noun();
        let mut message = Diagnostic::error(code, format!("there is no {noun} `{id}`"));
        if let Some(span) = asked {
            message = message.at(span, format!("not in {}", shelf.folder()));
        }
        let list = known.join(", ");
        message.mend(match nearest(id, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? Known: {list}"),
            None => format!("known: {list}"),
        })
    }

    /// The attributes a tumour may have.
    ///
    /// # Errors
    /// When `model/attributes.toml` cannot be read.
    pub fn attributes(&mut self) -> Result<Document<Attributes>, Vec<Diagnostic>> {
        let path = self.path("model/attributes.toml");
        document::read(self.files.as_ref(), &path, &mut self.sources)
    }

    /// Hash over every text read so far: two runs with the same hash saw the same model.
    pub fn hash(&self) -> String {
        let mut texts: Vec<(String, &str)> = self
            .sources
            .iter()
            .map(|(name, text)| {
                let short = Path::new(name).strip_prefix(&self.root).unwrap_or(Path::new(name));
                (short.display().to_string(), text)
            })
            .collect();
        texts.sort();
        texts.dedup();
        let parts = texts.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
        hersim_store::content_hash(parts)
    }
}
