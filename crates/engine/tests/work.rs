//! The work of one model, kept as a golden: a silent slowdown is a difference here.

mod common;
#[path = "common/probe.rs"]
mod probe;
#[path = "common/tumour.rs"]
mod tumour;

use common::{id, network};
use hersim_engine::*;
use probe::Probe;

#[test]
fn the_work_is_what_it_was() {
    let net = network(&tumour::tumour());
    let varying = ["kon1", "kk1", "kp2", "grow1"].map(|name| id(&net, name));
    let options = Compile {
        varying: &varying,
        inputs: &[id(&net, "D")],
        outputs: &[id(&net, "total")],
        ..Compile::default()
    };
    let program = compile(&net, &options).unwrap();
    let drug = program.states().iter().position(|&s| s == id(&net, "D")).unwrap();
    let subject = |i: usize| {
        let x = 1.0 + 0.04 * i as f64;
        Probe::new(&program, &[60.0 * x, 7200.0 / x, 30000.0, 0.06 * x], move |now| {
            now.state[drug] += 3.0;
            (now.t < 62.0).then(|| Leg::until(now.t + 21.0))
        })
    };
    let mut subjects: Vec<Probe> = (0..10).map(subject).collect();
    let stats = run(&program, &mut subjects, &Settings::default(), &|_| {});
    assert_eq!(stats.finished, 10);
    let Summary { states, parameters, jacobian_entries, factor_entries, .. } = program.summary();
    let Summary { prelude_operations, first_operations, stage_operations, .. } = program.summary();
    let Summary { output_operations, .. } = program.summary();
    insta::assert_snapshot!(format!(
        "states {states}, parameters {parameters}
Jacobian {jacobian_entries} entries, factors {factor_entries}
operations: prelude {prelude_operations}, first stage {first_operations}, other stages \
         {stage_operations}, outputs {output_operations}
steps {}, rejected {}",
        stats.steps, stats.rejections
    ), @"
    states 15, parameters 5
    Jacobian 45 entries, factors 53
    operations: prelude 0, first stage 325, other stages 167, outputs 1
    steps 1783, rejected 0
    ");
}
