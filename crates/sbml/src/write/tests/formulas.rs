//! Every operator of a formula survives: the MathML is evaluated by its own definition and must
//! give what the formula means.

use hersim_network::{Function, Node};
use std::f64::consts::E;

use super::{tree::Element, *};

const X: f64 = 0.7;
const Y: f64 = 1.9;
const TIME: f64 = 3.5;

fn evaluate(element: &Element) -> f64 {
    let arguments = || element.children[1..].iter().map(evaluate).collect::<Vec<_>>();
    let truth = |b: bool| f64::from(u8::from(b));
    match element.name.as_str() {
        "cn" => element.text.parse().expect("a number"),
        "ci" => match element.text.as_str() {
            "x" => X,
            "y" => Y,
            other => panic!("{other}"),
        },
        "csymbol" => TIME,
        "true" => 1.0,
        "false" => 0.0,
        "piecewise" => {
            for piece in &element.children {
                match piece.name.as_str() {
                    "piece" if evaluate(&piece.children[1]) != 0.0 => {
                        return evaluate(&piece.children[0]);
                    }
                    "otherwise" => return evaluate(&piece.children[0]),
                    _ => {}
                }
            }
            panic!("no case")
        }
        "apply" => {
            let a = arguments();
            match (element.children[0].name.as_str(), a.as_slice()) {
                ("plus", [a, b]) => a + b,
                ("minus", [a]) => -a,
                ("minus", [a, b]) => a - b,
                ("times", [a, b]) => a * b,
                ("divide", [a, b]) => a / b,
                ("power", [a, b]) => a.powf(*b),
                ("exp", [a]) => a.exp(),
                ("ln", [a]) => a.ln(),
                ("log", [a]) => a.log10(),
                ("root", [a]) => a.sqrt(),
                ("abs", [a]) => a.abs(),
                ("min", all) => all.iter().copied().fold(f64::INFINITY, f64::min),
                ("max", all) => all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                ("lt", [a, b]) => truth(a < b),
                ("leq", [a, b]) => truth(a <= b),
                ("gt", [a, b]) => truth(a > b),
                ("geq", [a, b]) => truth(a >= b),
                ("eq", [a, b]) => truth(a == b),
                ("neq", [a, b]) => truth(a != b),
                ("and", [a, b]) => truth(*a != 0.0 && *b != 0.0),
                ("or", [a, b]) => truth(*a != 0.0 || *b != 0.0),
                ("not", [a]) => truth(*a == 0.0),
                (other, _) => panic!("{other}"),
            }
        }
        other => panic!("{other}"),
    }
}

fn math(expr: &Expr) -> Element {
    let mut xml = Xml::new();
    math::write(&mut xml, expr, &["x".to_string(), "y".to_string()]);
    tree::read(&xml.finish()).children.remove(0)
}

fn x() -> Expr {
    Expr::symbol(SymbolId(0))
}

fn y() -> Expr {
    Expr::symbol(SymbolId(1))
}

#[test]
fn every_operator_keeps_its_meaning() {
    use BinaryOp::*;
    let truth = |b: bool| f64::from(u8::from(b));
    // A comparison is a number only through piecewise.
    let number = |condition: Expr| {
        let otherwise = Box::new(Expr::number(0.0));
        Expr::made(Node::Piecewise { cases: vec![(Expr::number(1.0), condition)], otherwise })
    };
    for (op, expected) in [
        (Add, X + Y),
        (Sub, X - Y),
        (Mul, X * Y),
        (Div, X / Y),
        (Pow, X.powf(Y)),
        (Less, truth(X < Y)),
        (LessEqual, truth(X <= Y)),
        (Greater, truth(X > Y)),
        (GreaterEqual, truth(X >= Y)),
        (Equal, 0.0),
        (NotEqual, 1.0),
    ] {
        let mut expr = Expr::binary(op, x(), y());
        if !matches!(op, Add | Sub | Mul | Div | Pow) {
            expr = number(expr);
        }
        assert_eq!(evaluate(&math(&expr)), expected, "{op:?}");
    }
    // At equality the strict and the weak comparisons part.
    for (op, expected) in [(Less, 0.0), (LessEqual, 1.0), (Greater, 0.0), (GreaterEqual, 1.0)] {
        let same = number(Expr::binary(op, x(), x()));
        assert_eq!(evaluate(&math(&same)), expected, "{op:?}");
    }
    let small = || Expr::binary(Less, x(), y());
    let large = || Expr::binary(Greater, x(), y());
    assert_eq!(evaluate(&math(&number(Expr::binary(And, small(), large())))), 0.0);
    assert_eq!(evaluate(&math(&number(Expr::binary(Or, small(), large())))), 1.0);
    assert_eq!(evaluate(&math(&number(Expr::made(Node::Not(Box::new(small())))))), 0.0);
    assert_eq!(evaluate(&math(&Expr::made(Node::Neg(Box::new(x()))))), -X);
    assert_eq!(evaluate(&math(&Expr::made(Node::Time))), TIME);
}

#[test]
fn every_function_keeps_its_meaning() {
    for (function, expected) in [
        (Function::Exp, E.powf(Y)),
        (Function::Ln, Y.ln()),
        (Function::Log10, Y.log10()),
        (Function::Sqrt, Y.sqrt()),
        (Function::Abs, Y),
    ] {
        let value = evaluate(&math(&Expr::made(Node::Call(function, vec![y()]))));
        assert!((value - expected).abs() < 1e-15 * expected.abs().max(1.0), "{function:?}");
    }
    let all = || vec![y(), x(), Expr::number(0.9)];
    assert_eq!(evaluate(&math(&Expr::made(Node::Call(Function::Min, all())))), X);
    assert_eq!(evaluate(&math(&Expr::made(Node::Call(Function::Max, all())))), Y);
}

#[test]
fn cases_are_tried_in_order_and_literals_may_be_conditions() {
    let case = |value: f64, condition: Expr| (Expr::number(value), condition);
    let choose = |cases| {
        let otherwise = Box::new(Expr::number(9.0));
        evaluate(&math(&Expr::made(Node::Piecewise { cases, otherwise })))
    };
    let yes = || Expr::number(1.0);
    let no = || Expr::number(0.0);
    assert_eq!(choose(vec![case(4.0, no()), case(5.0, yes()), case(6.0, yes())]), 5.0);
    assert_eq!(choose(vec![case(4.0, no())]), 9.0);
}

#[test]
fn literals_read_back_exactly() {
    let numbers = [1e-9, 0.1, 1.0 / 3.0, 6.02214076e23, 1e-29, 123456.789, 2.0, 0.0, 1e15, 7.25e-5];
    for number in numbers {
        assert_eq!(evaluate(&math(&Expr::number(number))), number);
    }
    let far = math(&Expr::number(1.5e-300));
    assert_eq!(far.get("type"), Some("e-notation"));
    assert_eq!((far.text.as_str(), far.children.len()), ("1.5-300", 1));
    // Zero fits any unit; other literals are dimensionless.
    assert_eq!(math(&Expr::number(0.0)).get("sbml:units"), None);
    assert_eq!(math(&Expr::number(2.0)).get("sbml:units"), Some("dimensionless"));
}
