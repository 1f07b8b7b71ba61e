//! What a beat writes to a step as it has seen it: a ghost, a cancel, a message that is sent again.

use chrono::{DateTime, Utc};
use pipeline::step::{INTERRUPTION_LIMIT, StepRecord};
use pipeline::transition::StepEvent;
use pipeline::{PipelineId, Step, StepStatus};
use serde_json::{Value, json};

use super::{interruptions, legal};
use crate::error::Result;
use crate::items;
use crate::table::{Attributes, Change, Condition, Item, Relist, Write, Written};
use crate::{Store, keys};

impl Store {
    /// Makes an error of an attempt whose runner is gone, and for good if that happened too often in a row.
    ///
    /// `cause` says how that is known, for people.
    ///
    /// # Errors
    /// The store did not answer, or the step does not stand where that can happen; the latter is permanent.
    pub async fn ghost_step(
        &self,
        pipeline: &PipelineId,
        step: &Step,
        cause: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let count = step.record.interruptions.saturating_add(1);
        let mut message = cause.to_owned();
        if count > 1 {
            message += &format!("; it is the {count}th time in a row that a runner died with this step");
        }
        let is_given_up = count >= INTERRUPTION_LIMIT;
        if is_given_up {
            message += ", so it is not tried again by itself: find out what kills it, then run it by hand";
        }
        let attributes = items::patch([
            ("status", json!(legal(step.record.status, StepEvent::Ghost)?)),
            ("finished_at", items::time(now)),
            ("lease_until", Value::Null),
            interruptions(count),
            ("is_permanent", if is_given_up { json!(true) } else { Value::Null }),
            ("message", json!(message)),
        ]);
        Ok(self.write_seen(pipeline, step, attributes).await?.is_some())
    }

    /// Cancels an enqueued step of a stopped pipeline.
    ///
    /// # Errors
    /// The store did not answer, or the step does not stand where that can happen; the latter is permanent.
    pub async fn cancel_step(&self, pipeline: &PipelineId, step: &Step, now: DateTime<Utc>) -> Result<bool> {
        let status = legal(step.record.status, StepEvent::Cancel)?;
        let attributes = items::patch([("status", json!(status)), ("finished_at", items::time(now))]);
        Ok(self.write_seen(pipeline, step, attributes).await?.is_some())
    }

    /// Notes that the message of an enqueued step is sent again, due no earlier than it was; returns the record that the
    /// message must name, or `None` if the step has moved.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn touch_sent(
        &self,
        pipeline: &PipelineId,
        step: &Step,
        now: DateTime<Utc>,
    ) -> Result<Option<StepRecord>> {
        let due = step.record.due_at(now).unwrap_or(now);
        let attributes = items::patch([("sent_at", items::time(due)), ("resends", json!(step.record.resends + 1))]);
        let Some(written) = self.write_seen(pipeline, step, attributes).await? else { return Ok(None) };
        let record = items::step_record(&written)?;
        // Our own note, or the like of another beat in the same moment, may be followed by a claim already. A message that
        // names the version of a claim would let a second runner claim the step.
        Ok((record.status == StepStatus::Enqueued).then_some(record))
    }

    /// Patches a step as it was seen; the item if it is as we want it, `None` if somebody else moved it.
    async fn write_seen(&self, pipeline: &PipelineId, step: &Step, attributes: Attributes) -> Result<Option<Item>> {
        Ok(match self.table.write(self.seen(pipeline, step, attributes.clone())).await? {
            Written::Applied(item) => item,
            // The reply to our own write got lost, or another beat wrote the same.
            Written::Conflict(item) => item.filter(|item| items::is_written(item, &attributes)),
        })
    }

    fn seen(&self, pipeline: &PipelineId, step: &Step, attributes: Attributes) -> Write {
        Write {
            key: keys::step(pipeline, step.definition.sort_order, &step.definition.name),
            condition: Condition::Version(step.record.version),
            change: Change::Patch { attributes, listing: Relist::Keep },
        }
    }
}
