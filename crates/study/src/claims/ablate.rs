//! Which couplings between parts of the model a claim depends on: each is frozen in turn, and the
//! claim is judged again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use hersim_engine::Width;
use hersim_network::{Diagnostic, SymbolId};

use super::{
    deed::Op,
    execute::{Executed, compile, execute},
    file::Expect,
    graph::{Coupling, Graph},
    judge::{Judged, judge},
    plan::{How, Moment, Plan, PlannedClaim},
};
use crate::{
    equilibrate::EnsembleSettings,
    library::Library,
    progress::{Progress, Silent},
};

/// A claim depends on a coupling when it loses this share of its effect without it.
const LOSS: f64 = 0.2;

/// What is to be frozen.
pub struct Ablation {
    /// One graph for each stage.
    graphs: Vec<Graph>,
    /// Couplings on the paths of each claim.
    on_path: Vec<BTreeSet<Coupling>>,
    /// Parts in which the effect of each claim begins.
    begins: Vec<BTreeSet<String>>,
}

/// What a claim depends on.
#[derive(Clone, Debug, Default)]
pub struct Dependence {
    /// Couplings, in the order in which the effect runs through them.
    pub couplings: Vec<Coupling>,
    /// How many were tried.
    pub tried: usize,
    /// Whether it has an effect and depends on no coupling. To expect that nothing changes is not
    /// to expect an effect: no coupling can be needed for it.
    pub wired: bool,
}

impl Ablation {
    /// Finds the couplings that may matter to these claims and asks for what is needed to freeze
    /// them. Call it before the plan is run.
    pub fn prepare(plan: &mut Plan, claims: &[&PlannedClaim], library: &Library) -> Ablation {
        let graphs: Vec<Graph> = (plan.stages.iter())
            .map(|stage| {
                let switch = stage.assembled.switch().ok();
                Graph::new(&stage.assembled.network, &library.sources, switch)
            })
            .collect();
        let mut on_path = Vec::new();
        let mut begins = Vec::new();
        for claim in claims {
            let (changed, read) = (changed(plan, claim), read(plan, claim));
            let mut couplings = BTreeSet::new();
            let mut parts = BTreeSet::new();
            for (stage, graph) in graphs.iter().enumerate() {
                let none = Vec::new();
                let from = changed.get(&stage).unwrap_or(&none);
                let to = read.get(&stage).unwrap_or(&none);
                couplings.extend(graph.between(from, to));
                let named = |ids: &[SymbolId]| -> Vec<String> {
                    ids.iter().filter_map(|id| graph.part(*id)).map(str::to_string).collect()
                };
                parts.extend(named(from));
                parts.extend(graph.acted_on(from));
            }
            on_path.push(couplings);
            begins.push(parts);
        }
        // What is frozen is what the reference arm has at time zero; other courses stand in for
        // what that arm lacks.
        for (claim, couplings) in claims.iter().zip(&on_path) {
            for course in every_course(plan, claim) {
                plan.courses[course].ask(0.0);
                let stage = plan.courses[course].stage;
                for coupling in couplings {
                    for id in graphs[stage].coupling(coupling).0 {
                        plan.stages[stage].read(id);
                    }
                }
            }
        }
        Ablation { graphs, on_path, begins }
    }

    /// Freezes every coupling in turn and says what each claim depends on. `judged` are the claims
    /// as they stand; only those that hold are tried.
    ///
    /// # Errors
    /// What the engine cannot honour.
    pub fn run(
        &self,
        plan: &Plan,
        claims: &[(&PlannedClaim, &Judged)],
        executed: &Executed,
        library: &Library,
        settings: &EnsembleSettings,
        progress: &dyn Progress,
    ) -> Result<Vec<Dependence>, Vec<Diagnostic>> {
        let mut by_coupling: BTreeMap<&Coupling, Vec<usize>> = BTreeMap::new();
        for (index, couplings) in self.on_path.iter().enumerate() {
            if claims[index].1.holds() {
                couplings.iter().for_each(|c| by_coupling.entry(c).or_default().push(index));
            }
        }
        let mut found: Vec<Dependence> = vec![Dependence::default(); claims.len()];
        progress.begin("freezing couplings", by_coupling.len() as u64);
        let settings = EnsembleSettings { width: Width::Auto, ..settings.clone() };
        for (coupling, indices) in by_coupling {
            let outcomes =
                self.freeze(plan, coupling, &indices, claims, executed, library, &settings)?;
            for (index, depends) in indices.into_iter().zip(outcomes) {
                found[index].tried += 1;
                if depends {
                    found[index].couplings.push(coupling.clone());
                }
            }
            progress.advance(1);
        }
        progress.end();
        for ((dependence, begins), (claim, _)) in found.iter_mut().zip(&self.begins).zip(claims) {
            in_order(&mut dependence.couplings, begins);
            let mut scored = claim.readouts.iter().filter(|r| !r.exploratory);
            let effect = scored.any(|r| r.expect != Expect::NoChange);
            dependence.wired = effect && dependence.couplings.is_empty();
        }
        Ok(found)
    }

    /// Freezes one coupling: whether each of these claims depends on it.
    #[allow(clippy::too_many_arguments, reason = "all of it is one question")]
    fn freeze(
        &self,
        plan: &Plan,
        coupling: &Coupling,
        indices: &[usize],
        claims: &[(&PlannedClaim, &Judged)],
        executed: &Executed,
        library: &Library,
        settings: &EnsembleSettings,
    ) -> Result<Vec<bool>, Vec<Diagnostic>> {
        let mut frozen = Plan::on(plan.stages.clone());
        let held: Vec<Vec<(SymbolId, SymbolId)>> = (frozen.stages.iter_mut().zip(&self.graphs))
            .map(|(stage, graph)| {
                let (symbols, readers) = graph.coupling(coupling);
                stage.freeze(&symbols, readers)
            })
            .collect();
        let adopted: Vec<PlannedClaim> = (indices.iter())
            .map(|index| {
                let claim = claims[*index].0;
                let values = reference_values(plan, claim, executed);
                frozen.adopt_claim(plan, claim, &|stage, base| {
                    for (symbol, parameter) in &held[stage] {
                        let name = &plan.stages[stage].assembled.network[*symbol].name;
                        if let Some(value) = at_reference(&values, name) {
                            base.push(Op::Set(*parameter, value));
                        }
                    }
                })
            })
            .collect();
        let programs = compile(&frozen, library)?;
        let run = execute(&frozen, &programs, settings, &Silent);
        let depends = |(index, claim): (&usize, &PlannedClaim)| {
            weaker(claims[*index].1, &judge(claim, &frozen, &run))
        };
        Ok(indices.iter().zip(&adopted).map(depends).collect())
    }
}

/// Whether a claim no longer holds, or has lost much of its effect.
fn weaker(whole: &Judged, frozen: &Judged) -> bool {
    let lost = |(a, b): (&super::Verdict, &super::Verdict)| match (a.size, b.size) {
        _ if !a.scored => false,
        (Some(before), Some(after)) => after < (1.0 - LOSS) * before,
        (Some(_), None) => true,
        (None, _) => false,
    };
    !frozen.holds() || whole.verdicts.iter().zip(&frozen.verdicts).any(lost)
}

/// Courses of a claim, the reference arm first, with those that they go on from.
fn every_course(plan: &Plan, claim: &PlannedClaim) -> Vec<usize> {
    let mut found: Vec<usize> = claim.arms.iter().map(|(_, course)| *course).collect();
    found.extend(claim.courses());
    let mut next = 0;
    while let Some(course) = found.get(next) {
        found.extend(plan.courses[*course].after);
        next += 1;
    }
    let mut seen = HashSet::new();
    found.retain(|course| seen.insert(*course));
    found
}

/// Values at time zero by name: those of the reference arm, and of other courses what it lacks.
fn reference_values<'p>(
    plan: &'p Plan,
    claim: &PlannedClaim,
    executed: &Executed,
) -> HashMap<&'p str, f64> {
    let mut values: HashMap<&str, f64> = HashMap::new();
    for course in every_course(plan, claim) {
        let stage = &plan.stages[plan.courses[course].stage];
        let Some(outputs) = executed.trajectories[course].on(0.0) else { continue };
        let names = stage.outputs.iter().map(|id| stage.assembled.network[*id].name.as_str());
        for (name, value) in names.zip(outputs.iter().copied()) {
            values.entry(name).or_insert(value);
            // A subclone that the reference arm lacks is taken for its first one.
            let first = stage.assembled.subclones.first().map_or("", String::as_str);
            if let Some(below) = name.strip_prefix(first).and_then(|n| n.strip_prefix('.')) {
                values.entry(below).or_insert(value);
            }
        }
    }
    values
}

/// The value of a symbol in the reference arm; of another subclone where that arm lacks this one.
fn at_reference(values: &HashMap<&str, f64>, name: &str) -> Option<f64> {
    let below = || values.get(name.split_once('.')?.1).copied();
    values.get(name).copied().or_else(below).filter(|v| v.is_finite())
}

/// Symbols that the courses of a claim change, by stage: everything that is done, and everything
/// in which arms differ from the outset; where that is nothing, what the tumour says.
fn changed(plan: &Plan, claim: &PlannedClaim) -> HashMap<usize, Vec<SymbolId>> {
    let courses = every_course(plan, claim);
    let mut found: HashMap<usize, Vec<SymbolId>> = HashMap::new();
    let target = |op: &Op| match op {
        Op::Set(id, _) | Op::Scale(id, _) | Op::Clamp(id, _) => vec![*id],
        Op::Doses(regimen) => regimen.inputs().collect(),
        Op::Stop(_) => Vec::new(),
    };
    // What holds from the outset in every arm changes nothing between them.
    let mut shared: HashMap<(String, String), usize> = HashMap::new();
    let named = |stage: usize, id: SymbolId| plan.stages[stage].assembled.network[id].name.clone();
    let bases: Vec<Vec<(usize, SymbolId, String, String)>> = (courses.iter())
        .map(|course| {
            let course = &plan.courses[*course];
            // Only the last word on a parameter counts.
            let mut last: HashMap<SymbolId, String> = HashMap::new();
            for op in &course.base {
                for id in target(op) {
                    let said = last.entry(id).or_default();
                    match op {
                        Op::Set(_, value) => *said = format!("{value:?}"),
                        other => *said += &format!("{other:?}"),
                    }
                }
            }
            (last.into_iter())
                .map(|(id, said)| (course.stage, id, named(course.stage, id), said))
                .collect()
        })
        .collect();
    for (_, _, name, said) in bases.iter().flatten() {
        *shared.entry((name.clone(), said.clone())).or_default() += 1;
    }
    let mut outset: HashMap<usize, Vec<SymbolId>> = HashMap::new();
    for (stage, id, name, said) in bases.into_iter().flatten() {
        outset.entry(stage).or_default().push(id);
        if shared[&(name, said)] < courses.len() {
            found.entry(stage).or_default().push(id);
        }
    }
    for course in &courses {
        let course = &plan.courses[*course];
        let ops = course.timeline.iter().flat_map(|(_, ops)| ops).flat_map(target);
        found.entry(course.stage).or_default().extend(ops);
    }
    // Arms that do not differ compare kinds of cells, and these differ in their attributes.
    if found.values().all(Vec::is_empty) { outset } else { found }
}

/// Symbols that the readouts of a claim read, by stage.
fn read(plan: &Plan, claim: &PlannedClaim) -> HashMap<usize, Vec<SymbolId>> {
    let mut found: HashMap<usize, Vec<SymbolId>> = HashMap::new();
    let scored = claim.readouts.iter().filter(|r| !r.exploratory);
    for value in scored.flat_map(|r| &r.sides).flat_map(super::plan::Sides::values) {
        value.each(&mut |_, how| {
            let How::Read { course, moment, of } = how else { return };
            let course = &plan.courses[*course];
            let symbols = found.entry(course.stage).or_default();
            symbols.extend(of.symbols());
            if let Moment::Crossing(index) = moment {
                symbols.extend(course.crossings.get(*index).map(|c| c.symbol));
            }
        });
    }
    found
}

/// Sorts couplings by how far their beginning is from the parts that are changed.
fn in_order(couplings: &mut [Coupling], changed: &BTreeSet<String>) {
    let mut distance: HashMap<String, usize> = changed.iter().map(|p| (p.clone(), 0)).collect();
    for _ in 0..couplings.len() {
        for (from, to) in couplings.iter() {
            if let Some(near) = distance.get(from).copied() {
                let far = distance.entry(to.clone()).or_insert(near + 1);
                *far = (*far).min(near + 1);
            }
        }
    }
    let far = |part: &str| distance.get(part).copied().unwrap_or(usize::MAX);
    couplings.sort_by_cached_key(|(from, to)| (far(from), far(to), from.clone(), to.clone()));
}
