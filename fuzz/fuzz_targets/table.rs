//! Any text given as a parameter table either joins or is refused.
#![no_main]

use std::{io, path::Path};

use hersim_antimony::{Files, Request, load};
use hersim_network::Sources;
use libfuzzer_sys::fuzz_target;

const MODEL: &str = "model m()\n  compartment c; species A in c;\n  J: A -> ; k*A;\nend\n";

struct Two<'a>(&'a str);

impl Files for Two<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        Ok(match path.extension().and_then(|e| e.to_str()) {
            Some("tsv") => self.0.to_string(),
            _ => MODEL.to_string(),
        })
    }
}

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let request =
        Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: false };
    if let Err(errors) = load(&Two(text), &request, &mut sources) {
        errors.iter().take(20).for_each(|e| drop(e.render(&sources, false)));
    }
});
