//! Elimination carried out once, on formulas: the factors of `I/(γh) − J` and the solution with
//! them become nodes of the graph like everything else.
//!
//! The matrix is split into L·U with a unit diagonal in U (Crout), so that each factor is scaled
//! once and elimination and solution read the same numbers. There is no
//! pivoting; the order was chosen for sparsity, the diagonal holds `1/(γh)`, and a step whose
//! pivots shrink against it is rejected (see `rodas`).

use std::collections::BTreeMap;

use crate::dag::{Dag, Leaf, NodeId, Varies};

/// The factors, in pivot order.
pub(crate) struct Factors {
    /// Entries of L below the diagonal: per row, column and value.
    lower: Vec<Vec<(usize, NodeId)>>,
    /// Reciprocals of the diagonal of L.
    pub(crate) reciprocals: Vec<NodeId>,
    /// Entries of U above the diagonal: per row, column and value.
    upper: Vec<Vec<(usize, NodeId)>>,
}

/// Factorises a matrix that has every diagonal entry; `matrix[i]` holds row `i` as column and value.
pub(crate) fn factorise(dag: &mut Dag, matrix: Vec<BTreeMap<usize, NodeId>>) -> Factors {
    let n = matrix.len();
    let mut factors =
        Factors { lower: vec![Vec::new(); n], reciprocals: Vec::new(), upper: vec![Vec::new(); n] };
    for (i, mut row) in matrix.into_iter().enumerate() {
        let mut from = 0;
        while let Some((&k, &value)) = row.range(from..i).next() {
            from = k + 1;
            factors.lower[i].push((k, value));
            for &(j, above) in &factors.upper[k] {
                let product = dag.multiply(value, above);
                let entry = match row.get(&j) {
                    Some(&entry) => dag.subtract(entry, product),
                    None => dag.negate(product),
                };
                row.insert(j, entry);
            }
        }
        let reciprocal = dag.reciprocal(row[&i]);
        let above = row.range(i + 1..);
        factors.upper[i] = above.map(|(&j, &value)| (j, dag.multiply(value, reciprocal))).collect();
        factors.reciprocals.push(reciprocal);
    }
    factors
}

impl Factors {
    /// The same factors as numbers from outside, and what each number is. Those that only
    /// parameters determine stay what they are.
    pub(crate) fn held(&self, dag: &mut Dag) -> (Factors, Vec<NodeId>) {
        let mut values = Vec::new();
        let mut hold = |value: NodeId| {
            if dag.varies(value) <= Varies::WithParameters {
                return value;
            }
            values.push(value);
            dag.leaf(Leaf::Factor(values.len() as u32 - 1))
        };
        let mut hold_rows = |rows: &[Vec<(usize, NodeId)>]| -> Vec<Vec<(usize, NodeId)>> {
            let held = |row: &Vec<(usize, NodeId)>| {
                row.iter().map(|&(j, value)| (j, hold(value))).collect()
            };
            rows.iter().map(held).collect()
        };
        let (lower, upper) = (hold_rows(&self.lower), hold_rows(&self.upper));
        let reciprocals = self.reciprocals.iter().map(|&value| hold(value)).collect();
        (Factors { lower, reciprocals, upper }, values)
    }

    /// The solution for a right-hand side, per state in pivot order.
    pub(crate) fn solve(&self, dag: &mut Dag, right: &[NodeId]) -> Vec<NodeId> {
        let n = self.reciprocals.len();
        let mut x = right.to_vec();
        for i in 0..n {
            let rest = subtract_products(dag, x[i], &self.lower[i], &x);
            x[i] = dag.multiply(rest, self.reciprocals[i]);
        }
        for i in (0..n).rev() {
            x[i] = subtract_products(dag, x[i], &self.upper[i], &x);
        }
        x
    }
}

fn subtract_products(
    dag: &mut Dag,
    start: NodeId,
    row: &[(usize, NodeId)],
    x: &[NodeId],
) -> NodeId {
    row.iter().fold(start, |sum, &(j, value)| {
        let product = dag.multiply(value, x[j]);
        dag.subtract(sum, product)
    })
}

#[cfg(test)]
mod tests;
