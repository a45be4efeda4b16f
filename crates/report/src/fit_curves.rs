//! Data over curves of a fit: small panels, two beside each other.

use hersim_study::fit::{Line, Panel};

use crate::{
    axis::{Frame, Scale, Tick, log_ticks, round_limits, round_ticks},
    palette::Color,
    svg::{Anchor, BOLD, SMALL, Stroke, Svg, shorten, text_width},
};

const WIDTH: f64 = 760.0;
const COLUMN: f64 = WIDTH / 2.0;
const PANEL: f64 = 170.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 14.0;
/// Decades that a logarithmic axis shows at most.
const DECADES: f64 = 6.0;

/// All panels of one observable.
pub(crate) fn draw(title: &str, panels: &[&Panel]) -> Svg {
    let rows: Vec<&[&Panel]> = panels.chunks(2).collect();
    let legends =
        |row: &[&Panel]| row.iter().map(|p| legend_rows(p).len()).max().unwrap_or(0) as f64 * 16.0;
    let heights: Vec<f64> = rows.iter().map(|r| 26.0 + legends(r) + PANEL + 58.0).collect();
    let mut svg = Svg::new(WIDTH, heights.iter().sum(), title);
    let mut top = 0.0;
    for (row, height) in rows.iter().zip(&heights) {
        for (column, panel) in row.iter().enumerate() {
            let left = column as f64 * COLUMN;
            let plot_top = top + 26.0 + legends(row);
            draw_panel(&mut svg, panel, left, top, plot_top);
        }
        top += height;
    }
    svg
}

fn draw_panel(svg: &mut Svg, panel: &Panel, left: f64, top: f64, plot_top: f64) {
    let (start, end) = (left + LEFT, left + COLUMN - RIGHT);
    let title = shorten(&panel.title, end - start, BOLD);
    svg.text((start, top + 16.0), Anchor::Start, BOLD, Color::Ink, &title);
    for (i, row) in legend_rows(panel).iter().enumerate() {
        let y = top + 34.0 + 16.0 * i as f64;
        for (order, x, label) in row {
            svg.line(
                (start + x, y - 4.0),
                (start + x + 16.0, y - 4.0),
                Stroke::new(Color::Arm(*order), 3.0),
            );
            svg.text((start + x + 21.0, y), Anchor::Start, SMALL, Color::Ink, label);
        }
    }
    let xs = (panel.lines.iter())
        .flat_map(|l| l.curve.iter().map(|p| p.0).chain(l.data.iter().map(|d| d.0)));
    let ys = panel.lines.iter().flat_map(|l| {
        l.curve.iter().map(|p| p.1).chain(l.data.iter().flat_map(|d| [d.1, d.2, d.3]))
    });
    let (x, x_ticks) = scale(xs, panel.x_log, 5, (start, end));
    let (y, y_ticks) = scale(ys, panel.y_log, 4, (plot_top + PANEL, plot_top));
    let frame = Frame { x, y };
    frame.draw_y(svg, &y_ticks, "", left + 14.0);
    frame.draw_x(svg, &x_ticks, &panel.x);
    for (order, line) in panel.lines.iter().enumerate() {
        draw_line(svg, &frame, line, Color::Arm(order));
    }
}

fn draw_line(svg: &mut Svg, frame: &Frame, line: &Line, color: Color) {
    svg.open_group(&line.title);
    let points: Vec<(f64, f64)> =
        (line.curve.iter()).filter(|(_, v)| v.is_finite()).map(|(x, v)| frame.at(*x, *v)).collect();
    svg.polyline(&points, Stroke::new(color, 1.6));
    for (x, value, low, high) in &line.data {
        let reach = Stroke::new(color, 1.0).opacity(0.6);
        svg.line(frame.at(*x, *low), frame.at(*x, *high), reach);
        svg.dot(frame.at(*x, *value), 3.0, color, 1.0);
    }
    svg.close_group();
}

/// A scale that holds all finite values, and its ticks.
fn scale(
    values: impl Iterator<Item = f64>,
    log: bool,
    ticks: usize,
    to: (f64, f64),
) -> (Scale, Vec<Tick>) {
    let good: Vec<f64> = values.filter(|v| v.is_finite() && (!log || *v > 0.0)).collect();
    let low = good.iter().copied().fold(f64::INFINITY, f64::min);
    let high = good.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if good.is_empty() {
        return (Scale::linear((0.0, 1.0), to), Vec::new());
    }
    if log {
        let low = low.max(high * 10f64.powf(-DECADES));
        let limits = (low / 1.15, high * 1.15);
        return (Scale::log(limits, to), log_ticks(limits));
    }
    if low == 0.0 {
        return (Scale::linear((0.0, high), to), round_ticks((0.0, high), ticks));
    }
    let range = if low > 0.0 { (0.0, high) } else { (low, high) };
    let (limits, ticks) = round_limits(range, ticks);
    (Scale::linear(limits, to), ticks)
}

/// Which lines stand in which row of the legend, and where.
fn legend_rows(panel: &Panel) -> Vec<Vec<(usize, f64, String)>> {
    let room = COLUMN - LEFT - RIGHT;
    let mut rows: Vec<Vec<(usize, f64, String)>> = vec![Vec::new()];
    let mut x = 0.0;
    for (order, line) in panel.lines.iter().enumerate() {
        let label = shorten(&line.title, room - 25.0, SMALL);
        let width = 21.0 + text_width(&label, SMALL) + 12.0;
        if x + width > room + 12.0 && x > 0.0 {
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((order, x, label));
        }
        x += width;
    }
    rows
}
