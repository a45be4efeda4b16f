//! Controls: expectations turned round, and perturbations of other claims. Few of them should
//! pass.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;

use super::{
    catalogue::Catalogue,
    execute::Executed,
    file::Expect,
    judge::judge,
    outcome::Tally,
    plan::{Plan, PlannedClaim, PlannedReadout},
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

fn expects_effect(readout: &PlannedReadout) -> bool {
    let effect = has_direction(readout.expect) || readout.expect == Expect::Restored;
    effect && !readout.exploratory
}

fn has_direction(expect: Expect) -> bool {
    matches!(expect, Expect::Increase | Expect::Decrease | Expect::Order)
}

/// A claim by its place in the catalogue, and its arms.
type Member = (usize, Vec<ArmText>);

/// Plans each claim with the arms of another of the same system and number of arms. Claims that
/// cannot be read so are passed over.
pub fn shuffled(
    planner: &mut Planner,
    catalogue: &Catalogue,
    claims: &[usize],
    choice: &Choice,
    seed: u64,
) -> Vec<PlannedClaim> {
    let mut alike: BTreeMap<(String, usize), Vec<Member>> = BTreeMap::new();
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
        // In the order drawn, each takes the arms of the next that does nothing of what its own do.
        for (place, (index, own)) in group.iter().enumerate() {
            let others = (1..group.len()).map(|step| &group[(place + step) % group.len()].1);
            let Some(other) = others.into_iter().find(|other| nothing_shared(own, other)) else {
                continue;
            };
            let (file, claim) = &catalogue.claims[*index];
            let Some(experiment) = &claim.experiment else { continue };
            let arms = exchanged(own, other);
            let claim = planner.experiment(*file, experiment, &arms, choice).ok();
            // A claim that nothing changes says nothing about what another perturbation does.
            planned.extend(claim.filter(|c| c.readouts.iter().any(expects_effect)));
        }
    }
    planned
}

/// Whether two sets of arms have no deed in common, and not the same tumours to compare.
fn nothing_shared(own: &[ArmText], other: &[ArmText]) -> bool {
    let (ours, theirs) = (deeds(own), deeds(other));
    let named = |arms: &[ArmText]| -> BTreeSet<String> {
        arms.iter().filter_map(|arm| Some(arm.tumour.as_ref()?.0.clone())).collect()
    };
    let (our_tumours, their_tumours) = (named(own), named(other));
    let same_tumours = our_tumours.len() > 1 && our_tumours == their_tumours;
    ours.is_disjoint(&theirs) && !same_tumours
}

/// Everything that is done in some arm, but not in all: what they have in common is no difference.
fn deeds(arms: &[ArmText]) -> BTreeSet<String> {
    let of = |arm: &ArmText| -> BTreeSet<String> {
        let later = arm.then.iter().chain(&arm.history).flat_map(|(_, deeds)| deeds);
        let all = arm.before.iter().chain(&arm.deeds).chain(later);
        all.map(|deed| deed.text.clone()).collect()
    };
    let each: Vec<BTreeSet<String>> = arms.iter().map(of).collect();
    let everywhere = |deed: &String| each.iter().all(|arm| arm.contains(deed));
    each.iter().flatten().filter(|deed| !everywhere(deed)).cloned().collect()
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
