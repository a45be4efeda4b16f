//! What a page must hold, whatever it looks like.

mod example;

use hersim_report::{ReportMeta, simulation_report, trace_svg, trial_report};
use hersim_study::{
    outcome::{DAYS_PER_MONTH, PatientStatus, TrialOutcome},
    statistics::KaplanMeier,
};
use quick_xml::{Reader, events::Event};

/// The `<svg>…</svg>` elements of a page, in order.
fn pictures(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("<svg") {
        let end = start + rest[start..].find("</svg>").expect("an svg that ends") + 6;
        found.push(&rest[start..end]);
        rest = &rest[end..];
    }
    found
}

/// The part of a page in the element with this id, to the end of its section.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page.find(&format!("<section id=\"{id}\"")).expect(id);
    let end = page[start..].find("</section>").expect("a section that ends");
    &page[start..start + end]
}

fn assert_valid_xml(text: &str) {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(Event::Start(e) | Event::Empty(e)) => {
                for attribute in e.attributes() {
                    attribute.expect("attributes well formed and unlike each other");
                }
            }
            Ok(_) => {}
            Err(e) => panic!("{e} in {text:.300}"),
        }
    }
}

fn pages() -> Vec<String> {
    let meta = example::meta();
    vec![
        trial_report(&example::trial(120), &meta),
        trial_report(&example::trial(3), &meta),
        trial_report(&example::awkward(), &meta),
        simulation_report("<A & B>", &[example::trace("<a> & \"b\"")], &meta),
    ]
}

#[test]
fn every_picture_is_valid_xml() {
    for page in pages() {
        let pictures = pictures(&page);
        assert!(!pictures.is_empty());
        pictures.into_iter().for_each(assert_valid_xml);
    }
    let file = trace_svg(&example::trace("<a> & \"b\""));
    assert!(file.starts_with("<?xml"));
    assert_valid_xml(&file);
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    for page in pages() {
        for forbidden in ["<script", "<link", "<img", "<iframe", "src=", "@import", "javascript:"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        // References within the page only, and links to the papers.
        for at in page.match_indices("url(").map(|(at, _)| at) {
            assert!(page[at..].starts_with("url(#"));
        }
        for at in page.match_indices("://").map(|(at, _)| at) {
            let before = &page[..at + 3];
            let known = ["xmlns=\"http://", "<a href=\"https://"];
            assert!(known.iter().any(|k| before.ends_with(k)), "{:.80}", &page[at - 30..]);
        }
    }
}

#[test]
fn words_cannot_become_markup() {
    let meta = ReportMeta {
        command: "tool '<script>alert(1)</script>' \u{7}".into(),
        version: "</footer>".into(),
        sources: vec!["<b>bold</b> doi:10.1/\"><script>".into()],
        settings: vec![("<i>".into(), "&amp;".into())],
        ..example::meta()
    };
    let mut outcome = example::awkward();
    outcome.arms[0].title = "</title><script>alert('x')</script>".into();
    outcome.arms[1].arm = "\"><svg onload=alert(1)>".into();
    outcome.contrasts[0].subgroup = "<u>=x".into();
    outcome.patients[0].status = PatientStatus::Failed("<script>".into());
    let page = trial_report(&outcome, &meta);
    for forbidden in ["<script", "<b>bold", "<i>", "<u>", "<svg onload", "</footer></td>"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("&amp;amp;"));
    pictures(&page).into_iter().for_each(assert_valid_xml);
}

#[test]
fn the_same_outcome_gives_the_same_bytes() {
    let page = || trial_report(&example::trial(60), &example::meta());
    assert_eq!(page(), page());
}

/// Months and event of the patients of an arm that were simulated to the end.
fn survival(outcome: &TrialOutcome, arm: usize) -> Vec<(f64, bool)> {
    let mine = outcome.patients.iter().filter(|p| p.arm == arm);
    let whole = mine.filter(|p| p.status == PatientStatus::Complete);
    whole.map(|p| (p.os.day / DAYS_PER_MONTH, p.os.event)).collect()
}

/// The numbers printed under the curve, read back as (arm, month, number).
fn numbers_at_risk(svg: &str) -> Vec<(usize, f64, usize)> {
    let text = |s: &str, key: &str| -> String {
        let start = s.find(key).expect(key) + key.len();
        s[start..].chars().take_while(|c| *c != '"').collect()
    };
    svg.split("<text")
        .filter(|part| part.contains("data-month"))
        .map(|part| {
            let arm = text(part, "data-arm=\"").parse().unwrap();
            let month = text(part, "data-month=\"").parse().unwrap();
            let start = part.find('>').unwrap() + 1;
            let number: String = part[start..].chars().take_while(|c| *c != '<').collect();
            (arm, month, number.parse().unwrap())
        })
        .collect()
}

#[test]
fn numbers_at_risk_are_those_under_observation() {
    let outcome = example::trial(120);
    let page = trial_report(&outcome, &example::meta());
    let printed = numbers_at_risk(pictures(section(&page, "km-os"))[0]);
    assert!(printed.len() >= 2 * 6, "{printed:?}");
    for (arm, month, number) in printed {
        let times = survival(&outcome, arm);
        let counted = times.iter().filter(|(t, _)| *t >= month).count();
        assert_eq!(number, counted, "arm {arm}, month {month}");
        assert_eq!(number, KaplanMeier::new(&times).at_risk(month));
    }
}

#[test]
fn every_arm_and_every_picture_is_there() {
    let outcome = example::trial(120);
    let page = trial_report(&outcome, &example::meta());
    assert_eq!(page.matches("not for treating a person").count(), 1);
    for id in ["summary", "km-pfs", "km-os", "waterfall", "spider", "trace-0", "failures"] {
        section(&page, id);
    }
    assert!(!page.contains("id=\"km-ttp\""), "no figure of this trial is a time to progression");
    for id in ["km-pfs", "km-os", "waterfall", "spider", "trace-0"] {
        let part = section(&page, id);
        assert_eq!(pictures(part).len(), 1, "{id}");
        assert!(part.contains("<details>") && part.contains("<table>"), "{id}");
    }
    for id in ["km-pfs", "km-os", "waterfall", "spider"] {
        let picture = pictures(section(&page, id))[0];
        for arm in &outcome.arms {
            assert!(picture.contains(&arm.title), "{id}: {}", arm.title);
        }
    }
    for id in ["km-pfs", "km-os"] {
        let picture = pictures(section(&page, id))[0];
        for words in ["Hazard ratio", "published 0.", "log-rank p", "Published median"] {
            assert!(picture.contains(words), "{id}: {words}");
        }
    }
    let curves = pictures(section(&page, "trace-0"))[0];
    for series in &outcome.traces[0].series {
        assert!(curves.contains(&series.title));
    }
    // Every shown patient is a line of its own.
    let spider = pictures(section(&page, "spider"))[0];
    assert_eq!(spider.matches("<g><title>Patient ").count(), 2 * 60);
}

#[test]
fn the_table_shows_the_simulated_and_the_published_figure() {
    let outcome = example::trial(120);
    let page = trial_report(&outcome, &example::meta());
    let summary = section(&page, "summary");
    for arm in &outcome.arms {
        for e in &arm.endpoints {
            for value in [e.value, e.ci_low, e.ci_high, e.observed, e.observed_ci_high] {
                let shown = format!("{:.1}", value.expect("the example has all figures"));
                assert!(summary.contains(&shown), "{} {shown}", e.endpoint);
            }
        }
    }
    assert!(summary.contains("stratum: naive") && summary.contains("calibrated to"));
}

#[test]
fn failed_patients_are_listed_and_in_no_curve() {
    let outcome = example::trial(120);
    assert_eq!(outcome.failed_patients, 2);
    let page = trial_report(&outcome, &example::meta());
    let failures = section(&page, "failures");
    assert_eq!(failures.matches("worst state &lt;bulk.a&gt;").count(), 2);
    assert!(page.contains("in 119, median"));
    assert!(!pictures(section(&page, "waterfall"))[0].contains("(n = 120)"));
}

#[test]
fn an_outcome_without_patients_still_gives_its_tables() {
    let mut outcome = example::trial(60);
    outcome.patients.clear();
    outcome.traces.clear();
    let page = trial_report(&outcome, &example::meta());
    section(&page, "summary");
    assert!(!page.contains("id=\"km-os\""));
    outcome.arms.clear();
    outcome.contrasts.clear();
    assert!(trial_report(&outcome, &ReportMeta::default()).ends_with("</html>"));
    assert!(simulation_report("", &[], &ReportMeta::default()).contains("</html>"));
}

/// Places of all text in a picture, to find what leaves it. Rotated text is skipped: its width
/// runs upward.
fn texts(svg: &str) -> Vec<(f64, f64, String, f64, String)> {
    let value = |s: &str, key: &str| -> String {
        let start = s.find(key).expect(key) + key.len();
        s[start..].chars().take_while(|c| *c != '"').collect()
    };
    svg.split("<text ")
        .skip(1)
        .filter(|part| !part[..part.find('>').unwrap()].contains("rotate"))
        .map(|part| {
            let words: String =
                part[part.find('>').unwrap() + 1..].chars().take_while(|c| *c != '<').collect();
            (
                value(part, "x=\"").parse().unwrap(),
                value(part, "y=\"").parse().unwrap(),
                value(part, "text-anchor=\""),
                value(part, "font-size=\"").parse().unwrap(),
                words,
            )
        })
        .collect()
}

/// By a rough width of 0.56 of the height per character, which lines of plain words stay below in most fonts.
#[test]
fn no_text_leaves_its_picture() {
    for page in pages() {
        for svg in pictures(&page) {
            let size: Vec<f64> = {
                let start = svg.find("viewBox=\"0 0 ").unwrap() + 13;
                let text: String = svg[start..].chars().take_while(|c| *c != '"').collect();
                text.split(' ').map(|v| v.parse().unwrap()).collect()
            };
            for (x, y, anchor, font, words) in texts(svg) {
                let width = 0.56 * font * words.chars().count() as f64;
                let left = match anchor.as_str() {
                    "start" => x,
                    "middle" => x - width / 2.0,
                    _ => x - width,
                };
                let slack = 12.0;
                assert!(left > -slack && left + width < size[0] + slack, "{words} at {x}");
                assert!(y > 8.0 && y < size[1], "{words} at height {y} of {}", size[1]);
            }
        }
    }
}
