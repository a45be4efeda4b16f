//! Sums of species that no reaction changes.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::{Network, SymbolId, SymbolKind};

/// A sparse vector: no stored zeros.
type Row = BTreeMap<usize, BigRational>;

/// The conserved moieties of a network: weighted sums of species amounts that stay constant
/// whatever the rates are.
///
/// A basis of the left null space of the stoichiometry matrix over the species that reactions
/// change (not boundary, no rule), by exact rational elimination, with small coprime integer
/// coefficients, preferring sums without minus signs and with few terms. Each moiety lists
/// species in order of declaration. Species that take part in no reaction are left out; events
/// and doses, which may change a conserved sum, are not looked at.
pub fn conservation(network: &Network) -> Vec<Vec<(SymbolId, f64)>> {
    let mut columns: BTreeSet<usize> = BTreeSet::new();
    let mut rows: Vec<Row> = Vec::new();
    for symbol in &network.symbols {
        let SymbolKind::Reaction(reaction) = &symbol.kind else {
            continue;
        };
        let mut row = Row::new();
        let sides = [(&reaction.reactants, -1), (&reaction.products, 1)];
        for (side, sign) in sides {
            for participant in side {
                let changed = &network[participant.species];
                let boundary = matches!(changed.kind, SymbolKind::Species { boundary: true, .. });
                if boundary || changed.rule.is_some() {
                    continue;
                }
                let column = participant.species.0 as usize;
                columns.insert(column);
                let change = rational(participant.stoichiometry) * BigInt::from(sign);
                *row.entry(column).or_insert_with(BigRational::zero) += change;
            }
        }
        row.retain(|_, value| !value.is_zero());
        rows.push(row);
    }
    let pivots = eliminate(rows);
    let mut basis: Vec<Row> =
        columns.iter().filter(|c| !pivots.contains_key(c)).map(|&c| null(c, &pivots)).collect();
    simplify(&mut basis);
    let mut moieties: Vec<Vec<(SymbolId, f64)>> = basis
        .into_iter()
        .map(|row| {
            let entry =
                |(c, v): (usize, BigRational)| (SymbolId(c as u32), v.to_f64().unwrap_or(f64::NAN));
            row.into_iter().map(entry).collect()
        })
        .collect();
    moieties.sort_by_key(|m| m.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    moieties
}

/// The simplest fraction within rounding of a stoichiometry (0.1 is one tenth, not the float).
fn rational(value: f64) -> BigRational {
    let exact = BigRational::from_float(value).unwrap_or_else(BigRational::zero);
    for denominator in 1..=1000u32 {
        let scaled = value * f64::from(denominator);
        if (scaled - scaled.round()).abs() <= 1e-12 * scaled.abs()
            && let Some(numerator) = BigRational::from_float(scaled.round())
        {
            return numerator / BigInt::from(denominator);
        }
    }
    exact
}

/// Reduced row echelon form: pivot column to row, each pivot one and alone in its column.
fn eliminate(rows: Vec<Row>) -> BTreeMap<usize, Row> {
    let mut pivots: BTreeMap<usize, Row> = BTreeMap::new();
    for mut row in rows {
        let hit: Vec<usize> = row.keys().copied().filter(|c| pivots.contains_key(c)).collect();
        for column in hit {
            if let (Some(factor), Some(pivot)) = (row.get(&column).cloned(), pivots.get(&column)) {
                subtract(&mut row, pivot, &factor);
            }
        }
        let Some((&column, lead)) = row.iter().next() else {
            continue;
        };
        let lead = lead.clone();
        row.values_mut().for_each(|v| *v /= &lead);
        for other in pivots.values_mut() {
            if let Some(factor) = other.get(&column).cloned() {
                subtract(other, &row, &factor);
            }
        }
        pivots.insert(column, row);
    }
    pivots
}

/// `row -= factor * other`.
fn subtract(row: &mut Row, other: &Row, factor: &BigRational) {
    for (column, value) in other {
        let entry = row.entry(*column).or_insert_with(BigRational::zero);
        *entry -= factor * value;
        if entry.is_zero() {
            row.remove(column);
        }
    }
}

/// The null vector that belongs to a free column.
fn null(free: usize, pivots: &BTreeMap<usize, Row>) -> Row {
    let mut vector = Row::from([(free, BigRational::one())]);
    for (column, row) in pivots {
        if let Some(value) = row.get(&free) {
            vector.insert(*column, -value.clone());
        }
    }
    normal(vector)
}

/// Scaled to coprime integers with as many positive as negative ones at least.
fn normal(mut vector: Row) -> Row {
    let mut common = BigInt::one();
    for value in vector.values() {
        let divisor = gcd(common.clone(), value.denom().clone());
        common = common * value.denom() / divisor;
    }
    vector.values_mut().for_each(|v| *v *= &common);
    let divisor = vector.values().fold(BigInt::zero(), |d, v| gcd(d, v.numer().clone()));
    if !divisor.is_zero() {
        vector.values_mut().for_each(|v| *v /= &divisor);
    }
    let negative = vector.values().filter(|v| v.is_negative()).count();
    let first_negative = vector.values().next().is_some_and(Signed::is_negative);
    if 2 * negative > vector.len() || (2 * negative == vector.len() && first_negative) {
        vector.values_mut().for_each(|v| *v = -v.clone());
    }
    vector
}

fn gcd(mut a: BigInt, mut b: BigInt) -> BigInt {
    while !b.is_zero() {
        (a, b) = (b.clone(), a % b);
    }
    a.abs()
}

/// Fewer minus signs first, then fewer terms, then smaller numbers.
fn cost(vector: &Row) -> (usize, usize, BigInt) {
    let negative = vector.values().filter(|v| v.is_negative()).count();
    (negative, vector.len(), vector.values().map(|v| v.numer().abs()).sum())
}

/// Replaces vectors by their sum or difference with another while that makes them cheaper. The
/// span stays the same, and each step lowers a cost, so it ends.
fn simplify(basis: &mut [Row]) {
    loop {
        let mut changed = false;
        for i in 0..basis.len() {
            for j in 0..basis.len() {
                if i == j || !basis[i].keys().any(|c| basis[j].contains_key(c)) {
                    continue;
                }
                for factor in [BigRational::one(), -BigRational::one()] {
                    let mut trial = basis[i].clone();
                    subtract(&mut trial, &basis[j], &factor);
                    let trial = normal(trial);
                    if cost(&trial) < cost(&basis[i]) {
                        basis[i] = trial;
                        changed = true;
                    }
                }
            }
        }
        if !changed {
            return;
        }
    }
}
