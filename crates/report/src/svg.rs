//! Just enough SVG: shapes in user units, coloured by meaning, text escaped.

use std::fmt::Write;

use crate::palette::{Color, style_sheet};

/// Where a text hangs on its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size and weight of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Font {
    /// Height in user units.
    pub size: f64,
    /// Whether it is heavier than other text.
    pub bold: bool,
}

/// Labels of ticks and rows.
pub(crate) const SMALL: Font = Font { size: 12.0, bold: false };
/// Titles of axes and legends.
pub(crate) const NORMAL: Font = Font { size: 13.0, bold: false };
/// Titles of panels.
pub(crate) const BOLD: Font = Font { size: 13.0, bold: true };

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    pub color: Color,
    pub width: f64,
    pub opacity: f64,
    pub dashed: bool,
}

impl Stroke {
    pub(crate) fn new(color: Color, width: f64) -> Self {
        Stroke { color, width, opacity: 1.0, dashed: false }
    }

    pub(crate) fn dashed(self) -> Self {
        Stroke { dashed: true, ..self }
    }

    pub(crate) fn opacity(self, opacity: f64) -> Self {
        Stroke { opacity, ..self }
    }

    fn attributes(self) -> String {
        let mut text = format!(
            r#"class="s {}" stroke="{}" stroke-width="{}" fill="none""#,
            self.color.class(),
            self.color.light(),
            number(self.width)
        );
        if self.opacity < 1.0 {
            let _ = write!(text, r#" stroke-opacity="{}""#, number(self.opacity));
        }
        if self.dashed {
            text.push_str(r#" stroke-dasharray="4 3""#);
        }
        text
    }
}

/// A picture under construction. The origin is at the upper left, y grows downward.
#[derive(Debug)]
pub(crate) struct Svg {
    width: f64,
    height: f64,
    label: String,
    body: String,
}

impl Svg {
    /// An empty picture; `label` is read out in place of it.
    pub(crate) fn new(width: f64, height: f64, label: &str) -> Self {
        Svg { width, height, label: label.into(), body: String::new() }
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.polyline(&[from, to], stroke);
    }

    /// A line through the points; one with fewer than two is nothing.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        if points.len() > 1 {
            let (d, look) = (path(points), stroke.attributes());
            let _ = write!(self.body, r#"<path d="{d}" stroke-linejoin="round" {look}/>"#);
        }
    }

    /// A filled shape with these corners.
    pub(crate) fn area(&mut self, points: &[(f64, f64)], color: Color, opacity: f64) {
        if points.len() > 2 {
            let (d, look) = (path(points), fill(color, opacity));
            let _ = write!(self.body, r#"<path d="{d}Z" {look}/>"#);
        }
    }

    /// A smooth line through the points, each stretch level with the first direction at its ends:
    /// across when `across`, else down.
    pub(crate) fn curve(&mut self, points: &[(f64, f64)], across: bool, stroke: Stroke) {
        let Some((first, rest)) = points.split_first() else { return };
        let mut d = format!("M{} {}", number(first.0), number(first.1));
        let mut from = *first;
        for &to in rest {
            let (near, far) = if across {
                let middle = (from.0 + to.0) / 2.0;
                ((middle, from.1), (middle, to.1))
            } else {
                let middle = (from.1 + to.1) / 2.0;
                ((from.0, middle), (to.0, middle))
            };
            d.push('C');
            for (i, (x, y)) in [near, far, to].into_iter().enumerate() {
                let space = if i > 0 { " " } else { "" };
                let _ = write!(d, "{space}{} {}", number(x), number(y));
            }
            from = to;
        }
        let _ = write!(self.body, r#"<path d="{d}" {}/>"#, stroke.attributes());
    }

    /// A box with round corners around its centre, opaque, tinted by a share of the border's colour.
    pub(crate) fn round_box(
        &mut self,
        centre: (f64, f64),
        size: (f64, f64),
        radius: f64,
        tint: f64,
        border: Stroke,
    ) {
        let place = format!(
            r#"x="{}" y="{}" width="{}" height="{}" rx="{}""#,
            number(centre.0 - size.0 / 2.0),
            number(centre.1 - size.1 / 2.0),
            number(size.0),
            number(size.1),
            number(radius)
        );
        let _ = write!(self.body, "<rect {place} {}/>", fill(Color::Paper, 1.0));
        if tint > 0.0 {
            let _ = write!(self.body, "<rect {place} {}/>", fill(border.color, tint));
        }
        let _ = write!(self.body, "<rect {place} {}/>", border.attributes());
    }

    /// A filled rectangle from its upper left corner.
    pub(crate) fn rect(&mut self, at: (f64, f64), size: (f64, f64), color: Color) {
        let _ = write!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" {}/>"#,
            number(at.0),
            number(at.1),
            number(size.0.max(0.0)),
            number(size.1.max(0.0)),
            fill(color, 1.0)
        );
    }

    pub(crate) fn dot(&mut self, at: (f64, f64), radius: f64, color: Color, opacity: f64) {
        let _ = write!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="{}" {}/>"#,
            number(at.0),
            number(at.1),
            number(radius),
            fill(color, opacity)
        );
    }

    /// A diamond with paper inside.
    pub(crate) fn diamond(&mut self, (x, y): (f64, f64), radius: f64, color: Color) {
        let corners = [(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)];
        let d = path(&corners);
        let _ = write!(
            self.body,
            r#"<path d="{d}Z" {}/><path d="{d}Z" {}/>"#,
            fill(Color::Paper, 1.0),
            Stroke::new(color, 1.8).attributes()
        );
    }

    /// A short vertical line at each point: the mark of censoring.
    pub(crate) fn ticks(&mut self, points: &[(f64, f64)], half: f64, stroke: Stroke) {
        if points.is_empty() {
            return;
        }
        let mut d = String::new();
        for &(x, y) in points {
            let _ = write!(d, "M{} {}V{}", number(x), number(y - half), number(y + half));
        }
        let _ = write!(self.body, r#"<path d="{d}" {}/>"#, stroke.attributes());
    }

    /// A small cross.
    pub(crate) fn cross(&mut self, (x, y): (f64, f64), half: f64, stroke: Stroke) {
        self.line((x - half, y - half), (x + half, y + half), stroke);
        self.line((x - half, y + half), (x + half, y - half), stroke);
    }

    pub(crate) fn text(
        &mut self,
        at: (f64, f64),
        anchor: Anchor,
        font: Font,
        color: Color,
        text: &str,
    ) {
        self.text_with(at, anchor, font, color, "", text);
    }

    /// A text with further attributes, written as they are.
    pub(crate) fn text_with(
        &mut self,
        at: (f64, f64),
        anchor: Anchor,
        font: Font,
        color: Color,
        attributes: &str,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if font.bold { r#" font-weight="600""# } else { "" };
        let _ = write!(
            self.body,
            r#"<text x="{}" y="{}" text-anchor="{anchor}" font-size="{}"{weight}{attributes} {}>{}</text>"#,
            number(at.0),
            number(at.1),
            number(font.size),
            fill(color, 1.0),
            escape(text)
        );
    }

    /// A text that reads upward, centred on its point.
    pub(crate) fn upward_text(&mut self, (x, y): (f64, f64), font: Font, color: Color, text: &str) {
        let turn = format!(r#" transform="rotate(-90 {} {})""#, number(x), number(y));
        self.text_with((x, y), Anchor::Middle, font, color, &turn, text);
    }

    /// Opens a group that shows `tip` when pointed at; close it with `close_group`.
    pub(crate) fn open_group(&mut self, tip: &str) {
        let _ = write!(self.body, "<g><title>{}</title>", escape(tip));
    }

    /// Opens a group of which only what lies in the rectangle is seen. `id` must be the only
    /// one on its page.
    pub(crate) fn open_clip(&mut self, id: &str, at: (f64, f64), size: (f64, f64)) {
        let _ = write!(
            self.body,
            r##"<clipPath id="{0}"><rect x="{1}" y="{2}" width="{3}" height="{4}"/></clipPath><g clip-path="url(#{0})">"##,
            escape(id),
            number(at.0),
            number(at.1),
            number(size.0),
            number(size.1)
        );
    }

    pub(crate) fn close_group(&mut self) {
        self.body.push_str("</g>");
    }

    /// The element, for a page that holds the style sheet.
    pub(crate) fn inline(&self) -> String {
        self.element("")
    }

    /// A file of its own, style sheet and paper included.
    pub(crate) fn standalone(&self) -> String {
        let mut paper = Svg::new(self.width, self.height, "");
        paper.rect((0.0, 0.0), (self.width, self.height), Color::Paper);
        let before = format!("<style>{}</style>{}", style_sheet(), paper.body);
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", self.element(&before))
    }

    /// A file of its own for light paper, without a style sheet.
    pub(crate) fn on_paper(&self) -> String {
        let mut paper = Svg::new(self.width, self.height, "");
        paper.rect((0.0, 0.0), (self.width, self.height), Color::Paper);
        let fonts = "system-ui,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif";
        let before = format!(r#"<g font-family="{fonts}">{}"#, paper.body);
        let mut inner = Svg::new(self.width, self.height, &self.label);
        inner.body = format!("{}</g>", self.body);
        format!("{}\n", inner.element(&before))
    }

    /// Width and height in user units.
    pub(crate) fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    fn element(&self, before: &str) -> String {
        let (w, h) = (number(self.width), number(self.height));
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{}">{before}{}</svg>"#,
            escape(&self.label),
            self.body
        )
    }
}

/// Attributes of a filled shape.
fn fill(color: Color, opacity: f64) -> String {
    let mut text = format!(r#"class="f {}" fill="{}""#, color.class(), color.light());
    if opacity < 1.0 {
        let _ = write!(text, r#" fill-opacity="{}""#, number(opacity));
    }
    text
}

/// Path through the points, relative-free and to a hundredth of a unit.
fn path(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (i, &(x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { "M" } else { "L" }, number(x), number(y));
    }
    d
}

/// A coordinate to a hundredth, without trailing zeros; what is not finite becomes 0.
fn number(value: f64) -> String {
    let rounded = if value.is_finite() { (value * 100.0).round() / 100.0 } else { 0.0 };
    // Adding zero turns -0 into 0.
    format!("{}", rounded + 0.0)
}

/// Text as XML content or attribute. Characters that XML cannot hold are dropped.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// Width of a text in user units, on the generous side: fonts differ between machines.
pub(crate) fn text_width(text: &str, font: Font) -> f64 {
    let thin = |c: char| matches!(c, 'i' | 'l' | 'I' | 'j' | '.' | ',' | ' ' | ':' | ';' | '|');
    let narrow = |c: char| matches!(c, 't' | 'f' | 'r' | '(' | ')' | '-' | '/');
    let wide = |c: char| matches!(c, 'm' | 'w' | 'M' | 'W' | '%' | '—' | '@');
    let ems: f64 = text
        .chars()
        .map(|c| {
            if thin(c) {
                0.33
            } else if narrow(c) {
                0.41
            } else if wide(c) {
                0.98
            } else if c.is_uppercase() {
                0.76
            } else {
                0.63
            }
        })
        .sum();
    ems * font.size * if font.bold { 1.11 } else { 1.0 }
}

/// The text, or its beginning and `…` when it would be wider than `width`.
pub(crate) fn shorten(text: &str, width: f64, font: Font) -> String {
    if text_width(text, font) <= width {
        return text.to_string();
    }
    let mut short = String::new();
    for c in text.chars() {
        if text_width(&format!("{short}{c}…"), font) > width {
            break;
        }
        short.push(c);
    }
    format!("{}…", short.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out() {
        let mut svg = Svg::new(10.0, 10.0, "a\"b<c>&'\u{1}");
        svg.text((1.0, 2.0), Anchor::End, SMALL, Color::Ink, "</text><script>");
        let out = svg.inline();
        assert!(out.contains("aria-label=\"a&quot;b&lt;c&gt;&amp;&#39;\""), "{out}");
        assert!(out.contains("&lt;/text&gt;&lt;script&gt;</text>"), "{out}");
    }

    #[test]
    fn coordinates_are_short_and_finite() {
        assert_eq!(number(1.0 / 3.0), "0.33");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(12.0), "12");
        assert_eq!(number(f64::NAN), "0");
    }

    #[test]
    fn long_text_is_shortened_to_its_width() {
        assert_eq!(shorten("short", 200.0, SMALL), "short");
        let short = shorten(&"long ".repeat(40), 100.0, SMALL);
        assert!(short.ends_with("…") && text_width(&short, SMALL) <= 100.0, "{short}");
    }
}
