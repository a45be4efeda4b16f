//! `hersim handbook`.

use std::{
    fs,
    path::{Component, Path, PathBuf},
    process::ExitCode,
};

use hersim_report::{HandbookFile, handbook_files, handbook_page, is_of_handbook};
use hersim_study::{StudyError, handbook::handbook as read};

use super::open;
use crate::{
    arguments::{Arguments, HandbookOptions},
    terminal,
};

/// Writes the model's documentation from its files.
pub fn handbook(arguments: &Arguments, options: &HandbookOptions) -> ExitCode {
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    let book = match read(&mut library) {
        Ok(book) => book,
        Err(errors) => {
            return terminal::fail(&StudyError::Input(errors), &library.sources, arguments);
        }
    };
    let folder = match (&options.out, &options.html) {
        (Some(folder), _) => Some(folder.clone()),
        (None, None) => Some(library.path("docs/model")),
        (None, Some(_)) => None,
    };
    let written = folder.map_or(Ok(()), |folder| {
        let files = handbook_files(&book, &to_root(&folder, &library.path(".")));
        write(arguments, &folder, &files)?;
        terminal::say(arguments, format!("wrote {} files to {}", files.len(), folder.display()));
        Ok(())
    });
    let written = written.and_then(|()| match &options.html {
        None => Ok(()),
        Some(path) => {
            hersim_store::write_text(path, &handbook_page(&book))?;
            terminal::say(arguments, format!("wrote {}", path.display()));
            Ok(())
        }
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => terminal::fail(&error, &library.sources, arguments),
    }
}

/// Writes the files, and removes those of an earlier run that are no longer part of it.
fn write(arguments: &Arguments, folder: &Path, files: &[HandbookFile]) -> Result<(), StudyError> {
    for file in files {
        let path = folder.join(&file.path);
        // What is as it should be keeps its time.
        if fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            continue;
        }
        if let Some(parent) = path.parent() {
            // What keeps it from being made, writing will tell.
            let _ = fs::create_dir_all(parent);
        }
        hersim_store::write_text(&path, &file.text)?;
    }
    for path in below(folder) {
        let known = files.iter().any(|f| folder.join(&f.path) == path);
        if !known && fs::read_to_string(&path).is_ok_and(|text| is_of_handbook(&text)) {
            let done = match fs::remove_file(&path) {
                Ok(()) => format!("removed {}", path.display()),
                Err(error) => {
                    format!("cannot remove {}, which is of no use: {error}", path.display())
                }
            };
            terminal::say(arguments, done);
        }
    }
    Ok(())
}

/// Pages and figures in a folder and those in it, sorted.
fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(below(&path));
        } else if path.extension().is_some_and(|e| e == "md" || e == "svg") {
            found.push(path);
        }
    }
    found
}

/// The way from a folder to the root of the project, for links; as in `docs/model` when the
/// folder is elsewhere.
fn to_root(folder: &Path, root: &Path) -> String {
    let plain = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let depth = match plain(folder).strip_prefix(plain(root)) {
        Ok(below) => below.components().filter(|c| matches!(c, Component::Normal(_))).count(),
        Err(_) => 2,
    };
    "../".repeat(depth)
}
