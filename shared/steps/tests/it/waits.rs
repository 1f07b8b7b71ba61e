//! Steps that wait without a runner.

use engine::runner::RunReport;
use insta::assert_snapshot;
use steps::general::wait::Wait;
use workshop::{NAME, Workshop, xml};

/// A workshop whose pipeline `work` has these stages, some of whose steps wait.
fn waiting(stages: &str) -> Workshop {
    Workshop::extended(&[xml(NAME, "", "no_auto_spawn", stages)], engine::Program::default().with_executor(Wait))
}

#[tokio::test]
async fn a_wait_keeps_no_runner_busy_and_is_one_attempt() {
    let workshop = waiting("10: wait-a limit=1 for=39+minutes+30+seconds · 20: done-b");
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
    let workshop = waiting("10: wait-a until=2026-08-01T10:10:00-02:00, wait-b until=2026-08-01T11:00:00Z");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: wait-a enqueued, wait-b success");
    workshop.wait(10);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: wait-a success, wait-b success");
}

#[tokio::test]
async fn a_wait_that_says_nothing_or_nonsense_is_refused() {
    let workshop =
        waiting("10: wait-a, wait-b for=2+hourz, wait-c until=noon, wait-d for=1+hour until=2026-08-01T14:10:00Z");
    assert_snapshot!(workshop.beat().await.problems.join("\n"), @r#"
    0.xml:1:133: step `wait-a`: the argument `for` or `until` is missing; expected how long to wait, as duration in words (example: `2 hours`); or `from="pipeline"`, if that hands it on
    0.xml:1:351: step `wait-b`: argument `for`: `2 hourz` is not a duration (example: `2 hours`)
    0.xml:1:549: step `wait-c`: argument `until`: `noon` is not a time with its offset (example: `2026-08-01T18:00:00Z`)
    0.xml:1:766: step `wait-d`: give either `for` or `until`, not both
    "#);
}

#[tokio::test]
async fn a_cancel_does_not_wait_for_a_step_that_waits() {
    let workshop = waiting("10: wait-a for=3+days");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.cancel(&id, "had enough").await;
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: wait-a cancelled");
}
