//! Rows about beats, runners and what steps can do.

use insta::assert_snapshot;
use pipeline::{Priority, StepStatus};

use workshop::{Workshop, xml};

#[tokio::test]
async fn row_15_heartbeat_with_lock_and_pulse() {
    let workshop =
        Workshop::with(&[xml("hourly", "expire-in=\"10 minutes\"", "cron_expression=0 * * * *", "10: done-a")]);
    let held =
        workshop.store().acquire_lease("another beat", workshop.now() + chrono::Duration::minutes(1), workshop.now());
    let held = held.await.unwrap();
    assert_eq!(workshop.beat().await.lease_taken_by.as_deref(), Some("another beat"));
    let store::leases::LeaseOutcome::Acquired(lease) = held else { panic!("{held:?}") };
    workshop.store().abandon_lease(&lease).await.unwrap();
    // Three hours without a beat: one pipeline, not three, and not none.
    workshop.wait(180);
    assert_eq!(workshop.spawned().await, ["hourly"]);
    assert!(workshop.spawned().await.is_empty());
    workshop.wait(11);
    assert_eq!(workshop.beat().await.applied.expired, 1);
}

#[tokio::test]
async fn row_16_mini_heartbeat() {
    let workshop = Workshop::new("10: done-a · 20: done-b · 30: done-c");
    let id = workshop.spawn().await;
    assert_eq!(workshop.run_all().await.len(), 3);
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success, done-c success");
    // Without it each stage waits for a heartbeat.
    workshop.set("mini_heartbeat", "default", "off").await;
    let id = workshop.place("work", "again").await;
    workshop.beat().await;
    assert_eq!(workshop.run_all().await.len(), 1);
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a success, done-b pending, done-c pending");
}

#[tokio::test]
async fn row_18_one_message_per_runner() {
    let workshop = Workshop::new("10: done-a, done-b");
    workshop.spawn().await;
    let (first, second) = (workshop.receive().await.unwrap(), workshop.receive().await.unwrap());
    assert_ne!(first.body, second.body);
    assert!(workshop.receive().await.is_none());
}

#[tokio::test]
async fn row_19_step_statuses() {
    let workshop = Workshop::new("10: done-a, skips-b, missing-c, invalid-d, broken-e allowed");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, skips-b skipped (there was nothing to do), missing-c skipped (there is no file `a.csv`), invalid-d success with a warning (2 rows are odd), broken-e error for good (argument `x` is missing)");
}

#[tokio::test]
async fn row_20_pipeline_status_from_its_steps() {
    let mut statuses = Vec::new();
    for stages in
        ["10: done-a", "10: broken-a · 20: done-b", "10: skips-a", "10: broken-a allowed", "10: fails-a pause=5"]
    {
        let workshop = Workshop::new(stages);
        let id = workshop.place("work", "x").await;
        let before = workshop.pipeline(&id).await.status;
        workshop.beat().await;
        workshop.run_all().await;
        statuses.push(format!("{stages}: {before} → {}", workshop.pipeline(&id).await.status));
    }
    assert_snapshot!(statuses.join("\n"), @r"
    10: done-a: pending → success
    10: broken-a · 20: done-b: pending → error
    10: skips-a: pending → success
    10: broken-a allowed: pending → success
    10: fails-a pause=5: pending → running
    ");
}

#[tokio::test]
async fn row_21_expiry_of_pipelines_and_steps() {
    for attributes in ["expire-in=\"10 minutes\"", ""] {
        let expires = if attributes.is_empty() { " expires=10" } else { "" };
        let stages = format!("10: gate-a{expires} · 20: done-z always");
        let workshop = Workshop::with(&[xml("work", attributes, "no_auto_spawn", &stages)]);
        let id = workshop.spawn().await;
        // A runner takes it and dies.
        let message = workshop.receive().await.unwrap();
        let invocation = workshop.invocation();
        let run = workshop::runner::run(&workshop.context, &message.body, &invocation);
        tokio::select! { biased; _ = run => panic!("the gate is shut"), () = workshop.gate.entered() => {} }
        workshop.wait(11);
        assert_eq!(workshop.beat().await.applied.expired, 1);
        workshop.run_all().await;
        workshop.beat().await;
        let pipeline = workshop.pipeline(&id).await;
        assert_eq!(pipeline.status.as_str(), "cancelled");
        assert_eq!(workshop.step(&id, "done-z").await.record.status, StepStatus::Success);
    }
}

#[tokio::test]
async fn row_36_message_and_process_of_a_step() {
    let workshop = Workshop::new("10: gate-a");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let token = workshop.step(&id, "gate-a").await.record.token.unwrap().0;
    assert!(message.body.contains(&token), "the message names the enqueue");
    let run = workshop::runner::run(&workshop.context, &message.body, &invocation);
    tokio::select! { biased; _ = run => panic!("the gate is shut"), () = workshop.gate.entered() => {} }
    assert_eq!(workshop.step(&id, "gate-a").await.record.owner, Some(invocation.id));
}

#[tokio::test]
async fn row_40_priority_between_pipelines() {
    let files =
        ["low", "normal", "high"].map(|name| xml(name, &format!("priority=\"{name}\""), "no_auto_spawn", "10: done-a"));
    let workshop = Workshop::with(&files);
    for name in ["low", "normal", "high"] {
        workshop.place(name, "x").await;
    }
    workshop.beat().await;
    let mut order = Vec::new();
    while let Some(message) = workshop.receive().await {
        order.push(message.receipt.priority);
    }
    assert_eq!(order, [Priority::High, Priority::Normal, Priority::Low]);
}
