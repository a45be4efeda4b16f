//! Running the program on a copy of the project.
#![allow(dead_code, reason = "each test file uses a part of this")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the checkout")
}

/// A copy of `model/` and `library/` that a test may spoil.
pub struct Project {
    pub dir: tempfile::TempDir,
}

impl Project {
    pub fn copy() -> Project {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for part in ["model", "library"] {
            copy_tree(&root().join(part), &dir.path().join(part));
        }
        Project { dir }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect(file)
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).expect(file);
    }

    /// Replaces text that must be there.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// Runs the program inside the copy.
    pub fn run(&self, arguments: &[&str]) -> Output {
        hersim(self.dir.path(), arguments)
    }

    /// Runs a command that must be refused, and gives what the user sees.
    pub fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let shown = String::from_utf8(output.stderr).expect("UTF-8");
        let code = output.status.code();
        assert!(matches!(code, Some(1 | 2)), "exit code {code:?}\n{shown}");
        shown.trim_end().to_string()
    }
}

pub fn hersim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hersim"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// Standard output of a command that must succeed.
pub fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = hersim(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}
