//! `hersim claims`.

use std::process::ExitCode;

use comfy_table::CellAlignment;
use hersim_study::claims::{
    ClaimOutcome, ClaimsOutcome, ClaimsRequest, Kind, Selection, Status, Verdict, run,
};

use super::{open, settings};
use crate::{
    arguments::{Arguments, ClaimKind, ClaimsOptions},
    print,
    terminal::{self, Bar},
};

/// Tries claims and prints how they fared.
pub fn claims(arguments: &Arguments, options: &ClaimsOptions) -> ExitCode {
    let mut library = match open(arguments) {
        Ok(library) => library,
        Err(code) => return code,
    };
    let request = ClaimsRequest {
        selection: Selection {
            named: options.named.clone(),
            kind: options.kind.map(kind),
            core: options.core,
        },
        hypotheses: options.hypothesis.clone(),
        settings: settings(&options.machine),
    };
    let bar = Bar::new(arguments);
    let outcome = match run(&mut library, &request, &bar) {
        Ok(outcome) => outcome,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    if arguments.json {
        terminal::result(serde_json::to_string_pretty(&outcome).unwrap_or_default());
    } else {
        show(&outcome, options);
    }
    match outcome.failed.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(terminal::FAILED),
    }
}

fn kind(kind: ClaimKind) -> Kind {
    match kind {
        ClaimKind::Mechanism => Kind::Mechanism,
        ClaimKind::Resistance => Kind::Resistance,
        ClaimKind::Reversal => Kind::Reversal,
        ClaimKind::Biomarker => Kind::Biomarker,
        ClaimKind::Prevalence => Kind::Prevalence,
        ClaimKind::Trial => Kind::Trial,
        ClaimKind::Background => Kind::Background,
    }
}

fn show(outcome: &ClaimsOutcome, options: &ClaimsOptions) {
    let mut table = print::table(&["claim", "status", "found", "expected", "s"]);
    for column in table.column_iter_mut().skip(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for claim in &outcome.claims {
        table.add_row([
            claim.id.clone(),
            claim.status.word().to_string(),
            found(claim),
            claim.expected.clone(),
            if claim.seconds > 0.0 { format!("{:.2}", claim.seconds) } else { String::new() },
        ]);
    }
    terminal::result(table);
    if options.show {
        outcome.claims.iter().for_each(explain);
    }
    for (tier, counts) in &outcome.counts {
        let words: Vec<String> = (Status::ALL.iter())
            .filter_map(|s| Some(format!("{} {}", counts.get(s.word())?, s.word())))
            .collect();
        terminal::result(format!("{tier}: {}", words.join(", ")));
    }
    terminal::result(format!(
        "{} of {} testable claims reproduced; {:.1} s",
        outcome.reproduced, outcome.testable, outcome.seconds
    ));
}

fn found(claim: &ClaimOutcome) -> String {
    match (claim.effect, &claim.reason) {
        (_, Some(reason)) => reason.clone(),
        (Some(effect), None) => format!("{} {}", claim.measure, print::number(effect)),
        (None, None) => "not a number".into(),
    }
}

fn explain(claim: &ClaimOutcome) {
    terminal::result(format!("\n{}: {}", claim.id, claim.status.word()));
    for verdict in &claim.readouts {
        terminal::result(numbers(verdict));
    }
}

fn numbers(verdict: &Verdict) -> String {
    let values: Vec<String> =
        verdict.values.iter().map(|(text, v)| format!("{text} = {}", print::number(*v))).collect();
    let effect = verdict.effect.map_or("not a number".to_string(), print::number);
    let holds = match (verdict.scored, verdict.holds) {
        (false, _) => "exploratory",
        (true, true) => "holds",
        (true, false) => "does not hold",
    };
    format!(
        "  {}: {}; {} {effect}; expected {}: {holds}",
        verdict.of,
        values.join(", "),
        verdict.measure,
        verdict.expected
    )
}
