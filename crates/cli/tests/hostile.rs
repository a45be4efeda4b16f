//! Files made to do harm: whatever they say, the program answers within ten seconds and a gigabyte,
//! without a panic. Files of ten megabytes are made here, not kept.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Bytes of the large files.
const LARGE: usize = 10 << 20;
/// Longest time for an answer. The test is built with little optimisation and shares the machine.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 10 });
/// Kilobytes of memory.
const MEMORY: u64 = 1 << 20;

/// Runs the program with limits of the operating system on memory and time; gives what it said.
fn answer(name: &str, file: &str, text: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), text).unwrap();
    answer_in(name, folder.path(), arguments)
}

fn answer_in(name: &str, folder: &Path, arguments: &[&str]) -> String {
    let began = Instant::now();
    let said = folder.join("said");
    // The limit is on memory that is asked for, which is more than what is used.
    let script = format!("ulimit -v {} && exec \"$@\"", 3 * MEMORY);
    let mut child = Command::new("sh")
        .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_hersim")])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(resident(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{name}: no answer within {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = String::from_utf8_lossy(&fs::read(said).unwrap()).into_owned();
    let start: String = said.chars().take(600).collect();
    assert!(matches!(status.code(), Some(0..=2)), "{name}: {status}\n{start}");
    assert!(!said.contains("panicked"), "{name}: {start}");
    assert!(peak < MEMORY, "{name}: {peak} kB");
    eprintln!("{name}: {:.1} s, {} MB, {}", began.elapsed().as_secs_f64(), peak / 1024, status);
    said
}

/// Most kilobytes a process has had in memory so far.
fn resident(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

const SIMULATE_ANT: [&str; 6] = ["simulate", "m.ant", "--for", "1", "--every", "1"];
const SIMULATE_XML: [&str; 8] =
    ["simulate", "m.xml", "--for", "1", "--every", "1", "--time-limit", "5 s"];

/// A text that is repeated up to a size, between two others.
fn filled(before: &str, again: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_string();
    for i in 0.. {
        if text.len() > LARGE {
            break;
        }
        text.push_str(&again(i));
    }
    text + after
}

#[test]
fn antimony_that_is_large_or_deep() {
    let nested = |n: usize, open: &str, close: &str| {
        format!("x := {}1{}\n", open.repeat(n), close.repeat(n))
    };
    let cases = [
        ("parentheses", nested(LARGE / 2, "(", ")")),
        ("signs", nested(LARGE, "-", "")),
        ("calls", nested(LARGE / 5, "exp(", ")")),
        ("powers", filled("x := 2", |_| "^2".into(), "\n")),
        ("one long sum", filled("x := 0", |i| format!(" + {i}"), "\n")),
        ("one long line", filled("", |i| format!("x{i} = {i}; "), "\n")),
        ("words without sense", filled("", |i| format!("a{i} b ) ; ( "), "\n")),
        ("mistakes in every line", filled("", |i| format!("x{i} = = {i}\n"), "")),
        ("brackets", "(".repeat(LARGE)),
        ("quotes", "\"".repeat(LARGE)),
        ("a comment", format!("/*{}", "*".repeat(LARGE))),
        ("digits", format!("x = {}\n", "9".repeat(LARGE))),
        ("a name", format!("{} = 1\n", "x".repeat(LARGE))),
        ("letters that are none", "λ".repeat(LARGE / 2)),
        (
            "many species",
            filled("", |i| format!("A{i} -> A{}; k*A{i}; A{i} = 1\n", i + 1), "k = 1\n"),
        ),
        ("rules in a chain", filled("x0 := 1\n", |i| format!("x{} := x{i} + 1\n", i + 1), "")),
        ("rules in a ring", filled("", |i| format!("x{i} := x{} + 1\n", i + 1), "") + "x0' = x1\n"),
        ("events", filled("x = 0\n", |i| format!("E{i}: at (time > {i}): x = x + 1\n"), "")),
        (
            "functions of functions",
            filled(
                "function f0(x) x + x end\n",
                |i| format!("function f{}(x) f{i}(x) + f{i}(x) end\n", i + 1),
                "y := f40(1)\n",
            ),
        ),
        (
            "models in models",
            (0..40).fold("model m0()\n x = 1\nend\n".to_string(), |text, i| {
                text + &format!("model m{}()\n a: m{i}();\n b: m{i}();\nend\n", i + 1)
            }),
        ),
    ];
    for (name, text) in cases {
        answer(name, "m.ant", &text, &SIMULATE_ANT);
    }
}

fn sbml(body: &str) -> String {
    format!(
        "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version1/core\" \
         xmlns:comp=\"http://www.sbml.org/sbml/level3/version1/comp/version1\" \
         comp:required=\"true\" level=\"3\" version=\"1\"><model id=\"m\">{body}</model></sbml>"
    )
}

fn rule(math: &str) -> String {
    sbml(&format!(
        "<listOfParameters><parameter id=\"x\" constant=\"false\"/></listOfParameters>\
         <listOfRules><assignmentRule variable=\"x\"><math \
         xmlns=\"http://www.w3.org/1998/Math/MathML\">{math}</math></assignmentRule></listOfRules>"
    ))
}

#[test]
fn sbml_that_is_large_or_deep() {
    let n = LARGE / 30;
    let deep = |open: &str, close: &str| open.repeat(n) + "<cn>1</cn>" + &close.repeat(n);
    let bomb = (1..30).fold("<!ENTITY a0 \"ha\">".to_string(), |text, i| {
        text + &format!("<!ENTITY a{i} \"&a{};&a{};\">", i - 1, i - 1)
    });
    let parameters = |each: &dyn Fn(usize) -> String| {
        let text = filled("<listOfParameters>", each, "</listOfParameters>");
        sbml(&text)
    };
    let species = |i: usize| {
        format!(
            "<species id=\"S{i}\" compartment=\"c\" initialAmount=\"1\" \
             hasOnlySubstanceUnits=\"true\" boundaryCondition=\"false\" constant=\"false\"/>"
        )
    };
    let cases = [
        ("entities", format!("<!DOCTYPE x [{bomb}]><sbml>&a29;</sbml>")),
        ("applications", rule(&deep("<apply><minus/>", "</apply>"))),
        ("pieces", rule(&deep("<piecewise><otherwise>", "</otherwise></piecewise>"))),
        ("meanings", rule(&deep("<semantics>", "</semantics>"))),
        ("elements", sbml(&("<notes>".repeat(n) + &"</notes>".repeat(n)))),
        ("open tags", "<a>".repeat(LARGE / 3)),
        ("attributes", {
            let many = filled("", |i| format!(" a{i}=\"1\""), "");
            sbml(&format!("<listOfParameters{many}/>"))
        }),
        ("one sum", rule(&filled("<apply><plus/>", |_| "<cn>1</cn>".into(), "</apply>"))),
        ("digits", rule(&format!("<cn>{}</cn>", "9".repeat(LARGE)))),
        ("an exponent", rule("<cn type=\"e-notation\">1<sep/>999999999999</cn>")),
        (
            "parameters",
            parameters(&|i| format!("<parameter id=\"p{i}\" value=\"1\" constant=\"true\"/>")),
        ),
        ("bad parameters", parameters(&|i| format!("<parameter id=\"p {i}\" value=\"one\"/>"))),
        (
            "one name again and again",
            parameters(&|_| "<parameter id=\"p\" constant=\"true\"/>".into()),
        ),
        (
            "species",
            sbml(&filled(
                "<listOfCompartments><compartment id=\"c\" size=\"1\" constant=\"true\"/>\
                 </listOfCompartments><listOfSpecies>",
                species,
                "</listOfSpecies>",
            )),
        ),
        ("not UTF-8 names", "\u{0}".repeat(LARGE)),
    ];
    for (name, text) in cases {
        answer(name, "m.xml", &text, &SIMULATE_XML);
    }
}

#[test]
fn submodels_that_bring_in_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let outer = |other: &str| {
        let text = sbml(
            "<comp:listOfSubmodels>\
             <comp:submodel comp:id=\"a\" comp:modelRef=\"part\"/>\
             <comp:submodel comp:id=\"b\" comp:modelRef=\"part\"/></comp:listOfSubmodels>",
        );
        let part = format!(
            "</model><comp:listOfExternalModelDefinitions><comp:externalModelDefinition \
             comp:id=\"part\" comp:source=\"{other}\"/></comp:listOfExternalModelDefinitions>"
        );
        text.replace("</model>", &part)
    };
    fs::write(folder.path().join("m.xml"), outer("other.xml")).unwrap();
    fs::write(folder.path().join("other.xml"), outer("m.xml")).unwrap();
    let said = answer_in("a ring of files", folder.path(), &SIMULATE_XML);
    assert!(said.contains("cyclic-model"), "{said}");
    // Two of each, forty deep: a thousand thousand million.
    for i in 0..40 {
        let name = if i == 0 { "m.xml".into() } else { format!("m{i}.xml") };
        fs::write(folder.path().join(name), outer(&format!("m{}.xml", i + 1))).unwrap();
    }
    fs::write(folder.path().join("m40.xml"), rule("<cn>1</cn>")).unwrap();
    answer_in("two of two of two", folder.path(), &SIMULATE_XML);
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// A system whose time no tool can pass: the clock ends it, and says where it was.
#[test]
fn a_model_without_end_is_ended_by_the_clock() {
    let fast = "x' = 1e9*y; y' = -1e9*x\nx = 1; y = 0\n";
    let command = |limit: &str| {
        let limit = format!("--time-limit={limit}");
        ["simulate", "m.ant", "--for=1e6", "--every=1e5", "--max-steps=1000000000000", &limit]
            .map(String::from)
    };
    let said = answer("fast and endless", "m.ant", fast, &strs(&command("1 s")));
    assert!(said.contains("error[time-limit]: the simulation stopped within 1 s"), "{said}");
    assert!(said.contains("time ") && said.contains("was reached"), "{said}");
    assert!(said.contains("hardest to follow"), "{said}");
    let said = answer("no time to wait", "m.ant", fast, &strs(&command("-1 s")));
    assert!(said.contains("--time-limit:1:1"), "{said}");
}

/// Tables of doses and parameters that are large or without sense.
#[test]
fn tables_that_are_large() {
    let header = "parameterId\tnominalValue\tunit\tsource\tstatus\tnote\n";
    let model = "model m()\n  k has hertz; k = 1 hertz; A has mole; species A; A = 1 mole; J: A -> ; k*A;\nend\n";
    for (name, table) in [
        ("rows", filled(header, |i| format!("p{i}\t1\t1\tassumed\tassumed\tx\n"), "")),
        ("one long row", filled(header, |_| "x\t".into(), "\n")),
        ("no line ends", "x".repeat(LARGE)),
        ("columns", filled("parameterId", |i| format!("\tc{i}"), "\n")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("m.ant"), model).unwrap();
        fs::write(folder.path().join("m.tsv"), table).unwrap();
        answer_in(name, folder.path(), &["check", "m.ant"]);
    }
}
