//! A network as flat, plain Antimony with all its numbers, units and annotations.

mod about;
mod formula;
mod names;
mod unit;

use std::fmt::Write as _;

use hersim_network::{
    Event, Expr, Modifier, Network, Participant, Reaction, Rule, Symbol, SymbolId, SymbolKind,
    Value,
};
use hersim_units::Unit;

use self::{formula::Formulas, names::Names, unit::UnitNames};
use crate::parser::reaction::arrow_of;

/// The network as one flat model.
///
/// Dots of names become `__`. Units are defined from base units, so that the text stands alone;
/// `cell` stays a unit of its own, which other readers take as a name without a size. Read back
/// with [`tolerant`](crate::Request::tolerant), the text gives the same network, but for the
/// sources of numbers, which have no place in it, and for what [`beyond`] names.
pub fn write(network: &Network) -> String {
    let names = Names::new(network);
    let mut units = UnitNames::new(network, &names);
    let writer = Writer { network, names: &names, formulas: Formulas { names: &names } };
    let mut body = String::new();
    writer.compartments(&mut body);
    writer.species(&mut body);
    writer.values(&mut body);
    writer.rules(&mut body);
    writer.algebraic(&mut body);
    writer.reactions(&mut body);
    writer.interactions(&mut body);
    writer.events(&mut body);
    writer.units(&mut units, &mut body);
    writer.uncertainties(&mut body);
    writer.words(&mut body);
    let mut text = format!("model *{}()\n", names.model());
    text.push_str(&units.definitions(network.time_unit.as_ref()));
    text.push_str(&body);
    text.push_str("end\n");
    writer.words_of_the_model(&mut text);
    text
}

/// What a network says that changes results and has no words in Antimony.
pub fn beyond(network: &Network) -> Vec<String> {
    let mut found = Vec::new();
    for symbol in &network.symbols {
        if symbol.conversion.is_some() {
            found.push(format!("the conversion factor of `{}`", symbol.name));
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            let mut sides = reaction.reactants.iter().chain(&reaction.products);
            if sides.any(|p| p.variable.is_none() && p.stoichiometry < 0.0) {
                found.push(format!("a negative stoichiometry of `{}`", symbol.name));
            }
            if reaction.fast {
                found.push(format!("that `{}` is fast", symbol.name));
            }
        }
    }
    found
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
                // What always follows from others starts from them too.
                _ if matches!(symbol.rule, Some(Rule::Assignment(_))) => {}
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
                    let plain = if symbol.constant { "const " } else { "var " };
                    let said = if said.is_empty() { plain } else { said };
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

    fn algebraic(&self, text: &mut String) {
        let before = text.len();
        for (index, rule) in self.network.algebraic.iter().enumerate() {
            let (name, formula) = (self.names.rule(index), self.formulas.write(&rule.expr));
            let _ = writeln!(text, "  {name}: 0 = {formula};");
        }
        self.heading(text, before, "Algebraic rules");
    }

    fn reaction(&self, text: &mut String, name: &str, reaction: &Reaction) {
        let side = |participants: &[Participant]| {
            let term = |p: &Participant| {
                let species = self.name(p.species);
                match (p.variable, p.stoichiometry) {
                    (Some(variable), _) => format!("{} {species}", self.name(variable)),
                    (None, 1.0) => species.to_string(),
                    (None, n) => format!("{} {species}", formula::number(n)),
                }
            };
            participants.iter().map(term).collect::<Vec<_>>().join(" + ")
        };
        let arrow = if reaction.reversible { "->" } else { "=>" };
        let (left, right) = (side(&reaction.reactants), side(&reaction.products));
        let home = reaction.compartment.map_or(String::new(), |c| format!(" in {}", self.name(c)));
        let _ = write!(text, "  {name}{home}: {left} {arrow} {right};");
        if reaction.rated {
            let _ = write!(text, " {};", self.formulas.write(&reaction.rate));
        }
        text.push('\n');
    }

    /// Species that act on reactions, unless that is plain from the rates.
    fn interactions(&self, text: &mut String) {
        let before = text.len();
        for (id, symbol) in self.network.iter() {
            let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
            let used = reaction.rate.symbols();
            for modifier in &reaction.modifiers {
                let Modifier { species, name, sbo } = modifier;
                let sides = reaction.reactants.iter().chain(&reaction.products);
                let taking_part = sides.map(|p| p.species).any(|s| s == *species);
                let plain = used.contains(species) && !taking_part;
                if plain && sbo.is_none() && name.is_none() {
                    continue;
                }
                let label = self.names.label(name.as_deref());
                let arrow = arrow_of(*sbo).unwrap_or("-(");
                let (species, reaction) = (self.name(*species), self.name(id));
                let _ = writeln!(text, "  {label}{species} {arrow} {reaction};");
            }
        }
        self.heading(text, before, "Interactions");
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
        let trigger = self.formulas.condition(&event.trigger);
        let delay = event.delay.as_ref().map(|d| format!("{} after ", self.formulas.write(d)));
        let _ = write!(text, "  {name}: at {}({trigger})", delay.unwrap_or_default());
        if let Some(priority) = &event.priority {
            let _ = write!(text, ", priority = {}", self.formulas.write(priority));
        }
        let said = [
            ("t0", event.initially),
            ("persistent", event.persistent),
            ("fromTrigger", event.at_trigger),
        ];
        for (option, _) in said.iter().filter(|(_, holds)| !holds) {
            let _ = write!(text, ", {option}=false");
        }
        let _ = writeln!(text, ": {};", set.join(", "));
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

    /// Of a concentration where the symbol means one.
    fn written_unit(&self, id: SymbolId, symbol: &Symbol) -> Option<Unit> {
        match symbol.kind {
            SymbolKind::Reaction(_) => None,
            SymbolKind::Species { amount: false, compartment, .. } => {
                let size = self.network[compartment].unit.clone();
                let size = size.or_else(|| Unit::base("litre"));
                self.network.formula_unit(id).or(symbol.unit.as_ref()?.try_div(&size?))
            }
            _ => symbol.unit.clone(),
        }
    }

    /// True when an event or an algebraic rule sets the symbol.
    fn moved(&self, id: SymbolId) -> bool {
        self.network.events.iter().any(|e| e.assignments.iter().any(|(target, _)| *target == id))
            || self.network.algebraic.iter().any(|rule| rule.expr.symbols().contains(&id))
    }
}

/// `const` or `var` where the text could otherwise be read the other way.
fn constancy(symbol: &Symbol, moved: bool) -> &'static str {
    // What starts from something that changes is taken for something that changes by some.
    let open = matches!(symbol.value, Value::Formula(_));
    let unsaid = symbol.rule.is_none() && !moved;
    match (symbol.constant, unsaid) {
        (true, unsaid) if open || !unsaid => "const ",
        (false, unsaid) if open || unsaid => "var ",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
