//! The same outcomes where marks and messages share a commit.

use std::sync::atomic::Ordering;

use super::workshop::{NAME, Workshop, xml};

const STAGES: &str = "10: flaky-a limit=4, skips-b · 20: counts-c, done-d, done-e · 30: done-report always";

/// Beats and runs until the pipeline has ended; the steps and how often the table was written to.
async fn lived(workshop: &Workshop) -> (String, usize) {
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.wait(3);
    workshop.beat().await;
    workshop.run_all().await;
    assert!(workshop.receive().await.is_none());
    (workshop.shown(&id).await, workshop.table.counted.writes.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_pipeline_ends_alike_with_fewer_writes_of_their_own() {
    let (apart, writes_apart) = lived(&Workshop::new(STAGES)).await;
    let (joined, writes_joined) = lived(&Workshop::new(STAGES).sharing_commits()).await;
    assert_eq!(joined, apart);
    // Seven enqueues: six steps, and one of them twice.
    assert_eq!(writes_apart - writes_joined, 7);
}

#[tokio::test]
async fn a_stage_of_more_steps_than_one_commit_takes_is_enqueued_whole() {
    let stage = |order: u32, count: u32| {
        let steps: Vec<String> = (0..count).map(|number| format!("done-{order}x{number}")).collect();
        format!("{order}: {}", steps.join(", "))
    };
    let workshop = Workshop::new(&format!("{} · {}", stage(10, 230), stage(20, 1))).sharing_commits();
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let pipeline = workshop.pipeline(&id).await;
    assert_eq!(pipeline.status, pipeline::PipelineStatus::Success);
    assert!(pipeline.steps.iter().all(|step| step.record.attempt == 1));
}

/// Two beats that planned the same: the second one finds the marks of the first and sends nothing of its own.
#[tokio::test]
async fn a_step_that_somebody_else_moved_is_left_to_them() {
    let workshop = Workshop::with(&[xml(NAME, "", "no_auto_spawn", "10: done-a, done-b")]).sharing_commits();
    let id = workshop.place(NAME, "a cause").await;
    let first = workshop.invocation();
    let second = workshop.invocation();
    let (one, two) = tokio::join!(
        crate::mini_heartbeat::beat(&workshop.context, &id, 0, &first),
        crate::mini_heartbeat::beat(&workshop.context, &id, 0, &second),
    );
    assert_eq!(one.unwrap().enqueued + two.unwrap().enqueued, 2);
    assert_eq!(workshop.run_all().await.len(), 2);
    assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success");
}
