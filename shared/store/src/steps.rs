//! Access patterns of single steps: the claim protocol.
//!
//! | function | condition | cost on AWS |
//! |---|---|---|
//! | [`Store::enqueue_step`] | absent, or the version seen | 1 write unit |
//! | [`Store::claim_step`] | the version in the message, token compared on failure | 1 write unit |
//! | [`Store::finish_step`], [`Store::continue_step`], [`Store::save_progress`] | the version of our claim | 1 write unit |
//! | [`Store::ghost_step`], [`Store::cancel_step`], [`Store::touch_sent`] | the version seen | 1 write unit |
//! | [`Store::step_record`] | – | 1 read unit |
//! | [`Store::attempts`] | – (logs of earlier attempts) | 1 read unit per 4 KB |
//!
//! What a runner does stands here, what a beat does in `steps/enqueue.rs` and `steps/seen.rs`.
//!
//! Each write carries a mark of its writer (the token of an enqueue, the owner of a claim). If the condition fails, the
//! item tells whether our own earlier write, whose reply got lost, is what stands in the way; that counts as success.

mod attempts;
mod enqueue;
mod seen;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use pipeline::step::StepRecord;
use pipeline::transition::{self, StepEvent};
use pipeline::{Name, PipelineId, StepDefinition, StepStatus, Token};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::items::{self, optional};
use crate::message::StepMessage;
use crate::queue::DELAY_LIMIT;
use crate::table::{Attributes, Change, Condition, Item, Relist, Write, Written};
use crate::{Store, keys};

pub use attempts::Attempt;
pub use enqueue::{EnqueueMark, Enqueued};

/// What became of an attempt to claim a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// The step is ours until the lease ends.
    Won(Box<Claimed>),
    /// Somebody else was first, or the message is stale.
    Lost {
        /// Where the step stands.
        status: StepStatus,
        /// Whether the message belongs to the latest enqueue, so that a mini beat may have been missed.
        is_current: bool,
    },
    /// There is no such step (any more).
    Gone,
}

/// A step that is ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The step.
    pub name: Name,
    /// Its sort order, part of its key.
    pub sort_order: i32,
    /// What it should do, if that is not in the pipeline's definition because the step was added.
    pub definition: Option<Arc<StepDefinition>>,
    /// The record as we wrote it.
    pub record: StepRecord,
    /// Who we are.
    pub owner: String,
    /// The item as we wrote it last, if we did.
    pub item: Option<Arc<Item>>,
}

/// What a claim is made with.
pub(crate) struct NewClaim<'a> {
    /// The version of the step's item that the claim goes by.
    pub(crate) version: u64,
    pub(crate) owner: &'a str,
    pub(crate) lease_until: DateTime<Utc>,
    pub(crate) now: DateTime<Utc>,
}

/// What a further invocation of an attempt goes on with.
#[derive(Debug)]
pub struct Continuation<'a> {
    /// Where it goes on.
    pub checkpoint: Value,
    /// The token of its message.
    pub token: &'a Token,
    /// The log up to here.
    pub log: &'a str,
    /// How long it wants to wait. Its message is due then, or when a message cannot be held back for longer.
    pub delay: Duration,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// Done, perhaps with a warning about the data.
    Success {
        /// The warning.
        warning: Option<String>,
    },
    /// There was nothing to do, for this reason.
    Skipped(String),
    /// The attempt failed.
    Error {
        /// What failed, for people.
        message: String,
        /// Whether no further attempt can help.
        is_permanent: bool,
    },
}

/// What became of a write by the owner of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepWritten {
    /// Applied; still or last ours.
    Committed,
    /// The step has been taken from us meanwhile: what we did is not to be seen.
    Lost {
        /// Where it stands now; `None` if it is gone.
        status: Option<StepStatus>,
    },
}

/// How often a write is repeated because the owner's own version moved (a renewal whose reply got lost).
const OWN_RACES: usize = 3;

impl Store {
    /// Takes an enqueued step for one attempt.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn claim_step(
        &self,
        message: &StepMessage,
        owner: &str,
        lease_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Claim> {
        let mut version = message.version;
        for _ in 0..=OWN_RACES {
            let write = Self::claim_write(message, &NewClaim { version, owner, lease_until, now })?;
            // Applied or not, the item tells whether the claim is ours: the reply to our own write may have been lost.
            let (Written::Applied(item) | Written::Conflict(item)) = self.table.write(write).await?;
            let Some(item) = item else { return Ok(Claim::Gone) };
            let version_now = item.version;
            let claim = Self::claimed(message, owner, item)?;
            if claim != (Claim::Lost { status: StepStatus::Enqueued, is_current: true }) {
                return Ok(claim);
            }
            // A beat sent the message again and moved the version; the message is as good as the other one.
            version = version_now;
        }
        Ok(Claim::Lost { status: StepStatus::Enqueued, is_current: true })
    }

    /// The write that claims a step.
    pub(crate) fn claim_write(message: &StepMessage, claim: &NewClaim<'_>) -> Result<Write> {
        let NewClaim { version, owner, lease_until, now } = *claim;
        let mut attributes = items::patch([
            ("status", json!(legal(StepStatus::Enqueued, StepEvent::Claim)?)),
            ("owner", json!(owner)),
            ("lease_until", items::time(lease_until)),
        ]);
        if message.continuation == 0 {
            attributes.insert("started_at".to_owned(), items::time(now));
        }
        let key = keys::step(&message.pipeline, message.sort_order, &message.step);
        let change = Change::Patch { attributes, listing: Relist::Keep };
        Ok(Write { key, condition: Condition::Version(version), change })
    }

    /// Whether a step's item, as it is after a claim, shows that the claim was ours.
    pub(crate) fn claimed(message: &StepMessage, owner: &str, item: Item) -> Result<Claim> {
        let record = items::step_record(&item)?;
        let is_current = record.token.as_ref() == Some(&message.token);
        if !(is_current && record.status == StepStatus::Running && record.owner.as_deref() == Some(owner)) {
            return Ok(Claim::Lost { status: record.status, is_current });
        }
        Ok(Claim::Won(Box::new(Claimed {
            pipeline: message.pipeline.clone(),
            name: message.step.clone(),
            sort_order: message.sort_order,
            definition: items::step(&item)?.definition.clone(),
            record,
            owner: owner.to_owned(),
            item: Some(Arc::new(item)),
        })))
    }

    /// Commits the end of an attempt, if the step is still ours.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn finish_step(
        &self,
        claimed: &mut Claimed,
        finish: &Finish,
        log: &str,
        now: DateTime<Utc>,
    ) -> Result<StepWritten> {
        let (event, message, is_warning, is_permanent) = match finish {
            Finish::Success { warning } => (StepEvent::Succeed, warning.as_deref(), warning.is_some(), false),
            Finish::Skipped(reason) => (StepEvent::Skip, Some(reason.as_str()), false, false),
            Finish::Error { message, is_permanent } => (StepEvent::Fail, Some(message.as_str()), false, *is_permanent),
        };
        let status = legal(StepStatus::Running, event)?;
        let keeps_checkpoint = status == StepStatus::Error;
        let mut attributes = items::patch([
            ("status", json!(status)),
            ("finished_at", items::time(now)),
            ("lease_until", Value::Null),
            ("interruptions", Value::Null),
            ("message", optional(message)),
            ("log", text(log)),
        ]);
        for (field, is_set) in [("is_warning", is_warning), ("is_permanent", is_permanent)] {
            if is_set {
                attributes.insert(field.to_owned(), json!(true));
            }
        }
        if let Some(output) = &claimed.record.output {
            attributes.insert("output".to_owned(), output.clone());
        }
        if !keeps_checkpoint && claimed.record.checkpoint.is_some() {
            attributes.insert("checkpoint".to_owned(), Value::Null);
        }
        if !keeps_checkpoint && !claimed.record.adding.is_empty() {
            let added: Vec<_> = claimed.record.added.iter().chain(&claimed.record.adding).collect();
            attributes.extend([("added".to_owned(), json!(added)), ("adding".to_owned(), Value::Null)]);
        }
        self.write_claimed(claimed, attributes).await
    }

    /// Hands the step to a further invocation of the same attempt; the message is sent after that, with its delay.
    ///
    /// Until then the step is enqueued and due later, see [`StepRecord::due_at`].
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn continue_step(
        &self,
        claimed: &mut Claimed,
        continuation: Continuation<'_>,
        now: DateTime<Utc>,
    ) -> Result<StepWritten> {
        let Continuation { checkpoint, token, log, delay } = continuation;
        let sent_at = if delay.is_zero() { Value::Null } else { items::time(now + delay.min(DELAY_LIMIT)) };
        // What SQS cannot hold back for so long wakes up in between and goes on waiting.
        let wakes_at = if delay > DELAY_LIMIT { moment_after(now, delay) } else { None };
        let mut attributes = items::patch([
            ("status", json!(legal(StepStatus::Running, StepEvent::Continue)?)),
            ("continuations", json!(claimed.record.continuations + 1)),
            interruptions(claimed.record.interruptions),
            ("token", json!(token)),
            ("checkpoint", checkpoint),
            ("enqueued_at", items::time(now)),
            ("sent_at", sent_at),
            ("wakes_at", wakes_at.map_or(Value::Null, items::time)),
            ("lease_until", Value::Null),
            ("log", text(log)),
        ]);
        if let Some(progress) = &claimed.record.progress {
            attributes.insert("progress".to_owned(), json!(progress));
        }
        attributes.extend(adding(claimed));
        self.write_claimed(claimed, attributes).await
    }

    /// Keeps a checkpoint and how far the work is, and lengthens the lease.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn save_progress(&self, claimed: &mut Claimed, lease_until: DateTime<Utc>) -> Result<StepWritten> {
        let interruptions = interruptions(claimed.record.interruptions);
        let mut attributes = items::patch([("lease_until", items::time(lease_until)), interruptions]);
        if let Some(checkpoint) = &claimed.record.checkpoint {
            attributes.insert("checkpoint".to_owned(), checkpoint.clone());
        }
        if let Some(progress) = &claimed.record.progress {
            attributes.insert("progress".to_owned(), json!(progress));
        }
        attributes.extend(adding(claimed));
        self.write_claimed(claimed, attributes).await
    }

    /// Gives a claimed step back unrun because its pipeline is stopped.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn give_back(&self, claimed: &mut Claimed, reason: &str, now: DateTime<Utc>) -> Result<StepWritten> {
        let attributes = items::patch([
            ("status", json!(legal(StepStatus::Running, StepEvent::GiveBack)?)),
            ("finished_at", items::time(now)),
            ("lease_until", Value::Null),
            ("message", json!(reason)),
        ]);
        self.write_claimed(claimed, attributes).await
    }

    /// Reads what has become of one step; `None` before its first enqueue.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn step_record(&self, pipeline: &PipelineId, sort_order: i32, name: &Name) -> Result<Option<StepRecord>> {
        match self.table.get(&keys::step(pipeline, sort_order, name)).await? {
            Some(item) => Ok(Some(items::step_record(&item)?)),
            None => Ok(None),
        }
    }

    async fn write_claimed(&self, claimed: &mut Claimed, attributes: Attributes) -> Result<StepWritten> {
        let key = keys::step(&claimed.pipeline, claimed.sort_order, &claimed.name);
        for _ in 0..=OWN_RACES {
            let change = Change::Patch { attributes: attributes.clone(), listing: Relist::Keep };
            let condition = Condition::Version(claimed.record.version);
            let (item, is_applied) = match self.table.write(Write { key: key.clone(), condition, change }).await? {
                Written::Applied(item) => (item, true),
                Written::Conflict(item) => (item, false),
            };
            let Some(item) = item else { return Ok(StepWritten::Lost { status: None }) };
            let record = items::step_record(&item)?;
            let is_mine = record.owner.as_ref() == Some(&claimed.owner) && record.attempt == claimed.record.attempt;
            if is_applied || is_mine && items::is_written(&item, &attributes) {
                claimed.record = record;
                claimed.item = Some(Arc::new(item));
                return Ok(StepWritten::Committed);
            }
            if !(is_mine && record.token == claimed.record.token && record.status == StepStatus::Running) {
                return Ok(StepWritten::Lost { status: Some(record.status) });
            }
            // The reply to an earlier renewal got lost: the step is ours, only its version moved.
            claimed.record.version = record.version;
        }
        Ok(StepWritten::Lost { status: Some(claimed.record.status) })
    }
}

/// The moment so long from now; `None` if it is beyond the times that can be stored.
fn moment_after(now: DateTime<Utc>, delay: Duration) -> Option<DateTime<Utc>> {
    let moment = now.checked_add_signed(TimeDelta::from_std(delay).ok()?)?;
    (moment.year() < 10_000).then_some(moment)
}

fn interruptions(count: u32) -> (&'static str, Value) {
    ("interruptions", if count == 0 { Value::Null } else { json!(count) })
}

/// A text as a value; empty if nothing is in it.
fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

/// What goes with a checkpoint: the steps that were added up to it.
fn adding(claimed: &Claimed) -> Option<(String, Value)> {
    let adding = &claimed.record.adding;
    (!adding.is_empty()).then(|| ("adding".to_owned(), json!(adding)))
}

fn legal(from: StepStatus, event: StepEvent) -> Result<StepStatus> {
    transition::next(from, event).map_err(|source| Error::permanent("move a step", source))
}
