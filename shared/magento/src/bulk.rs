//! Many calls handed over at once: the shop keeps them in a queue, and a consumer of it works through them later.
//!
//! `route.rs` knows the calls and what must never be sent, `send.rs` hands lists over, finds the item for which a shop
//! refuses all of a list, and `find.rs` what became of a list whose answer was lost; `status.rs` reads how far the shop is.
//!
//! A list is no transaction, and nothing tells a second time from the first: the same list twice is worked through twice.
//! Items are told apart by their place in the list, never by the order of an answer.

mod find;
mod route;
mod send;
mod status;

pub use find::{OpenRequest, find, open_requests};
pub use route::{BulkRoute, Poison};
pub use send::{AcceptedBulk, BulkBatch, RefusedItem, Submission, submit};
pub use status::{BulkOperation, BulkStatus, FailureKind, OperationState, look_after, open_operations, read_status};
