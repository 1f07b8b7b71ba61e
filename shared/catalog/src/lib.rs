//! What an import writes to.
//!
//! A [`target::Target`] takes blocks of changes and says of each row what became of it.
//! [`own`] is the target that always is there: the own catalogue, which keeps things as items of the one table.
//!
//! **Invariant:** an import knows no target but through the trait, and a target knows no file but by its name.

pub mod own;
pub mod target;
