//! What unit names mean: in a model, in its file, in the files it imports, and everywhere.

use std::collections::HashMap;

use hersim_network::{Diagnostic, Span, nearest};
use hersim_units::Unit;

use crate::{
    ast::{Model, Name, Statement, UnitDefinition, UnitExpr},
    program::Program,
};

/// Where a unit name is looked up.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub(crate) file: usize,
    pub(crate) model: Option<&'p Model>,
}

/// How far a definition is evaluated.
#[derive(Clone)]
enum State {
    Open,
    /// `None` when it is wrong.
    Done(Option<Unit>),
}

/// Longest chain of definitions that use each other.
const DEEPEST: u32 = 100;

/// Looks up and evaluates units; every mistake is reported once.
pub(crate) struct Units<'p> {
    program: &'p Program,
    /// Definitions inside models, by address of the model and name.
    inside: HashMap<*const Model, HashMap<&'p str, &'p UnitDefinition>>,
    /// By address of the definition.
    known: HashMap<*const UnitDefinition, State>,
    /// Definitions being evaluated.
    open: u32,
}

impl<'p> Units<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let models = program.files.iter().flat_map(|file| &file.text.models);
        let named = |model: &'p Model| {
            let mut named = HashMap::new();
            for definition in definitions(model) {
                named.entry(definition.name.path.as_str()).or_insert(definition);
            }
            (std::ptr::from_ref(model), named)
        };
        let inside = models.map(named).collect();
        Units { program, inside, known: HashMap::new(), open: 0 }
    }

    /// The unit of an expression.
    pub(crate) fn of(
        &mut self,
        expression: &'p UnitExpr,
        place: Place<'p>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Unit> {
        let one = Unit::dimensionless();
        let unit = match expression {
            UnitExpr::Number(spelling, span) => match one.scaled_by(spelling) {
                Some(unit) => Some(unit),
                None => {
                    found.push(
                        Diagnostic::error("bad-unit", format!("{spelling} cannot scale a unit"))
                            .at(*span, "")
                            .mend("use a positive decimal number"),
                    );
                    return None;
                }
            },
            UnitExpr::Name(name) => return self.named(name, place, found),
            UnitExpr::Mul(a, b) => {
                let (a, b) = (self.of(a, place, found), self.of(b, place, found));
                a?.try_mul(&b?)
            }
            UnitExpr::Div(a, b) => {
                let (a, b) = (self.of(a, place, found), self.of(b, place, found));
                a?.try_div(&b?)
            }
            UnitExpr::Pow(a, num, den) => {
                let a = self.of(a, place, found)?;
                match (i32::try_from(*num), i32::try_from(*den)) {
                    (Ok(num), Ok(den)) => a.pow(num, den),
                    _ => None,
                }
            }
        };
        if unit.is_none() {
            found.push(
                Diagnostic::error("bad-unit", "this unit is beyond all bounds")
                    .at(expression.span(), "")
                    .mend("use small exponents"),
            );
        }
        unit
    }

    /// The unit of a table's text: a defined name, or a unit like `nmol/L`.
    pub(crate) fn written(
        &mut self,
        text: &str,
        span: Span,
        place: Place<'p>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Unit> {
        if let Some(definition) = self.definition(text, place) {
            return self.evaluate(definition.0, definition.1, found);
        }
        match Unit::parse(text) {
            Ok(unit) => Some(unit),
            Err(_) if self.may_be_unread(text, place) => None,
            Err(error) => {
                let start = span.start as usize;
                let range = start + error.range.start..start + error.range.end;
                let mend = match &error.nearest {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write it like 1/day, nmol/L, copies/cell or 1".to_string(),
                };
                found.push(
                    Diagnostic::error("unknown-unit", error.message.clone())
                        .at(Span::new(span.file, range), "")
                        .mend(mend),
                );
                None
            }
        }
    }

    /// The unit that a definition or convention such as `time_unit` gives, if there is one.
    pub(crate) fn special(
        &mut self,
        name: &str,
        place: Place<'p>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<(Unit, Span)> {
        let (definition, place) = self.definition(name, place)?;
        Some((self.evaluate(definition, place, found)?, definition.name.span))
    }

    /// All definitions of a program, by name; names with two meanings are left out.
    pub(crate) fn all(&mut self, main: &str, found: &mut Vec<Diagnostic>) -> Vec<(String, Unit)> {
        let program = self.program;
        let mut all: Vec<(String, Option<Unit>)> = Vec::new();
        for (index, file) in program.files.iter().enumerate() {
            let place = Place { file: index, model: None };
            // Elsewhere a model's units are its own.
            let models =
                file.text.models.iter().filter(|m| !program.tolerant || m.name.path == main);
            let inner = models.flat_map(|model| {
                let place = Place { file: index, model: Some(model) };
                definitions(model).map(move |d| (d, place))
            });
            let outer = file.text.units.iter().map(|d| (d, place));
            for (definition, place) in outer.chain(inner) {
                let Some(unit) = self.evaluate(definition, place, found) else { continue };
                let name = &definition.name.path;
                match all.iter_mut().find(|(n, _)| n == name) {
                    None => all.push((name.clone(), Some(unit))),
                    Some((_, known)) if known.as_ref() != Some(&unit) => *known = None,
                    Some(_) => {}
                }
            }
        }
        all.into_iter().filter_map(|(name, unit)| Some((name, unit?))).collect()
    }

    fn named(
        &mut self,
        name: &'p Name,
        place: Place<'p>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Unit> {
        if let Some((definition, place)) = self.definition(&name.path, place) {
            return self.evaluate(definition, place, found);
        }
        let known = !self.program.tolerant || is_standard(&name.path);
        if let (Some(unit), true) = (Unit::base(&name.path), known) {
            return Some(unit);
        }
        if self.program.tolerant {
            found.push(
                Diagnostic::warning(
                    "unknown-unit",
                    format!("the unit `{}` is not defined", name.path),
                )
                .at(name.span, "it says nothing")
                .mend(format!("define it: `unit {} = …`", name.path)),
            );
            return None;
        }
        if self.may_be_unread(&name.path, place) {
            return None;
        }
        let known = self.visible(place);
        let mend = match nearest(&name.path, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match Unit::parse(&name.path) {
                Err(error) if error.nearest.is_some() => {
                    format!("did you mean `{}`?", error.nearest.unwrap_or_default())
                }
                _ => format!("define it: `unit {} = …`", name.path),
            },
        };
        found.push(
            Diagnostic::error("unknown-unit", format!("there is no unit `{}`", name.path))
                .at(name.span, "")
                .mend(mend),
        );
        None
    }

    /// The definition that a name means in a place, and the place it stands in.
    fn definition(&self, name: &str, place: Place<'p>) -> Option<(&'p UnitDefinition, Place<'p>)> {
        let of = |model: &'p Model| self.inside.get(&std::ptr::from_ref(model))?.get(name).copied();
        if let Some(definition) = place.model.and_then(of) {
            return Some((definition, place));
        }
        let mut queue = vec![place.file];
        let mut at = 0;
        while let Some(&file) = queue.get(at) {
            at += 1;
            let loaded = &self.program.files[file];
            if let Some(definition) = loaded.text.units.iter().find(|d| d.name.path == name) {
                return Some((definition, Place { file, model: None }));
            }
            for import in &loaded.imports {
                if !queue.contains(import) {
                    queue.push(*import);
                }
            }
        }
        None
    }

    fn visible(&self, place: Place<'p>) -> Vec<&'p str> {
        let mut names: Vec<&str> = Vec::new();
        if let Some(model) = place.model {
            names.extend(definitions(model).map(|d| d.name.path.as_str()));
        }
        let mut queue = vec![place.file];
        let mut at = 0;
        while let Some(&file) = queue.get(at) {
            at += 1;
            let loaded = &self.program.files[file];
            names.extend(loaded.text.units.iter().map(|d| d.name.path.as_str()));
            for import in &loaded.imports {
                if !queue.contains(import) {
                    queue.push(*import);
                }
            }
        }
        names
    }

    fn evaluate(
        &mut self,
        definition: &'p UnitDefinition,
        place: Place<'p>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Unit> {
        if is_self(definition) {
            // libAntimony writes `unit cell = cell` for a unit it takes as given.
            return Unit::base(&definition.name.path);
        }
        let key: *const UnitDefinition = definition;
        match self.known.get(&key) {
            Some(State::Done(unit)) => return unit.clone(),
            Some(State::Open) => {
                self.refuse(definition, "is defined by itself", found);
                return None;
            }
            None if self.open >= DEEPEST => {
                self.refuse(definition, "is defined through too many others", found);
                return None;
            }
            None => {}
        }
        self.known.insert(key, State::Open);
        self.open += 1;
        let unit = self.of(&definition.value, place, found);
        self.open -= 1;
        self.known.insert(key, State::Done(unit.clone()));
        unit
    }

    fn refuse(&self, definition: &UnitDefinition, what: &str, found: &mut Vec<Diagnostic>) {
        let name = &definition.name;
        found.push(
            Diagnostic::error("cyclic-unit", format!("unit `{}` {what}", name.path))
                .at(name.span, "")
                .mend("define it by other units"),
        );
    }

    /// True when a statement that could not be read may have defined the name.
    fn may_be_unread(&self, name: &str, place: Place<'p>) -> bool {
        self.program.incomplete
            || place.model.is_some_and(|m| m.unread.contains(name))
            || self.program.files.iter().any(|f| f.text.unread.contains(name))
    }
}

/// Units that all readers of Antimony know, also in the plural, and cells.
fn is_standard(name: &str) -> bool {
    const STANDARD: [&str; 38] = [
        "ampere",
        "avogadro",
        "becquerel",
        "candela",
        "cell",
        "celsius",
        "coulomb",
        "dimensionless",
        "farad",
        "gram",
        "gray",
        "henry",
        "hertz",
        "item",
        "joule",
        "katal",
        "kelvin",
        "kilogram",
        "liter",
        "litre",
        "lumen",
        "lux",
        "meter",
        "metre",
        "mole",
        "newton",
        "ohm",
        "pascal",
        "radian",
        "second",
        "siemens",
        "sievert",
        "steradian",
        "tesla",
        "volt",
        "watt",
        "weber",
        "copies",
    ];
    STANDARD.contains(&name) || name.strip_suffix('s').is_some_and(|one| STANDARD.contains(&one))
}

fn is_self(definition: &UnitDefinition) -> bool {
    matches!(&definition.value, UnitExpr::Name(name) if name.path == definition.name.path)
}

fn definitions(model: &Model) -> impl Iterator<Item = &UnitDefinition> {
    model.body.iter().filter_map(|stated| match &stated.what {
        Statement::Unit(definition) => Some(definition),
        _ => None,
    })
}

/// Unit names defined twice in one place.
pub(crate) fn check_duplicates(program: &Program, found: &mut Vec<Diagnostic>) {
    let mut check = |definitions: &mut dyn Iterator<Item = &UnitDefinition>| {
        let mut seen: HashMap<String, Span> = HashMap::new();
        for definition in definitions {
            let name = &definition.name;
            if let Some(first) = seen.insert(name.path.clone(), name.span) {
                found.push(crate::program::twice("unit", &name.path, name.span, first));
            }
        }
    };
    for file in &program.files {
        check(&mut file.text.units.iter());
        for model in &file.text.models {
            check(&mut definitions(model));
        }
    }
}
