//! Files kept in memory.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use hersim_antimony::Files;

/// Texts by path.
#[derive(Default)]
pub struct Memory(pub HashMap<PathBuf, String>);

impl Memory {
    /// Files of a text with a line `=== path` before each, and the path of the first.
    #[allow(dead_code, reason = "not every test splits")]
    pub fn split(text: &str) -> (Memory, String) {
        let mut files = Memory::default();
        let mut first = String::new();
        for part in text.split("=== ").skip(1) {
            let (path, body) = part.split_once('\n').unwrap_or((part, ""));
            if first.is_empty() {
                first = path.trim().to_string();
            }
            files.0.insert(PathBuf::from(path.trim()), body.to_string());
        }
        (files, first)
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
