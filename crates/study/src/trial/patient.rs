//! One patient of a trial: what came before, treatment, visits, surgery, progression, death.

use std::collections::VecDeque;

use hersim_engine::{Failure, Leg, Moment, Reached, Subject, Watch, WatchOn};

use super::{clinic::Roles, recist::Recist};
use crate::{
    condition::{Condition, Fact},
    dosing::BodySize,
    equilibrate::Ready,
    outcome::{Assessment, EventTime, PatientOutcome, PatientStatus, Response, Trace},
    treatment::Treatment,
};

/// What is fixed for a patient before anything happens.
#[derive(Clone, Debug)]
pub struct Fate {
    /// Cumulative hazard at which the patient dies.
    pub death: f64,
    /// What is added to the cumulative hazard of a new lesion until the next one appears, for each
    /// line of treatment.
    pub new_lesions: VecDeque<f64>,
    /// End of observation, days since day 0.
    pub end_day: f64,
    /// Visits, days since day 0.
    pub visits: Vec<f64>,
    /// Factor of the measured over the true sum of diameters: baseline, then each visit.
    pub errors: Vec<f64>,
    /// Sum of diameters below which no lesion is seen, mm.
    pub detection_limit_mm: f64,
    /// Smallest lesion that is found once the tumour has been taken out, mm.
    pub relapse_mm: f64,
    /// When the tumour is taken out, days since day 0; infinite when it is not.
    pub surgery_day: f64,
    /// Whether someone who relapses before day 0 still enters.
    pub enters_after_progression: bool,
}

/// Makes the treatment that begins on a day for a patient of a size and goes on to a horizon.
pub type Prescribe<'a> = Box<dyn Fn(BodySize, f64, f64) -> Treatment + Send + 'a>;

/// A line of treatment before the trial.
pub struct Line<'a> {
    /// The treatment.
    pub prescribe: Prescribe<'a>,
    /// Longest time it lasts, days.
    pub longest_day: f64,
    /// Whether only those who progress on it go on.
    pub must_progress: bool,
    /// Whether the tumour is taken out when it begins.
    pub surgery: bool,
    /// Visits, days since it began.
    pub visits: Vec<f64>,
    /// Time without treatment after it, days.
    pub washout_day: f64,
}

/// What a patient goes through.
pub struct Course<'a> {
    /// Lines of treatment before day 0.
    pub history: VecDeque<Line<'a>>,
    /// What is asked on day 0, with the words it was written in.
    pub entry: Vec<(Condition, String)>,
    /// The trial's treatment.
    pub first_line: Prescribe<'a>,
    /// Treatment after progression in the trial.
    pub after_progression: Option<Prescribe<'a>>,
}

/// Where a patient is in the course.
enum Stage<'a> {
    /// In a line before the trial that began on a day.
    Before(Line<'a>, f64),
    /// Without treatment until a day.
    Washout(f64),
    /// In the trial.
    Trial,
}

/// One patient of a trial, as the engine sees it.
pub struct TrialPatient<'a> {
    ready: Ready,
    roles: &'a Roles,
    fate: Fate,
    course: Course<'a>,
    stage: Stage<'a>,
    /// Day 0 on the engine's clock.
    zero: f64,
    treatment: Option<Treatment>,
    recist: Option<Recist>,
    visit: usize,
    new_lesion: bool,
    /// Cumulative hazard at which the next new lesion appears.
    new_lesion_at: f64,
    operated: bool,
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
        roles: &'a Roles,
        fate: Fate,
        course: Course<'a>,
    ) -> Self {
        outcome.os.day = fate.end_day;
        TrialPatient {
            ready,
            roles,
            fate,
            course,
            stage: Stage::Washout(0.0),
            zero: 0.0,
            treatment: None,
            recist: None,
            visit: 0,
            new_lesion: false,
            new_lesion_at: f64::INFINITY,
            operated: false,
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

    /// Begins the next line of the history, or the trial. Says whether the patient goes on.
    fn advance(&mut self, day: f64, now: &mut Moment<'_>) -> bool {
        let outputs = now.outputs();
        if let Some((weight, surface)) = self.roles.size {
            self.size = BodySize { weight: outputs[weight], surface: outputs[surface] };
        }
        self.visit = 0;
        self.new_lesion = false;
        self.new_lesion_at = now.state[self.roles.new_lesion]
            + self.fate.new_lesions.pop_front().unwrap_or(f64::INFINITY);
        let true_mm = outputs[self.roles.sum_of_diameters] * self.roles.to_mm;
        if let Some(line) = self.course.history.pop_front() {
            self.recist = Some(Recist::new(true_mm, self.fate.detection_limit_mm));
            if line.surgery {
                self.operate(now);
            }
            self.treatment = Some((line.prescribe)(self.size, day, day + line.longest_day));
            self.stage = Stage::Before(line, day);
            return true;
        }
        self.zero = day;
        self.stage = Stage::Trial;
        let measured = true_mm * self.fate.errors[0];
        if self.fate.surgery_day <= 0.0 {
            self.operate(now);
        }
        if let Some(reason) = self.refused(measured) {
            self.outcome.status = PatientStatus::NotEnrolled(reason);
            return false;
        }
        self.recist = Some(Recist::new(measured, self.fate.detection_limit_mm));
        self.record(0.0, measured, &outputs);
        let treatment = (self.course.first_line)(self.size, day, day + self.fate.end_day);
        self.outcome.discontinued_day = treatment.stopped_day().map(|d| d - day);
        self.treatment = Some(treatment);
        true
    }

    /// Why a patient with this measured baseline may not enter.
    fn refused(&self, measured: f64) -> Option<String> {
        let yes =
            |flag: Option<bool>| flag.map(|f| Fact::Word(if f { "yes" } else { "no" }.into()));
        let fact = |name: &str| match name {
            "sum_of_diameters" => Some(Fact::Number(measured)),
            "pcr" => yes(self.outcome.pcr),
            "tpcr" => yes(self.outcome.tpcr),
            _ => self.outcome.fact(name),
        };
        let asked = self.course.entry.iter();
        asked
            .filter(|(condition, _)| !condition.holds(&fact, &|_| None))
            .map(|(_, words)| format!("not {words}"))
            .next()
    }

    fn operate(&mut self, now: &mut Moment<'_>) {
        let Some(surgery) = &self.roles.surgery else { return };
        let outputs = now.outputs();
        let [breast, anywhere] = surgery.operate(&outputs, now.parameters, now.state);
        self.operated = true;
        self.outcome.pcr = Some(breast);
        self.outcome.tpcr = Some(anywhere);
    }

    fn record(&mut self, day: f64, measured: f64, outputs: &[f64]) {
        let markers = self.roles.markers.iter().map(|(i, factor)| outputs[*i] * factor).collect();
        let new_lesion = self.new_lesion;
        let assessment = Assessment { day, sum_of_diameters_mm: measured, new_lesion, markers };
        self.outcome.assessments.push(assessment);
    }

    /// How a visit is judged, given the sum of diameters that is measured.
    fn judge(&mut self, day: f64, measured: f64) -> Response {
        if self.operated {
            let relapsed = self.new_lesion || measured >= self.fate.relapse_mm;
            return if relapsed { Response::PD } else { Response::NE };
        }
        match &mut self.recist {
            Some(recist) => recist.visit(day, measured, self.new_lesion),
            None => Response::NE,
        }
    }

    /// A visit before the trial. Says whether the patient goes on.
    fn assess_before(&mut self, day: f64, now: &mut Moment<'_>) -> bool {
        let measured = now.outputs()[self.roles.sum_of_diameters] * self.roles.to_mm;
        self.visit += 1;
        if self.judge(day, measured) != Response::PD {
            return true;
        }
        if !self.fate.enters_after_progression {
            self.outcome.status = PatientStatus::NotEnrolled("progressed before entry".into());
            return false;
        }
        now.parameters[self.roles.progressed] = 1.0;
        self.rest(day, now);
        true
    }

    /// Ends a line of the history.
    fn rest(&mut self, day: f64, now: &mut Moment<'_>) {
        if let Some(treatment) = &mut self.treatment {
            treatment.stop(self.roles.days, now);
        }
        self.treatment = None;
        let washout = match &self.stage {
            Stage::Before(line, _) => line.washout_day,
            _ => 0.0,
        };
        self.stage = Stage::Washout(day + washout);
    }

    /// A visit of the trial.
    fn assess(&mut self, day: f64, now: &mut Moment<'_>) {
        let outputs = now.outputs();
        let true_mm = outputs[self.roles.sum_of_diameters] * self.roles.to_mm;
        let measured = true_mm * self.fate.errors[self.visit + 1];
        self.visit += 1;
        self.record(day, measured, &outputs);
        self.outcome.ttp.day = day;
        self.outcome.pfs.day = day;
        if self.judge(day, measured) != Response::PD {
            return;
        }
        self.outcome.ttp.event = true;
        self.outcome.pfs.event = true;
        self.visit = self.fate.visits.len();
        now.parameters[self.roles.progressed] = 1.0;
        now.parameters[self.roles.later_treatment] = 1.0;
        self.take_stock(self.zero + day);
        if let Some(treatment) = &mut self.treatment {
            treatment.stop(self.roles.days, now);
        }
        let (start, end) = (self.zero + day, self.zero + self.fate.end_day);
        self.treatment = self.course.after_progression.as_ref().map(|prescribe| {
            self.outcome.crossover_day = Some(day);
            prescribe(self.size, start, end)
        });
    }

    /// Adds what the present treatment has brought by a day of the engine's clock.
    fn take_stock(&mut self, day: f64) {
        let delivered = self.treatment.as_mut().map(|treatment| treatment.delivered(day));
        for one in delivered.into_iter().flatten() {
            one.add_to(&mut self.outcome.delivered);
        }
    }

    fn finish(&mut self, died_on: Option<f64>) {
        self.take_stock(self.zero + died_on.unwrap_or(self.fate.end_day));
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

    /// Day of the next visit, on the engine's clock.
    fn next_visit(&self) -> f64 {
        match &self.stage {
            Stage::Before(line, begun) => {
                line.visits.get(self.visit).map_or(f64::INFINITY, |v| begun + v)
            }
            Stage::Washout(_) => f64::INFINITY,
            Stage::Trial => {
                self.fate.visits.get(self.visit).map_or(f64::INFINITY, |v| self.zero + v)
            }
        }
    }

    /// Day on which the stage ends, on the engine's clock.
    fn stage_end(&self) -> f64 {
        match &self.stage {
            Stage::Before(line, begun) => begun + line.longest_day,
            Stage::Washout(until) => *until,
            Stage::Trial => self.zero + self.fate.end_day,
        }
    }

    /// Day of the operation to come, on the engine's clock.
    fn next_surgery(&self) -> f64 {
        let due = matches!(self.stage, Stage::Trial) && !self.operated && !self.outcome.ttp.event;
        if due { self.zero + self.fate.surgery_day } else { f64::INFINITY }
    }

    fn agenda(&self) -> f64 {
        let dose = self.treatment.as_ref().map_or(f64::INFINITY, Treatment::next_day);
        self.next_visit().min(dose).min(self.next_surgery()).min(self.stage_end())
    }

    fn next_leg(&self, day: f64) -> Leg {
        let until = self.agenda();
        let hazard = |state, level| Watch { on: WatchOn::State(state), level, rising: true };
        let mut watches = vec![hazard(self.roles.death, self.fate.death)];
        if !self.new_lesion && !self.outcome.ttp.event {
            watches.push(hazard(self.roles.new_lesion, self.new_lesion_at));
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

    /// What is due on a day of the agenda. Says whether the patient goes on.
    fn keep(&mut self, day: f64, now: &mut Moment<'_>) -> bool {
        if day >= self.next_visit() {
            if matches!(self.stage, Stage::Trial) {
                self.assess(day - self.zero, now);
            } else if !self.assess_before(day, now) {
                return false;
            }
        }
        if day >= self.next_surgery() {
            self.operate(now);
        }
        // A line may end and the next begin on one day.
        while day >= self.stage_end() {
            match &self.stage {
                Stage::Trial => {
                    self.finish(None);
                    return false;
                }
                Stage::Before(line, _) if line.must_progress => {
                    let reason = "did not progress on earlier treatment".into();
                    self.outcome.status = PatientStatus::NotEnrolled(reason);
                    return false;
                }
                Stage::Before(..) => self.rest(day, now),
                Stage::Washout(_) => {
                    if !self.advance(day, now) {
                        return false;
                    }
                }
            }
        }
        true
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
                if self.tracing.is_some() {
                    let outputs = now.outputs();
                    self.sample(now.t, &[], &[], &outputs);
                }
                // The network's own events see the tumour as it is before anything is done to it.
                return Some(Leg::until(now.t));
            }
            Reached::Watch(0) => {
                match self.stage {
                    Stage::Trial => self.finish(Some(day - self.zero)),
                    _ => {
                        let reason = "died before entry".into();
                        self.outcome.status = PatientStatus::NotEnrolled(reason);
                    }
                }
                return None;
            }
            Reached::Watch(_) => self.new_lesion = true,
            Reached::End | Reached::Steady => {
                // The engine ends a leg on its time; days are compared on the agenda's own grid.
                day = self.agenda();
                if !self.keep(day, now) {
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
