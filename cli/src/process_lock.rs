//! Which processes of this machine still live, so that what a killed one held can be carried on at once.
//!
//! Each process holds an exclusive lock on a file of its own in `<store>/hosts/`. The operating system frees the lock when
//! the process ends, however it ends, so whoever gets the lock of another one knows that it is dead.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The lock of this process among those of the store.
#[derive(Debug)]
pub(crate) struct ProcessLock {
    folder: PathBuf,
    id: String,
    /// Holds the lock as long as the process lives.
    _lock: File,
}

/// Processes that have died and whose lock files are still there.
#[derive(Debug)]
pub(crate) struct DeadProcesses {
    folder: PathBuf,
    files: Vec<(PathBuf, File)>,
}

impl ProcessLock {
    /// Takes the lock of a new process.
    pub(crate) fn begin(store: &Path) -> anyhow::Result<Self> {
        let folder = store.join("hosts");
        std::fs::create_dir_all(&folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
        loop {
            let id = uuid::Uuid::new_v4().simple().to_string();
            let path = folder.join(&id);
            let what = || format!("failed to make `{}`", path.display());
            let lock = File::create_new(&path).with_context(what)?;
            lock.lock().with_context(what)?;
            // Another process may have swept the file between its making and its lock.
            if lock.metadata().with_context(what)?.nlink() > 0 {
                return Ok(ProcessLock { folder, id, _lock: lock });
            }
        }
    }

    /// The id of an invocation of this process; the process can be told from it.
    pub(crate) fn invocation_id(&self, what: &str) -> String {
        format!("{}/{what}-{}", self.id, uuid::Uuid::new_v4().simple())
    }

    /// The lock files of processes that have died, each locked by us: nobody else sweeps it meanwhile.
    pub(crate) fn dead(&self) -> DeadProcesses {
        let mut dead = DeadProcesses { folder: self.folder.clone(), files: Vec::new() };
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return dead };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| !path.ends_with(&self.id)) {
            if let Ok(file) = File::open(&path)
                && file.try_lock().is_ok()
            {
                dead.files.push((path, file));
            }
        }
        dead
    }
}

impl DeadProcesses {
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether an invocation was one of these processes', or of one that was swept before. Of strangers (functions) nothing
    /// is known.
    pub(crate) fn has(&self, invocation: &str) -> bool {
        let Some((id, _)) = invocation.split_once('/') else { return false };
        if uuid::Uuid::try_parse(id).is_err() {
            return false;
        }
        let path = self.folder.join(id);
        self.files.iter().any(|(dead, _)| *dead == path) || !path.exists()
    }

    /// Removes the lock files: these processes hold nothing any more.
    pub(crate) fn sweep(self) {
        for (path, _lock) in self.files {
            // If it stays, it is swept another time.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.folder.join(&self.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends a process as a kill does: its lock is freed, its file stays.
    fn kill(process: ProcessLock) -> PathBuf {
        let path = process.folder.join(&process.id);
        drop(process);
        File::create_new(&path).unwrap();
        path
    }

    #[test]
    fn a_killed_process_is_found_and_swept_once() {
        let store = tempfile::tempdir().unwrap();
        let [one, other, third] = [(); 3].map(|()| ProcessLock::begin(store.path()).unwrap());
        let invocation = third.invocation_id("runner");
        assert!(one.dead().is_empty());
        let path = kill(third);
        let dead = one.dead();
        assert!(dead.has(&invocation));
        assert!(other.dead().is_empty(), "two processes carry on the same");
        assert!(!other.dead().has(&invocation));
        dead.sweep();
        assert!(!path.exists());
        assert!(one.dead().is_empty());
    }

    #[test]
    fn the_living_and_strangers_are_not_dead() {
        let store = tempfile::tempdir().unwrap();
        let [one, other] = [(); 2].map(|()| ProcessLock::begin(store.path()).unwrap());
        let dead = one.dead();
        assert!(!dead.has(&one.invocation_id("runner")));
        assert!(!dead.has(&other.invocation_id("runner")));
        assert!(!dead.has("c6af9ac6-7b61-11e6-9a41-93e8deadbeef"));
        let invocation = other.invocation_id("runner");
        drop(other);
        assert!(dead.has(&invocation));
    }
}
