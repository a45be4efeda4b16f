//! The clinic of a system: which symbols a trial reads and sets.

use hersim_network::{Diagnostic, SymbolId};

use crate::{
    assemble::Assembled, document::Spanned, equilibrate::Programs, library::SurgeryRoles,
    population::Population, quantity, readout,
};

/// Where the clinic's roles are in the program.
#[derive(Clone, Debug)]
pub struct Roles {
    /// Output: sum of diameters.
    pub sum_of_diameters: usize,
    /// Factor that turns it into mm.
    pub to_mm: f64,
    /// State: cumulative hazard of death.
    pub death: usize,
    /// State: cumulative hazard of a new lesion.
    pub new_lesion: usize,
    /// Parameter: 1 after progression.
    pub progressed: usize,
    /// Parameter: 1 while treatment is given that the trial does not name.
    pub later_treatment: usize,
    /// Outputs: body weight and surface.
    pub size: Option<(usize, usize)>,
    /// Outputs that are measured at visits, with the factor to the unit they are shown in.
    pub markers: Vec<(usize, f64)>,
    /// What taking the tumour out reads and sets.
    pub surgery: Option<SurgeryPlaces>,
    /// Days in the model's unit of time.
    pub days: f64,
}

/// Where what surgery reads and sets is in the program.
#[derive(Clone, Debug)]
pub struct SurgeryPlaces {
    /// Parameter: 1 once the tumour has been taken out.
    operated: usize,
    /// Parameter: share of the cells that stay.
    left_behind: usize,
    /// States that count cells, with the state that carries the subclone's risk of having died out
    /// where the first of them counts its living cells.
    numbers: Vec<(usize, Option<usize>)>,
    /// Outputs: 1 when nothing is found in the breast, and in breast and nodes.
    clear: [usize; 2],
}

impl SurgeryPlaces {
    /// Takes the tumour out. Says whether nothing would be found in the breast, and in breast and
    /// nodes.
    ///
    /// Thinning N living cells to a share f is a burst of death: the integral of the death rate over
    /// the number of cells grows by 1/(N f) - 1/N.
    pub fn operate(&self, outputs: &[f64], parameters: &mut [f64], state: &mut [f64]) -> [bool; 2] {
        let found = self.clear.map(|place| outputs[place] > 0.5);
        let left = parameters[self.left_behind];
        parameters[self.operated] = 1.0;
        for (number, risk) in &self.numbers {
            let before = state[*number];
            state[*number] = before * left;
            if let Some(risk) = risk
                && before > 0.0
                && left > 0.0
            {
                state[*risk] += (1.0 / left - 1.0) / before;
            }
        }
        found
    }
}

/// The clinic's symbols before compilation.
#[derive(Default)]
pub struct Clinic {
    death: Option<SymbolId>,
    new_lesion: Option<SymbolId>,
    /// Parameters that a trial sets: progressed, later treatment, then those of surgery.
    pub set: Vec<SymbolId>,
    /// What a trial reads; those that are shown come last.
    pub outputs: Vec<SymbolId>,
    /// Title, unit and factor of each output; no title for what is not shown.
    pub readouts: Vec<(String, String, f64)>,
    /// Ids and places of the markers among the outputs.
    pub markers: Vec<(String, usize)>,
    sized: bool,
    surgery: Option<SurgerySymbols>,
}

/// Living and other numbers of each subclone with the risk that goes with the first of them.
struct SurgerySymbols {
    numbers: Vec<(SymbolId, Option<SymbolId>)>,
    clear: [usize; 2],
}

impl Clinic {
    /// Finds the symbols that a system's clinic names.
    ///
    /// # Errors
    /// `no-clinic` when it has none; `unknown-symbol`, all of them.
    pub fn find(assembled: &Assembled) -> Result<Clinic, Vec<Diagnostic>> {
        let system = &assembled.system;
        let Some(roles) = &system.value.clinic else {
            let message =
                format!("system `{}` has no clinic, so no trial can be run in it", system.value.id);
            let error = Diagnostic::error("no-clinic", message);
            return Err(vec![
                error.mend("use a cohort whose system has a [clinic] table, such as `patient`"),
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
            set: [role(&roles.progressed), role(&roles.later_treatment)]
                .into_iter()
                .flatten()
                .collect(),
            ..Clinic::default()
        };
        let mut outputs: Vec<Option<SymbolId>> = vec![role(&roles.sum_of_diameters)];
        if let Some(dosing) = &system.value.dosing {
            clinic.sized = true;
            outputs.extend([role(&dosing.per_kg), role(&dosing.per_m2)]);
        }
        if let Some(surgery) = &roles.surgery {
            let clear = [outputs.len(), outputs.len() + 1];
            outputs.extend([role(&surgery.clear_breast), role(&surgery.clear)]);
            clinic.set.extend(role(&surgery.operated));
            clinic.set.extend(role(&surgery.left_behind));
            match numbers(assembled, surgery) {
                Ok(numbers) => clinic.surgery = Some(SurgerySymbols { numbers, clear }),
                Err(more) => errors.extend(more),
            }
        }
        clinic.outputs = outputs.into_iter().flatten().collect();
        clinic.readouts = vec![(String::new(), String::new(), 1.0); clinic.outputs.len()];
        match readout::columns(assembled) {
            Ok(columns) => {
                for column in columns {
                    if column.marker {
                        clinic.markers.push((column.id, clinic.outputs.len()));
                    }
                    clinic.outputs.push(column.symbol);
                    clinic.readouts.push((column.title, column.unit, column.factor));
                }
            }
            Err(more) => errors.extend(more),
        }
        if errors.is_empty() { Ok(clinic) } else { Err(errors) }
    }

    /// Where the roles are once the system is compiled.
    ///
    /// # Errors
    /// `no-hazard`, `unit`.
    pub fn roles(
        &self,
        assembled: &Assembled,
        programs: &Programs,
        population: &Population,
    ) -> Result<Roles, Vec<Diagnostic>> {
        let state = |id: SymbolId| programs.during.states().iter().position(|s| *s == id);
        let hazard = |id: Option<SymbolId>, what: &str| {
            id.and_then(state).ok_or_else(|| {
                let message = format!("the cumulative hazard of {what} never moves");
                let error = Diagnostic::error("no-hazard", message);
                vec![error.mend("give it a rate rule with a positive rate in the clinic module")]
            })
        };
        let diameters = self.outputs.first().map(|id| assembled.unit(*id));
        let to_mm =
            diameters.and_then(|u| u.factor_to(&quantity::known("mm"))).ok_or_else(|| {
                let error = Diagnostic::error("unit", "the sum of diameters is not a length");
                vec![error.mend("give it in mm")]
            })?;
        let set: Vec<usize> =
            self.set.iter().map(|id| population.position(*id).unwrap_or_default()).collect();
        let surgery = self.surgery.as_ref().map(|surgery| SurgeryPlaces {
            operated: set[2],
            left_behind: set[3],
            numbers: (surgery.numbers.iter())
                .filter_map(|(number, risk)| Some((state(*number)?, risk.and_then(state))))
                .collect(),
            clear: surgery.clear,
        });
        Ok(Roles {
            sum_of_diameters: 0,
            to_mm,
            death: hazard(self.death, "death")?,
            new_lesion: hazard(self.new_lesion, "a new lesion")?,
            progressed: set[0],
            later_treatment: set[1],
            size: self.sized.then_some((1, 2)),
            markers: self.markers.iter().map(|(_, i)| (*i, self.readouts[*i].2)).collect(),
            surgery,
            days: assembled.days_per_time_unit(),
        })
    }
}

/// States that count cells, of every subclone, and the risk that goes with its living ones.
fn numbers(
    assembled: &Assembled,
    surgery: &SurgeryRoles,
) -> Result<Vec<(SymbolId, Option<SymbolId>)>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for subclone in &assembled.subclones {
        let risk = assembled.of_subclone(&surgery.risk, subclone);
        for (i, number) in assembled.system.value.population.numbers.iter().enumerate() {
            match assembled.of_subclone(number, subclone) {
                Ok(id) => found.push((id, risk.as_ref().ok().copied().filter(|_| i == 0))),
                Err(error) => errors.push(*error),
            }
        }
        errors.extend(risk.err().map(|e| *e));
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}
