//! Pictures of a fit besides its curves: residuals, starts, profiles.

use hersim_study::fit::{FitOutcome, Profile, Scale as Estimated};

use crate::{
    axis::{Frame, Scale, log_ticks, round_limits, round_ticks},
    format::unit_name,
    palette::Color,
    svg::{Anchor, BOLD, SMALL, Stroke, Svg, shorten},
};

const WIDTH: f64 = 760.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 18.0;
/// Standard normal quantile of 97.5 %.
const WIDE: f64 = 1.96;
/// Rise of twice the objective that bounds a 95 % interval.
const CHI2_95: f64 = 3.84;
/// Twice the rise shown at most in a profile.
const MOST_RISE: f64 = 12.0;
/// Smallest distance from the best that the starts' logarithmic axis tells.
const LEVEL: f64 = 1e-3;

/// One strip of residuals per observable.
pub(crate) fn residuals(outcome: &FitOutcome) -> Svg {
    const STRIP: f64 = 90.0;
    let strips = outcome.observables.len();
    let mut svg = Svg::new(WIDTH, strips as f64 * (STRIP + 34.0) + 20.0, "Residuals");
    let most = outcome.points.iter().map(|p| p.residual.abs()).fold(3.0, f64::max).min(10.0);
    for (row, observable) in outcome.observables.iter().enumerate() {
        let top = 26.0 + row as f64 * (STRIP + 34.0);
        let title = shorten(&observable.title, RIGHT - LEFT, BOLD);
        svg.text((LEFT, top - 8.0), Anchor::Start, BOLD, Color::Ink, &title);
        let mine: Vec<_> =
            outcome.points.iter().filter(|p| p.observable == observable.id).collect();
        let frame = Frame {
            x: Scale::linear((-1.0, mine.len() as f64), (LEFT, RIGHT)),
            y: Scale::linear((-most, most), (top + STRIP, top)),
        };
        frame.draw_y(&mut svg, &round_ticks((-most, most), 4), "σ", 24.0);
        for at in [-WIDE, 0.0, WIDE] {
            let stroke = Stroke::new(Color::Faint, 1.0);
            let stroke = if at == 0.0 { stroke } else { stroke.dashed() };
            let y = frame.y.at(at);
            svg.line((LEFT, y), (RIGHT, y), stroke);
        }
        // Neighbours of one condition share a colour.
        let mut conditions: Vec<&str> = Vec::new();
        for (i, point) in mine.iter().enumerate() {
            if conditions.last() != Some(&point.condition.as_str()) {
                conditions.push(&point.condition);
            }
            let at = frame.at(i as f64, point.residual);
            svg.open_group(&format!("{}, day {:.4}", point.condition, point.day));
            svg.line((at.0, frame.y.at(0.0)), at, Stroke::new(Color::Grid, 1.0));
            svg.dot(at, 3.0, Color::Arm(conditions.len() - 1), 1.0);
            svg.close_group();
        }
    }
    svg
}

/// Where the searches ended, best first.
pub(crate) fn waterfall(outcome: &FitOutcome) -> Svg {
    const PANEL: f64 = 180.0;
    let mut svg = Svg::new(WIDTH, PANEL + 70.0, "Objective of the starts above the best");
    let best = outcome.best.objective;
    let ends: Vec<(usize, f64)> = (outcome.starts.iter().enumerate())
        .filter_map(|(i, s)| Some((i, (s.objective? - best).max(LEVEL))))
        .collect();
    let high = ends.iter().map(|(_, o)| *o).fold(1.0, f64::max) * 1.5;
    let limits = (LEVEL / 1.5, high);
    let frame = Frame {
        x: Scale::linear((0.0, outcome.starts.len() as f64 + 1.0), (LEFT, RIGHT)),
        y: Scale::log(limits, (PANEL + 12.0, 12.0)),
    };
    frame.draw_y(&mut svg, &log_ticks(limits), "Above the best", 24.0);
    let whole = round_ticks(frame.x.domain(), 8);
    let whole: Vec<_> = whole.into_iter().filter(|(v, _)| v.fract() == 0.0 && *v > 0.0).collect();
    frame.draw_x(&mut svg, &whole, "Starts, best first");
    let line: Vec<(f64, f64)> = ends.iter().map(|(i, o)| frame.at(*i as f64 + 1.0, *o)).collect();
    svg.polyline(&line, Stroke::new(Color::Arm(0), 1.0).opacity(0.5));
    for ((i, _), at) in ends.iter().zip(line) {
        svg.open_group(&format!("start {}", outcome.starts[*i].start));
        svg.dot(at, 3.5, Color::Arm(0), 1.0);
        svg.close_group();
    }
    svg
}

/// Twice the rise of the objective along one parameter.
pub(crate) fn profile(profile: &Profile) -> Svg {
    const PANEL: f64 = 180.0;
    let mut svg = Svg::new(WIDTH, PANEL + 74.0, &format!("Profile of {}", profile.id));
    let (low, high) = match (profile.values.first(), profile.values.last()) {
        (Some(low), Some(high)) => (*low, *high),
        _ => (0.0, 1.0),
    };
    let log = profile.scale != Estimated::Lin && low > 0.0;
    let (x, x_ticks) = if log {
        (Scale::log((low, high), (LEFT, RIGHT)), log_ticks((low, high)))
    } else {
        (Scale::linear((low, high), (LEFT, RIGHT)), round_ticks((low, high), 8))
    };
    let most = profile.rise.iter().flatten().map(|r| 2.0 * r).fold(CHI2_95 * 1.2, f64::max);
    let (limits, y_ticks) = round_limits((0.0, most.min(MOST_RISE)), 4);
    let frame = Frame { x, y: Scale::linear(limits, (PANEL + 12.0, 12.0)) };
    frame.draw_y(&mut svg, &y_ticks, "Twice the rise", 24.0);
    let title = format!("{}, {}", profile.id, unit_name(&profile.unit));
    frame.draw_x(&mut svg, &x_ticks, &shorten(&title, RIGHT - LEFT, SMALL));
    let y = frame.y.at(CHI2_95);
    svg.line((LEFT, y), (RIGHT, y), Stroke::new(Color::Faint, 1.0).dashed());
    let found: Vec<(f64, Option<f64>)> = (profile.values.iter().zip(&profile.rise))
        .map(|(v, r)| (frame.x.at(*v), r.map(|r| 2.0 * r)))
        .collect();
    for pair in found.windows(2) {
        let [(a, Some(from)), (b, Some(to))] = *pair else { continue };
        if let Some(((a, from), (b, to))) = inside((a, from), (b, to), limits.1) {
            let stroke = Stroke::new(Color::Arm(0), 1.6);
            svg.line((a, frame.y.at(from)), (b, frame.y.at(to)), stroke);
        }
    }
    for (x, rise) in found {
        if let Some(rise) = rise.filter(|r| *r <= limits.1) {
            svg.dot((x, frame.y.at(rise)), 2.5, Color::Arm(0), 1.0);
        }
    }
    svg
}

/// The part of a line that stays below a height; none when all of it is above.
fn inside(a: (f64, f64), b: (f64, f64), most: f64) -> Option<((f64, f64), (f64, f64))> {
    let cut = |low: (f64, f64), high: (f64, f64)| {
        let share = (most - low.1) / (high.1 - low.1);
        (low.0 + share * (high.0 - low.0), most)
    };
    match (a.1 <= most, b.1 <= most) {
        (true, true) => Some((a, b)),
        (true, false) => Some((a, cut(a, b))),
        (false, true) => Some((cut(b, a), b)),
        (false, false) => None,
    }
}
