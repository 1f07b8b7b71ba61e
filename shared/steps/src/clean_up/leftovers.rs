//! What nobody has taken: files that were put to be checked, and configurations with which no pipeline begins any more.
//!
//! Nothing else leads to them. A check that is given up before its pipeline is spawned leaves its files, and what a digest
//! names is read by the first step of each pipeline that was spawned with it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use engine::{ExecutorError, Shortage, Work};
use pipeline::Pipeline;
use store::files::FileInfo;

use super::CleanUpCounts;
use crate::import::CHECK_PREFIX;
use crate::import::configuration::KEPT_PREFIX;

/// How long somebody may take to spawn the pipeline, and that one to take the files.
const KEPT_FOR: TimeDelta = TimeDelta::days(7);

/// Files that are listed at once.
const PAGE: usize = 1_000;

/// Most open pipelines that are asked what they still need. Where there are more, everything is kept.
const OPEN: usize = 10_000;

/// Pipelines that are read at once.
const READ: usize = 100;

/// Deletes them; says whether time ran short before all of them were gone.
pub(super) async fn delete(work: &mut Work<'_>, counts: &mut CleanUpCounts) -> Result<bool, ExecutorError> {
    let mut old = Vec::new();
    for prefix in [CHECK_PREFIX, KEPT_PREFIX] {
        old.extend(old_files(work, prefix).await?);
    }
    if old.is_empty() {
        return Ok(false);
    }
    // Asked behind the listing: what was spawned since then has named its files by now.
    let Some(needed) = needed(work).await? else {
        work.info(&format!("more than {OPEN} pipelines are open; files that none of them needs are kept for now"));
        return Ok(false);
    };
    let before = counts.files;
    for file in old.iter().filter(|file| !needed.iter().any(|needed| file.key.starts_with(needed))) {
        if work.shortage() == Shortage::Time {
            return Ok(true);
        }
        // A configuration is written anew for each pipeline that is spawned with it. Between this look and the deletion
        // that may still happen; the pipeline says then that its configuration is gone, and its files lie where they lay.
        let now = work.store.files.info(&file.key).await?;
        if now.is_some_and(|now| now.modified_at == file.modified_at) {
            work.store.files.delete(&file.key).await?;
            counts.add_files([file.size_bytes].into_iter());
        }
    }
    let deleted = counts.files - before;
    if deleted > 0 {
        work.info(&format!("{deleted} files deleted that no pipeline has taken"));
    }
    Ok(false)
}

async fn old_files(work: &Work<'_>, prefix: &str) -> Result<Vec<FileInfo>, ExecutorError> {
    let (mut old, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = work.store.files.list(prefix, after.as_deref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|file| file.key.clone());
        old.extend(page.into_iter().filter(|file| work.now() - file.modified_at > KEPT_FOR));
        if is_last {
            return Ok(old);
        }
    }
}

/// What the keys begin with that open pipelines still need; nothing if there are too many to ask.
async fn needed(work: &Work<'_>) -> Result<Option<BTreeSet<String>>, ExecutorError> {
    let open = work.store.open_pipelines(OPEN + 1).await?;
    if open.len() > OPEN {
        return Ok(None);
    }
    let ids: Vec<_> = open.into_iter().map(|open| open.id).collect();
    let mut needed = BTreeSet::new();
    for ids in ids.chunks(READ) {
        for pipeline in work.store.pipelines_without_steps(ids).await? {
            needed.extend(needed_by(&pipeline));
        }
    }
    Ok(Some(needed))
}

fn needed_by(pipeline: &Pipeline) -> impl Iterator<Item = String> {
    let folder = pipeline.arguments.get("folder").cloned();
    let configuration = pipeline.arguments.get("configuration").map(|digest| format!("{KEPT_PREFIX}{digest}"));
    // An empty text would begin every key.
    folder.into_iter().chain(configuration).filter(|prefix| !prefix.is_empty())
}
