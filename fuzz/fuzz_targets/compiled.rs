//! Any program gives the same bits compiled and interpreted, at four and at eight lanes.
#![no_main]

use hersim_engine::oracle::disagreement;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(told) = disagreement(bytes) {
        panic!("{told}");
    }
});
