//! What happens at one moment: triggers, events that are due, their assignments.

use hersim_network::SymbolId;

use crate::{
    run::{Due, Failure, Reason, Run, Trouble},
    system::Role,
    tape::Reg,
};

/// Events may set off one another this many times at one moment.
const LONGEST_CASCADE: usize = 10_000;

impl Run<'_> {
    /// Lets everything happen that is to happen now, and looks at the conditions again.
    pub(crate) fn events(&mut self) -> Result<(), Failure> {
        let now = self.time();
        let mut regs = Vec::new();
        let mut jumped = false;
        let mut last = None;
        for round in 0.. {
            if round > LONGEST_CASCADE {
                return self.fail_by(Reason::Cascade, last);
            }
            if self.late() {
                return self.fail_by(Reason::Patience, last);
            }
            let count = self.system.modes.len();
            let conditions = self.conditions(&self.state, &mut regs);
            let turned = conditions[..count] != self.modes[..];
            self.modes.copy_from_slice(&conditions[..count]);
            if turned {
                jumped = true;
                self.settle()?;
            }
            self.trigger(&conditions[count..])?;
            let Some(next) = self.choose() else { break };
            let due = self.due.remove(next);
            last = Some(due.event);
            self.execute(due)?;
            jumped = true;
        }
        if jumped {
            self.history.jumps.push(now);
            self.length *= 0.1;
        }
        Ok(())
    }

    /// Gives up over an event.
    fn fail_by<T>(&self, reason: Reason, event: Option<usize>) -> Result<T, Failure> {
        Err(Failure { time: self.time(), reason, of: event.map(Trouble::Event) })
    }

    /// Compares the triggers with what they were.
    fn trigger(&mut self, triggers: &[f64]) -> Result<(), Failure> {
        let now = self.time();
        let system = self.system;
        let mut all = Vec::new();
        for (index, event) in system.events.iter().enumerate() {
            let holds = triggers[index] != 0.0;
            let held = std::mem::replace(&mut self.held[index], holds);
            if held && !holds && !event.persistent {
                self.due.retain(|due| due.event != index);
            }
            if held || !holds {
                continue;
            }
            if all.is_empty() {
                system.observe.run(self.inputs(), &mut all);
            }
            let delay = event.delay.map_or(0.0, |reg| all[reg as usize]);
            if delay < 0.0 || delay.is_nan() {
                let reason = Reason::Delay(format!("the event `{}`", event.name));
                return self.fail_by(reason, Some(index));
            }
            let values = || event.assignments.iter().map(|(_, reg)| all[*reg as usize]).collect();
            let values = event.at_trigger.then(values);
            self.due.push(Due { event: index, time: now + delay, values });
        }
        Ok(())
    }

    /// The event that happens next, of those whose time has come.
    fn choose(&mut self) -> Option<usize> {
        let now = self.time();
        let ready: Vec<usize> = (0..self.due.len()).filter(|&i| self.due[i].time <= now).collect();
        if ready.len() <= 1 {
            return ready.first().copied();
        }
        let mut all = Vec::new();
        self.system.observe.run(self.inputs(), &mut all);
        let priority = |i: usize| {
            let event = &self.system.events[self.due[i].event];
            let given = event.priority.map(|reg| all[reg as usize]).filter(|p| !p.is_nan());
            given.unwrap_or(f64::NEG_INFINITY)
        };
        let highest = ready.iter().map(|&i| priority(i)).fold(f64::NEG_INFINITY, f64::max);
        let first: Vec<usize> = ready.into_iter().filter(|&i| priority(i) >= highest).collect();
        // Equal priorities are drawn; without any, the order in which they came is as good.
        let drawn = if highest > f64::NEG_INFINITY && first.len() > 1 {
            self.draw() as usize % first.len()
        } else {
            0
        };
        first.get(drawn).copied()
    }

    /// A number at random, the same ones for the same seed.
    fn draw(&mut self) -> u64 {
        // The splitmix64 sequence.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ bits >> 31) >> 1
    }

    /// Carries out the assignments of an event.
    fn execute(&mut self, due: Due) -> Result<(), Failure> {
        let system = self.system;
        let event = &system.events[due.event];
        let values = due.values.unwrap_or_else(|| {
            let regs: Vec<Reg> = event.assignments.iter().map(|a| a.1).collect();
            self.observe(&regs)
        });
        let sizes: Vec<Reg> = system.dilution.iter().map(|d| d.2).collect();
        let before = self.observe(&sizes);
        // A concentration that is set is one in the compartment as it was.
        let set: Vec<(SymbolId, f64)> = (event.assignments.iter().map(|a| a.0).zip(values))
            .map(|(id, value)| match system.roles[id.0 as usize] {
                Role::AmountState(_) | Role::AmountParameter(_) => {
                    (id, value * system.size_of(id, |reg| self.observe(&[reg])[0]))
                }
                _ => (id, value),
            })
            .collect();
        for (id, value) in set {
            match system.roles[id.0 as usize] {
                Role::ValueState(i) | Role::AmountState(i) => self.state[i as usize] = value,
                Role::ValueParameter(i) | Role::AmountParameter(i) => {
                    self.parameters[i as usize] = value;
                }
                Role::Assigned | Role::Reaction => {}
            }
        }
        let after = self.observe(&sizes);
        for (((_, state, _), before), after) in system.dilution.iter().zip(before).zip(after) {
            if before != after {
                self.state[*state as usize] *= before / after;
            }
        }
        self.settle()
    }
}
