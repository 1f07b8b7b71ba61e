//! Pipelines that a person holds and lets go on.

use insta::assert_snapshot;
use pipeline::{PipelineId, PipelineStatus};

use operate::{pause, resume};
use workshop::runner;
use workshop::{Fault, NAME, Workshop, xml};

async fn audit(workshop: &Workshop, id: &PipelineId) -> String {
    let lines = workshop.store().audit(10).await.unwrap();
    let mut lines: Vec<String> = lines.iter().map(|line| format!("{} {}", line.by, line.what)).collect();
    lines.sort();
    lines.join("\n").replace(id.as_str(), "…")
}

#[tokio::test]
async fn a_paused_pipeline_enqueues_nothing_and_lets_go_on_what_is_busy() {
    let workshop = Workshop::new("10: gate-a, done-b · 20: done-c · 30: done-report always");
    let id = operate::init(
        &workshop.context,
        NAME,
        [].into(),
        operate::Operator { name: "a test", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let working = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        pause(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &workshop.invocation() })
            .await
            .unwrap();
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(working, meanwhile);
    report.unwrap();
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"paused: gate-a success, done-b success, done-c pending, done-report pending");
    workshop.wait(60);
    assert_eq!(workshop.beat().await.applied.enqueued, 0);
    resume(&workshop.context, &id, operate::Operator { name: "Bob", invocation: &workshop.invocation() })
        .await
        .unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"running: gate-a success, done-b success, done-c enqueued, done-report pending");
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: gate-a success, done-b success, done-c success, done-report success");
    assert_snapshot!(audit(&workshop, &id).await, @r"
    Ann paused pipeline work …
    Bob resumed pipeline work …
    a test spawned pipeline work …
    ");
}

#[tokio::test]
async fn the_expiry_of_a_paused_pipeline_stands_still() {
    let stages = "10: done-a · 20: done-b";
    let workshop = Workshop::with(&[xml(NAME, "expire-in=\"2 hours\"", "no_auto_spawn", stages)]);
    let id = workshop.spawn().await;
    workshop.wait(60);
    pause(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &workshop.invocation() }).await.unwrap();
    workshop.wait(24 * 60);
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"paused: done-a success, done-b pending");
    resume(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &workshop.invocation() })
        .await
        .unwrap();
    workshop.wait(59);
    assert_eq!(workshop.beat().await.applied.expired, 0);
    workshop.wait(2);
    assert_eq!(workshop.beat().await.applied.expired, 1);
}

/// A pipeline that may be open for two hours, by its definition or by the setting.
async fn of_two_hours(rule: &str) -> (Workshop, PipelineId) {
    let attributes = if rule == "expire-in" { "expire-in=\"2 hours\"" } else { "" };
    let workshop = Workshop::with(&[xml(NAME, attributes, "no_auto_spawn", "10: done-a · 20: gate-b")]);
    if rule != "expire-in" {
        workshop.set(rule, "pipeline:work", "2 hours").await;
    }
    let id = workshop.spawn().await;
    workshop.run_one().await.unwrap().unwrap();
    (workshop, id)
}

/// A day passes in which a person holds the pipeline, and a beat that must not end it.
async fn pause_for_a_day(workshop: &Workshop, id: &PipelineId, what: &str) {
    pause(&workshop.context, id, operate::Operator { name: "Ann", invocation: &workshop.invocation() }).await.unwrap();
    workshop.wait(24 * 60);
    assert_eq!(workshop.beat().await.applied.expired, 0, "{what}: it expired during a pause");
    resume(&workshop.context, id, operate::Operator { name: "Ann", invocation: &workshop.invocation() }).await.unwrap();
    assert_eq!(workshop.pipeline(id).await.stop, None, "{what}: it was stopped when it was resumed");
}

#[tokio::test]
async fn pauses_add_up_and_count_for_no_clock_of_the_pipeline() {
    for rule in ["expire-in", "clean_up.cancel_after"] {
        let (workshop, id) = of_two_hours(rule).await;
        for pauses in 1..=3 {
            workshop.wait(30);
            pause_for_a_day(&workshop, &id, &format!("{rule}, pause {pauses}")).await;
        }
        workshop.wait(29);
        assert_eq!(workshop.beat().await.applied.expired, 0, "{rule}: open for 119 minutes and three pauses");
        workshop.wait(2);
        assert_eq!(workshop.beat().await.applied.expired, 1, "{rule}: open for 121 minutes and three pauses");
    }
}

/// A failed pipeline rests until a person runs a step of it again. It was held before, and is held after that.
#[tokio::test]
async fn the_rest_of_a_failed_pipeline_adds_up_with_its_pauses() {
    for rule in ["expire-in", "clean_up.cancel_after"] {
        let (workshop, id) = of_two_hours(rule).await;
        workshop.wait(30);
        pause_for_a_day(&workshop, &id, &format!("{rule}, first pause")).await;
        let pipeline = workshop.pipeline(&id).await;
        workshop.store().settle_pipeline(&pipeline, PipelineStatus::Error, workshop.now()).await.unwrap();
        workshop.wait(3 * 24 * 60);
        operate::rerun_step(
            &workshop.context,
            &id,
            &"done-a".parse().unwrap(),
            operate::Operator { name: "Ann", invocation: &workshop.invocation() },
        )
        .await
        .unwrap();
        workshop.wait(30);
        pause_for_a_day(&workshop, &id, &format!("{rule}, second pause")).await;
        workshop.wait(59);
        assert_eq!(workshop.beat().await.applied.expired, 0, "{rule}: open for 119 minutes, beside pauses and a rest");
        workshop.wait(2);
        assert_eq!(workshop.beat().await.applied.expired, 1, "{rule}: open for 121 minutes, beside pauses and a rest");
    }
}

/// Its last step ends while it is held, and a person runs one again while it is: that is one pause, and no rest beside it.
#[tokio::test]
async fn a_pipeline_that_ended_during_a_pause_counts_that_time_once() {
    for rule in ["expire-in", "clean_up.cancel_after"] {
        let (workshop, id) = of_two_hours(rule).await;
        workshop.wait(30);
        pause(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &workshop.invocation() })
            .await
            .unwrap();
        workshop.wait(24 * 60);
        let pipeline = workshop.pipeline(&id).await;
        workshop.store().settle_pipeline(&pipeline, PipelineStatus::Error, workshop.now()).await.unwrap();
        workshop.wait(24 * 60);
        let (name, invocation) = ("done-a".parse().unwrap(), workshop.invocation());
        operate::rerun_step(&workshop.context, &id, &name, operate::Operator { name: "Ann", invocation: &invocation })
            .await
            .unwrap();
        workshop.wait(24 * 60);
        resume(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &workshop.invocation() })
            .await
            .unwrap();
        workshop.wait(89);
        assert_eq!(workshop.beat().await.applied.expired, 0, "{rule}: open for 119 minutes beside its pause");
        workshop.wait(2);
        assert_eq!(workshop.beat().await.applied.expired, 1, "{rule}: open for 121 minutes beside its pause");
    }
}

/// A beat settles the pipeline between a person's look and write: what was asked for is done at the second look.
#[tokio::test]
async fn a_pause_and_a_resume_that_race_with_a_beat_look_again() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    for is_paused in [true, false] {
        workshop.table.arm(Fault::Late, "meta", 0);
        let invocation = workshop.invocation();
        let ask = async {
            if is_paused {
                pause(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await
            } else {
                resume(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await
            }
        };
        let beat = async {
            workshop.table.late.notified().await;
            let (pipeline, now) = (workshop.pipeline(&id).await, workshop.now());
            workshop.store().settle_pipeline(&pipeline, PipelineStatus::Pending, now).await.unwrap();
            workshop.table.go_on.notify_one();
        };
        tokio::join!(ask, beat).0.unwrap();
        let found = workshop.pipeline(&id).await.paused_at.is_some();
        assert_eq!(found, is_paused, "it was told that this is done, and the store says nothing of it");
    }
}

#[tokio::test]
async fn what_cannot_be_paused_or_resumed_says_why() {
    let workshop = Workshop::new("10: gate-a");
    let id = workshop.spawn().await;
    let (context, invocation) = (&workshop.context, workshop.invocation());
    let shown = |outcome: Result<(), operate::Error>| outcome.unwrap_err().to_string().replace(id.as_str(), "…");
    assert_snapshot!(shown(resume(context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await), @"pipeline … is not paused");
    pause(context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await.unwrap();
    let again = shown(pause(context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await);
    assert_snapshot!(again, @"pipeline … is paused already, since 2026-08-01T12:00:00Z");
    let message = workshop.receive().await.unwrap();
    let working = runner::run(context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        operate::cancel(context, &id, "enough", operate::Operator { name: "Ann", invocation: &invocation })
            .await
            .unwrap();
        assert_snapshot!(shown(pause(context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await), @"pipeline … is being stopped already: enough");
        workshop.gate.open();
    };
    tokio::join!(working, meanwhile).0.unwrap();
    assert_snapshot!(shown(pause(context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await), @"pipeline … has ended, it is cancelled");
    assert_snapshot!(shown(resume(context, &id, operate::Operator { name: "Ann", invocation: &invocation }).await), @"pipeline … has ended, it is cancelled");
    let unknown: PipelineId = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    assert_snapshot!(pause(context, &unknown, operate::Operator { name: "Ann", invocation: &invocation }).await.unwrap_err(), @"there is no pipeline 01jd9x4k7m3fq8zt0v2c");
}
