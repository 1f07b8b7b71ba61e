//! Shared commits that somebody else comes ahead of, that are refused, or whose replies get lost.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use store::shared_commit::{CommitGroup, SharedCommits, TakeNext, WrittenAndTaken};
use store::table::{Attributes, Change, Condition, GroupWritten, Relist, Table, Write};
use store::{Error, Result};

use crate::faults::described;

/// What happens to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// Somebody else writes one of its items at the last moment, so that it conflicts.
    Overtaken,
    /// It is not made, and the answer is a failure that may pass.
    Refused,
    /// It is made, and the answer is a failure that may pass.
    ReplyLost,
}

/// The commits of the embedded store with faults.
pub struct FaultySharedCommits {
    inner: Arc<dyn SharedCommits>,
    table: Arc<dyn Table>,
    /// A part of what is written, as in `done-a success`, and what happens then.
    armed: Mutex<Option<(CommitFault, String)>>,
}

impl FaultySharedCommits {
    /// Commits without faults so far.
    pub fn new(inner: Arc<dyn SharedCommits>, table: Arc<dyn Table>) -> Self {
        FaultySharedCommits { inner, table, armed: Mutex::default() }
    }

    /// Disturbs the next commit with a write whose key and status contain `what`.
    pub fn arm(&self, fault: CommitFault, what: &str) {
        *self.armed.lock().unwrap() = Some((fault, what.to_owned()));
    }

    /// Whether the armed fault has happened.
    pub fn is_spent(&self) -> bool {
        self.armed.lock().unwrap().is_none()
    }

    /// The write that is meant, and what happens to its commit.
    fn fault(&self, group: &CommitGroup) -> Option<(CommitFault, Write)> {
        let mut armed = self.armed.lock().unwrap();
        let (fault, what) = armed.as_ref()?;
        let write = group.writes.iter().find(|write| described(write).contains(what))?.clone();
        let fault = *fault;
        *armed = None;
        Some((fault, write))
    }

    /// What happens before the commit; whether its reply gets lost.
    async fn disturb(&self, group: &CommitGroup) -> Result<bool> {
        match self.fault(group) {
            None => Ok(false),
            Some((CommitFault::ReplyLost, _)) => Ok(true),
            Some((CommitFault::Refused, _)) => Err(Error::retryable("commit", "it was refused")),
            Some((CommitFault::Overtaken, write)) => {
                self.table.write(of_somebody_else(write)).await?;
                Ok(false)
            }
        }
    }
}

/// What makes the write conflict: of an item that is there only the version moves on, a new one is put by somebody else.
fn of_somebody_else(write: Write) -> Write {
    let (condition, change) = match write.change {
        Change::Put { mut attributes, listing, expires_at } if write.condition == Condition::Absent => {
            attributes.insert("token".to_owned(), serde_json::json!("somebody else's"));
            (Condition::Absent, Change::Put { attributes, listing, expires_at })
        }
        Change::Put { .. } | Change::Patch { .. } | Change::Delete | Change::Check => {
            (Condition::Present, Change::Patch { attributes: Attributes::new(), listing: Relist::Keep })
        }
    };
    Write { key: write.key, condition, change }
}

fn answered<T>(answer: T, is_lost: bool) -> Result<T> {
    if is_lost {
        // Times are kept in milliseconds: what is written again after that must not depend on the clock.
        std::thread::sleep(std::time::Duration::from_millis(3));
        return Err(Error::retryable("commit", "the reply got lost"));
    }
    Ok(answer)
}

#[async_trait]
impl SharedCommits for FaultySharedCommits {
    async fn write_and_send(&self, group: CommitGroup) -> Result<GroupWritten> {
        let is_lost = self.disturb(&group).await?;
        answered(self.inner.write_and_send(group).await?, is_lost)
    }

    async fn write_and_take_next(&self, group: CommitGroup, take: TakeNext) -> Result<WrittenAndTaken> {
        let is_lost = self.disturb(&group).await?;
        answered(self.inner.write_and_take_next(group, take).await?, is_lost)
    }
}
