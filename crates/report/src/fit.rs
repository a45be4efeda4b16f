//! The report of a fit: parameters, data over curves, residuals, starts, profiles.

use hersim_study::fit::{FitOutcome, FittedParameter, Panel, Status};
use maud::{Markup, html};

use crate::{
    ReportMeta, fit_curves,
    fit_pictures::{profile, residuals, waterfall},
    format::{fixed, general, unit_name},
    page::{document, figure, provenance},
};

/// A fit as one HTML page that needs no other file and no network.
pub fn fit_report(outcome: &FitOutcome, meta: &ReportMeta) -> String {
    let body = html! {
        header {
            h1 { (outcome.title) }
            p.purpose { "Parameters of a model fitted to measurements; for research, not for treating a person." }
        }
        @if !outcome.note.is_empty() { p { (outcome.note) } }
        (summary(outcome))
        section id="parameters" {
            h2 { "Parameters" }
            (parameters(outcome))
        }
        @for (i, (title, panels)) in by_observable(outcome).iter().enumerate() {
            (figure(
                &format!("curves-{i}"),
                title,
                "Lines are the best fit, points the measurements with 95 % limits of their noise.",
                &fit_curves::draw(title, panels),
                points(outcome, panels),
            ))
        }
        (figure(
            "residuals",
            "Residuals",
            "Simulated minus measured, in standard deviations of the noise; 95 % are expected \
             between the dashed lines.",
            &residuals(outcome),
            observables(outcome),
        ))
        (figure(
            "starts",
            "Starts",
            "Where each search ended, best first, above the best; searches that end level have \
             found the same fit.",
            &waterfall(outcome),
            starts(outcome),
        ))
        @for (i, p) in outcome.profiles.iter().enumerate() {
            (figure(
                &format!("profile-{i}"),
                &format!("Profile of {}", p.id),
                "Twice the rise of the objective when the parameter is held and all others are \
                 fitted anew; below the dashed line lies the 95 % interval.",
                &profile(p),
                profile_table(p),
            ))
        }
        (provenance(meta, &[("Seed", outcome.seed.to_string())]))
    };
    document(&outcome.title, body)
}

fn summary(outcome: &FitOutcome) -> Markup {
    let same = |s: &&hersim_study::fit::StartOutcome| {
        s.objective.is_some_and(|o| o < outcome.best.objective + 0.1)
    };
    let level = outcome.starts.iter().filter(same).count();
    html! {
        p {
            (outcome.measurements) " measurements, " (outcome.parameters.len())
            " parameters estimated, sum of squared residuals " (fixed(outcome.best.chi2, 1))
            @if let Some(before) = &outcome.nominal {
                " (with the tables' values " (general(before.chi2)) ")"
            }
            ". Log-likelihood " (fixed(outcome.best.log_likelihood, 2)) ", objective "
            (fixed(outcome.best.objective, 2)) ". " (level) " of " (outcome.starts.len())
            " starts ended within 0.1 of it."
        }
    }
}

fn parameters(outcome: &FitOutcome) -> Markup {
    html! {
        p.note {
            "“From data” is the share of what is known of a parameter that the measurements add to \
             its prior; below 10 % it is not identifiable here. Limits are from the curvature of \
             the objective at the best fit."
        }
        div.wide {
            table {
                thead {
                    tr {
                        th.left { "Parameter" } th.left { "Meaning" } th { "Table" } th { "Fitted" }
                        th { "95 % limits" } th.left { "Unit" } th { "Bounds" } th { "From data" }
                        th.left { "Remark" }
                    }
                }
                tbody {
                    @for p in &outcome.parameters {
                        tr {
                            th.left scope="row" { (p.id) }
                            td.left { (p.title) }
                            td { (general(p.nominal)) }
                            td { (general(p.value)) }
                            td { (limits(p.ci_low, p.ci_high)) }
                            td.left { @if p.in_model { (unit_name(&p.unit)) } }
                            td { (limits(Some(p.lower), Some(p.upper))) }
                            td { (fixed(100.0 * p.informed, 0)) " %" }
                            td.left { (remark(p)) }
                        }
                    }
                }
            }
        }
    }
}

fn limits(low: Option<f64>, high: Option<f64>) -> String {
    let show = |v: Option<f64>| v.map_or_else(|| "–".to_string(), general);
    match (low, high) {
        (None, None) => "–".into(),
        _ => format!("{} to {}", show(low), show(high)),
    }
}

fn remark(p: &FittedParameter) -> String {
    match p.at_bound {
        Some(bound) => format!("at its {bound} bound"),
        None if p.unidentifiable => "not identifiable".into(),
        None => String::new(),
    }
}

/// Panels by observable, in order of first appearance.
fn by_observable(outcome: &FitOutcome) -> Vec<(&str, Vec<&Panel>)> {
    let mut groups: Vec<(&str, Vec<&Panel>)> = Vec::new();
    for panel in &outcome.panels {
        match groups.iter_mut().find(|(title, _)| *title == panel.y) {
            Some((_, members)) => members.push(panel),
            None => groups.push((&panel.y, vec![panel])),
        }
    }
    groups
}

/// Measurements behind some panels, all of one observable.
fn points(outcome: &FitOutcome, panels: &[&Panel]) -> Markup {
    let title = panels.first().map_or("", |p| p.y.as_str());
    let ids: Vec<&str> =
        (outcome.observables.iter()).filter(|o| o.title == title).map(|o| o.id.as_str()).collect();
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th.left { "Condition" } th { "Day" } th { "Measured" } th { "Simulated" }
                        th { "Residual, σ" }
                    }
                }
                tbody {
                    @for p in outcome.points.iter().filter(|p| ids.contains(&&*p.observable)) {
                        tr {
                            td.left { (p.condition) }
                            td { (general(p.day)) }
                            td { (general(p.measured)) }
                            td { (general(p.simulated)) }
                            td { (fixed(p.residual, 2)) }
                        }
                    }
                }
            }
        }
    }
}

fn observables(outcome: &FitOutcome) -> Markup {
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th.left { "Observable" } th { "Measurements" } th { "Squares per measurement" }
                        th { "Mean, σ" } th { "Worst, σ" } th { "Root mean square, own scale" }
                    }
                }
                tbody {
                    @for o in &outcome.observables {
                        tr {
                            td.left { (o.title) }
                            td { (o.n) }
                            td { (fixed(o.chi2 / o.n as f64, 2)) }
                            td { (fixed(o.mean, 2)) }
                            td { (fixed(o.worst, 1)) }
                            td { (general(o.rmse)) }
                        }
                    }
                }
            }
        }
    }
}

fn starts(outcome: &FitOutcome) -> Markup {
    let show = |v: Option<f64>| v.map_or_else(|| "–".to_string(), |v| fixed(v, 2));
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th.left { "Start" } th { "Objective at first" } th { "Objective at last" }
                        th { "Iterations" } th.left { "Ended" }
                    }
                }
                tbody {
                    @for s in &outcome.starts {
                        tr {
                            td.left {
                                @if s.start == 0 { "the tables’ values" } @else { (s.start) }
                            }
                            td { (show(s.from)) }
                            td { (show(s.objective)) }
                            td { (s.iterations) }
                            td.left {
                                @match s.status {
                                    Status::Converged => { "converged" },
                                    Status::Moving | Status::Stopped => { "out of iterations" },
                                    Status::Failed => { "could not be simulated" },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn profile_table(p: &hersim_study::fit::Profile) -> Markup {
    html! {
        p.note { "95 % interval: " (limits(p.ci[0], p.ci[1])) "; a dash: open to the bound." }
        div.scroll {
            table {
                thead { tr { th { "Value, " (unit_name(&p.unit)) } th { "Twice the rise" } } }
                tbody {
                    @for (value, rise) in p.values.iter().zip(&p.rise) {
                        tr {
                            td { (general(*value)) }
                            td { (rise.map_or("–".to_string(), |r| fixed(2.0 * r, 2))) }
                        }
                    }
                }
            }
        }
    }
}
