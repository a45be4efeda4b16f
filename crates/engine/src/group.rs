//! Subjects side by side: proposes their steps, takes them together, judges each by itself.

use crate::{
    Reached, Reason, Stats, Subject,
    compile::Code,
    control::{first_step, smallest_step},
    dense::Interpolant,
    ensemble::Job,
    lane::{Lane, Onward},
    lanes::Arena,
    rodas::{self, Interpolate, Prelude, Step},
    stepper::{STAGES, StepSlot},
};

/// A step is not trusted when rounding may have been magnified this much in its elimination.
const LARGEST_GROWTH: f64 = 1e8;

/// Steps that a group interprets before it asks for machine code: what a program runs only
/// briefly is not worth compiling.
const STEPS_BEFORE_CODE: u64 = 100;

/// Subjects that share a thread and its instructions.
pub(crate) struct Group<'a, 's, S> {
    job: &'a Job<'a, 's, S>,
    arena: Arena,
    /// Machine code, once the run has proved long enough.
    code: Option<&'a Code>,
    lanes: Vec<Option<Lane<'s, S>>>,
    stats: Stats,
    /// Parameters of some lane have changed since the prelude was computed.
    stale_prelude: bool,
    interpolant: Interpolant,
    end: Vec<f64>,
}

impl<'a, 's, S: Subject> Group<'a, 's, S> {
    /// Empty lanes.
    pub(crate) fn new(job: &'a Job<'a, 's, S>) -> Self {
        let stepper = &job.program.stepper;
        let mut arena = Arena::new(stepper.size(), job.isa);
        stepper.constants.iter().for_each(|&(slot, value)| arena.fill(slot as usize, value));
        arena.fill(stepper.slot(StepSlot::Shift), 1.0);
        arena.fill(stepper.slot(StepSlot::InverseStep), 1.0);
        let lanes = (0..arena.width()).map(|_| None).collect();
        Group {
            job,
            arena,
            code: None,
            lanes,
            stats: Stats::default(),
            stale_prelude: true,
            interpolant: Interpolant::default(),
            end: vec![0.0; job.program.states().len()],
        }
    }

    /// Takes subjects from the queue until it is empty and all are done.
    pub(crate) fn work(mut self) -> Stats {
        let stepper = &self.job.program.stepper;
        for lane in 0..self.lanes.len() {
            self.lanes[lane] = self.load();
            self.depart(lane);
        }
        if self.job.settings.compile {
            self.adopt(stepper.code_at_hand(self.job.isa));
        }
        while self.lanes.iter().any(Option::is_some) {
            self.prepare();
            if self.job.settings.compile && self.stats.batches == STEPS_BEFORE_CODE {
                self.adopt(stepper.code(self.job.isa));
            }
            let (code, tolerances) = (self.code, self.job.tolerances());
            let measures_rates = self.lanes.iter().flatten().any(|lane| lane.leg.steady.is_some());
            self.arena.run(Step { stepper, code, tolerances, measures_rates });
            self.stats.batches += 1;
            let mut interpolated = false;
            for lane in 0..self.lanes.len() {
                self.judge(lane, &mut interpolated);
            }
        }
        self.stats
    }

    /// Goes on with machine code, if there is any; the results are the same.
    fn adopt(&mut self, code: Option<&'a Code>) {
        self.code = code;
        self.arena.grow(code.map_or(0, Code::slots));
    }

    /// The next subject that has a leg to run.
    fn load(&mut self) -> Option<Lane<'s, S>> {
        while let Some(subject) = self.job.next_subject() {
            let (mut lane, onward) = Lane::start(self.job.program, subject);
            if onward == Onward::Leg {
                return Some(lane);
            }
            self.finish(&mut lane);
        }
        None
    }

    /// Writes a lane's numbers into memory after the subject has had its say.
    fn depart(&mut self, index: usize) {
        let program = self.job.program;
        let stepper = &program.stepper;
        self.arena.set(stepper.slot(StepSlot::Accept), index, 0.0);
        let Some(lane) = &self.lanes[index] else { return };
        let mut first = stepper.state();
        if program.clock {
            self.arena.set(first, index, lane.t);
            first += 1;
        }
        self.arena.scatter(first, index, &lane.state);
        if lane.fresh {
            self.arena.scatter(stepper.parameters, index, &lane.parameters);
            self.stale_prelude = true;
        }
    }

    /// Chooses the step of every lane.
    fn prepare(&mut self) {
        let stepper = &self.job.program.stepper;
        if std::mem::take(&mut self.stale_prelude) {
            self.arena.run(Prelude { stepper, code: self.code });
        }
        if self.lanes.iter().flatten().any(|lane| lane.fresh) {
            self.choose_first_steps();
        }
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let Some(lane) = lane else { continue };
            lane.tried = lane.control.fit(lane.until - lane.t);
            self.arena.set(stepper.slot(StepSlot::Shift), index, rodas::shift(lane.tried));
            self.arena.set(stepper.slot(StepSlot::InverseStep), index, 1.0 / lane.tried);
        }
    }

    fn choose_first_steps(&mut self) {
        let Job { program, settings, .. } = self.job;
        for lane in self.lanes.iter_mut().flatten().filter(|lane| lane.fresh) {
            let step = if settings.first_step > 0.0 {
                settings.first_step
            } else if let Some(step) = lane.control.experience() {
                step.min(lane.until - lane.t)
            } else {
                let rate = lane.largest_rate(program, self.job.tolerances());
                first_step(rate, settings.rtol, lane.t, lane.until - lane.t)
            };
            lane.control.restart(step);
            lane.fresh = false;
        }
    }

    /// Decides on the step a lane has tried.
    fn judge(&mut self, index: usize, interpolated: &mut bool) {
        let job = self.job;
        let stepper = &job.program.stepper;
        let Some(lane) = &mut self.lanes[index] else { return };
        let read = |slot| self.arena.get(stepper.slot(slot), index);
        if let Some(limit) = lane.leg.steady
            && read(StepSlot::Rate) < limit
        {
            self.arena.gather(
                stepper.state() + usize::from(job.program.clock),
                index,
                &mut lane.state,
            );
            return self.arrive(index, Reached::Steady);
        }
        lane.effort.steps += 1;
        let (error, root) = (read(StepSlot::Error), read(StepSlot::ErrorRoot));
        let sound = read(StepSlot::Growth) < LARGEST_GROWTH;
        if error <= 1.0 && sound {
            self.accept(index, root, interpolated);
        } else {
            lane.effort.rejections += 1;
            lane.control.reject(lane.tried, if sound { error } else { f64::NAN }, root);
            self.arena.set(stepper.slot(StepSlot::Accept), index, 0.0);
            if lane.control.step < smallest_step(lane.t) {
                let reason =
                    if error.is_finite() { Reason::StepTooSmall } else { Reason::NotFinite };
                return self.fail(index, reason);
            }
        }
        let Some(lane) = &self.lanes[index] else { return };
        if lane.effort.steps >= job.settings.max_steps {
            self.fail(index, Reason::StepBudget);
        }
    }

    /// A good step: delivers samples, looks for crossings and events, ends the leg where it ends.
    fn accept(&mut self, index: usize, root: f64, interpolated: &mut bool) {
        let program = self.job.program;
        let Some(lane) = &mut self.lanes[index] else { return };
        let skip = usize::from(program.clock);
        let ends = lane.tried >= lane.until - lane.t;
        let t = if ends { lane.until } else { lane.t + lane.tried };
        let looks = !lane.leg.watches.is_empty() || program.has_open_events;
        if ends || looks {
            self.arena.gather(program.stepper.stage_state + skip, index, &mut self.end);
        }
        let crossed = lane.crossed(program, t, &self.end);
        let turned = lane.turned(program, t, &self.end);
        if !crossed.is_empty() || !turned.is_empty() || lane.sample_due(t) {
            if !std::mem::replace(interpolated, true) {
                self.arena.run(Interpolate { stepper: &program.stepper });
            }
            self.interpolant.load(&program.stepper, &self.arena, index);
        }
        let step = &self.interpolant;
        let watch = lane.earliest(program, &crossed, step);
        let event = lane.first_turn(program, &turned, step);
        // An event that comes with a crossing comes first.
        let (theta, watch) = match (watch, event) {
            (Some((watch, theta)), event) if event.is_none_or(|e| theta < e) => {
                (theta, Some(watch))
            }
            (_, Some(theta)) => (theta, None),
            _ => (1.0, None),
        };
        let within = theta < 1.0;
        let t = if within { lane.t + theta * lane.tried } else { t };
        lane.deliver(program, t, step);
        if within {
            step.states(skip, theta, &mut lane.state);
        } else if ends || looks {
            lane.state.copy_from_slice(&self.end);
        }
        lane.control.accept(lane.tried, root);
        lane.t = t;
        if let Some(watch) = watch {
            self.arrive(index, Reached::Watch(watch));
        } else if t >= lane.leg.until {
            self.arrive(index, Reached::End);
        } else if event.is_some() || ends {
            lane.resume(program);
            self.depart(index);
        } else {
            self.arena.set(program.stepper.slot(StepSlot::Accept), index, 1.0);
        }
    }

    /// The leg of a lane has ended in `lane.state`.
    fn arrive(&mut self, index: usize, reached: Reached) {
        let Some(mut lane) = self.lanes[index].take() else { return };
        self.lanes[index] = match lane.arrive(self.job.program, reached) {
            Onward::Leg => Some(lane),
            Onward::Finished => {
                self.finish(&mut lane);
                self.load()
            }
        };
        self.depart(index);
    }

    fn finish(&mut self, lane: &mut Lane<'s, S>) {
        lane.subject.finished(lane.effort);
        self.stats.finished += 1;
        self.count(lane);
    }

    fn fail(&mut self, index: usize, reason: Reason) {
        let Some(mut lane) = self.lanes[index].take() else { return };
        let worst = self.worst_state(index);
        let skip = usize::from(self.job.program.clock);
        self.arena.gather(self.job.program.stepper.state() + skip, index, &mut lane.state);
        lane.fail(self.job.program, reason, worst);
        self.stats.failed += 1;
        self.count(&lane);
        self.lanes[index] = self.load();
        self.depart(index);
    }

    fn count(&mut self, lane: &Lane<'s, S>) {
        self.stats.steps += lane.effort.steps;
        self.stats.rejections += lane.effort.rejections;
        self.job.count();
    }

    /// The state that kept the last step from being good.
    fn worst_state(&self, index: usize) -> usize {
        let stepper = &self.job.program.stepper;
        let skip = usize::from(self.job.program.clock);
        let read = |first: usize, i: usize| self.arena.get(first + skip + i, index);
        let scaled_error = |i: usize| {
            let (old, new) = (read(stepper.state(), i), read(stepper.stage_state, i));
            let scale = self.job.absolute[i] + self.job.settings.rtol * old.abs().max(new.abs());
            let scaled = (read(stepper.stage(STAGES - 1), i) / scale).abs();
            if scaled.is_finite() { scaled } else { f64::INFINITY }
        };
        let mut worst = (0, f64::NEG_INFINITY);
        for i in 0..self.job.absolute.len() {
            let error = scaled_error(i);
            if error > worst.1 {
                worst = (i, error);
            }
        }
        worst.0
    }
}
