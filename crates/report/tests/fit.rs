//! The page of a fit, for numbers that are usual and numbers that are not.

use hersim_report::{ReportMeta, fit_report};
use hersim_study::fit::{
    Fit, FitOutcome, FittedParameter, Line, ObservableOutcome, Panel, Point, Profile, Scale,
    StartOutcome, Status,
};
use quick_xml::{Reader, events::Event};

fn parameter(id: &str) -> FittedParameter {
    FittedParameter {
        id: id.into(),
        title: "<rate> & \"more\"".into(),
        unit: "1/day".into(),
        scale: Scale::Log10,
        lower: 0.01,
        upper: 10.0,
        nominal: 1.0,
        value: 2.0,
        se: Some(0.1),
        ci_low: Some(1.3),
        ci_high: Some(3.1),
        informed: 0.8,
        at_bound: None,
        unidentifiable: false,
        in_model: true,
    }
}

fn outcome() -> FitOutcome {
    let fit = Fit { objective: 12.5, log_likelihood: -10.0, chi2: 9.0, prior: 2.5 };
    let data = vec![(0.1, 5.0, 4.0, 6.0), (1.0, 50.0, f64::NAN, f64::INFINITY)];
    let panel = |x_log, y_log, curve: Vec<(f64, f64)>| Panel {
        title: "Seen, <line>".into(),
        x: "Dose, nM".into(),
        x_log,
        y: "Seen & counted".into(),
        y_log,
        lines: vec![Line { title: "72 h".into(), curve, data: data.clone() }],
    };
    let usual = vec![(0.1, 4.5), (1.0, 40.0)];
    FitOutcome {
        problem: "problem".into(),
        title: "A <fit>".into(),
        note: "What & why".into(),
        seed: 3,
        measurements: 2,
        nominal: None,
        best: fit,
        parameters: vec![
            parameter("a.k"),
            FittedParameter {
                se: None,
                ci_low: None,
                ci_high: None,
                at_bound: Some("lower"),
                ..parameter("a.bound")
            },
            FittedParameter { unidentifiable: true, in_model: false, ..parameter("scale") },
        ],
        starts: vec![
            StartOutcome {
                start: 1,
                from: Some(1e6),
                objective: Some(12.5),
                iterations: 8,
                status: Status::Converged,
            },
            StartOutcome {
                start: 0,
                from: None,
                objective: None,
                iterations: 0,
                status: Status::Failed,
            },
        ],
        observables: vec![ObservableOutcome {
            id: "seen".into(),
            title: "Seen & counted".into(),
            n: 2,
            chi2: 9.0,
            mean: 0.5,
            worst: -2.5,
            rmse: 0.2,
        }],
        points: vec![
            Point {
                observable: "seen".into(),
                condition: "c<0>".into(),
                day: 3.0,
                measured: 5.0,
                simulated: 4.5,
                sigma: 0.2,
                residual: -2.5,
            },
            Point {
                observable: "seen".into(),
                condition: "c1".into(),
                day: 3.0,
                measured: 50.0,
                simulated: f64::NAN,
                sigma: 0.2,
                residual: f64::NAN,
            },
        ],
        profiles: vec![Profile {
            id: "a.k".into(),
            unit: "1/day".into(),
            scale: Scale::Log10,
            best: 2.0,
            values: vec![0.01, 1.0, 2.0, 4.0, 10.0],
            rise: vec![None, Some(3.0), Some(0.0), Some(2.5), Some(400.0)],
            ci: [Some(1.2), None],
        }],
        panels: vec![
            panel(true, true, usual.clone()),
            panel(false, false, usual),
            panel(true, true, vec![(0.0, 0.0), (f64::NAN, -1.0)]),
            Panel { lines: Vec::new(), ..panel(false, false, Vec::new()) },
        ],
        trouble: Some("the step budget was used up".into()),
        iterations: 8,
        seconds: 1.0,
    }
}

fn pictures(page: &str) -> Vec<&str> {
    let ends = |(start, _): (usize, &str)| {
        let end = start + page[start..].find("</svg>").expect("an svg that ends") + 6;
        &page[start..end]
    };
    page.match_indices("<svg").map(ends).collect()
}

#[test]
fn the_page_is_whole_for_all_numbers() {
    let page = fit_report(&outcome(), &ReportMeta::default());
    let pictures = pictures(&page);
    assert_eq!(pictures.len(), 4, "curves, residuals, starts, profile");
    for picture in pictures {
        let mut reader = Reader::from_str(picture);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(e) => panic!("{e} in {picture:.300}"),
            }
        }
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture:.300}");
    }
    for text in ["A &lt;fit&gt;", "at its lower bound", "not identifiable", "What &amp; why"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("1.2 to –"), "an interval that is open to the bound");
    assert!(!page.contains("<script") && !page.contains("src="));
}

#[test]
fn a_profile_shows_its_limit_and_hides_what_is_far_above() {
    let page = fit_report(&outcome(), &ReportMeta::default());
    let start = page.find("id=\"profile-0\"").expect("a profile");
    let picture = &page[start..start + page[start..].find("</svg>").expect("its picture")];
    // Three values are low enough for a dot; the fourth is 800 above.
    assert_eq!(picture.matches("<circle").count(), 3);
    assert!(picture.contains("stroke-dasharray"));
}
