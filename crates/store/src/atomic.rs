//! A file is either the old one or the whole new one, never half of it.

use std::{fs, io::Write, path::Path};

use crate::StoreError;

/// Beginning of the names of files that are being written.
pub(crate) const TEMPORARY: &str = ".hersim-";

/// Writes a text file, whole or not at all.
///
/// # Errors
/// `DiskFull`, `Permission`, or what else the system says about the path.
pub fn write_text(path: &Path, text: &str) -> Result<(), StoreError> {
    write_atomically(path, text.as_bytes())
}

/// Writes `bytes` under a temporary name beside `path`, flushes them to the disk, and renames.
///
/// On any error `path` is left as it was and the temporary file is removed.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY).suffix(".partial");
    // Temporary files are private by default; results are as readable as the umask allows.
    #[cfg(unix)]
    let permissions = {
        use std::os::unix::fs::PermissionsExt;
        fs::Permissions::from_mode(0o666)
    };
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(folder).map_err(|e| StoreError::io("create", path, e))?;
    write_through(&mut file, bytes, path)?;
    file.as_file().sync_all().map_err(|e| StoreError::io("write", path, e))?;
    file.persist(path).map_err(|e| StoreError::io("write", path, e.error))?;
    // The rename itself survives a power cut only once the folder is on the disk too. Some
    // file systems cannot do this for a folder; then the rename is as safe as they make it.
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Writes all bytes and flushes; `path` is only for the message.
fn write_through(out: &mut impl Write, bytes: &[u8], path: &Path) -> Result<(), StoreError> {
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| StoreError::io("write", path, e))
}

/// Removes what an interrupted writer left behind; another writer must not be at work.
pub(crate) fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if is_temporary(&entry.file_name().to_string_lossy()) {
            // A leftover that cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a file name is one of a file being written.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io};

    #[test]
    fn replaces_the_whole_file_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_atomically(&path, b"first, and longer").unwrap();
        write_atomically(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        fs::write(&plain, b"").unwrap();
        let ours = dir.path().join("ours");
        write_atomically(&ours, b"").unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    /// Takes a few bytes, then is full, as a disk is.
    struct SmallDisk(usize);

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::from_raw_os_error(28));
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named() {
        let path = Path::new("out/part.parquet");
        assert!(write_through(&mut SmallDisk(6), b"sixsix", path).is_ok());
        let error = write_through(&mut SmallDisk(6), b"seven77", path).unwrap_err();
        assert_eq!(error.code(), "disk-full");
        assert_eq!(
            error.to_string(),
            "could not write out/part.parquet: no space left on the disk\n  = mend: free some \
             space, then repeat the command: finished chunks are kept and are not computed again"
        );
    }

    /// The kernel's own full device, so that the mapping of its error is tested too.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_systems_full_device_is_a_full_disk() {
        let Ok(mut full) = fs::OpenOptions::new().write(true).open("/dev/full") else { return };
        let error = write_through(&mut full, b"x", Path::new("x")).unwrap_err();
        assert_eq!(error.code(), "disk-full");
    }

    #[test]
    fn a_missing_folder_and_a_file_as_folder_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none").join("a.txt");
        assert_eq!(write_atomically(&missing, b"").unwrap_err().code(), "io");
        fs::write(dir.path().join("file"), b"").unwrap();
        let beneath = dir.path().join("file").join("a.txt");
        assert_eq!(write_atomically(&beneath, b"").unwrap_err().code(), "not-a-directory");
    }
}
