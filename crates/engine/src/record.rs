//! Writes formulas out as tapes: chooses operations, sorts them into runs, gives them slots.

use std::collections::VecDeque;

use rustc_hash::FxHashMap as HashMap;

use crate::{
    dag::{Binary, Dag, Leaf, Node, NodeId, Unary},
    tape::{Instruction, Operation, Tape},
};

/// Slots from here on are temporaries, until [`Draft::finish`].
const TEMPORARY: u32 = 1 << 31;

/// A tape whose temporaries have no slots yet, because other tapes may still want slots that last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    operations: Vec<(Operation, Instruction)>,
}

impl Draft {
    /// The tape, its temporaries behind all slots that last. To be called when all tapes that
    /// share these places have been recorded.
    pub(crate) fn finish(self, places: &Places) -> Tape {
        let base = places.next;
        let place = |slot: u32| if slot >= TEMPORARY { slot - TEMPORARY + base } else { slot };
        let operations =
            self.operations.into_iter().map(|(operation, Instruction { to, a, b, c })| {
                let (to, a, b, c) = (place(to), place(a), place(b), place(c));
                (operation, Instruction { to, a, b, c })
            });
        Tape::new(operations, base as usize)
    }
}

/// Where values live between tapes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    slots: HashMap<NodeId, u32>,
    constants: Vec<(u32, f64)>,
    next: u32,
    temporaries: u32,
}

impl Places {
    /// Reserves consecutive slots and returns the first.
    pub(crate) fn reserve(&mut self, count: usize) -> u32 {
        let first = self.next;
        self.next += count as u32;
        first
    }

    /// Says that a value can be read from a slot.
    pub(crate) fn put(&mut self, id: NodeId, slot: u32) {
        self.slots.insert(id, slot);
    }

    /// Says that a number from outside can be read from a slot.
    pub(crate) fn put_leaf(&mut self, dag: &mut Dag, leaf: Leaf, slot: u32) {
        let id = dag.leaf(leaf);
        self.put(id, slot);
    }

    /// The slot of a value that is kept, if it is.
    pub(crate) fn get(&self, id: NodeId) -> Option<u32> {
        self.slots.get(&id).copied()
    }

    /// The constants and their slots.
    pub(crate) fn constants(&self) -> &[(u32, f64)] {
        &self.constants
    }

    /// Slots in all, temporaries included.
    pub(crate) fn size(&self) -> usize {
        (self.next + self.temporaries) as usize
    }

    fn place_constant(&mut self, id: NodeId, value: f64) {
        let slot = self.reserve(1);
        self.put(id, slot);
        self.constants.push((slot, value));
    }
}

/// One operation before it has slots.
#[derive(Clone, Copy)]
struct Step {
    operation: Operation,
    result: NodeId,
    /// The first `count` are operands.
    operands: [NodeId; 3],
    count: usize,
}

impl Step {
    fn operands(&self) -> &[NodeId] {
        &self.operands[..self.count]
    }
}

/// Writes out the operations that compute each root and store it in its slot.
///
/// Values with a place are read from there; constants get one. A value whose root slot is also
/// the place of another value is stored only after the last use of that other value.
pub(crate) fn record(dag: &Dag, places: &mut Places, roots: &[(NodeId, u32)]) -> Draft {
    let steps = select_operations(dag, places, roots);
    let ordered = sort_into_runs(places, steps);
    assign_slots(places, ordered, roots)
}

/// Decides which operations compute the roots, fusing a product into the sum that alone uses it.
/// Operands come before users.
fn select_operations(dag: &Dag, places: &mut Places, roots: &[(NodeId, u32)]) -> Vec<Step> {
    let mut needed: Vec<NodeId> = Vec::new();
    let mut uses: HashMap<NodeId, u32> = HashMap::default();
    let mut stack: Vec<NodeId> = Vec::new();
    let mut visit = |id: NodeId, weight: u32, stack: &mut Vec<NodeId>| {
        let count = uses.entry(id).or_insert(0);
        if *count == 0 {
            stack.push(id);
        }
        *count += weight;
    };
    // A root is stored, so it counts as used twice: never swallowed by a fusion.
    roots.iter().for_each(|&(id, _)| visit(id, 2, &mut stack));
    while let Some(id) = stack.pop() {
        if places.get(id).is_some() {
            continue;
        }
        if let Some(value) = dag.value(id) {
            places.place_constant(id, value);
            continue;
        }
        needed.push(id);
        dag.operands(id).for_each(|operand| visit(operand, 1, &mut stack));
    }
    needed.sort_unstable();

    let product = |id: NodeId| match dag.node(id) {
        Node::Binary(Binary::Multiply, a, b) if uses[&id] == 1 && places.get(id).is_none() => {
            Some((a, b))
        }
        _ => None,
    };
    let mut needs_zero = false;
    let mut swallowed: Vec<NodeId> = Vec::new();
    let mut steps: Vec<Step> = Vec::with_capacity(needed.len());
    for &id in &needed {
        let (operation, (operands, count)) = match dag.node(id) {
            Node::Binary(Binary::Add, a, b) => match (product(a), product(b)) {
                (_, Some((p, q))) => {
                    swallowed.push(b);
                    (Operation::MultiplyAdd, ([p, q, a], 3))
                }
                (Some((p, q)), None) => {
                    swallowed.push(a);
                    (Operation::MultiplyAdd, ([p, q, b], 3))
                }
                (None, None) => (Operation::Add, ([a, b, a], 2)),
            },
            Node::Binary(Binary::Subtract, a, b) => match (product(a), product(b)) {
                (_, Some((p, q))) => {
                    swallowed.push(b);
                    (Operation::NegativeMultiplyAdd, ([p, q, a], 3))
                }
                (Some((p, q)), None) => {
                    swallowed.push(a);
                    (Operation::MultiplySubtract, ([p, q, b], 3))
                }
                (None, None) => (Operation::Subtract, ([a, b, a], 2)),
            },
            Node::Unary(Unary::Negate, a) => match product(a) {
                Some((p, q)) => {
                    swallowed.push(a);
                    needs_zero = true;
                    (Operation::NegativeMultiplyAdd, ([p, q, Dag::ZERO], 3))
                }
                None => (Operation::Negate, ([a; 3], 1)),
            },
            Node::Unary(op, a) => (unary(op), ([a; 3], 1)),
            Node::Binary(op, a, b) => (binary(op), ([a, b, a], 2)),
            Node::Select(condition, a, b) => (Operation::Select, ([condition, a, b], 3)),
            Node::Constant(_) => continue,
            Node::Leaf(leaf) => unreachable!("{leaf:?} has no place: this is a bug of the engine"),
        };
        steps.push(Step { operation, result: id, operands, count });
    }
    if needs_zero && places.get(Dag::ZERO).is_none() {
        places.place_constant(Dag::ZERO, 0.0);
    }
    swallowed.sort_unstable();
    steps.retain(|step| swallowed.binary_search(&step.result).is_err());
    steps
}

/// What computes a function of one number.
pub(crate) fn unary(op: Unary) -> Operation {
    match op {
        Unary::Negate => Operation::Negate,
        Unary::Reciprocal => Operation::Reciprocal,
        Unary::SquareRoot => Operation::SquareRoot,
        Unary::Exp => Operation::Exp,
        Unary::Ln => Operation::Ln,
        Unary::Sin => Operation::Sin,
        Unary::Cos => Operation::Cos,
        Unary::Tan => Operation::Tan,
        Unary::Asin => Operation::Asin,
        Unary::Acos => Operation::Acos,
        Unary::Atan => Operation::Atan,
        Unary::Sinh => Operation::Sinh,
        Unary::Cosh => Operation::Cosh,
        Unary::Tanh => Operation::Tanh,
        Unary::Asinh => Operation::Asinh,
        Unary::Acosh => Operation::Acosh,
        Unary::Atanh => Operation::Atanh,
        Unary::Floor => Operation::Floor,
        Unary::Ceil => Operation::Ceil,
        Unary::Abs => Operation::Abs,
    }
}

fn binary(op: Binary) -> Operation {
    match op {
        Binary::Add => Operation::Add,
        Binary::Subtract => Operation::Subtract,
        Binary::Multiply => Operation::Multiply,
        Binary::Max => Operation::Max,
        Binary::Min => Operation::Min,
        Binary::Quotient => Operation::Quotient,
        Binary::Remainder => Operation::Remainder,
        Binary::Less => Operation::Less,
        Binary::LessEqual => Operation::LessEqual,
        Binary::Equal => Operation::Equal,
    }
}

/// Sorts operations so that equal ones stand together: always goes on with the operation that
/// most steps are ready for, and stays with it until none is left.
fn sort_into_runs(places: &Places, steps: Vec<Step>) -> Vec<Step> {
    // Steps stand in order of their results.
    let producer = |id: NodeId| steps.binary_search_by_key(&id, |step| step.result).ok();
    let mut edges: Vec<(usize, usize)> = Vec::with_capacity(2 * steps.len());
    let mut missing: Vec<usize> = vec![0; steps.len()];
    let mut ready: Vec<VecDeque<usize>> = vec![VecDeque::new(); Operation::ALL.len()];
    for (i, step) in steps.iter().enumerate() {
        let made = step.operands().iter().filter(|&&id| places.get(id).is_none());
        edges.extend(made.filter_map(|&id| producer(id)).map(|from| (from, i)));
        missing[i] = edges.iter().rev().take_while(|edge| edge.1 == i).count();
        if missing[i] == 0 {
            ready[step.operation as usize].push_back(i);
        }
    }
    edges.sort_unstable();
    let mut users = vec![0..0; steps.len()];
    let mut first = 0;
    for of_one in edges.chunk_by(|a, b| a.0 == b.0) {
        users[of_one[0].0] = first..first + of_one.len();
        first += of_one.len();
    }
    let mut order = Vec::with_capacity(steps.len());
    while let Some(most) =
        (0..ready.len()).rev().max_by_key(|&op| ready[op].len()).filter(|&op| !ready[op].is_empty())
    {
        while let Some(i) = ready[most].pop_front() {
            order.push(i);
            for &(_, user) in &edges[users[i].clone()] {
                missing[user] -= 1;
                if missing[user] == 0 {
                    ready[steps[user].operation as usize].push_back(user);
                }
            }
        }
    }
    order.into_iter().map(|i| steps[i]).collect()
}

/// Gives every result a slot: its root's where possible, else a temporary that is free again
/// after the last use.
fn assign_slots(places: &mut Places, steps: Vec<Step>, roots: &[(NodeId, u32)]) -> Draft {
    let mut uses_left: HashMap<NodeId, u32> = HashMap::default();
    for operand in steps.iter().flat_map(Step::operands) {
        *uses_left.entry(*operand).or_insert(0) += 1;
    }
    // Values that live in a slot some root is stored to, and how often they are still read.
    let mut targets: HashMap<NodeId, Vec<u32>> = HashMap::default();
    let mut readers: HashMap<u32, u32> = HashMap::default();
    for &(id, slot) in roots.iter().filter(|&&(id, slot)| places.get(id) != Some(slot)) {
        targets.entry(id).or_default().push(slot);
        readers.insert(slot, 0);
    }
    let read_at_the_end = targets.keys();
    for &id in steps.iter().flat_map(Step::operands).chain(read_at_the_end) {
        if let Some(left) = places.get(id).and_then(|slot| readers.get_mut(&slot)) {
            *left += 1;
        }
    }

    let mut free: Vec<u32> = Vec::new();
    let mut temporaries = 0;
    let mut located: HashMap<NodeId, u32> = HashMap::default();
    let mut operations: Vec<(Operation, Instruction)> = Vec::with_capacity(steps.len());
    for step in &steps {
        let slot_of = |id: NodeId| places.get(id).or_else(|| located.get(&id).copied());
        let mut slots = [TEMPORARY; 3];
        let found = step.operands().iter().filter_map(|&id| slot_of(id));
        slots.iter_mut().zip(found).for_each(|(slot, found)| *slot = found);
        let a = slots[0];
        let b = if step.count > 1 { slots[1] } else { a };
        let c = if step.count > 2 { slots[2] } else { a };
        for (id, slot) in step.operands().iter().zip(&slots) {
            if let Some(left) = readers.get_mut(slot) {
                *left = left.saturating_sub(1);
            }
            let left = uses_left.entry(*id).or_insert(1);
            *left -= 1;
            if *left == 0 && *slot >= TEMPORARY && !targets.contains_key(id) {
                free.push(*slot);
            }
        }
        let direct = targets.get_mut(&step.result).and_then(|slots| {
            let safe = slots.iter().position(|slot| readers.get(slot) == Some(&0))?;
            Some(slots.swap_remove(safe))
        });
        let to = direct.or_else(|| free.pop()).unwrap_or_else(|| {
            temporaries += 1;
            TEMPORARY + temporaries - 1
        });
        located.insert(step.result, to);
        operations.push((step.operation, Instruction { to, a, b, c }));
    }
    // What could not be stored at once: first what is read from kept slots, which the second part
    // may overwrite.
    for from_kept in [true, false] {
        for &(id, _) in roots.iter().filter(|&&(id, _)| places.get(id).is_some() == from_kept) {
            let Some(slots) = targets.remove(&id) else { continue };
            let Some(a) = places.get(id).or_else(|| located.get(&id).copied()) else { continue };
            for to in slots {
                operations.push((Operation::Move, Instruction { to, a, b: a, c: a }));
            }
        }
    }
    places.temporaries = places.temporaries.max(temporaries);
    Draft { operations }
}

#[cfg(test)]
mod tests;
