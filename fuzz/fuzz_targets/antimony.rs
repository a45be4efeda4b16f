//! Any text given as a model either loads or is refused; a loaded one can be checked and written.
#![no_main]

use std::{io, path::Path};

use hersim_antimony::{Files, Request, load, write};
use hersim_network::{Sources, check};
use libfuzzer_sys::fuzz_target;

struct One<'a>(&'a str);

impl Files for One<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("ant") => Ok(self.0.to_string()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

fuzz_target!(|text: &str| {
    // Read strictly, as the model's own texts, and as others are.
    for tolerant in [false, true] {
        let mut sources = Sources::default();
        let model = Path::new("m.ant");
        let request = Request { model, main: None, subclones: &[], tolerant };
        match load(&One(text), &request, &mut sources) {
            Ok(loaded) => {
                let _ = check(&loaded.network);
                let _ = write(&loaded.network);
            }
            Err(errors) => errors.iter().take(20).for_each(|e| drop(e.render(&sources, false))),
        }
    }
});
