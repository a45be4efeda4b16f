//! The work of one model, kept as a golden: a silent slowdown is a difference here.

mod common;
#[path = "common/probe.rs"]
mod probe;

use common::{id, network};
use hersim_engine::*;
use probe::Probe;

/// Two cell populations that share a drug: receptor trafficking, a signalling cascade, growth.
fn tumour() -> String {
    let shared = "compartment c = 1; substanceOnly species D in c = 0; kel = 0.2; limit = 100;
        E: D => ; kel*D; total := N1 + N2;";
    let population = "species R# in c = 20; species B# in c = 0; species I# in c = 5;
        species K# in c = 0.2; species M# in c = 0.1; species P# in c = 0.1; species N# in c = start#;
        start# = 1/#; ksyn# = 40; kon# = 60/#; koff# = 30; kin# = 8; krec# = 16; kdeg# = 2;
        kk# = 7200; kd# = 3600; ka# = 6; km# = 0.2; kp# = 30000; kq# = 9000; hill# = 2.3;
        grow# = 0.06; kill# = 0.05;
        s#: => R#; ksyn#; b#: D + R# -> B#; kon#*D*R# - koff#*B#; i#: B# -> I#; kin#*B# - krec#*I#;
        d#: I# => ; kdeg#*I#; r#: R# => ; kdeg#*R#;
        k#: => K#; kk#*R#/(ka# + R#)/(1 + P#)*(1 - K#) - kd#*K#;
        m#: => M#; kp#*K#*(1 - M#)/(km# + 1 - M#) - kq#*M#/(km# + M#);
        p#: => P#; kp#*M#*(1 - P#) - kq#*P#;
        g#: => N#; grow#*N#*P#^hill#/(0.3^hill# + P#^hill#)*(1 - total/limit);
        x#: N# => ; kill#*N#*B#/(5 + B#);";
    format!("{shared} {} {}", population.replace('#', "1"), population.replace('#', "2"))
}

#[test]
fn the_work_is_what_it_was() {
    let net = network(&tumour());
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
