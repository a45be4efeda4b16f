//! MathML as formulas with names.

use hersim_network::{BinaryOp, Diagnostic, Function};
use roxmltree::Node;

use super::{
    element::Place,
    syntax::{Math, MathNode},
};

/// Avogadro's number, as SBML Level 3 fixes it for good.
const AVOGADRO: f64 = 6.022_141_79e23;

/// Reads what stands in a `math` element; `None` when that is nothing.
pub(super) fn read(node: Node, place: &mut Place) -> Option<Math> {
    let mut all = node.children().filter(Node::is_element);
    let first = formula(all.next()?, place);
    if let Some(second) = all.next() {
        place.wrong_math(second, "`math` holds one formula, and this is a second");
    }
    Some(first)
}

/// The arguments and the body of a `lambda`.
pub(super) fn lambda(node: Node, place: &mut Place) -> (Vec<String>, Option<Math>) {
    let Some(mut lambda) = node.children().find(Node::is_element) else {
        return (Vec::new(), None);
    };
    if lambda.tag_name().name() == "semantics" {
        lambda = lambda.children().find(Node::is_element).unwrap_or(lambda);
    }
    if lambda.tag_name().name() != "lambda" {
        place.wrong_math(lambda, "a function is defined by a `lambda`");
        return (Vec::new(), None);
    }
    let mut names = Vec::new();
    let mut body = None;
    for child in lambda.children().filter(Node::is_element) {
        if child.tag_name().name() == "bvar" {
            let name = child.children().find(Node::is_element).and_then(|ci| ci.text());
            names.push(name.unwrap_or("").trim().to_string());
        } else {
            body = Some(formula(child, place));
        }
    }
    (names, body)
}

/// A distribution of the package `distrib`: its name and its parameters.
pub(super) fn distribution(node: Node, place: &mut Place) -> Option<(String, Vec<Math>)> {
    let apply = node.children().find(Node::is_element)?;
    let mut children = apply.children().filter(Node::is_element);
    let head = children.next()?;
    if head.tag_name().name() != "csymbol" || !head.attribute("definitionURL")?.contains("distrib")
    {
        place.wrong_math(apply, "a distribution is needed here");
        return None;
    }
    let arguments = children.map(|one| formula(one, place)).collect();
    Some((definition(head).to_string(), arguments))
}

fn formula(node: Node, place: &mut Place) -> Math {
    let span = place.span(node);
    let number = |value| Math::number(value, span);
    match node.tag_name().name() {
        "cn" => number(literal(node, place)),
        "ci" => Math::name(node.text().unwrap_or("").trim(), span),
        "csymbol" => symbol(node, place),
        "true" => number(1.0),
        "false" => number(0.0),
        "pi" => number(std::f64::consts::PI),
        "exponentiale" => number(std::f64::consts::E),
        "infinity" => number(f64::INFINITY),
        "notanumber" => number(f64::NAN),
        "semantics" => match node.children().find(Node::is_element) {
            Some(inner) => formula(inner, place),
            None => place.wrong_math(node, "`semantics` is empty"),
        },
        "piecewise" => piecewise(node, place),
        "apply" => apply(node, place),
        other => place.wrong_math(node, &format!("`{other}` is not part of a formula in SBML")),
    }
}

fn literal(node: Node, place: &mut Place) -> f64 {
    let parts: Vec<&str> =
        node.children().filter(|c| c.is_text()).filter_map(|c| c.text()).map(str::trim).collect();
    let kind = node.attribute("type").unwrap_or("real");
    let text = match (kind, parts.as_slice()) {
        ("e-notation", [mantissa, exponent]) => format!("{mantissa}e{exponent}"),
        ("rational", [over, under]) => {
            if let (Ok(over), Ok(under)) = (over.parse::<f64>(), under.parse::<f64>()) {
                return over / under;
            }
            parts.join("/")
        }
        _ => parts.concat(),
    };
    match text.parse() {
        Ok(value) => value,
        Err(_) => {
            place.wrong_math(node, &format!("`{text}` is not a number"));
            f64::NAN
        }
    }
}

/// The last part of what a `csymbol` refers to.
fn definition<'a>(node: Node<'a, '_>) -> &'a str {
    let url = node.attribute("definitionURL").unwrap_or("");
    url.rsplit('/').next().unwrap_or(url)
}

fn symbol(node: Node, place: &mut Place) -> Math {
    let span = place.span(node);
    match definition(node) {
        "time" => Math::new(MathNode::Time, span),
        "avogadro" => Math::number(AVOGADRO, span),
        _ => place.wrong_math(node, "this `csymbol` is not one of SBML's"),
    }
}

fn piecewise(node: Node, place: &mut Place) -> Math {
    let span = place.span(node);
    let mut cases = Vec::new();
    let mut otherwise = None;
    for part in node.children().filter(Node::is_element) {
        let mut inner: Vec<Math> =
            (part.children().filter(Node::is_element)).map(|inner| formula(inner, place)).collect();
        match (part.tag_name().name(), inner.len()) {
            ("piece", 2) => {
                if let (Some(condition), Some(value)) = (inner.pop(), inner.pop()) {
                    cases.push((value, condition));
                }
            }
            ("otherwise", 1) => otherwise = inner.pop().map(Box::new),
            ("piece", _) => {
                place.wrong_math(part, "a `piece` holds a value and a condition");
            }
            ("otherwise", _) => {
                place.wrong_math(part, "`otherwise` holds one value");
            }
            _ => {
                place.wrong_math(part, "`piecewise` holds `piece` and `otherwise` only");
            }
        }
    }
    Math::new(MathNode::Piecewise(cases, otherwise), span)
}

fn apply(node: Node, place: &mut Place) -> Math {
    let span = place.span(node);
    let mut children = node.children().filter(Node::is_element);
    let Some(head) = children.next() else {
        return place.wrong_math(node, "`apply` is empty");
    };
    let (mut degree, mut base, mut arguments) = (None, None, Vec::new());
    for child in children {
        match child.tag_name().name() {
            "degree" => degree = read(child, place),
            "logbase" => base = read(child, place),
            _ => arguments.push(formula(child, place)),
        }
    }
    let name = head.tag_name().name();
    if name == "ci" {
        let name = head.text().unwrap_or("").trim().to_string();
        return Math::new(MathNode::User(name, arguments), span);
    }
    let count = arguments.len();
    let known = match name {
        "csymbol" => match (definition(head), count) {
            ("delay", 2) => Some(call(Function::Delay, arguments, span)),
            ("rateOf", 1) => Some(call(Function::RateOf, arguments, span)),
            _ => None,
        },
        "root" if count == 1 => Some(root(arguments, degree)),
        "log" if count == 1 => Some(log(arguments, base)),
        _ => operation(name, arguments),
    };
    match known {
        Some(math) => Math { span, ..math },
        None => {
            let told = match takes(name) {
                Some(takes) => {
                    let message = format!("`{name}` takes {takes}, not {count}");
                    Diagnostic::error("wrong-arguments", message).mend("give as many as it takes")
                }
                None => {
                    let message = format!("`{name}` is not an operator of SBML");
                    Diagnostic::error("bad-math", message)
                        .mend("see the subset of MathML in the specification of SBML")
                }
            };
            place.found.push(told.at(place.span(head), ""));
            Math::number(f64::NAN, span)
        }
    }
}

/// How many arguments an operator takes; `None` when it is none.
fn takes(name: &str) -> Option<&'static str> {
    Some(match name {
        "divide" | "power" | "quotient" | "rem" | "implies" | "neq" => "two arguments",
        "minus" => "one or two arguments",
        "not" | "root" | "log" => "one argument",
        "eq" | "lt" | "leq" | "gt" | "geq" => "two arguments or more",
        "max" | "min" => "one argument or more",
        _ if Function::of_one(name).is_some() => "one argument",
        _ => return None,
    })
}

fn call(function: Function, arguments: Vec<Math>, span: hersim_network::Span) -> Math {
    Math::new(MathNode::Call(function, arguments), span)
}

fn root(mut arguments: Vec<Math>, degree: Option<Math>) -> Math {
    let (span, argument) = (arguments[0].span, arguments.remove(0));
    match degree {
        None => call(Function::Sqrt, vec![argument], span),
        Some(d) if matches!(d.node, MathNode::Number(2.0)) => {
            call(Function::Sqrt, vec![argument], span)
        }
        Some(degree) => {
            let exponent = Math::binary(BinaryOp::Div, Math::number(1.0, span), degree);
            Math::binary(BinaryOp::Pow, argument, exponent)
        }
    }
}

fn log(arguments: Vec<Math>, base: Option<Math>) -> Math {
    let span = arguments[0].span;
    match base {
        None => call(Function::Log10, arguments, span),
        Some(base) if matches!(base.node, MathNode::Number(10.0)) => {
            call(Function::Log10, arguments, span)
        }
        Some(base) => Math::binary(
            BinaryOp::Div,
            call(Function::Ln, arguments, span),
            call(Function::Ln, vec![base], span),
        ),
    }
}

/// An operation of MathML; `None` when it is none, or not with so many arguments.
fn operation(name: &str, mut arguments: Vec<Math>) -> Option<Math> {
    use BinaryOp::*;
    let count = arguments.len();
    let span = arguments.first().map_or(hersim_network::Span::NONE, |a| a.span);
    let chain = |op, start: f64, arguments: Vec<Math>| {
        joined(op, arguments).unwrap_or(Math::number(start, span))
    };
    let relation = |op, arguments: Vec<Math>| {
        let pairs = arguments.windows(2);
        pairs
            .map(|p| Math::binary(op, p[0].clone(), p[1].clone()))
            .reduce(|a, b| Math::binary(And, a, b))
    };
    if count == 1
        && let Some((function, inverse_in, inverse_out)) = Function::of_one(name)
    {
        let one = || Math::number(1.0, span);
        let mut argument = arguments.remove(0);
        if inverse_in {
            argument = Math::binary(Div, one(), argument);
        }
        let value = call(function, vec![argument], span);
        return Some(if inverse_out { Math::binary(Div, one(), value) } else { value });
    }
    match (name, count) {
        ("plus", _) => Some(chain(Add, 0.0, arguments)),
        ("times", _) => Some(chain(Mul, 1.0, arguments)),
        ("and", _) => Some(chain(And, 1.0, arguments.into_iter().map(truth).collect())),
        ("or", _) => Some(chain(Or, 0.0, arguments.into_iter().map(truth).collect())),
        ("xor", _) => Some(chain(NotEqual, 0.0, arguments.into_iter().map(truth).collect())),
        ("minus", 1) => Some(Math::new(MathNode::Neg(Box::new(arguments.remove(0))), span)),
        ("not", 1) => Some(Math::new(MathNode::Not(Box::new(arguments.remove(0))), span)),
        ("minus", 2) => Some(chain(Sub, 0.0, arguments)),
        ("divide", 2) => Some(chain(Div, 0.0, arguments)),
        ("power", 2) => Some(chain(Pow, 0.0, arguments)),
        ("quotient", 2) => Some(call(Function::Quotient, arguments, span)),
        ("rem", 2) => Some(call(Function::Remainder, arguments, span)),
        ("max", 1..) => Some(call(Function::Max, arguments, span)),
        ("min", 1..) => Some(call(Function::Min, arguments, span)),
        ("implies", 2) => {
            let then = arguments.pop()?;
            let not = Math::new(MathNode::Not(Box::new(arguments.pop()?)), span);
            Some(Math::binary(Or, not, truth(then)))
        }
        ("eq", 2..) => relation(Equal, arguments),
        ("neq", 2) => relation(NotEqual, arguments),
        ("lt", 2..) => relation(Less, arguments),
        ("leq", 2..) => relation(LessEqual, arguments),
        ("gt", 2..) => relation(Greater, arguments),
        ("geq", 2..) => relation(GreaterEqual, arguments),
        _ => None,
    }
}

/// Operands joined from left to right; a great many of them in halves, so that the formula does
/// not become as deep as they are many.
fn joined(op: BinaryOp, mut operands: Vec<Math>) -> Option<Math> {
    const MANY: usize = 64;
    if operands.len() > MANY {
        let right = operands.split_off(operands.len() / 2);
        return Some(Math::binary(op, joined(op, operands)?, joined(op, right)?));
    }
    operands.into_iter().reduce(|a, b| Math::binary(op, a, b))
}

/// Numbers that stand for truth become one or zero.
pub(super) fn truth(math: Math) -> Math {
    use BinaryOp::{Add, Div, Mul, NotEqual, Pow, Sub};
    let logical = match &math.node {
        MathNode::Not(_) => true,
        MathNode::Binary(op, ..) => !matches!(op, Add | Sub | Mul | Div | Pow),
        MathNode::Number(value) => *value == 0.0 || *value == 1.0,
        _ => false,
    };
    if logical {
        return math;
    }
    let span = math.span;
    Math::binary(NotEqual, math, Math::number(0.0, span))
}
