//! What claims need: courses to simulate, and how each readout is computed from them.

use std::collections::HashMap;

use hersim_network::Expr;

use super::{course::Course, deed::Op, file::Expect, stage::Stage};

/// Everything that must be simulated.
#[derive(Clone, Default)]
pub struct Plan {
    /// Systems, each for one list of subclones.
    pub stages: Vec<Stage>,
    /// Courses, each once. A course stands after the one it goes on from.
    pub courses: Vec<Course>,
    known: HashMap<String, usize>,
}

impl Plan {
    /// The course with this content, once.
    pub fn intern(&mut self, course: Course) -> usize {
        let next = self.courses.len();
        let id = *self.known.entry(course.content()).or_insert(next);
        if id == next {
            self.courses.push(course);
        }
        id
    }

    /// A plan with these stages and no course.
    pub fn on(stages: Vec<Stage>) -> Plan {
        Plan { stages, ..Plan::default() }
    }

    /// Takes a course of another plan with the same stages, and those it goes on from, each with
    /// its beginning changed.
    pub fn adopt(
        &mut self,
        source: &Plan,
        course: usize,
        change: &dyn Fn(usize, &mut Vec<Op>),
    ) -> usize {
        let old = &source.courses[course];
        let after = old.after.map(|before| self.adopt(source, before, change));
        let mut new = Course { after, ..old.bare() };
        change(new.stage, &mut new.base);
        let id = self.intern(new);
        old.days.iter().for_each(|day| self.courses[id].ask(*day));
        // A course that is there already has the crossings of the same course of the source.
        for crossing in &old.crossings {
            self.courses[id].cross(*crossing);
        }
        id
    }

    /// Takes a claim of another plan with the same stages.
    pub fn adopt_claim(
        &mut self,
        source: &Plan,
        claim: &PlannedClaim,
        change: &dyn Fn(usize, &mut Vec<Op>),
    ) -> PlannedClaim {
        let mut adopted = claim.clone();
        for value in
            adopted.readouts.iter_mut().flat_map(|r| &mut r.sides).flat_map(Sides::values_mut)
        {
            value.each_reading(&mut |how| {
                if let How::Read { course, .. } = how {
                    *course = self.adopt(source, *course, change);
                }
            });
        }
        for (_, course) in &mut adopted.arms {
            *course = self.adopt(source, *course, change);
        }
        adopted
    }

    /// Courses that something is read from, and those that these go on from.
    pub fn needed(&self) -> Vec<bool> {
        let mut needed: Vec<bool> =
            self.courses.iter().map(|c| !c.days.is_empty() || !c.crossings.is_empty()).collect();
        for id in (0..self.courses.len()).rev() {
            if let Some(before) = self.courses[id].after.filter(|_| needed[id]) {
                needed[before] = true;
            }
        }
        needed
    }
}

/// One claim, ready to be judged.
#[derive(Clone, Debug)]
pub struct PlannedClaim {
    /// Its readouts.
    pub readouts: Vec<PlannedReadout>,
    /// Its arms in the order written, each with its course.
    pub arms: Vec<(String, usize)>,
}

impl PlannedClaim {
    /// All formulas over readings.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.readouts.iter().flat_map(|r| &r.sides).flat_map(Sides::values)
    }

    /// The courses it is judged by, each once.
    pub fn courses(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.values().for_each(|value| value.courses(&mut found));
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// One readout, ready to be judged.
#[derive(Clone, Debug)]
pub struct PlannedReadout {
    /// Place in the claim's experiment.
    pub index: usize,
    /// What is expected.
    pub expect: Expect,
    /// One for each formula of the readout.
    pub sides: Vec<Sides>,
    /// Limits.
    pub band: Option<[f64; 2]>,
    /// Share of the gap to close.
    pub share: f64,
    /// Least absolute difference.
    pub least: Option<f64>,
    /// Whether differences are compared.
    pub difference: bool,
    /// Shown, not scored.
    pub exploratory: bool,
    /// Words.
    pub label: String,
}

/// The values that an expectation is about.
#[derive(Clone, Debug)]
pub struct Sides {
    /// The formula as written.
    pub of: String,
    /// The value to judge.
    pub perturbed: Option<Value>,
    /// What it is judged against.
    pub reference: Option<Value>,
    /// The resistant value.
    pub resistant: Option<Value>,
    /// What it was before resistance.
    pub parental: Option<Value>,
    /// Values that must rise.
    pub ascending: Vec<Value>,
}

impl Sides {
    /// All of them.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        let single = [&self.perturbed, &self.reference, &self.resistant, &self.parental];
        single.into_iter().flatten().chain(&self.ascending)
    }

    fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let Sides { perturbed, reference, resistant, parental, ascending, .. } = self;
        let single = [perturbed, reference, resistant, parental];
        single.into_iter().flatten().chain(ascending)
    }
}

/// A formula over readings.
#[derive(Clone, Debug)]
pub struct Value {
    /// Leaves are places in `readings`.
    pub expr: Expr,
    /// What the leaves stand for.
    pub readings: Vec<Reading>,
    /// As written.
    pub text: String,
}

impl Value {
    /// Adds the courses it is read from.
    pub fn courses(&self, found: &mut Vec<usize>) {
        self.each(&mut |_, how| {
            if let How::Read { course, .. } = how {
                found.push(*course);
            }
        });
    }

    /// Shows every reading with its arm, those inside derived ones too.
    pub fn each(&self, visit: &mut dyn FnMut(&str, &How)) {
        for reading in &self.readings {
            visit(&reading.arm, &reading.how);
            if let How::Derived(inner) = &reading.how {
                inner.each(visit);
            }
        }
    }

    fn each_reading(&mut self, change: &mut dyn FnMut(&mut How)) {
        for reading in &mut self.readings {
            change(&mut reading.how);
            if let How::Derived(inner) = &mut reading.how {
                inner.each_reading(change);
            }
        }
    }
}

/// A number read from one arm.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The arm.
    pub arm: String,
    /// How it is read.
    pub how: How,
}

/// How a number is read.
#[derive(Clone, Debug)]
pub enum How {
    /// From one course at one moment.
    Read {
        /// The course.
        course: usize,
        /// When.
        moment: Moment,
        /// Formula over the stage's symbols.
        of: Expr,
    },
    /// From several.
    Derived(Box<Value>),
}

/// When a number is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// On this day.
    Day(f64),
    /// At this crossing of the course.
    Crossing(usize),
}
