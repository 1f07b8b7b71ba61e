//! `compress`: packs the files of pipelines that ended longer ago than the setting `clean_up.compress_after`.
//!
//! The working directory and the archive of a pipeline become `archive/<id>.tar.gz`, with an index beside it
//! (`archive/<id>.tar.gz.json`) that names what is in it. Of a pipeline with very many files, or when time runs short, there
//! are further parts (`archive/<id>.2.tar.gz`), each complete in itself.
//!
//! **Invariant:** a file is deleted only after an index names it, and a part with an index is never written again. Files are
//! listed before the index is looked for; so a list without an index is complete, and writing the part again is harmless.

use std::collections::BTreeSet;
use std::io::Write;

use async_trait::async_trait;
use bytes::Bytes;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Shortage, Work};
use flate2::Compression;
use flate2::write::GzEncoder;
use pipeline::PipelineId;
use serde::{Deserialize, Serialize};
use store::clean_up::{EndedPipeline, FilesMark};
use store::files::{FileInfo, Range, Upload};

use super::{CleanUpWalk, WalkStart, delete_all, prefixes};

/// The executor.
pub struct Compress;

/// What is in a part; written before the first of these files is deleted.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    schema: u32,
    pipeline: PipelineId,
    files: Vec<Packed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    key: String,
    size_bytes: u64,
}

/// Most files of one part; its index is kept in memory.
const PART_FILES: usize = 5_000;

/// How much of a file is read at once. With what the upload keeps, all the memory that packing takes.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;

/// A tar file consists of blocks.
const BLOCK_BYTES: u64 = 512;

/// What the keys of all parts and their indexes begin with.
pub(super) fn prefix(id: &PipelineId) -> String {
    format!("archive/{id}.")
}

fn part_key(id: &PipelineId, part: usize) -> String {
    if part == 1 { format!("{}tar.gz", prefix(id)) } else { format!("{}{part}.tar.gz", prefix(id)) }
}

#[async_trait]
impl Executor for Compress {
    fn name(&self) -> &'static str {
        "compress"
    }

    fn description(&self) -> &'static str {
        "packs the files of pipelines that ended long ago"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let mut walk = match CleanUpWalk::begin(work, "clean_up.compress_after").await? {
            WalkStart::Walk(walk) => walk,
            WalkStart::Nothing(outcome) => return Ok(outcome),
        };
        while let Some(due) = walk.due(work).await? {
            for ended in due.iter().filter(|ended| ended.files == FilesMark::Untouched) {
                // What is deleted in the same run need not be packed before.
                if walk.is_due("clean_up.delete_files_after", ended) {
                    continue;
                }
                match pack(work, ended, &mut walk).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(walk.later()),
                    Err(error) => walk.problem(work, ended, error)?,
                }
            }
        }
        walk.end(work, "packed the files of")
    }
}

/// Packs part after part; whether all files of the pipeline are packed.
async fn pack(work: &mut Work<'_>, ended: &EndedPipeline, walk: &mut CleanUpWalk) -> Result<bool, ExecutorError> {
    let before = *walk.counts();
    for part in 1.. {
        if work.shortage() == Shortage::Time {
            return Ok(false);
        }
        // First the list, then the index: see the head of the module.
        let files = list(work, &ended.id).await?;
        if files.is_empty() {
            break;
        }
        let key = part_key(&ended.id, part);
        let index = match read_index(work, &key).await? {
            Some(index) => index,
            None => {
                let index = write_part(work, &ended.id, &key, &files).await?;
                walk.counts().add_files(index.files.iter().map(|file| file.size_bytes));
                index
            }
        };
        let packed: BTreeSet<String> = index.files.into_iter().map(|file| file.key).collect();
        delete_all(work, files.into_iter().map(|file| file.key).filter(|key| packed.contains(key)).collect()).await?;
    }
    work.store.mark_files(ended, FilesMark::Packed, work.now()).await?;
    let files = walk.counts().files - before.files;
    if files > 0 {
        walk.counts().add_pipeline();
        let key = part_key(&ended.id, 1);
        work.info(&format!("pipeline `{}` {}: {files} files packed into {key}", ended.name, ended.id));
    }
    Ok(true)
}

async fn list(work: &Work<'_>, id: &PipelineId) -> Result<Vec<FileInfo>, ExecutorError> {
    let mut files = Vec::new();
    for prefix in prefixes(id) {
        if files.len() < PART_FILES {
            files.extend(work.store.files.list(&prefix, None, PART_FILES - files.len()).await?);
        }
    }
    Ok(files)
}

async fn read_index(work: &Work<'_>, key: &str) -> Result<Option<Index>, ExecutorError> {
    let key = format!("{key}.json");
    let Some(bytes) = work.store.files.get(&key, None).await? else { return Ok(None) };
    let bad = |error| ExecutorError::permanent(format!("`{key}` is not an index of packed files: {error}"));
    serde_json::from_slice(&bytes).map(Some).map_err(bad)
}

/// Writes one part of as many files as there is time for, one at least, and its index.
async fn write_part(work: &Work<'_>, id: &PipelineId, key: &str, files: &[FileInfo]) -> Result<Index, ExecutorError> {
    let mut upload = work.store.files.upload(key).await?;
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut index = Index { schema: 1, pipeline: id.clone(), files: Vec::new() };
    for file in files {
        if !index.files.is_empty() && work.shortage() == Shortage::Time {
            break;
        }
        if let Err(error) = append(work, &mut archive, upload.as_mut(), file).await {
            upload.abort().await?;
            return Err(error);
        }
        index.files.push(Packed { key: file.key.clone(), size_bytes: file.size_bytes });
    }
    let rest = archive.into_inner().and_then(GzEncoder::finish).map_err(in_memory)?;
    upload.write(Bytes::from(rest)).await?;
    upload.finish().await?;
    let text = serde_json::to_vec(&index).map_err(|error| ExecutorError::permanent(error.to_string()))?;
    work.store.files.put(&format!("{key}.json"), Bytes::from(text)).await?;
    Ok(index)
}

type TarBuilder = tar::Builder<GzEncoder<Vec<u8>>>;

/// Appends one file in pieces.
async fn append(
    work: &Work<'_>,
    archive: &mut TarBuilder,
    upload: &mut dyn Upload,
    file: &FileInfo,
) -> Result<(), ExecutorError> {
    head(archive, file).map_err(in_memory)?;
    let mut read = 0;
    while read < file.size_bytes {
        let range = Range { start: read, length: CHUNK_BYTES.min(file.size_bytes - read) };
        let chunk = work.store.files.get(&file.key, Some(range)).await?.filter(|chunk| !chunk.is_empty());
        // Another body of this step was faster; the next attempt sees what it left.
        let gone = || ExecutorError::retryable(format!("file `{}` went away while it was packed", file.key));
        let chunk = chunk.ok_or_else(gone)?;
        read += chunk.len() as u64;
        archive.get_mut().write_all(&chunk).map_err(in_memory)?;
        let packed = std::mem::take(archive.get_mut().get_mut());
        upload.write(Bytes::from(packed)).await?;
    }
    let padding = vec![0; usize::try_from(read.next_multiple_of(BLOCK_BYTES) - read).unwrap_or(0)];
    archive.get_mut().write_all(&padding).map_err(in_memory)
}

/// Writes the head of a file; a name that is too long for it goes into an extension of its own.
fn head(archive: &mut TarBuilder, file: &FileInfo) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(file.size_bytes);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(file.modified_at.timestamp()).unwrap_or(0));
    header.set_entry_type(tar::EntryType::Regular);
    if header.set_path(&file.key).is_err() {
        archive.append_pax_extensions([("path", file.key.as_bytes())])?;
        header.set_path("name-in-extension")?;
    }
    header.set_cksum();
    archive.get_mut().write_all(header.as_bytes())
}

fn in_memory(error: std::io::Error) -> ExecutorError {
    ExecutorError::permanent(format!("an archive in memory cannot be written: {error}"))
}
