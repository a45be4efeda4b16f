//! Any text given as a regimen, quantity, distribution or unit is read or refused.
#![no_main]

use hersim_network::Sources;
use hersim_study::{
    distribution::Distribution, quantity::Quantity, regimen::Regimen, written::Written,
};
use hersim_units::Unit;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let written = Written::argument("regimen", text, &mut sources);
    if let Err(errors) = Regimen::parse(&written) {
        errors.iter().take(20).for_each(|e| drop(e.render(&sources, false)));
    }
    let _ = Quantity::parse(text);
    let _ = Distribution::parse(text);
    if let Ok(unit) = Unit::parse(text) {
        assert_eq!(Unit::parse(&unit.to_string()).as_ref(), Ok(&unit));
    }
});
