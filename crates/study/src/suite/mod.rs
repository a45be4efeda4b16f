//! Suites that others wrote, as judges: which of their cases come out right.

mod case;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use hersim_network::Diagnostic;

use crate::{error::StudyError, progress::Progress};

pub use case::Verdict;

/// How the cases of a suite came out.
#[derive(Clone, Debug, Default)]
pub struct SuiteReport {
    /// Every case by its id: the verdict, and the tags that the suite gives it.
    pub cases: BTreeMap<String, (Verdict, Vec<String>)>,
}

impl SuiteReport {
    /// Ids of the cases with such a verdict.
    pub fn with(&self, pick: impl Fn(&Verdict) -> bool) -> Vec<&str> {
        self.cases.iter().filter(|(_, (v, _))| pick(v)).map(|(id, _)| id.as_str()).collect()
    }

    /// Whether no case came out wrong.
    pub fn passed(&self) -> bool {
        self.with(|v| matches!(v, Verdict::Wrong(_))).is_empty()
    }

    /// For each tag, how many cases are right, wrong and refused.
    pub fn by_tag(&self) -> BTreeMap<&str, [usize; 3]> {
        let mut tags: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        for (verdict, of) in self.cases.values() {
            let column = match verdict {
                Verdict::Right => 0,
                Verdict::Wrong(_) => 1,
                Verdict::Refused(_) => 2,
            };
            for tag in of {
                tags.entry(tag).or_default()[column] += 1;
            }
        }
        tags
    }
}

/// Runs a folder of cases of the SBML Test Suite: one folder a case, with model, settings and
/// results. With `rewrite` each model is written out and read back first, which must change
/// nothing.
///
/// # Errors
/// When the folder holds no cases or cannot be read.
pub fn sbml(
    folder: &Path,
    rewrite: bool,
    progress: &dyn Progress,
) -> Result<SuiteReport, StudyError> {
    let cases = cases(folder)?;
    progress.begin("cases", cases.len() as u64);
    let next = AtomicUsize::new(0);
    let report = Mutex::new(SuiteReport::default());
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let work = || {
            while let Some((id, folder)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let judged = case::judge(folder, id, rewrite);
                let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                report.cases.insert(id.clone(), judged);
                progress.advance(1);
            }
        };
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    progress.end();
    Ok(report.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Folders of cases with their ids, in order.
fn cases(folder: &Path) -> Result<Vec<(String, PathBuf)>, StudyError> {
    let wrong = |why: String| {
        StudyError::Input(vec![
            Diagnostic::error("not-a-suite", why)
                .mend("name a folder with one folder a case, each with NNNNN-settings.txt"),
        ])
    };
    let read = || -> io::Result<Vec<(String, PathBuf)>> {
        let mut cases = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let id = path.file_name().map(|n| n.to_string_lossy().into_owned());
            let Some(id) = id else { continue };
            if path.join(format!("{id}-settings.txt")).is_file() {
                cases.push((id, path));
            }
        }
        cases.sort();
        Ok(cases)
    };
    let shown = folder.display();
    match read() {
        Ok(cases) if cases.is_empty() => Err(wrong(format!("`{shown}` holds no cases"))),
        Ok(cases) => Ok(cases),
        Err(error) => Err(wrong(format!("`{shown}` cannot be read: {error}"))),
    }
}
