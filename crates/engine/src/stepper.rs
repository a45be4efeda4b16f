//! What one integration step computes, written out for a model: memory layout and tapes.

use std::{
    collections::{BTreeMap, HashSet},
    sync::OnceLock,
};

use crate::{
    compile::Code,
    dag::{Dag, Leaf, NodeId, Varies},
    derive::Derivatives,
    evaluate::record_prelude,
    factor::factorise,
    interpret::interpret,
    lanes::{Isa, Lanes},
    lower::{Model, Terms},
    order::markowitz,
    record::{Places, record},
    tape::Tape,
};

/// Number of stages of the method; see `rodas`.
pub(crate) const STAGES: usize = 8;

/// The tapes of a step and where they find and leave their numbers.
///
/// Memory `[slot]` of a group: numbers of the step, parameters, stage state, residual, constants,
/// kept values, temporaries; then state `[state]`, stage solutions `[state, stage]` and
/// interpolation `[state, 3]`.
#[derive(Clone, Debug)]
pub(crate) struct Stepper {
    /// States, clock included.
    pub(crate) n: usize,
    /// First of [`STEP_SLOTS`] numbers that describe a step, in the order of [`StepSlot`].
    pub(crate) step: usize,
    pub(crate) parameters: usize,
    /// Where the tapes read the state.
    pub(crate) stage_state: usize,
    /// Follows the stage state directly.
    pub(crate) residual: usize,
    /// Slots the tapes work in; what follows is only touched by the method.
    pub(crate) work: usize,
    pub(crate) constants: Vec<(u32, f64)>,
    /// Slots of the reciprocal pivots.
    pub(crate) pivots: Vec<u32>,
    /// Values that only parameters determine.
    pub(crate) prelude: Tape,
    /// Factors of the matrix and the rates of change: residual = f(stage state).
    pub(crate) factor: Tape,
    /// residual += f(stage state)
    pub(crate) rate: Tape,
    /// residual = matrix \ residual
    pub(crate) solve: Tape,
    /// Entries of the Jacobian.
    pub(crate) jacobian_entries: usize,
    /// Entries of the factors.
    pub(crate) factor_entries: usize,
    codes: Codes,
}

/// Machine code, compiled when it is first wanted.
#[derive(Clone, Debug, Default)]
struct Codes {
    four: OnceLock<Option<Code>>,
    eight: OnceLock<Option<Code>>,
}

impl Codes {
    fn of(&self, isa: Isa) -> Option<&OnceLock<Option<Code>>> {
        match isa.width() {
            4 => Some(&self.four),
            8 => Some(&self.eight),
            _ => None,
        }
    }
}

/// The tapes of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// [`Stepper::prelude`]
    Prelude,
    /// [`Stepper::factor`]
    Factor,
    /// [`Stepper::rate`]
    Rate,
    /// [`Stepper::solve`]
    Solve,
}

/// Numbers that go with one step of one lane.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StepSlot {
    /// In: `1/(γh)`.
    Shift,
    /// In: `1/h`.
    InverseStep,
    /// In: one when the previous step counts, zero when it is repeated.
    Accept,
    /// Out: sum of squares of scaled errors.
    Error,
    /// Out: sum of squares of scaled rates of change, or the largest.
    Rate,
    /// Out: largest reciprocal pivot, relative to that of an empty matrix.
    Growth,
}

const STEP_SLOTS: usize = 6;

impl Stepper {
    /// Slot of a number of the step.
    pub(crate) fn slot(&self, slot: StepSlot) -> usize {
        self.step + slot as usize
    }

    /// First slot of the state.
    pub(crate) fn state(&self) -> usize {
        self.work
    }

    /// First slot of the stage solutions.
    pub(crate) fn stages(&self) -> usize {
        self.work + self.n
    }

    /// First slot of the interpolation.
    pub(crate) fn interpolation(&self) -> usize {
        self.work + self.n * (1 + STAGES)
    }

    /// Machine code of the tapes for these lanes, compiled when first asked for; `None` where the
    /// interpreter must do.
    pub(crate) fn code(&self, isa: Isa) -> Option<&Code> {
        let tapes = [&self.prelude, &self.factor, &self.rate, &self.solve];
        let compile = || Code::new(&tapes, self.size(), &self.constants, isa);
        self.codes.of(isa)?.get_or_init(compile).as_ref()
    }

    /// Machine code if it is there already.
    pub(crate) fn code_at_hand(&self, isa: Isa) -> Option<&Code> {
        self.codes.of(isa)?.get()?.as_ref()
    }

    /// Carries out a tape, by its code if there is any.
    #[inline(always)]
    pub(crate) fn carry_out<V: Lanes>(&self, part: Part, code: Option<&Code>, memory: &mut [V]) {
        if let Some(code) = code {
            return code.run(part as usize, memory);
        }
        let tape = match part {
            Part::Prelude => &self.prelude,
            Part::Factor => &self.factor,
            Part::Rate => &self.rate,
            Part::Solve => &self.solve,
        };
        interpret(tape, memory);
    }

    /// Slots in all.
    pub(crate) fn size(&self) -> usize {
        self.interpolation() + 3 * self.n
    }
}

/// Chooses the order of states and writes out the step. Returns the stepper and, for each place
/// of the state vector, the leaf that stands there.
pub(crate) fn build(model: &mut Model) -> (Stepper, Vec<u32>) {
    let n = model.rates.len();
    let dag = &mut model.dag;
    let jacobian = jacobian(dag, &model.rates);
    let order = elimination_order(&jacobian, model.clock);
    let mut rank = vec![0; n];
    order.iter().enumerate().for_each(|(place, &leaf)| rank[leaf] = place);
    let rows: Vec<BTreeMap<usize, NodeId>> = (order.iter())
        .map(|&leaf| jacobian[leaf].iter().map(|(&j, &value)| (rank[j], value)).collect())
        .collect();
    let factors = factorise(dag, &rows);
    let solution = factors.solve(dag);
    let plain: Vec<NodeId> = order.iter().map(|&i| sum(dag, Dag::ZERO, &model.rates[i])).collect();
    let onto_residual: Vec<NodeId> = (order.iter().enumerate())
        .map(|(place, &i)| {
            let residual = dag.leaf(Leaf::Residual(place as u32));
            sum(dag, residual, &model.rates[i])
        })
        .collect();

    let mut places = Places::default();
    let step = places.reserve(STEP_SLOTS);
    places.put_leaf(dag, Leaf::Shift, step + StepSlot::Shift as u32);
    let parameter_count = model.parameters.len() + model.infused.len();
    let parameters = places.reserve(parameter_count);
    for i in 0..parameter_count as u32 {
        places.put_leaf(dag, Leaf::Parameter(i), parameters + i);
    }
    let stage_state = places.reserve(n);
    let residual = places.reserve(n);
    for (place, &leaf) in (0..).zip(&order) {
        places.put_leaf(dag, Leaf::State(leaf as u32), stage_state + place);
        places.put_leaf(dag, Leaf::Residual(place), residual + place);
    }

    let all: Vec<NodeId> =
        [&solution, &plain, &onto_residual].into_iter().flatten().copied().collect();
    let prelude = record_prelude(dag, &mut places, &all);
    // What solving needs besides the residual is kept from factorising.
    let kept = used_by_solution(dag, &places, &solution);
    let first_kept = places.reserve(kept.len());
    let to_keep = kept.into_iter().zip(first_kept..);
    let to_residual = |nodes: &[NodeId]| nodes.iter().copied().zip(residual..).collect::<Vec<_>>();
    let factor_roots: Vec<(NodeId, u32)> =
        to_residual(&plain).into_iter().chain(to_keep.clone()).collect();
    let factor = record(dag, &mut places, &factor_roots);
    let rate = record(dag, &mut places, &to_residual(&onto_residual));
    to_keep.for_each(|(id, slot)| places.put(id, slot));
    let solve = record(dag, &mut places, &to_residual(&solution));
    let pivots = factors.reciprocals.iter().filter_map(|&id| places.get(id)).collect();
    let stepper = Stepper {
        n,
        step: step as usize,
        parameters: parameters as usize,
        stage_state: stage_state as usize,
        residual: residual as usize,
        work: places.size(),
        constants: places.constants().to_vec(),
        pivots,
        prelude: prelude.finish(&places),
        factor: factor.finish(&places),
        rate: rate.finish(&places),
        solve: solve.finish(&places),
        jacobian_entries: jacobian.iter().map(BTreeMap::len).sum(),
        factor_entries: factors.entries(),
        codes: Codes::default(),
    };
    (stepper, order.into_iter().map(|leaf| leaf as u32).collect())
}

/// Rows of the Jacobian: column and value of the entries that are not always zero.
fn jacobian(dag: &mut Dag, rates: &[Terms]) -> Vec<BTreeMap<usize, NodeId>> {
    let mut derivatives = Derivatives::default();
    let mut rows = Vec::with_capacity(rates.len());
    for terms in rates {
        let mut row: BTreeMap<usize, NodeId> = BTreeMap::new();
        for &(factor, rate) in terms {
            let factor = dag.constant(factor);
            for &(state, slope) in &derivatives.gradient(dag, rate).clone() {
                let slope = dag.multiply(factor, slope);
                let entry = row.entry(state as usize).or_insert(Dag::ZERO);
                *entry = dag.add(*entry, slope);
            }
        }
        row.retain(|_, value| !dag.is_zero(*value));
        rows.push(row);
    }
    rows
}

/// Pivot order; the clock, whose row is empty, first.
fn elimination_order(jacobian: &[BTreeMap<usize, NodeId>], clock: bool) -> Vec<usize> {
    let states = jacobian.len() - usize::from(clock);
    let rows: Vec<Vec<u32>> = (jacobian[..states].iter())
        .map(|row| row.keys().filter(|&&j| j < states).map(|&j| j as u32).collect())
        .collect();
    clock.then_some(states).into_iter().chain(markowitz(&rows)).collect()
}

/// `start` plus all terms. What does not depend on the state is added up first, once per subject.
fn sum(dag: &mut Dag, start: NodeId, terms: &Terms) -> NodeId {
    let (rare, often): (Terms, Terms) =
        terms.iter().partition(|term| dag.varies(term.1) <= Varies::WithParameters);
    let rare = add_up(dag, Dag::ZERO, &rare);
    let start = dag.add(start, rare);
    add_up(dag, start, &often)
}

fn add_up(dag: &mut Dag, start: NodeId, terms: &Terms) -> NodeId {
    terms.iter().fold(start, |sum, &(factor, rate)| {
        let size = dag.constant(factor.abs());
        let term = dag.multiply(size, rate);
        if factor < 0.0 { dag.subtract(sum, term) } else { dag.add(sum, term) }
    })
}

/// Values other than the residual that the solution is made of directly and that have no place.
fn used_by_solution(dag: &Dag, places: &Places, solution: &[NodeId]) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    let mut stack: Vec<NodeId> = solution.to_vec();
    let mut used = Vec::new();
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        if dag.varies(id) == Varies::WithResidual {
            stack.extend(dag.operands(id));
        } else if places.get(id).is_none() && dag.value(id).is_none() {
            used.push(id);
        }
    }
    used.sort_unstable();
    used
}
