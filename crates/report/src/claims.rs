//! Claims on one page: the score, the controls, and each claim with its picture.

use std::collections::BTreeMap;

use hersim_study::claims::{ClaimOutcome, ClaimsOutcome, Controls, Status, Tally, Verdict};
use maud::{Markup, PreEscaped, html};

use crate::{
    ReportMeta, claims_picture,
    format::{fixed, general},
    page,
};

/// How the claims fared, as one self-contained HTML page.
pub fn claims_report(outcome: &ClaimsOutcome, meta: &ReportMeta) -> String {
    let rows = [("Open questions", answers(outcome))];
    let body = html! {
        header {
            h1 { "What the literature claims, tried" }
            p.lead { (sentence(outcome)) }
        }
        (score(outcome))
        @if let Some(controls) = &outcome.controls { (control_table(controls)) }
        (contents(outcome))
        @for (section, claims) in sections(outcome) {
            section id=(format!("section-{section}")) {
                h2 { "Section " (section) }
                @for claim in claims { (one(claim)) }
            }
        }
        (page::provenance(meta, &rows))
    };
    page::document("Claims", body)
}

fn sentence(outcome: &ClaimsOutcome) -> String {
    format!(
        "Of {} claims, {} can be tried by simulation, {} of them as tests of their own; {} hold.",
        outcome.total, outcome.testable, outcome.core, outcome.reproduced
    )
}

fn answers(outcome: &ClaimsOutcome) -> String {
    let pairs: Vec<String> =
        outcome.hypotheses.iter().map(|(name, option)| format!("{name}: {option}")).collect();
    pairs.join(", ")
}

/// Counts by status, tests of their own and details apart.
fn score(outcome: &ClaimsOutcome) -> Markup {
    let count = |tier: &str, status: Status| {
        outcome.counts.get(tier).and_then(|c| c.get(status.word())).copied().unwrap_or(0)
    };
    let present = |status: &Status| count("core", *status) + count("detail", *status) > 0;
    html! {
        section id="score" {
            h2 { "Score" }
            table {
                thead { tr { th.left { "Status" } th { "Core" } th { "Detail" } th.left { "" } } }
                tbody {
                    @for status in Status::ALL.into_iter().filter(present) {
                        tr {
                            th.left scope="row" { (status.word()) }
                            td { (count("core", status)) }
                            td { (count("detail", status)) }
                            td.left { (meaning(status)) }
                        }
                    }
                }
            }
        }
    }
}

fn meaning(status: Status) -> &'static str {
    match status {
        Status::Reproduced => "holds in the model",
        Status::Fitted => "holds, but its numbers were used in a fit",
        Status::Existence => "holds, but only says that something occurs",
        Status::Rival => "holds under another answer to an open question",
        Status::Wired => "holds, but no coupling between parts of the model is needed for it",
        Status::Failed => "does not hold",
        Status::Waiting => "cannot be tried yet",
        Status::Untestable => "cannot be tried by simulation",
    }
}

fn control_table(controls: &Controls) -> Markup {
    let row = |name: &str, tally: &Tally| {
        let share = 100.0 * tally.passed as f64 / tally.run.max(1) as f64;
        html! {
            tr {
                th.left scope="row" { (name) }
                td { (tally.run) }
                td { (tally.passed) }
                td { (fixed(share, 0)) " %" }
            }
        }
    };
    html! {
        section id="controls" {
            h2 { "Controls" }
            p.note { "What should not pass: how often it does." }
            table {
                thead { tr { th.left { "Control" } th { "Tried" } th { "Passed" } th { "Share" } } }
                tbody {
                    (row("Opposite expectation on the same numbers", &controls.flipped))
                    (row("Perturbation of another claim", &controls.shuffled))
                }
            }
        }
    }
}

fn sections(outcome: &ClaimsOutcome) -> Vec<(&str, Vec<&ClaimOutcome>)> {
    let mut found: Vec<(&str, Vec<&ClaimOutcome>)> = Vec::new();
    for claim in &outcome.claims {
        match found.iter_mut().find(|(section, _)| *section == claim.section) {
            Some((_, claims)) => claims.push(claim),
            None => found.push((&claim.section, vec![claim])),
        }
    }
    found
}

/// Sections with their counts, each a link.
fn contents(outcome: &ClaimsOutcome) -> Markup {
    html! {
        section id="sections" {
            h2 { "Sections" }
            ul {
                @for (section, claims) in sections(outcome) {
                    li {
                        a href=(format!("#section-{section}")) { "Section " (section) }
                        ": " (counts(&claims))
                    }
                }
            }
        }
    }
}

fn counts(claims: &[&ClaimOutcome]) -> String {
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    claims.iter().for_each(|claim| *counts.entry(claim.status).or_default() += 1);
    let words: Vec<String> = counts.iter().map(|(s, n)| format!("{n} {}", s.word())).collect();
    words.join(", ")
}

/// One claim.
fn one(claim: &ClaimOutcome) -> Markup {
    html! {
        article id=(claim.id) {
            h3 { (claim.id) ": " (claim.status.word()) }
            p { (claim.statement) }
            @if let Some(reason) = &claim.reason { p.note { (reason) } }
            @if !claim.readouts.is_empty() { (verdicts(&claim.readouts)) }
            @if let Some(svg) = claims_picture::draw(claim) {
                figure {
                    (PreEscaped(svg.inline()))
                    figcaption { code { (claims_picture::formula(claim)) } " over time" }
                }
            }
            @if let Some(couplings) = &claim.depends_on { p { (path(couplings)) } }
            @if let Some(share) = claim.share {
                p { "Holds in " (fixed(share * 100.0, 0)) " % of the draws." }
            }
            (details(claim))
        }
    }
}

fn verdicts(readouts: &[Verdict]) -> Markup {
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th.left { "Readout" } th.left { "Values" } th.left { "Found" }
                        th.left { "Expected" } th.left { "" }
                    }
                }
                tbody {
                    @for verdict in readouts {
                        tr {
                            td.left {
                                @if !verdict.label.is_empty() { (verdict.label) ": " }
                                code { (verdict.of) }
                            }
                            td.left { (values(verdict)) }
                            td.left {
                                (verdict.measure) " "
                                (verdict.effect.map_or("–".to_string(), general))
                            }
                            td.left { (verdict.expected) }
                            td.left { (judgement(verdict)) }
                        }
                    }
                }
            }
        }
    }
}

fn values(verdict: &Verdict) -> String {
    let values: Vec<String> =
        verdict.values.iter().map(|(text, v)| format!("{text} = {}", general(*v))).collect();
    values.join(", ")
}

fn judgement(verdict: &Verdict) -> &'static str {
    match (verdict.scored, verdict.holds) {
        (false, _) => "not scored",
        (true, true) => "holds",
        (true, false) => "does not hold",
    }
}

fn path(couplings: &[String]) -> String {
    match couplings.is_empty() {
        true => "Depends on no coupling between parts of the model.".into(),
        false => format!("Depends on {}.", couplings.join(", ").replace("->", "→")),
    }
}

/// Arms, remarks and literature, folded.
fn details(claim: &ClaimOutcome) -> Markup {
    html! {
        details {
            summary { "Arms and literature" }
            @if !claim.arms.is_empty() {
                ul {
                    @for arm in &claim.arms {
                        li { strong { (arm.arm) } ": " (arm.lines.join("; ")) }
                    }
                }
            }
            @if !claim.note.is_empty() { p.note { (claim.note) } }
            @if !claim.references.is_empty() {
                ul { @for reference in &claim.references { li { (page::linked(reference)) } } }
            }
        }
    }
}
