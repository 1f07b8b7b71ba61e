//! Every finding of a step over rows: in files of some thousand lines of JSON, beside the tally that counts them.
//!
//! The files are numbered, and the tally says up to which number they are its own. A tally is seen only with the checkpoint
//! or output that names it, so what a runner wrote that lost its step is seen by nobody, and a block that is repeated writes
//! the same numbers again.

use std::sync::Arc;

use engine::{ExecutorError, Work};
use import::finding::Finding;
use serde::{Deserialize, Serialize};
use store::files::Files;

/// Findings that wait in memory at most; a row of a hostile file can have thousands.
pub(super) const MOST_FRESH: usize = 5_000;

/// Files of findings with consecutive numbers in one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FindingsFiles {
    /// What their keys begin with.
    folder: String,
    first: u64,
    last: u64,
}

impl FindingsFiles {
    /// The keys, by number.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        (self.first..=self.last).map(|number| key(&self.folder, number))
    }

    /// Refuses files that are not of this pipeline: outputs may come from outside.
    pub(super) fn check_own(&self, work: &Work<'_>) -> Result<(), ExecutorError> {
        work.check_own_file(&self.folder)
    }
}

/// Writes findings into the file with the next number.
pub(super) async fn write(
    work: &Work<'_>,
    files: &mut Vec<FindingsFiles>,
    findings: &[Finding],
) -> Result<(), ExecutorError> {
    let number = files.last().map_or(1, |before| before.last + 1);
    // Below the attempt: two runners of one step may write the same number at the same moment, and only that of the attempt
    // whose tally is committed is ever read.
    let folder = work.artifact_key("findings");
    work.store.files.put(&key(&folder, number), in_lines(findings).into()).await?;
    match files.last_mut() {
        Some(before) if before.folder == folder => before.last = number,
        // The first ones, or an earlier runner has written those before.
        _ => files.push(FindingsFiles { folder, first: number, last: number }),
    }
    Ok(())
}

/// Reads one of the files.
pub(super) async fn read(files: &Arc<dyn Files>, key: &str) -> Result<Vec<Finding>, ExecutorError> {
    let Some(bytes) = files.get(key, None).await? else {
        return Err(ExecutorError::permanent(format!("file `{key}` is not there any more")));
    };
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let findings: Result<Vec<Finding>, _> = lines.map(serde_json::from_slice).collect();
    findings.map_err(|error| ExecutorError::permanent(format!("file `{key}` cannot be read: {error}")))
}

/// Findings as lines of JSON.
pub(super) fn in_lines(findings: &[Finding]) -> Vec<u8> {
    let mut lines = Vec::new();
    for finding in findings {
        serde_json::to_writer(&mut lines, finding).expect("a finding has only string keys");
        lines.push(b'\n');
    }
    lines
}

fn key(folder: &str, number: u64) -> String {
    format!("{folder}-{number:06}.jsonl")
}
