//! One case of the SBML Test Suite.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use hersim_hybrid::{Output, Settings};
use hersim_network::{Diagnostic, Network, Sources, SymbolId, SymbolKind};

/// Time that a case may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All values are within the suite's tolerances.
    Right,
    /// Some value is not: which, and by how much.
    Wrong(String),
    /// It was not run, and why.
    Refused(String),
}

/// Runs and judges a case; its tags too.
pub(super) fn judge(folder: &Path, id: &str, rewrite: bool) -> (Verdict, Vec<String>) {
    let tags = fs::read_to_string(folder.join(format!("{id}-model.m"))).unwrap_or_default();
    let tags = tags
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(key, _)| ["componentTags", "testTags"].contains(&key.trim()))
        .flat_map(|(_, tags)| tags.split(','))
        .map(|tag| tag.trim().to_string())
        .filter(|tag| !tag.is_empty())
        .collect();
    (verdict(folder, id, rewrite).unwrap_or_else(Verdict::Refused), tags)
}

fn verdict(folder: &Path, id: &str, rewrite: bool) -> Result<Verdict, String> {
    let read = |name: &str| {
        fs::read_to_string(folder.join(name)).map_err(|e| format!("unreadable {name}: {e}"))
    };
    let task = Task::parse(&read(&format!("{id}-settings.txt"))?)?;
    let expected = Table::parse(&read(&format!("{id}-results.csv"))?)?;
    let model = newest(folder, id).ok_or("no SBML file")?;
    let mut network = load(folder, &model, &read(&model)?)?;
    if rewrite {
        network = load(folder, "rewritten.xml", &hersim_sbml::write(&network))?;
    }
    let outputs = task.outputs(&network)?;
    let times: Vec<f64> = (0..=task.steps)
        .map(|i| task.start + task.duration * i as f64 / task.steps as f64)
        .collect();
    let system = hersim_hybrid::compile(&network, &outputs).map_err(first)?;
    let rows = hersim_hybrid::run(&system, &times, &task.settings()).map_err(|e| e.to_string())?;
    compare(&task, &times, &rows, &expected)
}

/// The file of the highest level and version.
fn newest(folder: &Path, id: &str) -> Option<String> {
    let names = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|n| n.starts_with(&format!("{id}-sbml-l")) && n.ends_with(".xml")).max()
}

fn load(folder: &Path, name: &str, text: &str) -> Result<Network, String> {
    let mut sources = Sources::default();
    let mut other = |file: &str| fs::read_to_string(folder.join(file)).ok();
    hersim_sbml::read(name, text, &mut sources, &mut other).map_err(first)
}

/// The first reason, as `code: message`.
fn first(problems: Vec<Diagnostic>) -> String {
    problems.first().map_or(String::new(), |d| format!("{}: {}", d.code, d.message))
}

/// What a case asks for.
struct Task {
    start: f64,
    duration: f64,
    steps: usize,
    variables: Vec<String>,
    absolute: f64,
    relative: f64,
    amount: Vec<String>,
    concentration: Vec<String>,
}

impl Task {
    fn parse(text: &str) -> Result<Task, String> {
        let mut fields: HashMap<&str, &str> = HashMap::new();
        for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
            fields.insert(key.trim(), value.trim());
        }
        let names = |key: &str| -> Vec<String> {
            let all = fields.get(key).copied().unwrap_or("").split(',').map(str::trim);
            all.filter(|n| !n.is_empty()).map(str::to_string).collect()
        };
        let number = |key: &str| {
            let value: Option<f64> = fields.get(key).and_then(|v| v.parse().ok());
            value.ok_or_else(|| "not-a-time-course: the settings give no time course".to_string())
        };
        Ok(Task {
            start: number("start")?,
            duration: number("duration")?,
            steps: number("steps")? as usize,
            variables: names("variables"),
            absolute: number("absolute")?,
            relative: number("relative")?,
            amount: names("amount"),
            concentration: names("concentration"),
        })
    }

    fn outputs(&self, network: &Network) -> Result<Vec<Output>, String> {
        let ids = hersim_sbml::ids(network);
        let find = |name: &String| {
            let at = ids.iter().position(|id| id == name);
            at.map(|i| SymbolId(i as u32)).ok_or_else(|| format!("no-such-variable: {name}"))
        };
        let outputs = self.variables.iter().map(|name| {
            let id = find(name)?;
            let species = matches!(network[id].kind, SymbolKind::Species { .. });
            Ok(if species && self.amount.contains(name) {
                Output::Amount(id)
            } else if species && self.concentration.contains(name) {
                Output::Concentration(id)
            } else {
                Output::Value(id)
            })
        });
        outputs.collect()
    }

    /// Far tighter than what the case asks, so that what is judged is the meaning.
    fn settings(&self) -> Settings {
        Settings {
            relative: (self.relative * 1e-5).clamp(1e-10, 1e-8),
            absolute: (self.absolute * 1e-8).min(1e-14),
            patience: Some(PATIENCE),
            ..Settings::default()
        }
    }
}

/// Results by column.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Table {
    fn parse(text: &str) -> Result<Table, String> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let cells = |line: &str| line.split(',').map(|c| c.trim().to_string()).collect::<Vec<_>>();
        let columns = cells(lines.next().ok_or("no results")?);
        let columns = columns.iter().map(|c| c.trim_matches('"').to_string()).collect();
        let value = |cell: String| match cell.to_ascii_lowercase().as_str() {
            "inf" | "infinity" => Ok(f64::INFINITY),
            "-inf" | "-infinity" => Ok(f64::NEG_INFINITY),
            "nan" => Ok(f64::NAN),
            text => text.parse().map_err(|_| format!("not a number in the results: {cell}")),
        };
        let row = |line| cells(line).into_iter().map(value).collect();
        Ok(Table { columns, rows: lines.map(row).collect::<Result<_, _>>()? })
    }
}

fn compare(
    task: &Task,
    times: &[f64],
    rows: &[Vec<f64>],
    expected: &Table,
) -> Result<Verdict, String> {
    if expected.rows.len() != rows.len() {
        return Err(format!(
            "{} rows expected, the settings ask for {}",
            expected.rows.len(),
            rows.len()
        ));
    }
    let mut worst: Option<(f64, String)> = None;
    for (i, name) in task.variables.iter().enumerate() {
        let column = expected.columns.iter().skip(1).position(|c| c == name);
        let column = 1 + column.ok_or_else(|| format!("the results have no column {name}"))?;
        for ((time, row), reference) in times.iter().zip(rows).zip(&expected.rows) {
            let (value, wanted) = (row[i], reference[column]);
            let same = value == wanted || value.is_nan() && wanted.is_nan();
            let share = (value - wanted).abs() / (task.absolute + task.relative * wanted.abs());
            if same || share <= 1.0 {
                continue;
            }
            let share = if share.is_finite() { share } else { f64::INFINITY };
            if worst.as_ref().is_none_or(|(most, _)| share > *most) {
                let text = format!("{name} is {value} at {time}, not {wanted}");
                worst = Some((share, text));
            }
        }
    }
    Ok(worst.map_or(Verdict::Right, |(_, text)| Verdict::Wrong(text)))
}
