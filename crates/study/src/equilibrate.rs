//! Bringing tumours to rest before treatment, with cell numbers held.

use std::collections::HashMap;

use hersim_engine::{
    Compile, Failure, Leg, Moment, Program, Reached, Reason, Settings, Subject, compile, run,
};
use hersim_network::{Diagnostic, SymbolId};

use crate::{assemble::Assembled, population::VirtualPatient};

/// Scaled rate of change (per day, relative to the state) below which a tumour is at rest.
const AT_REST: f64 = 1e-6;

/// Two programs of one system, before and during treatment, and how values pass between them.
pub struct Programs {
    /// Cell numbers held, attributes being achieved.
    before: Program,
    /// What treatment is simulated with.
    pub during: Program,
    duration: f64,
}

/// How a tumour came to rest.
#[derive(Clone, Debug, PartialEq)]
pub enum Rest {
    /// At rest after this many days.
    Settled(f64),
    /// Still moving when time was up.
    Moving,
    /// The integration failed.
    Failed(String),
}

/// A patient ready for treatment: parameters and state of [`Programs::during`].
#[derive(Clone, Debug)]
pub struct Ready {
    /// Parameters.
    pub parameters: Vec<f64>,
    /// State.
    pub state: Vec<f64>,
    /// How equilibration ended.
    pub rest: Rest,
}

impl Programs {
    /// Compiles a system for patients who differ in `varying`, may get doses into `inputs` and
    /// are watched through `outputs`.
    ///
    /// # Errors
    /// What the engine cannot honour.
    pub fn new(
        assembled: &Assembled,
        varying: &[SymbolId],
        inputs: &[SymbolId],
        outputs: &[SymbolId],
        equilibration_days: f64,
    ) -> Result<Programs, Vec<Diagnostic>> {
        let switch = assembled.switch().map_err(|e| vec![*e])?;
        let before = compile(
            &assembled.network,
            &Compile { fixed: &[(switch, 1.0)], varying, inputs: &[], outputs: &[] },
        )?;
        let during = compile(
            &assembled.network,
            &Compile { fixed: &[(switch, 0.0)], varying, inputs, outputs },
        )?;
        // A state that begins at zero and only moves before treatment would lose its value.
        let lost: Vec<Diagnostic> = (during.dropped().iter())
            .filter(|state| before.states().contains(state))
            .map(|state| {
                let symbol = &assembled.network[*state];
                let message =
                    format!("`{}` begins at zero and moves only before treatment", symbol.name);
                Diagnostic::error("lost-state", message)
                    .at(symbol.span, "")
                    .mend("begin it at a positive value")
            })
            .collect();
        if !lost.is_empty() {
            return Err(lost);
        }
        let duration = equilibration_days / assembled.days_per_time_unit();
        Ok(Programs { before, during, duration })
    }

    /// Brings all patients to rest.
    pub fn equilibrate(
        &self,
        assembled: &Assembled,
        patients: &[VirtualPatient],
        settings: &EnsembleSettings,
    ) -> Vec<Ready> {
        let count = self.before.parameter_count();
        let mut subjects: Vec<Resting> = (patients.iter())
            .map(|p| {
                let mut parameters = p.values.clone();
                let frozen = &self.before.parameters()[parameters.len()..];
                let start: Vec<f64> = (frozen.iter())
                    .map(|s| self.before.initial_of(*s, &p.values).unwrap_or(0.0))
                    .collect();
                parameters.extend(start);
                parameters.resize(count, 0.0);
                let state = self.before.initial(&parameters);
                Resting { parameters, state, duration: self.duration, rest: None }
            })
            .collect();
        let scale = typical_scale(&self.before, subjects.first().map(|s| s.state.as_slice()));
        run(&self.before, &mut subjects, &settings.engine(&scale), &|_| {});
        subjects
            .into_iter()
            .zip(patients)
            .map(|(subject, patient)| self.hand_over(assembled, subject, patient))
            .collect()
    }

    /// Values of the program for treatment from those at rest.
    fn hand_over(
        &self,
        assembled: &Assembled,
        resting: Resting,
        patient: &VirtualPatient,
    ) -> Ready {
        let mut known: HashMap<SymbolId, f64> = HashMap::new();
        known.extend(
            self.before.parameters().iter().copied().zip(resting.parameters.iter().copied()),
        );
        known.extend(self.before.states().iter().copied().zip(resting.state.iter().copied()));
        let value = |symbol: &SymbolId| {
            known
                .get(symbol)
                .copied()
                .or_else(|| self.before.initial_of(*symbol, &patient.values))
                .unwrap_or(0.0)
        };
        let mut parameters: Vec<f64> = self.during.parameters().iter().map(value).collect();
        parameters.resize(self.during.parameter_count(), 0.0);
        let state = self.during.states().iter().map(value).collect();
        let rest = match resting.rest {
            Some(Ended::Settled(t)) => Rest::Settled(t * assembled.days_per_time_unit()),
            Some(Ended::Failed(failure)) => {
                Rest::Failed(describe_failure(&failure, &self.before, assembled))
            }
            Some(Ended::Moving) | None => Rest::Moving,
        };
        Ready { parameters, state, rest }
    }
}

/// Settings that every study shares.
#[derive(Clone, Debug)]
pub struct EnsembleSettings {
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance as a share of each state's scale.
    pub atol_share: f64,
    /// Most steps per patient and run.
    pub max_steps: u64,
    /// Threads.
    pub threads: usize,
    /// Lanes per thread.
    pub width: hersim_engine::Width,
    /// Whether machine code may be made at run time.
    pub compile: bool,
}

impl Default for EnsembleSettings {
    fn default() -> Self {
        let rtol = 1e-5;
        EnsembleSettings {
            rtol,
            atol_share: rtol * 1e-3,
            max_steps: 200_000,
            threads: std::thread::available_parallelism().map_or(1, |n| n.get()),
            width: hersim_engine::Width::Auto,
            compile: true,
        }
    }
}

impl EnsembleSettings {
    /// The engine's settings for states of this scale.
    pub fn engine(&self, scale: &[f64]) -> Settings {
        Settings {
            rtol: self.rtol,
            atol: scale.iter().map(|s| s * self.atol_share).collect(),
            max_steps: self.max_steps,
            width: self.width,
            compile: self.compile,
            threads: self.threads,
            ..Settings::default()
        }
    }
}

/// Scale of each state: its size at the start, or one where that is zero.
pub fn typical_scale(program: &Program, state: Option<&[f64]>) -> Vec<f64> {
    let count = program.states().len();
    let state = state.unwrap_or(&[]);
    (0..count)
        .map(|i| state.get(i).map(|v| v.abs()).filter(|v| *v > 0.0 && v.is_finite()).unwrap_or(1.0))
        .collect()
}

/// A failed integration in words: when, and which state moved fastest.
pub fn describe_failure(failure: &Failure, program: &Program, assembled: &Assembled) -> String {
    let state = (program.states().get(failure.worst))
        .map_or("?", |id| assembled.network[*id].name.as_str());
    let reason = match failure.reason {
        Reason::StepBudget => "the step budget was used up",
        Reason::StepTooSmall => "no step was small enough",
        Reason::NotFinite => "the rates were not finite",
    };
    let names: Vec<&str> =
        (failure.drivers.iter().flatten()).map(|id| assembled.network[*id].name.as_str()).collect();
    let driven =
        if names.is_empty() { String::new() } else { format!(", driven by {}", names.join(", ")) };
    format!(
        "{reason} on day {:.4} after {} steps; `{state}` was hardest to follow, at {:e}{driven}",
        failure.t * assembled.days_per_time_unit(),
        failure.effort.steps,
        failure.value
    )
}

enum Ended {
    Settled(f64),
    Moving,
    Failed(Failure),
}

struct Resting {
    parameters: Vec<f64>,
    state: Vec<f64>,
    duration: f64,
    rest: Option<Ended>,
}

impl Subject for Resting {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.parameters);
        state.copy_from_slice(&self.state);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        match now.reached {
            Reached::Start => {
                return Some(Leg { until: self.duration, steady: Some(AT_REST), ..Leg::default() });
            }
            Reached::Steady => self.rest = Some(Ended::Settled(now.t)),
            _ => self.rest = Some(Ended::Moving),
        }
        self.state.copy_from_slice(now.state);
        None
    }

    fn sample(&mut self, _t: f64, _state: &[f64], _parameters: &[f64], _outputs: &[f64]) {}

    fn failed(&mut self, failure: Failure) {
        self.rest = Some(Ended::Failed(failure));
    }
}
