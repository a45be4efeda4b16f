//! One simulation: a tumour brought to rest, and what is done to it.

use std::collections::HashMap;

use hersim_network::Diagnostic;
use hersim_units::Unit;

use super::{
    condition::{Binder, ConditionRow, Setting, Source},
    gather::{Draft, PartDraft, Seen},
    parameter::Parameter,
};
use crate::{
    assemble::Assembled,
    document::Document,
    dosing::BoundRegimen,
    library::{Attributes, Library, Tumour, regimen},
    sheet::Cell,
    tumour::attribute_settings,
    written::Written,
};

/// One simulation: a tumour at rest under a condition.
pub struct Experiment {
    /// Identifier of the condition.
    pub condition: String,
    /// Words.
    pub title: String,
    /// What was said of the tumour.
    pub tumour: String,
    /// Number of its system.
    pub system: usize,
    /// Slots set before time zero.
    pub before: Vec<(usize, Source)>,
    /// Slots set from time zero.
    pub during: Vec<(usize, Source)>,
    /// Doses.
    pub regimen: BoundRegimen,
    /// Times of measurements, days, ascending.
    pub days: Vec<f64>,
    /// Fields of the condition's row that are numbers: heading and value.
    pub numbers: Vec<(String, f64)>,
}

pub fn experiment(
    seen: &Seen,
    part: &PartDraft,
    draft: &mut Draft,
    parameters: &[Parameter],
    attributes: &Document<Attributes>,
    molar: &HashMap<String, (f64, Unit)>,
    library: &mut Library,
) -> Result<Experiment, Vec<Diagnostic>> {
    let row = part.conditions.row(&seen.during).map_err(|e| vec![*e])?;
    let binder = Binder { assembled: &draft.assembled, attributes, parameters, molar };
    let now = binder.settings(row)?;
    let earlier = match &seen.before {
        Some(cell) => {
            let row = part.conditions.row(cell).map_err(|e| vec![*e])?;
            if let Some(cell) = row.text("regimen") {
                let error = Diagnostic::error("unsupported", "doses before time zero");
                return Err(vec![
                    error.at(cell.span, "").mend("doses begin at time zero; leave this empty"),
                ]);
            }
            Some(binder.settings(row)?)
        }
        None => None,
    };
    let regimen = match row.text("regimen") {
        Some(cell) => bound_regimen(cell, &draft.assembled, library)?,
        None => BoundRegimen::default(),
    };
    for id in regimen.inputs() {
        if !draft.inputs.contains(&id) {
            draft.inputs.push(id);
        }
    }
    let mut before = fractions(seen.tumour.as_ref(), draft)?;
    if let Some(tumour) = &seen.tumour {
        let settings = attribute_settings(tumour, attributes, &draft.assembled, &library.sources)?;
        for (id, value) in settings {
            before.push((draft.slot(id), Source::Number(value)));
        }
    }
    let mut during = before.clone();
    let mut set = |into: &mut Vec<(usize, Source)>, settings: &[Setting], medium: bool| {
        for setting in settings.iter().filter(|s| medium || !s.medium) {
            for id in &setting.symbols {
                into.push((draft.slot(*id), setting.source));
            }
        }
    };
    match &earlier {
        // What is said of the tumour stays; what is in the medium is changed.
        Some(earlier) => {
            set(&mut before, earlier, true);
            set(&mut during, earlier, false);
        }
        None => set(&mut before, &now, false),
    }
    set(&mut during, &now, true);
    Ok(Experiment {
        condition: seen.during.text.clone(),
        title: row.text("conditionName").unwrap_or(&seen.during).text.clone(),
        tumour: seen.tumour.as_ref().map(|t| t.value.name.clone()).unwrap_or_default(),
        system: seen.system,
        before,
        during,
        regimen,
        days: Vec::new(),
        numbers: numbers(row),
    })
}

/// Fields of a row that are numbers, with their headings as a person reads them.
fn numbers(row: ConditionRow<'_>) -> Vec<(String, f64)> {
    (row.sheet.columns.iter().zip(row.cells))
        .filter_map(|(heading, cell)| {
            let value = cell.text.parse().ok()?;
            let name = match &heading.unit {
                Some(unit) => format!("{}, {unit}", heading.name),
                None => heading.name.clone(),
            };
            Some((name, value))
        })
        .collect()
}

fn bound_regimen(
    cell: &Cell,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<BoundRegimen, Vec<Diagnostic>> {
    let written = Written::at(&cell.text, cell.span);
    let regimen = regimen(&written, library)?;
    BoundRegimen::bind(&regimen, assembled, library)
}

/// Shares of the subclones.
fn fractions(
    tumour: Option<&Document<Tumour>>,
    draft: &mut Draft,
) -> Result<Vec<(usize, Source)>, Vec<Diagnostic>> {
    let role = draft.assembled.system.value.population.fraction.clone();
    let mut shares = Vec::new();
    for (i, subclone) in draft.assembled.subclones.clone().iter().enumerate() {
        let id = draft.assembled.of_subclone(&role, subclone).map_err(|e| vec![*e])?;
        let share = match tumour.filter(|t| !t.value.subclone.is_empty()) {
            Some(tumour) => (tumour.value.subclone.iter())
                .find(|s| s.id == *subclone)
                .map_or(0.0, |s| *s.fraction.get_ref()),
            None => f64::from(u8::from(i == 0)),
        };
        shares.push((draft.slot(id), Source::Number(share)));
    }
    Ok(shares)
}
