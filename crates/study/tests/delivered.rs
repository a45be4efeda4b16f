//! What every patient of a trial was given is what the regimen says for a body of that weight, up to
//! the day on which treatment ended: for the first patient and for the last, through the tables.

mod common;

use hersim_study::{equilibrate::EnsembleSettings, library::Library, progress::Silent, trial};

use common::small_project;

/// Drug A is infused over 90 minutes; its mole weighs 100 kg, so that a milligram is 10 nmol.
const INFUSION_DAY: f64 = 90.0 / 1440.0;
const NMOL_PER_MG: f64 = 10.0;
const PATIENTS: u64 = 40;

/// Milligrams per kilogram given by a day: doses every three weeks from `start` on.
fn given(day: f64, start: f64, doses: impl Fn(usize) -> Option<f64>) -> f64 {
    let mut sum = 0.0;
    for i in 0.. {
        let begin = start + 21.0 * i as f64;
        let Some(dose) = doses(i).filter(|_| begin < day) else { break };
        sum += dose * ((day - begin) / INFUSION_DAY).min(1.0);
    }
    sum
}

#[test]
fn every_patient_got_what_the_regimen_says() {
    let folder = small_project();
    let mut library = Library::at(folder.path());
    let request = trial::TrialRequest {
        trial: "small".into(),
        patients: PATIENTS,
        seed: 1,
        out: Some(folder.path().join("run")),
        start_over: false,
        calibrated: true,
        settings: EnsembleSettings::default(),
        command: String::new(),
        version: String::new(),
    };
    let outcome =
        trial::run(&mut library, &request, &Silent).unwrap_or_else(|e| panic!("{e}")).outcome;
    assert_eq!(outcome.patients.len(), 2 * PATIENTS as usize);
    let (mut crossed, mut partial) = (0, 0);
    for p in &outcome.patients {
        let weight = p.traits["weight"];
        let end = p.os.day;
        let until = if p.ttp.event { p.ttp.day } else { end };
        let (first, later) = if p.stratum == "naive" { (8.0, 6.0) } else { (6.0, 6.0) };
        let mut expected = match p.arm {
            0 => given(until, 0.0, |i| (i == 0).then_some(1.0)),
            _ => given(until, 0.0, |i| Some(if i == 0 { first } else { later })),
        };
        if let Some(day) = p.crossover_day {
            crossed += 1;
            expected += given(end, day, |_| Some(6.0));
        }
        partial += usize::from(expected.fract() != 0.0);
        let expected = expected * weight * NMOL_PER_MG;
        let [delivered] = p.delivered.as_slice() else { panic!("{:?}", p.delivered) };
        assert_eq!((delivered.drug.as_str(), delivered.unit.as_str()), ("drug_a", "nmol"));
        let error = (delivered.amount / expected - 1.0).abs();
        assert!(
            error < 1e-9,
            "arm {} patient {}: {} nmol, not {expected}",
            p.arm,
            p.patient,
            delivered.amount
        );
    }
    assert!(crossed > 5, "{crossed} crossed over");
    eprintln!("{crossed} crossed over, {partial} ended within an infusion");
}
