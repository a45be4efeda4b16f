//! A course: one start, what is done when, what is read when. Two arms with the same content are
//! one course.

use hersim_network::SymbolId;

use super::deed::Op;

/// One simulation from rest, or from the end of another course.
#[derive(Clone, Debug)]
pub struct Course {
    /// The stage it runs on.
    pub stage: usize,
    /// What holds from before equilibration on, later changes last.
    pub base: Vec<Op>,
    /// The course whose cells it begins with.
    pub after: Option<usize>,
    /// What is done, by day.
    pub timeline: Vec<(f64, Vec<Op>)>,
    /// For a history: its length. What is done in a phase ends with it, and cells are passaged at
    /// the end.
    pub ends: Option<f64>,
    /// Days on which everything is read, ascending.
    pub days: Vec<f64>,
    /// Days on which everything is read if the course is still running, ascending.
    pub glances: Vec<f64>,
    /// Crossings at which everything is read.
    pub crossings: Vec<Crossing>,
}

/// A formula that reaches a level for the first time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Symbol that equals the formula.
    pub symbol: SymbolId,
    /// The level, in its unit.
    pub level: f64,
    /// Day on which waiting ends.
    pub horizon: f64,
}

impl Course {
    /// A course that nothing is read from yet.
    pub fn new(
        stage: usize,
        base: Vec<Op>,
        after: Option<usize>,
        timeline: Vec<(f64, Vec<Op>)>,
        ends: Option<f64>,
    ) -> Course {
        Course {
            stage,
            base,
            after,
            timeline,
            ends,
            days: Vec::new(),
            glances: Vec::new(),
            crossings: Vec::new(),
        }
    }

    /// The same course, nothing read from it.
    pub fn bare(&self) -> Course {
        let Course { stage, base, after, timeline, ends, .. } = self.clone();
        Course::new(stage, base, after, timeline, ends)
    }

    /// What makes it this course and no other.
    pub fn content(&self) -> String {
        let Course { stage, base, after, timeline, ends, .. } = self;
        format!("{stage} {after:?} {ends:?} {base:?} {timeline:?}")
    }

    /// Everything will be read on this day.
    pub fn ask(&mut self, day: f64) {
        insert(&mut self.days, day);
    }

    /// Everything will be read on this day if the course is still running.
    pub fn glance(&mut self, day: f64) {
        insert(&mut self.glances, day);
    }

    /// Everything will be read at this crossing: its place.
    pub fn cross(&mut self, crossing: Crossing) -> usize {
        let known = self.crossings.iter().position(|c| *c == crossing);
        known.unwrap_or_else(|| {
            self.crossings.push(crossing);
            self.crossings.len() - 1
        })
    }

    /// Days on which everything is read, in no order.
    pub fn read(&self) -> impl Iterator<Item = f64> {
        self.days.iter().chain(&self.glances).copied()
    }

    /// Last day.
    pub fn end(&self) -> f64 {
        let horizons = self.crossings.iter().map(|c| c.horizon);
        let last = self.days.last().copied().unwrap_or(0.0);
        horizons.fold(last.max(self.ends.unwrap_or(0.0)), f64::max)
    }
}

/// Keeps an ascending list ascending.
fn insert(days: &mut Vec<f64>, day: f64) {
    let place = days.partition_point(|d| *d < day);
    if days.get(place) != Some(&day) {
        days.insert(place, day);
    }
}
