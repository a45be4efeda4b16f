//! Submodels into one flat list of names, with everything that is said of each.
//!
//! Nothing is decided here: a name collects what its own model, the models around it and the
//! tables say, each with the depth of the model that says it. `merge` then lets the outer text
//! win over the inner one.

mod flat;
mod submodel;
mod told;

use std::collections::HashMap;

use hersim_network::{Diagnostic, Span};
use hersim_units::Unit;

use crate::{
    about::Told,
    ast::{Declaration, EventText, Formula, How, Model, Name, ReactionText, Stated, Statement},
    program::{Program, twice},
    scope::{Place, Units},
    words::RESERVED,
};

pub(crate) use flat::{Facts, Flat, FlatEvent, FlatRule, Given, Instance, Known, Mention, Said};
/// Most submodels in one model.
const MOST_INSTANCES: usize = 10_000;

/// Spreads `model` (in `file`) and its submodels out.
pub(crate) fn flatten<'p>(
    program: &'p Program,
    file: usize,
    model: &'p Model,
    units: &mut Units<'p>,
    found: &mut Vec<Diagnostic>,
) -> Flat<'p> {
    let flat = Flat {
        instances: Vec::new(),
        nodes: Vec::new(),
        by_name: HashMap::new(),
        same: Vec::new(),
        mentions: Vec::new(),
        events: Vec::new(),
        algebraic: Vec::new(),
        interactions: Vec::new(),
        deleted: Vec::new(),
        converted: HashMap::new(),
        told: HashMap::new(),
    };
    let mut flattener =
        Flattener { program, units, found, flat, open: Vec::new(), submodels: HashMap::new() };
    flattener.instance(String::new(), file, model, None);
    flattener.check_submodel_names();
    flattener.check_deleted();
    flattener.flat
}

struct Flattener<'p, 'd> {
    program: &'p Program,
    units: &'d mut Units<'p>,
    found: &'d mut Vec<Diagnostic>,
    flat: Flat<'p>,
    /// Models being spread out, outermost first.
    open: Vec<&'p str>,
    submodels: HashMap<String, Span>,
}

impl<'p> Flattener<'p, '_> {
    fn instance(
        &mut self,
        prefix: String,
        file: usize,
        model: &'p Model,
        parent: Option<usize>,
    ) -> usize {
        let instance = self.flat.instances.len();
        let depth = self.open.len() as u32;
        let place = Place { file, model: Some(model) };
        let program = self.program;
        let table = program.files[file].table.as_ref();
        self.flat.instances.push(Instance {
            prefix,
            depth,
            place,
            model,
            table,
            broken: Vec::new(),
            parent,
            time: None,
            extent: None,
        });
        self.open.push(&model.name.path);
        for port in &model.ports {
            let node = self.seen(instance, port);
            self.flat.nodes[node].declared = true;
        }
        let mut anonymous = Anonymous::default();
        for stated in &model.body {
            self.statement(instance, stated, &mut anonymous);
        }
        // By now it is known which names are symbols.
        for stated in &model.body {
            match &stated.what {
                Statement::Field(text) => self.field(instance, text),
                Statement::Remark(name, remark) => {
                    self.remark(instance, name.as_ref(), remark, stated.span);
                }
                _ => {}
            }
        }
        self.rows(instance, file);
        self.open.pop();
        instance
    }

    fn seen(&mut self, instance: usize, name: &Name) -> usize {
        let full = format!("{}{}", self.flat.instances[instance].prefix, name.path);
        self.flat.node(full, name.span)
    }

    fn said<T>(
        &self,
        what: T,
        instance: usize,
        span: Span,
        (node, path): (usize, &str),
    ) -> Said<T> {
        Said { what, instance, node, span, explicit: path.contains('.') }
    }

    /// Where names need not be declared, those of a formula are variables.
    fn names_of(&mut self, instance: usize, formula: &Formula) {
        if !self.program.tolerant {
            return;
        }
        let mut names = Vec::new();
        formula.names(&mut |name| {
            // A unit in a formula is an old way to say units, and not a variable.
            let unit = name.len() > LONGEST_SYMBOL && Unit::base(name).is_some();
            if !name.contains('.') && !unit && !RESERVED.contains(&name) {
                names.push(name.to_string());
            }
        });
        for path in names {
            self.introduced(instance, &Name { path, span: formula.span });
        }
    }

    /// The node of a name that a statement introduces; dotted names must exist elsewhere.
    fn introduced(&mut self, instance: usize, name: &Name) -> usize {
        let node = self.seen(instance, name);
        if name.path.contains('.') {
            self.mention(instance, name, false);
        } else if !self.flat.nodes[node].declared {
            self.flat.nodes[node].declared = true;
            self.flat.nodes[node].span = name.span;
        }
        node
    }

    fn mention(&mut self, instance: usize, name: &Name, may_be_new: bool) -> usize {
        let node = self.seen(instance, name);
        let undotted = !name.path.contains('.');
        if self.program.tolerant && undotted && !self.flat.nodes[node].declared {
            self.flat.nodes[node].declared = true;
            self.flat.nodes[node].span = name.span;
        }
        let may_be_new = may_be_new && undotted;
        self.flat.mentions.push(Mention { node, instance, span: name.span, may_be_new });
        node
    }

    fn statement(&mut self, instance: usize, stated: &'p Stated, anonymous: &mut Anonymous) {
        match &stated.what {
            Statement::Declare(declaration) => self.declare(instance, declaration),
            // Looked at when all names are known.
            Statement::Unit(_) | Statement::Field(_) | Statement::Remark(..) => {}
            Statement::Reaction(text) => self.reaction(instance, text, stated.span, anonymous),
            Statement::Event(text) => self.event(instance, text, stated.span, anonymous),
            Statement::Submodel(submodel) => self.submodel(instance, submodel, anonymous),
            Statement::Same(a, b, factor) => {
                let inner = self.mention(instance, a, true);
                let outer = self.mention(instance, b, true);
                self.flat.nodes[inner].inner = true;
                self.flat.nodes[outer].outer = true;
                self.flat.same.push((inner, outer));
                if let Some(factor) = factor {
                    let factor = self.mention(instance, factor, false);
                    self.flat.converted.insert(inner, factor);
                }
            }
            Statement::Algebraic(name, formula) => {
                self.names_of(instance, formula);
                let name = name.as_ref().map_or_else(
                    || anonymous.next("_alg", |a| &mut a.rules),
                    |name| name.path.clone(),
                );
                let name = format!("{}{name}", self.flat.instances[instance].prefix);
                self.flat.algebraic.push(FlatRule { name, instance, formula });
            }
            Statement::Interaction(text) => {
                if text.name.is_none() {
                    // Numbered like a reaction without a name.
                    anonymous.next("_J", |a| &mut a.reactions);
                }
                for name in &text.modifiers {
                    let node = self.mention(instance, name, false);
                    self.flat.nodes[node].facts.used_as_species = true;
                }
                self.flat.interactions.push((instance, text));
            }
            Statement::Delete(name) => {
                let full = format!("{}{}", self.flat.instances[instance].prefix, name.path);
                self.flat.deleted.push((full, name.span));
            }
        }
    }

    fn event(
        &mut self,
        instance: usize,
        text: &'p EventText,
        span: Span,
        anonymous: &mut Anonymous,
    ) {
        let name = text
            .name
            .as_ref()
            .map_or_else(|| anonymous.next("_E", |a| &mut a.events), |name| name.path.clone());
        let name = format!("{}{name}", self.flat.instances[instance].prefix);
        for (target, value) in &text.assignments {
            self.mention(instance, target, false);
            self.names_of(instance, value);
        }
        for formula in text.delay.iter().chain(&text.priority).chain([&text.trigger]) {
            self.names_of(instance, formula);
        }
        if let Some(first) = self.flat.events.iter().find(|e| e.name == name) {
            self.found.push(twice("event", &name, span, first.span));
        }
        self.flat.events.push(FlatEvent { name, instance, text, span });
    }

    fn declare(&mut self, instance: usize, declaration: &'p Declaration) {
        let name = &declaration.name;
        let node = self.introduced(instance, name);
        let path = (node, name.path.as_str());
        let place = self.flat.instances[instance].place;
        if let Some(class) = declaration.class {
            let said = self.said(class, instance, name.span, path);
            self.flat.nodes[node].facts.class.push(said);
        }
        if let Some(constant) = declaration.constant {
            let said = self.said(constant, instance, name.span, path);
            self.flat.nodes[node].facts.constant.push(said);
        }
        self.flat.nodes[node].facts.boundary |= declaration.boundary;
        // Elsewhere anything may be in a compartment.
        self.flat.nodes[node].facts.used_as_species |=
            declaration.boundary || (declaration.compartment.is_some() && !self.program.tolerant);
        if let Some(compartment) = &declaration.compartment {
            let home = self.mention(instance, compartment, false);
            self.flat.nodes[home].facts.used_as_compartment = true;
            let said = self.said(home, instance, compartment.span, path);
            self.flat.nodes[node].facts.compartment.push(said);
        }
        if let Some(unit) = &declaration.unit
            && let Some(unit) = self.units.of(unit, place, self.found)
        {
            let said = self.said(
                unit,
                instance,
                declaration.unit.as_ref().map_or(name.span, |u| u.span()),
                path,
            );
            self.flat.nodes[node].facts.unit.push(said);
        }
        match &declaration.value {
            Some((How::Initial, formula)) => {
                self.names_of(instance, formula);
                let said =
                    self.said(Given::Text(formula), instance, name.span.to(formula.span), path);
                self.flat.nodes[node].facts.values.push(said);
            }
            Some((how, formula)) => {
                self.names_of(instance, formula);
                let what = (*how, Some(formula));
                let said = self.said(what, instance, name.span.to(formula.span), path);
                self.flat.nodes[node].facts.rules.push(said);
            }
            None => {}
        }
        match declaration.cleared {
            Some(How::Initial) => {
                let said = self.said(Given::Nothing, instance, name.span, path);
                self.flat.nodes[node].facts.values.push(said);
            }
            Some(how) => {
                let said = self.said((how, None), instance, name.span, path);
                self.flat.nodes[node].facts.rules.push(said);
            }
            None => {}
        }
    }

    fn reaction(
        &mut self,
        instance: usize,
        text: &'p ReactionText,
        span: Span,
        anonymous: &mut Anonymous,
    ) {
        let name = text
            .name
            .clone()
            .unwrap_or_else(|| Name { path: anonymous.next("_J", |a| &mut a.reactions), span });
        let node = self.introduced(instance, &name);
        let said = self.said(text, instance, name.span, (node, &name.path));
        self.flat.nodes[node].facts.reactions.push(said);
        for term in text.reactants.iter().chain(&text.products) {
            let species = self.mention(instance, &term.species, false);
            let facts = &mut self.flat.nodes[species].facts;
            facts.boundary |= term.boundary;
            facts.used_as_species |= self.program.tolerant;
            if let Some(variable) = &term.variable {
                self.mention(instance, variable, false);
            }
        }
        if let Some(compartment) = &text.compartment {
            let home = self.mention(instance, compartment, false);
            self.flat.nodes[home].facts.used_as_compartment = true;
            let said = self.said(home, instance, compartment.span, (node, &name.path));
            self.flat.nodes[node].facts.compartment.push(said);
        }
        text.rate.iter().for_each(|rate| self.names_of(instance, rate));
    }

    /// The numbers of the table beside the model's file.
    fn rows(&mut self, instance: usize, file: usize) {
        let program = self.program;
        let Some(table) = &program.files[file].table else { return };
        let model = self.flat.instances[instance].model;
        let place = self.flat.instances[instance].place;
        for row in
            table.rows.iter().filter(|r| crate::join::belongs(r, model, &program.files[file].text))
        {
            let name = Name { path: row.id.clone(), span: row.id_span };
            let node = self.introduced(instance, &name);
            let said = self.said(Given::Row(row), instance, row.span, (node, &row.id));
            self.flat.nodes[node].facts.values.push(said);
            if let Some(words) = &row.display_name {
                let depth = self.flat.instances[instance].depth;
                let full = self.flat.nodes[node].name.clone();
                let told = self.flat.told.entry(full).or_default();
                // What the text says goes before.
                told.insert(0, (depth, Told::Called(words)));
            }
            // Units are looked at for every row, used or not, so that every mistake is reported.
            let _ = self.units.written(&row.unit, row.unit_span, place, self.found);
        }
    }

    fn check_submodel_names(&mut self) {
        for (prefix, span) in &self.submodels {
            let name = prefix.trim_end_matches('.');
            if let Some(node) = self.flat.find(name) {
                let node = &self.flat.nodes[node];
                if node.declared {
                    self.found.push(twice("name", name, *span, node.span));
                }
            }
        }
    }
}

/// Unit symbols (`h`, `mol`) are common names of variables; words (`moles`) are not.
const LONGEST_SYMBOL: usize = 3;

/// How many parts of a model have no name.
#[derive(Default)]
struct Anonymous {
    reactions: u32,
    events: u32,
    rules: u32,
    submodels: u32,
}

impl Anonymous {
    fn next(&mut self, name: &str, count: impl Fn(&mut Self) -> &mut u32) -> String {
        let count = count(self);
        *count += 1;
        format!("{name}{}", *count - 1)
    }
}
