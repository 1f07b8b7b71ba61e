//! The queue seam on the SQLite file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pipeline::Priority;
use store::queue::{BODY_LIMIT_BYTES, DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use store::{Error, Result};
use tokio::sync::Notify;

use crate::messages::{self, Delivery, later};
use crate::readers::Readers;
use crate::writer::{Durability, Writer};
use crate::{Clock, Options};

/// Most messages of one receive, and the longest delay: the limits of SQS.
const RECEIVE_LIMIT: usize = 10;
const DELAY_LIMIT: Duration = Duration::from_secs(900);

/// How long a waiting receiver does not look for what another process has sent.
const POLL: Duration = Duration::from_millis(500);

/// The queue in the SQLite file.
pub(crate) struct EmbeddedQueue {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    clock: Clock,
    visibility: Duration,
    /// Rung when a queue of this process may have more than before.
    bells: Bells,
}

#[derive(Default)]
struct Bells {
    high: Notify,
    normal: Notify,
    low: Notify,
}

impl EmbeddedQueue {
    pub(crate) fn new(writer: Arc<Writer>, readers: Arc<Readers>, options: Options) -> Self {
        let Options { clock, visibility } = options;
        EmbeddedQueue { writer, readers, clock, visibility, bells: Bells::default() }
    }

    async fn take(&self, priority: Priority, limit: usize) -> Result<Vec<Received>> {
        let (clock, visibility) = (self.clock.clone(), self.visibility);
        self.writer
            .execute(Durability::Written, move |connection| {
                let now = clock();
                messages::take(connection, priority, limit, later(now, visibility), now)
            })
            .await
            .map_err(|failure| failure.during(format!("receive from queue `{priority}`")))
    }

    /// How long until a message is due: zero if one is, `None` if the queue has none.
    fn until_due(&self, priority: Priority) -> Result<Option<Duration>> {
        let due = self
            .readers
            .read(|connection| messages::next_due(connection, priority))
            .map_err(|failure| failure.during(format!("look into queue `{priority}`")))?;
        Ok(due.map(|due| (due - (self.clock)()).to_std().unwrap_or(Duration::ZERO)))
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
        (0..count).for_each(|_| self.bells.of(priority).notify_one());
        Ok(())
    }

    async fn receive(&self, priority: Priority, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let limit = limit.min(RECEIVE_LIMIT);
        let begun = Instant::now();
        loop {
            // Listens before it looks, so that no message slips in between.
            let mut rung = std::pin::pin!(self.bells.of(priority).notified());
            rung.as_mut().enable();
            let due = self.until_due(priority)?;
            if due == Some(Duration::ZERO) {
                let taken = self.take(priority, limit).await?;
                if !taken.is_empty() {
                    return Ok(taken);
                }
            }
            let left = wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(Vec::new());
            }
            let pause = left.min(POLL).min(due.unwrap_or(POLL));
            // Rung or not: it looks again.
            let _ = tokio::time::timeout(pause, rung).await;
        }
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
        self.bells.of(receipt.priority).notify_one();
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
        Priority::ALL.into_iter().for_each(|priority| self.bells.of(priority).notify_waiters());
        Ok(Some(count as u64))
    }
}

impl Bells {
    fn of(&self, priority: Priority) -> &Notify {
        match priority {
            Priority::High => &self.high,
            Priority::Normal => &self.normal,
            Priority::Low => &self.low,
        }
    }
}

/// Refuses what SQS would refuse.
fn check(message: &Outgoing) -> std::result::Result<(), String> {
    if !(1..=BODY_LIMIT_BYTES).contains(&message.body.len()) {
        return Err(format!("message of {} bytes; 1 to {BODY_LIMIT_BYTES} are allowed", message.body.len()));
    }
    if message.delay > DELAY_LIMIT {
        return Err(format!("delay of {} s; {} s at most are allowed", message.delay.as_secs(), DELAY_LIMIT.as_secs()));
    }
    Ok(())
}

fn no_handle(verb: &str, receipt: &Receipt) -> Error {
    Error::permanent(format!("{verb} message `{}`", receipt.handle), "the receipt is of another back end")
}
