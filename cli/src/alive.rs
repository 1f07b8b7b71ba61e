//! Which processes of this machine still live, so that what a killed one held can be carried on at once.
//!
//! Each process holds an exclusive lock on a file of its own in `<store>/hosts/`. The operating system frees the lock when
//! the process ends, however it ends, so whoever gets the lock of another one knows that it is dead.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// This process among those of the store.
#[derive(Debug)]
pub(crate) struct Alive {
    folder: PathBuf,
    id: String,
    /// Holds the lock as long as the process lives.
    _lock: File,
}

impl Alive {
    /// Takes the lock of a new process.
    pub(crate) fn begin(store: &Path) -> anyhow::Result<Self> {
        let folder = store.join("hosts");
        let id = uuid::Uuid::new_v4().simple().to_string();
        let path = folder.join(&id);
        let what = || format!("failed to make `{}`", path.display());
        std::fs::create_dir_all(&folder).with_context(what)?;
        let lock = File::create_new(&path).with_context(what)?;
        lock.lock().with_context(what)?;
        Ok(Alive { folder, id, _lock: lock })
    }

    /// The id of an invocation of this process; the process can be told from it.
    pub(crate) fn invocation_id(&self, what: &str) -> String {
        format!("{}/{what}-{}", self.id, uuid::Uuid::new_v4().simple())
    }

    /// Whether the process that an invocation belonged to is dead. Of strangers (functions) nothing is known.
    pub(crate) fn is_dead(&self, invocation: &str) -> bool {
        let Some((id, _)) = invocation.split_once('/') else { return false };
        if id == self.id || uuid::Uuid::try_parse(id).is_err() {
            return false;
        }
        match File::open(self.folder.join(id)) {
            Ok(file) => !matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
            // Swept by another process, which found it dead.
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }

    /// Removes the lock files of dead processes that hold nothing any more.
    pub(crate) fn sweep(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.is_dead(&format!("{name}/")) {
                // Another process may have been faster; either way it is gone.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.folder.join(&self.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_dead_when_its_lock_is_free() {
        let store = tempfile::tempdir().unwrap();
        let (one, other) = (Alive::begin(store.path()).unwrap(), Alive::begin(store.path()).unwrap());
        let invocation = other.invocation_id("runner");
        assert!(!one.is_dead(&invocation));
        drop(other);
        assert!(one.is_dead(&invocation));
        one.sweep();
        assert!(one.is_dead(&invocation));
        assert!(!one.is_dead(&one.invocation_id("runner")));
        assert!(!one.is_dead("c6af9ac6-7b61-11e6-9a41-93e8deadbeef"));
    }
}
