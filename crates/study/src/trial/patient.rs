//! One patient of a trial: treatment, visits, new lesions, progression, death.

use hersim_engine::{Failure, Leg, Moment, Reached, Subject, Watch, WatchOn};

use super::recist::Recist;
use crate::{
    dosing::BodySize,
    equilibrate::Ready,
    outcome::{Assessment, EventTime, PatientOutcome, PatientStatus, Response, Trace},
    treatment::Treatment,
};

/// Positions of the clinic's roles in the program.
#[derive(Clone, Copy, Debug)]
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
    /// Outputs: body weight and surface.
    pub size: Option<(usize, usize)>,
    /// Days in the model's unit of time.
    pub days: f64,
}

/// What is fixed for a patient before the trial begins.
#[derive(Clone, Debug)]
pub struct Fate {
    /// Cumulative hazard at which the patient dies.
    pub death: f64,
    /// Cumulative hazard at which the next new lesion appears.
    pub new_lesion: f64,
    /// End of observation, days.
    pub end_day: f64,
    /// Visits, days.
    pub visits: Vec<f64>,
    /// Factor of the measured over the true sum of diameters: baseline, then each visit.
    pub errors: Vec<f64>,
    /// Sum of diameters below which no lesion is seen, mm.
    pub detection_limit_mm: f64,
}

/// Makes the treatment that begins on a day for a patient of a size.
pub type Prescribe<'a> = Box<dyn Fn(BodySize, f64) -> Treatment + Send + 'a>;

/// One patient of a trial, as the engine sees it.
pub struct TrialPatient<'a> {
    ready: Ready,
    roles: Roles,
    fate: Fate,
    first_line: Prescribe<'a>,
    after_progression: Option<Prescribe<'a>>,
    treatment: Option<Treatment>,
    recist: Option<Recist>,
    visit: usize,
    new_lesion: bool,
    size: BodySize,
    /// Set when the patient is traced: days between samples, and where they go.
    tracing: Option<(f64, Trace)>,
    /// What happened.
    pub outcome: PatientOutcome,
    /// Why the integration stopped early, if it did.
    pub failure: Option<Failure>,
}

impl<'a> TrialPatient<'a> {
    /// A patient at rest, about to be treated.
    pub fn new(
        mut outcome: PatientOutcome,
        ready: Ready,
        roles: Roles,
        fate: Fate,
        first_line: Prescribe<'a>,
        after_progression: Option<Prescribe<'a>>,
    ) -> Self {
        outcome.os.day = fate.end_day;
        TrialPatient {
            ready,
            roles,
            fate,
            first_line,
            after_progression,
            treatment: None,
            recist: None,
            visit: 0,
            new_lesion: false,
            size: BodySize::default(),
            tracing: None,
            outcome,
            failure: None,
        }
    }

    /// Records all outputs every `every_day` days into `trace`, whose series stand for the
    /// outputs in order.
    pub fn traced(mut self, every_day: f64, trace: Trace) -> Self {
        self.tracing = Some((every_day, trace));
        self
    }

    /// The recorded curves.
    pub fn into_trace(self) -> Option<Trace> {
        self.tracing.map(|(_, trace)| trace)
    }

    fn begin(&mut self, now: &mut Moment<'_>) {
        let outputs = now.outputs();
        if let Some((weight, surface)) = self.roles.size {
            self.size = BodySize { weight: outputs[weight], surface: outputs[surface] };
        }
        self.treatment = Some((self.first_line)(self.size, 0.0));
        let baseline = outputs[self.roles.sum_of_diameters] * self.roles.to_mm;
        let measured = baseline * self.fate.errors[0];
        self.recist = Some(Recist::new(measured, self.fate.detection_limit_mm));
        self.outcome.assessments.push(Assessment {
            day: 0.0,
            sum_of_diameters_mm: measured,
            new_lesion: false,
        });
    }

    fn assess(&mut self, day: f64, now: &mut Moment<'_>) {
        let true_mm = now.outputs()[self.roles.sum_of_diameters] * self.roles.to_mm;
        let assessment = Assessment {
            day,
            sum_of_diameters_mm: true_mm * self.fate.errors[self.visit + 1],
            new_lesion: self.new_lesion,
        };
        self.visit += 1;
        self.outcome.assessments.push(assessment);
        self.outcome.ttp.day = day;
        self.outcome.pfs.day = day;
        let Some(recist) = &mut self.recist else { return };
        if recist.visit(&assessment) != Response::PD {
            return;
        }
        self.outcome.ttp.event = true;
        self.outcome.pfs.event = true;
        self.visit = self.fate.visits.len();
        now.parameters[self.roles.progressed] = 1.0;
        if let Some(treatment) = &mut self.treatment {
            treatment.stop(self.roles.days, now);
        }
        self.treatment = self.after_progression.as_ref().map(|prescribe| {
            self.outcome.crossover_day = Some(day);
            prescribe(self.size, day)
        });
    }

    fn finish(&mut self, died_on: Option<f64>) {
        if let Some(day) = died_on {
            self.outcome.os = EventTime { day, event: true };
            if !self.outcome.pfs.event {
                self.outcome.pfs = EventTime { day, event: true };
                self.outcome.ttp.day = day;
            }
        }
        if let Some(recist) = &self.recist {
            self.outcome.response = recist.best();
            self.outcome.best_change_percent = recist.best_change_percent();
            self.outcome.dor = recist.first_response_day().map(|first| EventTime {
                day: self.outcome.pfs.day - first,
                event: self.outcome.pfs.event,
            });
        }
        self.outcome.status = PatientStatus::Complete;
    }

    fn next_visit(&self) -> f64 {
        self.fate.visits.get(self.visit).copied().unwrap_or(f64::INFINITY)
    }

    fn next_leg(&self, day: f64) -> Leg {
        let dose = self.treatment.as_ref().map_or(f64::INFINITY, Treatment::next_day);
        let until = self.next_visit().min(dose).min(self.fate.end_day);
        let hazard = |state, level| Watch { on: WatchOn::State(state), level, rising: true };
        let mut watches = vec![hazard(self.roles.death, self.fate.death)];
        if !self.new_lesion && !self.outcome.ttp.event {
            watches.push(hazard(self.roles.new_lesion, self.fate.new_lesion));
        }
        let samples = match &self.tracing {
            Some((every, _)) => {
                let first = (day / every).floor() as u64 + 1;
                (first..)
                    .map(|i| i as f64 * every)
                    .take_while(|t| *t <= until)
                    .map(|t| t / self.roles.days)
                    .collect()
            }
            None => Vec::new(),
        };
        Leg { until: until / self.roles.days, samples, watches, ..Leg::default() }
    }
}

impl Subject for TrialPatient<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        parameters.copy_from_slice(&self.ready.parameters);
        state.copy_from_slice(&self.ready.state);
        0.0
    }

    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        let mut day = now.t * self.roles.days;
        match now.reached {
            Reached::Start => {
                self.begin(now);
                if self.tracing.is_some() {
                    let outputs = now.outputs();
                    self.sample(now.t, &[], &[], &outputs);
                }
            }
            Reached::Watch(0) => {
                self.finish(Some(day));
                return None;
            }
            Reached::Watch(_) => self.new_lesion = true,
            Reached::End | Reached::Steady => {
                // The engine ends a leg on its time; days are compared on the agenda's own grid.
                let agenda = self
                    .next_visit()
                    .min(self.treatment.as_ref().map_or(f64::INFINITY, Treatment::next_day))
                    .min(self.fate.end_day);
                day = agenda;
                if day >= self.next_visit() {
                    self.assess(day, now);
                }
                if day >= self.fate.end_day {
                    self.finish(None);
                    return None;
                }
            }
        }
        if let Some(treatment) = &mut self.treatment {
            treatment.give(day, self.roles.days, now);
        }
        Some(self.next_leg(day))
    }

    fn sample(&mut self, t: f64, _state: &[f64], _parameters: &[f64], outputs: &[f64]) {
        if let Some((_, trace)) = &mut self.tracing {
            trace.day.push(t * self.roles.days);
            for (series, value) in trace.series.iter_mut().zip(outputs) {
                series.values.push(*value);
            }
        }
    }

    fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}
