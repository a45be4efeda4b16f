//! Arrows of wirings: a smooth line and what stands at its end.

use crate::{
    layers::Flow,
    palette::Color,
    svg::{Stroke, Svg},
};

/// What stands at the end of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Nothing.
    None,
    /// A triangle.
    Arrow,
    /// A bar across.
    Bar,
    /// A ring.
    Ring,
}

/// Draws an arrow along a route; `tail` stands at its start.
pub(super) fn arrow(
    svg: &mut Svg,
    route: &[(f64, f64)],
    flow: Flow,
    head: Head,
    tail: Head,
    stroke: Stroke,
) {
    let count = route.len();
    if count < 2 {
        return;
    }
    let mut line = route.to_vec();
    let end = direction(route[count - 2], route[count - 1], flow);
    let start = direction(route[1], route[0], flow);
    line[count - 1] = back(route[count - 1], end, room(head, stroke));
    line[0] = back(route[0], start, room(tail, stroke));
    svg.curve(&line, flow == Flow::Right, stroke);
    put(svg, route[count - 1], end, head, stroke);
    put(svg, route[0], start, tail, stroke);
}

/// Unit vector along the flow from one point towards the other.
fn direction(from: (f64, f64), to: (f64, f64), flow: Flow) -> (f64, f64) {
    match flow {
        Flow::Right => (if to.0 < from.0 { -1.0 } else { 1.0 }, 0.0),
        Flow::Down => (0.0, if to.1 < from.1 { -1.0 } else { 1.0 }),
    }
}

fn back((x, y): (f64, f64), (dx, dy): (f64, f64), by: f64) -> (f64, f64) {
    (x - dx * by, y - dy * by)
}

/// How far before the end the line stops.
fn room(head: Head, stroke: Stroke) -> f64 {
    match head {
        Head::None => 0.0,
        Head::Arrow => 6.0 + stroke.width,
        Head::Bar => 3.0,
        Head::Ring => 7.0,
    }
}

fn put(svg: &mut Svg, tip: (f64, f64), along: (f64, f64), head: Head, stroke: Stroke) {
    let across = (along.1, along.0);
    let to =
        |a: f64, b: f64| (tip.0 - along.0 * a + across.0 * b, tip.1 - along.1 * a + across.1 * b);
    match head {
        Head::None => {}
        Head::Arrow => {
            let half = 2.6 + stroke.width * 0.7;
            let long = 7.0 + stroke.width;
            svg.area(&[to(0.5, 0.0), to(long, half), to(long, -half)], stroke.color, 1.0);
        }
        Head::Bar => svg.line(to(3.0, 4.5), to(3.0, -4.5), Stroke::new(stroke.color, 2.0)),
        Head::Ring => {
            svg.dot(to(4.0, 0.0), 3.2, stroke.color, 1.0);
            svg.dot(to(4.0, 0.0), 2.0, Color::Paper, 1.0);
        }
    }
}
