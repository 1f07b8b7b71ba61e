//! What a program reads from the bucket beside definitions.

use std::sync::Arc;

use async_trait::async_trait;
use store::files::{FileInfo, Files};

/// Files in the bucket that executors read, such as a configuration.
///
/// They are checked whenever definitions are loaded, so what is wrong with them is told where problems of definitions are
/// told, before a step meets it.
#[async_trait]
pub trait CheckedFiles: Send + Sync {
    /// The prefix of the files.
    fn prefix(&self) -> &'static str;

    /// What is wrong with them, as `file:line: …`.
    ///
    /// # Errors
    /// The store did not answer.
    async fn problems(&self, files: &dyn Files) -> store::Result<Vec<String>>;
}

/// Most files below one prefix that are looked at for changes.
const LISTED: usize = 1_000;

/// Lists the files of all of them, to see whether any has changed.
pub(super) async fn list(checked: &[Arc<dyn CheckedFiles>], files: &dyn Files) -> store::Result<Vec<FileInfo>> {
    let mut listed = Vec::new();
    for checked in checked {
        listed.extend(files.list(checked.prefix(), None, LISTED).await?);
    }
    Ok(listed)
}

/// What is wrong with the files of all of them.
pub(super) async fn problems(checked: &[Arc<dyn CheckedFiles>], files: &dyn Files) -> store::Result<Vec<String>> {
    let mut problems = Vec::new();
    for checked in checked {
        problems.extend(checked.problems(files).await?);
    }
    Ok(problems)
}
