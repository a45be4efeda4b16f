//! One subject on its way through its legs.

use crate::{
    Effort, Failure, Leg, Moment, Program, Reached, Reason, Subject, WatchOn,
    control::Control,
    dense::{Interpolant, crossing},
    evaluate::Evaluator,
    rodas::Tolerances,
};

mod events;

/// A subject and where it is.
pub(crate) struct Lane<'s, S> {
    pub(crate) subject: &'s mut S,
    pub(crate) t: f64,
    pub(crate) effort: Effort,
    pub(crate) control: Control,
    /// Size of the step being tried.
    pub(crate) tried: f64,
    /// Whether the step size must be chosen afresh.
    pub(crate) fresh: bool,
    /// Without the clock.
    pub(crate) state: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    pub(crate) leg: Leg,
    /// How far steps may go: the end of the leg, or a time at which an event may happen.
    pub(crate) until: f64,
    next_sample: usize,
    /// Distance to the level of each watch at `t`.
    watched: Vec<f64>,
    /// Whether the condition of each event held at `t`.
    holding: Vec<bool>,
    evaluator: Evaluator,
    /// Memory for what events need.
    happenings: Evaluator,
    /// Memory for rates of change.
    rates: Evaluator,
}

/// Whether a subject goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onward {
    /// A leg lies ahead.
    Leg,
    /// The subject is finished.
    Finished,
}

impl<'s, S: Subject> Lane<'s, S> {
    /// Starts a subject.
    pub(crate) fn start(program: &Program, subject: &'s mut S) -> (Self, Onward) {
        let mut parameters = vec![0.0; program.parameter_count()];
        let mut state = vec![0.0; program.states().len()];
        let t = subject.start(&mut parameters, &mut state);
        let mut lane = Lane {
            subject,
            t,
            effort: Effort::default(),
            control: Control::new(),
            tried: 0.0,
            fresh: true,
            state,
            parameters,
            leg: Leg::default(),
            until: t,
            next_sample: 0,
            watched: Vec::new(),
            holding: program.events.iter().map(|event| event.initially).collect(),
            evaluator: Evaluator::new(&program.observer),
            happenings: Evaluator::new(&program.happenings),
            rates: Evaluator::new(&program.rates),
        };
        let onward = lane.arrive(program, Reached::Start);
        (lane, onward)
    }

    /// Lets the subject act on `self.state` at `self.t` and takes its next leg.
    pub(crate) fn arrive(&mut self, program: &Program, reached: Reached) -> Onward {
        let mut reached = reached;
        loop {
            let before = (self.state.clone(), self.parameters.clone());
            let leg = self.subject.next(&mut Moment {
                t: self.t,
                reached,
                state: &mut self.state,
                parameters: &mut self.parameters,
                effort: self.effort,
                program,
                evaluator: &mut self.evaluator,
            });
            self.fresh |= !same(&before.0, &self.state) || !same(&before.1, &self.parameters);
            let Some(leg) = leg else { return Onward::Finished };
            if leg.until > self.t {
                self.leg = leg;
                self.next_sample = self.leg.samples.partition_point(|&t| t <= self.t);
                self.resume(program);
                return Onward::Leg;
            }
            reached = Reached::End;
        }
    }

    /// The largest scaled rate of change, in 1/time.
    pub(crate) fn largest_rate(&mut self, program: &Program, tolerances: Tolerances) -> f64 {
        let rates = program.rates(&mut self.rates, self.t, &self.state, &self.parameters);
        let floor = 1.0 / tolerances.relative;
        let scaled = (self.state.iter().zip(rates).zip(tolerances.absolute))
            .map(|((y, rate), absolute)| (rate / (y.abs() + absolute * floor)).abs());
        scaled.fold(0.0, f64::max)
    }

    /// Goes on with the leg from `self.state`, once events have happened that are due.
    pub(crate) fn resume(&mut self, program: &Program) {
        self.until = if program.events.is_empty() { self.leg.until } else { self.happen(program) };
        if !self.leg.watches.is_empty() {
            self.watched = self.distances(program, self.t, &self.state.clone());
        }
    }

    /// Distance of what is watched to its level, per watch.
    fn distances(&mut self, program: &Program, t: f64, state: &[f64]) -> Vec<f64> {
        let on_output = self.leg.watches.iter().any(|w| matches!(w.on, WatchOn::Output(_)));
        let outputs: &[f64] = if on_output {
            program.observe_outputs(&mut self.evaluator, t, state, &self.parameters)
        } else {
            &[]
        };
        let value = |on| match on {
            WatchOn::State(i) => state.get(i).copied(),
            WatchOn::Output(i) => outputs.get(i).copied(),
        };
        // A watch on what does not exist never crosses.
        self.leg.watches.iter().map(|w| value(w.on).map_or(f64::NAN, |v| v - w.level)).collect()
    }

    /// The watches that are crossed when the step ends in this state; remembers the distances.
    pub(crate) fn crossed(&mut self, program: &Program, t: f64, end: &[f64]) -> Vec<Crossed> {
        if self.leg.watches.is_empty() {
            return Vec::new();
        }
        let after = self.distances(program, t, end);
        let before = std::mem::replace(&mut self.watched, after);
        let crossed = |(index, rising): (usize, bool)| {
            let (from, to) = (before[index], self.watched[index]);
            let crosses = if rising { from < 0.0 && to >= 0.0 } else { from > 0.0 && to <= 0.0 };
            crosses.then_some(Crossed { index, from, to })
        };
        self.leg.watches.iter().map(|w| w.rising).enumerate().filter_map(crossed).collect()
    }

    /// The earliest of these crossings within the step: watch and place in 0..=1.
    pub(crate) fn earliest(
        &mut self,
        program: &Program,
        crossed: &[Crossed],
        step: &Interpolant,
    ) -> Option<(usize, f64)> {
        let skip = usize::from(program.clock);
        let mut state = self.state.clone();
        let mut first: Option<(usize, f64)> = None;
        for &Crossed { index, from, to } in crossed {
            let watch = self.leg.watches[index];
            let theta = crossing(from, to, |theta| match watch.on {
                WatchOn::State(i) => step.state(i + skip, theta) - watch.level,
                WatchOn::Output(i) => {
                    step.states(skip, theta, &mut state);
                    let t = self.t + theta * self.tried;
                    let outputs =
                        program.observe_outputs(&mut self.evaluator, t, &state, &self.parameters);
                    outputs[i] - watch.level
                }
            });
            if first.is_none_or(|(_, earliest)| theta < earliest) {
                first = Some((index, theta));
            }
        }
        first
    }

    /// Whether a sample falls into the time up to `t`.
    pub(crate) fn sample_due(&self, t: f64) -> bool {
        self.leg.samples.get(self.next_sample).is_some_and(|&next| next <= t)
    }

    /// Delivers the samples up to `until`, which lies in the step that started at `self.t`.
    pub(crate) fn deliver(&mut self, program: &Program, until: f64, step: &Interpolant) {
        let mut state = vec![0.0; self.state.len()];
        while let Some(&t) = self.leg.samples.get(self.next_sample).filter(|&&t| t <= until) {
            let theta = ((t - self.t) / self.tried).min(1.0);
            step.states(usize::from(program.clock), theta, &mut state);
            let outputs = program.observe_outputs(&mut self.evaluator, t, &state, &self.parameters);
            self.subject.sample(t, &state, &self.parameters, outputs);
            self.next_sample += 1;
        }
    }

    /// Reports that the integration cannot go on.
    /// The state is that of the last good point.
    pub(crate) fn fail(&mut self, program: &Program, reason: Reason, worst: usize) {
        let (t, step, effort) = (self.t, self.tried, self.effort);
        let value = self.state.get(worst).copied().unwrap_or(0.0);
        let drivers = program.strongest(worst, t, &self.state, &self.parameters);
        self.subject.failed(Failure { reason, t, step, effort, worst, value, drivers });
    }
}

/// A watch that is crossed within a step: its distances to the level before and after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crossed {
    index: usize,
    from: f64,
    to: f64,
}

/// Whether two vectors are equal to the bit.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
