//! A step whose host dies with it each time ends, on AWS by its lease and on one machine by the process that is gone.

use engine::take_over::take_over;
use insta::assert_snapshot;
use pipeline::StepStatus;
use pipeline::step::INTERRUPTION_LIMIT;
use serde_json::json;
use workshop::{Fault, Workshop, runner};

/// Takes the message of the step and dies when its end is written; whether there was a message.
async fn die_with_it(workshop: &Workshop) -> bool {
    let Some(message) = workshop.receive().await else { return false };
    workshop.table.arm(Fault::DeadBefore, "a success", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    // Else it would come again beside the one of the next attempt.
    workshop.store().queue.delete(&message.receipt).await.unwrap();
    true
}

#[tokio::test]
async fn a_step_that_kills_its_runner_each_time_is_given_up() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.spawn().await;
    for count in 1..=INTERRUPTION_LIMIT {
        assert!(die_with_it(&workshop).await, "there is no message for time {count}");
        workshop.wait(20);
        assert_eq!(workshop.beat().await.applied.ghosted, 1);
        assert_eq!(workshop.step(&id, "done-a").await.record.interruptions, count);
    }
    let shown = workshop.shown(&id).await;
    let (lease, said) = shown.split_once("ended at ").unwrap();
    assert_snapshot!(lease, @"error: done-a error 7 for good (the runner gave no sign of life until its lease");
    assert_snapshot!(said.split_once(';').unwrap().1, @" it is the 7th time in a row that a runner died with this step, so it is not tried again by itself: find out what kills it, then run it by hand)");
    // By hand it may be tried again, and counts anew.
    workshop.process(&id, "done-a").await;
    assert_eq!(workshop.step(&id, "done-a").await.record.interruptions, 0);
    workshop.run_all().await;
    workshop.beat().await;
    assert_eq!(workshop.shown(&id).await, "success: done-a success 8");
}

#[tokio::test]
async fn a_step_that_kills_its_process_each_time_is_given_up() {
    let workshop = Workshop::new("10: done-a limit=2");
    let id = workshop.spawn().await;
    let mut deaths = 0;
    while die_with_it(&workshop).await {
        deaths += 1;
        assert!(deaths <= INTERRUPTION_LIMIT, "it goes on for ever");
        take_over(&workshop.context, |_| true, &workshop.invocation()).await.unwrap();
        workshop.beat().await;
    }
    // It goes on within its attempt, as whoever stops and starts a host expects, but not for ever.
    assert_eq!(deaths, INTERRUPTION_LIMIT);
    assert_snapshot!(workshop.shown(&id).await, @"error: done-a error for good (the process that ran the step died; it is the 7th time in a row that a runner died with this step, so it is not tried again by itself: find out what kills it, then run it by hand)");
}

/// Takes the message of the step, dies with it before its next commit, and lets the next process take over.
async fn die_and_take_over(workshop: &Workshop, commit: &str) {
    let message = workshop.receive().await.expect("the step goes on");
    workshop.table.arm(Fault::DeadBefore, commit, 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    take_over(&workshop.context, |_| true, &workshop.invocation()).await.unwrap();
}

#[tokio::test]
async fn a_step_that_came_to_the_end_of_an_invocation_since_is_not_given_up() {
    let workshop = Workshop::new("10: goes-a");
    let id = workshop.spawn().await;
    for _ in 0..2 * INTERRUPTION_LIMIT {
        die_and_take_over(&workshop, "a enqueued").await;
        assert_eq!(workshop.step(&id, "goes-a").await.record.interruptions, 1);
        workshop.run_one().await.unwrap().unwrap();
        let record = workshop.step(&id, "goes-a").await.record;
        assert_eq!((record.status, record.interruptions), (StepStatus::Enqueued, 0));
    }
}

#[tokio::test]
async fn a_step_that_got_further_since_is_not_given_up() {
    let workshop = Workshop::new("10: counts-a");
    let id = workshop.spawn().await;
    for part in 1..=2 {
        die_and_take_over(&workshop, "a enqueued").await;
        let record = workshop.step(&id, "counts-a").await.record;
        assert_eq!((record.checkpoint, record.interruptions), (Some(json!(part)), 1));
    }
}
