//! One row as the bytes of a file.

use crate::csv::CsvFormat;

/// Writes a row with its line break; cells that would be read otherwise are quoted.
#[must_use]
pub fn row_text<'c>(cells: impl Iterator<Item = &'c str>, format: CsvFormat) -> String {
    let CsvFormat { delimiter, quote, escape } = format;
    let (delimiter, quote) = (char::from(delimiter), char::from(quote));
    let mut text = String::new();
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(delimiter);
        }
        // A cell may begin with the mark that begins a file.
        if !cell.contains([delimiter, quote, '\n', '\r', '\u{feff}']) {
            text.push_str(cell);
            continue;
        }
        text.push(quote);
        for character in cell.chars() {
            if character == quote || escape.map(char::from) == Some(character) {
                text.push(character);
            }
            text.push(character);
        }
        text.push(quote);
    }
    text.push('\n');
    text
}
