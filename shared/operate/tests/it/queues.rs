//! Depths and dead letters, as operators see them.

use std::time::Duration;

use insta::assert_snapshot;
use pipeline::{PipelineId, Priority};
use serde_json::{Value, json};
use store::queue::{MAX_RECEIVES, Outgoing};

use operate::queues;
use workshop::Workshop;
use workshop::runner;

/// Delivers what is in the queue as often as it may be, and nobody deals with it.
async fn wear_out(workshop: &Workshop) {
    let queue = &workshop.store().queue;
    for _ in 0..MAX_RECEIVES {
        for message in queue.receive(10, Duration::ZERO).await.unwrap() {
            queue.extend(&message.receipt, Duration::ZERO).await.unwrap();
        }
    }
    assert!(workshop.receive().await.is_none());
}

async fn send(workshop: &Workshop, body: impl Into<String>) {
    let message = Outgoing { body: body.into(), delay: Duration::ZERO };
    workshop.store().queue.send(Priority::Normal, vec![message]).await.unwrap();
}

async fn why(workshop: &Workshop) -> String {
    let letters = queues::dead_letters(&workshop.context, 10).await.unwrap();
    letters.into_iter().map(|letter| letter.why).collect::<Vec<_>>().join("\n")
}

fn message(pipeline: &PipelineId, step: &str) -> Value {
    json!({ "schema": 1, "pipeline": pipeline, "step": step, "sort_order": 10, "attempt": 1, "token": "t", "version": 1 })
}

#[tokio::test]
async fn depths_are_told_for_each_priority_and_for_the_dead_letters() {
    let workshop = Workshop::new("10: done-a, done-b");
    let depths = async || {
        let told = queues::queues(&workshop.context).await.unwrap();
        let depth = |of: &queues::QueueDepth| format!("{} {}/{}/{}", of.priority, of.waiting, of.in_flight, of.delayed);
        format!("{} · dead {}", told.queues.iter().map(depth).collect::<Vec<_>>().join(" · "), told.dead_letters)
    };
    assert_snapshot!(depths().await, @"high 0/0/0 · normal 0/0/0 · low 0/0/0 · dead 0");
    workshop.spawn().await;
    workshop.receive().await.unwrap();
    assert_snapshot!(depths().await, @"high 0/0/0 · normal 1/1/0 · low 0/0/0 · dead 0");
    workshop.wait(60);
    wear_out(&workshop).await;
    assert_snapshot!(depths().await, @"high 0/0/0 · normal 0/0/0 · low 0/0/0 · dead 2");
}

#[tokio::test]
async fn a_dead_letter_whose_step_still_waits_is_run_after_a_redrive() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.spawn().await;
    wear_out(&workshop).await;
    let letters = queues::dead_letters(&workshop.context, 10).await.unwrap();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter.pipeline.as_ref(), Some(&id));
    let step = letter.step.as_ref().map(ToString::to_string);
    assert_eq!((step.as_deref(), letter.attempt), (Some("done-a"), Some(1)));
    assert_snapshot!(letter.why, @"no runner could record an outcome in 5 deliveries, step `done-a` is enqueued and the pipeline running; a redrive runs it again");
    assert_eq!(queues::redrive(&workshop.context, "Ann", &workshop.invocation()).await.unwrap().moved, Some(1));
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success");
    assert_eq!(queues::redrive(&workshop.context, "Ann", &workshop.invocation()).await.unwrap().moved, Some(0));
    let lines = workshop.store().audit(10).await.unwrap();
    let lines: Vec<_> = lines.iter().filter(|line| line.by == "Ann").map(|line| line.what.as_str()).collect();
    assert!(lines.len() == 2 && lines.contains(&"moved the dead letters back (1)"), "{lines:?}");
}

#[tokio::test]
async fn a_dead_letter_says_why_it_is_dead() {
    let workshop = Workshop::new("10: done-a · 20: gate-b");
    send(&workshop, "no json").await;
    wear_out(&workshop).await;
    assert_snapshot!(why(&workshop).await, @"message `no json` is no step message: expected ident at line 1 column 2; a redrive fails again");

    let workshop = Workshop::new("10: done-a · 20: gate-b");
    let gone: PipelineId = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    send(&workshop, message(&gone, "done-a").to_string()).await;
    wear_out(&workshop).await;
    assert_snapshot!(why(&workshop).await, @"its pipeline is not there any more; a redrive drops it");

    let workshop = Workshop::new("10: done-a · 20: gate-b");
    let id = workshop.spawn().await;
    let body = workshop.receive().await.unwrap();
    runner::run(&workshop.context, &body.body, &workshop.invocation()).await.unwrap();
    workshop.wait(60);
    send(&workshop, message(&id, "done-a").to_string()).await;
    send(&workshop, message(&id, "nothing").to_string()).await;
    operate::cancel(
        &workshop.context,
        &id,
        "Ann had enough",
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    wear_out(&workshop).await;
    let mut lines: Vec<String> = why(&workshop).await.lines().map(str::to_owned).collect();
    lines.sort();
    assert_snapshot!(lines.join("\n"), @"
    stale: step `done-a` is success in attempt 1; a redrive drops the message
    step `done-a` has ended, it is success; a redrive drops the message
    step `gate-b` has ended, it is cancelled; a redrive drops the message
    step `nothing` was never enqueued; a redrive drops the message
    ");
}

#[tokio::test]
async fn a_dead_letter_of_a_pipeline_that_cannot_be_read_is_shown_all_the_same() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.spawn().await;
    workshop.spoil(&id).await;
    wear_out(&workshop).await;
    let letters = queues::dead_letters(&workshop.context, 10).await.unwrap();
    assert_eq!(letters[0].pipeline.as_ref(), Some(&id));
    assert!(letters[0].why.ends_with("; a redrive fails again"), "{}", letters[0].why);
}
