//! The data types of a reaction network.

use std::collections::HashMap;

use hersim_units::Unit;

use crate::{About, Expr, Span, Uncertainty};

/// Index of a symbol in [`Network::symbols`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub u32);

/// What a symbol stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum SymbolKind {
    /// A volume (or area) that species live in.
    Compartment,
    /// A quantity changed by reactions.
    Species {
        /// The compartment it is in.
        compartment: SymbolId,
        /// True when the symbol means an amount wherever it stands in a formula; false when it
        /// means a concentration (amount divided by the compartment's size).
        amount: bool,
        /// True when reactions do not change it.
        boundary: bool,
    },
    /// Any other number: constant, assigned by a rule, or with a rate rule.
    Parameter,
    /// A reaction; in a formula the symbol means its rate.
    Reaction(Box<Reaction>),
}

/// Where an initial or constant value comes from.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Not given anywhere.
    #[default]
    Missing,
    /// A number, in the symbol's own unit.
    Number(f64),
    /// An initial assignment, evaluated once before time starts.
    Formula(Expr),
}

/// A rule that holds at all times.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The symbol equals the expression.
    Assignment(Expr),
    /// The symbol's time derivative equals the expression (per time unit of the network).
    Rate(Expr),
}

/// One name of the network.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Flat, dotted name, unique in the network.
    pub name: String,
    /// What it stands for.
    pub kind: SymbolKind,
    /// Unit of the symbol as it stands in formulas, except for species, where it is always the
    /// unit of the *amount*; see [`Network::formula_unit`].
    pub unit: Option<Unit>,
    /// Initial or constant value (species: amount or concentration as `amount` says).
    pub value: Value,
    /// Rule that determines it, if any.
    pub rule: Option<Rule>,
    /// True when nothing may change it after the start.
    pub constant: bool,
    /// Names, remarks and references.
    pub about: About,
    /// How well its value is known, where the text says so.
    pub uncertainties: Vec<Uncertainty>,
    /// For a species: what turns an extent of reaction into its amount, where they differ.
    pub conversion: Option<SymbolId>,
    /// Row of the parameter table that gave the number.
    pub provenance: Option<Provenance>,
    /// Where it was declared.
    pub span: Span,
    /// Where its value was given; [`Span::NONE`] when nowhere.
    pub given: Span,
}

impl Symbol {
    /// A symbol with nothing but a name and a kind, made rather than written.
    pub fn new(name: impl Into<String>, kind: SymbolKind) -> Self {
        Symbol {
            name: name.into(),
            kind,
            unit: None,
            value: Value::Missing,
            rule: None,
            constant: false,
            about: About::default(),
            uncertainties: Vec::new(),
            conversion: None,
            provenance: None,
            span: Span::NONE,
            given: Span::NONE,
        }
    }
}

/// A reaction and its rate law.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction {
    /// Consumed species.
    pub reactants: Vec<Participant>,
    /// Produced species.
    pub products: Vec<Participant>,
    /// Species that the rate depends on without being consumed, as declared.
    pub modifiers: Vec<Modifier>,
    /// Whether the text calls it reversible.
    pub reversible: bool,
    /// Whether it is so fast that it is always at equilibrium.
    pub fast: bool,
    /// Rate in amount per time.
    pub rate: Expr,
    /// Whether the text gives a rate; without one `rate` is zero.
    pub rated: bool,
    /// Where it takes place, as declared; this changes nothing.
    pub compartment: Option<SymbolId>,
}

impl Reaction {
    /// An irreversible reaction with no modifiers.
    pub fn new(reactants: Vec<Participant>, products: Vec<Participant>, rate: Expr) -> Self {
        Reaction {
            reactants,
            products,
            modifiers: Vec::new(),
            reversible: false,
            fast: false,
            rate,
            rated: true,
            compartment: None,
        }
    }
}

/// A species that a rate depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    /// The species.
    pub species: SymbolId,
    /// Name of the influence, where it has one.
    pub name: Option<String>,
    /// Term of the Systems Biology Ontology that says how it acts.
    pub sbo: Option<u32>,
}

impl Modifier {
    /// A species of which no more is said.
    pub fn new(species: SymbolId) -> Self {
        Modifier { species, name: None, sbo: None }
    }
}

/// One side entry of a reaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Participant {
    /// The species.
    pub species: SymbolId,
    /// How many of it.
    pub stoichiometry: f64,
    /// The symbol whose value is the stoichiometry instead, where it has a name of its own.
    pub variable: Option<SymbolId>,
}

impl Participant {
    /// A fixed number of a species.
    pub fn new(species: SymbolId, stoichiometry: f64) -> Self {
        Participant { species, stoichiometry, variable: None }
    }
}

/// A discrete event: when the trigger turns true, the assignments happen.
#[derive(Clone, Debug)]
pub struct Event {
    /// Flat, dotted name.
    pub name: String,
    /// Condition.
    pub trigger: Expr,
    /// Whether the trigger counts as false before time zero, so that it may fire at the start
    /// (`false`), or as true (`true`).
    pub initially: bool,
    /// Time between the trigger and the assignments.
    pub delay: Option<Expr>,
    /// Among events that are due at once, the one with the largest priority happens first.
    pub priority: Option<Expr>,
    /// False when an event that is due is dropped once its trigger turns false again.
    pub persistent: bool,
    /// Whether the new values are computed when the trigger turns true, rather than when the
    /// assignments happen.
    pub at_trigger: bool,
    /// New values, all computed before any is set.
    pub assignments: Vec<(SymbolId, Expr)>,
    /// Names, remarks and references.
    pub about: About,
    /// Where it was declared.
    pub span: Span,
}

impl Event {
    /// An event that happens as soon as its trigger turns true, and sets nothing yet.
    pub fn new(name: impl Into<String>, trigger: Expr) -> Self {
        Event {
            name: name.into(),
            trigger,
            initially: true,
            delay: None,
            priority: None,
            persistent: true,
            at_trigger: true,
            assignments: Vec::new(),
            about: About::default(),
            span: Span::NONE,
        }
    }
}

/// A formula that is zero at all times, which determines a symbol that nothing else does.
#[derive(Clone, Debug)]
pub struct Algebraic {
    /// Flat, dotted name.
    pub name: String,
    /// The formula.
    pub expr: Expr,
    /// Names, remarks and references.
    pub about: About,
}

/// How firmly a number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Read from a measurement or a published fit.
    Measured,
    /// Fitted or tuned within this project.
    Fitted,
    /// Assumed; the note says why.
    Assumed,
}

/// On which scale a number is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// As it is.
    #[default]
    Linear,
    /// Its decimal logarithm.
    Log10,
}

/// What a parameter table says of a number besides the number.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// Literature source, as written.
    pub source: String,
    /// How firmly it is known.
    pub status: Status,
    /// Spread between patients or cells, as written (`lognormal(cv=40%)`), if any.
    pub variability: Option<String>,
    /// Uncertainty of the estimate, as written, if any.
    pub uncertainty: Option<String>,
    /// Lower bound, in the symbol's unit.
    pub lower: Option<f64>,
    /// Upper bound, in the symbol's unit.
    pub upper: Option<f64>,
    /// Scale on which it is estimated.
    pub scale: Scale,
    /// Whether a fit may move it; then both bounds are given.
    pub estimate: bool,
    /// Remarks.
    pub note: String,
    /// The table row.
    pub span: Span,
}

/// A flat reaction network.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Identifier.
    pub id: String,
    /// All names. [`SymbolId`] indexes this.
    pub symbols: Vec<Symbol>,
    /// Events.
    pub events: Vec<Event>,
    /// What is zero at all times.
    pub algebraic: Vec<Algebraic>,
    /// Unit of time; rates are per this.
    pub time_unit: Option<Unit>,
    /// Names, remarks and references of the model itself.
    pub about: About,
    /// Names of units the text defined, for writing them out again.
    pub unit_names: Vec<(String, Unit)>,
    index: HashMap<String, SymbolId>,
}

impl Network {
    /// An empty network.
    pub fn new(id: impl Into<String>) -> Self {
        Network { id: id.into(), ..Network::default() }
    }

    /// Adds a symbol; the name must be new.
    ///
    /// # Errors
    /// Gives the symbol back when its name is taken.
    pub fn add(&mut self, symbol: Symbol) -> Result<SymbolId, Box<Symbol>> {
        if self.index.contains_key(&symbol.name) {
            return Err(Box::new(symbol));
        }
        let id = SymbolId(self.symbols.len() as u32);
        self.index.insert(symbol.name.clone(), id);
        self.symbols.push(symbol);
        Ok(id)
    }

    /// The symbol with this flat name.
    pub fn find(&self, name: &str) -> Option<SymbolId> {
        self.index.get(name).copied()
    }

    /// The known name that looks most like `name`, for error messages.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        crate::diagnostic::nearest(name, self.symbols.iter().map(|s| s.name.as_str()))
    }

    /// Iterates over all symbols with their ids, in order of declaration.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        self.symbols.iter().enumerate().map(|(i, s)| (SymbolId(i as u32), s))
    }

    /// Unit of a symbol where it stands in a formula: species without `amount` are
    /// concentrations, reactions are amounts per time. `None` where a unit is unknown.
    pub fn formula_unit(&self, id: SymbolId) -> Option<Unit> {
        let symbol = &self[id];
        match &symbol.kind {
            SymbolKind::Species { compartment, amount: false, .. } => {
                Some(symbol.unit.as_ref()? / self[*compartment].unit.as_ref()?)
            }
            SymbolKind::Reaction(reaction) => {
                let first = reaction.reactants.iter().chain(&reaction.products).next()?;
                Some(self[first.species].unit.as_ref()? / self.time_unit.as_ref()?)
            }
            _ => symbol.unit.clone(),
        }
    }
}

impl std::ops::Index<SymbolId> for Network {
    type Output = Symbol;
    fn index(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.0 as usize]
    }
}

impl std::ops::IndexMut<SymbolId> for Network {
    fn index_mut(&mut self, id: SymbolId) -> &mut Symbol {
        &mut self.symbols[id.0 as usize]
    }
}
