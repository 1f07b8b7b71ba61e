//! `delete_files`: deletes the files of pipelines that ended longer ago than the setting `clean_up.delete_files_after`.
//!
//! These are the working directory, the archive, and what `compress` made of them. What the table knows of the pipeline
//! stays until `delete_pipelines`. Files that no pipeline has taken go, too.

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use store::clean_up::{EndedPipeline, FilesMark};

use super::{CleanUpWalk, WalkStart, compress, delete_below, leftovers, prefixes};

/// The executor.
pub struct DeleteFiles;

#[async_trait]
impl Executor for DeleteFiles {
    fn name(&self) -> &'static str {
        "delete_files"
    }

    fn description(&self) -> &'static str {
        "deletes the files and archives of pipelines that ended long ago, and what was put to be checked and never was"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let mut walk = match CleanUpWalk::begin(work, "clean_up.delete_files_after").await? {
            WalkStart::Walk(walk) => walk,
            WalkStart::Nothing(outcome) => return Ok(outcome),
        };
        while let Some(due) = walk.due(work).await? {
            for ended in due.iter().filter(|ended| ended.files < FilesMark::Deleted) {
                match delete(work, ended, &mut walk).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(walk.later()),
                    Err(error) => walk.problem(work, ended, error)?,
                }
            }
        }
        if leftovers::delete(work, walk.counts()).await? {
            return Ok(walk.later());
        }
        walk.end(work, "deleted the files of")
    }
}

/// Whether all files of a pipeline are deleted.
async fn delete(work: &mut Work<'_>, ended: &EndedPipeline, walk: &mut CleanUpWalk) -> Result<bool, ExecutorError> {
    let before = walk.counts().files;
    for prefix in prefixes(&ended.id).into_iter().chain([compress::prefix(&ended.id)]) {
        if delete_below(work, &prefix, walk.counts()).await? {
            return Ok(false);
        }
    }
    work.store.mark_files(ended, FilesMark::Deleted, work.now()).await?;
    let files = walk.counts().files - before;
    if files > 0 {
        walk.counts().add_pipeline();
        work.info(&format!("pipeline `{}` {}: {files} files deleted", ended.name, ended.id));
    }
    Ok(true)
}
