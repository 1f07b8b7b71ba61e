//! Steps that must not run at the same time, in whatever pipelines they are.
//!
//! | function | condition | cost on AWS |
//! |---|---|---|
//! | [`Store::enqueue_step_alone`] | the step's, and nobody became busy meanwhile under a name that the step waits for | 4 write units and 1 read unit, more per name, entered step and busy one |
//!
//! A step that waits for others not to run looks at them and is enqueued after that; two such steps that look at the same
//! moment would both go ahead. So each of them enters itself under its own name, in the same group of writes that enqueues
//! it, and the group fails if an entry under a name that it waits for has changed since it looked. Entries of steps that
//! have ended are removed by whoever enters next.
//!
//! Only steps that wait for others enter themselves. One that waits for nobody may begin at any moment anyway, and is seen
//! by looking at the open pipelines.

use chrono::{DateTime, Utc};
use pipeline::{Name, PipelineId, Step, StepStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::Result;
use crate::items::{self, Fields};
use crate::steps::{EnqueueMark, Enqueued};
use crate::table::{Change, Condition, GroupWritten, Item, Write};
use crate::{Store, keys};

/// One attempt of a step that is or was busy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct BusyStep {
    pipeline: PipelineId,
    step: Name,
    sort_order: i32,
    attempt: u32,
}

impl Store {
    /// Enqueues a step as [`Store::enqueue_step`] does, unless a step of one of the names in `waits_for` became busy.
    ///
    /// # Errors
    /// The store did not answer, an item cannot be read, or the step does not stand where it can be enqueued.
    pub async fn enqueue_step_alone(
        &self,
        pipeline: &PipelineId,
        mark: &EnqueueMark<'_>,
        waits_for: &[Name],
        now: DateTime<Utc>,
    ) -> Result<Enqueued> {
        let step = mark.step;
        let own = &step.definition.name;
        let mut names: Vec<&Name> = waits_for.iter().chain([own]).collect();
        names.sort();
        names.dedup();
        let keys: Vec<_> = names.iter().map(|name| keys::busy(name)).collect();
        let entries = self.table.batch_get(&keys).await?;
        let (enqueue, mut group) = (self.enqueue_write(pipeline, mark, now)?, Vec::new());
        for (name, key) in names.into_iter().zip(keys) {
            let entry = entries.iter().find(|item| item.key == key);
            let busy = self.busy(entry, pipeline, step).await?;
            if waits_for.contains(name) && !busy.is_empty() {
                return Ok(Enqueued::Lost);
            }
            let condition = entry.map_or(Condition::Absent, |item| Condition::Version(item.version));
            let change = if name == own { enter(busy, pipeline, step) } else { Change::Check };
            group.push(Write { key, condition, change });
        }
        self.keep_attempt(pipeline, step).await?;
        let key = enqueue.key.clone();
        group.push(enqueue);
        // Whether it was us or somebody else, the step's item tells.
        let written = self.table.write_group(group).await?;
        let item = match written {
            GroupWritten::Applied => self.table.get(&key).await?,
            GroupWritten::Conflict(conflicts) => {
                conflicts.into_iter().find_map(|(_, item)| item.filter(|item| item.key == key))
            }
        };
        Self::enqueued(item.as_ref(), mark)
    }

    /// Who else is busy under a name: the entries whose attempt has not ended.
    async fn busy(&self, entry: Option<&Item>, pipeline: &PipelineId, step: &Step) -> Result<Vec<BusyStep>> {
        let Some(entry) = entry else { return Ok(Vec::new()) };
        let entered: Vec<BusyStep> = Fields::of(entry)?.json("holders", "a list of steps")?.unwrap_or_default();
        let mut busy = Vec::new();
        for other in entered {
            if other.pipeline == *pipeline && other.step == step.definition.name {
                continue;
            }
            let record = self.step_record(&other.pipeline, other.sort_order, &other.step).await?;
            let is_busy = record.is_some_and(|record| {
                record.attempt == other.attempt && matches!(record.status, StepStatus::Enqueued | StepStatus::Running)
            });
            // What is enqueued in a pipeline that has ended is never begun, and nobody may be left to say so.
            if is_busy && self.is_open(&other.pipeline).await? {
                busy.push(other);
            }
        }
        Ok(busy)
    }

    async fn is_open(&self, pipeline: &PipelineId) -> Result<bool> {
        let pipeline = self.pipeline_without_steps(pipeline).await?;
        Ok(pipeline.is_some_and(|pipeline| pipeline.status.is_open()))
    }
}

/// Adds a step's next attempt to those that are busy under its name.
fn enter(mut busy: Vec<BusyStep>, pipeline: &PipelineId, step: &Step) -> Change {
    busy.push(BusyStep {
        pipeline: pipeline.clone(),
        step: step.definition.name.clone(),
        sort_order: step.definition.sort_order,
        attempt: step.record.attempt + 1,
    });
    let attributes = items::attributes([("holders", json!(busy))]);
    Change::Put { attributes, listing: None, expires_at: None }
}
