//! Controls: expectations turned round, and perturbations of other claims. Few of them should
//! pass.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use super::{
    catalogue::Catalogue,
    execute::Executed,
    file::Expect,
    judge::judge,
    outcome::Tally,
    plan::{Plan, PlannedClaim},
    planner::{ArmText, Planner},
};
use crate::{hypothesis::Choice, random::stream};

/// The opposite expectation on the same numbers, for claims that expect a direction.
pub fn flipped(claims: &[&PlannedClaim], plan: &Plan, executed: &Executed) -> Tally {
    let mut tally = Tally::default();
    for claim in claims {
        let mut turned = (*claim).clone();
        turned.readouts.retain(|r| !r.exploratory && has_direction(r.expect));
        for readout in &mut turned.readouts {
            readout.expect = match readout.expect {
                Expect::Increase => Expect::Decrease,
                Expect::Decrease => Expect::Increase,
                other => other,
            };
            readout.sides.iter_mut().for_each(|s| s.ascending.reverse());
        }
        if turned.readouts.is_empty() {
            continue;
        }
        tally.run += 1;
        tally.passed += usize::from(judge(&turned, plan, executed).holds());
    }
    tally
}

fn has_direction(expect: Expect) -> bool {
    matches!(expect, Expect::Increase | Expect::Decrease | Expect::Order)
}

/// Plans each claim with the arms of another of the same system and number of arms. Claims that
/// cannot be read so are passed over.
pub fn shuffled(
    planner: &mut Planner,
    catalogue: &Catalogue,
    claims: &[usize],
    choice: &Choice,
    seed: u64,
) -> Vec<PlannedClaim> {
    let mut alike: BTreeMap<(String, usize), Vec<(usize, Vec<ArmText>)>> = BTreeMap::new();
    for index in claims {
        let (file, claim) = &catalogue.claims[*index];
        let Some(experiment) = &claim.experiment else { continue };
        let Ok(arms) = planner.arms(*file, experiment) else { continue };
        let system = experiment.system.get_ref();
        if arms.iter().all(|arm| arm.system.0 == *system) {
            alike.entry((system.clone(), arms.len())).or_default().push((*index, arms));
        }
    }
    let mut planned = Vec::new();
    for ((system, arms), mut group) in alike {
        if group.len() < 2 {
            continue;
        }
        let mut random = stream(seed, &["claims", "shuffled", &system, &arms.to_string()]);
        group.shuffle(&mut random);
        // In the order drawn, each takes the arms of the next: none keeps its own.
        for (place, (index, own)) in group.iter().enumerate() {
            let (_, other) = &group[(place + 1) % group.len()];
            let (file, claim) = &catalogue.claims[*index];
            let Some(experiment) = &claim.experiment else { continue };
            let arms = exchanged(own, other);
            planned.extend(planner.experiment(*file, experiment, &arms, choice).ok());
        }
    }
    planned
}

/// Arms with the names and the tumour of `own` and everything else of `other`.
fn exchanged(own: &[ArmText], other: &[ArmText]) -> Vec<ArmText> {
    let tumour = |arms: &[ArmText]| arms.first().and_then(|a| a.tumour.clone());
    let (ours, theirs) = (tumour(own), tumour(other));
    let same = |arm: &ArmText| arm.tumour.as_ref().map(|t| &t.0) == theirs.as_ref().map(|t| &t.0);
    (own.iter().zip(other))
        .map(|(own, other)| ArmText {
            name: own.name.clone(),
            // A tumour that differs between the other's arms is a part of its perturbation.
            tumour: if same(other) { ours.clone() } else { other.tumour.clone() },
            ..other.clone()
        })
        .collect()
}
