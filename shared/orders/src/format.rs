//! Formats of documents that follow a table: each row says which element has which text of the [`document`](crate::document).
//!
//! ```text
//! element                                              text              attributes            limit
//! Order/cbc:ID                                         number
//! Order/cac:OrderLine*line:lines/cac:LineItem/cbc:ID   line.number
//! ```
//!
//! | part of an element | says |
//! |---|---|
//! | `name#word` | another element of this name; the word tells them apart and is not written |
//! | `name*line:lines` | once for each of `lines`, which is called `line` below it |
//! | `name?shipping` | only if the document has `shipping` |
//!
//! A text is a name of the document (`line.sku`), several to be tried in turn (`buyer.person | buyer.name`), or a literal
//! (`"vat"`). An element without a text is left out, and so is one without anything below it.
//! A limit is `stop 32` (a longer text ends the export, as an identifier must not be cut) `cut 150` (it is cut,
//! and told), or `part 1/3 50` (it goes on in the next of three elements, and what they cannot hold is cut).

mod csv;
mod edifact;
mod fitting;
mod names;
mod shipped;
mod table;
pub mod template;
mod written;
mod xml;

pub use csv::{CsvError, CsvSettings, DecimalMark, Formulas, LineFeeds, column_names};
pub use edifact::{RowError, Segments};
pub use shipped::{Format, FormatError, FormatSource, format, formats};
pub use table::{Table, TableError};
pub use written::{FormatNote, WriteError, Written};

/// The tables that ship.
pub const SHIPPED: &[(&str, &str)] = &[
    ("opentrans", include_str!("../mapping/opentrans-2.1-order.tsv")),
    ("ubl", include_str!("../mapping/ubl-2.1-order.tsv")),
    ("idoc", include_str!("../mapping/idoc-orders05.tsv")),
];

/// The rows of EDIFACT ORDERS that ship.
pub const EDIFACT_ORDERS: &str = include_str!("../mapping/edifact-orders-d96a.txt");
