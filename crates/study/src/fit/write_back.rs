//! Writing best values into the model's tables: only the cells of value, status and note change.

use std::{collections::BTreeMap, path::Path};

use hersim_network::{Diagnostic, FileId, Span};

use super::{outcome::FittedParameter, setup::Setup};
use crate::{error::StudyError, library::Library, quantity::parse_unit};

/// One row that was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Table.
    pub path: String,
    /// Parameter.
    pub id: String,
    /// What stood there.
    pub from: String,
    /// What stands there now.
    pub to: String,
}

/// Writes the best values of the model's parameters into its tables, whole files at a time.
///
/// The status becomes `fitted` except where the data say next to nothing of a parameter, and the
/// note names the problem.
///
/// # Errors
/// `changed-meanwhile` when a table is no longer as it was read; what the system says. Tables
/// that were written before the error stay written.
pub fn write_back(
    library: &Library,
    setup: &Setup,
    fitted: &[FittedParameter],
) -> Result<Vec<Written>, StudyError> {
    let mut edits: BTreeMap<FileId, Vec<(Span, &FittedParameter)>> = BTreeMap::new();
    for (at, parameter) in setup.estimated.iter().zip(fitted) {
        if let Some(row) = setup.parameters[*at].row {
            edits.entry(row.file).or_default().push((row, parameter));
        }
    }
    let mut written = Vec::new();
    for (file, mut rows) in edits {
        let Some((name, text)) = library.sources.get(file) else { continue };
        let path = Path::new(name);
        if library.files().read(path).ok().as_deref() != Some(text.as_ref()) {
            let message = format!("{name} is no longer as it was when the fit began");
            let error = Diagnostic::error("changed-meanwhile", message);
            return Err(Box::new(error.mend("fit again; the model has changed")).into());
        }
        // From the end, so that the places of earlier rows stay good.
        rows.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut whole = text.to_string();
        let mut changed = Vec::new();
        for (span, parameter) in rows {
            let unit = &setup.parameters.iter().find(|p| p.id == parameter.id);
            let unit = unit.and_then(|p| p.unit.as_ref());
            let factor = |row: &str| -> f64 {
                let parsed = parse_unit(row).ok();
                parsed.zip(unit).and_then(|(row, unit)| row.factor_to(unit)).unwrap_or(1.0)
            };
            let range = span.start as usize..span.end as usize;
            let Some(row) = text.get(range.clone()) else { continue };
            let header = header(text);
            if let Some(edit) = edit(header, row, parameter, &setup.problem.id, &factor) {
                whole.replace_range(range, &edit.row);
                let (id, path) = (parameter.id.clone(), name.to_string());
                changed.push(Written { path, id, from: edit.from, to: edit.to });
            }
        }
        hersim_store::write_text(path, &whole)?;
        changed.reverse();
        written.extend(changed);
    }
    Ok(written)
}

/// The line that names the columns.
fn header(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    text.lines().find(|l| !l.starts_with('#') && !l.trim().is_empty()).unwrap_or("")
}

struct Edit {
    row: String,
    from: String,
    to: String,
}

/// A row with another value, status and note; all else stays byte for byte.
fn edit(
    header: &str,
    row: &str,
    parameter: &FittedParameter,
    problem: &str,
    factor: &dyn Fn(&str) -> f64,
) -> Option<Edit> {
    let column = |name: &str| header.split('\t').position(|c| c.trim() == name);
    let mut cells: Vec<String> = row.split('\t').map(str::to_string).collect();
    let cell = |name: &str| column(name).and_then(|c| cells.get(c)).map(|c| c.trim().to_string());
    let per = factor(&cell("unit").unwrap_or_default());
    let bound = parameter.at_bound.and_then(|b| cell(&format!("{b}Bound")));
    let to = bound.filter(|b| !b.is_empty()).unwrap_or_else(|| short(parameter.value / per));
    let from = cell("nominalValue")?;
    let mark = format!("hersim fit {problem}");
    let remark =
        if parameter.unidentifiable { format!("{mark}: not identifiable") } else { mark.clone() };
    let note = cell("note").unwrap_or_default();
    let kept: Vec<&str> =
        note.split("; ").filter(|part| !part.is_empty() && !part.starts_with(&mark)).collect();
    let note = kept.into_iter().chain([remark.as_str()]).collect::<Vec<_>>().join("; ");
    let mut set = |name: &str, value: &str| {
        if let Some(cell) = column(name).and_then(|c| cells.get_mut(c)) {
            *cell = value.to_string();
        }
    };
    set("nominalValue", &to);
    if !parameter.unidentifiable {
        set("status", "fitted");
    }
    set("note", &note);
    Some(Edit { row: cells.join("\t"), from, to })
}

/// Four significant digits, with an exponent when far from one.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".into();
    }
    let power = value.abs().log10().floor();
    if (-4.0..6.0).contains(&power) {
        let decimals = (3.0 - power).max(0.0) as usize;
        let text = format!("{value:.decimals$}");
        return if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            text
        };
    }
    format!("{value:.3e}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Scale;

    fn fitted(value: f64) -> FittedParameter {
        FittedParameter {
            id: "m.k".into(),
            title: String::new(),
            unit: "1/day".into(),
            scale: Scale::Log10,
            lower: 1.0,
            upper: 100.0,
            nominal: 24.0,
            value,
            se: None,
            ci_low: None,
            ci_high: None,
            informed: 1.0,
            at_bound: None,
            unidentifiable: false,
            in_model: true,
        }
    }

    const HEADER: &str = "parameterId\tupperBound\tnominalValue\tunit\tsource\tstatus\tnote";

    fn edited(row: &str, parameter: &FittedParameter) -> String {
        edit(HEADER, row, parameter, "p", &|_| 24.0).unwrap().row
    }

    #[test]
    fn only_value_status_and_note_change() {
        let row = "k\t5\t1\t1/h\t doi:10.1/x\tassumed\tminutes";
        let new = edited(row, &fitted(48.012345));
        assert_eq!(new, "k\t5\t2.001\t1/h\t doi:10.1/x\tfitted\tminutes; hersim fit p");
        // Again: the mark is not repeated.
        let again = edited(&new, &fitted(72.0));
        assert_eq!(again, "k\t5\t3\t1/h\t doi:10.1/x\tfitted\tminutes; hersim fit p");
    }

    #[test]
    fn bounds_are_copied_and_what_is_not_known_keeps_its_status() {
        let row = "k\t5.00\t1\t1/h\tassumed\tassumed\t";
        let new = edited(row, &FittedParameter { at_bound: Some("upper"), ..fitted(120.0) });
        assert!(new.starts_with("k\t5.00\t5.00\t"), "{new}");
        let new = edited(row, &FittedParameter { unidentifiable: true, ..fitted(24.0) });
        assert_eq!(new, "k\t5.00\t1\t1/h\tassumed\tassumed\thersim fit p: not identifiable");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(12345.678), "12346");
        assert_eq!(short(0.000123456), "0.0001235");
        assert_eq!(short(6.47e5), "647000");
        assert_eq!(short(1.23456e-7), "1.235e-7");
        assert_eq!(short(2.0), "2");
    }
}
