//! A trial made ready to run: system assembled and compiled, regimens bound, population known.

use hersim_network::{Diagnostic, SymbolId};
use hersim_units::Unit;

use super::{
    Setting, TrialPlan,
    checks::{check_names, conditions},
    clinic::{Clinic, Roles},
    regimens::{BoundHistory, PerStratum, bind, bind_history},
    sense::sense,
    visits::visit_days,
};
use crate::{
    assemble::{Assembled, assemble, days, placed},
    calibrate::Calibration,
    condition::Condition,
    document::{Document, Spanned},
    dosing::BoundRegimen,
    equilibrate::Programs,
    library::{Cohort, Library, Shelf, SourcedNumber, cohort_sense},
    population::{Ingredients, Population},
    quantity,
    written::Written,
};

/// What can be asked of a patient on day 0, beside what is drawn.
const SEEN_AT_ENTRY: [&str; 3] = ["sum_of_diameters", "pcr", "tpcr"];
/// Smallest lesion that is found after surgery when the trial does not say, mm.
const RELAPSE_MM: f64 = 10.0;

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
    /// The calibration that moved the population's draws.
    pub calibration: Option<Calibration>,
    /// What is measured at visits: id and unit.
    pub markers: Vec<(String, String)>,
    pub(super) roles: Roles,
    /// Title, unit and factor of each output; no title for what is not shown.
    pub(super) readouts: Vec<(String, String, f64)>,
    pub(super) eligibility: Vec<Condition>,
    pub(super) entry: Vec<(Condition, String)>,
    pub(super) history: Vec<BoundHistory>,
    pub(super) first_line: Vec<PerStratum>,
    pub(super) after_progression: Vec<Option<(f64, PerStratum)>>,
    pub(super) follow_up_day: f64,
    pub(super) accrual_day: f64,
    pub(super) surgery_day: f64,
    pub(super) visits: Vec<f64>,
    pub(super) measurement_cv: f64,
    pub(super) detection_limit_mm: f64,
    pub(super) relapse_mm: f64,
}

impl TrialSetup {
    /// Reads and compiles a trial, by id or path; its cohort is as a calibration left it, where there
    /// is one.
    ///
    /// # Errors
    /// Everything that is wrong with the trial, its cohort, its drugs and its model.
    pub fn new(library: &mut Library, trial: &str) -> Result<TrialSetup, Vec<Diagnostic>> {
        let mut setup = TrialSetup::uncalibrated(library, trial)?;
        let cohort = &setup.cohort.value.id;
        if library.ids(Shelf::Populations).contains(cohort) {
            let calibration: Document<Calibration> =
                library.read(Shelf::Populations, cohort, None)?;
            let shifts = calibration.value.shifts();
            setup.population = setup.population.shifted(shifts);
            setup.calibration = Some(calibration.value);
        }
        Ok(setup)
    }

    /// The same with the cohort as its file has it.
    ///
    /// # Errors
    /// As [`TrialSetup::new`].
    pub fn uncalibrated(library: &mut Library, trial: &str) -> Result<TrialSetup, Vec<Diagnostic>> {
        let plan: Document<TrialPlan> = library.read_or_open(Shelf::Trials, trial)?;
        let asked = plan.place(&plan.value.cohort);
        let cohort: Document<Cohort> =
            library.read(Shelf::Cohorts, plan.value.cohort.get_ref(), Some(asked))?;
        let attributes = library.attributes()?;
        let subclones: Vec<String> = cohort.value.subclone.iter().map(|s| s.id.clone()).collect();
        let home = cohort.place(&cohort.value.system);
        let assembled = assemble(library, cohort.value.system.get_ref(), &subclones)
            .map_err(|found| placed(found, home))?;

        let mut errors = check_names(&plan);
        errors.extend(sense(&plan, &library.sources));
        errors.extend(cohort_sense(&cohort));
        let mut first_line = Vec::new();
        let mut after_progression = Vec::new();
        for arm in &plan.value.arm {
            let bound = bind(&arm.regimen, &plan, &assembled, library);
            first_line.push(keep(bound, &mut errors));
            let after = plan.value.after_progression.iter().find(|a| *a.arm.get_ref() == arm.id);
            after_progression.push(after.map(|after| {
                let bound = bind(&after.regimen, &plan, &assembled, library);
                (*after.share.get_ref(), keep(bound, &mut errors))
            }));
        }
        let history = keep(bind_history(&plan, &assembled, library), &mut errors);
        let clinic =
            keep(Clinic::find(&assembled).map_err(|found| placed(found, home)), &mut errors);
        let mut inputs: Vec<SymbolId> = (first_line.iter())
            .chain(after_progression.iter().flatten().map(|(_, r)| r))
            .flat_map(|r| r.values().flat_map(BoundRegimen::inputs))
            .chain(history.iter().flat_map(|h| h.regimen.inputs()))
            .collect();
        inputs.sort();
        inputs.dedup();
        if !errors.is_empty() {
            return Err(errors);
        }
        let ingredients = Ingredients {
            assembled: &assembled,
            attributes: &attributes,
            cohort: Some(&cohort),
            tumour: None,
            strata: (&plan.value.stratum, plan.file),
            also: &clinic.set,
            spread: true,
        };
        let population = Population::new(&ingredients, &library.sources)?;
        let drawn = population.facts();
        let eligibility =
            keep(conditions(&plan, &plan.value.eligibility, &drawn, library), &mut errors);
        let mut seen = drawn;
        seen.extend(SEEN_AT_ENTRY.map(str::to_string));
        let entry = keep(conditions(&plan, &plan.value.entry, &seen, library), &mut errors);
        let words = plan.value.entry.iter().map(|text| text.get_ref().clone());
        let entry = entry.into_iter().zip(words).collect();

        let one = |e: Box<Diagnostic>| vec![*e];
        let time = |text: &Spanned<String>| {
            days(&Written::in_document(&plan, text, &library.sources)).map_err(one)
        };
        let follow_up_day = keep(time(&plan.value.follow_up), &mut errors);
        let accrual_day = keep(plan.value.accrual.as_ref().map_or(Ok(0.0), time), &mut errors);
        let surgery = plan.value.surgery.as_ref().map(|s| time(&s.at));
        let surgery_day = keep(surgery.unwrap_or(Ok(f64::INFINITY)), &mut errors);
        if plan.value.setting == Setting::Adjuvant
            && surgery_day.is_infinite()
            && !plan.value.history.iter().any(|h| h.surgery)
        {
            errors.push(
                Diagnostic::error("no-surgery", "an adjuvant trial whose patients have no surgery")
                    .at(plan.place(&plan.value.follow_up), "in this trial")
                    .mend("add [surgery] with at = \"0 day\", or a line of the history with surgery = true"),
            );
        }
        let schedule = visit_days(&plan.value.visits.schedule, plan.file, library, follow_up_day);
        let visits = keep(schedule, &mut errors);
        let number = |number: &SourcedNumber, unit: &Unit| {
            let refuse = |m| vec![Diagnostic::error("unit", m).at(plan.place(&number.unit), "")];
            number.to(unit).map_err(refuse)
        };
        let millimetre = quantity::known("mm");
        let measurement_cv =
            keep(number(&plan.value.measurement_error, &Unit::dimensionless()), &mut errors);
        let detection_limit_mm =
            keep(number(&plan.value.detection_limit, &millimetre), &mut errors);
        let relapse = plan.value.relapse_size.as_ref();
        let relapse_mm =
            keep(relapse.map_or(Ok(RELAPSE_MM), |size| number(size, &millimetre)), &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let equilibration = assembled.equilibration_days(library).map_err(one)?;
        let programs = Programs::new(
            &assembled,
            &population.varying,
            &inputs,
            &clinic.outputs,
            equilibration,
        )?;
        let roles = clinic.roles(&assembled, &programs, &population)?;
        let unit = |place: &usize| clinic.readouts[*place].1.clone();
        let markers = clinic.markers.iter().map(|(id, place)| (id.clone(), unit(place))).collect();
        Ok(TrialSetup {
            plan,
            cohort,
            assembled,
            programs,
            population,
            calibration: None,
            markers,
            roles,
            readouts: clinic.readouts,
            eligibility,
            entry,
            history,
            first_line,
            after_progression,
            follow_up_day,
            accrual_day,
            surgery_day,
            visits,
            measurement_cv,
            detection_limit_mm,
            relapse_mm,
        })
    }
}

/// The value, or its default after its errors have been added to the others.
fn keep<T: Default>(result: Result<T, Vec<Diagnostic>>, errors: &mut Vec<Diagnostic>) -> T {
    result.unwrap_or_else(|more| {
        errors.extend(more);
        T::default()
    })
}
