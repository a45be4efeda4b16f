//! From elements to a network: names resolved, functions written out, defaults applied.

mod formula;

use std::collections::{HashMap, HashSet};

use hersim_network::{
    Algebraic, Diagnostic, Event, Expr, Modifier, Network, Node, Participant, Quantity, Reaction,
    Rule, Span, Spread, Symbol, SymbolId, SymbolKind, Uncertainty, Value,
};

use super::{
    math::truth,
    syntax::{self, Head, Math, Model, Name, RuleKind},
    units::Units,
};
use hersim_network::BinaryOp;

/// Builds the network of a flat model.
pub(super) fn lower(model: &Model, level: u32) -> Result<Network, Vec<Diagnostic>> {
    let mut lowering = Lowering {
        network: Network::default(),
        functions: HashMap::new(),
        unknown: HashSet::new(),
        parts: 0,
        level: 0,
        found: Vec::new(),
    };
    lowering.model(model, level);
    if lowering.found.is_empty() { Ok(lowering.network) } else { Err(lowering.found) }
}

struct Lowering<'m> {
    network: Network,
    functions: HashMap<&'m str, &'m syntax::FunctionDefinition>,
    /// Names already reported.
    unknown: HashSet<String>,
    parts: usize,
    /// How deep the part that is being made stands in its formula.
    level: usize,
    found: Vec<Diagnostic>,
}

impl<'m> Lowering<'m> {
    fn model(&mut self, model: &'m Model, level: u32) {
        let units = Units::of(model, level);
        if let Some(head) = &model.head {
            self.network.id.clone_from(&head.id);
            self.network.about.clone_from(&head.about);
        }
        self.network.time_unit =
            units.get(model.time_units.as_ref()).or_else(|| units.builtin("time"));
        for definition in &model.units {
            let name = Name { text: definition.head.id.clone(), span: definition.head.span };
            if let Some(unit) = units.get(Some(&name)) {
                self.network.unit_names.push((name.text, unit));
            }
        }
        for function in &model.functions {
            if self.functions.insert(&function.head.id, function).is_some() {
                self.duplicate(&function.head);
            }
        }
        self.declare(model, &units);
        self.connect(model);
        self.values(model);
        self.rules(model);
        self.reactions(model);
        self.events(model);
        self.uncertainties(model);
    }

    /// What is said of how well values are known.
    fn uncertainties(&mut self, model: &'m Model) {
        let heads = (model.compartments.iter().map(|c| &c.head))
            .chain(model.species.iter().map(|s| &s.head))
            .chain(model.parameters.iter().map(|p| &p.head))
            .chain(model.reactions.iter().map(|r| &r.head));
        for head in heads {
            let Some(id) = self.network.find(&head.id) else { continue };
            let known: Vec<Uncertainty> =
                head.uncertainties.iter().map(|text| self.uncertainty(text)).collect();
            self.network[id].uncertainties = known;
        }
    }

    fn uncertainty(&mut self, text: &syntax::Uncertainty) -> Uncertainty {
        let mut quantity = |q: &syntax::Quantity| match q {
            syntax::Quantity::Number(number) => Some(Quantity::Number(*number)),
            syntax::Quantity::Name(name) => self.resolve(name, "parameter").map(Quantity::Symbol),
        };
        let spread = match &text.spread {
            None => None,
            Some(syntax::Spread::Value(value)) => quantity(value).map(Spread::Value),
            Some(syntax::Spread::Range(from, to)) => {
                quantity(from).zip(quantity(to)).map(|(from, to)| Spread::Range(from, to))
            }
            Some(syntax::Spread::Distribution(name, arguments)) => Some(Spread::Distribution(
                name.clone(),
                arguments.iter().map(|a| self.global(a)).collect(),
            )),
        };
        let definition = text.definition.clone();
        Uncertainty { statistic: text.statistic.clone(), spread, definition }
    }

    fn add(&mut self, head: &Head, kind: SymbolKind) -> Option<SymbolId> {
        let mut symbol = Symbol::new(head.id.clone(), kind);
        symbol.about.clone_from(&head.about);
        symbol.span = head.span;
        symbol.given = head.span;
        let added = self.network.add(symbol).ok();
        if added.is_none() && !head.id.is_empty() {
            self.duplicate(head);
        }
        added
    }

    fn duplicate(&mut self, head: &Head) {
        let mut d = Diagnostic::error("duplicate", format!("`{}` is declared twice", head.id))
            .at(head.span, "again here")
            .mend("give one of them another id");
        if let Some(first) = self.network.find(&head.id) {
            d = d.also(self.network[first].span, "first here");
        }
        self.found.push(d);
    }

    fn declare(&mut self, model: &'m Model, units: &Units) {
        for compartment in &model.compartments {
            let Some(id) = self.add(&compartment.head, SymbolKind::Compartment) else { continue };
            let space = match compartment.dimensions {
                1.0 => Some((0, "length")),
                2.0 => Some((1, "area")),
                3.0 => Some((2, "volume")),
                _ => None,
            };
            let default = space.and_then(|(i, name)| {
                units.get(model.space_units[i].as_ref()).or_else(|| units.builtin(name))
            });
            let symbol = &mut self.network[id];
            symbol.unit = units.get(compartment.units.as_ref()).or(default);
            symbol.constant = compartment.constant;
            symbol.value = match compartment.size {
                Some(size) => Value::Number(size),
                // A point has no size; what is in it is counted.
                None if compartment.dimensions == 0.0 => Value::Number(1.0),
                None => Value::Missing,
            };
        }
        for parameter in &model.parameters {
            self.parameter(parameter, units);
        }
        for species in &model.species {
            let Some(compartment) = self.resolve(&species.compartment, "compartment") else {
                // It is declared all the same.
                self.unknown.insert(species.head.id.clone());
                continue;
            };
            if self.network[compartment].kind != SymbolKind::Compartment {
                self.wrong_kind(&species.compartment, "a compartment");
                continue;
            }
            let point = (model.compartments.iter())
                .any(|c| c.head.id == species.compartment.text && c.dimensions == 0.0);
            let amount = species.only_substance || point;
            let kind = SymbolKind::Species { compartment, amount, boundary: species.boundary };
            let Some(id) = self.add(&species.head, kind) else { continue };
            let size = || Expr::symbol(compartment);
            let made = |op, number| Value::Formula(Expr::binary(op, Expr::number(number), size()));
            let symbol = &mut self.network[id];
            symbol.value = match (species.amount, species.concentration, amount) {
                (Some(n), _, true) | (None, Some(n), false) => Value::Number(n),
                (Some(n), _, false) => made(BinaryOp::Div, n),
                (None, Some(n), true) => made(BinaryOp::Mul, n),
                (None, None, _) => Value::Missing,
            };
            symbol.constant = species.constant;
            symbol.unit = (units.get(species.units.as_ref()))
                .or_else(|| units.get(model.substance_units.as_ref()))
                .or_else(|| units.builtin("substance"));
        }
        for reaction in &model.reactions {
            let empty = Reaction {
                reversible: reaction.reversible,
                fast: reaction.fast,
                rated: false,
                ..Reaction::new(Vec::new(), Vec::new(), Expr::number(0.0))
            };
            self.add(&reaction.head, SymbolKind::Reaction(Box::new(empty)));
            for reference in reaction.reactants.iter().chain(&reaction.products) {
                if reference.head.id.is_empty() {
                    continue;
                }
                if let Some(id) = self.add(&reference.head, SymbolKind::Parameter) {
                    let symbol = &mut self.network[id];
                    symbol.unit = Some(hersim_units::Unit::dimensionless());
                    symbol.constant = reference.constant;
                    symbol.value = reference.stoichiometry.map_or(Value::Missing, Value::Number);
                }
            }
            for parameter in reaction.law.iter().flat_map(|law| &law.locals) {
                let mut named = parameter.clone();
                named.head.id = format!("{}.{}", reaction.head.id, parameter.head.id);
                named.constant = true;
                self.parameter(&named, units);
            }
        }
    }

    fn parameter(&mut self, parameter: &syntax::Parameter, units: &Units) {
        if let Some(id) = self.add(&parameter.head, SymbolKind::Parameter) {
            let symbol = &mut self.network[id];
            symbol.value = parameter.value.map_or(Value::Missing, Value::Number);
            symbol.unit = units.get(parameter.units.as_ref());
            symbol.constant = parameter.constant;
        }
    }

    /// Conversion factors, which may be declared after what they convert.
    fn connect(&mut self, model: &'m Model) {
        for species in &model.species {
            let factor = species.conversion.as_ref().or(model.conversion.as_ref());
            if let (Some(id), Some(factor)) = (self.network.find(&species.head.id), factor) {
                self.network[id].conversion = self.resolve(factor, "parameter");
            }
        }
    }

    fn values(&mut self, model: &'m Model) {
        for assignment in &model.initial {
            let target = self.resolve(&assignment.target, "parameter");
            if let (Some(target), Some(math)) = (target, &assignment.math) {
                let expr = self.global(math);
                let symbol = &mut self.network[target];
                symbol.value = match expr.node {
                    Node::Number(number) => Value::Number(number),
                    _ => Value::Formula(expr),
                };
                symbol.given = assignment.target.span;
            }
        }
    }

    fn rules(&mut self, model: &'m Model) {
        for rule in &model.rules {
            let Some(math) = &rule.what.math else { continue };
            let expr = self.global(math);
            if rule.kind == RuleKind::Algebraic {
                let head = &rule.what.head;
                let number = self.network.algebraic.len();
                let unnamed = head.id.is_empty();
                let name = if unnamed { format!("_alg{number}") } else { head.id.clone() };
                let about = head.about.clone();
                self.network.algebraic.push(Algebraic { name, expr, about });
                continue;
            }
            let Some(target) = self.resolve(&rule.what.target, "parameter") else { continue };
            let name = &rule.what.target;
            if matches!(self.network[target].kind, SymbolKind::Reaction(_)) {
                self.wrong_kind(name, "something a rule can determine");
                continue;
            }
            if let Some(Rule::Assignment(first) | Rule::Rate(first)) = &self.network[target].rule {
                self.found.push(
                    Diagnostic::error("two-values", format!("`{}` has two rules", name.text))
                        .at(name.span, "again here")
                        .also(first.span, "first here")
                        .mend("keep one of them"),
                );
            }
            if self.is_fixed(target, name) {
                continue;
            }
            self.network[target].rule = Some(match rule.kind {
                RuleKind::Rate => Rule::Rate(expr),
                _ => Rule::Assignment(expr),
            });
        }
    }

    /// Complains when something is to change that is declared constant.
    fn is_fixed(&mut self, target: SymbolId, name: &Name) -> bool {
        let symbol = &self.network[target];
        if !symbol.constant {
            return false;
        }
        self.found.push(
            Diagnostic::error(
                "changes-constant",
                format!("`{}` is constant and yet to be changed", name.text),
            )
            .at(name.span, "")
            .also(symbol.span, "declared constant")
            .mend("declare it with `constant=\"false\"`"),
        );
        true
    }

    fn reactions(&mut self, model: &'m Model) {
        // Stoichiometries that something gives another value than the number written.
        let computed = model.initial.iter().filter(|a| {
            let math = a.math.as_ref();
            math.is_some_and(|m| !matches!(m.node, syntax::MathNode::Number(_)))
        });
        let set = model.events.iter().flat_map(|e| &e.assignments).filter(|a| a.math.is_some());
        let targets: HashSet<&str> = (computed.map(|a| &a.target))
            .chain(model.rules.iter().filter(|r| r.what.math.is_some()).map(|r| &r.what.target))
            .chain(set.map(|a| &a.target))
            .map(|name| name.text.as_str())
            .collect();
        let algebraic = model.rules.iter().any(|rule| rule.kind == RuleKind::Algebraic);
        for text in &model.reactions {
            let mut locals = HashMap::new();
            for parameter in text.law.iter().flat_map(|law| &law.locals) {
                let name = format!("{}.{}", text.head.id, parameter.head.id);
                if let Some(id) = self.network.find(&name) {
                    locals.insert(parameter.head.id.as_str(), id);
                }
            }
            let rate = match text.law.as_ref().and_then(|law| law.math.as_ref()) {
                Some(math) => self.with_locals(math, &locals),
                None => Expr::number(0.0),
            };
            let mut sides = [Vec::new(), Vec::new()];
            for (side, references) in sides.iter_mut().zip([&text.reactants, &text.products]) {
                for (index, reference) in references.iter().enumerate() {
                    let moved = targets.contains(reference.head.id.as_str()) || algebraic;
                    let made = self.participant(text, reference, index, moved);
                    side.extend(made);
                }
            }
            let mut modifiers = Vec::new();
            for one in &text.modifiers {
                modifiers.extend(self.resolve(&one.species, "species").map(|species| {
                    Modifier {
                        species,
                        name: Some(one.head.id.clone())
                            .filter(|id| !id.is_empty())
                            .or_else(|| one.head.about.display_name.clone()),
                        sbo: one.head.about.sbo,
                    }
                }));
            }
            let taking_part = sides.iter().flatten().map(|p| p.species);
            let mut known: HashSet<SymbolId> = modifiers.iter().map(|m| m.species).collect();
            known.extend(taking_part);
            // Whatever the rate depends on acts on the reaction, declared or not.
            modifiers.extend(
                (rate.symbols().into_iter())
                    .filter(|id| matches!(self.network[*id].kind, SymbolKind::Species { .. }))
                    .filter(|id| known.insert(*id))
                    .map(Modifier::new),
            );
            let compartment =
                text.compartment.as_ref().and_then(|c| self.resolve(c, "compartment"));
            let rated = text.law.as_ref().is_some_and(|law| law.math.is_some());
            let Some(id) = self.network.find(&text.head.id) else { continue };
            if let SymbolKind::Reaction(reaction) = &mut self.network[id].kind {
                let [reactants, products] = sides;
                reaction.reactants = reactants;
                reaction.products = products;
                reaction.modifiers = modifiers;
                reaction.rate = rate;
                reaction.rated = rated;
                reaction.compartment = compartment;
            }
        }
    }

    fn participant(
        &mut self,
        reaction: &syntax::Reaction,
        reference: &syntax::Reference,
        index: usize,
        moved: bool,
    ) -> Option<Participant> {
        let species = self.resolve(&reference.species, "species")?;
        if !matches!(self.network[species].kind, SymbolKind::Species { .. }) {
            self.wrong_kind(&reference.species, "a species");
            return None;
        }
        let own = self.network.find(&reference.head.id).filter(|_| !reference.head.id.is_empty());
        if let Some(math) = &reference.math {
            let expr = self.global(math);
            if let Node::Number(number) = expr.node {
                if let Some(own) = own {
                    self.network[own].value = Value::Number(number);
                }
                return Some(Participant::new(species, number));
            }
            let id = own.or_else(|| {
                let name = format!("{}.{}.{index}", reaction.head.id, reference.species.text);
                let head = Head { id: name, ..reference.head.clone() };
                self.add(&head, SymbolKind::Parameter)
            })?;
            let unit = &mut self.network[id].unit;
            *unit = unit.take().or_else(|| Some(hersim_units::Unit::dimensionless()));
            self.network[id].rule = Some(Rule::Assignment(expr));
            return Some(Participant { species, stoichiometry: 1.0, variable: Some(id) });
        }
        let variable = own.filter(|_| moved);
        let given = match own.map(|own| &self.network[own].value) {
            Some(Value::Number(number)) => Some(*number),
            _ => reference.stoichiometry,
        };
        match (given, variable) {
            (Some(stoichiometry), variable) => {
                Some(Participant { species, stoichiometry, variable })
            }
            (None, Some(_)) => Some(Participant { species, stoichiometry: 1.0, variable }),
            (None, None) => {
                let name = &reference.species;
                self.found.push(
                    Diagnostic::error(
                        "missing-value",
                        format!("the stoichiometry of `{}` is not given", name.text),
                    )
                    .at(name.span, "")
                    .mend("add `stoichiometry=\"1\"`, or set its id with a rule"),
                );
                None
            }
        }
    }

    fn events(&mut self, model: &'m Model) {
        for (index, text) in model.events.iter().enumerate() {
            let trigger = text.trigger.as_ref().and_then(|t| t.math.as_ref());
            // Without a condition it never happens.
            let Some(trigger) = trigger else { continue };
            let mut name = text.head.id.clone();
            if name.is_empty() {
                name = format!("event_{}", index + 1);
            }
            let trigger = self.global(&truth(trigger.clone()));
            let mut event = Event::new(name, trigger);
            let mut timing = |timing: &Option<syntax::Timing>| {
                let math = timing.as_ref()?.math.as_ref()?;
                Some(self.global(math))
            };
            event.delay = timing(&text.delay);
            event.priority = timing(&text.priority);
            event.initially = text.initially;
            event.persistent = text.persistent;
            event.at_trigger = text.at_trigger;
            event.span = text.head.span;
            event.about.clone_from(&text.head.about);
            for assignment in &text.assignments {
                let Some(target) = self.resolve(&assignment.target, "parameter") else { continue };
                if self.is_fixed(target, &assignment.target) {
                    continue;
                }
                if let Some(math) = &assignment.math {
                    let expr = self.global(math);
                    event.assignments.push((target, expr));
                }
            }
            self.network.events.push(event);
        }
    }

    /// What a name stands for; where nothing, it should be declared as such an element.
    fn resolve(&mut self, name: &Name, element: &str) -> Option<SymbolId> {
        let found = self.network.find(&name.text);
        if found.is_none() {
            self.unknown(&name.text, name.span, element);
        }
        found
    }

    fn unknown(&mut self, name: &str, span: Span, element: &str) {
        if name.is_empty() || !self.unknown.insert(name.to_string()) {
            return;
        }
        let mend = match self.network.nearest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it: `<{element} id=\"{name}\" …/>`"),
        };
        self.found.push(
            Diagnostic::error("unknown-name", format!("`{name}` is not declared"))
                .at(span, "")
                .mend(mend),
        );
    }

    fn wrong_kind(&mut self, name: &Name, wanted: &str) {
        self.found.push(
            Diagnostic::error("two-kinds", format!("`{}` is not {wanted}", name.text))
                .at(name.span, "")
                .mend(format!("name {wanted}")),
        );
    }
}
