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
//! Each write carries a mark of its writer (the token of an enqueue, the owner of a claim). If the condition fails, the
//! item tells whether our own earlier write, whose reply got lost, is what stands in the way; that counts as success.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use pipeline::step::{INTERRUPTION_LIMIT, StepRecord};
use pipeline::transition::{self, StepEvent};
use pipeline::{Name, PipelineId, Step, StepDefinition, StepStatus, Token};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::items::{self, Fields, SCHEMA, optional};
use crate::message::StepMessage;
use crate::queue::DELAY_LIMIT;
use crate::table::{Attributes, Change, Condition, Item, Query, Relist, Write, Written};
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

/// The log of an earlier attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number.
    pub number: u32,
    /// When it was claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What failed.
    pub message: Option<String>,
    /// The end of its log.
    pub log: String,
}

/// How often a write is repeated because the owner's own version moved (a renewal whose reply got lost).
const OWN_RACES: usize = 3;

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
        let EnqueueMark { step, event, token, reruns } = mark;
        let record = &step.record;
        let fields = [
            ("schema", json!(SCHEMA)),
            ("status", json!(legal(record.status, *event)?)),
            ("attempt", json!(record.attempt + 1)),
            ("token", json!(token)),
            ("enqueued_at", items::time(now)),
        ];
        let seen = (*reruns > 0).then(|| ("reruns_seen".to_owned(), json!(reruns)));
        // The stored word is older than ours.
        let rerun = (*event == StepEvent::Rerun).then(|| ("is_forced".to_owned(), json!(true)));
        let key = keys::step(pipeline, step.definition.sort_order, &step.definition.name);
        if record.version == 0 {
            let mut attributes = items::attributes(fields);
            attributes.extend(rerun.into_iter().chain(seen));
            if step.definition.is_added {
                // Then the runner, who reads this item only, knows what to do.
                attributes.insert("definition".to_owned(), json!(step.definition));
            }
            let change = Change::Put { attributes, listing: None, expires_at: None };
            return Ok(Write { key, condition: Condition::Absent, change });
        }
        let mut attributes = items::patch(fields);
        attributes.extend(PER_ATTEMPT.map(|field| (field.to_owned(), Value::Null)));
        if *event == StepEvent::Rerun {
            // Whoever runs it by hand has seen what became of it.
            attributes.insert("interruptions".to_owned(), Value::Null);
        }
        if *event == StepEvent::Recur {
            attributes.insert("run".to_owned(), json!(record.runs() + 1));
            attributes.insert("attempts_before".to_owned(), json!(record.attempt));
        }
        attributes.extend(rerun.into_iter().chain(seen));
        let change = Change::Patch { attributes, listing: Relist::Keep };
        Ok(Write { key, condition: Condition::Version(record.version), change })
    }

    /// Whether the step's item, as it is after an enqueue, shows that the enqueue was ours. The record has the version that the
    /// enqueue left: by now a runner may have the step, and a message with the version of its claim would claim it again.
    pub(crate) fn enqueued(item: Option<&Item>, mark: &EnqueueMark<'_>) -> Result<Enqueued> {
        let record = item.map(items::step_record).transpose()?;
        let ours = record.filter(|record| record.token.as_ref() == Some(&mark.token));
        let version = mark.step.record.version + 1;
        Ok(ours.map_or(Enqueued::Lost, |record| Enqueued::Done(Box::new(StepRecord { version, ..record }))))
    }

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
            ("log", optional(Some(log).filter(|log| !log.is_empty()))),
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
        let wakes_at = Some(delay).filter(|delay| *delay > DELAY_LIMIT).and_then(|delay| moment_after(now, delay));
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
            ("log", optional(Some(log).filter(|log| !log.is_empty()))),
        ]);
        attributes.extend(claimed.record.progress.as_ref().map(|text| ("progress".to_owned(), json!(text))));
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
        let written = self.write_seen(pipeline, step, attributes).await?;
        let record = written.as_ref().map(items::step_record).transpose()?;
        // Our own note, or the like of another beat in the same moment, may be followed by a claim already. A message that
        // names the version of a claim would let a second runner claim the step.
        Ok(record.filter(|record| record.status == StepStatus::Enqueued))
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
        self.table.get(&keys::step(pipeline, sort_order, name)).await?.as_ref().map(items::step_record).transpose()
    }

    /// Reads the logs of a step's earlier attempts, the first one first.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn attempts(&self, pipeline: &PipelineId, step: &Name) -> Result<Vec<Attempt>> {
        let mut attempts = Vec::new();
        let mut query = Query::prefix(keys::attempts_partition(pipeline), format!("{step}/"));
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.entries {
                attempts.push(attempt(item)?);
            }
            let Some(next) = page.next else { return Ok(attempts) };
            query.after = Some(next);
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

    /// Patches a step as it was seen; the item if it is as we want it, `None` if somebody else moved it.
    async fn write_seen(&self, pipeline: &PipelineId, step: &Step, attributes: Attributes) -> Result<Option<Item>> {
        Ok(match self.table.write(self.seen(pipeline, step, attributes.clone())).await? {
            Written::Applied(item) => item,
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

    /// Copies the log of the attempt that ended, before the step's item is used for the next one.
    pub(crate) async fn keep_attempt(&self, pipeline: &PipelineId, step: &Step) -> Result<()> {
        let record = &step.record;
        if record.attempt == 0 {
            return Ok(());
        }
        let time = |at: Option<DateTime<Utc>>| at.map_or(Value::Null, items::time);
        let attributes = items::attributes([
            ("started_at", time(record.started_at)),
            ("finished_at", time(record.finished_at)),
            ("message", optional(record.message.as_deref())),
            ("log", json!(record.log)),
        ]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        let key = keys::attempt(pipeline, &step.definition.name, record.attempt);
        self.table.write(Write { key, condition: Condition::Any, change }).await?;
        Ok(())
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

/// The moment so long from now; `None` if it is beyond the times that can be stored.
fn moment_after(now: DateTime<Utc>, delay: Duration) -> Option<DateTime<Utc>> {
    let moment = now.checked_add_signed(TimeDelta::from_std(delay).ok()?)?;
    (moment.year() < 10_000).then_some(moment)
}

fn interruptions(count: u32) -> (&'static str, Value) {
    ("interruptions", if count == 0 { Value::Null } else { json!(count) })
}

/// What goes with a checkpoint: the steps that were added up to it.
fn adding(claimed: &Claimed) -> Option<(String, Value)> {
    let adding = &claimed.record.adding;
    (!adding.is_empty()).then(|| ("adding".to_owned(), json!(adding)))
}

fn legal(from: StepStatus, event: StepEvent) -> Result<StepStatus> {
    transition::next(from, event).map_err(|source| Error::permanent("move a step", source))
}

fn attempt(item: &Item) -> Result<Attempt> {
    let fields = Fields::of(item)?;
    let number = item.key.sort.rsplit('/').next().and_then(|number| number.parse().ok());
    Ok(Attempt {
        number: fields.required("attempt", number)?,
        started_at: fields.time("started_at")?,
        finished_at: fields.time("finished_at")?,
        message: fields.text("message")?.map(str::to_owned),
        log: fields.text("log")?.unwrap_or_default().to_owned(),
    })
}
