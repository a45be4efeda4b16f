//! What must not stand in the code: the biology.

mod common;

use std::{collections::BTreeSet, fs, path::Path};

/// Names of genes (in capitals, as the model writes them) and of drugs and tumours (lower case).
fn biology() -> (BTreeSet<String>, BTreeSet<String>) {
    let root = common::root();
    let (mut genes, mut names) = (BTreeSet::new(), BTreeSet::new());
    for shelf in ["drugs", "tumours"] {
        for entry in fs::read_dir(root.join("library").join(shelf)).unwrap() {
            let path = entry.unwrap().path();
            names.insert(path.file_stem().unwrap().to_str().unwrap().to_lowercase());
        }
    }
    visit(&root.join("model"), "ant", &mut |_, text| {
        for line in text.lines().filter(|l| !l.trim_start().starts_with("//")) {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric());
            // Gene symbols: three letters or more, capitals and digits only, a letter first.
            genes.extend(words.filter(|w| is_gene(w)).map(str::to_string));
        }
    });
    (genes, names)
}

fn is_gene(word: &str) -> bool {
    word.len() >= 3
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

fn visit(folder: &Path, ending: &str, act: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, ending, act);
        } else if path.extension().is_some_and(|e| e == ending) {
            act(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_code_knows_no_gene_no_drug_and_no_tumour() {
    let (genes, names) = biology();
    assert!(genes.len() > 5 && names.len() > 5, "too few names were found: {genes:?} {names:?}");
    let mut found = Vec::new();
    visit(&common::root().join("crates"), "rs", &mut |path, text| {
        let shown = path.display().to_string();
        if ["/tests/", "/fixtures/", "/examples/", "/benches/", "tests.rs"]
            .iter()
            .any(|t| shown.contains(t))
        {
            return;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (number, line) in code.lines().enumerate() {
            for word in line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                let parts = word.split('_').any(|part| genes.contains(part));
                if parts || names.contains(&word.to_lowercase()) {
                    found.push(format!("{shown}:{}: {word}", number + 1));
                }
            }
        }
    });
    assert!(found.is_empty(), "biology belongs in model/ or library/:\n{}", found.join("\n"));
}

#[test]
fn every_parameter_has_unit_source_and_status() {
    let mut rows = 0;
    visit(&common::root().join("model"), "tsv", &mut |path, text| {
        let mut lines = text.lines().filter(|l| !l.starts_with('#'));
        let header: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
        let column = |name: &str| header.iter().position(|h| *h == name).expect(name);
        let (unit, source, status, note) =
            (column("unit"), column("source"), column("status"), column("note"));
        for line in lines.filter(|l| !l.trim().is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            let cell = |i: usize| cells.get(i).map_or("", |c| c.trim());
            rows += 1;
            for (name, i) in [("unit", unit), ("source", source), ("status", status)] {
                assert!(!cell(i).is_empty(), "{}: `{}` has no {name}", path.display(), cell(0));
            }
            if cell(source) == "assumed" {
                assert!(
                    !cell(note).is_empty(),
                    "{}: `{}` is assumed without a reason",
                    path.display(),
                    cell(0)
                );
            }
        }
    });
    assert!(rows > 100, "only {rows} rows were found");
}

#[test]
fn paths_named_in_the_architecture_exist() {
    let text = fs::read_to_string(common::root().join("ARCHITECTURE.md")).unwrap();
    let mut checked = 0;
    for path in text.split('`').filter(|p| p.ends_with(".rs") && p.contains('/')) {
        let found = common::root().join("crates").join(path);
        assert!(found.is_file(), "ARCHITECTURE.md names {path}, which is not in crates/");
        checked += 1;
    }
    assert!(checked >= 6);
}

#[test]
fn every_error_code_is_documented() {
    let documented = fs::read_to_string(common::root().join("docs/errors.md")).unwrap();
    let mut codes = BTreeSet::new();
    visit(&common::root().join("crates"), "rs", &mut |path, text| {
        if path.display().to_string().contains("tests") {
            return;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for start in ["Diagnostic::error(", "Diagnostic::warning("] {
            for rest in code.split(start).skip(1) {
                if let Some(literal) = rest.trim_start().strip_prefix('"') {
                    codes.insert(literal.split('"').next().unwrap_or("").to_string());
                }
            }
        }
    });
    assert!(codes.len() > 20, "{codes:?}");
    let missing: Vec<_> =
        codes.iter().filter(|c| !documented.contains(&format!("`{c}`"))).collect();
    assert!(missing.is_empty(), "not in docs/errors.md: {missing:?}");
}

/// The crates in the order of ARCHITECTURE.md: each may use those before it.
const ORDER: [&str; 10] =
    ["units", "network", "antimony", "sbml", "engine", "hybrid", "store", "study", "report", "cli"];

#[test]
fn dependencies_point_one_way() {
    let beside = ["antimony", "sbml", "engine", "store"];
    let alone = ["antimony", "sbml", "store"];
    for (place, name) in ORDER.iter().enumerate() {
        let path = common::root().join("crates").join(name).join("Cargo.toml");
        let text = fs::read_to_string(path).unwrap();
        let own = text.split("[dependencies]").nth(1).unwrap_or("");
        let own = own.split("\n[").next().unwrap_or("");
        for used in own.lines().filter_map(|l| l.strip_prefix("hersim-")) {
            let used = used.split(['.', ' ']).next().unwrap_or("");
            let at = ORDER.iter().position(|o| *o == used).expect(used);
            assert!(at < place, "{name} uses {used}, which stands below it");
            let siblings = beside.contains(name) && beside.contains(&used);
            assert!(!siblings, "{name} uses {used}, which stands beside it");
            let method = *name == "hybrid" && alone.contains(&used);
            assert!(!method, "{name} takes the method from the engine, and no more: not {used}");
        }
    }
    let crates = fs::read_dir(common::root().join("crates")).unwrap().count();
    assert_eq!(crates, ORDER.len(), "a crate is missing from the order");
}

#[test]
fn species_say_what_they_are() {
    for system in ["culture", "xenograft", "patient"] {
        let text = common::succeed(&common::root(), &["convert", system, "--to", "sbml"]);
        let list = text.split("</listOfSpecies>").next().unwrap();
        let species: Vec<&str> = list.split("<species ").skip(1).collect();
        let bare: Vec<&str> = (species.iter())
            .filter(|s| !s.split("</species>").next().unwrap_or("").contains("<annotation"))
            .map(|s| s.split("id=\"").nth(1).and_then(|s| s.split('"').next()).unwrap_or(s))
            .collect();
        let share = bare.len() as f64 / species.len() as f64;
        assert!(share <= 0.05, "{system}: {} of {}: {bare:?}", bare.len(), species.len());
    }
}
