//! The figures of how the modules inside a model are coupled: boxes with arrows, and a map.

use std::collections::BTreeMap;

use hersim_study::handbook::{Couplings, Handbook, Place};

use super::{
    arrow::{Head, arrow},
    wiring::WIDTH,
};
use crate::{
    layers::{Item, Side, fitting},
    palette::Color,
    svg::{Anchor, Font, Stroke, Svg, text_width},
};

const TITLE: Font = Font { size: 11.5, bold: true };
const MEMBER: Font = Font { size: 10.5, bold: false };
const LINE: f64 = 14.0;
const MARGIN: f64 = 14.0;
/// More modules than these are drawn by chapter.
const MANY: usize = 24;
/// With more boxes than these, what is around is left to the map.
const CROWD: usize = 14;

/// Modules drawn as one box.
struct Group {
    /// Words above the names; empty for a module of its own.
    title: String,
    /// Names of the modules.
    names: Vec<String>,
    side: Side,
}

/// Boxes and arrows; nothing when nothing is coupled.
pub(super) fn coupling_figure(book: &Handbook, couplings: &Couplings, title: &str) -> Option<Svg> {
    if couplings.list.is_empty() {
        return None;
    }
    let (groups, of_place) = groups(book, couplings);
    // Among many boxes, what nearly all of them read or give says little and hides much.
    let crowded = groups.len() > CROWD;
    let mut flows: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    for coupling in &couplings.list {
        let (from, to) = (of_place[coupling.from], of_place[coupling.to]);
        let hidden = crowded && [from, to].iter().any(|g| groups[*g].side != Side::Between);
        if from != to && !hidden {
            let names = flows.entry((from, to)).or_default();
            for name in &coupling.quantities {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
    }
    let shown: Vec<usize> =
        (0..groups.len()).filter(|g| !crowded || groups[*g].side == Side::Between).collect();
    let at = |group: usize| shown.iter().position(|g| *g == group).unwrap_or(0);
    let groups: Vec<&Group> = shown.iter().map(|g| &groups[*g]).collect();
    let flows: BTreeMap<(usize, usize), Vec<&str>> =
        flows.into_iter().map(|((a, b), names)| ((at(a), at(b)), names)).collect();
    let items: Vec<Item> = groups.iter().map(|g| Item { size: size(g), side: g.side }).collect();
    let edges: Vec<(usize, usize)> = flows.keys().copied().collect();
    let layout = fitting(&items, &edges, WIDTH);
    let (width, height) = layout.size;
    let mut svg = Svg::new(width + 2.0 * MARGIN, height + 2.0 * MARGIN, title);
    let moved = |(x, y): (f64, f64)| (x + MARGIN, y + MARGIN);
    for (((from, to), names), route) in flows.iter().zip(&layout.routes) {
        let route: Vec<(f64, f64)> = route.iter().map(|p| moved(*p)).collect();
        let thick = 0.7 + 0.55 * (names.len() as f64).sqrt();
        let tip = format!("{} to {}: {}", name(groups[*from]), name(groups[*to]), names.join(", "));
        svg.open_group(&tip);
        let opacity = if names.len() > 1 { 1.0 } else { 0.6 };
        let stroke = Stroke::new(Color::Arm(5), thick).opacity(opacity);
        arrow(&mut svg, &route, layout.flow, Head::Arrow, Head::None, stroke);
        svg.close_group();
    }
    for (group, centre) in groups.iter().zip(&layout.centres) {
        draw(&mut svg, group, moved(*centre));
    }
    Some(svg)
}

fn name(group: &Group) -> String {
    if group.title.is_empty() { group.names.join(", ") } else { group.title.clone() }
}

fn size(group: &Group) -> (f64, f64) {
    let names = group.names.iter().map(|n| text_width(n, MEMBER)).fold(0.0, f64::max);
    let width = names.max(text_width(&group.title, TITLE));
    let titled = usize::from(!group.title.is_empty());
    (width + 16.0, (group.names.len() + titled) as f64 * LINE + 8.0)
}

fn draw(svg: &mut Svg, group: &Group, (x, y): (f64, f64)) {
    let size = size(group);
    let color = if group.side == Side::Between { Color::Ink } else { Color::Arm(0) };
    svg.round_box((x, y), size, 5.0, 0.06, Stroke::new(color, 1.0));
    let mut line = y - size.1 / 2.0 + 4.0 + LINE - 3.5;
    if !group.title.is_empty() {
        svg.text((x, line), Anchor::Middle, TITLE, color, &group.title);
        line += LINE;
    }
    for name in &group.names {
        svg.text((x, line), Anchor::Middle, MEMBER, color, name);
        line += LINE;
    }
}

/// The boxes, and the box of each place. Where there are many modules, those of a chapter stand in
/// one box; uses of one file do so always, and modules that the same boxes give to and read.
fn groups(book: &Handbook, couplings: &Couplings) -> (Vec<Group>, Vec<usize>) {
    let parts = couplings.places.iter().filter(|p| matches!(p, Place::Part { .. })).count();
    let title = |place: &Place| match place {
        Place::Part { module, .. } => {
            let same = |p: &&Place| matches!(p, Place::Part { module: m, .. } if m == module);
            let several = couplings.places.iter().filter(same).count() > 1;
            let chapter = chapter(book, place).filter(|_| parts > MANY).map(str::to_string);
            chapter.or_else(|| several.then(|| module.clone()))
        }
        _ => None,
    };
    let titles: Vec<Option<String>> = couplings.places.iter().map(title).collect();
    // Each place's box is named by the first place in it.
    let mut of_place: Vec<usize> = (0..couplings.places.len())
        .map(|p| match &titles[p] {
            Some(_) => titles.iter().position(|t| *t == titles[p]).unwrap_or(p),
            None => p,
        })
        .collect();
    for _ in 0..2 {
        let near = |p: usize| {
            let mut near: Vec<(bool, usize)> = Vec::new();
            for coupling in &couplings.list {
                let (from, to) = (of_place[coupling.from], of_place[coupling.to]);
                if from != to && from == p {
                    near.push((true, to));
                } else if from != to && to == p {
                    near.push((false, from));
                }
            }
            near.sort_unstable();
            near.dedup();
            near
        };
        let single =
            |p: usize| titles[p].is_none() && matches!(couplings.places[p], Place::Part { .. });
        let keys: Vec<_> =
            (0..of_place.len()).map(|p| single(p).then(|| near(of_place[p]))).collect();
        of_place = (0..of_place.len())
            .map(|p| match &keys[p] {
                Some(_) => keys.iter().position(|k| *k == keys[p]).unwrap_or(p),
                None => of_place[p],
            })
            .collect();
    }
    let mut firsts: Vec<usize> = of_place.clone();
    firsts.sort_unstable();
    firsts.dedup();
    let group = |first: &usize| {
        let members = (0..of_place.len()).filter(|p| of_place[*p] == *first);
        let names = members.map(|p| place_name(&couplings.places[p]).to_string()).collect();
        let side = match couplings.places[*first] {
            Place::Before => Side::First,
            Place::After => Side::Last,
            _ => Side::Between,
        };
        Group { title: titles[*first].clone().unwrap_or_default(), names, side }
    };
    let groups = firsts.iter().map(group).collect();
    let index = |first: usize| firsts.binary_search(&first).unwrap_or(0);
    (groups, of_place.into_iter().map(index).collect())
}

fn chapter<'b>(book: &'b Handbook, place: &Place) -> Option<&'b str> {
    match place {
        Place::Part { module, .. } => {
            // A model made of others stands for itself.
            let module = book.module(module).filter(|m| m.parts.is_empty())?;
            module.header.parts.first().map(String::as_str)
        }
        _ => None,
    }
}

/// What a place is called.
pub(super) fn place_name(place: &Place) -> &str {
    match place {
        Place::Part { name, .. } => name,
        Place::Itself => "its own states",
        Place::Before => "from around",
        Place::After => "to around",
    }
}

const DOT: f64 = 13.0;
const NAME: Font = Font { size: 10.0, bold: false };

/// Who gives to whom as a map: a row for each giving module, a column for each receiving one.
pub(super) fn coupling_map(book: &Handbook, couplings: &Couplings, title: &str) -> Option<Svg> {
    if couplings.places.len() < 6 || couplings.list.is_empty() {
        return None;
    }
    let mut order: Vec<usize> = (0..couplings.places.len()).collect();
    // Chapters stay together, in the order in which they are first met.
    let mut met: Vec<Option<&str>> = Vec::new();
    for place in &couplings.places {
        let chapter = chapter(book, place);
        if !met.contains(&chapter) {
            met.push(chapter);
        }
    }
    let rank = |place: &Place| match place {
        Place::Before => 0,
        Place::Part { .. } => 1 + met.iter().position(|m| *m == chapter(book, place)).unwrap_or(0),
        _ => usize::MAX,
    };
    order.sort_by_key(|p| rank(&couplings.places[*p]));
    let gives = |p: &usize| couplings.list.iter().any(|c| c.from == *p);
    let takes = |p: &usize| couplings.list.iter().any(|c| c.to == *p);
    let rows: Vec<usize> = order.iter().copied().filter(gives).collect();
    let columns: Vec<usize> = order.iter().copied().filter(takes).collect();
    let words = |p: &usize| text_width(place_name(&couplings.places[*p]), NAME);
    let left = rows.iter().map(words).fold(60.0, f64::max) + 12.0;
    let top = columns.iter().map(words).fold(60.0, f64::max) + 12.0;
    let right = left + columns.len() as f64 * DOT;
    let bottom = top + rows.len() as f64 * DOT;
    let mut svg = Svg::new(right + MARGIN, bottom + MARGIN, title);
    let grid = Stroke::new(Color::Grid, 1.0);
    for (i, row) in rows.iter().enumerate() {
        let y = top + (i as f64 + 0.5) * DOT;
        svg.line((left, y), (right, y), grid);
        let name = place_name(&couplings.places[*row]);
        svg.text((left - 6.0, y + 3.5), Anchor::End, NAME, Color::Ink, name);
    }
    for (i, column) in columns.iter().enumerate() {
        let x = left + (i as f64 + 0.5) * DOT;
        svg.line((x, top), (x, bottom), grid);
        let name = place_name(&couplings.places[*column]);
        let turn = format!(r#" transform="rotate(-90 {} {})""#, x + 3.5, top - 6.0);
        svg.text_with((x + 3.5, top - 6.0), Anchor::Start, NAME, Color::Ink, &turn, name);
    }
    for coupling in &couplings.list {
        let (Some(row), Some(column)) = (
            rows.iter().position(|r| *r == coupling.from),
            columns.iter().position(|c| *c == coupling.to),
        ) else {
            continue;
        };
        let at = (left + (column as f64 + 0.5) * DOT, top + (row as f64 + 0.5) * DOT);
        let names = |p: usize| place_name(&couplings.places[p]);
        let tip = format!(
            "{} to {}: {}",
            names(coupling.from),
            names(coupling.to),
            coupling.quantities.join(", ")
        );
        svg.open_group(&tip);
        let radius = (1.6 + 1.1 * (coupling.quantities.len() as f64).sqrt()).min(6.2);
        svg.dot(at, radius, Color::Arm(0), 1.0);
        svg.close_group();
    }
    Some(svg)
}
