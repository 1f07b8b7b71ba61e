//! Steps that take longer than one invocation, because they work or because they wait.

use insta::assert_snapshot;
use pipeline::StepStatus;

use super::workshop::Workshop;
use crate::runner::RunReport;
use crate::take_over;

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
async fn a_wait_keeps_no_runner_busy_and_is_one_attempt() {
    let workshop = Workshop::new("10: wait-a limit=1 for=39+minutes+30+seconds · 20: done-b");
    let id = workshop.spawn().await;
    let began = workshop.now();
    assert_eq!(workshop.run_all().await, [RunReport::Continued]);
    let record = workshop.step(&id, "wait-a").await.record;
    // A message is held back for 15 minutes at most.
    assert_eq!((record.due_at(began).unwrap() - began).num_seconds(), 900);
    let mut runs = 1;
    for _ in 0..39 {
        workshop.wait(1);
        let applied = workshop.beat().await.applied;
        assert_eq!((applied.resent, applied.enqueued), (0, 0));
        runs += workshop.run_all().await.len();
    }
    assert_eq!(runs, 3, "at the start, after 15 and after 30 minutes");
    workshop.wait(1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: wait-a success, done-b success");
    let record = workshop.step(&id, "wait-a").await.record;
    assert_eq!(record.attempt, 1);
    assert_snapshot!(record.log.trim_end(), @"2026-08-01 12:00:00 wait-a info: waits until 2026-08-01T12:39:30Z");
}

#[tokio::test]
async fn a_wait_until_a_time_ends_then_or_at_once_if_it_has_passed() {
    let workshop = Workshop::new("10: wait-a until=2026-08-01T10:10:00-02:00, wait-b until=2026-08-01T11:00:00Z");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: wait-a enqueued, wait-b success");
    workshop.wait(10);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: wait-a success, wait-b success");
}

#[tokio::test]
async fn a_wait_that_says_nothing_or_nonsense_is_refused() {
    let workshop = Workshop::new(
        "10: wait-a, wait-b for=2+hourz, wait-c until=noon, wait-d for=1+hour until=2026-08-01T14:10:00Z",
    );
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await.replace("), ", "),\n"), @r"
    error: wait-a error for good (step `wait-a` needs one of the arguments `for` and `until`),
    wait-b error for good (step `wait-b`: argument `for`: `2 hourz` is not a duration (example: `2 hours`)),
    wait-c error for good (step `wait-c`: argument `until`: `noon` is not a time with its offset (example: `2026-08-01T18:00:00Z`)),
    wait-d error for good (step `wait-d` needs one of the arguments `for` and `until`)
    ");
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

#[tokio::test]
async fn a_cancel_does_not_wait_for_a_step_that_waits() {
    let workshop = Workshop::new("10: wait-a for=3+days");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    crate::operate::cancel(&workshop.context, &id, "Ann", "had enough", &workshop.invocation()).await.unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: wait-a cancelled");
}
