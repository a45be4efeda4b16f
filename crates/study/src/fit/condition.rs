//! Conditions: what is simulated for a measurement, from the rows of the condition table.

use std::{collections::HashMap, path::PathBuf};

use hersim_network::{Diagnostic, Span, SymbolId, nearest};
use hersim_units::Unit;

use super::parameter::{Parameter, settable, symbols_named};
use crate::{
    assemble::Assembled,
    document::Document,
    library::{Attributes, Drug, Library, Scope, Shelf},
    sheet::{Cell, Heading, Sheet},
};

/// Columns that say nothing of the simulation.
const SILENT: [&str; 4] = ["conditionId", "conditionName", "source", "note"];

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// It is given.
    Number(f64),
    /// A parameter of the problem, times a factor of units.
    Parameter(usize, f64),
}

impl Source {
    /// The number, for these values of the parameters.
    pub fn value(self, parameters: &[f64]) -> f64 {
        match self {
            Source::Number(value) => value,
            Source::Parameter(index, factor) => parameters[index] * factor,
        }
    }
}

/// Symbols set by a condition.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What is set.
    pub symbols: Vec<SymbolId>,
    /// To what.
    pub source: Source,
    /// Whether it stands in the medium, and so begins at time zero.
    pub medium: bool,
}

/// All condition tables of one part of a problem.
pub struct Conditions {
    sheets: Vec<Sheet>,
    rows: HashMap<String, (usize, usize)>,
}

/// One row.
#[derive(Clone, Copy)]
pub struct ConditionRow<'a> {
    /// Its table.
    pub sheet: &'a Sheet,
    /// Its fields.
    pub cells: &'a [Cell],
}

impl ConditionRow<'_> {
    /// A field that is not empty.
    pub fn text(&self, column: &str) -> Option<&Cell> {
        self.sheet.cell(self.cells, column)
    }
}

impl Conditions {
    /// Reads tables.
    ///
    /// # Errors
    /// What [`Sheet::read`] refuses, and `duplicate` identifiers.
    pub fn read(library: &mut Library, paths: &[PathBuf]) -> Result<Conditions, Vec<Diagnostic>> {
        let mut conditions = Conditions { sheets: Vec::new(), rows: HashMap::new() };
        let mut errors = Vec::new();
        let mut places: HashMap<String, Span> = HashMap::new();
        for path in paths {
            let sheet = match Sheet::read(library, path, &["conditionId"]) {
                Ok(sheet) => sheet,
                Err(more) => {
                    errors.extend(more);
                    continue;
                }
            };
            for (i, row) in sheet.rows.iter().enumerate() {
                let id = match sheet.needed(row, "conditionId") {
                    Ok(id) => id,
                    Err(error) => {
                        errors.push(*error);
                        continue;
                    }
                };
                if let Some(first) = places.insert(id.text.clone(), id.span) {
                    let message = format!("condition `{}` is there twice", id.text);
                    let error = Diagnostic::error("duplicate", message).at(id.span, "");
                    errors.push(error.also(first, "first here").mend("rename one of them"));
                }
                conditions.rows.insert(id.text.clone(), (conditions.sheets.len(), i));
            }
            conditions.sheets.push(sheet);
        }
        if errors.is_empty() { Ok(conditions) } else { Err(errors) }
    }

    /// The row of a condition.
    ///
    /// # Errors
    /// `unknown-condition`, pointing at `asked`.
    pub fn row(&self, asked: &Cell) -> Result<ConditionRow<'_>, Box<Diagnostic>> {
        if let Some((sheet, row)) = self.rows.get(&asked.text) {
            let sheet = &self.sheets[*sheet];
            return Ok(ConditionRow { sheet, cells: &sheet.rows[*row] });
        }
        let message = format!("there is no condition `{}`", asked.text);
        let near = nearest(&asked.text, self.rows.keys().map(String::as_str));
        Err(Box::new(Diagnostic::error("unknown-condition", message).at(asked.span, "").mend(
            match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add a row to the condition table".to_string(),
            },
        )))
    }
}

/// What the columns of condition tables may name.
pub struct Binder<'a> {
    /// The system.
    pub assembled: &'a Assembled,
    /// What may be said of a tumour.
    pub attributes: &'a Document<Attributes>,
    /// Parameters of the problem.
    pub parameters: &'a [Parameter],
    /// Mass of a mole of each drug, for concentrations by mass.
    pub molar: &'a HashMap<String, (f64, Unit)>,
}

/// Mass of a mole of each drug of the library.
///
/// # Errors
/// `document` when a drug's file is not valid.
pub fn molar_masses(
    library: &mut Library,
) -> Result<HashMap<String, (f64, Unit)>, Vec<Diagnostic>> {
    let mut masses = HashMap::new();
    for id in library.ids(Shelf::Drugs) {
        let drug: Document<Drug> = library.read(Shelf::Drugs, &id, None)?;
        let mass = &drug.value.molar_mass;
        if let Ok(unit) = Unit::parse(mass.unit.get_ref()) {
            masses.insert(id, (mass.value, unit));
        }
    }
    Ok(masses)
}

impl Binder<'_> {
    /// What a row sets.
    ///
    /// # Errors
    /// Columns that name nothing, fields that are no numbers, units that do not fit.
    pub fn settings(&self, row: ConditionRow<'_>) -> Result<Vec<Setting>, Vec<Diagnostic>> {
        let mut settings = Vec::new();
        let mut errors = Vec::new();
        for (heading, cell) in row.sheet.columns.iter().zip(row.cells) {
            let silent = SILENT.contains(&heading.name.as_str());
            if silent || cell.text.is_empty() || matches!(&*heading.name, "tumour" | "regimen") {
                continue;
            }
            match self.setting(heading, cell) {
                Ok(setting) => settings.push(setting),
                Err(error) => errors.push(*error),
            }
        }
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }

    fn setting(&self, heading: &Heading, cell: &Cell) -> Result<Setting, Box<Diagnostic>> {
        if let Some(attribute) = self.attributes.value.get(&heading.name) {
            let parameter = attribute.parameter.get_ref();
            let place = Some(self.attributes.place(&attribute.parameter));
            let symbols = match attribute.scope {
                Scope::Host => vec![self.assembled.symbol(parameter, place)?],
                Scope::Subclone => (self.assembled.subclones.iter())
                    .map(|s| self.assembled.symbol(&format!("{s}.{parameter}"), place))
                    .collect::<Result<_, _>>()?,
            };
            let own = Unit::parse(attribute.unit.get_ref()).ok();
            let unit = heading.unit.clone().or(own);
            if let Some(level) = attribute.levels.get(&cell.text) {
                let factor = self.factor(heading, unit.as_ref(), &symbols, false)?;
                let source = Source::Number(level * factor);
                return Ok(Setting { symbols, source, medium: false });
            }
            return self.made(heading, cell, unit, symbols, false);
        }
        let medium = self.assembled.system.value.medium.get(&heading.name);
        if let Some(symbol) = medium {
            let symbols = vec![self.assembled.role(symbol)?];
            return self.made(heading, cell, heading.unit.clone(), symbols, true);
        }
        let symbols = symbols_named(self.assembled, &heading.name);
        if symbols.is_empty() {
            return Err(self.unknown(heading));
        }
        if let Some(id) = symbols.iter().find(|s| !settable(&self.assembled.network[**s])) {
            let symbol = &self.assembled.network[*id];
            let message = format!("`{}` is computed by the model and cannot be set", symbol.name);
            return Err(Box::new(
                Diagnostic::error("not-settable", message)
                    .at(heading.span, "")
                    .also(symbol.span, "computed here")
                    .mend("set a parameter that it is computed from"),
            ));
        }
        self.made(heading, cell, heading.unit.clone(), symbols, false)
    }

    fn made(
        &self,
        heading: &Heading,
        cell: &Cell,
        unit: Option<Unit>,
        symbols: Vec<SymbolId>,
        medium: bool,
    ) -> Result<Setting, Box<Diagnostic>> {
        let factor = self.factor(heading, unit.as_ref(), &symbols, medium)?;
        let source = match self.parameters.iter().position(|p| p.id == cell.text) {
            Some(index) => Source::Parameter(index, factor),
            None => Source::Number(cell.number()? * factor),
        };
        Ok(Setting { symbols, source, medium })
    }

    /// From the unit of a column to that of the symbols; by way of a drug's molar mass when the
    /// column gives a mass.
    fn factor(
        &self,
        heading: &Heading,
        unit: Option<&Unit>,
        symbols: &[SymbolId],
        medium: bool,
    ) -> Result<f64, Box<Diagnostic>> {
        let (Some(unit), Some(id)) = (unit, symbols.first()) else { return Ok(1.0) };
        let needed = self.assembled.unit(*id);
        let plain = unit.factor_to(&needed);
        let by_mass = || {
            let (mass, per) = self.molar.get(&heading.name).filter(|_| medium)?;
            Some((unit / per).factor_to(&needed)? / mass)
        };
        plain.or_else(by_mass).ok_or_else(|| {
            let message = format!("`{unit}` cannot be expressed in `{needed}`");
            Box::new(
                Diagnostic::error("unit", message)
                    .at(heading.span, "")
                    .mend(format!("write `{} [{needed}]`", heading.name)),
            )
        })
    }

    fn unknown(&self, heading: &Heading) -> Box<Diagnostic> {
        let system = &self.assembled.system.value;
        let message =
            format!("`{}` is nothing that system `{}` lets be set", heading.name, system.id);
        let names = (self.attributes.value.keys().map(String::as_str))
            .chain(system.medium.keys().map(String::as_str))
            .chain(self.assembled.network.symbols.iter().map(|s| s.name.as_str()))
            .chain(["tumour", "regimen"]);
        let near = nearest(&heading.name, names);
        Box::new(Diagnostic::error("unknown-symbol", message).at(heading.span, "").mend(
            match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name an attribute, a substance of the medium or a parameter".to_string(),
            },
        ))
    }
}
