//! What a network means, as facts that do not depend on the text it came from.

use std::collections::BTreeSet;

use hersim_network::{Expr, Network, Node, Participant, Rule, SymbolId, SymbolKind, Value};

/// Every fact of a network, one text each.
pub(super) fn facts(network: &Network) -> BTreeSet<String> {
    let ids = hersim_sbml::ids(network);
    let name = |id: SymbolId| ids[id.0 as usize].as_str();
    let mut facts = BTreeSet::new();
    let unit = |unit: &Option<hersim_units::Unit>| {
        unit.as_ref().map_or("none".to_string(), ToString::to_string)
    };
    if network.time_unit.is_some() {
        facts.insert(format!("time in {}", unit(&network.time_unit)));
    }
    let side = |side: &[Participant]| -> String {
        let mut parts: Vec<String> = (side.iter())
            .map(|p| match p.variable {
                Some(id) => format!("{} {}", name(id), name(p.species)),
                None => format!("{} {}", p.stoichiometry, name(p.species)),
            })
            .collect();
        parts.sort();
        parts.join(" + ")
    };
    for (id, symbol) in network.iter() {
        let this = name(id);
        match &symbol.kind {
            SymbolKind::Compartment => facts.insert(format!("compartment {this}")),
            SymbolKind::Parameter => facts.insert(format!("parameter {this}")),
            SymbolKind::Species { compartment, amount, boundary } => {
                facts.insert(format!("{this} is in {}", name(*compartment)));
                facts.insert(format!("species {this}: amount {amount}, boundary {boundary}"))
            }
            SymbolKind::Reaction(r) => {
                let (from, to) = (side(&r.reactants), side(&r.products));
                let how = (r.reversible, r.fast);
                facts.insert(format!("reaction {this}: {from} -> {to} {how:?}"));
                facts.insert(format!("rate of {this}: {}", formula(&r.rate, &name)))
            }
        };
        match &symbol.value {
            // What always follows from others starts from them too.
            _ if matches!(symbol.rule, Some(Rule::Assignment(_))) => {}
            Value::Missing => {}
            Value::Number(value) => {
                facts.insert(format!("{this} starts from {}", number(*value)));
            }
            Value::Formula(expr) => {
                facts.insert(format!("{this} starts from {}", formula(expr, &name)));
            }
        }
        match &symbol.rule {
            None => {}
            Some(Rule::Assignment(expr)) => {
                facts.insert(format!("{this} is {}", formula(expr, &name)));
            }
            Some(Rule::Rate(expr)) => {
                facts.insert(format!("rate of {this} is {}", formula(expr, &name)));
            }
        }
        // A compartment of which nothing is said is in litres, in Antimony.
        let said = match symbol.kind {
            SymbolKind::Reaction(_) => false,
            SymbolKind::Compartment => symbol.unit != hersim_units::Unit::base("litre"),
            _ => true,
        };
        if said && symbol.unit.is_some() {
            facts.insert(format!("{this} in {}", unit(&symbol.unit)));
        }
        if let Some(words) = symbol.display_name.as_ref().filter(|w| *w != this) {
            facts.insert(format!("{this} is called {words}"));
        }
        if let Some(factor) = symbol.conversion {
            facts.insert(format!("{this} is converted by {}", name(factor)));
        }
        for one in &symbol.annotations {
            facts.insert(format!("{this} {} {}", one.qualifier, one.resource));
        }
        if let Some(notes) = &symbol.notes {
            facts.insert(format!("notes of {this}: {}", words(notes)));
        }
    }
    for one in &network.annotations {
        facts.insert(format!("the model {} {}", one.qualifier, one.resource));
    }
    if let Some(notes) = &network.notes {
        facts.insert(format!("notes of the model: {}", words(notes)));
    }
    for expr in &network.algebraic {
        facts.insert(format!("0 = {}", formula(expr, &name)));
    }
    for event in &network.events {
        let optional = |e: &Option<Expr>| e.as_ref().map_or("none".into(), |e| formula(e, &name));
        let trigger = formula(&event.trigger, &name);
        let mut sets: Vec<String> = (event.assignments.iter())
            .map(|(id, e)| format!("{} = {}", name(*id), formula(e, &name)))
            .collect();
        sets.sort();
        facts.insert(format!(
            "at {trigger}: {}; initially {}, persistent {}, of the trigger {}, delay {}, \
             priority {}",
            sets.join(", "),
            event.initially,
            event.persistent,
            event.at_trigger || event.delay.is_none(),
            optional(&event.delay),
            optional(&event.priority)
        ));
    }
    facts
}

/// Text without tags and with single blanks.
fn words(text: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                plain.push(' ');
            }
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn number(value: f64) -> String {
    if value.is_nan() { "nan".into() } else { format!("{value:e}") }
}

/// A formula with all brackets.
fn formula<'n>(expr: &Expr, name: &impl Fn(SymbolId) -> &'n str) -> String {
    let all = |parts: &[Expr]| -> String {
        parts.iter().map(|p| formula(p, name)).collect::<Vec<_>>().join(", ")
    };
    match &expr.node {
        Node::Number(value) => number(*value),
        Node::Symbol(id) => name(*id).to_string(),
        Node::Time => "time".into(),
        Node::Neg(a) => match a.node {
            Node::Number(value) => number(-value),
            _ => format!("-({})", formula(a, name)),
        },
        Node::Not(a) => format!("not({})", formula(a, name)),
        Node::Binary(op, a, b) => {
            format!("({} {op:?} {})", formula(a, name), formula(b, name))
        }
        Node::Call(function, arguments) => format!("{}({})", function.name(), all(arguments)),
        Node::Piecewise { cases, otherwise } => {
            let cases: Vec<String> = (cases.iter())
                .map(|(v, c)| format!("{} if {}", formula(v, name), formula(c, name)))
                .collect();
            format!("piecewise({}, {})", cases.join(", "), formula(otherwise, name))
        }
    }
}
