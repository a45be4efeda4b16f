//! Kaplan–Meier picture: curves with bands, censoring, published medians, numbers at risk.

use hersim_study::statistics::{KaplanMeier, Step};
use maud::{Markup, html};

use crate::{
    axis::{Frame, Scale, Tick, month_ticks},
    format::{fixed, with_interval},
    palette::Color,
    svg::{Anchor, BOLD, NORMAL, SMALL, Stroke, Svg, shorten, text_width},
};

/// One arm's curve, times in months.
pub(crate) struct Curve<'a> {
    /// Number of the arm, which decides its colour.
    pub arm: usize,
    /// Its title.
    pub title: &'a str,
    /// A short name for the rows of numbers.
    pub short: &'a str,
    /// The curve.
    pub curve: KaplanMeier,
    /// Published median with its interval, months.
    pub published: [Option<f64>; 3],
}

const WIDTH: f64 = 760.0;
const PLOT_HEIGHT: f64 = 300.0;
const ROW: f64 = 19.0;
/// Share of all patients below which the right end of the axis is cut off.
const CUT: f64 = 0.02;
/// Heading of the numbers under the plot.
const AT_RISK: &str = "Number at risk";
/// Room between the names of those rows and the axis: half a number of five digits.
const BESIDE: f64 = 24.0;

/// The end of the axis of months and its ticks. Where fewer than one in fifty patients of
/// every arm are under observation the curve says nothing and is not drawn.
pub(crate) fn months(curves: &[Curve<'_>]) -> (f64, Vec<Tick>) {
    let reach = |c: &Curve<'_>| {
        let few = (c.curve.n() as f64 * CUT).ceil() as usize;
        let last = c.curve.last_time().unwrap_or(0.0);
        let late = (1..=200).map(|i| last * f64::from(i) / 200.0);
        late.take_while(|&t| c.curve.at_risk(t) > few).last().unwrap_or(last)
    };
    month_ticks(curves.iter().map(reach).fold(0.0, f64::max))
}

/// Draws the curves; `notes` (hazard ratio, log-rank) stand in a free corner.
pub(crate) fn draw(what: &str, curves: &[Curve<'_>], notes: &[String]) -> Svg {
    let (end, ticks) = months(curves);
    let names = curves.iter().map(|c| c.short).chain([AT_RISK]);
    let widest = names.map(|name| text_width(name, SMALL)).fold(0.0, f64::max);
    let left = (widest + BESIDE).min(230.0);
    let legend = Legend::new(curves);
    let legend_height = legend.height();
    let corner = |top: f64| {
        let frame = Frame {
            x: Scale::linear((0.0, end), (left, WIDTH - 22.0)),
            y: Scale::linear((0.0, 1.0), (top + PLOT_HEIGHT, top)),
        };
        (frame, free_corner(&frame, curves, notes))
    };
    let (mut frame, mut place) = corner(legend_height + 8.0);
    let notes_above = place.is_none() && !notes.is_empty();
    if notes_above {
        (frame, _) = corner(legend_height + 20.0 + 18.0 * notes.len() as f64);
        place = Some((left, legend_height + 8.0));
    }
    let bottom = frame.y.range().0;
    let risk_top = bottom + 62.0;
    let height = risk_top + ROW * curves.len() as f64 + 8.0;
    let mut svg =
        Svg::new(WIDTH, height, &format!("Kaplan–Meier curves of {}", what.to_lowercase()));

    let percent: Vec<Tick> = (0..=5).map(|i| (f64::from(i) / 5.0, format!("{}", 20 * i))).collect();
    frame.draw_y(&mut svg, &percent, &format!("{what}, % of patients"), left - 46.0);
    frame.draw_x(&mut svg, &ticks, "Months since the first dose");
    let half = frame.y.at(0.5);
    svg.line((left, half), (frame.x.at(end), half), Stroke::new(Color::Faint, 1.0).dashed());

    for c in curves {
        draw_band(&mut svg, &frame, c, end);
    }
    for c in curves {
        draw_curve(&mut svg, &frame, c, end);
    }
    for (row, c) in curves.iter().enumerate() {
        // Markers of two arms would hide each other when their medians are close.
        let shift = (row as f64 - (curves.len() as f64 - 1.0) / 2.0) * 12.0;
        draw_published(&mut svg, &frame, c, shift);
    }
    if let Some((x, y)) = place {
        for (i, note) in notes.iter().enumerate() {
            svg.text((x, y + 13.0 + 18.0 * i as f64), Anchor::Start, NORMAL, Color::Ink, note);
        }
    }
    legend.draw(&mut svg, curves);
    draw_numbers_at_risk(&mut svg, &frame, curves, &ticks, risk_top);
    svg
}

/// Corners of the steps from (0, 1) to the last observation or the end of the axis.
fn outline(c: &KaplanMeier, end: f64, value: impl Fn(&Step) -> f64) -> Vec<(f64, f64)> {
    let mut corners = vec![(0.0, 1.0)];
    let mut level = 1.0;
    for step in c.steps.iter().take_while(|step| step.time <= end) {
        corners.push((step.time, level));
        level = value(step);
        corners.push((step.time, level));
    }
    corners.push((c.last_time().unwrap_or(0.0).min(end), level));
    corners
}

fn draw_band(svg: &mut Svg, frame: &Frame, c: &Curve<'_>, end: f64) {
    let place = |corners: Vec<(f64, f64)>| corners.into_iter().map(|(t, s)| frame.at(t, s));
    let upper = place(outline(&c.curve, end, |step| step.ci_high));
    let lower = place(outline(&c.curve, end, |step| step.ci_low));
    let shape: Vec<_> = upper.chain(lower.rev()).collect();
    svg.area(&shape, Color::Arm(c.arm), 0.15);
}

fn draw_curve(svg: &mut Svg, frame: &Frame, c: &Curve<'_>, end: f64) {
    let line: Vec<_> =
        outline(&c.curve, end, |s| s.survival).into_iter().map(|(t, s)| frame.at(t, s)).collect();
    let censored = c.curve.censored.iter().filter(|t| **t <= end);
    let marks: Vec<_> = censored.map(|&t| frame.at(t, c.curve.survival_at(t))).collect();
    svg.open_group(c.title);
    svg.polyline(&line, Stroke::new(Color::Arm(c.arm), 2.2));
    svg.ticks(&marks, 4.5, Stroke::new(Color::Arm(c.arm), 1.0));
    svg.close_group();
}

/// A diamond at the published median and a whisker over its interval, beside the line of 50 %.
fn draw_published(svg: &mut Svg, frame: &Frame, c: &Curve<'_>, shift: f64) {
    let [Some(median), low, high] = c.published else { return };
    let y = frame.y.at(0.5) + shift;
    let color = Color::Arm(c.arm);
    let tip = with_interval(Some(median), low, high, 1, "");
    svg.open_group(&format!("Published median, {}: {tip} months", c.title));
    if let (Some(low), Some(high)) = (low, high) {
        let (low, high) = (frame.x.at(low), frame.x.at(high));
        svg.line((low, y), (high, y), Stroke::new(color, 1.5));
        svg.ticks(&[(low, y), (high, y)], 3.5, Stroke::new(color, 1.5));
    }
    svg.diamond((frame.x.at(median), y), 5.5, color);
    svg.close_group();
}

/// Above the plot, per arm: sample, title, events and median; then what the marks mean.
struct Legend {
    /// Events and median of each arm.
    numbers: Vec<String>,
    /// Whether the numbers stand under the titles, because beside them there is no room.
    beneath: bool,
}

/// Where the legend begins, and where its text does.
const LEGEND: f64 = 46.0;
const LEGEND_TEXT: f64 = LEGEND + 34.0;
const LEGEND_ROW: f64 = 20.0;

impl Legend {
    fn new(curves: &[Curve<'_>]) -> Self {
        let numbers: Vec<String> = curves.iter().map(|c| numbers_text(&c.curve)).collect();
        let room = WIDTH - 22.0 - LEGEND_TEXT - 14.0;
        let beneath = curves
            .iter()
            .zip(&numbers)
            .any(|(c, numbers)| text_width(c.title, BOLD) + text_width(numbers, NORMAL) > room);
        Legend { numbers, beneath }
    }

    fn height(&self) -> f64 {
        let rows = self.numbers.len() * if self.beneath { 2 } else { 1 };
        LEGEND_ROW * rows as f64 + 24.0
    }

    fn draw(&self, svg: &mut Svg, curves: &[Curve<'_>]) {
        let mut y = 14.0;
        let right = WIDTH - 22.0;
        for (c, numbers) in curves.iter().zip(&self.numbers) {
            let stroke = Stroke::new(Color::Arm(c.arm), 3.0);
            svg.line((LEGEND, y - 4.0), (LEGEND + 26.0, y - 4.0), stroke);
            let title = shorten(c.title, right - LEGEND_TEXT, BOLD);
            svg.text((LEGEND_TEXT, y), Anchor::Start, BOLD, Color::Ink, &title);
            if self.beneath {
                y += LEGEND_ROW - 3.0;
                svg.text((LEGEND_TEXT, y), Anchor::Start, NORMAL, Color::Ink, numbers);
                y += 3.0;
            } else {
                svg.text((right, y), Anchor::End, NORMAL, Color::Ink, numbers);
            }
            y += LEGEND_ROW;
        }
        draw_marks(svg, curves, y);
    }
}

/// `475 events in 495, median 10.8 (10.1–12.9) months`.
fn numbers_text(curve: &KaplanMeier) -> String {
    let m = curve.median();
    let median = with_interval(m.value, m.ci_low, m.ci_high, 1, "not reached");
    let months = if m.value.is_some() { " months" } else { "" };
    format!("{} events in {}, median {median}{months}", curve.events(), curve.n())
}

/// The row that explains diamond, tick and band.
fn draw_marks(svg: &mut Svg, curves: &[Curve<'_>], y: f64) {
    let mut x = LEGEND;
    let grey = Stroke::new(Color::Faint, 1.5);
    let middle = y - 4.0;
    if curves.iter().any(|c| c.published[0].is_some()) {
        let label = "published median, 95 % CI";
        svg.diamond((x + 13.0, middle), 5.0, Color::Faint);
        svg.text((LEGEND_TEXT, y), Anchor::Start, SMALL, Color::Faint, label);
        x = LEGEND_TEXT + text_width(label, SMALL) + 16.0;
    }
    svg.line((x, middle), (x + 20.0, middle), grey);
    svg.ticks(&[(x + 10.0, middle)], 4.5, grey);
    svg.text((x + 28.0, y), Anchor::Start, SMALL, Color::Faint, "censored");
    x += 28.0 + text_width("censored", SMALL) + 16.0;
    let (high, low) = (middle - 6.0, middle + 6.0);
    let band = [(x, high), (x + 20.0, high), (x + 20.0, low), (x, low)];
    svg.area(&band, Color::Faint, 0.25);
    svg.text((x + 28.0, y), Anchor::Start, SMALL, Color::Faint, "95 % CI");
}

/// Numbers under observation just before each tick, beneath it.
fn draw_numbers_at_risk(
    svg: &mut Svg,
    frame: &Frame,
    curves: &[Curve<'_>],
    ticks: &[Tick],
    top: f64,
) {
    let left = frame.x.range().0;
    svg.text((left - BESIDE, top - 6.0), Anchor::End, SMALL, Color::Faint, AT_RISK);
    for (row, c) in curves.iter().enumerate() {
        let y = top + 13.0 + ROW * row as f64;
        let name = shorten(c.short, left - BESIDE, SMALL);
        svg.text((left - BESIDE, y), Anchor::End, SMALL, Color::Arm(c.arm), &name);
        for (month, label) in ticks {
            let data = format!(r#" data-arm="{}" data-month="{label}""#, c.arm);
            let count = c.curve.at_risk(*month).to_string();
            let at = (frame.x.at(*month), y);
            svg.text_with(at, Anchor::Middle, SMALL, Color::Ink, &data, &count);
        }
    }
}

/// Upper left point for the notes where no band passes: upper right, else lower left.
fn free_corner(frame: &Frame, curves: &[Curve<'_>], notes: &[String]) -> Option<(f64, f64)> {
    let width = notes.iter().map(|note| text_width(note, NORMAL)).fold(0.0, f64::max);
    let height = 18.0 * notes.len() as f64 + 4.0;
    let ((left, right), (bottom, top)) = (frame.x.range(), frame.y.range());
    let last = frame.x.domain().1;
    let month = |x: f64| last * ((x - left) / (right - left)).max(0.0);
    let high = |t: f64| {
        let at = |c: &Curve<'_>| c.curve.step_at(t).map_or(1.0, |step| step.ci_high);
        curves.iter().map(at).fold(0.0, f64::max)
    };
    let low = |t: f64| {
        let at = |c: &Curve<'_>| c.curve.step_at(t).map_or(1.0, |step| step.ci_low);
        curves.iter().map(at).fold(1.0, f64::min)
    };
    let x = right - width - 6.0;
    if x > left && frame.y.at(high(month(x - 8.0))) > top + height + 10.0 {
        return Some((x, top + 2.0));
    }
    let x = left + 14.0;
    let y = bottom - height - 8.0;
    let marks_end = frame.y.at(0.5) + 30.0;
    (y > marks_end && frame.y.at(low(month(x + width + 8.0))) < y - 8.0).then_some((x, y))
}

/// The numbers of the picture: one row per tick, three columns per arm.
pub(crate) fn table(curves: &[Curve<'_>]) -> Markup {
    let (_, ticks) = months(curves);
    html! {
        table {
            thead {
                tr {
                    th rowspan="2" { "Month" }
                    @for c in curves { th colspan="3" { (c.title) } }
                }
                tr {
                    @for _ in curves {
                        th { "At risk" } th { "Events so far" } th { "%, 95 % CI" }
                    }
                }
            }
            tbody {
                @for (month, label) in &ticks {
                    tr {
                        td { (label) }
                        @for c in curves {
                            td { (c.curve.at_risk(*month)) }
                            td { (events_until(&c.curve, *month)) }
                            td { (survival_text(&c.curve, *month)) }
                        }
                    }
                }
            }
        }
    }
}

fn events_until(curve: &KaplanMeier, month: f64) -> usize {
    curve.steps.iter().take_while(|step| step.time <= month).map(|step| step.events).sum()
}

/// `48.2 (43.9–52.4)`, or a dash after the last observation.
fn survival_text(curve: &KaplanMeier, month: f64) -> String {
    if curve.at_risk(month) == 0 && curve.last_time().is_none_or(|last| last < month) {
        return "–".into();
    }
    match curve.step_at(month) {
        None => fixed(100.0, 1),
        Some(s) => with_interval(
            Some(100.0 * s.survival),
            Some(100.0 * s.ci_low),
            Some(100.0 * s.ci_high),
            1,
            "",
        ),
    }
}
