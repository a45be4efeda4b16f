//! The little linear algebra that least squares needs: small, dense, symmetric.

/// A square matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Square {
    /// Rows and columns.
    pub n: usize,
    /// Entries.
    pub entries: Vec<f64>,
}

impl Square {
    /// All zero.
    pub fn zero(n: usize) -> Square {
        Square { n, entries: vec![0.0; n * n] }
    }

    /// One entry.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.n + column]
    }

    /// One entry, to be changed.
    pub fn at_mut(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.entries[row * self.n + column]
    }

    /// `JᵀJ` of columns of equal length.
    pub fn gram(columns: &[Vec<f64>]) -> Square {
        let n = columns.len();
        let mut square = Square::zero(n);
        for i in 0..n {
            for j in 0..=i {
                let value = dot(&columns[i], &columns[j]);
                *square.at_mut(i, j) = value;
                *square.at_mut(j, i) = value;
            }
        }
        square
    }

    /// The rows and columns that are kept.
    pub fn kept(&self, keep: &[usize]) -> Square {
        let entries = keep.iter().flat_map(|i| keep.iter().map(|j| self.at(*i, *j))).collect();
        Square { n: keep.len(), entries }
    }
}

/// Sum of products.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves `A x = b` for a positive definite `A`, by Cholesky's factors; none when it is not.
pub fn solve(a: &Square, b: &[f64]) -> Option<Vec<f64>> {
    let n = a.n;
    let mut lower = Square::zero(n);
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| lower.at(i, k) * lower.at(j, k)).sum();
            let rest = a.at(i, j) - sum;
            if i == j {
                if rest <= 0.0 || !rest.is_finite() {
                    return None;
                }
                *lower.at_mut(i, i) = rest.sqrt();
            } else {
                *lower.at_mut(i, j) = rest / lower.at(j, j);
            }
        }
    }
    let mut x = b.to_vec();
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| lower.at(i, k) * x[k]).sum();
        x[i] = (x[i] - sum) / lower.at(i, i);
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| lower.at(k, i) * x[k]).sum();
        x[i] = (x[i] - sum) / lower.at(i, i);
    }
    Some(x)
}

/// Eigenvalues, and eigenvectors as columns, of a symmetric matrix, by Jacobi's rotations.
pub fn eigen(a: &Square) -> (Vec<f64>, Square) {
    let n = a.n;
    let mut a = a.clone();
    let mut vectors = Square::zero(n);
    (0..n).for_each(|i| *vectors.at_mut(i, i) = 1.0);
    let whole: f64 = a.entries.iter().map(|v| v * v).sum();
    for _ in 0..60 {
        let off: f64 =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a.at(i, j).powi(2)).sum();
        if off <= 1e-30 * whole {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a.at(p, q) == 0.0 {
                    continue;
                }
                let theta = (a.at(q, q) - a.at(p, p)) / (2.0 * a.at(p, q));
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let t = if theta == 0.0 { 1.0 } else { t };
                let c = 1.0 / (t * t + 1.0).sqrt();
                rotate(&mut a, &mut vectors, p, q, c, t * c);
            }
        }
    }
    ((0..n).map(|i| a.at(i, i)).collect(), vectors)
}

fn rotate(a: &mut Square, vectors: &mut Square, p: usize, q: usize, c: f64, s: f64) {
    for k in 0..a.n {
        let (kp, kq) = (a.at(k, p), a.at(k, q));
        *a.at_mut(k, p) = c * kp - s * kq;
        *a.at_mut(k, q) = s * kp + c * kq;
    }
    for k in 0..a.n {
        let (pk, qk) = (a.at(p, k), a.at(q, k));
        *a.at_mut(p, k) = c * pk - s * qk;
        *a.at_mut(q, k) = s * pk + c * qk;
        let (kp, kq) = (vectors.at(k, p), vectors.at(k, q));
        *vectors.at_mut(k, p) = c * kp - s * kq;
        *vectors.at_mut(k, q) = s * kp + c * kq;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Square {
        let columns = [vec![1.0, 2.0, 0.5], vec![0.0, 1.0, -1.0], vec![3.0, 0.1, 0.2]];
        Square::gram(&columns)
    }

    #[test]
    fn solutions_solve() {
        let a = example();
        let x = solve(&a, &[1.0, -2.0, 0.3]).unwrap();
        for (i, b) in [1.0, -2.0, 0.3].iter().enumerate() {
            let row: Vec<f64> = (0..3).map(|j| a.at(i, j)).collect();
            assert!((dot(&row, &x) - b).abs() < 1e-12);
        }
        let flat = Square::gram(&[vec![1.0, 0.0], vec![2.0, 0.0]]);
        assert!(solve(&flat, &[1.0, 1.0]).is_none());
    }

    #[test]
    fn eigenvectors_make_the_matrix() {
        let a = example();
        let (values, vectors) = eigen(&a);
        for i in 0..3 {
            for j in 0..3 {
                let made: f64 =
                    (0..3).map(|k| vectors.at(i, k) * values[k] * vectors.at(j, k)).sum();
                assert!((made - a.at(i, j)).abs() < 1e-12);
            }
        }
    }
}
