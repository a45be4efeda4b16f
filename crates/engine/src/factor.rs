//! Elimination carried out once, on formulas: the factors of `I/(γh) − J` and the solution with
//! them become nodes of the graph like everything else.
//!
//! The matrix is split into L·D·U with unit diagonals in L and U, so that a solution is three
//! long runs of one operation each: subtract products, multiply, subtract products. There is no
//! pivoting; the order was chosen for sparsity, the diagonal holds `1/(γh)`, and a step whose
//! pivots shrink against it is rejected (see `rodas`).

use std::collections::BTreeMap;

use crate::dag::{Dag, Leaf, NodeId, Varies};

/// The factors, in pivot order.
pub(crate) struct Factors {
    /// Entries of L below the diagonal: per row, column and value.
    lower: Vec<Vec<(usize, NodeId)>>,
    /// Reciprocals of D.
    pub(crate) reciprocals: Vec<NodeId>,
    /// Entries of U above the diagonal: per row, column and value.
    upper: Vec<Vec<(usize, NodeId)>>,
}

/// Factorises a matrix that has every diagonal entry; `matrix[i]` holds row `i` as column and value.
pub(crate) fn factorise(dag: &mut Dag, matrix: Vec<BTreeMap<usize, NodeId>>) -> Factors {
    let n = matrix.len();
    let mut factors =
        Factors { lower: vec![Vec::new(); n], reciprocals: Vec::new(), upper: vec![Vec::new(); n] };
    // Rows of D·U, which elimination subtracts from later rows.
    let mut scaled_upper: Vec<Vec<(usize, NodeId)>> = Vec::with_capacity(n);
    for (i, mut row) in matrix.into_iter().enumerate() {
        let mut from = 0;
        while let Some((&k, &value)) = row.range(from..i).next() {
            from = k + 1;
            let multiplier = dag.multiply(value, factors.reciprocals[k]);
            factors.lower[i].push((k, multiplier));
            for &(j, above) in &scaled_upper[k] {
                let product = dag.multiply(multiplier, above);
                let entry = match row.get(&j) {
                    Some(&entry) => dag.subtract(entry, product),
                    None => dag.negate(product),
                };
                row.insert(j, entry);
            }
        }
        let reciprocal = dag.reciprocal(row[&i]);
        let above: Vec<_> = row.range(i + 1..).map(|(&j, &value)| (j, value)).collect();
        factors.upper[i] =
            above.iter().map(|&(j, value)| (j, dag.multiply(value, reciprocal))).collect();
        factors.reciprocals.push(reciprocal);
        scaled_upper.push(above);
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
            x[i] = subtract_products(dag, x[i], &self.lower[i], &x);
        }
        for (x, reciprocal) in x.iter_mut().zip(&self.reciprocals) {
            *x = dag.multiply(*x, *reciprocal);
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
