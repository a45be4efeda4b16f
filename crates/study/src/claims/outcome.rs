//! What trying the claims yields: plain data that the doors print and the report draws.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    curves::Curve,
    file::{Kind, Tier},
    judge::Verdict,
};

/// How a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It holds in the model.
    Reproduced,
    /// It holds, but its numbers were used in a fit.
    Fitted,
    /// It holds, but only says that something occurs.
    Existence,
    /// It holds under another answer to an open question than the default.
    Rival,
    /// It holds, but on no path between parts of the model: it was written in.
    Wired,
    /// It does not hold.
    Failed,
    /// It cannot be tried yet.
    Waiting,
    /// It cannot be tried by simulation.
    Untestable,
}

impl Status {
    /// All of them, in the order they are shown.
    pub const ALL: [Status; 8] = [
        Status::Reproduced,
        Status::Fitted,
        Status::Existence,
        Status::Rival,
        Status::Wired,
        Status::Failed,
        Status::Waiting,
        Status::Untestable,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Status::Reproduced => "reproduced",
            Status::Fitted => "fitted",
            Status::Existence => "existence",
            Status::Rival => "rival",
            Status::Wired => "wired",
            Status::Failed => "failed",
            Status::Waiting => "waiting",
            Status::Untestable => "untestable",
        }
    }
}

/// How one claim fared.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimOutcome {
    /// Identifier.
    pub id: String,
    /// Section.
    pub section: String,
    /// What kind of statement it is.
    pub kind: Kind,
    /// Whether it is a test of its own.
    pub tier: Tier,
    /// Whether the literature agrees.
    pub stance: String,
    /// The statement in words.
    pub statement: String,
    /// Remarks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Literature.
    pub references: Vec<String>,
    /// How it stands.
    pub status: Status,
    /// Effect of the readout that decides.
    pub effect: Option<f64>,
    /// What `effect` is: `ratio`, `difference`, `value`, …
    #[serde(skip_serializing_if = "str::is_empty")]
    pub measure: &'static str,
    /// What was expected of the readout that decides.
    pub expected: String,
    /// Share of the parameter ensemble in which it holds.
    pub share: Option<f64>,
    /// Seconds its courses took; courses that claims share count for each.
    pub seconds: f64,
    /// Why it could not be judged, or what it waits for, or why it cannot be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What happens in each arm, in words.
    pub arms: Vec<ArmWords>,
    /// Every readout.
    pub readouts: Vec<Verdict>,
    /// The first readout over time in its arms, where that was asked for.
    #[serde(skip)]
    pub curves: Vec<Curve>,
    /// Couplings between parts of the model without which it would not hold, with `--ablate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Vec<String>>,
    /// Whether it depends on none, with `--ablate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wired: Option<bool>,
}

/// What happens in an arm.
#[derive(Clone, Debug, Serialize)]
pub struct ArmWords {
    /// Its name.
    pub arm: String,
    /// One sentence a line.
    pub lines: Vec<String>,
}

/// How many were tried and how many passed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Tally {
    /// Tried.
    pub run: usize,
    /// Passed.
    pub passed: usize,
}

/// A claim that was judged with the perturbation of another.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// The claim whose expectation was judged.
    pub claim: String,
    /// The claim whose perturbation was run.
    pub with: String,
}

/// Controls: what should not pass.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Controls {
    /// The opposite expectation on the same numbers.
    pub flipped: Tally,
    /// The perturbation of another claim.
    pub shuffled: Tally,
    /// The claims that pass with the perturbation of another.
    pub shuffled_passes: Vec<Exchange>,
}

/// Everything that trying the claims yields.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimsOutcome {
    /// Claims asked for.
    pub total: usize,
    /// Those that can be tried by simulation, now or later.
    pub testable: usize,
    /// Those of them that are tests of their own.
    pub core: usize,
    /// Those that hold and count.
    pub reproduced: usize,
    /// Counts by status, tests of their own and details apart.
    pub counts: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
    /// Those that do not hold.
    pub failed: Vec<String>,
    /// Those that cannot be tried by simulation.
    pub untestable: Vec<String>,
    /// Controls, with `--controls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls: Option<Controls>,
    /// Answers to open questions that were taken.
    pub hypotheses: BTreeMap<String, String>,
    /// Tumours that were still moving when their course began.
    pub restless: usize,
    /// Seconds in all.
    pub seconds: f64,
    /// One for each claim asked for.
    pub claims: Vec<ClaimOutcome>,
}

impl ClaimsOutcome {
    /// The claims, counted.
    pub fn new(claims: Vec<ClaimOutcome>, hypotheses: BTreeMap<String, String>) -> ClaimsOutcome {
        let testable: Vec<&ClaimOutcome> =
            claims.iter().filter(|c| c.status != Status::Untestable).collect();
        let ids = |status: Status| {
            claims.iter().filter(|c| c.status == status).map(|c| c.id.clone()).collect::<Vec<_>>()
        };
        let mut counts: BTreeMap<_, BTreeMap<_, usize>> = BTreeMap::new();
        for claim in &claims {
            let tier = if claim.tier == Tier::Core { "core" } else { "detail" };
            *counts.entry(tier).or_default().entry(claim.status.word()).or_default() += 1;
        }
        ClaimsOutcome {
            total: claims.len(),
            testable: testable.len(),
            core: testable.iter().filter(|c| c.tier == Tier::Core).count(),
            reproduced: ids(Status::Reproduced).len(),
            counts,
            failed: ids(Status::Failed),
            untestable: ids(Status::Untestable),
            controls: None,
            hypotheses,
            restless: 0,
            seconds: 0.0,
            claims,
        }
    }
}
