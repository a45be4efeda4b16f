//! The small project that tests share.

use std::{fs, path::Path};

/// A copy of the small project: one drug, a ward of few patients, a trial called `small`.
pub fn small_project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests");
    copy(&tests.join("claims_project"), folder.path());
    copy(&tests.join("bad/project"), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
