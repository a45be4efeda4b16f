//! Controls: expectations turned round, and perturbations of other claims. Few of them should
//! pass.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;

use super::{
    catalogue::Catalogue,
    execute::Executed,
    file::{Expect, Experiment},
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

fn has_direction(expect: Expect) -> bool {
    matches!(expect, Expect::Increase | Expect::Decrease | Expect::Order)
}

/// A claim that may give its arms to others, or take theirs.
struct Member {
    /// Place in the catalogue.
    claim: usize,
    arms: Vec<ArmText>,
    contrast: Contrast,
    /// What the claim expects.
    says: BTreeSet<Saying>,
}

/// A symbol or protocol that is read, and what is expected of it.
type Saying = (String, Expect);

/// A claim with the arms of another, by their places in the catalogue.
pub struct Exchanged {
    /// The claim whose expectation is judged.
    pub claim: usize,
    /// The claim whose arms are run.
    pub with: usize,
    /// Ready to be judged.
    pub planned: PlannedClaim,
}

/// How many different perturbations of others each claim is given.
const ROUNDS: u64 = 5;

/// Plans each claim with the arms of others of the same system and number of arms. Claims without
/// arms to compare, and those that cannot be read so, are passed over.
pub fn shuffled(
    planner: &mut Planner,
    catalogue: &Catalogue,
    claims: &[usize],
    choice: &Choice,
    seed: u64,
) -> Vec<Exchanged> {
    let mut alike: BTreeMap<(String, usize), Vec<Member>> = BTreeMap::new();
    let mut known: BTreeMap<Contrast, BTreeSet<Saying>> = BTreeMap::new();
    for index in claims {
        let (file, claim) = &catalogue.claims[*index];
        let Some(experiment) = &claim.experiment else { continue };
        let Ok(arms) = planner.arms(*file, experiment) else { continue };
        let system = experiment.system.get_ref();
        if arms.len() < 2 || arms.iter().any(|arm| arm.system.0 != *system) {
            continue;
        }
        let (contrast, says) = (contrast(&arms), says(experiment));
        known.entry(contrast.clone()).or_default().extend(says.iter().cloned());
        let member = Member { claim: *index, arms, contrast, says };
        alike.entry((system.clone(), member.arms.len())).or_default().push(member);
    }
    let mut planned = Vec::new();
    for ((system, arms), mut group) in alike {
        let mut random = stream(seed, &["claims", "shuffled", &system, &arms.to_string()]);
        let mut drawn: BTreeSet<(usize, Contrast)> = BTreeSet::new();
        for _ in 0..ROUNDS {
            group.shuffle(&mut random);
            for place in 0..group.len() {
                let own = &group[place];
                // In the order drawn, the next that is a control for this one.
                let mut others = (1..group.len()).map(|step| &group[(place + step) % group.len()]);
                let fresh = |other: &Member| !drawn.contains(&(own.claim, other.contrast.clone()));
                let control = |other: &Member| own.says.is_disjoint(&known[&other.contrast]);
                let Some(other) = others.find(|other| {
                    !own.contrast.shares(&other.contrast) && control(other) && fresh(other)
                }) else {
                    continue;
                };
                drawn.insert((own.claim, other.contrast.clone()));
                planned.extend(exchange(planner, catalogue, own, other, choice));
            }
        }
    }
    planned
}

/// What a claim expects of which symbols and protocols.
fn says(experiment: &Experiment) -> BTreeSet<Saying> {
    let readouts = experiment.readout.iter().filter(|r| !r.exploratory);
    let read = readouts.flat_map(|r| {
        let texts = r.of.get_ref().texts().iter();
        texts.flat_map(|text| names(text)).map(|name| (name.to_string(), r.expect))
    });
    read.collect()
}

/// The symbols in a formula; functions are followed by a bracket.
fn names(formula: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| !(c.is_alphanumeric() || "_.(".contains(c));
    let words = formula.split(apart).flat_map(|word| word.split_inclusive('('));
    words.filter(|word| word.starts_with(char::is_alphabetic) && !word.ends_with('('))
}

fn exchange(
    planner: &mut Planner,
    catalogue: &Catalogue,
    own: &Member,
    other: &Member,
    choice: &Choice,
) -> Option<Exchanged> {
    let (file, claim) = &catalogue.claims[own.claim];
    let experiment = claim.experiment.as_ref()?;
    let arms = exchanged(&own.arms, &other.arms);
    let planned = planner.experiment(*file, experiment, &arms, choice).ok()?;
    // Where nothing is to change any perturbation may do nothing, and the arms of others have no
    // parental and resistant cells between which something could be restored.
    let scored = |r: &&PlannedReadout| !r.exploratory;
    let telling = planned.readouts.iter().filter(scored).any(|r| has_direction(r.expect));
    let restoring = planned.readouts.iter().any(|r| r.expect == Expect::Restored);
    (telling && !restoring).then_some(Exchanged { claim: own.claim, with: other.claim, planned })
}

/// What arms differ in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Contrast {
    /// What is acted on in some arm, but not in the same way in all.
    targets: BTreeSet<String>,
    /// The tumours compared; none when all arms have the same.
    tumours: BTreeSet<String>,
}

impl Contrast {
    /// Whether both act on the same thing or compare the same tumours.
    fn shares(&self, other: &Contrast) -> bool {
        let same_tumours = !self.tumours.is_empty() && self.tumours == other.tumours;
        same_tumours || !self.targets.is_disjoint(&other.targets)
    }
}

fn contrast(arms: &[ArmText]) -> Contrast {
    let of = |arm: &ArmText| -> BTreeSet<String> {
        let later = arm.then.iter().chain(&arm.history).flat_map(|(_, deeds)| deeds);
        let all = arm.before.iter().chain(&arm.deeds).chain(later);
        all.map(|deed| deed.text.clone()).collect()
    };
    let each: Vec<BTreeSet<String>> = arms.iter().map(of).collect();
    let everywhere = |deed: &String| each.iter().all(|arm| arm.contains(deed));
    let differing = each.iter().flatten().filter(|deed| !everywhere(deed));
    let named = arms.iter().filter_map(|arm| Some(arm.tumour.as_ref()?.0.clone()));
    let tumours = Some(named.collect::<BTreeSet<_>>()).filter(|t| t.len() > 1).unwrap_or_default();
    Contrast { targets: differing.map(|deed| target(deed).to_string()).collect(), tumours }
}

/// What a deed acts on: the last word before its amount.
fn target(deed: &str) -> &str {
    let words = deed.split_whitespace();
    let before = words.take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    before.filter(|word| *word != "by").last().unwrap_or(deed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_acts_on_the_word_before_its_amount() {
        let deeds =
            ["inhibit SRC by 90 %", "drug_a 10 ug/mL weekly", "knock out b.cells", "add X 1"];
        assert_eq!(deeds.map(target), ["SRC", "drug_a", "b.cells", "X"]);
    }

    #[test]
    fn the_names_in_a_formula_are_its_symbols() {
        let read = |formula| names(formula).collect::<Vec<_>>();
        assert_eq!(read("mean(a.x + b)/total(cells*2.5e3)"), ["a.x", "b", "cells"]);
        assert_eq!(read("growth"), ["growth"]);
    }
}
