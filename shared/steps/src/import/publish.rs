//! `publish`: brings what the steps before have drafted into the catalogue, and ends drafts whatever became of them.
//!
//! Once it has begun it is carried on to its end: by the next try of the step, or by the report of a pipeline that was
//! cancelled in the middle. Before, nothing of a draft is in the catalogue, and the report drops it.

use async_trait::async_trait;
use catalog::own::{DraftHead, DraftMode, DraftName, DraftStatus, PublishPlace, Publisher};
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::finding::Severity;
use pipeline::PipelineId;
use store::table::Table;

use super::drafts::{PUBLISH, pipeline_draft};
use super::failures::of_own;
use super::progress::{RowProgress, Tally, count};
use super::published::Published;

/// How many things are published between two checkpoints.
const THINGS_PER_CHECKPOINT: u64 = 1_000;

/// The executor.
pub struct Publish {
    publisher: Publisher,
}

impl Publish {
    /// Publishes things of every entity that ships.
    #[must_use]
    pub fn all() -> Self {
        Self { publisher: Publisher::all() }
    }

    /// Publishes things of one more entity, such as one of your own.
    #[must_use]
    pub fn and<E: Entity>(self) -> Self {
        Self { publisher: self.publisher.and::<E>() }
    }
}

#[async_trait]
impl Executor for Publish {
    fn name(&self) -> &'static str {
        PUBLISH
    }

    fn description(&self) -> &'static str {
        "brings what the steps before have drafted into the catalogue, if the import is a single transaction"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let table = work.store.table.clone();
        let head = DraftHead::find(table.as_ref(), &pipeline_draft(work)).await.map_err(of_own)?;
        let Some(head) = head else { return Ok(skipped("changes were written as they came; nothing is drafted")) };
        match head.mode {
            DraftMode::DryRun => return Ok(skipped("it is a dry run; nothing is published")),
            DraftMode::Transaction => self.publisher.check(&head).map_err(of_own)?,
        }
        let mut progress = RowProgress::read(work).await?;
        let outcome = publish(work, &self.publisher, head, &mut progress).await?;
        if let Some(outcome) = outcome {
            return Ok(outcome);
        }
        progress.leave(work, "publish.json").await?;
        conclude(&progress.tally)
    }
}

fn skipped(reason: &str) -> Outcome {
    Outcome::Skipped { reason: reason.to_owned() }
}

/// Publishes a draft to its end, or until time runs short; the latter returns how to end the step.
pub(super) async fn publish(
    work: &mut Work<'_>,
    publisher: &Publisher,
    mut head: DraftHead,
    progress: &mut RowProgress,
) -> Result<Option<Outcome>, ExecutorError> {
    let table = work.store.table.clone();
    match head.status {
        DraftStatus::Open => head.begin_publishing(table.as_ref()).await.map_err(of_own)?,
        DraftStatus::Publishing | DraftStatus::Published => {}
        DraftStatus::Dropped => {
            let problem = "the draft was dropped; run the steps that import again, and then this one";
            return Err(ExecutorError::permanent(problem));
        }
    }
    while progress.tally.published.as_ref().is_none_or(|published| published.place.is_some()) {
        publish_some(table.as_ref(), publisher, &head.name, &mut progress.tally).await?;
        if let Some(outcome) = progress.checkpoint(work, "published").await? {
            return Ok(Some(outcome));
        }
    }
    head.end_publishing(table.as_ref()).await.map_err(of_own)?;
    if let Some(Published { things, met, .. }) = &progress.tally.published {
        work.info(&format!("published {} of the draft", count(*things, "thing")));
        if *met > 0 {
            work.info(&format!("{met} of them were changed by others meanwhile; their rows were applied to that"));
        }
    }
    Ok(None)
}

/// Publishes the next things, up to a checkpoint.
async fn publish_some(
    table: &dyn Table,
    publisher: &Publisher,
    name: &DraftName,
    tally: &mut Tally,
) -> Result<(), ExecutorError> {
    let published = tally.published.get_or_insert_with(Published::nothing);
    let before = published.things;
    while let Some(place) = &published.place {
        let page = publisher.publish(table, name, place).await.map_err(of_own)?;
        published.things += page.things;
        published.met += page.met;
        published.place = page.next;
        page.findings.into_iter().for_each(|finding| tally.report.file(&finding.file.clone()).note(finding));
        if published.things - before >= THINGS_PER_CHECKPOINT {
            break;
        }
    }
    Ok(())
}

fn conclude(tally: &Tally) -> Result<Outcome, ExecutorError> {
    let refused = tally.report.count_of(Severity::Row);
    match refused {
        0 => Ok(Outcome::Done),
        several => Err(ExecutorError::InvalidData {
            message: format!(
                "{} refused because of what others have changed meanwhile; the report names them",
                count(several, "row")
            ),
        }),
    }
}

/// Ends all drafts of a pipeline that has come to its end: what is being published is published to the end, everything
/// else is dropped. Returns what became of the draft of the whole pipeline.
pub(super) async fn end_drafts(table: &dyn Table, id: &PipelineId) -> Result<Option<DraftHead>, ExecutorError> {
    let mut of_pipeline = None;
    for mut head in DraftHead::all(table, id).await.map_err(of_own)? {
        if head.status == DraftStatus::Publishing {
            publish_rest(table, &head.name).await?;
            head.end_publishing(table).await.map_err(of_own)?;
        }
        head.drop_draft(table).await.map_err(of_own)?;
        if head.name.step.is_none() {
            of_pipeline = Some(head);
        }
    }
    Ok(of_pipeline)
}

/// Nobody is left to keep a checkpoint for: what is published already is passed over.
async fn publish_rest(table: &dyn Table, name: &DraftName) -> Result<(), ExecutorError> {
    let publisher = Publisher::all();
    let mut place = Some(PublishPlace::default());
    while let Some(here) = place {
        place = publisher.publish(table, name, &here).await.map_err(of_own)?.next;
    }
    Ok(())
}

/// Says why nothing of what was drafted is in the catalogue, if that is so.
pub(super) fn unpublished(head: &DraftHead) -> Option<&'static str> {
    match (head.mode, head.status) {
        (DraftMode::DryRun, _) => Some(
            "dry run: nothing was written; the counts say what an import would create, update, leave unchanged and delete",
        ),
        (DraftMode::Transaction, DraftStatus::Published | DraftStatus::Publishing) => None,
        (DraftMode::Transaction, DraftStatus::Open | DraftStatus::Dropped) => Some(
            "single transaction that did not come to its end: the catalogue is as it was; the counts say what was drafted",
        ),
    }
}
