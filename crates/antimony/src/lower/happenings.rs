//! What happens besides reactions: events and algebraic rules; and what acts on reactions.

use hersim_network::{
    Algebraic, BinaryOp, Diagnostic, Event, Expr, Modifier, Network, SymbolId, SymbolKind,
};
use hersim_units::Unit;

use super::Builder;
use crate::{
    about::about,
    ast::{Formula, Name},
    convert,
    expression::Lowering,
    merge::Kind,
};

impl<'p> Builder<'_, '_, 'p> {
    pub(super) fn events(&mut self) -> Vec<Event> {
        let flat = self.lowering.flat;
        let mut events = Vec::new();
        for event in &flat.events {
            let (text, instance) = (event.text, event.instance);
            // Without its condition nothing is left of an event.
            let trigger = self.lowering.kept(&text.trigger, instance);
            let Some(trigger) = trigger.filter(|_| !flat.is_deleted(&event.name)) else { continue };
            let assignments = self.assignments(&text.assignments, instance);
            if assignments.is_empty() && !text.assignments.is_empty() {
                continue;
            }
            let delay = text.delay.as_ref().and_then(|d| self.lowering.kept(d, instance));
            let delay =
                delay.map(|d| convert::time(d, BinaryOp::Mul, flat, self.symbols, instance));
            events.push(Event {
                initially: text.initially,
                persistent: text.persistent,
                at_trigger: text.at_trigger,
                delay,
                priority: text.priority.as_ref().and_then(|p| self.lowering.kept(p, instance)),
                assignments,
                about: about(flat.told.get(&event.name).cloned().unwrap_or_default()),
                span: event.span,
                ..Event::new(event.name.clone(), trigger)
            });
        }
        events
    }

    /// What is set, and to what.
    fn assignments(
        &mut self,
        texts: &'p [(Name, Formula)],
        instance: usize,
    ) -> Vec<(SymbolId, Expr)> {
        let flat = self.lowering.flat;
        let mut assignments: Vec<(SymbolId, Expr)> = Vec::new();
        for (target, value) in texts {
            let node = flat.seen_from(instance, &target.path);
            let factor = node.and_then(|n| self.factor_of(n));
            let Some(mut value) = self.lowering.kept(value, instance) else { continue };
            convert::by(&mut value, BinaryOp::Mul, factor);
            let Some(symbol) = node.and_then(|n| self.symbols.of_node[n]) else { continue };
            let id = SymbolId(symbol as u32);
            if assignments.iter().any(|(known, _)| *known == id) {
                self.lowering.found.push(
                    Diagnostic::error(
                        "two-values",
                        format!("this event sets `{}` twice", target.path),
                    )
                    .at(target.span, "")
                    .mend("keep one of them"),
                );
                continue;
            }
            assignments.push((id, value));
        }
        assignments
    }

    pub(super) fn algebraic(&mut self) -> Vec<Algebraic> {
        let flat = self.lowering.flat;
        let mut rules = Vec::new();
        for rule in flat.algebraic.iter().filter(|r| !flat.is_deleted(&r.name)) {
            let Some(expr) = self.lowering.kept(rule.formula, rule.instance) else { continue };
            let about = about(flat.told.get(&rule.name).cloned().unwrap_or_default());
            rules.push(Algebraic { name: rule.name.clone(), expr, about });
        }
        rules
    }
}

/// The symbol that a name means in an instance.
pub(super) fn symbol_of(
    lowering: &Lowering<'_, '_>,
    instance: usize,
    name: &Name,
) -> Option<SymbolId> {
    let node = lowering.flat.seen_from(instance, &name.path)?;
    lowering.symbols.of_node[node].map(|index| SymbolId(index as u32))
}

/// Stoichiometries with a name have no unit.
pub(super) fn stoichiometries(network: &mut Network, lowering: &Lowering<'_, '_>) {
    for symbol in &lowering.symbols.all {
        let Kind::Reaction { text, .. } = &symbol.kind else { continue };
        let terms = text.what.reactants.iter().chain(&text.what.products);
        for name in terms.filter_map(|term| term.variable.as_ref()) {
            if let Some(id) = symbol_of(lowering, text.instance, name) {
                let unit = &mut network[id].unit;
                *unit = unit.take().or_else(|| Some(Unit::dimensionless()));
            }
        }
    }
}

/// Species that act on reactions, as they are declared.
pub(super) fn interactions(network: &mut Network, lowering: &mut Lowering<'_, '_>) {
    let flat = lowering.flat;
    let id = |instance: usize, name: &Name| symbol_of(lowering, instance, name);
    let mut wrong = Vec::new();
    for (instance, text) in &flat.interactions {
        for name in &text.reactions {
            let Some(target) = id(*instance, name) else {
                let full = format!("{}{}", flat.instances[*instance].prefix, name.path);
                if !flat.is_deleted(&full) {
                    wrong.push(flat.unknown(*instance, &name.path, name.span));
                }
                continue;
            };
            let SymbolKind::Reaction(reaction) = &mut network[target].kind else {
                let what = format!("`{}` is no reaction that something could act on", name.path);
                wrong.push(
                    Diagnostic::error("two-kinds", what)
                        .at(name.span, "")
                        .mend("an interaction is written `S -| J`, with the name of a reaction"),
                );
                continue;
            };
            for species in text.modifiers.iter().filter_map(|name| id(*instance, name)) {
                let modifier = Modifier {
                    species,
                    name: text.name.as_ref().map(|n| n.path.clone()),
                    sbo: Some(text.sbo),
                };
                match reaction.modifiers.iter_mut().find(|m| m.species == species) {
                    Some(known) => *known = modifier,
                    None => reaction.modifiers.push(modifier),
                }
            }
        }
    }
    lowering.found.extend(wrong);
}
