//! Enqueueing a step: the mark that counts an attempt, before its message is sent.

use chrono::{DateTime, Utc};
use pipeline::step::StepRecord;
use pipeline::transition::StepEvent;
use pipeline::{PipelineId, Step, Token};
use serde_json::{Value, json};

use super::legal;
use crate::error::Result;
use crate::items::{self, SCHEMA};
use crate::table::{Change, Condition, Item, Relist, Write, Written};
use crate::{Store, keys};

/// A step to enqueue.
#[derive(Debug, Clone)]
pub struct EnqueueMark<'a> {
    /// The step as it was read.
    pub step: &'a Step,
    /// What enqueues it.
    pub event: StepEvent,
    /// The token of the enqueue.
    pub token: Token,
    /// How many reruns its pipeline has seen, see [`Pipeline::reruns`](pipeline::Pipeline::reruns).
    pub reruns: u32,
}

/// What became of an enqueue.
#[derive(Debug, Clone, PartialEq)]
pub enum Enqueued {
    /// The step is enqueued with our token: send the message.
    Done(Box<StepRecord>),
    /// Somebody else moved the step first.
    Lost,
}

impl Store {
    /// Counts an attempt and marks the step enqueued with a fresh token. The message is sent after that, never before.
    ///
    /// # Errors
    /// The store did not answer, an item cannot be read, or the step does not stand where it can be enqueued.
    pub async fn enqueue_step(
        &self,
        pipeline: &PipelineId,
        mark: &EnqueueMark<'_>,
        now: DateTime<Utc>,
    ) -> Result<Enqueued> {
        let write = self.enqueue_write(pipeline, mark, now)?;
        self.keep_attempt(pipeline, mark.step).await?;
        // Applied or not, the item tells whether the enqueue is ours: the reply to our own write may have been lost.
        let (Written::Applied(item) | Written::Conflict(item)) = self.table.write(write).await?;
        Self::enqueued(item.as_ref(), mark)
    }

    /// The write that counts an attempt and marks the step enqueued.
    pub(crate) fn enqueue_write(
        &self,
        pipeline: &PipelineId,
        mark: &EnqueueMark<'_>,
        now: DateTime<Utc>,
    ) -> Result<Write> {
        if mark.step.record.version == 0 { first_write(pipeline, mark, now) } else { next_write(pipeline, mark, now) }
    }

    /// Whether the step's item, as it is after an enqueue, shows that the enqueue was ours. The record has the version that the
    /// enqueue left: by now a runner may have the step, and a message with the version of its claim would claim it again.
    pub(crate) fn enqueued(item: Option<&Item>, mark: &EnqueueMark<'_>) -> Result<Enqueued> {
        let Some(item) = item else { return Ok(Enqueued::Lost) };
        let record = items::step_record(item)?;
        if record.token.as_ref() != Some(&mark.token) {
            return Ok(Enqueued::Lost);
        }
        let version = mark.step.record.version + 1;
        Ok(Enqueued::Done(Box::new(StepRecord { version, ..record })))
    }
}

/// What a new attempt must not inherit. The checkpoint stays: a retry goes on where the failed attempt stood.
const PER_ATTEMPT: [&str; 14] = [
    "continuations",
    "owner",
    "sent_at",
    "wakes_at",
    "resends",
    "started_at",
    "lease_until",
    "finished_at",
    "message",
    "is_warning",
    "is_permanent",
    "is_forced",
    "output",
    "log",
];

/// The write of a step that was never enqueued, and so has no item yet.
fn first_write(pipeline: &PipelineId, mark: &EnqueueMark<'_>, now: DateTime<Utc>) -> Result<Write> {
    let step = mark.step;
    let mut attributes = items::attributes(fields(mark, now)?);
    if step.definition.is_added {
        // Then the runner, who reads this item only, knows what to do.
        attributes.insert("definition".to_owned(), json!(step.definition));
    }
    let key = keys::step(pipeline, step.definition.sort_order, &step.definition.name);
    let change = Change::Put { attributes, listing: None, expires_at: None };
    Ok(Write { key, condition: Condition::Absent, change })
}

/// The write of a step that ran before.
fn next_write(pipeline: &PipelineId, mark: &EnqueueMark<'_>, now: DateTime<Utc>) -> Result<Write> {
    let EnqueueMark { step, event, .. } = mark;
    let record = &step.record;
    let mut attributes = items::patch(PER_ATTEMPT.map(|field| (field, Value::Null)));
    if *event == StepEvent::Rerun {
        // The person who runs it again has seen what became of it.
        attributes.insert("interruptions".to_owned(), Value::Null);
    }
    if *event == StepEvent::Recur {
        attributes.insert("run".to_owned(), json!(record.runs() + 1));
        attributes.insert("attempts_before".to_owned(), json!(record.attempt));
    }
    // These last: of what is per attempt they set some anew.
    attributes.extend(items::attributes(fields(mark, now)?));
    let key = keys::step(pipeline, step.definition.sort_order, &step.definition.name);
    let change = Change::Patch { attributes, listing: Relist::Keep };
    Ok(Write { key, condition: Condition::Version(record.version), change })
}

/// What every enqueue writes; what is null is not written.
fn fields(mark: &EnqueueMark<'_>, now: DateTime<Utc>) -> Result<[(&'static str, Value); 7]> {
    let EnqueueMark { step, event, token, reruns } = mark;
    let record = &step.record;
    let reruns_seen = if *reruns > 0 { json!(reruns) } else { Value::Null };
    // The stored word for a rerun is older than ours.
    let is_forced = if *event == StepEvent::Rerun { json!(true) } else { Value::Null };
    Ok([
        ("schema", json!(SCHEMA)),
        ("status", json!(legal(record.status, *event)?)),
        ("attempt", json!(record.attempt + 1)),
        ("token", json!(token)),
        ("enqueued_at", items::time(now)),
        ("reruns_seen", reruns_seen),
        ("is_forced", is_forced),
    ])
}
