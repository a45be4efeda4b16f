//! The treatments of a trial, bound to its system.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, Span};

use super::{ByStratum, TrialPlan, checks::unknown, visits::visit_days};
use crate::{
    assemble::{Assembled, days},
    document::{Document, Spanned},
    dosing::BoundRegimen,
    library::{Library, regimen},
    written::Written,
};

/// Longest a line before the trial lasts that ends at progression alone, days.
const TEN_YEARS: f64 = 3652.5;
/// Days between assessments in a line before the trial, when it does not say.
const NINE_WEEKS: f64 = 63.0;

/// A treatment by stratum; the empty name stands for all others.
pub type PerStratum = BTreeMap<String, BoundRegimen>;

/// A line of treatment before the trial, bound.
pub struct BoundHistory {
    /// The treatment.
    pub regimen: BoundRegimen,
    /// Share of the patients who had it.
    pub share: f64,
    /// Longest time it lasts, days.
    pub longest_day: f64,
    /// Whether only those who progress on it go on.
    pub must_progress: bool,
    /// Whether the tumour is taken out when it begins.
    pub surgery: bool,
    /// Visits, days since it began.
    pub visits: Vec<f64>,
    /// Time without treatment after it, days.
    pub washout_day: f64,
}

/// One bound regimen per stratum.
///
/// # Errors
/// All that do not fit the system, and strata that the trial does not have.
pub fn bind(
    regimen: &Spanned<ByStratum>,
    plan: &Document<TrialPlan>,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<PerStratum, Vec<Diagnostic>> {
    let each: Vec<(&str, &str)> = match regimen.get_ref() {
        ByStratum::All(text) => vec![("", text)],
        ByStratum::Each(map) => map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
    };
    let known: Vec<&str> = plan.value.stratum.iter().map(|s| s.id.as_str()).collect();
    let mut bound = PerStratum::new();
    let mut errors = Vec::new();
    for (stratum, text) in each {
        let written = Written::found(plan.file, regimen.span().start, text, &library.sources);
        if !stratum.is_empty() && !known.contains(&stratum) {
            errors.push(unknown("stratum", stratum, &known, written.whole()));
        }
        match bind_one(&written, assembled, library) {
            Ok(regimen) => {
                bound.insert(stratum.to_string(), regimen);
            }
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(bound) } else { Err(errors) }
}

fn bind_one(
    written: &Written,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<BoundRegimen, Vec<Diagnostic>> {
    let regimen = regimen(written, library)?;
    Ok(BoundRegimen::bind(&regimen, assembled, library)?.evenly())
}

/// The lines of treatment before the trial, in order.
///
/// # Errors
/// All that is wrong with them.
pub fn bind_history(
    plan: &Document<TrialPlan>,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<Vec<BoundHistory>, Vec<Diagnostic>> {
    let mut lines = Vec::new();
    let mut errors = Vec::new();
    for line in &plan.value.history {
        let written = Written::in_document(plan, &line.regimen, &library.sources);
        let regimen = bind_one(&written, assembled, library);
        let mut time = |text: &Option<Spanned<String>>| match text {
            Some(text) => match days(&Written::in_document(plan, text, &library.sources)) {
                Ok(days) => Some(days),
                Err(error) => {
                    errors.push(*error);
                    None
                }
            },
            None => None,
        };
        let longest = time(&line.duration);
        let washout_day = time(&line.washout).unwrap_or(0.0);
        let longest_day = longest.unwrap_or(TEN_YEARS);
        let visits = match line.visits.as_slice() {
            [] => Ok((1..)
                .map(|i| f64::from(i) * NINE_WEEKS)
                .take_while(|d| *d <= longest_day)
                .collect()),
            schedule => visit_days(schedule, plan.file, library, longest_day),
        };
        let share = line.share.as_ref().map_or(1.0, |s| *s.get_ref());
        if let Some(text) = line.share.as_ref().filter(|_| !(0.0..=1.0).contains(&share)) {
            let message = format!("a share lies between 0 and 1; this is {share}");
            let place = Span::new(plan.file, text.span());
            errors.push(Diagnostic::error("shares", message).at(place, "").mend("mend it"));
        }
        match (regimen, visits) {
            (Ok(regimen), Ok(visits)) => lines.push(BoundHistory {
                regimen,
                share,
                longest_day,
                must_progress: longest.is_none(),
                surgery: line.surgery,
                visits,
                washout_day,
            }),
            (regimen, visits) => {
                errors.extend(regimen.err().into_iter().flatten());
                errors.extend(visits.err().into_iter().flatten());
            }
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}
