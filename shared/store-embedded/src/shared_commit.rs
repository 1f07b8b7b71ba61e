//! Items and messages in one transaction of the SQLite file.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use store::queue::Received;
use store::shared_commit::{
    COMMIT_LIMIT, ClaimWrite, CommitGroup, SharedCommits, TakeNext, TakenMessage, WrittenAndTaken,
};
use store::table::{GroupWritten, Item, Written};
use store::{Error, Result};

use crate::conditional_writes::{self, Prepared, WriteOutcome};
use crate::limits::{check_group, check_write};
use crate::messages::{self, Delivery, later};
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
        let Some(done) = Delivery::from_handle(&take.done.handle) else {
            return Err(queue::no_handle("delete", &take.done));
        };
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
        mut more: impl FnMut(&Session) -> rusqlite::Result<Option<Box<TakenMessage>>> + Send + 'static,
    ) -> Result<(GroupWritten, Option<Box<TakenMessage>>)> {
        let CommitGroup { writes, priority, messages } = group;
        let (items, count) = (writes.len(), messages.len());
        let operation = || format!("write {items} items and send {count} messages to queue `{priority}`");
        messages.iter().try_for_each(queue::check).map_err(|refusal| Error::permanent(operation(), refusal))?;
        let writes = check_group(writes, COMMIT_LIMIT).map_err(|refusal| Error::permanent(operation(), refusal))?;
        let prepared: Vec<Prepared> =
            writes.into_iter().map(|write| Prepared::new(write, &self.writer.attribute_cache)).collect();
        let clock = self.clock.clone();
        self.writer
            .execute(Durability::Flushed, move |session| {
                let written = match conditional_writes::write_group(session, &prepared, clock())? {
                    WriteOutcome::Answered(written) => written,
                    WriteOutcome::Refused(refusal) => return Ok(WriteOutcome::Refused(refusal)),
                };
                if written != GroupWritten::Applied {
                    return Ok(WriteOutcome::Answered((written, None)));
                }
                messages::send(session, priority, &messages, clock())?;
                Ok(WriteOutcome::Answered((written, more(session)?)))
            })
            .await
            .map_err(|failure| failure.during(operation()))?
            .into_result()
            .map_err(|refusal| Error::permanent(operation(), refusal))
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
