//! The document: from a network to SBML text.

use std::collections::HashSet;

use hersim_network::{
    About, Algebraic, Event, Expr, Modifier, Network, Participant, Provenance, Reaction, Rule,
    Symbol, SymbolId, SymbolKind, Value,
};

use crate::{
    annotation::{annotation, has_annotation, notes, references, sbo},
    ids::{assign, ids},
    math,
    uncertainty::{self, DISTRIB},
    units::{Units, is_substance, space},
    xml::{Xml, double},
};

/// The network as SBML Level 3 Version 2 core.
///
/// Ids are those of [`ids()`]; dotted names, values (shortest text that reads back exactly),
/// units, identities and sources are kept. Amounts and concentrations stay what they are
/// (`hasOnlySubstanceUnits`). A network that [`hersim_network::check`] accepts gives a document
/// that other simulators accept.
pub fn write(network: &Network) -> String {
    let mut writer = Document {
        network,
        ids: ids(network),
        units: Units::of(network),
        changed: changed(network),
        references: stoichiometries(network),
        followers: Vec::new(),
        written: 0,
        fast: network.symbols.iter().any(|s| matches!(&s.kind, SymbolKind::Reaction(r) if r.fast)),
        xml: Xml::new(),
    };
    writer.document();
    writer.xml.finish()
}

struct Document<'a> {
    network: &'a Network,
    ids: Vec<String>,
    units: Units,
    /// Symbols that a rule, an event or a reaction changes.
    changed: HashSet<SymbolId>,
    /// Symbols that are the stoichiometry of one participant, which then carries their name.
    references: HashSet<SymbolId>,
    /// Participants whose stoichiometry is that of a symbol with a life of its own: their ids, in
    /// order, and the symbol.
    followers: Vec<(String, SymbolId)>,
    /// How many of these have been written.
    written: usize,
    /// Whether a reaction is fast, which only versions before the last can say.
    fast: bool,
    xml: Xml,
}

/// Symbols that stand for stoichiometries and for nothing with a unit or a provenance.
fn stoichiometries(network: &Network) -> HashSet<SymbolId> {
    let mut seen = HashSet::new();
    let mut twice = HashSet::new();
    for symbol in &network.symbols {
        let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
        for id in reaction.reactants.iter().chain(&reaction.products).filter_map(|p| p.variable) {
            if !seen.insert(id) {
                twice.insert(id);
            }
        }
    }
    seen.retain(|id| !twice.contains(id) && network[*id].kind == SymbolKind::Parameter);
    seen
}

fn changed(network: &Network) -> HashSet<SymbolId> {
    let mut changed = HashSet::new();
    for (id, symbol) in network.iter() {
        if symbol.rule.is_some() {
            changed.insert(id);
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            let all = reaction.reactants.iter().chain(&reaction.products).map(|p| p.species);
            changed.extend(all.filter(|species| {
                !matches!(network[*species].kind, SymbolKind::Species { boundary: true, .. })
            }));
        }
    }
    for event in &network.events {
        changed.extend(event.assignments.iter().map(|(target, _)| *target));
    }
    changed
}

impl<'a> Document<'a> {
    fn document(&mut self) {
        if self.fast {
            self.xml.core = "http://www.sbml.org/sbml/level3/version1/core";
        }
        let (space, version) = (self.xml.core, if self.fast { "1" } else { "2" });
        let uncertain = self.network.symbols.iter().any(|s| !s.uncertainties.is_empty());
        self.xml.open(
            "sbml",
            &[
                ("xmlns", Some(space)),
                ("xmlns:distrib", uncertain.then_some(DISTRIB)),
                ("level", Some("3")),
                ("version", Some(version)),
                ("distrib:required", uncertain.then_some("true")),
            ],
        );
        let network = self.network;
        let mut taken: HashSet<String> = self.ids.iter().cloned().collect();
        let model = assign([network.id.as_str()].into_iter(), &mut taken).pop();
        self.follow(&mut taken);
        let metaid = has_annotation(&network.about).then_some("model_meta");
        let term = sbo(&network.about);
        let extent = self.extent();
        self.xml.open(
            "model",
            &[
                ("metaid", metaid),
                ("sboTerm", term.as_deref()),
                ("id", model.as_deref()),
                ("name", Some(network.about.display_name.as_deref().unwrap_or(&network.id))),
                ("timeUnits", self.units.id(network.time_unit.as_ref())),
                ("extentUnits", extent.as_deref()),
            ],
        );
        notes(&mut self.xml, network.about.notes.as_deref(), None, None);
        if let Some(metaid) = metaid {
            annotation(&mut self.xml, metaid, &network.about);
        }
        self.units.write(&mut self.xml);
        self.list("listOfCompartments", Document::compartment);
        self.list("listOfSpecies", Document::species);
        self.list("listOfParameters", Document::parameter);
        self.initial_assignments();
        self.rules(&mut taken);
        self.list("listOfReactions", Document::reaction);
        self.events(&mut taken);
    }

    /// Names the participants whose stoichiometry follows a symbol.
    fn follow(&mut self, taken: &mut HashSet<String>) {
        let network = self.network;
        for symbol in &network.symbols {
            let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
            for variable in
                reaction.reactants.iter().chain(&reaction.products).filter_map(|p| p.variable)
            {
                if !self.references.contains(&variable) {
                    let wish = format!("stoichiometry_{}", self.followers.len() + 1);
                    let id = assign([wish.as_str()].into_iter(), taken).pop().unwrap_or(wish);
                    self.followers.push((id, variable));
                }
            }
        }
    }

    /// The unit of reaction extents, when all species share one.
    fn extent(&self) -> Option<String> {
        let mut units = self.network.symbols.iter().filter_map(|symbol| match symbol.kind {
            SymbolKind::Species { .. } => Some(symbol.unit.as_ref()),
            _ => None,
        });
        let first = units.next()??;
        let same = is_substance(first) && units.all(|unit| unit == Some(first));
        same.then(|| self.units.id(Some(first)).map(str::to_string))?
    }

    /// Writes a list with an element for each symbol that `item` takes; no list when none is.
    fn list(&mut self, name: &str, item: fn(&mut Self, SymbolId, &'a Symbol) -> bool) {
        let network = self.network;
        let belongs = |symbol: &Symbol| {
            matches!(
                (name, &symbol.kind),
                ("listOfCompartments", SymbolKind::Compartment)
                    | ("listOfSpecies", SymbolKind::Species { .. })
                    | ("listOfParameters", SymbolKind::Parameter)
                    | ("listOfReactions", SymbolKind::Reaction(_))
            )
        };
        if !network.iter().any(|(id, s)| belongs(s) && !self.references.contains(&id)) {
            return;
        }
        self.xml.open(name, &[]);
        let all = network.iter().filter(|(_, symbol)| belongs(symbol));
        let all: Vec<_> = all.filter(|(id, _)| !self.references.contains(id)).collect();
        for (id, symbol) in all {
            if item(self, id, symbol) {
                uncertainty::write(&mut self.xml, &symbol.uncertainties, &self.ids);
                self.xml.close();
            }
        }
        self.xml.close();
    }

    /// Opens an element for a symbol with its common attributes, notes and annotation.
    fn open(&mut self, element: &str, id: SymbolId, more: &[(&str, Option<&str>)]) {
        let network = self.network;
        let symbol = &network[id];
        let sid = self.ids[id.0 as usize].clone();
        let own = (symbol.name.as_str(), &symbol.about, symbol.provenance.as_ref());
        self.element(element, &sid, own, more);
    }

    /// Opens an element with an id, given its name, what is said of it and its source.
    fn element(
        &mut self,
        element: &str,
        sid: &str,
        (dotted, about, provenance): (&str, &About, Option<&Provenance>),
        more: &[(&str, Option<&str>)],
    ) {
        let mut about = about.clone();
        about.annotations = references(&about.annotations, provenance);
        let metaid = has_annotation(&about).then(|| format!("meta_{sid}"));
        // A dotted name says more than words do; the words then go to the notes.
        let words = about.display_name.as_deref();
        let plain = dotted == sid && provenance.is_none();
        let name = words.filter(|_| plain).unwrap_or(dotted);
        let term = sbo(&about);
        let mut attributes = vec![
            ("metaid", metaid.as_deref()),
            ("sboTerm", term.as_deref()),
            ("id", Some(sid)),
            ("name", Some(name)),
        ];
        attributes.extend_from_slice(more);
        self.xml.open(element, &attributes);
        let words = words.filter(|_| !plain);
        notes(&mut self.xml, about.notes.as_deref(), words, provenance);
        if let Some(metaid) = &metaid {
            annotation(&mut self.xml, metaid, &about);
        }
    }

    fn is_constant(&self, id: SymbolId) -> &'static str {
        truth(self.network[id].constant && !self.changed.contains(&id))
    }

    fn compartment(&mut self, id: SymbolId, symbol: &Symbol) -> bool {
        let size = number(symbol);
        let units = self.units.id(symbol.unit.as_ref()).map(str::to_string);
        let attributes = [
            ("spatialDimensions", symbol.unit.as_ref().and_then(space)),
            ("size", size.as_deref()),
            ("units", units.as_deref()),
            ("constant", Some(self.is_constant(id))),
        ];
        self.open("compartment", id, &attributes);
        true
    }

    fn species(&mut self, id: SymbolId, symbol: &Symbol) -> bool {
        let SymbolKind::Species { compartment, amount, boundary } = symbol.kind else {
            return false;
        };
        let substance = symbol.unit.as_ref().filter(|unit| is_substance(unit));
        let units = self.units.id(substance).map(str::to_string);
        let initial = number(symbol);
        let key = if amount { "initialAmount" } else { "initialConcentration" };
        let container = self.ids[compartment.0 as usize].clone();
        let fixed = symbol.constant && !self.changed.contains(&id);
        let factor = symbol.conversion.map(|factor| self.ids[factor.0 as usize].clone());
        let attributes = [
            ("compartment", Some(&*container)),
            (key, initial.as_deref()),
            ("substanceUnits", units.as_deref()),
            ("hasOnlySubstanceUnits", Some(truth(amount))),
            ("boundaryCondition", Some(truth(boundary))),
            ("constant", Some(truth(fixed))),
            ("conversionFactor", factor.as_deref()),
        ];
        self.open("species", id, &attributes);
        if substance.is_none()
            && let Some(unit) = &symbol.unit
        {
            self.xml.comment(&format!("in {unit}, which SBML does not take for a substance"));
        }
        true
    }

    fn parameter(&mut self, id: SymbolId, symbol: &Symbol) -> bool {
        let value = number(symbol);
        let units = self.units.id(symbol.unit.as_ref()).map(str::to_string);
        let attributes = [
            ("value", value.as_deref()),
            ("units", units.as_deref()),
            ("constant", Some(self.is_constant(id))),
        ];
        self.open("parameter", id, &attributes);
        true
    }

    fn initial_assignments(&mut self) {
        let network = self.network;
        let formulas =
            network.iter().filter_map(|(id, symbol)| match (&symbol.value, &symbol.rule) {
                // A rule that holds at all times holds at the start; SBML takes only one of them.
                (Value::Formula(_), Some(Rule::Assignment(_))) => None,
                (Value::Formula(expr), _) => Some((id, expr)),
                _ => None,
            });
        let formulas: Vec<(SymbolId, &Expr)> = formulas.collect();
        if formulas.is_empty() {
            return;
        }
        self.xml.open("listOfInitialAssignments", &[]);
        for (id, expr) in formulas {
            let sid = self.ids[id.0 as usize].clone();
            self.xml.open("initialAssignment", &[("symbol", Some(&sid))]);
            math::write(&mut self.xml, expr, &self.ids);
            self.xml.close();
        }
        self.xml.close();
    }

    fn rules(&mut self, taken: &mut HashSet<String>) {
        let network = self.network;
        let ruled = network.symbols.iter().any(|symbol| symbol.rule.is_some());
        if !ruled && network.algebraic.is_empty() && self.followers.is_empty() {
            return;
        }
        self.xml.open("listOfRules", &[]);
        for (id, variable) in self.followers.clone() {
            self.xml.open("assignmentRule", &[("variable", Some(&id))]);
            math::write(&mut self.xml, &Expr::symbol(variable), &self.ids);
            self.xml.close();
        }
        let ids = assign(network.algebraic.iter().map(|rule| rule.name.as_str()), taken);
        for (Algebraic { name, expr, about }, id) in network.algebraic.iter().zip(ids) {
            if self.fast {
                // Rules have no ids in that version.
                self.xml.open("algebraicRule", &[]);
            } else {
                self.element("algebraicRule", &id, (name, about, None), &[]);
            }
            math::write(&mut self.xml, expr, &self.ids);
            self.xml.close();
        }
        for (id, symbol) in network.iter() {
            let (element, expr) = match &symbol.rule {
                Some(Rule::Assignment(expr)) => ("assignmentRule", expr),
                Some(Rule::Rate(expr)) => ("rateRule", expr),
                None => continue,
            };
            let sid = self.ids[id.0 as usize].clone();
            self.xml.open(element, &[("variable", Some(&sid))]);
            math::write(&mut self.xml, expr, &self.ids);
            self.xml.close();
        }
        self.xml.close();
    }

    fn reaction(&mut self, id: SymbolId, symbol: &'a Symbol) -> bool {
        let SymbolKind::Reaction(reaction) = &symbol.kind else {
            return false;
        };
        let fast = self.fast.then(|| truth(reaction.fast));
        let compartment = reaction.compartment.map(|c| self.ids[c.0 as usize].clone());
        let attributes = [
            ("reversible", Some(truth(reaction.reversible))),
            ("fast", fast),
            ("compartment", compartment.as_deref()),
        ];
        self.open("reaction", id, &attributes);
        self.side("listOfReactants", &reaction.reactants);
        self.side("listOfProducts", &reaction.products);
        self.modifiers(reaction);
        if reaction.rated {
            self.xml.open("kineticLaw", &[]);
            math::write(&mut self.xml, &reaction.rate, &self.ids);
            self.xml.close();
        }
        true
    }

    fn side(&mut self, list: &str, side: &[Participant]) {
        if side.is_empty() {
            return;
        }
        self.xml.open(list, &[]);
        for participant in side {
            let species = self.ids[participant.species.0 as usize].clone();
            let Some(variable) = participant.variable else {
                let attributes = [
                    ("species", Some(&*species)),
                    ("stoichiometry", Some(&*double(participant.stoichiometry))),
                    ("constant", Some("true")),
                ];
                self.xml.empty("speciesReference", &attributes);
                continue;
            };
            let own = self.references.contains(&variable);
            let id = if own {
                self.ids[variable.0 as usize].clone()
            } else {
                self.written += 1;
                self.followers.get(self.written - 1).map_or(String::new(), |f| f.0.clone())
            };
            let value = if own { number(&self.network[variable]) } else { None };
            let constant = if own { self.is_constant(variable) } else { "false" };
            let attributes = [
                ("id", Some(&*id)),
                ("species", Some(&*species)),
                ("stoichiometry", value.as_deref()),
                ("constant", Some(constant)),
            ];
            self.xml.empty("speciesReference", &attributes);
        }
        self.xml.close();
    }

    /// Species that the rate names without their taking part, which SBML wants declared.
    fn modifiers(&mut self, reaction: &Reaction) {
        let network = self.network;
        let mut seen: HashSet<SymbolId> =
            reaction.reactants.iter().chain(&reaction.products).map(|p| p.species).collect();
        let used = reaction.rate.symbols().into_iter().map(Modifier::new);
        let declared: Vec<&Modifier> =
            reaction.modifiers.iter().filter(|m| seen.insert(m.species)).collect();
        let used: Vec<Modifier> = used
            .filter(|m| matches!(network[m.species].kind, SymbolKind::Species { .. }))
            .filter(|m| seen.insert(m.species))
            .collect();
        let modifiers: Vec<&Modifier> = declared.into_iter().chain(&used).collect();
        if modifiers.is_empty() {
            return;
        }
        self.xml.open("listOfModifiers", &[]);
        for modifier in modifiers {
            let species = self.ids[modifier.species.0 as usize].clone();
            let term = modifier.sbo.map(|n| format!("SBO:{n:07}"));
            let attributes = [
                ("sboTerm", term.as_deref()),
                ("name", modifier.name.as_deref()),
                ("species", Some(&*species)),
            ];
            self.xml.empty("modifierSpeciesReference", &attributes);
        }
        self.xml.close();
    }

    fn events(&mut self, taken: &mut HashSet<String>) {
        let network = self.network;
        if network.events.is_empty() {
            return;
        }
        let ids = assign(network.events.iter().map(|event| event.name.as_str()), taken);
        self.xml.open("listOfEvents", &[]);
        for (event, id) in network.events.iter().zip(ids) {
            let Event { name, about, at_trigger, .. } = event;
            let values = [("useValuesFromTriggerTime", Some(truth(*at_trigger)))];
            self.element("event", &id, (name, about, None), &values);
            let attributes = [
                ("initialValue", Some(truth(event.initially))),
                ("persistent", Some(truth(event.persistent))),
            ];
            self.xml.open("trigger", &attributes);
            math::write_condition(&mut self.xml, &event.trigger, &self.ids);
            self.xml.close();
            for (element, expr) in [("priority", &event.priority), ("delay", &event.delay)] {
                if let Some(expr) = expr {
                    self.xml.open(element, &[]);
                    math::write(&mut self.xml, expr, &self.ids);
                    self.xml.close();
                }
            }
            if !event.assignments.is_empty() {
                self.xml.open("listOfEventAssignments", &[]);
                for (target, expr) in &event.assignments {
                    let variable = self.ids[target.0 as usize].clone();
                    self.xml.open("eventAssignment", &[("variable", Some(&variable))]);
                    math::write(&mut self.xml, expr, &self.ids);
                    self.xml.close();
                }
                self.xml.close();
            }
            self.xml.close();
        }
        self.xml.close();
    }
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// The value of a symbol, where it is a plain number.
fn number(symbol: &Symbol) -> Option<String> {
    match symbol.value {
        Value::Number(value) => Some(double(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
