//! Parameter tables: the PEtab columns, a unit, a source and a status for every number.
//!
//! Fields are taken as they stand between tabs; quotes mean nothing.

use std::collections::HashMap;

use hersim_network::{Diagnostic, FileId, Scale, Span, Status, nearest};

/// A number and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) value: f64,
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
    pub(crate) scale: Scale,
    pub(crate) estimate: bool,
    pub(crate) unit: String,
    pub(crate) variability: Option<String>,
    pub(crate) uncertainty: Option<String>,
    pub(crate) source: String,
    pub(crate) status: Status,
    pub(crate) note: String,
    /// The whole row, its identifier and its unit.
    pub(crate) span: Span,
    pub(crate) id_span: Span,
    pub(crate) unit_span: Span,
}

/// A table, rows with mistakes left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    /// Identifiers of rows that could not be read.
    pub(crate) unread: Vec<String>,
    /// True when no row could be read.
    pub(crate) unreadable: bool,
}

const REQUIRED: [&str; 5] = ["parameterId", "nominalValue", "unit", "source", "status"];
const COLUMNS: [&str; 13] = [
    "parameterId",
    "parameterName",
    "parameterScale",
    "lowerBound",
    "upperBound",
    "nominalValue",
    "estimate",
    "unit",
    "variability",
    "uncertainty",
    "source",
    "status",
    "note",
];

/// Rows and columns that a table may have.
const MOST_ROWS: usize = 50_000;
const MOST_COLUMNS: usize = 1_000;

/// Reads a table; mistakes go to `found`.
pub(crate) fn read_table(text: &str, file: FileId, found: &mut Vec<Diagnostic>) -> Table {
    let mut table = Table::default();
    let mut header: Option<Header> = None;
    let mut seen: HashMap<String, Span> = HashMap::new();
    for (number, line) in lines(text, file).into_iter().enumerate() {
        if number > MOST_ROWS || line.fields.len() > MOST_COLUMNS {
            let message = format!(
                "a parameter table has at most {MOST_ROWS} rows and {MOST_COLUMNS} columns"
            );
            let start = Span { end: line.span.start, ..line.span };
            found.push(
                Diagnostic::error("too-large", message)
                    .at(start, "this is beyond")
                    .mend("split the model into modules with tables of their own"),
            );
            table.unreadable = true;
            return table;
        }
        let Some(header) = &header else {
            match read_header(&line, found) {
                Some(read) => header = Some(read),
                None => {
                    table.unreadable = true;
                    return table;
                }
            }
            continue;
        };
        let before = found.len();
        let row = Reader { header, line: &line, found }.row();
        let id = line.get(header, "parameterId").map_or("", |f| f.text);
        match row {
            Some(row) if found.len() == before => {
                if let Some(first) = seen.insert(row.id.clone(), row.id_span) {
                    found.push(crate::program::twice("parameter", &row.id, row.id_span, first));
                    continue;
                }
                table.rows.push(row);
            }
            _ => table.unread.push(id.to_string()),
        }
    }
    if header.is_none() {
        table.unreadable = true;
        found.push(
            Diagnostic::error("empty-table", "this parameter table has no header")
                .at(crate::program::start_of(file), "")
                .mend(format!("the first line names the columns: {}", COLUMNS.join(", "))),
        );
    }
    table
}

#[derive(Clone, Copy)]
struct Field<'a> {
    text: &'a str,
    span: Span,
}

struct Line<'a> {
    fields: Vec<Field<'a>>,
    span: Span,
}

impl<'a> Line<'a> {
    fn get(&self, header: &Header, column: &str) -> Option<Field<'a>> {
        self.fields.get(*header.columns.get(column)?).copied()
    }
}

struct Header {
    columns: HashMap<String, usize>,
    span: Span,
}

/// The lines that are neither empty nor comments, split at tabs, with places.
fn lines(text: &str, file: FileId) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut next = 0;
    for whole in text.split_inclusive('\n') {
        let mut at = next;
        next += whole.len();
        let mut line = whole.trim_end_matches(['\n', '\r']);
        if at == 0
            && let Some(plain) = line.strip_prefix('\u{feff}')
        {
            at += line.len() - plain.len();
            line = plain;
        }
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let span = Span::new(file, at..at + line.len());
        let mut fields = Vec::new();
        for field in line.split('\t') {
            let from = at + (field.len() - field.trim_start().len());
            let text = field.trim();
            fields.push(Field { text, span: Span::new(file, from..from + text.len()) });
            at += field.len() + 1;
        }
        lines.push(Line { fields, span });
    }
    lines
}

fn read_header(line: &Line<'_>, found: &mut Vec<Diagnostic>) -> Option<Header> {
    if let [only] = line.fields.as_slice()
        && only.text.contains([',', ';'])
    {
        found.push(
            Diagnostic::error("wrong-columns", "commas and semicolons do not separate fields here")
                .at(only.span, "")
                .mend("separate them by tabs"),
        );
        return None;
    }
    let mut columns: HashMap<String, usize> = HashMap::new();
    let mut good = true;
    for (i, field) in line.fields.iter().enumerate() {
        if let Some(first) = columns.insert(field.text.to_string(), i) {
            good = false;
            found.push(crate::program::twice(
                "column",
                field.text,
                field.span,
                line.fields[first].span,
            ));
        }
        if !COLUMNS.contains(&field.text) {
            let mend = match nearest(field.text, COLUMNS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the columns are {}", COLUMNS.join(", ")),
            };
            found.push(
                Diagnostic::warning(
                    "unknown-column",
                    format!("column `{}` is not read", field.text),
                )
                .at(field.span, "")
                .mend(mend),
            );
        }
    }
    for column in REQUIRED {
        if !columns.contains_key(column) {
            good = false;
            found.push(
                Diagnostic::error("missing-column", format!("this table has no column `{column}`"))
                    .at(line.span, "")
                    .mend(format!("the columns are {}, separated by tabs", COLUMNS.join(", "))),
            );
        }
    }
    good.then_some(Header { columns, span: line.span })
}

struct Reader<'a, 'd> {
    header: &'a Header,
    line: &'a Line<'a>,
    found: &'d mut Vec<Diagnostic>,
}

impl<'a> Reader<'a, '_> {
    fn row(&mut self) -> Option<Row> {
        let columns = self.header.columns.len();
        if self.line.fields.len() != columns {
            self.found.push(
                Diagnostic::error(
                    "wrong-columns",
                    format!("this row has {} fields, the header {columns}", self.line.fields.len()),
                )
                .at(self.line.span, "")
                .also(self.header.span, "the header")
                .mend("separate fields with single tabs; leave empty ones empty"),
            );
            return None;
        }
        let id = self.needed("parameterId", "missing-id", "name the parameter as the text does");
        if let Some(id) = id {
            self.check_id(id);
        }
        let unit = self.needed(
            "unit",
            "missing-unit",
            "every number has a unit; write `1` for dimensionless",
        );
        let source = self.needed(
            "source",
            "missing-source",
            "give `doi:…`, `pmid:…` or `assumed` with the reason in the note",
        );
        let status = self.status();
        let value =
            self.needed("nominalValue", "missing-value", "give the number in the row's unit");
        let value = value.and_then(|_| self.number("nominalValue"));
        let (lower, upper) = (self.number("lowerBound"), self.number("upperBound"));
        self.bounds(lower, value, upper);
        let scale = self.scale(lower, value);
        let estimate = self.estimate(lower, upper);
        let note = self.text("note").map(|f| f.text).unwrap_or_default();
        if let (Some(source), true) = (source, note.is_empty())
            && source.text == "assumed"
        {
            self.found.push(
                Diagnostic::error("missing-reason", "an assumed number needs its reason")
                    .at(source.span, "no note")
                    .mend("say why in the column `note`"),
            );
        }
        let words = |f: Option<Field<'_>>| f.map(|f| f.text.to_string());
        Some(Row {
            id: id?.text.to_string(),
            display_name: words(self.text("parameterName")),
            value: value?,
            lower,
            upper,
            scale,
            estimate,
            unit: unit?.text.to_string(),
            variability: words(self.text("variability")),
            uncertainty: words(self.text("uncertainty")),
            source: source?.text.to_string(),
            status: status?,
            note: note.to_string(),
            span: self.line.span,
            id_span: id?.span,
            unit_span: unit?.span,
        })
    }

    /// A field that is not empty.
    fn text(&self, column: &str) -> Option<Field<'a>> {
        self.line.get(self.header, column).filter(|f| !f.text.is_empty())
    }

    /// The place of a field, empty or not.
    fn place(&self, column: &str) -> Span {
        self.line.get(self.header, column).map_or(self.line.span, |f| f.span)
    }

    fn needed(&mut self, column: &str, code: &'static str, mend: &str) -> Option<Field<'a>> {
        let field = self.text(column);
        if field.is_none() {
            let row = self
                .text("parameterId")
                .map_or("this row".to_string(), |f| format!("`{}`", f.text));
            self.found.push(
                Diagnostic::error(code, format!("{row} has no {column}"))
                    .at(self.place(column), format!("column `{column}` is empty"))
                    .mend(mend),
            );
        }
        field
    }

    fn check_id(&mut self, id: Field<'a>) {
        let word = |w: &str| {
            w.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && w.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !id.text.split('.').all(word) {
            self.found.push(
                Diagnostic::error("bad-id", format!("`{}` is not a name", id.text))
                    .at(id.span, "")
                    .mend("use letters, digits and `_`; the name is the one in the text"),
            );
        }
    }

    fn number(&mut self, column: &str) -> Option<f64> {
        let field = self.text(column)?;
        match field.text.parse::<f64>() {
            Ok(value) if value.is_finite() => Some(value),
            Ok(_) if column != "nominalValue" => None,
            _ => {
                self.found.push(
                    Diagnostic::error("bad-number", format!("`{}` is not a number", field.text))
                        .at(field.span, format!("column `{column}`"))
                        .mend("write it like 0.3 or 3e-1; its unit goes into the column `unit`"),
                );
                None
            }
        }
    }

    fn status(&mut self) -> Option<Status> {
        const MEND: &str = "write measured, fitted or assumed";
        let field = self.needed("status", "missing-status", MEND)?;
        match field.text {
            "measured" => Some(Status::Measured),
            "fitted" => Some(Status::Fitted),
            "assumed" => Some(Status::Assumed),
            other => {
                self.found.push(
                    Diagnostic::error("bad-status", format!("`{other}` is no status"))
                        .at(field.span, "")
                        .mend(MEND),
                );
                None
            }
        }
    }

    fn bounds(&mut self, lower: Option<f64>, value: Option<f64>, upper: Option<f64>) {
        let pairs = [
            (lower, "lowerBound", value, "nominalValue"),
            (value, "nominalValue", upper, "upperBound"),
            (lower, "lowerBound", upper, "upperBound"),
        ];
        let bad = pairs.into_iter().find_map(|(a, first, b, second)| {
            let (a, b) = (a?, b?);
            (a > b).then_some((a, first, b, second))
        });
        if let Some((a, first, b, second)) = bad {
            self.found.push(
                Diagnostic::error("bad-bounds", format!("{first} {a} is above {second} {b}"))
                    .at(self.place(first), "")
                    .also(self.place(second), "")
                    .mend("lowerBound <= nominalValue <= upperBound, all in the row's unit"),
            );
        }
    }

    fn scale(&mut self, lower: Option<f64>, value: Option<f64>) -> Scale {
        let Some(field) = self.text("parameterScale") else { return Scale::Linear };
        match field.text {
            "lin" => {}
            "log10" => {
                let bad = [(value, "nominalValue"), (lower, "lowerBound")]
                    .into_iter()
                    .find(|(v, _)| v.is_some_and(|v| v <= 0.0));
                if let Some((_, column)) = bad {
                    self.found.push(
                        Diagnostic::error(
                            "bad-scale",
                            format!("{column} must be positive on a logarithmic scale"),
                        )
                        .at(self.place(column), "")
                        .also(field.span, "log10 here")
                        .mend(
                            "use `lin`; numbers stand in the table as they are, not as logarithms",
                        ),
                    );
                }
            }
            other => self.found.push(
                Diagnostic::error("bad-scale", format!("`{other}` is no scale"))
                    .at(field.span, "")
                    .mend("write lin or log10"),
            ),
        }
        if field.text == "log10" { Scale::Log10 } else { Scale::Linear }
    }

    fn estimate(&mut self, lower: Option<f64>, upper: Option<f64>) -> bool {
        let Some(field) = self.text("estimate") else { return false };
        match field.text {
            "0" => {}
            "1" if lower.is_some() && upper.is_some() => {}
            "1" => self.found.push(
                Diagnostic::error(
                    "missing-bounds",
                    "a parameter to be estimated needs both bounds",
                )
                .at(field.span, "")
                .mend("fill lowerBound and upperBound, or set estimate to 0"),
            ),
            other => self.found.push(
                Diagnostic::error("bad-estimate", format!("`{other}` is neither 0 nor 1"))
                    .at(field.span, "")
                    .mend("1 when a fit may move it, else 0"),
            ),
        }
        field.text == "1"
    }
}
