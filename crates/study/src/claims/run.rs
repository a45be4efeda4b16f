//! Trying claims, from the request to what came of it.

use std::time::Instant;

use hersim_network::{Diagnostic, FileId, Span};

use super::{
    ablate::{Ablation, Dependence},
    catalogue::{Catalogue, Selection},
    controls, curves, ensemble,
    execute::{self, Executed},
    file::Claim,
    judge::{Judged, judge},
    outcome::{ArmWords, ClaimOutcome, ClaimsOutcome, Controls, Exchange, Status, Tally},
    plan::{Plan, PlannedClaim},
    planner::Planner,
    words,
};
use crate::{
    document::Document,
    equilibrate::EnsembleSettings,
    error::StudyError,
    hypothesis::{self, Choice, Hypotheses},
    library::Library,
    progress::Progress,
};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct ClaimsRequest {
    /// Which claims.
    pub selection: Selection,
    /// Whether to find the couplings that claims depend on.
    pub ablate: bool,
    /// Whether to run the controls.
    pub controls: bool,
    /// Whether to keep the readouts over time.
    pub curves: bool,
    /// Draws of the model's numbers; none when zero.
    pub draws: u64,
    /// Seed of the draws and of the controls.
    pub seed: u64,
    /// Tolerances.
    pub settings: EnsembleSettings,
}

/// One claim and its courses, under the defaults and under its own hypotheses.
struct Tried {
    /// Place in the catalogue.
    index: usize,
    usual: PlannedClaim,
    rival: Option<PlannedClaim>,
    arms: Vec<ArmWords>,
}

/// A claim that was judged.
struct Found<'a> {
    judged: Judged,
    planned: &'a PlannedClaim,
    status: Status,
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
    let choice = hypothesis::choose(hypotheses.as_ref(), &library.answers)?;
    let attributes = library.attributes()?;
    let mut planner = Planner::new(library, &catalogue, hypotheses.as_ref())?;
    let tried = read(&mut planner, &catalogue, &selected, &choice, progress)?;
    let mut shuffled = Vec::new();
    if request.controls {
        let indices: Vec<usize> = tried.iter().map(|t| t.index).collect();
        shuffled = controls::shuffled(&mut planner, &catalogue, &indices, &choice, request.seed);
    }
    let mut plan = planner.plan;
    if request.curves {
        for claim in &tried {
            curves::ask(&mut plan, &claim.usual);
            claim.rival.iter().for_each(|rival| curves::ask(&mut plan, rival));
        }
    }
    execute::receive(&mut plan);
    let usual: Vec<&PlannedClaim> = tried.iter().map(|t| &t.usual).collect();
    let ablation = request.ablate.then(|| Ablation::prepare(&mut plan, &usual, library));
    let programs = execute::compile(&plan, library)?;
    let executed = execute::execute(&plan, &programs, &request.settings, progress);

    let mut found: Vec<Found> =
        tried.iter().map(|t| verdict(t, &catalogue, &plan, &executed)).collect();
    let mut dependences: Vec<Option<Dependence>> = vec![None; tried.len()];
    if let Some(ablation) = &ablation {
        let judged: Vec<Judged> = usual.iter().map(|c| judge(c, &plan, &executed)).collect();
        let pairs: Vec<(&PlannedClaim, &Judged)> = usual.iter().copied().zip(&judged).collect();
        let settings = &request.settings;
        let all = ablation.run(&plan, &pairs, &executed, library, settings, progress)?;
        for ((found, slot), dependence) in found.iter_mut().zip(&mut dependences).zip(all) {
            if found.status != Status::Reproduced {
                continue;
            }
            if dependence.couplings.is_empty() && found.judged.carries_effect() {
                found.status = Status::Wired;
            }
            *slot = Some(dependence);
        }
    }
    let shares = if request.draws > 0 {
        let said = ensemble::Said {
            attributes: &attributes.value,
            interventions: &catalogue.interventions.value,
            hypotheses: hypotheses.as_ref().map(|h| &h.value),
        };
        let claims: Vec<&PlannedClaim> = found.iter().map(|f| f.planned).collect();
        let draws = ensemble::Draws { count: request.draws, seed: request.seed };
        ensemble::shares(&plan, &claims, &said, draws, library, &request.settings, progress)?
    } else {
        Vec::new()
    };
    let controls = request.controls.then(|| {
        let id = |index: usize| catalogue.claims[index].1.id.get_ref().clone();
        let passes: Vec<Exchange> = (shuffled.iter())
            .filter(|exchanged| judge(&exchanged.planned, &plan, &executed).holds())
            .map(|exchanged| Exchange { claim: id(exchanged.claim), with: id(exchanged.with) })
            .collect();
        Controls {
            flipped: controls::flipped(&usual, &plan, &executed),
            shuffled: Tally { run: shuffled.len(), passed: passes.len() },
            shuffled_passes: passes,
        }
    });

    let mut claims = Vec::new();
    for index in &selected {
        let mut outcome = blank(&catalogue.claims[*index].1, &catalogue);
        if let Some(place) = tried.iter().position(|t| t.index == *index) {
            let found = &found[place];
            outcome.status = found.status;
            outcome.arms = tried[place].arms.clone();
            let courses = found.planned.courses();
            outcome.seconds = courses.iter().map(|course| executed.seconds[*course]).sum();
            outcome.share = shares.get(place).copied();
            if let Some(dependence) = &dependences[place] {
                let words = dependence.couplings.iter().map(|(from, to)| format!("{from} -> {to}"));
                outcome.depends_on = Some(words.collect());
                outcome.wired =
                    Some(dependence.couplings.is_empty() && found.judged.carries_effect());
            }
            if request.curves {
                outcome.curves = curves::curves(&plan, found.planned, &executed);
            }
            judgement(&mut outcome, &found.judged);
        }
        claims.push(outcome);
    }
    let mut outcome = ClaimsOutcome::new(claims, choice);
    outcome.controls = controls;
    outcome.restless = executed.restless;
    outcome.seconds = begun.elapsed().as_secs_f64();
    Ok(outcome)
}

/// Reads and plans the claims that can be tried.
fn read(
    planner: &mut Planner,
    catalogue: &Catalogue,
    selected: &[usize],
    choice: &Choice,
    progress: &dyn Progress,
) -> Result<Vec<Tried>, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut tried = Vec::new();
    progress.begin("reading claims", selected.len() as u64);
    for index in selected {
        progress.advance(1);
        let (file, claim) = &catalogue.claims[*index];
        if claim.waiting.is_some() {
            continue;
        }
        match plan_one(planner, *index, *file, claim, choice) {
            Ok(planned) => tried.extend(planned),
            Err(more) => errors.extend(more),
        }
    }
    progress.end();
    if errors.is_empty() { Ok(tried) } else { Err(errors) }
}

/// Plans one claim, under the defaults and under its own hypotheses where they differ.
fn plan_one(
    planner: &mut Planner,
    index: usize,
    file: FileId,
    claim: &Claim,
    choice: &Choice,
) -> Result<Option<Tried>, Vec<Diagnostic>> {
    let Some(experiment) = &claim.experiment else { return Ok(None) };
    let own = own_choice(planner.hypotheses, file, claim, choice)?;
    let arms = planner.arms(file, experiment)?;
    let usual = planner.experiment(file, experiment, &arms, choice)?;
    let rival = match own == *choice {
        true => None,
        false => Some(planner.experiment(file, experiment, &arms, &own)?),
    };
    let arms =
        arms.iter().map(|arm| ArmWords { arm: arm.name.clone(), lines: words::arm(arm) }).collect();
    Ok(Some(Tried { index, usual, rival, arms }))
}

/// The answers to open questions under which a claim is tried when it fails under the defaults.
///
/// # Errors
/// `unknown-hypothesis` and `unknown-option`.
pub fn own_choice(
    hypotheses: Option<&Document<Hypotheses>>,
    file: FileId,
    claim: &Claim,
    choice: &Choice,
) -> Result<Choice, Vec<Diagnostic>> {
    let none = Hypotheses::new();
    let known = hypotheses.map_or(&none, |h| &h.value);
    let mut own = choice.clone();
    let mut errors = Vec::new();
    for (name, option) in claim.experiment.iter().flat_map(|e| &e.hypotheses) {
        match hypothesis::pick(known, name.get_ref(), option.get_ref()) {
            Ok(()) => {
                own.insert(name.get_ref().clone(), option.get_ref().clone());
            }
            Err(error) => errors.push(error.at(Span::new(file, name.span()), "")),
        }
    }
    if errors.is_empty() { Ok(own) } else { Err(errors) }
}

/// Judges a claim, under its own hypotheses if it fails under the defaults.
fn verdict<'t>(
    tried: &'t Tried,
    catalogue: &Catalogue,
    plan: &Plan,
    executed: &Executed,
) -> Found<'t> {
    let judged = judge(&tried.usual, plan, executed);
    let claim = &catalogue.claims[tried.index].1;
    let experiment = claim.experiment.as_ref();
    if !judged.holds()
        && let Some(rival) = &tried.rival
    {
        let other = judge(rival, plan, executed);
        if other.holds() {
            return Found { judged: other, planned: rival, status: Status::Rival };
        }
    }
    let status = match judged.holds() {
        false => Status::Failed,
        true if experiment.is_some_and(|e| e.existence) => Status::Existence,
        true if experiment.is_some_and(|e| !e.fitted.is_empty()) => Status::Fitted,
        true => Status::Reproduced,
    };
    Found { judged, planned: &tried.usual, status }
}

/// A claim that has not been tried.
fn blank(claim: &Claim, catalogue: &Catalogue) -> ClaimOutcome {
    let (status, reason) = match (&claim.untestable, &claim.waiting) {
        (Some(reason), _) => (Status::Untestable, Some(reason.clone())),
        (None, reason) => (Status::Waiting, reason.clone()),
    };
    let reference = |number: u32| match catalogue.references.get(&number) {
        Some(words) => format!("[{number}] {words}"),
        None => format!("[{number}]"),
    };
    ClaimOutcome {
        id: claim.id.get_ref().clone(),
        section: claim.section.clone(),
        kind: claim.kind,
        tier: claim.tier,
        stance: claim.stance.clone(),
        statement: claim.statement.clone(),
        note: claim.note.clone(),
        references: claim.refs.iter().map(|n| reference(*n.get_ref())).collect(),
        status,
        effect: None,
        measure: "",
        expected: String::new(),
        share: None,
        seconds: 0.0,
        reason,
        arms: Vec::new(),
        readouts: Vec::new(),
        curves: Vec::new(),
        depends_on: None,
        wired: None,
    }
}

fn judgement(outcome: &mut ClaimOutcome, judged: &Judged) {
    if let Some(verdict) = judged.deciding() {
        outcome.effect = verdict.effect;
        outcome.measure = verdict.measure;
        outcome.expected = verdict.expected.clone();
    }
    outcome.reason = judged.failure.clone();
    outcome.readouts = judged.verdicts.clone();
}
