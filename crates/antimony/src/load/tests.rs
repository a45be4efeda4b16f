//! Right models: what the text means.

use std::{collections::HashMap, io, path::PathBuf};

use hersim_network::{Expr, Node, Rule, Scale, Status, SymbolKind, Value};
use hersim_units::Unit;

use super::*;
use crate::write;

struct Memory(HashMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn memory(files: &[(&str, &str)]) -> Memory {
    Memory(files.iter().map(|(p, t)| (PathBuf::from(p), t.to_string())).collect())
}

fn try_load(files: &[(&str, &str)], subclones: &[&str]) -> Result<Loaded, String> {
    let mut sources = Sources::default();
    let subclones: Vec<String> = subclones.iter().map(|s| s.to_string()).collect();
    let request = Request {
        model: Path::new(files[0].0),
        main: None,
        subclones: &subclones,
        tolerant: false,
    };
    load(&memory(files), &request, &mut sources).map_err(|found| {
        found.iter().map(|d| d.render(&sources, false)).collect::<Vec<_>>().join("\n")
    })
}

fn loaded(files: &[(&str, &str)], subclones: &[&str]) -> Loaded {
    try_load(files, subclones).unwrap_or_else(|told| panic!("{told}"))
}

fn model(text: &str) -> Network {
    loaded(&[("m.ant", text)], &[]).network
}

fn symbol<'n>(network: &'n Network, name: &str) -> &'n hersim_network::Symbol {
    let names: Vec<&str> = network.symbols.iter().map(|s| s.name.as_str()).collect();
    &network[network.find(name).unwrap_or_else(|| panic!("no {name} in {names:?}"))]
}

fn number(network: &Network, name: &str) -> f64 {
    match symbol(network, name).value {
        Value::Number(value) => value,
        ref other => panic!("{name} is {other:?}"),
    }
}

/// The line of the written text that starts with these words.
fn line(network: &Network, start: &str) -> String {
    let text = write(network);
    let found = text.lines().map(str::trim).find(|l| l.starts_with(start));
    found.unwrap_or_else(|| panic!("no `{start}` in\n{text}")).to_string()
}

const HEADER: &str = "parameterId\tparameterName\tparameterScale\tlowerBound\tupperBound\t\
    nominalValue\testimate\tunit\tvariability\tuncertainty\tsource\tstatus\tnote\n";

#[test]
fn a_reaction_knows_its_sides() {
    let network = model(
        "model m()
           compartment c = 2;
           species A in c, $B in c, D in c; substanceOnly species C in c;
           A = 1; B = 2; C = 3; D = 4; k = 5;
           J: 2 A + B => 3 C + C; k*A*B*D;
           C -> ; k
         end",
    );
    let SymbolKind::Reaction(j) = &symbol(&network, "J").kind else { panic!() };
    let side = |participants: &[hersim_network::Participant]| -> Vec<(String, f64)> {
        participants.iter().map(|p| (network[p.species].name.clone(), p.stoichiometry)).collect()
    };
    assert_eq!(side(&j.reactants), [("A".into(), 2.0), ("B".into(), 1.0)]);
    assert_eq!(side(&j.products), [("C".into(), 4.0)]);
    assert!(!j.reversible);
    let modifiers: Vec<&str> =
        j.modifiers.iter().map(|m| network[m.species].name.as_str()).collect();
    assert_eq!(modifiers, ["D"]);
    let SymbolKind::Reaction(first) = &symbol(&network, "_J0").kind else { panic!() };
    assert!(first.reversible && first.products.is_empty());
    let kind = |name| match symbol(&network, name).kind {
        SymbolKind::Species { amount, boundary, .. } => (amount, boundary),
        ref other => panic!("{other:?}"),
    };
    assert_eq!(kind("A"), (false, false));
    assert_eq!(kind("B"), (false, true));
    assert_eq!(kind("C"), (true, false));
    assert!(symbol(&network, "k").constant && !symbol(&network, "A").constant);
}

/// Precedence as libAntimony (libSBML's L3 parser) has it; checked against version 3.3.
#[test]
fn operators_bind_as_elsewhere() {
    let network = model(
        "model m()
           a = 1; b = 2; c = 3;
           x1 := -a^2; x2 := 2^3^2; x3 := a - b - c; x4 := a/b*c; x5 := 2^-a^3;
           x6 := !a == b; x7 := a == b && c > 1; x8 := -a*b; x9 := a - -2;
           x10 := log(a) + log10(b) + log(2, c); x11 := sqr(a) + root(3, b) + pow(a, b);
           x12 := piecewise(1, a > 2, 2, b > 3, 4); x13 := pi*time; x14 := a && b && c;
         end",
    );
    for (name, meaning) in [
        ("x1", "-a^2"),
        ("x2", "2^(3^2)"),
        ("x3", "a - b - c"),
        ("x4", "a/b*c"),
        ("x5", "2^(-a^3)"),
        ("x6", "!a == b"),
        ("x7", "(a == b) && (c > 1)"),
        ("x8", "(-a)*b"),
        ("x9", "a - (-2)"),
        ("x10", "ln(a) + log10(b) + ln(c)/ln(2)"),
        ("x11", "a^2 + b^(1/3) + a^b"),
        ("x12", "piecewise(1, a > 2, 2, b > 3, 4)"),
        ("x13", "3.141592653589793*time"),
        ("x14", "a && b && c"),
    ] {
        let written = line(&network, &format!("{name} :=")).replace(['(', ')'], "");
        let meant = format!("{name} := {meaning};").replace(['(', ')'], "");
        assert_eq!(written, meant, "{}", write(&network));
    }
    let Some(Rule::Assignment(x1)) = &symbol(&network, "x1").rule else { panic!() };
    assert!(matches!(x1.node, Node::Neg(_)));
    let Some(Rule::Assignment(x8)) = &symbol(&network, "x8").rule else { panic!() };
    let Node::Binary(hersim_network::BinaryOp::Mul, left, _) = &x8.node else { panic!() };
    assert!(matches!(left.node, Node::Neg(_)), "a sign binds tighter than a product");
}

#[test]
fn tables_are_converted_to_the_units_of_the_text() {
    let table = format!(
        "{HEADER}# a comment\n\
         k\trate\tlog10\t0.5\t5\t2\t1\t1/h\tlognormal(cv=40%)\tcv=10%\tdoi:10.1000/1\tmeasured\tseen\n\
         v\t\tlin\t\t\t3\t0\tmL\t\t\tassumed\tassumed\tround\n\
         A\t\tlin\t\t\t4\t0\tuM\t\t\tassumed\tassumed\tround\n\
         B\t\tlin\t\t\t5\t0\tnmol\t\t\tassumed\tassumed\tround\n\
         free\t\tlin\t\t\t6\t0\tmin\t\t\tassumed\tassumed\tround\n"
    );
    let text = "import \"units.ant\"
        model m()
          compartment v; v has litre;
          species A in v; A has nM;
          substanceOnly species B in v; B has pmol;
          k has per_day;
          y := free;
          unit pmol = 1e-12 mole;
        end";
    let units = "unit time_unit = 86400 second; unit per_day = 1 / (86400 second); unit nM = 1e-9 mole/litre;";
    let network = loaded(&[("m.ant", text), ("m.tsv", &table), ("units.ant", units)], &[]).network;
    assert_eq!(number(&network, "k"), 48.0);
    assert!((number(&network, "v") - 3e-3).abs() < 1e-18);
    assert!((number(&network, "A") - 4e3).abs() < 1e-9);
    assert!((number(&network, "B") - 5e3).abs() < 1e-9);
    assert_eq!(number(&network, "free"), 6.0);
    assert_eq!(symbol(&network, "free").unit, Unit::parse("min").ok());
    // The unit of a concentration is kept as the unit of its amount.
    assert_eq!(symbol(&network, "A").unit, Unit::parse("nmol").ok());
    let a = network.find("A").unwrap();
    assert_eq!(network.formula_unit(a), Unit::parse("nmol/L").ok());
    let k = symbol(&network, "k");
    assert_eq!(k.about.display_name.as_deref(), Some("rate"));
    let provenance = k.provenance.as_ref().unwrap();
    assert_eq!((provenance.lower, provenance.upper), (Some(12.0), Some(120.0)));
    assert!(provenance.estimate && provenance.scale == Scale::Log10);
    assert_eq!(provenance.status, Status::Measured);
    assert_eq!(provenance.source, "doi:10.1000/1");
    assert_eq!(provenance.variability.as_deref(), Some("lognormal(cv=40%)"));
    assert_eq!(network.time_unit, Unit::parse("day").ok());
}

#[test]
fn a_unit_of_a_concentration_may_be_that_of_its_amount() {
    let network = model(
        "model m() compartment v = 1; v has litre; species A in v, B in v; A = 1; B = 1;
           A has mole; B has b; unit b = mole/litre; end",
    );
    assert_eq!(symbol(&network, "A").unit, Unit::parse("mol").ok());
    assert_eq!(symbol(&network, "B").unit, Unit::parse("mol").ok());
}

const NESTED: &str = "
    model receptor(ligand, bound)
      compartment v = 1;
      substanceOnly species free in v, bound in v;
      ligand = 1; free = 10; bound = 0; k = 3;
      bind: free -> bound; k*ligand*free;
      twice := bound + bound;
    end
    model *cell()
      r: receptor(drug, held);
      r.k = 5;
      other: receptor();
      other.ligand is drug;
      other.bound is held;
      drug = 7;
      out := held + r.twice;
    end";

#[test]
fn names_that_are_one_become_one() {
    let all = loaded(&[("m.ant", NESTED)], &[]);
    let network = &all.network;
    // The outer text wins over the inner one.
    assert_eq!(number(network, "drug"), 7.0);
    assert_eq!(number(network, "r.k"), 5.0);
    assert_eq!(number(network, "other.k"), 3.0);
    // A port's result may be named outside; the shallowest name stays.
    assert!(matches!(symbol(network, "held").kind, SymbolKind::Species { .. }));
    assert!(network.find("r.bound").is_none());
    let alias = |name: &str| {
        all.aliases.iter().find(|(a, _)| a == name).map(|(_, id)| network[*id].name.as_str())
    };
    assert_eq!(alias("r.ligand"), Some("drug"));
    assert_eq!(alias("other.ligand"), Some("drug"));
    assert_eq!(alias("r.bound"), Some("held"));
    assert_eq!(alias("other.bound"), Some("held"));
    assert_eq!(line(network, "out :="), "out := held + r__twice;");
    assert_eq!(
        line(network, "other__bind:"),
        "other__bind: other__free -> held; other__k*drug*other__free;"
    );
}

#[test]
fn a_rule_replaced_from_outside_is_a_warning_unless_it_is_named() {
    let inner = "model i(x) x := 1; y := 2; end ";
    let said =
        |outer: &str| loaded(&[("m.ant", &format!("{inner} model m() a: i(); {outer} end"))], &[]);
    let silent = said("a.y := 3;");
    assert!(silent.warnings.is_empty());
    assert_eq!(line(&silent.network, "a__y"), "a__y := 3;");
    let loud = said("var z; a.x is z; z := 4;");
    assert_eq!(loud.warnings[0].code, "replaced-rule");
    assert_eq!(line(&loud.network, "z :="), "z := 4;");
}

const CLONES: &str = "
    model cell(drug)
      compartment v = 1;
      substanceOnly species N in v; N = seed; seed = 1;
      drug = 0;
      grow: => N; N*drug;
    end
    model *system()
      drug = 2;
      clone: cell(drug);
      other: cell();
      other.drug is drug;
      clone.seed = clone_seed;
      switch = 3;
      total := clone.N;
      clone_share := clone.N/total;
      clone_to_other: clone.N => other.N; switch*clone.N*clone_to_other_rate;
      => clone.N; switch;
      at (clone.N > 1): clone.N = total;
    end";

#[test]
fn a_cell_is_repeated_per_subclone() {
    let table = format!(
        "{HEADER}clone_seed\t\tlin\t\t\t8\t0\t1\t\t\tassumed\tassumed\tround\n\
         clone_to_other_rate\t\tlin\t\t\t9\t0\t1\t\t\tassumed\tassumed\tround\n"
    );
    let files = [("m.ant", CLONES), ("m.tsv", table.as_str())];
    let network = loaded(&files, &["bulk", "minor", "rare"]).network;
    assert_eq!(line(&network, "total :="), "total := bulk__N + minor__N + rare__N;");
    assert_eq!(line(&network, "minor_share :="), "minor_share := minor__N/total;");
    assert_eq!(line(&network, "bulk__seed ="), "bulk__seed = bulk_seed;");
    assert_eq!(number(&network, "rare_seed"), 8.0);
    assert_eq!(network.symbols.iter().filter(|s| s.name.contains("_to_")).count(), 12);
    assert_eq!(
        line(&network, "minor_to_rare:"),
        "minor_to_rare: minor__N => rare__N; switch*minor__N*minor_to_rare_rate;"
    );
    assert!(network.find("bulk_to_bulk").is_none());
    assert!(!network.symbols.iter().any(|s| s.name.contains("clone") || s.name.contains("other")));
    assert!(network.find("_J2").is_some() && network.find("_J3").is_none());
    assert_eq!(network.events.len(), 3);

    let alone = loaded(&files, &["bulk"]).network;
    assert_eq!(line(&alone, "total :="), "total := bulk__N;");
    assert!(!alone.symbols.iter().any(|s| s.name.contains("_to_")));

    let plain = loaded(&files, &[]).network;
    assert_eq!(line(&plain, "total :="), "total := clone__N;");
    assert!(plain.find("other.N").is_some());
}

#[test]
fn events_keep_what_they_say() {
    let network = model(
        "model m()
           x = 1; y = 2; k = 3;
           E: at (time >= 2), t0=false: x = x + 1, y = k;
           at x > 3, persistent=true: x = 0
         end",
    );
    let [first, second] = &network.events[..] else { panic!() };
    assert_eq!((first.name.as_str(), first.initially, first.assignments.len()), ("E", false, 2));
    assert_eq!((second.name.as_str(), second.initially), ("_E0", true));
    assert!(!symbol(&network, "x").constant && symbol(&network, "k").constant);
}

#[test]
fn functions_are_written_out_where_they_are_called() {
    let network = model(
        "function hill(x, k) x^2/(k^2 + x^2) end
         function twice(f) 2*hill(f, f + 1) end
         model m() a = 1; y := twice(a*3); end",
    );
    assert_eq!(line(&network, "y :="), "y := 2*((a*3)^2/((a*3 + 1)^2 + (a*3)^2));");
}

#[test]
fn every_formula_points_at_its_text() {
    let text = "function f(x) x + 1 end\nmodel m()\n  k = 1;\n  y := 2*f(k);\nend";
    let network = model(text);
    let Some(Rule::Assignment(y)) = &symbol(&network, "y").rule else { panic!() };
    let shown = |e: &Expr| text[e.span.start as usize..e.span.end as usize].to_string();
    assert_eq!(shown(y), "2*f(k)");
    let Node::Binary(_, two, call) = &y.node else { panic!() };
    assert_eq!((shown(two), shown(call)), ("2".into(), "f(k)".into()));
    let k = symbol(&network, "k").span;
    assert_eq!(&text[k.start as usize..k.end as usize], "k");
}

#[test]
fn annotations_are_kept() {
    let network = model(
        "model m()
           k = 1; k is \"a rate\";
           k identity \"urn:a\", \"urn:b\";
           k hasPart \"urn:c\",
             \"urn:d\"
           model isDescribedBy \"urn:e\"
         end
         m isDescribedBy \"urn:f\"",
    );
    let k = symbol(&network, "k");
    let said: Vec<(&str, &str)> =
        k.about.annotations.iter().map(|a| (a.qualifier.as_str(), a.resource.as_str())).collect();
    assert_eq!(
        said,
        [("is", "urn:a"), ("is", "urn:b"), ("hasPart", "urn:c"), ("hasPart", "urn:d")]
    );
    assert_eq!(k.about.display_name.as_deref(), Some("a rate"));
    let about: Vec<&str> = network.about.annotations.iter().map(|a| a.resource.as_str()).collect();
    assert_eq!(about, ["urn:e", "urn:f"]);
}

#[test]
fn species_without_a_home_live_in_the_default_compartment() {
    let network = model("model m() species A; A = 1; A -> ; 2; end");
    assert_eq!(number(&network, "default_compartment"), 1.0);
    let SymbolKind::Species { compartment, .. } = symbol(&network, "A").kind else { panic!() };
    assert_eq!(network[compartment].name, "default_compartment");
}

#[test]
fn words_of_other_readers_are_a_warning() {
    let warnings = loaded(&[("m.ant", "model m() delay = 1; end")], &[]).warnings;
    assert_eq!(warnings[0].code, "reserved-name");
}

#[test]
fn the_main_model_can_be_chosen() {
    let text = "model a() x = 1; end model *b() y = 1; end model c() z = 1; end";
    let files = memory(&[("m.ant", text)]);
    let id = |main| {
        let request = Request { model: Path::new("m.ant"), main, subclones: &[], tolerant: false };
        load(&files, &request, &mut Sources::default()).map(|l| l.network.id)
    };
    assert_eq!(id(None).unwrap(), "b");
    assert_eq!(id(Some("a")).unwrap(), "a");
    assert_eq!(id(Some("d")).unwrap_err()[0].code, "unknown-model");
}

/// A generated model of 99 states with 18 doses, kept outside the project.
#[test]
fn a_large_model_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites/qsp/her2_99.ant");
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return;
    }
    let request = Request { model: &path, main: None, subclones: &[], tolerant: false };
    let network = load(&crate::Disk, &request, &mut Sources::default()).unwrap().network;
    let count =
        |kind: fn(&SymbolKind) -> bool| network.symbols.iter().filter(|s| kind(&s.kind)).count();
    assert_eq!(count(|k| matches!(k, SymbolKind::Species { .. })), 99);
    // 3 of the drug's elimination, 1 of penetration, 42 per subclone and 2 switches.
    assert_eq!(count(|k| matches!(k, SymbolKind::Reaction(_))), 4 + 3 * 42 + 2);
    assert_eq!(network.events.len(), 18);
}

fn tolerant(text: &str) -> Result<Loaded, Vec<String>> {
    let request = Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: true };
    load(&memory(&[("m.ant", text)]), &request, &mut Sources::default())
        .map_err(|found| found.iter().map(|d| d.message.clone()).collect())
}

#[test]
fn where_wanted_names_are_what_they_are_used_as() {
    let text = "model m()\n  species y in C;\n  J: x + y => z; k*x;\n  a := 2*h;\nend\n";
    let strict = try_load(&[("m.ant", text)], &[]).unwrap_err();
    assert!(strict.contains("`x` is not declared"), "{strict}");
    let network = tolerant(text).unwrap().network;
    for name in ["x", "y", "z"] {
        let kind = &symbol(&network, name).kind;
        assert!(matches!(kind, SymbolKind::Species { .. }), "{name} is {kind:?}");
    }
    assert!(matches!(symbol(&network, "C").kind, SymbolKind::Compartment));
    for name in ["k", "h"] {
        assert!(matches!(symbol(&network, name).kind, SymbolKind::Parameter));
        assert_eq!(symbol(&network, name).value, Value::Missing);
    }
    // A unit where a variable should be, and names in submodels that do not exist, stay errors.
    assert!(tolerant("model m()\n  a = moles;\nend\n").is_err());
    assert!(tolerant("model m()\n  a = b.c;\nend\n").is_err());
}
