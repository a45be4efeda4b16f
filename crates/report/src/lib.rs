//! Tables and pictures of a study as one self-contained HTML file.
//!
//! Draws what a `TrialOutcome` or a `Trace` holds and computes nothing but the curves it shows
//! (Kaplan–Meier, counts, quantiles). It reads no file and no clock, so the same outcome gives
//! the same page, byte for byte. It knows endpoints and arms, no gene, drug or tumour.
//!
//! Every picture is inline SVG, follows the reader's light or dark setting, prints in light,
//! and is followed by the table of the numbers in it. The page loads nothing and runs nothing.
//!
//! The handbook of the model is written here too, as Markdown with figures and as one such page.

mod axis;
mod claims;
mod claims_picture;
mod fit;
mod fit_curves;
mod fit_pictures;
mod forest;
mod format;
mod handbook;
mod layers;
mod page;
mod palette;
mod simulation;
mod spider;
mod summary;
mod survival;
mod svg;
mod trace;
mod trial;
mod waterfall;

pub use crate::{
    claims::claims_report,
    fit::fit_report,
    handbook::{HandbookFile, handbook_files, handbook_page, is_of_handbook},
    simulation::simulation_report,
    trace::trace_svg,
    trial::trial_report,
};

/// How a result came about, printed at the foot of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportMeta {
    /// The command as it was typed.
    pub command: String,
    /// Name and version of the program.
    pub version: String,
    /// Content hash of the model and the library files used.
    pub model_hash: String,
    /// Settings by name, each with its unit.
    pub settings: Vec<(String, String)>,
    /// Literature sources of the model and the data; a `doi:` or `pmid:` becomes a link.
    pub sources: Vec<String>,
}
