//! When tumours are assessed.

use hersim_network::{Diagnostic, FileId};

use crate::{
    assemble::days, document::Spanned, library::Library, quantity::Quantity, written::Written,
};

/// Visits that a schedule may ask for.
const MOST_VISITS: f64 = 10_000.0;

/// Days of the visits up to `end_day`, from `["8 week", "20 week", "then every 12 week"]`.
///
/// # Errors
/// `visits`, `quantity`.
pub fn visit_days(
    schedule: &[Spanned<String>],
    file: FileId,
    library: &Library,
    end_day: f64,
) -> Result<Vec<f64>, Vec<Diagnostic>> {
    let mut visits: Vec<f64> = Vec::new();
    for text in schedule {
        let written = Written::in_file(file, text, &library.sources);
        let refuse = |message: &str| {
            vec![
                Diagnostic::error("visits", message)
                    .at(written.whole(), "")
                    .mend("write for example [\"8 week\", \"20 week\", \"then every 12 week\"]"),
            ]
        };
        if let Some(interval) = written.text.strip_prefix("then every ") {
            let interval = Quantity::parse(interval)
                .and_then(|q| q.days())
                .map_err(|message| refuse(&message))?;
            if interval <= 0.0 {
                return Err(refuse("visits must be some time apart"));
            }
            if end_day / interval > MOST_VISITS {
                return Err(refuse("these are more visits than anyone can keep"));
            }
            let mut day = visits.last().copied().unwrap_or(0.0) + interval;
            while day <= end_day {
                visits.push(day);
                day += interval;
            }
        } else {
            let day = days(&written).map_err(|e| vec![*e])?;
            if visits.last().is_some_and(|last| *last >= day) {
                return Err(refuse("visits must be in order of time"));
            }
            visits.push(day);
        }
    }
    visits.retain(|day| *day <= end_day);
    Ok(visits)
}
