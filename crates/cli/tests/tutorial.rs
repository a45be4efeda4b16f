//! The tutorial's commands, run in order in a copy of the project.

mod common;

use common::{Project, root};

#[test]
fn the_tutorial_runs_as_written() {
    let project = Project::copy();
    let text = std::fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let tumour = text.split("```toml").nth(1).and_then(|t| t.split("```").next()).unwrap();
    project.write("library/tumours/mine.toml", tumour);
    let mut ran = 0;
    for block in text.split("```console").skip(1) {
        for line in block.split("```").next().unwrap().lines().filter(|l| l.starts_with("hersim "))
        {
            let words = words(line);
            let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            let output = project.run(&arguments);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{line}\n{error}");
            ran += 1;
        }
    }
    assert!(ran >= 9, "only {ran} commands were found");
    for file in [
        "runs/tutorial/report.html",
        "runs/sensitive.csv",
        "runs/sensitive.svg",
        "runs/patient.xml",
    ] {
        assert!(project.path(file).is_file(), "{file} was not written");
    }
    assert!(project.run(&["simulate", "mine", "--for", "30 day"]).status.success());
}

/// Words of a command as a shell splits them: blanks outside double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}
