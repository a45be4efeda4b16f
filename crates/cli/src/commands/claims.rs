//! `hersim claims`.

use std::process::ExitCode;

use comfy_table::CellAlignment;
use hersim_report::{ReportMeta, claims_report};
use hersim_study::claims::{
    ClaimOutcome, ClaimsOutcome, ClaimsRequest, Controls, Kind, Selection, Status, Tally, Verdict,
    run,
};

use super::{open, settings, typed};
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
        ablate: options.ablate,
        controls: options.controls,
        curves: options.report.is_some(),
        draws: options.ensemble,
        seed: options.seed,
        settings: settings(&options.machine),
    };
    let bar = Bar::new(arguments);
    let outcome = match run(&mut library, &request, &bar) {
        Ok(outcome) => outcome,
        Err(error) => return terminal::fail(&error, &library.sources, arguments),
    };
    if let Some(path) = &options.report {
        let meta = ReportMeta {
            command: typed(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            model_hash: library.hash(),
            settings: Vec::new(),
            sources: Vec::new(),
        };
        if let Err(error) = hersim_store::write_text(path, &claims_report(&outcome, &meta)) {
            return terminal::fail(&error.into(), &library.sources, arguments);
        }
    }
    if arguments.json {
        terminal::result(serde_json::to_string_pretty(&outcome).unwrap_or_default());
    } else {
        show(&outcome, options, arguments);
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

fn show(outcome: &ClaimsOutcome, options: &ClaimsOptions, arguments: &Arguments) {
    if options.show {
        outcome.claims.iter().for_each(explain);
    } else {
        table(outcome, options);
    }
    for (tier, counts) in &outcome.counts {
        let words: Vec<String> = (Status::ALL.iter())
            .filter_map(|s| Some(format!("{} {}", counts.get(s.word())?, s.word())))
            .collect();
        terminal::result(format!("{tier}: {}", words.join(", ")));
    }
    if let Some(Controls { flipped, shuffled, .. }) = &outcome.controls {
        let share = |t: &Tally| format!("{} of {} pass", t.passed, t.run);
        terminal::result(format!("controls: turned round, {}", share(flipped)));
        terminal::result(format!("controls: another claim's perturbation, {}", share(shuffled)));
    }
    if outcome.restless > 0 {
        let restless = outcome.restless;
        terminal::say(
            arguments,
            format!("{restless} courses began before their tumour was at rest"),
        );
    }
    terminal::result(format!(
        "{} of {} testable claims reproduced; {:.1} s",
        outcome.reproduced, outcome.testable, outcome.seconds
    ));
}

fn table(outcome: &ClaimsOutcome, options: &ClaimsOptions) {
    let mut header = vec!["claim", "status", "found", "expected"];
    let draws = options.ensemble > 0;
    if draws {
        header.push("share of draws");
    }
    header.push("s");
    let mut table = print::table(&header);
    if let Some(column) = table.column_mut(header.len() - 1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for claim in &outcome.claims {
        let mut row = vec![
            claim.id.clone(),
            claim.status.word().to_string(),
            found(claim),
            shortened(&claim.expected),
        ];
        if draws {
            row.push(claim.share.map_or(String::new(), print::number));
        }
        let seconds = claim.seconds;
        row.push(if seconds > 0.0 { format!("{seconds:.2}") } else { String::new() });
        table.add_row(row);
    }
    terminal::result(table);
}

fn found(claim: &ClaimOutcome) -> String {
    match (claim.effect, &claim.reason) {
        (_, Some(reason)) => shortened(reason),
        (Some(effect), None) => format!("{} {}", claim.measure, print::number(effect)),
        (None, None) => "not a number".into(),
    }
}

/// What fits into a table; `--show` and `--json` have all of it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 48;
    if text.chars().count() <= LONGEST {
        return text.to_string();
    }
    let kept: String = text.chars().take(LONGEST - 1).collect();
    format!("{}…", kept.trim_end())
}

/// One claim in full.
fn explain(claim: &ClaimOutcome) {
    let mut lines = vec![format!("{}  {}", claim.id, claim.status.word())];
    lines.push(format!("  {}", claim.statement));
    lines.extend(claim.references.iter().map(|r| format!("  {r}")));
    if !claim.note.is_empty() {
        lines.push(format!("  note: {}", claim.note));
    }
    for arm in &claim.arms {
        lines.push(format!("  arm {}: {}", arm.arm, arm.lines.join("; ")));
    }
    lines.extend(claim.readouts.iter().map(numbers));
    lines.extend(claim.reason.iter().map(|reason| format!("  reason: {reason}")));
    if let Some(couplings) = &claim.depends_on {
        let path = match couplings.is_empty() {
            true => "no coupling between parts of the model".to_string(),
            false => couplings.join(", "),
        };
        lines.push(format!("  depends on {path}"));
    }
    if let Some(share) = claim.share {
        lines.push(format!("  holds in {} % of the draws", print::number(share * 100.0)));
    }
    terminal::result(lines.join("\n") + "\n");
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
    let of = match verdict.label.as_str() {
        "" => verdict.of.clone(),
        label => format!("{label} ({})", verdict.of),
    };
    format!(
        "  {of}: {}; {} {effect}; expected {}: {holds}",
        values.join(", "),
        verdict.measure,
        verdict.expected
    )
}
