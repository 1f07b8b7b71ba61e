//! A file that grows beside the others until it is finished.

use std::io::Write;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use store::files::Upload;
use store::{Error, Result};
use tempfile::NamedTempFile;

use super::blocking;
use super::folders::{Folders, Mode};

/// A file on its way.
pub(crate) struct FileUpload {
    pub(crate) folders: Arc<Folders>,
    pub(crate) key: String,
    /// `None` after a write that failed or was broken off: nobody knows how much of it is in the file.
    pub(crate) file: Option<NamedTempFile>,
}

impl FileUpload {
    fn operation(&self, verb: &str) -> String {
        format!("{verb} file `{}`", self.folders.files.join(&self.key).display())
    }

    fn take(&mut self, operation: &str) -> Result<NamedTempFile> {
        let file = self.file.take();
        file.ok_or_else(|| Error::permanent(operation, "an earlier piece could not be written: begin anew"))
    }
}

#[async_trait]
impl Upload for FileUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let operation = self.operation("write");
        let mut file = self.take(&operation)?;
        let file = blocking(operation, move || {
            file.write_all(&bytes)?;
            Ok(file)
        });
        self.file = Some(file.await?);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let operation = self.operation("finish");
        let file = self.take(&operation)?;
        blocking(operation, move || self.folders.publish(file, &self.key, Mode::Replace)).await?;
        Ok(())
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        let operation = self.operation("abort");
        let Some(file) = self.file.take() else { return Ok(()) };
        blocking(operation, move || Ok(file.close()?)).await
    }
}
