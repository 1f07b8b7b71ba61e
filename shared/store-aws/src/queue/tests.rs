//! What the emulator cannot be made to answer: batches that were taken in part.

use std::sync::{Arc, Mutex};

use aws_sdk_sqs::operation::change_message_visibility::ChangeMessageVisibilityOutput;
use aws_sdk_sqs::operation::delete_message::DeleteMessageError;
use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
use aws_sdk_sqs::operation::start_message_move_task::StartMessageMoveTaskError;
use aws_sdk_sqs::types::{BatchResultErrorEntry, MessageSystemAttributeName};
use aws_smithy_mocks::{Rule, mock};

use super::*;
use crate::test_support::{answers, chain, offline};

fn queue(rules: &[&Rule]) -> SqsQueue {
    let config = aws_sdk_sqs::Config::from(&offline()).to_builder().interceptor(answers(rules)).build();
    let url = |name: &str| format!("https://sqs/000000000000/{name}");
    let urls = StepQueueUrls { high: url("high"), normal: url("normal"), low: url("low") };
    SqsQueue::new(Client::from_conf(config), urls, Some(url("dead")))
}

fn messages(count: usize) -> Vec<Outgoing> {
    (0..count).map(|number| Outgoing { body: number.to_string(), delay: Duration::ZERO }).collect()
}

fn refused(places: &[usize], is_senders_fault: bool) -> SendMessageBatchOutput {
    let failed = places.iter().map(|place| {
        let entry = BatchResultErrorEntry::builder().id(place.to_string()).sender_fault(is_senders_fault);
        entry.code("InternalError").message("try again").build().unwrap()
    });
    let output = SendMessageBatchOutput::builder().set_successful(Some(Vec::new()));
    output.set_failed(Some(failed.collect())).build().unwrap()
}

#[tokio::test]
async fn what_a_batch_left_out_is_sent_once_more() {
    let first = mock!(Client::send_message_batch)
        .match_requests(|batch| batch.entries().len() == 3 && batch.queue_url().unwrap().ends_with("/high"))
        .then_output(|| refused(&[0, 2], false));
    let second = mock!(Client::send_message_batch)
        .match_requests(|batch| batch.entries().iter().map(|entry| entry.message_body()).eq(["0", "2"]))
        .then_output(|| refused(&[], false));
    queue(&[&first, &second]).send(Priority::High, messages(3)).await.unwrap();
    assert_eq!((first.num_calls(), second.num_calls()), (1, 1));
}

#[tokio::test]
async fn what_a_batch_leaves_out_twice_is_retryable() {
    let first = mock!(Client::send_message_batch).then_output(|| refused(&[0, 2], false));
    let second = mock!(Client::send_message_batch).then_output(|| refused(&[1], false));
    let error = queue(&[&first, &second]).send(Priority::Low, messages(3)).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(
        chain(&error),
        "failed to send 3 messages to queue `low`, which may go through later: \
         1 of 3 messages were refused, the first with InternalError: try again"
    );
}

#[tokio::test]
async fn a_message_that_is_refused_for_what_it_is_is_not_sent_again() {
    let rule = mock!(Client::send_message_batch).then_output(|| refused(&[1], true));
    let error = queue(&[&rule]).send(Priority::Low, messages(3)).await.unwrap_err();
    assert!(!error.is_retryable(), "{}", chain(&error));
}

#[tokio::test]
async fn nothing_is_sent_if_one_message_is_too_large() {
    let large = Outgoing { body: "x".repeat(64 * 1024 + 1), delay: Duration::ZERO };
    let error = queue(&[]).send(Priority::Low, [messages(1), vec![large]].concat()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        "failed to send 2 messages to queue `low`: a body has 65537 bytes; 1 to 65536 are allowed"
    );
}

#[tokio::test]
async fn a_delivery_that_ran_out_counts_as_deleted() {
    let receipt = Receipt { priority: Priority::Normal, handle: "handle".to_owned() };
    for (code, is_fine) in
        [("InvalidParameterValue", true), ("MessageNotInflight", true), ("ReceiptHandleIsInvalid", false)]
    {
        let rule = mock!(Client::delete_message).then_error(move || {
            DeleteMessageError::generic(aws_sdk_sqs::error::ErrorMetadata::builder().code(code).build())
        });
        assert_eq!(queue(&[&rule]).delete(&receipt).await.is_ok(), is_fine, "{code}");
    }
}

#[tokio::test]
async fn a_message_without_receive_count_is_an_error() {
    let rule = mock!(Client::receive_message).then_output(|| {
        let message = aws_sdk_sqs::types::Message::builder().message_id("1").receipt_handle("handle").body("{}");
        ReceiveMessageOutput::builder().messages(message.build()).build()
    });
    let error = queue(&[&rule]).receive(1, Duration::ZERO).await.unwrap_err();
    assert_eq!(
        chain(&error),
        "failed to receive from queue `high`: a message without id, receipt, body or receive count came"
    );
}

#[tokio::test]
async fn a_move_of_dead_letters_that_is_under_way_is_fine() {
    let attributes = mock!(Client::get_queue_attributes).then_output(|| {
        let output = aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput::builder();
        output.attributes(QueueAttributeName::QueueArn, "arn:aws:sqs:eu-central-1:000000000000:dead").build()
    });
    let running = mock!(Client::start_message_move_task).then_error(|| {
        let meta = aws_sdk_sqs::error::ErrorMetadata::builder().code("InvalidParameterValue");
        let message = "There is already a task running. Only one active task is allowed for a source queue arn";
        StartMessageMoveTaskError::generic(meta.message(message).build())
    });
    assert_eq!(queue(&[&attributes, &running]).redrive_dead_letters().await.unwrap(), None);
}

#[tokio::test]
async fn dead_letters_need_their_queue() {
    let queue = SqsQueue { dead_letters_url: None, ..queue(&[]) };
    let error = queue.peek_dead_letters(1).await.unwrap_err();
    assert_eq!(chain(&error), "failed to look at the dead letters: STEP_DEAD_LETTERS_URL is not set");
    let error = queue.count_dead_letters().await.unwrap_err();
    assert_eq!(chain(&error), "failed to count the dead letters: STEP_DEAD_LETTERS_URL is not set");
}

/// What SQS is told of a span: it counts in whole seconds, and nothing may show earlier than asked for.
const WHOLE_SECONDS: [(Duration, i32); 8] = [
    (Duration::ZERO, 0),
    (Duration::from_nanos(1), 1),
    (Duration::from_millis(400), 1),
    (Duration::from_secs(1), 1),
    (Duration::from_millis(1_001), 2),
    (Duration::from_millis(59_500), 60),
    (Duration::new(899, 1), 900),
    (Duration::from_secs(900), 900),
];

#[tokio::test]
async fn a_delay_is_rounded_up_to_whole_seconds() {
    for (delay, seconds) in WHOLE_SECONDS {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = told.clone();
        let rule = mock!(Client::send_message_batch)
            .match_requests(move |batch| {
                seen.lock().unwrap().extend(batch.entries().iter().map(|entry| entry.delay_seconds()));
                true
            })
            .then_output(|| refused(&[], false));
        let message = Outgoing { body: "body".to_owned(), delay };
        queue(&[&rule]).send(Priority::Low, vec![message]).await.unwrap();
        assert_eq!(*told.lock().unwrap(), [Some(seconds)], "a delay of {delay:?}");
    }
}

#[tokio::test]
async fn a_visibility_is_rounded_up_to_whole_seconds() {
    for (visibility, seconds) in WHOLE_SECONDS {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = told.clone();
        let rule = mock!(Client::change_message_visibility)
            .match_requests(move |change| {
                let receipt = (change.queue_url().unwrap().to_owned(), change.receipt_handle().unwrap().to_owned());
                seen.lock().unwrap().push((receipt, change.visibility_timeout()));
                true
            })
            .then_output(|| ChangeMessageVisibilityOutput::builder().build());
        let receipt = Receipt { priority: Priority::High, handle: "handle".to_owned() };
        queue(&[&rule]).extend(&receipt, visibility).await.unwrap();
        let receipt = ("https://sqs/000000000000/high".to_owned(), "handle".to_owned());
        assert_eq!(*told.lock().unwrap(), [(receipt, Some(seconds))], "a visibility of {visibility:?}");
    }
}

#[tokio::test]
async fn each_priority_has_its_own_queue() {
    for (priority, name) in [(Priority::High, "/high"), (Priority::Normal, "/normal"), (Priority::Low, "/low")] {
        let rule = mock!(Client::send_message_batch)
            .match_requests(move |batch| batch.queue_url().unwrap().ends_with(name))
            .then_output(|| refused(&[], false));
        queue(&[&rule]).send(priority, messages(1)).await.unwrap();
    }
}

fn received(count: usize) -> ReceiveMessageOutput {
    let message = |number: usize| {
        let message = aws_sdk_sqs::types::Message::builder().message_id(number.to_string()).receipt_handle("handle");
        message.body("body").attributes(MessageSystemAttributeName::ApproximateReceiveCount, "1").build()
    };
    ReceiveMessageOutput::builder().set_messages(Some((0..count).map(message).collect())).build()
}

#[tokio::test]
async fn the_lower_queues_are_asked_for_what_is_still_missing() {
    let asked = |name: &'static str, most: i32, found: usize| {
        mock!(Client::receive_message)
            .match_requests(move |receive| {
                let is_meant = receive.queue_url().unwrap().ends_with(name);
                is_meant && receive.max_number_of_messages() == Some(most)
            })
            .then_output(move || received(found))
    };
    let rules = [asked("/high", 5, 2), asked("/normal", 3, 2), asked("/low", 1, 1)];
    let messages = queue(&rules.each_ref()).receive(5, Duration::ZERO).await.unwrap();
    let priorities: Vec<Priority> = messages.iter().map(|message| message.receipt.priority).collect();
    use Priority::{High, Low, Normal};
    assert_eq!(priorities, [High, High, Normal, Normal, Low]);
}
