//! Writes and messages in one commit, for back ends whose table and queue can share one.
//!
//! | function | condition | cost |
//! |---|---|---|
//! | [`Store::enqueue_at_once`] | of each step absent, or the version seen | one commit for all |
//!
//! What a step needs to go on is a mark and a message. Where these are two requests, the mark comes first and a beat sends
//! again what got lost in between; where they are one commit, nothing can.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use pipeline::step::StepRecord;
use pipeline::transition::StepEvent;
use pipeline::{PipelineId, Priority, Step, Token};

use crate::Store;
use crate::error::Result;
use crate::queue::Outgoing;
use crate::table::{GroupWritten, Write};

/// A table and a queue that share their commits.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Writes all items and sends all messages; none of either if a condition does not hold. The limits are those of
    /// [`Table::write_group`](crate::table::Table::write_group) and [`Queue::send`](crate::queue::Queue::send).
    async fn write_and_send(
        &self,
        writes: Vec<Write>,
        priority: Priority,
        messages: Vec<Outgoing>,
    ) -> Result<GroupWritten>;
}

/// A step to enqueue.
#[derive(Debug, Clone)]
pub struct Mark<'a> {
    /// The step as it was read.
    pub step: &'a Step,
    /// What enqueues it.
    pub event: StepEvent,
    /// The token of the enqueue.
    pub token: Token,
}

impl Store {
    /// Enqueues steps as [`Store::enqueue_step`] does, their messages included. Answers `false`, and has done nothing, if
    /// the back end has no such commit or somebody moved one of the steps: then they go one by one.
    ///
    /// # Errors
    /// The store did not answer, or a step does not stand where it can be enqueued.
    pub async fn enqueue_at_once(
        &self,
        pipeline: &PipelineId,
        priority: Priority,
        marks: &[Mark<'_>],
        message: impl Fn(&Step, &Token) -> Outgoing,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Some(outbox) = &self.outbox else { return Ok(false) };
        let (mut writes, mut messages) = (Vec::with_capacity(marks.len()), Vec::with_capacity(marks.len()));
        for Mark { step, event, token } in marks {
            writes.push(self.enqueue_write(pipeline, step, *event, token, now)?);
            self.keep_attempt(pipeline, step).await?;
            messages.push(message(&marked(step), token));
        }
        Ok(outbox.write_and_send(writes, priority, messages).await? == GroupWritten::Applied)
    }
}

/// The step as far as a message tells of it, once it is enqueued.
fn marked(step: &Step) -> Step {
    let StepRecord { attempt, version, .. } = step.record;
    let record = StepRecord { attempt: attempt + 1, version: version + 1, continuations: 0, ..step.record.clone() };
    Step { definition: step.definition.clone(), record }
}
