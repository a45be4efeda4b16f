//! Following the model of a file in time.

use hersim_hybrid::{Output, Settings};
use hersim_network::{Diagnostic, Network, Rule, Sources, SymbolId, SymbolKind, Value};
use hersim_store::{Column, Table};

use crate::{error::StudyError, quantity::Quantity, written::Written};

/// Rows a run may give.
const MOST_ROWS: f64 = 1e7;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct FollowRequest {
    /// Length: a number in the model's unit of time, or one with a unit.
    pub duration: String,
    /// Time between rows, likewise.
    pub every: String,
    /// Values to start from, as `SYMBOL=NUMBER` or `SYMBOL=QUANTITY`.
    pub set: Vec<String>,
    /// Relative tolerance.
    pub rtol: f64,
    /// Steps after which the run is given up.
    pub max_steps: u64,
    /// What chance in the model follows from.
    pub seed: u64,
    /// Whether reactions that are marked fast run like any others.
    pub ignore_fast: bool,
}

/// Follows a model: `time`, then everything that can change.
///
/// # Errors
/// What is wrong with the request, what of the model cannot be honoured, and why it broke off.
pub fn follow(
    network: &mut Network,
    request: &FollowRequest,
    sources: &mut Sources,
) -> Result<Table, StudyError> {
    let times = start(network, request, sources)?;
    let shown: Vec<SymbolId> = changing(network);
    let outputs: Vec<Output> = shown.iter().map(|&id| Output::Value(id)).collect();
    let system = hersim_hybrid::compile(network, &outputs)?;
    let settings = Settings {
        relative: request.rtol,
        absolute: (request.rtol * 1e-6).min(1e-12),
        max_steps: request.max_steps,
        seed: request.seed,
        ..Settings::default()
    };
    let values = hersim_hybrid::run(&system, &times, &settings).map_err(|failure| {
        vec![
            Diagnostic::error("integration", format!("the simulation stopped: {failure}"))
                .mend("look at what the model does at that time, or raise --max-steps"),
        ]
    })?;
    let mut columns =
        vec![Column::f64("time", &unit(network.time_unit.as_ref()), times.iter().copied())];
    for (at, &id) in shown.iter().enumerate() {
        let of = unit(network.formula_unit(id).as_ref());
        columns.push(Column::f64(&network[id].name, &of, values.iter().map(|row| row[at])));
    }
    Ok(Table::new(columns))
}

/// Sets what is asked for, and gives the times of the rows.
pub(super) fn start(
    network: &mut Network,
    request: &FollowRequest,
    sources: &mut Sources,
) -> Result<Vec<f64>, StudyError> {
    let duration = time("--for", &request.duration, network, sources)?;
    let every = time("--every", &request.every, network, sources)?;
    let rows = (duration / every).round();
    if !(1.0..=MOST_ROWS).contains(&rows) {
        let place = Written::argument("--every", &request.every, sources);
        let message = format!("this gives no row, or more than {MOST_ROWS:e} rows");
        let error = Diagnostic::error("quantity", message).at(place.whole(), "");
        return Err(vec![error.mend("choose another time between rows")].into());
    }
    for text in &request.set {
        set(text, network, sources)?;
    }
    if request.ignore_fast {
        super::ignore_fast(network);
    }
    Ok((0..=rows as u64).map(|i| duration * i as f64 / rows).collect())
}

/// A unit as tables write it.
pub(super) fn unit(unit: Option<&hersim_units::Unit>) -> String {
    unit.map_or("1".into(), ToString::to_string)
}

/// Species, and whatever else can change.
pub(super) fn changing(network: &Network) -> Vec<SymbolId> {
    let set: Vec<SymbolId> =
        network.events.iter().flat_map(|e| e.assignments.iter().map(|a| a.0)).collect();
    let algebraic: Vec<SymbolId> =
        network.algebraic.iter().flat_map(|r| r.expr.symbols()).collect();
    let changes = |id: SymbolId| {
        let symbol = &network[id];
        match symbol.kind {
            SymbolKind::Species { .. } => true,
            SymbolKind::Reaction(_) => false,
            _ => {
                symbol.rule.is_some()
                    || set.contains(&id)
                    || algebraic.contains(&id) && !symbol.constant
            }
        }
    };
    network.iter().map(|(id, _)| id).filter(|id| changes(*id)).collect()
}

/// A time in the model's own unit.
fn time(
    option: &str,
    text: &str,
    network: &Network,
    sources: &mut Sources,
) -> Result<f64, Vec<Diagnostic>> {
    let value = match (text.trim().parse::<f64>(), &network.time_unit) {
        (Ok(number), _) => Ok(number),
        (Err(_), Some(unit)) => Quantity::parse(text).and_then(|q| q.to(unit)),
        (Err(_), None) => Err(format!("the model has no unit of time, so `{text}` means nothing")),
    };
    value.ok().filter(|v| *v > 0.0 && v.is_finite()).ok_or_else(|| {
        let place = Written::argument(option, text, sources);
        let unit = network.time_unit.as_ref().map_or("no unit".into(), ToString::to_string);
        vec![
            Diagnostic::error("quantity", format!("`{text}` is not a time of this model"))
                .at(place.whole(), "")
                .mend(format!("give a number; the model's unit of time is {unit}")),
        ]
    })
}

/// Lets a symbol start from `SYMBOL=VALUE`.
fn set(text: &str, network: &mut Network, sources: &mut Sources) -> Result<(), Vec<Diagnostic>> {
    let place = Written::argument("--set", text, sources);
    let wrong = |code, message: String, mend: String| {
        vec![Diagnostic::error(code, message).at(place.whole(), "").mend(mend)]
    };
    let Some((name, value)) = text.split_once('=') else {
        let message = format!("`{text}` sets nothing");
        return Err(wrong("setting", message, "write SYMBOL=VALUE".into()));
    };
    let Some(id) = network.find(name.trim()) else {
        let near = network.nearest(name.trim()).unwrap_or("").to_string();
        let message = format!("`{}` is not part of the model", name.trim());
        return Err(wrong("unknown-symbol", message, format!("did you mean `{near}`?")));
    };
    if matches!(network[id].rule, Some(Rule::Assignment(_)))
        || matches!(network[id].kind, SymbolKind::Reaction(_))
    {
        let message = format!("`{}` follows from other symbols", name.trim());
        return Err(wrong("setting", message, "set one of those".into()));
    }
    let number = match (value.trim().parse::<f64>(), network.formula_unit(id)) {
        (Ok(number), _) => Some(number),
        (Err(_), Some(unit)) => Quantity::parse(value).and_then(|q| q.to(&unit)).ok(),
        (Err(_), None) => None,
    };
    let Some(number) = number.filter(|n| n.is_finite()) else {
        let message = format!("`{}` is not a value of `{}`", value.trim(), name.trim());
        return Err(wrong("quantity", message, "give a number in the model's own unit".into()));
    };
    network[id].value = Value::Number(number);
    Ok(())
}
