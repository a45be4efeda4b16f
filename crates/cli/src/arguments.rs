//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

// What the program is for stands in Cargo.toml's description, which `about` shows.
#[derive(Debug, Parser)]
#[command(name = "hersim", version, about, max_term_width = 100)]
#[command(after_help = "\
Start with `hersim list`, then `hersim trial ID`. The ids that commands take are in `hersim list`.
For research; not for decisions about the treatment of a person.")]
#[allow(missing_docs, reason = "doc comments would replace the description")]
pub struct Arguments {
    /// Folder with `model/` and `library/` (default: the nearest at or above this one)
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Answer one of the model's open questions otherwise than by default
    #[arg(long, global = true, value_name = "NAME=OPTION")]
    pub hypothesis: Vec<String>,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a virtual trial and write its endpoints and report
    Trial(TrialOptions),
    /// Follow one tumour under a regimen
    Simulate(Box<SimulateOptions>),
    /// Fit a disease population to what trials have reported
    Calibrate(CalibrateOptions),
    /// Fit parameters of the model to data
    Fit(FitOptions),
    /// Look over the model: syntax, units, sources, orphans, conservation
    Check(CheckOptions),
    /// Try what the literature claims, claim by claim
    Claims(ClaimsOptions),
    /// Write an assembled, valued system as SBML or Antimony
    Convert(ConvertOptions),
    /// Write the model's documentation: wiring, equations, numbers and sources, file by file
    Handbook(HandbookOptions),
    /// Run a suite of cases that others wrote, and count which come out right
    #[command(subcommand)]
    Suite(SuiteOptions),
    /// Measure how fast the engine is, alone or beside other tools
    Bench(BenchOptions),
    /// List trials, tumours, regimens, drugs, cohorts, hosts, systems and calibration problems
    List(ListOptions),
}

/// Options of `trial`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hersim trial TRIAL
  hersim trial TRIAL --patients 100 --seed 7 --out runs/try --json
  hersim trial mine/trial.toml
  hersim trial --all --patients 300

The run folder holds endpoints.parquet, assessments.parquet, manifest.json and report.html. An \
interrupted run goes on where it stopped when the same command is given again.")]
pub struct TrialOptions {
    /// Trial, by its id in library/trials or by the path of its file
    #[arg(required_unless_present = "all")]
    pub trial: Option<String>,
    /// Run every trial of the library and show its published figures beside the simulated ones
    #[arg(long, conflicts_with_all = ["trial", "out"])]
    pub all: bool,
    /// Virtual patients per arm
    #[arg(long, short = 'n', default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub patients: u64,
    /// Seed of every draw: same seed, same answer
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder for the results (default: a new one below `runs/`)
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Discard what another run left in the folder
    #[arg(long)]
    pub start_over: bool,
    /// Take the cohort as its file has it, not as a calibration left it
    #[arg(long)]
    pub uncalibrated: bool,
    #[command(flatten)]
    pub machine: MachineOptions,
}

/// Options of `calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hersim calibrate metastatic
  hersim calibrate metastatic --pool 500 --no-leave-out
  hersim calibrate metastatic --adopt

The pool is simulated once under every arm and kept in the run folder; an interrupted run goes on where \
it stopped, and a finished pool is fitted again in seconds.")]
pub struct CalibrateOptions {
    /// Calibration, by its id in library/populations/plans or by the path of its file
    pub calibration: String,
    /// Virtual patients in the pool (default: as the calibration says)
    #[arg(long, value_parser = clap::value_parser!(u64).range(10..=1_000_000))]
    pub pool: Option<u64>,
    /// Seed of every draw: same seed, same answer
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder for the pool (default: one below `runs/`, named after what is in it)
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Discard what another run left in the folder
    #[arg(long)]
    pub start_over: bool,
    /// Do not leave out each class of drugs once to see how well the rest predicts it
    #[arg(long)]
    pub no_leave_out: bool,
    /// Write the population into library/populations, where trials take it from
    #[arg(long)]
    pub adopt: bool,
    #[command(flatten)]
    pub machine: MachineOptions,
}

/// How the machine is used and how exactly.
#[derive(Debug, Args)]
pub struct MachineOptions {
    /// Threads (default: all the machine has); the results do not depend on it
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub threads: Option<u64>,
    /// Patients per instruction; the results do not depend on it
    #[arg(long, value_enum, default_value_t = Lanes::Auto)]
    pub lanes: Lanes,
    /// Make no machine code at run time; the results do not depend on it
    #[arg(long)]
    pub no_compile: bool,
    /// Relative tolerance of the integration
    #[arg(long, default_value_t = 1e-5, value_parser = tolerance)]
    pub rtol: f64,
    /// Steps after which a patient is given up
    #[arg(long, default_value_t = 200_000)]
    pub max_steps: u64,
}

/// Patients per instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lanes {
    /// What the processor does best
    Auto,
    /// One
    #[value(name = "1")]
    One,
    /// Four (AVX2)
    #[value(name = "4")]
    Four,
    /// Eight (AVX-512)
    #[value(name = "8")]
    Eight,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (1e-12..=1e-2).contains(&value) => Ok(value),
        _ => Err("a tolerance between 1e-12 and 1e-2 is needed".into()),
    }
}

/// What is simulated or converted.
#[derive(Debug, Args)]
pub struct SubjectOptions {
    /// System it lives in, by its id in model/systems
    #[arg(long, default_value = "patient")]
    pub system: String,
    /// Host it grows in, by its id in library/hosts (default: the values of the tables)
    #[arg(long)]
    pub host: Option<String>,
    /// Regimen: text such as "DRUG 8 then 6 mg/kg q3w", or an id in library/regimens
    #[arg(long, short)]
    pub regimen: Option<String>,
    /// Table of doses (NONMEM columns, `DRUG` names the drug), instead of a regimen
    #[arg(long, value_name = "FILE", conflicts_with = "regimen")]
    pub events: Option<PathBuf>,
    /// Subject of the table of doses, when it has several
    #[arg(long, requires = "events")]
    pub id: Option<String>,
    /// Unit of times in the table of doses, when its header has none, such as h
    #[arg(long, value_name = "UNIT", requires = "events")]
    pub time_unit: Option<String>,
    /// Unit of amounts in the table of doses, when its header has none, such as mg
    #[arg(long, value_name = "UNIT", requires = "events")]
    pub amount_unit: Option<String>,
    /// Concentration held in the medium from time zero, such as DRUG="10 ug/mL"
    #[arg(long, short, value_name = "NAME=QUANTITY")]
    pub medium: Vec<String>,
    /// Parameter to set, before equilibration, such as weight="80 kg"
    #[arg(long, value_name = "SYMBOL=QUANTITY")]
    pub set: Vec<String>,
}

/// Options of `simulate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hersim simulate TUMOUR --regimen REGIMEN --for 1y
  hersim simulate TUMOUR --system culture --medium DRUG=\"10 ug/mL\" --for 72h --every 6h
  hersim simulate TUMOUR --regimen \"DRUG 8 then 6 mg/kg q3w\" --out run.parquet --plot run.svg
  hersim simulate model.xml --for 100 --every 1 --out run.csv
  hersim simulate model.ant --for 30 --every 1 --chance exact --runs 1000

A row at the time of a dose shows the values after the dose. A model file (.xml, .sbml, .ant) is
followed on its own, in its own unit of time.")]
pub struct SimulateOptions {
    /// Tumour, by its id in library/tumours, or a model file
    pub tumour: String,
    #[command(flatten)]
    pub subject: SubjectOptions,
    /// Model file: let reactions that are marked fast run like any others
    #[arg(long)]
    pub ignore_fast: bool,
    /// Model file: follow counts and chance instead of rates
    #[arg(long, value_enum)]
    pub chance: Option<ChanceMethod>,
    /// Model file: how often chance is followed
    #[arg(long, default_value_t = 1, requires = "chance", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub runs: u64,
    /// Model file: time on the clock after which it is given up
    #[arg(long, default_value = "10 min", value_name = "TIME")]
    pub time_limit: String,
    /// Model file: seed of what is left to chance
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long
    #[arg(long = "for", default_value = "1y", value_name = "TIME")]
    pub duration: String,
    /// Time between rows
    #[arg(long, default_value = "1 day", value_name = "TIME")]
    pub every: String,
    /// Give every state, not only the readouts
    #[arg(long)]
    pub states: bool,
    /// File for all rows: .parquet or .csv
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// File for a picture: .svg
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub machine: MachineOptions,
}

/// How chance is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChanceMethod {
    /// Every jump at its time (Gillespie)
    Exact,
    /// Leaps in which no rate changes by more than about 3 % (tau-leaping)
    Leap,
}

/// Options of `fit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hersim fit PROBLEM --starts 20
  hersim fit path/to/problem.yaml --profile PARAMETER --out runs/fit

The run folder holds fit.parquet, manifest.json and report.html. An interrupted run goes on where \
it stopped when the same command is given again.")]
pub struct FitOptions {
    /// Calibration problem: an id in library/calibration, or the path of a PEtab index
    pub problem: String,
    /// Searches: the first from the tables' values, the others spread over the bounds
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub starts: u64,
    /// Most iterations of each search; 0 only compares the tables' values with the data
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub iterations: u64,
    /// Seed of the starts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Parameter whose profile is wanted (may be given several times)
    #[arg(long, value_name = "PARAMETER")]
    pub profile: Vec<String>,
    /// Folder for the results (default: a new one below `runs/`)
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Discard what another run left in the folder
    #[arg(long)]
    pub start_over: bool,
    /// Write the best values into the model's tables
    #[arg(long)]
    pub write: bool,
    /// Write the problem as plain PEtab with SBML into this folder, and do not fit it
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    /// Threads (default: all the machine has); the results do not depend on it
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub threads: Option<u64>,
    /// Simulations per instruction; the results do not depend on it
    #[arg(long, value_enum, default_value_t = Lanes::Auto)]
    pub lanes: Lanes,
    /// Make no machine code at run time; the results do not depend on it
    #[arg(long)]
    pub no_compile: bool,
    /// Relative tolerance of the integration
    #[arg(long, default_value_t = 1e-6, value_parser = tolerance)]
    pub rtol: f64,
    /// Steps after which a simulation is given up
    #[arg(long, default_value_t = 20_000)]
    pub max_steps: u64,
}

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 0 when nothing is wrong (warnings allowed), 1 otherwise.")]
pub struct CheckOptions {
    /// System by id, or Antimony or SBML file (default: everything, the library included)
    pub model: Option<String>,
    /// Count warnings as errors
    #[arg(long)]
    pub strict: bool,
}

/// Options of `claims`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hersim claims
  hersim claims 2.2 --core
  hersim claims CLAIM --show --ablate
  hersim claims --ablate --controls --report claims.html

Exit code 0 when no claim failed, 1 when one did, 2 when the claims or the model are not valid.")]
pub struct ClaimsOptions {
    /// Claims or sections, by their ids in library/claims (default: all)
    #[arg(value_name = "ID|SECTION")]
    pub named: Vec<String>,
    /// Only claims of this kind
    #[arg(long, value_enum)]
    pub kind: Option<ClaimKind>,
    /// Only claims that are tests of their own
    #[arg(long)]
    pub core: bool,
    /// Explain each claim: statement, references, arms, numbers, verdict
    #[arg(long)]
    pub show: bool,
    /// Freeze each coupling between parts of the model in turn, to see what claims depend on
    #[arg(long)]
    pub ablate: bool,
    /// Run the controls too: expectations turned round, and perturbations of other claims
    #[arg(long)]
    pub controls: bool,
    /// Draw the model's numbers anew so many times, to see how often claims hold
    #[arg(long, value_name = "DRAWS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub ensemble: u64,
    /// Seed of the draws and controls: same seed, same answer
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// File for a page with score, controls and a picture for each claim: .html
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub machine: MachineOptions,
}

/// Kinds of claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ClaimKind {
    Mechanism,
    Resistance,
    Reversal,
    Biomarker,
    Prevalence,
    Trial,
    Background,
}

/// Options of `convert`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  hersim convert SYSTEM --tumour TUMOUR --regimen REGIMEN --to sbml --out system.xml

The file holds the tumour's attributes, the equilibrated values and the doses as events; any \
other simulator must give the same trajectories.")]
pub struct ConvertOptions {
    /// System, by its id in model/systems, or a model file (.xml, .sbml, .ant)
    pub system: String,
    /// Tumour, by its id in library/tumours (default: the values of the tables)
    #[arg(long)]
    pub tumour: Option<String>,
    /// Host, by its id in library/hosts (default: the values of the tables)
    #[arg(long)]
    pub host: Option<String>,
    /// Regimen: text, or an id in library/regimens
    #[arg(long, short)]
    pub regimen: Option<String>,
    /// Concentration held in the medium, such as DRUG="10 ug/mL"
    #[arg(long, short, value_name = "NAME=QUANTITY")]
    pub medium: Vec<String>,
    /// Parameter to set, such as weight="80 kg"
    #[arg(long, value_name = "SYMBOL=QUANTITY")]
    pub set: Vec<String>,
    /// How long doses are written out
    #[arg(long = "for", default_value = "1y", value_name = "TIME")]
    pub duration: String,
    /// Format
    #[arg(long, value_enum)]
    pub to: Target,
    /// File (default: print it)
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Relative tolerance of the equilibration
    #[arg(long, default_value_t = 1e-7, value_parser = tolerance)]
    pub rtol: f64,
}

/// A format to convert to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// SBML Level 3 Version 2
    Sbml,
    /// Antimony
    Antimony,
    /// The doses alone, as a table of events (CSV)
    Events,
}

/// Options of `handbook`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hersim handbook
  hersim handbook --html handbook.html

Files of an earlier run that are no longer part of the handbook are removed from the folder.")]
pub struct HandbookOptions {
    /// Folder for the pages and figures (default: docs/model, unless only --html is given)
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// File for the whole handbook as one page, for reading and for print: .html
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Suites.
#[derive(Debug, Subcommand)]
pub enum SuiteOptions {
    /// Semantic cases of the SBML Test Suite
    #[command(after_help = "\
Example:
  hersim suite sbml sbml-test-suite/cases/semantic --json

Each case is a folder NNNNN with NNNNN-sbml-lXvY.xml, NNNNN-settings.txt and NNNNN-results.csv; \
the file of the highest level and version is run. Exit code 0 when no case is wrong (refused ones \
are allowed), 1 when one is.")]
    Sbml(SbmlSuiteOptions),
    /// Pairs of an Antimony text and the SBML that it must mean
    #[command(after_help = "\
Example:
  hersim suite antimony PAIRS --json

Each case is two files, NAME.txt and NAME.xml; the flat networks must be the same, units and \
annotations included.")]
    Antimony(AntimonySuiteOptions),
}

/// Options of `suite antimony`.
#[derive(Debug, Args)]
pub struct AntimonySuiteOptions {
    /// Folder with the pairs
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Options of `suite sbml`.
#[derive(Debug, Args)]
pub struct SbmlSuiteOptions {
    /// Folder with a folder for each case
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Write each model out and read it back before it is run
    #[arg(long)]
    pub rewrite: bool,
}

/// Options of `bench`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hersim bench
  hersim bench patient --patients 1000 --threads 2 --json
  hersim bench model.xml --for 100 --vary k1 --vary k2
  hersim bench --peers

Without MODEL all models of bench/models.toml are measured; those whose file is not there are named. \
The parameters of patients differ log-normally. Times are processor time of the integration alone.")]
pub struct BenchOptions {
    /// Models: names in bench/models.toml, or model files (.xml, .sbml, .ant)
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Virtual patients of each model
    #[arg(long, short = 'n', default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub patients: u64,
    /// Threads
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub threads: u64,
    /// Relative tolerance of the integration
    #[arg(long, default_value_t = 1e-5, value_parser = tolerance)]
    pub rtol: f64,
    /// Steps after which a patient is given up
    #[arg(long, default_value_t = 200_000)]
    pub max_steps: u64,
    /// Seed of who differs how
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Model file: length, in the model's own unit of time
    #[arg(long = "for", value_name = "TIME")]
    pub duration: Option<f64>,
    /// Model file: parameter that differs between patients (default: all that are given as numbers)
    #[arg(long, value_name = "PARAMETER")]
    pub vary: Vec<String>,
    /// Folder with the models of others; those that the table only names are left out without it
    #[arg(long, value_name = "DIR")]
    pub suites: Option<PathBuf>,
    /// Measure other tools on the same patients too: runs bench/peers.py with this Python
    #[arg(long, value_name = "PYTHON", num_args = 0..=1, default_missing_value = "python3")]
    pub peers: Option<PathBuf>,
    /// Answer runs that are asked for on standard input, for a model set up in this file
    #[arg(long, value_name = "FILE", hide = true, conflicts_with_all = ["models", "peers"])]
    pub worker: Option<PathBuf>,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub struct ListOptions {
    /// What to list (default: everything)
    #[arg(value_enum)]
    pub what: Option<Listed>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Listed {
    Trials,
    Tumours,
    Regimens,
    Drugs,
    Cohorts,
    Populations,
    Hosts,
    Systems,
    Problems,
}
