//! Any text given as a document of the library is read, or refused with words that can be shown.
#![no_main]

use hersim_network::Sources;
use hersim_study::{
    document::parse,
    hypothesis::Hypotheses,
    library::{Attributes, Cohort, Drug, Host, RegimenFile, System, Tumour},
    trial::TrialPlan,
};
use libfuzzer_sys::fuzz_target;

fn read<T: serde::de::DeserializeOwned>(text: &str) {
    let mut sources = Sources::default();
    if let Err(errors) = parse::<T>("x.toml", text.to_string(), &mut sources) {
        assert!(!errors.is_empty());
        errors.iter().take(20).for_each(|e| drop(e.render(&sources, false)));
    }
}

fuzz_target!(|text: &str| {
    read::<TrialPlan>(text);
    read::<Cohort>(text);
    read::<Tumour>(text);
    read::<Drug>(text);
    read::<Host>(text);
    read::<System>(text);
    read::<Attributes>(text);
    read::<Hypotheses>(text);
    read::<RegimenFile>(text);
});
