//! The parts of a document, read back.

use hersim_network::{Annotation, Node};

use super::{tree::Element, *};

/// A little of everything.
fn everything() -> Network {
    let mut make = Make::new();
    let a = make.species("cell.A", "nmol", false, 3.0);
    let b = make.species("cell.B", "nmol", true, 1e-9);
    let e = make.species("enzyme", "copies/cell", true, 5e4);
    let d = make.species("diameter", "mm", true, 20.0);
    let k = make.parameter("cell.k", "1/day", 0.1 + 0.2);
    let v = make.parameter("v", "nmol/day", 0.0);
    let w = make.parameter("w", "1", 1.0);
    let start = make.parameter("start", "nmol/L", 2.5);
    let j = make.reaction("cell.J", &[a], &[b, b], times(k, e));
    let network = &mut make.0;
    network[v].rule = Some(Rule::Assignment(Expr::symbol(j)));
    network[v].value = Formula(Expr::number(1.0));
    network[w].rule = Some(Rule::Rate(Expr::symbol(k)));
    network[a].value = Formula(Expr::symbol(start));
    network[d].constant = true;
    network[a].about.display_name = Some("receptor <free> & whole".to_string());
    let reference = |qualifier: &str, resource: &str| Annotation {
        qualifier: qualifier.to_string(),
        resource: resource.to_string(),
    };
    network[a].about.annotations = vec![
        reference("is", "https://identifiers.org/hgnc:3430"),
        reference("isDescribedBy", "https://identifiers.org/pubmed:1"),
        reference("is", "https://identifiers.org/uniprot:P04626"),
    ];
    network.about.annotations = vec![reference("isDerivedFrom", "https://identifiers.org/x:1")];
    network[k].provenance = Some(Provenance {
        source: "doi:10.1000/a; pmid:42; table 2".to_string(),
        status: Status::Measured,
        variability: Some("lognormal(cv=40%)".to_string()),
        uncertainty: None,
        lower: None,
        upper: None,
        scale: hersim_network::Scale::Linear,
        estimate: false,
        note: "at 37 °C".to_string(),
        span: Span::new(FileId(0), 0..1),
    });
    let trigger = Expr::binary(BinaryOp::GreaterEqual, Expr::made(Node::Time), Expr::number(7.0));
    network.events.push(Event {
        initially: false,
        assignments: vec![(b, times(b, w))],
        ..Event::new("dose", trigger)
    });
    make.0
}

fn model() -> Element {
    let root = tree::read(&write(&everything()));
    assert_eq!((root.get("level"), root.get("version")), (Some("3"), Some("2")));
    root.at("model").clone()
}

#[test]
fn ids_are_unique_and_every_reference_is_defined() {
    let model = model();
    let mut all = Vec::new();
    model.all(&mut all);
    let mut seen = std::collections::HashSet::new();
    for element in all.iter().filter(|e| e.name != "unitDefinition") {
        if let Some(id) = element.get("id") {
            assert!(seen.insert(id), "{id} twice");
        }
    }
    for element in &all {
        for key in ["species", "variable", "symbol", "compartment"] {
            if let Some(id) = element.get(key) {
                assert!(seen.contains(id), "{id}");
            }
        }
        if element.name == "ci" {
            assert!(seen.contains(element.text.as_str()), "{}", element.text);
        }
    }
    let units = model.at("listOfUnitDefinitions");
    for key in ["units", "substanceUnits", "timeUnits", "extentUnits"] {
        for id in all.iter().filter_map(|e| e.get(key)).filter(|id| *id != "dimensionless") {
            units.with("id", id);
        }
    }
}

#[test]
fn species_keep_amount_and_concentration_apart() {
    let model = model();
    let species = model.at("listOfSpecies");
    let a = species.with("id", "cell__A");
    assert_eq!(a.get("name"), Some("cell.A"));
    assert_eq!(a.get("hasOnlySubstanceUnits"), Some("false"));
    assert_eq!(a.get("initialAmount").or(a.get("initialConcentration")), None);
    let b = species.with("id", "cell__B");
    assert_eq!(b.get("hasOnlySubstanceUnits"), Some("true"));
    assert_eq!(b.get("initialAmount"), Some("1e-9"));
    assert_eq!((b.get("constant"), b.get("boundaryCondition")), (Some("false"), Some("false")));
    let enzyme = species.with("id", "enzyme");
    assert_eq!(enzyme.get("substanceUnits"), Some("copies_per_cell"));
    // A length is no substance for SBML: the unit is left out and told in a comment.
    assert_eq!(species.with("id", "diameter").get("substanceUnits"), None);
    assert!(write(&everything()).contains("<!-- in mm,"));
    let initial = model.at("listOfInitialAssignments").with("symbol", "cell__A");
    assert_eq!(initial.at("math/ci").text, "start");
    let mut plain = Make::new();
    plain.species("S", "nmol", false, 0.25);
    let root = tree::read(&write(&plain.0));
    let s = root.at("model/listOfSpecies").with("id", "S");
    assert_eq!(s.get("initialConcentration"), Some("0.25"));
}

#[test]
fn rules_take_the_place_of_start_values() {
    let model = model();
    let rules = model.at("listOfRules");
    assert_eq!(rules.with("variable", "v").name, "assignmentRule");
    assert_eq!(rules.with("variable", "w").name, "rateRule");
    assert_eq!(model.at("listOfInitialAssignments").children.len(), 1, "none for v");
    let parameters = model.at("listOfParameters");
    assert_eq!(parameters.with("id", "v").get("constant"), Some("false"));
    assert_eq!(parameters.with("id", "cell__k").get("constant"), Some("true"));
    assert_eq!(parameters.with("id", "cell__k").get("value"), Some("0.30000000000000004"));
}

#[test]
fn reactions_declare_their_modifiers() {
    let model = model();
    let reaction = model.at("listOfReactions").with("id", "cell__J");
    assert_eq!(reaction.at("listOfReactants").children.len(), 1);
    assert_eq!(reaction.at("listOfProducts").children.len(), 2);
    let modifiers = &reaction.at("listOfModifiers").children;
    assert_eq!(modifiers.len(), 1, "the parameter is no modifier");
    assert_eq!(modifiers[0].get("species"), Some("enzyme"));
    let law = reaction.at("kineticLaw/math/apply");
    let parts: Vec<_> = law.children.iter().map(|c| (c.name.as_str(), c.text.as_str())).collect();
    assert_eq!(parts, [("times", ""), ("ci", "cell__k"), ("ci", "enzyme")]);
}

#[test]
fn events_say_how_they_start() {
    let model = model();
    let event = model.at("listOfEvents").with("id", "dose");
    assert_eq!(event.get("useValuesFromTriggerTime"), Some("true"));
    let trigger = event.at("trigger");
    assert_eq!(trigger.get("initialValue"), Some("false"));
    assert_eq!(trigger.at("math/apply").children[0].name, "geq");
    event.at("listOfEventAssignments").with("variable", "cell__B");
}

#[test]
fn identities_and_sources_are_kept() {
    let model = model();
    let a = model.at("listOfSpecies").with("id", "cell__A");
    assert_eq!(a.get("metaid"), Some("meta_cell__A"));
    let about = a.at("annotation/rdf:RDF/rdf:Description");
    assert_eq!(about.get("rdf:about"), Some("#meta_cell__A"));
    let is = &about.at("bqbiol:is/rdf:Bag").children;
    assert_eq!(is.len(), 2);
    assert_eq!(is[0].get("rdf:resource"), Some("https://identifiers.org/hgnc:3430"));
    about.at("bqbiol:isDescribedBy/rdf:Bag");
    assert!(write(&everything()).contains("receptor &lt;free&gt; &amp; whole"));
    let k = model.at("listOfParameters").with("id", "cell__k");
    let described = k.at("annotation/rdf:RDF/rdf:Description/bqbiol:isDescribedBy/rdf:Bag");
    let sources: Vec<_> = described.children.iter().filter_map(|c| c.get("rdf:resource")).collect();
    assert_eq!(
        sources,
        ["https://identifiers.org/doi:10.1000/a", "https://identifiers.org/pubmed:42"]
    );
    let notes: Vec<_> = k.at("notes/body").children.iter().map(|p| p.text.clone()).collect();
    assert!(notes.contains(&"variability: lognormal(cv=40%)".to_string()), "{notes:?}");
    model.at("annotation/rdf:RDF/rdf:Description/bqmodel:isDerivedFrom");
}

#[test]
fn units_are_defined_once_and_the_lost_difference_is_told() {
    let model = model();
    let units = model.at("listOfUnitDefinitions");
    assert_eq!(units.with("id", "copies_per_cell").get("name"), Some("copies/cell"));
    let per_day = units.with("id", "per_day").at("listOfUnits/unit");
    assert_eq!(per_day.get("kind"), Some("second"));
    assert_eq!((per_day.get("multiplier"), per_day.get("exponent")), (Some("86400"), Some("-1")));
    assert_eq!(model.get("timeUnits"), Some("day"));
    assert_eq!(model.get("extentUnits"), None, "species have several units");
    assert!(write(&everything()).contains("Copies and cells are units of their own"));
    let mut named = everything();
    named.unit_names = vec![("rate_constant".to_string(), Unit::parse("1/day").unwrap())];
    let root = tree::read(&write(&named));
    root.at("model/listOfUnitDefinitions").with("id", "rate_constant");
}

#[test]
fn an_empty_network_is_a_document() {
    let root = tree::read(&write(&Network::new("")));
    assert_eq!(root.at("model").children.len(), 0);
}
