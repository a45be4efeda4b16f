//! Trajectories against closed forms and published values.

mod common;
#[path = "common/probe.rs"]
mod probe;

use common::{id, network};
use hersim_engine::*;
use probe::Probe;

fn tight(rtol: f64, atol: f64) -> Settings {
    Settings { rtol, atol: vec![atol], threads: 1, ..Settings::default() }
}

fn place(program: &Program, symbol: hersim_network::SymbolId) -> usize {
    program.states().iter().position(|&s| s == symbol).unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1e-300),
        "{found} instead of {expected}: off by {:e}",
        found / expected - 1.0
    );
}

#[test]
fn decay_follows_the_exponential() {
    let net = network("compartment c = 2; species A in c = 3; k = 0.7; J: A => ; k*A*c;");
    let program =
        compile(&net, &Compile { outputs: &[id(&net, "A")], ..Compile::default() }).unwrap();
    let times = [0.5, 1.0, 2.0, 5.0, 10.0];
    let mut probes = [Probe::sampled(&program, &[], &times)];
    run(&program, &mut probes, &tight(1e-8, 1e-12), &|_| {});
    assert_eq!(probes[0].samples.len(), times.len());
    for (t, state, outputs) in &probes[0].samples {
        // Amounts inside, concentrations in formulas.
        close(state[0], 6.0 * (-0.7 * t).exp(), 1e-7);
        close(outputs[0], 3.0 * (-0.7 * t).exp(), 1e-7);
    }
}

/// Amount in the central of two compartments after a unit bolus, and its integral.
struct TwoCompartments {
    alpha: f64,
    beta: f64,
    a: f64,
}

impl TwoCompartments {
    fn new(k10: f64, k12: f64, k21: f64) -> Self {
        let (sum, product) = (k10 + k12 + k21, k10 * k21);
        let root = (sum * sum - 4.0 * product).sqrt();
        let (alpha, beta) = (0.5 * (sum + root), 0.5 * (sum - root));
        TwoCompartments { alpha, beta, a: (alpha - k21) / (alpha - beta) }
    }
    fn bolus(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        self.a * (-self.alpha * t).exp() + (1.0 - self.a) * (-self.beta * t).exp()
    }
    fn since_start(&self, t: f64) -> f64 {
        let part = |rate: f64| (1.0 - (-rate * t.max(0.0)).exp()) / rate;
        self.a * part(self.alpha) + (1.0 - self.a) * part(self.beta)
    }
    fn infusion(&self, t: f64, duration: f64) -> f64 {
        self.since_start(t) - self.since_start(t - duration)
    }
}

const PK: &str =
    "compartment c = 1; substanceOnly species A in c = 0; substanceOnly species P in c = 0;
    substanceOnly species gone in c = 0; k10 = 0.2; k12 = 0.9; k21 = 0.4;
    el: A => gone; k10*A; out: A -> P; k12*A - k21*P;";

#[test]
fn bolus_and_infusion_follow_two_compartment_kinetics() {
    let net = network(PK);
    let a = id(&net, "A");
    let varying = ["k10", "k12", "k21"].map(|name| id(&net, name));
    let program =
        compile(&net, &Compile { varying: &varying, inputs: &[a], ..Compile::default() }).unwrap();
    let (central, rate) = (place(&program, a), program.infusion(a).unwrap());
    // Bolus of 100 at 0; infusion of 60 over 0.25 from 7; sampled within, at and after.
    let samples = vec![0.01, 1.0, 6.99, 7.0, 7.1, 7.25, 7.3, 9.0, 20.0];
    let expected_at = samples.clone();
    let probe = Probe::new(&program, &[0.2, 0.9, 0.4], move |now| {
        let within =
            |from: f64, to: f64| samples.iter().copied().filter(|&t| t > from && t <= to).collect();
        let until = match now.t {
            0.0 => {
                now.state[central] += 100.0;
                7.0
            }
            7.0 => {
                now.parameters[rate] = 60.0 / 0.25;
                7.25
            }
            7.25 => {
                now.parameters[rate] = 0.0;
                20.0
            }
            _ => return None,
        };
        Some(Leg { until, samples: within(now.t, until), ..Leg::default() })
    });
    let mut probes = [probe];
    run(&program, &mut probes, &tight(1e-8, 1e-10), &|_| {});
    let theory = TwoCompartments::new(0.2, 0.9, 0.4);
    assert_eq!(probes[0].samples.len(), expected_at.len());
    for (i, (t, state, _)) in probes[0].samples.iter().enumerate() {
        assert_eq!(*t, expected_at[i]);
        let expected = 100.0 * theory.bolus(*t) + 60.0 / 0.25 * theory.infusion(*t - 7.0, 0.25);
        close(state[central], expected, 2e-7);
        // What went in is present or eliminated: the fluxes cancel exactly, so only rounding.
        let given = 100.0 + 60.0 * ((t - 7.0) / 0.25).clamp(0.0, 1.0);
        close(state.iter().sum(), given, 1e-13);
    }
    // Infusions end exactly.
    assert_eq!(probes[0].moments.iter().map(|m| m.0).collect::<Vec<_>>(), [0.0, 7.0, 7.25, 20.0]);
}

#[test]
fn robertson_agrees_with_the_test_set() {
    let net = network(
        "compartment c = 1; species A in c = 1; species B in c = 0; species C in c = 0;
         one: A => B; 0.04*A; two: 2 B => B + C; 3e7*B*B; three: B + C => A + C; 1e4*B*C;",
    );
    let program = compile(&net, &Compile::default()).unwrap();
    let states = ["A", "B", "C"].map(|name| place(&program, id(&net, name)));
    let mut probes = [Probe::sampled(&program, &[], &[40.0, 1e11])];
    let settings = tight(1e-9, 1e-18);
    run(&program, &mut probes, &settings, &|_| {});
    // Mazzia and Magherini, Test Set for Initial Value Problem Solvers, release 2.4: at 1e11.
    let late = [0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505];
    // Same problem at 40, as computed by several codes to these digits.
    let early = [0.7158270688, 0.9185534765e-5, 0.2841637457];
    for i in 0..3 {
        close(probes[0].at(0, states[i]), early[i], 1e-8);
        close(probes[0].at(1, states[i]), late[i], 1e-6);
    }
}

#[test]
fn time_in_a_rate_is_integrated_to_the_same_order() {
    // y' = t - y, forced by a ramp: y = t - 1 + 2 exp(-t).
    let net = network("y = 1; y' = time - y;");
    let program = compile(&net, &Compile::default()).unwrap();
    assert_eq!(program.states().len(), 1, "the clock is nobody's business");
    let mut probes = [Probe::sampled(&program, &[], &[0.5, 3.0])];
    run(&program, &mut probes, &tight(1e-9, 1e-12), &|_| {});
    for (t, state, _) in &probes[0].samples {
        close(state[0], t - 1.0 + 2.0 * (-t).exp(), 1e-8);
    }
}

#[test]
fn every_function_means_what_the_network_says_and_so_does_its_derivative() {
    use hersim_network::Function::*;
    let one = [
        Exp, Ln, Log10, Sqrt, Abs, Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh, Asinh, Atanh,
        Floor, Ceil, Acosh,
    ];
    for (function, x) in
        one.into_iter().flat_map(|f| [0.37, 0.81, 1.6].map(|x| (f, vec![x]))).chain([
            (Quotient, vec![-7.3, 2.1]),
            (Remainder, vec![-7.3, 2.1]),
            (Remainder, vec![7.3, -2.1]),
        ])
    {
        if function.value(&x).is_none_or(f64::is_nan) {
            continue;
        }
        let arguments: Vec<String> = x.iter().map(|x| format!("{x} + p")).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let net = network(&format!("p = 0; f := {}({});", function.name(), arguments.join(", ")));
        let (p, f) = (id(&net, "p"), id(&net, "f"));
        let extended = sensitivities(&net, &[f], &[p]).unwrap();
        let outputs: Vec<_> = std::iter::once(f).chain(extended.derivative(f, p)).collect();
        let options = Compile { varying: &[p], outputs: &outputs, ..Compile::default() };
        let program = compile(&extended.network, &options).unwrap();
        let found = program.outputs_at(0.0, &[], &[0.0]);
        let at = |h: f64| {
            let moved: Vec<f64> = x.iter().map(|x| x + h).collect();
            function.value(&moved).unwrap()
        };
        close(found[0], at(0.0), 1e-15);
        let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
        let derivative = found.get(1).copied().unwrap_or(0.0);
        assert!(
            (derivative - slope).abs() < 1e-8 * (1.0 + slope.abs()),
            "{function:?} {derivative} {slope}"
        );
    }
}

#[test]
fn waves_and_pendulums_follow_their_closed_forms() {
    // s' = cos t: sin t. e' = -sin e: tan(e/2) falls by exp(-t).
    let net = network("s = 0; s' = cos(time); e = 2; e' = -sin(e); w = -1; w' = tanh(w) - 1;");
    let program = compile(&net, &Compile::default()).unwrap();
    let [s, e, w] = ["s", "e", "w"].map(|name| place(&program, id(&net, name)));
    let mut probes = [Probe::sampled(&program, &[], &[0.7, 3.0])];
    run(&program, &mut probes, &tight(1e-9, 1e-12), &|_| {});
    for (t, state, _) in &probes[0].samples {
        close(state[s], t.sin(), 1e-8);
        close(state[e], 2.0 * (1f64.tan() * (-t).exp()).atan(), 1e-8);
        // dw/(tanh w - 1) = dt gives w + exp(2w)/2 + 2t = constant.
        let left = state[w] + (2.0 * state[w]).exp() / 2.0 + 2.0 * t;
        close(left, -1.0 + (-2f64).exp() / 2.0, 1e-8);
    }
}

#[test]
fn real_powers_and_piecewise_rates_are_what_they_say() {
    // y' = -y^1.5 from 1: y = (1 + t/2)^-2. z rises at 1 until 2, then stays.
    let net = network("y = 1; y' = -y^1.5; z = 0; z' = piecewise(1, time < 2, 0);");
    let program = compile(&net, &Compile::default()).unwrap();
    let (y, z) = (place(&program, id(&net, "y")), place(&program, id(&net, "z")));
    let mut probes = [Probe::sampled(&program, &[], &[1.0, 4.0])];
    run(&program, &mut probes, &tight(1e-8, 1e-12), &|_| {});
    close(probes[0].at(0, y), 1.5f64.powi(-2), 1e-7);
    close(probes[0].at(1, y), 3f64.powi(-2), 1e-7);
    close(probes[0].at(1, z), 2.0, 1e-7);
}

#[test]
fn a_watch_stops_at_the_crossing() {
    let net = network("y = 1; y' = -0.3*y; double := 2*y;");
    let outputs = [id(&net, "double")];
    let program = compile(&net, &Compile { outputs: &outputs, ..Compile::default() }).unwrap();
    let mut level = 1.0;
    let mut probes = [Probe::new(&program, &[], move |now| {
        if now.reached == Reached::End {
            return None;
        }
        level *= 0.5;
        // Falls to half of what it was, seen on the state and on twice the state; a watch in the
        // wrong direction and one already crossed must keep still.
        let on = if now.t > 3.0 { WatchOn::Output(0) } else { WatchOn::State(0) };
        let at = if now.t > 3.0 { 2.0 * level } else { level };
        let watch = |on, level, rising| Watch { on, level, rising };
        let still = [watch(on, at, true), watch(WatchOn::State(0), 2.0, false)];
        let watches = still.into_iter().chain([watch(on, at, false)]).collect();
        Some(Leg { until: 10.0, samples: vec![1.0, 5.0], watches, steady: None })
    })];
    run(&program, &mut probes, &tight(1e-9, 1e-12), &|_| {});
    let moments = &probes[0].moments;
    let half_life = 2f64.ln() / 0.3;
    assert_eq!(moments.len(), 6, "{moments:?}");
    for (i, (t, reached, state)) in moments.iter().enumerate().take(5).skip(1) {
        assert_eq!(*reached, Reached::Watch(2));
        close(*t, half_life * i as f64, 1e-8);
        close(state[0], 0.5f64.powi(i as i32), 1e-8);
    }
    assert_eq!((moments[5].0, moments[5].1), (10.0, Reached::End));
    // Samples come once, in the leg they fall into.
    assert_eq!(probes[0].samples.iter().map(|s| s.0).collect::<Vec<_>>(), [1.0, 5.0]);
}

#[test]
fn steady_states_end_the_leg() {
    let net = network("y = 5; y' = 3 - y;");
    let program = compile(&net, &Compile::default()).unwrap();
    let mut legs = vec![Leg { until: 1e6, steady: Some(1e-9), ..Leg::default() }];
    let mut probes = [Probe::new(&program, &[], move |_| legs.pop())];
    run(&program, &mut probes, &tight(1e-6, 1e-9), &|_| {});
    let (t, reached, state) = &probes[0].moments[1];
    assert_eq!(*reached, Reached::Steady);
    // |y'|/y < 1e-9 is reached after ln(2/3e-9), about 20 time units, if steps stay small.
    assert!(*t < 1000.0, "{t}");
    close(state[0], 3.0, 1e-9);
}

#[test]
fn failure_is_data() {
    let net = network("y = 1; y' = y*y; z = 1; z' = -z;");
    let program =
        compile(&net, &Compile { varying: &[id(&net, "z")], ..Compile::default() }).unwrap();
    let y = place(&program, id(&net, "y"));
    let settings = tight(1e-6, 1e-9);
    // y = 1/(1-t) has no value beyond 1.
    let mut probes =
        [Probe::sampled(&program, &[1.0], &[0.5, 2.0]), Probe::sampled(&program, &[2.0], &[0.5])];
    let stats = run(&program, &mut probes, &settings, &|_| {});
    let failure = probes[0].failure.expect("it cannot get past 1");
    assert!(matches!(failure.reason, Reason::StepTooSmall | Reason::NotFinite), "{failure:?}");
    assert!(
        (failure.t - 1.0).abs() < 1e-6 && failure.worst == y && failure.value > 1e6,
        "{failure:?}"
    );
    assert_eq!((probes[0].samples.len(), probes[0].effort), (1, None));
    assert!(probes[1].failure.is_none() && probes[1].effort.is_some());
    assert_eq!((stats.finished, stats.failed), (1, 1));

    let settings = Settings { max_steps: 7, ..settings };
    let mut probes = [Probe::sampled(&program, &[1.0], &[0.9])];
    run(&program, &mut probes, &settings, &|_| {});
    let failure = probes[0].failure.unwrap();
    assert_eq!((failure.reason, failure.effort.steps), (Reason::StepBudget, 7));

    let mut probes = [Probe::sampled(&program, &[f64::NAN], &[0.9])];
    run(&program, &mut probes, &tight(1e-6, 1e-9), &|_| {});
    let failure = probes[0].failure.unwrap();
    assert_eq!(
        (failure.reason, failure.worst),
        (Reason::NotFinite, place(&program, id(&net, "z")))
    );
}

#[test]
fn a_leg_continued_costs_nothing() {
    let net = network("x = 1; y = 0; x' = -y; y' = x;");
    let program = compile(&net, &Compile::default()).unwrap();
    let legs = |count: usize| {
        Probe::new(&program, &[], move |now| {
            let done = (now.t / 100.0 * count as f64).round() as usize;
            (done < count).then(|| Leg::until(100.0 / count as f64 * (done + 1) as f64))
        })
    };
    let mut probes = [legs(1), legs(20)];
    run(&program, &mut probes, &tight(1e-6, 1e-9), &|_| {});
    let steps = |i: usize| probes[i].effort.unwrap().steps;
    // At most two more steps for each of nineteen more ends.
    assert!(steps(1) <= steps(0) + 38, "{} and {}", steps(0), steps(1));
}

#[test]
fn events_happen_when_their_condition_turns_true() {
    // Refilled to 2 whenever it has fallen to 1; at time 4 the rate doubles; the count is kept.
    let net = network(
        "y = 2; k = 1; n = 0; y' = -k*y; z = 0; z' = 1;
         at (y <= 1): y = 2, n = n + 1; at (time >= 4): k = 2*k; at (n > 6 && time > 4): z = -1;",
    );
    let outputs = ["k", "n"].map(|name| id(&net, name));
    let program = compile(&net, &Compile { outputs: &outputs, ..Compile::default() }).unwrap();
    let (y, z) = (place(&program, id(&net, "y")), place(&program, id(&net, "z")));
    assert_eq!(
        program.parameters(),
        outputs,
        "what only events change is kept with the parameters"
    );
    let half_life = 2f64.ln();
    let mut probes = [0, 1, 2].map(|_| Probe::sampled(&program, &[1.0, 0.0], &[3.0, 4.0, 6.0]));
    run(&program, &mut probes[..1], &tight(1e-9, 1e-12), &|_| {});
    let wide = Settings { width: Width::Eight, ..tight(1e-9, 1e-12) };
    run(&program, &mut probes[1..], &wide, &|_| {});
    assert_eq!(probes[0].samples, probes[1].samples, "the same bits at every width");
    assert_eq!(probes[1].samples, probes[2].samples);
    let saw = |halvings: f64| 2.0 * 0.5f64.powf(halvings.fract());
    let (early, stop, late) = (3.0 / half_life, 4.0 / half_life, 8.0 / half_life);
    close(probes[0].at(0, y), saw(early), 1e-7);
    close(probes[0].at(1, y), saw(stop), 1e-7);
    close(probes[0].at(2, y), saw(late), 1e-7);
    let outputs = |i: usize| probes[0].samples[i].2.clone();
    assert_eq!(outputs(0), [1.0, early.floor()]);
    // The sample at the time of an event is from before it.
    assert_eq!(outputs(1), [1.0, stop.floor()]);
    assert_eq!(outputs(2), [2.0, late.floor()]);
    // The seventh refill is at 7 half-lives of the slow clock: set to -1 then, and one per time.
    let seventh = 4.0 + (7.0 * half_life - 4.0) / 2.0;
    close(probes[0].at(2, z), -1.0 + 6.0 - seventh, 1e-7);
}

#[test]
fn events_at_the_start_need_a_condition_that_was_false() {
    // As the text reader sets them: true before the start, so only a later turn counts.
    let mut net =
        network("y = 1; y' = 0*y; v = 5; v' = -v; at (v > 2): y = 10; at (time >= 0): v = 7;");
    net.events[1].initially = false;
    let program = compile(&net, &Compile::default()).unwrap();
    let (v, y) = (id(&net, "v"), id(&net, "y"));
    assert_eq!((program.states(), program.parameters()), (&[v][..], &[y][..]));
    let mut probes = [Probe::sampled(&program, &[1.0], &[1.0])];
    run(&program, &mut probes, &tight(1e-9, 1e-12), &|_| {});
    close(probes[0].at(0, 0), 7.0 * (-1f64).exp(), 1e-8);
    assert_eq!(probes[0].moments.len(), 2, "events are not the subject's business");
}

#[test]
fn rates_of_concentrations_become_rates_of_amounts() {
    let net = network(
        "compartment c = 4; species A in c = 3; A' = -0.5*A; species B in c = 2; J: B => ; 0*B;",
    );
    let (a, b) = (id(&net, "A"), id(&net, "B"));
    // B never changes; given as a varying symbol it is what it is in formulas, a concentration.
    let options = Compile { varying: &[b], outputs: &[a, b], ..Compile::default() };
    let program = compile(&net, &options).unwrap();
    assert_eq!((program.states(), program.parameters()), (&[a][..], &[b][..]));
    let mut probes = [Probe::sampled(&program, &[2.5], &[1.0])];
    run(&program, &mut probes, &tight(1e-9, 1e-12), &|_| {});
    let (_, state, outputs) = &probes[0].samples[0];
    close(state[0], 12.0 * (-0.5f64).exp(), 1e-8);
    close(outputs[0], 3.0 * (-0.5f64).exp(), 1e-8);
    assert_eq!(outputs[1], 2.5);
    // Not varied it is frozen, and frozen species are amounts.
    let program = compile(&net, &Compile { outputs: &[b], ..Compile::default() }).unwrap();
    assert_eq!(program.parameters(), [b]);
    assert_eq!(program.initial_of(b, &[]), Some(8.0));
    assert_eq!(program.outputs_at(0.0, &[1.0], &[10.0]), [2.5]);
}

#[test]
fn nothing_to_integrate_is_no_problem() {
    let net = network("k = 2; x := k*time;");
    let program =
        compile(&net, &Compile { outputs: &[id(&net, "x")], ..Compile::default() }).unwrap();
    assert!(program.states().is_empty());
    let mut probes = [Probe::sampled(&program, &[], &[0.5, 3.0])];
    run(&program, &mut probes, &Settings::default(), &|_| {});
    assert_eq!(probes[0].samples, [(0.5, vec![], vec![1.0]), (3.0, vec![], vec![6.0])]);
}

#[test]
fn what_all_act_on_through_one_value_is_solved_exactly() {
    // Twelve populations die at one rate that their sum and time determine: T' = -k T²/(1 + T) e^(-t/50),
    // so ln T - 1/T falls by 50 k (1 - e^(-t/50)), and their shares stay.
    let n = 12;
    let names: Vec<String> = (0..n).map(|i| format!("A{i}")).collect();
    let mut text =
        format!("k = 0.7; total := {}; g := k*total/(1 + total)*exp(-time/50);", names.join(" + "));
    for (i, name) in names.iter().enumerate() {
        text += &format!("{name} = {}; {name}' = -g*{name};", 1 + i);
    }
    let net = network(&text);
    let program = compile(&net, &Compile::default()).unwrap();
    let summary = program.summary();
    assert_eq!(summary.states, n + 1, "with the clock");
    // The sum has a row of its own: without it every state acts on every other.
    assert!(summary.factor_entries < n * n, "{summary:?}");
    let mut probe = [Probe::sampled(&program, &[], &[5.0, 20.0, 100.0])];
    run(&program, &mut probe, &tight(1e-10, 1e-13), &|_| {});
    let start = (n * (n + 1) / 2) as f64;
    for (sample, t) in [5.0f64, 20.0, 100.0].into_iter().enumerate() {
        let shares: Vec<f64> = (0..n)
            .map(|i| probe[0].at(sample, place(&program, id(&net, &names[i]))) / (1 + i) as f64)
            .collect();
        shares.iter().for_each(|share| close(*share, shares[0], 1e-8));
        let total = shares[0] * start;
        let fallen = (start.ln() - 1.0 / start) - (total.ln() - 1.0 / total);
        close(fallen, 50.0 * 0.7 * (1.0 - (-t / 50.0).exp()), 1e-7);
    }
    // A matrix that is not the derivative costs steps.
    assert!(probe[0].effort.unwrap().steps < 400, "{:?}", probe[0].effort);
}
