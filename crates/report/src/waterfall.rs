//! Waterfall picture: best change of the sum of diameters, one bar per patient.

use hersim_study::outcome::{PatientOutcome, Response};
use maud::{Markup, html};

use crate::{
    axis::{Frame, Scale, Tick},
    format::fixed,
    palette::Color,
    svg::{Anchor, BOLD, SMALL, Stroke, Svg, shorten, text_width},
    trial::ArmView,
};

const WIDTH: f64 = 760.0;
const PANEL: f64 = 200.0;
/// Growth beyond this is cut off in the picture, in percent.
const CUT: f64 = 100.0;

/// All responses, best first.
pub(crate) const RESPONSES: [Response; 5] =
    [Response::CR, Response::PR, Response::SD, Response::PD, Response::NE];

/// Words for a response.
pub(crate) fn response_name(response: Response) -> &'static str {
    match response {
        Response::CR => "complete response",
        Response::PR => "partial response",
        Response::SD => "stable disease",
        Response::PD => "progressive disease",
        Response::NE => "not evaluable",
    }
}

/// Patients with a measured change, the most growth first; ties in the order of patients.
fn sorted<'a>(arm: &ArmView<'a>) -> Vec<(f64, &'a PatientOutcome)> {
    let measured = arm.patients.iter().filter_map(|p| Some((p.best_change_percent?, *p)));
    let mut bars: Vec<_> = measured.filter(|(change, _)| change.is_finite()).collect();
    bars.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.patient.cmp(&b.1.patient)));
    bars
}

/// One panel per arm, all on one scale.
pub(crate) fn draw(arms: &[ArmView<'_>]) -> Svg {
    let height = arms.len() as f64 * (PANEL + 76.0) + 4.0;
    let mut svg = Svg::new(WIDTH, height, "Waterfall of the best change of the sum of diameters");
    let most = arms.iter().flat_map(sorted).map(|(change, _)| change).fold(0.0, f64::max);
    let limit = if most <= 50.0 { 50.0 } else { CUT };
    for (row, arm) in arms.iter().enumerate() {
        let top = row as f64 * (PANEL + 76.0) + 48.0;
        let frame = Frame {
            x: Scale::linear((0.0, 1.0), (64.0, WIDTH - 18.0)),
            y: Scale::linear((-100.0, limit), (top + PANEL, top)),
        };
        draw_panel(&mut svg, &frame, arm);
    }
    svg
}

fn draw_panel(svg: &mut Svg, frame: &Frame, arm: &ArmView<'_>) {
    let ((left, right), (bottom, top)) = (frame.x.range(), frame.y.range());
    let bars = sorted(arm);
    let heading = format!("{} (n = {})", arm.title, arm.patients.len());
    let heading = shorten(&heading, right - left, BOLD);
    svg.text((left, top - 32.0), Anchor::Start, BOLD, Color::Ink, &heading);
    let ticks: Vec<Tick> =
        [-100.0, -50.0, 0.0, 50.0, 100.0].iter().map(|&v| (v, fixed(v, 0))).collect();
    let ticks: Vec<Tick> = ticks.into_iter().filter(|(v, _)| *v <= frame.y.domain().1).collect();
    frame.draw_y(svg, &ticks, "Best change, %", 18.0);

    let width = (right - left) / bars.len().max(1) as f64;
    // Bars narrower than a few pixels are drawn as one shape, without seams.
    let gap = if width > 4.0 { 1.0 } else { 0.0 };
    let zero = frame.y.at(0.0);
    let mut start = 0;
    for group in bars.chunk_by(|a, b| a.1.response == b.1.response && gap == 0.0) {
        let mut shape = vec![(left + start as f64 * width, zero)];
        for (i, (change, _)) in group.iter().enumerate() {
            let x = left + (start + i) as f64 * width;
            let y = frame.y.at(*change);
            shape.extend([(x, y), (x + width - gap, y)]);
        }
        let end = left + (start + group.len()) as f64 * width - gap;
        shape.push((end, zero));
        svg.area(&shape, Color::Response(group[0].1.response), 1.0);
        start += group.len();
    }
    for limit in [20.0, -30.0] {
        let y = frame.y.at(limit);
        svg.line((left, y), (right, y), Stroke::new(Color::Ink, 1.0).dashed());
    }
    svg.line((left, zero), (right, zero), Stroke::new(Color::Ink, 1.0));
    let cut = bars.iter().filter(|(change, _)| *change > CUT).count();
    if cut > 0 {
        let note = format!("{cut} beyond +{CUT} %, cut off");
        svg.text((right, top + 11.0), Anchor::End, SMALL, Color::Faint, &note);
    }
    if bars.is_empty() {
        let middle = ((left + right) / 2.0, (bottom + zero) / 2.0);
        svg.text(middle, Anchor::Middle, SMALL, Color::Faint, "no measurement after baseline");
    }
    let mut x = left;
    for response in RESPONSES {
        let count = arm.patients.iter().filter(|p| p.response == response).count();
        if count == 0 {
            continue;
        }
        let label = format!("{} {}", response_name(response), percent(count, arm));
        svg.rect((x, top - 21.0), (11.0, 11.0), Color::Response(response));
        svg.text((x + 16.0, top - 11.0), Anchor::Start, SMALL, Color::Ink, &label);
        x += 16.0 + text_width(&label, SMALL) + 16.0;
    }
}

fn percent(count: usize, arm: &ArmView<'_>) -> String {
    format!("{} %", fixed(100.0 * count as f64 / arm.patients.len().max(1) as f64, 0))
}

/// Counts of responses and quantiles of the change, then every bar.
pub(crate) fn table(arms: &[ArmView<'_>]) -> Markup {
    let quantiles = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
    html! {
        table {
            thead { tr { th { "Best response" } @for arm in arms { th { (arm.title) } } } }
            tbody {
                @for response in RESPONSES {
                    tr {
                        td { (response_name(response)) }
                        @for arm in arms {
                            @let count = arm.patients.iter().filter(|p| p.response == response).count();
                            td { (count) " (" (percent(count, arm)) ")" }
                        }
                    }
                }
            }
            thead { tr { th { "Best change, %" } @for _ in arms { th {} } } }
            tbody {
                @for q in quantiles {
                    tr {
                        td { (quantile_name(q)) }
                        @for arm in arms { td { (quantile(&sorted(arm), q)) } }
                    }
                }
            }
        }
        div.scroll {
            table {
                thead { tr { th { "Arm" } th { "Patient" } th { "Response" } th { "Best change, %" } } }
                tbody {
                    @for arm in arms {
                        @for (change, patient) in sorted(arm) {
                            tr {
                                td { (arm.short) }
                                td { (patient.patient) }
                                td { (format!("{:?}", patient.response)) }
                                td { (fixed(change, 1)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn quantile_name(q: f64) -> String {
    match q {
        0.0 => "most shrinkage".into(),
        0.5 => "median".into(),
        1.0 => "most growth".into(),
        q => format!("{} % of patients below", 100.0 * q),
    }
}

/// Quantile of the changes (linear between neighbours), the changes falling.
fn quantile(bars: &[(f64, &PatientOutcome)], q: f64) -> String {
    if bars.is_empty() {
        return "–".into();
    }
    let place = (1.0 - q) * (bars.len() - 1) as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    let next = (below + 1).min(bars.len() - 1);
    fixed(bars[below].0 * (1.0 - share) + bars[next].0 * share, 1)
}
