//! What a trial's file may say by its form, and cannot mean.

use hersim_network::{Diagnostic, Sources, Span};

use super::{ByStratum, TrialPlan};
use crate::{
    document::{Document, Spanned},
    library::{repeated, share},
    written::Written,
};

/// Shares outside 0 to 1, names that are given twice, strata without treatment, visits that never
/// come, numbers below zero, words that mean nothing.
pub fn sense(plan: &Document<TrialPlan>, sources: &Sources) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let trial = &plan.value;
    for stratum in &trial.stratum {
        found.extend(share(&stratum.share, plan.file));
    }
    for after in &trial.after_progression {
        found.extend(share(&after.share, plan.file));
    }
    let strata: Vec<(&str, Span)> =
        trial.stratum.iter().map(|s| (s.id.as_str(), plan.place(&s.share))).collect();
    found.extend(repeated("stratum", &strata));
    let arms: Vec<(&str, Span)> =
        trial.arm.iter().map(|a| (a.id.as_str(), plan.place(&a.regimen))).collect();
    found.extend(repeated("arm", &arms));
    let regimens = (trial.arm.iter().map(|a| &a.regimen))
        .chain(trial.after_progression.iter().map(|a| &a.regimen));
    for regimen in regimens {
        found.extend(untreated(regimen, &strata, plan));
    }
    if trial.visits.schedule.is_empty() {
        let message = "without visits no progression is ever seen";
        found.push(
            Diagnostic::error("visits", message)
                .at(plan.place(&trial.follow_up), "for so long")
                .mend("write for example `schedule = [\"then every 9 week\"]`"),
        );
    }
    let sizes =
        [Some(&trial.measurement_error), Some(&trial.detection_limit), trial.relapse_size.as_ref()];
    for size in sizes.into_iter().flatten().filter(|s| !(s.value >= 0.0 && s.value.is_finite())) {
        let message = format!("this is below zero or no number: {}", size.value);
        found.push(
            Diagnostic::error("quantity", message)
                .at(plan.place(&size.unit), "of this")
                .mend("give a number from zero on"),
        );
    }
    for result in &trial.result {
        let unit = result.unit.get_ref();
        let wanted = match result.statistic.as_str() {
            "median" => "month",
            "percent" => "%",
            _ => continue,
        };
        if unit != wanted {
            let message = format!("`{unit}` is not the unit of this figure");
            found.push(
                Diagnostic::error("unit", message)
                    .at(plan.place(&result.unit), "")
                    .mend(format!("give it in `{wanted}`")),
            );
        }
    }
    let splits = (trial.result.iter().map(|r| (&r.endpoint, &r.split)))
        .chain(trial.contrast.iter().map(|c| (&c.endpoint, &c.split)));
    for (near, split) in
        splits.filter(|(_, s)| !["calibration", "prediction"].contains(&s.as_str()))
    {
        let place = Written::found(plan.file, near.span().end, split, sources).whole();
        found.push(
            Diagnostic::error("document", format!("`{split}` is no use of a published figure"))
                .at(place, "")
                .mend("write `calibration` or `prediction`"),
        );
    }
    found
}

/// Strata that a regimen written by stratum leaves out.
fn untreated(
    regimen: &Spanned<ByStratum>,
    strata: &[(&str, Span)],
    plan: &Document<TrialPlan>,
) -> Option<Diagnostic> {
    let ByStratum::Each(each) = regimen.get_ref() else { return None };
    let left: Vec<&str> =
        strata.iter().map(|s| s.0).filter(|stratum| !each.contains_key(*stratum)).collect();
    // One that is misspelt is told elsewhere.
    let misspelt = each.keys().any(|name| !strata.iter().any(|s| s.0 == name));
    if left.is_empty() || misspelt {
        return None;
    }
    let message = format!("no treatment is given for {}", left.join(", "));
    Some(
        Diagnostic::error("unknown-name", message)
            .at(plan.place(regimen), "")
            .mend("give one for every stratum, or one text for all"),
    )
}
