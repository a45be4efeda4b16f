//! Where nodes and edges are, layers from left to right.

use super::order::Net;

pub(super) struct Placed {
    pub(super) size: (f64, f64),
    pub(super) centres: Vec<(f64, f64)>,
    pub(super) routes: Vec<Vec<(f64, f64)>>,
}

/// Between nodes of a layer.
const ROW_GAP: f64 = 12.0;
/// Between two points that edges pass through.
const PASS_GAP: f64 = 7.0;
/// Between layers, at least and at most.
const LAYER_GAP: (f64, f64) = (34.0, 90.0);

pub(super) fn place(net: &Net, sizes: &[(f64, f64)], nodes: usize) -> Placed {
    let y = heights(net, sizes);
    let columns = columns(net, sizes);
    let x: Vec<f64> = columns.iter().map(|c| c.0).collect();
    let size = |n: usize| sizes.get(n).copied().unwrap_or((0.0, 0.0));
    let centre = |n: usize| (x[net.rank[n]], y[n]);
    let mut ends_of: Vec<[(f64, f64); 2]> =
        net.paths.iter().map(|p| [centre(p[0]), centre(p[p.len() - 1])]).collect();
    // Ends are spread over the border of a node in the order in which their edges arrive.
    for node in 0..nodes {
        for right in [false, true] {
            let mut ends: Vec<(f64, usize, bool)> = Vec::new();
            for (edge, path) in net.paths.iter().enumerate() {
                let count = path.len();
                for (at_end, here, next) in
                    [(false, path[0], path[1]), (true, path[count - 1], path[count - 2])]
                {
                    if here == node && (net.rank[next] > net.rank[node]) == right {
                        ends.push((y[next], edge, at_end));
                    }
                }
            }
            ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let (width, height) = size(node);
            let room = (height - 8.0).max(0.0);
            let step = (room / ends.len().max(1) as f64).min(6.0);
            let middle = (ends.len() as f64 - 1.0) / 2.0;
            for (i, (_, edge, at_end)) in ends.iter().enumerate() {
                let (cx, cy) = centre(node);
                let side = if right { width / 2.0 } else { -width / 2.0 };
                let point = (cx + side, cy + (i as f64 - middle) * step);
                ends_of[*edge][usize::from(*at_end)] = point;
            }
        }
    }
    let route = |(path, ends): (&Vec<usize>, [(f64, f64); 2])| route(net, &columns, &y, path, ends);
    let routes = net.paths.iter().zip(ends_of).map(route).collect();
    let centres: Vec<(f64, f64)> = (0..nodes).map(centre).collect();
    let right = (0..y.len()).map(|n| centre(n).0 + size(n).0 / 2.0).fold(0.0, f64::max);
    let bottom = (0..y.len()).map(|n| centre(n).1 + size(n).1 / 2.0).fold(0.0, f64::max);
    let size = (right, bottom);
    Placed { size, centres, routes }
}

/// The way of an edge: within layers it runs along the flow, so that it meets no other node.
fn route(
    net: &Net,
    columns: &[(f64, f64)],
    y: &[f64],
    path: &[usize],
    [start, end]: [(f64, f64); 2],
) -> Vec<(f64, f64)> {
    let (first, last) = (net.rank[path[0]], net.rank[path[path.len() - 1]]);
    let way = if first <= last { 1.0 } else { -1.0 };
    let side = |rank: usize, sign: f64| columns[rank].0 + sign * way * columns[rank].1;
    let mut points = vec![start, (side(first, 1.0), start.1)];
    for node in &path[1..path.len() - 1] {
        let rank = net.rank[*node];
        points.extend([(side(rank, -1.0), y[*node]), (side(rank, 1.0), y[*node])]);
    }
    points.extend([(side(last, -1.0), end.1), end]);
    points.dedup();
    points
}

/// Middle and half width of each layer: wide enough for its nodes, wider gaps where more edges
/// climb.
fn columns(net: &Net, sizes: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut at = Vec::new();
    let mut end = 0.0;
    for (layer, nodes) in net.layers.iter().enumerate() {
        let width = nodes.iter().filter_map(|n| sizes.get(*n)).map(|s| s.0).fold(0.0, f64::max);
        if layer > 0 {
            let edges: usize = nodes.iter().map(|n| net.before[*n].len()).sum();
            end += (LAYER_GAP.0 + 2.2 * edges as f64).min(LAYER_GAP.1);
        }
        at.push((end + width / 2.0, width / 2.0));
        end += width;
    }
    at
}

/// Height of each node and point: near the mean of its neighbours, in order, without overlap.
fn heights(net: &Net, sizes: &[(f64, f64)]) -> Vec<f64> {
    let half = |n: usize| sizes.get(n).map_or(0.0, |s| s.1 / 2.0);
    let is_point = |n: usize| n >= sizes.len();
    let gap = |a: usize, b: usize| {
        let free = if is_point(a) && is_point(b) { PASS_GAP } else { ROW_GAP };
        half(a) + half(b) + free
    };
    let mut y = vec![0.0; net.rank.len()];
    for layer in &net.layers {
        let mut end = 0.0;
        for (i, node) in layer.iter().enumerate() {
            end += if i == 0 { half(*node) } else { gap(layer[i - 1], *node) };
            y[*node] = end;
        }
        // Layers are centred on each other to begin with.
        let shift = end / 2.0;
        layer.iter().for_each(|n| y[*n] -= shift);
    }
    let count = net.layers.len();
    for round in 0..24 {
        let order: Vec<usize> =
            if round % 2 == 0 { (0..count).collect() } else { (0..count).rev().collect() };
        for layer in order {
            let nodes = &net.layers[layer];
            let wishes: Vec<(f64, f64)> =
                nodes.iter().map(|n| wish(net, *n, &y, &is_point)).collect();
            let gaps: Vec<f64> = nodes.windows(2).map(|p| gap(p[0], p[1])).collect();
            for (node, at) in nodes.iter().zip(settle(&wishes, &gaps)) {
                y[*node] = at;
            }
        }
    }
    let top = (0..y.len()).map(|n| y[n] - half(n)).fold(f64::INFINITY, f64::min);
    y.iter_mut().for_each(|y| *y -= top);
    y
}

/// Where a node would like to be, and how much.
fn wish(net: &Net, node: usize, y: &[f64], is_point: &dyn Fn(usize) -> bool) -> (f64, f64) {
    let near = net.before[node].iter().chain(&net.after[node]);
    let (mut sum, mut weight) = (0.0, 0.0);
    for other in near {
        // A long edge should be straight before anything else.
        let pull = if is_point(node) && is_point(*other) { 4.0 } else { 1.0 };
        sum += pull * y[*other];
        weight += pull;
    }
    if weight == 0.0 { (y[node], 0.1) } else { (sum / weight, weight) }
}

/// The places nearest to the wishes (position and weight) that keep the order and the gaps:
/// neighbours that would overlap move as one block (pool adjacent violators).
fn settle(wishes: &[(f64, f64)], gaps: &[f64]) -> Vec<f64> {
    // With the gaps taken off, places need only not decrease.
    let mut offset = 0.0;
    let mut offsets = Vec::new();
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (i, (wish, weight)) in wishes.iter().enumerate() {
        if i > 0 {
            offset += gaps[i - 1];
        }
        offsets.push(offset);
        let mut block = ((wish - offset) * weight, *weight, 1);
        while let Some(last) = blocks.last()
            && last.0 / last.1 > block.0 / block.1
        {
            block = (block.0 + last.0, block.1 + last.1, block.2 + last.2);
            blocks.pop();
        }
        blocks.push(block);
    }
    let places = blocks.iter().flat_map(|(sum, weight, n)| std::iter::repeat_n(sum / weight, *n));
    places.zip(offsets).map(|(place, offset)| place + offset).collect()
}
