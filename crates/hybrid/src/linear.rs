//! Linear systems: elimination with row exchange, and without it where the matrix is large and
//! sparse.

use crate::order::symbolic;

/// Systems up to this size are solved as full matrices.
const DENSE: usize = 48;
/// Larger ones are never solved as full matrices.
pub(crate) const MOST_DENSE: usize = 1_500;

/// A matrix that is factored again and again with the same entries.
#[derive(Clone, Debug)]
pub(crate) enum Factor {
    Dense { n: usize, lu: Vec<f64>, rows: Vec<usize> },
    Sparse(Sparse),
}

/// Rows of a factored matrix in an order that keeps them short.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    /// Unknown at each place of the elimination order.
    order: Vec<usize>,
    place: Vec<usize>,
    /// Per row (in elimination order) the columns (places), sorted, fill included.
    columns: Vec<Vec<usize>>,
    values: Vec<Vec<f64>>,
    work: Vec<f64>,
}

impl Factor {
    /// Prepares for any matrix of this size.
    pub(crate) fn full(n: usize) -> Factor {
        Factor::Dense { n, lu: vec![0.0; n * n], rows: Vec::new() }
    }

    /// Prepares for matrices with these entries per row, on whose diagonal no row need be
    /// exchanged for another; nothing when it would fill too much.
    pub(crate) fn new(n: usize, pattern: &[Vec<usize>]) -> Option<Factor> {
        if n <= DENSE {
            return Some(Factor::full(n));
        }
        let Some((order, columns)) = symbolic(n, pattern) else {
            return (n <= MOST_DENSE).then(|| Factor::full(n));
        };
        let mut place = vec![0; n];
        for (i, &unknown) in order.iter().enumerate() {
            place[unknown] = i;
        }
        let values = columns.iter().map(|c| vec![0.0; c.len()]).collect();
        Some(Factor::Sparse(Sparse { order, place, columns, values, work: vec![0.0; n] }))
    }

    /// Factors the matrix with these rows; false when it is singular.
    pub(crate) fn factor(&mut self, rows: &[Vec<(usize, f64)>]) -> bool {
        match self {
            Factor::Dense { n, lu, rows: exchanged } => {
                lu.fill(0.0);
                for (i, row) in rows.iter().enumerate() {
                    for &(j, value) in row {
                        lu[i * *n + j] += value;
                    }
                }
                dense(*n, lu, exchanged)
            }
            Factor::Sparse(sparse) => sparse.factor(rows),
        }
    }

    /// The smallest number that was divided by.
    pub(crate) fn smallest_pivot(&self) -> f64 {
        let pivots: Vec<f64> = match self {
            Factor::Dense { n, lu, .. } => (0..*n).map(|i| lu[i * n + i].abs()).collect(),
            Factor::Sparse(sparse) => sparse.pivots(),
        };
        pivots.into_iter().fold(f64::INFINITY, f64::min)
    }

    /// Solves for a right-hand side, in place.
    pub(crate) fn solve(&mut self, b: &mut [f64]) {
        match self {
            Factor::Dense { n, lu, rows } => {
                let n = *n;
                // The factors stand where all exchanges brought them.
                for (k, &row) in rows.iter().enumerate() {
                    b.swap(k, row);
                }
                for k in 0..n {
                    let pivot = b[k];
                    for i in k + 1..n {
                        b[i] -= lu[i * n + k] * pivot;
                    }
                }
                for i in (0..n).rev() {
                    let sum: f64 = (i + 1..n).map(|j| lu[i * n + j] * b[j]).sum();
                    b[i] = (b[i] - sum) / lu[i * n + i];
                }
            }
            Factor::Sparse(sparse) => sparse.solve(b),
        }
    }
}

fn dense(n: usize, lu: &mut [f64], rows: &mut Vec<usize>) -> bool {
    rows.clear();
    for k in 0..n {
        let mut best = k;
        for i in k + 1..n {
            if lu[i * n + k].abs() > lu[best * n + k].abs() {
                best = i;
            }
        }
        rows.push(best);
        let pivot = lu[best * n + k];
        if pivot == 0.0 || !pivot.is_finite() {
            return false;
        }
        if best != k {
            for j in 0..n {
                lu.swap(k * n + j, best * n + j);
            }
        }
        for i in k + 1..n {
            let factor = lu[i * n + k] / pivot;
            lu[i * n + k] = factor;
            if factor != 0.0 {
                for j in k + 1..n {
                    lu[i * n + j] -= factor * lu[k * n + j];
                }
            }
        }
    }
    true
}

impl Sparse {
    fn pivots(&self) -> Vec<f64> {
        let rows = self.columns.iter().zip(&self.values).enumerate();
        rows.filter_map(|(i, (columns, values))| {
            let at = columns.binary_search(&i).ok()?;
            Some(values[at].abs())
        })
        .collect()
    }

    fn factor(&mut self, rows: &[Vec<(usize, f64)>]) -> bool {
        let n = self.order.len();
        for i in 0..n {
            for &column in &self.columns[i] {
                self.work[column] = 0.0;
            }
            for &(j, value) in &rows[self.order[i]] {
                self.work[self.place[j]] += value;
            }
            for c in 0..self.columns[i].len() {
                let k = self.columns[i][c];
                if k >= i {
                    break;
                }
                let at = self.columns[k].partition_point(|&j| j < k);
                let factor = self.work[k] / self.values[k][at];
                self.work[k] = factor;
                if factor != 0.0 {
                    let tail = self.columns[k][at + 1..].iter().zip(&self.values[k][at + 1..]);
                    for (&j, &value) in tail {
                        self.work[j] -= factor * value;
                    }
                }
            }
            for (value, &column) in self.values[i].iter_mut().zip(&self.columns[i]) {
                *value = self.work[column];
            }
            if self.work[i] == 0.0 || !self.work[i].is_finite() {
                return false;
            }
        }
        true
    }

    fn solve(&mut self, b: &mut [f64]) {
        let n = self.order.len();
        for i in 0..n {
            let mut sum = b[self.order[i]];
            for (&j, &value) in self.columns[i].iter().zip(&self.values[i]) {
                if j >= i {
                    break;
                }
                sum -= value * self.work[j];
            }
            self.work[i] = sum;
        }
        for i in (0..n).rev() {
            let mut sum = self.work[i];
            let mut pivot = 1.0;
            for (&j, &value) in self.columns[i].iter().zip(&self.values[i]).rev() {
                if j == i {
                    pivot = value;
                    break;
                }
                sum -= value * self.work[j];
            }
            self.work[i] = sum / pivot;
        }
        for (i, &unknown) in self.order.iter().enumerate() {
            b[unknown] = self.work[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A matrix with a heavy diagonal and entries here and there, the same every time.
    fn rows(n: usize) -> Vec<Vec<(usize, f64)>> {
        (0..n)
            .map(|i| {
                let others = [(i * 7 + 3) % n, (i * 13 + 5) % n, (i + 1) % n];
                let mut row = vec![(i, 5.0 + i as f64 * 0.01)];
                row.extend(
                    others.iter().map(|&j| (j, ((i * 31 + j * 17) % 10) as f64 * 0.1 - 0.4)),
                );
                row
            })
            .collect()
    }

    fn residual(rows: &[Vec<(usize, f64)>], x: &[f64], b: &[f64]) -> f64 {
        let product = |row: &Vec<(usize, f64)>| row.iter().map(|&(j, v)| v * x[j]).sum::<f64>();
        rows.iter().zip(b).map(|(row, b)| (product(row) - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn both_ways_solve_the_system() {
        for n in [5, 200] {
            let rows = rows(n);
            let pattern: Vec<Vec<usize>> =
                rows.iter().map(|r| r.iter().map(|e| e.0).collect()).collect();
            for exchange in [false, true] {
                let mut factor =
                    if exchange { Factor::full(n) } else { Factor::new(n, &pattern).unwrap() };
                assert!(factor.factor(&rows));
                let b: Vec<f64> = (0..n).map(|i| (i % 11) as f64 - 5.0).collect();
                let mut x = b.clone();
                factor.solve(&mut x);
                assert!(residual(&rows, &x, &b) < 1e-12, "{n} {exchange}");
            }
        }
    }

    #[test]
    fn rows_that_must_be_exchanged_again_and_again() {
        let n = 9;
        let value = |i: usize, j: usize| ((i * 37 + j * 91 + i * j * 13) % 23) as f64 - 11.0;
        let rows: Vec<Vec<(usize, f64)>> = (0..n)
            .map(|i| (0..n).filter(|j| (i + j) % 4 != 0).map(|j| (j, value(i, j))).collect())
            .collect();
        let mut factor = Factor::full(n);
        assert!(factor.factor(&rows));
        let b: Vec<f64> = (0..n).map(|i| i as f64 - 3.5).collect();
        let mut x = b.clone();
        factor.solve(&mut x);
        assert!(residual(&rows, &x, &b) < 1e-11);
    }

    #[test]
    fn a_singular_matrix_is_noticed() {
        let rows = vec![vec![(0, 1.0), (1, 2.0)], vec![(0, 2.0), (1, 4.0)]];
        let mut factor = Factor::full(2);
        assert!(!factor.factor(&rows));
    }
}
