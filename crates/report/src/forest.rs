//! Forest picture: simulated ratios beside the published ones, on a logarithmic axis.

use hersim_study::outcome::Contrast;

use crate::{
    axis::{Frame, Scale, log_ticks},
    format::{contrast_label, subgroup_name, with_interval},
    palette::Color,
    svg::{Anchor, BOLD, NORMAL, SMALL, Stroke, Svg, shorten},
};

const WIDTH: f64 = 760.0;
const ROW: f64 = 40.0;
const LEFT: f64 = 312.0;
const RIGHT: f64 = 606.0;

/// The comparisons that are ratios and have a value, simulated or published.
pub(crate) fn ratios(contrasts: &[Contrast]) -> Vec<&Contrast> {
    let ratio = |c: &&Contrast| matches!(c.measure.as_str(), "hr" | "or");
    let known = |c: &&Contrast| c.value.or(c.observed).is_some_and(|v| v > 0.0);
    contrasts.iter().filter(ratio).filter(known).collect()
}

/// One row per comparison: a square with its interval, a diamond with its interval beneath.
pub(crate) fn draw(contrasts: &[&Contrast]) -> Svg {
    let all = contrasts.iter().flat_map(|c| {
        [c.value, c.ci_low, c.ci_high, c.observed, c.observed_ci_low, c.observed_ci_high]
    });
    let usable = all.flatten().filter(|v| *v > 0.0 && v.is_finite());
    let (low, high) = usable.fold((0.5, 2.0), |(a, b): (f64, f64), v| (a.min(v), b.max(v)));
    // A very wide interval would squeeze all others; it runs into the edge instead.
    let limits = (low.max(0.05) / 1.1, high.min(20.0) * 1.1);
    let top = 34.0;
    let bottom = top + ROW * contrasts.len() as f64;
    let mut svg = Svg::new(WIDTH, bottom + 48.0, "Ratios, simulated beside published");
    let frame =
        Frame { x: Scale::log(limits, (LEFT, RIGHT)), y: Scale::linear((0.0, 1.0), (bottom, top)) };
    for (value, _) in log_ticks(limits) {
        let x = frame.x.at(value);
        svg.line((x, top), (x, bottom), Stroke::new(Color::Grid, 1.0));
    }
    frame.draw_x(&mut svg, &log_ticks(limits), "Ratio (logarithmic axis)");
    let one = frame.x.at(1.0);
    svg.line((one, top), (one, bottom), Stroke::new(Color::Ink, 1.0));
    draw_legend(&mut svg);
    for (i, c) in contrasts.iter().enumerate() {
        let y = top + ROW * (i as f64 + 0.5);
        draw_row(&mut svg, &frame, c, y);
    }
    svg
}

fn draw_legend(svg: &mut Svg) {
    svg.rect((LEFT, 7.0), (9.0, 9.0), Color::Arm(0));
    svg.text((LEFT + 15.0, 16.0), Anchor::Start, SMALL, Color::Ink, "simulated, 95 % CI");
    svg.diamond((LEFT + 150.0, 11.5), 5.0, Color::Faint);
    svg.text((LEFT + 162.0, 16.0), Anchor::Start, SMALL, Color::Ink, "published, 95 % CI");
}

fn draw_row(svg: &mut Svg, frame: &Frame, c: &Contrast, y: f64) {
    let room = LEFT - 16.0;
    let label = shorten(&contrast_label(c), room, BOLD);
    svg.text((0.0, y - 3.0), Anchor::Start, BOLD, Color::Ink, &label);
    let arms = format!("{} / {}", c.arms[0], c.arms[1]);
    let beneath = match c.subgroup.as_str() {
        "" => arms,
        subgroup => format!("{}, {arms}", subgroup_name(subgroup)),
    };
    let beneath = shorten(&beneath, room, SMALL);
    svg.text((0.0, y + 13.0), Anchor::Start, SMALL, Color::Faint, &beneath);
    let simulated = [c.value, c.ci_low, c.ci_high];
    let published = [c.observed, c.observed_ci_low, c.observed_ci_high];
    for ([value, low, high], y, is_simulated) in
        [(simulated, y - 7.0, true), (published, y + 9.0, false)]
    {
        let Some(value) = value else { continue };
        let color = if is_simulated { Color::Arm(0) } else { Color::Faint };
        if let (Some(low), Some(high)) = (low, high) {
            let (low, high) = (frame.x.at(low), frame.x.at(high));
            svg.line((low, y), (high, y), Stroke::new(color, 1.8));
        }
        let x = frame.x.at(value);
        if is_simulated {
            svg.rect((x - 4.5, y - 4.5), (9.0, 9.0), color);
        } else {
            svg.diamond((x, y), 5.0, color);
        }
        let text = with_interval(Some(value), low, high, 2, "");
        let ink = if is_simulated { Color::Ink } else { Color::Faint };
        svg.text((RIGHT + 16.0, y + 4.0), Anchor::Start, NORMAL, ink, &text);
    }
}
