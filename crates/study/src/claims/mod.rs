//! What the literature claims, tried claim by claim.
//!
//! A claim names arms and compares readouts between them. The claims asked for are read together
//! ([`plan`]): every distinct course is simulated once, those of one system side by side in one
//! program ([`execute`]), and the readouts are judged ([`judge`]).

mod catalogue;
mod course;
mod deed;
mod execute;
mod file;
pub(crate) mod formula;
mod intervention;
mod judge;
mod outcome;
mod plan;
mod planner;
mod readings;
mod stage;
mod subject;

use std::time::Instant;

use hersim_network::Diagnostic;

pub use catalogue::{Catalogue, Selection};
pub use file::{Claim, ClaimFile, Expect, Kind, Protocols, Tier};
pub use judge::{Judged, Verdict};
pub use outcome::{ClaimOutcome, ClaimsOutcome, Controls, Status, Tally};

use crate::{
    equilibrate::EnsembleSettings, error::StudyError, hypothesis, library::Library,
    progress::Progress,
};
use plan::PlannedClaim;
use planner::Planner;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct ClaimsRequest {
    /// Which claims.
    pub selection: Selection,
    /// Answers to open questions, as `NAME=OPTION`.
    pub hypotheses: Vec<String>,
    /// Tolerances.
    pub settings: EnsembleSettings,
}

/// One claim and its courses, under the defaults and under its own hypotheses.
struct Tried {
    index: usize,
    usual: PlannedClaim,
    rival: Option<PlannedClaim>,
}

/// Tries claims.
///
/// # Errors
/// What is wrong with the claims, the interventions, the hypotheses or the model, all of it.
pub fn run(
    library: &mut Library,
    request: &ClaimsRequest,
    progress: &dyn Progress,
) -> Result<ClaimsOutcome, StudyError> {
    let begun = Instant::now();
    let catalogue = Catalogue::read(library)?;
    let selected = catalogue.select(&request.selection)?;
    let hypotheses = hypothesis::read(library)?;
    let choice = hypothesis::choose(hypotheses.as_ref(), &request.hypotheses)?;
    let mut planner = Planner::new(library, &catalogue, hypotheses.as_ref())?;
    let mut errors: Vec<Diagnostic> = Vec::new();
    let mut tried = Vec::new();
    progress.begin("reading claims", selected.len() as u64);
    for index in &selected {
        progress.advance(1);
        let (file, claim) = &catalogue.claims[*index];
        let Some(experiment) = claim.experiment.as_ref().filter(|_| claim.waiting.is_none()) else {
            continue;
        };
        let mut own = choice.clone();
        let known = hypotheses.as_ref().map(|h| &h.value);
        for (name, option) in &experiment.hypotheses {
            let none = Default::default();
            match hypothesis::pick(known.unwrap_or(&none), name.get_ref(), option.get_ref()) {
                Ok(()) => {
                    own.insert(name.get_ref().clone(), option.get_ref().clone());
                }
                Err(error) => {
                    let place = hersim_network::Span::new(*file, name.span());
                    errors.push(error.at(place, ""));
                }
            }
        }
        let mut plan = |choice| planner.claim(*file, claim, choice);
        let rival = if own == choice { Ok(None) } else { plan(&own) };
        match (plan(&choice), rival) {
            (Ok(Some(usual)), Ok(rival)) => tried.push(Tried { index: *index, usual, rival }),
            (Ok(_), Ok(_)) => {}
            (usual, rival) => {
                // The same mistakes are found under every hypothesis.
                let found = usual.err().or(rival.err());
                errors.extend(found.unwrap_or_default());
            }
        }
    }
    progress.end();
    let mut plan = planner.plan;
    if !errors.is_empty() {
        return Err(errors.into());
    }
    execute::receive(&mut plan);
    let programs = execute::compile(&plan, library)?;
    let executed = execute::execute(&plan, &programs, &request.settings, progress);

    let mut claims = Vec::new();
    for index in &selected {
        let claim = &catalogue.claims[*index].1;
        let found = tried.iter().find(|t| t.index == *index);
        let mut outcome = blank(claim);
        if let Some(tried) = found {
            let mut judged = judge::judge(&tried.usual, &plan, &executed);
            let mut planned = &tried.usual;
            let held = judged.holds();
            outcome.status = status(claim, held);
            if let Some(rival) = tried.rival.as_ref().filter(|_| !held) {
                let other = judge::judge(rival, &plan, &executed);
                if other.holds() {
                    (judged, planned) = (other, rival);
                    outcome.status = Status::Rival;
                }
            }
            outcome.seconds =
                planned.courses().iter().map(|course| executed.seconds[*course]).sum();
            fill(&mut outcome, judged);
        }
        claims.push(outcome);
    }
    let mut outcome = ClaimsOutcome {
        total: 0,
        testable: 0,
        core: 0,
        reproduced: 0,
        counts: Default::default(),
        failed: Vec::new(),
        untestable: Vec::new(),
        controls: None,
        hypotheses: choice,
        seconds: begun.elapsed().as_secs_f64(),
        claims,
    };
    outcome.count();
    Ok(outcome)
}

/// A claim that has not been tried.
fn blank(claim: &Claim) -> ClaimOutcome {
    let (status, reason) = match (&claim.untestable, &claim.waiting) {
        (Some(reason), _) => (Status::Untestable, Some(reason.clone())),
        (None, reason) => (Status::Waiting, reason.clone()),
    };
    ClaimOutcome {
        id: claim.id.get_ref().clone(),
        section: claim.section.clone(),
        kind: claim.kind,
        tier: claim.tier,
        stance: claim.stance.clone(),
        status,
        effect: None,
        measure: "",
        expected: String::new(),
        share: None,
        seconds: 0.0,
        reason,
        readouts: Vec::new(),
        depends_on: None,
        wired: None,
    }
}

fn status(claim: &Claim, holds: bool) -> Status {
    let experiment = claim.experiment.as_ref();
    match holds {
        false => Status::Failed,
        true if experiment.is_some_and(|e| e.existence) => Status::Existence,
        true if experiment.is_some_and(|e| !e.fitted.is_empty()) => Status::Fitted,
        true => Status::Reproduced,
    }
}

fn fill(outcome: &mut ClaimOutcome, judged: Judged) {
    if let Some(verdict) = judged.deciding() {
        outcome.effect = verdict.effect;
        outcome.measure = verdict.measure;
        outcome.expected = verdict.expected.clone();
    }
    outcome.reason = judged.failure;
    outcome.readouts = judged.verdicts;
}
