//! Product rows: from cells to a typed [`ProductChange`].
//!
//! A row of a product file is a change, not a product: an empty cell says nothing, so a file of skus and prices
//! changes prices only. [`Columns`] finds out once per file which column means what, and then reads row after row.
//! Numbers, dates and flags become text in one canonical form, so that importing a file again changes nothing.
//!
//! A row without a store view code speaks for the product as a whole, one with a code only for the texts, prices and
//! images that its store view shows.

mod category_path;
mod change;
mod columns;
mod kind;
mod parts;
mod read;
mod relations;
#[cfg(test)]
mod tests;

pub use category_path::{CategoryPath, CategoryPathError};
pub use change::{ImageChange, ProductChange, ProductType, QuantityChange, Stated, Value};
pub use columns::Columns;
pub use parts::{AdditionalImage, AssociatedProduct, CategoryLink, Link, LinkType, SourceItem, TierPrice, Variation};
pub use read::ProductRow;
