//! Fits of a small system: the PEtab test suite's cases, known parameters found again, and the
//! same answer however the machine is used.

use std::{fs, path::Path};

use hersim_engine::Width;
use hersim_study::{
    equilibrate::EnsembleSettings,
    fit::{FitRequest, FitRun, Setup, Status, export, run},
    library::Library,
    progress::Silent,
};

/// A <-> B, held before time zero unless a condition lets it go.
const MODEL: &str = "
unit time_unit = 86400 second;
unit per_day = 1/(86400 second);
unit one = 1 dimensionless;

model cell()
  idle has one;
  var wasted; wasted has one;
  wasted := idle;
end

model *pair()
  clone: cell();
  equilibrating has one; held has one; clone_fraction has one;
  k1 has per_day; k2 has per_day; a0 has one; b0 has one; offset has one;
  var A, B, shown;
  A has one; B has one; shown has one;
  A = a0;
  B = b0;
  A' = (1 - equilibrating*held)*(k2*B - k1*A);
  B' = (1 - equilibrating*held)*(k1*A - k2*B);
  shown := A + offset + 0*clone_fraction;
end
";

const TABLE: &str = "parameterId\tparameterScale\tlowerBound\tupperBound\tnominalValue\testimate\tunit\tsource\tstatus\tnote
equilibrating\tlin\t0\t1\t0\t0\tdimensionless\tassumed\tassumed\ta switch
held\tlin\t0\t1\t1\t0\tdimensionless\tassumed\tassumed\ta switch
clone_fraction\tlin\t0\t1\t1\t0\tdimensionless\tassumed\tassumed\tset by the study
a0\tlin\t0\t10\t1\t0\tdimensionless\tassumed\tassumed\tof the test suite
b0\tlin\t0\t10\t0\t0\tdimensionless\tassumed\tassumed\tof the test suite
k1\tlog10\t0.01\t10\t0.8\t1\t1/day\tassumed\tassumed\tof the test suite
k2\tlog10\t0.01\t10\t0.6\t1\t1/day\tassumed\tassumed\tof the test suite
offset\tlin\t0\t10\t0\t0\tdimensionless\tassumed\tassumed\tof the test suite
idle\tlog10\t0.1\t10\t1\t1\tdimensionless\tassumed\tassumed\tchanges nothing
";

const SYSTEM: &str = r#"
id = "pair"
title = "Two that turn into each other"
model = "pair.ant"
subclones = { default = ["only"], at_most = 1 }
time_unit = "day"
equilibration = { switch = "equilibrating", for = "500 day" }
[population]
fraction = "clone_fraction"
"#;

const INDEX: &str = "format_version: 1
parameter_file: parameters.tsv
hersim: {estimate: ESTIMATE}
problems:
- sbml_files: []
  measurement_files: [measurements.tsv]
  condition_files: [conditions.tsv]
  observable_files: [observables.tsv]
  hersim: {system: pair}
";

struct Project(tempfile::TempDir);

impl Project {
    fn new(estimate: &str, tables: [(&str, &str); 4]) -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        project.write("model/systems/pair.ant", MODEL);
        project.write("model/systems/pair.tsv", TABLE);
        project.write("model/systems/pair.toml", SYSTEM);
        project.write("model/attributes.toml", "");
        let problem = "library/calibration/case";
        project.write(&format!("{problem}/problem.yaml"), &INDEX.replace("ESTIMATE", estimate));
        for (name, rows) in tables {
            // Columns are set apart by blanks here, `-` is an empty field.
            let tabs = |line: &str| {
                let cells: Vec<&str> =
                    line.split_whitespace().map(|c| if c == "-" { "" } else { c }).collect();
                cells.join("\t").replace('~', " ")
            };
            let text: Vec<String> = rows.lines().map(tabs).collect();
            project.write(&format!("{problem}/{name}.tsv"), &text.join("\n"));
        }
        project
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn request(&self, starts: usize, iterations: usize) -> FitRequest {
        FitRequest {
            problem: "case".into(),
            starts,
            iterations,
            seed: 1,
            profile: Vec::new(),
            out: Some(self.0.path().join("runs/out")),
            start_over: true,
            settings: EnsembleSettings {
                rtol: 1e-8,
                atol_share: 1e-11,
                ..EnsembleSettings::default()
            },
            command: "test".into(),
            version: "0".into(),
        }
    }

    fn run(&self, request: &FitRequest) -> FitRun {
        let mut library = Library::at(self.0.path());
        run(&mut library, request, &Silent).unwrap_or_else(|e| panic!("{e}"))
    }

    fn refusal(&self) -> String {
        let mut library = Library::at(self.0.path());
        match run(&mut library, &self.request(1, 1), &Silent) {
            Ok(_) => panic!("this should have been refused"),
            Err(error) => error.to_string(),
        }
    }
}

const NOMINAL: &str = "parameterId nominalValue estimate\nk1 0.8 1\n";
const C0: &str = "conditionId\nc0";

/// Likelihood and sum of squares at the tables' values against the suite's solution.
fn case(name: &str, tables: [(&str, &str); 4], chi2: f64, log_likelihood: f64) {
    let run = Project::new("[]", tables).run(&Project::new("[]", tables).request(1, 0));
    let best = run.outcome.best;
    assert!((best.chi2 - chi2).abs() < 1e-5, "{name}: chi2 {} is not {chi2}", best.chi2);
    let found = best.log_likelihood;
    assert!((found - log_likelihood).abs() < 1e-5, "{name}: {found} is not {log_likelihood}");
}

/// Numbers and solutions of cases 0001, 0003, 0005, 0006, 0007, 0009, 0014 and 0016 of the PEtab
/// test suite, version 1 (BSD-3).
#[test]
fn the_petab_test_suite_agrees() {
    let two =
        "observableId simulationConditionId time measurement\nobs_a c0 0 0.7\nobs_a c0 10 0.1";
    case(
        "0001",
        [
            ("parameters", NOMINAL),
            ("conditions", C0),
            ("observables", "observableId observableFormula noiseFormula\nobs_a A 0.5"),
            ("measurements", two),
        ],
        0.79183798368486,
        -0.84750169713188,
    );
    case(
        "0003",
        [
            ("parameters", NOMINAL),
            ("conditions", C0),
            (
                "observables",
                "observableId observableFormula noiseFormula\n\
                 obs_a observableParameter1_obs_a*A+observableParameter2_obs_a 0.5",
            ),
            (
                "measurements",
                "observableId simulationConditionId time measurement observableParameters\n\
                 obs_a c0 0 0.7 0.5;2\nobs_a c0 10 0.1 0.5;2",
            ),
        ],
        30.84082034502065,
        -15.87199287779978,
    );
    case(
        "0005",
        [
            (
                "parameters",
                "parameterId nominalValue estimate\nk1 0.8 1\noffset_c0 2 0\noffset_c1 3 0",
            ),
            ("conditions", "conditionId offset\nc0 offset_c0\nc1 offset_c1"),
            ("observables", "observableId observableFormula noiseFormula\nobs_a shown 1"),
            (
                "measurements",
                "observableId simulationConditionId time measurement\n\
                 obs_a c0 0 2.0\nobs_a c1 0 2.0\nobs_a c0 10 2.1\nobs_a c1 10 3.2",
            ),
        ],
        5.16020461109629,
        -6.25585643836683,
    );
    case(
        "0006",
        [
            ("parameters", NOMINAL),
            ("conditions", C0),
            (
                "observables",
                "observableId observableFormula noiseFormula\nobs_a observableParameter1_obs_a*A 1",
            ),
            (
                "measurements",
                "observableId simulationConditionId time measurement observableParameters\n\
                 obs_a c0 0 0.7 10\nobs_a c0 10 0.1 15",
            ),
        ],
        126.54090653896247,
        -65.10833033589059,
    );
    let both =
        "observableId simulationConditionId time measurement\nobs_a c0 10 0.2\nobs_b c0 10 0.8";
    let scaled = |scale: &str, noise: &str| {
        format!(
            "observableId observableFormula observableTransformation noiseFormula\n\
             obs_a A lin 0.5\nobs_b B {scale} {noise}"
        )
    };
    for (name, scale, noise, chi2, log_likelihood) in [
        ("0007", "log10", "0.6", 0.2682957616817, -1.378941036858),
        ("0016", "log", "0.7", 0.4400296965992, -0.78492623889606),
    ] {
        let observables = scaled(scale, noise);
        let tables = [
            ("parameters", NOMINAL),
            ("conditions", C0),
            ("observables", observables.as_str()),
            ("measurements", both),
        ];
        case(name, tables, chi2, log_likelihood);
    }
    case(
        "0009",
        [
            ("parameters", "parameterId estimate\nk2 1"),
            ("conditions", "conditionId k1 held\npreeq_c0 0.3 0\nc0 0.8 -"),
            ("observables", "observableId observableFormula noiseFormula\nobs_a A 0.5"),
            (
                "measurements",
                "observableId preequilibrationConditionId simulationConditionId time measurement\n\
                 obs_a preeq_c0 c0 1 0.7\nobs_a preeq_c0 c0 10 0.1",
            ),
        ],
        0.6128279546164,
        -0.75799668259765,
    );
    case(
        "0014",
        [
            ("parameters", NOMINAL),
            ("conditions", C0),
            (
                "observables",
                "observableId observableFormula noiseFormula\n\
                 obs_a A noiseParameter1_obs_a+noiseParameter2_obs_a",
            ),
            (
                "measurements",
                "observableId simulationConditionId time measurement noiseParameters\n\
                 obs_a c0 0 0.7 0.5;2\nobs_a c0 10 0.1 0.5;2",
            ),
        ],
        0.03167351934739,
        -3.68629528983135,
    );
}

/// A(t) for k1 = 0.4 and k2 = 0.1 per day, from 1 and 0.
fn truth(day: f64) -> f64 {
    let (k1, k2) = (0.4, 0.1);
    (k2 + k1 * (-(k1 + k2) * day).exp()) / (k1 + k2)
}

/// Measurements of A without noise, in arbitrary units and hours.
fn recovered() -> Project {
    let mut rows =
        "observableId simulationConditionId time~[h] measurement noiseParameters".to_string();
    for hour in [0, 12, 24, 48, 72, 120, 240, 480] {
        let value = 7.0 * truth(f64::from(hour) / 24.0);
        rows += &format!("\nblot c0 {hour} {value} sigma");
    }
    Project::new(
        "['k*', idle]",
        [
            (
                "parameters",
                "parameterId parameterScale lowerBound upperBound nominalValue estimate objectivePriorType\n\
                 scale log10 0.1 1000 1 1 uniform\nsigma lin 0.01 1 0.02 0 -\n\
                 k1 - - - - 1 uniform\nk2 - - - - 1 parameterScaleUniform",
            ),
            ("conditions", C0),
            (
                "observables",
                "observableId observableFormula observableTransformation noiseFormula\n\
                 blot scale*A log10 noiseParameter1_blot",
            ),
            ("measurements", &rows),
        ],
    )
}

#[test]
fn known_parameters_are_found_again() {
    let project = recovered();
    let run = project.run(&project.request(4, 60));
    let outcome = &run.outcome;
    assert!(outcome.best.chi2 < 1e-6, "{}", outcome.best.chi2);
    let find = |id: &str| outcome.parameters.iter().find(|p| p.id == id).unwrap();
    for (id, value) in [("k1", 0.4), ("k2", 0.1), ("scale", 7.0)] {
        let p = find(id);
        assert!((p.value / value - 1.0).abs() < 1e-3, "{id}: {}", p.value);
        assert!(p.ci_low.unwrap() < value && value < p.ci_high.unwrap());
        assert!(!p.unidentifiable && p.at_bound.is_none() && p.informed > 0.99);
    }
    // Nothing depends on it: it keeps the table's value and the prior's width.
    let idle = find("idle");
    assert!((idle.value - 1.0).abs() < 1e-9 && idle.unidentifiable);
    assert!((idle.se.unwrap() - 0.5).abs() < 1e-6, "a quarter of two decades: {:?}", idle.se);
    assert!(outcome.starts.iter().all(|s| s.status == Status::Converged));
    // The first search begins at the tables' values with the scale fitted to them.
    let unfitted = outcome.nominal.unwrap().objective;
    assert!(outcome.best.objective < unfitted);
    let from = outcome.starts.iter().find(|s| s.start == 0).unwrap().from.unwrap();
    assert!((from - unfitted).abs() < 1e-6, "{from} {unfitted}");
}

#[test]
fn standard_errors_are_those_of_the_profile_where_the_model_is_nearly_linear() {
    let project = recovered();
    let request = FitRequest { profile: vec!["k1".into()], ..project.request(1, 60) };
    let run = project.run(&request);
    let (fitted, profile) = (&run.outcome.parameters[0], &run.outcome.profiles[0]);
    assert_eq!((fitted.id.as_str(), profile.id.as_str()), ("k1", "k1"));
    let least = profile.rise.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    assert!(least > -1e-6 && least < 1e-6, "{least}");
    // The grid is coarse beside the interval; both must hold the value and bracket each other.
    for (limit, curvature) in profile.ci.iter().zip([fitted.ci_low, fitted.ci_high]) {
        let (limit, curvature) = (limit.unwrap(), curvature.unwrap());
        assert!((limit / curvature).ln().abs() < 0.7, "{limit} {curvature}");
    }
}

#[test]
fn the_machine_does_not_change_the_answer() {
    let project = recovered();
    let shown = |request: &FitRequest| {
        let mut value = serde_json::to_value(project.run(request).outcome).unwrap();
        value["seconds"] = 0.into();
        value["iterations"] = 0.into();
        value.to_string()
    };
    let many = project.request(3, 20);
    let expected = shown(&many);
    let settings = EnsembleSettings { threads: 1, width: Width::One, ..many.settings.clone() };
    assert_eq!(shown(&FitRequest { settings, ..many.clone() }), expected);
    // Two parts are lost; the others are not computed again.
    let resumed = FitRequest { start_over: false, ..many.clone() };
    for part in ["start-0001", "start-0002"] {
        let path = project.0.path().join(format!("runs/out/parts/{part}.parquet"));
        fs::remove_file(path).unwrap();
    }
    let run = project.run(&resumed);
    assert_eq!(run.resumed, 1);
    drop(run);
    assert_eq!(shown(&resumed), expected);
}

#[test]
fn a_problem_is_written_as_plain_petab() {
    let project = recovered();
    let mut library = Library::at(project.0.path());
    let settings = project.request(1, 1).settings;
    let setup = Setup::new(&mut library, "case", &settings).unwrap();
    let files = export(&setup).unwrap();
    let text = |name: &str| &files.iter().find(|(n, _)| n == name).unwrap().1;
    let index = "format_version: 1\nparameter_file: parameters.tsv\nproblems:\n\
                 - sbml_files: [model.xml]\n  condition_files: [conditions.tsv]\n  \
                 observable_files: [observables.tsv]\n  measurement_files: [measurements.tsv]\n";
    assert_eq!(text("problem.yaml"), index);
    assert!(text("model.xml").contains("<model id=\"pair\""));
    let lines = |name: &str| -> Vec<Vec<String>> {
        text(name).lines().map(|l| l.split('\t').map(str::to_string).collect()).collect()
    };
    let conditions = lines("conditions.tsv");
    assert_eq!(conditions[0][..3], ["conditionId", "conditionName", "equilibrating"]);
    assert_eq!((conditions[1][0].as_str(), conditions[1][2].as_str()), ("rest", "1"));
    assert_eq!((conditions[2][0].as_str(), conditions[2][2].as_str()), ("c0", "0"));
    let parameters = lines("parameters.tsv");
    let row = |id: &str| parameters.iter().find(|r| r[0] == id).unwrap().clone();
    assert_eq!(row("k1")[2..7], ["log10", "0.01", "10", "0.8", "1"]);
    assert_eq!(row("only__idle")[7..], ["parameterScaleNormal", "0;0.5"]);
    assert_eq!(row("scale")[7..], ["parameterScaleUniform", "-1;3"]);
    assert_eq!(row("sigma")[6], "0");
    let observable = &lines("observables.tsv")[1];
    assert_eq!(
        (observable[2].as_str(), observable[4].as_str()),
        ("scale * A", "noiseParameter1_blot")
    );
    let measurement = &lines("measurements.tsv")[2];
    assert_eq!(measurement[..3], ["blot", "rest", "c0"]);
    assert_eq!((measurement[4].as_str(), measurement[6].as_str()), ("0.5", "sigma"));
}

#[test]
fn estimated_noise_is_the_scatter_of_the_data() {
    let mut rows = "observableId simulationConditionId time measurement".to_string();
    let scatter = [0.3, -0.2, 0.1, -0.4, 0.2, 0.4, -0.3, -0.1];
    for (i, more) in scatter.iter().enumerate() {
        rows += &format!("\nseen c0 {i} {}", 5.0 + more);
    }
    let project = Project::new(
        "[]",
        [
            (
                "parameters",
                "parameterId parameterScale lowerBound upperBound nominalValue estimate\n\
                 level lin 0 10 1 1\nsigma log10 0.001 10 1 1",
            ),
            ("conditions", C0),
            ("observables", "observableId observableFormula noiseFormula\nseen level+0*A sigma"),
            ("measurements", &rows),
        ],
    );
    let run = project.run(&project.request(2, 60));
    let value = |i: usize| run.outcome.parameters[i].value;
    let rms = (scatter.iter().map(|s| s * s).sum::<f64>() / 8.0).sqrt();
    assert!((value(0) - 5.0).abs() < 1e-4, "{}", value(0));
    assert!((value(1) / rms - 1.0).abs() < 1e-2, "{} {rms}", value(1));
}

#[test]
fn mistakes_in_the_tables_are_named() {
    let good = [
        ("parameters", NOMINAL),
        ("conditions", C0),
        ("observables", "observableId observableFormula noiseFormula\nobs_a A 0.5"),
        ("measurements", "observableId simulationConditionId time measurement\nobs_a c0 0 0.7"),
    ];
    for (table, rows, expected) in [
        (
            "parameters",
            "parameterId estimate\nk3 1",
            "no system of the problem has a parameter `k3`",
        ),
        ("parameters", "parameterId nominalValue estimate\nk1 20 1", "`k1` is 20 between bounds"),
        ("parameters", "parameterId nominalValue\nfree 1\n", "lacks bounds"),
        (
            "parameters",
            "parameterId nominalValue lowerBound upperBound\nfree 1 0 2",
            "`free` is neither in the model nor in a formula",
        ),
        (
            "parameters",
            "parameterId objectivePriorType objectivePriorParameters\nk1 laplace 1;1",
            "`laplace` cannot be used here",
        ),
        ("conditions", "conditionId k3\nc0 1", "`k3` is nothing that system `pair` lets be set"),
        ("conditions", "conditionId shown\nc0 1", "`shown` is computed by the model"),
        ("conditions", "conditionId k1~[mL]\nc0 1", "`mL` cannot be expressed in `1/day`"),
        ("conditions", "conditionId tumour\nc0 none", "there is no tumour `none`"),
        (
            "observables",
            "observableId observableFormula noiseFormula\nobs_a A+C 0.5",
            "system `pair` has no symbol `C`",
        ),
        (
            "observables",
            "observableId observableFormula noiseFormula\nobs_a observableParameter1_obs_a 0.5",
            "needs 1 parameters in each measurement; one has 0",
        ),
        (
            "observables",
            "observableId observableFormula noiseFormula noiseDistribution\nobs_a A 0.5 laplace",
            "`laplace` is not supported",
        ),
        (
            "measurements",
            "observableId simulationConditionId time measurement\nobs_b c0 0 0.7",
            "there is no observable `obs_b`",
        ),
        (
            "measurements",
            "observableId simulationConditionId time measurement\nobs_a c1 0 0.7",
            "there is no condition `c1`",
        ),
        (
            "measurements",
            "observableId simulationConditionId time measurement\nobs_a c0 inf 0.7",
            "`inf` is not a number",
        ),
    ] {
        let tables = good.map(|(name, text)| (name, if name == table { rows } else { text }));
        let shown = Project::new("[]", tables).refusal();
        assert!(shown.contains(expected), "{table}: {shown}");
    }
    let shown = Project::new("['z*']", good).refusal();
    assert!(shown.contains("no parameter that may be estimated is called `z*`"), "{shown}");
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fit").is_dir());
}
