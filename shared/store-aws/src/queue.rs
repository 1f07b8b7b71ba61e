//! The queue seam on SQS: one standard queue per priority, one dead-letter queue for all of them.
//!
//! How long a received message stays hidden and after how many deliveries it becomes a dead letter are properties of the
//! queues, in `infra/storage.yaml`.
//!
//! **A lost reply:** if the reply to a send is lost, the SDK repeats it and the message is there twice. That is what the
//! token in the message is for.

mod dead_letters;
mod receive;
mod send;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use pipeline::Priority;
use store::queue::{DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use store::{Error, Result};

use crate::config::StepQueueUrls;
use crate::sdk_error::{During, classify, code};

/// Most messages of one receive: the limit of SQS.
const RECEIVE_LIMIT: usize = 10;

/// The queue seam on SQS.
pub(crate) struct SqsQueue {
    client: Client,
    urls: StepQueueUrls,
    dead_letters_url: Option<String>,
}

impl SqsQueue {
    pub(crate) fn new(client: Client, urls: StepQueueUrls, dead_letters_url: Option<String>) -> Self {
        SqsQueue { client, urls, dead_letters_url }
    }

    fn url(&self, priority: Priority) -> &str {
        match priority {
            Priority::High => &self.urls.high,
            Priority::Normal => &self.urls.normal,
            Priority::Low => &self.urls.low,
        }
    }

    async fn count(&self, operation: &str, url: &str) -> Result<Depth> {
        let reply = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
            .send()
            .await
            .during(operation)?;
        let attributes = reply.attributes.unwrap_or_default();
        Ok(Depth {
            waiting: number(operation, &attributes, &QueueAttributeName::ApproximateNumberOfMessages)?,
            in_flight: number(operation, &attributes, &QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?,
            delayed: number(operation, &attributes, &QueueAttributeName::ApproximateNumberOfMessagesDelayed)?,
        })
    }
}

/// A number that a queue was asked for.
fn number(operation: &str, attributes: &HashMap<QueueAttributeName, String>, name: &QueueAttributeName) -> Result<u64> {
    let digits = attributes.get(name).map_or("", String::as_str);
    match digits.parse() {
        Ok(number) => Ok(number),
        Err(_) => Err(Error::permanent(operation, format!("the reply has no number `{name}`"))),
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        self.send_all(priority, messages).await
    }

    async fn receive(&self, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        self.receive_any(limit.min(RECEIVE_LIMIT), wait).await
    }

    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()> {
        let extended = self
            .client
            .change_message_visibility()
            .queue_url(self.url(receipt.priority))
            .receipt_handle(&receipt.handle)
            .visibility_timeout(as_i32(whole_seconds(visibility)))
            .send()
            .await;
        extended.during(format_args!("extend a message of queue `{}`", receipt.priority.as_str()))?;
        Ok(())
    }

    async fn delete(&self, receipt: &Receipt) -> Result<()> {
        let deleted = self
            .client
            .delete_message()
            .queue_url(self.url(receipt.priority))
            .receipt_handle(&receipt.handle)
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            // The delivery ran out, or the message is gone already.
            Err(error) if code(&error).is_some_and(is_stale_receipt) => Ok(()),
            Err(error) => Err(classify(format!("delete a message of queue `{}`", receipt.priority.as_str()), error)),
        }
    }

    async fn depth(&self, priority: Priority) -> Result<Depth> {
        let operation = format!("read the depth of queue `{}`", priority.as_str());
        self.count(&operation, self.url(priority)).await
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        let operation = "count the dead letters";
        let depth = self.count(operation, self.dead_letters_url(operation)?).await?;
        // Those that somebody looks at just now are there, too.
        Ok(depth.waiting + depth.in_flight + depth.delayed)
    }

    async fn peek_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.sample_dead_letters(limit).await
    }

    async fn redrive_dead_letters(&self) -> Result<Option<u64>> {
        self.move_dead_letters().await
    }
}

/// What SQS answers for a receipt that was good once. A handle that never was one has other codes.
fn is_stale_receipt(code: &str) -> bool {
    matches!(code, "InvalidParameterValue" | "MessageNotInflight")
}

/// SQS counts in whole seconds; a part of one is rounded up, so that nothing shows earlier than asked for.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// SQS refuses what is out of its own, much smaller ranges.
fn as_i32(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
