//! From XML to elements.

use hersim_network::{Diagnostic, Span};
use roxmltree::{Document, Node, ParsingOptions};

use super::{
    annotation,
    element::{COMP, Local, Place},
    malformed, math,
    syntax::*,
    uncertainty::DISTRIB,
};

/// Bytes a file may have.
const LARGEST: usize = 64 << 20;
/// Elements and texts a file may have.
const MOST_NODES: u32 = 4_000_000;
/// Elements may stand in one another this deep.
const DEEPEST: usize = 500;
/// Attributes that one element may have.
const MOST_ATTRIBUTES: usize = 1_000;
/// Levels and versions that are read.
const VERSIONS: &[(u32, u32)] = &[(2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 1), (3, 2)];

/// Reads the elements of a file.
pub(super) fn parse(place: &mut Place) -> Option<File> {
    let text = place.text;
    if text.len() > LARGEST {
        let message = format!("the file has {} bytes, more than {LARGEST}", text.len());
        place.found.push(Diagnostic::error("sbml-too-large", message).mend("split the model"));
        return None;
    }
    if let Some((at, what)) = harmful(text) {
        let told = match what {
            Harm::Depth => {
                let message = format!("elements stand in one another more than {DEEPEST} deep");
                Diagnostic::error("sbml-too-deep", message)
                    .mend("name parts of the formula: parameters with assignment rules")
            }
            Harm::Attributes => {
                let message = format!("an element has more than {MOST_ATTRIBUTES} attributes");
                Diagnostic::error("sbml-too-large", message).mend("no element of SBML has so many")
            }
        };
        place.found.push(told.at(Span::new(place.file, at..at + 1), ""));
        return None;
    }
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = match Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(error) => {
            place.found.push(malformed::told(&error, text, place.file));
            return None;
        }
    };
    file(document.root_element(), place)
}

enum Harm {
    Depth,
    Attributes,
}

/// Where the elements go too deep or have too much in them, if they do: found by counting tags and
/// quotes, before anything looks at the text that is recursive or compares all with all.
fn harmful(text: &str) -> Option<(usize, Harm)> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
    while let Some(open) = text.get(at..)?.find('<') {
        at += open;
        let rest = text.get(at..)?;
        if rest.starts_with("<!--") {
            at += rest.find("-->").map_or(rest.len(), |i| i + 3);
            continue;
        }
        if rest.starts_with("<![CDATA[") {
            at += rest.find("]]>").map_or(rest.len(), |i| i + 3);
            continue;
        }
        let mut end = at + 1;
        let mut quote = None;
        let mut quotes = 0;
        while let Some(&byte) = bytes.get(end) {
            match (quote, byte) {
                (Some(q), b) if q == b => quote = None,
                (None, b'"' | b'\'') => {
                    quote = Some(byte);
                    quotes += 1;
                }
                (None, b'>') => break,
                _ => {}
            }
            end += 1;
        }
        if quotes > MOST_ATTRIBUTES {
            return Some((at, Harm::Attributes));
        }
        match bytes.get(at + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'?' | b'!') => {}
            _ if end > 0 && bytes.get(end - 1) == Some(&b'/') => {}
            _ => depth += 1,
        }
        if depth > DEEPEST {
            return Some((at, Harm::Depth));
        }
        at = end;
    }
    None
}

fn file(root: Node, place: &mut Place) -> Option<File> {
    let whole = |place: &Place| Diagnostic::error("sbml-version", "").at(place.span(root), "");
    if root.tag_name().name() != "sbml" {
        let mut d = whole(place).mend("the outermost element of SBML is `sbml`");
        d.message = format!("this is `{}`, not SBML", root.tag_name().name());
        place.found.push(d);
        return None;
    }
    let read = |name| root.attribute(name).and_then(|t| t.trim().parse::<u32>().ok());
    let (level, version) = (read("level").unwrap_or(0), read("version").unwrap_or(0));
    if !root.has_attribute("level") || !root.has_attribute("version") {
        let mut d = whole(place).mend("add for example `level=\"3\" version=\"2\"`");
        d.message = "the file does not say which level and version of SBML it is".into();
        place.found.push(d);
        return None;
    }
    if !VERSIONS.contains(&(level, version)) {
        let mut d = whole(place).mend("convert it to Level 2 or 3 first, with libSBML for example");
        d.message = format!("Level {level} Version {version} of SBML is not read");
        place.found.push(d);
        return None;
    }
    (place.level, place.version) = (level, version);
    for attribute in root.attributes().filter(|a| a.name() == "required") {
        let package = attribute.namespace().unwrap_or("");
        // What `distrib` says of numbers is kept; its random functions are refused one by one.
        if attribute.value() == "true" && package != COMP && package != DISTRIB {
            let mut name = package.trim_start_matches("http://www.sbml.org/sbml/level3/");
            name = name.trim_start_matches("version1/");
            let name = name.split('/').next().unwrap_or(name).to_string();
            place.found.push(
                Diagnostic::error(
                    "sbml-package",
                    format!("the model needs the package `{name}`, which is not supported"),
                )
                .at(place.span(root), "")
                .mend("convert the model to plain core, with the tool that wrote it"),
            );
        }
    }
    let mut model = None;
    let mut definitions = Vec::new();
    let mut external = Vec::new();
    for child in root.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "model" => model = Some(self::model(child, place)),
            "listOfModelDefinitions" => {
                for one in child.children().filter(Node::is_element) {
                    let model = self::model(one, place);
                    let id = model.head.as_ref().map_or(String::new(), |h| h.id.clone());
                    definitions.push((id, model));
                }
            }
            "listOfExternalModelDefinitions" => {
                for one in child.children().filter(Node::is_element) {
                    let get =
                        |name| one.attribute((COMP, name)).map(|s: &str| s.trim().to_string());
                    let name = Name { text: get("id").unwrap_or_default(), span: place.span(one) };
                    external.push((name, get("source").unwrap_or_default(), get("modelRef")));
                }
            }
            _ => {}
        }
    }
    let Some(model) = model else {
        place.found.push(
            Diagnostic::error("no-model", "the file holds no model")
                .at(place.span(root), "")
                .mend("add a `model` element"),
        );
        return None;
    };
    Some(File { level, model, definitions, external })
}

fn model(node: Node, place: &mut Place) -> Model {
    let mut head = place.head(node);
    head.id = node.attribute("id").or(node.attribute((COMP, "id"))).unwrap_or("").to_string();
    let mut model = Model {
        time_units: place.name(node, "timeUnits"),
        substance_units: place.name(node, "substanceUnits"),
        extent_units: place.name(node, "extentUnits"),
        space_units: [
            place.name(node, "lengthUnits"),
            place.name(node, "areaUnits"),
            place.name(node, "volumeUnits"),
        ],
        conversion: place.name(node, "conversionFactor"),
        head: Some(head),
        ..Model::default()
    };
    for list in node.children().filter(Node::is_element) {
        for one in list.children().filter(Node::is_element) {
            item(&mut model, list.tag_name().name(), one, place);
        }
    }
    model
}

fn item(model: &mut Model, list: &str, one: Node, place: &mut Place) {
    let tag = one.tag_name().name();
    match (list, tag) {
        ("listOfUnitDefinitions", "unitDefinition") => model.units.push(unit(one, place)),
        ("listOfFunctionDefinitions", "functionDefinition") => {
            let head = named(one, place);
            let math = one.children().find(|c| c.has_tag_name_local("math"));
            let (arguments, body) = math.map_or((Vec::new(), None), |m| math::lambda(m, place));
            let is_rate = annotation::is_rate(one);
            model.functions.push(FunctionDefinition { head, arguments, is_rate, body });
        }
        ("listOfCompartments", "compartment") => {
            let dimensions = place.number(one, "spatialDimensions");
            let compartment = Compartment {
                head: named(one, place),
                dimensions: dimensions.unwrap_or(3.0),
                size: place.number(one, "size"),
                units: place.name(one, "units"),
                constant: place.truth(one, "constant", true),
            };
            model.compartments.push(compartment);
        }
        ("listOfSpecies", "species") => {
            let species = Species {
                head: named(one, place),
                compartment: place.needed(one, "compartment"),
                amount: place.number(one, "initialAmount"),
                concentration: place.number(one, "initialConcentration"),
                units: place.name(one, "substanceUnits"),
                only_substance: place.truth(one, "hasOnlySubstanceUnits", false),
                boundary: place.truth(one, "boundaryCondition", false),
                constant: place.truth(one, "constant", false),
                conversion: place.name(one, "conversionFactor"),
            };
            model.species.push(species);
        }
        ("listOfParameters", "parameter") => {
            let parameter = parameter(one, place);
            model.parameters.push(parameter);
        }
        ("listOfInitialAssignments", "initialAssignment") => {
            let assignment = assignment(one, "symbol", place);
            model.initial.push(assignment);
        }
        ("listOfRules", "assignmentRule" | "rateRule") => {
            let kind = if tag == "rateRule" { RuleKind::Rate } else { RuleKind::Assignment };
            let what = assignment(one, "variable", place);
            model.rules.push(Rule { kind, what });
        }
        ("listOfRules", "algebraicRule") => {
            let head = place.head(one);
            let target = Name { text: String::new(), span: head.span };
            let math = formula(one, place);
            let what = Assignment { head, target, math };
            model.rules.push(Rule { kind: RuleKind::Algebraic, what });
        }
        ("listOfReactions", "reaction") => {
            let reaction = reaction(one, place);
            model.reactions.push(reaction);
        }
        ("listOfEvents", "event") => {
            let event = event(one, place);
            model.events.push(event);
        }
        ("listOfConstraints", "constraint") => {
            let head = place.head(one);
            model.constraints.push(head);
        }
        ("listOfSubmodels", "submodel") => {
            let deletions = one.children().filter(|c| c.has_tag_name((COMP, "listOfDeletions")));
            let deletions: Vec<Node> =
                deletions.flat_map(|l| l.children()).filter(Node::is_element).collect();
            let submodel = Submodel {
                head: place.head(one),
                model: place.comp_needed(one, "modelRef"),
                time: place.comp_name(one, "timeConversionFactor"),
                extent: place.comp_name(one, "extentConversionFactor"),
                deletions: deletions.iter().map(|&d| (place.head(d), place.pointer(d))).collect(),
            };
            model.submodels.push(submodel);
        }
        ("listOfPorts", "port") => {
            let port = (place.head(one), place.pointer(one));
            model.ports.push(port);
        }
        _ => {}
    }
}

/// The head of an element that must have an id.
fn named(node: Node, place: &mut Place) -> Head {
    place.needed_id(node);
    place.head(node)
}

fn formula(node: Node, place: &mut Place) -> Option<Math> {
    let math = node.children().find(|c| c.has_tag_name_local("math"))?;
    math::read(math, place)
}

fn unit(node: Node, place: &mut Place) -> UnitDefinition {
    let head = named(node, place);
    let list = node.children().find(|c| c.has_tag_name_local("listOfUnits"));
    let units: Vec<Node> =
        list.iter().flat_map(|l| l.children()).filter(Node::is_element).collect();
    let factors = units
        .iter()
        .map(|&unit| UnitFactor {
            kind: place.needed(unit, "kind").text,
            exponent: place.number(unit, "exponent").unwrap_or(1.0),
            scale: place.whole(unit, "scale", 300).unwrap_or(0),
            multiplier: place.number(unit, "multiplier").unwrap_or(1.0),
            offset: place.number(unit, "offset").unwrap_or(0.0),
        })
        .collect();
    UnitDefinition { head, factors }
}

fn parameter(node: Node, place: &mut Place) -> Parameter {
    Parameter {
        head: named(node, place),
        value: place.number(node, "value"),
        units: place.name(node, "units"),
        constant: place.truth(node, "constant", true),
    }
}

fn assignment(node: Node, target: &str, place: &mut Place) -> Assignment {
    Assignment {
        head: place.head(node),
        target: place.needed(node, target),
        math: formula(node, place),
    }
}

fn reaction(node: Node, place: &mut Place) -> Reaction {
    let mut reaction = Reaction {
        head: named(node, place),
        reversible: place.truth(node, "reversible", true),
        fast: place.truth(node, "fast", false),
        reactants: Vec::new(),
        products: Vec::new(),
        modifiers: Vec::new(),
        compartment: place.name(node, "compartment"),
        law: None,
    };
    for list in node.children().filter(Node::is_element) {
        match list.tag_name().name() {
            "listOfReactants" => reaction.reactants = references(list, place),
            "listOfProducts" => reaction.products = references(list, place),
            "listOfModifiers" => {
                for one in list.children().filter(Node::is_element) {
                    let species = place.needed(one, "species");
                    reaction.modifiers.push(Modifier { head: place.head(one), species });
                }
            }
            "kineticLaw" => {
                let mut locals = Vec::new();
                for inner in list.children().filter(Node::is_element) {
                    let name = inner.tag_name().name();
                    if name == "listOfParameters" || name == "listOfLocalParameters" {
                        for one in inner.children().filter(Node::is_element) {
                            locals.push(parameter(one, place));
                        }
                    }
                }
                for attribute in ["timeUnits", "substanceUnits"] {
                    other_units(list, attribute, place);
                }
                let head = place.head(list);
                reaction.law = Some(Law { head, math: formula(list, place), locals });
            }
            _ => {}
        }
    }
    reaction
}

/// Level 2 Version 1 let single elements have units of their own, which no simulator converts.
fn other_units(node: Node, attribute: &str, place: &mut Place) {
    if let Some(name) = place.name(node, attribute)
        && !["time", "second", "substance", "mole", "item"].contains(&name.text.as_str())
    {
        place.found.push(
            Diagnostic::error(
                "sbml-own-units",
                format!("`{attribute}=\"{}\"` gives one element other units", name.text),
            )
            .at(name.span, "")
            .mend("convert the numbers to the model's own units and drop the attribute"),
        );
    }
}

fn references(list: Node, place: &mut Place) -> Vec<Reference> {
    let mut all = Vec::new();
    for one in list.children().filter(Node::is_element) {
        let math = one.children().find(|c| c.has_tag_name_local("stoichiometryMath"));
        let given = place.number(one, "stoichiometry");
        let denominator = place.number(one, "denominator").unwrap_or(1.0);
        let default = (place.level < 3).then_some(1.0);
        all.push(Reference {
            head: place.head(one),
            species: place.needed(one, "species"),
            stoichiometry: given.or(default).map(|n| n / denominator),
            constant: place.truth(one, "constant", false),
            math: math.and_then(|m| formula(m, place)),
        });
    }
    all
}

fn event(node: Node, place: &mut Place) -> Event {
    other_units(node, "timeUnits", place);
    let mut event = Event {
        head: place.head(node),
        at_trigger: place.truth(node, "useValuesFromTriggerTime", true),
        initially: true,
        persistent: true,
        trigger: None,
        delay: None,
        priority: None,
        assignments: Vec::new(),
    };
    for child in node.children().filter(Node::is_element) {
        let mut timing = || Timing { head: place.head(child), math: formula(child, place) };
        match child.tag_name().name() {
            "trigger" => {
                event.trigger = Some(timing());
                event.initially = place.truth(child, "initialValue", true);
                event.persistent = place.truth(child, "persistent", true);
            }
            "delay" => event.delay = Some(timing()),
            "priority" => event.priority = Some(timing()),
            "listOfEventAssignments" => {
                for one in child.children().filter(Node::is_element) {
                    event.assignments.push(assignment(one, "variable", place));
                }
            }
            _ => {}
        }
    }
    event
}
