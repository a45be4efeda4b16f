//! The order of elimination that keeps a sparse matrix sparse.

use std::collections::BTreeSet;

/// Markowitz' rule with pivots on the diagonal: always eliminate the state whose row and column
/// would create the fewest new entries, the earlier one when several would.
///
/// `rows[i]` holds the columns of row `i` with an entry. Returns the states in pivot order.
pub(crate) fn markowitz(rows: &[Vec<u32>]) -> Vec<usize> {
    let n = rows.len();
    let off_diagonal = |i: usize| rows[i].iter().copied().filter(move |&j| j as usize != i);
    let mut rows: Vec<BTreeSet<u32>> = (0..n).map(|i| off_diagonal(i).collect()).collect();
    let mut columns = vec![BTreeSet::new(); n];
    for (i, row) in rows.iter().enumerate() {
        for &j in row {
            columns[j as usize].insert(i as u32);
        }
    }
    let mut left: BTreeSet<usize> = (0..n).collect();
    let mut order = Vec::with_capacity(n);
    while let Some(pivot) =
        left.iter().copied().min_by_key(|&i| (rows[i].len() * columns[i].len(), i))
    {
        left.remove(&pivot);
        order.push(pivot);
        let row = std::mem::take(&mut rows[pivot]);
        let column = std::mem::take(&mut columns[pivot]);
        for &i in &column {
            rows[i as usize].remove(&(pivot as u32));
        }
        for &j in &row {
            columns[j as usize].remove(&(pivot as u32));
        }
        for &i in &column {
            for &j in row.iter().filter(|&&j| j != i) {
                rows[i as usize].insert(j);
                columns[j as usize].insert(i);
            }
        }
    }
    order
}
