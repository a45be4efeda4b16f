//! Values of formulas for one subject: outputs, starting values.

use crate::{
    dag::{Dag, Leaf, Node, NodeId, Varies},
    lanes::{Arena, Isa},
    record::{Draft, Places, record},
    tape::Tape,
};

/// Formulas of parameters and states, ready to be evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    parameters: u32,
    states: u32,
    results: u32,
    count: usize,
    /// What depends on parameters only.
    prelude: Tape,
    /// The rest.
    main: Tape,
    constants: Vec<(u32, f64)>,
    size: usize,
}

impl Block {
    /// Compiles formulas. `state_leaves[i]` is the leaf that place `i` of the state vector feeds.
    pub(crate) fn new(
        dag: &mut Dag,
        parameters: usize,
        state_leaves: &[u32],
        formulas: &[NodeId],
    ) -> Block {
        let mut places = Places::default();
        let parameter_base = places.reserve(parameters);
        let state_base = places.reserve(state_leaves.len());
        let result_base = places.reserve(formulas.len());
        for i in 0..parameters as u32 {
            places.put_leaf(dag, Leaf::Parameter(i), parameter_base + i);
        }
        for (i, &leaf) in (0..).zip(state_leaves) {
            places.put_leaf(dag, Leaf::State(leaf), state_base + i);
        }
        let prelude = record_prelude(dag, &mut places, formulas);
        let roots: Vec<(NodeId, u32)> = formulas.iter().copied().zip(result_base..).collect();
        let main = record(dag, &mut places, &roots);
        Block {
            parameters: parameter_base,
            states: state_base,
            results: result_base,
            count: formulas.len(),
            prelude: prelude.finish(&places),
            main: main.finish(&places),
            constants: places.constants().to_vec(),
            size: places.size(),
        }
    }

    /// Number of operations for one evaluation, parameters being the same as before.
    pub(crate) fn operations(&self) -> usize {
        self.main.instructions().len()
    }
}

/// Writes out what later tapes need and only parameters determine, and gives each such value a
/// place that lasts.
pub(crate) fn record_prelude(dag: &Dag, places: &mut Places, roots: &[NodeId]) -> Draft {
    let mut seen = vec![false; dag.len()];
    let mut stack: Vec<NodeId> = roots.to_vec();
    let mut kept = Vec::new();
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id.0 as usize], true) || places.get(id).is_some() {
            continue;
        }
        match (dag.varies(id), dag.node(id)) {
            (_, Node::Constant(_) | Node::Leaf(_)) => {}
            (Varies::Never | Varies::WithParameters, _) => kept.push(id),
            _ => stack.extend(dag.operands(id)),
        }
    }
    kept.sort_unstable();
    // The slots are reserved before recording and known after: a value must not be taken for
    // present while it is being computed.
    let first = places.reserve(kept.len());
    let targets: Vec<(NodeId, u32)> = kept.into_iter().zip(first..).collect();
    let draft = record(dag, places, &targets);
    targets.iter().for_each(|&(id, slot)| places.put(id, slot));
    draft
}

/// Memory to evaluate a block in, for one subject.
#[derive(Clone, Debug)]
pub(crate) struct Evaluator {
    arena: Arena,
    /// Parameters the prelude was last computed for; empty before the first time.
    parameters: Vec<f64>,
    results: Vec<f64>,
}

impl Evaluator {
    /// Memory for a block.
    pub(crate) fn new(block: &Block) -> Evaluator {
        let mut arena = Arena::new(block.size, Isa::detect(1));
        block.constants.iter().for_each(|&(slot, value)| arena.fill(slot as usize, value));
        Evaluator { arena, parameters: Vec::new(), results: vec![0.0; block.count] }
    }

    /// Values of all formulas. `before` is put in front of the state (the clock, if there is one).
    pub(crate) fn evaluate(
        &mut self,
        block: &Block,
        parameters: &[f64],
        before: Option<f64>,
        state: &[f64],
    ) -> &[f64] {
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        let known = self.parameters.len() == parameters.len()
            && self.parameters.iter().zip(parameters).all(same);
        if !known || self.parameters.is_empty() {
            self.parameters = parameters.to_vec();
            self.arena.scatter(block.parameters as usize, 0, parameters);
            self.arena.run(&block.prelude);
        }
        let states = block.states as usize;
        if let Some(before) = before {
            self.arena.set(states, 0, before);
        }
        self.arena.scatter(states + usize::from(before.is_some()), 0, state);
        self.arena.run(&block.main);
        self.arena.gather(block.results as usize, 0, &mut self.results);
        &self.results
    }
}
