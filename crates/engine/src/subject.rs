//! Who is simulated: a subject fills in its numbers, hands out legs and receives samples.

use crate::{Program, Strongest, evaluate::Evaluator};

/// One independent simulation: a patient, a dish, a mouse, a row of a parameter scan.
///
/// The engine asks the subject for its numbers ([`start`](Subject::start)) and then, again and
/// again, for the next stretch of time without interruption ([`next`](Subject::next)). Between two
/// legs the subject may change its state (a bolus) and its parameters (an infusion on or off).
///
/// A subject is only ever used by one thread at a time, and what it sees does not depend on the
/// other subjects, the number of threads or the width of the lanes, to the last bit.
pub trait Subject: Send {
    /// Fills in parameters ([`Program::parameter_count`] long) and state ([`Program::states`]
    /// long), both zero on entry, and returns the time at which it starts.
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64;

    /// Called at the start and at the end of each leg. May change `now.state` and
    /// `now.parameters`; returns the next leg, or `None` when the subject is finished.
    ///
    /// A leg that follows without any change of state or parameters continues the step sequence
    /// and costs nothing; a change restarts it with a small step.
    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg>;

    /// Receives the state and the outputs at a time the leg asked for. At the end of a leg this
    /// is the value before anything `next` changes.
    fn sample(&mut self, t: f64, state: &[f64], parameters: &[f64], outputs: &[f64]);

    /// The integration could not go on; nothing more is called after this.
    fn failed(&mut self, failure: Failure);

    /// The subject returned no further leg; nothing more is called after this.
    fn finished(&mut self, effort: Effort) {
        let _ = effort;
    }
}

/// A stretch of time in which nothing is changed from outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leg {
    /// When it ends, unless a watch or a steady state ends it earlier. A time that has passed
    /// already ends the leg at once.
    pub until: f64,
    /// When to call [`Subject::sample`]: ascending, later than now and not later than `until`;
    /// others are ignored.
    pub samples: Vec<f64>,
    /// Crossings that end the leg. Only the ends of a step are looked at, so two crossings within
    /// one step pass unseen.
    pub watches: Vec<Watch>,
    /// Ends the leg when the scaled rate of change has fallen below this: the root mean square
    /// over states of `|dy/dt| / (|y| + atol/rtol)`, in 1/time.
    pub steady: Option<f64>,
}

impl Leg {
    /// A leg without samples and watches.
    pub fn until(until: f64) -> Leg {
        Leg { until, ..Leg::default() }
    }
}

/// A level whose crossing ends a leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watch {
    /// What is watched.
    pub on: WatchOn,
    /// The level, in the unit of what is watched.
    pub level: f64,
    /// Whether it ends the leg when it rises to the level (`true`) or falls to it (`false`).
    /// A quantity that starts at or beyond the level must come back first.
    pub rising: bool,
}

/// What a [`Watch`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchOn {
    /// A state, by its place in [`Program::states`].
    State(usize),
    /// An output, by its place in [`crate::Compile::outputs`].
    Output(usize),
}

/// Why [`Subject::next`] is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The subject has just started.
    Start,
    /// The end of the leg.
    End,
    /// A crossing, by its place in [`Leg::watches`].
    Watch(usize),
    /// The rates of change have fallen below [`Leg::steady`].
    Steady,
}

/// The point between two legs.
pub struct Moment<'a> {
    /// Time, in the network's time unit.
    pub t: f64,
    /// Why the leg ended.
    pub reached: Reached,
    /// State, `[state]`: amounts of species and values of rate-rule variables. May be changed.
    pub state: &'a mut [f64],
    /// Parameters, `[parameter]`, infusion rates last. May be changed.
    pub parameters: &'a mut [f64],
    /// What the subject has cost so far.
    pub effort: Effort,
    pub(crate) program: &'a Program,
    pub(crate) evaluator: &'a mut Evaluator,
}

impl Moment<'_> {
    /// Outputs, `[output]`, for the state and the parameters as they now are.
    pub fn outputs(&mut self) -> Vec<f64> {
        self.program.observe_outputs(self.evaluator, self.t, self.state, self.parameters).to_vec()
    }
}

/// Why and where an integration stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure {
    /// What happened.
    pub reason: Reason,
    /// Time reached.
    pub t: f64,
    /// Step size that was tried last.
    pub step: f64,
    /// What it had cost.
    pub effort: Effort,
    /// Place in [`Program::states`] of the state with the largest scaled error, or of the first
    /// one that is not a number. Zero when there are no states.
    pub worst: usize,
    /// Value of that state at the last good point.
    pub value: f64,
    /// Reactions that change that state most there, strongest first.
    pub drivers: Strongest,
}

/// Why an integration stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// More steps than [`crate::Settings::max_steps`].
    StepBudget,
    /// No step larger than the rounding of time meets the tolerance.
    StepTooSmall,
    /// States or rates are infinite or not a number however small the step.
    NotFinite,
}

/// What one subject has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Steps tried, rejected ones included.
    pub steps: u64,
    /// Steps rejected.
    pub rejections: u64,
}
