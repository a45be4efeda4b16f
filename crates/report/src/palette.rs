//! Colours that stay apart for the colour-blind, in print and on a dark screen.
//!
//! Arms follow Okabe and Ito (2008), with lighter shades on dark paper.

use std::fmt::Write;

use hersim_study::outcome::Response;

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    /// Text and axes.
    Ink,
    /// Text of second rank.
    Faint,
    /// Grid lines.
    Grid,
    /// The page.
    Paper,
    /// An arm or a curve, by number.
    Arm(usize),
    /// A best response.
    Response(Response),
}

/// Number of colours for arms; further arms begin again.
const ARMS: usize = 6;

/// Class, colour on light paper, colour on dark paper.
const COLORS: [(&str, &str, &str); 15] = [
    ("c-ink", "#1a1a1a", "#ececec"),
    ("c-faint", "#5c6066", "#a9adb3"),
    ("c-grid", "#e3e5e8", "#34373c"),
    ("c-paper", "#ffffff", "#17191c"),
    ("c-arm0", "#0072b2", "#56b4e9"),
    ("c-arm1", "#c45500", "#f0a04b"),
    ("c-arm2", "#008060", "#3fc79a"),
    ("c-arm3", "#a8508a", "#dd94c2"),
    ("c-arm4", "#8a6d00", "#e3cf4e"),
    ("c-arm5", "#555b66", "#b4bac4"),
    ("c-cr", "#08457e", "#2a7fd0"),
    ("c-pr", "#56b4e9", "#9ad3f5"),
    ("c-sd", "#b4b4b4", "#7d828a"),
    ("c-pd", "#d55e00", "#f0803c"),
    ("c-ne", "#e0c341", "#e0c341"),
];

impl Color {
    fn index(self) -> usize {
        match self {
            Color::Ink => 0,
            Color::Faint => 1,
            Color::Grid => 2,
            Color::Paper => 3,
            Color::Arm(i) => 4 + i % ARMS,
            Color::Response(Response::CR) => 10,
            Color::Response(Response::PR) => 11,
            Color::Response(Response::SD) => 12,
            Color::Response(Response::PD) => 13,
            Color::Response(Response::NE) => 14,
        }
    }

    /// Class that sets the colour.
    pub(crate) fn class(self) -> &'static str {
        COLORS[self.index()].0
    }

    /// The colour on light paper, for viewers of SVG that do not know style sheets.
    pub(crate) fn light(self) -> &'static str {
        COLORS[self.index()].1
    }
}

/// Style sheet of the pictures: each class sets `--c`, by light, dark and print.
pub(crate) fn style_sheet() -> String {
    let mut css = String::from(
        ".s{stroke:var(--c)}.f{fill:var(--c)}\
         svg text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif}",
    );
    for (class, light, dark) in COLORS {
        let _ = write!(css, ".{class}{{--c:{light}}}");
        let _ =
            write!(css, "@media screen and (prefers-color-scheme:dark){{.{class}{{--c:{dark}}}}}");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_has_its_own_class() {
        assert_eq!(Color::Response(Response::NE).class(), "c-ne");
        assert_eq!(Color::Arm(0).class(), "c-arm0");
        assert_eq!(Color::Arm(ARMS - 1).class(), "c-arm5");
        assert_eq!(Color::Arm(ARMS).class(), "c-arm0");
        assert_eq!(Color::Response(Response::CR).class(), "c-cr");
    }

    /// Relative luminance (WCAG 2) of a `#rrggbb`.
    fn luminance(hex: &str) -> f64 {
        let part = |i: usize| {
            let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    /// Text needs 4.5 to 1 (WCAG 2.1, success criterion 1.4.3); names of arms are coloured text.
    #[test]
    fn text_and_arms_stand_out_from_the_page() {
        let contrast = |a: &str, b: &str| {
            let (a, b) = (luminance(a), luminance(b));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        let paper = COLORS[Color::Paper.index()];
        for color in [Color::Ink, Color::Faint] {
            let (_, light, dark) = COLORS[color.index()];
            assert!(contrast(light, paper.1) >= 4.5 && contrast(dark, paper.2) >= 4.5);
        }
        for i in 0..ARMS {
            let (class, light, dark) = COLORS[Color::Arm(i).index()];
            assert!(contrast(light, paper.1) >= 4.5, "{class}");
            assert!(contrast(dark, paper.2) >= 4.5, "{class}");
        }
    }
}
