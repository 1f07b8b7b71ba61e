//! The folders: where a key lies, how a file gets there whole, how it goes.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use store::files::PutOutcome;
use tempfile::NamedTempFile;

use super::error::FileError;
use crate::Clock;
use crate::disk::Disk;

/// The folder that people copy files into by hand: it is there from the start, and folders in it stay when they become
/// empty.
const DROP_AREA_FOLDER: &str = "incoming";

/// How often a file is put again because the folder that was made for it has been removed, being empty.
const TRIES: u32 = 100;

/// The folders of one store.
pub(crate) struct Folders {
    pub(crate) root: PathBuf,
    pub(crate) files: PathBuf,
    uploads: PathBuf,
    clock: Clock,
    disk: Arc<dyn Disk>,
    /// The last time that was given to a file, in nanoseconds.
    last_time: AtomicI64,
    /// Whether nothing may be changed.
    is_looked_at: bool,
}

/// What lies where a key points.
pub(crate) enum FileLookup {
    File(Metadata),
    /// A folder, or something that is no file.
    Folder,
    Nothing,
    /// A part of the key is a file.
    Below(String),
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Replace,
    Keep,
}

impl Folders {
    /// Makes what is missing and sweeps what a crash has left.
    pub(crate) fn open(root: &Path, clock: Clock, disk: Arc<dyn Disk>) -> Result<Folders, FileError> {
        make_folder(root, disk.as_ref())?;
        let folders = Folders { is_looked_at: false, ..Folders::look(&root.canonicalize()?, clock, disk) };
        make_folder(&folders.files.join(DROP_AREA_FOLDER), folders.disk.as_ref())?;
        make_folder(&folders.uploads, folders.disk.as_ref())?;
        folders.sweep()?;
        Ok(folders)
    }

    /// Takes the folders as they are, to look at them.
    pub(crate) fn look(root: &Path, clock: Clock, disk: Arc<dyn Disk>) -> Folders {
        Folders {
            root: root.to_owned(),
            files: root.join("files"),
            uploads: root.join("uploads"),
            clock,
            disk,
            last_time: AtomicI64::new(0),
            is_looked_at: true,
        }
    }

    fn check_writable(&self) -> io::Result<()> {
        if self.is_looked_at {
            return Err(io::Error::new(ErrorKind::Unsupported, "the store was opened to look only"));
        }
        Ok(())
    }

    /// Looks where a valid key points, without following links.
    pub(crate) fn find(&self, key: &str) -> Result<FileLookup, FileError> {
        let ends = key.match_indices('/').map(|(end, _)| end).chain([key.len()]);
        for end in ends {
            let path = self.files.join(&key[..end]);
            let metadata = match path.symlink_metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(FileLookup::Nothing),
                Err(error) => return Err(error.into()),
            };
            if metadata.is_symlink() {
                return Err(FileError::Link { path });
            }
            if end == key.len() {
                return Ok(if metadata.is_file() { FileLookup::File(metadata) } else { FileLookup::Folder });
            }
            if !metadata.is_dir() {
                return Ok(FileLookup::Below(key[..end].to_owned()));
            }
        }
        Ok(FileLookup::Nothing)
    }

    /// Makes an empty file beside the others. It goes when it is dropped.
    pub(crate) fn begin(&self) -> io::Result<NamedTempFile> {
        self.check_writable()?;
        loop {
            let file = tempfile::Builder::new()
                // What the user's mask leaves of it, as for any file; the crate's own choice is for secrets.
                .permissions(fs::Permissions::from_mode(0o666))
                .tempfile_in(&self.uploads)?;
            // The lock tells `sweep` of another process that somebody is at it. It ends with the process, however that
            // ends. If `sweep` was quicker the file has lost its name.
            file.as_file().lock()?;
            if file.as_file().metadata()?.nlink() > 0 {
                return Ok(file);
            }
        }
    }

    /// Moves a written file to its place, flushed.
    pub(crate) fn publish(&self, mut file: NamedTempFile, key: &str, mode: Mode) -> Result<PutOutcome, FileError> {
        file.as_file().set_modified(self.next_time())?;
        // Before it gets its name: a name that survives a power cut must not lead to half a file.
        self.disk.flush_file(file.as_file())?;
        let path = self.files.join(key);
        let folder = path.parent().unwrap_or(&self.files);
        for _ in 0..TRIES {
            match self.find(key)? {
                FileLookup::File(_) if mode == Mode::Keep => return Ok(PutOutcome::Existed),
                FileLookup::File(_) | FileLookup::Nothing => {}
                FileLookup::Folder => self.clear_folder(key)?,
                FileLookup::Below(above) => return Err(FileError::Below { key: key.to_owned(), above }),
            }
            make_folder(folder, self.disk.as_ref())?;
            let moved = match mode {
                Mode::Replace => file.persist(&path),
                Mode::Keep => file.persist_noclobber(&path),
            };
            match moved {
                Ok(_) => {
                    self.disk.flush_folder(folder)?;
                    return Ok(PutOutcome::Written);
                }
                // The folder went, or something came: it looks again.
                Err(error) if matches!(error.error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => {
                    file = error.file;
                }
                Err(error) => return Err(error.error.into()),
            }
        }
        Err(FileError::Contended { key: key.to_owned() })
    }

    /// Deletes a file, and the folders that become empty with it: S3 has none, and they would add up.
    pub(crate) fn remove(&self, key: &str) -> Result<(), FileError> {
        self.check_writable()?;
        let FileLookup::File(_) = self.find(key)? else { return Ok(()) };
        match fs::remove_file(self.files.join(key)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let mut folder = key;
        while let Some((parent, _)) = folder.rsplit_once('/') {
            folder = parent;
            let is_drop_area = folder.split('/').next() == Some(DROP_AREA_FOLDER);
            if is_drop_area || fs::remove_dir(self.files.join(folder)).is_err() {
                return match self.disk.flush_folder(&self.files.join(folder)) {
                    // Somebody else removed it, and flushes what is above.
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                    outcome => Ok(outcome?),
                };
            }
        }
        Ok(self.disk.flush_folder(&self.files)?)
    }

    /// Removes a folder without files, which would be in the way of the file `key`.
    fn clear_folder(&self, key: &str) -> Result<(), FileError> {
        let below = super::list::list(&self.files, &format!("{key}/"), None, 1)?;
        if let Some(first) = below.first() {
            return Err(FileError::Folder { key: key.to_owned(), below: first.key.clone() });
        }
        Ok(remove_empty(&self.files.join(key))?)
    }

    /// Deletes what processes that are gone have left half written.
    fn sweep(&self) -> Result<(), FileError> {
        for entry in fs::read_dir(&self.uploads)? {
            let entry = entry?;
            if !entry.file_type()?.is_file() {
                continue;
            }
            let swept = File::open(entry.path()).and_then(|file| match file.try_lock() {
                Ok(()) => fs::remove_file(entry.path()),
                // Somebody writes it.
                Err(_) => Ok(()),
            });
            match swept {
                // Somebody was done with it, or swept it.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                swept => swept?,
            }
        }
        Ok(())
    }

    /// The time by the clock, or right after the last one, so that no two files get the same.
    fn next_time(&self) -> SystemTime {
        let now = (self.clock)().timestamp_nanos_opt().unwrap_or(i64::MAX);
        let last = self.last_time.fetch_max(now, Ordering::Relaxed);
        let time = if last < now { now } else { self.last_time.fetch_add(1, Ordering::Relaxed) + 1 };
        UNIX_EPOCH + Duration::from_nanos(time.unsigned_abs())
    }
}

/// Makes a folder and those above it, flushed.
fn make_folder(folder: &Path, disk: &dyn Disk) -> io::Result<()> {
    let made = match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let Some(parent) = folder.parent() else { return Err(error) };
            make_folder(parent, disk)?;
            fs::create_dir(folder)
        }
        made => made,
    };
    match made {
        Ok(()) => folder.parent().map_or(Ok(()), |parent| flush_named(parent, disk)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// The parent of a relative path with one name is the empty path.
fn flush_named(folder: &Path, disk: &dyn Disk) -> io::Result<()> {
    disk.flush_folder(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

/// Removes a tree of folders; fails if there is a file in it.
fn remove_empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        remove_empty(&entry?.path())?;
    }
    fs::remove_dir(folder)
}
