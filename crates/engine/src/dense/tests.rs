use super::*;

#[test]
fn crossings_are_found_on_the_far_side() {
    type Function = fn(f64) -> f64;
    let functions: [(Function, f64); 5] = [
        (|x| x - 0.3, 0.3),
        (|x| x * x * x - 0.2, 0.2f64.cbrt()),
        (|x| 0.1 - x * x, 0.1f64.sqrt()),
        (|x| (20.0 * (x - 0.7)).tanh(), 0.7),
        (|x| if x < 0.61 { -1.0 } else { 1e-9 }, 0.61),
    ];
    for (f, root) in functions {
        let mut calls = 0;
        let found = crossing(f(0.0), f(1.0), |x| {
            calls += 1;
            f(x)
        });
        assert!((found - root).abs() < 1e-12, "{found} for {root}");
        assert!(f(found) * f(1.0) >= 0.0, "{found} is on the near side");
        assert!(calls <= 45, "{calls} calls");
    }
}

#[test]
fn a_root_at_the_end_is_the_end() {
    assert_eq!(crossing(-1.0, 0.0, |x| x - 1.0), 1.0);
}
