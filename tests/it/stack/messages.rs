//! Messages that no beat has sent.

use pipeline::{PipelineId, Priority};
use serde_json::json;
use store::queue::Outgoing;

use super::{Stack, eventually, now, variable};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_step_ends_in_the_dead_letters() {
    let stack = Stack::connect().await;
    // So that its five deliveries take seconds. Nobody else uses this queue.
    let request = json!({ "QueueUrl": variable("STEP_QUEUE_LOW_URL"), "Attributes": { "VisibilityTimeout": "1" } });
    stack.call("sqs", "AmazonSQS.SetQueueAttributes", &request);
    let body = format!("restart everything please, {}", now());
    send(&stack, Priority::Low, &body).await;
    eventually("the message is a dead letter", async || {
        stack.messages(&stack.dead_letters_url).contains(&body).then_some(())
    })
    .await;
    assert!(!stack.messages(&variable("STEP_QUEUE_LOW_URL")).contains(&body));
    assert!(stack.has_logged("RUNNER_FUNCTION", &format!("message `{body}` is no step message")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_a_pipeline_that_is_gone_is_dropped_and_logged() {
    let stack = Stack::connect().await;
    let id = PipelineId::derive(&"deleted".parse().unwrap(), "by hand", now());
    let body = json!({
        "schema": 1, "pipeline": id, "step": "archive", "sort_order": 50, "attempt": 1, "token": "9f86d081884c7d65", "version": 1,
    });
    send(&stack, Priority::High, &body.to_string()).await;
    eventually("the message has been dealt with", async || {
        let is_logged = stack.has_logged("RUNNER_FUNCTION", "message dropped: the pipeline is gone")
            && stack.has_logged("RUNNER_FUNCTION", id.as_str());
        let is_left = stack.messages(&variable("STEP_QUEUE_HIGH_URL")).contains(id.as_str());
        (is_logged && !is_left).then_some(())
    })
    .await;
    assert!(!stack.messages(&stack.dead_letters_url).contains(id.as_str()));
}

async fn send(stack: &Stack, priority: Priority, body: &str) {
    let message = Outgoing { body: body.to_owned(), delay: std::time::Duration::ZERO };
    stack.store.queue.send(priority, vec![message]).await.unwrap();
}
