//! A network as flat, plain Antimony with all its numbers, units and annotations.

mod formula;
mod names;
mod unit;

use std::fmt::Write as _;

use hersim_network::{
    Annotation, Event, Expr, Network, Participant, Reaction, Rule, Symbol, SymbolId, SymbolKind,
    Value,
};
use hersim_units::Unit;

use self::{formula::Formulas, names::Names, unit::UnitNames};
use crate::{lower::is_per_volume, parser::annotation::word_for};

/// The network as one flat model.
///
/// Dots of names become `__`. Units are defined from base units, so that the text stands alone;
/// `cell` stays a unit of its own, which other readers take as a name without a size. Sources of
/// numbers and modifiers that no rate mentions have no place in the text.
pub fn write(network: &Network) -> String {
    let names = Names::new(network);
    let mut units = UnitNames::new(network);
    let writer = Writer { network, names: &names, formulas: Formulas { names: &names } };
    let mut body = String::new();
    writer.compartments(&mut body);
    writer.species(&mut body);
    writer.values(&mut body);
    writer.rules(&mut body);
    writer.reactions(&mut body);
    writer.events(&mut body);
    writer.units(&mut units, &mut body);
    writer.words(&mut body);
    let mut text = format!("model *{}()\n", names.model());
    text.push_str(&units.definitions(network.time_unit.as_ref()));
    text.push_str(&body);
    text.push_str("end\n");
    text
}

/// A formula as people read it, with the network's dotted names.
pub fn formula(network: &Network, expr: &Expr) -> String {
    Formulas { names: &Names::dotted(network) }.write(expr)
}

struct Writer<'a> {
    network: &'a Network,
    names: &'a Names,
    formulas: Formulas<'a>,
}

// Writing to a String cannot fail; the results of `writeln!` are dropped.
impl Writer<'_> {
    fn name(&self, id: SymbolId) -> &str {
        self.names.symbol(id)
    }

    fn heading(&self, text: &mut String, before: usize, words: &str) {
        if text.len() > before {
            text.insert_str(before, &format!("\n  // {words}\n"));
        }
    }

    fn compartments(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            if symbol.kind == SymbolKind::Compartment {
                let _ = writeln!(
                    text,
                    "  {}compartment {};",
                    constancy(symbol, self.moved(id)),
                    self.name(id)
                );
            }
        }
        self.heading(text, before, "Compartments");
    }

    fn species(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            let SymbolKind::Species { compartment, amount, boundary } = &symbol.kind else {
                continue;
            };
            let _ = writeln!(
                text,
                "  {}{}species {}{} in {};",
                if symbol.constant { "const " } else { "" },
                if *amount { "substanceOnly " } else { "" },
                if *boundary || symbol.constant { "$" } else { "" },
                self.name(id),
                self.name(*compartment)
            );
        }
        self.heading(text, before, "Species");
    }

    fn values(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            if matches!(symbol.kind, SymbolKind::Reaction(_)) {
                continue;
            }
            let name = self.name(id);
            match &symbol.value {
                Value::Number(value) => {
                    let _ = writeln!(text, "  {name} = {};", formula::number(*value));
                }
                Value::Formula(formula) => {
                    let _ = writeln!(text, "  {name} = {};", self.formulas.write(formula));
                }
                Value::Missing => {}
            }
            if symbol.kind == SymbolKind::Parameter {
                let said = constancy(symbol, self.moved(id));
                let bare = symbol.value == Value::Missing && symbol.rule.is_none();
                if !said.is_empty() || bare {
                    let said = if said.is_empty() { "const " } else { said };
                    let _ = writeln!(text, "  {said}{name};");
                }
            }
        }
        self.heading(text, before, "Values at the start");
    }

    fn rules(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            let name = self.name(id);
            match &symbol.rule {
                Some(Rule::Assignment(formula)) => {
                    let _ = writeln!(text, "  {name} := {};", self.formulas.write(formula));
                }
                Some(Rule::Rate(formula)) => {
                    let _ = writeln!(text, "  {name}' = {};", self.formulas.write(formula));
                }
                None => {}
            }
        }
        self.heading(text, before, "Rules");
    }

    fn reactions(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
            self.reaction(text, self.name(id), reaction);
        }
        self.heading(text, before, "Reactions");
    }

    fn reaction(&self, text: &mut String, name: &str, reaction: &Reaction) {
        let side = |participants: &[Participant]| {
            let terms: Vec<String> = participants
                .iter()
                .map(|p| match p.stoichiometry {
                    1.0 => self.name(p.species).to_string(),
                    n => format!("{} {}", formula::number(n), self.name(p.species)),
                })
                .collect();
            terms.join(" + ")
        };
        let arrow = if reaction.reversible { "->" } else { "=>" };
        let (left, right) = (side(&reaction.reactants), side(&reaction.products));
        let rate = self.formulas.write(&reaction.rate);
        let _ = writeln!(text, "  {name}: {left} {arrow} {right}; {rate};");
    }

    fn events(&self, text: &mut String) {
        let before = text.len();
        for (index, event) in self.network.events.iter().enumerate() {
            self.event(text, self.names.event(index), event);
        }
        self.heading(text, before, "Events");
    }

    fn event(&self, text: &mut String, name: &str, event: &Event) {
        let set: Vec<String> = event
            .assignments
            .iter()
            .map(|(id, value)| format!("{} = {}", self.name(*id), self.formulas.write(value)))
            .collect();
        let early = if event.initially { "" } else { ", t0=false" };
        let trigger = self.formulas.write(&event.trigger);
        let _ = writeln!(text, "  {name}: at ({trigger}){early}: {};", set.join(", "));
    }

    fn units(&self, units: &mut UnitNames, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            if let Some(unit) = self.written_unit(id, symbol) {
                let unit = units.name(&unit);
                let _ = writeln!(text, "  {} has {unit};", self.name(id));
            }
        }
        self.heading(text, before, "Units");
    }

    /// Other readers take the unit of a concentration, this one takes either.
    fn written_unit(&self, id: SymbolId, symbol: &Symbol) -> Option<Unit> {
        match symbol.kind {
            SymbolKind::Reaction(_) => None,
            SymbolKind::Species { amount: false, .. } => {
                let formula = self.network.formula_unit(id).filter(is_per_volume);
                formula.or_else(|| symbol.unit.clone())
            }
            _ => symbol.unit.clone(),
        }
    }

    fn words(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            if let Some(words) = &symbol.display_name {
                let _ = writeln!(text, "  {} is \"{}\";", self.name(id), plain(words));
            }
            for annotation in &symbol.annotations {
                annotate(text, self.name(id), annotation);
            }
        }
        for annotation in &self.network.annotations {
            annotate(text, "model", annotation);
        }
        self.heading(text, before, "Names and identities");
    }

    /// True when an event sets the symbol.
    fn moved(&self, id: SymbolId) -> bool {
        self.network.events.iter().any(|e| e.assignments.iter().any(|(target, _)| *target == id))
    }
}

/// `const` or `var` where the text would otherwise be read the other way.
fn constancy(symbol: &Symbol, moved: bool) -> &'static str {
    let unsaid = symbol.rule.is_none() && !moved;
    match (symbol.constant, unsaid) {
        (true, false) => "const ",
        (false, true) => "var ",
        _ => "",
    }
}

fn annotate(text: &mut String, name: &str, annotation: &Annotation) {
    if let Some(word) = word_for(&annotation.qualifier) {
        let _ = writeln!(text, "  {name} {word} \"{}\"", plain(&annotation.resource));
    }
}

/// Words that stay on their line and between their quotes.
fn plain(words: &str) -> String {
    words.replace('"', "'").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests;
