//! Reruns: steps that a person runs again, whatever their pipeline has come to.
//!
//! | function | condition | cost on AWS |
//! |---|---|---|
//! | [`Store::enqueue_rerun`] | step and pipeline (version), one group | 4 write units, 2 more when the pipeline is relisted |
//!
//! The pipeline's item is part of the group although only an ended pipeline changes: a beat that settles the pipeline at
//! this very moment, because it has not seen the step enqueued, loses its write and looks again.

use chrono::{DateTime, Utc};
use pipeline::transition::StepEvent;
use pipeline::{Pipeline, PipelineStatus, Step, Token};
use serde_json::json;

use crate::error::Result;
use crate::steps::{EnqueueMark, Enqueued};
use crate::table::{Change, Condition, GroupWritten, Relist, Write};
use crate::{Store, items, keys};

impl Store {
    /// Counts an attempt that a person asked for and marks the step enqueued; a pipeline that has ended is open again. The
    /// message is sent after that.
    ///
    /// The time since the pipeline's end does not count for its expiry.
    ///
    /// # Errors
    /// The store did not answer, an item cannot be read, or the step is enqueued or running.
    pub async fn enqueue_rerun(
        &self,
        pipeline: &Pipeline,
        step: &Step,
        token: &Token,
        now: DateTime<Utc>,
    ) -> Result<Enqueued> {
        // A step that runs always tells of the others, and by itself changes nothing that is told.
        let reruns = pipeline.reruns.saturating_add(u32::from(!step.definition.run_always));
        let mark = EnqueueMark { step, event: StepEvent::Rerun, token: token.clone(), reruns };
        let enqueue = self.enqueue_write(&pipeline.id, &mark, now)?;
        self.keep_attempt(&pipeline.id, step).await?;
        let key = enqueue.key.clone();
        // Whether it was us or somebody else, the step's item tells.
        let item = match self.table.write_group(vec![reopen(pipeline, reruns, now), enqueue]).await? {
            GroupWritten::Applied => self.table.get(&key).await?,
            GroupWritten::Conflict(conflicts) => {
                conflicts.into_iter().find_map(|(_, item)| item.filter(|item| item.key == key))
            }
        };
        Self::enqueued(item.as_ref(), &mark)
    }
}

/// Opens a pipeline that has ended; of one that is open only the count of reruns changes, and the version.
fn reopen(pipeline: &Pipeline, reruns: u32, now: DateTime<Utc>) -> Write {
    let (key, condition) = (keys::pipeline(&pipeline.id), Condition::Version(pipeline.version));
    if pipeline.status.is_open() {
        let attributes = items::patch([("status", json!(pipeline.status)), ("reruns", json!(reruns))]);
        return Write { key, condition, change: Change::Patch { attributes, listing: Relist::Keep } };
    }
    // While it is paused, the time is not counted anyway.
    let ended = pipeline.ended_at.filter(|_| pipeline.paused_at.is_none());
    let rest = ended.and_then(|ended| (now - ended).to_std().ok()).unwrap_or_default();
    let uncounted_ms = u64::try_from((pipeline.paused_for + rest).as_millis()).unwrap_or(u64::MAX);
    let attributes = items::patch([
        ("status", json!(PipelineStatus::Running)),
        ("reruns", json!(reruns)),
        ("ended_at", json!(null)),
        ("paused_for_ms", json!(uncounted_ms)),
    ]);
    let definition = &pipeline.definition;
    let place = keys::open_listing(&pipeline.id, &definition.name, definition.priority, pipeline.spawned_at);
    Write { key, condition, change: Change::Patch { attributes, listing: Relist::List(place) } }
}
