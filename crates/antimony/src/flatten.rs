//! Submodels into one flat list of names, with everything that is said of each.
//!
//! Nothing is decided here: a name collects what its own model, the models around it and the
//! tables say, each with the depth of the model that says it. `merge` then lets the outer text
//! win over the inner one.

use std::collections::HashMap;

use hersim_network::{Annotation, Diagnostic, Span, nearest};
use hersim_units::Unit;

use crate::{
    ast::{
        Class, Declaration, EventText, Formula, How, Model, Name, ReactionText, Stated, Statement,
        Submodel,
    },
    program::{Program, twice},
    scope::{Place, Units},
    table::{Row, Table},
};

/// One use of a model.
pub(crate) struct Instance<'p> {
    /// Empty, or a path that ends with a dot.
    pub(crate) prefix: String,
    pub(crate) depth: u32,
    pub(crate) place: Place<'p>,
    pub(crate) model: &'p Model,
    /// The table beside its file.
    pub(crate) table: Option<&'p Table>,
    /// Submodels that could not be made; nothing is concluded about names in them.
    pub(crate) broken: Vec<String>,
}

/// Something that is said, by which instance, and where.
#[derive(Clone, Debug)]
pub(crate) struct Said<T> {
    pub(crate) what: T,
    pub(crate) instance: usize,
    pub(crate) span: Span,
    /// Said from outside by a dotted name.
    pub(crate) explicit: bool,
}

/// A number or formula for the start.
#[derive(Clone, Copy)]
pub(crate) enum Given<'p> {
    Text(&'p Formula),
    Row(&'p Row),
}

/// All that is said of one full name.
#[derive(Default)]
pub(crate) struct Facts<'p> {
    pub(crate) class: Vec<Said<Class>>,
    pub(crate) compartment: Vec<Said<usize>>,
    pub(crate) constant: Vec<Said<bool>>,
    pub(crate) boundary: bool,
    /// Used like a species (`$X`, `X in c`) without being called one.
    pub(crate) used_as_species: bool,
    pub(crate) used_as_compartment: bool,
    pub(crate) unit: Vec<Said<Unit>>,
    pub(crate) values: Vec<Said<Given<'p>>>,
    pub(crate) rules: Vec<Said<(How, &'p Formula)>>,
    pub(crate) reactions: Vec<Said<&'p ReactionText>>,
    pub(crate) called: Vec<Said<&'p str>>,
    pub(crate) annotations: Vec<Annotation>,
}

/// One full name.
pub(crate) struct Node<'p> {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// True when a port list, a declaration, a value or a table row introduces it.
    pub(crate) declared: bool,
    /// True when it was on the right of `is`, or an argument: the name that stays.
    pub(crate) outer: bool,
    pub(crate) facts: Facts<'p>,
}

/// A name that some statement relies on.
pub(crate) struct Mention {
    pub(crate) node: usize,
    pub(crate) instance: usize,
    pub(crate) span: Span,
    /// A submodel's result may be given a new name here.
    pub(crate) may_be_new: bool,
}

/// An event and who states it.
pub(crate) struct FlatEvent<'p> {
    pub(crate) name: String,
    pub(crate) instance: usize,
    pub(crate) text: &'p EventText,
    pub(crate) span: Span,
}

/// The flat list.
pub(crate) struct Flat<'p> {
    pub(crate) instances: Vec<Instance<'p>>,
    pub(crate) nodes: Vec<Node<'p>>,
    by_name: HashMap<String, usize>,
    /// Pairs of names that are one, inner first.
    pub(crate) same: Vec<(usize, usize)>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) events: Vec<FlatEvent<'p>>,
    pub(crate) annotations: Vec<Annotation>,
}

impl<'p> Flat<'p> {
    /// The name with this full path.
    pub(crate) fn find(&self, full: &str) -> Option<usize> {
        self.by_name.get(full).copied()
    }

    /// The name with this path as seen from an instance.
    pub(crate) fn seen_from(&self, instance: usize, path: &str) -> Option<usize> {
        self.find(&format!("{}{path}", self.instances[instance].prefix))
    }

    /// True when something that could not be read may have introduced the name.
    pub(crate) fn may_be_unread(&self, instance: usize, path: &str) -> bool {
        let from = &self.instances[instance];
        let first = path.split('.').next().unwrap_or(path);
        let row = from
            .table
            .is_some_and(|t| t.unread.iter().any(|r| r == path) || (t.unreadable && first == path));
        if row
            || from.model.unread.contains(path)
            || from.model.unread.contains(first)
            || from.broken.iter().any(|b| b == first)
        {
            return true;
        }
        let Some((owner, last)) = path.rsplit_once('.') else { return false };
        let prefix = format!("{}{owner}.", from.prefix);
        self.instances.iter().any(|i| {
            let within = prefix.strip_prefix(&i.prefix);
            (i.prefix == prefix && i.model.unread.contains(last))
                || within.is_some_and(|w| i.broken.iter().any(|b| w.split('.').next() == Some(b)))
        })
    }

    /// The error for a name that nothing introduces.
    pub(crate) fn unknown(&self, instance: usize, path: &str, span: Span) -> Diagnostic {
        let from = &self.instances[instance];
        let mut message = format!("`{path}` is not declared in model `{}`", from.model.name.path);
        if let Some((owner, last)) = path.rsplit_once('.') {
            let prefix = format!("{}{owner}.", from.prefix);
            message = if self.instances.iter().any(|i| i.prefix == prefix) {
                format!("there is no `{last}` in `{owner}`")
            } else {
                format!("there is no submodel `{owner}`")
            };
        }
        let known = self
            .nodes
            .iter()
            .filter(|n| n.declared)
            .filter_map(|n| n.name.strip_prefix(&from.prefix))
            .filter(|n| n.matches('.').count() <= path.matches('.').count());
        let diagnostic = Diagnostic::error("unknown-name", message).at(span, "not known here");
        match nearest(path, known) {
            Some(near) => diagnostic.mend(format!("did you mean `{near}`?")),
            None if path.contains('.') => diagnostic.mend("check the name in the submodel's file"),
            None => diagnostic.mend(format!(
                "declare it (`species {path} in …`, `var {path}`, a port) or give it a row in the table"
            )),
        }
    }

    fn node(&mut self, full: String, span: Span) -> usize {
        if let Some(&node) = self.by_name.get(&full) {
            return node;
        }
        let node = self.nodes.len();
        self.by_name.insert(full.clone(), node);
        self.nodes.push(Node {
            name: full,
            span,
            declared: false,
            outer: false,
            facts: Facts::default(),
        });
        node
    }
}

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
        annotations: Vec::new(),
    };
    let mut flattener =
        Flattener { program, units, found, flat, open: Vec::new(), submodels: HashMap::new() };
    flattener.instance(String::new(), file, model);
    flattener.check_submodel_names();
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
    fn instance(&mut self, prefix: String, file: usize, model: &'p Model) -> usize {
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
        });
        self.open.push(&model.name.path);
        for port in &model.ports {
            let node = self.seen(instance, port);
            self.flat.nodes[node].declared = true;
        }
        let mut anonymous = (0, 0);
        for stated in &model.body {
            self.statement(instance, stated, &mut anonymous);
        }
        self.rows(instance, file);
        self.open.pop();
        instance
    }

    fn seen(&mut self, instance: usize, name: &Name) -> usize {
        let full = format!("{}{}", self.flat.instances[instance].prefix, name.path);
        self.flat.node(full, name.span)
    }

    fn said<T>(&self, what: T, instance: usize, span: Span, path: &str) -> Said<T> {
        Said { what, instance, span, explicit: path.contains('.') }
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
        let may_be_new = may_be_new && !name.path.contains('.');
        self.flat.mentions.push(Mention { node, instance, span: name.span, may_be_new });
        node
    }

    fn statement(&mut self, instance: usize, stated: &'p Stated, anonymous: &mut (u32, u32)) {
        match &stated.what {
            Statement::Declare(declaration) => self.declare(instance, declaration),
            Statement::Unit(_) => {}
            Statement::Reaction(text) => {
                self.reaction(instance, text, stated.span, &mut anonymous.0)
            }
            Statement::Event(text) => {
                let name = text.name.as_ref().map_or_else(
                    || {
                        anonymous.1 += 1;
                        format!("_E{}", anonymous.1 - 1)
                    },
                    |n| n.path.clone(),
                );
                let name = format!("{}{name}", self.flat.instances[instance].prefix);
                for (target, _) in &text.assignments {
                    self.mention(instance, target, false);
                }
                if let Some(first) = self.flat.events.iter().find(|e| e.name == name) {
                    self.found.push(twice("event", &name, stated.span, first.span));
                }
                self.flat.events.push(FlatEvent { name, instance, text, span: stated.span });
            }
            Statement::Submodel(submodel) => self.submodel(instance, submodel),
            Statement::Same(a, b) => {
                let inner = self.mention(instance, a, true);
                let outer = self.mention(instance, b, true);
                self.flat.nodes[outer].outer = true;
                self.flat.same.push((inner, outer));
            }
            Statement::Called(name, words) => {
                // Reactions and events may be named before they are stated, and events have no node.
                let node = self.seen(instance, name);
                let said = self.said(words.as_str(), instance, stated.span, &name.path);
                self.flat.nodes[node].facts.called.push(said);
                self.relied_on_later(instance, name, node);
            }
            Statement::Annotate(name, qualifier, resources) => {
                let node = self.seen(instance, name);
                self.flat.nodes[node].facts.annotations.extend(annotations(qualifier, resources));
                self.relied_on_later(instance, name, node);
            }
            Statement::AnnotateModel(qualifier, resources) => {
                for annotation in annotations(qualifier, resources) {
                    let keep = instance == 0 || annotation.qualifier == "isDescribedBy";
                    if keep && !self.flat.annotations.contains(&annotation) {
                        self.flat.annotations.push(annotation);
                    }
                }
            }
        }
    }

    fn relied_on_later(&mut self, instance: usize, name: &Name, node: usize) {
        self.flat.mentions.push(Mention { node, instance, span: name.span, may_be_new: false });
    }

    fn declare(&mut self, instance: usize, declaration: &'p Declaration) {
        let name = &declaration.name;
        let path = name.path.as_str();
        let node = self.introduced(instance, name);
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
        self.flat.nodes[node].facts.used_as_species |=
            declaration.boundary || declaration.compartment.is_some();
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
                let said =
                    self.said(Given::Text(formula), instance, name.span.to(formula.span), path);
                self.flat.nodes[node].facts.values.push(said);
            }
            Some((how, formula)) => {
                let said = self.said((*how, formula), instance, name.span.to(formula.span), path);
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
        anonymous: &mut u32,
    ) {
        let name = text.name.clone().unwrap_or_else(|| {
            *anonymous += 1;
            Name { path: format!("_J{}", *anonymous - 1), span }
        });
        let node = self.introduced(instance, &name);
        let said = self.said(text, instance, name.span, &name.path);
        self.flat.nodes[node].facts.reactions.push(said);
        for term in text.reactants.iter().chain(&text.products) {
            let species = self.mention(instance, &term.species, false);
            self.flat.nodes[species].facts.boundary |= term.boundary;
        }
    }

    fn submodel(&mut self, instance: usize, submodel: &'p Submodel) {
        let prefix = format!("{}{}.", self.flat.instances[instance].prefix, submodel.name.path);
        if let Some(first) = self.submodels.insert(prefix.clone(), submodel.name.span) {
            self.found.push(twice("submodel", &submodel.name.path, submodel.name.span, first));
            return;
        }
        let Some((file, model)) = self.program.model(&submodel.model.path) else {
            self.flat.instances[instance].broken.push(submodel.name.path.clone());
            self.unknown_model(submodel);
            return;
        };
        if let Some(first) = self.open.iter().position(|m| *m == model.name.path) {
            let ring: Vec<&str> =
                self.open[first..].iter().copied().chain([model.name.path.as_str()]).collect();
            self.flat.instances[instance].broken.push(submodel.name.path.clone());
            self.found.push(
                Diagnostic::error(
                    "cyclic-model",
                    format!("a model cannot hold itself: {}", ring.join(" -> ")),
                )
                .at(submodel.model.span, "this closes the ring")
                .mend("remove this submodel"),
            );
            return;
        }
        if self.flat.instances.len() >= MOST_INSTANCES || self.open.len() > 60 {
            self.flat.instances[instance].broken.push(submodel.name.path.clone());
            self.found.push(
                Diagnostic::error(
                    "too-many-submodels",
                    "there are more submodels than can be handled",
                )
                .at(submodel.name.span, "")
                .mend("use fewer submodels"),
            );
            return;
        }
        let inner = self.instance(prefix, file, model);
        if submodel.arguments.len() > model.ports.len() {
            let extra = &submodel.arguments[model.ports.len()];
            self.found.push(
                Diagnostic::error(
                    "too-many-ports",
                    format!(
                        "model `{}` has {} ports, {} are given",
                        model.name.path,
                        model.ports.len(),
                        submodel.arguments.len()
                    ),
                )
                .at(extra.span, "")
                .also(model.name.span, "defined here")
                .mend("leave it out, or add a port to the model"),
            );
        }
        for (port, argument) in model.ports.iter().zip(&submodel.arguments) {
            let inside = self.seen(inner, port);
            let outside = self.mention(instance, argument, true);
            self.flat.nodes[outside].outer = true;
            self.flat.same.push((inside, outside));
        }
    }

    fn unknown_model(&mut self, submodel: &Submodel) {
        if self.program.incomplete {
            return;
        }
        let diagnostic = Diagnostic::error(
            "unknown-model",
            format!("there is no model `{}`", submodel.model.path),
        )
        .at(submodel.model.span, "");
        self.found.push(match nearest(&submodel.model.path, self.program.model_names()) {
            Some(near) => diagnostic.mend(format!("did you mean `{near}`?")),
            None => diagnostic.mend("import the file that defines it"),
        });
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
            let said = self.said(Given::Row(row), instance, row.span, &row.id);
            self.flat.nodes[node].facts.values.push(said);
            if let Some(words) = &row.display_name {
                let said = self.said(words.as_str(), instance, row.span, &row.id);
                self.flat.nodes[node].facts.called.push(said);
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

fn annotations(qualifier: &str, resources: &[String]) -> Vec<Annotation> {
    resources
        .iter()
        .map(|uri| Annotation { qualifier: qualifier.to_string(), resource: uri.clone() })
        .collect()
}
