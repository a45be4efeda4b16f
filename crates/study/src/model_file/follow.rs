//! Following the model of a file in time.

use std::{cell::Cell, time::Duration};

use hersim_hybrid::{Failure, Output, Reason, Settings, Trouble};
use hersim_network::{Diagnostic, Network, Rule, Sources, SymbolId, SymbolKind, Value};
use hersim_store::{Column, Table};

use crate::{error::StudyError, progress::Progress, quantity::Quantity, written::Written};

/// Rows a run may give.
const MOST_ROWS: f64 = 1e7;
/// Numbers in all of them.
const MOST_NUMBERS: f64 = 4e7;
/// Parts in which progress is told.
const PARTS: u64 = 100;

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
    /// Time on the clock after which the run is given up, as a quantity.
    pub time_limit: String,
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
    progress: &dyn Progress,
) -> Result<Table, StudyError> {
    let patience = patience(request, sources)?;
    let times = start(network, request, sources)?;
    let shown: Vec<SymbolId> = changing(network);
    if (shown.len() * times.len()) as f64 > MOST_NUMBERS {
        let place = Written::argument("--every", &request.every, sources);
        let message = format!("{} rows of {} columns are too many", times.len(), shown.len());
        let error = Diagnostic::error("quantity", message).at(place.whole(), "");
        return Err(vec![error.mend("ask for more time between rows")].into());
    }
    let outputs: Vec<Output> = shown.iter().map(|&id| Output::Value(id)).collect();
    let system = hersim_hybrid::compile(network, &outputs)?;
    let settings = Settings {
        relative: request.rtol,
        absolute: (request.rtol * 1e-6).min(1e-12),
        max_steps: request.max_steps,
        seed: request.seed,
        patience: Some(patience),
    };
    let end = times.last().copied().unwrap_or(1.0);
    let told = Cell::new(0);
    progress.begin("percent of the time", PARTS);
    let values = hersim_hybrid::run_watched(&system, &times, &settings, &|time| {
        let part = (time / end * PARTS as f64) as u64;
        if part > told.get() {
            progress.advance(part - told.replace(part));
        }
    });
    progress.end();
    let values = values.map_err(|failure| vec![trouble(&failure, network, request)])?;
    let mut columns =
        vec![Column::f64("time", &unit(network.time_unit.as_ref()), times.iter().copied())];
    for (at, &id) in shown.iter().enumerate() {
        let of = unit(network.formula_unit(id).as_ref());
        columns.push(Column::f64(&network[id].name, &of, values.iter().map(|row| row[at])));
    }
    Ok(Table::new(columns))
}

/// Why a run broke off, and what to do.
fn trouble(failure: &Failure, network: &Network, request: &FollowRequest) -> Diagnostic {
    let (code, mend) = match failure.reason {
        Reason::Start => ("integration", "see what its starting value is computed from"),
        Reason::Inconsistent | Reason::Undetermined => {
            ("integration", "look at the algebraic rules and where they start from")
        }
        Reason::StepTooSmall => (
            "integration",
            "look for a division by zero, a logarithm of zero or growth without end at that time",
        ),
        Reason::StepBudget => {
            ("integration", "see what makes it change so fast, or raise --max-steps")
        }
        Reason::Patience => {
            ("time-limit", "give it longer with --time-limit, or ask for less with --for")
        }
        Reason::Memory => {
            ("integration", "ask for a shorter time, or let formulas look back less far")
        }
        Reason::Cascade => ("integration", "let what the events set turn their triggers false"),
        Reason::Delay(_) => ("integration", "make the delay zero or more at all times"),
        Reason::Fast => ("integration", "drop `fast`, or simulate with --ignore-fast"),
    };
    let limit = match failure.reason {
        Reason::Patience => format!(" within {}", request.time_limit),
        _ => String::new(),
    };
    let told =
        Diagnostic::error(code, format!("the simulation stopped{limit}: {failure}")).mend(mend);
    match failure.of {
        Some(Trouble::Symbol(id, value)) => {
            told.at(network[id].span, format!("hardest to follow: {value:.4e} then"))
        }
        Some(Trouble::Event(at)) => match network.events.get(at) {
            Some(event) => told.at(event.span, ""),
            None => told,
        },
        None => told,
    }
}

/// How long may be waited.
pub(super) fn patience(
    request: &FollowRequest,
    sources: &mut Sources,
) -> Result<Duration, Vec<Diagnostic>> {
    const LONGEST_DAYS: f64 = 1e4;
    let days = Quantity::parse(&request.time_limit).and_then(|q| q.days());
    let why = match days {
        Ok(days) if days > 0.0 && days <= LONGEST_DAYS => {
            return Ok(Duration::from_secs_f64(days * 86_400.0));
        }
        Ok(_) => format!("`{}` is no time to wait", request.time_limit),
        Err(why) => why,
    };
    let place = Written::argument("--time-limit", &request.time_limit, sources);
    let error = Diagnostic::error("quantity", why).at(place.whole(), "");
    Err(vec![error.mend("write for example `30 s` or `2 h`")])
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
        let (message, mend) = if rows < 1.0 {
            ("this is longer than the whole run".to_string(), "choose a shorter time between rows")
        } else {
            let message = format!("this gives {rows:e} rows, more than {MOST_ROWS:e}");
            (message, "choose a longer time between rows")
        };
        let error = Diagnostic::error("quantity", message).at(place.whole(), "");
        return Err(vec![error.mend(mend)].into());
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
        let mend = match &network.time_unit {
            Some(unit) => format!("give a number above zero in {unit}, or one with its unit"),
            None => "the model has no unit of time: give a plain number above zero".into(),
        };
        vec![
            Diagnostic::error("quantity", format!("`{text}` is not a time of this model"))
                .at(place.whole(), "")
                .mend(mend),
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
        let mend = match network.nearest(name.trim()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a symbol of the model".into(),
        };
        let message = format!("`{}` is not part of the model", name.trim());
        return Err(wrong("unknown-symbol", message, mend));
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
