//! `move_files`: takes the files of the bunch from the drop area into the working directory.
//!
//! Copy, then delete; a repetition finds the copy and deletes what is left. A file that was dropped anew in the meantime
//! (another fingerprint) belongs to the next bunch and is left where it is.

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use import::bunch::{self, BunchFile, DropFile, MAX_OK_FILE_BYTES};
use store::files::Range;

use super::bunch_files::{BUNCH, bunch, moved_key};
use super::drop_area::DROP_PREFIX;

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

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let bunch = bunch(work)?;
        // All before the first: if one cannot be moved, the others stay with it and are imported with what replaced it.
        let mut places = Vec::new();
        for file in &bunch.files {
            places.push(FilePlace::find(work, file).await?);
        }
        for (file, place) in bunch.files.iter().zip(places) {
            place.clear(work).await?;
            work.info(&format!("moved `{}` ({} bytes)", file.name, file.size_bytes));
        }
        for note in &bunch.left_behind {
            work.warn(&note.text);
        }
        for ok_file in &bunch.ok_files {
            move_ok_file(work, ok_file).await?;
        }
        Ok(Outcome::Done)
    }
}

/// Where a file of the bunch is.
struct FilePlace {
    from: String,
    to: String,
    is_moved: bool,
    /// Whether the file lies in the drop area as it lay there when the pipeline was spawned.
    is_there: bool,
}

impl FilePlace {
    async fn find(work: &Work<'_>, file: &BunchFile) -> Result<Self, ExecutorError> {
        let files = &work.store.files;
        let name = file.name.to_string();
        let (from, to) = (format!("{DROP_PREFIX}{name}"), moved_key(&work.working_directory()?, &name));
        let is_moved = files.info(&to).await?.is_some();
        let source = files.info(&from).await?;
        let is_there = source.as_ref().is_some_and(|source| source.fingerprint == file.fingerprint);
        match (is_moved || is_there, source) {
            (true, _) => Ok(FilePlace { from, to, is_moved, is_there }),
            (false, Some(_)) => Err(ExecutorError::permanent(format!(
                "file `{from}` was replaced before it was moved; its bunch stays in the drop area for another pipeline"
            ))),
            (false, None) => Err(gone(&from)),
        }
    }

    async fn clear(self, work: &Work<'_>) -> Result<(), ExecutorError> {
        let files = &work.store.files;
        if !self.is_moved && !files.copy(&self.from, &self.to).await? {
            return Err(gone(&self.from));
        }
        if self.is_there {
            files.delete(&self.from).await?;
        }
        Ok(())
    }
}

fn gone(key: &str) -> ExecutorError {
    ExecutorError::permanent(format!("file `{key}` is gone; somebody took it away before it was moved"))
}

/// Copies an ok file, and removes it once nothing in the drop area needs it any more.
async fn move_ok_file(work: &mut Work<'_>, name: &str) -> Result<(), ExecutorError> {
    let files = work.store.files.clone();
    let from = format!("{DROP_PREFIX}{name}");
    // What is larger than any ok file was put there since; it stays as it is.
    let range = Range { start: 0, length: MAX_OK_FILE_BYTES + 1 };
    let Some(content) = files.get(&from, Some(range)).await? else { return Ok(()) };
    if content.len() as u64 > MAX_OK_FILE_BYTES {
        work.warn(&format!("`{name}` stays in the drop area: it has more than {MAX_OK_FILE_BYTES} bytes now"));
        return Ok(());
    }
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
