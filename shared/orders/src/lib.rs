//! Orders of a shop on their way to an ERP and back: what they say, what they cost, and which of them go.
//!
//! Nothing here reads a file, a clock or a network; steps do. Amounts and quantities are exact decimals from the text of the
//! JSON to the document, never floats.
//!
//! - [`exact`]: JSON whose numbers keep the digits that they were written with
//! - [`read`]: what a drop, a poll or a caller hands in, cut into [`order::Order`]s, each with its own errors
//! - [`digest`]: whether two versions of an order say the same
//! - [`money`]: the one place where lines, discounts, shipping, fees and taxes are computed, before any format
//! - [`document`] and [`format`](mod@format): what a document says; formats as tables of it, and templates of merchants
//! - [`export`]: which of them go, and why not
//! - [`line_number`]: the numbers by which an ERP answers about lines

pub mod currency;
pub mod digest;
pub mod document;
pub mod exact;
pub mod export;
pub mod field;
pub mod format;
pub mod line_number;
pub mod money;
pub mod order;
pub mod read;
