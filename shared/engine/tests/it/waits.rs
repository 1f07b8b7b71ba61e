//! Steps that take longer than one invocation, because they work or because they wait.

use insta::assert_snapshot;
use pipeline::StepStatus;

use engine::runner::RunReport;
use engine::take_over;
use workshop::Workshop;

#[tokio::test]
async fn forty_minutes_of_work_are_one_attempt_of_invocations_of_a_minute() {
    let workshop = Workshop::new("10: labours-a limit=1 · 20: done-b");
    let id = workshop.spawn().await;
    let mut invocations = 0;
    while workshop.step(&id, "labours-a").await.record.status != StepStatus::Success {
        workshop.run_one().await.unwrap().unwrap();
        invocations += 1;
        workshop.wait(1);
        workshop.beat().await;
    }
    // Seven pieces of eight seconds each are more than 55 of the 60 seconds, so an invocation begins no eighth one.
    assert_eq!(invocations, 300_u32.div_ceil(7));
    let record = workshop.step(&id, "labours-a").await.record;
    assert_eq!((record.attempt, record.continuations), (1, invocations - 1));
    assert!(record.finished_at.unwrap() - record.started_at.unwrap() > chrono::Duration::minutes(40));
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: labours-a success, done-b success");
}

#[tokio::test]
async fn a_step_that_waits_longer_than_a_message_can_says_when_it_wakes() {
    let workshop = Workshop::new("10: dreams-a");
    let id = workshop.spawn().await;
    let woken = workshop.now();
    workshop.run_all().await;
    let record = workshop.step(&id, "dreams-a").await.record;
    let minutes = |at: Option<chrono::DateTime<chrono::Utc>>| (at.unwrap() - woken).num_minutes();
    assert_eq!((minutes(record.due_at(workshop.now())), minutes(record.wakes_at)), (15, 60));
}

#[tokio::test]
async fn a_lost_message_of_a_step_that_waits_is_sent_again_after_it_was_due() {
    let workshop = Workshop::new("10: naps-a");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.wait(2);
    let lost = workshop.receive().await.unwrap();
    workshop.store().queue.delete(&lost.receipt).await.unwrap();
    workshop.wait(4);
    assert_eq!(workshop.beat().await.applied.resent, 0, "it is not five minutes late");
    workshop.wait(2);
    assert_eq!(workshop.beat().await.applied.resent, 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: naps-a success");
}

#[tokio::test]
async fn a_step_that_waits_keeps_its_time_when_a_host_takes_over() {
    let workshop = Workshop::new("10: naps-a");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let due = workshop.step(&id, "naps-a").await.record.due_at(workshop.now());
    workshop.wait(1);
    assert_eq!(take_over::take_over(&workshop.context, |_| true, &workshop.invocation()).await.unwrap(), 1);
    assert_eq!(workshop.step(&id, "naps-a").await.record.due_at(workshop.now()), due);
    assert_eq!(workshop.run_all().await, []);
    workshop.wait(1);
    let stale = RunReport::NotClaimed { status: StepStatus::Success };
    assert_eq!(workshop.run_all().await, [RunReport::Finished { status: StepStatus::Success }, stale]);
    assert_snapshot!(workshop.shown(&id).await, @"success: naps-a success");
}

#[tokio::test]
async fn a_chain_of_runners_begins_anew_behind_a_long_wait() {
    let mut workshop = Workshop::new("10: done-a · 20: naps-b · 30: done-c · 40: done-d");
    workshop.context.limits.hop_limit = 2;
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.wait(2);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, naps-b success, done-c success, done-d success");
}

/// It is not left to its lease, which would try the same again.
#[tokio::test]
async fn a_checkpoint_that_cannot_be_stored_ends_the_attempt_with_a_reason() {
    let workshop = Workshop::new("10: greedy-a limit=3 goes=on · 20: done-b");
    let id = workshop.spawn().await;
    assert_eq!(workshop.run_all().await, [RunReport::Finished { status: StepStatus::Error }]);
    let shown = workshop.shown(&id).await;
    assert!(
        shown.starts_with("error: greedy-a error for good (what the step left cannot be stored: ")
            && shown.contains("attribute `checkpoint`: `0.5` is a floating point number"),
        "{shown}"
    );
}
