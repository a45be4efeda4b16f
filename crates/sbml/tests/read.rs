//! Reading SBML: what it means, what is refused, and that hostile files do no harm.

use hersim_network::{BinaryOp, Network, Node, Rule, Sources, SymbolKind, Value};

const MATH: &str = "http://www.w3.org/1998/Math/MathML";

fn document(body: &str) -> String {
    format!(
        "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" level=\"3\" version=\"2\" \
         xmlns:comp=\"http://www.sbml.org/sbml/level3/version1/comp/version1\" \
         comp:required=\"true\">{body}</sbml>"
    )
}

fn model(body: &str) -> String {
    document(&format!("<model id=\"m\">{body}</model>"))
}

fn read(text: &str) -> Result<Network, Vec<&'static str>> {
    let mut sources = Sources::default();
    hersim_sbml::read("m.xml", text, &mut sources, &mut |_| None)
        .map_err(|found| found.iter().map(|d| d.code).collect())
}

fn refused(text: &str) -> Vec<&'static str> {
    read(text).expect_err("it was read")
}

fn assignment(variable: &str, math: &str) -> String {
    format!(
        "<assignmentRule variable=\"{variable}\"><math xmlns=\"{MATH}\">{math}</math>\
         </assignmentRule>"
    )
}

#[test]
fn a_name_that_is_not_declared_is_reported_once_each() {
    let rules: String = (0..3)
        .map(|i| {
            let math = format!("<apply><plus/><ci>no{i}</ci><ci>no{i}</ci></apply>");
            assignment(&format!("p{i}"), &math)
        })
        .collect();
    let parameters: String =
        (0..3).map(|i| format!("<parameter id=\"p{i}\" constant=\"false\"/>")).collect();
    let text = model(&format!(
        "<listOfParameters>{parameters}</listOfParameters><listOfRules>{rules}</listOfRules>"
    ));
    assert_eq!(refused(&text), ["unknown-name"; 3]);
}

#[test]
fn an_amount_in_a_compartment_of_unknown_size_stays_an_amount() {
    let text = model(
        "<listOfCompartments><compartment id=\"c\" constant=\"true\"/></listOfCompartments>\
         <listOfSpecies><species id=\"S\" compartment=\"c\" initialAmount=\"3\" \
         hasOnlySubstanceUnits=\"true\" boundaryCondition=\"false\" constant=\"false\"/>\
         </listOfSpecies>",
    );
    let network = read(&text).unwrap();
    assert_eq!(network[network.find("S").unwrap()].value, Value::Number(3.0));
}

#[test]
fn avogadro_is_the_number_of_level_three() {
    let math = "<csymbol definitionURL=\"http://www.sbml.org/sbml/symbols/avogadro\">a</csymbol>";
    let text = model(&format!(
        "<listOfParameters><parameter id=\"p\" constant=\"false\"/></listOfParameters>\
         <listOfRules>{}</listOfRules>",
        assignment("p", math)
    ));
    let network = read(&text).unwrap();
    let Some(Rule::Assignment(expr)) = &network.symbols[0].rule else { panic!() };
    assert_eq!(expr.node, Node::Number(6.022_141_79e23));
}

#[test]
fn functions_are_written_out_and_may_not_call_themselves() {
    let function = |id: &str, body: &str| {
        format!(
            "<functionDefinition id=\"{id}\"><math xmlns=\"{MATH}\"><lambda><bvar><ci>x</ci>\
             </bvar>{body}</lambda></math></functionDefinition>"
        )
    };
    let twice = function("twice", "<apply><times/><cn>2</cn><ci>x</ci></apply>");
    let whole = |function: &str, call: &str| {
        model(&format!(
            "<listOfFunctionDefinitions>{function}</listOfFunctionDefinitions><listOfParameters>\
             <parameter id=\"p\" constant=\"false\"/></listOfParameters><listOfRules>{}\
             </listOfRules>",
            assignment("p", call)
        ))
    };
    let call = |f: &str| {
        format!(
            "<apply><ci>{f}</ci><csymbol definitionURL=\"http://www.sbml.org/sbml/symbols/time\">t</csymbol></apply>"
        )
    };
    let network = read(&whole(&twice, &call("twice"))).unwrap();
    let Some(Rule::Assignment(expr)) = &network.symbols[0].rule else { panic!() };
    assert!(matches!(&expr.node, Node::Binary(BinaryOp::Mul, _, b) if b.node == Node::Time));

    let ring = function("ring", "<apply><ci>ring</ci><ci>x</ci></apply>");
    assert_eq!(refused(&whole(&ring, &call("ring"))), ["cyclic-function"]);
    // Each level doubles the formula: written out it would not fit into any memory.
    let mut bomb = function("f0", "<apply><plus/><ci>x</ci><ci>x</ci></apply>");
    for i in 1..60 {
        let body =
            format!("<apply><ci>f{0}</ci><apply><ci>f{0}</ci><ci>x</ci></apply></apply>", i - 1);
        bomb += &function(&format!("f{i}"), &body);
    }
    let codes = refused(&whole(&bomb, &call("f59")));
    assert!(codes.contains(&"sbml-too-large") || codes.contains(&"sbml-too-deep"), "{codes:?}");
}

#[test]
fn entities_are_not_expanded() {
    let mut bomb = String::from("<!DOCTYPE sbml [<!ENTITY a \"aaaaaaaaaa\">");
    for (to, from) in ["b", "c", "d", "e", "f", "g", "h", "i"].iter().zip("abcdefgh".chars()) {
        bomb += &format!("<!ENTITY {to} \"{}\">", format!("&{from};").repeat(10));
    }
    bomb += "]>";
    let text = format!("{bomb}{}", model("<notes>&i;</notes>"));
    assert_eq!(refused(&text), ["sbml-syntax"]);
}

#[test]
fn elements_nested_without_end_are_refused() {
    let deep =
        format!("{}<ci>p</ci>{}", "<apply><sin/>".repeat(100_000), "</apply>".repeat(100_000));
    let text = model(&format!("<listOfRules>{}</listOfRules>", assignment("p", &deep)));
    assert_eq!(refused(&text), ["sbml-too-deep"]);
}

#[test]
fn a_sum_of_very_many_terms_is_read() {
    let sum = format!("<apply><plus/>{}</apply>", "<cn>1</cn>".repeat(50_000));
    let text = model(&format!(
        "<listOfParameters><parameter id=\"p\" constant=\"false\"/></listOfParameters>\
         <listOfRules>{}</listOfRules>",
        assignment("p", &sum)
    ));
    assert!(read(&text).is_ok());
}

#[test]
fn numbers_beyond_all_measure_are_read_or_refused() {
    let digits = "9".repeat(100_000);
    for value in [digits.as_str(), "1e999999999", "-1e-99999", "0x10", "1_000", ""] {
        let text = model(&format!(
            "<listOfParameters><parameter id=\"p\" value=\"{value}\" constant=\"true\"/>\
             </listOfParameters>"
        ));
        if let Err(codes) = read(&text) {
            assert_eq!(codes, ["bad-attribute"]);
        }
    }
}

#[test]
fn packages_that_change_the_meaning_are_refused_by_name() {
    let text = "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version1/core\" level=\"3\" \
                version=\"1\" xmlns:qual=\"http://www.sbml.org/sbml/level3/version1/qual/version1\" \
                qual:required=\"true\"><model/></sbml>";
    let mut sources = Sources::default();
    let found = hersim_sbml::read("m.xml", text, &mut sources, &mut |_| None).unwrap_err();
    assert_eq!(found[0].code, "sbml-package");
    assert!(found[0].message.contains("`qual`"), "{}", found[0].message);
}

const TWO_LEVELS: &str = "\
<model id=\"outer\">
  <listOfParameters><parameter id=\"k\" value=\"5\" constant=\"true\">
    <comp:listOfReplacedElements>
      <comp:replacedElement comp:idRef=\"k\" comp:submodelRef=\"a\"/>
    </comp:listOfReplacedElements></parameter></listOfParameters>
  <comp:listOfSubmodels>
    <comp:submodel comp:id=\"a\" comp:modelRef=\"inner\"/>
    <comp:submodel comp:id=\"b\" comp:modelRef=\"inner\"/>
  </comp:listOfSubmodels>
</model>
<comp:listOfModelDefinitions><comp:modelDefinition id=\"inner\">
  <listOfParameters>
    <parameter id=\"k\" value=\"1\" constant=\"true\"/>
    <parameter id=\"x\" constant=\"false\"/>
  </listOfParameters>
  <listOfRules><assignmentRule variable=\"x\"><math xmlns=\"http://www.w3.org/1998/Math/MathML\">
    <ci>k</ci></math></assignmentRule></listOfRules>
</comp:modelDefinition></comp:listOfModelDefinitions>";

#[test]
fn submodels_are_written_out_and_replaced_elements_redirected() {
    let network = read(&document(TWO_LEVELS)).unwrap();
    let names: Vec<&str> = network.symbols.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["k", "a.x", "b.k", "b.x"]);
    let named = |name: &str| match &network[network.find(name).unwrap()].rule {
        Some(Rule::Assignment(expr)) => network[expr.symbols()[0]].name.clone(),
        _ => String::new(),
    };
    assert_eq!((named("a.x"), named("b.x")), ("k".to_string(), "b.k".to_string()));
}

#[test]
fn a_model_within_itself_is_refused() {
    let text = TWO_LEVELS.replace(
        "<comp:modelDefinition id=\"inner\">",
        "<comp:modelDefinition id=\"inner\"><comp:listOfSubmodels>\
         <comp:submodel comp:id=\"again\" comp:modelRef=\"inner\"/></comp:listOfSubmodels>",
    );
    let codes = refused(&document(&text));
    assert!(["cyclic-model", "sbml-too-large"].contains(&codes[0]), "{codes:?}");
}

#[test]
fn notes_and_references_come_back() {
    let text = model(
        "<notes><p xmlns=\"http://www.w3.org/1999/xhtml\">of the <b>model</b></p></notes>\
         <listOfParameters><parameter id=\"p\" metaid=\"i\" name=\"the name\" value=\"1\" \
         constant=\"true\"><notes><p xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; b</p></notes>\
         <annotation><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns:bqbiol=\"http://biomodels.net/biology-qualifiers/\"><rdf:Description \
         rdf:about=\"#i\"><bqbiol:is><rdf:Bag><rdf:li rdf:resource=\"urn:x:1\"/></rdf:Bag>\
         </bqbiol:is></rdf:Description></rdf:RDF></annotation></parameter></listOfParameters>",
    );
    let first = read(&text).unwrap();
    assert_eq!(first.symbols[0].about.annotations.len(), 1);
    let second = read(&hersim_sbml::write(&first)).unwrap();
    assert_eq!(first.about.notes, second.about.notes);
    let (a, b) = (&first.symbols[0], &second.symbols[0]);
    assert_eq!(a.about.notes, b.about.notes);
    assert_eq!(a.about.display_name, b.about.display_name);
    assert_eq!(a.about.annotations, b.about.annotations);
}

#[test]
fn everything_that_events_and_reactions_say_comes_back() {
    let math = |inner: &str| format!("<math xmlns=\"{MATH}\">{inner}</math>");
    let text = model(&format!(
        "<listOfCompartments><compartment id=\"c\" size=\"2\" constant=\"true\"/>\
         </listOfCompartments><listOfSpecies><species id=\"S\" compartment=\"c\" \
         initialConcentration=\"1\" hasOnlySubstanceUnits=\"false\" boundaryCondition=\"false\" \
         constant=\"false\" conversionFactor=\"f\"/></listOfSpecies><listOfParameters>\
         <parameter id=\"f\" value=\"2\" constant=\"true\"/></listOfParameters>\
         <listOfReactions><reaction id=\"J\" reversible=\"false\"><listOfProducts>\
         <speciesReference id=\"n\" species=\"S\" stoichiometry=\"3\" constant=\"false\"/>\
         </listOfProducts><kineticLaw>{one}</kineticLaw></reaction></listOfReactions>\
         <listOfEvents><event id=\"E\" useValuesFromTriggerTime=\"false\"><trigger \
         initialValue=\"false\" persistent=\"false\">{true_}</trigger><priority>{one}</priority>\
         <delay>{one}</delay><listOfEventAssignments><eventAssignment variable=\"n\">{one}\
         </eventAssignment></listOfEventAssignments></event></listOfEvents>",
        one = math("<cn>1</cn>"),
        true_ = math("<true/>"),
    ));
    let first = read(&text).unwrap();
    let second = read(&hersim_sbml::write(&first)).unwrap();
    for network in [&first, &second] {
        let event = &network.events[0];
        assert!(!event.at_trigger && !event.initially && !event.persistent);
        assert!(event.delay.is_some() && event.priority.is_some());
        let id = |name| network.find(name).unwrap();
        assert_eq!(network[id("S")].conversion, Some(id("f")));
        let SymbolKind::Reaction(reaction) = &network[id("J")].kind else { panic!() };
        assert_eq!(reaction.products[0].variable, Some(id("n")));
        assert_eq!(network[id("n")].value, Value::Number(3.0));
    }
}
