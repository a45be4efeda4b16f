//! Model files followed as counts, from the command line.

mod common;

use common::{hersim, succeed};
use serde_json::Value;

/// Three cells that divide and die, with closed forms by Kendall (1948).
const MODEL: &str = "model few()
  compartment v = 1;
  substanceOnly species n in v;
  n = 3;
  divide: n -> 2 n; 0.5*n;
  die: n -> ; 0.6*n;
end
";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("few.ant"), MODEL).unwrap();
    dir
}

#[test]
fn many_runs_give_mean_and_share_that_died_out() {
    let dir = folder();
    let run = |seed: &str| {
        let arguments = ["--json", "simulate", "few.ant", "--for", "4", "--every", "2"];
        let chance = ["--chance", "exact", "--runs", "4000", "--seed", seed, "--out", "all.csv"];
        succeed(dir.path(), &[arguments.as_slice(), &chance].concat())
    };
    let json: Value = serde_json::from_str(&run("1")).expect("JSON");
    let last = |column: &str| json["columns"][column]["values"][2].as_f64().expect(column);
    let growth = (-0.1f64 * 4.0).exp();
    let extinct = (0.6 * (growth - 1.0) / (0.5 * growth - 0.6)).powi(3);
    let error = (extinct * (1.0 - extinct) / 4000.0f64).sqrt();
    assert!((last("n (share at 0)") - extinct).abs() < 5.0 * error, "{json}");
    let error = (3.0 * growth * (1.0 - growth) * 11.0 / 4000.0f64).sqrt();
    assert!((last("n") - 3.0 * growth).abs() < 5.0 * error, "{json}");
    // The file has every run: a header, and three rows of each.
    let rows = std::fs::read_to_string(dir.path().join("all.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 3 * 4000);
    assert_eq!(run("1"), run("1"));
    assert_ne!(run("1"), run("2"));
}

#[test]
fn chance_is_refused_where_it_means_nothing() {
    let output =
        hersim(&common::root(), &["simulate", "sensitive", "--chance", "exact", "--for", "2 day"]);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && shown.contains("--chance is for model files"), "{shown}");
    let dir = folder();
    std::fs::write(dir.path().join("few.ant"), MODEL.replace("n = 3", "n = 2.5")).unwrap();
    let output = hersim(
        dir.path(),
        &["simulate", "few.ant", "--for", "2", "--every", "1", "--chance", "leap"],
    );
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(shown.contains("few.ant:3:25") && shown.contains("mend"), "{shown}");
}
