//! What the text says, before names mean anything.

use std::collections::HashSet;

use hersim_network::{BinaryOp, Span};

/// A possibly dotted name and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    pub(crate) path: String,
    pub(crate) span: Span,
}

/// A formula over names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Formula {
    pub(crate) node: FormulaNode,
    pub(crate) span: Span,
    /// Longest way down to a leaf; bounded, so that recursion over formulas is safe.
    pub(crate) depth: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FormulaNode {
    Number(f64),
    Name(String),
    Neg(Box<Formula>),
    Not(Box<Formula>),
    Binary(BinaryOp, Box<Formula>, Box<Formula>),
    Call(Name, Vec<Formula>),
}

/// The function that `%` stands for; no name that a text could define.
pub(crate) const REMAINDER: &str = "%";

/// Deepest formula that is read.
pub(crate) const MAX_DEPTH: u32 = 500;

impl Formula {
    pub(crate) fn new(node: FormulaNode, span: Span) -> Self {
        let below = match &node {
            FormulaNode::Number(_) | FormulaNode::Name(_) => 0,
            FormulaNode::Neg(a) | FormulaNode::Not(a) => a.depth,
            FormulaNode::Binary(_, a, b) => a.depth.max(b.depth),
            FormulaNode::Call(_, arguments) => arguments.iter().map(|a| a.depth).max().unwrap_or(0),
        };
        Formula { node, span, depth: below + 1 }
    }

    /// The number this formula is, when it is a plain number.
    pub(crate) fn as_number(&self) -> Option<f64> {
        match &self.node {
            FormulaNode::Number(value) => Some(*value),
            FormulaNode::Neg(inner) => inner.as_number().map(|v| -v),
            _ => None,
        }
    }

    /// Calls `visit` with every name that is not a function.
    pub(crate) fn names(&self, visit: &mut impl FnMut(&str)) {
        match &self.node {
            FormulaNode::Number(_) => {}
            FormulaNode::Name(name) => visit(name),
            FormulaNode::Neg(a) | FormulaNode::Not(a) => a.names(visit),
            FormulaNode::Binary(_, a, b) => {
                a.names(visit);
                b.names(visit);
            }
            FormulaNode::Call(_, arguments) => arguments.iter().for_each(|a| a.names(visit)),
        }
    }

    /// Changes every name that is not a function.
    pub(crate) fn rename(&mut self, change: &impl Fn(&str) -> String) {
        match &mut self.node {
            FormulaNode::Number(_) => {}
            FormulaNode::Name(name) => *name = change(name),
            FormulaNode::Neg(a) | FormulaNode::Not(a) => a.rename(change),
            FormulaNode::Binary(_, a, b) => {
                a.rename(change);
                b.rename(change);
            }
            FormulaNode::Call(_, arguments) => arguments.iter_mut().for_each(|a| a.rename(change)),
        }
    }
}

/// Arithmetic over unit names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UnitExpr {
    /// A literal, as written.
    Number(String, Span),
    Name(Name),
    Mul(Box<UnitExpr>, Box<UnitExpr>),
    Div(Box<UnitExpr>, Box<UnitExpr>),
    /// Base and exponent as a fraction.
    Pow(Box<UnitExpr>, i64, i64),
}

impl UnitExpr {
    pub(crate) fn span(&self) -> Span {
        match self {
            UnitExpr::Number(_, span) => *span,
            UnitExpr::Name(name) => name.span,
            UnitExpr::Mul(a, b) | UnitExpr::Div(a, b) => a.span().to(b.span()),
            UnitExpr::Pow(a, ..) => a.span(),
        }
    }
}

/// `unit name = …`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UnitDefinition {
    pub(crate) name: Name,
    pub(crate) value: UnitExpr,
}

/// How `=`, `:=` and `'=` give a name its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Initial,
    Always,
    Rate,
}

/// What a declaration says a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Species { amount: bool },
    Compartment,
    Parameter,
}

/// One declared name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Declaration {
    pub(crate) name: Name,
    pub(crate) class: Option<Class>,
    /// `const` (true), `var` (false) or unsaid.
    pub(crate) constant: Option<bool>,
    pub(crate) boundary: bool,
    pub(crate) compartment: Option<Name>,
    pub(crate) value: Option<(How, Formula)>,
    /// `x = ;`, which takes away what an inner model says.
    pub(crate) cleared: Option<How>,
    pub(crate) unit: Option<UnitExpr>,
}

impl Declaration {
    /// A declaration that says nothing of the name yet.
    pub(crate) fn of(name: Name) -> Self {
        Declaration {
            name,
            class: None,
            constant: None,
            boundary: false,
            compartment: None,
            value: None,
            cleared: None,
            unit: None,
        }
    }
}

/// One entry on a side of a reaction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    pub(crate) species: Name,
    pub(crate) stoichiometry: f64,
    /// The name whose value is the stoichiometry instead.
    pub(crate) variable: Option<Name>,
    pub(crate) boundary: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReactionText {
    pub(crate) name: Option<Name>,
    pub(crate) reactants: Vec<Term>,
    pub(crate) products: Vec<Term>,
    pub(crate) reversible: bool,
    pub(crate) rate: Option<Formula>,
    pub(crate) compartment: Option<Name>,
}

/// `name: S -| J`: a species that acts on a reaction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InteractionText {
    pub(crate) name: Option<Name>,
    pub(crate) modifiers: Vec<Name>,
    pub(crate) reactions: Vec<Name>,
    /// Term of the Systems Biology Ontology that the arrow stands for.
    pub(crate) sbo: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventText {
    pub(crate) name: Option<Name>,
    pub(crate) trigger: Formula,
    pub(crate) delay: Option<Formula>,
    pub(crate) priority: Option<Formula>,
    pub(crate) initially: bool,
    pub(crate) persistent: bool,
    pub(crate) at_trigger: bool,
    pub(crate) assignments: Vec<(Name, Formula)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Submodel {
    /// `_sys0` and so on where the text gives none.
    pub(crate) name: Name,
    pub(crate) model: Name,
    pub(crate) arguments: Vec<Name>,
    /// How many units of time outside are one inside.
    pub(crate) time: Option<Formula>,
    /// How many units of extent outside are one inside.
    pub(crate) extent: Option<Formula>,
}

/// What is said of a part for people and catalogues.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Remark {
    /// `x is "words"`.
    Called(String),
    /// Qualifier in its SBML spelling, and the resources.
    Annotate(&'static str, Vec<String>),
    Notes(String),
    /// `created` or `modified`, whole.
    Date(Date, String),
    /// `x modified.year 2019`.
    DatePart(Date, usize, u32),
    /// `x creator1.givenName "…"`: number, field, words.
    Creator(u32, CreatorField, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Date {
    Created,
    Modified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CreatorField {
    GivenName,
    FamilyName,
    Organization,
    Email,
}

/// `x.sboTerm = 9`, `x.mean = 3` and the like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldText {
    /// The name with the field as its last step, which may also be a symbol of a submodel.
    pub(crate) name: Name,
    pub(crate) value: FieldValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldValue {
    One(Formula),
    Range(Formula, Formula),
}

/// Conversion of a name joined by `is`: one unit inside is so many outside.
pub(crate) type Conversion = Option<Name>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Statement {
    Declare(Declaration),
    Unit(UnitDefinition),
    Reaction(ReactionText),
    Event(EventText),
    Submodel(Submodel),
    /// `0 = formula`.
    Algebraic(Option<Name>, Formula),
    Interaction(InteractionText),
    /// `a is b`, where `b` is `a` times the factor.
    Same(Name, Name, Conversion),
    /// `delete a.b`.
    Delete(Name),
    Field(FieldText),
    /// Of a part, or of the model itself.
    Remark(Option<Name>, Remark),
}

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stated {
    pub(crate) what: Statement,
    pub(crate) span: Span,
}

/// A model as written.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) name: Name,
    /// Marked `*` as the file's main model.
    pub(crate) main: bool,
    pub(crate) ports: Vec<Name>,
    pub(crate) body: Vec<Stated>,
    /// Names in statements that could not be read; nothing is concluded from their absence.
    pub(crate) unread: HashSet<String>,
}

/// `function f(a, b) … end`.
#[derive(Clone, Debug)]
pub(crate) struct FunctionText {
    pub(crate) name: Name,
    pub(crate) parameters: Vec<Name>,
    pub(crate) body: Formula,
}

/// One file as written.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileText {
    pub(crate) imports: Vec<(String, Span)>,
    pub(crate) units: Vec<UnitDefinition>,
    pub(crate) functions: Vec<FunctionText>,
    pub(crate) models: Vec<Model>,
    /// Annotations that stand after a model and name it.
    pub(crate) about: Vec<Stated>,
    /// Names in statements outside models that could not be read.
    pub(crate) unread: HashSet<String>,
}
