//! Changing formulas: names that mean something else, time and extents in other units.

use std::collections::{HashMap, HashSet};

use hersim_network::{BinaryOp, Function};

use super::super::syntax::{Head, Math, MathNode, Model, Name, Parameter, RuleKind};
use super::visit::{Visitor, visit};

/// Puts the name of a submodel before every name in it.
pub(super) struct Prefix<'p>(pub(super) &'p str);

impl Prefix<'_> {
    pub(super) fn put(&self, text: &mut String) {
        if !text.is_empty() {
            text.insert(0, '.');
            text.insert_str(0, self.0);
        }
    }
}

impl Visitor for Prefix<'_> {
    fn head(&mut self, head: &mut Head) {
        self.put(&mut head.id);
        head.meta.iter_mut().for_each(|meta| self.put(meta));
        if head.home.is_empty() {
            head.home = self.0.to_string();
        } else {
            self.put(&mut head.home);
        }
    }

    fn name(&mut self, name: &mut Name) {
        self.put(&mut name.text);
    }

    fn math(&mut self, math: &mut Math, locals: &HashSet<String>) {
        change(math, &mut |part| match &mut part.node {
            MathNode::Name(name) if !locals.contains(name) => self.put(name),
            MathNode::User(name, _) => self.put(name),
            MathNode::Call(Function::RateOf, arguments) => {
                if let [Math { node: MathNode::Name(name), .. }] = arguments.as_mut_slice() {
                    self.put(name);
                }
            }
            _ => {}
        });
    }
}

/// Puts the name of a submodel before units that it defines.
pub(super) struct PrefixUnits<'p>(pub(super) &'p str, pub(super) &'p HashSet<String>);

impl Visitor for PrefixUnits<'_> {
    fn unit(&mut self, name: &mut Name) {
        if self.1.contains(&name.text) {
            Prefix(self.0).put(&mut name.text);
        }
    }
}

/// What a name means instead: another, and what the old value is multiplied with to give its.
pub(super) type Redirects = HashMap<String, (String, Option<Name>)>;

/// Lets names mean others.
pub(super) struct Redirect<'r>(pub(super) &'r Redirects);

impl Redirect<'_> {
    /// The formulas that give something a value that now means something else.
    pub(super) fn apply(&self, model: &mut Model) {
        let factor = |target: &Name| self.0.get(&target.text).and_then(|(_, f)| f.as_ref());
        let scale = |target: &Name, math: &mut Option<Math>| {
            if let (Some(factor), Some(math)) = (factor(target), math.as_mut()) {
                scaled(math, BinaryOp::Mul, factor);
            }
        };
        for one in &mut model.initial {
            scale(&one.target, &mut one.math);
        }
        for rule in &mut model.rules {
            scale(&rule.what.target, &mut rule.what.math);
        }
        for one in model.events.iter_mut().flat_map(|e| &mut e.assignments) {
            scale(&one.target, &mut one.math);
        }
        let mut named = Vec::new();
        for reaction in &mut model.reactions {
            for one in reaction.reactants.iter_mut().chain(&mut reaction.products) {
                if let Some(factor) = factor(&one.species) {
                    let span = one.species.span;
                    let count = one.math.take().unwrap_or_else(|| match one.head.id.as_str() {
                        "" => Math::number(one.stoichiometry.unwrap_or(1.0), span),
                        id => Math::name(id, span),
                    });
                    // The number keeps its name and its value; what the reaction uses is another.
                    if !one.head.id.is_empty() {
                        let head = one.head.clone();
                        let value = one.stoichiometry;
                        named.push(Parameter { head, value, units: None, constant: false });
                        one.head.id.clear();
                    }
                    one.math = Some(count);
                    one.math.iter_mut().for_each(|m| scaled(m, BinaryOp::Mul, factor));
                }
            }
        }
        model.parameters.extend(named);
        visit(model, &mut Redirect(self.0));
    }
}

impl Visitor for Redirect<'_> {
    fn name(&mut self, name: &mut Name) {
        if let Some((new, _)) = self.0.get(&name.text) {
            name.text.clone_from(new);
        }
    }

    fn unit(&mut self, name: &mut Name) {
        self.name(name);
    }

    fn math(&mut self, math: &mut Math, locals: &HashSet<String>) {
        change(math, &mut |part| {
            let span = part.span;
            let name = match &mut part.node {
                MathNode::Name(name) if !locals.contains(name) => name,
                MathNode::User(name, _) => name,
                MathNode::Call(Function::RateOf, arguments) => match arguments.as_mut_slice() {
                    [Math { node: MathNode::Name(name), .. }] => name,
                    _ => return,
                },
                _ => return,
            };
            let Some((new, factor)) = self.0.get(name) else { return };
            name.clone_from(new);
            if let Some(factor) = factor {
                let math = std::mem::replace(part, Math::number(0.0, span));
                let factor = Math::name(&factor.text, factor.span);
                *part = Math::binary(BinaryOp::Div, math, factor);
            }
        });
    }
}

/// Time and extents of a submodel in units of the model around it.
pub(super) struct Rescale<'r> {
    pub(super) time: Option<&'r Name>,
    pub(super) extent: Option<&'r Name>,
    /// Reactions of the submodel.
    pub(super) reactions: &'r HashSet<String>,
}

impl Rescale<'_> {
    pub(super) fn apply(&mut self, model: &mut Model) {
        if self.time.is_none() && self.extent.is_none() {
            return;
        }
        visit(model, self);
        if let Some(time) = self.time {
            for rule in model.rules.iter_mut().filter(|r| r.kind == RuleKind::Rate) {
                rule.what.math.iter_mut().for_each(|m| scaled(m, BinaryOp::Div, time));
            }
            for delay in model.events.iter_mut().flat_map(|e| &mut e.delay) {
                delay.math.iter_mut().for_each(|m| scaled(m, BinaryOp::Mul, time));
            }
        }
        for law in model.reactions.iter_mut().flat_map(|r| &mut r.law) {
            let Some(math) = &mut law.math else { continue };
            self.extent.iter().for_each(|extent| scaled(math, BinaryOp::Mul, extent));
            self.time.iter().for_each(|time| scaled(math, BinaryOp::Div, time));
        }
    }
}

impl Visitor for Rescale<'_> {
    fn math(&mut self, math: &mut Math, locals: &HashSet<String>) {
        change(math, &mut |part| match &mut part.node {
            MathNode::Time => {
                self.time.iter().for_each(|time| scaled(part, BinaryOp::Div, time));
            }
            MathNode::Call(Function::Delay, arguments) => {
                if let (Some(time), Some(lag)) = (self.time, arguments.get_mut(1)) {
                    scaled(lag, BinaryOp::Mul, time);
                }
            }
            MathNode::Call(Function::RateOf, _) => {
                self.time.iter().for_each(|time| scaled(part, BinaryOp::Mul, time));
            }
            MathNode::Name(name) if self.reactions.contains(name) && !locals.contains(name) => {
                self.time.iter().for_each(|time| scaled(part, BinaryOp::Mul, time));
                self.extent.iter().for_each(|extent| scaled(part, BinaryOp::Div, extent));
            }
            _ => {}
        });
    }
}

fn scaled(math: &mut Math, op: BinaryOp, factor: &Name) {
    let span = math.span;
    let old = std::mem::replace(math, Math::number(0.0, span));
    *math = Math::binary(op, old, Math::name(&factor.text, factor.span));
}

/// Changes every part of a formula, innermost first; the argument of `rateOf` is part of it.
pub(super) fn change(math: &mut Math, by: &mut dyn FnMut(&mut Math)) {
    match &mut math.node {
        MathNode::Number(_) | MathNode::Name(_) | MathNode::Time => {}
        MathNode::Neg(a) | MathNode::Not(a) => change(a, by),
        MathNode::Binary(_, a, b) => {
            change(a, by);
            change(b, by);
        }
        MathNode::Call(Function::RateOf, _) => {}
        MathNode::Call(_, arguments) | MathNode::User(_, arguments) => {
            arguments.iter_mut().for_each(|a| change(a, by));
        }
        MathNode::Piecewise(cases, otherwise) => {
            for (value, condition) in cases {
                change(value, by);
                change(condition, by);
            }
            otherwise.iter_mut().for_each(|a| change(a, by));
        }
    }
    by(math);
}
