mod common;
use common::*;
use hersim_engine::*;
struct P {
    base: Vec<f64>,
    init: Vec<f64>,
    ac: usize,
    dose: Vec<f64>,
    n: usize,
    end: f64,
    pub out: Vec<Vec<f64>>,
    fail: Option<Failure>,
    eff: Effort,
    keep: Vec<usize>,
}
impl Subject for P {
    fn start(&mut self, p: &mut [f64], y: &mut [f64]) -> f64 {
        p.copy_from_slice(&self.base);
        y.copy_from_slice(&self.init);
        0.0
    }
    fn next(&mut self, now: &mut Moment<'_>) -> Option<Leg> {
        if now.reached != Reached::Start {
            self.out.push(self.keep.iter().map(|&i| now.state[i]).collect());
        }
        if self.n >= self.dose.len() {
            return None;
        }
        now.state[self.ac] += self.dose[self.n];
        self.n += 1;
        let u = self.n as f64 * 21.0;
        Some(Leg {
            until: u,
            samples: if std::env::var("DAILY").is_ok() {
                (1..=21).map(|i| now.t + i as f64).collect()
            } else {
                vec![]
            },
            ..Leg::default()
        })
    }
    fn sample(&mut self, _: f64, _: &[f64], _: &[f64], _: &[f64]) {}
    fn failed(&mut self, f: Failure) {
        self.fail = Some(f);
    }
    fn finished(&mut self, e: Effort) {
        self.eff = e;
    }
}
#[test]
fn her2() {
    let text = std::fs::read_to_string(
        std::env::var("MODEL").unwrap_or("/work/shared/suites/qsp/her2_99.ant".into()),
    )
    .unwrap();
    let text: String =
        text.lines().filter(|l| !l.contains("at (time")).collect::<Vec<_>>().join("\n");
    let net = network(&text);
    let vary = [
        "WT", "Vc", "Vp", "CL", "Q", "VM", "KM", "kpen", "kint", "krec", "kdegi", "kdR1", "kdR3",
        "konH", "koffH", "k22f", "konD", "koffD", "kx", "kpi3", "kpten", "kakt", "kras", "kmek",
        "kerk",
    ];
    let varying: Vec<_> = vary.iter().map(|n| id(&net, n)).collect();
    let ac = id(&net, "Ac");
    let tc = cpu();
    let prog = compile(
        &net,
        &Compile { varying: &varying, inputs: &[ac], outputs: &[], ..Default::default() },
    )
    .map_err(|e| panic!("{e:?}"))
    .unwrap();
    println!("compile {:.1} ms {:?}", (cpu() - tc) * 1e3, prog.summary());
    println!("dropped {:?} frozen {:?}", prog.dropped().len(), prog.parameters().len());
    let base: Vec<f64> = varying
        .iter()
        .map(|&i| match net[i].value {
            hersim_network::Value::Number(v) => v,
            _ => panic!(),
        })
        .collect();
    let np: usize = std::env::var("NP").ok().and_then(|v| v.parse().ok()).unwrap_or(32);
    let keep: Vec<usize> = ["N_1", "N_2", "N_3", "Dt", "Ac"]
        .iter()
        .map(|n| prog.states().iter().position(|&s| s == id(&net, n)).unwrap())
        .collect();
    let make = || -> Vec<P> {
        let mut s = 1u64;
        let mut u = move || {
            s = s.wrapping_add(0x9E3779B97F4A7C15);
            let mut z = s;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..np)
            .map(|_| {
                let mut p: Vec<f64> = base
                    .iter()
                    .map(|&v| {
                        let g = (-2.0 * (u() + 1e-300).ln()).sqrt()
                            * (2.0 * std::f64::consts::PI * u()).cos();
                        v * (0.2936 * g - 0.0431).exp()
                    })
                    .collect();
                let wt = p[0];
                let dose: Vec<f64> = (0..18)
                    .map(|i| if i == 0 { 8.0 } else { 6.0 } * wt / 145.531 * 1000.0)
                    .collect();
                p.resize(prog.parameter_count(), 0.0);
                P {
                    init: prog.initial(&p),
                    base: p,
                    ac: prog.states().iter().position(|&s| s == ac).unwrap(),
                    dose,
                    n: 0,
                    end: 378.0,
                    out: vec![],
                    fail: None,
                    eff: Effort::default(),
                    keep: keep.clone(),
                }
            })
            .collect()
    };
    let scale: Vec<f64> = prog
        .states()
        .iter()
        .map(|&s| match net[s].value {
            hersim_network::Value::Number(v) => f64::max(v, 1.0),
            _ => 1.0,
        })
        .collect();
    let mut runs: Vec<(f64, Width, Vec<P>, f64, Stats)> = vec![];
    let all = std::env::var("ALL").is_ok();
    for (rtol, width) in if all {
        vec![
            (1e-10, Width::Eight),
            (1e-5, Width::Eight),
            (1e-5, Width::Four),
            (1e-5, Width::One),
            (1e-6, Width::Eight),
            (1e-4, Width::Eight),
        ]
    } else {
        vec![(1e-7, Width::Eight), (1e-5, Width::Eight)]
    } {
        let mut best = f64::MAX;
        let mut keepp = None;
        let mut st = Stats::default();
        for _ in 0..3 {
            let mut ps = make();
            let settings = Settings {
                rtol,
                atol: scale.iter().map(|&q| Settings::default_atol(rtol, q)).collect(),
                width,
                threads: 1,
                max_steps: 100000,
                first_step: std::env::var("H0").ok().and_then(|v| v.parse().ok()).unwrap_or(0.0),
            };
            let t = cpu();
            st = run(&prog, &mut ps, &settings, &|_| {});
            let e = cpu() - t;
            if e < best {
                best = e;
            }
            print!("[{:.0} GF] ", peak());
            if keepp.is_none() {
                keepp = Some(ps);
            }
            if rtol < 1e-9 {
                break;
            }
        }
        runs.push((rtol, width, keepp.unwrap(), best, st));
    }
    let (reference, rest) = runs.split_first().unwrap();
    for (rtol, width, ps, t, st) in rest.iter().chain([reference]) {
        let (mut sum, mut n, mut max) = (0.0, 0, 0.0f64);
        for (p, q) in ps.iter().zip(&reference.2) {
            if p.fail.is_some() || q.fail.is_some() {
                continue;
            }
            for (a, b) in p.out.iter().zip(&q.out) {
                for (x, y) in a.iter().zip(b) {
                    let e = (x - y).abs() / y.abs().max(1e-3);
                    sum += e * e;
                    n += 1;
                    max = max.max(e);
                }
            }
        }
        println!(
            "rtol {rtol:e} {width:?} {:.3} ms/patient; steps {} rej {} busy {:.3} failed {} err rms {:.2e} max {:.2e}",
            t / np as f64 * 1e3,
            st.steps / np as u64,
            st.rejections / np as u64,
            st.steps as f64 / (st.batches * st.width as u64) as f64,
            st.failed,
            (sum / n as f64).sqrt(),
            max
        );
    }
    if all {
        for i in 1..3 {
            for (p, q) in rest[0].2.iter().zip(&rest[i].2) {
                assert_eq!(p.out, q.out);
            }
        }
    }
    for q in &reference.2[..2] {
        println!("{:?}", q.out.last());
    }
}
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    s.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9
}

#[target_feature(enable = "avx512f")]
fn peak_() -> f64 {
    use std::arch::x86_64::*;
    let mut a = [_mm512_set1_pd(1.0); 12];
    let b = _mm512_set1_pd(0.999);
    let c = _mm512_set1_pd(1e-9);
    let t = cpu();
    for _ in 0..2_000_000 {
        for x in a.iter_mut() {
            *x = _mm512_fmadd_pd(*x, b, c);
        }
    }
    let e = cpu() - t;
    let mut s = 0.0;
    for x in a {
        s += _mm512_reduce_add_pd(x);
    }
    assert!(s != 1.2345);
    2e6 * 12.0 * 16.0 / e * 1e-9
}
fn peak() -> f64 {
    unsafe { peak_() }
}
