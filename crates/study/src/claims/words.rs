//! Arms in words.

use super::planner::ArmText;
use crate::written::Written;

/// What happens in an arm, one sentence a line.
pub fn arm(arm: &ArmText) -> Vec<String> {
    let tumour = arm.tumour.as_ref().map_or("cells as the tables say", |t| t.0.as_str());
    let mut lines = vec![format!("{tumour} in {}", arm.system.0)];
    if !arm.before.is_empty() {
        lines.push(format!("from the outset: {}", list(&arm.before)));
    }
    for (length, deeds) in &arm.history {
        let what = if deeds.is_empty() { "nothing".to_string() } else { list(deeds) };
        lines.push(format!("before, for {}: {what}", time(*length)));
    }
    if !arm.deeds.is_empty() {
        lines.push(format!("at time zero: {}", list(&arm.deeds)));
    }
    for (day, deeds) in &arm.then {
        lines.push(format!("after {}: {}", time(*day), list(deeds)));
    }
    lines
}

fn list(texts: &[Written]) -> String {
    texts.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join("; ")
}

/// A time as people say it.
pub fn time(days: f64) -> String {
    let near = |x: f64| (x - x.round()).abs() < 1e-6 && x >= 1.0;
    for (unit, length) in [("week", 7.0), ("day", 1.0), ("h", 1.0 / 24.0), ("min", 1.0 / 1440.0)] {
        if near(days / length) && !(unit == "week" && days < 14.0) {
            return format!("{} {unit}", (days / length).round());
        }
    }
    format!("{days} day")
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_said_in_the_unit_that_fits() {
        assert_eq!(time(182.0), "26 week");
        assert_eq!(time(7.0), "7 day");
        assert_eq!(time(0.25), "6 h");
        assert_eq!(time(15.0 / 1440.0), "15 min");
        assert_eq!(time(0.5 / 1440.0), format!("{} day", 0.5 / 1440.0));
    }
}
