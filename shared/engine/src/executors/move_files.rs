//! `move_files`: takes the files of the bunch from the drop area into the working directory.
//!
//! Copy, then delete; a repetition finds the copy and deletes what is left. A file that was dropped anew in the meantime
//! (another fingerprint) belongs to the next bunch and is left where it is.

use async_trait::async_trait;
use import::bunch::{self, DropFile};

use super::bunch_files::{bunch, moved_key};
use crate::bunches::DROP_PREFIX;
use crate::executor::{Executor, ExecutorError, Outcome};
use crate::work::Work;

/// The executor.
pub struct MoveFiles;

#[async_trait]
impl Executor for MoveFiles {
    fn name(&self) -> &'static str {
        "move_files"
    }

    fn description(&self) -> &'static str {
        "takes the files of the bunch from the drop area into the working directory"
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let bunch = bunch(work)?;
        for file in &bunch.files {
            let name = file.name.to_string();
            move_one(work, &name, &file.fingerprint).await?;
            work.info(&format!("moved `{name}` ({} bytes)", file.size_bytes));
        }
        for note in &bunch.left_behind {
            work.warn(note);
        }
        for ok_file in &bunch.ok_files {
            move_ok_file(work, ok_file).await?;
        }
        Ok(Outcome::Done)
    }
}

async fn move_one(work: &Work<'_>, name: &str, fingerprint: &str) -> Result<(), ExecutorError> {
    let files = &work.store.files;
    let (from, to) = (format!("{DROP_PREFIX}{name}"), moved_key(&work.working_directory()?, name));
    let is_moved = files.info(&to).await?.is_some();
    let source = files.info(&from).await?;
    let is_ours = source.as_ref().is_some_and(|source| source.fingerprint == fingerprint);
    let is_there = is_moved || is_ours && files.copy(&from, &to).await?;
    if !is_there {
        let why = if source.is_some() { "was replaced before it was moved; drop its bunch again" } else { "is gone" };
        return Err(ExecutorError::permanent(format!("file `{from}` {why}")));
    }
    if is_ours {
        files.delete(&from).await?;
    }
    Ok(())
}

/// Copies an ok file, and removes it once nothing in the drop area needs it any more.
async fn move_ok_file(work: &mut Work<'_>, name: &str) -> Result<(), ExecutorError> {
    let files = work.store.files.clone();
    let from = format!("{DROP_PREFIX}{name}");
    let Some(content) = files.get(&from, None).await? else { return Ok(()) };
    files.copy(&from, &moved_key(&work.working_directory()?, name)).await?;
    let remaining: Vec<DropFile> = files
        .list(DROP_PREFIX, None, 10_000)
        .await?
        .into_iter()
        .filter_map(|file| {
            let name = file.key.strip_prefix(DROP_PREFIX)?.to_owned();
            let (modified, fingerprint) = (file.modified_at, file.fingerprint);
            Some(DropFile { name, size_bytes: file.size_bytes, modified, fingerprint })
        })
        .collect();
    if bunch::is_spent(name, &String::from_utf8_lossy(&content), &remaining) {
        files.delete(&from).await?;
        work.info(&format!("moved `{name}`"));
    } else {
        work.info(&format!("copied `{name}`: it also names files that are still in the drop area"));
    }
    Ok(())
}
