//! Any text given as SBML either reads or is refused; what is read can be checked, written, read
//! back and made ready to run.
#![no_main]

use hersim_hybrid::compile;
use hersim_network::{Sources, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    match hersim_sbml::read("m.xml", text, &mut sources, &mut |_| None) {
        Ok(network) => {
            let _ = check(&network);
            let _ = compile(&network, &[]);
            let written = hersim_sbml::write(&network);
            let _ = hersim_sbml::read("w.xml", &written, &mut sources, &mut |_| None);
        }
        Err(errors) => errors.iter().take(20).for_each(|e| drop(e.render(&sources, false))),
    }
});
