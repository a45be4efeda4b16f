//! The tables of a problem, the experiments its measurements ask for, and their systems.

use std::ops::Range;

use hersim_network::{Diagnostic, SymbolId, Value};

use super::{
    condition::Conditions,
    observable::{self, Observable, Outputs},
    problem::{self, Problem},
};
use crate::{
    assemble::{Assembled, assemble},
    document::Document,
    library::{Library, Shelf, Tumour},
    sheet::{Cell, Sheet},
};

/// A system while it is being set up.
pub struct Draft {
    pub assembled: Assembled,
    pub varying: Vec<SymbolId>,
    pub base: Vec<f64>,
    pub outputs: Outputs,
    pub inputs: Vec<SymbolId>,
    pub sized: bool,
    pub targets: Vec<(usize, usize)>,
}

impl Draft {
    /// Position of a symbol among those that vary.
    pub fn slot(&mut self, id: SymbolId) -> usize {
        if let Some(at) = self.varying.iter().position(|v| *v == id) {
            return at;
        }
        self.varying.push(id);
        self.base.push(match self.assembled.network[id].value {
            Value::Number(value) => value,
            _ => 0.0,
        });
        self.varying.len() - 1
    }
}

/// What one part's tables hold, and which experiments its measurements need.
pub struct PartDraft {
    pub conditions: Conditions,
    pub sheets: Vec<Sheet>,
    pub observables: Range<usize>,
}

pub fn read_part(
    library: &mut Library,
    part: &problem::Part,
    observables: &mut Vec<Observable>,
) -> Result<PartDraft, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut keep = |more: Vec<Diagnostic>| errors.extend(more);
    let conditions = Conditions::read(library, &part.conditions).map_err(&mut keep).ok();
    let from = observables.len();
    if let Ok(more) = observable::read(library, &part.observables).map_err(&mut keep) {
        for mut observable in more {
            let alike = observables.iter().filter(|o| o.id == observable.id).count();
            if alike > 0 {
                observable.label = format!("{} ({})", observable.id, alike + 1);
            }
            observables.push(observable);
        }
    }
    let needed = ["observableId", "simulationConditionId", "measurement", "time"];
    let mut sheets = Vec::new();
    for path in &part.measurements {
        if let Ok(sheet) = Sheet::read(library, path, &needed).map_err(&mut keep) {
            sheets.push(sheet);
        }
    }
    match conditions {
        Some(conditions) if errors.is_empty() => {
            Ok(PartDraft { conditions, sheets, observables: from..observables.len() })
        }
        _ => Err(errors),
    }
}

/// An experiment that measurements ask for.
pub struct Seen {
    pub part: usize,
    pub before: Option<Cell>,
    pub during: Cell,
    pub tumour: Option<Document<Tumour>>,
    pub system: usize,
}

pub struct Gathered {
    pub systems: Vec<Draft>,
    pub experiments: Vec<Seen>,
}

/// The experiments that measurements ask for and the systems they run in.
pub fn gather(
    library: &mut Library,
    problem: &Problem,
    parts: &[PartDraft],
) -> Result<Gathered, Vec<Diagnostic>> {
    let mut gathered = Gathered { systems: Vec::new(), experiments: Vec::new() };
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    let mut errors = Vec::new();
    for (number, (part, draft)) in problem.parts.iter().zip(parts).enumerate() {
        for sheet in &draft.sheets {
            for row in &sheet.rows {
                let Ok(during) = sheet.needed(row, "simulationConditionId") else { continue };
                let before = sheet.cell(row, "preequilibrationConditionId");
                if gathered.find(number, before, during).is_some() {
                    continue;
                }
                let tumour = tumour(library, &draft.conditions, before, during);
                let tumour = match tumour {
                    Ok(tumour) => tumour,
                    Err(more) => {
                        errors.extend(more);
                        None
                    }
                };
                let subclones: Vec<String> =
                    tumour.iter().flat_map(|t| &t.value.subclone).map(|s| s.id.clone()).collect();
                let key = (part.system.0.clone(), subclones);
                let system = match keys.iter().position(|k| *k == key) {
                    Some(at) => at,
                    None => {
                        let known = library.ids(Shelf::Systems);
                        if !known.contains(&key.0) {
                            return Err(vec![library.unknown(
                                Shelf::Systems,
                                &key.0,
                                Some(part.system.1),
                            )]);
                        }
                        gathered.systems.push(draft_system(library, &key.0, &key.1)?);
                        keys.push(key);
                        keys.len() - 1
                    }
                };
                gathered.experiments.push(Seen {
                    part: number,
                    before: before.cloned(),
                    during: during.clone(),
                    tumour,
                    system,
                });
            }
        }
    }
    if errors.is_empty() { Ok(gathered) } else { Err(errors) }
}

impl Gathered {
    /// The experiment of a part with these conditions.
    pub fn find(&self, part: usize, before: Option<&Cell>, during: &Cell) -> Option<usize> {
        self.experiments.iter().position(|e| {
            e.part == part
                && e.during.text == during.text
                && e.before.as_ref().map(|c| &c.text) == before.map(|c| &c.text)
        })
    }
}

/// The tumour that the rows of an experiment name.
fn tumour(
    library: &mut Library,
    conditions: &Conditions,
    before: Option<&Cell>,
    during: &Cell,
) -> Result<Option<Document<Tumour>>, Vec<Diagnostic>> {
    let mut named: Option<Cell> = None;
    for asked in before.into_iter().chain([during]) {
        let row = conditions.row(asked).map_err(|e| vec![*e])?;
        let Some(cell) = row.text("tumour") else { continue };
        if let Some(first) = named.as_ref().filter(|n| n.text != cell.text) {
            return Err(vec![
                Diagnostic::error("unsupported", "a tumour cannot become another at time zero")
                    .at(cell.span, "")
                    .also(first.span, "before time zero")
                    .mend("name the same tumour in both conditions, or in one of them"),
            ]);
        }
        named = Some(cell.clone());
    }
    let Some(cell) = named else { return Ok(None) };
    let tumour: Document<Tumour> = library.read(Shelf::Tumours, &cell.text, Some(cell.span))?;
    if tumour.value.made.is_some() {
        return Err(vec![
            Diagnostic::error("unsupported", "tumours made by selection cannot be fitted")
                .at(cell.span, "")
                .mend("name the tumour it was made from, or give the attributes it has"),
        ]);
    }
    Ok(Some(tumour))
}

fn draft_system(
    library: &mut Library,
    system: &str,
    subclones: &[String],
) -> Result<Draft, Vec<Diagnostic>> {
    let assembled = assemble(library, system, subclones)?;
    let mut outputs = Outputs::default();
    let mut sized = false;
    if let Some(dosing) = &assembled.system.value.dosing {
        for role in [&dosing.per_kg, &dosing.per_m2] {
            outputs.symbols.push(assembled.role(role).map_err(|e| vec![*e])?);
        }
        sized = true;
    }
    Ok(Draft {
        assembled,
        varying: Vec::new(),
        base: Vec::new(),
        outputs,
        inputs: Vec::new(),
        sized,
        targets: Vec::new(),
    })
}
