//! Reading claims: arms as written become courses, each once.

use std::collections::{HashMap, HashSet};

use hersim_network::{Diagnostic, FileId, Span};

use super::{
    catalogue::Catalogue,
    course::Course,
    deed::{Op, bind},
    file::{Arm, Experiment},
    intervention::Intervention,
    plan::{Plan, PlannedClaim},
    stage::Stage,
};
use crate::{
    assemble::{assemble_open, days},
    document::{Document, Spanned},
    hypothesis::{self, Choice, Hypotheses},
    library::{Attributes, Library, Phase, Shelf, Tumour},
    population::{Ingredients, Population},
    written::Written,
};

/// How many times a tumour may be made from a tumour that was made.
const LONGEST_CHAIN: usize = 8;

/// What happens in one arm, still as text.
#[derive(Clone, Debug)]
pub struct ArmText {
    /// Its name.
    pub name: String,
    /// Tumour and where it is named.
    pub tumour: Option<(String, Span)>,
    /// System and where it is named.
    pub system: (String, Span),
    /// From before equilibration on.
    pub before: Vec<Written>,
    /// From time zero on.
    pub deeds: Vec<Written>,
    /// Later, by day.
    pub then: Vec<(f64, Vec<Written>)>,
    /// Before time zero: days and deeds of each phase.
    pub history: Vec<(f64, Vec<Written>)>,
}

/// Collects courses while claims are read.
pub struct Planner<'a> {
    /// Model and library.
    pub library: &'a mut Library,
    /// Claims, protocols, interventions.
    pub catalogue: &'a Catalogue,
    /// Open questions.
    pub hypotheses: Option<&'a Document<Hypotheses>>,
    /// What has been planned so far.
    pub plan: Plan,
    attributes: Document<Attributes>,
    stages: HashMap<(String, Vec<String>), usize>,
    tumours: HashMap<String, Document<Tumour>>,
    bases: HashMap<(usize, String), Vec<Op>>,
}

/// Where an arm begins: stage, what holds from the outset, and the course it goes on from.
type Begin = (usize, Vec<Op>, Option<usize>);

/// Planned, or all that is wrong.
pub type Planned<T> = Result<T, Vec<Diagnostic>>;

impl<'a> Planner<'a> {
    /// Nothing planned yet.
    ///
    /// # Errors
    /// When the attributes of tumours cannot be read.
    pub fn new(
        library: &'a mut Library,
        catalogue: &'a Catalogue,
        hypotheses: Option<&'a Document<Hypotheses>>,
    ) -> Planned<Planner<'a>> {
        let attributes = library.attributes()?;
        Ok(Planner {
            library,
            catalogue,
            hypotheses,
            plan: Plan::default(),
            attributes,
            stages: HashMap::new(),
            tumours: HashMap::new(),
            bases: HashMap::new(),
        })
    }

    /// The arms of an experiment, in the order written.
    ///
    /// # Errors
    /// `quantity` for times that are none.
    pub fn arms(&self, file: FileId, experiment: &Experiment) -> Planned<Vec<ArmText>> {
        let mut errors = Vec::new();
        let mut named: Vec<(&Spanned<String>, &Arm)> = experiment.arm.iter().collect();
        named.sort_by_key(|(name, _)| name.span().start);
        let arms = (named.into_iter())
            .map(|(name, arm)| {
                let place = |s: &Spanned<String>| (s.get_ref().clone(), Span::new(file, s.span()));
                let texts = |all: &[Spanned<String>]| self.texts(file, all);
                let mut time = |text: &Spanned<String>| {
                    days(&Written::in_file(file, text, &self.library.sources)).unwrap_or_else(|e| {
                        errors.push(*e);
                        0.0
                    })
                };
                let mut then: Vec<(f64, Vec<Written>)> =
                    arm.then.iter().map(|t| (time(&t.at), texts(&t.deeds))).collect();
                then.sort_by(|a, b| a.0.total_cmp(&b.0));
                let history =
                    arm.history.iter().map(|p| (time(&p.duration), texts(&p.deeds))).collect();
                ArmText {
                    name: name.get_ref().clone(),
                    tumour: arm.tumour.as_ref().or(experiment.tumour.as_ref()).map(place),
                    system: place(arm.system.as_ref().unwrap_or(&experiment.system)),
                    before: texts(&arm.before),
                    deeds: texts(&arm.deeds),
                    then,
                    history,
                }
            })
            .collect();
        if errors.is_empty() { Ok(arms) } else { Err(errors) }
    }

    pub(super) fn texts(&self, file: FileId, all: &[Spanned<String>]) -> Vec<Written> {
        all.iter().map(|s| Written::in_file(file, s, &self.library.sources)).collect()
    }

    /// Plans the readouts of an experiment with these arms.
    ///
    /// # Errors
    /// Everything that cannot be honoured.
    pub fn experiment(
        &mut self,
        file: FileId,
        experiment: &Experiment,
        arms: &[ArmText],
        choice: &Choice,
    ) -> Planned<PlannedClaim> {
        let mut errors = Vec::new();
        let mut planned = Vec::new();
        for arm in arms {
            match self.course(arm, &[], choice) {
                Ok(course) => planned.push((arm.name.clone(), course)),
                Err(more) => errors.extend(more),
            }
        }
        let mut readouts = Vec::new();
        for (index, readout) in experiment.readout.iter().enumerate() {
            match self.readout(file, index, readout, arms, choice) {
                Ok(readout) => readouts.push(readout),
                Err(more) => errors.extend(more),
            }
        }
        if !errors.is_empty() {
            return Err(distinct(errors));
        }
        Ok(PlannedClaim { readouts, arms: planned })
    }

    /// The course of an arm, with what a protocol adds at time zero.
    ///
    /// # Errors
    /// Everything in the arm that cannot be honoured.
    pub fn course(&mut self, arm: &ArmText, added: &[Written], choice: &Choice) -> Planned<usize> {
        let (stage, base, mut after) = self.begin(
            arm.tumour.as_ref(),
            &arm.system,
            &arm.before,
            choice,
            LONGEST_CHAIN,
            false,
        )?;
        if !arm.history.is_empty() {
            after = Some(self.history(stage, &base, after, &arm.history)?);
        }
        let mut deeds = arm.deeds.clone();
        deeds.extend(added.iter().cloned());
        let mut timeline = vec![(0.0, self.bind(stage, &deeds)?)];
        for (day, deeds) in &arm.then {
            timeline.push((*day, self.bind(stage, deeds)?));
        }
        timeline.retain(|(_, ops)| !ops.is_empty());
        Ok(self.plan.intern(Course::new(stage, base, after, timeline, None)))
    }

    /// Plans how a tumour is made, where it is made by selection.
    ///
    /// # Errors
    /// What is wrong with its making.
    pub fn made(&mut self, id: &str, choice: &Choice) -> Planned<()> {
        let document: Document<Tumour> = self.library.read(Shelf::Tumours, id, None)?;
        let Some(made) = &document.value.made else { return Ok(()) };
        let system = (made.system.get_ref().clone(), document.place(&made.system));
        let tumour = (id.to_string(), document.place(&made.from));
        self.begin(Some(&tumour), &system, &[], choice, LONGEST_CHAIN, false).map(|_| ())
    }

    /// A course through phases, ended by a passage.
    fn history(
        &mut self,
        stage: usize,
        base: &[Op],
        after: Option<usize>,
        phases: &[(f64, Vec<Written>)],
    ) -> Planned<usize> {
        let mut timeline = Vec::new();
        let mut day = 0.0;
        for (length, deeds) in phases {
            let mut ops = self.bind(stage, deeds)?;
            for op in &mut ops {
                if let Op::Doses(regimen) = op {
                    // Doses end with the phase.
                    for bound in &mut regimen.orders {
                        let last = length * (1.0 - 1e-9);
                        bound.order.end_day = bound.order.end_day.min(last);
                    }
                }
            }
            timeline.push((day, ops));
            day += length;
        }
        Ok(self.plan.intern(Course::new(stage, base.to_vec(), after, timeline, Some(day))))
    }

    /// Where a tumour begins. With `lenient`, what `before` says of another host is passed over.
    fn begin(
        &mut self,
        tumour: Option<&(String, Span)>,
        system: &(String, Span),
        before: &[Written],
        choice: &Choice,
        chain: usize,
        lenient: bool,
    ) -> Planned<Begin> {
        let Some((id, place)) = tumour else {
            let stage = self.stage(system, &[])?;
            let base = self.base(stage, None, before, choice, lenient)?;
            return Ok((stage, base, None));
        };
        let document = self.tumour(id, *place)?;
        let Some(made) = document.value.made.clone() else {
            let subclones: Vec<String> =
                document.value.subclone.iter().map(|s| s.id.clone()).collect();
            let stage = self.stage(system, &subclones)?;
            let base = self.base(stage, Some((id, &document)), before, choice, lenient)?;
            return Ok((stage, base, None));
        };
        if chain == 0 {
            let message = format!("`{id}` is made from a tumour that is made, and so on");
            return Err(vec![
                Diagnostic::error("claim", message)
                    .at(document.place(&made.from), "")
                    .mend("let the chain end at a tumour with attributes"),
            ]);
        }
        // The selection happened in a system of its own.
        let named = |s: &Spanned<String>| (s.get_ref().clone(), document.place(s));
        let (maker, base, after) = self.begin(
            Some(&named(&made.from)),
            &named(&made.system),
            before,
            choice,
            chain - 1,
            lenient || made.system.get_ref() != &system.0,
        )?;
        let phases = self.phases(document.file, &made.history)?;
        let selected = self.history(maker, &base, after, &phases)?;
        if made.system.get_ref() == &system.0 {
            return Ok((maker, base, Some(selected)));
        }
        // In another system the attributes are those of the tumour it was made from.
        let mut root = named(&made.from);
        for _ in 0..LONGEST_CHAIN {
            let document = self.tumour(&root.0, root.1)?;
            let Some(made) = &document.value.made else { break };
            root = (made.from.get_ref().clone(), document.place(&made.from));
        }
        let (stage, base, _) = self.begin(Some(&root), system, before, choice, 0, lenient)?;
        Ok((stage, base, Some(selected)))
    }

    fn phases(&self, file: FileId, phases: &[Phase]) -> Planned<Vec<(f64, Vec<Written>)>> {
        let mut found = Vec::new();
        for phase in phases {
            let written = Written::in_file(file, &phase.duration, &self.library.sources);
            let length = days(&written).map_err(|e| vec![*e])?;
            found.push((length, self.texts(file, &phase.deeds)));
        }
        Ok(found)
    }

    fn tumour(&mut self, id: &str, place: Span) -> Planned<Document<Tumour>> {
        if let Some(known) = self.tumours.get(id) {
            return Ok(known.clone());
        }
        let document: Document<Tumour> = self.library.read(Shelf::Tumours, id, Some(place))?;
        self.tumours.insert(id.to_string(), document.clone());
        Ok(document)
    }

    fn stage(&mut self, system: &(String, Span), subclones: &[String]) -> Planned<usize> {
        let key = (system.0.clone(), subclones.to_vec());
        if let Some(stage) = self.stages.get(&key) {
            return Ok(*stage);
        }
        let known = self.library.ids(Shelf::Systems);
        if !known.contains(&system.0) {
            return Err(vec![self.library.unknown(Shelf::Systems, &system.0, Some(system.1))]);
        }
        let stage = Stage::new(assemble_open(self.library, &system.0, subclones)?)?;
        self.plan.stages.push(stage);
        let index = self.plan.stages.len() - 1;
        self.stages.insert(key, index);
        Ok(index)
    }

    /// What holds from before equilibration on: attributes, answers to open questions, `before`.
    fn base(
        &mut self,
        stage: usize,
        tumour: Option<(&str, &Document<Tumour>)>,
        before: &[Written],
        choice: &Choice,
        lenient: bool,
    ) -> Planned<Vec<Op>> {
        let key = (stage, tumour.map_or(String::new(), |t| t.0.to_string()));
        let mut ops = match self.bases.get(&key) {
            Some(ops) => ops.clone(),
            None => {
                let assembled = &self.plan.stages[stage].assembled;
                let ingredients = Ingredients {
                    assembled,
                    attributes: &self.attributes,
                    cohort: None,
                    tumour: tumour.map(|t| t.1),
                    strata: (&[], self.attributes.file),
                    also: &[],
                    spread: false,
                };
                let population = Population::new(&ingredients, &self.library.sources)?;
                let values = population.typical(None).values;
                let ids = population.varying.iter().copied();
                let ops: Vec<Op> = ids.zip(values).map(|(id, v)| Op::Set(id, v)).collect();
                self.bases.insert(key, ops.clone());
                ops
            }
        };
        let assembled = &self.plan.stages[stage].assembled;
        let chosen = hypothesis::settings(self.hypotheses, choice, assembled)?;
        ops.extend(chosen.into_iter().map(|(id, value)| Op::Set(id, value)));
        for op in &ops {
            if let Op::Set(id, _) = op {
                self.plan.stages[stage].vary(*id);
            }
        }
        let held =
            if lenient { self.bind_leniently(stage, before) } else { self.bind(stage, before)? };
        for op in &held {
            let refused = match op {
                Op::Set(..) | Op::Scale(..) | Op::Clamp(_, Some(_)) => continue,
                Op::Clamp(_, None) => "a clamp that holds from the outset needs a value",
                Op::Doses(_) | Op::Stop(_) => "doses cannot be given before equilibration",
            };
            let place = before.first().map_or(Span::NONE, Written::whole);
            return Err(vec![
                Diagnostic::error("intervention", refused)
                    .at(place, "")
                    .mend("write `clamp SYMBOL VALUE`, or do it from time zero on"),
            ]);
        }
        ops.extend(held);
        Ok(ops)
    }

    fn bind(&mut self, stage: usize, texts: &[Written]) -> Planned<Vec<Op>> {
        let mut ops = Vec::new();
        let mut errors = Vec::new();
        for written in texts {
            let bound = Intervention::parse(written).map_err(|e| vec![*e]).and_then(|i| {
                let stage = &mut self.plan.stages[stage];
                bind(&i, stage, &self.catalogue.interventions, self.library)
            });
            match bound {
                Ok(more) => ops.extend(more),
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok(ops) } else { Err(errors) }
    }

    /// What of these a stage has; the rest belongs to another host.
    fn bind_leniently(&mut self, stage: usize, texts: &[Written]) -> Vec<Op> {
        let each = texts.iter().map(std::slice::from_ref);
        each.filter_map(|one| self.bind(stage, one).ok()).flatten().collect()
    }
}

/// Each mistake once: an arm that several readouts need is read several times.
fn distinct(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    errors.retain(|e| seen.insert((e.code, e.message.clone(), e.at.as_ref().map(|at| at.0))));
    errors
}
