//! The harness of the tests: each provider gives the three seams on storage that nobody else uses.

use std::any::Any;
use std::sync::Arc;

use store::files::Files;
use store::queue::Queue;
use store::table::Table;
use store_embedded::{Embedded, Options};

/// The three seams on fresh, empty storage, which goes when this is dropped.
pub struct Seams {
    /// The table.
    pub table: Arc<dyn Table>,
    /// The queue.
    pub queue: Arc<dyn Queue>,
    /// The files.
    pub files: Arc<dyn Files>,
    /// What must live as long as the storage. Declared last, so it is dropped last.
    pub keep: Box<dyn Any + Send + Sync>,
}

/// The seams on a temporary folder.
///
/// # Panics
/// If the folder cannot be made.
#[must_use]
#[expect(clippy::unused_async, reason = "all providers are called alike, and the others wait for servers")]
pub async fn embedded() -> Seams {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let Embedded { table, queue, files } =
        Embedded::open(folder.path(), Options::default()).expect("a store opens in an empty folder");
    Seams { table, queue, files, keep: Box::new(folder) }
}
