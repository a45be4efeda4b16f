//! Any network that is accepted takes the same course compiled and interpreted, at every width.
#![no_main]

use std::{io, path::Path};

use hersim_antimony::{Files, Request, load};
use hersim_engine::{
    Compile, Failure, Leg, Moment, Program, Reached, Settings, Subject, Width, compile, run,
};
use hersim_network::Sources;
use libfuzzer_sys::fuzz_target;

struct One<'a>(&'a str);

impl Files for One<'_> {
    fn read(&self, _: &Path) -> io::Result<String> {
        Ok(self.0.to_string())
    }
}

/// Keeps the bits of all it is told.
struct Follower<'a>(&'a Program, Vec<u64>);

impl Subject for Follower<'_> {
    fn start(&mut self, parameters: &mut [f64], state: &mut [f64]) -> f64 {
        let frozen = self.0.parameters().iter().map(|s| self.0.initial_of(*s, &[]).unwrap_or(0.0));
        parameters.iter_mut().zip(frozen).for_each(|(to, value)| *to = value);
        state.copy_from_slice(&self.0.initial(parameters));
        0.0
    }
    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        (now.reached == Reached::Start)
            .then(|| Leg { samples: vec![0.1, 1.0, 10.0], ..Leg::until(10.0) })
    }
    fn sample(&mut self, _: f64, state: &[f64], _: &[f64], _: &[f64]) {
        // What is not a number is one thing.
        self.1.extend(state.iter().map(|v| if v.is_nan() { u64::MAX } else { v.to_bits() }));
    }
    fn failed(&mut self, failure: Failure) {
        self.1.extend([failure.reason as u64, failure.effort.steps]);
    }
}

fuzz_target!(|text: &str| {
    let request =
        Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: false };
    let Ok(loaded) = load(&One(text), &request, &mut Sources::default()) else { return };
    let Ok(program) = compile(&loaded.network, &Compile::default()) else { return };
    let course = |width, compile| {
        let mut subjects: Vec<_> = (0..2).map(|_| Follower(&program, Vec::new())).collect();
        let settings =
            Settings { width, compile, threads: 1, max_steps: 400, ..Settings::default() };
        run(&program, &mut subjects, &settings, &|_| {});
        subjects.into_iter().map(|subject| subject.1).collect::<Vec<_>>()
    };
    let interpreted = course(Width::One, false);
    for width in [Width::Four, Width::Eight] {
        assert_eq!(course(width, false), interpreted, "{width:?}, interpreted");
        assert_eq!(course(width, true), interpreted, "{width:?}, compiled");
    }
});
