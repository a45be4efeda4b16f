//! How a virtual patient comes into a trial: drawn, judged eligible, given a fate and a course.

use hersim_network::Diagnostic;
use rand::RngExt;
use rand_distr::{Distribution as _, Exp1, StandardNormal};

use super::{
    Setting,
    patient::{Course, Fate, Line, Prescribe, TrialPatient},
    regimens::PerStratum,
    setup::TrialSetup,
};
use crate::{
    dosing::{BoundOrder, BoundRegimen},
    equilibrate::{Ready, Rest},
    outcome::{EventTime, PatientOutcome, PatientStatus, Response, Series, Trace},
    population::VirtualPatient,
    random::stream,
    treatment::Treatment,
};

/// How many are drawn for one place before nobody is found to be eligible.
const DRAWS: u64 = 20_000;

impl TrialSetup {
    /// Virtual patient `number` of arm `arm`: the first of its draws who is eligible. None when
    /// nobody is.
    pub fn sample(&self, seed: u64, arm: usize, number: u64) -> Option<VirtualPatient> {
        let plan = &self.plan.value;
        let draws = if self.eligibility.is_empty() { 1 } else { DRAWS };
        (0..draws)
            .map(|draw| {
                let place = match draw {
                    0 => number.to_string(),
                    _ => format!("{number}/{draw}"),
                };
                self.population.sample(seed, &plan.id, &plan.arm[arm].id, &place)
            })
            .find(|patient| self.is_eligible(patient))
    }

    /// Member `number` of the cohort's pool: the same under every arm of every trial.
    pub fn member(&self, seed: u64, number: u64) -> VirtualPatient {
        self.population.sample(seed, &self.cohort.value.id, "pool", &number.to_string())
    }

    /// Whether a patient may be drawn for the trial.
    pub fn is_eligible(&self, patient: &VirtualPatient) -> bool {
        let fact = |name: &str| patient.fact(name);
        self.eligibility.iter().all(|condition| condition.holds(&fact, &|_| None))
    }

    /// The message for a trial that nobody of its cohort may enter.
    pub fn nobody_eligible(&self) -> Vec<Diagnostic> {
        let message = format!("none of {DRAWS} draws from the cohort is eligible");
        let mut error = Diagnostic::error("nobody-eligible", message)
            .mend("widen the eligibility, or name a cohort that has such patients");
        if let Some(text) = self.plan.value.eligibility.first() {
            error = error.at(self.plan.place(text), "");
        }
        vec![error]
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
        let mut new_lesion = key("new lesion");
        let mut fate = Fate {
            death: Exp1.sample(&mut key("death")),
            new_lesions: (0..=self.history.len()).map(|_| Exp1.sample(&mut new_lesion)).collect(),
            errors: (0..=self.visits.len())
                .map(|_| {
                    let z: f64 = StandardNormal.sample(&mut noise);
                    (sigma * z).exp()
                })
                .collect(),
            ..self.certain_fate(end_day)
        };
        let after = self.after_progression[arm]
            .as_ref()
            .filter(|(share, _)| key("after progression").random::<f64>() < *share)
            .map(|(_, regimens)| self.prescribe(regimens, &patient.stratum, Vec::new()));
        let regimens = &self.first_line[arm];
        let stops = self.stops(regimens, &patient.stratum, |drug| {
            Exp1.sample(&mut key(&format!("toxicity {drug}")))
        });
        let mut history = std::collections::VecDeque::new();
        for (i, line) in self.history.iter().enumerate() {
            if key(&format!("history {i}")).random::<f64>() >= line.share {
                fate.new_lesions.pop_back();
                continue;
            }
            history.push_back(Line {
                prescribe: self.give(&line.regimen, Vec::new()),
                longest_day: line.longest_day,
                must_progress: line.must_progress,
                surgery: line.surgery,
                visits: line.visits.clone(),
                washout_day: line.washout_day,
            });
        }
        let course = Course {
            history,
            entry: self.entry.clone(),
            first_line: self.prescribe(regimens, &patient.stratum, stops),
            after_progression: after,
        };
        let outcome = blank_outcome(arm, number, patient, &ready.rest);
        TrialPatient::new(outcome, ready, &self.roles, fate, course)
    }

    /// The typical patient of an arm, followed for `end_day` days without history and chance, with
    /// curves.
    pub fn enter_typical(&self, arm: usize, ready: Ready, end_day: f64) -> TrialPatient<'_> {
        let patient = self.population.typical(None);
        let fate = self.certain_fate(end_day);
        let course = Course {
            history: Default::default(),
            entry: Vec::new(),
            first_line: self.prescribe(&self.first_line[arm], &patient.stratum, Vec::new()),
            after_progression: None,
        };
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
        TrialPatient::new(outcome, ready, &self.roles, fate, course).traced(1.0, trace)
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

    /// What happens to someone to whom nothing happens by chance.
    fn certain_fate(&self, end_day: f64) -> Fate {
        Fate {
            death: f64::INFINITY,
            new_lesions: Default::default(),
            end_day,
            visits: self.visits.iter().copied().filter(|v| *v <= end_day).collect(),
            errors: vec![1.0; self.visits.len() + 1],
            detection_limit_mm: self.detection_limit_mm,
            relapse_mm: self.relapse_mm,
            surgery_day: self.surgery_day,
            enters_after_progression: self.plan.value.setting == Setting::Metastatic,
        }
    }

    /// Days after which each order is stopped for its drug's toxicity, given exponential draws by
    /// drug; infinite where it has ended by then.
    fn stops(&self, regimens: &PerStratum, stratum: &str, draw: impl Fn(&str) -> f64) -> Vec<f64> {
        let Some(regimen) = regimens.get(stratum).or_else(|| regimens.get("")) else {
            return Vec::new();
        };
        let stop = |bound: &BoundOrder| {
            let day = draw(&bound.order.drug) / bound.toxicity_per_day;
            let later = bound.order.doses(self.follow_up_day).any(|(dose, _)| dose >= day);
            if later { day } else { f64::INFINITY }
        };
        regimen.orders.iter().map(stop).collect()
    }

    fn prescribe<'a>(
        &'a self,
        regimens: &'a PerStratum,
        stratum: &str,
        stops: Vec<f64>,
    ) -> Prescribe<'a> {
        match regimens.get(stratum).or_else(|| regimens.get("")) {
            Some(regimen) => self.give(regimen, stops),
            None => self.give(&NOTHING, stops),
        }
    }

    fn give<'a>(&'a self, regimen: &'a BoundRegimen, stops: Vec<f64>) -> Prescribe<'a> {
        Box::new(move |size, start_day, horizon_day| {
            let given = regimen.clone().ending(&stops);
            let stopped = stops.iter().copied().reduce(f64::min).filter(|day| day.is_finite());
            Treatment::new(&given, &self.programs.during, size, start_day, horizon_day)
                .stopping(stopped.map(|day| start_day + day))
        })
    }
}

/// No treatment.
static NOTHING: BoundRegimen = BoundRegimen { orders: Vec::new(), resets: Vec::new() };

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
        tags: patient.tags.clone(),
        traits: patient.traits.clone(),
        ttp: open,
        pfs: open,
        os: open,
        dor: None,
        response: Response::NE,
        best_change_percent: None,
        crossover_day: None,
        discontinued_day: None,
        delivered: Vec::new(),
        pcr: None,
        tpcr: None,
        assessments: Vec::new(),
    }
}
