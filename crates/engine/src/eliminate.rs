//! Elimination by loops over indices, for matrices that fill: written out as operations they would
//! outgrow the processor's caches and take long to compile.

use std::ops::Range;

use crate::{lanes::Lanes, record::Places};

/// Where the factors of a matrix have entries, in pivot order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Structure {
    /// Columns of L below the diagonal, per row, ascending.
    pub(crate) lower: Vec<Vec<u32>>,
    /// Columns of U above the diagonal, per row, ascending.
    pub(crate) upper: Vec<Vec<u32>>,
    /// Products that elimination subtracts.
    pub(crate) products: usize,
}

impl Structure {
    /// Fill included; `rows[i]` gives the columns of row `i` with an entry.
    pub(crate) fn new(rows: &[Vec<u32>]) -> Structure {
        let mut structure = Structure::default();
        let mut present = vec![false; rows.len()];
        for (i, row) in rows.iter().enumerate() {
            row.iter().for_each(|&j| present[j as usize] = true);
            present[i] = true;
            let mut lower = Vec::new();
            for k in 0..i {
                if present[k] {
                    lower.push(k as u32);
                    let above: &Vec<u32> = &structure.upper[k];
                    above.iter().for_each(|&j| present[j as usize] = true);
                    structure.products += above.len();
                }
            }
            let upper = (i + 1..rows.len()).filter(|&j| present[j]).map(|j| j as u32).collect();
            structure.lower.push(lower);
            structure.upper.push(upper);
            present.fill(false);
        }
        structure
    }
}

/// A matrix in memory and how to eliminate it.
#[derive(Clone, Debug)]
pub(crate) struct Loops {
    /// Columns of the entries that are given, row by row.
    given: Rows,
    lower: Rows,
    upper: Rows,
    /// First slot of the entries that are given.
    matrix: usize,
    /// First slot of each factor, in the order of the rows.
    lower_slots: usize,
    upper_slots: usize,
    reciprocals: usize,
    /// First slot of one row in full.
    row: usize,
}

/// Columns of all rows.
#[derive(Clone, Debug)]
struct Rows {
    columns: Vec<u32>,
    /// Where each row starts, and the end.
    starts: Vec<u32>,
}

impl Rows {
    fn new(rows: &[Vec<u32>]) -> Rows {
        let mut starts = vec![0];
        starts.extend(rows.iter().scan(0, |end, row| {
            *end += row.len() as u32;
            Some(*end)
        }));
        Rows { columns: rows.concat(), starts }
    }

    fn range(&self, row: usize) -> Range<usize> {
        self.starts[row] as usize..self.starts[row + 1] as usize
    }
}

impl Loops {
    /// Reserves memory for a matrix with entries in these columns, diagonal included, per row.
    pub(crate) fn new(places: &mut Places, given: &[Vec<u32>], structure: &Structure) -> Loops {
        let (given, lower) = (Rows::new(given), Rows::new(&structure.lower));
        let upper = Rows::new(&structure.upper);
        let n = structure.lower.len();
        // The row comes last: the loops change it while they read the rest.
        Loops {
            matrix: places.reserve(given.columns.len()) as usize,
            lower_slots: places.reserve(lower.columns.len()) as usize,
            upper_slots: places.reserve(upper.columns.len()) as usize,
            reciprocals: places.reserve(n) as usize,
            row: places.reserve(n) as usize,
            given,
            lower,
            upper,
        }
    }

    /// Slots of the given entries, row by row.
    pub(crate) fn matrix(&self) -> Range<u32> {
        self.matrix as u32..(self.matrix + self.given.columns.len()) as u32
    }

    /// Slots of the reciprocal pivots.
    pub(crate) fn pivots(&self) -> Range<u32> {
        self.reciprocals as u32..self.row as u32
    }

    /// Factorises the given entries.
    #[inline(always)]
    pub(crate) fn factorise<V: Lanes>(&self, memory: &mut [V]) {
        let n = self.row - self.reciprocals;
        let zero = memory[self.matrix].splat(0.0);
        let (factors, rest) = memory.split_at_mut(self.row);
        let row = &mut rest[..n];
        for i in 0..n {
            let (lower, upper) = (self.lower.range(i), self.upper.range(i));
            for &j in &self.upper.columns[upper.clone()] {
                row[j as usize] = zero;
            }
            for &j in &self.lower.columns[lower.clone()] {
                row[j as usize] = zero;
            }
            for at in self.given.range(i) {
                row[self.given.columns[at] as usize] = factors[self.matrix + at];
            }
            for at in lower {
                let k = self.lower.columns[at] as usize;
                let multiplier = row[k].mul(factors[self.reciprocals + k]);
                factors[self.lower_slots + at] = multiplier;
                let above = self.upper.range(k);
                let columns = &self.upper.columns[above.clone()];
                let values = &factors[self.upper_slots..][above];
                for (&j, &value) in columns.iter().zip(values) {
                    let entry = &mut row[j as usize];
                    *entry = multiplier.neg_mul_add(value, *entry);
                }
            }
            factors[self.reciprocals + i] = zero.splat(1.0).div(row[i]);
            for at in upper {
                factors[self.upper_slots + at] = row[self.upper.columns[at] as usize];
            }
        }
    }

    /// Solves with the factors: from the right-hand side at `right` to `out`, which lies behind
    /// them both.
    #[inline(always)]
    pub(crate) fn solve<V: Lanes>(&self, right: usize, out: usize, memory: &mut [V]) {
        let n = self.row - self.reciprocals;
        let (factors, rest) = memory.split_at_mut(out);
        let x = &mut rest[..n];
        for i in 0..n {
            let mut sum = factors[right + i];
            for at in self.lower.range(i) {
                let value = factors[self.lower_slots + at];
                sum = value.neg_mul_add(x[self.lower.columns[at] as usize], sum);
            }
            x[i] = sum;
        }
        for i in (0..n).rev() {
            let mut sum = x[i];
            for at in self.upper.range(i) {
                let value = factors[self.upper_slots + at];
                sum = value.neg_mul_add(x[self.upper.columns[at] as usize], sum);
            }
            x[i] = sum.mul(factors[self.reciprocals + i]);
        }
    }
}
