//! `hersim suite`.

use std::{collections::BTreeMap, process::ExitCode};

use hersim_network::Sources;
use hersim_study::suite::{self, SuiteReport, Verdict};
use serde_json::json;

use crate::{
    arguments::{Arguments, SuiteOptions},
    print, terminal,
};

/// Runs a suite and prints which cases come out right.
pub fn suite(arguments: &Arguments, options: &SuiteOptions) -> ExitCode {
    let bar = terminal::Bar::new(arguments);
    let report = match options {
        SuiteOptions::Sbml(options) => suite::sbml(&options.folder, options.rewrite, &bar),
        SuiteOptions::Antimony(options) => suite::antimony(&options.folder, &bar),
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => return terminal::fail(&error, &Sources::default(), arguments),
    };
    let right = report.with(|v| *v == Verdict::Right);
    let wrong = report.with(|v| matches!(v, Verdict::Wrong(_)));
    let refused: BTreeMap<&str, &str> = (report.cases.iter())
        .filter_map(|(id, (verdict, _))| match verdict {
            Verdict::Refused(why) => Some((id.as_str(), why.as_str())),
            _ => None,
        })
        .collect();
    if arguments.json {
        terminal::result(json!({ "right": right, "wrong": wrong, "refused": refused }));
    } else {
        shown(&report, &refused);
        let counts = (right.len(), wrong.len(), refused.len());
        let (right, wrong, refused) = counts;
        let total = report.cases.len();
        terminal::result(format!("{total} cases: {right} right, {wrong} wrong, {refused} refused"));
    }
    if report.passed() { ExitCode::SUCCESS } else { ExitCode::from(terminal::FAILED) }
}

fn shown(report: &SuiteReport, refused: &BTreeMap<&str, &str>) {
    let mut tags = print::table(&["tag", "right", "wrong", "refused"]);
    for (tag, counts) in report.by_tag() {
        let [right, wrong, refused] = counts.map(|n| n.to_string());
        tags.add_row([tag.to_string(), right, wrong, refused]);
    }
    terminal::result(tags);
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, why) in refused {
        let code = why.split_once(':').map_or(*why, |(code, _)| code);
        reasons.entry(code).or_default().push(id);
    }
    for (reason, ids) in reasons {
        terminal::result(format!("refused, {reason}: {}", ids.join(" ")));
    }
    for (id, (verdict, _)) in &report.cases {
        if let Verdict::Wrong(what) = verdict {
            terminal::result(format!("wrong: {id}: {what}"));
        }
    }
}
