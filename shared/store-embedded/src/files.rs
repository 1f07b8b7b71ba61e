//! The files seam on a folder: the file of a key is the file `<root>/files/<key>`.
//!
//! A file is written under a name in `<root>/uploads`, flushed, and then moved to its place, so it is never seen half. A
//! file that somebody copies into the folder by hand counts like any other; while it is being copied its size and so its
//! fingerprint change. The fingerprint is made of size, time of change and inode, not of the content: a file of equal
//! size that is overwritten in place within one tick of the file system's clock (some milliseconds) keeps it. Files that
//! come through this seam get times that never repeat within a process.
//!
//! A file system cannot hold `a` and `a/b`, which S3 can: the second of them is refused. Symbolic links are not followed.

mod error;
mod folders;
mod list;
mod upload;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload, check_key};
use store::{Error, Result};

use crate::failure::During;
use error::FileError;
pub(crate) use folders::Folders;
use folders::{FileLookup, Mode};

/// The files in the folder.
pub(crate) struct EmbeddedFiles {
    pub(crate) folders: Arc<Folders>,
}

impl EmbeddedFiles {
    /// Does `work` with the key where it may block, and says what was tried if it fails.
    async fn on<T, F>(&self, verb: &str, key: &str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Folders, &str) -> std::result::Result<T, FileError> + Send + 'static,
    {
        let operation = format!("{verb} file `{}`", self.folders.files.join(key).display());
        check_key(key).map_err(|refusal| Error::permanent(operation.clone(), refusal))?;
        let (folders, key) = (self.folders.clone(), key.to_owned());
        blocking(operation, move || work(&folders, &key)).await
    }
}

#[async_trait]
impl Files for EmbeddedFiles {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        self.on("look at", key, |folders, key| {
            let FileLookup::File(metadata) = folders.find(key)? else { return Ok(None) };
            Ok(Some(list::info(key.to_owned(), &metadata)?))
        })
        .await
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        self.on("read", key, move |folders, key| {
            let Some(mut file) = open(folders, key)? else { return Ok(None) };
            Ok(Some(read(&mut file, range)?))
        })
        .await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.on("put", key, move |folders, key| {
            let mut file = folders.begin()?;
            file.write_all(&bytes)?;
            folders.publish(file, key, Mode::Replace)?;
            Ok(())
        })
        .await
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        self.on("put", key, move |folders, key| {
            // Spares the writing where it can; what counts is that `publish` replaces nothing.
            if matches!(folders.find(key)?, FileLookup::File(_)) {
                return Ok(PutOutcome::Existed);
            }
            let mut file = folders.begin()?;
            file.write_all(&bytes)?;
            folders.publish(file, key, Mode::Keep)
        })
        .await
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        let folders = self.folders.clone();
        let file = self.on("begin", key, |folders, _| Ok(folders.begin()?)).await?;
        Ok(Box::new(upload::FileUpload { folders, key: key.to_owned(), file: Some(file) }))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        let operation = format!("copy file `{}` to `{to}`", self.folders.files.join(from).display());
        check_key(to).map_err(|refusal| Error::permanent(operation, refusal))?;
        let to = to.to_owned();
        self.on("copy", from, move |folders, from| {
            let Some(mut source) = open(folders, from)? else { return Ok(false) };
            let mut file = folders.begin()?;
            // Of a file, and not of a link to it: whoever overwrites the source in place must not change the copy.
            io::copy(&mut source, file.as_file_mut())?;
            folders.publish(file, &to, Mode::Replace)?;
            Ok(true)
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.on("delete", key, |folders, key| folders.remove(key)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        let operation = format!("list files `{}…`", self.folders.files.join(prefix).display());
        let (folders, prefix, after) = (self.folders.clone(), prefix.to_owned(), after.map(str::to_owned));
        blocking(operation, move || list::list(&folders.files, &prefix, after.as_deref(), limit)).await
    }

    async fn presign_put(&self, _key: &str, _size_bytes: u64, _valid_for: Duration) -> Result<Option<String>> {
        Ok(None)
    }

    async fn presign_get(&self, _key: &str, _valid_for: Duration) -> Result<Option<String>> {
        Ok(None)
    }
}

/// Does what may block on a thread for that.
async fn blocking<T, F>(operation: String, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> std::result::Result<T, FileError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.during(operation),
        Err(error) => Err(Error::retryable(operation, error)),
    }
}

fn open(folders: &Folders, key: &str) -> std::result::Result<Option<File>, FileError> {
    let FileLookup::File(_) = folders.find(key)? else { return Ok(None) };
    match File::open(folders.files.join(key)) {
        Ok(file) => Ok(Some(file)),
        // Deleted since.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read(file: &mut File, range: Option<Range>) -> io::Result<Bytes> {
    let size = file.metadata()?.len();
    let Range { start, length } = range.unwrap_or(Range { start: 0, length: u64::MAX });
    let expected = length.min(size.saturating_sub(start));
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
    file.seek(SeekFrom::Start(start.min(size)))?;
    file.take(expected).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}
