//! Formulas in lines: which go on one, and where long ones are broken.

use hersim_study::handbook::{Formula, Shown};

/// An equation, its left side and the lines of its right side.
pub(super) struct Row {
    pub(super) left: Left,
    pub(super) lines: Vec<Line>,
    /// Words above it.
    pub(super) remark: Option<String>,
}

/// The left side of an equation.
pub(super) enum Left {
    /// A name.
    Name(String),
    /// The rate of change of a name.
    Rate(String),
    /// A name at the start.
    Start(String),
    /// A reaction; the right side is its rate.
    Reaction { name: String, left: Vec<(f64, String)>, right: Vec<(f64, String)>, reversible: bool },
    /// A name that takes a value when something turns true, which is the last line.
    New(String),
}

/// A line of a formula.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// How far it is set in.
    pub(super) indent: usize,
    pub(super) pieces: Vec<Piece>,
}

/// What stands in a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// A formula that is not broken; true when it is in brackets.
    Formula(Formula, bool),
    /// A sign between formulas.
    Sign(&'static str),
    /// A bracket that is closed on another line.
    Open,
    /// Its end.
    Close,
    /// Words.
    Words(&'static str),
}

/// Characters that fit beside the left side.
const ROOM: usize = 108;
const LEAST: usize = 56;

/// The rows of an equation.
pub(super) fn rows(shown: &Shown, remark: Option<&str>) -> Vec<Row> {
    let row = |left: Left, formula: &Formula| {
        let room = ROOM.saturating_sub(left_width(&left));
        Row { left, lines: lines(formula, room.max(LEAST)), remark: None }
    };
    let mut rows = match shown {
        Shown::Always(name, right) => vec![row(Left::Name(name.clone()), right)],
        Shown::Rate(name, right) => vec![row(Left::Rate(name.clone()), right)],
        Shown::Start(name, right) => vec![row(Left::Start(name.clone()), right)],
        Shown::Reaction { name, left, right, reversible, rate } => {
            let side = Left::Reaction {
                name: name.clone(),
                left: left.clone(),
                right: right.clone(),
                reversible: *reversible,
            };
            vec![row(side, rate)]
        }
        Shown::Event(when, sets) => (sets.iter())
            .map(|(name, value)| {
                let mut row = row(Left::New(name.clone()), value);
                let mut pieces = vec![Piece::Words("when")];
                pieces.push(Piece::Formula(when.clone(), false));
                row.lines.push(Line { indent: 1, pieces });
                row
            })
            .collect(),
    };
    if let Some(first) = rows.first_mut() {
        first.remark = remark.map(str::to_string);
    }
    rows
}

fn left_width(left: &Left) -> usize {
    match left {
        Left::Name(name) | Left::New(name) => name.len(),
        Left::Rate(name) => name.len() + 4,
        Left::Start(name) => name.len() + 3,
        Left::Reaction { name, left, right, .. } => {
            let side =
                |side: &[(f64, String)]| side.iter().map(|(_, n)| n.len() + 3).sum::<usize>();
            name.len() + side(left) + side(right) + 4
        }
    }
}

/// A formula in lines of about so many characters.
pub(super) fn lines(formula: &Formula, room: usize) -> Vec<Line> {
    let whole = || vec![Line { indent: 0, pieces: vec![Piece::Formula(formula.clone(), false)] }];
    if width(formula) <= room {
        return whole();
    }
    match formula {
        Formula::Sum(terms) => {
            let parts = terms.iter().enumerate().map(|(i, (minus, term))| {
                let sign = match (*minus, i) {
                    (true, _) => Some("−"),
                    (false, 0) => None,
                    (false, _) => Some("+"),
                };
                (sign, bracketed(term, matches!(term, Formula::Sum(_)), room))
            });
            pack(parts.collect(), room)
        }
        Formula::Product(factors) => {
            let parts = factors.iter().enumerate().map(|(i, factor)| {
                ((i > 0).then_some("·"), bracketed(factor, in_product(factor), room))
            });
            pack(parts.collect(), room)
        }
        Formula::Call(name, arguments) if arguments.len() == 1 => {
            let mut inner = bracketed(&arguments[0], true, room.saturating_sub(name.len()));
            if let Some(first) = inner.first_mut() {
                first.pieces.insert(0, Piece::Words(name));
            }
            inner
        }
        Formula::Fraction(above, below) if width(above) > room => {
            let brackets = |f: &Formula| in_product(f) || matches!(f, Formula::Product(_));
            let above = bracketed(above, in_product(above), room);
            let below = bracketed(below, brackets(below), room);
            pack(vec![(None, above), (Some("/"), below)], room)
        }
        _ => whole(),
    }
}

/// Whether a factor needs brackets.
pub(super) fn in_product(factor: &Formula) -> bool {
    matches!(factor, Formula::Sum(_) | Formula::Relation(..) | Formula::Cases(..))
}

fn bracketed(formula: &Formula, brackets: bool, room: usize) -> Vec<Line> {
    let mut inner = lines(formula, room.saturating_sub(4));
    if !brackets {
        return inner;
    }
    if inner.len() == 1 {
        return vec![Line { indent: 0, pieces: vec![Piece::Formula(formula.clone(), true)] }];
    }
    for line in inner.iter_mut().skip(1) {
        line.indent += 1;
    }
    if let Some(first) = inner.first_mut() {
        first.pieces.insert(0, Piece::Open);
    }
    if let Some(last) = inner.last_mut() {
        last.pieces.push(Piece::Close);
    }
    inner
}

/// Puts parts, each after its sign, on as few lines as they need.
fn pack(parts: Vec<(Option<&'static str>, Vec<Line>)>, room: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (sign, mut part) in parts {
        let more = part.split_off(1.min(part.len()));
        let mut first: Vec<Piece> = sign.map(Piece::Sign).into_iter().collect();
        first.extend(part.into_iter().flat_map(|l| l.pieces));
        match lines.last_mut() {
            Some(last) if line_width(&last.pieces) + line_width(&first) <= room => {
                last.pieces.extend(first);
            }
            _ => lines.push(Line { indent: usize::from(!lines.is_empty()), pieces: first }),
        }
        let set_in = lines.last().map_or(0, |l| l.indent);
        lines.extend(more.into_iter().map(|l| Line { indent: l.indent + set_in, ..l }));
    }
    lines
}

fn line_width(pieces: &[Piece]) -> usize {
    let of = |piece: &Piece| match piece {
        Piece::Formula(formula, brackets) => width(formula) + 2 * usize::from(*brackets),
        Piece::Sign(_) => 3,
        Piece::Open | Piece::Close => 1,
        Piece::Words(words) => words.len() + 1,
    };
    pieces.iter().map(of).sum()
}

/// About how many characters wide a formula is set.
fn width(formula: &Formula) -> usize {
    let list = |formulas: &[Formula], between: usize| -> usize {
        let brackets = |f: &Formula| 2 * usize::from(in_product(f));
        let inner: usize = formulas.iter().map(|f| width(f) + brackets(f)).sum();
        inner + between * formulas.len().saturating_sub(1)
    };
    match formula {
        Formula::Number(value) => value.to_string().len(),
        Formula::Name { name, .. } => name.len(),
        Formula::Sum(terms) => {
            let inner: usize = terms.iter().map(|(_, t)| width(t)).sum();
            inner + 3 * terms.len().saturating_sub(1)
        }
        Formula::Product(factors) => list(factors, 2),
        Formula::Fraction(above, below) => width(above).max(width(below)) + 1,
        Formula::Power(base, exponent) => width(base) + width(exponent) + 1,
        Formula::Call(name, arguments) => name.len() + 2 + list(arguments, 2),
        Formula::Root(inner) => width(inner) + 2,
        Formula::Relation(sign, a, b) => width(a) + width(b) + sign.len() + 2,
        Formula::Not(inner) => width(inner) + 4,
        Formula::Cases(cases, otherwise) => {
            let widest = cases.iter().map(|(v, c)| width(v) + width(c) + 4).max().unwrap_or(0);
            widest.max(width(otherwise) + 14) + 2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Formula {
        Formula::Name { name: name.into(), constant: false }
    }

    #[test]
    fn short_formulas_stay_on_one_line() {
        let sum = Formula::Sum(vec![(false, name("a")), (true, name("b"))]);
        assert_eq!(lines(&sum, 20).len(), 1);
    }

    #[test]
    fn long_sums_are_broken_before_their_signs() {
        let terms = (0..9).map(|i| (i == 4, name(&format!("a_long_name_{i}")))).collect();
        let broken = lines(&Formula::Sum(terms), 40);
        assert!(broken.len() >= 4, "{broken:?}");
        for line in &broken {
            assert!(line_width(&line.pieces) <= 40, "{line:?}");
        }
        for line in &broken[1..] {
            assert!(matches!(line.pieces[0], Piece::Sign(_)), "{line:?}");
            assert_eq!(line.indent, 1);
        }
        let signs = broken.iter().flat_map(|l| &l.pieces);
        assert_eq!(signs.filter(|p| **p == Piece::Sign("−")).count(), 1);
    }

    #[test]
    fn long_arguments_are_broken() {
        let terms = (0..6).map(|i| (false, name(&format!("a_long_name_{i}")))).collect();
        let broken = lines(&Formula::Call("exp", vec![Formula::Sum(terms)]), 40);
        assert!(broken.len() > 1, "{broken:?}");
        assert_eq!(broken[0].pieces[..2], [Piece::Words("exp"), Piece::Open]);
    }

    #[test]
    fn a_long_bracket_is_opened_and_closed() {
        let terms = (0..6).map(|i| (false, name(&format!("a_long_name_{i}")))).collect();
        let product = Formula::Product(vec![name("k"), Formula::Sum(terms)]);
        let pieces: Vec<Piece> = lines(&product, 40).into_iter().flat_map(|l| l.pieces).collect();
        assert_eq!(pieces.iter().filter(|p| **p == Piece::Open).count(), 1);
        assert_eq!(pieces.iter().filter(|p| **p == Piece::Close).count(), 1);
        assert_eq!(pieces.last(), Some(&Piece::Close));
    }
}
