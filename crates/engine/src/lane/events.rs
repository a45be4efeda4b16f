//! Discrete events of the network, which happen without the subject's doing.
//!
//! An event happens when its condition turns true: at a time that is known beforehand, which a
//! step then ends at, or within a step, where it is located on the interpolation. Two turns within
//! one step that are not tied to a known time pass unseen.

use super::Lane;
use crate::{Program, Subject, dense::Interpolant, lower::Target};

/// Events may set off one another, this many times in a row.
const LONGEST_CASCADE: usize = 100;

impl<S: Subject> Lane<'_, S> {
    /// Lets the events happen whose conditions have turned true, and those they set off. Returns
    /// the next time at which a condition may turn, or the end of the leg.
    pub(super) fn happen(&mut self, program: &Program) -> f64 {
        let mut next_stop = self.leg.until;
        for _ in 0..LONGEST_CASCADE {
            let values =
                program.observe_events(&mut self.happenings, self.t, &self.state, &self.parameters);
            let mut assignments = Vec::new();
            for (event, held) in program.events.iter().zip(&mut self.holding) {
                let holds = values[event.condition] != 0.0;
                if holds && !std::mem::replace(held, holds) {
                    assignments.extend(event.assignments.iter().map(|&(to, i)| (to, values[i])));
                }
                *held = holds;
            }
            let stops = program.events.iter().flat_map(|event| &event.stops).map(|&i| values[i]);
            next_stop = stops.filter(|&stop| stop > self.t).fold(self.leg.until, f64::min);
            if assignments.is_empty() {
                break;
            }
            for (target, value) in assignments {
                let place = match target {
                    Target::State(i) => &mut self.state[i],
                    Target::Parameter(i) => &mut self.parameters[i],
                };
                self.fresh |= place.to_bits() != value.to_bits();
                *place = value;
            }
        }
        next_stop
    }

    /// Conditions that do not hold at the start of the step and hold at its end, in this state;
    /// those that change at known times only are left to [`Lane::happen`].
    pub(crate) fn turned(&mut self, program: &Program, t: f64, end: &[f64]) -> Vec<usize> {
        if !program.has_open_events {
            return Vec::new();
        }
        let values = program.observe_events(&mut self.happenings, t, end, &self.parameters);
        let open = program.events.iter().zip(&mut self.holding).filter(|(event, _)| !event.timed);
        let turned = open.filter_map(|(event, held)| {
            let holds = values[event.condition] != 0.0;
            let turns = holds && !*held;
            *held &= holds;
            turns.then_some(event.condition)
        });
        turned.collect()
    }

    /// Where in the step, in 0..=1, the first of these conditions turns true.
    pub(crate) fn first_turn(
        &mut self,
        program: &Program,
        conditions: &[usize],
        step: &Interpolant,
    ) -> Option<f64> {
        let mut state = self.state.clone();
        let mut holds = |condition: usize, theta: f64| {
            step.states(usize::from(program.clock), theta, &mut state);
            let t = self.t + theta * self.tried;
            program.observe_events(&mut self.happenings, t, &state, &self.parameters)[condition]
                != 0.0
        };
        conditions.iter().map(|&c| turn(|theta| holds(c, theta))).reduce(f64::min)
    }
}

/// Where in 0..=1 a condition turns true that does not hold at 0 and holds at 1: on the far side.
fn turn(mut holds: impl FnMut(f64) -> bool) -> f64 {
    let (mut before, mut after) = (0.0, 1.0);
    while after - before > 1e-14 {
        let middle = 0.5 * (before + after);
        if holds(middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    after
}
