//! Items and messages in one transaction of the SQLite file.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use store::Result;
use store::queue::Received;
use store::shared_commit::{
    COMMIT_LIMIT, ClaimWrite, CommitGroup, SharedCommits, TakeNext, TakenMessage, WrittenAndTaken,
};
use store::table::{GroupWritten, Item, Written};

use crate::conditional_writes::{self, Prepared, WriteOutcome};
use crate::failure::{During, RequestFailure};
use crate::limits::{check_group, check_messages, check_write};
use crate::messages::{self, later};
use crate::queue::{self, EmbeddedQueue};
use crate::session::Session;
use crate::writer::{Durability, Writer};
use crate::{Clock, items};

/// The table and the queue in the SQLite file.
pub(crate) struct EmbeddedSharedCommits {
    pub(crate) writer: Arc<Writer>,
    pub(crate) queue: Arc<EmbeddedQueue>,
    pub(crate) clock: Clock,
}

#[async_trait]
impl SharedCommits for EmbeddedSharedCommits {
    async fn write_and_send(&self, group: CommitGroup) -> Result<GroupWritten> {
        let count = group.messages.len();
        let (written, _) = self.commit(group, |_| Ok(None)).await?;
        if written == GroupWritten::Applied {
            self.queue.ring(count);
        }
        Ok(written)
    }

    async fn write_and_take_next(&self, group: CommitGroup, take: TakeNext) -> Result<WrittenAndTaken> {
        let done = queue::delivery("delete", &take.done)?;
        let (clock, visibility, count) = (self.clock.clone(), self.queue.visibility, group.messages.len());
        let take_next = move |session: &Session| {
            let now = clock();
            let taken = messages::take(session, 1, later(now, visibility), now)?;
            let Some(message) = taken.messages.into_iter().next() else { return Ok(None) };
            messages::delete(session, done)?;
            let claim = claim(session, &take, &message, now)?;
            Ok(Some(Box::new(TakenMessage { message, claim })))
        };
        let (written, taken) = self.commit(group, take_next).await?;
        if written != GroupWritten::Applied {
            return Ok(WrittenAndTaken::Conflict);
        }
        // One of the receivers that wait has nothing to find if we took one.
        self.queue.ring(count.saturating_sub(usize::from(taken.is_some())));
        Ok(WrittenAndTaken::Applied(taken))
    }
}

impl EmbeddedSharedCommits {
    /// Writes and sends, and then takes a message with `more` in the same transaction, if the conditions hold.
    async fn commit(
        &self,
        group: CommitGroup,
        more: impl FnMut(&Session) -> rusqlite::Result<Option<Box<TakenMessage>>> + Send + 'static,
    ) -> Result<(GroupWritten, Option<Box<TakenMessage>>)> {
        let (items, count, priority) = (group.writes.len(), group.messages.len(), group.priority);
        let committed = self.try_commit(group, more).await;
        committed.during(format_args!("write {items} items and send {count} messages to queue `{priority}`"))
    }

    async fn try_commit(
        &self,
        group: CommitGroup,
        mut more: impl FnMut(&Session) -> rusqlite::Result<Option<Box<TakenMessage>>> + Send + 'static,
    ) -> std::result::Result<(GroupWritten, Option<Box<TakenMessage>>), RequestFailure> {
        let CommitGroup { writes, priority, messages } = group;
        check_messages(&messages)?;
        let prepared = Prepared::group(check_group(writes, COMMIT_LIMIT)?, &self.writer.attribute_cache);
        let clock = self.clock.clone();
        let work = move |session: &Session| {
            let written = match conditional_writes::write_group(session, &prepared, clock())? {
                WriteOutcome::Answered(written) => written,
                WriteOutcome::Refused(refusal) => return Ok(WriteOutcome::Refused(refusal)),
            };
            // Who lost a race sends nothing: its messages would be of steps that others have changed.
            if written != GroupWritten::Applied {
                return Ok(WriteOutcome::Answered((written, None)));
            }
            messages::send(session, priority, &messages, clock())?;
            Ok(WriteOutcome::Answered((written, more(session)?)))
        };
        Ok(self.writer.execute(Durability::Flushed, work).await?.into_result()?)
    }
}

/// Claims the step of a message that was just taken, and reads what it asks for.
fn claim(
    session: &Session,
    take: &TakeNext,
    message: &Received,
    now: DateTime<Utc>,
) -> rusqlite::Result<Option<(Written, Option<Item>)>> {
    let Some(ClaimWrite { write, get }) = (take.claim)(&message.body) else { return Ok(None) };
    // What is refused here is refused again, and told, when the step is claimed by itself.
    let Ok(write) = check_write(write) else { return Ok(None) };
    let attempted = conditional_writes::write(session, &Prepared::new(write, &session.attribute_cache), now)?;
    let WriteOutcome::Answered(written) = attempted else { return Ok(None) };
    Ok(Some((written, items::get(session, &get)?)))
}
