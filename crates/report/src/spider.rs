//! Spider picture: change of the sum of diameters over time, one line per patient.

use hersim_study::outcome::{DAYS_PER_MONTH, PatientOutcome};
use maud::{Markup, html};

use crate::{
    axis::{Frame, Scale, Tick, month_ticks},
    format::fixed,
    palette::Color,
    svg::{Anchor, BOLD, SMALL, Stroke, Svg, shorten, text_width},
    trial::ArmView,
    waterfall::{RESPONSES, response_name},
};

const WIDTH: f64 = 760.0;
const PANEL: f64 = 250.0;
/// Between two panels: room for the labels of the right one.
const GAP: f64 = 58.0;
/// Lines per arm.
const SHOWN: usize = 60;
/// Growth beyond this is cut off in the picture, in percent.
const TOP: f64 = 100.0;

/// A patient's line: months and change from baseline in percent.
fn line(patient: &PatientOutcome) -> Option<Vec<(f64, f64)>> {
    let baseline = patient.assessments.first()?.sum_of_diameters_mm;
    let usable = patient.assessments.len() > 1 && baseline > 0.0;
    usable.then(|| {
        let change = |sum: f64| 100.0 * (sum / baseline - 1.0);
        let points = patient.assessments.iter();
        points.map(|a| (a.day / DAYS_PER_MONTH, change(a.sum_of_diameters_mm))).collect()
    })
}

/// Evenly spaced patients in the order of their numbers, so that the choice repeats.
fn chosen<'a>(arm: &ArmView<'a>) -> Vec<(&'a PatientOutcome, Vec<(f64, f64)>)> {
    let mut all: Vec<_> = arm.patients.iter().filter_map(|p| Some((*p, line(p)?))).collect();
    all.sort_by_key(|(patient, _)| patient.patient);
    let n = all.len();
    if n <= SHOWN {
        return all;
    }
    let keep: Vec<usize> = (0..SHOWN).map(|i| i * n / SHOWN).collect();
    let picked = all.into_iter().enumerate().filter(|(i, _)| keep.binary_search(i).is_ok());
    picked.map(|(_, patient)| patient).collect()
}

/// One panel per arm, two beside each other, all on the same scales.
pub(crate) fn draw(arms: &[ArmView<'_>]) -> Svg {
    let chosen: Vec<_> = arms.iter().map(chosen).collect();
    let ends = chosen.iter().flatten().filter_map(|(_, line)| Some(line.last()?.0));
    let (end, months) = month_ticks(ends.fold(0.0, f64::max));
    let columns = if arms.len() > 1 { 2 } else { 1 };
    let rows = arms.len().div_ceil(columns);
    let (legend, row_height) = (26.0, PANEL + 82.0);
    let height = legend + rows as f64 * row_height;
    let mut svg = Svg::new(WIDTH, height, "Spider picture of the change of the sum of diameters");
    draw_legend(&mut svg);
    let width = (WIDTH - 64.0 - 18.0 - (columns as f64 - 1.0) * GAP) / columns as f64;
    for (i, (arm, lines)) in arms.iter().zip(&chosen).enumerate() {
        let left = 64.0 + (i % columns) as f64 * (width + GAP);
        let top = legend + (i / columns) as f64 * row_height + 30.0;
        let frame = Frame {
            x: Scale::linear((0.0, end), (left, left + width)),
            y: Scale::linear((-100.0, TOP), (top + PANEL, top)),
        };
        let ticks: Vec<Tick> =
            [-100.0, -50.0, 0.0, 50.0, 100.0].iter().map(|&v| (v, fixed(v, 0))).collect();
        let title = if i % columns == 0 { "Change from baseline, %" } else { "" };
        frame.draw_y(&mut svg, &ticks, title, left - 46.0);
        frame.draw_x(&mut svg, &thinned(&months, columns), "Months since the first dose");
        let heading = shorten(arm.title, width, BOLD);
        svg.text((left, top - 12.0), Anchor::Start, BOLD, Color::Ink, &heading);
        draw_lines(&mut svg, &frame, lines, i);
        let count = format!("{} of {} patients", lines.len(), arm.patients.len());
        let corner = (left + width, top + 13.0);
        svg.text(corner, Anchor::End, SMALL, Color::Faint, &count);
    }
    svg
}

/// Every second tick when panels are narrow and ticks many.
fn thinned(ticks: &[Tick], columns: usize) -> Vec<Tick> {
    let every = if columns > 1 && ticks.len() > 7 { 2 } else { 1 };
    ticks.iter().step_by(every).cloned().collect()
}

fn draw_lines(
    svg: &mut Svg,
    frame: &Frame,
    lines: &[(&PatientOutcome, Vec<(f64, f64)>)],
    panel: usize,
) {
    let (left, right) = frame.x.range();
    for limit in [20.0, -30.0] {
        let y = frame.y.at(limit);
        svg.line((left, y), (right, y), Stroke::new(Color::Faint, 1.0).dashed());
    }
    let zero = frame.y.at(0.0);
    svg.line((left, zero), (right, zero), Stroke::new(Color::Ink, 1.0));
    let (at, size) = frame.rectangle();
    svg.open_clip(&format!("spider-{panel}"), at, (size.0 + 6.0, size.1 + 4.0));
    // The scale would bend a line at its upper end; the clip cuts it instead.
    let ((_, _), (bottom, top)) = (frame.x.range(), frame.y.range());
    let y = |change: f64| bottom - (change + 100.0) / (TOP + 100.0) * (bottom - top);
    for (patient, line) in lines {
        let color = Color::Response(patient.response);
        let points: Vec<_> =
            line.iter().map(|&(month, change)| (frame.x.at(month), y(change))).collect();
        svg.open_group(&format!(
            "Patient {}: {}",
            patient.patient,
            response_name(patient.response)
        ));
        svg.polyline(&points, Stroke::new(color, 1.3).opacity(0.85));
        for (point, assessment) in points.iter().zip(&patient.assessments).skip(1) {
            if assessment.new_lesion {
                svg.cross(*point, 3.0, Stroke::new(Color::Ink, 1.4));
            } else {
                svg.dot(*point, 1.8, color, 1.0);
            }
        }
        svg.close_group();
    }
    svg.close_group();
}

fn draw_legend(svg: &mut Svg) {
    let mut x = 64.0;
    for response in RESPONSES.into_iter().take(4) {
        svg.line((x, 10.0), (x + 18.0, 10.0), Stroke::new(Color::Response(response), 3.0));
        svg.text((x + 24.0, 14.0), Anchor::Start, SMALL, Color::Ink, response_name(response));
        x += 24.0 + text_width(response_name(response), SMALL) + 14.0;
    }
    svg.cross((x + 5.0, 10.0), 3.0, Stroke::new(Color::Ink, 1.4));
    svg.text((x + 14.0, 14.0), Anchor::Start, SMALL, Color::Ink, "new lesion");
}

/// One row per line of the picture: its points as `month: change`.
pub(crate) fn table(arms: &[ArmView<'_>]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { th { "Arm" } th { "Patient" } th { "Response" } th { "Change, % (at month)" } } }
                tbody {
                    @for arm in arms {
                        @for (patient, line) in chosen(arm) {
                            tr {
                                td { (arm.short) }
                                td { (patient.patient) }
                                td { (format!("{:?}", patient.response)) }
                                td.left { (points(patient, &line)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn points(patient: &PatientOutcome, line: &[(f64, f64)]) -> String {
    let visits = line.iter().zip(&patient.assessments).skip(1);
    let show = visits.map(|((month, change), assessment)| {
        let lesion = if assessment.new_lesion { " new lesion" } else { "" };
        format!("{} ({}{lesion})", fixed(*change, 0), fixed(*month, 1))
    });
    show.collect::<Vec<_>>().join(", ")
}
