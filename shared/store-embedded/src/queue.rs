//! The queue seam on the SQLite file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pipeline::Priority;
use store::queue::{BODY_LIMIT_BYTES, DELAY_LIMIT, DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use store::{Error, Result};
use tokio::sync::Notify;

use crate::messages::{self, Delivery, TakenMessages, later};
use crate::readers::Readers;
use crate::writer::{Durability, Writer};
use crate::{Clock, Options};

/// Most messages of one receive: the limit of SQS.
const RECEIVE_LIMIT: usize = 10;

/// How long a waiting receiver does not look for what another process has sent.
const POLL: Duration = Duration::from_millis(500);

/// The queue in the SQLite file.
pub(crate) struct EmbeddedQueue {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    clock: Clock,
    pub(crate) visibility: Duration,
    /// Rung when this process has sent a message or changed when one falls due: once for each, so that as many receivers
    /// look as have something to find.
    bell: Notify,
}

impl EmbeddedQueue {
    pub(crate) fn new(writer: Arc<Writer>, readers: Arc<Readers>, options: Options) -> Self {
        let Options { clock, visibility } = options;
        EmbeddedQueue { writer, readers, clock, visibility, bell: Notify::new() }
    }

    /// Tells the receivers that wait of new messages.
    pub(crate) fn ring(&self, count: usize) {
        (0..count).for_each(|_| self.bell.notify_one());
    }

    /// Deletes a delivery and receives in one transaction, and receives again until there is something or time is up.
    async fn receive_after(&self, mut done: Option<Delivery>, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        let begun = Instant::now();
        loop {
            // Listens before it looks, so that no message slips in between.
            let mut rung = std::pin::pin!(self.bell.notified());
            rung.as_mut().enable();
            let taken = self.take(done.take(), limit).await?;
            let left = wait.saturating_sub(begun.elapsed());
            if !taken.messages.is_empty() || left.is_zero() {
                return Ok(taken.messages);
            }
            let until_due = taken.due.map_or(POLL, |due| (due - (self.clock)()).to_std().unwrap_or_default());
            // Rung or not: it looks again.
            let _ = tokio::time::timeout(left.min(POLL).min(until_due), rung).await;
        }
    }

    async fn take(&self, done: Option<Delivery>, limit: usize) -> Result<TakenMessages> {
        let (clock, visibility) = (self.clock.clone(), self.visibility);
        self.writer
            .execute(Durability::Written, move |connection| {
                let now = clock();
                if let Some(delivery) = done {
                    messages::delete(connection, delivery)?;
                }
                messages::take(connection, limit, later(now, visibility), now)
            })
            .await
            .map_err(|failure| failure.during("receive messages".to_owned()))
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        let count = messages.len();
        let operation = || format!("send {count} messages to queue `{priority}`");
        if count == 0 {
            return Ok(());
        }
        messages.iter().try_for_each(check).map_err(|refusal| Error::permanent(operation(), refusal))?;
        let clock = self.clock.clone();
        self.writer
            .execute(Durability::Flushed, move |connection| messages::send(connection, priority, &messages, clock()))
            .await
            .map_err(|failure| failure.during(operation()))?;
        self.ring(count);
        Ok(())
    }

    async fn receive(&self, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.receive_after(None, limit.min(RECEIVE_LIMIT), wait).await
    }

    async fn next(&self, done: Option<&Receipt>, wait: Duration) -> Result<Option<Received>> {
        let done = match done {
            Some(receipt) => Some(Delivery::from_handle(&receipt.handle).ok_or_else(|| no_handle("delete", receipt))?),
            None => None,
        };
        Ok(self.receive_after(done, 1, wait).await?.pop())
    }

    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()> {
        let Some(delivery) = Delivery::from_handle(&receipt.handle) else { return Err(no_handle("extend", receipt)) };
        let clock = self.clock.clone();
        self.writer
            .execute(Durability::Written, move |connection| {
                let now = clock();
                messages::hide(connection, delivery, later(now, visibility), now)
            })
            .await
            .map_err(|failure| failure.during(format!("extend message `{}`", receipt.handle)))?;
        self.bell.notify_one();
        Ok(())
    }

    async fn delete(&self, receipt: &Receipt) -> Result<()> {
        let Some(delivery) = Delivery::from_handle(&receipt.handle) else { return Err(no_handle("delete", receipt)) };
        self.writer
            .execute(Durability::Written, move |connection| messages::delete(connection, delivery))
            .await
            .map_err(|failure| failure.during(format!("delete message `{}`", receipt.handle)))
    }

    async fn depth(&self, priority: Priority) -> Result<Depth> {
        self.readers
            .read(|connection| messages::depth(connection, priority, (self.clock)()))
            .map_err(|failure| failure.during(format!("count queue `{priority}`")))
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.readers
            .read(|session| messages::count_dead_letters(session))
            .map_err(|failure| failure.during("count the dead letters".to_owned()))
    }

    async fn peek_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.readers
            .read(|connection| messages::dead_letters(connection, limit))
            .map_err(|failure| failure.during("look at the dead letters".to_owned()))
    }

    async fn redrive_dead_letters(&self) -> Result<Option<u64>> {
        let clock = self.clock.clone();
        let count = self
            .writer
            .execute(Durability::Flushed, move |connection| messages::redrive(connection, clock()))
            .await
            .map_err(|failure| failure.during("redrive the dead letters".to_owned()))?;
        self.bell.notify_waiters();
        Ok(Some(count as u64))
    }
}

/// Why a message is refused: SQS would refuse it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedMessage {
    #[error("message of {size_bytes} bytes; 1 to {BODY_LIMIT_BYTES} are allowed")]
    BodySize { size_bytes: usize },
    #[error("delay of {} s; {} s at most are allowed", delay.as_secs(), DELAY_LIMIT.as_secs())]
    Delay { delay: Duration },
}

/// Refuses what SQS would refuse.
pub(crate) fn check(message: &Outgoing) -> std::result::Result<(), RefusedMessage> {
    let (size_bytes, delay) = (message.body.len(), message.delay);
    if !(1..=BODY_LIMIT_BYTES).contains(&size_bytes) {
        return Err(RefusedMessage::BodySize { size_bytes });
    }
    if delay > DELAY_LIMIT {
        return Err(RefusedMessage::Delay { delay });
    }
    Ok(())
}

pub(crate) fn no_handle(verb: &str, receipt: &Receipt) -> Error {
    Error::permanent(format!("{verb} message `{}`", receipt.handle), "the receipt is of another back end")
}
