//! Graphs in layers (Sugiyama, Tagawa and Toda 1981): nodes in columns so that most arrows lead
//! one way, in an order that crosses few arrows, at heights that keep them straight.
//!
//! The same graph gives the same picture: nothing is drawn by chance, ties go to the lower index.

mod order;
mod place;
mod rank;

/// Where a node must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// In the first layer, which holds nothing else.
    First,
    /// Anywhere between.
    Between,
    /// In the last layer.
    Last,
}

/// A node to be placed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// Width and height in user units.
    pub size: (f64, f64),
    /// Where it must stand.
    pub side: Side,
}

/// Which way layers follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// From left to right.
    Right,
    /// From top to bottom.
    Down,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Width and height of the picture, without a margin.
    pub size: (f64, f64),
    /// Centre of each node.
    pub centres: Vec<(f64, f64)>,
    /// The way of each edge: from the border of one node to that of the other, by the points
    /// between; the first and last stretch run along the flow.
    pub routes: Vec<Vec<(f64, f64)>>,
    /// Which way layers follow each other.
    pub flow: Flow,
}

/// Places nodes and routes edges (pairs of different nodes).
pub(crate) fn layout(items: &[Item], edges: &[(usize, usize)], flow: Flow) -> Layout {
    let sizes: Vec<(f64, f64)> = (items.iter())
        .map(|i| if flow == Flow::Right { i.size } else { (i.size.1, i.size.0) })
        .collect();
    let sides: Vec<Side> = items.iter().map(|i| i.side).collect();
    let ranks = rank::ranks(&sides, edges);
    let mut net = order::Net::new(&ranks, edges);
    net.order();
    let placed = place::place(&net, &sizes, items.len());
    let turned = |(x, y): (f64, f64)| if flow == Flow::Right { (x, y) } else { (y, x) };
    Layout {
        size: turned(placed.size),
        centres: placed.centres.into_iter().map(turned).collect(),
        routes: (placed.routes.into_iter())
            .map(|route| route.into_iter().map(turned).collect())
            .collect(),
        flow,
    }
}

/// The layout, of the two directions, that is easier to read at a width.
pub(crate) fn fitting(items: &[Item], edges: &[(usize, usize)], width: f64) -> Layout {
    let right = layout(items, edges, Flow::Right);
    if right.size.0 <= width {
        return right;
    }
    let down = layout(items, edges, Flow::Down);
    if down.size.0 < right.size.0 { down } else { right }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(side: Side) -> Item {
        Item { size: (80.0, 20.0), side }
    }

    /// A ring with an entry and an exit, and an edge that jumps over it.
    fn example() -> (Vec<Item>, Vec<(usize, usize)>) {
        let mut items = vec![item(Side::Between); 6];
        items[0].side = Side::First;
        items[5].side = Side::Last;
        (items, vec![(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (0, 5), (2, 4)])
    }

    #[test]
    fn nodes_do_not_overlap_and_keep_their_sides() {
        let (items, edges) = example();
        for flow in [Flow::Right, Flow::Down] {
            let layout = layout(&items, &edges, flow);
            for (a, (ax, ay)) in layout.centres.iter().enumerate() {
                assert!(*ax >= 40.0 - 1e-9 && *ax <= layout.size.0 - 40.0 + 1e-9);
                assert!(*ay >= 10.0 - 1e-9 && *ay <= layout.size.1 - 10.0 + 1e-9);
                for (bx, by) in &layout.centres[..a] {
                    assert!((ax - bx).abs() >= 80.0 || (ay - by).abs() >= 20.0, "{layout:?}");
                }
            }
            let along = |n: usize| {
                let (x, y) = layout.centres[n];
                if flow == Flow::Right { x } else { y }
            };
            for n in 1..5 {
                assert!(along(0) < along(n) && along(n) < along(5));
            }
        }
    }

    #[test]
    fn routes_lead_from_border_to_border() {
        let (items, edges) = example();
        let layout = layout(&items, &edges, Flow::Right);
        for ((from, to), route) in edges.iter().zip(&layout.routes) {
            for (node, end) in [(from, route[0]), (to, route[route.len() - 1])] {
                let (x, y) = layout.centres[*node];
                assert!(((end.0 - x).abs() - 40.0).abs() < 1e-9, "{from}-{to}: {route:?}");
                assert!((end.1 - y).abs() <= 10.0, "{from}-{to}: {route:?}");
            }
        }
    }

    #[test]
    fn a_planar_graph_is_drawn_without_crossings() {
        // Two chains whose nodes come in an awkward order.
        let items = vec![item(Side::Between); 6];
        let edges = [(0, 3), (1, 2), (3, 4), (2, 5)];
        let layout = layout(&items, &edges, Flow::Right);
        let above = |a: usize, b: usize| layout.centres[a].1 < layout.centres[b].1;
        assert_eq!(above(0, 1), above(3, 2));
        assert_eq!(above(3, 2), above(4, 5));
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(layout(&[], &[], Flow::Right).size, (0.0, 0.0));
    }
}
