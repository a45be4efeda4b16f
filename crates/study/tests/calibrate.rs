//! A population whose draws are moved until a pool shows a figure that was published; what is wrong
//! is told before the pool is simulated; an interrupted pool is finished to the same population.

mod common;

use std::{fs, path::Path};

use hersim_study::{
    StudyError,
    calibrate::{CalibrationOutcome, CalibrationRequest, run},
    equilibrate::EnsembleSettings,
    library::Library,
    progress::Silent,
};

use common::small_project;

/// Members of the pool.
const POOL: u64 = 300;

const PLAN: &str = r#"
id = "few"
title = "Few patients, asked for more response"
cohort = "few"
pool = 300
least_effective = 0.1

[[step]]
id = "all"
title = "All at once"
arm = ["small/watch", "small/drug"]
moves = [{ draw = "sensitivity", shift = 1 }]
"#;

/// The small project with a figure to be fitted, the share of the treated who are free of progression
/// after five months, and a plan that may move how many patients are sensitive.
fn project(published: f64) -> tempfile::TempDir {
    let folder = small_project();
    let path = folder.path().join("library/trials/small.toml");
    let trial = fs::read_to_string(&path).unwrap().replace(
        "cohort = \"few\"",
        "cohort = \"few\"\nrole = \"calibration\"\ndrug_class = \"a\"",
    );
    let result = format!(
        "\n[[result]]\narm = \"drug\"\nendpoint = \"pfs\"\nstatistic = \"percent\"\nat = \"5 month\"\n\
         value = {published}\nunit = \"%\"\nknown = \"read\"\nsource = \"assumed\"\nsplit = \"calibration\"\n"
    );
    fs::write(&path, trial + &result).unwrap();
    fs::create_dir_all(folder.path().join("library/populations/plans")).unwrap();
    fs::write(folder.path().join("library/populations/plans/few.toml"), PLAN).unwrap();
    folder
}

fn calibrate(folder: &Path) -> Result<CalibrationOutcome, StudyError> {
    let request = CalibrationRequest {
        calibration: "few".into(),
        pool: None,
        seed: 1,
        out: Some(folder.join("pool")),
        start_over: false,
        leave_out: true,
        settings: EnsembleSettings::default(),
        command: String::new(),
        version: String::new(),
    };
    run(&mut Library::at(folder), &request, &Silent).map(|run| run.outcome)
}

/// The figure that was fitted: of the pool as drawn, and of the population.
fn fitted(outcome: &CalibrationOutcome) -> (f64, f64) {
    let figure = outcome.figures.iter().find(|f| f.fitted).expect("a figure that is fitted");
    (figure.before.unwrap(), figure.value.unwrap())
}

#[test]
fn a_draw_moves_towards_what_was_published_and_not_without_bound() {
    let plain = calibrate(project(50.0).path()).unwrap();
    let (drawn, _) = fitted(&plain);
    for aim in [drawn + 6.0, drawn - 6.0] {
        let outcome = calibrate(project(aim).path()).unwrap();
        let (before, after) = fitted(&outcome);
        assert!((before - drawn).abs() < 1e-9, "the pool does not depend on what is published");
        assert!((after - aim).abs() < (before - aim).abs(), "{before} to {after}, wanted {aim}");
        let step = &outcome.steps[0];
        assert!(step.after < step.before, "{} to {}", step.before, step.after);
        assert!(outcome.population.effective >= 0.1);
        // Left out, the only class of drugs moves nothing.
        let alone = &outcome.left_out[0].figures[0];
        assert!((alone.value.unwrap() - before).abs() < 1e-9);
    }
}

#[test]
fn an_interrupted_pool_ends_as_one_that_was_not() {
    let folder = project(60.0);
    let whole = calibrate(folder.path()).unwrap();
    let parts = folder.path().join("pool/parts");
    let some: Vec<_> = fs::read_dir(&parts).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(some.len() as u64 >= 2 * POOL.div_ceil(250), "{some:?}");
    fs::remove_file(&some[0]).unwrap();
    let again = calibrate(folder.path()).unwrap();
    let told =
        |o: &CalibrationOutcome| serde_json::to_string(&(&o.figures, &o.population)).unwrap();
    assert_eq!(told(&whole), told(&again));
}

#[test]
fn wrong_names_are_told_before_anything_is_simulated() {
    let folder = project(60.0);
    let plan = folder.path().join("library/populations/plans/few.toml");
    let wrong =
        PLAN.replace("small/watch", "small/wach").replace("\"sensitivity\"", "\"sensitivty\"");
    fs::write(plan, wrong).unwrap();
    let Err(StudyError::Input(errors)) = calibrate(folder.path()) else { panic!("accepted") };
    let messages: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("small/wach") && messages[1].contains("sensitivty"));
    assert!(!folder.path().join("pool").exists());
}
