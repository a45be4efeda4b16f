//! Suites that others wrote, as judges: which of their cases come out right.

mod antimony;
mod case;
mod meaning;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use hersim_network::{Diagnostic, Network};

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
    let judge = |(id, folder): &Case| case::judge(folder, id, rewrite);
    Ok(judged(&cases, &judge, progress))
}

/// Compares a folder of pairs, an Antimony text `NAME.txt` and the SBML `NAME.xml` that it must
/// mean: the flat networks must be the same, units and annotations included.
///
/// # Errors
/// When the folder holds no pairs or cannot be read.
pub fn antimony(folder: &Path, progress: &dyn Progress) -> Result<SuiteReport, StudyError> {
    let pairs = found(folder, "two files a case, NAME.txt and NAME.xml", |path| {
        let text = path.extension().is_some_and(|e| e == "txt");
        let id = path.file_stem().filter(|_| text && path.with_extension("xml").is_file())?;
        Some(id.to_string_lossy().into_owned())
    })?;
    let judge = |(id, _): &Case| (antimony::judge(folder, id), Vec::new());
    Ok(judged(&pairs, &judge, progress))
}

/// What a network says and another does not, and the other way round, in words.
pub fn told_apart(one: &Network, other: &Network) -> [Vec<String>; 2] {
    let (one, other) = (meaning::facts(one), meaning::facts(other));
    let more = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
    [more(&one, &other), more(&other, &one)]
}

/// A case: its id, and where it is.
type Case = (String, PathBuf);
/// Runs and judges a case; its tags too.
type Judge<'j> = &'j (dyn Fn(&Case) -> (Verdict, Vec<String>) + Sync);

/// Judges all cases, on all of the machine's threads.
fn judged(cases: &[Case], judge: Judge, progress: &dyn Progress) -> SuiteReport {
    /// Formulas may stand in one another deeply.
    const STACK: usize = 64 << 20;
    progress.begin("cases", cases.len() as u64);
    let next = AtomicUsize::new(0);
    let report = Mutex::new(SuiteReport::default());
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let judged = judge(case);
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            report.cases.insert(case.0.clone(), judged);
            progress.advance(1);
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let started = (0..threads)
            .filter_map(|_| {
                std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()
            })
            .count();
        if started == 0 {
            work();
        }
    });
    progress.end();
    report.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Folders of cases with their ids, in order.
fn cases(folder: &Path) -> Result<Vec<Case>, StudyError> {
    found(folder, "one folder a case, each with NNNNN-settings.txt", |path| {
        let id = path.file_name()?.to_string_lossy().into_owned();
        path.join(format!("{id}-settings.txt")).is_file().then_some(id)
    })
}

/// What in a folder is a case, by its id, in order.
fn found(
    folder: &Path,
    wanted: &str,
    id: impl Fn(&Path) -> Option<String>,
) -> Result<Vec<Case>, StudyError> {
    let wrong = |why: String| {
        let error = Diagnostic::error("not-a-suite", why);
        StudyError::Input(vec![error.mend(format!("name a folder with {wanted}"))])
    };
    let read = || -> io::Result<Vec<Case>> {
        let mut cases = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if let Some(id) = id(&path) {
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
