//! An assembled, valued system as a file that other tools read.

use hersim_network::{
    BinaryOp, Event, Expr, Network, Node, Participant, Reaction, Symbol, SymbolId, SymbolKind,
    Value,
};

use crate::{
    dosing::{DoseAction, DoseEvent, event_table},
    error::StudyError,
    library::Library,
    simulate::{Prepared, SimulateRequest, prepare},
};

/// A format to convert to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// SBML Level 3 Version 2.
    Sbml,
    /// Antimony.
    Antimony,
    /// The doses alone, as an event table.
    Events,
}

/// The system as text: equilibrated values, the tumour's attributes, doses as events.
///
/// # Errors
/// What is wrong with the input.
pub fn convert(
    library: &mut Library,
    request: &SimulateRequest,
    horizon_day: f64,
    format: Format,
) -> Result<String, StudyError> {
    let prepared = prepare(library, request)?;
    Ok(match format {
        Format::Sbml => hersim_sbml::write(&valued(&prepared, horizon_day)),
        Format::Antimony => hersim_antimony::write(&valued(&prepared, horizon_day)),
        Format::Events => {
            event_table(&prepared.regimen, prepared.size, &prepared.assembled, horizon_day)
        }
    })
}

/// The network with the values of a prepared tumour and its doses up to a day.
pub fn valued(prepared: &Prepared, horizon_day: f64) -> Network {
    let mut network = prepared.assembled.network.clone();
    let values: Vec<(SymbolId, f64)> = prepared.values().collect();
    let size = |network: &Network, id| match network[id].value {
        Value::Number(size) => size,
        _ => 1.0,
    };
    for (id, value) in values {
        let value = match network[id].kind {
            SymbolKind::Species { compartment, amount: false, .. } => {
                value / size(&network, compartment)
            }
            _ => value,
        };
        network[id].value = Value::Number(value);
    }
    if let Ok(switch) = prepared.assembled.switch() {
        network[switch].value = Value::Number(0.0);
    }
    let days = prepared.assembled.days_per_time_unit();
    let events = prepared.regimen.events(prepared.size, 0.0, horizon_day);
    for (order, bound) in prepared.regimen.orders.iter().enumerate() {
        let supply =
            (bound.infusion_day > 0.0).then(|| add_supply(&mut network, order, bound.into));
        for (number, event) in events.iter().filter(|e| e.order == order).enumerate() {
            let name = format!("dose_{order}_{number}");
            let event = dose_event(&network, name, event, bound.into, supply, days);
            network.events.push(event);
        }
    }
    network
}

/// A parameter for the rate of an infusion and the reaction that supplies the species with it.
fn add_supply(network: &mut Network, order: usize, species: SymbolId) -> SymbolId {
    let unit = match (&network[species].unit, &network.time_unit) {
        (Some(amount), Some(time)) => Some(amount / time),
        _ => None,
    };
    let mut rate = Symbol::new(format!("infusion_{order}"), SymbolKind::Parameter);
    rate.unit = unit;
    rate.value = Value::Number(0.0);
    let rate = add(network, rate);
    let products = vec![Participant::new(species, 1.0)];
    let reaction = Reaction::new(Vec::new(), products, Expr::symbol(rate));
    add(network, Symbol::new(format!("infuse_{order}"), SymbolKind::Reaction(Box::new(reaction))));
    rate
}

/// Adds a symbol under its name, or under the name with underscores until it is free.
fn add(network: &mut Network, mut symbol: Symbol) -> SymbolId {
    loop {
        match network.add(symbol) {
            Ok(id) => return id,
            Err(taken) => {
                symbol = *taken;
                symbol.name.push('_');
            }
        }
    }
}

fn dose_event(
    network: &Network,
    name: String,
    event: &DoseEvent,
    species: SymbolId,
    supply: Option<SymbolId>,
    days: f64,
) -> Event {
    let trigger = Expr::binary(
        BinaryOp::GreaterEqual,
        Expr::made(Node::Time),
        Expr::number(event.day / days),
    );
    let assignment = match (event.action, supply) {
        (DoseAction::Start(rate), Some(supply)) => (supply, Expr::number(rate * days)),
        (DoseAction::Stop, Some(supply)) => (supply, Expr::number(0.0)),
        (DoseAction::Bolus(amount), _) | (DoseAction::Start(amount), None) => {
            let mut added = Expr::number(amount);
            if let SymbolKind::Species { compartment, amount: false, .. } = network[species].kind {
                added = Expr::binary(BinaryOp::Div, added, Expr::symbol(compartment));
            }
            (species, Expr::binary(BinaryOp::Add, Expr::symbol(species), added))
        }
        // Only event tables have resets, and what is converted is a regimen.
        (DoseAction::Stop, None) | (DoseAction::Return(_), _) => (species, Expr::symbol(species)),
    };
    Event { initially: false, assignments: vec![assignment], ..Event::new(name, trigger) }
}
