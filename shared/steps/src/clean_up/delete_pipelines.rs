//! `delete_pipelines`: deletes pipelines from the table that ended longer ago than the setting `clean_up.delete_after`.
//!
//! A pipeline whose files are still to be deleted stays until they are, because nobody would find them without it. What it
//! was spawned for stays for ever, so that nothing is imported again that was imported once (`store::clean_up`).

use async_trait::async_trait;
use catalog::own::DraftHead;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Shortage, Work};
use store::clean_up::{EndedPipeline, FilesMark};
use store::pipelines::PipelineWritten;

use super::{CleanUpWalk, WalkStart};
use crate::import::of_own;

/// The executor.
pub struct DeletePipelines;

#[async_trait]
impl Executor for DeletePipelines {
    fn name(&self) -> &'static str {
        "delete_pipelines"
    }

    fn description(&self) -> &'static str {
        "deletes pipelines that ended long ago from the table"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let mut walk = match CleanUpWalk::begin(work, "clean_up.delete_after").await? {
            WalkStart::Walk(walk) => walk,
            WalkStart::Nothing(outcome) => return Ok(outcome),
        };
        while let Some(due) = walk.due(work).await? {
            for ended in &due {
                if ended.files < FilesMark::Deleted && walk.is_set("clean_up.delete_files_after", ended) {
                    continue;
                }
                if work.shortage() == Shortage::Time {
                    return Ok(walk.later());
                }
                if let Err(error) = delete(work, ended, &mut walk).await {
                    walk.problem(work, ended, error)?;
                }
            }
        }
        walk.end(work, "deleted")
    }
}

async fn delete(work: &mut Work<'_>, ended: &EndedPipeline, walk: &mut CleanUpWalk) -> Result<(), ExecutorError> {
    // Whatever a late writer has left of its drafts; without the pipeline nobody would find it.
    let table = work.store.table.clone();
    for head in DraftHead::all(table.as_ref(), &ended.id).await.map_err(of_own)? {
        head.forget(table.as_ref()).await.map_err(of_own)?;
    }
    if work.store.delete_pipeline(ended, work.now()).await? == PipelineWritten::Done {
        walk.counts().add_pipeline();
        work.info(&format!(
            "pipeline `{}` {} deleted, it ended at {}",
            ended.name,
            ended.id,
            ended.ended_at.to_rfc3339()
        ));
    }
    Ok(())
}
