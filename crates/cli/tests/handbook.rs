//! The model's documentation.

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use common::{Project, root, succeed};

/// Text of every page and figure below a folder, by path.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, base: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, base, found);
            } else if path.extension().is_some_and(|e| e == "md" || e == "svg") {
                let name = path.strip_prefix(base).expect("below").display().to_string();
                found.insert(name, fs::read_to_string(&path).expect("UTF-8"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

const MARK: &str = "<!-- Written by `hersim handbook`";

#[test]
fn the_written_out_model_is_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    succeed(&root(), &["handbook", "--out", &out]);
    let fresh = tree(dir.path());
    let mut kept = tree(&root().join("docs/model"));
    // What people wrote beside the generated pages is theirs.
    kept.retain(|_, text| text.starts_with(MARK));
    let names = fresh.keys().chain(kept.keys()).collect::<std::collections::BTreeSet<_>>();
    let stale: Vec<_> = names.into_iter().filter(|n| fresh.get(*n) != kept.get(*n)).collect();
    assert!(
        stale.is_empty(),
        "docs/model is stale; run `hersim handbook`. It differs in {stale:?}"
    );
}

#[test]
fn every_file_of_the_model_has_a_page_and_every_module_a_figure() {
    let dir = tempfile::tempdir().unwrap();
    succeed(&root(), &["handbook", "--out", &dir.path().display().to_string()]);
    let pages = tree(dir.path());
    let mut seen = 0;
    for folder in ["cell", "host", "systems"] {
        for entry in fs::read_dir(root().join("model").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            if path.extension().is_none_or(|e| e != "ant") || !text.contains("\nmodel ") {
                continue;
            }
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let page = pages.get(&format!("{folder}/{stem}.md"));
            let page = page.unwrap_or_else(|| panic!("{folder}/{stem}.ant has no page"));
            seen += 1;
            let figure = format!("figures/{stem}.svg");
            if pages.contains_key(&figure) {
                assert!(
                    page.contains(&format!("](../{figure})")),
                    "{stem} does not show its figure"
                );
            } else {
                // Only what has no quantity that moves has no figure.
                assert!(!page.contains("```math"), "{stem} has equations but no figure");
            }
        }
    }
    assert!(seen > 60, "only {seen} pages were looked for");
}

/// Links of a Markdown page that lead to files.
fn links(text: &str) -> Vec<&str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    ends.filter(|link| !link.contains("://")).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let folder = root().join("docs/model");
    let mut count = 0;
    for (name, text) in tree(&folder) {
        if !text.starts_with(MARK) || !name.ends_with(".md") {
            continue;
        }
        for link in links(&text) {
            let path = link.split('#').next().unwrap_or("");
            let target = folder.join(&name).parent().unwrap().join(path);
            assert!(target.is_file(), "{name} links to {link}");
            count += 1;
        }
    }
    assert!(count > 500, "only {count} links");
}

#[test]
fn the_one_page_is_whole_and_loads_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("handbook.html");
    succeed(&root(), &["handbook", "--html", &file.display().to_string()]);
    let page = fs::read_to_string(&file).unwrap();
    for word in ["<script", "<link", "<img", "src=", "@import", "url("] {
        assert!(!page.contains(word), "the page has {word}");
    }
    for word in ["<nav id=\"contents\"", "break-before:page", "<math", "<svg"] {
        assert!(page.contains(word), "the page has no {word}");
    }
    // Every link inside the page leads somewhere, and no two places share a name.
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "ids are used twice");
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(&link), "#{link} leads nowhere");
    }
    // Nothing but the page was asked for.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_second_run_gives_the_same_and_takes_away_what_is_gone() {
    let project = Project::copy();
    let run = || {
        let output = project.run(&["handbook"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        tree(&project.path("docs/model"))
    };
    let first = run();
    project.write("docs/model/by_hand.md", "# Not written by a program\n");
    let mark = first["index.md"].lines().next().unwrap();
    assert!(mark.starts_with(MARK), "{mark}");
    fs::write(project.path("docs/model/cell/gone.md"), format!("{mark}\n")).unwrap();
    let second = run();
    assert!(second.contains_key("by_hand.md"));
    assert!(!second.contains_key("cell/gone.md"));
    assert!(first.iter().all(|(name, text)| second.get(name) == Some(text)));
}

#[test]
fn the_page_says_what_the_files_say() {
    let project = Project::copy();
    project.write(
        "model/host/example.ant",
        "// An example, in short. And more.\n//\n// Claims: `level` follows `source`.\n\
         // Leaves out: nothing.\n// Part of: Trials of the page\n\nimport \"../units.ant\"\n\n\
         model Example(source, level)\n  var source;\n  source has nM;\n\n  // ---- the level ----\n  \
         k_in has per_day;\n  // Both ways alike.\n  var level;\n  level has nM;\n  level = 0;\n  \
         level' = k_in*source/(1 + source/K) - k_in*level;\n  K has nM;\nend\n",
    );
    project.write(
        "model/host/example.tsv",
        "parameterId\tparameterName\tnominalValue\tlowerBound\tupperBound\testimate\tunit\tsource\tstatus\tnote\n\
         k_in\texchange\t0.5\t0.1\t2\t1\t1/day\tdoi:10.1000/x(1); ref:10\tmeasured\tas read\n\
         K\t\t3\t\t\t0\tnmol/L\tassumed\tassumed\tno one knows\n",
    );
    let output = project.run(&["handbook"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = project.read("docs/model/host/example.md");
    for part in [
        "# An example, in short\n",
        "part of: Trials of the page",
        "**Claims:** `level` follows `source`.",
        "**Leaves out:** nothing.",
        "\nAnd more.\n",
        "### The level",
        "Both ways alike.",
        "\\frac{d\\,\\mathrm{level}}{dt} &= \\frac{k_{\\mathit{in}} \\cdot \\mathrm{source}}",
        "| `k_in` | exchange: as read | 0.5 | 1/day | 0.1 to 2 † | measured |",
        "](https://doi.org/10.1000/x%281%29)",
        "[ref:10](../../../model/references.csv#L11)",
        "| `K` | no one knows | 3 | nmol/L |  | assumed |  |",
    ] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    let figure = project.read("docs/model/figures/example.svg");
    assert!(figure.contains("<title>source raises level</title>"), "{figure}");
    let index = project.read("docs/model/index.md");
    assert!(index.contains("**Trials of the page** | [example](host/example.md)"), "{index}");
}

#[test]
fn a_model_that_cannot_be_read_is_told() {
    let project = Project::copy();
    project.edit("model/cell/mapk.ant", "end\n", "  nobody := nothing;\nend\n");
    let told = project.refusal(&["handbook"]);
    assert!(told.contains("mapk.ant") && told.contains("unknown-name"), "{told}");
}
