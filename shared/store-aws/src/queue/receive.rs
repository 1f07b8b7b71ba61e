//! Receiving: the queues are asked one after the other, the highest first.
//!
//! On AWS the functions' event source mappings do this instead, with a poller for each queue; this is for a host that
//! runs steps by itself.

use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use pipeline::Priority;
use store::queue::{Receipt, Received};
use store::{Error, Result};
use tokio::time::Instant;

use super::{SqsQueue, as_i32};
use crate::sdk_error::During;

/// How long one queue is waited at before the next one has its turn: the most that a message of another one is late.
const TURN: Duration = Duration::from_secs(1);

impl SqsQueue {
    /// Asks every queue at once for what lies there, then waits at each in turn.
    pub(crate) async fn receive_any(&self, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        let give_up = Instant::now() + wait;
        let mut received = Vec::new();
        for priority in Priority::ALL {
            if received.len() < limit {
                received.extend(self.receive_from(priority, limit - received.len(), Duration::ZERO).await?);
            }
        }
        let mut turns = Priority::ALL.into_iter().cycle();
        // SQS waits whole seconds, so that the last part of one is not waited for.
        while limit > 0 && received.is_empty() && give_up.saturating_duration_since(Instant::now()) >= TURN {
            received = self.receive_from(turns.next().expect("it goes on for ever"), limit, TURN).await?;
        }
        Ok(received)
    }

    async fn receive_from(&self, priority: Priority, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        let operation = format!("receive from queue `{}`", priority.as_str());
        let request = self
            .client
            .receive_message()
            .queue_url(self.url(priority))
            .max_number_of_messages(as_i32(limit))
            .wait_time_seconds(as_i32(wait.as_secs()))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let reply = request.send().await.during(&operation)?;
        let mut messages = Vec::new();
        for message in reply.messages.unwrap_or_default() {
            messages.push(received(&operation, priority, message)?);
        }
        Ok(messages)
    }
}

fn received(operation: &str, priority: Priority, message: Message) -> Result<Received> {
    let attributes = message.attributes.unwrap_or_default();
    let count = attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount);
    let count = count.map_or("", String::as_str).parse();
    let (Some(id), Some(handle), Some(body), Ok(receive_count)) =
        (message.message_id, message.receipt_handle, message.body, count)
    else {
        return Err(Error::permanent(operation, "a message without id, receipt, body or receive count came"));
    };
    Ok(Received { id, receipt: Receipt { priority, handle }, body, receive_count })
}
