//! Reads CSV by being pushed: bytes in, rows out, and every row knows where it stands in the file.
//!
//! [`RowReader`] keeps one unfinished row and the bytes of the last [`RowReader::feed`], so memory does not grow with
//! the file. It can start at any row of a file whose [`Header`] is known, which lets an import stop at one row and
//! carry on at the next with a range request.
//!
//! **Invariant:** how the bytes are cut into chunks, and whether a file is read in one go or resumed, never changes a
//! row. The parsing itself is `csv-core`'s; this module adds positions, limits and errors.

mod error;
mod header;
mod reader;
mod row;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use error::{BadRow, BadRowKind, Error, ErrorKind};
pub use header::Header;
pub use reader::{ReadRow, RowReader};
pub use row::Row;

/// Largest cell in bytes. Descriptions stay far below it; what is larger is a quote that was never closed.
pub const MAX_CELL_BYTES: usize = 1024 * 1024;

/// Most cells in a row. The widest known product files have about a hundred columns.
pub const MAX_COLUMNS: usize = 2_000;

/// Characters that give the bytes of a file their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// What separates two cells.
    pub delimiter: u8,
    /// What encloses a cell that holds delimiters or line breaks; doubled inside such a cell it stands for itself.
    pub quote: u8,
    /// What makes a quote stand for itself as well, as a backslash does in files of older systems.
    pub escape: Option<u8>,
}

/// A place between two rows, from which reading can carry on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Bytes of the file before it.
    pub byte_offset: u64,
    /// Physical line, counted from 1; line breaks inside of quoted cells count.
    pub line: u64,
}

impl Format {
    /// RFC 4180: comma, double quote, no escape.
    pub const RFC_4180: Self = Self { delimiter: b',', quote: b'"', escape: None };
}

impl Position {
    /// The first byte of a file.
    pub const START: Self = Self { byte_offset: 0, line: 1 };
}
