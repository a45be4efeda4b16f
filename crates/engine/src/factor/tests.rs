use proptest::prelude::*;

use super::*;
use crate::{
    dag::Leaf,
    evaluate::record_prelude,
    lanes::{Arena, Isa},
    order::pivot_order,
    record::{Places, record},
};

const SIZE: usize = 9;

proptest! {
    /// The solution written out for a random sparse matrix solves it.
    #[test]
    fn solutions_have_no_residual(
        pattern in prop::collection::btree_map((0..SIZE, 0..SIZE), -1.0..1.0f64, 0..40),
        right in prop::collection::vec(-1.0..1.0f64, SIZE),
    ) {
        // Column sums below the shift keep the matrix well conditioned.
        let shift = 12.0;
        let rows: Vec<Vec<u32>> = (0..SIZE)
            .map(|i| pattern.keys().filter(|k| k.0 == i).map(|k| k.1 as u32).collect())
            .collect();
        let order = pivot_order(&rows);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..SIZE).collect::<Vec<_>>());

        // Entries are states, so that nothing folds.
        let mut dag = Dag::new();
        let mut jacobian = vec![BTreeMap::new(); SIZE];
        let mut places = Places::default();
        let shift_slot = places.reserve(1);
        let entries = places.reserve(pattern.len());
        let residual = places.reserve(SIZE);
        let rank = |i: usize| order.iter().position(|&o| o == i).unwrap_or(0);
        for (e, &(i, j)) in pattern.keys().enumerate() {
            places.put_leaf(&mut dag, Leaf::State(e as u32), entries + e as u32);
            let entry = dag.leaf(Leaf::State(e as u32));
            jacobian[rank(i)].insert(rank(j), entry);
        }
        places.put_leaf(&mut dag, Leaf::Shift, shift_slot);
        for i in 0..SIZE as u32 {
            places.put_leaf(&mut dag, Leaf::Residual(i), residual + i);
        }
        let diagonal = vec![dag.leaf(Leaf::Shift); SIZE];
        let matrix = crate::system::matrix(&mut dag, &jacobian, &diagonal);
        let factors = factorise(&mut dag, matrix);
        let right_side: Vec<NodeId> =
            (0..SIZE as u32).map(|i| dag.leaf(Leaf::Residual(i))).collect();
        let solution = factors.solve(&mut dag, &right_side);
        let roots: Vec<_> = solution.iter().copied().zip(residual..).collect();
        let prelude = record_prelude(&dag, &mut places, &solution);
        let tape = record(&dag, &mut places, &roots);

        let mut arena = Arena::new(places.size(), Isa::detect(4));
        places.constants().iter().for_each(|&(slot, value)| arena.fill(slot as usize, value));
        arena.fill(shift_slot as usize, shift);
        for (e, value) in pattern.values().enumerate() {
            arena.fill(entries as usize + e, *value);
        }
        for (place, &i) in order.iter().enumerate() {
            arena.fill(residual as usize + place, right[i]);
        }
        arena.run(&prelude.finish(&places));
        arena.run(&tape.finish(&places));
        let x: Vec<f64> = (0..SIZE).map(|i| arena.get(residual as usize + rank(i), 3)).collect();
        for i in 0..SIZE {
            let product: f64 =
                pattern.iter().filter(|(k, _)| k.0 == i).map(|(k, value)| value * x[k.1]).sum();
            let left = shift * x[i] - product;
            prop_assert!((left - right[i]).abs() < 1e-13, "row {}: {} for {}", i, left, right[i]);
        }
    }
}
