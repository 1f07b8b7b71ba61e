//! What the runner makes of messages that come twice, too late, or from somebody else.

use aws_lambda_events::event::sqs::SqsEvent;
use pipeline::{PipelineStatus, Priority, StepStatus};
use store::queue::Outgoing;

use super::{Functions, delivered, event, invoked, only_spawned};
use crate::bunches::bunch;

/// The functions with an import whose first step is enqueued.
async fn spawned() -> (Functions, pipeline::PipelineId) {
    let functions = Functions::new().await;
    for (name, content) in bunch("two-files") {
        functions.drop_file(&name, content).await;
    }
    let id = only_spawned(&functions.beat().await);
    (functions, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_again_runs_its_step_once() {
    let (functions, id) = spawned().await;
    let first = functions.receive().await;
    let again: SqsEvent = delivered("step-message", &first);
    functions.deliver(&first).await.unwrap();
    let after_first = functions.pipeline(&id).await;
    assert_eq!(after_first.steps[0].record.status, StepStatus::Success);

    runner::handle(&functions.context, invoked(again)).await.unwrap();

    let after_second = functions.pipeline(&id).await;
    assert_eq!(after_second.steps[0], after_first.steps[0]);
    assert_eq!(functions.run(&id).await.status, PipelineStatus::Success);
    assert_eq!(functions.queued().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runners_with_one_message_run_its_step_once() {
    let (functions, id) = spawned().await;
    let message = functions.receive().await;
    let call = || runner::handle(&functions.context, invoked(delivered("step-message", &message)));

    let (one, other) = tokio::join!(call(), call());

    one.and(other).unwrap();
    functions.storage.queue.delete(&message.receipt).await.unwrap();
    let ended = functions.run(&id).await;
    assert_eq!(ended.status, PipelineStatus::Success);
    for step in &ended.steps {
        assert_eq!(step.record.attempt, 1, "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_step_is_left_to_the_dead_letters() {
    let functions = Functions::new().await;
    let error = runner::handle(&functions.context, invoked(event("bad-message"))).await.unwrap_err();
    let message = format!("{error:#}");
    assert!(message.contains("message `restart everything please` is no step message"), "{message}");

    let bodies = vec![Outgoing { body: "no step either".to_owned(), delay: std::time::Duration::ZERO }];
    functions.storage.queue.send(Priority::Normal, bodies).await.unwrap();
    let received = functions.receive().await;
    functions.deliver(&received).await.unwrap_err();
    assert_eq!(functions.queued().await, 1, "the message must come again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_a_pipeline_that_is_gone_is_dealt_with() {
    let functions = Functions::new().await;
    runner::handle(&functions.context, invoked(event("step-message"))).await.unwrap();
    assert_eq!(functions.queued().await, 0);
}
