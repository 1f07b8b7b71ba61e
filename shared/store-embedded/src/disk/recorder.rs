//! A disk that notes what is flushed and what it finds then, and fails where it is told to.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Disk;

/// Notes one line for each flush: `log`, `file of 3 bytes in uploads` or `folder files/a: b c`.
///
/// Where a file is tells whether it had its name before it was flushed, and what is in a folder whether the name was there.
pub(crate) struct RecordingDisk {
    root: PathBuf,
    noted: Mutex<Noted>,
    /// Rung when flushes go on.
    going_on: Condvar,
}

#[derive(Default)]
struct Noted {
    lines: Vec<String>,
    /// Flushes whose line begins so fail.
    failing: Option<&'static str>,
    /// The first flush that fails is the last: a system tells of an error once.
    fails_once: bool,
    /// Flushes wait.
    is_held: bool,
}

/// How long a flush waits at most.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

impl RecordingDisk {
    /// Of the store in a folder.
    pub(crate) fn at(root: &Path) -> Self {
        RecordingDisk { root: root.to_owned(), noted: Mutex::default(), going_on: Condvar::new() }
    }

    /// What has been flushed since it was asked last.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.noted().lines)
    }

    /// Lets all flushes fail from now on whose line begins so.
    pub(crate) fn fail(&self, beginning: &'static str) {
        self.noted().failing = Some(beginning);
    }

    /// Lets the next flush fail whose line begins so, and the others succeed.
    pub(crate) fn fail_once(&self, beginning: &'static str) {
        self.fail(beginning);
        self.noted().fails_once = true;
    }

    /// Lets flushes wait until they are let go on.
    pub(crate) fn hold(&self) {
        self.noted().is_held = true;
    }

    pub(crate) fn go_on(&self) {
        self.noted().is_held = false;
        self.going_on.notify_all();
    }

    /// How many flushes have begun since it was asked last.
    pub(crate) fn begun(&self) -> usize {
        self.noted().lines.len()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, line: String) -> io::Result<()> {
        let mut noted = self.noted();
        noted.lines.push(line.clone());
        let held = self.going_on.wait_timeout_while(noted, LONGEST_WAIT, |noted| noted.is_held);
        noted = held.unwrap_or_else(PoisonError::into_inner).0;
        if !noted.failing.is_some_and(|beginning| line.starts_with(beginning)) {
            return Ok(());
        }
        if noted.fails_once {
            noted.failing = None;
        }
        Err(io::Error::other("a flush that fails in a test"))
    }
}

impl Disk for RecordingDisk {
    fn flush_log(&self, _log: &File) -> io::Result<()> {
        self.note("log".to_owned())
    }

    fn flush_file(&self, file: &File) -> io::Result<()> {
        let metadata = file.metadata()?;
        let entries = fs::read_dir(self.root.join("uploads"))?;
        let inodes: Vec<u64> = entries.map(|entry| Ok(entry?.metadata()?.ino())).collect::<io::Result<_>>()?;
        let place = if inodes.contains(&metadata.ino()) { "uploads" } else { "its place" };
        self.note(format!("file of {} bytes in {place}", metadata.len()))
    }

    fn flush_folder(&self, folder: &Path) -> io::Result<()> {
        let root = self.root.canonicalize()?;
        let name = folder.canonicalize()?.strip_prefix(root).unwrap_or(folder).display().to_string();
        let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names: BTreeSet<String> = entries.collect::<io::Result<_>>()?;
        self.note(format!("folder {name}: {}", names.into_iter().collect::<Vec<_>>().join(" ")))
    }
}
