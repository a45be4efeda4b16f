//! A model as SBML says it: elements with names, nothing resolved yet.

use hersim_network::{About, BinaryOp, Function, Span};

/// What every element may have.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) id: String,
    /// The submodel it comes from; empty for the model itself.
    pub(super) home: String,
    pub(super) meta: Option<String>,
    pub(super) about: About,
    pub(super) uncertainties: Vec<Uncertainty>,
    pub(super) span: Span,
    /// Elements of submodels that this one stands for.
    pub(super) replaces: Vec<Replaced>,
    /// The element of a submodel that stands for this one.
    pub(super) replaced_by: Option<Pointer>,
}

/// A statistic of the package `distrib`.
#[derive(Clone, Debug)]
pub(super) struct Uncertainty {
    pub(super) statistic: String,
    pub(super) spread: Option<Spread>,
    pub(super) definition: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Spread {
    Value(Quantity),
    Range(Quantity, Quantity),
    Distribution(String, Vec<Math>),
}

#[derive(Clone, Debug)]
pub(super) enum Quantity {
    Number(f64),
    Name(Name),
}

/// A name and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Span,
}

/// An element of a submodel that something else stands for.
#[derive(Clone, Debug)]
pub(super) struct Replaced {
    pub(super) at: Pointer,
    pub(super) factor: Option<Name>,
    /// A deletion stands there instead: nothing is left to replace.
    pub(super) deleted: bool,
}

/// The way to an element: submodels from outside in, then the element.
#[derive(Clone, Debug)]
pub(super) struct Pointer {
    pub(super) submodel: Option<String>,
    pub(super) steps: Vec<Step>,
    pub(super) span: Span,
}

/// One step of a [`Pointer`].
#[derive(Clone, Debug)]
pub(super) enum Step {
    Id(String),
    Meta(String),
    Port(String),
    Unit(String),
}

/// A formula with names.
#[derive(Clone, Debug)]
pub(super) struct Math {
    pub(super) node: MathNode,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum MathNode {
    Number(f64),
    Name(String),
    Time,
    Neg(Box<Math>),
    Not(Box<Math>),
    Binary(BinaryOp, Box<Math>, Box<Math>),
    Call(Function, Vec<Math>),
    User(String, Vec<Math>),
    Piecewise(Vec<(Math, Math)>, Option<Box<Math>>),
}

impl Math {
    pub(super) fn new(node: MathNode, span: Span) -> Math {
        Math { node, span }
    }

    pub(super) fn name(text: &str, span: Span) -> Math {
        Math::new(MathNode::Name(text.to_string()), span)
    }

    pub(super) fn number(value: f64, span: Span) -> Math {
        Math::new(MathNode::Number(value), span)
    }

    pub(super) fn binary(op: BinaryOp, a: Math, b: Math) -> Math {
        let span = a.span;
        Math::new(MathNode::Binary(op, Box::new(a), Box::new(b)), span)
    }
}

#[derive(Clone, Debug)]
pub(super) struct UnitDefinition {
    pub(super) head: Head,
    pub(super) factors: Vec<UnitFactor>,
}

#[derive(Clone, Debug)]
pub(super) struct UnitFactor {
    pub(super) kind: String,
    pub(super) exponent: f64,
    pub(super) scale: i32,
    pub(super) multiplier: f64,
    pub(super) offset: f64,
}

#[derive(Clone, Debug)]
pub(super) struct FunctionDefinition {
    pub(super) head: Head,
    pub(super) arguments: Vec<String>,
    /// Stands for the rate of its argument, as was written before there was a symbol for it.
    pub(super) is_rate: bool,
    pub(super) body: Option<Math>,
}

#[derive(Clone, Debug)]
pub(super) struct Compartment {
    pub(super) head: Head,
    pub(super) dimensions: f64,
    pub(super) size: Option<f64>,
    pub(super) units: Option<Name>,
    pub(super) constant: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Species {
    pub(super) head: Head,
    pub(super) compartment: Name,
    pub(super) amount: Option<f64>,
    pub(super) concentration: Option<f64>,
    pub(super) units: Option<Name>,
    pub(super) only_substance: bool,
    pub(super) boundary: bool,
    pub(super) constant: bool,
    pub(super) conversion: Option<Name>,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) head: Head,
    pub(super) value: Option<f64>,
    pub(super) units: Option<Name>,
    pub(super) constant: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) head: Head,
    pub(super) target: Name,
    pub(super) math: Option<Math>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleKind {
    Assignment,
    Rate,
    Algebraic,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) kind: RuleKind,
    pub(super) what: Assignment,
}

#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) head: Head,
    pub(super) species: Name,
    pub(super) stoichiometry: Option<f64>,
    pub(super) constant: bool,
    pub(super) math: Option<Math>,
}

#[derive(Clone, Debug)]
pub(super) struct Reaction {
    pub(super) head: Head,
    pub(super) reversible: bool,
    pub(super) fast: bool,
    pub(super) reactants: Vec<Reference>,
    pub(super) products: Vec<Reference>,
    pub(super) modifiers: Vec<Modifier>,
    pub(super) compartment: Option<Name>,
    pub(super) law: Option<Law>,
}

#[derive(Clone, Debug)]
pub(super) struct Modifier {
    pub(super) head: Head,
    pub(super) species: Name,
}

#[derive(Clone, Debug)]
pub(super) struct Law {
    pub(super) head: Head,
    pub(super) math: Option<Math>,
    pub(super) locals: Vec<Parameter>,
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) head: Head,
    pub(super) at_trigger: bool,
    pub(super) initially: bool,
    pub(super) persistent: bool,
    pub(super) trigger: Option<Timing>,
    pub(super) delay: Option<Timing>,
    pub(super) priority: Option<Timing>,
    pub(super) assignments: Vec<Assignment>,
}

/// A trigger, delay or priority, which is an element of its own.
#[derive(Clone, Debug)]
pub(super) struct Timing {
    pub(super) head: Head,
    pub(super) math: Option<Math>,
}

#[derive(Clone, Debug)]
pub(super) struct Submodel {
    pub(super) head: Head,
    pub(super) model: Name,
    pub(super) time: Option<Name>,
    pub(super) extent: Option<Name>,
    pub(super) deletions: Vec<(Head, Pointer)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) head: Option<Head>,
    pub(super) time_units: Option<Name>,
    pub(super) substance_units: Option<Name>,
    pub(super) extent_units: Option<Name>,
    pub(super) space_units: [Option<Name>; 3],
    pub(super) conversion: Option<Name>,
    pub(super) units: Vec<UnitDefinition>,
    pub(super) functions: Vec<FunctionDefinition>,
    pub(super) compartments: Vec<Compartment>,
    pub(super) species: Vec<Species>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) initial: Vec<Assignment>,
    pub(super) rules: Vec<Rule>,
    pub(super) reactions: Vec<Reaction>,
    pub(super) events: Vec<Event>,
    pub(super) constraints: Vec<Head>,
    pub(super) submodels: Vec<Submodel>,
    pub(super) ports: Vec<(Head, Pointer)>,
}

impl Model {
    /// How many elements it has, about.
    pub(super) fn size(&self) -> usize {
        let references = |r: &Reaction| 1 + r.reactants.len() + r.products.len();
        self.units.len()
            + self.functions.len()
            + self.compartments.len()
            + self.species.len()
            + self.parameters.len()
            + self.initial.len()
            + self.rules.len()
            + self.events.iter().map(|e| 1 + e.assignments.len()).sum::<usize>()
            + self.reactions.iter().map(references).sum::<usize>()
    }

    /// Takes in all elements of another.
    pub(super) fn take(&mut self, other: Model) {
        self.units.extend(other.units);
        self.functions.extend(other.functions);
        self.compartments.extend(other.compartments);
        self.species.extend(other.species);
        self.parameters.extend(other.parameters);
        self.initial.extend(other.initial);
        self.rules.extend(other.rules);
        self.reactions.extend(other.reactions);
        self.events.extend(other.events);
        self.constraints.extend(other.constraints);
    }
}

/// A whole file.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) level: u32,
    pub(super) model: Model,
    /// Other models of the file by their ids.
    pub(super) definitions: Vec<(String, Model)>,
    /// Models in other files: id here, file, id there.
    pub(super) external: Vec<(Name, String, Option<String>)>,
}
