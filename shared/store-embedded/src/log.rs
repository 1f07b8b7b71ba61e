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
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::database::Failure;

/// The opened log. SQLite keeps the file for as long as a connection is open.
pub(crate) struct Log {
    path: Arc<Path>,
    file: File,
    flushes: AtomicU64,
    /// Held by who flushes: only one of two at a time would be told of a failure.
    turn: Mutex<()>,
    /// Why a flush failed, if one did.
    failure: OnceLock<Failure>,
}

impl Log {
    /// Opens the log of a database that a connection has read from.
    pub(crate) fn open(database: &Arc<Path>) -> Result<Log, Failure> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let file = File::options().read(true).write(true).open(&path);
        Ok(Log::over(database, file.map_err(|error| Failure::folder(database, error))?))
    }

    fn over(database: &Arc<Path>, file: File) -> Log {
        let (flushes, turn, failure) = (AtomicU64::new(0), Mutex::new(()), OnceLock::new());
        Log { path: database.clone(), file, flushes, turn, failure }
    }

    /// Brings everything that was committed before to the disk.
    pub(crate) fn flush(&self) -> Result<(), Failure> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.usable()?;
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.file.sync_data().map_err(|error| self.failure.get_or_init(|| Failure::log(&self.path, error)).clone())
    }

    /// Fails once a flush has failed: nothing more is to be committed then.
    pub(crate) fn usable(&self) -> Result<(), Failure> {
        self.failure.get().cloned().map_or(Ok(()), Err)
    }

    /// How often it was flushed.
    #[cfg(test)]
    pub(crate) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl Log {
    /// A log on which every flush fails: pipes have nothing to flush.
    pub(crate) fn broken(database: &Arc<Path>) -> Log {
        let (_, end) = std::io::pipe().unwrap();
        Log::over(database, File::from(std::os::fd::OwnedFd::from(end)))
    }
}
