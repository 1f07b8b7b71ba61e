//! The three storage seams of Systole on one SQLite file and one folder: everything that one machine needs.
//!
//! `<root>/store.sqlite3` holds the table and the queue, `<root>/files/<key>` the files, `<root>/uploads/` what is still
//! being written. Several processes may have the same root open: all state is in there, nothing is decided from memory.
//!
//! What is durable when: a table write, a sent message and a file survive a power cut once they are answered. That a
//! message was received, extended or deleted survives the death of the process at once, and a power cut with the next
//! durable write; until then a power cut delivers the message again, which the queue seam allows and which saves a flush
//! to disk for each message.
//!
//! **Invariant:** nothing runs by itself. Work happens only within a call, so a simulation that makes the calls and sets
//! the clock decides everything.

mod attribute_cache;
mod conditional_writes;
mod database;
mod database_error;
mod disk;
mod failure;
mod files;
mod items;
mod limits;
mod look;
mod messages;
mod queue;
mod readers;
mod schema;
mod session;
mod shared_commit;
mod table;
mod write_ahead_log;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use store::{Error, Result, Store};

use crate::database::Database;
use crate::disk::{Disk, MachineDisk};
use crate::failure::During;
use crate::files::{EmbeddedFiles, Folders};
use crate::look::LookSource;
use crate::queue::EmbeddedQueue;
use crate::readers::Readers;
use crate::schema::DATABASE;
use crate::shared_commit::EmbeddedSharedCommits;
use crate::table::EmbeddedTable;
use crate::writer::Writer;

/// Tells the time to the store; a test sets its own.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How the store behaves.
#[derive(Clone)]
pub struct Options {
    /// What it takes for the time.
    pub clock: Clock,
    /// How long a received message is hidden from other receivers.
    pub visibility: Duration,
}

/// Opens the store in the folder `root`, or makes an empty one there.
///
/// # Errors
/// [`Error::Permanent`] if the folder cannot be written, the database is damaged or no store, or a newer Systole wrote
/// it; [`Error::Retryable`] if another process holds it or the disk is full.
pub fn open(root: &Path, options: Options) -> Result<Store> {
    open_on(Arc::new(MachineDisk), root, options)
}

/// Opens the store in the folder `root` to look at it: nothing is made or changed, and a write is refused.
///
/// A folder with files but without a database is a store in which nothing has been begun.
///
/// # Errors
/// [`Error::Permanent`] if the database cannot be read, is damaged or no store, or a newer Systole wrote it.
pub fn open_to_look(root: &Path, options: Options) -> Result<Store> {
    let folders = Folders::look(root, options.clock.clone(), Arc::new(MachineDisk));
    let source = LookSource::of(&folders.root).during(format_args!("look at the store in `{}`", root.display()))?;
    let path: Arc<Path> = folders.root.join(DATABASE).into();
    let writer = Arc::new(Writer::refusing(path.clone()));
    let readers = Arc::new(Readers::new(path, writer.attribute_cache.clone()).looking(source));
    Ok(store_of(folders, writer, readers, options))
}

/// Whether there is a store in a folder: a database, or files of one in which nothing has been begun.
#[must_use]
pub fn is_store(root: &Path) -> bool {
    is_begun(root) || ["files/pipelines", "files/incoming"].iter().any(|folder| root.join(folder).is_dir())
}

/// Whether there is a store in a folder in which something has been begun.
#[must_use]
pub fn is_begun(root: &Path) -> bool {
    root.join(DATABASE).is_file()
}

/// Opens the store on another disk than the machine's own.
fn open_on(disk: Arc<dyn Disk>, root: &Path, options: Options) -> Result<Store> {
    let operation = format!("open the store in `{}`", root.display());
    let folders = Folders::open(root, options.clock.clone(), disk.clone()).during(&operation)?;
    let database = Database::open(&folders.root, &options.clock, disk).during(&operation)?;
    let readers = Arc::new(Readers::new(database.path.clone(), database.session.attribute_cache.clone()));
    match Writer::start(database) {
        Ok(writer) => Ok(store_of(folders, Arc::new(writer), readers, options)),
        // The machine has no thread left.
        Err(error) => Err(Error::retryable(operation, error)),
    }
}

fn store_of(folders: Folders, writer: Arc<Writer>, readers: Arc<Readers>, options: Options) -> Store {
    let table = EmbeddedTable { writer: writer.clone(), readers: readers.clone(), clock: options.clock.clone() };
    let queue = Arc::new(EmbeddedQueue::new(writer.clone(), readers, options.clone()));
    let shared_commits = EmbeddedSharedCommits { writer, queue: queue.clone(), clock: options.clock };
    let files = EmbeddedFiles { folders: Arc::new(folders) };
    Store::new(Arc::new(table), queue, Arc::new(files)).with_shared_commits(Arc::new(shared_commits))
}

impl Default for Options {
    /// The machine's clock, and 16 minutes of visibility, as long as on AWS: a message must not come back while its
    /// first delivery may still run.
    fn default() -> Self {
        Options { clock: Arc::new(machine_time), visibility: Duration::from_secs(960) }
    }
}

#[expect(clippy::disallowed_methods, reason = "the embedded back end is the server and has the clock, like SQS and S3")]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}
