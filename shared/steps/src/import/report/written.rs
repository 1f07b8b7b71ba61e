//! Writes every finding into one file, and the rows to correct into files of their own.

use std::collections::BTreeMap;
use std::mem;

use bytes::Bytes;
use engine::{ExecutorError, Work};
use import::finding::Finding;

use super::errors::ErrorPlaces;
use super::gather::Gathered;
use crate::import::findings;

/// The file that has every finding, a line of JSON each.
pub(super) const FINDINGS_FILE: &str = "findings.jsonl";

/// Most findings that `report.json` has by itself: a program may read it as a whole.
const MOST_IN_REPORT: usize = 10_000;

/// What was written of the findings.
#[derive(Debug, Default)]
pub(super) struct WrittenFindings {
    /// The first ten thousand, in the order in which they were found.
    pub(super) first: Vec<Finding>,
    /// The key of the file with all of them, if there are any.
    pub(super) findings_key: Option<String>,
    /// The keys of the files of rows to correct, by the file of the import.
    pub(super) errors: BTreeMap<String, String>,
}

impl WrittenFindings {
    /// Writes them below a prefix.
    pub(super) async fn write(work: &mut Work<'_>, gathered: &Gathered, prefix: &str) -> Result<Self, ExecutorError> {
        let mut written = WrittenFindings::default();
        let mut places = ErrorPlaces::default();
        let mut upload = None;
        let mut reader = gathered.findings(work.store.files.clone());
        while let Some((key, found)) = reader.next().await? {
            if found.is_empty() {
                continue;
            }
            places.add(&key, &found);
            let lines = Bytes::from(findings::in_lines(&found));
            let room = MOST_IN_REPORT - written.first.len();
            written.first.extend(found.into_iter().take(room));
            if upload.is_none() {
                let key = format!("{prefix}{FINDINGS_FILE}");
                upload = Some(work.store.files.upload(&key).await?);
                written.findings_key = Some(key);
            }
            if let Some(upload) = &mut upload {
                upload.write(lines).await?;
            }
        }
        if let Some(upload) = mem::take(&mut upload) {
            upload.finish().await?;
        }
        written.errors = places.write(work).await?;
        Ok(written)
    }

    /// Where the rows to correct are, in words.
    pub(super) fn in_words(&self) -> String {
        let mut text = String::new();
        for key in self.errors.values() {
            text += &format!("\nrows to correct and drop again: {key}\n");
        }
        text
    }
}
