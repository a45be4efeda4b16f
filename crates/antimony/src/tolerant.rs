//! Names that are declared nowhere, as Antimony takes them: what stands in a reaction is a species,
//! what something is in is a compartment, and everything else is a variable.

use std::collections::HashSet;

use hersim_network::Span;
use hersim_units::Unit;

use crate::ast::{Class, Declaration, Formula, Model, Name, Stated, Statement};

/// Names with a meaning of their own.
const KNOWN: [&str; 14] = [
    "time",
    "pi",
    "exponentiale",
    "avogadro",
    "inf",
    "infinity",
    "INF",
    "nan",
    "NaN",
    "NAN",
    "notanumber",
    "true",
    "false",
    "model",
];

/// Unit symbols (`h`, `mol`) are common names of variables; words (`moles`) are not.
const LONGEST_SYMBOL: usize = 3;

/// Declares at the end of a model what it uses and does not declare.
pub(crate) fn declare_all(model: &mut Model) {
    let mut known: HashSet<String> = model.ports.iter().map(|p| p.path.clone()).collect();
    let mut classed: HashSet<String> = KNOWN.iter().map(ToString::to_string).collect();
    for stated in &model.body {
        match &stated.what {
            Statement::Declare(declaration) => {
                // `A = 1` names something and does not say what it is.
                let into = if declaration.class.is_some() { &mut classed } else { &mut known };
                into.insert(declaration.name.path.clone());
            }
            Statement::Reaction(text) => classed.extend(text.name.iter().map(|n| n.path.clone())),
            Statement::Event(text) => classed.extend(text.name.iter().map(|n| n.path.clone())),
            Statement::Submodel(submodel) => classed.extend([submodel.name.path.clone()]),
            _ => {}
        }
    }
    let mut missing = Missing { known, classed, made: Vec::new() };
    // What a name is used as says what it is, before formulas make it a variable.
    for stated in &model.body {
        match &stated.what {
            Statement::Reaction(text) => {
                for term in text.reactants.iter().chain(&text.products) {
                    missing.name(&term.species, Some(Class::Species { amount: false }));
                }
            }
            Statement::Declare(declaration) => {
                // `x in y` alone does not say what x is.
                let species = |name: &str| {
                    model.body.iter().any(|s| match &s.what {
                        Statement::Declare(d) => d.name.path == name && d.class.is_some(),
                        Statement::Reaction(t) => {
                            t.reactants.iter().chain(&t.products).any(|t| t.species.path == name)
                        }
                        _ => false,
                    })
                };
                if let Some(compartment) = &declaration.compartment
                    && species(&declaration.name.path)
                {
                    missing.name(compartment, Some(Class::Compartment));
                }
            }
            _ => {}
        }
    }
    for stated in &model.body {
        match &stated.what {
            Statement::Declare(declaration) => {
                if let Some((_, formula)) = &declaration.value {
                    missing.formula(formula);
                }
            }
            Statement::Reaction(text) => missing.formula(&text.rate),
            Statement::Event(text) => {
                missing.formula(&text.trigger);
                for (target, value) in &text.assignments {
                    missing.name(target, None);
                    missing.formula(value);
                }
            }
            Statement::Called(name, _) | Statement::Annotate(name, ..) => missing.name(name, None),
            // The other name, or the submodel's port, may say what it is.
            Statement::Submodel(_) | Statement::Same(..) => {}
            Statement::Unit(_) | Statement::AnnotateModel(..) => {}
        }
    }
    model.body.append(&mut missing.made);
}

struct Missing {
    /// Names that stand in a declaration, a value or a port.
    known: HashSet<String>,
    /// Names of which it is said what they are.
    classed: HashSet<String>,
    made: Vec<Stated>,
}

impl Missing {
    fn formula(&mut self, formula: &Formula) {
        let span = formula.span;
        formula.names(&mut |name| {
            // A unit in a formula is an old way to say units, and not a variable.
            if name.len() <= LONGEST_SYMBOL || Unit::base(name).is_none() {
                self.declare(name, span, None);
            }
        });
    }

    fn name(&mut self, name: &Name, class: Option<Class>) {
        self.declare(&name.path, name.span, class);
    }

    fn declare(&mut self, path: &str, span: Span, class: Option<Class>) {
        let new = match class {
            Some(_) => self.classed.insert(path.to_string()),
            None => !self.classed.contains(path) && self.known.insert(path.to_string()),
        };
        if path.contains('.') || !new {
            return;
        }
        let declaration = Declaration {
            name: Name { path: path.to_string(), span },
            class,
            constant: None,
            boundary: false,
            compartment: None,
            value: None,
            unit: None,
        };
        self.made.push(Stated { what: Statement::Declare(declaration), span });
    }
}
