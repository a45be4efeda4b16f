//! What a network means, as facts that do not depend on the text it came from.

use std::collections::BTreeSet;

use hersim_network::{
    About, BinaryOp, Event, Expr, Modifier, Network, Node, Participant, Quantity, Rule, Spread,
    Symbol, SymbolId, SymbolKind, Uncertainty, Value,
};

/// Every fact of a network, one text each.
///
/// Two things are no facts: whether what nothing changes is called constant, of species, which
/// Antimony cannot say apart from their being held; and unit definitions that give a unit to some
/// symbol, since the unit itself is one.
pub(super) fn facts(network: &Network) -> BTreeSet<String> {
    let ids: Vec<String> = hersim_sbml::ids(network).into_iter().map(written).collect();
    let name = |id: SymbolId| ids[id.0 as usize].as_str();
    let mut facts = BTreeSet::new();
    facts.insert(format!("the model is {}", written(network.id.clone())));
    facts.extend(told("the model", &network.id, &network.about));
    if network.time_unit.is_some() {
        facts.insert(format!("time in {}", unit(&network.time_unit)));
    }
    facts.extend(definitions(network));
    for (id, symbol) in network.iter() {
        let this = name(id);
        facts.extend(kind(this, symbol, &name));
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
        if symbol.unit.is_some() && !matches!(symbol.kind, SymbolKind::Reaction(_)) {
            facts.insert(format!("{this} in {}", unit(&symbol.unit)));
        }
        if let Some(factor) = symbol.conversion {
            facts.insert(format!("{this} is converted by {}", name(factor)));
        }
        facts.extend(told(this, this, &symbol.about));
        facts.extend(symbol.uncertainties.iter().map(|u| uncertainty(this, u, &name)));
    }
    for rule in &network.algebraic {
        let this = flat(&rule.name);
        facts.insert(format!("{this}: 0 = {}", formula(&rule.expr, &name)));
        facts.extend(told(&this, &rule.name, &rule.about));
    }
    for event in &network.events {
        facts.insert(self::event(event, &name));
        facts.extend(told(&flat(&event.name), &event.name, &event.about));
    }
    facts
}

/// A name as Antimony has to write it.
fn written(mut id: String) -> String {
    if hersim_antimony::is_taken(&id) {
        id.push('_');
    }
    id
}

/// A dotted name as one that has none.
fn flat(name: &str) -> String {
    written(name.replace('.', "__"))
}

fn unit(unit: &Option<hersim_units::Unit>) -> String {
    unit.as_ref().map_or("none".to_string(), ToString::to_string)
}

/// Units of the model itself that are given a name and are not those of a symbol.
fn definitions(network: &Network) -> Vec<String> {
    let mut used: Vec<hersim_units::Unit> = network.time_unit.iter().cloned().collect();
    for (id, symbol) in network.iter() {
        used.extend(symbol.unit.clone());
        used.extend(network.formula_unit(id));
        used.extend(
            symbol.unit.as_ref().and_then(|u| u.try_div(&hersim_units::Unit::base("litre")?)),
        );
    }
    let own = network
        .unit_names
        .iter()
        .filter(|(name, unit)| !name.contains('.') && !used.contains(unit));
    own.map(|(name, unit)| format!("unit {} = {unit}", written(name.clone()))).collect()
}

fn kind<'n>(this: &str, symbol: &Symbol, name: &impl Fn(SymbolId) -> &'n str) -> Vec<String> {
    match &symbol.kind {
        SymbolKind::Compartment => {
            vec![format!("compartment {this}, constant {}", symbol.constant)]
        }
        SymbolKind::Parameter => vec![format!("parameter {this}, constant {}", symbol.constant)],
        SymbolKind::Species { compartment, amount, boundary } => vec![
            format!("{this} is in {}", name(*compartment)),
            format!("species {this}: amount {amount}, boundary {}", *boundary || symbol.constant),
        ],
        SymbolKind::Reaction(r) => {
            let (from, to) = (side(&r.reactants, name), side(&r.products, name));
            let how = (r.reversible, r.fast);
            let mut facts = vec![format!("reaction {this}: {from} -> {to} {how:?}")];
            let rate = formula(&r.rate, name);
            facts.push(format!("rate of {this}: {}", if r.rated { &rate } else { "none" }));
            facts.extend(r.compartment.map(|c| format!("{this} is in {}", name(c))));
            facts.extend(r.modifiers.iter().map(|m| modifier(this, m, name)));
            facts
        }
    }
}

fn side<'n>(side: &[Participant], name: &impl Fn(SymbolId) -> &'n str) -> String {
    let mut parts: Vec<String> = (side.iter())
        .map(|p| match p.variable {
            Some(id) => format!("{} {}", name(id), name(p.species)),
            None => format!("{} {}", p.stoichiometry, name(p.species)),
        })
        .collect();
    parts.sort();
    parts.join(" + ")
}

/// What acts is a modifier; so is an activator, which is all that older libAntimony says of one, and influences
/// without a name are numbered by some.
fn modifier<'n>(this: &str, said: &Modifier, name: &impl Fn(SymbolId) -> &'n str) -> String {
    const MODIFIER: u32 = 19;
    const ACTIVATOR: u32 = 459;
    let sbo = match said.sbo {
        None | Some(ACTIVATOR) => MODIFIER,
        Some(sbo) => sbo,
    };
    let label = said.name.as_ref().filter(|n| !n.starts_with("_J"));
    format!("{} acts on {this} as {sbo}, called {label:?}", name(said.species))
}

fn event<'n>(event: &Event, name: &impl Fn(SymbolId) -> &'n str) -> String {
    let optional = |e: &Option<Expr>| e.as_ref().map_or("none".into(), |e| formula(e, name));
    let trigger = formula(&event.trigger, name);
    let mut sets: Vec<String> = (event.assignments.iter())
        .map(|(id, e)| format!("{} = {}", name(*id), formula(e, name)))
        .collect();
    sets.sort();
    format!(
        "{}: at {trigger}: {}; initially {}, persistent {}, of the trigger {}, delay {}, \
         priority {}",
        flat(&event.name),
        sets.join(", "),
        event.initially,
        event.persistent,
        event.at_trigger,
        optional(&event.delay),
        optional(&event.priority)
    )
}

/// What is said for people and catalogues of something with this id.
fn told(this: &str, id: &str, about: &About) -> Vec<String> {
    let About { display_name, notes, annotations, sbo, creators, created, modified } = about;
    let mut facts = Vec::new();
    let words = display_name.iter().filter(|w| *w != id);
    facts.extend(words.map(|words| format!("{this} is called {words}")));
    facts.extend(annotations.iter().map(|a| format!("{this} {} {}", a.qualifier, a.resource)));
    facts.extend(notes.iter().map(|notes| format!("notes of {this}: {}", plain(notes))));
    // What its name says.
    let sbo = sbo.filter(|term| !(id == "default_compartment" && *term == 410));
    facts.extend(sbo.iter().map(|term| format!("{this} is the SBO term {term}")));
    facts.extend(creators.iter().map(|who| format!("{this} was made by {who:?}")));
    facts.extend(created.iter().map(|date| format!("{this} was made at {date}")));
    facts.extend(modified.iter().map(|date| format!("{this} was changed at {date}")));
    facts
}

fn uncertainty<'n>(this: &str, said: &Uncertainty, name: &impl Fn(SymbolId) -> &'n str) -> String {
    let quantity = |q: &Quantity| match q {
        Quantity::Number(value) => number(*value),
        Quantity::Symbol(id) => name(*id).to_string(),
    };
    let spread = said.spread.as_ref().map(|spread| match spread {
        Spread::Value(value) => quantity(value),
        Spread::Range(from, to) => format!("from {} to {}", quantity(from), quantity(to)),
        Spread::Distribution(which, parameters) => {
            let parameters: Vec<String> = parameters.iter().map(|p| formula(p, name)).collect();
            format!("{which}({})", parameters.join(", "))
        }
    });
    format!("{} of {this}: {spread:?}, defined by {:?}", said.statistic, said.definition)
}

/// Text without tags and with single blanks.
fn plain(text: &str) -> String {
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
        Node::Binary(op @ (BinaryOp::Add | BinaryOp::Mul | BinaryOp::And | BinaryOp::Or), ..) => {
            // Operands of one operation, however they are bracketed.
            let mut operands = Vec::new();
            chained(expr, *op, &mut operands);
            let operands: Vec<String> = operands.into_iter().map(|o| formula(o, name)).collect();
            format!("({})", operands.join(&format!(" {op:?} ")))
        }
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

fn chained<'e>(expr: &'e Expr, op: BinaryOp, operands: &mut Vec<&'e Expr>) {
    match &expr.node {
        Node::Binary(inner, a, b) if *inner == op => {
            chained(a, op, operands);
            chained(b, op, operands);
        }
        _ => operands.push(expr),
    }
}
