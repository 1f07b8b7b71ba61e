//! Reads CSV by being pushed: bytes in, rows out, and every row knows where it stands in the file.
//!
//! [`RowReader`] keeps one unfinished row and the bytes of the last [`RowReader::feed`], so memory does not grow with
//! the file. It can start at any row of a file whose [`Header`] is known, which lets an import stop at one row and
//! carry on at the next with a range request.
//!
//! **Invariant:** how the bytes are cut into chunks, and whether a file is read in one go or resumed, never changes a
//! row. The parsing itself is `csv-core`'s; this module adds positions, limits and errors.

mod error;
mod format;
mod header;
mod limits;
mod position;
mod quoting;
mod reader;
mod row;
#[cfg(test)]
mod tests;

pub use error::{BadRow, BadRowKind, Error, ErrorKind};
pub use format::CsvFormat;
pub use header::Header;
pub use limits::{MAX_CELL_BYTES, MAX_COLUMNS};
pub use position::CsvPosition;
pub use reader::{ReadRow, RowReader};
pub use row::CsvRow;
