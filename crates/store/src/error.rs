//! What can go wrong with a folder, and how to mend it.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// A field of the manifest in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name of the field, `settings.patients` for an entry of a map.
    pub field: String,
    /// What the folder holds.
    pub there: String,
    /// What this run asks for.
    pub here: String,
}

/// Why a table or a folder could not be written or read.
///
/// `Display` says what is wrong and where, then on a second line how to mend it.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// No room left on the disk, or the quota is used up.
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// The system does not allow it (rights, or a read-only disk).
    Permission {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `write`, `read`, `create`.
        doing: &'static str,
    },
    /// The path, or a part of it, is a file and not a folder.
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Any other failure of the system.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `write`, `read`, `create`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds files but no manifest: it is not a run folder.
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// One of the files in it.
        holds: String,
    },
    /// The folder belongs to a run with other inputs.
    OtherRun {
        /// The folder.
        path: PathBuf,
        /// The fields that differ, never empty.
        differences: Vec<Difference>,
    },
    /// The manifest cannot be understood.
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A Parquet file that cannot be read.
    BadParquet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A table that cannot be stored.
    BadTable {
        /// What is wrong with it.
        why: String,
    },
    /// A name that cannot be a file in the folder.
    BadName {
        /// The name.
        name: String,
    },
    /// The run has no such chunk.
    NoSuchChunk {
        /// The number asked for, from zero.
        index: usize,
        /// How many chunks the run has.
        chunks: usize,
    },
    /// The run cannot be finished yet.
    MissingParts {
        /// The folder.
        path: PathBuf,
        /// Names of the missing chunks.
        names: Vec<String>,
    },
}

impl StoreError {
    /// Sorts what the system said into the kinds a user can mend.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                StoreError::DiskFull { path }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::Permission { path, doing }
            }
            io::ErrorKind::NotADirectory => StoreError::NotADirectory { path },
            _ => StoreError::Io { path, doing, source },
        }
    }

    /// Stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::DiskFull { .. } => "disk-full",
            StoreError::Permission { .. } => "permission",
            StoreError::NotADirectory { .. } => "not-a-directory",
            StoreError::Io { .. } => "io",
            StoreError::NotOurs { .. } => "not-a-run-folder",
            StoreError::OtherRun { .. } => "other-run",
            StoreError::BadManifest { .. } => "bad-manifest",
            StoreError::BadParquet { .. } => "bad-parquet",
            StoreError::BadTable { .. } => "bad-table",
            StoreError::BadName { .. } => "bad-name",
            StoreError::NoSuchChunk { .. } => "no-such-chunk",
            StoreError::MissingParts { .. } => "missing-parts",
        }
    }

    /// What is wrong, and where.
    pub fn what(&self) -> String {
        match self {
            StoreError::DiskFull { path } => {
                format!("could not write {}: no space left on the disk", path.display())
            }
            StoreError::Permission { path, doing } => {
                format!("could not {doing} {}: permission denied", path.display())
            }
            StoreError::NotADirectory { path } => {
                format!("{} is not a folder", path.display())
            }
            StoreError::Io { path, doing, source } => {
                format!("could not {doing} {}: {source}", path.display())
            }
            StoreError::NotOurs { path, holds } => format!(
                "{} holds files (such as `{holds}`) but no manifest.json: it is not a run folder",
                path.display()
            ),
            StoreError::OtherRun { path, differences } => {
                let mut text = format!("{} holds a different run:", path.display());
                for d in differences {
                    text.push_str(&format!("\n  {}: {} there, {} here", d.field, d.there, d.here));
                }
                text
            }
            StoreError::BadManifest { path, why } => {
                format!("{} is not a manifest this version can read: {why}", path.display())
            }
            StoreError::BadParquet { path, why } => {
                format!("could not read {} as a table: {why}", path.display())
            }
            StoreError::BadTable { why } => format!("a table cannot be stored: {why}"),
            StoreError::BadName { name } => {
                format!("`{name}` cannot be the name of a file in a run folder")
            }
            StoreError::NoSuchChunk { index, chunks } => {
                format!("there is no chunk {index}; the run has {chunks}, counted from 0")
            }
            StoreError::MissingParts { path, names } => {
                let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
                let more = if names.len() > 5 { ", …" } else { "" };
                format!(
                    "the run in {} is not finished: {} of its chunks are missing ({shown}{more})",
                    path.display(),
                    names.len()
                )
            }
        }
    }

    /// How to mend it.
    pub fn mend(&self) -> &'static str {
        match self {
            StoreError::DiskFull { .. } => {
                "free some space, then repeat the command: finished chunks are kept and are not \
                 computed again"
            }
            StoreError::Permission { .. } => {
                "choose another folder with --out, or change the rights of this one"
            }
            StoreError::NotADirectory { .. } => {
                "choose another folder with --out, or move that file away"
            }
            StoreError::Io { .. } => {
                "see what the system says; finished chunks are kept, so the command can be repeated"
            }
            StoreError::NotOurs { .. } => "choose a new or an empty folder with --out",
            StoreError::OtherRun { .. } => {
                "choose another folder with --out, repeat the command with the values there, or \
                 discard that run with --start-over"
            }
            StoreError::BadManifest { .. } => {
                "choose another folder with --out, or delete this one if nothing in it is needed"
            }
            StoreError::BadParquet { .. } => "delete the file and repeat the command that wrote it",
            StoreError::BadTable { .. } => {
                "give every column its own name and the same number of rows"
            }
            StoreError::BadName { .. } => {
                "use letters, digits, `.`, `-` and `_`, and do not begin with a dot"
            }
            StoreError::NoSuchChunk { .. } => "choose a chunk below that number",
            StoreError::MissingParts { .. } => {
                "repeat the command: it computes only what is missing"
            }
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  = mend: {}", self.what(), self.mend())
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StoreError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
