//! What SQS hands to functions: messages about steps, and about files that arrived.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use engine::Context;
use lambda_runtime::LambdaEvent;
use pipeline::Arguments;
use steps::import::DROP_PREFIX;
use store::message::{BadMessage, StepMessage};

use super::assert_kept;
use crate::fresh_engine::{self, wait_for};

/// A whole SQS event, or the body of one of its messages. `{id}` and `{token}` are those of a step that waits for its
/// runner.
pub(crate) fn step_messages(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    match StepMessage::parse(&body) {
        Ok(message) => {
            assert_kept(&message);
            assert_eq!(StepMessage::parse(&message.body()).ok().as_ref(), Some(&message));
        }
        Err(BadMessage::Unreadable { body: shown, .. }) => assert!(shown.chars().count() <= 200),
        Err(BadMessage::Newer { found }) => assert!(found > 1),
    }
    let context = fresh_engine::context();
    wait_for(async {
        let invocation = fresh_engine::invocation("spawn");
        let id = operate::init(
            &context,
            "catalog_import",
            Arguments::new(),
            operate::Operator { name: "an input", invocation: &invocation },
        )
        .await;
        let id = id.expect("what ships can be spawned");
        let sent = context.store.queue.receive(1, Duration::ZERO).await.expect("the queue is in memory");
        let token = sent.first().and_then(|sent| StepMessage::parse(&sent.body).ok()).map(|message| message.token.0);
        let body = body.replace("{id}", id.as_str()).replace("{token}", &token.unwrap_or_default());
        // An error sends the message to the dead letters; what was read is dealt with.
        let handled = runner::handle(&context, event(&body)).await;
        if StepMessage::parse(&body).is_ok() && serde_json::from_str::<SqsEvent>(&body).is_err() {
            handled.expect("a message of the right form is dealt with, whatever it names");
        }
        let pipeline = context.store.pipeline_with_steps(&id).await.expect("the runner leaves what can be read");
        assert!(pipeline.is_some());
    });
}

/// A whole SQS event, or the body of one of its messages.
pub(crate) fn intake(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    let context = fresh_engine::context();
    wait_for(async {
        for name in ["product-import_x_01.csv", "a b+cä.csv"] {
            let key = format!("{DROP_PREFIX}{name}");
            context.store.files.put(&key, "sku".into()).await.expect("the files are in memory");
        }
        let _ = intake::handle(&context, event(&body)).await;
        assert_noted(&context).await;
    });
}

/// Only files that are there are noted.
async fn assert_noted(context: &Context) {
    for arrival in steps::import::arrivals::all(&context.store).await.expect("the intake leaves what can be read") {
        let info = context.store.files.info(&arrival.key).await.expect("a noted key is one");
        assert!(info.is_some_and(|info| info.fingerprint == arrival.fingerprint), "{} is not there", arrival.key);
    }
}

/// The event that the bytes are, or else one with a message of which they are the body.
fn event(text: &str) -> LambdaEvent<SqsEvent> {
    let event = serde_json::from_str(text).unwrap_or_else(|_| {
        let mut message = SqsMessage::default();
        message.body = Some(text.to_owned());
        let mut event = SqsEvent::default();
        event.records = vec![message];
        event
    });
    LambdaEvent::new(event, lambda_runtime::Context::default())
}
