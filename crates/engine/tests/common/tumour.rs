//! A model with the parts that tumour models have.

#![allow(dead_code, reason = "not every test uses everything")]

/// Two cell populations that share a drug: receptor trafficking, a signalling cascade, growth.
pub fn tumour() -> String {
    tumour_in_order(["1", "2"])
}

/// The same with its populations declared in this order.
pub fn tumour_in_order(populations: [&str; 2]) -> String {
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
    let [first, second] = populations.map(|number| population.replace('#', number));
    format!("{shared} {first} {second}")
}
