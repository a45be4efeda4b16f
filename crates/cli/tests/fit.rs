//! `hersim fit` on a copy of the project.

mod common;

use common::Project;
use serde_json::Value;

const PROBLEM: &str = "adc_kill";

fn json(project: &Project, arguments: &[&str]) -> Value {
    let output = project.run(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn every_problem_of_the_library_can_be_simulated() {
    let project = Project::copy();
    let listed = json(&project, &["list", "problems", "--json"]);
    let listed = listed["library"].as_array().unwrap();
    assert!(listed.len() >= 5);
    for problem in listed {
        let id = problem["id"].as_str().unwrap();
        let fit = json(&project, &["fit", id, "--iterations", "0", "--json", "-q"]);
        assert!(fit["best"]["chi2"].as_f64().is_some_and(f64::is_finite), "{id}");
        assert!(fit["trouble"].is_null(), "{id}: {}", fit["trouble"]);
        let points = fit["points"].as_array().unwrap();
        assert_eq!(points.len() as u64, fit["measurements"].as_u64().unwrap(), "{id}");
    }
}

#[test]
fn a_fit_improves_is_reported_and_goes_on_where_it_stopped() {
    let project = Project::copy();
    let fit = ["fit", PROBLEM, "--iterations", "6", "--starts", "2", "--out", "out", "--json"];
    let first = json(&project, &fit);
    let number = |value: &Value| value.as_f64().unwrap();
    let start = first["starts"].as_array().unwrap().iter().find(|s| s["start"] == 0).unwrap();
    assert!(number(&first["best"]["objective"]) < number(&start["from"]));
    let report = project.read("out/report.html");
    for part in ["id=\"parameters\"", "id=\"curves-0\"", "id=\"residuals\"", "id=\"starts\""] {
        assert!(report.contains(part), "{part}");
    }
    assert!(!report.contains("NaN") && !report.contains("http://localhost"));
    let again = json(&project, &fit);
    assert_eq!(again["best"], first["best"]);
    assert_eq!(again["iterations"], 0, "nothing is computed twice");
}

#[test]
fn writing_changes_only_values_status_and_notes() {
    let project = Project::copy();
    let tables: Vec<_> = walk(&project.path("model")).into_iter().collect();
    let before: Vec<String> = tables.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect();
    let run = project.run(&["fit", PROBLEM, "--iterations", "4", "--write", "--out", "out"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut changed = 0;
    for (path, before) in tables.iter().zip(before) {
        let after = std::fs::read_to_string(path).unwrap();
        let header: Vec<&str> = before.lines().next().unwrap_or("").split('\t').collect();
        assert_eq!(after.lines().count(), before.lines().count());
        for (old, new) in before.lines().zip(after.lines()).filter(|(old, new)| old != new) {
            changed += 1;
            let cells = old.split('\t').zip(new.split('\t')).zip(&header);
            for ((old, new), column) in cells.filter(|((old, new), _)| old != new) {
                assert!(["nominalValue", "status", "note"].contains(column), "{column}: {old}");
                if *column == "note" {
                    assert!(new.contains(&format!("hersim fit {PROBLEM}")), "{new}");
                }
            }
        }
    }
    assert!(changed >= 5, "only {changed} rows changed");
    let check = project.run(&["check", "culture"]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else if path.extension().is_some_and(|e| e == "tsv") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn mistakes_are_refused_with_their_place() {
    let project = Project::copy();
    let shown = project.refusal(&["fit", "adc_kil"]);
    assert!(shown.contains("unknown-problem") && shown.contains("`adc_kill`"), "{shown}");
    let shown = project.refusal(&["fit", PROBLEM, "--profile", "adc.k_proteolisis"]);
    assert!(shown.contains("adc.k_proteolysis"), "{shown}");
    let table = format!("library/calibration/{PROBLEM}/parameters.tsv");
    project.edit(&table, "adc.k_proteolysis", "adc.k_proteolisis");
    let shown = project.refusal(&["fit", PROBLEM]);
    assert!(shown.contains(&format!("{table}:2:1")), "{shown}");
    assert!(shown.contains("did you mean `adc.k_proteolysis`?"), "{shown}");
}
