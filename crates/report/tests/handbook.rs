//! The handbook of the repository's own model, as a reader of files and a browser meet it.

use std::path::Path;

use hersim_report::{handbook_files, handbook_page, is_of_handbook};
use hersim_study::{
    handbook::{Handbook, handbook},
    library::Library,
};
use quick_xml::{Reader, events::Event};

fn book() -> Handbook {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut library = Library::at(&root.canonicalize().expect("the checkout"));
    handbook(&mut library).unwrap_or_else(|errors| {
        let told: Vec<_> = errors.iter().map(|e| e.render(&library.sources, false)).collect();
        panic!("{}", told.join("\n"))
    })
}

/// Fails when a text is not well-formed XML; gives each element with its attributes.
fn elements(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(text);
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|e| panic!("{e} in {text}")) {
            Event::Eof => return found,
            Event::Start(e) | Event::Empty(e) => {
                let name = e.name().as_ref().to_string();
                let attributes = e.attributes().map(|a| {
                    let a = a.unwrap();
                    let key = a.key.as_ref().to_string();
                    (key, a.value.to_string())
                });
                found.push((name, attributes.collect()));
            }
            _ => {}
        }
    }
}

#[test]
fn figures_are_xml_and_keep_within_their_frames() {
    let files = handbook_files(&book(), "../../");
    let figures: Vec<_> = files.iter().filter(|f| f.path.ends_with(".svg")).collect();
    assert!(figures.len() > 50, "{}", figures.len());
    for figure in figures {
        assert!(is_of_handbook(&figure.text), "{}", figure.path);
        let elements = elements(&figure.text);
        let get = |e: &(String, Vec<(String, String)>), key: &str| -> Option<f64> {
            e.1.iter().find(|(k, _)| k == key)?.1.parse().ok()
        };
        let svg = elements.iter().find(|e| e.0 == "svg").expect("an svg");
        let (width, height) = (get(svg, "width").unwrap(), get(svg, "height").unwrap());
        for rect in elements.iter().filter(|e| e.0 == "rect") {
            let of = |key| get(rect, key).unwrap();
            let (x, y) = (of("x"), of("y"));
            let inside = x >= 0.0 && y >= 0.0;
            let inside =
                inside && x + of("width") <= width + 0.02 && y + of("height") <= height + 0.02;
            assert!(inside, "{}: {rect:?} in {width} x {height}", figure.path);
        }
    }
}

#[test]
fn formulas_of_the_page_are_xml_and_say_what_the_markdown_says() {
    let book = book();
    let page = handbook_page(&book);
    let rows: usize = page
        .split("<math ")
        .skip(1)
        .map(|rest| {
            let math = format!("<math {}</math>", rest.split("</math>").next().unwrap());
            let count = |text: &str| elements(text).iter().filter(|e| e.0 == "mtr").count();
            // The branches of one formula are rows within its row.
            let branches: usize = (math.split("<mtable class=\"cases\"").skip(1))
                .map(|rest| rest.split("</mtable>").next().unwrap().matches("<mtr>").count())
                .sum();
            count(&math.replace("&#160;", " ")) - branches
        })
        .sum();
    let markdown: usize = handbook_files(&book, "")
        .iter()
        .flat_map(|f| {
            f.text.split("```math\n").skip(1).map(|r| r.split("\n```").next().unwrap_or(""))
        })
        .map(|block| block.lines().count() - 2)
        .sum();
    assert!(rows > 500, "{rows} rows");
    assert_eq!(rows, markdown);
}

#[test]
fn the_same_model_gives_the_same_handbook() {
    assert_eq!(handbook_page(&book()), handbook_page(&book()));
}

#[test]
fn every_port_that_is_read_has_another_end() {
    let book = book();
    let used = |id: &str| book.modules.iter().any(|m| m.parts.iter().any(|p| p.module == id));
    let mut alone = Vec::new();
    for module in book.modules.iter().filter(|m| used(&m.id)) {
        for port in &module.ports {
            let read = port.role == hersim_study::handbook::Role::Read;
            let nobody = port.ends.iter().all(|e| e.others.is_empty());
            if read && nobody {
                alone.push(format!("{}.{}", module.id, port.name));
            }
        }
    }
    assert!(alone.is_empty(), "nobody gives {alone:?}");
}
