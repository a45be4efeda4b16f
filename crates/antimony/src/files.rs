//! Where texts come from.

use std::{
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
};

/// Reads texts for the loader, so that it can run on a disk, on memory or in a browser.
pub trait Files {
    /// The whole text of a file.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is no such file; anything else is shown as it is.
    fn read(&self, path: &Path) -> io::Result<String>;
}

/// Bytes a file may have.
const LARGEST: u64 = 64 << 20;

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        std::fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LARGEST {
            let message = format!("it has more than {LARGEST} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(text)
    }
}

/// `path` as seen from the folder of `from`, without `.` and inner `..`.
pub(crate) fn beside(from: &Path, path: &str) -> PathBuf {
    let joined = from.parent().unwrap_or(Path::new("")).join(path);
    let mut plain = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
