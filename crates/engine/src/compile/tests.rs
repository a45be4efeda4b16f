use proptest::prelude::*;

use super::{agree, *};
use crate::tape::{Instruction, Operation};

/// Whether this machine can run compiled code at all; tests that need it say so otherwise.
fn compiler_present() -> bool {
    let present = Isa::detect(4).width() == 4;
    if !present {
        eprintln!("skipped: this processor has no AVX2");
    }
    present
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn compiled_code_computes_what_the_interpreter_computes(
        bytes in prop::collection::vec(any::<u8>(), 1..2000),
    ) {
        prop_assert_eq!(agree::disagreement(&bytes), None);
    }

    #[test]
    fn sums_of_products_agree(
        operations in prop::collection::vec((0..6u8, any::<[u8; 4]>()), 1..400),
    ) {
        // Fused operations only, which have most ways to be written, and which keep numbers finite.
        let bytes: Vec<u8> = std::iter::once(7)
            .chain(operations.into_iter().flat_map(|(op, [to, a, b, c])| [op + 1, to, a, b, c]))
            .collect();
        prop_assert_eq!(agree::disagreement(&bytes), None);
    }
}

#[test]
fn values_that_find_no_register_are_kept() {
    // Fifty products that are all alive until the last is known.
    let count = 50;
    let slots = 4 * count;
    let mut operations = Vec::new();
    for i in 0..count {
        let (to, a, b) = (2 * count + i, i, (7 * i + 1) % count);
        operations.push((Operation::Multiply, Instruction { to, a, b, c: a }));
    }
    // Each result needs its own sum and the one from the other end, so no order frees them early.
    for i in 0..count {
        let (a, b, c) = (2 * count + i, 3 * count - 1 - i, 2 * count + (31 * i + 5) % count);
        operations.push((Operation::MultiplyAdd, Instruction { to: count + i, a, b, c }));
    }
    let tape = Tape::new(operations, 2 * count as usize);
    let values = trace(&tape, &HashMap::default());
    let order = schedule(&values);
    let mut constants = Constants::default();
    let spills = |registers, constants: &mut Constants| {
        allocate(&values, &order, registers, slots, constants).spills
    };
    assert_eq!(spills(63, &mut constants), 0);
    assert!(spills(8, &mut constants) > spills(15, &mut constants));
    assert!(spills(15, &mut constants) > 0);
    if compiler_present() {
        let code = Code::new(&[&tape], slots as usize, &[], 0..0, Isa::detect(4)).unwrap();
        assert!(code.slots() > slots as usize);
    }
}

#[test]
fn there_is_no_code_for_one_lane() {
    let tape = agree::tape(&[1, 2, 3, 4, 5]);
    assert!(Code::new(&[&tape], 0, &[], 0..0, Isa::detect(1)).is_none());
    assert_eq!(Code::new(&[&tape], 0, &[], 0..0, Isa::detect(4)).is_some(), compiler_present());
}
