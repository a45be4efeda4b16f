//! A problem bound to the systems it names, before anything is compiled.

use hersim_network::Diagnostic;

use super::{
    condition::molar_masses,
    experiment::{Experiment, experiment},
    gather::{Draft, gather, read_part},
    measurement::{Measurement, bind, check_use, measurements},
    observable::Observable,
    parameter::{Collector, Parameter},
    problem::{self, Problem},
};
use crate::{library::Library, sheet::Sheet};

/// A problem in which every name has found its meaning.
pub struct Design {
    /// The problem as written.
    pub problem: Problem,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Systems, each for some subclones.
    pub systems: Vec<Draft>,
    /// What is simulated.
    pub experiments: Vec<Experiment>,
    /// What is observed.
    pub observables: Vec<Observable>,
    /// What was measured.
    pub measurements: Vec<Measurement>,
}

impl Design {
    /// Reads a problem and everything it refers to.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(library: &mut Library, asked: &str) -> Result<Design, Vec<Diagnostic>> {
        let problem = problem::read(library, asked)?;
        let attributes = library.attributes()?;
        let molar = molar_masses(library)?;
        let mut errors = Vec::new();

        // Tables, and the systems they ask for.
        let mut observables = Vec::new();
        let mut parts = Vec::new();
        for part in &problem.parts {
            match read_part(library, part, &mut observables) {
                Ok(draft) => parts.push(draft),
                Err(more) => errors.extend(more),
            }
        }
        let mut tables = Vec::new();
        for path in &problem.parameters {
            match Sheet::read(library, path, &["parameterId"]) {
                Ok(sheet) => tables.push(sheet),
                Err(more) => errors.extend(more),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut gathered = gather(library, &problem, &parts)?;

        // Parameters of the problem, over all its systems.
        let mut collector = Collector::new(gathered.systems.iter().map(|d| &d.assembled).collect());
        for (pattern, place) in &problem.estimate {
            collector.pattern(pattern, *place);
        }
        for table in &tables {
            collector.table(table);
        }
        let parameters = collector.finish()?;
        for (i, parameter) in parameters.iter().enumerate() {
            for (draft, symbols) in gathered.systems.iter_mut().zip(&parameter.symbols) {
                for id in symbols {
                    let slot = draft.slot(*id);
                    draft.targets.push((slot, i));
                }
            }
        }

        // What each experiment sets.
        let mut experiments = Vec::new();
        for seen in &gathered.experiments {
            let part = &parts[seen.part];
            let made = experiment(
                seen,
                part,
                &mut gathered.systems[seen.system],
                &parameters,
                &attributes,
                &molar,
                library,
            );
            match made {
                Ok(experiment) => experiments.push(experiment),
                Err(more) => errors.extend(more),
            }
        }
        let mut rows = Vec::new();
        for (number, draft) in parts.iter().enumerate() {
            match measurements(draft, number, &gathered, &observables, &parameters) {
                Ok(more) => rows.extend(more),
                Err(more) => errors.extend(more),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for row in &rows {
            experiments[row.experiment].days.push(row.day);
        }
        for experiment in &mut experiments {
            experiment.days.sort_by(f64::total_cmp);
            experiment.days.dedup();
        }

        let measurements =
            bind(rows, &observables, &experiments, &parameters, &mut gathered.systems)?;
        check_use(&parameters, &measurements, &experiments)?;
        Ok(Design {
            problem,
            parameters,
            systems: gathered.systems,
            experiments,
            observables,
            measurements,
        })
    }
}
