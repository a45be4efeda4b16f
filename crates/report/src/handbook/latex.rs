//! Formulas as LaTeX, in the commands that every renderer of Markdown knows.

use hersim_study::handbook::Formula;

use super::math::{Left, Line, Piece, Row, in_product};

/// Rows below each other, aligned at their signs.
pub(super) fn aligned(rows: &[Row]) -> String {
    let mut text = String::from("\\begin{aligned}\n");
    let count: usize = rows.iter().map(|r| r.lines.len()).sum();
    let mut written = 0;
    for row in rows {
        for (i, line) in row.lines.iter().enumerate() {
            let left = if i == 0 { left(&row.left) } else { "&".to_string() };
            text.push_str(&left);
            text.push_str(&self::line(line));
            written += 1;
            text.push_str(if written < count { " \\\\\n" } else { "\n" });
        }
    }
    text.push_str("\\end{aligned}");
    text
}

fn left(left: &Left) -> String {
    match left {
        Left::Name(n) => format!("{} &= ", varying(n)),
        Left::Rate(n) => format!("\\frac{{d\\,{}}}{{dt}} &= ", varying(n)),
        Left::Start(n) => format!("{}(0) &= ", varying(n)),
        Left::New(n) => format!("{} &\\leftarrow ", varying(n)),
        Left::Reaction { name, left, right, reversible } => {
            let arrow = if *reversible { "\\rightleftharpoons" } else { "\\longrightarrow" };
            format!(
                "{} {arrow} {} :\\quad \\mathit{{{}}} &= ",
                side(left),
                side(right),
                escape(name)
            )
        }
    }
}

fn side(participants: &[(f64, String)]) -> String {
    if participants.is_empty() {
        return "\\varnothing".into();
    }
    let one = |(count, name): &(f64, String)| match *count {
        1.0 => varying(name),
        count => format!("{count}\\,{}", varying(name)),
    };
    participants.iter().map(one).collect::<Vec<_>>().join(" + ")
}

fn line(line: &Line) -> String {
    let mut text = "\\qquad ".repeat(line.indent);
    for piece in &line.pieces {
        match piece {
            Piece::Formula(f, true) => text.push_str(&format!("\\left({}\\right)", formula(f))),
            Piece::Formula(f, false) => text.push_str(&formula(f)),
            Piece::Sign(s) => text.push_str(&format!(" {} ", sign(s))),
            Piece::Open => text.push_str("\\bigl("),
            Piece::Close => text.push_str("\\bigr)"),
            Piece::Words(words) => text.push_str(&format!("\\text{{{words}}}\\ ")),
        }
    }
    text
}

fn sign(sign: &str) -> &str {
    match sign {
        "−" => "-",
        "·" => "\\cdot",
        "≤" => "\\le",
        "≥" => "\\ge",
        "≠" => "\\ne",
        "<" => "\\lt",
        ">" => "\\gt",
        "and" => "\\wedge",
        "or" => "\\vee",
        other => other,
    }
}

/// A formula on one line.
pub(super) fn formula(f: &Formula) -> String {
    match f {
        Formula::Number(value) => number(*value),
        Formula::Name { name, constant: true } => constant(name),
        Formula::Name { name, constant: false } => varying(name),
        Formula::Sum(terms) => {
            let mut text = String::new();
            for (i, (minus, term)) in terms.iter().enumerate() {
                text.push_str(match (*minus, i) {
                    (true, 0) => "-",
                    (true, _) => " - ",
                    (false, 0) => "",
                    (false, _) => " + ",
                });
                text.push_str(&bracketed(term, matches!(term, Formula::Sum(_))));
            }
            text
        }
        Formula::Product(factors) => {
            let factors = factors.iter().map(|f| bracketed(f, in_product(f)));
            factors.collect::<Vec<_>>().join(" \\cdot ")
        }
        Formula::Fraction(above, below) => {
            format!("\\frac{{{}}}{{{}}}", formula(above), formula(below))
        }
        Formula::Power(base, exponent) => {
            let simple = matches!(**base, Formula::Name { .. } | Formula::Number(_));
            format!("{{{}}}^{{{}}}", bracketed(base, !simple), formula(exponent))
        }
        Formula::Call(name, arguments) => {
            let inner: Vec<String> = arguments.iter().map(formula).collect();
            let name = match *name {
                "abs" => return format!("\\left|{}\\right|", inner.join(", ")),
                "log10" => "\\log_{10}".to_string(),
                name => format!("\\{name}"),
            };
            format!("{name}\\left({}\\right)", inner.join(",\\, "))
        }
        Formula::Root(inner) => format!("\\sqrt{{{}}}", formula(inner)),
        Formula::Relation(between, a, b) => {
            let brackets = |f: &Formula| matches!(f, Formula::Relation(..));
            let (a, b) = (bracketed(a, brackets(a)), bracketed(b, brackets(b)));
            format!("{a} {} {b}", sign(between))
        }
        Formula::Not(inner) => format!("\\neg {}", bracketed(inner, true)),
        Formula::Cases(cases, otherwise) => {
            let mut text = String::from("\\begin{cases}");
            for (value, when) in cases {
                text.push_str(&format!(
                    "{} & \\text{{if }} {} \\\\ ",
                    formula(value),
                    formula(when)
                ));
            }
            text.push_str(&format!("{} & \\text{{otherwise}}\\end{{cases}}", formula(otherwise)));
            text
        }
    }
}

fn bracketed(f: &Formula, brackets: bool) -> String {
    if brackets { format!("\\left({}\\right)", formula(f)) } else { formula(f) }
}

/// A number, powers of ten written out.
fn number(value: f64) -> String {
    let text = if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    };
    match text.split_once('e') {
        Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
        None => text,
    }
}

fn varying(name: &str) -> String {
    format!("\\mathrm{{{}}}", escape(name))
}

/// A letter with an index where the name is one, else slanted.
fn constant(name: &str) -> String {
    match name.split_once('_') {
        Some((letter, index)) if letter.len() == 1 => {
            format!("{letter}_{{\\mathit{{{}}}}}", escape(index))
        }
        _ => format!("\\mathit{{{}}}", escape(name)),
    }
}

fn escape(name: &str) -> String {
    name.replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str, constant: bool) -> Formula {
        Formula::Name { name: name.into(), constant }
    }

    #[test]
    fn formulas_are_set() {
        let half = Formula::Fraction(
            Box::new(name("x_y", false)),
            Box::new(Formula::Sum(vec![(false, name("K_m", true)), (false, name("x_y", false))])),
        );
        let product = Formula::Product(vec![
            name("k_on", true),
            Formula::Sum(vec![(false, Formula::Number(1.0)), (true, name("share", true))]),
            half,
        ]);
        assert_eq!(
            formula(&product),
            "k_{\\mathit{on}} \\cdot \\left(1 - \\mathit{share}\\right) \\cdot \
             \\frac{\\mathrm{x\\_y}}{K_{\\mathit{m}} + \\mathrm{x\\_y}}"
        );
        let power = Formula::Power(Box::new(product.clone()), Box::new(Formula::Number(2.0)));
        assert!(formula(&power).starts_with("{\\left(k_"));
        assert_eq!(formula(&Formula::Number(2.5e-7)), "2.5 \\cdot 10^{-7}");
    }
}
