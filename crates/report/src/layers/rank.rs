//! Which layer each node stands in.

use super::Side;

/// The layer of each node. Edges that close rings may lead back; all others lead to a later layer.
pub(super) fn ranks(sides: &[Side], edges: &[(usize, usize)]) -> Vec<usize> {
    let place = sequence(sides, edges);
    // Every edge as it is seen here: from the earlier to the later node of the sequence.
    let forward: Vec<(usize, usize)> =
        (edges.iter()).map(|&(a, b)| if place[a] < place[b] { (a, b) } else { (b, a) }).collect();
    let mut by_place: Vec<usize> = (0..sides.len()).collect();
    by_place.sort_by_key(|n| place[*n]);
    let first = usize::from(sides.contains(&Side::First));
    let mut rank: Vec<usize> =
        sides.iter().map(|s| if *s == Side::First { 0 } else { first }).collect();
    for &node in &by_place {
        for &(_, to) in forward.iter().filter(|e| e.0 == node) {
            if sides[to] != Side::First {
                rank[to] = rank[to].max(rank[node] + 1);
            }
        }
    }
    let last = last_layer(sides, &rank);
    for node in 0..sides.len() {
        if sides[node] == Side::Last {
            rank[node] = last;
        }
    }
    shorten(sides, &forward, &mut rank, first, last);
    squeeze(&mut rank);
    rank
}

/// The last layer: after all that must come before it.
fn last_layer(sides: &[Side], rank: &[usize]) -> usize {
    let of = |last: bool| {
        let ranks = rank.iter().zip(sides).filter(|(_, s)| (**s == Side::Last) == last);
        ranks.map(|(r, _)| *r).max()
    };
    match (of(true), of(false)) {
        (Some(last), Some(other)) => last.max(other + 1),
        (last, other) => last.or(other).unwrap_or(0),
    }
}

/// Moves nodes within their room to where their edges are shortest.
fn shorten(
    sides: &[Side],
    forward: &[(usize, usize)],
    rank: &mut [usize],
    first: usize,
    last: usize,
) {
    let end = last - usize::from(sides.contains(&Side::Last) && last > 0);
    for _ in 0..12 {
        let mut moved = false;
        for node in 0..sides.len() {
            if sides[node] != Side::Between {
                continue;
            }
            let before: Vec<usize> =
                forward.iter().filter(|e| e.1 == node).map(|e| rank[e.0]).collect();
            let after: Vec<usize> =
                forward.iter().filter(|e| e.0 == node).map(|e| rank[e.1]).collect();
            let low = before.iter().max().map_or(first, |r| r + 1).max(first);
            let high = after.iter().min().map_or(end, |r| r.saturating_sub(1)).min(end);
            if low >= high {
                continue;
            }
            let length =
                |at: usize| -> usize { before.iter().chain(&after).map(|r| r.abs_diff(at)).sum() };
            let best = (low..=high).min_by_key(|at| (length(*at), at.abs_diff(rank[node])));
            if let Some(best) = best.filter(|b| length(*b) < length(rank[node])) {
                rank[node] = best;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
}

/// Takes out layers that hold nothing.
fn squeeze(rank: &mut [usize]) {
    let mut used: Vec<usize> = rank.to_vec();
    used.sort_unstable();
    used.dedup();
    for r in rank {
        *r = used.binary_search(r).unwrap_or(0);
    }
}

/// Place of each node in a sequence that few edges run against (Eades, Lin and Smyth 1993).
fn sequence(sides: &[Side], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..sides.len()).collect();
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    // What must stand first or last does so whatever its edges.
    left.retain(|n| match sides[*n] {
        Side::First => {
            head.push(*n);
            false
        }
        Side::Last => {
            tail.push(*n);
            false
        }
        Side::Between => true,
    });
    tail.reverse();
    while !left.is_empty() {
        let degree = |n: usize| {
            let count = |mine: fn(&(usize, usize)) -> usize,
                         other: fn(&(usize, usize)) -> usize| {
                edges.iter().filter(|e| mine(e) == n && left.contains(&other(e))).count()
            };
            (count(|e| e.1, |e| e.0), count(|e| e.0, |e| e.1))
        };
        let degrees: Vec<(usize, usize)> = left.iter().map(|n| degree(*n)).collect();
        let sink = degrees.iter().position(|d| d.1 == 0);
        let source = degrees.iter().position(|d| d.0 == 0);
        let (at, to_tail) = match (source, sink) {
            (Some(source), _) => (source, false),
            (None, Some(sink)) => (sink, true),
            (None, None) => {
                let gain = |i: &usize| degrees[*i].1 as isize - degrees[*i].0 as isize;
                let best = (0..left.len()).rev().max_by_key(gain).unwrap_or(0);
                (best, false)
            }
        };
        let node = left.remove(at);
        if to_tail { tail.push(node) } else { head.push(node) }
    }
    let mut place = vec![0; sides.len()];
    for (at, node) in head.into_iter().chain(tail.into_iter().rev()).enumerate() {
        place[node] = at;
    }
    place
}
