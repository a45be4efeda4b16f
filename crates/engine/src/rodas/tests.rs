use super::*;
use crate::{
    Compile, Program,
    common::{id, network},
    compile,
    dense::Interpolant,
    lanes::{Arena, Isa},
};

/// Nonlinear, with a closed form: the angle of a point runs with the square of its radius.
const ROTATION: &str = "x = 1.1; y = 0; x' = -y*(x*x + y*y); y' = x*(x*x + y*y);";
const RADIUS: f64 = 1.1;

fn rotation() -> (Program, usize, usize) {
    let net = network(ROTATION);
    let program = compile(&net, &Compile::default()).unwrap();
    let place = |name| program.states().iter().position(|&s| s == id(&net, name)).unwrap();
    let (x, y) = (place("x"), place("y"));
    (program, x, y)
}

/// Errors of x after unit time in `steps` equal steps: at the end, and the largest within steps.
fn errors(steps: usize) -> (f64, f64) {
    let (program, x, y) = rotation();
    let stepper = &program.stepper;
    let mut arena = Arena::new(stepper.size(), Isa::detect(1));
    stepper.constants.iter().for_each(|&(slot, value)| arena.fill(slot as usize, value));
    let h = 1.0 / steps as f64;
    arena.fill(stepper.slot(StepSlot::Shift), shift(h));
    arena.fill(stepper.slot(StepSlot::InverseStep), 1.0 / h);
    arena.set(stepper.state() + x, 0, RADIUS);
    arena.set(stepper.state() + y, 0, 0.0);
    arena.run(&stepper.prelude);
    let exact = |t: f64| RADIUS * (RADIUS * RADIUS * t).cos();
    let mut within: f64 = 0.0;
    let mut interpolant = Interpolant::default();
    for step in 0..steps {
        let tolerances = Tolerances { relative: 1e-6, absolute: &[1e-9, 1e-9] };
        arena.run(Step { stepper, code: None, tolerances, measures_rates: false });
        arena.run(Interpolate { stepper });
        interpolant.load(stepper, &arena, 0);
        for theta in [0.25, 0.5, 0.75] {
            let error = interpolant.state(x, theta) - exact((step as f64 + theta) * h);
            within = within.max(error.abs());
        }
        arena.fill(stepper.slot(StepSlot::Accept), 1.0);
    }
    ((arena.get(stepper.stage_state + x, 0) - exact(1.0)).abs(), within)
}

#[test]
fn steps_converge_with_order_five_and_interpolation_with_order_four() {
    let (coarse, fine) = (errors(16), errors(64));
    let order = |coarse: f64, fine: f64| (coarse / fine).log2() / 2.0;
    let (at_end, within) = (order(coarse.0, fine.0), order(coarse.1, fine.1));
    assert!((4.7..5.5).contains(&at_end), "observed order {at_end}: {coarse:?} {fine:?}");
    assert!((3.8..5.5).contains(&within), "observed order within {within}: {coarse:?} {fine:?}");
}

#[test]
fn interpolation_meets_both_ends() {
    let k = [0.3, -2.0, 5.0];
    assert_eq!(interpolate(0.0, 1.5, 2.5, k), 1.5);
    assert_eq!(interpolate(1.0, 1.5, 2.5, k), 2.5);
}

#[test]
fn a_very_stiff_component_is_damped_at_once() {
    let net = network("y = 1; y' = -1e12*y;");
    let program = compile(&net, &Compile::default()).unwrap();
    let stepper = &program.stepper;
    let mut arena = Arena::new(stepper.size(), Isa::detect(8));
    stepper.constants.iter().for_each(|&(slot, value)| arena.fill(slot as usize, value));
    arena.fill(stepper.slot(StepSlot::Shift), shift(1.0));
    arena.fill(stepper.slot(StepSlot::InverseStep), 1.0);
    arena.fill(stepper.state(), 1.0);
    arena.run(&stepper.prelude);
    let tolerances = Tolerances { relative: 1e-6, absolute: &[1e-9] };
    arena.run(Step { stepper, code: None, tolerances, measures_rates: false });
    assert!(arena.get(stepper.stage_state, 0).abs() < 1e-9);
}
