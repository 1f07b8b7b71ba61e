//! The write-ahead log of the database, as far as it must reach the disk.
//!
//! SQLite would flush it in each commit, with the connection held up meanwhile. Told to leave that, it flushes only what a
//! checkpoint and the reuse of the log need, and a commit is durable with the next flush of the log, whoever makes it.
//! Source: <https://www.sqlite.org/pragma.html#pragma_synchronous> and <https://www.sqlite.org/wal.html>.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::database::Failure;

/// The opened log. SQLite keeps the file for as long as a connection is open.
pub(crate) struct Log {
    path: Arc<Path>,
    file: File,
    flushes: AtomicU64,
}

impl Log {
    /// Opens the log of a database that a connection has read from.
    pub(crate) fn open(database: &Arc<Path>) -> Result<Log, Failure> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let file = File::options().read(true).write(true).open(&path);
        let file = file.map_err(|error| Failure::folder(database, error))?;
        Ok(Log { path: database.clone(), file, flushes: AtomicU64::new(0) })
    }

    /// Brings everything that was committed before to the disk.
    pub(crate) fn flush(&self) -> Result<(), Failure> {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.file.sync_data().map_err(|error| Failure::log(&self.path, error))
    }

    /// How often it was flushed.
    #[cfg(test)]
    pub(crate) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }
}
