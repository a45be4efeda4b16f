//! A virtual trial as a user runs it: reproducible, resumable, honest.

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::{Project, root, succeed};
use serde_json::Value;

const TRIAL: &str = "h0648g";

fn run(out: &Path, more: &[&str]) -> Value {
    let out = out.display().to_string();
    let mut arguments = vec!["trial", TRIAL, "--json", "--out", &out];
    arguments.extend(more);
    serde_json::from_str(&succeed(&root(), &arguments)).expect("JSON")
}

fn bytes(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let read = |name: &str| fs::read(folder.join(name)).expect(name);
    (read("endpoints.parquet"), read("assessments.parquet"))
}

#[test]
fn same_seed_same_bytes_for_any_threads_and_lanes() {
    let dir = tempfile::tempdir().unwrap();
    let folder = |name: &str| dir.path().join(name);
    run(&folder("a"), &["-n", "12", "--threads", "1", "--lanes", "1"]);
    for (name, threads, lanes) in [("b", "2", "1"), ("c", "1", "4"), ("d", "2", "8")] {
        run(&folder(name), &["-n", "12", "--threads", threads, "--lanes", lanes]);
        assert!(
            bytes(&folder("a")) == bytes(&folder(name)),
            "{threads} threads, {lanes} lanes differ"
        );
    }
    run(&folder("e"), &["-n", "12", "--seed", "2"]);
    assert!(bytes(&folder("a")) != bytes(&folder("e")), "another seed gives the same patients");
}

#[test]
fn the_first_patients_do_not_depend_on_how_many_follow() {
    let dir = tempfile::tempdir().unwrap();
    let few = dir.path().join("few");
    let many = dir.path().join("many");
    run(&few, &["-n", "3"]);
    run(&many, &["-n", "6"]);
    let rows = |folder: &Path| {
        let table = hersim_store::read_parquet(&folder.join("endpoints.parquet")).unwrap();
        let column = |name: &str| {
            (0..table.rows())
                .map(|i| table.column(name).unwrap().values.text(i))
                .collect::<Vec<_>>()
        };
        column("patient")
            .into_iter()
            .zip(column("arm"))
            .zip(column("os_day"))
            .filter(|((patient, _), _)| patient.parse::<u32>().unwrap() < 3)
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&few), rows(&many));
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let torn = dir.path().join("torn");
    let patients = ["-n", "150", "--rtol", "1e-3"];
    run(&whole, &patients);
    let mut child = Command::new(env!("CARGO_BIN_EXE_hersim"))
        .current_dir(root())
        .args(["trial", TRIAL, "--out"])
        .arg(&torn)
        .args(patients)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let parts = || {
        let parts = fs::read_dir(torn.join("parts")).into_iter().flatten();
        parts
            .filter(|e| {
                e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|x| x == "parquet"))
            })
            .count()
    };
    let started = Instant::now();
    while parts() < 2 && started.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(parts() >= 2, "nothing was stored before the interruption");
    assert!(!torn.join("endpoints.parquet").exists(), "the run was over before it was interrupted");
    run(&torn, &patients);
    assert!(bytes(&whole) == bytes(&torn));
}

#[test]
fn the_json_has_what_its_readers_rely_on() {
    let dir = tempfile::tempdir().unwrap();
    let json = run(&dir.path().join("run"), &["-n", "8"]);
    assert_eq!(json["trial"], TRIAL);
    assert_eq!(json["seed"], 1);
    assert_eq!(json["arms"].as_array().unwrap().len(), 2);
    for arm in json["arms"].as_array().unwrap() {
        assert_eq!(arm["n"], 8);
        let endpoints = arm["endpoints"].as_array().unwrap();
        for name in ["orr", "ttp", "os"] {
            let found = endpoints.iter().find(|e| e["endpoint"] == name).expect(name);
            for key in [
                "statistic",
                "unit",
                "value",
                "ci_low",
                "ci_high",
                "observed",
                "observed_ci_low",
                "observed_ci_high",
                "split",
            ] {
                assert!(found.get(key).is_some(), "{name} lacks {key}");
            }
            assert!(found["observed"].is_number(), "{name} has no published figure beside it");
        }
    }
    let contrasts = json["contrasts"].as_array().unwrap();
    assert!(
        contrasts
            .iter()
            .any(|c| c["endpoint"] == "os" && c["measure"] == "hr" && c["observed"].is_number())
    );
    assert!(json["failed_patients"].is_number() && json["seconds"].is_number());
}

#[test]
fn the_run_folder_is_complete_and_its_report_stands_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    run(&folder, &["-n", "8"]);
    for name in ["manifest.json", "endpoints.parquet", "assessments.parquet", "report.html"] {
        assert!(folder.join(name).is_file(), "{name} is missing");
    }
    let report = fs::read_to_string(folder.join("report.html")).unwrap();
    for outside in ["<script src", "<link", "@import", "src=\"http"] {
        assert!(!report.contains(outside), "the report fetches something: {outside}");
    }
    assert!(report.matches("<svg").count() >= 5);
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    assert!(manifest["command"].as_str().unwrap().contains(TRIAL));
    assert_eq!(manifest["state"], "complete");
}

#[test]
fn a_folder_of_another_run_is_refused_and_left_alone() {
    let project = Project::copy();
    let out = project.path("out").display().to_string();
    let first = ["trial", TRIAL, "-n", "2", "--out", &out];
    assert!(project.run(&first).status.success());
    let before = bytes(&project.path("out"));
    let shown = project.refusal(&["trial", TRIAL, "-n", "2", "--seed", "9", "--out", &out]);
    assert!(shown.contains("seed"), "{shown}");
    assert!(bytes(&project.path("out")) == before);
}
