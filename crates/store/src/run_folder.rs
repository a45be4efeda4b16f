//! One folder per run: a manifest, parts, and the texts made from them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Manifest, State, StoreError, Table,
    atomic::{is_temporary, remove_leftovers, write_atomically},
    manifest::{FORMAT, is_file_name, now},
    parquet::{encode, metadata_value, read_parquet},
};

/// Name of the manifest.
const MANIFEST: &str = "manifest.json";
/// Name of the folder of the parts.
const PARTS: &str = "parts";
/// Metadata key of the chunk that a part holds.
const CHUNK_KEY: &str = "chunk_key";

/// A folder that holds one run and nothing else.
///
/// Several processes may write parts of the same run into one folder: a part is renamed into
/// place, and two writers of one chunk write the same bytes.
///
/// ```
/// use hersim_store::{Chunk, Column, Manifest, RunFolder, Table, content_hash};
///
/// let dir = tempfile::tempdir()?;
/// let manifest = Manifest {
///     study: "example".into(),
///     seed: 1,
///     chunks: vec![Chunk { name: "arm-0".into(), key: content_hash([b"seed 1".as_slice()]) }],
///     ..Manifest::default()
/// };
/// let folder = RunFolder::open_or_create(&dir.path().join("run"), &manifest)?;
/// for i in folder.missing_parts() {
///     folder.write_part(i, &Table::new(vec![Column::f64("pfs", "month", [7.4])]))?;
/// }
/// let mut folder = RunFolder::open_or_create(&dir.path().join("run"), &manifest)?;
/// assert!(folder.missing_parts().is_empty());
/// folder.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    manifest: Manifest,
}

impl RunFolder {
    /// Makes the folder of a run, or opens it to continue.
    ///
    /// A new or empty folder gets the manifest. A folder of the same run (see `Manifest`) is
    /// opened as it is, with the command and the time it was made with.
    ///
    /// # Errors
    /// `OtherRun` with every field that differs; `NotOurs` when the folder holds files but no
    /// manifest; `BadManifest`; `BadName` for a chunk whose name cannot be a file; what the
    /// system says. Nothing is changed on an error.
    pub fn open_or_create(path: &Path, manifest: &Manifest) -> Result<Self, StoreError> {
        manifest.check_names()?;
        if let Some(there) = Self::read_manifest(path)? {
            let differences = there.differences(manifest);
            if !differences.is_empty() {
                return Err(StoreError::OtherRun { path: path.into(), differences });
            }
            return Self::with_parts_folder(path, there);
        }
        if let Some(holds) = first_file(path)? {
            return Err(StoreError::NotOurs { path: path.into(), holds });
        }
        let folder = Self::with_parts_folder(
            path,
            Manifest { format: FORMAT, created: now(), state: State::Running, ..manifest.clone() },
        )?;
        folder.write_manifest()?;
        Ok(folder)
    }

    /// Opens the folder of a run that was made before, whatever the run.
    ///
    /// # Errors
    /// `NotOurs` when there is no manifest, `BadManifest`, or what the system says.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        match Self::read_manifest(path)? {
            Some(manifest) => {
                manifest.check_names()?;
                Ok(RunFolder { path: path.into(), manifest })
            }
            None => {
                let holds = first_file(path)?.unwrap_or_else(|| "nothing".into());
                Err(StoreError::NotOurs { path: path.into(), holds })
            }
        }
    }

    /// Discards the run in the folder, if there is one, and begins this one.
    ///
    /// Removes the manifest and the parts it names; other files stay and are overwritten as the
    /// run writes them.
    ///
    /// # Errors
    /// As `open_or_create`, except that another run is no error.
    pub fn start_over(path: &Path, manifest: &Manifest) -> Result<Self, StoreError> {
        manifest.check_names()?;
        if let Some(there) = Self::read_manifest(path)? {
            there.check_names()?;
            let old = RunFolder { path: path.into(), manifest: there };
            for i in 0..old.manifest.chunks.len() {
                remove(&old.part_path(i)?)?;
            }
            // Last, so that an interruption leaves a folder that is still known as a run.
            let created = RunFolder {
                path: path.into(),
                manifest: Manifest {
                    format: FORMAT,
                    created: now(),
                    state: State::Running,
                    ..manifest.clone()
                },
            };
            created.write_manifest()?;
        }
        Self::open_or_create(path, manifest)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The manifest as it stands in the folder.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the run was finished.
    pub fn is_complete(&self) -> bool {
        self.manifest.state == State::Complete
    }

    /// Where the part of a chunk is or will be; `index` counts the manifest's chunks from zero.
    ///
    /// # Errors
    /// `NoSuchChunk`.
    pub fn part_path(&self, index: usize) -> Result<PathBuf, StoreError> {
        let chunks = self.manifest.chunks.len();
        let chunk =
            self.manifest.chunks.get(index).ok_or(StoreError::NoSuchChunk { index, chunks })?;
        Ok(self.path.join(PARTS).join(format!("{}.parquet", chunk.name)))
    }

    /// Whether the part of a chunk is there, whole, and made from this chunk's inputs.
    pub fn has_part(&self, index: usize) -> bool {
        let Ok(path) = self.part_path(index) else { return false };
        let key = self.manifest.chunks.get(index).map(|chunk| &chunk.key);
        metadata_value(&path, CHUNK_KEY).as_ref() == key
    }

    /// Numbers of the chunks whose part is not there, ascending.
    pub fn missing_parts(&self) -> Vec<usize> {
        (0..self.manifest.chunks.len()).filter(|&i| !self.has_part(i)).collect()
    }

    /// Stores the part of a chunk, whole or not at all.
    ///
    /// # Errors
    /// `NoSuchChunk`, `BadTable`, `DiskFull`, or what the system says.
    pub fn write_part(&self, index: usize, table: &Table) -> Result<(), StoreError> {
        let path = self.part_path(index)?;
        let key = self.manifest.chunks.get(index).map_or("", |chunk| &chunk.key);
        write_atomically(&path, &encode(table, &[(CHUNK_KEY, key)])?)
    }

    /// The rows of one part.
    ///
    /// # Errors
    /// `NoSuchChunk`, `BadParquet`, or what the system says.
    pub fn read_part(&self, index: usize) -> Result<Table, StoreError> {
        read_parquet(&self.part_path(index)?)
    }

    /// The rows of all parts, in the order of the chunks.
    ///
    /// # Errors
    /// `MissingParts`; `BadParquet`; `BadTable` when parts differ in their columns.
    pub fn read_parts(&self) -> Result<Table, StoreError> {
        self.require_all()?;
        let mut whole = Table::default();
        for i in 0..self.manifest.chunks.len() {
            whole.append(self.read_part(i)?)?;
        }
        Ok(whole)
    }

    /// Writes a text file (`report.html`) into the folder, whole or not at all.
    ///
    /// # Errors
    /// `BadName`, `DiskFull`, or what the system says.
    pub fn write_text(&self, name: &str, text: &str) -> Result<(), StoreError> {
        write_atomically(&self.own_file(name)?, text.as_bytes())
    }

    /// Writes a table (`patients.parquet`) into the folder, whole or not at all.
    ///
    /// # Errors
    /// `BadName`, `BadTable`, `DiskFull`, or what the system says.
    pub fn write_table(&self, name: &str, table: &Table) -> Result<(), StoreError> {
        write_atomically(&self.own_file(name)?, &encode(table, &[])?)
    }

    /// Marks the run complete and removes what interrupted writers left.
    ///
    /// # Errors
    /// `MissingParts` with the names of the chunks still to compute.
    pub fn finish(&mut self) -> Result<(), StoreError> {
        self.require_all()?;
        remove_leftovers(&self.path);
        remove_leftovers(&self.path.join(PARTS));
        if !self.is_complete() {
            self.manifest.state = State::Complete;
            self.write_manifest()?;
        }
        Ok(())
    }

    fn require_all(&self) -> Result<(), StoreError> {
        let name = |i: usize| self.manifest.chunks.get(i).map(|c| c.name.clone());
        let names: Vec<String> = self.missing_parts().into_iter().filter_map(name).collect();
        if names.is_empty() {
            Ok(())
        } else {
            Err(StoreError::MissingParts { path: self.path.clone(), names })
        }
    }

    fn own_file(&self, name: &str) -> Result<PathBuf, StoreError> {
        if !is_file_name(name) || name == MANIFEST || name == PARTS {
            return Err(StoreError::BadName { name: name.into() });
        }
        Ok(self.path.join(name))
    }

    fn with_parts_folder(path: &Path, manifest: Manifest) -> Result<Self, StoreError> {
        let parts = path.join(PARTS);
        fs::create_dir_all(&parts).map_err(|e| match e.kind() {
            // What the system says when a file stands where a folder should.
            io::ErrorKind::AlreadyExists => StoreError::NotADirectory { path: path.into() },
            _ => StoreError::io("create", path, e),
        })?;
        Ok(RunFolder { path: path.into(), manifest })
    }

    fn read_manifest(folder: &Path) -> Result<Option<Manifest>, StoreError> {
        let path = folder.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
                return Err(StoreError::NotADirectory { path: folder.into() });
            }
            Err(e) if e.kind() == io::ErrorKind::InvalidData => {
                return Err(StoreError::BadManifest { path, why: "it is not UTF-8 text".into() });
            }
            Err(e) => return Err(StoreError::io("read", &path, e)),
        };
        let bad = |why: String| StoreError::BadManifest { path: path.clone(), why };
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
        if manifest.format != FORMAT {
            return Err(bad(format!("it has format {}, not {FORMAT}", manifest.format)));
        }
        Ok(Some(manifest))
    }

    fn write_manifest(&self) -> Result<(), StoreError> {
        let path = self.path.join(MANIFEST);
        let json = serde_json::to_string_pretty(&self.manifest)
            .map_err(|e| StoreError::io("write", &path, e.into()))?;
        write_atomically(&path, format!("{json}\n").as_bytes())
    }
}

/// The name of a file in a folder, by alphabet, that is not ours to ignore; none when the
/// folder is empty or absent. An empty `parts` is what an interrupted start leaves.
fn first_file(folder: &Path) -> Result<Option<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StoreError::io("read", folder, e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| StoreError::io("read", folder, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = is_temporary(&name)
            || name == PARTS
                && fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_none());
        if !ours {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().next())
}

/// Removes a file that may be absent.
fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io("write", path, e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
