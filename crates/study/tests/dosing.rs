//! Doses against closed forms: every combination of lag, share that arrives, infusion, repetition,
//! steady state, route, reset and overlap, in a body with one linear compartment.

use std::{fs, path::Path};

use hersim_study::{
    convert::{Format, convert},
    dosing::EventTable,
    equilibrate::EnsembleSettings,
    library::Library,
    simulate::{SimulateRequest, Simulation, simulate},
};

const ABSORB: f64 = 9.0; // 1/day
const ELIMINATE: f64 = 2.5; // 1/day
const HOURS: f64 = 48.0;

const MODEL: &str = "
unit time_unit = 86400 second;
unit substance = 1e-6 kilogram;
unit volume = 1 litre;
unit per_day = 1/(86400 second);
unit one = 1 dimensionless;
unit milligram = 1e-6 kilogram;

model cell()
  idle has one;
  var wasted; wasted has one;
  wasted := idle;
end

model *body()
  clone: cell();
  equilibrating has one; clone_fraction has one;
  k_absorb has per_day; k_eliminate has per_day; weight has kilogram; surface has one;
  compartment plasma has volume;
  substanceOnly species gut in plasma, central in plasma, gone in plasma;
  gut has milligram; central has milligram; gone has milligram;
  gut = 0; central = 0; gone = 0;
  absorb: gut -> central; k_absorb*gut;
  eliminate: central -> gone; k_eliminate*central;
  var shown, all; shown has milligram; all has milligram;
  shown := central + 0*clone_fraction*equilibrating*gut;
  all := gut + central + gone;
end
";

const TABLE: &str = "parameterId\tnominalValue\tunit\tsource\tstatus\tnote
equilibrating\t0\tdimensionless\tassumed\tassumed\ta switch
clone_fraction\t1\tdimensionless\tassumed\tassumed\tset by the study
k_absorb\t9\t1/day\tassumed\tassumed\tof the test
k_eliminate\t2.5\t1/day\tassumed\tassumed\tof the test
weight\t70\tkg\tassumed\tassumed\tof the test
surface\t1.8\tdimensionless\tassumed\tassumed\tof the test
plasma\t3\tlitre\tassumed\tassumed\tof the test
idle\t1\tdimensionless\tassumed\tassumed\tchanges nothing
";

const SYSTEM: &str = r#"
id = "body"
title = "One compartment and a gut"
model = "body.ant"
subclones = { default = ["only"], at_most = 1 }
time_unit = "day"
equilibration = { switch = "equilibrating", for = "1 day" }
dosing = { per_kg = "weight", per_m2 = "surface" }
[population]
fraction = "clone_fraction"
[[readout]]
id = "central"
symbol = "shown"
title = "In plasma"
unit = "mg"
[[readout]]
id = "all"
symbol = "all"
title = "Everywhere"
unit = "mg"
"#;

const DRUG: &str = r#"
id = "drug"
name = "Drug"
molar_mass = { value = 0.5, unit = "kg/mol", source = "assumed" }
[system.body]
into = "central"
oral = { into = "gut" }
"#;

/// A project with that body in a folder.
fn project(dir: &Path) {
    for (file, text) in [
        ("model/systems/body.ant", MODEL),
        ("model/systems/body.tsv", TABLE),
        ("model/systems/body.toml", SYSTEM),
        ("model/attributes.toml", ""),
        ("model/hypotheses.toml", ""),
        ("library/drugs/drug.toml", DRUG),
    ] {
        let path = dir.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn request() -> SimulateRequest {
    SimulateRequest {
        system: "body".into(),
        duration: format!("{HOURS} h"),
        every: "1 h".into(),
        settings: EnsembleSettings {
            rtol: 1e-8,
            atol_share: 1e-11,
            threads: 1,
            ..EnsembleSettings::default()
        },
        ..SimulateRequest::default()
    }
}

fn run(dir: &Path, table: &str) -> Simulation {
    let path = dir.join("events.csv");
    fs::write(&path, table).unwrap();
    let events = EventTable { path, ..EventTable::default() };
    let mut library = Library::at(dir);
    match simulate(&mut library, &SimulateRequest { events: Some(events), ..request() }) {
        Ok(simulation) => simulation,
        Err(error) => panic!("{table}\n{}", shown(&error, &library)),
    }
}

fn shown(error: &hersim_study::StudyError, library: &Library) -> String {
    match error {
        hersim_study::StudyError::Input(all) => {
            all.iter().map(|d| d.render(&library.sources, false)).collect::<Vec<_>>().join("\n")
        }
        other => format!("{other:?}"),
    }
}

/// One row of an event table, hours and milligrams.
#[derive(Clone, Copy, Debug)]
struct Dose {
    at: f64,
    kind: u8,
    oral: bool,
    amount: f64,
    rate: f64,
    length: f64,
    lag: f64,
    share: f64,
    every: f64,
    more: u32,
    steady: bool,
}

impl Dose {
    fn row(&self) -> String {
        let route = if self.oral { "oral" } else { "iv" };
        let d = self;
        format!(
            "{},{},drug,{route},{},{},{},{},{},{},{},{}\n",
            d.at,
            d.kind,
            d.amount,
            d.rate,
            d.length,
            d.lag,
            d.share,
            d.every,
            d.more,
            u8::from(d.steady)
        )
    }

    /// Amount in plasma a time after one dose has been given, hours: the response to a bolus or to
    /// a constant flow, from the solution of the two linear equations.
    fn after(&self, hours: f64) -> f64 {
        let (ka, k) = (ABSORB / 24.0, ELIMINATE / 24.0);
        let (amount, late) = (self.amount * self.share, hours - self.lag);
        if late < 0.0 {
            return 0.0;
        }
        let length = if self.rate > 0.0 { amount / self.rate } else { self.length };
        let decay = |rate: f64, t: f64| (-rate * t).exp();
        if length == 0.0 {
            return match self.oral {
                true => amount * ka / (ka - k) * (decay(k, late) - decay(ka, late)),
                false => amount * decay(k, late),
            };
        }
        let filled = |rate: f64, t: f64| (1.0 - decay(rate, t)) / rate;
        let since = |t: f64| match self.oral {
            true => ka / (ka - k) * (filled(k, t) - filled(ka, t)),
            false => filled(k, t),
        };
        amount / length * (since(late) - if late > length { since(late - length) } else { 0.0 })
    }
}

const HEADER: &str = "TIME [h],EVID,DRUG,ROUTE,AMT [mg],RATE,DUR,LAG,F,II,ADDL,SS\n";

/// Amount in plasma, by superposition of all doses that no later reset has ended.
fn expected(rows: &[Dose], hours: f64) -> f64 {
    let resets = |d: &Dose| d.kind >= 3 || d.steady;
    let mut sum = 0.0;
    for (i, dose) in rows.iter().enumerate() {
        let ended = rows[i + 1..].iter().find(|d| resets(d)).map_or(f64::INFINITY, |d| d.at);
        if dose.kind == 3 || hours >= ended || hours < dose.at {
            continue;
        }
        let given = |n: u32| dose.at + f64::from(n) * dose.every;
        sum += (0..=dose.more).map(|n| dose.after(hours - given(n))).sum::<f64>();
        if dose.steady {
            sum += (1..400)
                .map(|n| dose.after(hours - dose.at + f64::from(n) * dose.every))
                .sum::<f64>();
        }
    }
    sum
}

#[test]
fn every_pattern_of_doses_agrees_with_its_closed_form() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let plain = Dose {
        at: 2.0,
        kind: 1,
        oral: false,
        amount: 100.0,
        rate: 0.0,
        length: 0.0,
        lag: 0.0,
        share: 1.0,
        every: 0.0,
        more: 0,
        steady: false,
    };
    let mut patterns: Vec<Vec<Dose>> = Vec::new();
    for oral in [false, true] {
        for lag in [0.0, 1.5] {
            for share in [1.0, 0.4] {
                for (rate, length) in [(0.0, 0.0), (0.0, 3.0), (40.0, 0.0), (0.0, 20.0)] {
                    for (every, more, steady) in
                        [(0.0, 0, false), (8.0, 3, false), (8.0, 2, true), (8.0, 0, true)]
                    {
                        let first =
                            Dose { oral, lag, share, rate, length, every, more, steady, ..plain };
                        let other = Dose { at: 5.0, amount: 60.0, length: 4.0, ..plain };
                        let reset = Dose { at: 17.0, kind: 3, amount: 0.0, ..plain };
                        let restart = Dose { at: 17.0, kind: 4, ..first };
                        for rest in [vec![], vec![other], vec![other, reset], vec![restart, other]]
                        {
                            let mut rows = vec![first];
                            rows.extend(rest);
                            rows.sort_by(|a, b| a.at.total_cmp(&b.at));
                            patterns.push(rows);
                        }
                    }
                }
            }
        }
    }
    assert_eq!(patterns.len(), 512);
    let mut worst: f64 = 0.0;
    for rows in &patterns {
        let text: String = HEADER.to_string() + &rows.iter().map(Dose::row).collect::<String>();
        let simulation = run(dir.path(), &text);
        let largest = (0..=48).map(|h| expected(rows, f64::from(h))).fold(0.0, f64::max);
        let series = &simulation.trace.series[0];
        for (hour, found) in series.values.iter().enumerate() {
            let error = (found - expected(rows, hour as f64)).abs() / largest;
            assert!(error < 1e-6, "{text}hour {hour}: {found}, {}", expected(rows, hour as f64));
            worst = worst.max(error);
        }
        // What arrived is what is there and what has gone, unless a reset took it away.
        let resets = rows.iter().any(|d| d.kind >= 3 || d.steady);
        if !resets {
            let all = simulation.trace.series[1].values.last().unwrap();
            let arrived = simulation.delivered[0].amount;
            assert!((all - arrived).abs() <= 1e-9 * arrived, "{text}{all} of {arrived} mg");
        }
    }
    assert!(worst > 0.0, "nothing was compared");
}

#[test]
fn a_regimen_written_as_events_gives_the_same_course() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let regimen = "drug 8 then 6 mg/kg q12h x3 over 2 h + drug oral 50 mg q8h from 3 h";
    let asked = SimulateRequest { regimen: Some(regimen.into()), ..request() };
    let mut library = Library::at(dir.path());
    let table = convert(&mut library, &asked, HOURS / 24.0, Format::Events).unwrap();
    let direct = simulate(&mut library, &asked).unwrap();
    let read = run(dir.path(), &table);
    let largest = direct.trace.series[0].values.iter().copied().fold(0.0, f64::max);
    for (a, b) in direct.trace.series[0].values.iter().zip(&read.trace.series[0].values) {
        assert!((a - b).abs() < 1e-9 * largest, "{a}, {b}\n{table}");
    }
}

#[test]
fn every_mistake_in_an_event_table_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let refusal = |table: &str| {
        let path = dir.path().join("events.csv");
        fs::write(&path, table).unwrap();
        let events = EventTable { path, ..EventTable::default() };
        let mut library = Library::at(dir.path());
        let asked = SimulateRequest { events: Some(events), ..request() };
        match simulate(&mut library, &asked) {
            Ok(_) => panic!("accepted:\n{table}"),
            Err(error) => {
                let root = dir.path().display().to_string() + "/";
                shown(&error, &library).replace(&root, "")
            }
        }
    };
    let rows = "1,-1,drug,1,0,0\n2,100,drgu,0,0,0\n1,100,drug,0,0,0\n3,100,drug,0,4,0\n\
                3,100,drug,0,0,1\n3,100,drug,-2,0,0\n4,0,drug,0,0,0\n5,ten,drug,0,0,0\n\
                6,100,.,0,0,0\n7,100,drug,0,0,2\n";
    let with_kind: String = rows.lines().map(|l| format!("1,{l}\n")).collect();
    insta::assert_snapshot!(
        [
            refusal(&format!("EVID,TIME [h],AMT [mg],DRUG,RATE,ADDL,SS\n{with_kind}")),
            refusal("TIME,AMT,DRUG\n0,100,drug\n"),
            refusal("TIME [mg],AMT [mg],DRUG\n0,100,drug\n"),
            refusal("ID,TIME [h],AMT [mg],DRUG\n1,0,100,drug\n2,0,100,drug\n"),
            refusal("TIME [h],AMT [m],DRUG\n0,100,drug\n"),
        ]
        .join("\n\n")
    );
}
