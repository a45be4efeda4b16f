//! What one integration step computes, written out for a model: memory layout and tapes.

use std::{collections::BTreeMap, sync::OnceLock};

use rustc_hash::FxHashSet as HashSet;

use crate::{
    compile::Code,
    dag::{Dag, Leaf, Node, NodeId, Varies},
    eliminate::{Loops, Structure},
    evaluate::record_prelude,
    factor::factorise,
    interpret::interpret,
    lanes::{Isa, Lanes},
    lower::{Model, Terms},
    record::{Places, record},
    system::{Row, System},
    tape::Tape,
};

/// Number of stages of the method; see `rodas`.
pub(crate) const STAGES: usize = 8;

/// Products that elimination may subtract and still be written out as operations; above this the
/// code would be larger than the loops are slow (measured: see `docs/decisions`).
const MOST_PRODUCTS: usize = 50_000;

/// The tapes of a step and where they find and leave their numbers.
///
/// Memory `[slot]` of a group: numbers of the step, parameters, stage state, residual, solution,
/// constants, kept values, temporaries; then state `[state]`, stage solutions `[stage, state]` and
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
    /// Where the tapes leave a solution, unless they are told to leave it elsewhere.
    solution: usize,
    /// Slots the tapes work in; what follows is only touched by the method.
    pub(crate) work: usize,
    pub(crate) constants: Vec<(u32, f64)>,
    /// Slots of the reciprocal pivots of states.
    pub(crate) pivots: Vec<u32>,
    /// Slots of the reciprocal pivots of other values.
    pub(crate) value_pivots: Vec<u32>,
    /// Values that only parameters determine.
    pub(crate) prelude: Tape,
    /// The rates of change, residual = f(stage state), the factors of the matrix, and
    /// solution = matrix \ residual.
    pub(crate) first: Tape,
    /// solution = matrix \ (residual + f(stage state))
    pub(crate) stage: Tape,
    /// For matrices that fill: the first tape leaves the matrix without factors, the other one
    /// residual += f(stage state), and loops do the rest.
    loops: Option<Loops>,
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
    /// [`Stepper::first`]
    First,
    /// [`Stepper::stage`]
    Stage,
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
    /// Out: root of the mean square of the scaled errors.
    Error,
    /// Out: the error held above [`crate::control::SMALLEST_ERROR`], to the power -1/5.
    ErrorRoot,
    /// Out: root of the mean square of the scaled rates of change, or the largest.
    Rate,
    /// Out: largest reciprocal pivot, relative to that of an empty matrix.
    Growth,
}

const STEP_SLOTS: usize = 7;

impl Stepper {
    /// Slot of a number of the step.
    pub(crate) fn slot(&self, slot: StepSlot) -> usize {
        self.step + slot as usize
    }

    /// First slot of the state.
    pub(crate) fn state(&self) -> usize {
        self.work
    }

    /// First slot of the solution of a stage.
    pub(crate) fn stage(&self, stage: usize) -> usize {
        self.work + self.n * (1 + stage)
    }

    /// First slot of the interpolation.
    pub(crate) fn interpolation(&self) -> usize {
        self.work + self.n * (1 + STAGES)
    }

    /// Machine code of the tapes for these lanes, compiled when first asked for; `None` where the
    /// interpreter must do.
    pub(crate) fn code(&self, isa: Isa) -> Option<&Code> {
        let tapes = [&self.prelude, &self.first, &self.stage];
        let solution = self.solution as u32..(self.solution + self.n) as u32;
        let compile = || Code::new(&tapes, self.size(), &self.constants, solution, isa);
        self.codes.of(isa)?.get_or_init(compile).as_ref()
    }

    /// Machine code if it is there already.
    pub(crate) fn code_at_hand(&self, isa: Isa) -> Option<&Code> {
        self.codes.of(isa)?.get()?.as_ref()
    }

    /// Carries out a tape, by its code if there is any, and leaves its solution in the slots from
    /// `out` on, behind the work.
    #[inline(always)]
    pub(crate) fn carry_out<V: Lanes>(
        &self,
        part: Part,
        code: Option<&Code>,
        out: usize,
        memory: &mut [V],
    ) {
        match code {
            Some(code) => code.run(part as usize, out, memory),
            None => {
                let tape = match part {
                    Part::Prelude => &self.prelude,
                    Part::First => &self.first,
                    Part::Stage => &self.stage,
                };
                interpret(tape, memory);
                if self.loops.is_none() && !matches!(part, Part::Prelude) {
                    memory.copy_within(self.solution..self.solution + self.n, out);
                }
            }
        }
        if let Some(loops) = &self.loops {
            if matches!(part, Part::First) {
                loops.factorise(memory);
            }
            if !matches!(part, Part::Prelude) {
                loops.solve(self.residual, out, memory);
            }
        }
    }

    /// Slots in all.
    pub(crate) fn size(&self) -> usize {
        self.interpolation() + 3 * self.n
    }
}

/// Chooses the order of states and writes out the step. Returns the stepper and, for each place
/// of the state vector, the leaf that stands there and, without the clock, its rate of change.
pub(crate) fn build(model: &mut Model) -> (Stepper, Vec<u32>, Vec<NodeId>) {
    let n = model.rates.len();
    let dag = &mut model.dag;
    let columns = |row: &Row| row.keys().map(|&j| j as u32).collect::<Vec<u32>>();
    let structure =
        |system: &System| Structure::new(&system.rows.iter().map(columns).collect::<Vec<_>>());
    let mut system = System::new(dag, &model.rates, model.clock, true);
    let mut shape = structure(&system);
    if shape.products > MOST_PRODUCTS {
        system = System::new(dag, &model.rates, model.clock, false);
        shape = structure(&system);
    }
    let order = system.order();
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

    let solution = places.reserve(n);
    let onto =
        |first: u32, nodes: &[NodeId]| nodes.iter().copied().zip(first..).collect::<Vec<_>>();
    let mut first_roots = onto(residual, &plain);
    let (stage_roots, loops);
    let (mut pivots, mut value_pivots) = (Vec::new(), Vec::new());
    if shape.products <= MOST_PRODUCTS {
        let factors = factorise(dag, std::mem::take(&mut system.rows));
        let first_solution = factors.solve(dag, &system.right_side(&plain));
        first_roots.extend(onto(solution, &system.of_states(&first_solution)));
        let (held, values) = factors.held(dag);
        let solved = system.of_states(&held.solve(dag, &system.right_side(&onto_residual)));
        // What solving needs of the factors is kept from the first stage.
        let kept = used_by_solution(dag, &solved);
        let first_kept = places.reserve(kept.len());
        for (slot, &factor) in (first_kept..).zip(&kept) {
            places.put_leaf(dag, Leaf::Factor(factor), slot);
            first_roots.push((values[factor as usize], slot));
        }
        stage_roots = onto(solution, &solved);
        for (state, &reciprocal) in system.states.iter().zip(&held.reciprocals) {
            let pivots = if state.is_some() { &mut pivots } else { &mut value_pivots };
            pivots.extend(places.get(reciprocal));
        }
        loops = None;
    } else {
        let given: Vec<Vec<u32>> = system.rows.iter().map(columns).collect();
        let eliminated = Loops::new(&mut places, &given, &shape);
        let entries = system.rows.iter().flat_map(BTreeMap::values).copied();
        first_roots.extend(entries.zip(eliminated.matrix()));
        stage_roots = onto(residual, &onto_residual);
        pivots.extend(eliminated.pivots());
        loops = Some(eliminated);
    }
    let all: Vec<NodeId> = first_roots.iter().chain(&stage_roots).map(|root| root.0).collect();
    let prelude = record_prelude(dag, &mut places, &all);
    let first = record(dag, &mut places, &first_roots);
    let stage = record(dag, &mut places, &stage_roots);
    let off_diagonal = shape.lower.iter().chain(&shape.upper).map(Vec::len);
    let stepper = Stepper {
        n,
        step: step as usize,
        parameters: parameters as usize,
        stage_state: stage_state as usize,
        residual: residual as usize,
        solution: solution as usize,
        work: places.size(),
        constants: places.constants().to_vec(),
        pivots,
        value_pivots,
        prelude: prelude.finish(&places),
        first: first.finish(&places),
        stage: stage.finish(&places),
        loops,
        jacobian_entries: system.derivatives,
        factor_entries: system.states.len() + off_diagonal.sum::<usize>(),
        codes: Codes::default(),
    };
    let rates = plain[usize::from(model.clock)..].to_vec();
    (stepper, order.into_iter().map(|leaf| leaf as u32).collect(), rates)
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

/// The factors that a solution is made of.
fn used_by_solution(dag: &Dag, solution: &[NodeId]) -> Vec<u32> {
    let mut seen = HashSet::default();
    let mut stack: Vec<NodeId> = solution.to_vec();
    let mut used = Vec::new();
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        match dag.node(id) {
            Node::Leaf(Leaf::Factor(factor)) => used.push(factor),
            _ => stack.extend(dag.operands(id)),
        }
    }
    used.sort_unstable();
    used
}
