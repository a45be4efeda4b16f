//! The order of elimination that keeps a sparse matrix sparse.

/// What an entry of the factors costs against a product of the elimination: each of the eight
/// stages solves with it.
const ENTRY: u32 = 8;

/// A pivot order, with pivots on the diagonal: always eliminates the row that costs least, by the
/// products it takes and the new entries it makes, the earlier one of several (Markowitz' rule,
/// Management Science 3:255, 1957, with the entries counted as they are).
///
/// `rows[i]` holds the columns of row `i` with an entry.
pub(crate) fn pivot_order(rows: &[Vec<u32>]) -> Vec<usize> {
    let n = rows.len();
    let mut left = Left::new(rows);
    let mut scores: Vec<u32> = (0..n).map(|i| left.score(i)).collect();
    let mut open: Vec<usize> = (0..n).collect();
    let mut order = Vec::with_capacity(n);
    while !open.is_empty() {
        // Scores may be older than the last eliminations: the best is only taken once it is new.
        let pivot = loop {
            let best = |&&i: &&usize| (scores[i], i);
            let Some(&pivot) = open.iter().min_by_key(best) else { return order };
            let score = left.score(pivot);
            if std::mem::replace(&mut scores[pivot], score) >= score {
                break pivot;
            }
        };
        open.retain(|&i| i != pivot);
        order.push(pivot);
        for i in left.eliminate(pivot) {
            scores[i] = left.score(i);
        }
    }
    order
}

/// The entries, diagonal not included, of what is not eliminated yet: bits per row and column.
struct Left {
    rows: Vec<Vec<u64>>,
    columns: Vec<Vec<u64>>,
}

impl Left {
    fn new(given: &[Vec<u32>]) -> Left {
        let n = given.len();
        let empty = vec![vec![0; n.div_ceil(64)]; n];
        let mut left = Left { rows: empty.clone(), columns: empty };
        for (i, row) in given.iter().enumerate() {
            for j in row.iter().map(|&j| j as usize).filter(|&j| j != i) {
                set(&mut left.rows[i], j);
                set(&mut left.columns[j], i);
            }
        }
        left
    }

    /// What eliminating a row now would cost.
    fn score(&self, pivot: usize) -> u32 {
        let (row, column) = (&self.rows[pivot], &self.columns[pivot]);
        let mut new = 0;
        for i in members(column) {
            let missing = row.iter().zip(&self.rows[i]).map(|(row, has)| (row & !has).count_ones());
            new += missing.sum::<u32>() - u32::from(has(row, i));
        }
        count(row) * count(column) + ENTRY * new
    }

    /// Eliminates a row; returns those it was connected with.
    fn eliminate(&mut self, pivot: usize) -> Vec<usize> {
        let words = self.rows[pivot].len();
        let row = std::mem::replace(&mut self.rows[pivot], vec![0; words]);
        let column = std::mem::replace(&mut self.columns[pivot], vec![0; words]);
        for i in members(&column) {
            self.rows[i].iter_mut().zip(&row).for_each(|(to, from)| *to |= from);
            clear(&mut self.rows[i], pivot);
            clear(&mut self.rows[i], i);
        }
        for j in members(&row) {
            self.columns[j].iter_mut().zip(&column).for_each(|(to, from)| *to |= from);
            clear(&mut self.columns[j], pivot);
            clear(&mut self.columns[j], j);
        }
        let either: Vec<u64> = row.iter().zip(&column).map(|(a, b)| a | b).collect();
        members(&either).collect()
    }
}

fn set(bits: &mut [u64], i: usize) {
    bits[i / 64] |= 1 << (i % 64);
}

fn clear(bits: &mut [u64], i: usize) {
    bits[i / 64] &= !(1 << (i % 64));
}

fn has(bits: &[u64], i: usize) -> bool {
    bits[i / 64] >> (i % 64) & 1 == 1
}

fn count(bits: &[u64]) -> u32 {
    bits.iter().map(|word| word.count_ones()).sum()
}

fn members(bits: &[u64]) -> impl Iterator<Item = usize> {
    bits.iter().enumerate().flat_map(|(place, &word)| {
        let mut word = word;
        std::iter::from_fn(move || {
            let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
            word &= word - 1;
            Some(64 * place + bit)
        })
    })
}
