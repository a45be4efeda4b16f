//! The rows of a parameter table, as they are written.

/// One number and what is known of it, every field as it stands in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// Name.
    pub id: String,
    /// What it means.
    pub meaning: String,
    /// The value.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// Lower bound, or empty.
    pub lower: String,
    /// Upper bound, or empty.
    pub upper: String,
    /// Whether a fit may move it.
    pub estimated: bool,
    /// Spread between patients or cells.
    pub variability: String,
    /// Uncertainty.
    pub uncertainty: String,
    /// Measured, fitted or assumed.
    pub status: String,
    /// Where it comes from.
    pub source: String,
    /// Remarks.
    pub note: String,
}

/// Reads a table that the loader has accepted.
pub(super) fn rows(text: &str) -> Vec<Number> {
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = plain.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    let Some(header) = lines.next() else { return Vec::new() };
    let header: Vec<&str> = header.split('\t').map(str::trim).collect();
    let read = |line: &str| {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        let field = |name: &str| {
            let column = header.iter().position(|h| *h == name);
            column.and_then(|c| fields.get(c)).copied().unwrap_or_default().to_string()
        };
        Number {
            id: field("parameterId"),
            meaning: field("parameterName"),
            value: field("nominalValue"),
            unit: field("unit"),
            lower: field("lowerBound"),
            upper: field("upperBound"),
            estimated: field("estimate") == "1",
            variability: field("variability"),
            uncertainty: field("uncertainty"),
            status: field("status"),
            source: field("source"),
            note: field("note"),
        }
    };
    lines.map(read).collect()
}
