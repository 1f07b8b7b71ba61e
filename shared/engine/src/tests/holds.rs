//! Pipelines that a person holds and lets go on.

use insta::assert_snapshot;
use pipeline::PipelineId;

use super::workshop::{NAME, Workshop, xml};
use crate::operate::{self, pause, resume};
use crate::runner;

async fn audit(workshop: &Workshop, id: &PipelineId) -> String {
    let lines = workshop.store().audit(10).await.unwrap();
    let mut lines: Vec<String> = lines.iter().map(|line| format!("{} {}", line.by, line.what)).collect();
    lines.sort();
    lines.join("\n").replace(id.as_str(), "…")
}

#[tokio::test]
async fn a_paused_pipeline_enqueues_nothing_and_lets_go_on_what_is_busy() {
    let workshop = Workshop::new("10: gate-a, done-b · 20: done-c · 30: done-report always");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let working = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        pause(&workshop.context, &id, "Ann", &workshop.invocation()).await.unwrap();
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(working, meanwhile);
    report.unwrap();
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"paused: gate-a success, done-b success, done-c pending, done-report pending");
    workshop.wait(60);
    assert_eq!(workshop.beat().await.applied.enqueued, 0);
    resume(&workshop.context, &id, "Bob", &workshop.invocation()).await.unwrap();
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
    pause(&workshop.context, &id, "Ann", &workshop.invocation()).await.unwrap();
    workshop.wait(24 * 60);
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"paused: done-a success, done-b pending");
    resume(&workshop.context, &id, "Ann", &workshop.invocation()).await.unwrap();
    workshop.wait(59);
    assert_eq!(workshop.beat().await.applied.expired, 0);
    workshop.wait(2);
    assert_eq!(workshop.beat().await.applied.expired, 1);
}

#[tokio::test]
async fn what_cannot_be_paused_or_resumed_says_why() {
    let workshop = Workshop::new("10: gate-a");
    let id = workshop.spawn().await;
    let (context, invocation) = (&workshop.context, workshop.invocation());
    let shown = |outcome: Result<(), operate::Error>| outcome.unwrap_err().to_string().replace(id.as_str(), "…");
    assert_snapshot!(shown(resume(context, &id, "Ann", &invocation).await), @"pipeline … is not paused");
    pause(context, &id, "Ann", &invocation).await.unwrap();
    let again = shown(pause(context, &id, "Ann", &invocation).await);
    assert_snapshot!(again, @"pipeline … is paused already, since 2026-08-01T12:00:00Z");
    let message = workshop.receive().await.unwrap();
    let working = runner::run(context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        operate::cancel(context, &id, "Ann", "enough", &invocation).await.unwrap();
        assert_snapshot!(shown(pause(context, &id, "Ann", &invocation).await), @"pipeline … is being stopped already: enough");
        workshop.gate.open();
    };
    tokio::join!(working, meanwhile).0.unwrap();
    assert_snapshot!(shown(pause(context, &id, "Ann", &invocation).await), @"pipeline … has ended, it is cancelled");
    assert_snapshot!(shown(resume(context, &id, "Ann", &invocation).await), @"pipeline … has ended, it is cancelled");
    let unknown: PipelineId = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    assert_snapshot!(pause(context, &unknown, "Ann", &invocation).await.unwrap_err(), @"there is no pipeline 01jd9x4k7m3fq8zt0v2c");
}
