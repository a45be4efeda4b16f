//! The report of single simulations.

use hersim_study::outcome::Trace;
use maud::html;

use crate::{
    ReportMeta,
    page::{document, figure, provenance},
    trace::{draw, table},
};

/// Curves of simulations as one HTML page that needs no other file and no network: one picture
/// per trace, each followed by its table.
pub fn simulation_report(title: &str, traces: &[Trace], meta: &ReportMeta) -> String {
    document(
        title,
        html! {
            header {
                h1 { (title) }
                p.purpose { "A simulation for research, not for treating a person." }
            }
            @for (i, trace) in traces.iter().enumerate() {
                (figure(
                    &format!("trace-{i}"),
                    &trace.title,
                    "Curves of one unit share a panel; the panels share the axis of time.",
                    &draw(trace, false),
                    table(trace),
                ))
            }
            (provenance(meta, &[]))
        },
    )
}
