//! The order in which values are computed: each as late as possible before its first use, so that
//! few are alive at a time.

use super::trace::{Trace, ValueId};

/// Values to compute, operands before users; those that nothing stored needs are left out.
pub(crate) fn schedule(trace: &Trace) -> Vec<ValueId> {
    let needs = registers_needed(trace);
    let mut done = vec![false; trace.values.len()];
    let mut order = Vec::with_capacity(trace.values.len());
    let mut stack: Vec<(ValueId, bool)> = Vec::new();
    for &(_, root) in &trace.stores {
        stack.push((root, false));
        while let Some((id, ready)) = stack.pop() {
            let value = trace.values[id as usize];
            if done[id as usize] || !value.is_computed() {
                continue;
            }
            if ready {
                done[id as usize] = true;
                order.push(id);
                continue;
            }
            stack.push((id, true));
            // The operand that needs most registers is computed first, so pushed last.
            let mut operands: Vec<ValueId> = value.operands().collect();
            operands.sort_by_key(|&operand| needs[operand as usize]);
            stack.extend(operands.into_iter().map(|operand| (operand, false)));
        }
    }
    order
}

/// Registers that computing each value takes if nothing is shared (Sethi and Ullman, J. ACM 17:4,
/// 1970).
fn registers_needed(trace: &Trace) -> Vec<u16> {
    let mut needs: Vec<u16> = Vec::with_capacity(trace.values.len());
    for value in &trace.values {
        let mut operands = [0; 3];
        value.operands().zip(&mut operands).for_each(|(id, need)| *need = needs[id as usize]);
        operands.sort_unstable_by(|a, b| b.cmp(a));
        let held = operands.iter().zip(0..).map(|(&need, before)| need.saturating_add(before));
        let most = held.take(value.operands().count()).max().unwrap_or(0);
        needs.push(if value.is_computed() { most.max(1) } else { 0 });
    }
    needs
}
