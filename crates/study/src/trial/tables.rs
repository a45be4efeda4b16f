//! Patients as rows of a table, and back.

use std::collections::BTreeSet;

use hersim_store::{Column, StoreError, Table, Values};

use crate::{
    dosing::Delivered,
    outcome::{Assessment, EventTime, PatientOutcome, PatientStatus, Response},
};

/// What the columns of tags, of draws and of markers begin with.
const TAG: &str = "tag.";
const DRAWN: &str = "drawn.";
const MARKER: &str = "marker.";
/// What the columns of amounts that arrived begin with.
const GIVEN: &str = "given.";

/// Endpoints, one row per patient.
pub fn endpoints(patients: &[PatientOutcome], arms: &[String]) -> Table {
    let time = |name: &str, pick: fn(&PatientOutcome) -> Option<EventTime>| {
        let day = Column::f64_opt(
            &format!("{name}_day"),
            "day",
            patients.iter().map(|p| pick(p).map(|t| t.day)),
        );
        let event = Column::bool(
            &format!("{name}_event"),
            patients.iter().map(|p| pick(p).is_some_and(|t| t.event)),
        );
        [day, event]
    };
    let reason = |p: &PatientOutcome| match &p.status {
        PatientStatus::Complete => String::new(),
        PatientStatus::Failed(reason) | PatientStatus::NotEnrolled(reason) => reason.clone(),
    };
    let flag = |name: &str, pick: fn(&PatientOutcome) -> Option<bool>| {
        let word = |value| match value {
            None => "",
            Some(true) => "yes",
            Some(false) => "no",
        };
        Column::text(name, patients.iter().map(|p| word(pick(p))))
    };
    let mut columns = vec![
        Column::text("arm", patients.iter().map(|p| arms[p.arm].clone())),
        Column::i64("patient", patients.iter().map(|p| p.patient as i64)),
        Column::text(
            "status",
            patients.iter().map(|p| match p.status {
                PatientStatus::Complete => "complete",
                PatientStatus::NotEnrolled(_) => "not enrolled",
                PatientStatus::Failed(_) => "failed",
            }),
        ),
        Column::text("reason", patients.iter().map(reason)),
        Column::text("stratum", patients.iter().map(|p| p.stratum.clone())),
        Column::text("group", patients.iter().map(|p| p.group.clone())),
    ];
    columns.extend(time("ttp", |p| Some(p.ttp)));
    columns.extend(time("pfs", |p| Some(p.pfs)));
    columns.extend(time("os", |p| Some(p.os)));
    columns.extend(time("dor", |p| p.dor));
    columns.push(Column::text("response", patients.iter().map(|p| format!("{:?}", p.response))));
    let change = patients.iter().map(|p| p.best_change_percent);
    columns.push(Column::f64_opt("best_change", "%", change));
    let crossover = patients.iter().map(|p| p.crossover_day);
    columns.push(Column::f64_opt("crossover_day", "day", crossover));
    let discontinued = patients.iter().map(|p| p.discontinued_day);
    columns.push(Column::f64_opt("discontinued_day", "day", discontinued));
    columns.push(flag("pcr", |p| p.pcr));
    columns.push(flag("tpcr", |p| p.tpcr));
    let tags: BTreeSet<&String> = patients.iter().flat_map(|p| p.tags.keys()).collect();
    for tag in tags {
        let words = patients.iter().map(|p| p.tags.get(tag).cloned().unwrap_or_default());
        columns.push(Column::text(&format!("{TAG}{tag}"), words));
    }
    let traits: BTreeSet<&String> = patients.iter().flat_map(|p| p.traits.keys()).collect();
    for name in traits {
        let values = patients.iter().map(|p| p.traits.get(name).copied());
        columns.push(Column::f64_opt(&format!("{DRAWN}{name}"), "", values));
    }
    columns.extend(given(patients));
    Table::new(columns)
}

/// What arrived of each drug: a column each, a second one where it arrived in another unit too.
fn given(patients: &[PatientOutcome]) -> Vec<Column> {
    let all = patients.iter().flat_map(|p| &p.delivered);
    let kinds: BTreeSet<(&String, &String)> = all.map(|d| (&d.drug, &d.unit)).collect();
    let mut columns: Vec<Column> = Vec::new();
    for (drug, unit) in kinds {
        let mut name = format!("{GIVEN}{drug}");
        if columns.iter().any(|c| c.name == name) {
            name = format!("{name}.{unit}");
        }
        let of = |p: &PatientOutcome| {
            let one = p.delivered.iter().find(|d| d.drug == *drug && d.unit == *unit);
            one.map(|d| d.amount)
        };
        columns.push(Column::f64_opt(&name, unit, patients.iter().map(of)));
    }
    columns
}

/// Assessments, one row per visit. `markers` are ids and units of what else is measured.
pub fn assessments(
    patients: &[PatientOutcome],
    arms: &[String],
    markers: &[(String, String)],
) -> Table {
    let rows = || patients.iter().flat_map(|p| p.assessments.iter().map(move |a| (p, a)));
    let mut columns = vec![
        Column::text("arm", rows().map(|(p, _)| arms[p.arm].clone())),
        Column::i64("patient", rows().map(|(p, _)| p.patient as i64)),
        Column::f64("day", "day", rows().map(|(_, a)| a.day)),
        Column::f64("sum_of_diameters", "mm", rows().map(|(_, a)| a.sum_of_diameters_mm)),
        Column::bool("new_lesion", rows().map(|(_, a)| a.new_lesion)),
    ];
    for (i, (id, unit)) in markers.iter().enumerate() {
        let values = rows().map(|(_, a)| a.markers.get(i).copied());
        columns.push(Column::f64_opt(&format!("{MARKER}{id}"), unit, values));
    }
    Table::new(columns)
}

/// Patients from their endpoints alone, without assessments.
///
/// # Errors
/// As [`patients`].
pub fn without_assessments(
    endpoints: &Table,
    arms: &[String],
) -> Result<Vec<PatientOutcome>, StoreError> {
    patients(endpoints, &assessments(&[], arms, &[]), arms)
}

/// Patients from the two tables of a chunk.
///
/// # Errors
/// `BadTable` when a column is missing or of another kind.
pub fn patients(
    endpoints: &Table,
    assessments: &Table,
    arms: &[String],
) -> Result<Vec<PatientOutcome>, StoreError> {
    let e = Reader { table: endpoints };
    let (arm, patient) = (e.text("arm")?, e.i64("patient")?);
    let (status, reason) = (e.text("status")?, e.text("reason")?);
    let (stratum, group) = (e.text("stratum")?, e.text("group")?);
    let (ttp, pfs, os, dor) = (e.time("ttp")?, e.time("pfs")?, e.time("os")?, e.time("dor")?);
    let response = e.text("response")?;
    let (change, crossover) = (e.f64("best_change")?, e.f64("crossover_day")?);
    let discontinued = e.f64("discontinued_day")?;
    let (pcr, tpcr) = (e.text("pcr")?, e.text("tpcr")?);
    let flag = |word: &str| match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let mut tags = Vec::new();
    let mut drawn = Vec::new();
    let mut given = Vec::new();
    for column in &endpoints.columns {
        if let Some(tag) = column.name.strip_prefix(TAG) {
            tags.push((tag.to_string(), e.text(&column.name)?));
        }
        if let Some(name) = column.name.strip_prefix(GIVEN) {
            let drug = name.split('.').next().unwrap_or(name).to_string();
            let unit = column.unit.clone().unwrap_or_else(|| "1".into());
            given.push((drug, unit, e.f64(&column.name)?));
        }
        if let Some(name) = column.name.strip_prefix(DRAWN) {
            drawn.push((name.to_string(), e.f64(&column.name)?));
        }
    }
    let open = EventTime { day: 0.0, event: false };
    let mut patients: Vec<PatientOutcome> = (0..endpoints.rows())
        .map(|i| PatientOutcome {
            arm: arms.iter().position(|a| *a == arm[i]).unwrap_or_default(),
            patient: patient[i].unwrap_or_default() as u64,
            status: match status[i].as_str() {
                "complete" => PatientStatus::Complete,
                "not enrolled" => PatientStatus::NotEnrolled(reason[i].clone()),
                _ => PatientStatus::Failed(reason[i].clone()),
            },
            stratum: stratum[i].clone(),
            group: group[i].clone(),
            ttp: ttp[i].unwrap_or(open),
            pfs: pfs[i].unwrap_or(open),
            os: os[i].unwrap_or(open),
            dor: dor[i],
            response: match response[i].as_str() {
                "CR" => Response::CR,
                "PR" => Response::PR,
                "SD" => Response::SD,
                "PD" => Response::PD,
                _ => Response::NE,
            },
            best_change_percent: change[i],
            crossover_day: crossover[i],
            discontinued_day: discontinued[i],
            delivered: (given.iter())
                .filter_map(|(drug, unit, amounts)| {
                    let amount = amounts[i]?;
                    Some(Delivered { drug: drug.clone(), amount, unit: unit.clone() })
                })
                .collect(),
            pcr: flag(&pcr[i]),
            tpcr: flag(&tpcr[i]),
            tags: (tags.iter().filter(|(_, words)| !words[i].is_empty()))
                .map(|(tag, words)| (tag.clone(), words[i].clone()))
                .collect(),
            traits: (drawn.iter())
                .filter_map(|(name, values)| Some((name.clone(), values[i]?)))
                .collect(),
            assessments: Vec::new(),
        })
        .collect();
    let a = Reader { table: assessments };
    let (arm, number) = (a.text("arm")?, a.i64("patient")?);
    let (day, sum, new_lesion) = (a.f64("day")?, a.f64("sum_of_diameters")?, a.bool("new_lesion")?);
    let markers: Vec<&[Option<f64>]> = (assessments.columns.iter())
        .filter(|c| c.name.starts_with(MARKER))
        .map(|c| a.f64(&c.name))
        .collect::<Result<_, _>>()?;
    let mut at = 0;
    for i in 0..assessments.rows() {
        // Both tables list patients in the same order.
        let same = |p: &PatientOutcome| {
            arms[p.arm] == arm[i] && p.patient == number[i].unwrap_or_default() as u64
        };
        while at < patients.len() && !same(&patients[at]) {
            at += 1;
        }
        let Some(patient) = patients.get_mut(at) else { break };
        patient.assessments.push(Assessment {
            day: day[i].unwrap_or(f64::NAN),
            sum_of_diameters_mm: sum[i].unwrap_or(f64::NAN),
            new_lesion: new_lesion[i].unwrap_or(false),
            markers: markers.iter().map(|m| m[i].unwrap_or(f64::NAN)).collect(),
        });
    }
    Ok(patients)
}

struct Reader<'a> {
    table: &'a Table,
}

impl Reader<'_> {
    fn values(&self, name: &str) -> Result<&Values, StoreError> {
        let column = self.table.column(name);
        column.map(|c| &c.values).ok_or_else(|| bad(format!("column `{name}` is missing")))
    }

    fn f64(&self, name: &str) -> Result<&[Option<f64>], StoreError> {
        match self.values(name)? {
            Values::F64(values) => Ok(values),
            _ => Err(bad(format!("column `{name}` is not a number"))),
        }
    }

    fn i64(&self, name: &str) -> Result<&[Option<i64>], StoreError> {
        match self.values(name)? {
            Values::I64(values) => Ok(values),
            _ => Err(bad(format!("column `{name}` is not a whole number"))),
        }
    }

    fn bool(&self, name: &str) -> Result<&[Option<bool>], StoreError> {
        match self.values(name)? {
            Values::Bool(values) => Ok(values),
            _ => Err(bad(format!("column `{name}` is not yes or no"))),
        }
    }

    fn text(&self, name: &str) -> Result<Vec<String>, StoreError> {
        match self.values(name)? {
            Values::Text(values) => {
                Ok(values.iter().map(|v| v.clone().unwrap_or_default()).collect())
            }
            _ => Err(bad(format!("column `{name}` is not text"))),
        }
    }

    fn time(&self, name: &str) -> Result<Vec<Option<EventTime>>, StoreError> {
        let (day, event) =
            (self.f64(&format!("{name}_day"))?, self.bool(&format!("{name}_event"))?);
        Ok((day.iter().zip(event))
            .map(|(day, event)| day.map(|day| EventTime { day, event: event.unwrap_or(false) }))
            .collect())
    }
}

fn bad(why: String) -> StoreError {
    StoreError::BadTable { why }
}
