//! Wrong models and documents, and what a person is told about each.
//!
//! `bad/KIND/NAME.txt` is a case; `bad/KIND/NAME.told` beside it is what the program says.
//! A case begins with the commands (`$ hersim check model.ant`), then has files (`=== path`, then
//! the text) and edits of the small project in `bad/project` and `claims_project`: `@@ path`, the
//! lines that go after `- `, those that take their place after `+ `. Cases with edits, or with a line
//! `# project`, run inside a copy of it, the others in an empty folder.
//!
//! `HERSIM_RENEW=1 cargo test --test bad` writes what is told anew: read the difference.

mod common;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use common::{copy_tree, hersim, root};

struct Case {
    /// `KIND/NAME`.
    name: String,
    path: PathBuf,
    project: bool,
    commands: Vec<Vec<String>>,
    files: Vec<(String, String)>,
    edits: Vec<Edit>,
}

#[derive(Default)]
struct Edit {
    file: String,
    from: Vec<String>,
    to: Vec<String>,
}

impl Case {
    fn read(path: &Path) -> Case {
        let text = fs::read_to_string(path).unwrap();
        let kind = path.parent().and_then(Path::file_name).unwrap().to_string_lossy();
        let mut case = Case {
            name: format!("{kind}/{}", path.file_stem().unwrap().to_string_lossy()),
            path: path.to_path_buf(),
            project: text.lines().any(|l| l == "# project"),
            commands: Vec::new(),
            files: Vec::new(),
            edits: Vec::new(),
        };
        for line in text.lines() {
            if let Some(command) = line.strip_prefix("$ hersim ") {
                case.commands.push(words(command));
            } else if let Some(file) = line.strip_prefix("=== ") {
                case.files.push((file.into(), String::new()));
            } else if let Some((_, text)) = case.files.last_mut() {
                text.push_str(line);
                text.push('\n');
            } else if let Some(file) = line.strip_prefix("@@ ") {
                case.edits.push(Edit { file: file.into(), ..Edit::default() });
            } else if let Some(edit) = case.edits.last_mut() {
                match line.split_at_checked(2) {
                    Some(("- ", gone)) => edit.from.push(gone.into()),
                    Some(("+ ", new)) => edit.to.push(new.into()),
                    _ => panic!("{}: `{line}` is no line of an edit", case.name),
                }
            }
        }
        case.project |= !case.edits.is_empty();
        assert!(!case.commands.is_empty(), "{} runs nothing", case.name);
        case
    }

    /// What the program says, or why the case is no case.
    fn told(&self, project: &Path) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        if self.project {
            copy_tree(project, at);
        }
        for edit in &self.edits {
            let path = at.join(&edit.file);
            let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", edit.file))?;
            let from = edit.from.join("\n");
            if text.matches(&from).count() != 1 {
                return Err(format!("{} does not have `{from}` once", edit.file));
            }
            fs::write(path, text.replacen(&from, &edit.to.join("\n"), 1)).unwrap();
        }
        for (file, text) in &self.files {
            let path = at.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut all = String::new();
        for command in &self.commands {
            let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            let output = hersim(at, &arguments);
            let said = String::from_utf8(output.stderr).map_err(|e| e.to_string())?;
            if !matches!(output.status.code(), Some(1 | 2)) {
                return Err(format!("`{command:?}` ended with {}\n{said}", output.status));
            }
            let here = at.canonicalize().unwrap().display().to_string();
            let _ = write!(all, "$ hersim {}\n{}\n\n", command.join(" "), said.trim_end());
            all = all.replace(&here, "FOLDER");
        }
        Ok(all.trim_end().to_string() + "\n")
    }
}

/// Words of a command line; double quotes keep blanks.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// What every message must have: a documented code, a place in a file that there is, a mend.
fn poor(told: &str, codes: &str) -> Vec<String> {
    let mut found = Vec::new();
    for message in told.split("\n\n").filter(|m| !m.trim().is_empty()) {
        let message = match message.strip_prefix("$ hersim ") {
            Some(rest) => rest.split_once('\n').map_or("", |(_, message)| message),
            None => message,
        };
        let head = message.lines().next().unwrap_or("");
        let code = head.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        let Some((code, _)) = code.filter(|_| head.starts_with(['e', 'w'])) else {
            found.push(format!("is no message: {head}"));
            continue;
        };
        if !codes.contains(&format!("`{code}`")) {
            found.push(format!("`{code}` is not in docs/errors.md"));
        }
        if !message.contains("= mend: ") {
            found.push(format!("has no mend: {head}"));
        }
        if !message.contains("--> ") {
            found.push(format!("has no place: {head}"));
        }
    }
    found
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut paths = Vec::new();
    for kind in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if kind.is_dir() && !kind.ends_with("project") {
            paths.extend(fs::read_dir(kind).unwrap().map(|e| e.unwrap().path()));
        }
    }
    paths.retain(|p| p.extension().is_some_and(|e| e == "txt"));
    paths.sort();
    let only = std::env::var("HERSIM_CASE").unwrap_or_default();
    paths.iter().map(|p| Case::read(p)).filter(|c| c.name.contains(&only)).collect()
}

/// The project that cases spoil.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    copy_tree(&tests.join("claims_project"), folder.path());
    copy_tree(&tests.join("bad/project"), folder.path());
    folder
}

#[test]
fn the_project_that_cases_spoil_is_sound() {
    let project = project();
    let output = hersim(project.path(), &["check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for arguments in
        [&["trial", "small", "-n", "2", "--out", "t"][..], &["fit", "dishes", "--out", "f"]]
    {
        let output = hersim(project.path(), arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_mistake_is_told_so_that_it_can_be_mended() {
    let project = project();
    let codes = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let renew = std::env::var_os("HERSIM_RENEW").is_some();
    let wrong: Mutex<BTreeSet<String>> = Mutex::default();
    let cases = cases();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) =
                    cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let mut bad = Vec::new();
                    let golden = case.path.with_extension("told");
                    match case.told(project.path()) {
                        Err(why) => bad.push(why),
                        Ok(told) => {
                            let text = fs::read_to_string(&case.path).unwrap();
                            let excused = |p: &String| {
                                p.starts_with("has no place")
                                    && text.lines().any(|l| l.starts_with("# without a place: "))
                            };
                            bad.extend(poor(&told, &codes).into_iter().filter(|p| !excused(p)));
                            if renew {
                                fs::write(&golden, &told).unwrap();
                            }
                            let kept = fs::read_to_string(&golden).unwrap_or_default();
                            if kept != told {
                                bad.push(format!("was\n{kept}\nis\n{told}"));
                            }
                        }
                    }
                    let mut wrong = wrong.lock().unwrap();
                    wrong.extend(bad.into_iter().map(|b| format!("{}: {b}", case.name)));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let list: Vec<String> = wrong.into_iter().collect();
    assert!(list.is_empty(), "{} troubles\n{}", list.len(), list.join("\n"));
    if std::env::var_os("HERSIM_CASE").is_none() {
        assert!(cases.len() >= 150, "the corpus shrank to {}", cases.len());
    }
}
