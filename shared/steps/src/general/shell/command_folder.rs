//! The folder that a command runs in: copies of the pipeline's files, and the way back for one that the command leaves.
//!
//! | there | is |
//! |---|---|
//! | `files/NAME` | a file of the bunch, once `move_files` has moved it |
//! | `STEP/NAME` | the file that the output of an earlier step names as `file` |
//!
//! They are copies: what a command does to them changes nothing for others. A pipeline without a working directory has an
//! empty folder.

use std::path::Path;

use bytes::Bytes;
use engine::{ExecutorError, Work};
use serde_json::{Value, json};
use store::files::{FileInfo, Range};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Most bytes that are copied in, and most of the file that is kept. What is larger is better read where it lies.
const LIMIT_BYTES: u64 = 512 * 1024 * 1024;

/// Most files that are copied in.
const LIMIT_FILES: usize = 1_000;

/// How much of a file is in memory at once.
const PIECE_BYTES: usize = 1024 * 1024;

/// A file to copy, and where to.
struct CopyIn {
    info: FileInfo,
    to: String,
}

/// A new folder with the copies in it; it goes when it is dropped.
pub(super) async fn filled(work: &Work<'_>) -> Result<TempDir, ExecutorError> {
    let folder = tempfile::tempdir().map_err(|error| super::may_pass("no temporary folder can be made", error))?;
    if !work.pipeline.definition.uses_working_directory {
        return Ok(folder);
    }
    let copies = copies(work).await?;
    let bytes: u64 = copies.iter().map(|copy| copy.info.size_bytes).sum();
    if copies.len() > LIMIT_FILES || bytes > LIMIT_BYTES {
        return Err(ExecutorError::permanent(format!(
            "the working directory has more than a command is given: {} files and {bytes} bytes (at most {LIMIT_FILES} \
             files and {LIMIT_BYTES} bytes)",
            copies.len()
        )));
    }
    for copy in &copies {
        copy_in(work, copy, folder.path()).await?;
    }
    Ok(folder)
}

/// Keeps a file of the folder as an artifact of the attempt and adds it to the step's output.
pub(super) async fn keep(work: &mut Work<'_>, folder: &Path, name: &str) -> Result<(), ExecutorError> {
    let path = folder.join(name);
    let Some(size_bytes) = tokio::fs::metadata(&path).await.ok().filter(|file| file.is_file()).map(|file| file.len())
    else {
        let message =
            format!("the command left no file `{name}` in its folder, which the argument `artifact` asks for");
        return Err(ExecutorError::permanent(message));
    };
    if size_bytes > LIMIT_BYTES {
        let message = format!("the file `{name}` has {size_bytes} bytes; at most {LIMIT_BYTES} are kept");
        return Err(ExecutorError::permanent(message));
    }
    let unread = |error| super::may_pass(&format!("the file `{name}` of the command cannot be read"), error);
    let mut file = File::open(&path).await.map_err(unread)?;
    let key = work.artifact_key(name);
    let mut upload = work.store.files.upload(&key).await?;
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        match (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut piece).await {
            Ok(0) => break,
            Ok(_) => upload.write(Bytes::from(piece)).await?,
            Err(error) => {
                upload.abort().await?;
                return Err(unread(error));
            }
        }
    }
    upload.finish().await?;
    work.info(&format!("kept `{name}` ({size_bytes} bytes) in {key}"));
    work.set_output(json!({ "exit_code": 0, "file": key, "size_bytes": size_bytes }));
    Ok(())
}

/// What there is to copy. The files of attempts that came to nothing are left out: no output names them.
async fn copies(work: &Work<'_>) -> Result<Vec<CopyIn>, ExecutorError> {
    let directory = work.working_directory()?;
    let moved = directory.key("files/");
    let listed = work.store.files.list(&moved, None, LIMIT_FILES + 1).await?;
    let mut copies: Vec<CopyIn> = Vec::new();
    for info in listed {
        let to = format!("files/{}", info.key.strip_prefix(&moved).unwrap_or(&info.key));
        copies.push(CopyIn { info, to });
    }
    let earlier = work.pipeline.definition.steps.iter().filter(|step| step.sort_order < work.step.sort_order);
    for step in earlier {
        let output = work.output_of::<Value>(step.name.as_str()).await?.unwrap_or_default();
        let Some(key) = output.get("file").and_then(Value::as_str) else { continue };
        work.check_own_file(key)?;
        let Some(info) = work.store.files.info(key).await? else { continue };
        let name = key.rsplit('/').next().unwrap_or(key);
        copies.push(CopyIn { to: format!("{}/{name}", step.name), info });
    }
    Ok(copies)
}

async fn copy_in(work: &Work<'_>, copy: &CopyIn, folder: &Path) -> Result<(), ExecutorError> {
    let key = &copy.info.key;
    let unwritten = |error| super::may_pass(&format!("the file `{key}` cannot be copied for the command"), error);
    let path = folder.join(&copy.to);
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(unwritten)?;
    }
    let mut file = File::create(&path).await.map_err(unwritten)?;
    let mut start = 0;
    loop {
        let range = Range { start, length: PIECE_BYTES as u64 };
        let Some(piece) = work.store.files.get(key, Some(range)).await? else { break };
        file.write_all(&piece).await.map_err(unwritten)?;
        start += piece.len() as u64;
        if piece.len() < PIECE_BYTES {
            break;
        }
    }
    file.flush().await.map_err(unwritten)
}
