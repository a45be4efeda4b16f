//! Curves over time: one panel per unit, all above one time axis.

use hersim_study::outcome::{DAYS_PER_MONTH, Series, Trace};
use maud::{Markup, html};

use crate::{
    axis::{Frame, Scale, Tick, log_ticks, month_ticks, round_limits, round_ticks},
    format::{fixed, general, unit_name},
    palette::Color,
    svg::{Anchor, BOLD, SMALL, Stroke, Svg, shorten, text_width},
};

const WIDTH: f64 = 760.0;
const PANEL: f64 = 170.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 18.0;
/// Points per curve beyond which only the extremes of each column of pixels are drawn.
const POINTS: usize = 1600;
/// Rows of the table under the picture.
const ROWS: usize = 60;
/// From this ratio on, one value is nothing beside another on a linear axis.
const LOG_RATIO: f64 = 1e3;
/// Decades below the largest value that a logarithmic axis shows at most.
const DECADES: f64 = 8.0;

/// A trace as an SVG file of its own (light or dark as the viewer is set).
///
/// Curves of one unit share a panel; panels share the axis of time, in days, or in months when
/// the trace is longer than 120 days.
pub fn trace_svg(trace: &Trace) -> String {
    draw(trace, true).standalone()
}

/// Curves by unit, in order of first appearance.
fn panels(trace: &Trace) -> Vec<(&str, Vec<(usize, &Series)>)> {
    let mut panels: Vec<(&str, Vec<(usize, &Series)>)> = Vec::new();
    for (i, series) in trace.series.iter().enumerate() {
        match panels.iter_mut().find(|(unit, _)| *unit == series.unit) {
            Some((_, members)) => members.push((i, series)),
            None => panels.push((&series.unit, vec![(i, series)])),
        }
    }
    panels
}

/// Whether the axis counts months, and what divides days into its unit.
fn time_unit(trace: &Trace) -> (&'static str, f64) {
    let span = trace.day.iter().copied().fold(0.0, f64::max);
    if span > 120.0 { ("Months", DAYS_PER_MONTH) } else { ("Days", 1.0) }
}

/// The axis of time: from the first time (at most 0) to the last.
fn time_axis(trace: &Trace) -> ((f64, f64), Vec<Tick>) {
    let (unit, per) = time_unit(trace);
    let finite = trace.day.iter().copied().filter(|d| d.is_finite());
    let (low, high) = finite.fold((0.0, 0.0), |(a, b): (f64, f64), d| (a.min(d), b.max(d)));
    if unit == "Months" && low == 0.0 {
        let (_, ticks) = month_ticks(high / per);
        let inside = ticks.into_iter().filter(|(month, _)| *month <= high / per + 1e-9).collect();
        return ((0.0, high / per), inside);
    }
    let domain = (low / per, (high / per).max(low / per + 1e-6));
    (domain, round_ticks(domain, 8))
}

/// The picture of a trace, its title above it when asked for.
pub(crate) fn draw(trace: &Trace, titled: bool) -> Svg {
    let panels = panels(trace);
    let (unit, per) = time_unit(trace);
    let (domain, ticks) = time_axis(trace);
    let legends: Vec<_> = panels.iter().map(|(_, members)| legend_rows(members)).collect();
    let heights: Vec<f64> = legends.iter().map(|rows| 20.0 * rows.len() as f64 + 10.0).collect();
    let title_height = if titled { 26.0 } else { 0.0 };
    let height =
        title_height + heights.iter().sum::<f64>() + panels.len() as f64 * (PANEL + 16.0) + 40.0;
    let mut svg = Svg::new(WIDTH, height, &trace.title);
    if titled {
        let title = shorten(&trace.title, RIGHT - LEFT, BOLD);
        svg.text((LEFT, 18.0), Anchor::Start, BOLD, Color::Ink, &title);
    }
    let mut top = title_height;
    for (i, (panel_unit, members)) in panels.iter().enumerate() {
        draw_legend(&mut svg, &legends[i], top);
        top += heights[i];
        let (y, y_ticks) = value_axis(members, (top + PANEL, top));
        let frame = Frame { x: Scale::linear(domain, (LEFT, RIGHT)), y };
        let title = shorten(&unit_name(panel_unit), PANEL, SMALL);
        frame.draw_y(&mut svg, &y_ticks, &title, 18.0);
        let last = i + 1 == panels.len();
        let title = if last { format!("{unit} since the first dose") } else { String::new() };
        frame.draw_x(&mut svg, &ticks, &title);
        for (order, (_, series)) in members.iter().enumerate() {
            let point =
                |(day, value): (&f64, &f64)| value.is_finite().then(|| frame.at(day / per, *value));
            let places: Vec<_> = trace.day.iter().zip(&series.values).map(point).collect();
            svg.open_group(&format!("{}, {}", series.title, unit_name(panel_unit)));
            for stretch in places.split(Option::is_none) {
                let points: Vec<_> = stretch.iter().flatten().copied().collect();
                svg.polyline(&thinned(&points), Stroke::new(Color::Arm(order), 1.6));
            }
            svg.close_group();
        }
        top += PANEL + 16.0;
    }
    svg
}

/// Scale and ticks that hold all values of a panel: from 0 when none is negative, logarithmic
/// when all are positive and a linear axis would hide one of them.
fn value_axis(members: &[(usize, &Series)], to: (f64, f64)) -> (Scale, Vec<Tick>) {
    let values = || members.iter().flat_map(|(_, s)| &s.values).copied().filter(|v| v.is_finite());
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let low = values().fold(f64::INFINITY, f64::min);
    if !high.is_finite() {
        return (Scale::linear((0.0, 1.0), to), vec![]);
    }
    if low > 0.0 && hides_some(members) {
        let low = low.max(high * 10f64.powf(-DECADES));
        let limits = (10f64.powf(low.log10().floor()), 10f64.powf(high.log10().ceil()));
        return (Scale::log(limits, to), log_ticks(limits));
    }
    let range = if low >= 0.0 { (0.0, if high > 0.0 { high } else { 1.0 }) } else { (low, high) };
    let (limits, ticks) = round_limits(range, 4);
    (Scale::linear(limits, to), ticks)
}

/// Whether a linear axis would hide a whole curve beside a larger one, or the beginning of one
/// that grows. (What falls towards 0, as a drug after its dose, it shows well.)
fn hides_some(members: &[(usize, &Series)]) -> bool {
    let top = |s: &Series| s.values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let tops = || members.iter().map(|(_, s)| top(s));
    let apart = tops().fold(0.0, f64::max) > LOG_RATIO * tops().fold(f64::INFINITY, f64::min);
    let grows = |s: &Series| match (s.values.first(), s.values.last()) {
        (Some(first), Some(last)) => *last > LOG_RATIO * first && *last > 0.1 * top(s),
        _ => false,
    };
    apart || members.iter().any(|(_, s)| grows(s))
}

/// Which curves stand in which row of the legend, and where.
fn legend_rows(members: &[(usize, &Series)]) -> Vec<Vec<(usize, f64, String)>> {
    let mut rows: Vec<Vec<(usize, f64, String)>> = vec![Vec::new()];
    let mut x = LEFT;
    for (order, (_, series)) in members.iter().enumerate() {
        let label = shorten(&series.title, RIGHT - LEFT - 34.0, SMALL);
        let width = 28.0 + text_width(&label, SMALL) + 18.0;
        if x + width - 18.0 > RIGHT && x > LEFT {
            rows.push(Vec::new());
            x = LEFT;
        }
        if let Some(row) = rows.last_mut() {
            row.push((order, x, label));
        }
        x += width;
    }
    rows
}

fn draw_legend(svg: &mut Svg, rows: &[Vec<(usize, f64, String)>], top: f64) {
    for (i, row) in rows.iter().enumerate() {
        let y = top + 14.0 + 20.0 * i as f64;
        for (order, x, label) in row {
            let stroke = Stroke::new(Color::Arm(*order), 3.0);
            svg.line((*x, y - 4.0), (x + 22.0, y - 4.0), stroke);
            svg.text((x + 28.0, y), Anchor::Start, SMALL, Color::Ink, label);
        }
    }
}

/// At most the first, lowest, highest and last point of each column of pixels.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let extremes = [column.iter().min_by(by_height), column.iter().max_by(by_height)];
        let mut few: Vec<(f64, f64)> = extremes.into_iter().flatten().copied().collect();
        few.extend(column.first());
        few.extend(column.last());
        few.sort_by(|a, b| a.0.total_cmp(&b.0));
        few.dedup();
        kept.extend(few);
    }
    kept
}

/// Values at evenly chosen times, one column per curve.
pub(crate) fn table(trace: &Trace) -> Markup {
    let (unit, per) = time_unit(trace);
    let n = trace.day.len();
    let rows: Vec<usize> = if n <= ROWS {
        (0..n).collect()
    } else {
        (0..ROWS).map(|i| i * (n - 1) / (ROWS - 1)).collect()
    };
    html! {
        @if rows.len() < n { p.note { (rows.len()) " of " (n) " times, evenly chosen." } }
        div.scroll {
            table {
                thead {
                    tr {
                        th { (unit) }
                        @for series in &trace.series {
                            th { (series.title) ", " (unit_name(&series.unit)) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td { (fixed(trace.day[row] / per, 2)) }
                            @for series in &trace.series {
                                td { (series.values.get(row).map_or("–".into(), |v| general(*v))) }
                            }
                        }
                    }
                }
            }
        }
    }
}
