//! Any text given as a table of doses becomes doses, or is refused with words that can be shown.
#![no_main]

use std::{fs, sync::OnceLock};

use hersim_study::{
    assemble::{Assembled, assemble},
    dosing::{EventTable, read_events},
    library::Library,
};
use libfuzzer_sys::fuzz_target;

/// The smallest project with a drug.
const FILES: [(&str, &str); 5] = [
    (
        "model/systems/body.ant",
        "model body()\n  compartment space; space has litre;\n  weight has kilogram; surface has \
         dimensionless;\n  on has dimensionless; share has dimensionless;\n  substanceOnly species \
         A in space;\n  A has mole; A = 0;\n  k has hertz;\n  J: A => ; k*A;\nend\n",
    ),
    (
        "model/systems/body.tsv",
        "parameterId\tparameterScale\tlowerBound\tupperBound\tnominalValue\testimate\tunit\tsource\t\
         status\tnote\nspace\tlin\t1\t1\t1\t0\tlitre\tassumed\tassumed\tx\nweight\tlin\t1\t1\t1\t0\tkg\t\
         assumed\tassumed\tx\nsurface\tlin\t1\t1\t1\t0\t1\tassumed\tassumed\tx\non\tlin\t0\t1\t0\t0\t1\t\
         assumed\tassumed\tx\nshare\tlin\t1\t1\t1\t0\t1\tassumed\tassumed\tx\nk\tlin\t1\t1\t1\t0\t1/s\t\
         assumed\tassumed\tx\n",
    ),
    (
        "model/systems/body.toml",
        "id = \"body\"\ntitle = \"b\"\nmodel = \"body.ant\"\nsubclones = { default = [], at_most = 1 }\n\
         time_unit = \"second\"\nequilibration = { switch = \"on\", for = \"1 day\" }\n\
         population = { fraction = \"share\" }\n",
    ),
    ("model/attributes.toml", ""),
    (
        "library/drugs/drug.toml",
        "id = \"drug\"\nname = \"d\"\nmolar_mass = { value = 1, unit = \"kg/mol\", source = \"x\" }\n\
         [system.body]\ninto = \"A\"\noral = { into = \"A\" }\n",
    ),
];

fn project() -> &'static (std::path::PathBuf, Assembled) {
    static PROJECT: OnceLock<(std::path::PathBuf, Assembled)> = OnceLock::new();
    PROJECT.get_or_init(|| {
        let root = std::env::temp_dir().join(format!("hersim-fuzz-{}", std::process::id()));
        for (path, text) in FILES {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut library = Library::at(&root);
        let assembled = assemble(&mut library, "body", &[]).unwrap_or_else(|errors| {
            panic!("{:?}", errors.iter().map(|e| &e.message).collect::<Vec<_>>())
        });
        (root, assembled)
    })
}

fuzz_target!(|text: &str| {
    let (root, assembled) = project();
    let path = root.join("events.csv");
    fs::write(&path, text).unwrap();
    let mut library = Library::at(root);
    let wanted =
        EventTable { path, id: None, time_unit: Some("h".into()), amount_unit: Some("mg".into()) };
    if let Err(errors) = read_events(&mut library, &wanted, assembled) {
        assert!(!errors.is_empty());
        errors.iter().take(20).for_each(|e| drop(e.render(&library.sources, false)));
    }
});
