//! The same outcomes where marks and messages share a commit.

use std::sync::atomic::Ordering;

use pipeline::StepStatus;

use engine::runner::RunReport;
use workshop::CommitFault;
use workshop::{NAME, Workshop, xml};

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
    // Seven enqueues, six steps and one of them twice, and what ended while nothing else was at work: skips-b or flaky-a,
    // whichever was last, the last of its stage three times, and the end of the pipeline with the last step.
    assert_eq!(writes_apart - writes_joined, 7 + 5);
}

#[tokio::test]
async fn the_end_of_a_step_and_what_follows_are_one_commit() {
    let workshop = Workshop::new("10: done-a · 20: done-b · 30: done-c").sharing_commits();
    let id = workshop.spawn().await;
    workshop.table.counted.forget();
    workshop.run_all().await;
    assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success, done-c success");
    // The claims alone.
    assert_eq!(workshop.table.counted.writes.load(Ordering::Relaxed), 3);
}

/// Two that end at the same moment would not see each other in what they read before their commits.
#[tokio::test]
async fn two_that_end_together_do_not_leave_the_join_to_the_heartbeat() {
    let workshop = Workshop::new("10: gate-a, gate-b · 20: done-c").sharing_commits();
    let id = workshop.spawn().await;
    let (one, two) = (workshop.receive().await.unwrap(), workshop.receive().await.unwrap());
    let (first, second) = (workshop.invocation(), workshop.invocation());
    let run = |body: String, invocation| {
        let context = workshop.context.clone();
        async move { engine::runner::run(&context, &body, &invocation).await.unwrap() }
    };
    let open = async {
        // Both have begun.
        workshop.gate.entered().await;
        workshop.gate.entered().await;
        workshop.gate.open();
        workshop.gate.open();
    };
    // Listens first, so that it hears of both.
    tokio::join!(biased; open, run(one.body, first), run(two.body, second));
    let third = workshop.receive().await.expect("the join is enqueued");
    workshop.store().queue.delete(&third.receipt).await.unwrap();
    assert!(third.body.contains("done-c"), "{}", third.body);
    assert!(workshop.shown(&id).await.ends_with("done-c enqueued"));
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
        engine::mini_heartbeat::beat(&workshop.context, &id, 0, &first),
        engine::mini_heartbeat::beat(&workshop.context, &id, 0, &second),
    );
    assert_eq!(one.unwrap().enqueued + two.unwrap().enqueued, 2);
    assert_eq!(workshop.run_all().await.len(), 2);
    assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success");
}

const COMMIT_FAULTS: [CommitFault; 3] = [CommitFault::Overtaken, CommitFault::Refused, CommitFault::ReplyLost];

/// Longer than the lease of an invocation of the workshop.
const LEASE_MINUTES: u64 = 3;

/// Runs one step whose commit is disturbed where it writes `what`: it must have ended as it said, and stay so.
async fn run_disturbed(workshop: &Workshop, fault: CommitFault, what: &str) {
    workshop.commits.arm(fault, what);
    let report = workshop.run_one().await.expect("a message is there").unwrap();
    assert!(workshop.commits.is_spent(), "{fault:?}: no commit wrote `{what}`");
    assert_eq!(report, RunReport::Finished { status: StepStatus::Success }, "{fault:?} of `{what}`");
}

/// What waited for the commit has not happened then; the step is ended by itself, and not left to its lease.
#[tokio::test]
async fn a_step_whose_joint_commit_fails_ends_all_the_same() {
    for fault in COMMIT_FAULTS {
        // The step's own item, the mark of the step behind it, and at the end of the pipeline the pipeline's item.
        for (step, what) in [
            ("done-a", "done-a success"),
            ("done-a", "done-b enqueued"),
            ("done-b", "done-b success"),
            ("done-b", "meta success"),
        ] {
            let workshop = Workshop::new("10: done-a · 20: done-b").sharing_commits();
            let id = workshop.spawn().await;
            if step == "done-b" {
                workshop.run_one().await.unwrap().unwrap();
            }
            run_disturbed(&workshop, fault, what).await;
            let record = workshop.step(&id, step).await.record;
            assert_eq!(record.status, StepStatus::Success, "{fault:?} of `{what}`: it said so, and the store does not");
            workshop.wait(LEASE_MINUTES);
            assert_eq!(workshop.beat().await.applied.ghosted, 0, "{fault:?} of `{what}`: an ended step is ghosted");
            workshop.run_all().await;
            let expected = "success: done-a success, done-b success";
            assert_eq!(workshop.shown(&id).await, expected, "{fault:?} of `{what}`");
        }
    }
}

/// Messages are sent with their marks: after a conflict neither is there, and the step is marked and sent by itself.
#[tokio::test]
async fn a_stage_whose_joint_enqueue_fails_is_enqueued_once_and_runs() {
    for fault in COMMIT_FAULTS {
        let workshop = Workshop::new("10: done-a, done-b").sharing_commits();
        let id = workshop.place(NAME, "a cause").await;
        workshop.commits.arm(fault, "done-b enqueued");
        let _ = engine::mini_heartbeat::beat(&workshop.context, &id, 0, &workshop.invocation()).await;
        assert!(workshop.commits.is_spent(), "{fault:?}: nothing was enqueued");
        workshop.beat().await;
        assert_eq!(workshop.run_all().await.len(), 2, "{fault:?}: runs of two steps");
        assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success", "{fault:?}");
    }
}
