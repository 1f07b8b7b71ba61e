//! The rows that an import could not use as a whole, as a CSV file of their own: before each stands what is wrong with it,
//! and once it is corrected the file can be dropped as it is.
//!
//! **Formulas.** A spreadsheet program runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break. Such a cell is
//! written behind one apostrophe, unless it is a negative number (`-5.00`), and so is one that begins with apostrophes
//! before such a character. Reading a file that has one of the added columns takes one apostrophe away from exactly these
//! cells. So every cell is read as it stood in the original file, phone numbers such as `+49 170 …` among them.
//!
//! **Invariant:** [`original`] of what was written is what stood in the original file, but for [`SECRETS`].

use std::borrow::Cow;

use crate::csv::{CsvFormat, CsvRow, Header};
use crate::entity::{Cells, Column, column};
use crate::number;

/// The columns that stand before those of the original file. Every entity knows them and reads nothing from them.
pub const COLUMNS: [Column<()>; 3] = [
    column("error_line", (), "118", "in a file of errors: the line of the original file; not read"),
    column("error_column", (), "price", "in a file of errors: the columns that are wrong; not read"),
    column("error_message", (), "`19,99` is not a number", "in a file of errors: what is wrong; not read"),
];

/// Columns whose cells are left empty: who may read errors need not know how to log in as a customer.
pub const SECRETS: [&str; 3] = ["password", "password_hash", "rp_token"];

/// What is wrong with a row, for its added columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowErrors {
    /// Line of the original file.
    pub line: u64,
    /// Names of the columns, each once; empty if the whole row is meant.
    pub columns: Vec<String>,
    /// What is wrong, a sentence each.
    pub messages: Vec<String>,
}

/// Writes the rows of one file, in the format of that file.
#[derive(Debug, Clone)]
pub struct ErrorsWriter {
    format: CsvFormat,
    names: Vec<String>,
}

/// Says what the cells of the added columns hold, for the documentation.
#[must_use]
pub fn cells() -> Cells {
    Cells::saying_nothing("anything")
}

/// Says whether a column is one of those that are added here.
#[must_use]
pub fn is_added(name: &str) -> bool {
    COLUMNS.iter().any(|added| added.name.eq_ignore_ascii_case(name.trim()))
}

/// Says whether a file with this header is one that was written here.
#[must_use]
pub fn is_errors_file(header: &Header) -> bool {
    header.names().iter().any(|name| is_added(name))
}

/// Returns a row of such a file with the cells of the original one.
#[must_use]
pub fn original_row(row: &CsvRow) -> CsvRow {
    row.with_cells(original)
}

/// Returns a cell of such a file as it stood in the original one.
#[must_use]
pub fn original(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if needs_apostrophe(rest) => rest,
        _ => cell,
    }
}

impl ErrorsWriter {
    /// Writes for a file with a header.
    #[must_use]
    pub fn new(format: CsvFormat, header: &Header) -> Self {
        Self { format, names: header.names().to_vec() }
    }

    /// The beginning of the file: a mark by which every spreadsheet program knows UTF-8, and the header.
    #[must_use]
    pub fn header(&self) -> String {
        let added = COLUMNS.iter().map(|column| Cow::Borrowed(column.name));
        let names = self.names.iter().filter(|name| !is_added(name)).map(|name| Cow::Borrowed(name.as_str()));
        format!("\u{feff}{}", self.line(added.chain(names)))
    }

    /// A row behind what is wrong with it. One with too few cells or too many keeps the cells that it has.
    #[must_use]
    pub fn row(&self, row: &CsvRow, errors: &RowErrors) -> String {
        let cells = row.iter().enumerate().filter_map(|(index, cell)| self.kept(index, cell));
        self.line(added(errors).into_iter().map(Cow::Owned).chain(cells.map(Cow::Borrowed)))
    }

    /// A row whose cells cannot be told apart: all of it is one cell.
    #[must_use]
    pub fn text(&self, text: &str, errors: &RowErrors) -> String {
        self.line(added(errors).into_iter().map(Cow::Owned).chain([Cow::Borrowed(text)]))
    }

    /// What becomes of a cell: it stays, or is left empty, or goes with its column.
    fn kept<'a>(&self, index: usize, cell: &'a str) -> Option<&'a str> {
        let Some(name) = self.names.get(index) else { return Some(cell) };
        if is_added(name) {
            return None;
        }
        let is_secret = SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()));
        Some(if is_secret { "" } else { cell })
    }

    fn line<'a>(&self, cells: impl Iterator<Item = Cow<'a, str>>) -> String {
        let mut line = String::new();
        for cell in cells {
            if !line.is_empty() {
                line.push(char::from(self.format.delimiter));
            }
            self.write(&mut line, &disarmed(&cell));
        }
        line + "\n"
    }

    /// Writes a cell; the escape of a file means something within quotes only. No writer of a crate doubles both.
    fn write(&self, line: &mut String, cell: &str) {
        let CsvFormat { delimiter, quote, escape } = self.format;
        let [delimiter, quote] = [delimiter, quote].map(char::from);
        if !cell.contains([delimiter, quote, '\n', '\r']) {
            return line.push_str(cell);
        }
        line.push(quote);
        for character in cell.chars() {
            if character == quote || escape.is_some_and(|escape| character == char::from(escape)) {
                line.push(character);
            }
            line.push(character);
        }
        line.push(quote);
    }
}

/// The cells of the added columns.
fn added(errors: &RowErrors) -> [String; 3] {
    let RowErrors { line, columns, messages } = errors;
    [line.to_string(), columns.join(", "), messages.join("; ")]
}

/// A cell that no spreadsheet program takes for a formula.
fn disarmed(cell: &str) -> Cow<'_, str> {
    if needs_apostrophe(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Says whether a cell would be a formula, or one behind apostrophes: of these, one would be lost when the file is read.
///
/// A plus before a number is not shown by spreadsheet programs, so `+49170` would be another phone number once the file is
/// saved. A minus is.
fn needs_apostrophe(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    let is_negative = bare.len() == cell.len() && bare.starts_with('-') && number::canonical(bare).is_some();
    bare.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) && !is_negative
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::csv::{ReadRow, RowReader};

    fn read(text: &str, format: CsvFormat) -> (Header, Vec<CsvRow>) {
        let mut reader = RowReader::new(format);
        reader.feed(text.as_bytes());
        reader.finish();
        let mut rows = Vec::new();
        loop {
            match reader.next_row().unwrap() {
                ReadRow::Row(row) => rows.push(row),
                ReadRow::Bad(bad) => panic!("{bad}: {text}"),
                ReadRow::NeedsInput | ReadRow::End => break,
            }
        }
        (reader.header().unwrap().clone(), rows)
    }

    fn errors() -> RowErrors {
        RowErrors { line: 7, columns: vec!["price".to_owned()], messages: vec!["`1,99` is not a number".to_owned()] }
    }

    /// A file of errors of all rows of a file.
    fn written(text: &str, format: CsvFormat) -> String {
        let (header, rows) = read(text, format);
        let writer = ErrorsWriter::new(format, &header);
        let rows: String = rows.iter().map(|row| writer.row(row, &errors())).collect();
        writer.header() + &rows
    }

    #[test]
    fn a_row_keeps_its_cells_behind_what_is_wrong() {
        assert_snapshot!(written("sku,price\n\"A, \"\"B\"\"\",\"1,99\"\n", CsvFormat::RFC_4180).trim_start_matches('\u{feff}'), @r#"
        error_line,error_column,error_message,sku,price
        7,price,"`1,99` is not a number","A, ""B""","1,99"
        "#);
    }

    #[test]
    fn a_file_of_errors_that_fails_again_has_the_added_columns_once() {
        let once = written("sku,price\nA,x\n", CsvFormat::RFC_4180);
        assert_eq!(written(&once, CsvFormat::RFC_4180), once);
    }

    #[test]
    fn formulas_are_disarmed_and_negative_numbers_are_none() {
        let shown = |cell: &str| disarmed(cell).into_owned();
        let cells = ["=1+1", "+49 170 1234567", "+5", "-5.00", "-5,00", "-", "@SUM(A1)", "'=1", "'quoted'", "\t=1", ""];
        let expected =
            ["'=1+1", "'+49 170 1234567", "'+5", "-5.00", "'-5,00", "'-", "'@SUM(A1)", "''=1", "'quoted'", "'\t=1", ""];
        assert_eq!(cells.map(shown), expected);
    }

    #[test]
    fn no_password_leaves_with_the_errors_of_customers() {
        let file = written("email,password_hash, PASSWORD\na@example.com,secret-hash,secret\n", CsvFormat::RFC_4180);
        assert!(!file.contains("secret"), "{file}");
        assert!(file.ends_with("a@example.com,,\n"), "{file}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_as_it_stood(
            cells in prop::collection::vec("[-=+@'\",;a1\\\\.\t \n]{0,6}", 1..5),
            format in prop::sample::select(vec![
                CsvFormat::RFC_4180,
                CsvFormat { delimiter: b';', ..CsvFormat::RFC_4180 },
                CsvFormat { delimiter: b'\t', quote: b'\'', escape: None },
                CsvFormat { escape: Some(b'\\'), ..CsvFormat::RFC_4180 },
            ]),
        ) {
            let names: Vec<String> = (0..cells.len()).map(|number| format!("c{number}")).collect();
            let writer = ErrorsWriter { format, names: names.clone() };
            // The cells as a file of any format would have them.
            let plain = ErrorsWriter { format: CsvFormat::RFC_4180, names };
            let mut original_file = writer.names.join(",") + "\n";
            for (index, cell) in cells.iter().enumerate() {
                original_file += if index > 0 { "," } else { "" };
                original_file += &format!("\"{}\"", cell.replace('"', "\"\""));
            }
            let (_, rows) = read(&original_file, plain.format);
            // Of blank cells alone there is no row that could fail.
            prop_assume!(rows.len() == 1);
            let text = writer.header() + &writer.row(&rows[0], &errors());
            let (header, rows) = read(&text, format);
            prop_assert!(is_errors_file(&header));
            let row = original_row(&rows[0]);
            prop_assert_eq!(row.iter().skip(3).collect::<Vec<_>>(), cells);
        }
    }
}
