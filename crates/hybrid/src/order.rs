//! In which order the unknowns of a sparse system are eliminated.

use std::collections::BTreeSet;

/// Entries a factored matrix may have.
const MOST_ENTRIES: usize = 5_000_000;
/// Entries that may be looked at to find the order.
const MOST_WORK: usize = 50_000_000;

/// Elimination order with the fewest new entries at each step, and the columns of each row in that
/// order; nothing when the rows become too full.
pub(crate) fn symbolic(n: usize, pattern: &[Vec<usize>]) -> Option<(Vec<usize>, Vec<Vec<usize>>)> {
    let mut rows: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); n];
    let mut columns: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); n];
    for i in 0..n {
        for &j in pattern[i].iter().chain([&i]) {
            rows[i].insert(j);
            columns[j].insert(i);
        }
    }
    let mut entries: usize = rows.iter().map(BTreeSet::len).sum();
    let mut work = 0;
    let cost = |rows: &[BTreeSet<usize>], columns: &[BTreeSet<usize>], i: usize| {
        (rows[i].len() - 1) * (columns[i].len() - 1)
    };
    let mut costs: Vec<usize> = (0..n).map(|i| cost(&rows, &columns, i)).collect();
    let mut left: BTreeSet<(usize, usize)> = costs.iter().copied().zip(0..n).collect();
    let mut order = Vec::with_capacity(n);
    let mut lower: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut upper: Vec<Vec<usize>> = vec![Vec::new(); n];
    while let Some((_, pivot)) = left.pop_first() {
        order.push(pivot);
        let row: Vec<usize> = rows[pivot].iter().copied().collect();
        let column: Vec<usize> = columns[pivot].iter().copied().filter(|&i| i != pivot).collect();
        work += row.len() * (column.len() + 1);
        if work > MOST_WORK || entries > MOST_ENTRIES {
            return None;
        }
        for &i in &column {
            lower[i].push(pivot);
            for &j in &row {
                if j != pivot && rows[i].insert(j) {
                    columns[j].insert(i);
                    entries += 1;
                }
            }
            rows[i].remove(&pivot);
        }
        for &j in &row {
            columns[j].remove(&pivot);
        }
        for &i in column.iter().chain(&row).filter(|i| **i != pivot) {
            let now = cost(&rows, &columns, i);
            if now != costs[i] {
                left.remove(&(costs[i], i));
                left.insert((now, i));
                costs[i] = now;
            }
        }
        upper[pivot] = row;
    }
    let mut place = vec![0; n];
    for (i, &unknown) in order.iter().enumerate() {
        place[unknown] = i;
    }
    let all = order
        .iter()
        .map(|&unknown| {
            let both = lower[unknown].iter().chain(&upper[unknown]);
            let mut columns: Vec<usize> = both.map(|&j| place[j]).collect();
            columns.sort_unstable();
            columns
        })
        .collect();
    Some((order, all))
}
