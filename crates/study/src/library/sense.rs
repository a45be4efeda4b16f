//! What documents of the library may say by their form, and cannot mean.

use hersim_network::{Diagnostic, FileId, Span};

use super::{Cohort, Shelf, Tumour};
use crate::document::{Document, Spanned};

/// A share outside 0 to 1.
pub fn share(share: &Spanned<f64>, file: FileId) -> Option<Diagnostic> {
    let value = *share.get_ref();
    if (0.0..=1.0).contains(&value) {
        return None;
    }
    let message = format!("a share lies between 0 and 1; this is {value}");
    Some(
        Diagnostic::error("shares", message)
            .at(Span::new(file, share.span()), "")
            .mend("write a half as 0.5"),
    )
}

/// Names that several things have, each with a place that belongs to it.
pub fn repeated(what: &str, names: &[(&str, Span)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (i, (name, place)) in names.iter().enumerate() {
        if let Some((_, first)) = names[..i].iter().find(|(other, _)| other == name) {
            found.push(
                Diagnostic::error("duplicate", format!("{what} `{name}` is there twice"))
                    .at(*place, "of the second")
                    .also(*first, "of the first")
                    .mend("give one of them another id"),
            );
        }
    }
    found
}

/// Draws that say the same thing twice or never come true; more than one subclone that takes what
/// the others leave.
pub fn cohort(cohort: &Document<Cohort>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let lists = [&cohort.value.draw].into_iter().chain(cohort.value.group.iter().map(|g| &g.draw));
    for draws in lists {
        let mut names: Vec<(&str, Span)> = Vec::new();
        for draw in draws {
            let name = draw.symbol.as_ref().or(draw.attribute.as_ref());
            names.extend(name.map(|n| (n.get_ref().as_str(), cohort.place(n))));
            let [low, high] = draw.limits.unwrap_or([0.0, 0.0]);
            if low > high || low.is_nan() || high.is_nan() {
                let message = format!("no number lies between {low} and {high}");
                found.push(
                    Diagnostic::error("draw", message)
                        .at(cohort.place(&draw.distribution), "the limits of this")
                        .mend("write the lower limit first"),
                );
            }
            if !["measured", "fitted", "derived", "assumed"].contains(&draw.status.as_str()) {
                let message = format!("`{}` is no status", draw.status);
                found.push(
                    Diagnostic::error("bad-status", message)
                        .at(cohort.place(&draw.distribution), "of this")
                        .mend("write `measured`, `fitted`, `derived` or `assumed`"),
                );
            }
        }
        found.extend(repeated("the draw of", &names));
    }
    let groups: Vec<(&str, Span)> =
        cohort.value.group.iter().map(|g| (g.id.as_str(), cohort.place(&g.share))).collect();
    found.extend(repeated("group", &groups));
    for group in &cohort.value.group {
        found.extend(share(&group.share, cohort.file));
    }
    let rest = cohort.value.subclone.iter().filter(|s| s.fraction.is_none()).count();
    if rest > 1 {
        let message = format!("{rest} subclones take what the others leave");
        found.push(
            Diagnostic::error("shares", message)
                .at(Span::new(cohort.file, 0..0), "")
                .mend("give all but one of them a `fraction`"),
        );
    }
    found
}

/// Fractions that are none, names that are there twice.
pub fn tumour(tumour: &Document<Tumour>) -> Vec<Diagnostic> {
    let subclones = &tumour.value.subclone;
    let names: Vec<(&str, Span)> =
        subclones.iter().map(|s| (s.id.as_str(), tumour.place(&s.fraction))).collect();
    let mut found = repeated("subclone", &names);
    found.extend(subclones.iter().filter_map(|s| share(&s.fraction, tumour.file)));
    found
}

/// A document that calls itself something else than its file.
pub fn named<T>(document: &Document<T>, id: &str, file: &str, shelf: Shelf) -> Option<Diagnostic> {
    if id == file {
        return None;
    }
    let message = format!("this {} calls itself `{id}`, and its file `{file}`", shelf.noun());
    Some(
        Diagnostic::error("document", message)
            .at(Span::new(document.file, 0..0), "")
            .mend(format!("write `id = \"{file}\"`, or rename the file")),
    )
}
