//! The three storage seams of Systole and everything typed above them.
//!
//! `table`, `queue` and `files` are the contracts that `store-aws` and `store-embedded` implement; nothing else touches
//! a back end. Every access pattern is a typed function above a seam, written once.
//!
//! **Invariant:** no status changes without a condition.

mod error;
pub mod files;
pub mod queue;
pub mod table;

pub use error::{Error, Result};
