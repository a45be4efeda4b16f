//! Event tables: a row for each dose, as pharmacometricians keep them.
//!
//! Columns are those of NONMEM data sets. Units stand in the header (`TIME [h]`, `AMT [mg]`) or are
//! given for the whole table. `DRUG` (or `CMT`, as text) names a drug of the library.

use std::path::PathBuf;

use hersim_network::{Diagnostic, Span};
use hersim_units::Unit;

use super::{BoundOrder, BoundRegimen, Reset, bind::bind_order};
use crate::{
    assemble::Assembled,
    library::Library,
    quantity,
    regimen::{Order, RouteKind},
    sheet::{Cell, Sheet},
};

/// Columns that say what is given.
const KNOWN: [&str; 15] = [
    "ID", "TIME", "EVID", "DRUG", "CMT", "ROUTE", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "LAG",
    "F", "MDV",
];
/// Columns of observations, which are left aside without a word.
const OBSERVED: [&str; 3] = ["DV", "C", "DVID"];
/// Doses that one row may stand for.
const MOST_DOSES: f64 = 1e6;

/// An event table and what is wanted of it.
#[derive(Clone, Debug, Default)]
pub struct EventTable {
    /// The file.
    pub path: PathBuf,
    /// Whose rows to take; needed when there are several.
    pub id: Option<String>,
    /// Unit of times, when the header does not say it.
    pub time_unit: Option<String>,
    /// Unit of amounts, when the header does not say it.
    pub amount_unit: Option<String>,
}

/// Reads an event table as a regimen of a system, and what in it is not used.
///
/// # Errors
/// Everything that cannot be read or honoured, with its place.
pub fn read_events(
    library: &mut Library,
    wanted: &EventTable,
    assembled: &Assembled,
) -> Result<(BoundRegimen, Vec<Diagnostic>), Vec<Diagnostic>> {
    let sheet = Sheet::read(library, &wanted.path, &["TIME"])?;
    let mut reader = Reader::new(&sheet, wanted)?;
    let rows = reader.rows_of(wanted)?;
    if rows.is_empty() {
        let place = sheet.columns.first().map_or(Span::new(sheet.file, 0..0), |c| c.span);
        let error = Diagnostic::error("empty-table", "this table has a header and no rows");
        return Err(vec![error.at(place, "").mend("write a row for each dose")]);
    }
    let mut errors = Vec::new();
    for row in rows {
        if let Err(more) = reader.row(row, assembled, library) {
            errors.extend(more);
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let strange = sheet.columns.iter().filter(|c| {
        let name = c.name.as_str();
        !KNOWN.contains(&name) && !OBSERVED.contains(&name)
    });
    let unused = strange.map(|c| {
        Diagnostic::warning("unused-column", format!("column `{}` is not used", c.name))
            .at(c.span, "")
            .mend("set what it stands for with `--set`")
    });
    Ok((BoundRegimen { orders: reader.orders, resets: reader.resets }, unused.collect()))
}

struct Reader<'a> {
    sheet: &'a Sheet,
    /// Days in the unit of times.
    days: f64,
    amount: Option<Unit>,
    last_day: f64,
    orders: Vec<BoundOrder>,
    resets: Vec<Reset>,
}

impl<'a> Reader<'a> {
    fn new(sheet: &'a Sheet, wanted: &EventTable) -> Result<Reader<'a>, Vec<Diagnostic>> {
        let unit = |column: &str, given: &Option<String>, option: &str, example: &str| {
            let heading = sheet.columns.iter().find(|c| c.name == column);
            let place = heading.map_or(Span::new(sheet.file, 0..0), |c| c.span);
            let refuse = |message: String| {
                vec![Diagnostic::error("unit", message).at(place, "").mend(format!(
                    "write the header as `{column} [{example}]`, or give `{option} {example}`"
                ))]
            };
            match (heading.and_then(|c| c.unit.clone()), given) {
                (Some(unit), _) => Ok(unit),
                (None, Some(text)) => quantity::parse_unit(text).map_err(refuse),
                (None, None) => Err(refuse(format!("column `{column}` has no unit"))),
            }
        };
        let time = unit("TIME", &wanted.time_unit, "--time-unit", "h")?;
        let days = time.factor_to(&quantity::day()).ok_or_else(|| {
            let message = format!("`{time}` is not a unit of time");
            let place = sheet.columns.iter().find(|c| c.name == "TIME").map(|c| c.span);
            let error = Diagnostic::error("unit", message).mend("times are in h, day or week");
            vec![error.at(place.unwrap_or(Span::new(sheet.file, 0..0)), "")]
        })?;
        let amount = match sheet.column("AMT") {
            Some(_) => Some(unit("AMT", &wanted.amount_unit, "--amount-unit", "mg")?),
            None => None,
        };
        let (orders, resets) = (Vec::new(), Vec::new());
        Ok(Reader { sheet, days, amount, last_day: 0.0, orders, resets })
    }

    /// The rows of one subject.
    fn rows_of(&self, wanted: &EventTable) -> Result<Vec<&'a [Cell]>, Vec<Diagnostic>> {
        let id = |row: &'a [Cell]| self.sheet.cell(row, "ID").map_or("", |c| c.text.as_str());
        let mut known: Vec<&str> = self.sheet.rows.iter().map(|r| id(r)).collect();
        known.dedup();
        let chosen = match (&wanted.id, known.as_slice()) {
            (None, [] | [_]) => known.first().copied().unwrap_or(""),
            (Some(id), known) if known.contains(&id.as_str()) => id,
            (given, known) => {
                let shown = known.iter().take(8).copied().collect::<Vec<_>>().join(", ");
                let message = match given {
                    Some(id) => format!("the table has no subject `{id}`"),
                    None => format!("the table has {} subjects", known.len()),
                };
                let error = Diagnostic::error("event-subject", message)
                    .at(Span::new(self.sheet.file, 0..0), "");
                return Err(vec![error.mend(format!("choose one with `--id`: {shown} …"))]);
            }
        };
        Ok(self.sheet.rows.iter().map(Vec::as_slice).filter(|r| id(r) == chosen).collect())
    }

    /// A field that is neither empty nor a dot.
    fn cell(&self, row: &'a [Cell], column: &str) -> Option<&'a Cell> {
        self.sheet.cell(row, column).filter(|c| c.text != ".")
    }

    /// A number that must not be negative; zero where there is none.
    fn number(&self, row: &'a [Cell], column: &str) -> Result<f64, Box<Diagnostic>> {
        let Some(cell) = self.cell(row, column) else { return Ok(0.0) };
        let value = cell.number()?;
        if value < 0.0 {
            let (message, mend) = match column {
                "RATE" => (
                    "a rate or duration that the model decides is not supported".to_string(),
                    "write the rate, or the length of the infusion into a column `DUR`",
                ),
                _ => (format!("{column} cannot be negative"), "write a number from zero on"),
            };
            return Err(refuse(cell, message, mend));
        }
        Ok(value)
    }

    /// The message for a field that a dose needs.
    fn missing(&self, row: &'a [Cell], column: &str) -> Box<Diagnostic> {
        let place = self.sheet.column(column).and_then(|c| row.get(c)).or(row.first());
        let place = place.map_or(Span::new(self.sheet.file, 0..0), |c| c.span);
        let error = Diagnostic::error("missing-value", format!("this dose has no {column}"));
        Box::new(error.at(place, "").mend(format!("fill the column `{column}`")))
    }

    /// Reads one row; what it says is added to the orders and resets.
    fn row(
        &mut self,
        row: &'a [Cell],
        assembled: &Assembled,
        library: &mut Library,
    ) -> Result<(), Vec<Diagnostic>> {
        let one = |error: Box<Diagnostic>| vec![*error];
        let time = self.sheet.needed(row, "TIME").map_err(one)?;
        let day = self.number(row, "TIME").map_err(one)? * self.days;
        let amount = self.number(row, "AMT").map_err(one)?;
        let kind = match self.cell(row, "EVID") {
            None => u8::from(amount > 0.0),
            Some(cell) => match cell.text.parse::<u8>() {
                Ok(kind @ 0..=4) => kind,
                _ => {
                    let message = format!("`{}` is not a kind of event", cell.text);
                    let mend = "0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose";
                    return Err(one(refuse(cell, message, mend)));
                }
            },
        };
        if day < self.last_day {
            let mend = "sort each subject's rows by time";
            return Err(one(refuse(time, "time goes back".into(), mend)));
        }
        self.last_day = day;
        if kind >= 3 {
            self.resets.push(Reset { day, steady: None });
        }
        if kind == 1 || kind == 4 {
            let order = self.dose(row, day, amount)?;
            let bound = self.bind(row, order, assembled, library)?;
            self.orders.push(bound);
        }
        Ok(())
    }

    /// The dose of a row, and those that follow it.
    fn dose(&self, row: &'a [Cell], day: f64, amount: f64) -> Result<Order, Vec<Diagnostic>> {
        let one = |error: Box<Diagnostic>| vec![*error];
        let Some(drug) = self.cell(row, "DRUG").or_else(|| self.cell(row, "CMT")) else {
            return Err(one(self.missing(row, "DRUG")));
        };
        let (Some(unit), Some(dose)) = (&self.amount, self.cell(row, "AMT")) else {
            return Err(one(self.missing(row, "AMT")));
        };
        if amount == 0.0 {
            let mend = "write the amount; use EVID 2 for a row that gives nothing";
            return Err(one(refuse(dose, "a dose of nothing".into(), mend)));
        }
        let route = match self.cell(row, "ROUTE") {
            None => RouteKind::Intravenous,
            Some(cell) => match cell.text.to_lowercase().as_str() {
                "iv" => RouteKind::Intravenous,
                "sc" => RouteKind::Subcutaneous,
                "oral" | "po" => RouteKind::Oral,
                other => {
                    let message = format!("`{other}` is not a route");
                    return Err(one(refuse(cell, message, "known are iv, sc and oral")));
                }
            },
        };
        let number = |column| self.number(row, column).map_err(one);
        let (rate, length) = (number("RATE")?, number("DUR")? * self.days);
        let (every, more) = (number("II")? * self.days, number("ADDL")?);
        if rate > 0.0 && length > 0.0 {
            let mend = "give the rate or the length";
            return Err(one(refuse(dose, "both RATE and DUR".into(), mend)));
        }
        if more > 0.0 && every == 0.0 {
            let message = "additional doses (ADDL) without an interval (II)".to_string();
            return Err(one(refuse(dose, message, "fill the column `II`")));
        }
        if more.fract() != 0.0 || more > MOST_DOSES {
            let message = format!("{more} is not a number of additional doses");
            return Err(one(refuse(dose, message, "write a whole number of at most a million")));
        }
        Ok(Order {
            drug: drug.text.clone(),
            drug_span: drug.span,
            route,
            first: amount,
            then: amount,
            unit: unit.clone(),
            dose_span: dose.span,
            every_day: if every > 0.0 { every } else { f64::INFINITY },
            offsets: vec![0.0],
            spacing_day: if every > 0.0 { every } else { f64::INFINITY },
            times: Some(1 + more as u32),
            infusion_day: Some(if rate > 0.0 { amount / rate * self.days } else { length }),
            start_day: day,
            end_day: f64::INFINITY,
        })
    }

    /// Binds a dose and adds what a regimen does not know: lag, share, steady state.
    fn bind(
        &mut self,
        row: &'a [Cell],
        order: Order,
        assembled: &Assembled,
        library: &mut Library,
    ) -> Result<BoundOrder, Vec<Diagnostic>> {
        let one = |error: Box<Diagnostic>| vec![*error];
        let mut bound = bind_order(&order, assembled, library)?;
        bound.lag_day = self.number(row, "LAG").map_err(one)? * self.days;
        if self.cell(row, "F").is_some() {
            bound.available = self.number(row, "F").map_err(one)?;
        }
        // A rate is what flows in: less that arrives takes less long.
        if self.number(row, "RATE").map_err(one)? > 0.0 {
            bound.infusion_day *= bound.available;
        }
        if let Some(steady) = self.cell(row, "SS").filter(|c| c.text != "0") {
            let message = match steady.text.as_str() {
                "1" if bound.order.every_day.is_infinite() => {
                    Some("steady state without an interval (II)".to_string())
                }
                "1" if bound.lag_day >= bound.order.every_day => {
                    Some("steady state with a lag as long as the interval".to_string())
                }
                "1" => None,
                other => Some(format!("SS {other} is not supported")),
            };
            if let Some(message) = message {
                let mend =
                    "SS 1 with an interval (II) longer than the lag starts from steady state";
                return Err(one(refuse(steady, message, mend)));
            }
            // A reset of the same row is this one.
            let again = self.cell(row, "EVID").is_some_and(|c| c.text == "4");
            if again {
                self.resets.pop();
            }
            let place = self.orders.len();
            self.resets.push(Reset { day: bound.order.start_day, steady: Some(place) });
        }
        bound.epoch = self.resets.len();
        Ok(bound)
    }
}

fn refuse(cell: &Cell, message: String, mend: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("event-table", message).at(cell.span, "").mend(mend))
}
