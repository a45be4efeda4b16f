//! Suites and models that others wrote, where they are at hand: `HERSIM_SUITES`, or
//! `../shared/suites` beside this repository.

use std::path::{Path, PathBuf};

use hersim_hybrid::{Output, Settings, compile, run};
use hersim_network::{Sources, SymbolKind};
use hersim_study::{
    model_file,
    progress::Silent,
    suite::{self, Verdict},
};

fn suites(what: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites"));
    let root = std::env::var_os("HERSIM_SUITES").map_or(beside, PathBuf::from);
    let folder = root.join(what);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

#[test]
fn no_case_of_the_sbml_suite_is_wrong() {
    let Some(folder) = suites("sbml") else { return };
    let report = suite::sbml(&folder, false, &Silent).unwrap();
    let wrong: Vec<_> =
        report.cases.iter().filter(|(_, (v, _))| matches!(v, Verdict::Wrong(_))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let right = report.with(|v| *v == Verdict::Right).len();
    assert!(right * 100 >= 98 * report.cases.len(), "{right} of {}", report.cases.len());
}

#[test]
fn antimony_means_what_its_sbml_says() {
    let Some(folder) = suites("antimony") else { return };
    let report = suite::antimony(&folder, &Silent).unwrap();
    let wrong: Vec<_> =
        report.cases.iter().filter(|(_, (v, _))| matches!(v, Verdict::Wrong(_))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let right = report.with(|v| *v == Verdict::Right).len();
    assert!(right * 100 >= 95 * report.cases.len(), "{right} of {}", report.cases.len());
}

/// All models of both suites, and those that were published.
fn models() -> Vec<PathBuf> {
    let list = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let sbml = |path: &PathBuf| path.extension().is_some_and(|e| e == "xml");
    let mut models: Vec<PathBuf> = Vec::new();
    for what in ["antimony", "published"] {
        models.extend(suites(what).into_iter().flat_map(list).filter(sbml));
    }
    let cases = suites("sbml").into_iter().flat_map(list).filter(|p| p.is_dir());
    models.extend(cases.flat_map(list).filter(sbml));
    models
}

/// Written and read back, a model says the same.
fn comes_back(file: &Path) -> Option<bool> {
    let mut sources = Sources::default();
    let first = model_file::read(file.to_str().unwrap(), &mut sources).ok()?.network;
    if !hersim_antimony::beyond(&first).is_empty() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("model.ant");
    std::fs::write(&place, hersim_antimony::write(&first)).unwrap();
    let second = match model_file::read(place.to_str().unwrap(), &mut sources) {
        Ok(second) => second.network,
        Err(found) => panic!("{}: {}", file.display(), found[0].message),
    };
    let [more, less] = suite::told_apart(&second, &first);
    let same = more.is_empty() && less.is_empty();
    if !same {
        eprintln!("{}: said {more:?}, meant {less:?}", file.display());
    }
    Some(same)
}

#[test]
fn every_model_comes_back_from_antimony() {
    let models = models();
    let back: Vec<Option<bool>> = models.iter().map(|m| comes_back(m)).collect();
    assert!(!back.contains(&Some(false)));
    // Conversion factors, fast reactions and the like have no words there.
    let written = back.iter().flatten().count();
    assert!(written * 100 >= 90 * models.len(), "{written} of {}", models.len());
}

#[test]
fn published_models_run() {
    let Some(folder) = suites("published") else { return };
    for (id, end) in [("019", 60.0), ("175", 60.0), ("205", 60.0), ("255", 10.0), ("595", 60.0)] {
        let file = folder.join(format!("BIOMD0000000{id}.xml"));
        let mut sources = Sources::default();
        let model = model_file::read(file.to_str().unwrap(), &mut sources)
            .unwrap_or_else(|found| panic!("{id}: {}", found[0].message));
        let species: Vec<Output> = (model.network.iter())
            .filter(|(_, s)| matches!(s.kind, SymbolKind::Species { .. }))
            .map(|(id, _)| Output::Amount(id))
            .collect();
        let system = compile(&model.network, &species).unwrap();
        let rows = run(&system, &[0.0, end], &Settings::default()).unwrap();
        assert!(rows.iter().flatten().all(|x| x.is_finite()), "{id}");
    }
}

#[test]
fn fast_reactions_rest_from_the_start_or_run_like_others() {
    let Some(folder) = suites("published") else { return };
    let file = folder.join("BIOMD0000000424.xml");
    let mut sources = Sources::default();
    let mut model = model_file::read(file.to_str().unwrap(), &mut sources).ok().unwrap();
    let follow = |network: &hersim_network::Network| {
        let outputs: Vec<Output> = (network.iter())
            .filter(|(_, s)| matches!(s.kind, SymbolKind::Species { .. }))
            .map(|(id, _)| Output::Amount(id))
            .collect();
        let system = compile(network, &outputs).unwrap();
        run(&system, &[0.0, 600.0, 1200.0], &Settings::default()).unwrap()
    };
    // All of its reactions are fast: nothing is left that could change.
    let rest = follow(&model.network);
    for (first, last) in rest[0].iter().zip(&rest[2]) {
        assert!((first - last).abs() < 1e-6 * (1.0 + first.abs()), "{first} {last}");
    }
    model_file::ignore_fast(&mut model.network);
    let moving = follow(&model.network);
    assert!(moving[1].iter().zip(&moving[2]).any(|(a, b)| (a - b).abs() > 1e-2 * a.abs()));
}

#[test]
fn a_model_with_undeclared_symbols_names_them_all() {
    let Some(folder) = suites("published") else { return };
    let file = folder.join("MODEL2205030001.xml");
    let mut sources = Sources::default();
    let found = model_file::read(file.to_str().unwrap(), &mut sources).err().unwrap();
    assert_eq!(found.len(), 16);
    assert!(found.iter().all(|d| d.code == "unknown-name"));
}
