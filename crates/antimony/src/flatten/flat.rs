//! The flat list of names, and what is said of each.

use std::collections::HashMap;

use hersim_network::{Diagnostic, Span, nearest};
use hersim_units::Unit;

use crate::{
    about::Told,
    ast::{Class, EventText, FieldValue, Formula, How, InteractionText, Model, ReactionText},
    scope::Place,
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
    pub(super) by_name: HashMap<String, usize>,
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

    pub(super) fn node(&mut self, full: String, span: Span) -> usize {
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
