//! Tables as text with the place of every field: separated by tabs, or by commas when the header has
//! no tab.

use std::{collections::HashMap, path::Path};

use hersim_network::{Diagnostic, FileId, Span, nearest};
use hersim_units::Unit;

use crate::{library::Library, quantity::parse_unit};

/// Rows and columns that a table may have.
const MOST_ROWS: usize = 1_000_000;
const MOST_COLUMNS: usize = 10_000;

/// One field: its text without blanks at the ends, and where it stands.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A table: a header, then rows of equally many fields.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its file.
    pub file: FileId,
    /// Names of the columns, units in brackets taken off.
    pub columns: Vec<Heading>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A column: `time [min]` is the column `time` in minutes.
#[derive(Clone, Debug)]
pub struct Heading {
    /// Its name.
    pub name: String,
    /// Unit of its numbers, if the header gives one.
    pub unit: Option<Unit>,
    /// Where it stands.
    pub span: Span,
}

impl Sheet {
    /// Reads a table. Lines that are empty or begin with `#` are left out.
    ///
    /// # Errors
    /// `file-unreadable`, `empty-table`, `duplicate`, `wrong-columns`, `unit`, and
    /// `missing-column` when one of `needed` is not there.
    pub fn read(
        library: &mut Library,
        path: &Path,
        needed: &[&str],
    ) -> Result<Sheet, Vec<Diagnostic>> {
        let (files, sources) = library.reader();
        let text = crate::document::text(files, path)?;
        let file = sources.add(path.display().to_string(), text.as_str());
        Sheet::parse(&text, file, needed)
    }

    /// As [`Sheet::read`], from a text.
    ///
    /// # Errors
    /// As [`Sheet::read`].
    pub fn parse(text: &str, file: FileId, needed: &[&str]) -> Result<Sheet, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut lines = lines(text, file).into_iter();
        let Some(header) = lines.next() else {
            return Err(vec![
                Diagnostic::error("empty-table", "this table has no header")
                    .at(Span::new(file, 0..0), "")
                    .mend(format!("the first line names the columns: {}", needed.join(", "))),
            ]);
        };
        if let [only] = header.as_slice()
            && only.text.contains(';')
        {
            let error =
                Diagnostic::error("wrong-columns", "semicolons do not separate fields here");
            return Err(vec![error.at(only.span, "").mend("separate them by commas or tabs")]);
        }
        let mut columns: Vec<Heading> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        for cell in &header {
            let heading = heading(cell).unwrap_or_else(|error| {
                errors.push(*error);
                let name = cell.text.split('[').next().unwrap_or_default().trim();
                Heading { name: name.to_string(), unit: None, span: cell.span }
            });
            if let Some(first) = seen.insert(heading.name.clone(), cell.span) {
                let message = format!("column `{}` is there twice", heading.name);
                errors.push(
                    Diagnostic::error("duplicate", message)
                        .at(cell.span, "")
                        .also(first, "first here")
                        .mend("remove one of them"),
                );
            }
            columns.push(heading);
        }
        let whole = header.first().zip(header.last()).map(|(a, b)| a.span.to(b.span));
        for name in needed.iter().filter(|n| !seen.contains_key(**n)) {
            let near = nearest(name, columns.iter().map(|c| c.name.as_str()));
            errors.push(
                Diagnostic::error("missing-column", format!("this table has no column `{name}`"))
                    .at(whole.unwrap_or(Span::new(file, 0..0)), "")
                    .mend(match near {
                        Some(near) => format!("is it meant by `{near}`?"),
                        None => format!("needed are: {}", needed.join(", ")),
                    }),
            );
        }
        let mut rows = Vec::new();
        if lines.len() > MOST_ROWS || columns.len() > MOST_COLUMNS {
            let message =
                format!("a table has at most {MOST_ROWS} rows and {MOST_COLUMNS} columns");
            let place = header.first().map_or(Span::new(file, 0..0), |c| c.span);
            let error = Diagnostic::error("too-large", message).at(place, "this has more");
            return Err(vec![error.mend("split the table")]);
        }
        for row in lines {
            if row.len() == columns.len() {
                rows.push(row);
                continue;
            }
            let message =
                format!("this row has {} fields, the header {}", row.len(), columns.len());
            let place = row.first().zip(row.last()).map(|(a, b)| a.span.to(b.span));
            errors.push(
                Diagnostic::error("wrong-columns", message)
                    .at(place.unwrap_or(Span::new(file, 0..0)), "")
                    .mend("separate fields as the header does; leave empty ones empty"),
            );
        }
        if errors.is_empty() { Ok(Sheet { file, columns, rows }) } else { Err(errors) }
    }

    /// Position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// A field that is not empty.
    pub fn cell<'a>(&self, row: &'a [Cell], column: &str) -> Option<&'a Cell> {
        row.get(self.column(column)?).filter(|c| !c.text.is_empty())
    }

    /// A field that must not be empty.
    ///
    /// # Errors
    /// `missing-value`.
    pub fn needed<'a>(&self, row: &'a [Cell], column: &str) -> Result<&'a Cell, Box<Diagnostic>> {
        self.cell(row, column).ok_or_else(|| {
            let place = self.column(column).and_then(|c| row.get(c)).or(row.first());
            let place = place.map_or(Span::new(self.file, 0..0), |c| c.span);
            Box::new(
                Diagnostic::error("missing-value", format!("this row has no {column}"))
                    .at(place, "")
                    .mend(format!("fill the column `{column}`")),
            )
        })
    }
}

impl Cell {
    /// The number in a field.
    ///
    /// # Errors
    /// `bad-number` when it is none or not finite.
    pub fn number(&self) -> Result<f64, Box<Diagnostic>> {
        match self.text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(Box::new(
                Diagnostic::error("bad-number", format!("`{}` is not a number", self.text))
                    .at(self.span, "")
                    .mend("write it like 0.3 or 3e-1"),
            )),
        }
    }
}

/// `name` or `name [unit]`.
fn heading(cell: &Cell) -> Result<Heading, Box<Diagnostic>> {
    let plain = |name: &str| Heading { name: name.to_string(), unit: None, span: cell.span };
    let Some((name, rest)) = cell.text.split_once('[') else { return Ok(plain(&cell.text)) };
    let refuse = |message: String| {
        Box::new(
            Diagnostic::error("unit", message)
                .at(cell.span, "")
                .mend("write `name [unit]`, for example `time [min]`"),
        )
    };
    let Some(unit) = rest.strip_suffix(']') else {
        return Err(refuse("the bracket around the unit is not closed".into()));
    };
    let unit = parse_unit(unit.trim()).map_err(refuse)?;
    Ok(Heading { unit: Some(unit), ..plain(name.trim()) })
}

/// The fields of all lines that hold something.
fn lines(text: &str, file: FileId) -> Vec<Vec<Cell>> {
    let mut lines = Vec::new();
    let mut separator = None;
    let mut next = 0;
    for whole in text.split_inclusive('\n') {
        let mut at = next;
        next += whole.len();
        let mut line = whole.trim_end_matches(['\n', '\r']);
        if let Some(rest) = line.strip_prefix('\u{feff}') {
            at += line.len() - rest.len();
            line = rest;
        }
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let separator = *separator.get_or_insert(if line.contains('\t') { '\t' } else { ',' });
        let mut cells = Vec::new();
        for field in line.split(separator) {
            let from = at + (field.len() - field.trim_start().len());
            let text = field.trim();
            cells.push(Cell {
                text: text.to_string(),
                span: Span::new(file, from..from + text.len()),
            });
            at += field.len() + 1;
        }
        lines.push(cells);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId(0);

    #[test]
    fn fields_keep_their_place_and_columns_their_unit() {
        let text = "# remark\nid\ttime [min]\r\n\n a \t5\r\n";
        let sheet = Sheet::parse(text, FILE, &["id"]).unwrap();
        assert_eq!(sheet.columns[1].name, "time");
        assert_eq!(sheet.columns[1].unit, Unit::parse("min").ok());
        let cell = sheet.cell(&sheet.rows[0], "id").unwrap();
        assert_eq!(&text[cell.span.start as usize..cell.span.end as usize], "a");
        assert_eq!(sheet.cell(&sheet.rows[0], "time").unwrap().number().unwrap(), 5.0);
    }

    #[test]
    fn commas_separate_where_the_header_has_no_tab() {
        let sheet = Sheet::parse("ID,TIME [h]\n1, 2.5\n", FILE, &["ID"]).unwrap();
        assert_eq!(sheet.columns[1].name, "TIME");
        assert_eq!(sheet.rows[0][1].text, "2.5");
        // Where it has one, a comma is text.
        let sheet = Sheet::parse("id\tnote\na\tb, c\n", FILE, &["id"]).unwrap();
        assert_eq!(sheet.rows[0][1].text, "b, c");
    }

    #[test]
    fn every_mistake_is_reported() {
        let codes = |text: &str| -> Vec<&str> {
            let found = Sheet::parse(text, FILE, &["id", "value"]);
            found.err().into_iter().flatten().map(|d| d.code).collect()
        };
        assert_eq!(codes(""), ["empty-table"]);
        assert_eq!(codes("id\tid\n"), ["duplicate", "missing-column"]);
        assert_eq!(codes("id\tvalue [foo bar]\na\n"), ["unit", "wrong-columns"]);
        assert_eq!(codes("id\tvalue [mL\n"), ["unit"]);
        assert_eq!(codes("di\tvalue\n"), ["missing-column"]);
    }
}
