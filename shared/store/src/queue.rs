//! The queue seam: messages that are delivered at least once, in no promised order.
//!
//! Both back ends promise: a message whose sending was answered is delivered at least once, is hidden from other
//! receivers for the visibility time, comes again unless it is deleted, and lies in the dead letters after
//! [`MAX_RECEIVES`] deliveries.

use std::time::Duration;

use async_trait::async_trait;
use pipeline::Priority;

use crate::error::Result;

/// Deliveries after which a message becomes a dead letter; `infra/storage.yaml` has the same number.
pub const MAX_RECEIVES: u32 = 5;

/// Most bytes of one message body. Ours carry identifiers only and stay far below the 256 KiB of SQS.
pub const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// The longest delay of a message: the limit of SQS.
pub const DELAY_LIMIT: Duration = Duration::from_secs(15 * 60);

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The text.
    pub body: String,
    /// How long it stays hidden at first; [`DELAY_LIMIT`] at most.
    pub delay: Duration,
}

/// A message that was received and is hidden from others for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message's own id, equal over its deliveries.
    pub id: String,
    /// What deletes or extends this delivery.
    pub receipt: Receipt,
    /// The text.
    pub body: String,
    /// How often it has been delivered, this time included.
    pub receive_count: u32,
}

/// Names one delivery of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The queue it came from.
    pub priority: Priority,
    /// The back end's handle.
    pub handle: String,
}

/// How full a queue is. Approximate on AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Messages that wait to be received.
    pub waiting: u64,
    /// Messages that have been received and are hidden.
    pub in_flight: u64,
    /// Messages that are not due yet.
    pub delayed: u64,
}

/// A dead letter, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message's own id.
    pub id: String,
    /// The text.
    pub body: String,
}

/// The queue seam; see the module documentation for what both back ends promise.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends messages to the queue of a priority. On `Err` some of them may have been sent.
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()>;

    /// Receives up to `limit` messages (10 at most), the higher priority first, waiting up to `wait` for the first one.
    async fn receive(&self, limit: usize, wait: Duration) -> Result<Vec<Received>>;

    /// Hides a received message for another while, counted from now. On a delivery that ran out it does nothing or fails.
    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()>;

    /// Deletes a received message. Deleting twice, or after the delivery ran out, is fine.
    async fn delete(&self, receipt: &Receipt) -> Result<()>;

    /// Deletes a message that was dealt with, if there is one, and receives the next as [`Queue::receive`] does. A back end
    /// may do both at once; on `Err` the message may come again.
    async fn next(&self, done: Option<&Receipt>, wait: Duration) -> Result<Option<Received>> {
        if let Some(done) = done {
            self.delete(done).await?;
        }
        Ok(self.receive(1, wait).await?.pop())
    }

    /// Tells how full the queue of a priority is.
    async fn depth(&self, priority: Priority) -> Result<Depth>;

    /// Counts the dead letters. Approximate on AWS.
    async fn count_dead_letters(&self) -> Result<u64>;

    /// Looks at up to `limit` dead letters without removing them. AWS shows a sample and hides it for some seconds.
    async fn peek_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>>;

    /// Moves all dead letters back to where they came from; returns how many, if the back end can tell.
    async fn redrive_dead_letters(&self) -> Result<Option<u64>>;
}
