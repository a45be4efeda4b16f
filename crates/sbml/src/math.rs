//! Formulas as MathML.

use hersim_network::{BinaryOp, Expr, Function, Node};

use crate::xml::{Xml, double};

const MATHML: &str = "http://www.w3.org/1998/Math/MathML";

/// Writes a formula as a `math` element; `ids` by symbol.
pub(crate) fn write(xml: &mut Xml, expr: &Expr, ids: &[String]) {
    xml.open("math", &[("xmlns", Some(MATHML)), ("xmlns:sbml", Some(xml.core))]);
    value(xml, expr, ids);
    xml.close();
}

/// Writes a distribution of the package `distrib` as a `math` element.
pub(crate) fn write_distribution(xml: &mut Xml, name: &str, arguments: &[Expr], ids: &[String]) {
    xml.open("math", &[("xmlns", Some(MATHML)), ("xmlns:sbml", Some(xml.core))]);
    xml.open("apply", &[]);
    let url = format!("http://www.sbml.org/sbml/symbols/distrib/{name}");
    xml.text("csymbol", &[("encoding", Some("text")), ("definitionURL", Some(&url))], name);
    arguments.iter().for_each(|a| value(xml, a, ids));
    xml.close();
    xml.close();
}

/// Writes a condition as a `math` element.
pub(crate) fn write_condition(xml: &mut Xml, expr: &Expr, ids: &[String]) {
    xml.open("math", &[("xmlns", Some(MATHML)), ("xmlns:sbml", Some(xml.core))]);
    condition(xml, expr, ids);
    xml.close();
}

fn value(xml: &mut Xml, expr: &Expr, ids: &[String]) {
    match &expr.node {
        Node::Number(number) => self::number(xml, *number),
        Node::Symbol(id) => {
            let id = ids.get(id.0 as usize).map_or("", String::as_str);
            xml.text("ci", &[], id);
        }
        Node::Time => {
            let attributes = [
                ("encoding", Some("text")),
                ("definitionURL", Some("http://www.sbml.org/sbml/symbols/time")),
            ];
            xml.text("csymbol", &attributes, "time");
        }
        Node::Neg(a) => apply(xml, "minus", [&**a], ids),
        Node::Not(a) => logic(xml, "not", [&**a], ids),
        Node::Binary(BinaryOp::And, a, b) => logic(xml, "and", [&**a, &**b], ids),
        Node::Binary(BinaryOp::Or, a, b) => logic(xml, "or", [&**a, &**b], ids),
        Node::Binary(op, a, b) => apply(xml, operator(*op), [&**a, &**b], ids),
        Node::Call(function @ (Function::Delay | Function::RateOf), arguments) => {
            xml.open("apply", &[]);
            let name = function.name();
            let url = format!("http://www.sbml.org/sbml/symbols/{name}");
            let attributes = [("encoding", Some("text")), ("definitionURL", Some(&*url))];
            xml.text("csymbol", &attributes, name);
            arguments.iter().for_each(|a| value(xml, a, ids));
            xml.close();
        }
        Node::Call(function, arguments) => apply(xml, name(*function), arguments, ids),
        Node::Piecewise { cases, otherwise } => {
            xml.open("piecewise", &[]);
            for (case, when) in cases {
                xml.open("piece", &[]);
                value(xml, case, ids);
                condition(xml, when, ids);
                xml.close();
            }
            xml.open("otherwise", &[]);
            value(xml, otherwise, ids);
            xml.close();
            xml.close();
        }
    }
}

/// A formula that must be true or false; the literals 0 and 1 stand for these.
fn condition(xml: &mut Xml, expr: &Expr, ids: &[String]) {
    match expr.node {
        Node::Number(number) => xml.empty(if number == 0.0 { "false" } else { "true" }, &[]),
        _ => value(xml, expr, ids),
    }
}

fn apply<'a>(
    xml: &mut Xml,
    operation: &str,
    operands: impl IntoIterator<Item = &'a Expr>,
    ids: &[String],
) {
    xml.open("apply", &[]);
    xml.empty(operation, &[]);
    for operand in operands {
        value(xml, operand, ids);
    }
    xml.close();
}

fn logic<'a>(
    xml: &mut Xml,
    operation: &str,
    operands: impl IntoIterator<Item = &'a Expr>,
    ids: &[String],
) {
    xml.open("apply", &[]);
    xml.empty(operation, &[]);
    for operand in operands {
        condition(xml, operand, ids);
    }
    xml.close();
}

/// A literal. Zero fits any unit, so it is written without one; all others are dimensionless.
fn number(xml: &mut Xml, number: f64) {
    let unit = (number != 0.0).then_some("dimensionless");
    let attributes = [("sbml:units", unit)];
    if number.is_nan() {
        return xml.empty("notanumber", &[]);
    }
    if number.is_infinite() {
        if number > 0.0 {
            return xml.empty("infinity", &[]);
        }
        xml.open("apply", &[]);
        xml.empty("minus", &[]);
        xml.empty("infinity", &[]);
        return xml.close();
    }
    let text = double(number);
    match text.split_once('e') {
        // MathML has its own way to write powers of ten, but readers then multiply and round
        // twice; digits written out are read exactly.
        Some(_) if (1e-30..1e30).contains(&number.abs()) => {
            xml.text("cn", &attributes, &number.to_string());
        }
        Some((mantissa, exponent)) => {
            let attributes = [("type", Some("e-notation")), attributes[0]];
            xml.open("cn", &attributes);
            xml.inline(mantissa);
            xml.empty("sep", &[]);
            xml.inline(exponent);
            xml.close();
        }
        None if number.fract() == 0.0 && number.abs() < 2e9 => {
            xml.text("cn", &[("type", Some("integer")), attributes[0]], &text);
        }
        None => xml.text("cn", &attributes, &text),
    }
}

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "plus",
        BinaryOp::Sub => "minus",
        BinaryOp::Mul => "times",
        BinaryOp::Div => "divide",
        BinaryOp::Pow => "power",
        BinaryOp::Less => "lt",
        BinaryOp::LessEqual => "leq",
        BinaryOp::Greater => "gt",
        BinaryOp::GreaterEqual => "geq",
        BinaryOp::Equal => "eq",
        BinaryOp::NotEqual => "neq",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
    }
}

fn name(function: Function) -> &'static str {
    match function {
        // Without a base, ten is meant.
        Function::Log10 => "log",
        // Without a degree, two is meant.
        Function::Sqrt => "root",
        Function::Asin => "arcsin",
        Function::Acos => "arccos",
        Function::Atan => "arctan",
        Function::Asinh => "arcsinh",
        Function::Acosh => "arccosh",
        Function::Atanh => "arctanh",
        Function::Ceil => "ceiling",
        other => other.name(),
    }
}
