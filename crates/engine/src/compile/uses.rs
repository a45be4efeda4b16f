//! When values are used: what the choice of registers looks ahead to.

use super::trace::{Trace, ValueId};

/// Where in the order each value is used.
pub(crate) struct Uses {
    /// Positions of all uses, value by value, ascending.
    positions: Vec<u32>,
    /// Per value: the next use, as a place in `positions`, and the end of its uses.
    next: Vec<(u32, u32)>,
}

impl Uses {
    /// Of all values computed in this order.
    pub(crate) fn new(trace: &Trace, order: &[ValueId]) -> Uses {
        let moved = trace.stores.iter().map(|s| s.1);
        let moved = moved.filter(|&id| !trace.values[id as usize].is_computed());
        let computed = (0..).zip(order).flat_map(|(position, &id)| {
            trace.values[id as usize].operands().map(move |operand| (position, operand))
        });
        // Moves stand at the end and count singly, for `begin` passes one use of each.
        let all = || computed.clone().chain(moved.clone().map(|id| (order.len() as u32, id)));
        let mut counts = vec![0; trace.values.len()];
        all().for_each(|(_, id)| counts[id as usize] += 1);
        let mut next = Vec::with_capacity(counts.len());
        let mut start = 0;
        for count in counts {
            next.push((start, start));
            start += count;
        }
        let mut positions = vec![0; start as usize];
        for (position, id) in all() {
            let end = &mut next[id as usize].1;
            positions[*end as usize] = position;
            *end += 1;
        }
        Uses { positions, next }
    }

    /// The position of the next use, or [`NEVER`].
    pub(crate) fn next(&self, id: ValueId) -> u32 {
        let (next, end) = self.next[id as usize];
        if next < end { self.positions[next as usize] } else { NEVER }
    }

    /// The next use is past.
    pub(crate) fn pass(&mut self, id: ValueId) {
        let (next, end) = &mut self.next[id as usize];
        *next = (*next + 1).min(*end);
    }
}

/// A position after all.
pub(crate) const NEVER: u32 = u32::MAX;
