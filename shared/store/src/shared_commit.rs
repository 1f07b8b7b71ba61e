//! Shared commits: writes and messages in one commit, for back ends whose table and queue can share one.
//!
//! | function | condition | cost |
//! |---|---|---|
//! | [`Store::enqueue_at_once`] | of each step absent, or the version seen | one commit for all |
//! | [`Transaction::commit_and_take_next`](crate::transaction::Transaction::commit_and_take_next) | of what waits, and the version in the next message | one commit for all |
//!
//! What a step needs to go on is a mark and a message. Where these are two requests, the mark comes first and a beat sends
//! again what got lost in between; where they are one commit, nothing can.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use pipeline::step::StepRecord;
use pipeline::{Pipeline, Priority, Step, Token};

use crate::Store;
use crate::error::Result;
use crate::queue::{Outgoing, Receipt, Received};
use crate::steps::EnqueueMark;
use crate::table::{GroupWritten, Item, Key, Write, Written};

/// Most items that one commit of a shared back end writes: a hundred marks and what belongs to them, and not so many that
/// whoever waits for the commit behind would notice.
pub const COMMIT_LIMIT: usize = 200;

/// A table and a queue that share their commits.
#[async_trait]
pub trait SharedCommits: Send + Sync {
    /// Writes up to [`COMMIT_LIMIT`] different items and sends all messages; none of either if a condition does not hold.
    async fn write_and_send(&self, group: CommitGroup) -> Result<GroupWritten>;

    /// Does the same, and in the same commit takes the next message that is due, if there is one, writes what claims its
    /// step, and deletes the message that was dealt with. A back end may leave out all of the latter.
    async fn write_and_take_next(&self, group: CommitGroup, _take: TakeNext) -> Result<WrittenAndTaken> {
        // To take nothing is always right: the runner receives its next message by itself then.
        Ok(match self.write_and_send(group).await? {
            GroupWritten::Applied => WrittenAndTaken::Applied(None),
            GroupWritten::Conflict(_) => WrittenAndTaken::Conflict,
        })
    }
}

/// What one commit writes and sends.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommitGroup {
    /// The writes, of different items.
    pub writes: Vec<Write>,
    /// The queue of the messages.
    pub priority: Priority,
    /// What is sent.
    pub messages: Vec<Outgoing>,
}

/// How the next message is taken.
#[derive(Clone)]
pub struct TakeNext {
    /// The message that was dealt with; deleted if another one is taken.
    pub done: Receipt,
    /// Makes of the text of the next message what claims its step; `None` if the text is no such message.
    pub claim: ClaimWriter,
}

/// Makes the write that claims the step of a message, by the text of the message.
pub type ClaimWriter = Arc<dyn Fn(&str) -> Option<ClaimWrite> + Send + Sync>;

/// The write that claims a step.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimWrite {
    /// The claim.
    pub write: Write,
    /// What is read once the step is claimed.
    pub get: Key,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenMessage {
    /// The message.
    pub message: Received,
    /// What became of the claim and what was read after it, if the text of the message is one.
    pub claim: Option<(Written, Option<Item>)>,
}

/// What became of a commit that was to take the next message.
#[derive(Debug, Clone, PartialEq)]
pub enum WrittenAndTaken {
    /// A condition of the group does not hold; nothing has happened.
    Conflict,
    /// The group is committed. If no message was taken, the one that was dealt with is still there.
    Applied(Option<Box<TakenMessage>>),
}

impl Store {
    /// Enqueues steps as [`Store::enqueue_step`] does, their messages included. Answers `false`, and has done nothing, if
    /// the back end has no such commit or somebody moved one of the steps: then they go one by one.
    ///
    /// # Errors
    /// The store did not answer, or a step does not stand where it can be enqueued.
    pub async fn enqueue_at_once(
        &self,
        pipeline: &Pipeline,
        marks: &[EnqueueMark<'_>],
        message: impl Fn(&Step, &Token) -> Outgoing,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Some(shared_commits) = &self.shared_commits else { return Ok(false) };
        let mut group = CommitGroup { priority: pipeline.definition.priority, ..CommitGroup::default() };
        for mark in marks {
            group.writes.push(self.enqueue_write(&pipeline.id, mark, now)?);
            self.keep_attempt(&pipeline.id, mark.step).await?;
            group.messages.push(message(&marked(mark.step), &mark.token));
        }
        Ok(shared_commits.write_and_send(group).await? == GroupWritten::Applied)
    }
}

/// The step as far as a message tells of it, once it is enqueued.
fn marked(step: &Step) -> Step {
    let StepRecord { attempt, version, .. } = step.record;
    let record = StepRecord { attempt: attempt + 1, version: version + 1, continuations: 0, ..step.record.clone() };
    Step { definition: step.definition.clone(), record }
}
