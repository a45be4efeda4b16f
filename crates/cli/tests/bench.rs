//! `hersim bench`: figures that make sense, worker and mistakes.

mod common;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use common::hersim;
use serde_json::{Value, json};

/// A receptor that turns over, with a dose at time one.
const MODEL: &str =
    "compartment c = 1; species D in c = 0; species R in c = 2; species DR in c = 0;
    kon = 3; koff = 0.5; ksyn = 4; kdeg = 2; kel = 0.3;
    bind: D + R -> DR; c*(kon*D*R - koff*DR); make: => R; c*ksyn; turn: R => ; c*kdeg*R;
    inner: DR => ; c*kdeg*DR; clear: D => ; c*kel*D;
    at (time >= 1), t0 = false: D = D + 5;";

fn model(folder: &Path) -> String {
    let path = folder.join("model.ant");
    fs::write(&path, MODEL).unwrap();
    path.to_string_lossy().into_owned()
}

fn shown(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_model_file_is_measured_outside_any_project() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(folder.path());
    let arguments = ["bench", &model, "--for", "30", "-n", "100", "--vary", "kon", "--json"];
    let output = hersim(folder.path(), &arguments);
    assert!(output.status.success(), "{}", shown(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let one = &found["models"][0];
    let number = |key: &str| one[key].as_f64().unwrap_or_else(|| panic!("{key} in {one}"));
    // Three species, and the clock that the dose looks at.
    assert_eq!((number("states"), number("patients"), number("failed")), (4.0, 100.0, 0.0));
    for key in ["cpu_ms", "interpreted_ms", "wall_ms", "load_ms", "compile_ms"] {
        assert!(number(key) > 0.0, "{key} in {one}");
    }
    // The dose costs a start anew, and a smooth system of three states no more than this.
    assert!((10.0..300.0).contains(&number("steps")), "{one}");
    assert!(number("rejections") < number("steps"));
    assert_eq!(found["missing"], json!({}));
}

#[test]
fn a_worker_answers_line_by_line_with_the_same_patients_in_any_company() {
    let folder = tempfile::tempdir().unwrap();
    let setup = folder.path().join("setup.json");
    let patients: Vec<[f64; 1]> = (1..=9).map(|i| [f64::from(i)]).collect();
    let text = json!({ "model": model(folder.path()), "parameters": ["kon"], "outputs": ["DR", "R"],
        "times": [0.5, 1.5, 30.0], "patients": patients });
    fs::write(&setup, text.to_string()).unwrap();
    let mut worker = Command::new(env!("CARGO_BIN_EXE_hersim"))
        .args(["bench", "--worker", &setup.to_string_lossy()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ask = |width: u8| json!({ "width": width, "rtol": 1e-8, "max_steps": 1000 });
    let mut stdin = worker.stdin.take().unwrap();
    writeln!(stdin, "{}\n{}", ask(1), ask(8)).unwrap();
    drop(stdin);
    let output = worker.wait_with_output().unwrap();
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((lines.len(), &lines[0]["states"]), (3, &json!(4)));
    let values = &lines[1]["values"];
    assert_eq!(values.as_array().map(Vec::len), Some(9));
    assert_eq!(values, &lines[2]["values"], "the width does not matter");
    // Before the dose the receptor rests at ksyn/kdeg and nothing is bound.
    let early = values[4][0].as_array().unwrap();
    assert!((early[1].as_f64().unwrap() - 2.0).abs() < 1e-9 && early[0] == json!(0.0));
    assert!(values[8][1][0].as_f64() > values[0][1][0].as_f64(), "who binds faster holds more");
}

#[test]
fn mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(folder.path());
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = hersim(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
        for word in words {
            assert!(shown(&output).contains(word), "no `{word}` in\n{}", shown(&output));
        }
    };
    refused(&["bench", &model], &["how long", "--for"]);
    refused(&["bench", &model, "--for", "1", "--vary", "ksym"], &["`ksym`", "did you mean `ksyn`"]);
    refused(&["bench", "missing.ant", "--for", "1"], &["missing.ant"]);
    refused(&["bench", "--worker", &model], &["asked wrongly"]);
    // In a project: names that are not listed, and a Python that is not there.
    let root = common::root();
    let at = |arguments: &[&str]| {
        let mut all = vec!["--project", root.to_str().unwrap()];
        all.extend(arguments);
        hersim(folder.path(), &all)
    };
    let output = at(&["bench", "patiemt"]);
    assert!(shown(&output).contains("did you mean `patient`"), "{}", shown(&output));
    let output = at(&["bench", "patient", "--peers", "/no/such/python"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(shown(&output).contains("other tools were not measured"), "{}", shown(&output));
}
