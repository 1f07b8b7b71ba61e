//! Rows about what people do and see.

use insta::assert_snapshot;
use pipeline::StepStatus;

use engine::runner::RunReport;
use workshop::{Workshop, xml};

#[tokio::test]
async fn row_22_cancel_pause_and_resume() {
    let workshop = Workshop::new("10: done-a · 20: done-b · 30: done-z always");
    let id = workshop.spawn().await;
    operate::pause(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &workshop.invocation() })
        .await
        .unwrap();
    // What is enqueued ends, and nothing follows.
    assert_eq!(workshop.run_all().await.len(), 1);
    assert_snapshot!(workshop.shown(&id).await, @"paused: done-a success, done-b pending, done-z pending");
    workshop.wait(60);
    workshop.beat().await;
    assert!(workshop.run_all().await.is_empty());
    operate::resume(&workshop.context, &id, operate::Operator { name: "Ann", invocation: &workshop.invocation() })
        .await
        .unwrap();
    operate::cancel(
        &workshop.context,
        &id,
        "Ann had enough",
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a success, done-b cancelled, done-z success");
}

#[tokio::test]
async fn row_23_maintenance_mode() {
    let workshop = Workshop::with(&[xml("work", "", "no_sibling_in_progress", "10: done-a · 20: done-b")]);
    assert_eq!(workshop.spawned().await, ["work"]);
    workshop.set("maintenance", "default", "on").await;
    // What is enqueued ends; nothing new begins.
    assert_eq!(workshop.run_all().await, [RunReport::Finished { status: StepStatus::Success }]);
    workshop.wait(1);
    let report = workshop.beat().await;
    assert_eq!((report.spawned.len(), report.applied.enqueued), (0, 0));
    workshop.set("maintenance", "default", "off").await;
    workshop.wait(1);
    assert_eq!(workshop.beat().await.applied.enqueued, 1);
}

#[tokio::test]
async fn row_24_init_by_hand() {
    let workshop = Workshop::new("10: done-a");
    assert!(workshop.spawned().await.is_empty());
    let arguments = [("since".to_owned(), "yesterday".to_owned())].into();
    let id = operate::init(
        &workshop.context,
        "work",
        arguments,
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    let pipeline = workshop.pipeline(&id).await;
    assert_eq!((pipeline.spawned_by.as_str(), pipeline.arguments["since"].as_str()), ("Ann", "yesterday"));
}

#[tokio::test]
async fn row_25_process_a_step_by_hand() {
    let workshop = Workshop::new("10: fails-a limit=1 · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: fails-a error (the shop did not answer), done-b cancelled");
    // Its attempts are used up, the step before it failed, and the pipeline has ended.
    let step = "done-b".parse().unwrap();
    operate::rerun_step(
        &workshop.context,
        &id,
        &step,
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: fails-a error (the shop did not answer), done-b success");
}

#[tokio::test]
async fn row_26_why_not_running() {
    let workshop = Workshop::new("10: fails-a limit=3 pause=5 · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let why = operate::why(&workshop.context, &id, workshop.now()).await.unwrap();
    let steps: Vec<String> = why.steps.iter().map(|step| format!("{}: {}", step.name, step.text)).collect();
    assert_snapshot!(steps.join("\n"), @r"
    fails-a: the next attempt waits until 2026-08-01T12:05:00Z (attempt 1 of 3 failed: the shop did not answer)
    done-b: step `fails-a` before it has not ended
    ");
}

#[tokio::test]
async fn row_31_step_log_per_attempt() {
    let workshop = Workshop::new("10: fails-a limit=2");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.wait(1);
    workshop.beat().await;
    workshop.run_all().await;
    let earlier = workshop.store().attempts(&id, &"fails-a".parse().unwrap()).await.unwrap();
    assert_eq!(earlier.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1]);
    assert!(earlier[0].log.contains("error: the shop did not answer"));
    assert!(workshop.step(&id, "fails-a").await.record.log.contains("error: the shop did not answer"));
}
