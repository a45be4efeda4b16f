//! Formulas as MathML, which browsers set without a script.

use hersim_study::handbook::Formula;

use super::math::{Left, Line, Piece, Row, in_product};
use crate::svg::escape;

/// Rows below each other, aligned at their signs.
pub(super) fn aligned(rows: &[Row]) -> String {
    let mut text = String::from("<math displaystyle=\"true\"><mtable displaystyle=\"true\">");
    for row in rows {
        for (i, line) in row.lines.iter().enumerate() {
            let (left, sign) = if i == 0 { left(&row.left) } else { (String::new(), "") };
            let sign = if sign.is_empty() { String::new() } else { format!("<mo>{sign}</mo>") };
            let right = self::line(line);
            text.push_str(&format!("<mtr><mtd>{left}</mtd><mtd>{sign}{right}</mtd></mtr>"));
        }
    }
    text.push_str("</mtable></math>");
    text
}

/// A formula within a text.
pub(super) fn inline(f: &Formula) -> String {
    format!("<math>{}</math>", formula(f))
}

fn left(left: &Left) -> (String, &'static str) {
    match left {
        Left::Name(n) => (name(n, false), "="),
        Left::Rate(n) => {
            let above =
                format!("<mrow><mi>d</mi><mspace width=\"0.15em\"/>{}</mrow>", name(n, false));
            (format!("<mfrac>{above}<mrow><mi>d</mi><mi>t</mi></mrow></mfrac>"), "=")
        }
        Left::Start(n) => {
            let start = "<mo stretchy=\"false\">(</mo><mn>0</mn><mo stretchy=\"false\">)</mo>";
            (format!("{}{start}", name(n, false)), "=")
        }
        Left::New(n) => (name(n, false), "←"),
        Left::Reaction { name: of, left, right, reversible } => {
            let arrow = if *reversible { "⇌" } else { "⟶" };
            let (left, right) = (side(left), side(right));
            let named = format!("<mo>:</mo><mspace width=\"1em\"/>{}", name(of, true));
            (format!("{left}<mo stretchy=\"false\">{arrow}</mo>{right}{named}"), "=")
        }
    }
}

fn side(participants: &[(f64, String)]) -> String {
    if participants.is_empty() {
        return "<mi>∅</mi>".into();
    }
    let one = |(count, of): &(f64, String)| match *count {
        1.0 => name(of, false),
        count => format!("<mn>{count}</mn><mspace width=\"0.15em\"/>{}", name(of, false)),
    };
    participants.iter().map(one).collect::<Vec<_>>().join("<mo>+</mo>")
}

fn line(line: &Line) -> String {
    let mut text = String::new();
    if line.indent > 0 {
        text.push_str(&format!("<mspace width=\"{}em\"/>", 2 * line.indent));
    }
    for piece in &line.pieces {
        match piece {
            Piece::Formula(f, brackets) => text.push_str(&bracketed(f, *brackets)),
            Piece::Sign(sign) => text.push_str(&format!("<mo>{sign}</mo>")),
            Piece::Open => text.push_str("<mo stretchy=\"false\">(</mo>"),
            Piece::Close => text.push_str("<mo stretchy=\"false\">)</mo>"),
            Piece::Words(words) => text.push_str(&format!("<mtext>{words}&#160;</mtext>")),
        }
    }
    text
}

fn formula(f: &Formula) -> String {
    match f {
        Formula::Number(value) => format!("<mn>{}</mn>", number(*value)),
        Formula::Name { name: of, constant } => name(of, *constant),
        Formula::Sum(terms) => {
            let mut text = String::from("<mrow>");
            for (i, (minus, term)) in terms.iter().enumerate() {
                text.push_str(match (*minus, i) {
                    (true, _) => "<mo>−</mo>",
                    (false, 0) => "",
                    (false, _) => "<mo>+</mo>",
                });
                text.push_str(&bracketed(term, matches!(term, Formula::Sum(_))));
            }
            text + "</mrow>"
        }
        Formula::Product(factors) => {
            let factors = factors.iter().map(|f| bracketed(f, in_product(f)));
            let factors = factors.collect::<Vec<_>>().join("<mo>·</mo>");
            format!("<mrow>{factors}</mrow>")
        }
        Formula::Fraction(above, below) => {
            format!("<mfrac>{}{}</mfrac>", formula(above), formula(below))
        }
        Formula::Power(base, exponent) => {
            let simple = matches!(**base, Formula::Name { .. } | Formula::Number(_));
            format!("<msup>{}{}</msup>", bracketed(base, !simple), formula(exponent))
        }
        Formula::Call(of, arguments) => {
            let inner: Vec<String> = arguments.iter().map(formula).collect();
            let inner = inner.join("<mo>,</mo>");
            let of = match *of {
                "abs" => return format!("<mrow><mo>|</mo>{inner}<mo>|</mo></mrow>"),
                "log10" => "<msub><mi>log</mi><mn>10</mn></msub>".to_string(),
                of => format!("<mi>{of}</mi>"),
            };
            format!("<mrow>{of}<mo>(</mo>{inner}<mo>)</mo></mrow>")
        }
        Formula::Root(inner) => format!("<msqrt>{}</msqrt>", formula(inner)),
        Formula::Relation(sign, a, b) => {
            let brackets = |f: &Formula| matches!(f, Formula::Relation(..));
            let (a, b) = (bracketed(a, brackets(a)), bracketed(b, brackets(b)));
            format!("<mrow>{a}<mo>{}</mo>{b}</mrow>", escape(sign))
        }
        Formula::Not(inner) => format!("<mrow><mo>not</mo>{}</mrow>", bracketed(inner, true)),
        Formula::Cases(cases, otherwise) => {
            let mut text = String::from("<mrow><mo>{</mo><mtable class=\"cases\">");
            for (value, when) in cases {
                let (value, when) = (formula(value), formula(when));
                text.push_str(&format!(
                    "<mtr><mtd>{value}</mtd><mtd><mtext>if&#160;</mtext>{when}</mtd></mtr>"
                ));
            }
            let last = formula(otherwise);
            text.push_str(&format!(
                "<mtr><mtd>{last}</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>"
            ));
            text
        }
    }
}

fn bracketed(f: &Formula, brackets: bool) -> String {
    let inner = formula(f);
    if brackets { format!("<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>") } else { inner }
}

fn number(value: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// A name: constants slanted, a letter with an index where the name is one.
fn name(of: &str, constant: bool) -> String {
    match of.split_once('_') {
        Some((letter, index)) if constant && letter.len() == 1 => {
            format!(
                "<msub><mi>{}</mi><mi class=\"k\">{}</mi></msub>",
                escape(letter),
                escape(index)
            )
        }
        _ if constant => format!("<mi class=\"k\">{}</mi>", escape(of)),
        _ => format!("<mi mathvariant=\"normal\">{}</mi>", escape(of)),
    }
}
