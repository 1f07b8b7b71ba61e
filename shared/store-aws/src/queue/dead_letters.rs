//! Dead letters: a look at some of them, and the way back.

use std::collections::HashSet;

use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message, QueueAttributeName};
use store::queue::DeadLetter;
use store::{Error, Result};

use super::{RECEIVE_LIMIT, SqsQueue, as_i32};
use crate::sdk_error::{During, OrPermanent, classify};

/// Seconds for which dead letters are hidden while they are looked at: longer than a look takes. They are shown again at
/// once behind it, because a move right afterwards would leave the hidden ones.
const HIDDEN_SECONDS: i32 = 10;

/// Seconds that a look waits: with 0 SQS would ask only some of its servers and often find nothing.
const WAIT_SECONDS: i32 = 1;

impl SqsQueue {
    /// Receives until there are enough or nothing new comes, and lets go of all of them.
    pub(crate) async fn sample_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        let operation = "look at the dead letters";
        let url = self.dead_letters_url(operation)?;
        let (mut letters, mut ids) = (Vec::new(), HashSet::new());
        let mut receipts = Vec::new();
        while letters.len() < limit {
            let messages = self.receive_dead_letters(operation, url, limit - letters.len()).await?;
            let before = letters.len();
            for message in messages {
                receipts.extend(message.receipt_handle);
                let (Some(id), Some(body)) = (message.message_id, message.body) else { continue };
                if ids.insert(id.clone()) {
                    letters.push(DeadLetter { id, body });
                }
            }
            if letters.len() == before {
                break;
            }
        }
        for receipts in receipts.chunks(RECEIVE_LIMIT) {
            self.release(url, receipts).await;
        }
        Ok(letters)
    }

    /// Starts SQS's own move task: it knows which queue each message came from. It runs on by itself, so the number is
    /// not known here; one that runs already does the same.
    pub(crate) async fn move_dead_letters(&self) -> Result<Option<u64>> {
        let operation = "move the dead letters back";
        let url = self.dead_letters_url(operation)?;
        let arn = QueueAttributeName::QueueArn;
        let reply = self.client.get_queue_attributes().queue_url(url).attribute_names(arn.clone()).send().await;
        let attributes = reply.during(operation)?.attributes.unwrap_or_default();
        let Some(arn) = attributes.get(&arn) else { return Err(Error::permanent(operation, "the queue has no ARN")) };
        match self.client.start_message_move_task().source_arn(arn).send().await {
            Ok(_) => Ok(None),
            Err(error) if is_running_already(&error) => Ok(None),
            Err(error) => Err(classify(operation, error)),
        }
    }

    async fn receive_dead_letters(&self, operation: &str, url: &str, limit: usize) -> Result<Vec<Message>> {
        let request =
            self.client.receive_message().queue_url(url).max_number_of_messages(as_i32(limit.min(RECEIVE_LIMIT)));
        let reply = request.visibility_timeout(HIDDEN_SECONDS).wait_time_seconds(WAIT_SECONDS).send().await;
        Ok(reply.during(operation)?.messages.unwrap_or_default())
    }

    /// Shows messages again. If that fails, they show by themselves within seconds.
    async fn release(&self, url: &str, receipts: &[String]) {
        let mut entries = Vec::with_capacity(receipts.len());
        for (place, receipt) in receipts.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(place.to_string());
            let Ok(entry) = entry.receipt_handle(receipt).visibility_timeout(0).build() else { return };
            entries.push(entry);
        }
        let request = self.client.change_message_visibility_batch().queue_url(url).set_entries(Some(entries));
        let _ = request.send().await;
    }

    pub(crate) fn dead_letters_url(&self, operation: &str) -> Result<&str> {
        self.dead_letters_url.as_deref().ok_or("STEP_DEAD_LETTERS_URL is not set").or_permanent(operation)
    }
}

fn is_running_already<E: aws_sdk_sqs::error::ProvideErrorMetadata>(error: &aws_sdk_sqs::error::SdkError<E>) -> bool {
    let message = error.as_service_error().and_then(|refused| refused.message());
    message.is_some_and(|message| message.contains("already a task running"))
}
