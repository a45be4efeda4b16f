//! Mistakes a new user makes, and exactly what they see.

mod common;

use std::{fs, process::Command};

use common::Project;

/// Settings under which paths and times do not appear in the snapshots.
fn shown(project: &Project, text: &str) -> String {
    let folder = project.dir.path().display().to_string();
    text.replace(&folder, "PROJECT")
}

/// Drops all other documents of a folder: messages list what is there, and must not change with
/// the library.
fn keep_only(project: &Project, folder: &str, kept: &[&str]) {
    for entry in fs::read_dir(project.path(folder)).unwrap() {
        let path = entry.unwrap().path();
        if !kept.iter().any(|kept| path.file_stem().is_some_and(|stem| stem == *kept)) {
            fs::remove_file(path).unwrap();
        }
    }
}

macro_rules! golden {
    ($project:expr, $text:expr) => {
        insta::assert_snapshot!(shown(&$project, &$text))
    };
}

#[test]
fn a_misspelt_species() {
    let project = Project::copy();
    project.edit("model/cell/receptors.ant", "bind_EGF: EGFR ->", "bind_EGF: EGRF ->");
    golden!(project, project.refusal(&["check", "culture"]));
}

#[test]
fn a_misspelt_symbol_in_a_rate() {
    let project = Project::copy();
    project.edit(
        "model/cell/receptors.ant",
        "kon_EGF*EGFR_ligand*EGFR",
        "kon_EFG*EGFR_ligand*EGFR",
    );
    golden!(project, project.refusal(&["check", "culture"]));
}

#[test]
fn a_wrong_unit_in_a_table() {
    let project = Project::copy();
    let table = project.read("model/cell/receptors.tsv");
    let row = table.lines().find(|l| l.starts_with("koff_EGF\t")).unwrap();
    project.edit("model/cell/receptors.tsv", row, &row.replace("\t1/s\t", "\tnM\t"));
    golden!(project, project.refusal(&["check", "culture"]));
}

#[test]
fn a_missing_source() {
    let project = Project::copy();
    let table = project.read("model/cell/receptors.tsv");
    let row = table.lines().find(|l| l.starts_with("koff_EGF\t")).unwrap();
    let mut cells: Vec<&str> = row.split('\t').collect();
    let at = table.lines().next().unwrap().split('\t').position(|h| h == "source").unwrap();
    cells[at] = "";
    project.edit("model/cell/receptors.tsv", row, &cells.join("\t"));
    golden!(project, project.refusal(&["check", "culture"]));
}

#[test]
fn a_broken_import() {
    let project = Project::copy();
    project.edit("model/cell/cell.ant", "import \"variants.ant\"", "import \"variant.ant\"");
    golden!(project, project.refusal(&["check", "culture"]));
}

#[test]
fn a_cyclic_import() {
    let project = Project::copy();
    let text = project.read("model/cell/variants.ant");
    project.write("model/cell/variants.ant", &format!("import \"cell.ant\"\n{text}"));
    golden!(project, project.refusal(&["check", "culture"]));
}

#[test]
fn a_rate_that_is_not_an_amount_per_time() {
    let project = Project::copy();
    project.edit(
        "model/cell/receptors.ant",
        "kon_EGF*EGFR_ligand*EGFR - koff_EGF*EGFR_EGF",
        "EGFR",
    );
    golden!(project, project.refusal(&["check", "culture"]));
}

#[test]
fn several_mistakes_at_once_are_all_reported() {
    let project = Project::copy();
    project.edit(
        "model/cell/receptors.ant",
        "kon_EGF*EGFR_ligand*EGFR",
        "kon_EFG*EGFR_ligand*EGFR",
    );
    project.edit("model/cell/receptors.ant", "koff_NRG1*ERBB3_NRG1", "koff_NRG1*ERBB3_NRG");
    project.edit(
        "model/cell/shedding.ant",
        "sheddase*k_shed*stable_stub",
        "sheddase*k_shde*stable_stub",
    );
    let shown = project.refusal(&["check", "culture"]);
    for wrong in ["`kon_EFG`", "`ERBB3_NRG`", "`k_shde`"] {
        assert!(shown.contains(wrong), "{wrong} is not in\n{shown}");
    }
}

#[test]
fn an_unknown_drug() {
    let project = Project::copy();
    keep_only(&project, "library/drugs", &["doxorubicin", "trastuzumab"]);
    golden!(
        project,
        project.refusal(&["simulate", "sensitive", "--regimen", "trastuzmab 6 mg/kg q3w"])
    );
}

#[test]
fn a_negative_dose() {
    let project = Project::copy();
    golden!(
        project,
        project.refusal(&["simulate", "sensitive", "--regimen", "trastuzumab -6 mg/kg q3w"])
    );
}

#[test]
fn a_dose_in_a_wrong_unit() {
    let project = Project::copy();
    golden!(
        project,
        project.refusal(&["simulate", "sensitive", "--regimen", "trastuzumab 6 mL q3w"])
    );
}

#[test]
fn an_unknown_trial_and_an_unknown_tumour() {
    let project = Project::copy();
    keep_only(&project, "library/tumours", &["bt474", "jimt1"]);
    golden!(
        project,
        project.refusal(&["trial", "h0648"]) + "\n\n" + &project.refusal(&["simulate", "bt-474"])
    );
}

#[test]
fn a_key_that_no_document_has() {
    let project = Project::copy();
    project.edit("library/trials/h0648g.toml", "follow_up =", "followup =");
    golden!(project, project.refusal(&["trial", "h0648g", "-n", "1"]));
}

#[test]
fn a_time_without_a_unit() {
    let project = Project::copy();
    golden!(project, project.refusal(&["simulate", "sensitive", "--for", "12"]));
}

#[test]
fn outside_a_project() {
    let project = Project::copy();
    let empty = tempfile::tempdir().unwrap();
    let output = common::hersim(empty.path(), &["list"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    let text = text.replace(&empty.path().canonicalize().unwrap().display().to_string(), "PROJECT");
    golden!(project, text.trim_end());
}

#[test]
fn a_full_disk() {
    let project = Project::copy();
    let disk = project.path("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"])
        .arg(&disk)
        .status()
        .is_ok_and(|s| s.success());
    if !mounted {
        eprintln!("skipped: no small disk can be mounted here");
        return;
    }
    let output =
        project.run(&["trial", "h0648g", "-n", "40", "--rtol", "1e-3", "--out", "disk/run"]);
    let text = String::from_utf8(output.stderr).unwrap();
    Command::new("umount").arg(&disk).status().unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    golden!(project, text.trim_end());
}
