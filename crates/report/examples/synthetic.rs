//! Writes the report of a made-up trial and of a made-up simulation into a folder, to look at:
//! `cargo run -p hersim-report --example synthetic -- FOLDER`.

#[path = "../tests/example/mod.rs"]
mod example;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let meta = example::meta();
    let page = hersim_report::trial_report(&example::trial(500), &meta);
    std::fs::write(folder.join("trial.html"), page)?;
    let page = hersim_report::trial_report(&example::trial(40), &meta);
    std::fs::write(folder.join("small.html"), page)?;
    let page = hersim_report::trial_report(&example::awkward(), &meta);
    std::fs::write(folder.join("awkward.html"), page)?;
    let trace = example::trace("A made-up culture");
    let page = hersim_report::simulation_report(
        "A made-up simulation",
        std::slice::from_ref(&trace),
        &meta,
    );
    std::fs::write(folder.join("simulation.html"), page)?;
    std::fs::write(folder.join("trace.svg"), hersim_report::trace_svg(&trace))
}
