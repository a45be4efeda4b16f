//! What the model must do whatever its numbers: the direction of well-known effects.

mod common;

use common::{root, succeed};
use serde_json::Value;

/// Last values of a dish after 72 h, by column.
fn dish(tumour: &str, medium: &[&str]) -> Value {
    let mut arguments =
        vec!["--json", "simulate", tumour, "--system", "culture", "--for", "72h", "--every", "24h"];
    for m in medium {
        arguments.extend(["--medium", m]);
    }
    let text = succeed(&root(), &arguments);
    serde_json::from_str::<Value>(&text).expect("JSON")["columns"].clone()
}

fn at(columns: &Value, name: &str, row: usize) -> f64 {
    columns[name]["values"][row].as_f64().unwrap_or_else(|| panic!("no column {name} in {columns}"))
}

fn last(columns: &Value, name: &str) -> f64 {
    at(columns, name, 3)
}

const DRUG: &[&str] = &["trastuzumab=10 ug/mL"];

/// Share of the untreated cells that is lost after 72 h.
fn cells_lost(tumour: &str) -> f64 {
    1.0 - last(&dish(tumour, DRUG), "cells") / last(&dish(tumour, &[]), "cells")
}

#[test]
fn sensitive_lines_lose_20_to_60_percent_in_three_days() {
    for line in ["bt474", "skbr3"] {
        let lost = cells_lost(line);
        assert!((0.20..=0.60).contains(&lost), "{line} loses {lost:.3}");
    }
}

#[test]
fn resistant_lines_lose_less_than_10_percent() {
    for line in ["jimt1", "mcf7"] {
        let lost = cells_lost(line);
        assert!((-0.05..0.10).contains(&lost), "{line} loses {lost:.3}");
    }
}

#[test]
fn akt_falls_p27_and_g1_rise() {
    for line in ["bt474", "skbr3"] {
        let (control, treated) = (dish(line, &[]), dish(line, DRUG));
        assert!(at(&treated, "pAKT", 1) < 0.8 * at(&control, "pAKT", 1), "{line}: pAKT at 24 h");
        assert!(last(&treated, "p27") > 1.3 * last(&control, "p27"), "{line}: p27");
        assert!(last(&treated, "G1_share") > 1.05 * last(&control, "G1_share"), "{line}: G1");
    }
}

#[test]
fn archetypes_with_a_resistance_respond_less() {
    let sensitive = cells_lost("sensitive");
    for archetype in ["pten_null", "p95_rich"] {
        let lost = cells_lost(archetype);
        assert!(lost < 0.8 * sensitive, "{archetype} loses {lost:.3}, sensitive {sensitive:.3}");
    }
}

/// Sum of diameters after half a year relative to the start.
fn shrinkage(tumour: &str) -> f64 {
    let text = succeed(
        &root(),
        &[
            "--json",
            "simulate",
            tumour,
            "--regimen",
            "trastuzumab_qw",
            "--for",
            "168 day",
            "--every",
            "168 day",
        ],
    );
    let columns = serde_json::from_str::<Value>(&text).expect("JSON")["columns"].clone();
    at(&columns, "sum_of_diameters", 1) / at(&columns, "sum_of_diameters", 0)
}

#[test]
fn archetypes_with_a_resistance_respond_less_in_a_patient() {
    let sensitive = shrinkage("sensitive");
    for archetype in ["pten_null", "p95_rich"] {
        let other = shrinkage(archetype);
        assert!(other > 1.05 * sensitive, "{archetype}: {other:.3}, sensitive: {sensitive:.3}");
    }
}

#[test]
fn adding_the_antibody_raises_response_and_prolongs_survival() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run").display().to_string();
    let text = succeed(
        &root(),
        &["--json", "trial", "h0648g", "-n", "250", "--rtol", "1e-4", "--out", &out],
    );
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let ratio = |endpoint: &str, measure: &str| {
        let contrasts = json["contrasts"].as_array().unwrap();
        let found = contrasts
            .iter()
            .find(|c| {
                c["endpoint"] == endpoint && c["measure"] == measure && c.get("subgroup").is_none()
            })
            .unwrap_or_else(|| panic!("{endpoint} {measure}"));
        (
            found["value"].as_f64().unwrap(),
            found["ci_low"].as_f64().unwrap(),
            found["ci_high"].as_f64().unwrap(),
        )
    };
    let (odds, low, _) = ratio("orr", "or");
    assert!(low > 1.0, "odds of response {odds}");
    for endpoint in ["ttp", "pfs"] {
        let (hazard, _, high) = ratio(endpoint, "hr");
        assert!(high < 1.0, "{endpoint} hazard {hazard}");
    }
    let (hazard, _, _) = ratio("os", "hr");
    assert!(hazard < 1.0, "hazard of death {hazard}");
    assert_eq!(json["failed_patients"], 0);
}

/// States of the heterogeneous archetype after `days`, by column, with parameters set.
fn patient(days: u32, set: &[&str]) -> Value {
    let (length, half) = (format!("{days} day"), format!("{} day", days / 2));
    let mut arguments = vec!["--json", "simulate", "heterogeneous", "--states"];
    arguments.extend(["--for", &length, "--every", &half]);
    for s in set {
        arguments.extend(["--set", s]);
    }
    let text = succeed(&root(), &arguments);
    serde_json::from_str::<Value>(&text).expect("JSON")["columns"].clone()
}

#[test]
fn a_handful_of_cells_dies_out_when_the_draw_says_so_and_then_stands_still() {
    let nine_cells = ["minor_fraction=1e-9", "bulk_fraction=1", "bulk_to_minor_share=0"];
    let run = |draw: f64| {
        let draw = format!("minor.lineage.extinction_draw={draw} cell");
        patient(60, &[&nine_cells[..], &[&draw]].concat())
    };
    // No draw is ever below zero: this one lives whatever happens, and shows its risk.
    let undisturbed = run(0.0);
    let (early, late) =
        (at(&undisturbed, "minor.lineage.risk", 1), at(&undisturbed, "minor.lineage.risk", 2));
    assert!(early > 0.05 && late > early, "risk {early}, then {late} per cell");
    let survivor = run(0.99 / late);
    assert_eq!(at(&survivor, "minor.cells", 2), at(&undisturbed, "minor.cells", 2));
    let extinct = run(1.01 / early);
    assert!(at(&extinct, "minor.cells", 1) < at(&undisturbed, "minor.cells", 1));
    assert_eq!(at(&extinct, "minor.cells", 1), at(&extinct, "minor.cells", 2));
}

#[test]
fn a_subclone_that_is_not_there_is_founded_by_mutation_only() {
    let absent = ["minor_fraction=0", "bulk_fraction=1", "minor.lineage.founding_draw=1 cell"];
    let founded = patient(60, &absent);
    assert!(at(&founded, "minor.cells", 2) >= 1.0);
    let without = patient(60, &[&absent[..], &["bulk_to_minor_share=0"]].concat());
    assert_eq!(at(&without, "minor.cells", 2), 0.0);
}

#[test]
fn a_mouse_without_killer_cells_and_phagocytes_gains_less_from_the_antibody() {
    let gain = |host: &str| {
        let volume = |regimen: &str| {
            let graft = ["--json", "simulate", "bt474", "--system", "xenograft", "--host", host];
            let rest = ["--regimen", regimen, "--for", "28 day", "--every", "28 day"];
            let text = succeed(&root(), &[graft.as_slice(), &rest].concat());
            let json: Value = serde_json::from_str(&text).expect("JSON");
            at(&json["columns"], "tumour_volume", 1)
        };
        1.0 - volume("trastuzumab 10 mg/kg qw") / volume("none")
    };
    let (nude, nsg, unarmed) = (gain("nude"), gain("nsg"), gain("nude_fcer1g"));
    assert!(nude > 1.1 * nsg, "nude {nude:.3}, NSG {nsg:.3}");
    assert!(nude > 1.1 * unarmed, "nude {nude:.3}, without activating receptors {unarmed:.3}");
}
