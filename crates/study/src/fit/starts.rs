//! Where searches begin.

use rand::{RngExt, seq::SliceRandom};

use crate::least_squares::Space;
use crate::random::stream;

/// The tables' values, then a Latin hypercube in the box: each parameter's range is cut into as
/// many pieces as there are starts, and each piece is used once. The same seed, problem and number
/// give the same starts.
pub fn starts(
    problem: &str,
    names: &[&str],
    nominal: &[f64],
    space: &Space,
    count: usize,
    seed: u64,
) -> Vec<Vec<f64>> {
    let others = count.saturating_sub(1);
    let mut points = vec![nominal.to_vec(); count];
    for (i, name) in names.iter().enumerate() {
        let mut random = stream(seed, &["fit", problem, name]);
        let mut pieces: Vec<usize> = (0..others).collect();
        pieces.shuffle(&mut random);
        for (point, piece) in points.iter_mut().skip(1).zip(pieces) {
            let share = (piece as f64 + random.random::<f64>()) / others as f64;
            point[i] = space.lower[i] + share * (space.upper[i] - space.lower[i]);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_of_every_range_is_used_once() {
        let space = Space { lower: vec![-1.0, 0.0], upper: vec![1.0, 10.0], step: vec![0.1; 2] };
        let points = starts("p", &["a", "b"], &[0.5, 3.0], &space, 6, 1);
        assert_eq!(points[0], [0.5, 3.0]);
        for i in 0..2 {
            let width = (space.upper[i] - space.lower[i]) / 5.0;
            let mut pieces: Vec<usize> =
                points[1..].iter().map(|p| ((p[i] - space.lower[i]) / width) as usize).collect();
            pieces.sort_unstable();
            assert_eq!(pieces, [0, 1, 2, 3, 4]);
        }
        assert_eq!(points, starts("p", &["a", "b"], &[0.5, 3.0], &space, 6, 1));
        assert_ne!(points, starts("p", &["a", "b"], &[0.5, 3.0], &space, 6, 2));
    }
}
