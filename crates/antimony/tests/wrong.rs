//! Wrong models and what a person is told about them.
//!
//! Each `wrong/NAME.txt` holds files after lines `=== path`; the first is loaded. A line
//! `// subclones: a b` asks for subclones. The answers are goldens in `snapshots/`.

mod common;

use std::path::Path;

use common::Memory;
use hersim_antimony::{Request, load};
use hersim_network::Sources;

fn told(case: &str) -> String {
    let (files, main) = Memory::split(case);
    let subclones: Vec<String> = case
        .lines()
        .filter_map(|l| l.strip_prefix("// subclones: "))
        .flat_map(|l| l.split_whitespace().map(String::from))
        .collect();
    let mut sources = Sources::default();
    let request =
        Request { model: Path::new(&main), main: None, subclones: &subclones, tolerant: false };
    match load(&files, &request, &mut sources) {
        Ok(_) => "this model is not wrong".into(),
        Err(found) => {
            let words: Vec<String> = found.iter().map(|d| d.render(&sources, false)).collect();
            words.join("\n\n")
        }
    }
}

#[test]
fn wrong_models_are_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong");
    let mut cases: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 20, "the corpus is there");
    for case in cases {
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        let told = told(&std::fs::read_to_string(&case).unwrap());
        assert_ne!(told, "this model is not wrong", "{name}");
        insta::assert_snapshot!(name, told);
    }
}

#[test]
fn a_missing_file_is_named() {
    let mut sources = Sources::default();
    let request =
        Request { model: Path::new("model.ant"), main: None, subclones: &[], tolerant: false };
    let found = load(&Memory::default(), &request, &mut sources).unwrap_err();
    assert_eq!(found[0].code, "missing-file");
    assert_eq!(found[0].message, "cannot read model.ant: there is no such file");
}
