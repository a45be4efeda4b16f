//! A claim's readout over time in its arms, small.

use hersim_study::claims::{ClaimOutcome, Curve};

use crate::{
    axis::{Frame, Scale, round_limits, round_ticks},
    palette::Color,
    svg::{Anchor, SMALL, Stroke, Svg, shorten, text_width},
};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 16.0;
const BOTTOM: f64 = HEIGHT - 48.0;
/// Days from which on the axis counts days; before, hours.
const HOURS_UP_TO: f64 = 4.0;

/// What the picture shows: the first readout that counts.
pub(crate) fn formula(claim: &ClaimOutcome) -> &str {
    let first = claim.readouts.iter().find(|v| v.scored).or(claim.readouts.first());
    first.map_or("", |v| v.of.as_str())
}

/// The picture; none where nothing was kept or nothing moves.
pub(crate) fn draw(claim: &ClaimOutcome) -> Option<Svg> {
    let curves: Vec<&Curve> = claim.curves.iter().filter(|c| c.day.len() > 1).collect();
    let days = || curves.iter().flat_map(|c| &c.day).copied();
    let values = || curves.iter().flat_map(|c| &c.value).copied().filter(|v| v.is_finite());
    let end = days().fold(0.0, f64::max);
    let (low, high) = values()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (f64::min(a, v), f64::max(b, v)));
    if end <= 0.0 || !(high - low).is_finite() {
        return None;
    }
    let (unit, per) = if end <= HOURS_UP_TO { ("Hours", 1.0 / 24.0) } else { ("Days", 1.0) };
    let of = formula(claim);
    let mut svg = Svg::new(WIDTH, HEIGHT, &format!("{}: {of} over time", claim.id));
    let range = if low >= 0.0 { (0.0, if high > 0.0 { high } else { 1.0 }) } else { (low, high) };
    let (limits, y_ticks) = round_limits(range, 4);
    let domain = (0.0, end / per);
    let frame =
        Frame { x: Scale::linear(domain, (LEFT, RIGHT)), y: Scale::linear(limits, (BOTTOM, 26.0)) };
    frame.draw_y(&mut svg, &y_ticks, "", 16.0);
    frame.draw_x(&mut svg, &round_ticks(domain, 8), unit);
    let mut x = LEFT;
    for (order, curve) in curves.iter().enumerate() {
        let color = Color::Arm(order);
        let points: Vec<(f64, f64)> = (curve.day.iter().zip(&curve.value))
            .filter(|(_, value)| value.is_finite())
            .map(|(day, value)| frame.at(day / per, *value))
            .collect();
        svg.open_group(&curve.arm);
        svg.polyline(&points, Stroke::new(color, 1.6));
        svg.close_group();
        let label = shorten(&curve.arm, 150.0, SMALL);
        svg.line((x, 12.0), (x + 18.0, 12.0), Stroke::new(color, 3.0));
        svg.text((x + 23.0, 16.0), Anchor::Start, SMALL, Color::Ink, &label);
        x += 23.0 + text_width(&label, SMALL) + 14.0;
    }
    Some(svg)
}
