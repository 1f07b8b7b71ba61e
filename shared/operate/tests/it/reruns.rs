//! Steps that a person runs again.

use insta::assert_snapshot;
use operate::{Error, rerun_step};
use pipeline::{PipelineId, PipelineStatus};
use store::settings::NewSetting;
use workshop::Fault;
use workshop::{NAME, Workshop, xml};
use workshop::{heartbeat, runner};

async fn rerun(workshop: &Workshop, id: &PipelineId, step: &str) -> Result<(), Error> {
    rerun_step(
        &workshop.context,
        id,
        &step.parse().unwrap(),
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
}

/// A pipeline that has failed, because its first step had one attempt and needs two.
async fn failed(attributes: &str) -> (Workshop, PipelineId) {
    let stages = "10: flaky-a limit=1 · 20: done-b · 30: done-report always";
    let workshop = Workshop::with(&[xml(NAME, attributes, "no_auto_spawn", stages)]);
    let id = workshop.spawn().await;
    workshop.run_all().await;
    (workshop, id)
}

#[tokio::test]
async fn a_failed_pipeline_goes_on_where_it_failed() {
    let (workshop, id) = failed("").await;
    assert_snapshot!(workshop.shown(&id).await, @"error: flaky-a error (the shop did not answer), done-b cancelled, done-report success");
    workshop.wait(60);
    rerun(&workshop, &id, "flaky-a").await.unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"running: flaky-a enqueued 2, done-b pending, done-report success");
    assert_eq!(workshop.store().open_pipelines(10).await.unwrap().len(), 1);
    assert_eq!(workshop.pipeline(&id).await.ended_at, None);
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: flaky-a success 2, done-b success, done-report success 2");
    assert!(workshop.store().open_pipelines(10).await.unwrap().is_empty());
    let attempts = workshop.store().attempts(&id, &"flaky-a".parse().unwrap()).await.unwrap();
    assert_eq!(attempts[0].message.as_deref(), Some("the shop did not answer"));
    let lines = workshop.store().audit(10).await.unwrap();
    let line = lines.iter().find(|line| line.what.starts_with("processed")).unwrap();
    assert_eq!(line.by, "Ann");
    assert_snapshot!(line.what.replace(id.as_str(), "…"), @"processed step `flaky-a` of pipeline work …, which was error");
}

#[tokio::test]
async fn a_step_that_fails_again_leaves_its_pipeline_failed() {
    let workshop = Workshop::new("10: broken-a limit=3 · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    rerun(&workshop, &id, "broken-a").await.unwrap();
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: broken-a error 2 for good (argument `x` is missing), done-b cancelled");
}

#[tokio::test]
async fn a_stopped_pipeline_runs_the_one_step_and_is_cancelled_again() {
    let workshop = Workshop::new("10: done-a · 20: done-b · 30: done-c");
    let id = workshop.spawn().await;
    operate::cancel(
        &workshop.context,
        &id,
        "enough",
        operate::Operator { name: "Bob", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a cancelled, done-b cancelled, done-c cancelled");
    rerun(&workshop, &id, "done-b").await.unwrap();
    // No beat takes it away.
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a cancelled, done-b enqueued, done-c pending");
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a cancelled, done-b success, done-c cancelled");
}

#[tokio::test]
async fn a_step_runs_before_its_turn_through_pause_and_maintenance() {
    let workshop = Workshop::new("10: gate-a · 20: done-b · 30: done-c");
    let id = workshop.spawn().await;
    operate::pause(&workshop.context, &id, operate::Operator { name: "Bob", invocation: &workshop.invocation() })
        .await
        .unwrap();
    workshop
        .store()
        .set_setting(
            NewSetting { name: "maintenance", scope: &pipeline::settings::Scope::Default, value: "true" },
            "Bob",
            workshop.now(),
        )
        .await
        .unwrap();
    rerun(&workshop, &id, "done-c").await.unwrap();
    let gate = workshop.receive().await.unwrap();
    workshop.run_one().await.unwrap().unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"paused: gate-a enqueued, done-b pending, done-c success");
    drop(gate);
}

#[tokio::test]
async fn a_success_can_be_repeated_and_nothing_behind_it_is() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    rerun(&workshop, &id, "done-a").await.unwrap();
    assert_eq!(workshop.run_all().await.len(), 1);
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success 2, done-b success");
    assert!(workshop.step(&id, "done-a").await.record.is_rerun);
}

#[tokio::test]
async fn a_pipeline_that_ended_long_ago_does_not_expire_at_once() {
    let (workshop, id) = failed("expire-in=\"2 hours\"").await;
    workshop.wait(3 * 24 * 60);
    rerun(&workshop, &id, "flaky-a").await.unwrap();
    assert_eq!(workshop.beat().await.applied.expired, 0);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: flaky-a success 2, done-b success, done-report success 2");
}

#[tokio::test]
async fn what_cannot_be_run_again_says_why() {
    let workshop = Workshop::new("10: gate-a · 20: done-b");
    let id = workshop.spawn().await;
    let shown = async |step: &str| rerun(&workshop, &id, step).await.unwrap_err().to_string().replace(id.as_str(), "…");
    assert_snapshot!(shown("gate-a").await, @"step `gate-a` of pipeline … is enqueued; only a step that nobody is busy with can be processed by hand");
    assert_snapshot!(shown("done-c").await, @"pipeline … has no step `done-c` (it has gate-a, done-b)");
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let working = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        assert_snapshot!(shown("gate-a").await, @"step `gate-a` of pipeline … is running; only a step that nobody is busy with can be processed by hand");
        workshop.gate.open();
    };
    tokio::join!(working, meanwhile).0.unwrap();
    let unknown: PipelineId = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    assert_snapshot!(rerun(&workshop, &unknown, "gate-a").await.unwrap_err(), @"there is no pipeline 01jd9x4k7m3fq8zt0v2c");
}

/// The last step ends while a person asks for another one: the beat that settles has not seen that step enqueued.
#[tokio::test]
async fn a_beat_that_settles_at_the_same_moment_looks_again() {
    let workshop = Workshop::new("10: flaky-a limit=1, done-b");
    let id = workshop.spawn().await;
    workshop.run_one().await.unwrap().unwrap();
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    workshop.table.arm(Fault::Late, "meta error", 0);
    let run = runner::run(&workshop.context, &message.body, &invocation);
    let rerun = async {
        workshop.table.late.notified().await;
        rerun(&workshop, &id, "flaky-a").await.unwrap();
        workshop.table.go_on.notify_one();
    };
    tokio::join!(run, rerun).0.unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"running: flaky-a enqueued 2, done-b success");
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: flaky-a success 2, done-b success");
}

/// Asks again until it is done; one who died before the message was sent finds the step enqueued.
async fn rerun_at_last(workshop: &Workshop, id: &PipelineId) {
    for _ in 0..3 {
        let outcome = tokio::select! {
            biased;
            () = workshop.table.dead.notified() => continue,
            outcome = rerun(workshop, id, "flaky-a") => outcome,
        };
        match outcome {
            Ok(()) | Err(Error::StepActive { .. }) => return,
            Err(_) => {}
        }
    }
    panic!("it was not done")
}

#[tokio::test]
async fn a_step_is_rerun_once_whatever_write_is_disturbed() {
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost, Fault::Repeated] {
        for after in workshop::every_write() {
            let (workshop, id) = failed("").await;
            workshop.table.arm(fault, "", after);
            // Who dies in the attempt itself uses it up, and the person asks for another one.
            for _ in 0..2 {
                if workshop.pipeline(&id).await.status != PipelineStatus::Success {
                    rerun_at_last(&workshop, &id).await;
                    workshop.live().await;
                }
            }
            let shown = workshop.shown(&id).await;
            let disturbed = format!("{fault:?} at write {after}");
            assert!(shown.starts_with("success: flaky-a success "), "{shown}, {disturbed}");
            assert!(shown.contains(", done-b success"), "{shown}, {disturbed}");
            if !workshop.table.is_spent() {
                assert!(after > 8, "only {after} writes");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_rerun_step_whose_message_got_lost_is_sent_again() {
    let (workshop, id) = failed("").await;
    rerun(&workshop, &id, "flaky-a").await.unwrap();
    let lost = workshop.receive().await.unwrap();
    workshop.store().queue.delete(&lost.receipt).await.unwrap();
    workshop.wait(6);
    assert_eq!(heartbeat::beat(&workshop.context, &workshop.invocation()).await.unwrap().applied.resent, 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: flaky-a success 2, done-b success, done-report success 2");
}
