use super::limits::{MAX_CELL_BYTES, MAX_COLUMNS};
use super::position::CsvPosition;
use super::row::CsvRow;

/// A file that cannot be read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct Error {
    /// Physical line, counted from 1.
    pub line: u64,
    /// What is wrong there.
    pub kind: ErrorKind,
}

/// What makes a file unreadable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The file has no row at all.
    #[error("the file is empty, but a header row was expected")]
    NoHeader,
    /// The header row cannot be used.
    #[error("the header cannot be read: {0}")]
    BadHeader(BadRowKind),
    /// A column has no name.
    #[error(
        "column {number} of the header has no name; the first line must name all columns, without a title above them"
    )]
    UnnamedColumn {
        /// Counted from 1.
        number: usize,
    },
    /// Two columns have the same name.
    #[error("column {number} of the header repeats `{name}`, which is column {first}")]
    RepeatedColumn {
        /// The name of both.
        name: String,
        /// The later one, counted from 1.
        number: usize,
        /// The earlier one, counted from 1.
        first: usize,
    },
    /// A column is missing that every row needs.
    #[error("the header has no column `{name}`{hint}")]
    MissingColumn {
        /// The name looked for.
        name: &'static str,
        /// A guess at the cause, starting with a separator, or nothing.
        hint: String,
    },
    /// Two columns are read as the same one, because a configuration maps one of them.
    #[error("columns `{one}` and `{other}` are both read as `{name}` (see `header-mappings` in {place})")]
    MappedTwice {
        /// The column as which both are read.
        name: String,
        /// The earlier one.
        one: String,
        /// The later one.
        other: String,
        /// Where the configuration maps one of them.
        place: String,
    },
    /// A quoted cell that starts on the line goes on to the end of the file.
    #[error("a quoted cell starts here and never ends")]
    UnterminatedQuote,
    /// A cell that starts on the line is larger than [`MAX_CELL_BYTES`].
    #[error("a cell starts here that is larger than {MAX_CELL_BYTES} bytes; is its closing quote missing?")]
    CellTooLarge,
    /// A row has more than [`MAX_COLUMNS`] cells.
    #[error("the row has more than {MAX_COLUMNS} cells")]
    TooManyColumns,
}

/// A row that cannot be used; the rows after it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {kind}", position.line)]
pub struct BadRow {
    /// Where the row starts.
    pub position: CsvPosition,
    /// Where the next row can be read from.
    pub next: CsvPosition,
    /// Its cells, if they can be told apart and only their number is wrong.
    pub row: Option<Box<CsvRow>>,
    /// What is wrong with it.
    pub kind: BadRowKind,
}

/// What makes a row unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRowKind {
    /// The row is shorter than the header.
    #[error("expected {expected} columns, found {found}")]
    TooFewCells {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// The row is longer than the header, mostly because of an inch mark in a quoted cell.
    #[error("expected {expected} columns, found {found}; is a quote inside of a quoted cell not doubled?")]
    TooManyCells {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// Shorter or longer, and the row holds curly quotes, which enclose nothing in CSV.
    #[error(
        "expected {expected} columns, found {found}; the row holds curly quotes (`“`, `”`) where CSV needs straight ones (`\"`)"
    )]
    CurlyQuotes {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A cell holds bytes that are not UTF-8.
    #[error(
        "character {character} of the cell in column {column} is not UTF-8; the file seems to be saved in an older \
         character set such as Windows-1252: save it as `CSV UTF-8`, or set `from-charset` to it in the configuration, \
         such as `windows-1252`"
    )]
    NotUtf8 {
        /// Name of the column, or its number if it has none.
        column: String,
        /// First wrong character of the cell, counted from 1.
        character: usize,
    },
    /// Behind the closing quote of a cell comes something else than the end of the cell.
    #[error("the quoted cell in column {column} goes on behind its closing quote{}", quote_hint(*first, *line, *has_curly_quotes))]
    StrayQuote {
        /// Name of the column, or its number if it has none.
        column: String,
        /// First line of the row.
        first: u64,
        /// Line of the closing quote.
        line: u64,
        /// Whether the row holds curly quotes, which enclose nothing in CSV.
        has_curly_quotes: bool,
    },
}

/// Says what may be the cause of a cell that goes on behind its closing quote.
fn quote_hint(first: u64, line: u64, has_curly_quotes: bool) -> String {
    match has_curly_quotes {
        true => "; the row holds curly quotes (`“`, `”`) where CSV needs straight ones (`\"`)".to_owned(),
        false if first == line => "; is a quote inside of the cell not doubled (`\"\"`)?".to_owned(),
        false => format!(
            " on line {line}; is the closing quote of a cell before that line missing, so that the rows from line {first} on \
             became one?"
        ),
    }
}
