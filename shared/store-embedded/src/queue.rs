//! The queue seam on the SQLite file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use pipeline::Priority;
use store::queue::{DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use store::{Error, Result};
use tokio::sync::Notify;

use crate::failure::{During, RequestFailure};
use crate::limits::check_messages;
use crate::messages::{self, Delivery, TakenMessages, later};
use crate::readers::Readers;
use crate::session::Session;
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
        for _ in 0..count {
            self.bell.notify_one();
        }
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
            // Nobody rings for a message that falls due, nor for one that another process has sent.
            let pause = left.min(POLL).min(self.until_due(taken.due));
            // Rung or not: it looks again.
            let _ = tokio::time::timeout(pause, rung).await;
        }
    }

    /// How long it is until a hidden message falls due; it has a chance with the next poll if none is known.
    fn until_due(&self, due: Option<DateTime<Utc>>) -> Duration {
        let Some(due) = due else { return POLL };
        (due - (self.clock)()).to_std().unwrap_or_default()
    }

    async fn take(&self, done: Option<Delivery>, limit: usize) -> Result<TakenMessages> {
        let (clock, visibility) = (self.clock.clone(), self.visibility);
        let work = move |session: &Session| {
            let now = clock();
            if let Some(delivery) = done {
                messages::delete(session, delivery)?;
            }
            messages::take(session, limit, later(now, visibility), now)
        };
        self.writer.execute(Durability::Written, work).await.during("receive messages")
    }

    async fn try_send(&self, priority: Priority, messages: Vec<Outgoing>) -> std::result::Result<(), RequestFailure> {
        check_messages(&messages)?;
        let clock = self.clock.clone();
        let work = move |session: &Session| messages::send(session, priority, &messages, clock());
        Ok(self.writer.execute(Durability::Flushed, work).await?)
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        let count = messages.len();
        if count == 0 {
            return Ok(());
        }
        let sent = self.try_send(priority, messages).await;
        sent.during(format_args!("send {count} messages to queue `{priority}`"))?;
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
            Some(receipt) => Some(delivery("delete", receipt)?),
            None => None,
        };
        Ok(self.receive_after(done, 1, wait).await?.pop())
    }

    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()> {
        let delivery = delivery("extend", receipt)?;
        let clock = self.clock.clone();
        let work = move |session: &Session| {
            let now = clock();
            messages::hide(session, delivery, later(now, visibility), now)
        };
        let hidden = self.writer.execute(Durability::Written, work).await;
        hidden.during(format_args!("extend message `{}`", receipt.handle))?;
        // It may be due sooner than a receiver expects that waits just now.
        self.bell.notify_one();
        Ok(())
    }

    async fn delete(&self, receipt: &Receipt) -> Result<()> {
        let delivery = delivery("delete", receipt)?;
        let work = move |session: &Session| messages::delete(session, delivery);
        // A power cut may bring the message back, which the seam allows; a flush for each message would cost more.
        let deleted = self.writer.execute(Durability::Written, work).await;
        deleted.during(format_args!("delete message `{}`", receipt.handle))
    }

    async fn depth(&self, priority: Priority) -> Result<Depth> {
        let depth = self.readers.read(|session| messages::depth(session, priority, (self.clock)()));
        depth.during(format_args!("count queue `{priority}`"))
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.readers.read(|session| messages::count_dead_letters(session)).during("count the dead letters")
    }

    async fn peek_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.readers.read(|session| messages::dead_letters(session, limit)).during("look at the dead letters")
    }

    async fn redrive_dead_letters(&self) -> Result<Option<u64>> {
        let clock = self.clock.clone();
        let work = move |session: &Session| messages::redrive(session, clock());
        let count = self.writer.execute(Durability::Flushed, work).await.during("redrive the dead letters")?;
        self.bell.notify_waiters();
        Ok(Some(count as u64))
    }
}

/// The delivery that a receipt stands for; `verb` says what is to become of the message.
pub(crate) fn delivery(verb: &str, receipt: &Receipt) -> Result<Delivery> {
    match Delivery::from_handle(&receipt.handle) {
        Some(delivery) => Ok(delivery),
        None => {
            let operation = format!("{verb} message `{}`", receipt.handle);
            Err(Error::permanent(operation, "the receipt is of another back end"))
        }
    }
}
