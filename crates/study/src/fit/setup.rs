//! A problem ready to be simulated.

use hersim_engine::{Failure, run};
use hersim_network::{Diagnostic, Level, SymbolId};

use super::{
    condition::Source, design::Design, ensemble::Course, experiment::Experiment, gather::Draft,
    measurement::Measurement, observable::Observable, parameter::Parameter, problem::Problem,
};
use crate::{
    assemble::Assembled,
    equilibrate::{EnsembleSettings, Programs, typical_scale},
    library::Library,
    population::VirtualPatient,
};

/// A problem bound to the systems it simulates.
pub struct Setup {
    /// The problem as written.
    pub problem: Problem,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Numbers of those that are estimated.
    pub estimated: Vec<usize>,
    /// Systems, each for some subclones.
    pub systems: Vec<SystemSetup>,
    /// What is simulated.
    pub experiments: Vec<Experiment>,
    /// What is observed.
    pub observables: Vec<Observable>,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// What is legal but probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// A system for some subclones, compiled.
pub struct SystemSetup {
    /// The system.
    pub assembled: Assembled,
    /// Compiled.
    pub programs: Programs,
    /// Value of each varying symbol where nothing is said.
    pub base: Vec<f64>,
    /// Varying symbols that parameters of the problem set.
    pub targets: Vec<(usize, usize)>,
    /// Whether the first two outputs are body weight and surface.
    pub sized: bool,
    /// Usual size of each state, for absolute tolerances.
    pub scale: Vec<f64>,
    /// Who is equilibrated first, so that tolerances do not depend on what is asked.
    pub reference: VirtualPatient,
}

impl Setup {
    /// Reads a problem, compiles its systems and finds how large their states grow.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(
        library: &mut Library,
        asked: &str,
        settings: &EnsembleSettings,
    ) -> Result<Setup, Vec<Diagnostic>> {
        let design = Design::new(library, asked)?;
        let Design { problem, parameters, experiments, observables, measurements, .. } = design;
        let estimated: Vec<usize> =
            (0..parameters.len()).filter(|i| parameters[*i].estimated).collect();
        let mut systems = Vec::new();
        let mut warnings = Vec::new();
        for (number, draft) in design.systems.into_iter().enumerate() {
            warnings.extend(draft.assembled.warnings.iter().cloned());
            systems.push(compile(draft, number, library, &parameters, &experiments, settings)?);
        }
        warnings.retain(|w| w.level == Level::Warning);
        Ok(Setup {
            problem,
            parameters,
            estimated,
            systems,
            experiments,
            observables,
            measurements,
            warnings,
        })
    }

    /// Values of all parameters when the estimated ones are these, on their scales.
    pub fn values(&self, scaled: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = self.parameters.iter().map(|p| p.nominal).collect();
        for (at, value) in self.estimated.iter().zip(scaled) {
            values[*at] = self.parameters[*at].scale.back(*value);
        }
        values
    }
}

/// Compiles a system and finds how large its states grow.
fn compile(
    draft: Draft,
    number: usize,
    library: &Library,
    parameters: &[Parameter],
    experiments: &[Experiment],
    settings: &EnsembleSettings,
) -> Result<SystemSetup, Vec<Diagnostic>> {
    let days = draft.assembled.equilibration_days(library).map_err(|e| vec![*e])?;
    let programs = Programs::new(
        &draft.assembled,
        &draft.varying,
        &draft.inputs,
        &draft.outputs.symbols,
        days,
    )?;
    let nominal: Vec<f64> = parameters.iter().map(|p| p.nominal).collect();
    let mut system = SystemSetup {
        assembled: draft.assembled,
        programs,
        base: draft.base,
        targets: draft.targets,
        sized: draft.sized,
        scale: Vec::new(),
        reference: patient(Vec::new()),
    };
    let mine: Vec<&Experiment> = experiments.iter().filter(|e| e.system == number).collect();
    let patients: Vec<VirtualPatient> =
        mine.iter().map(|e| patient(system.filled(&e.before, &nominal))).collect();
    let Some(first) = patients.first() else { return Ok(system) };
    system.reference = first.clone();
    let ready = system.programs.equilibrate(&system.assembled, &patients, settings);
    let program = &system.programs.during;
    let rough = typical_scale(program, ready.first().map(|r| r.state.as_slice()));
    let mut pilots: Vec<Course> = (mine.iter().zip(&ready))
        .map(|(e, r)| Course::new(&system, e, r, &system.filled(&e.during, &nominal), &e.days))
        .collect();
    run(program, &mut pilots, &settings.engine(&rough), &|_| {});
    let mut scale = vec![0.0f64; program.states().len()];
    for pilot in &pilots {
        for (largest, value) in scale.iter_mut().zip(&pilot.largest) {
            *largest = largest.max(*value);
        }
    }
    scale.iter_mut().filter(|s| **s <= 0.0 || !s.is_finite()).for_each(|s| *s = 1.0);
    drop(pilots);
    system.scale = scale;
    Ok(system)
}

impl SystemSetup {
    /// Values of the varying symbols: the base, then parameters, then what is set.
    pub fn filled(&self, set: &[(usize, Source)], parameters: &[f64]) -> Vec<f64> {
        let mut values = self.base.clone();
        for (slot, parameter) in &self.targets {
            values[*slot] = parameters[*parameter];
        }
        for (slot, source) in set {
            values[*slot] = source.value(parameters);
        }
        values
    }

    /// The symbol of a slot.
    pub fn symbol(&self, slot: usize) -> SymbolId {
        self.programs.during.parameters()[slot]
    }

    /// Why an integration failed, in words.
    pub fn describe(&self, failure: &Failure) -> String {
        crate::equilibrate::describe_failure(failure, &self.programs.during, &self.assembled)
    }
}

/// A patient who is nothing but values.
pub fn patient(values: Vec<f64>) -> VirtualPatient {
    VirtualPatient::of(values)
}
