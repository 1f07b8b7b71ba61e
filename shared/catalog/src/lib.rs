//! What an import writes to: the catalogue, its products and its categories.
//!
//! [`product::Product`] is a product as it is kept, and knows how a row of a file changes it.
//! [`category`] puts the categories that products name into the order in which they can be created.
//! [`table`] is where both are kept.
//!
//! **Invariant:** `product` and `category` are pure; only `table` knows where products are kept.

pub mod category;
pub mod product;
pub mod table;
