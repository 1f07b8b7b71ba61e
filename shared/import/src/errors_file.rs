//! The rows that an import could not use, as a CSV file of their own: what is wrong stands behind each, and once it is
//! corrected the file can be dropped as it is.
//!
//! A cell that a spreadsheet program would take for a formula is written behind an apostrophe, which such programs show as
//! text; reading the file again takes it away.

use std::borrow::Cow;

/// The columns that are added to those of the original file.
pub const COLUMNS: [&str; 3] = ["error_line", "error_column", "error_message"];

/// What is wrong with a row, for its added columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Line of the original file.
    pub line: u64,
    /// Name of the column, or nothing if the whole row is meant.
    pub column: String,
    /// What is wrong; several problems are joined.
    pub message: String,
}

/// Writes the header of a file of rows that could not be used.
#[must_use]
pub fn header<'a>(names: impl Iterator<Item = &'a str>) -> String {
    line(names.map(Cow::Borrowed).chain(COLUMNS.map(Cow::Borrowed)))
}

/// Writes a row that could not be used. A row that is shorter than the header gets empty cells; one that is longer keeps
/// all of its cells, and the added ones come behind them.
#[must_use]
pub fn row<'a>(cells: impl Iterator<Item = &'a str>, width: usize, error: &RowError) -> String {
    let mut cells: Vec<Cow<'a, str>> = cells.map(disarmed).collect();
    cells.resize(cells.len().max(width), Cow::Borrowed(""));
    let RowError { line: number, column, message } = error;
    let added = [number.to_string(), column.clone(), message.clone()];
    line(cells.into_iter().chain(added.map(|text| Cow::Owned(disarmed(&text).into_owned()))))
}

/// Returns a cell of such a file as it stood in the original one.
#[must_use]
pub fn original(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if needs_apostrophe(rest) => rest,
        _ => cell,
    }
}

/// Writes a cell so that no spreadsheet program takes it for a formula.
fn disarmed(cell: &str) -> Cow<'_, str> {
    if needs_apostrophe(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Says whether a cell is a formula, or one behind apostrophes: these would be lost when the file is read again. Negative
/// numbers are no formulas.
fn needs_apostrophe(cell: &str) -> bool {
    let cell = cell.trim_start_matches('\'');
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && crate::number::canonical(cell).is_none()
}

fn line<'a>(cells: impl Iterator<Item = Cow<'a, str>>) -> String {
    let quoted = |cell: Cow<'a, str>| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.into_owned(),
    };
    let cells: Vec<String> = cells.map(quoted).collect();
    format!("{}\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::csv::{CsvFormat, ReadRow, RowReader};

    fn error(message: &str) -> RowError {
        RowError { line: 7, column: "price".to_owned(), message: message.to_owned() }
    }

    #[test]
    fn a_row_keeps_its_cells_and_gets_what_is_wrong() {
        assert_snapshot!(header(["sku", "price"].into_iter()), @"sku,price,error_line,error_column,error_message");
        assert_snapshot!(row(["A, \"B\"", "1,99"].into_iter(), 2, &error("`1,99` is not a number")), @r#""A, ""B""","1,99",7,price,"`1,99` is not a number""#);
        assert_snapshot!(row(["A"].into_iter(), 2, &error("too short")), @"A,,7,price,too short");
    }

    #[test]
    fn a_formula_is_disarmed_and_a_negative_number_is_none() {
        assert_snapshot!(row(["=cmd|' /C calc'!A0", "-5"].into_iter(), 2, &error("@x")), @"'=cmd|' /C calc'!A0,-5,7,price,'@x");
        assert_eq!(original("'=1+1"), "=1+1");
        assert_eq!(original("'quoted'"), "'quoted'");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_as_it_was(cells in prop::collection::vec("[-=+@'\",a1 \n]{0,6}", 1..5)) {
            let names: Vec<String> = (0..cells.len()).map(|number| format!("c{number}")).collect();
            let text = format!(
                "{}{}",
                header(names.iter().map(String::as_str)),
                row(cells.iter().map(String::as_str), cells.len(), &error("x"))
            );
            let mut reader = RowReader::new(CsvFormat::RFC_4180);
            reader.feed(text.as_bytes());
            reader.finish();
            let ReadRow::Row(row) = reader.next_row().unwrap() else { panic!("{text}") };
            let read: Vec<&str> = row.iter().take(cells.len()).map(original).collect();
            prop_assert_eq!(read, cells);
        }
    }
}
