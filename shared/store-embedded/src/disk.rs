//! What brings bytes and names to the disk: the one place that flushes, so that tests can count it and make it fail.
//!
//! SQLite flushes by itself what a checkpoint and the reuse of its log need; see `write_ahead_log`.

#[cfg(test)]
pub(crate) mod recorder;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::Path;

/// Flushes; once it is answered, a power cut loses nothing of it.
pub(crate) trait Disk: Send + Sync {
    /// What was written to the log of the database.
    fn flush_log(&self, log: &File) -> io::Result<()>;

    /// A file that is about to get its name.
    fn flush_file(&self, file: &File) -> io::Result<()>;

    /// The names in a folder.
    fn flush_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The disk of this machine.
pub(crate) struct MachineDisk;

impl Disk for MachineDisk {
    fn flush_log(&self, log: &File) -> io::Result<()> {
        log.sync_data()
    }

    fn flush_file(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn flush_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}
