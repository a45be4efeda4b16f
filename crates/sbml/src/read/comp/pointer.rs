//! Ways to elements of submodels: by id, by port, step by step.

use std::collections::HashMap;

use super::super::syntax::{Head, Model, Step, Submodel};

/// Ports may lead to one another this far.
const FURTHEST: usize = 100;

/// An element by its full name, or its submodel's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Id(String),
    Meta(String),
    /// A submodel with all that is in it.
    Model(String),
}

impl Target {
    /// The same element, seen from the model around.
    pub(super) fn within(self, submodel: &str) -> Target {
        let full = |name: String| format!("{submodel}.{name}");
        match self {
            Target::Id(name) => Target::Id(full(name)),
            Target::Meta(name) => Target::Meta(full(name)),
            Target::Model(name) => Target::Model(full(name)),
        }
    }

    /// Whether this is the element with such a head.
    pub(super) fn is(&self, head: &Head) -> bool {
        match self {
            Target::Id(name) => head.id == *name,
            Target::Meta(name) => head.meta.as_ref() == Some(name),
            Target::Model(_) => false,
        }
    }

    /// Whether this is the element with such a head, whose id does not count.
    pub(super) fn is_meta(&self, head: &Head) -> bool {
        matches!(self, Target::Meta(name) if head.meta.as_ref() == Some(name))
    }

    pub(super) fn is_id(&self, name: &str) -> bool {
        matches!(self, Target::Id(own) if own == name)
    }
}

/// Ports and submodels of a model, by which elements in it are found.
#[derive(Debug, Default)]
pub(super) struct Place {
    ports: HashMap<String, Vec<Step>>,
    /// Submodels by their metaids.
    metas: HashMap<String, String>,
    pub(super) children: HashMap<String, Place>,
}

impl Place {
    /// Of a model on its own; takes the ports out of it.
    pub(super) fn of(model: &mut Model, submodels: &[Submodel]) -> Place {
        let ports = std::mem::take(&mut model.ports);
        let meta = |s: &Submodel| Some((s.head.meta.clone()?, s.head.id.clone()));
        Place {
            ports: ports.into_iter().map(|(head, pointer)| (head.id, pointer.steps)).collect(),
            metas: submodels.iter().filter_map(meta).collect(),
            children: HashMap::new(),
        }
    }

    /// The element that these steps lead to.
    pub(super) fn find(&self, steps: &[Step]) -> Option<Target> {
        self.walk(steps.to_vec(), FURTHEST)
    }

    fn walk(&self, mut steps: Vec<Step>, left: usize) -> Option<Target> {
        let left = left.checked_sub(1)?;
        if steps.is_empty() {
            return None;
        }
        let first = steps.remove(0);
        let name = match &first {
            Step::Port(port) => {
                let mut way = self.ports.get(port)?.clone();
                way.append(&mut steps);
                return self.walk(way, left);
            }
            Step::Id(name) | Step::Unit(name) => name.clone(),
            Step::Meta(name) => self.metas.get(name).unwrap_or(name).clone(),
        };
        let inner = self.children.get(&name);
        match (inner, first, steps.is_empty()) {
            (Some(inner), _, false) => Some(inner.walk(steps, left)?.within(&name)),
            (Some(_), Step::Id(_) | Step::Meta(_), true) => Some(Target::Model(name)),
            (_, Step::Meta(name), true) => Some(Target::Meta(name)),
            (_, Step::Id(name) | Step::Unit(name), true) => Some(Target::Id(name)),
            _ => None,
        }
    }
}
