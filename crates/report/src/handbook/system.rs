//! What a system's document adds to the page of its model: roles and readouts.

use hersim_study::library::System;

use super::document::{Block, Inline, code, table, words};

/// The roles that symbols play, what can be set by name, and what is shown.
pub(super) fn roles(system: &System, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Roles".into()));
    let mut rows: Vec<Vec<Vec<Inline>>> = Vec::new();
    let mut role = |words_: &str, symbol: &str| rows.push(vec![words(words_), code(symbol)]);
    let duration = system.equilibration.duration.get_ref();
    role(
        &format!("1 while tumours come to rest (at most {duration}), 0 afterwards"),
        system.equilibration.switch.get_ref(),
    );
    role("share of a subclone among all tumour cells", system.population.fraction.get_ref());
    for number in &system.population.numbers {
        role("counts cells of a subclone", number.get_ref());
    }
    if let Some(dosing) = &system.dosing {
        role("body weight, for doses per kilogram", dosing.per_kg.get_ref());
        role("body surface, for doses per square metre", dosing.per_m2.get_ref());
    }
    if let Some(clinic) = &system.clinic {
        role("sum of diameters that visits measure", clinic.sum_of_diameters.get_ref());
        role("cumulative hazard of death", clinic.death.get_ref());
        role("cumulative hazard of a new lesion", clinic.new_lesion.get_ref());
        role("1 once the disease has progressed", clinic.progressed.get_ref());
    }
    blocks.push(table(vec!["role", "name"], rows));
    let default = system.subclones.default.join(", ");
    let most = system.subclones.at_most;
    blocks.push(Block::Text(vec![
        Inline::Text(format!(
            "Subclones: {default} unless a tumour names others, at most {most}; "
        )),
        Inline::Code("clone".into()),
        Inline::Text(format!(
            " stands for each of them in the text. Time runs in units of a {}.",
            system.time_unit
        )),
    ]));
    if !system.readout.is_empty() {
        blocks.push(Block::Heading(2, "Readouts".into()));
        let rows = system.readout.iter().map(|r| {
            vec![code(&r.id), words(&r.title), words(r.unit.get_ref()), code(r.symbol.get_ref())]
        });
        let rows = rows.collect();
        blocks.push(table(vec!["column", "what it shows", "unit", "name"], rows));
    }
    if !system.medium.is_empty() {
        blocks.push(Block::Heading(2, "Set by name".into()));
        let rows =
            system.medium.iter().map(|(name, symbol)| vec![code(name), code(symbol.get_ref())]);
        let rows = rows.collect();
        blocks.push(table(vec!["typed", "name"], rows));
    }
}
