//! A table: named columns of equal length, each with its unit.

use std::{collections::HashSet, path::Path};

use crate::{StoreError, atomic::write_atomically};

/// Columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name, unlike every other name in the table.
    pub name: String,
    /// Unit of its values; none for words, counts and yes-or-no.
    pub unit: Option<String>,
    /// Its values, one per row.
    pub values: Values,
}

/// The values of a column; `None` is a missing value.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    F64(Vec<Option<f64>>),
    /// Whole numbers.
    I64(Vec<Option<i64>>),
    /// Yes or no.
    Bool(Vec<Option<bool>>),
    /// Words.
    Text(Vec<Option<String>>),
}

impl Values {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Values::F64(v) => v.len(),
            Values::I64(v) => v.len(),
            Values::Bool(v) => v.len(),
            Values::Text(v) => v.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of value, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Values::F64(_) => "number",
            Values::I64(_) => "whole number",
            Values::Bool(_) => "yes or no",
            Values::Text(_) => "text",
        }
    }

    /// The value of one row as text; empty when it is missing or the row does not exist.
    ///
    /// Numbers are written with the fewest digits that read back to the same number.
    pub fn text(&self, row: usize) -> String {
        fn show<T: ToString>(values: &[Option<T>], row: usize) -> String {
            values.get(row).and_then(Option::as_ref).map(T::to_string).unwrap_or_default()
        }
        match self {
            Values::F64(v) => v.get(row).copied().flatten().map(number).unwrap_or_default(),
            Values::I64(v) => show(v, row),
            Values::Bool(v) => show(v, row),
            Values::Text(v) => show(v, row),
        }
    }
}

/// Shortest digits that read back to the same number, with an exponent when far from one.
fn number(value: f64) -> String {
    let far = value != 0.0 && !(1e-5..1e16).contains(&value.abs());
    if far && value.is_finite() { format!("{value:e}") } else { value.to_string() }
}

impl Column {
    /// Numbers with a unit, all present.
    pub fn f64(name: &str, unit: &str, values: impl IntoIterator<Item = f64>) -> Self {
        Self::f64_opt(name, unit, values.into_iter().map(Some))
    }

    /// Numbers with a unit, some of which may be missing.
    pub fn f64_opt(name: &str, unit: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let values = Values::F64(values.into_iter().collect());
        Column { name: name.into(), unit: Some(unit.into()), values }
    }

    /// Whole numbers without a unit (counts, positions), all present.
    pub fn i64(name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        let values = Values::I64(values.into_iter().map(Some).collect());
        Column { name: name.into(), unit: None, values }
    }

    /// Yes or no, all present.
    pub fn bool(name: &str, values: impl IntoIterator<Item = bool>) -> Self {
        let values = Values::Bool(values.into_iter().map(Some).collect());
        Column { name: name.into(), unit: None, values }
    }

    /// Words, all present.
    pub fn text<T: Into<String>>(name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values = Values::Text(values.into_iter().map(|v| Some(v.into())).collect());
        Column { name: name.into(), unit: None, values }
    }
}

impl Table {
    /// A table of these columns.
    pub fn new(columns: Vec<Column>) -> Self {
        Table { columns }
    }

    /// Number of rows (of the first column; `check` tells whether all agree).
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |c| c.values.len())
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Whether it can be stored.
    ///
    /// # Errors
    /// `BadTable` when columns differ in length, share a name or have an empty one.
    pub fn check(&self) -> Result<(), StoreError> {
        let bad = |why: String| Err(StoreError::BadTable { why });
        let mut names = HashSet::new();
        for column in &self.columns {
            if column.name.is_empty() {
                return bad("a column has no name".into());
            }
            if !names.insert(column.name.as_str()) {
                return bad(format!("two columns are named `{}`", column.name));
            }
            if column.values.len() != self.rows() {
                return bad(format!(
                    "column `{}` has {} rows where `{}` has {}",
                    column.name,
                    column.values.len(),
                    self.columns[0].name,
                    self.rows()
                ));
            }
        }
        Ok(())
    }

    /// Adds the rows of `other` beneath.
    ///
    /// # Errors
    /// `BadTable` when names, units or kinds of the columns differ; then nothing is added.
    pub fn append(&mut self, other: Table) -> Result<(), StoreError> {
        if self.columns.is_empty() {
            self.columns = other.columns;
            return Ok(());
        }
        let alike = self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(a, b)| {
                a.name == b.name && a.unit == b.unit && a.values.kind() == b.values.kind()
            });
        if !alike {
            return Err(StoreError::BadTable {
                why: format!("columns {} and {} differ", self.outline(), other.outline()),
            });
        }
        for (column, more) in self.columns.iter_mut().zip(other.columns) {
            match (&mut column.values, more.values) {
                (Values::F64(a), Values::F64(b)) => a.extend(b),
                (Values::I64(a), Values::I64(b)) => a.extend(b),
                (Values::Bool(a), Values::Bool(b)) => a.extend(b),
                (Values::Text(a), Values::Text(b)) => a.extend(b),
                _ => {}
            }
        }
        Ok(())
    }

    /// Names, units and kinds of the columns, for a message.
    fn outline(&self) -> String {
        let column = |c: &Column| match &c.unit {
            Some(unit) => format!("{} [{unit}] {}", c.name, c.values.kind()),
            None => format!("{} {}", c.name, c.values.kind()),
        };
        format!("({})", self.columns.iter().map(column).collect::<Vec<_>>().join(", "))
    }
}

/// Writes a table as comma-separated text: a header row of `name` or `name [unit]`, then the
/// rows; a missing value is an empty field. Atomic: the file is whole or unchanged.
///
/// # Errors
/// `BadTable` as `Table::check`, or what the system says about the path.
pub fn write_csv(table: &Table, path: &Path) -> Result<(), StoreError> {
    table.check()?;
    write_atomically(path, csv_text(table).as_bytes())
}

/// The table as comma-separated text (RFC 4180 quoting, `\n` line ends).
fn csv_text(table: &Table) -> String {
    let mut text = String::new();
    let mut line = |fields: Vec<String>| {
        let quoted: Vec<String> = fields.iter().map(|f| quote(f)).collect();
        text.push_str(&quoted.join(","));
        text.push('\n');
    };
    let header = |c: &Column| match &c.unit {
        Some(unit) => format!("{} [{unit}]", c.name),
        None => c.name.clone(),
    };
    line(table.columns.iter().map(header).collect());
    for row in 0..table.rows() {
        line(table.columns.iter().map(|c| c.values.text(row)).collect());
    }
    text
}

/// Quotes a field that holds a separator, a quote or a line end.
fn quote(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new(vec![
            Column::text("arm", ["a", "b, \"quoted\""]),
            Column::f64_opt("time", "day", [Some(1.5), None]),
            Column::i64("patient", [0, 1]),
            Column::bool("event", [true, false]),
        ])
    }

    #[test]
    fn comma_separated_text_shows_units_and_quotes() {
        assert_eq!(
            csv_text(&table()),
            "arm,time [day],patient,event\na,1.5,0,true\n\"b, \"\"quoted\"\"\",,1,false\n"
        );
    }

    #[test]
    fn numbers_read_back_to_themselves() {
        let values = [0.1 + 0.2, 1e-300, -0.0, f64::MAX, 2.0_f64.sqrt()];
        let column = Column::f64("x", "1", values);
        for (row, value) in values.iter().enumerate() {
            let back: f64 = column.values.text(row).parse().unwrap();
            assert_eq!(back.to_bits(), value.to_bits());
        }
    }

    #[test]
    fn uneven_or_double_columns_are_refused() {
        let mut uneven = table();
        uneven.columns.push(Column::i64("n", [1]));
        let text = uneven.check().unwrap_err().to_string();
        assert!(text.contains("column `n` has 1 rows where `arm` has 2"), "{text}");
        let mut double = table();
        double.columns.push(Column::i64("patient", [1, 2]));
        assert!(
            double.check().unwrap_err().to_string().contains("two columns are named `patient`")
        );
    }

    #[test]
    fn appending_needs_the_same_columns() {
        let mut whole = Table::default();
        whole.append(table()).unwrap();
        whole.append(table()).unwrap();
        assert_eq!(whole.rows(), 4);
        assert_eq!(whole.columns[2].values.text(3), "1");
        let mut other = table();
        other.columns[1].unit = Some("month".into());
        let text = whole.append(other).unwrap_err().to_string();
        assert!(text.contains("time [day] number") && text.contains("time [month]"), "{text}");
        assert_eq!(whole.rows(), 4);
    }
}
