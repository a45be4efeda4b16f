//! Everything in a model that has a name, mentions one or is a formula.

use std::collections::HashSet;

use super::super::syntax::{
    Assignment, Event, Head, Law, Math, MathNode, Model, Name, Parameter, Quantity, Reaction,
    Reference, Spread,
};
use super::{convert::change, pointer::Target};

/// Looks at the parts of a model, and may change them.
pub(super) trait Visitor {
    /// What an element is called.
    fn head(&mut self, _: &mut Head) {}
    /// A mention of something that has an id.
    fn name(&mut self, _: &mut Name) {}
    /// A mention of a unit.
    fn unit(&mut self, _: &mut Name) {}
    /// A formula, and the names that mean something of their own within it.
    fn math(&mut self, _: &mut Math, _: &HashSet<String>) {}
}

/// Shows all parts of a model to a visitor, except submodels and ports.
pub(super) fn visit(model: &mut Model, v: &mut dyn Visitor) {
    let none = HashSet::new();
    for unit in &mut model.units {
        v.head(&mut unit.head);
    }
    for function in &mut model.functions {
        v.head(&mut function.head);
        let bound: HashSet<String> = function.arguments.iter().cloned().collect();
        if let Some(body) = &mut function.body {
            v.math(body, &bound);
        }
    }
    for compartment in &mut model.compartments {
        known(&mut compartment.head, v);
        compartment.units.iter_mut().for_each(|u| v.unit(u));
    }
    for species in &mut model.species {
        known(&mut species.head, v);
        v.name(&mut species.compartment);
        species.units.iter_mut().for_each(|u| v.unit(u));
        species.conversion.iter_mut().for_each(|n| v.name(n));
    }
    for parameter in &mut model.parameters {
        self::parameter(parameter, v);
    }
    for assignment in &mut model.initial {
        self::assignment(assignment, v);
    }
    for rule in &mut model.rules {
        self::assignment(&mut rule.what, v);
    }
    for reaction in &mut model.reactions {
        self::reaction(reaction, v);
    }
    for event in &mut model.events {
        self::event(event, &none, v);
    }
    for constraint in &mut model.constraints {
        v.head(constraint);
    }
}

/// An element whose value may be uncertain.
fn known(head: &mut Head, v: &mut dyn Visitor) {
    v.head(head);
    for uncertainty in &mut head.uncertainties {
        let mut quantity = |q: &mut Quantity| {
            if let Quantity::Name(name) = q {
                v.name(name);
            }
        };
        match &mut uncertainty.spread {
            None => {}
            Some(Spread::Value(value)) => quantity(value),
            Some(Spread::Range(from, to)) => {
                quantity(from);
                quantity(to);
            }
            Some(Spread::Distribution(_, arguments)) => {
                arguments.iter_mut().for_each(|a| v.math(a, &HashSet::new()));
            }
        }
    }
}

fn parameter(parameter: &mut Parameter, v: &mut dyn Visitor) {
    known(&mut parameter.head, v);
    parameter.units.iter_mut().for_each(|u| v.unit(u));
}

fn assignment(assignment: &mut Assignment, v: &mut dyn Visitor) {
    v.head(&mut assignment.head);
    // An algebraic rule sets nothing.
    if !assignment.target.text.is_empty() {
        v.name(&mut assignment.target);
    }
    if let Some(math) = &mut assignment.math {
        v.math(math, &HashSet::new());
    }
}

fn reaction(reaction: &mut Reaction, v: &mut dyn Visitor) {
    known(&mut reaction.head, v);
    reaction.compartment.iter_mut().for_each(|c| v.name(c));
    for reference in reaction.reactants.iter_mut().chain(&mut reaction.products) {
        self::reference(reference, v);
    }
    for modifier in &mut reaction.modifiers {
        v.head(&mut modifier.head);
        v.name(&mut modifier.species);
    }
    if let Some(law) = &mut reaction.law {
        self::law(law, v);
    }
}

fn reference(reference: &mut Reference, v: &mut dyn Visitor) {
    v.head(&mut reference.head);
    v.name(&mut reference.species);
    if let Some(math) = &mut reference.math {
        v.math(math, &HashSet::new());
    }
}

fn law(law: &mut Law, v: &mut dyn Visitor) {
    v.head(&mut law.head);
    let locals: HashSet<String> = law.locals.iter().map(|l| l.head.id.clone()).collect();
    for local in &mut law.locals {
        // Its id is known within the law only.
        let id = std::mem::take(&mut local.head.id);
        parameter(local, v);
        local.head.id = id;
    }
    if let Some(math) = &mut law.math {
        v.math(math, &locals);
    }
}

fn event(event: &mut Event, none: &HashSet<String>, v: &mut dyn Visitor) {
    v.head(&mut event.head);
    for timing in [&mut event.trigger, &mut event.delay, &mut event.priority].into_iter().flatten()
    {
        v.head(&mut timing.head);
        if let Some(math) = &mut timing.math {
            v.math(math, none);
        }
    }
    event.assignments.iter_mut().for_each(|a| assignment(a, v));
}

/// Takes out of a model every element that `gone` picks; gives their heads.
pub(super) fn remove(model: &mut Model, gone: &dyn Fn(&Head) -> bool) -> Vec<Head> {
    let mut heads = Vec::new();
    macro_rules! sift {
        ($list:expr, $($path:ident).+) => {
            $list.retain(|one| {
                let goes = gone(&one.$($path).+);
                if goes {
                    heads.push(one.$($path).+.clone());
                }
                !goes
            })
        };
    }
    sift!(model.units, head);
    sift!(model.functions, head);
    sift!(model.compartments, head);
    sift!(model.species, head);
    sift!(model.parameters, head);
    sift!(model.initial, head);
    sift!(model.rules, what.head);
    sift!(model.reactions, head);
    sift!(model.events, head);
    for reaction in &mut model.reactions {
        sift!(reaction.reactants, head);
        sift!(reaction.products, head);
        sift!(reaction.modifiers, head);
        if let Some(law) = reaction.law.take() {
            if gone(&law.head) {
                heads.push(law.head);
            } else {
                reaction.law = Some(law);
            }
        }
    }
    for event in &mut model.events {
        sift!(event.assignments, head);
        for timing in [&mut event.trigger, &mut event.delay, &mut event.priority] {
            if let Some(head) = timing.as_ref().map(|t| &t.head).filter(|head| gone(head)) {
                heads.push(head.clone());
                *timing = None;
            }
        }
    }
    model.constraints.retain(|head| {
        let goes = gone(head);
        if goes {
            heads.push(head.clone());
        }
        !goes
    });
    heads
}

/// Takes a parameter out of the rate law that it belongs to; in the law its name then means
/// `stands`, or what has that name around the law.
pub(super) fn remove_local(
    model: &mut Model,
    target: &Target,
    stands: Option<&str>,
) -> Option<Head> {
    for law in model.reactions.iter_mut().flat_map(|r| &mut r.law) {
        let Some(at) = law.locals.iter().position(|l| target.is_meta(&l.head)) else { continue };
        let local = law.locals.remove(at);
        let home = &local.head.home;
        let outside = if home.is_empty() {
            local.head.id.clone()
        } else {
            format!("{home}.{}", local.head.id)
        };
        let new = stands.unwrap_or(&outside);
        if let Some(math) = &mut law.math {
            change(math, &mut |part| {
                if let MathNode::Name(name) = &mut part.node
                    && *name == local.head.id
                {
                    *name = new.to_string();
                }
            });
        }
        return Some(local.head);
    }
    None
}

/// The head of an element.
pub(super) fn find(model: &mut Model, target: &Target) -> Option<Head> {
    struct Find<'t>(&'t Target, Option<Head>);
    impl Visitor for Find<'_> {
        fn head(&mut self, head: &mut Head) {
            if self.1.is_none() && self.0.is(head) {
                self.1 = Some(head.clone());
            }
        }
    }
    let mut find = Find(target, None);
    visit(model, &mut find);
    find.1
}

/// Gives an element the name of another.
pub(super) fn rename(model: &mut Model, old: &Head, new: &Head) {
    struct Rename<'h>(&'h Head, &'h Head);
    impl Visitor for Rename<'_> {
        fn head(&mut self, head: &mut Head) {
            if head.id == self.0.id && head.meta == self.0.meta {
                head.id.clone_from(&self.1.id);
                if self.1.meta.is_some() {
                    head.meta.clone_from(&self.1.meta);
                }
            }
        }
    }
    visit(model, &mut Rename(old, new));
}

/// The ids of all elements.
pub(super) fn ids(model: &mut Model) -> Vec<String> {
    struct Ids(Vec<String>);
    impl Visitor for Ids {
        fn head(&mut self, head: &mut Head) {
            if !head.id.is_empty() {
                self.0.push(head.id.clone());
            }
        }
    }
    let mut ids = Ids(Vec::new());
    visit(model, &mut ids);
    ids.0
}
