//! What an import writes to: the catalogue, its products and its categories.
//!
//! [`product::Product`] is a product as it is kept, and knows how a row of a file changes it.
//! [`category`] puts the categories that products name into the order in which they can be created.
//!
//! **Invariant:** what is here is pure; it does not know where products are kept.

pub mod category;
pub mod product;
