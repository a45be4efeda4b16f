use proptest::prelude::*;

use super::*;

fn unit(text: &str) -> Unit {
    Unit::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn shown(text: &str) -> String {
    unit(text).to_string()
}

#[test]
fn different_texts_of_one_unit_are_equal() {
    for (a, b) in [
        ("nmol/L", "nM"),
        ("nmol/L", "pmol/mL"),
        ("µm", "um"),
        ("μm", "1e-6 metre"),
        ("mg/m2", "mg/m^2"),
        ("1", "dimensionless"),
        ("%", "0.01"),
        ("L/day/kg", "L/(day*kg)"),
        ("1/(nmol/L)/day", "L/nmol/day"),
        ("day", "86400 second"),
        ("month", "30.4375 day"),
        ("year", "365.25 day"),
        ("week", "7 days"),
        ("Da", "g/mol"),
        ("kDa", "kg/mol"),
        ("U", "umol/min"),
        ("joule", "newton*metre"),
        ("katal", "mol/s"),
        ("mcg/mL", "mg/L"),
        ("liter", "dm^3"),
        ("copies/cell", "items/cells"),
        ("L^(1/2)*L^(1/2)", "L"),
        ("day^-1", "1/day"),
        ("10^9/L", "1e9/L"),
        ("mL/min/1.73m2", "mL/min/(1.73*m^2)"),
    ] {
        assert_eq!(unit(a), unit(b), "{a} = {b}");
    }
}

#[test]
fn copies_cells_moles_and_numbers_are_kept_apart() {
    let all = ["copies", "cell", "mol", "1", "%"];
    for (i, a) in all.iter().enumerate() {
        for b in &all[i + 1..] {
            assert_ne!(unit(a), unit(b), "{a} and {b}");
        }
    }
    assert!(!unit("%").is_dimensionless());
    assert!(unit("%").same_dimension(&unit("1")));
}

#[test]
fn factors_are_rounded_once() {
    let factor = |a: &str, b: &str| unit(a).factor_to(&unit(b));
    assert_eq!(factor("1/h", "1/day"), Some(24.0));
    assert_eq!(factor("1/min", "1/day"), Some(1440.0));
    assert_eq!(factor("ug/mL", "mg/L"), Some(1.0));
    assert_eq!(factor("1/week", "1/day"), Some(1.0 / 7.0));
    assert_eq!(factor("nmol", "mol"), Some(1e-9));
    assert_eq!(factor("month", "year"), Some(1.0 / 12.0));
    assert_eq!(factor("%", "1"), Some(0.01));
    assert_eq!(factor("mol", "copies"), None);
    assert_eq!(factor("nmol", "nmol/L"), None);
    // 148 kDa: mg/L to nmol/L through an explicit molar mass.
    let per_mass = &unit("mg/L") / &unit("kDa");
    assert_eq!(per_mass.factor_to(&unit("nmol/L")), Some(1000.0));
}

#[test]
fn shows_units_as_people_write_them() {
    for text in [
        "1",
        "1/day",
        "nmol/L",
        "copies/cell",
        "copies/cell/day",
        "nmol",
        "L/kg/day",
        "mg/kg",
        "%",
        "mg/m^2",
        "h",
        "month",
        "1/h",
        "L/nmol/day",
        "cell",
        "mm",
        "cm^2",
        "g/mol",
        "kg",
        "joule",
        "nmol/L/day",
        "L/copy",
        "copies/nmol",
        "mL/min",
        "um^2/s",
        "kg/mol",
        "L",
        "mg/L",
        "cell/L",
        "L^(1/2)",
        "m^(1/2)",
    ] {
        assert_eq!(shown(text), text);
    }
    assert_eq!(shown("nM"), "nmol/L");
    assert_eq!(shown("86400 second"), "day");
    assert_eq!(shown("3 days"), "3*day");
    assert_eq!(shown("1/(5 days)"), "0.2/day");
    assert_eq!(shown("1e9 cells"), "1e9*cell");
    assert_eq!(shown("1/7"), "1/7");
    assert_eq!(shown("0.5/day"), "0.5/day");
    assert_eq!(shown("1500"), "1500");
}

#[test]
fn wrong_texts_say_what_where_and_what_was_meant() {
    let wrong = |text: &str| {
        let error = Unit::parse(text).unwrap_err();
        (error.to_string(), text.get(error.range).unwrap_or("out of range").to_string())
    };
    assert_eq!(
        wrong("nmoll/L"),
        ("unknown unit `nmoll`; did you mean `nmol`?".into(), "nmoll".into())
    );
    assert_eq!(wrong("1/dya"), ("unknown unit `dya`; did you mean `day`?".into(), "dya".into()));
    assert_eq!(wrong("mg/").0, "a unit is missing at the end");
    assert_eq!(wrong("").0, "a unit is needed here; write `1` for dimensionless");
    assert_eq!(wrong("(mg/L").1, "(");
    assert_eq!(wrong("mg/L)").1, ")");
    assert_eq!(wrong("mg+L").1, "+");
    assert_eq!(wrong("m^x").1, "x");
    assert_eq!(wrong("m^(1/0)").0, "this power of a unit is out of range");
    assert_eq!(wrong("m^99999999999").0, "the power of a unit must be an integer up to 1000");
    assert_eq!(wrong("0 day").1, "0");
    assert!(wrong("avogadro").0.contains("kept apart"));
    assert!(wrong(&"(".repeat(1000)).0.contains("parentheses"));
    assert!(wrong("((((m^1000)^1000)^1000)^1000)").0.contains("out of range"));
}

#[test]
fn roots_are_exact_or_refused() {
    let litre = unit("L");
    let root = litre.pow(1, 2).unwrap();
    assert_eq!(&root * &root, litre);
    assert_eq!(root.components(), vec![(BaseUnit::Metre, (3, 2))]);
    assert_eq!(litre.pow(1, 0), None);
    assert_eq!(litre.pow(1, 11), None);
    assert_eq!(litre.pow(0, 1), Some(Unit::dimensionless()));
    // Squaring again and again ends in a refusal, not in a wrong unit.
    let powers = std::iter::successors(Some(unit("day")), |u| u.try_mul(u));
    assert!(powers.take(100).count() < 30);
}

#[test]
fn scale_is_open_to_writers() {
    let unit = unit("nmol/L");
    assert_eq!(unit.scale_decimal(), Some((1, -6)));
    assert_eq!(unit.scale_ratio(), Some((1, 1_000_000)));
    assert_eq!(unit.components(), vec![(BaseUnit::Metre, (-3, 1)), (BaseUnit::Mole, (1, 1))]);
    assert_eq!(unit.inverse().scale_f64(), 1e6);
    assert_eq!(unit.scaled(-1, 2), None);
    assert_eq!(unit.scaled(1, 0), None);
    assert_eq!(Unit::of(BaseUnit::Second).scaled(86400, 1), Unit::base("day"));
}

fn any_unit() -> impl Strategy<Value = Unit> {
    let names = prop::sample::select(vec![
        "m", "L", "mL", "kg", "mg", "day", "h", "s", "month", "nmol", "mol", "copies", "cell", "%",
        "K", "candela", "ampere", "um", "volt",
    ]);
    let factor = (names, -4i32..=4, prop::sample::select(vec![1, 1, 1, 2, 3]));
    let scale = prop_oneof![Just((1i128, 1i128)), (1i128..5000, 1i128..5000)];
    (prop::collection::vec(factor, 0..5), scale).prop_map(|(factors, (num, den))| {
        let mut result = Unit::dimensionless().scaled(num, den).unwrap();
        for (name, num, den) in factors {
            result = &result * &Unit::base(name).unwrap().pow(num, den).unwrap();
        }
        result
    })
}

proptest! {
    #[test]
    fn text_gives_the_unit_back(unit in any_unit()) {
        let text = unit.to_string();
        prop_assert_eq!(Unit::parse(&text), Ok(unit), "{}", text);
    }

    #[test]
    fn algebra_holds(a in any_unit(), b in any_unit()) {
        prop_assert_eq!(&(&a * &b) / &b, a.clone());
        prop_assert_eq!(&a * &b, &b * &a);
        prop_assert_eq!(a.inverse().inverse(), a.clone());
        prop_assert_eq!(a.pow(2, 1), Some(&a * &a));
        prop_assert!((&a / &a).is_dimensionless());
    }

    #[test]
    fn any_text_is_read_or_refused_in_place(text in "\\PC{0,20}|[a-z0-9/*^()%. µ-]{0,20}") {
        if let Err(error) = Unit::parse(&text) {
            prop_assert!(text.get(error.range.clone()).is_some(), "{:?}", error);
        }
    }
}

#[test]
fn powers_that_could_not_be_written_out_again_are_refused() {
    for text in ["29ohm266", "newton^101", "m101"] {
        assert!(Unit::parse(text).is_err(), "{text}");
    }
    let large = Unit::parse("newton^40").unwrap();
    assert_eq!(Unit::parse(&large.to_string()), Ok(large));
}
