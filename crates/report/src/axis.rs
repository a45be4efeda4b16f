//! Scales from values to the page, ticks at round numbers, and the frame around a panel.

use crate::{
    format::{fixed, general, power_of_ten},
    palette::Color,
    svg::{Anchor, NORMAL, SMALL, Stroke, Svg},
};

/// Maps values onto a stretch of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    from: (f64, f64),
    to: (f64, f64),
    log: bool,
}

impl Scale {
    /// Linear from `low..high` (values) to `start..end` (page).
    pub(crate) fn linear((low, high): (f64, f64), to: (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Scale { from: (low, high), to, log: false }
    }

    /// Logarithmic; both values are above 0.
    pub(crate) fn log((low, high): (f64, f64), to: (f64, f64)) -> Self {
        let low = low.max(f64::MIN_POSITIVE);
        let high = if high > low { high } else { low * 10.0 };
        Scale { from: (low, high), to, log: true }
    }

    /// Place of a value, held within the scale.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.from;
        let share = if self.log {
            (value.max(low) / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        };
        // A value that is not a number goes to the lower end rather than nowhere.
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.to.0 + share * (self.to.1 - self.to.0)
    }

    /// Lowest and highest value.
    pub(crate) fn domain(&self) -> (f64, f64) {
        self.from
    }

    /// Ends on the page, in the order of the values.
    pub(crate) fn range(&self) -> (f64, f64) {
        self.to
    }
}

/// A value on an axis and the text beside it.
pub(crate) type Tick = (f64, String);

/// About `count` round numbers (1, 2 or 5 times a power of ten) within `low..=high`.
pub(crate) fn round_ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    if !(high - low).is_finite() || high <= low {
        return vec![(low, general(low))];
    }
    let rough = (high - low) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * power).find(|s| *s >= rough * 0.999);
    let step = step.unwrap_or(power * 10.0);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let large = low.abs().max(high.abs()) >= 1e5 || step < 1e-3;
    let label = |v: f64| if large { general(v) } else { fixed(v, decimals) };
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| (i as f64 * step, label(i as f64 * step))).collect()
}

/// Smallest round limits around the values, and ticks between them.
pub(crate) fn round_limits((low, high): (f64, f64), count: usize) -> ((f64, f64), Vec<Tick>) {
    let ticks = round_ticks((low, high), count);
    let step = match ticks.as_slice() {
        [(a, _), (b, _), ..] => b - a,
        _ => (high - low).max(1.0),
    };
    let limits = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
    (limits, round_ticks(limits, count))
}

/// Powers of ten within the values, or 1, 2, 5 times them when there are few.
pub(crate) fn log_ticks((low, high): (f64, f64)) -> Vec<Tick> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let inside = |v: f64| v >= low * 0.999 && v <= high * 1.001;
    let decades = (high / low).log10();
    let every = ((decades / 7.0).ceil() as i32).max(1);
    let steps: &[f64] = if decades < 2.2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let mut ticks = Vec::new();
    for power in (first..=last).filter(|p| decades < 2.2 || p.rem_euclid(every) == 0) {
        for step in steps {
            let value = step * 10f64.powi(power);
            if inside(value) {
                let plain = (-3..=4).contains(&power) && decades < 4.0;
                let label =
                    if plain || *step != 1.0 { general(value) } else { power_of_ten(power) };
                ticks.push((value, label));
            }
        }
    }
    ticks
}

/// Upper limit and ticks of an axis of months that must reach `last`: steps of a month, a
/// quarter, half a year or years, at most ten of them.
pub(crate) fn month_ticks(last: f64) -> (f64, Vec<Tick>) {
    let steps = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0];
    let last = if last.is_finite() { last.max(1.0) } else { 1.0 };
    let fits = |step: &&f64| last / **step <= 10.0;
    let step = steps.iter().find(fits).copied().unwrap_or((last / 10.0).ceil());
    let count = (last / step - 1e-9).ceil() as usize;
    let ticks = (0..=count).map(|i| (i as f64 * step, fixed(i as f64 * step, 0))).collect();
    (count as f64 * step, ticks)
}

/// A panel: two scales that share its corners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub x: Scale,
    pub y: Scale,
}

impl Frame {
    /// Place of a pair of values.
    pub(crate) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// Upper left corner and size on the page.
    pub(crate) fn rectangle(&self) -> ((f64, f64), (f64, f64)) {
        let ((left, right), (bottom, top)) = (self.x.range(), self.y.range());
        ((left, top), (right - left, bottom - top))
    }

    /// Axis on the left: line, ticks, grid, and the title upward at `title_x`.
    pub(crate) fn draw_y(&self, svg: &mut Svg, ticks: &[Tick], title: &str, title_x: f64) {
        let ((left, right), (bottom, top)) = (self.x.range(), self.y.range());
        for (value, label) in ticks {
            let y = self.y.at(*value);
            svg.line((left, y), (right, y), Stroke::new(Color::Grid, 1.0));
            svg.line((left - 5.0, y), (left, y), Stroke::new(Color::Ink, 1.0));
            svg.text((left - 9.0, y + 4.0), Anchor::End, SMALL, Color::Ink, label);
        }
        svg.line((left, bottom), (left, top), Stroke::new(Color::Ink, 1.0));
        svg.upward_text((title_x, (bottom + top) / 2.0), NORMAL, Color::Ink, title);
    }

    /// Axis at the bottom: line, ticks and, when `title` is not empty, labels and the title.
    pub(crate) fn draw_x(&self, svg: &mut Svg, ticks: &[Tick], title: &str) {
        let ((left, right), (bottom, _)) = (self.x.range(), self.y.range());
        svg.line((left, bottom), (right, bottom), Stroke::new(Color::Ink, 1.0));
        for (value, label) in ticks {
            let x = self.x.at(*value);
            svg.line((x, bottom), (x, bottom + 5.0), Stroke::new(Color::Ink, 1.0));
            if !title.is_empty() {
                svg.text((x, bottom + 19.0), Anchor::Middle, SMALL, Color::Ink, label);
            }
        }
        if !title.is_empty() {
            let middle = ((left + right) / 2.0, bottom + 39.0);
            svg.text(middle, Anchor::Middle, NORMAL, Color::Ink, title);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(ticks: &[Tick]) -> Vec<f64> {
        ticks.iter().map(|(value, _)| *value).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let ticks = round_ticks((0.0, 1.0), 5);
        assert_eq!(ticks.len(), 6);
        assert_eq!(ticks[1].1, "0.2");
        assert_eq!(values(&round_ticks((-100.0, 100.0), 4)), [-100.0, -50.0, 0.0, 50.0, 100.0]);
        assert_eq!(round_ticks((0.0, 4e9), 4)[1].1, "1×10⁹");
        assert_eq!(round_ticks((3.0, 3.0), 4).len(), 1);
        assert_eq!(round_ticks((f64::NAN, 3.0), 4).len(), 1);
    }

    #[test]
    fn limits_hold_the_values() {
        for range in [(0.0, 97.3), (12.0, 41.0), (-3.2, 0.1), (5.0, 5.0)] {
            let ((low, high), ticks) = round_limits(range, 5);
            assert!(low <= range.0 && high >= range.1, "{range:?} {low} {high}");
            assert!(ticks.len() <= 8, "{ticks:?}");
        }
    }

    #[test]
    fn decades_or_their_parts() {
        assert_eq!(values(&log_ticks((0.25, 4.0))), [0.5, 1.0, 2.0]);
        let ticks = log_ticks((1e3, 1e9));
        assert_eq!((ticks.len(), ticks[0].1.as_str()), (7, "10³"));
    }

    #[test]
    fn months_come_in_calendar_steps() {
        let (limit, ticks) = month_ticks(27.2);
        assert_eq!(limit, 30.0);
        assert_eq!(values(&ticks), [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0, 30.0]);
        let (limit, ticks) = month_ticks(60.0);
        assert_eq!((limit, ticks.len()), (60.0, 11));
        assert_eq!(month_ticks(0.0).0, 1.0);
        assert_eq!(month_ticks(5000.0).0, 5000.0);
    }

    #[test]
    fn scales_hold_values_within_the_panel() {
        let scale = Scale::linear((0.0, 10.0), (100.0, 0.0));
        assert_eq!((scale.at(0.0), scale.at(5.0), scale.at(99.0)), (100.0, 50.0, 0.0));
        assert_eq!(scale.at(f64::NAN), 100.0);
        let scale = Scale::log((0.1, 10.0), (0.0, 100.0));
        assert!((scale.at(1.0) - 50.0).abs() < 1e-9);
        assert_eq!(scale.at(0.0), 0.0);
    }
}
