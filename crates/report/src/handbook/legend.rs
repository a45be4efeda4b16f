//! What the marks of a figure mean, in rows below it.

use super::arrow::{Head, arrow};
use crate::{
    layers::Flow,
    palette::Color,
    svg::{Anchor, Font, Stroke, Svg, text_width},
};

const WORDS: Font = Font { size: 11.0, bold: false };
const ROW: f64 = 20.0;
const SIGN: f64 = 26.0;

/// A mark and what it means.
pub(super) enum Key {
    /// A box.
    Box { color: Color, state: bool, words: &'static str },
    /// An arrow.
    Arrow { head: Head, stroke: Stroke, words: &'static str },
}

/// Draws the legend at a height, or only measures it; gives the height it takes.
pub(super) fn legend(mut svg: Option<&mut Svg>, keys: &[Key], width: f64, top: f64) -> f64 {
    if keys.is_empty() {
        return 0.0;
    }
    let (mut x, mut y) = (14.0, top + ROW / 2.0);
    for key in keys {
        let words = match key {
            Key::Box { words, .. } | Key::Arrow { words, .. } => *words,
        };
        let needed = SIGN + 6.0 + text_width(words, WORDS);
        if x > 14.0 && x + needed > width - 6.0 {
            x = 14.0;
            y += ROW;
        }
        if let Some(svg) = svg.as_deref_mut() {
            match key {
                Key::Box { color, state, .. } => {
                    let (radius, tint, line) =
                        if *state { (4.0, 0.1, 1.4) } else { (6.0, 0.0, 0.8) };
                    let centre = (x + SIGN / 2.0, y);
                    svg.round_box(
                        centre,
                        (SIGN - 4.0, 12.0),
                        radius,
                        tint,
                        Stroke::new(*color, line),
                    );
                }
                Key::Arrow { head, stroke, .. } => {
                    let route = [(x + 1.0, y), (x + SIGN - 1.0, y)];
                    arrow(svg, &route, Flow::Right, *head, Head::None, *stroke);
                }
            }
            svg.text((x + SIGN + 5.0, y + 3.8), Anchor::Start, WORDS, Color::Faint, words);
        }
        x += needed + 16.0;
    }
    y + ROW / 2.0 + 4.0 - top
}
