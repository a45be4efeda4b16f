//! A file and everything it imports.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use hersim_network::{Diagnostic, FileId, Sources, Span};

use crate::{
    ast::{FieldText, FileText, FunctionText, Model, Name, Stated, Statement},
    files::{Files, beside},
    parser::parse,
    table::{Table, read_table},
};

/// A file that was read, with the table beside it.
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    pub(crate) text: FileText,
    pub(crate) table: Option<Table>,
    /// Indices of imported files, in order.
    pub(crate) imports: Vec<usize>,
}

/// All files of a model.
#[derive(Default)]
pub(crate) struct Program {
    /// The first is the one that was asked for.
    pub(crate) files: Vec<Loaded>,
    /// True when something could not be read, so that missing models prove nothing.
    pub(crate) incomplete: bool,
    /// Whether all of Antimony is read, as other readers take it.
    pub(crate) tolerant: bool,
    models: HashMap<String, (usize, usize)>,
    functions: HashMap<String, (usize, usize)>,
}

impl Program {
    /// A model by name, with the index of its file.
    pub(crate) fn model(&self, name: &str) -> Option<(usize, &Model)> {
        let (file, index) = *self.models.get(name)?;
        Some((file, &self.files[file].text.models[index]))
    }

    /// Names of all models.
    pub(crate) fn model_names(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// A function by name.
    pub(crate) fn function(&self, name: &str) -> Option<&FunctionText> {
        let (file, index) = *self.functions.get(name)?;
        Some(&self.files[file].text.functions[index])
    }

    /// Names of all functions.
    pub(crate) fn function_names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

/// Reads `root` and its imports. `None` when `root` itself cannot be read.
pub(crate) fn gather(
    files: &dyn Files,
    root: &Path,
    tolerant: bool,
    sources: &mut Sources,
    found: &mut Vec<Diagnostic>,
) -> Option<Program> {
    let mut gatherer = Gatherer {
        files,
        sources,
        found,
        program: Program { tolerant, ..Program::default() },
        known: HashMap::new(),
        open: Vec::new(),
    };
    match files.read(root) {
        Ok(text) => gatherer.add(root.to_path_buf(), text),
        Err(error) => {
            gatherer.found.push(cannot_read(root, &error));
            return None;
        }
    };
    let Gatherer { mut program, found, .. } = gatherer;
    index(&mut program, found);
    Some(program)
}

struct Gatherer<'a> {
    files: &'a dyn Files,
    sources: &'a mut Sources,
    found: &'a mut Vec<Diagnostic>,
    program: Program,
    known: HashMap<PathBuf, usize>,
    /// Files being read, outermost first, each with the place of the import that leads on.
    open: Vec<(PathBuf, Option<Span>)>,
}

/// Deepest chain of imports.
const DEEPEST: usize = 64;

impl Gatherer<'_> {
    fn add(&mut self, path: PathBuf, text: String) -> usize {
        let file = self.sources.add(path.display().to_string(), text.as_str());
        let parsed = parse(&text, file, self.program.tolerant, self.found);
        let table = self.table(&path);
        let imports = parsed.imports.clone();
        let index = self.program.files.len();
        self.known.insert(path.clone(), index);
        self.program.files.push(Loaded {
            path: path.clone(),
            text: parsed,
            table,
            imports: Vec::new(),
        });
        self.open.push((path.clone(), None));
        for (name, span) in imports {
            if let Some(last) = self.open.last_mut() {
                last.1 = Some(span);
            }
            if let Some(imported) = self.import(&path, &name, span) {
                self.program.files[index].imports.push(imported);
            }
        }
        self.open.pop();
        index
    }

    fn import(&mut self, from: &Path, name: &str, span: Span) -> Option<usize> {
        let path = beside(from, name);
        if let Some(first) = self.open.iter().position(|(p, _)| *p == path) {
            self.cycle(first, &path, span);
            return None;
        }
        if let Some(index) = self.known.get(&path) {
            return Some(*index);
        }
        if self.open.len() >= DEEPEST {
            self.program.incomplete = true;
            self.found.push(
                Diagnostic::error("import-too-deep", "imports are nested too deeply")
                    .at(span, "")
                    .mend("import files of one level only"),
            );
            return None;
        }
        match self.files.read(&path) {
            Ok(text) => Some(self.add(path, text)),
            Err(error) => {
                self.program.incomplete = true;
                let label = match error.kind() {
                    io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
                    _ => format!("{}: {error}", path.display()),
                };
                self.found.push(
                    Diagnostic::error("missing-import", format!("cannot import `{name}`"))
                        .at(span, label)
                        .mend("give the path as seen from this file"),
                );
                None
            }
        }
    }

    fn cycle(&mut self, first: usize, path: &Path, span: Span) {
        let ring: Vec<String> = self.open[first..]
            .iter()
            .map(|(p, _)| p.display().to_string())
            .chain([path.display().to_string()])
            .collect();
        let mut diagnostic = Diagnostic::error(
            "cyclic-import",
            format!("files import each other: {}", ring.join(" -> ")),
        )
        .at(span, "this closes the ring")
        .mend("move what both need into a third file");
        for (_, at) in &self.open[first..self.open.len() - 1] {
            if let Some(at) = at {
                diagnostic = diagnostic.also(*at, "imported here");
            }
        }
        self.found.push(diagnostic);
        self.program.incomplete = true;
    }

    fn table(&mut self, path: &Path) -> Option<Table> {
        let path = path.with_extension("tsv");
        match self.files.read(&path) {
            Ok(text) => {
                let file = self.sources.add(path.display().to_string(), text.as_str());
                Some(read_table(&text, file, self.found))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.found.push(cannot_read(&path, &error));
                None
            }
        }
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> Diagnostic {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_string(),
        _ => error.to_string(),
    };
    Diagnostic::error("missing-file", format!("cannot read {}: {what}", path.display()))
        .mend("check the path")
}

/// Names models and functions; two of one name are an error.
fn index(program: &mut Program, found: &mut Vec<Diagnostic>) {
    for file in 0..program.files.len() {
        for model in 0..program.files[file].text.models.len() {
            let name = program.files[file].text.models[model].name.clone();
            if name.path == "__main" && file > 0 {
                continue;
            }
            if let Some((f, m)) = program.models.insert(name.path.clone(), (file, model)) {
                let first = program.files[f].text.models[m].name.span;
                program.models.insert(name.path.clone(), (f, m));
                found.push(twice("model", &name.path, name.span, first));
            }
        }
        for function in 0..program.files[file].text.functions.len() {
            let name = program.files[file].text.functions[function].name.clone();
            if let Some((f, m)) = program.functions.insert(name.path.clone(), (file, function)) {
                let first = program.files[f].text.functions[m].name.span;
                program.functions.insert(name.path.clone(), (f, m));
                found.push(twice("function", &name.path, name.span, first));
            }
        }
        attach(&mut program.files[file].text, found);
    }
}

/// Statements after a model that name it, such as `m isDescribedBy "…"`.
fn attach(text: &mut FileText, found: &mut Vec<Diagnostic>) {
    for stated in std::mem::take(&mut text.about) {
        let (Statement::Remark(Some(Name { path, .. }), _)
        | Statement::Field(FieldText { name: Name { path, .. }, .. })) = &stated.what
        else {
            continue;
        };
        let owner = path.split('.').next().unwrap_or(path);
        match text.models.iter_mut().find(|m| m.name.path == owner) {
            Some(model) => {
                let what = match stated.what {
                    Statement::Remark(_, remark) => Statement::Remark(None, remark),
                    other => other,
                };
                model.body.push(Stated { what, span: stated.span });
            }
            None => found.push(
                Diagnostic::warning("ignored", "what is said of a function is not kept")
                    .at(stated.span, "functions are written out where they are called")
                    .mend("write it as a comment"),
            ),
        }
    }
}

pub(crate) fn twice(what: &str, name: &str, here: Span, first: Span) -> Diagnostic {
    Diagnostic::error("duplicate", format!("{what} `{name}` is defined twice"))
        .at(here, "again here")
        .also(first, "first here")
        .mend("remove one of them, or rename it")
}

/// The file of an index, for messages without a place.
pub(crate) fn start_of(file: FileId) -> Span {
    Span::new(file, 0..0)
}
