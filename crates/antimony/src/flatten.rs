//! Submodels into one flat list of names, with everything that is said of each.
//!
//! Nothing is decided here: a name collects what its own model, the models around it and the
//! tables say, each with the depth of the model that says it. `merge` then lets the outer text
//! win over the inner one.

use std::collections::{HashMap, HashSet};

use hersim_network::{Diagnostic, Span, nearest};
use hersim_units::Unit;

use crate::{
    about::Told,
    ast::{
        Class, Declaration, EventText, FieldText, FieldValue, Formula, FormulaNode, How,
        InteractionText, Model, Name, ReactionText, Remark, Stated, Statement, Submodel,
    },
    fields::{Field, field_of},
    program::{Program, twice},
    scope::{Place, Units},
    table::{Row, Table},
    words::RESERVED,
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
    /// The model around it.
    pub(crate) parent: Option<usize>,
    /// Names, outside, of how many units of time and extent there one in here is.
    pub(crate) time: Option<usize>,
    pub(crate) extent: Option<usize>,
}

/// Something that is said, by which instance, and where.
#[derive(Clone, Debug)]
pub(crate) struct Said<T> {
    pub(crate) what: T,
    pub(crate) instance: usize,
    /// The name it is said of.
    pub(crate) node: usize,
    pub(crate) span: Span,
    /// Said from outside by a dotted name.
    pub(crate) explicit: bool,
}

/// A number or formula for the start.
#[derive(Clone, Copy)]
pub(crate) enum Given<'p> {
    Text(&'p Formula),
    Row(&'p Row),
    /// What an inner text gives is taken away.
    Nothing,
}

/// What is said of how well a value is known.
#[derive(Clone, Copy)]
pub(crate) enum Known<'p> {
    Value(&'p FieldValue),
    Definition(&'p str),
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
    pub(crate) rules: Vec<Said<(How, Option<&'p Formula>)>>,
    pub(crate) reactions: Vec<Said<&'p ReactionText>>,
    /// Statistics of the value.
    pub(crate) known: Vec<Said<(&'static str, Known<'p>)>>,
}

impl Facts<'_> {
    /// Whether it is something that changes by itself.
    pub(crate) fn changes(&self) -> bool {
        let species = |c: &Said<Class>| matches!(c.what, Class::Species { .. });
        self.used_as_species
            || self.class.iter().any(species)
            || !self.reactions.is_empty()
            || !self.rules.is_empty()
    }
}

/// One full name.
pub(crate) struct Node<'p> {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// True when a port list, a declaration, a value or a table row introduces it.
    pub(crate) declared: bool,
    /// True when it was on the right of `is`, or an argument: the name that stays.
    pub(crate) outer: bool,
    /// True when it was on the left of `is`, or a port that is given.
    pub(crate) inner: bool,
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

/// An algebraic rule and who states it.
pub(crate) struct FlatRule<'p> {
    pub(crate) name: String,
    pub(crate) instance: usize,
    pub(crate) formula: &'p Formula,
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
    pub(crate) algebraic: Vec<FlatRule<'p>>,
    pub(crate) interactions: Vec<(usize, &'p InteractionText)>,
    /// Full names that are deleted; what is inside goes with them.
    pub(crate) deleted: Vec<(String, Span)>,
    /// How many units of the outer name one of an inner name is.
    pub(crate) converted: HashMap<usize, usize>,
    /// What is said for people and catalogues, by full name; of the model, under no name.
    pub(crate) told: HashMap<String, Vec<(u32, Told<'p>)>>,
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

    /// Whether a full name, or something it is in, is deleted.
    pub(crate) fn is_deleted(&self, full: &str) -> bool {
        self.deleted.iter().any(|(gone, _)| {
            full.strip_prefix(gone.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Whether a full name is that of something that is no symbol.
    pub(crate) fn is_no_symbol(&self, full: &str) -> bool {
        self.events.iter().any(|e| e.name == full)
            || self.algebraic.iter().any(|r| r.name == full)
            || self.instances.iter().any(|i| i.prefix.strip_suffix('.') == Some(full))
            || self.interactions.iter().any(|(instance, i)| {
                let prefix = &self.instances[*instance].prefix;
                i.name.as_ref().is_some_and(|n| full.strip_prefix(prefix.as_str()) == Some(&n.path))
            })
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
            inner: false,
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

    /// `x.sboTerm = 3`, unless `x` is a submodel that has a symbol of that name.
    fn field(&mut self, instance: usize, text: &'p FieldText) {
        let name = &text.name;
        let full = format!("{}{}", self.flat.instances[instance].prefix, name.path);
        let symbol = self.flat.find(&full).is_some_and(|n| self.flat.nodes[n].declared);
        if let (true, FieldValue::One(formula)) = (symbol, &text.value) {
            self.names_of(instance, formula);
            let node = self.introduced(instance, name);
            let said = self.said(Given::Text(formula), instance, name.span, (node, &name.path));
            self.flat.nodes[node].facts.values.push(said);
            return;
        }
        let Some((owner, _)) = name.path.rsplit_once('.') else { return };
        let owner = Name { path: owner.to_string(), span: name.span };
        match field_of(&name.path) {
            Some(Field::Sbo) => self.sbo(instance, &owner, text),
            Some(Field::Statistic(statistic)) => {
                match &text.value {
                    FieldValue::One(value) => self.names_of_value(instance, value),
                    FieldValue::Range(from, to) => {
                        self.names_of_value(instance, from);
                        self.names_of_value(instance, to);
                    }
                }
                let node = self.introduced(instance, &owner);
                let what = (statistic, Known::Value(&text.value));
                let said = self.said(what, instance, name.span, (node, &name.path));
                self.flat.nodes[node].facts.known.push(said);
            }
            None => {}
        }
    }

    /// Distributions are no functions of formulas, but their parameters are formulas.
    fn names_of_value(&mut self, instance: usize, value: &Formula) {
        match &value.node {
            FormulaNode::Call(_, arguments) => {
                arguments.iter().for_each(|a| self.names_of(instance, a));
            }
            _ => self.names_of(instance, value),
        }
    }

    fn sbo(&mut self, instance: usize, owner: &Name, text: &'p FieldText) {
        let number = match &text.value {
            FieldValue::One(value) => value.as_number(),
            FieldValue::Range(..) => None,
        };
        let whole = number.filter(|n| n.fract() == 0.0 && (0.0..1e7).contains(n));
        let Some(number) = whole else {
            self.found.push(
                Diagnostic::error("bad-number", "an SBO term is a number of up to seven digits")
                    .at(text.name.span, "")
                    .mend("for example `x.sboTerm = 247`"),
            );
            return;
        };
        let model = owner.path == self.flat.instances[instance].model.name.path;
        let owner = (!model).then_some(owner);
        self.tell(instance, owner, Told::Sbo(number as u32), text.name.span);
    }

    fn remark(&mut self, instance: usize, name: Option<&'p Name>, remark: &'p Remark, span: Span) {
        if let (Some(name), Remark::Called(words)) = (name, remark)
            && let Some(Field::Statistic(statistic)) = field_of(&name.path)
            && self.flat.seen_from(instance, &name.path).is_none()
        {
            let owner = name.path.rsplit_once('.').map_or("", |(owner, _)| owner).to_string();
            let node = self.introduced(instance, &Name { path: owner, span: name.span });
            let what = (statistic, Known::Definition(words));
            let said = self.said(what, instance, span, (node, &name.path));
            self.flat.nodes[node].facts.known.push(said);
            return;
        }
        self.tell(instance, name, Told::Remark(remark), span);
    }

    /// Of a part, or of the model.
    fn tell(&mut self, instance: usize, name: Option<&Name>, told: Told<'p>, span: Span) {
        let depth = self.flat.instances[instance].depth;
        let Some(name) = name else {
            let source = matches!(told, Told::Remark(Remark::Annotate("isDescribedBy", _)));
            if instance == 0 || (source && !self.program.tolerant) {
                self.flat.told.entry(String::new()).or_default().push((depth, told));
            }
            return;
        };
        let full = format!("{}{}", self.flat.instances[instance].prefix, name.path);
        if !self.flat.is_no_symbol(&full) {
            let node = self.seen(instance, name);
            let may_be_new = false;
            self.flat.mentions.push(Mention { node, instance, span: name.span, may_be_new });
            if self.program.tolerant && !name.path.contains('.') && !self.flat.nodes[node].declared
            {
                self.flat.nodes[node].declared = true;
                self.flat.nodes[node].span = span;
            }
        }
        self.flat.told.entry(full).or_default().push((depth, told));
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

    fn submodel(&mut self, instance: usize, submodel: &'p Submodel, anonymous: &mut Anonymous) {
        let name = match submodel.name.path.as_str() {
            "" => anonymous.next("_sys", |a| &mut a.submodels),
            path => path.to_string(),
        };
        let prefix = format!("{}{name}.", self.flat.instances[instance].prefix);
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
        let inner = self.instance(prefix, file, model, Some(instance));
        self.flat.instances[inner].time = self.conversion(instance, "timeconv", &submodel.time);
        self.flat.instances[inner].extent =
            self.conversion(instance, "extentconv", &submodel.extent);
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
            self.flat.nodes[inside].inner = true;
            self.flat.nodes[outside].outer = true;
            self.flat.same.push((inside, outside));
        }
    }

    /// The name that holds a conversion factor of a submodel; a number gets one.
    fn conversion(
        &mut self,
        instance: usize,
        name: &str,
        factor: &'p Option<Formula>,
    ) -> Option<usize> {
        let factor = factor.as_ref()?;
        if let FormulaNode::Name(path) = &factor.node {
            return Some(self.mention(
                instance,
                &Name { path: path.clone(), span: factor.span },
                false,
            ));
        }
        if factor.as_number().is_none() {
            self.found.push(
                Diagnostic::error("unsupported", "a conversion by a formula cannot be read")
                    .at(factor.span, "")
                    .mend("give the formula a name, and convert by that"),
            );
            return None;
        }
        let mut path = name.to_string();
        while self.flat.seen_from(instance, &path).is_some() {
            path.push('_');
        }
        let node = self.introduced(instance, &Name { path: path.clone(), span: factor.span });
        let said = self.said(Given::Text(factor), instance, factor.span, (node, &path));
        self.flat.nodes[node].facts.values.push(said);
        Some(node)
    }

    /// What is deleted must be there, and must not go by another name as well.
    fn check_deleted(&mut self) {
        let joined: HashSet<usize> = self.flat.same.iter().flat_map(|(a, b)| [*a, *b]).collect();
        for (full, span) in &self.flat.deleted {
            let node = self.flat.find(full);
            let mut diagnostic = None;
            if node.is_none_or(|n| !self.flat.nodes[n].declared) && !self.flat.is_no_symbol(full) {
                let what = format!("there is no `{full}` to delete");
                diagnostic = Some(Diagnostic::error("unknown-name", what).mend("check the name"));
            } else if node.is_some_and(|n| joined.contains(&n)) {
                let what = format!("deleting `{full}`, which is also called otherwise,");
                let what = format!("{what} cannot be read");
                let made = Diagnostic::error("unsupported", what);
                diagnostic = Some(made.mend("leave out the `is`, or the `delete`"));
            }
            self.found.extend(diagnostic.map(|d| d.at(*span, "")));
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
