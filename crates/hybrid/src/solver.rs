//! Steps: Rodas5P with a constant matrix before the rates of change.

use hersim_engine::tableau::{A, C, GAMMA};

use crate::{
    history::{History, Step},
    linear::{Factor, MOST_DENSE},
    system::System,
    tape::{Inputs, Reg, Tape},
};

const STAGES: usize = 8;
/// Operations that may be gone through to know all derivatives.
const MOST_SLOPES: usize = 1_000_000_000;

/// Work space for steps of one system.
#[derive(Clone, Debug)]
pub(crate) struct Solver {
    factor: Factor,
    /// Columns that can be differentiated at once.
    groups: Vec<Vec<usize>>,
    /// Rows that depend on each state.
    rows: Vec<Vec<usize>>,
    jacobian: Vec<Vec<(usize, f64)>>,
    matrix: Vec<Vec<(usize, f64)>>,
    pub(crate) stages: Vec<Vec<f64>>,
    rate: Vec<f64>,
    regs: Vec<f64>,
    slopes: Vec<f64>,
    /// The state that was hardest to follow in the last step.
    pub(crate) worst: usize,
}

impl Solver {
    /// For right-hand sides and what stands before the derivatives; nothing when they are too
    /// many, or hang together too much, to be solved.
    pub(crate) fn new(rate: &Tape, rates: &[Reg], mass: &[Vec<(usize, f64)>]) -> Option<Solver> {
        let n = rates.len();
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); n];
        let mut pattern = rate.states(rates, n)?;
        for (i, states) in pattern.iter().enumerate() {
            states.iter().for_each(|&j| rows[j].push(i));
        }
        let groups = groups(&rows, n);
        if groups.len() * rate.ops.len() > MOST_SLOPES {
            return None;
        }
        for (row, mass) in pattern.iter_mut().zip(mass) {
            row.extend(mass.iter().map(|e| e.0));
        }
        let implicit = mass.iter().any(Vec::is_empty);
        let factor = match implicit {
            true => (n <= MOST_DENSE).then(|| Factor::full(n))?,
            false => Factor::new(n, &pattern)?,
        };
        Some(Solver {
            factor,
            groups,
            rows,
            jacobian: vec![Vec::new(); n],
            matrix: vec![Vec::new(); n],
            stages: vec![vec![0.0; n]; STAGES],
            rate: vec![0.0; n],
            regs: Vec::new(),
            slopes: Vec::new(),
            worst: 0,
        })
    }

    /// Stands in while the real one is at work.
    pub(crate) fn new_empty() -> Solver {
        Solver {
            factor: Factor::full(0),
            groups: Vec::new(),
            rows: Vec::new(),
            jacobian: Vec::new(),
            matrix: Vec::new(),
            stages: Vec::new(),
            rate: Vec::new(),
            regs: Vec::new(),
            slopes: Vec::new(),
            worst: 0,
        }
    }

    /// Right-hand sides, in [`Solver::rate`].
    pub(crate) fn rates(&mut self, system: &System, inputs: Inputs) -> &[f64] {
        system.rate.run(inputs, &mut self.regs);
        for (rate, &reg) in self.rate.iter_mut().zip(&system.rates) {
            *rate = self.regs[reg as usize];
        }
        &self.rate
    }

    /// How the right-hand sides change with the states, where a step is to start.
    pub(crate) fn differentiate(&mut self, system: &System, inputs: Inputs) {
        system.rate.run(inputs, &mut self.regs);
        let mut direction = vec![0.0; system.n];
        self.jacobian.iter_mut().for_each(Vec::clear);
        for group in &self.groups {
            direction.fill(0.0);
            group.iter().for_each(|&j| direction[j] = 1.0);
            system.rate.slope(inputs, &self.regs, &direction, &mut self.slopes);
            for &j in group {
                for &i in &self.rows[j] {
                    let value = self.slopes[system.rates[i] as usize];
                    self.jacobian[i].push((j, value));
                }
            }
        }
    }

    /// The largest entry of the derivatives.
    pub(crate) fn steepest(&self) -> f64 {
        self.jacobian.iter().flatten().map(|entry| entry.1.abs()).fold(0.0, f64::max)
    }

    /// What is to be zero at rest.
    pub(crate) fn settling(&mut self, system: &System, inputs: Inputs) -> Vec<f64> {
        system.rate.run(inputs, &mut self.regs);
        system.settling.iter().map(|s| self.regs[s.reg as usize]).collect()
    }

    /// How that changes in a direction.
    pub(crate) fn along(&mut self, system: &System, inputs: Inputs, direction: &[f64]) -> Vec<f64> {
        system.rate.run(inputs, &mut self.regs);
        system.rate.slope(inputs, &self.regs, direction, &mut self.slopes);
        system.settling.iter().map(|s| self.slopes[s.reg as usize]).collect()
    }

    /// Tries a step; gives it with the largest scaled error, or nothing when the numbers break.
    pub(crate) fn step(
        &mut self,
        system: &System,
        history: &History,
        inputs: Inputs,
        length: f64,
        tolerances: (f64, f64),
    ) -> Option<(Step, f64)> {
        let n = system.n;
        let shift = 1.0 / (GAMMA * length);
        for ((row, mass), slopes) in self.matrix.iter_mut().zip(&system.mass).zip(&self.jacobian) {
            row.clear();
            row.extend(mass.iter().map(|&(j, m)| (j, m * shift)));
            row.extend(slopes.iter().map(|&(j, s)| (j, -s)));
        }
        if !self.factor.factor(&self.matrix) {
            return None;
        }
        let mut state = inputs.state.to_vec();
        let mut sums = vec![0.0; n];
        for (stage, couplings) in C.iter().enumerate() {
            state.copy_from_slice(inputs.state);
            for (earlier, weight) in weights(stage) {
                for (x, u) in state.iter_mut().zip(&self.stages[earlier]) {
                    *x += weight * u;
                }
            }
            history.left.set(stage > 0);
            self.rates(system, Inputs { state: &state, ..inputs });
            sums.fill(0.0);
            for (earlier, c) in couplings.iter().enumerate().take(stage) {
                for (sum, u) in sums.iter_mut().zip(&self.stages[earlier]) {
                    *sum += c / length * u;
                }
            }
            for i in 0..n {
                let inertia: f64 = system.mass[i].iter().map(|&(j, m)| m * sums[j]).sum();
                self.stages[stage][i] = self.rate[i] + inertia;
            }
            let mut solved = std::mem::take(&mut self.stages[stage]);
            self.factor.solve(&mut solved);
            self.stages[stage] = solved;
        }
        history.left.set(false);
        // The last stage's state, and the last stage.
        for (x, u) in state.iter_mut().zip(&self.stages[STAGES - 1]) {
            *x += u;
        }
        let (relative, absolute) = tolerances;
        let mut error = 0.0f64;
        let ends = inputs.state.iter().zip(&state).zip(&self.stages[STAGES - 1]);
        // Time has no error.
        for (at, ((from, to), change)) in ends.take(n - 1).enumerate() {
            let scale = absolute + relative * from.abs().max(to.abs());
            let scaled = (change / scale).abs();
            if !scaled.is_finite() || !to.is_finite() {
                self.worst = at;
                return None;
            }
            if scaled > error {
                error = scaled;
                self.worst = at;
            }
        }
        let from = inputs.state[n - 1];
        let step = Step {
            from,
            to: from + length,
            start: inputs.state.to_vec(),
            end: state,
            ..Step::default()
        };
        Some((step, error))
    }
}

/// Earlier stages and their weights in the state of a stage.
fn weights(stage: usize) -> impl Iterator<Item = (usize, f64)> {
    let table = A[stage.min(A.len() - 1)];
    let whole = (A.len() - 1..stage).map(|earlier| (earlier, 1.0));
    table.into_iter().enumerate().take(stage).chain(whole)
}

/// Groups that columns of one row are in: all below a number, and some beyond it.
#[derive(Clone, Default)]
struct Taken {
    below: usize,
    beyond: Vec<usize>,
}

impl Taken {
    fn take(&mut self, group: usize) {
        self.beyond.push(group);
        while let Some(at) = self.beyond.iter().position(|g| *g == self.below) {
            self.beyond.swap_remove(at);
            self.below += 1;
        }
    }
}

/// Columns that share no row, a few at a time: each in the first group that is free.
fn groups(rows: &[Vec<usize>], n: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut taken = vec![Taken::default(); n];
    for (j, touched) in rows.iter().enumerate().filter(|(_, touched)| !touched.is_empty()) {
        let mut group = touched.iter().map(|&i| taken[i].below).max().unwrap_or(0);
        while touched.iter().any(|&i| taken[i].beyond.contains(&group)) {
            group += 1;
        }
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(j);
        touched.iter().for_each(|&i| taken[i].take(group));
    }
    groups
}
