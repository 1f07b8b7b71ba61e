//! What the heartbeat makes of ticks that overlap or carry nonsense.

use std::time::Duration;

use chrono::DateTime;

use super::{Functions, event, invoked, invoked_until, now, only_spawned};
use crate::bunches::bunch;

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_at_the_same_time_spawn_one_pipeline() {
    let functions = Functions::new().await;
    for (name, content) in bunch("two-files") {
        functions.drop_file(&name, content).await;
    }
    let beat = || heartbeat::handle(&functions.context, invoked(event("tick")));

    let (one, two, three) = tokio::join!(beat(), beat(), beat());

    let reports = [one.unwrap(), two.unwrap(), three.unwrap()];
    let spawned: Vec<&String> = reports.iter().flat_map(|report| &report.spawned).collect();
    assert_eq!(spawned.len(), 1, "{reports:?}");
    let skipped = reports.iter().filter(|report| report.lease_taken_by.is_some()).count();
    assert!(skipped > 0, "no two of them overlapped: {reports:?}");
    assert_eq!(functions.queued().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_in_the_past_is_taken_for_unknown() {
    let functions = Functions::new().await;
    for (name, content) in bunch("two-files") {
        functions.drop_file(&name, content).await;
    }
    // What `cargo lambda watch` sends.
    let tick = invoked_until(event("tick"), DateTime::from_timestamp_millis(600_000).unwrap());
    let report = heartbeat::handle(&functions.context, tick).await.unwrap();
    let id = only_spawned(&report);
    assert_eq!((report.looked_at, report.left, report.applied.enqueued), (1, 0, 1));

    let message = functions.receive().await;
    let delivered = super::delivered("step-message", &message);
    let invocation = invoked_until(delivered, DateTime::from_timestamp_millis(600_000).unwrap());
    runner::handle(&functions.context, invocation).await.unwrap();
    assert_eq!(functions.pipeline(&id).await.steps[0].record.status, pipeline::StepStatus::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beat_that_has_no_time_left_leaves_the_pipelines_to_the_next_one() {
    let functions = Functions::new().await;
    for (name, content) in bunch("two-files") {
        functions.drop_file(&name, content).await;
    }
    let tick = invoked_until(event("tick"), now() + Duration::from_secs(4));
    let hurried = heartbeat::handle(&functions.context, tick).await.unwrap();
    assert_eq!((hurried.spawned.len(), hurried.looked_at, hurried.left), (1, 0, 1));
    let next = functions.beat().await;
    assert_eq!((next.spawned.len(), next.looked_at, next.applied.enqueued), (0, 1, 1));
}
