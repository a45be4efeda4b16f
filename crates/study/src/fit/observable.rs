//! Observables and measurements: what is compared with what.

use std::{collections::HashMap, path::PathBuf};

use hersim_network::{Diagnostic, Expr, Span, SymbolId, nearest};

use super::{
    condition::Source,
    parameter::{Parameter, bare, symbols_named},
};
use crate::{
    assemble::Assembled,
    formula::{Formula, Part, evaluate, mistake},
    library::Library,
    sheet::{Cell, Sheet},
    written::Written,
};

/// On which scale measured and simulated values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transformation {
    /// As they are.
    Lin,
    /// Natural logarithm.
    Log,
    /// Decimal logarithm.
    Log10,
}

impl Transformation {
    /// A value on the scale.
    pub fn apply(self, value: f64) -> f64 {
        match self {
            Transformation::Lin => value,
            Transformation::Log => value.ln(),
            Transformation::Log10 => value.log10(),
        }
    }

    /// A value from the scale.
    pub fn undo(self, value: f64) -> f64 {
        match self {
            Transformation::Lin => value,
            Transformation::Log => value.exp(),
            Transformation::Log10 => 10f64.powf(value),
        }
    }

    /// Natural logarithm of the scale's derivative at a measured value.
    pub fn log_slope(self, value: f64) -> f64 {
        match self {
            Transformation::Lin => 0.0,
            Transformation::Log => -value.ln(),
            Transformation::Log10 => -(value * std::f64::consts::LN_10).ln(),
        }
    }
}

/// One observable as its row has it.
#[derive(Clone, Debug)]
pub struct Observable {
    /// Identifier.
    pub id: String,
    /// Identifier among those of all parts of the problem.
    pub label: String,
    /// Words.
    pub title: String,
    /// Scale of comparison.
    pub transformation: Transformation,
    /// What is observed.
    pub formula: Written,
    /// Standard deviation of a measurement on the scale of comparison.
    pub noise: Written,
}

/// What a name in a formula stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leaf {
    /// An output of the simulation.
    Output(usize),
    /// A parameter of the problem.
    Parameter(usize),
    /// A place that the measurement fills, from zero.
    Place(usize),
    /// The observable's own value (in noise formulas).
    Own,
}

/// A formula over numbered leaves.
#[derive(Clone, Debug)]
pub struct Bound {
    expr: Expr,
    leaves: Vec<Leaf>,
}

/// The numbers a formula is evaluated with.
pub struct Surroundings<'a> {
    /// Time, in the model's unit.
    pub time: f64,
    /// Outputs of the simulation.
    pub outputs: &'a [f64],
    /// Parameters of the problem.
    pub parameters: &'a [f64],
    /// What the measurement fills in.
    pub places: &'a [Source],
    /// The observable's own value.
    pub own: f64,
}

impl Bound {
    /// Its value.
    pub fn value(&self, with: &Surroundings<'_>) -> f64 {
        evaluate(&self.expr, with.time, &|id| match self.leaves.get(id.0 as usize) {
            Some(Leaf::Output(i)) => with.outputs[*i],
            Some(Leaf::Parameter(i)) => with.parameters[*i],
            Some(Leaf::Place(i)) => {
                with.places.get(*i).map_or(f64::NAN, |s| s.value(with.parameters))
            }
            Some(Leaf::Own) => with.own,
            None => f64::NAN,
        })
    }

    /// The formula; its symbols number the leaves.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// What it is made of.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }
}

/// Reads observable tables.
///
/// # Errors
/// What [`Sheet::read`] refuses; `duplicate`, `missing-value`, `unsupported`.
pub fn read(library: &mut Library, paths: &[PathBuf]) -> Result<Vec<Observable>, Vec<Diagnostic>> {
    let mut observables: Vec<Observable> = Vec::new();
    let mut errors = Vec::new();
    let mut places: HashMap<String, Span> = HashMap::new();
    for path in paths {
        match Sheet::read(library, path, &["observableId", "observableFormula", "noiseFormula"]) {
            Ok(sheet) => {
                for row in &sheet.rows {
                    match observable(&sheet, row) {
                        Ok((observable, span)) => {
                            if let Some(first) = places.insert(observable.id.clone(), span) {
                                let message =
                                    format!("observable `{}` is there twice", observable.id);
                                errors.push(
                                    Diagnostic::error("duplicate", message)
                                        .at(span, "")
                                        .also(first, "first here")
                                        .mend("rename one of them"),
                                );
                            }
                            observables.push(observable);
                        }
                        Err(error) => errors.push(*error),
                    }
                }
            }
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(observables) } else { Err(errors) }
}

fn observable(sheet: &Sheet, row: &[Cell]) -> Result<(Observable, Span), Box<Diagnostic>> {
    let id = sheet.needed(row, "observableId")?;
    let formula = written(sheet.needed(row, "observableFormula")?);
    let noise = written(sheet.needed(row, "noiseFormula")?);
    let unsupported = |cell: &Cell, mend: &str| {
        let message = format!("`{}` is not supported", cell.text);
        Box::new(Diagnostic::error("unsupported", message).at(cell.span, "").mend(mend))
    };
    let transformation = match sheet.cell(row, "observableTransformation") {
        None => Transformation::Lin,
        Some(cell) => match cell.text.as_str() {
            "lin" => Transformation::Lin,
            "log" => Transformation::Log,
            "log10" => Transformation::Log10,
            _ => return Err(unsupported(cell, "write lin, log or log10")),
        },
    };
    if let Some(cell) = sheet.cell(row, "noiseDistribution")
        && cell.text != "normal"
    {
        return Err(unsupported(cell, "only `normal` noise can be fitted by least squares"));
    }
    let title = sheet.cell(row, "observableName").unwrap_or(id).text.clone();
    let label = id.text.clone();
    Ok((Observable { id: id.text.clone(), label, title, transformation, formula, noise }, id.span))
}

fn written(cell: &Cell) -> Written {
    Written::at(&cell.text, cell.span)
}

/// The outputs that formulas of one system need.
#[derive(Default)]
pub struct Outputs {
    /// Symbols, in the order of the outputs.
    pub symbols: Vec<SymbolId>,
}

impl Outputs {
    fn place(&mut self, id: SymbolId) -> usize {
        match self.symbols.iter().position(|s| *s == id) {
            Some(at) => at,
            None => {
                self.symbols.push(id);
                self.symbols.len() - 1
            }
        }
    }
}

/// Binds formulas to one system.
pub struct FormulaBinder<'a> {
    /// The system.
    pub assembled: &'a Assembled,
    /// Parameters of the problem.
    pub parameters: &'a [Parameter],
    /// Where the outputs are collected.
    pub outputs: &'a mut Outputs,
}

impl FormulaBinder<'_> {
    /// The observable's formula.
    ///
    /// # Errors
    /// `formula`, `unknown-symbol`.
    pub fn formula(&mut self, observable: &Observable) -> Result<Bound, Box<Diagnostic>> {
        let prefix = "observableParameter";
        self.bind(&observable.formula, &observable.id, prefix, false)
    }

    /// The formula of its noise.
    ///
    /// # Errors
    /// `formula`, `unknown-symbol`.
    pub fn noise(&mut self, observable: &Observable) -> Result<Bound, Box<Diagnostic>> {
        self.bind(&observable.noise, &observable.id, "noiseParameter", true)
    }

    fn bind(
        &mut self,
        written: &Written,
        id: &str,
        prefix: &str,
        own: bool,
    ) -> Result<Bound, Box<Diagnostic>> {
        let mut leaves = Vec::new();
        let formula = Formula::parse(written)?;
        let names = Names { id, prefix, own, within: None };
        let expr = self.lower(&formula, written, &mut leaves, &names)?;
        Ok(Bound { expr, leaves })
    }

    fn lower(
        &mut self,
        formula: &Formula,
        written: &Written,
        leaves: &mut Vec<Leaf>,
        names: &Names<'_>,
    ) -> Result<Expr, Box<Diagnostic>> {
        formula.lower(written, &mut |part| match &part.part {
            Part::Name(name, None) => {
                if name == "time" {
                    return Ok(Expr::made(hersim_network::Node::Time));
                }
                let place = written.place(part.from, part.to);
                leaves.push(self.leaf(name, names, place)?);
                Ok(Expr::symbol(SymbolId(leaves.len() as u32 - 1)))
            }
            Part::Call(name, arguments) if name == "total" && arguments.len() == 1 => {
                let mut sum = Expr::number(0.0);
                for subclone in self.assembled.subclones.clone() {
                    let within = Names { within: Some(&subclone), ..*names };
                    let term = self.lower(&arguments[0], written, leaves, &within)?;
                    sum = Expr::binary(hersim_network::BinaryOp::Add, sum, term);
                }
                Ok(sum)
            }
            Part::Call(name, _) => {
                Err(mistake(written, part, format!("there is no function `{name}` with this use")))
            }
            _ => Err(mistake(written, part, "a time cannot stand here")),
        })
    }

    fn leaf(
        &mut self,
        name: &str,
        names: &Names<'_>,
        place: Span,
    ) -> Result<Leaf, Box<Diagnostic>> {
        if names.own && name == names.id {
            return Ok(Leaf::Own);
        }
        let number = name.strip_prefix(names.prefix).and_then(|rest| {
            let (number, of) = rest.split_once('_')?;
            (of == names.id).then(|| number.parse::<usize>().ok())?.filter(|n| *n > 0)
        });
        if let Some(number) = number {
            return Ok(Leaf::Place(number - 1));
        }
        if let Some(at) = self.parameters.iter().position(|p| p.id == name) {
            return Ok(Leaf::Parameter(at));
        }
        let below = names.within.and_then(|s| self.assembled.network.find(&format!("{s}.{name}")));
        let found: Vec<SymbolId> = match below {
            Some(id) => vec![id],
            None => symbols_named(self.assembled, name),
        };
        match found.as_slice() {
            [id] => Ok(Leaf::Output(self.outputs.place(*id))),
            [] => {
                let system = &self.assembled.system.value.id;
                let message = format!("system `{system}` has no symbol `{name}`");
                let symbols = self.assembled.network.symbols.iter().map(bare(self.assembled));
                let own = self.parameters.iter().map(|p| p.id.as_str());
                let near = nearest(name, symbols.chain(own));
                let error = Diagnostic::error("unknown-symbol", message).at(place, "");
                Err(Box::new(match near {
                    Some(near) => error.mend(format!("did you mean `{near}`?")),
                    None => {
                        error.mend("name a symbol of the model or a row of the parameter table")
                    }
                }))
            }
            _ => Err(Box::new(
                Diagnostic::error("formula", format!("`{name}` is there in every subclone"))
                    .at(place, "")
                    .mend(format!("write `total({name})`, or name the subclone")),
            )),
        }
    }
}

/// What names mean in the formula at hand.
#[derive(Clone, Copy)]
struct Names<'a> {
    /// Identifier of the observable.
    id: &'a str,
    /// What the names of places begin with.
    prefix: &'a str,
    /// Whether the observable's own name may stand in it.
    own: bool,
    /// Subclone that names are looked for in first.
    within: Option<&'a str>,
}

/// What fills the places of a measurement: numbers or parameters, separated by `;`.
///
/// # Errors
/// `unknown-parameter` for a word that is neither.
pub fn places(
    cell: Option<&Cell>,
    parameters: &[Parameter],
) -> Result<Vec<Source>, Box<Diagnostic>> {
    let Some(cell) = cell else { return Ok(Vec::new()) };
    (cell.text.split(';').map(str::trim))
        .map(|word| {
            if let Ok(number) = word.parse::<f64>() {
                return Ok(Source::Number(number));
            }
            if let Some(at) = parameters.iter().position(|p| p.id == word) {
                return Ok(Source::Parameter(at, 1.0));
            }
            let message = format!("`{word}` is neither a number nor a parameter");
            let near = nearest(word, parameters.iter().map(|p| p.id.as_str()));
            let error = Diagnostic::error("unknown-parameter", message).at(cell.span, "");
            Err(Box::new(match near {
                Some(near) => error.mend(format!("did you mean `{near}`?")),
                None => error.mend("add it to the parameter table"),
            }))
        })
        .collect()
}
