//! Writes a document as CSV: one record for each line, with the columns of the order repeated (RFC 4180).

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::names::Names;
use super::written::{FormatNote, Written};
use crate::document::{Group, Node};

/// The columns that there can be, see the file.
const COLUMNS: &str = include_str!("../../mapping/csv-columns.tsv");

/// What the settings of a website say about CSV files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvSettings {
    /// Which columns, in their order.
    pub columns: Vec<Box<str>>,
    /// What stands between two fields.
    pub delimiter: u8,
    /// What stands between whole numbers and decimals.
    pub decimal: DecimalMark,
    /// Which characters: a name of the WHATWG encoding standard, such as `windows-1252`.
    pub charset: Box<str>,
    /// Whether text that a spreadsheet would compute gets a `'` before it. Machines read that as a part of the text.
    pub formulas: Formulas,
    /// What becomes of line feeds within a field.
    pub line_feeds: LineFeeds,
}

/// What stands between whole numbers and decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `6.00`
    Point,
    /// `6,00`
    Comma,
}

/// What becomes of text that a spreadsheet would compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formulas {
    /// It stays.
    Kept,
    /// It gets a `'` before it. Numbers never do.
    Guarded,
}

/// What becomes of line feeds within a field. Many programs cannot read a record of several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFeeds {
    /// They stay, within quotes.
    Kept,
    /// Each becomes a blank.
    Blanks,
}

/// What a CSV file cannot be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// There is no column of that name.
    #[error("there is no column `{name}` (there are {known})")]
    Column {
        /// The name.
        name: Box<str>,
        /// Those that there are.
        known: String,
    },
    /// There is no character set of that name.
    #[error("there is no character set `{0}` (example: `windows-1252`)")]
    Charset(Box<str>),
}

/// A column, and how its text is written.
struct Column {
    name: &'static str,
    text: &'static str,
    is_number: bool,
}

impl Default for CsvSettings {
    fn default() -> Self {
        Self {
            columns: column_names().into_iter().map(Into::into).collect(),
            delimiter: b';',
            decimal: DecimalMark::Point,
            charset: "utf-8".into(),
            formulas: Formulas::Kept,
            line_feeds: LineFeeds::Blanks,
        }
    }
}

impl CsvSettings {
    /// Writes a document.
    ///
    /// # Errors
    /// The settings name a column or a character set that there is not.
    pub fn write(&self, document: &Group) -> Result<Written, CsvError> {
        let columns = self.columns.iter().map(|name| {
            let known = known_columns().find(|column| *column.name == **name);
            known.ok_or_else(|| CsvError::Column { name: name.clone(), known: column_names().join(", ") })
        });
        let columns = columns.collect::<Result<Vec<Column>, CsvError>>()?;
        let charset = Encoding::for_label(self.charset.as_bytes());
        let charset = charset.ok_or_else(|| CsvError::Charset(self.charset.clone()))?;
        let text = self.records(&columns, document);
        let (bytes, used, has_unmappable) = charset.encode(&text);
        let mut notes = Vec::new();
        if has_unmappable {
            let problem = format!("has characters that {} lacks; a number of HTML stands for each", used.name());
            notes.push(FormatNote { element: "the file".to_owned(), problem });
        }
        Ok(Written { bytes: bytes.into_owned(), notes })
    }

    fn records(&self, columns: &[Column], document: &Group) -> String {
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(self.delimiter).terminator(csv::Terminator::CRLF);
        let mut writer = builder.from_writer(Vec::new());
        let mut names = Names::of(document);
        let into_memory = "memory takes all that is written";
        writer.write_record(columns.iter().map(|column| column.name)).expect(into_memory);
        let lines = match document.get("lines") {
            Some(Node::List(lines)) => lines.as_slice(),
            Some(Node::Text(_) | Node::Group(_)) | None => &[],
        };
        for line in lines {
            names.begin("line", line);
            let fields = columns.iter().map(|column| self.field(column, &names));
            writer.write_record(fields.map(|field| field.into_owned())).expect(into_memory);
            names.end();
        }
        let bytes = writer.into_inner().expect(into_memory);
        String::from_utf8(bytes).expect("all fields are texts")
    }

    fn field<'d>(&self, column: &Column, names: &Names<'d>) -> Cow<'d, str> {
        let found = names.text(column.text);
        if column.is_number {
            let number = found.unwrap_or("0");
            return match self.decimal {
                DecimalMark::Point => Cow::Borrowed(number),
                DecimalMark::Comma => Cow::Owned(number.replace('.', ",")),
            };
        }
        let text: String = found.unwrap_or_default().chars().filter(|c| !c.is_control() || *c == '\n').collect();
        let text = match self.line_feeds {
            LineFeeds::Kept => text,
            LineFeeds::Blanks => text.replace('\n', " "),
        };
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        match self.formulas {
            Formulas::Guarded if is_formula => Cow::Owned(format!("'{text}")),
            Formulas::Guarded | Formulas::Kept => Cow::Owned(text),
        }
    }
}

/// Returns the names of all columns that there are.
#[must_use]
pub fn column_names() -> Vec<&'static str> {
    known_columns().map(|column| column.name).collect()
}

/// The columns of the table that ships.
fn known_columns() -> impl Iterator<Item = Column> {
    let rows = COLUMNS.lines().filter(|line| !line.starts_with("# "));
    rows.filter_map(|row| {
        let mut cells = row.split('\t');
        Some(Column { name: cells.next()?, text: cells.next()?, is_number: cells.next() == Some("number") })
    })
}
