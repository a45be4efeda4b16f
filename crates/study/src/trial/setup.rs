//! A trial made ready to run: system assembled and compiled, regimens bound, population known.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, Span, SymbolId, nearest};
use hersim_units::Unit;
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1, StandardNormal};

use super::{
    ByStratum, TrialPlan,
    patient::{Fate, Prescribe, Roles, TrialPatient},
};
use crate::{
    assemble::{Assembled, assemble, days},
    document::{Document, Spanned},
    dosing::BoundRegimen,
    equilibrate::{Programs, Ready, Rest},
    library::{Cohort, Library, Shelf, SourcedNumber},
    outcome::{EventTime, PatientOutcome, PatientStatus, Response, Series, Trace},
    population::{Ingredients, Population, VirtualPatient},
    quantity,
    random::stream,
    readout,
    regimen::Regimen,
    treatment::Treatment,
    written::Written,
};

/// Everything that the patients of a trial share.
pub struct TrialSetup {
    /// The trial.
    pub plan: Document<TrialPlan>,
    /// Its disease population.
    pub cohort: Document<Cohort>,
    /// The system its patients live in.
    pub assembled: Assembled,
    /// Compiled.
    pub programs: Programs,
    /// How its patients differ.
    pub population: Population,
    roles: Roles,
    readouts: Vec<(String, String, f64)>,
    first_line: Vec<PerStratum>,
    after_progression: Vec<Option<(f64, PerStratum)>>,
    follow_up_day: f64,
    accrual_day: f64,
    visits: Vec<f64>,
    measurement_cv: f64,
    detection_limit_mm: f64,
}

type PerStratum = BTreeMap<String, BoundRegimen>;

impl TrialSetup {
    /// Reads and compiles a trial.
    ///
    /// # Errors
    /// Everything that is wrong with the trial, its cohort, its drugs and its model.
    pub fn new(library: &mut Library, id: &str) -> Result<TrialSetup, Vec<Diagnostic>> {
        let plan: Document<TrialPlan> = library.read(Shelf::Trials, id, None)?;
        let asked = plan.place(&plan.value.cohort);
        let cohort: Document<Cohort> =
            library.read(Shelf::Cohorts, plan.value.cohort.get_ref(), Some(asked))?;
        let attributes = library.attributes()?;
        let subclones: Vec<String> = cohort.value.subclone.iter().map(|s| s.id.clone()).collect();
        let assembled = assemble(library, &cohort.value.system, &subclones)?;

        let mut errors = check_names(&plan);
        let mut keep = |result: Result<PerStratum, Vec<Diagnostic>>| {
            result.unwrap_or_else(|more| {
                errors.extend(more);
                PerStratum::new()
            })
        };
        let mut first_line = Vec::new();
        let mut after_progression = Vec::new();
        for arm in &plan.value.arm {
            first_line.push(keep(bind(&arm.regimen, &plan, &assembled, library)));
            let after = plan.value.after_progression.iter().find(|a| a.arm == arm.id);
            after_progression.push(after.map(|after| {
                (*after.share.get_ref(), keep(bind(&after.regimen, &plan, &assembled, library)))
            }));
        }
        let mut inputs: Vec<SymbolId> = (first_line.iter())
            .chain(after_progression.iter().flatten().map(|(_, r)| r))
            .flat_map(|r| r.values().flat_map(BoundRegimen::inputs))
            .collect();
        inputs.sort();
        inputs.dedup();

        let clinic = Clinic::find(&assembled).unwrap_or_else(|more| {
            errors.extend(more);
            Clinic::default()
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let ingredients = Ingredients {
            assembled: &assembled,
            attributes: &attributes,
            cohort: Some(&cohort),
            tumour: None,
            strata: (&plan.value.stratum, plan.file),
            also: &clinic.progressed,
            spread: true,
        };
        let population = Population::new(&ingredients, &library.sources)?;
        let equilibration = assembled.equilibration_days(library).map_err(|e| vec![*e])?;
        let programs = Programs::new(
            &assembled,
            &population.varying,
            &inputs,
            &clinic.outputs,
            equilibration,
        )?;
        let roles = clinic.roles(&assembled, &programs, &population)?;
        let one = |e: Box<Diagnostic>| vec![*e];
        let time = |text: &Spanned<String>| {
            days(&Written::in_document(&plan, text, &library.sources)).map_err(one)
        };
        let follow_up_day = time(&plan.value.follow_up)?;
        let accrual_day = plan.value.accrual.as_ref().map_or(Ok(0.0), time)?;
        let visits = visit_days(&plan, library, follow_up_day)?;
        let measurement_cv =
            sourced(&plan, &plan.value.measurement_error, &Unit::dimensionless()).map_err(one)?;
        let detection_limit_mm =
            sourced(&plan, &plan.value.detection_limit, &quantity::known("mm")).map_err(one)?;
        Ok(TrialSetup {
            plan,
            cohort,
            assembled,
            programs,
            population,
            roles,
            readouts: clinic.readouts,
            first_line,
            after_progression,
            follow_up_day,
            accrual_day,
            visits,
            measurement_cv,
            detection_limit_mm,
        })
    }

    /// Virtual patient `number` of arm `arm`.
    pub fn sample(&self, seed: u64, arm: usize, number: u64) -> VirtualPatient {
        let plan = &self.plan.value;
        self.population.sample(seed, &plan.id, &plan.arm[arm].id, number)
    }

    /// A sampled patient at rest, about to enter the trial.
    pub fn enter(
        &self,
        seed: u64,
        arm: usize,
        number: u64,
        patient: &VirtualPatient,
        ready: Ready,
    ) -> TrialPatient<'_> {
        let plan = &self.plan.value;
        let words = number.to_string();
        let key = |purpose: &str| stream(seed, &[&plan.id, &plan.arm[arm].id, &words, purpose]);
        let end_day = self.follow_up_day - self.accrual_day * key("entry").random::<f64>();
        let sigma = (1.0 + self.measurement_cv * self.measurement_cv).ln().sqrt();
        let mut noise = key("measurement");
        let fate = Fate {
            death: Exp1.sample(&mut key("death")),
            new_lesion: Exp1.sample(&mut key("new lesion")),
            end_day,
            visits: self.visits.iter().copied().filter(|v| *v <= end_day).collect(),
            errors: (0..=self.visits.len())
                .map(|_| {
                    let z: f64 = StandardNormal.sample(&mut noise);
                    (sigma * z).exp()
                })
                .collect(),
            detection_limit_mm: self.detection_limit_mm,
        };
        let after = self.after_progression[arm]
            .as_ref()
            .filter(|(share, _)| key("after progression").random::<f64>() < *share)
            .map(|(_, regimens)| self.prescribe(regimens, &patient.stratum, end_day));
        let first = self.prescribe(&self.first_line[arm], &patient.stratum, end_day);
        let outcome = blank_outcome(arm, number, patient, &ready.rest);
        TrialPatient::new(outcome, ready, self.roles, fate, first, after)
    }

    /// The typical patient of an arm, followed for `end_day` days without chance, with curves.
    pub fn enter_typical(&self, arm: usize, ready: Ready, end_day: f64) -> TrialPatient<'_> {
        let patient = self.population.typical(None);
        let fate = Fate {
            death: f64::INFINITY,
            new_lesion: f64::INFINITY,
            end_day,
            visits: self.visits.iter().copied().filter(|v| *v <= end_day).collect(),
            errors: vec![1.0; self.visits.len() + 1],
            detection_limit_mm: self.detection_limit_mm,
        };
        let first = self.prescribe(&self.first_line[arm], &patient.stratum, end_day);
        let outcome = blank_outcome(arm, 0, &patient, &ready.rest);
        let trace = Trace {
            title: format!("Typical patient, {}", self.plan.value.arm[arm].title),
            day: Vec::new(),
            series: (self.readouts.iter())
                .map(|(title, unit, _)| Series {
                    title: title.clone(),
                    unit: unit.clone(),
                    values: vec![],
                })
                .collect(),
        };
        TrialPatient::new(outcome, ready, self.roles, fate, first, None).traced(1.0, trace)
    }

    /// Turns recorded outputs into the units they are shown in, and drops what is not shown.
    pub fn finish_trace(&self, mut trace: Trace) -> Trace {
        for (series, (_, _, factor)) in trace.series.iter_mut().zip(&self.readouts) {
            series.values.iter_mut().for_each(|v| *v *= factor);
        }
        // A drug that is not given has no curve to show.
        let shown = |s: &Series| !s.title.is_empty() && s.values.iter().any(|v| *v != 0.0);
        trace.series.retain(shown);
        trace
    }

    fn prescribe<'a>(
        &'a self,
        regimens: &'a PerStratum,
        stratum: &str,
        end_day: f64,
    ) -> Prescribe<'a> {
        let regimen = regimens.get(stratum).or_else(|| regimens.get(""));
        Box::new(move |size, start_day| match regimen {
            Some(r) => Treatment::new(r, &self.programs.during, size, start_day, end_day),
            None => Treatment::new(
                &BoundRegimen::default(),
                &self.programs.during,
                size,
                start_day,
                end_day,
            ),
        })
    }
}

fn blank_outcome(arm: usize, number: u64, patient: &VirtualPatient, rest: &Rest) -> PatientOutcome {
    let status = match rest {
        Rest::Failed(reason) => PatientStatus::Failed(format!("before treatment: {reason}")),
        _ => PatientStatus::Complete,
    };
    let open = EventTime { day: 0.0, event: false };
    PatientOutcome {
        arm,
        patient: number,
        status,
        stratum: patient.stratum.clone(),
        group: patient.group.clone(),
        ttp: open,
        pfs: open,
        os: open,
        dor: None,
        response: Response::NE,
        best_change_percent: None,
        crossover_day: None,
        assessments: Vec::new(),
    }
}

/// The clinic's symbols before compilation.
#[derive(Default)]
struct Clinic {
    death: Option<SymbolId>,
    new_lesion: Option<SymbolId>,
    progressed: Vec<SymbolId>,
    /// Sum of diameters, weight and surface if any, then readouts.
    outputs: Vec<SymbolId>,
    sized: bool,
    /// Title (empty when not shown), unit and factor of each output.
    readouts: Vec<(String, String, f64)>,
}

impl Clinic {
    fn find(assembled: &Assembled) -> Result<Clinic, Vec<Diagnostic>> {
        let system = &assembled.system;
        let Some(roles) = &system.value.clinic else {
            return Err(vec![
                Diagnostic::error(
                    "no-clinic",
                    format!(
                        "system `{}` has no clinic, so no trial can be run in it",
                        system.value.id
                    ),
                )
                .mend("use a cohort whose system has a [clinic] table, such as `patient`"),
            ]);
        };
        let mut errors = Vec::new();
        let mut role = |name: &Spanned<String>| match assembled.role(name) {
            Ok(id) => Some(id),
            Err(error) => {
                errors.push(*error);
                None
            }
        };
        let mut clinic = Clinic {
            death: role(&roles.death),
            new_lesion: role(&roles.new_lesion),
            progressed: role(&roles.progressed).into_iter().collect(),
            ..Clinic::default()
        };
        let mut outputs: Vec<Option<SymbolId>> = vec![role(&roles.sum_of_diameters)];
        clinic.readouts.push(hidden());
        if let Some(dosing) = &system.value.dosing {
            clinic.sized = true;
            outputs.extend([role(&dosing.per_kg), role(&dosing.per_m2)]);
            clinic.readouts.extend([hidden(), hidden()]);
        }
        clinic.outputs = outputs.into_iter().flatten().collect();
        match readout::columns(assembled) {
            Ok(columns) => {
                clinic.outputs.extend(columns.iter().map(|c| c.symbol));
                let shown = columns.into_iter().map(|c| (c.title, c.unit, c.factor));
                clinic.readouts.extend(shown);
            }
            Err(more) => errors.extend(more),
        }
        if errors.is_empty() { Ok(clinic) } else { Err(errors) }
    }

    fn roles(
        &self,
        assembled: &Assembled,
        programs: &Programs,
        population: &Population,
    ) -> Result<Roles, Vec<Diagnostic>> {
        let state = |id: Option<SymbolId>, what: &str| {
            programs.during.states().iter().position(|s| Some(*s) == id).ok_or_else(|| {
                vec![
                    Diagnostic::error(
                        "no-hazard",
                        format!("the cumulative hazard of {what} never moves"),
                    )
                    .mend("give it a rate rule with a positive rate in the clinic module"),
                ]
            })
        };
        let diameters = self.outputs.first().map(|id| assembled.unit(*id));
        let to_mm =
            diameters.and_then(|u| u.factor_to(&quantity::known("mm"))).ok_or_else(|| {
                vec![
                    Diagnostic::error("unit", "the sum of diameters is not a length")
                        .mend("give it in mm"),
                ]
            })?;
        let progressed = self.progressed.first().and_then(|id| population.position(*id));
        Ok(Roles {
            sum_of_diameters: 0,
            to_mm,
            death: state(self.death, "death")?,
            new_lesion: state(self.new_lesion, "a new lesion")?,
            progressed: progressed.unwrap_or_default(),
            size: self.sized.then_some((1, 2)),
            days: assembled.days_per_time_unit(),
        })
    }
}

fn hidden() -> (String, String, f64) {
    (String::new(), String::new(), 1.0)
}

/// One bound regimen per stratum; the empty name stands for all others.
fn bind(
    regimen: &Spanned<ByStratum>,
    plan: &Document<TrialPlan>,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<PerStratum, Vec<Diagnostic>> {
    let each: Vec<(&str, &str)> = match regimen.get_ref() {
        ByStratum::All(text) => vec![("", text)],
        ByStratum::Each(map) => map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
    };
    let known: Vec<&str> = plan.value.stratum.iter().map(|s| s.id.as_str()).collect();
    let mut bound = PerStratum::new();
    let mut errors = Vec::new();
    for (stratum, text) in each {
        let written = Written::found(plan.file, regimen.span().start, text, &library.sources);
        if !stratum.is_empty() && !known.contains(&stratum) {
            errors.push(unknown("stratum", stratum, &known, written.whole()));
        }
        match Regimen::parse(&written).and_then(|r| BoundRegimen::bind(&r, assembled, library)) {
            Ok(regimen) => {
                bound.insert(stratum.to_string(), regimen);
            }
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(bound) } else { Err(errors) }
}

/// Published figures must speak of arms that exist.
fn check_names(plan: &Document<TrialPlan>) -> Vec<Diagnostic> {
    let arms: Vec<&str> = plan.value.arm.iter().map(|a| a.id.as_str()).collect();
    let mut errors: Vec<Diagnostic> = (plan.value.result.iter())
        .filter(|r| !arms.contains(&r.arm.get_ref().as_str()))
        .map(|r| unknown("arm", r.arm.get_ref(), &arms, plan.place(&r.arm)))
        .collect();
    for after in &plan.value.after_progression {
        if !arms.contains(&after.arm.as_str()) {
            let place = Span::new(plan.file, after.share.span());
            errors.push(unknown("arm", &after.arm, &arms, place));
        }
    }
    for contrast in &plan.value.contrast {
        for arm in contrast.arms.iter().filter(|a| !arms.contains(&a.as_str())) {
            errors.push(unknown("arm", arm, &arms, plan.place(&contrast.endpoint)));
        }
    }
    errors
}

fn unknown(what: &str, name: &str, known: &[&str], place: Span) -> Diagnostic {
    let error = Diagnostic::error("unknown-name", format!("the trial has no {what} `{name}`"))
        .at(place, "");
    error.mend(match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    })
}

/// A number of a document in a unit.
fn sourced(
    plan: &Document<TrialPlan>,
    number: &SourcedNumber,
    needed: &Unit,
) -> Result<f64, Box<Diagnostic>> {
    let parsed = Unit::parse(number.unit.get_ref()).map_err(|e| e.to_string());
    parsed
        .and_then(|unit| {
            let factor = unit.factor_to(needed);
            factor.ok_or_else(|| format!("`{unit}` cannot be expressed in `{needed}`"))
        })
        .map(|factor| number.value * factor)
        .map_err(|message| {
            Box::new(Diagnostic::error("unit", message).at(plan.place(&number.unit), ""))
        })
}

/// Days of the visits up to the end of follow-up.
fn visit_days(
    plan: &Document<TrialPlan>,
    library: &Library,
    end_day: f64,
) -> Result<Vec<f64>, Vec<Diagnostic>> {
    let mut visits: Vec<f64> = Vec::new();
    for text in &plan.value.visits.schedule {
        let written = Written::in_document(plan, text, &library.sources);
        let refuse = |message: &str| {
            vec![
                Diagnostic::error("visits", message)
                    .at(written.whole(), "")
                    .mend("write for example [\"8 week\", \"20 week\", \"then every 12 week\"]"),
            ]
        };
        if let Some(interval) = written.text.strip_prefix("then every ") {
            let interval = quantity::Quantity::parse(interval)
                .and_then(|q| q.days())
                .map_err(|message| refuse(&message))?;
            if interval <= 0.0 {
                return Err(refuse("visits must be some time apart"));
            }
            let mut day = visits.last().copied().unwrap_or(0.0) + interval;
            while day <= end_day {
                visits.push(day);
                day += interval;
            }
        } else {
            let day = days(&written).map_err(|e| vec![*e])?;
            if visits.last().is_some_and(|last| *last >= day) {
                return Err(refuse("visits must be in order of time"));
            }
            visits.push(day);
        }
    }
    Ok(visits)
}
