//! The write-ahead log of the database, as far as it must reach the disk.
//!
//! SQLite would flush it in each commit, with the connection held up meanwhile. Told to leave that, it flushes only what a
//! checkpoint and the reuse of the log need, and a commit is durable with the next flush of the log, whoever makes it.
//! Source: <https://www.sqlite.org/pragma.html#pragma_synchronous> and <https://www.sqlite.org/wal.html>.
//!
//! After a flush that failed nobody knows what of the log is on the disk, and the next flush would not tell: the system
//! reports an error once and then takes the lost pages for written. So nothing more is committed until the store has been
//! closed, which moves what the log holds into the database and flushes that.
//! Source: Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::database_error::{DatabaseError, OfDatabase};
use crate::disk::Disk;

/// The opened log. SQLite keeps the file for as long as a connection is open.
pub(crate) struct WriteAheadLog {
    path: Arc<Path>,
    file: File,
    disk: Arc<dyn Disk>,
    /// Held by who flushes: only one of two at a time would be told of a failure.
    turn: Mutex<()>,
    /// Why a flush failed, if one did.
    failure: OnceLock<DatabaseError>,
}

impl WriteAheadLog {
    /// Opens the log of a database that a connection has read from.
    pub(crate) fn open(database: &Arc<Path>, disk: Arc<dyn Disk>) -> Result<WriteAheadLog, DatabaseError> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let file = File::options().read(true).write(true).open(&path);
        Ok(WriteAheadLog {
            path: database.clone(),
            file: file.of_database(database)?,
            disk,
            turn: Mutex::new(()),
            failure: OnceLock::new(),
        })
    }

    /// Brings everything that was committed before to the disk.
    pub(crate) fn flush(&self) -> Result<(), DatabaseError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.usable()?;
        let Err(error) = self.disk.flush_log(&self.file) else { return Ok(()) };
        // Kept for all who come later: the system tells of it only once.
        let failure = self.failure.get_or_init(|| DatabaseError::log(&self.path, error));
        Err(failure.clone())
    }

    /// Fails once a flush has failed: nothing more is to be committed then.
    pub(crate) fn usable(&self) -> Result<(), DatabaseError> {
        match self.failure.get() {
            None => Ok(()),
            Some(failure) => Err(failure.clone()),
        }
    }
}
