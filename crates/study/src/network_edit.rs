//! Changing a network before it is compiled: symbols that are read through a gate.
//!
//! A gate stands between a symbol and its readers. While it is open they see the symbol; once it
//! is shut they see a value that is held. Both are parameters, so one program serves runs with the
//! gate open and runs with it shut.

use std::collections::HashMap;

use hersim_network::{BinaryOp, Expr, Network, Node, Rule, Symbol, SymbolId, SymbolKind, Value};

/// The three symbols of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Parameter: 1 while it is shut.
    pub shut: SymbolId,
    /// Parameter: the value that readers see while it is shut.
    pub held: SymbolId,
    /// What readers see.
    pub seen: SymbolId,
}

/// Adds a gate for a symbol; nothing reads it yet. `purpose` keeps its names apart from those of
/// other gates of the same symbol.
pub fn add_gate(network: &mut Network, symbol: SymbolId, purpose: &str) -> Option<Gate> {
    let name = network[symbol].name.clone();
    let shut = add_constant(network, format!("{name}~{purpose}~shut"))?;
    let held = add_constant(network, format!("{name}~{purpose}~held"))?;
    let condition = Expr::binary(BinaryOp::Greater, Expr::symbol(shut), Expr::number(0.5));
    let read = Expr::made(Node::Piecewise {
        cases: vec![(Expr::symbol(held), condition)],
        otherwise: Box::new(Expr::symbol(symbol)),
    });
    let seen = add(network, format!("{name}~{purpose}"), |s| {
        s.rule = Some(Rule::Assignment(read));
    })?;
    Some(Gate { shut, held, seen })
}

/// Adds a parameter that is zero unless something else is said.
pub fn add_constant(network: &mut Network, name: String) -> Option<SymbolId> {
    add(network, name, |s| {
        s.value = Value::Number(0.0);
        s.constant = true;
    })
}

/// Adds a symbol that equals a formula.
pub fn add_formula(network: &mut Network, name: String, formula: Expr) -> Option<SymbolId> {
    add(network, name, |s| s.rule = Some(Rule::Assignment(formula)))
}

fn add(network: &mut Network, name: String, fill: impl FnOnce(&mut Symbol)) -> Option<SymbolId> {
    let mut symbol = Symbol::new(name, SymbolKind::Parameter);
    fill(&mut symbol);
    network.add(symbol).ok()
}

/// Which reads are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All of them.
    All,
    /// All but those of a reaction that reads what it consumes or makes: how fast a thing is used
    /// up depends on how much of it there is, whoever else looks at it.
    NotOfOwnSpecies,
}

/// Makes the rules and rates of the owners that `of` picks read other symbols instead. Starting
/// values are left as they are.
pub fn redirect(
    network: &mut Network,
    to: &HashMap<SymbolId, SymbolId>,
    reads: Reads,
    of: &dyn Fn(SymbolId) -> bool,
) {
    for (index, symbol) in network.symbols.iter_mut().enumerate() {
        if !of(SymbolId(index as u32)) {
            continue;
        }
        if let Some(Rule::Assignment(expr) | Rule::Rate(expr)) = &mut symbol.rule {
            replace(expr, to);
        }
        if let SymbolKind::Reaction(reaction) = &mut symbol.kind {
            let mut to = to.clone();
            if reads == Reads::NotOfOwnSpecies {
                for participant in reaction.reactants.iter().chain(&reaction.products) {
                    to.remove(&participant.species);
                }
            }
            replace(&mut reaction.rate, &to);
        }
    }
}

/// Makes the events of a network read other symbols instead.
pub fn redirect_events(network: &mut Network, to: &HashMap<SymbolId, SymbolId>) {
    for event in &mut network.events {
        replace(&mut event.trigger, to);
        event.assignments.iter_mut().for_each(|(_, value)| replace(value, to));
    }
}

/// Replaces symbols of a formula.
pub fn replace(expr: &mut Expr, to: &HashMap<SymbolId, SymbolId>) {
    match &mut expr.node {
        Node::Symbol(id) => {
            if let Some(other) = to.get(id) {
                *id = *other;
            }
        }
        Node::Number(_) | Node::Time => {}
        Node::Neg(a) | Node::Not(a) => replace(a, to),
        Node::Binary(_, a, b) => {
            replace(a, to);
            replace(b, to);
        }
        Node::Call(_, arguments) => arguments.iter_mut().for_each(|a| replace(a, to)),
        Node::Piecewise { cases, otherwise } => {
            for (value, condition) in cases {
                replace(value, to);
                replace(condition, to);
            }
            replace(otherwise, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hersim_network::{Modifier, Participant, Reaction};

    /// A reaction that uses up `a` as fast as `a*b`, and a rule that looks at both.
    fn network() -> (Network, [SymbolId; 4]) {
        let mut network = Network::new("test");
        let volume = network.add(Symbol::new("v", SymbolKind::Compartment)).unwrap();
        let species = SymbolKind::Species { compartment: volume, amount: true, boundary: false };
        let a = network.add(Symbol::new("a", species.clone())).unwrap();
        let b = network.add(Symbol::new("b", species)).unwrap();
        let product = Expr::binary(BinaryOp::Mul, Expr::symbol(a), Expr::symbol(b));
        let reaction = Reaction {
            modifiers: vec![Modifier::new(b)],
            ..Reaction::new(vec![Participant::new(a, 1.0)], Vec::new(), product.clone())
        };
        let kind = SymbolKind::Reaction(Box::new(reaction));
        let use_up = network.add(Symbol::new("use_up", kind)).unwrap();
        let rule = Symbol {
            rule: Some(Rule::Assignment(product)),
            ..Symbol::new("look", SymbolKind::Parameter)
        };
        let look = network.add(rule).unwrap();
        (network, [a, b, use_up, look])
    }

    fn read_by(network: &Network, id: SymbolId) -> Vec<SymbolId> {
        match (&network[id].kind, &network[id].rule) {
            (SymbolKind::Reaction(reaction), _) => reaction.rate.symbols(),
            (_, Some(Rule::Assignment(expr) | Rule::Rate(expr))) => expr.symbols(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn readers_are_sent_elsewhere_and_others_are_not() {
        let (mut network, [a, b, use_up, look]) = network();
        let held = add_constant(&mut network, "held".into()).unwrap();
        let to = HashMap::from([(a, held)]);
        redirect(&mut network, &to, Reads::All, &|owner| owner == look);
        assert_eq!(read_by(&network, look), [held, b]);
        assert_eq!(read_by(&network, use_up), [a, b]);
        redirect(&mut network, &to, Reads::All, &|_| true);
        assert_eq!(read_by(&network, use_up), [held, b]);
    }

    #[test]
    fn a_reaction_may_go_on_reading_what_it_uses_up() {
        let (mut network, [a, b, use_up, look]) = network();
        let held = add_constant(&mut network, "held".into()).unwrap();
        let to = HashMap::from([(a, held), (b, held)]);
        redirect(&mut network, &to, Reads::NotOfOwnSpecies, &|_| true);
        assert_eq!(read_by(&network, use_up), [a, held]);
        assert_eq!(read_by(&network, look), [held, held]);
    }

    #[test]
    fn a_gate_shows_the_symbol_until_it_is_shut() {
        let (mut network, [a, ..]) = network();
        let gate = add_gate(&mut network, a, "test").unwrap();
        assert!(add_gate(&mut network, a, "test").is_none(), "one gate for one purpose");
        let Some(Rule::Assignment(rule)) = &network[gate.seen].rule else { panic!() };
        let seen = |shut: f64| {
            crate::formula::evaluate(rule, 0.0, &|id| match id {
                _ if id == gate.shut => shut,
                _ if id == gate.held => 7.0,
                _ => 3.0,
            })
        };
        assert_eq!((seen(0.0), seen(1.0)), (3.0, 7.0));
    }
}
