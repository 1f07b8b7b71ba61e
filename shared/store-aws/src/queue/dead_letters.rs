//! Dead letters: a look at some of them, and the way back.

use std::collections::HashSet;

use aws_sdk_sqs::types::QueueAttributeName;
use store::Result;
use store::queue::DeadLetter;

use super::{RECEIVE_LIMIT, SqsQueue, as_i32};
use crate::fold::{fold, refuse};

/// Seconds for which a dead letter is hidden after somebody looked at it: longer than a look takes, shorter than it takes
/// a person to decide what to do about it.
const HIDDEN_SECONDS: i32 = 10;

/// Seconds that a look waits: with 0 SQS would ask only some of its servers and often find nothing.
const WAIT_SECONDS: i32 = 1;

impl SqsQueue {
    /// Receives until there are enough or nothing new comes.
    pub(crate) async fn sample_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        let operation = "look at the dead letters";
        let url = self.dead_letters_url(operation)?;
        let (mut letters, mut ids) = (Vec::new(), HashSet::new());
        while letters.len() < limit {
            let reply = self
                .client
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(as_i32((limit - letters.len()).min(RECEIVE_LIMIT)))
                .visibility_timeout(HIDDEN_SECONDS)
                .wait_time_seconds(WAIT_SECONDS)
                .send()
                .await
                .map_err(|error| fold(operation, error))?;
            let before = letters.len();
            for message in reply.messages.unwrap_or_default() {
                let (Some(id), Some(body)) = (message.message_id, message.body) else { continue };
                if ids.insert(id.clone()) {
                    letters.push(DeadLetter { id, body });
                }
            }
            if letters.len() == before {
                break;
            }
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
        let attributes = reply.map_err(|error| fold(operation, error))?.attributes.unwrap_or_default();
        let Some(arn) = attributes.get(&arn) else { return Err(refuse(operation, "the queue has no ARN")) };
        match self.client.start_message_move_task().source_arn(arn).send().await {
            Ok(_) => Ok(None),
            Err(error) if is_running_already(&error) => Ok(None),
            Err(error) => Err(fold(operation, error)),
        }
    }

    fn dead_letters_url(&self, operation: &str) -> Result<&str> {
        let missing = || refuse(operation, "STEP_DEAD_LETTERS_URL is not set");
        self.dead_letters_url.as_deref().ok_or_else(missing)
    }
}

fn is_running_already<E: aws_sdk_sqs::error::ProvideErrorMetadata>(error: &aws_sdk_sqs::error::SdkError<E>) -> bool {
    let message = error.as_service_error().and_then(|refused| refused.message());
    message.is_some_and(|message| message.contains("already a task running"))
}
