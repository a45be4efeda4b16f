use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use build::Build;

/// Moieties as text: `A + 2 AB`.
fn moieties(build: Build) -> Vec<String> {
    let (network, _) = build.done();
    let show = |moiety: &Vec<(crate::SymbolId, f64)>| {
        let terms = moiety.iter().map(|(id, n)| match n {
            1.0 => network[*id].name.clone(),
            n => format!("{n} {}", network[*id].name),
        });
        terms.collect::<Vec<_>>().join(" + ")
    };
    conservation(&network).iter().map(show).collect()
}

fn five() -> Build {
    ["A", "B", "C", "D", "E"].into_iter().fold(build(), |b, name| b.amount(name, "nmol"))
}

#[test]
fn binding_conserves_both_partners() {
    let b = five().reaction("bind", "A + B => C", "1").reaction("unbind", "C => A + B", "1");
    assert_eq!(moieties(b), ["A + C", "B + C"]);
}

#[test]
fn dimers_count_twice() {
    let b = five().reaction("dimerise", "2 A => B", "1");
    assert_eq!(moieties(b), ["A + 2 B"]);
    let b = five().reaction("half", "0.5 A => 0.1 B", "1");
    assert_eq!(moieties(b), ["A + 5 B"]);
}

#[test]
fn a_cycle_with_an_enzyme_has_two_sums() {
    let b = five()
        .reaction("bind", "A + B => C", "1")
        .reaction("convert", "C => A + D", "1")
        .reaction("back", "D => B", "1");
    assert_eq!(moieties(b), ["A + C", "B + C + D"]);
}

#[test]
fn open_systems_conserve_nothing() {
    let b = five().reaction("make", " => A", "1").reaction("turn", "A => B", "1");
    assert_eq!(moieties(b), Vec::<String>::new());
}

#[test]
fn boundary_and_ruled_species_do_not_count() {
    let b = build().boundary("X", "nmol").amount("A", "nmol").amount("B", "nmol");
    let b = b.amount("R", "nmol").rule("R", "A");
    let b = b.reaction("in", "X => A", "1").reaction("turn", "B => R", "1");
    assert_eq!(moieties(b), Vec::<String>::new());
}

#[test]
fn catalysts_written_on_both_sides_are_conserved() {
    let b = five().reaction("turn", "A + E => B + E", "1").reaction("lose", "B => ", "1");
    assert_eq!(moieties(b), ["E"]);
}

proptest! {
    /// Every moiety is orthogonal to every reaction, and there are exactly as many as the rank
    /// of the stoichiometry matrix leaves (rank by elimination in floats, from scratch).
    #[test]
    fn moieties_span_the_left_null_space(
        reactions in prop::collection::vec(prop::collection::vec(-2i32..=2, 5), 0..5)
    ) {
        let names = ["A", "B", "C", "D", "E"];
        let mut b = five();
        let mut taking_part = [false; 5];
        for (i, changes) in reactions.iter().enumerate() {
            let side = |sign: i32| {
                let terms = changes.iter().zip(names).filter(|(n, _)| **n * sign > 0);
                terms.map(|(n, name)| format!("{} {name}", n.abs())).collect::<Vec<_>>().join(" + ")
            };
            b = b.reaction(&format!("R{i}"), &format!("{} => {}", side(-1), side(1)), "1");
            for (flag, n) in taking_part.iter_mut().zip(changes) {
                *flag |= *n != 0;
            }
        }
        let (network, _) = b.done();
        let found = conservation(&network);
        for moiety in &found {
            let weights: HashMap<&str, f64> =
                moiety.iter().map(|(id, n)| (network[*id].name.as_str(), *n)).collect();
            for changes in &reactions {
                let sum: f64 = changes
                    .iter()
                    .zip(names)
                    .map(|(n, name)| f64::from(*n) * weights.get(name).unwrap_or(&0.0))
                    .sum();
                prop_assert_eq!(sum, 0.0);
            }
        }
        let matrix: Vec<Vec<f64>> =
            reactions.iter().map(|r| r.iter().map(|n| f64::from(*n)).collect()).collect();
        let participating = taking_part.iter().filter(|p| **p).count();
        prop_assert_eq!(found.len(), participating - rank(matrix));
        let vectors: Vec<Vec<f64>> = found
            .iter()
            .map(|m| names.map(|n| m.iter().find(|(id, _)| network[*id].name == n).map_or(0.0, |x| x.1)).to_vec())
            .collect();
        prop_assert_eq!(rank(vectors), found.len(), "independent");
    }
}

fn rank(mut rows: Vec<Vec<f64>>) -> usize {
    let mut rank = 0;
    for column in 0..5 {
        let best = (rank..rows.len())
            .max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()));
        let Some(best) = best.filter(|b| rows[*b][column].abs() > 1e-9) else {
            continue;
        };
        rows.swap(rank, best);
        let pivot = rows[rank].clone();
        for row in &mut rows[rank + 1..] {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(&pivot).for_each(|(a, b)| *a -= factor * b);
        }
        rank += 1;
    }
    rank
}
