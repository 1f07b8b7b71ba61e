//! Sending: in batches of ten, several at once.

use std::time::Duration;

use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use futures::stream::{self, StreamExt, TryStreamExt};
use pipeline::Priority;
use store::queue::{BODY_LIMIT_BYTES, DELAY_LIMIT, Outgoing};
use store::{Error, Result};

use super::{SqsQueue, as_i32, whole_seconds};
use crate::sdk_error::{During, OrPermanent};

/// Most messages and most bytes of one `SendMessageBatch`.
const BATCH_LIMIT: usize = 10;
const BATCH_LIMIT_BYTES: usize = 256 * 1024;
/// Requests under way at once.
const PARALLEL: usize = 4;

/// SQS took a batch but not all of its messages.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {all} messages were refused, the first with {code}: {message}")]
struct Unsent {
    failed: usize,
    all: usize,
    code: String,
    message: String,
}

/// Why SQS would refuse a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum UnsendableMessage {
    #[error("a body has {size_bytes} bytes; 1 to {BODY_LIMIT_BYTES} are allowed")]
    BodySize { size_bytes: usize },
    #[error("a delay is {delay:?}; at most {DELAY_LIMIT:?} are possible")]
    Delay { delay: Duration },
}

impl SqsQueue {
    pub(crate) async fn send_all(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        let operation = format!("send {} messages to queue `{}`", messages.len(), priority.as_str());
        messages.iter().try_for_each(check).or_permanent(&operation)?;
        let batches: Vec<Vec<Outgoing>> = batches(messages);
        stream::iter(batches)
            .map(|batch| self.send_batch(&operation, priority, batch))
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await
    }

    /// Sends one batch, and what SQS did not take of it once more.
    async fn send_batch(&self, operation: &str, priority: Priority, batch: Vec<Outgoing>) -> Result<()> {
        let all = batch.len();
        let failed = self.send_entries(operation, priority, &batch).await?;
        if failed.is_empty() || failed.iter().any(BatchResultErrorEntry::sender_fault) {
            return outcome(operation, all, &failed);
        }
        // Those that it did take must not be sent again: each would be there twice.
        let again: Vec<Outgoing> = failed.iter().filter_map(|entry| batch.get(place(entry)?).cloned()).collect();
        let failed = self.send_entries(operation, priority, &again).await?;
        outcome(operation, all, &failed)
    }

    async fn send_entries(
        &self,
        operation: &str,
        priority: Priority,
        messages: &[Outgoing],
    ) -> Result<Vec<BatchResultErrorEntry>> {
        let mut entries = Vec::with_capacity(messages.len());
        for (place, message) in messages.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(&message.body)
                .delay_seconds(as_i32(whole_seconds(message.delay)))
                .build();
            entries.push(entry.or_permanent(operation)?);
        }
        let reply =
            self.client.send_message_batch().queue_url(self.url(priority)).set_entries(Some(entries)).send().await;
        Ok(reply.during(operation)?.failed)
    }
}

fn check(message: &Outgoing) -> std::result::Result<(), UnsendableMessage> {
    let (size_bytes, delay) = (message.body.len(), message.delay);
    if size_bytes == 0 || size_bytes > BODY_LIMIT_BYTES {
        return Err(UnsendableMessage::BodySize { size_bytes });
    }
    if delay > DELAY_LIMIT {
        return Err(UnsendableMessage::Delay { delay });
    }
    Ok(())
}

/// Cuts the messages into what fits into one request each, in order.
fn batches(messages: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut batches: Vec<Vec<Outgoing>> = Vec::new();
    let mut size = 0;
    for message in messages {
        size += message.body.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_LIMIT && size <= BATCH_LIMIT_BYTES => batch.push(message),
            _ => {
                size = message.body.len();
                batches.push(vec![message]);
            }
        }
    }
    batches
}

/// The place of the message in its request.
fn place(entry: &BatchResultErrorEntry) -> Option<usize> {
    entry.id().parse().ok()
}

fn outcome(operation: &str, all: usize, failed: &[BatchResultErrorEntry]) -> Result<()> {
    let Some(first) = failed.first() else { return Ok(()) };
    let unsent = Unsent {
        failed: failed.len(),
        all,
        code: first.code().to_owned(),
        message: first.message().unwrap_or("no message").to_owned(),
    };
    match failed.iter().any(BatchResultErrorEntry::sender_fault) {
        true => Err(Error::permanent(operation, unsent)),
        false => Err(Error::retryable(operation, unsent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(size: usize) -> Outgoing {
        Outgoing { body: "x".repeat(size), delay: Duration::ZERO }
    }

    #[test]
    fn a_batch_has_ten_messages_and_256_kib_at_most() {
        let sizes = |messages| batches(messages).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(vec![]), Vec::<usize>::new());
        assert_eq!(sizes(vec![message(1); 25]), [10, 10, 5]);
        assert_eq!(sizes(vec![message(BODY_LIMIT_BYTES); 10]), [4, 4, 2]);
        assert_eq!(sizes([vec![message(1); 3], vec![message(BODY_LIMIT_BYTES); 4]].concat()), [6, 1]);
    }

    #[test]
    fn what_sqs_would_refuse_is_refused_before() {
        let late = Outgoing { delay: Duration::from_secs(901), ..message(1) };
        assert_eq!(check(&late).unwrap_err().to_string(), "a delay is 901s; at most 900s are possible");
        assert_eq!(check(&message(0)).unwrap_err().to_string(), "a body has 0 bytes; 1 to 65536 are allowed");
        assert!(check(&message(BODY_LIMIT_BYTES + 1)).is_err());
        assert!(check(&Outgoing { delay: DELAY_LIMIT, ..message(BODY_LIMIT_BYTES) }).is_ok());
    }
}
