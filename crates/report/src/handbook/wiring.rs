//! The figure of a module's wiring.

use hersim_study::handbook::{Effect, Kind, Wire, Wiring};

use super::{
    arrow::{Head, arrow},
    legend::{Key, legend},
};
use crate::{
    layers::{Item, Layout, Side, fitting},
    palette::Color,
    svg::{Anchor, Font, Stroke, Svg, text_width},
};

const LABEL: Font = Font { size: 11.0, bold: false };
/// Width at which a figure is shown without being shrunk.
pub(super) const WIDTH: f64 = 860.0;
const MARGIN: f64 = 14.0;

const READ: Color = Color::Arm(0);
const GIVEN: Color = Color::Arm(3);
const RAISES: Color = Color::Arm(2);
const LOWERS: Color = Color::Arm(1);

/// The figure; nothing when there is nothing to draw.
pub(super) fn wiring_figure(wiring: &Wiring, title: &str) -> Option<Svg> {
    if wiring.nodes.is_empty() {
        return None;
    }
    let items: Vec<Item> = (0..wiring.nodes.len()).map(|n| item(wiring, n)).collect();
    let edges: Vec<(usize, usize)> = wiring.wires.iter().map(|(a, b, _)| (*a, *b)).collect();
    let layout = fitting(&items, &edges, WIDTH);
    let keys = keys(wiring);
    let width = (layout.size.0 + 2.0 * MARGIN).max(420.0);
    let below = layout.size.1 + 2.0 * MARGIN;
    let rows = legend(None, &keys, width, below);
    let mut svg = Svg::new(width, below + rows, title);
    let shift = ((width - layout.size.0) / 2.0, MARGIN);
    let moved = |(x, y): (f64, f64)| (x + shift.0, y + shift.1);
    for ((from, to, wire), route) in wiring.wires.iter().zip(&layout.routes) {
        let route: Vec<(f64, f64)> = route.iter().map(|p| moved(*p)).collect();
        svg.open_group(&words(wiring, *from, *to, *wire));
        let back = *wire == Wire::UsedUp && wiring.nodes[*to].kind == Kind::Process(true);
        let tail = if back { Head::Arrow } else { Head::None };
        let (head, stroke) = look(*wire);
        arrow(&mut svg, &route, layout.flow, head, tail, stroke);
        svg.close_group();
    }
    for n in 0..wiring.nodes.len() {
        node(&mut svg, wiring, n, moved(layout.centres[n]), &layout);
    }
    legend(Some(&mut svg), &keys, width, below);
    Some(svg)
}

fn is_process(kind: Kind) -> bool {
    matches!(kind, Kind::Process(_))
}

fn item(wiring: &Wiring, n: usize) -> Item {
    let node = &wiring.nodes[n];
    let last = node.given && !wiring.wires.iter().any(|(from, ..)| *from == n);
    let side = match node.kind {
        Kind::Read => Side::First,
        _ if last => Side::Last,
        _ => Side::Between,
    };
    let size = match node.kind {
        Kind::Process(_) => (9.0, 9.0),
        _ => (text_width(&node.name, LABEL) + 14.0, 22.0),
    };
    Item { size, side }
}

fn node(svg: &mut Svg, wiring: &Wiring, n: usize, centre: (f64, f64), layout: &Layout) {
    let node = &wiring.nodes[n];
    let size = item(wiring, n).size;
    let _ = layout;
    if is_process(node.kind) {
        svg.open_group(&node.name);
        svg.rect((centre.0 - 4.5, centre.1 - 4.5), (9.0, 9.0), Color::Ink);
        svg.close_group();
        return;
    }
    let color = match (node.kind, node.given) {
        (Kind::Read | Kind::Changed, _) => READ,
        (_, true) => GIVEN,
        _ => Color::Ink,
    };
    let (radius, tint, width) = match node.kind {
        Kind::State | Kind::Changed => (5.0, 0.1, 1.4),
        _ => (11.0, 0.0, 0.8),
    };
    svg.round_box(centre, size, radius, tint, Stroke::new(color, width));
    svg.text((centre.0, centre.1 + 3.8), Anchor::Middle, LABEL, color, &node.name);
}

fn look(wire: Wire) -> (Head, Stroke) {
    match wire {
        Wire::UsedUp => (Head::None, Stroke::new(Color::Ink, 1.8)),
        Wire::Made => (Head::Arrow, Stroke::new(Color::Ink, 1.8)),
        Wire::Moves(Effect::Raises) => (Head::Arrow, Stroke::new(RAISES, 1.1)),
        Wire::Moves(Effect::Lowers) => (Head::Bar, Stroke::new(LOWERS, 1.1)),
        Wire::Moves(Effect::Changes) => (Head::Ring, Stroke::new(Color::Faint, 1.1)),
    }
}

fn words(wiring: &Wiring, from: usize, to: usize, wire: Wire) -> String {
    let (from, to) = (&wiring.nodes[from].name, &wiring.nodes[to].name);
    match wire {
        Wire::UsedUp => format!("{from} is used up by {to}"),
        Wire::Made => format!("{from} makes {to}"),
        Wire::Moves(Effect::Raises) => format!("{from} raises {to}"),
        Wire::Moves(Effect::Lowers) => format!("{from} lowers {to}"),
        Wire::Moves(Effect::Changes) => format!("{from} moves {to} one way or the other"),
    }
}

/// What the figure holds, for its legend.
fn keys(wiring: &Wiring) -> Vec<Key> {
    let kind = |kind: Kind| wiring.nodes.iter().any(|n| n.kind == kind);
    let wire = |wire: Wire| wiring.wires.iter().any(|(.., w)| *w == wire);
    let mut keys = Vec::new();
    if kind(Kind::Read) {
        keys.push(Key::Box { color: READ, state: false, words: "read from another module" });
    }
    if kind(Kind::Changed) {
        keys.push(Key::Box { color: READ, state: true, words: "another module's state" });
    }
    if wiring.nodes.iter().any(|n| n.given) {
        keys.push(Key::Box { color: GIVEN, state: false, words: "given to other modules" });
    }
    if kind(Kind::State) {
        keys.push(Key::Box { color: Color::Ink, state: true, words: "state" });
    }
    if kind(Kind::Computed) {
        keys.push(Key::Box { color: Color::Ink, state: false, words: "computed" });
    }
    if wiring.nodes.iter().any(|n| is_process(n.kind)) {
        let (head, stroke) = look(Wire::Made);
        keys.push(Key::Arrow { head, stroke, words: "turns into, by a reaction" });
    }
    for (effect, words) in [
        (Effect::Raises, "raises"),
        (Effect::Lowers, "lowers"),
        (Effect::Changes, "one way or the other"),
    ] {
        if wire(Wire::Moves(effect)) {
            let (head, stroke) = look(Wire::Moves(effect));
            keys.push(Key::Arrow { head, stroke, words });
        }
    }
    keys
}
