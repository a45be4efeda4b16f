//! Derivatives with respect to parameters, as a network of its own.
//!
//! Every symbol that parameters act on gets a companion that is its derivative: what is computed, by
//! the rules of differentiation; what is integrated, by a rate rule whose formula is the derivative
//! of the rate of change. The extended network is compiled and run like any other, so derivatives
//! are integrated with the method, the steps and the error control of everything else.
//!
//! At an event the derivatives jump. With `g` what a symbol is set to, `f` its rate of change
//! before and `f⁺` after, and `τ` the time of the event, which moves with the parameter when
//! the threshold or what is compared with it does,
//!
//! ```text
//! τ̇ = −(∂c/∂p) / (dc/dt)          for a condition that turns true where c passes zero
//! ẏ⁺ = ġ + (dg/dt − f⁺) τ̇         g = y for what the event leaves alone
//! ```
//!
//! Doses that a [`crate::Subject`] gives by itself leave derivatives as they are, which is right
//! when time and size of the dose do not depend on the parameters.

mod formula;

use std::collections::{HashMap, HashSet};

use hersim_network::{
    BinaryOp, Diagnostic, Event, Expr, Network, Node, Rule, Symbol, SymbolId, SymbolKind, Value,
};

use crate::lower::inspect::{follows_reactions, set_by_events};
use formula::{difference, product, quotient, sum};

/// A network with derivatives.
#[derive(Clone, Debug)]
pub struct Sensitivities {
    /// The network and the companions of its symbols.
    pub network: Network,
    companions: HashMap<(SymbolId, Direction), Option<SymbolId>>,
    parameters: Vec<SymbolId>,
}

/// What a derivative is taken with respect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Direction {
    /// A parameter, by its place.
    Parameter(usize),
    /// Time, along the solution.
    Time,
}

impl Sensitivities {
    /// The symbol that is the derivative of a symbol with respect to a parameter, both as they stand
    /// in formulas; `None` where it is always zero.
    pub fn derivative(&self, of: SymbolId, parameter: SymbolId) -> Option<SymbolId> {
        let place = self.parameters.iter().position(|&p| p == parameter)?;
        self.companions.get(&(of, Direction::Parameter(place))).copied().flatten()
    }
}

/// Extends a network by the derivatives of these symbols with respect to these parameters, which
/// may be constants or states (then their starting values).
///
/// # Errors
/// Parameters that are computed from others, and events whose time depends on a parameter in a way
/// that is not one comparison. All of them, not the first.
pub fn sensitivities(
    network: &Network,
    of: &[SymbolId],
    parameters: &[SymbolId],
) -> Result<Sensitivities, Vec<Diagnostic>> {
    let problems = parameters.iter().filter(|&&p| {
        matches!(network[p].rule, Some(Rule::Assignment(_)))
            || matches!(network[p].kind, SymbolKind::Reaction(_))
    });
    let problems: Vec<Diagnostic> = problems
        .map(|&p| {
            let message =
                format!("`{}` is computed, so nothing has a derivative by it", network[p].name);
            Diagnostic::error("not-a-parameter", message)
                .at(network[p].span, "")
                .mend("name what it is computed from")
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut extension = Extension {
        changing: changing(network),
        original: network,
        result: Sensitivities {
            network: network.clone(),
            companions: HashMap::new(),
            parameters: parameters.to_vec(),
        },
        problems: Vec::new(),
    };
    for place in 0..parameters.len() {
        for &symbol in of {
            extension.companion(symbol, Direction::Parameter(place));
        }
    }
    extension.events();
    if extension.problems.is_empty() { Ok(extension.result) } else { Err(extension.problems) }
}

/// Symbols that change by themselves or by events.
fn changing(network: &Network) -> HashSet<SymbolId> {
    let mut changing: HashSet<SymbolId> = set_by_events(network).collect();
    for (id, symbol) in network.iter() {
        if matches!(symbol.rule, Some(Rule::Rate(_))) {
            changing.insert(id);
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            let species = reaction.reactants.iter().chain(&reaction.products).map(|p| p.species);
            changing.extend(species.filter(|&s| follows_reactions(&network[s])));
        }
    }
    changing
}

struct Extension<'a> {
    original: &'a Network,
    changing: HashSet<SymbolId>,
    result: Sensitivities,
    problems: Vec<Diagnostic>,
}

impl Extension<'_> {
    /// The derivative of a symbol; `None` where it is zero.
    fn companion(&mut self, id: SymbolId, direction: Direction) -> Option<SymbolId> {
        if let Some(&known) = self.result.companions.get(&(id, direction)) {
            return known;
        }
        let network = self.original;
        let symbol = &network[id];
        let companion = if self.changing.contains(&id) && direction == Direction::Time {
            self.rate_of_change(id)
                .map(|rate| self.add(id, direction, Some(Rule::Assignment(rate))))
        } else if self.changing.contains(&id) {
            // Known before its formula is made, which may lead back to it.
            let own = self.add(id, direction, None);
            self.result.companions.insert((id, direction), Some(own));
            let start = match (&symbol.value, direction) {
                (_, Direction::Parameter(k)) if self.result.parameters[k] == id => {
                    Some(Expr::number(1.0))
                }
                (Value::Formula(formula), _) => self.derivative(formula, direction),
                _ => None,
            };
            let rate = self.rate_of_change(id).and_then(|rate| self.derivative(&rate, direction));
            let entry = &mut self.result.network[own];
            entry.value = start.map_or(Value::Number(0.0), Value::Formula);
            entry.rule = rate.map(Rule::Rate);
            Some(own)
        } else if let Direction::Parameter(k) = direction
            && self.result.parameters[k] == id
        {
            Some(self.add(id, direction, Some(Rule::Assignment(Expr::number(1.0)))))
        } else if self.result.parameters.contains(&id) {
            None
        } else if let Some(Rule::Assignment(formula)) = &symbol.rule {
            let formula = self.derivative(formula, direction);
            formula.map(|f| self.add(id, direction, Some(Rule::Assignment(f))))
        } else if let SymbolKind::Reaction(reaction) = &symbol.kind {
            let formula = self.derivative(&reaction.rate, direction);
            formula.map(|f| self.add(id, direction, Some(Rule::Assignment(f))))
        } else if let (Value::Formula(formula), Direction::Parameter(_)) =
            (&symbol.value, direction)
        {
            // A constant: the formula holds at the start, and so does its derivative.
            let formula = self.derivative(formula, direction);
            formula.map(|f| {
                let own = self.add(id, direction, None);
                self.result.network[own].value = Value::Formula(f);
                own
            })
        } else {
            None
        };
        self.result.companions.insert((id, direction), companion);
        companion
    }

    /// A symbol that stands for a derivative.
    fn add(&mut self, of: SymbolId, by: Direction, rule: Option<Rule>) -> SymbolId {
        let by = match by {
            Direction::Parameter(k) => self.original[self.result.parameters[k]].name.as_str(),
            Direction::Time => "time",
        };
        let mut symbol =
            Symbol::new(format!("d_{}_by_{by}", self.original[of].name), SymbolKind::Parameter);
        symbol.rule = rule;
        symbol.span = self.original[of].span;
        loop {
            match self.result.network.add(symbol) {
                Ok(id) => return id,
                Err(taken) => {
                    symbol = *taken;
                    symbol.name.push('_');
                }
            }
        }
    }

    /// How fast a symbol changes between events, as it stands in formulas; `None` for not at all.
    fn rate_of_change(&self, id: SymbolId) -> Option<Expr> {
        let network = self.original;
        if let Some(Rule::Rate(rate)) = &network[id].rule {
            return Some(rate.clone());
        }
        if !follows_reactions(&network[id]) {
            return None;
        }
        let mut rate = None;
        for (reaction_id, symbol) in network.iter() {
            let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
            let count = |side: &[hersim_network::Participant]| -> f64 {
                side.iter().filter(|p| p.species == id).map(|p| p.stoichiometry).sum()
            };
            let change = count(&reaction.products) - count(&reaction.reactants);
            if change != 0.0 {
                let term = product(Expr::number(change), Expr::symbol(reaction_id));
                rate = Some(match rate {
                    Some(rate) => sum(rate, term),
                    None => term,
                });
            }
        }
        match network[id].kind {
            SymbolKind::Species { compartment, amount: false, .. } => {
                rate.map(|rate| quotient(rate, Expr::symbol(compartment)))
            }
            _ => rate,
        }
    }

    /// Lets the derivatives follow the events.
    fn events(&mut self) {
        // A jump may need derivatives that nothing else has needed, and those jump too.
        let jumps = loop {
            let known = self.result.companions.len();
            self.problems.clear();
            let jumps: Vec<Vec<(SymbolId, Expr)>> =
                self.original.events.iter().map(|event| self.jumps(event)).collect();
            if self.result.companions.len() == known {
                break jumps;
            }
        };
        for (event, jumps) in self.result.network.events.iter_mut().zip(jumps) {
            event.assignments.extend(jumps);
        }
    }

    /// What an event does to the derivatives that are there.
    fn jumps(&mut self, event: &Event) -> Vec<(SymbolId, Expr)> {
        let set: HashMap<SymbolId, &Expr> =
            event.assignments.iter().map(|(id, formula)| (*id, formula)).collect();
        let mut changing: Vec<SymbolId> = self.changing.iter().copied().collect();
        changing.sort_unstable();
        let mut jumps = Vec::new();
        let told = self.problems.len();
        for place in 0..self.result.parameters.len() {
            let by = Direction::Parameter(place);
            let shift = self.shift(&event.trigger, by);
            self.problems.truncate(told + 1); // once per event is enough
            for &id in &changing {
                let Some(&Some(own)) = self.result.companions.get(&(id, by)) else { continue };
                if let Some(jump) = self.jump(id, by, &set, shift.as_ref()) {
                    jumps.push((own, jump));
                }
            }
        }
        jumps
    }

    /// What the derivative of a symbol is after an event; `None` when it stays.
    fn jump(
        &mut self,
        id: SymbolId,
        by: Direction,
        set: &HashMap<SymbolId, &Expr>,
        shift: Option<&Expr>,
    ) -> Option<Expr> {
        let to = match (set.get(&id), shift) {
            (None, None) => return None,
            (Some(&to), _) => to.clone(),
            (None, Some(_)) => Expr::symbol(id),
        };
        let moved = shift.and_then(|shift| {
            let slope = self.derivative(&to, Direction::Time);
            let after = self.rate_of_change(id).map(|rate| self.after(&rate, set));
            difference(slope, after).map(|rates| product(rates, shift.clone()))
        });
        let jump = match (self.derivative(&to, by), moved) {
            (Some(own), Some(moved)) => Some(sum(own, moved)),
            (own, moved) => own.or(moved),
        };
        Some(jump.unwrap_or_else(|| Expr::number(0.0)))
    }

    /// How the time of an event moves with a parameter; `None` when it does not.
    fn shift(&mut self, trigger: &Expr, by: Direction) -> Option<Expr> {
        let Node::Binary(op, a, b) = &trigger.node else { return None };
        use BinaryOp::{And, Greater, GreaterEqual, Less, LessEqual, Or};
        match op {
            Less | LessEqual | Greater | GreaterEqual => {
                let distance = Expr::binary(BinaryOp::Sub, (**a).clone(), (**b).clone());
                let moved = self.derivative(&distance, by)?;
                let speed = self.derivative(&distance, Direction::Time)?;
                Some(product(Expr::number(-1.0), quotient(moved, speed)))
            }
            And | Or => {
                if self.shift(a, by).is_some() || self.shift(b, by).is_some() {
                    let message =
                        "the time of this event depends on a parameter in more than one way";
                    self.problems.push(
                        Diagnostic::error("event-derivative", message)
                            .at(trigger.span, "several conditions")
                            .mend("write one event per condition"),
                    );
                }
                None
            }
            _ => None,
        }
    }

    /// A formula as it is after an event: what is set stands as what it is set to.
    fn after(&self, formula: &Expr, set: &HashMap<SymbolId, &Expr>) -> Expr {
        formula::substitute(formula, &mut |id| {
            if let Some(&to) = set.get(&id) {
                return Some(to.clone());
            }
            let symbol = &self.original[id];
            let inner = match (&symbol.rule, &symbol.kind) {
                (Some(Rule::Assignment(inner)), _) => inner,
                (_, SymbolKind::Reaction(reaction)) => &reaction.rate,
                _ => return None,
            };
            Some(self.after(inner, set))
        })
    }
}
