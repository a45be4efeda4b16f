//! Claims about a small model whose answers are known from pen and paper.

mod common;

use std::{collections::BTreeMap, fs, path::Path, process::Output};

use serde_json::Value;

fn project() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/claims_project")
}

fn run(folder: &Path, arguments: &[&str]) -> (Output, Value) {
    let all: Vec<&str> = ["claims", "--json"].iter().chain(arguments).copied().collect();
    let output = common::hersim(folder, &all);
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{e}\n{}", String::from_utf8_lossy(&output.stderr));
    });
    (output, json)
}

fn by_id(json: &Value) -> BTreeMap<&str, &Value> {
    let claims = json["claims"].as_array().unwrap();
    claims.iter().map(|c| (c["id"].as_str().unwrap(), c)).collect()
}

/// A copy of the project that a test may spoil.
fn copy() -> tempfile::TempDir {
    fn tree(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                tree(&path, &target)
            } else {
                fs::copy(&path, &target).map(drop).unwrap()
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    tree(&project(), dir.path());
    dir
}

fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{file} has no `{from}`");
    fs::write(folder.join(file), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn every_claim_stands_as_it_must() {
    let (output, json) = run(&project(), &[]);
    let expected = [
        ("a-signal", "reproduced"),
        ("a-growth", "reproduced"),
        ("a-mass", "reproduced"),
        ("a-inhibition", "reproduced"),
        ("a-clamp", "reproduced"),
        ("a-order", "reproduced"),
        ("a-crossing", "reproduced"),
        ("a-history", "reproduced"),
        ("a-regimen", "reproduced"),
        ("a-one-subclone", "reproduced"),
        ("a-rival", "rival"),
        ("a-fitted", "fitted"),
        ("a-existence", "existence"),
        ("b-failed", "failed"),
        ("b-waiting", "waiting"),
        ("b-untestable", "untestable"),
    ];
    let claims = by_id(&json);
    for (id, status) in expected {
        assert_eq!(claims[id]["status"], status, "{:#}", claims[id]);
    }
    assert_eq!(claims.len(), expected.len());
    assert_eq!(output.status.code(), Some(1), "a claim failed");
    assert_eq!((&json["total"], &json["testable"]), (&16.into(), &15.into()));
    assert_eq!((&json["core"], &json["reproduced"]), (&12.into(), &10.into()));
    assert_eq!(json["failed"], serde_json::json!(["b-failed"]));
    assert_eq!(json["untestable"], serde_json::json!(["b-untestable"]));
    let effect = claims["a-growth"]["effect"].as_f64().unwrap();
    // Rest at 0.5, then 1 - 0.5 exp(-24 t): the logarithm of the ratio at two days.
    let exact = (1.0f64 - 0.5 / 24.0).exp();
    assert!((effect / exact - 1.0).abs() < 1e-4, "{effect} {exact}");
    assert!(claims["a-growth"]["share"].is_null());
}

#[test]
fn claims_are_picked_by_id_section_kind_and_tier() {
    let ids = |arguments: &[&str]| -> Vec<String> {
        let (_, json) = run(&project(), arguments);
        by_id(&json).keys().map(|id| id.to_string()).collect()
    };
    assert_eq!(ids(&["a-mass"]), ["a-mass"]);
    assert_eq!(ids(&["b"]), ["b-failed", "b-untestable", "b-waiting"]);
    assert_eq!(ids(&["b", "--core"]), ["b-failed", "b-waiting"]);
    assert_eq!(ids(&["--kind", "resistance"]), ["a-history"]);
    let (output, _) = run(&project(), &["a-growth"]);
    assert_eq!(output.status.code(), Some(0));
    let output = common::hersim(&project(), &["claims", "a-growht"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `a-growth`?"));
}

#[test]
fn a_claim_depends_on_the_coupling_that_its_effect_runs_through() {
    let (_, json) = run(&project(), &["a", "--ablate"]);
    let claims = by_id(&json);
    assert_eq!(claims["a-growth"]["depends_on"], serde_json::json!(["sensor -> growth"]));
    assert_eq!(claims["a-growth"]["wired"], false);
    assert_eq!(claims["a-growth"]["status"], "reproduced");
    // Perturbation and readout in one file.
    assert_eq!(claims["a-signal"]["status"], "wired");
    assert_eq!(claims["a-signal"]["wired"], true);
    // The drug acts on growth itself, whatever the signal does.
    assert_eq!(claims["a-inhibition"]["status"], "wired");
    assert_eq!(claims["a-regimen"]["depends_on"][0], "pharmacokinetics -> growth");
    assert!(claims["a-rival"]["depends_on"].is_null(), "only what is reproduced is tried");
}

#[test]
fn an_open_question_may_be_answered_otherwise() {
    let (_, json) =
        run(&project(), &["a-rival", "a-inhibition", "--hypothesis", "role_of_drug=idle"]);
    let claims = by_id(&json);
    assert_eq!(claims["a-rival"]["status"], "reproduced");
    assert_eq!(claims["a-inhibition"]["status"], "failed");
    let simulate = |answers: &[&str]| {
        let fixed = ["simulate", "plain", "--system", "dish", "--medium", "drug=1e9 nM"];
        let rest = ["--for", "2day", "--every", "2day", "--json"];
        let all: Vec<&str> = fixed.iter().chain(&rest).chain(answers).copied().collect();
        let json: Value = serde_json::from_str(&common::succeed(&project(), &all)).unwrap();
        json["columns"]["cells"]["values"][1].as_f64().unwrap()
    };
    let killed = 1e4 * (-1.0f64).exp();
    let idle = 1e4 * (0.8f64).exp();
    assert!((simulate(&[]) / killed - 1.0).abs() < 1e-4);
    assert!((simulate(&["--hypothesis", "role_of_drug=idle"]) / idle - 1.0).abs() < 1e-4);
    let output = common::hersim(&project(), &["claims", "--hypothesis", "role_of_drug=maybe"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown-option"));
}

#[test]
fn what_should_not_pass_mostly_does_not() {
    let (_, json) = run(&project(), &["--controls"]);
    let flipped = &json["controls"]["flipped"];
    // Turned round, only the claim that fails passes.
    assert_eq!((&flipped["run"], &flipped["passed"]), (&7.into(), &1.into()));
    let shuffled = &json["controls"]["shuffled"];
    assert!(shuffled["run"].as_u64() >= Some(3));
    assert!(shuffled["passed"].as_u64() < shuffled["run"].as_u64());
    let (_, again) = run(&project(), &["--controls"]);
    assert_eq!(json["controls"], again["controls"]);
}

#[test]
fn draws_are_the_same_for_the_same_seed() {
    let share = |arguments: &[&str]| {
        let all: Vec<&str> = ["a-fitted", "a-growth"].iter().chain(arguments).copied().collect();
        let (_, json) = run(&project(), &all);
        let claims = by_id(&json);
        let share = |id: &str| claims[id]["share"].as_f64().unwrap();
        (share("a-fitted"), share("a-growth"))
    };
    let (exact, robust) = share(&["--ensemble", "40"]);
    // The signal at rest is one of the numbers drawn, and the band around it is narrow; that
    // ligand raises growth depends on no number.
    assert!(exact < 0.3, "{exact}");
    assert_eq!(robust, 1.0);
    assert_eq!(share(&["--ensemble", "40"]), (exact, robust));
}

#[test]
fn the_page_holds_score_pictures_and_literature() {
    let dir = copy();
    let page = dir.path().join("claims.html");
    let path = page.to_str().unwrap();
    run(dir.path(), &["--ablate", "--controls", "--report", path]);
    let text = fs::read_to_string(&page).unwrap();
    for part in [
        "<svg",
        "a-growth: reproduced",
        "Depends on sensor → growth.",
        "Signals, and what they do",
        "Perturbation of another claim",
        "at time zero: add ligand 1 nM",
    ] {
        assert!(text.contains(part), "the page has no `{part}`");
    }
    assert!(!text.contains("NaN"));
    let tags = |tag: &str| text.matches(tag).count();
    assert_eq!(tags("<article"), 16);
    assert!(tags("<svg") >= 10);
}

#[test]
fn the_order_of_claims_changes_nothing() {
    let number = |arguments: &[&str]| {
        let (_, json) = run(&project(), arguments);
        by_id(&json)["a-growth"]["effect"].as_f64().unwrap()
    };
    let (alone, among) = (number(&["a-growth"]), number(&[]));
    assert!((alone / among - 1.0).abs() < 1e-6, "{alone} {among}");
}

#[test]
fn every_mistake_is_shown_with_its_place() {
    let dir = copy();
    let folder = dir.path();
    let file = "library/claims/a.toml";
    edit(
        folder,
        file,
        "do = [\"add ligand 1 nM\"]",
        "do = [\"add lignad 1 nM\", \"raise signal\"]",
    );
    edit(folder, file, "\"add ligand 10 ug/L\"", "\"add ligand 10 kg\"");
    edit(folder, file, "of = \"medium.ligand\"", "of = \"medium.lignad\"");
    edit(folder, file, "perturbed = \"insensitive\"", "perturbed = \"insensitve\"");
    edit(folder, file, "\"inhibit signal by 50 %\"", "\"inhibit signal by 50 % in minor\"");
    edit(folder, file, "hypotheses = { role_of_drug", "hypotheses = { role_of_drugs");
    edit(folder, file, "at = \"3 day\"", "at = \"3 nM\"");
    edit(
        folder,
        file,
        "of = \"share(minor)\"\nat = \"0 h\"\nperturbed = \"grafted/",
        "of = \"share(major)\"\nat = \"0 h\"\nperturbed = \"grafted/",
    );
    for command in ["claims", "check"] {
        let output = common::hersim(folder, &[command, "-q"]);
        let shown = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(if command == "claims" { 2 } else { 1 }), "{shown}");
        for part in [
            "did you mean `ligand`?",
            "by how much is missing",
            "`kg` is not a unit of `medium.ligand`",
            "did you mean `medium.ligand`?",
            "did you mean `insensitive`?",
            "there is no subclone `minor`",
            "did you mean `role_of_drug`?",
            "`nmol/L` cannot be expressed in `day`",
            "there is no subclone `major`",
        ] {
            assert!(shown.contains(part), "{command}: no `{part}` in\n{shown}");
        }
    }
}

#[test]
fn a_file_that_contradicts_itself_is_refused() {
    let dir = copy();
    let folder = dir.path();
    edit(folder, "library/claims/a.toml", "refs = [1, 2]", "refs = [1, 3]");
    edit(folder, "library/claims/a.toml", "id = \"a-mass\"", "id = \"a-growth\"");
    edit(folder, "library/claims/a.toml", "waiting = \"a cohort\"", "");
    let output = common::hersim(folder, &["claims"]);
    let shown = String::from_utf8(output.stderr).unwrap();
    for part in ["there is no reference 3", "two claims `a-growth`", "needs one of `untestable`"] {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
}
