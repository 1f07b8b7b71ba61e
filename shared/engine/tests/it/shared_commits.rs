//! The same outcomes where marks and messages share a commit.

use std::sync::atomic::Ordering;
use std::time::Duration;

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
    let (together, writes_together) = lived(&Workshop::new(STAGES).sharing_commits()).await;
    assert_eq!(together, apart);
    // Seven enqueues, six steps and one of them twice, and what ended while nothing else was at work: skips-b or flaky-a,
    // whichever was last, the last of its stage three times, and the end of the pipeline with the last step.
    assert_eq!(writes_apart - writes_together, 7 + 5);
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

#[tokio::test]
async fn where_the_setting_leaves_it_to_the_heartbeat_the_end_of_a_step_leads_no_further() {
    let workshop = Workshop::new("10: done-a · 20: done-b").sharing_commits();
    workshop.set("mini_heartbeat", "default", "off").await;
    let id = workshop.place(NAME, "a cause").await;
    for expected in [
        "running: done-a success, done-b pending",
        "running: done-a success, done-b success",
        "success: done-a success, done-b success",
    ] {
        workshop.beat().await;
        workshop.run_all().await;
        assert_eq!(workshop.shown(&id).await, expected);
    }
}

#[tokio::test]
async fn a_chain_of_joint_commits_is_cut_at_the_hop_limit() {
    let mut workshop =
        Workshop::new("10: done-a · 20: done-b · 30: done-c · 40: done-d · 50: done-e").sharing_commits();
    workshop.context.limits.hop_limit = 2;
    let id = workshop.spawn().await;
    assert_eq!(workshop.run_all().await.len(), 3, "the first step and two hops behind it");
    let shown = workshop.shown(&id).await;
    assert!(shown.ends_with("done-c success, done-d pending, done-e pending"), "{shown}");
    assert_eq!(workshop.beat().await.applied.enqueued, 1, "the heartbeat takes over");
    workshop.run_all().await;
    assert!(workshop.shown(&id).await.starts_with("success: "));
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
        async move { workshop::runner::run(&context, &body, &invocation).await.unwrap() }
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
        workshop::mini_heartbeat::beat(&workshop.context, &id, 0, &first),
        workshop::mini_heartbeat::beat(&workshop.context, &id, 0, &second),
    );
    assert_eq!(one.unwrap().enqueued + two.unwrap().enqueued, 2);
    assert_eq!(workshop.run_all().await.len(), 2);
    assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success");
}

const COMMIT_FAULTS: [CommitFault; 3] = [CommitFault::Overtaken, CommitFault::Refused, CommitFault::ReplyLost];

/// Longer than the lease of an invocation of the workshop, and than a mark waits for its message.
const LATER_MINUTES: u64 = 6;

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
            workshop.wait(LATER_MINUTES);
            assert_eq!(workshop.beat().await.applied.ghosted, 0, "{fault:?} of `{what}`: an ended step is ghosted");
            workshop.run_all().await;
            let expected = "success: done-a success, done-b success";
            assert_eq!(workshop.shown(&id).await, expected, "{fault:?} of `{what}`");
        }
    }
}

/// Another beat marks one of two steps first: the other one is marked and sent by itself.
#[tokio::test]
async fn a_joint_enqueue_that_somebody_comes_ahead_of_is_made_step_by_step() {
    let workshop = Workshop::new("10: done-a, done-b").sharing_commits();
    let id = workshop.place(NAME, "a cause").await;
    workshop.commits.arm(CommitFault::Overtaken, "done-b enqueued");
    let beat = workshop::mini_heartbeat::beat(&workshop.context, &id, 0, &workshop.invocation()).await.unwrap();
    assert!(workshop.commits.is_spent(), "nothing was enqueued");
    assert_eq!((beat.enqueued, beat.lost), (1, 1), "one step is ours, and one is the other beat's");
    assert_eq!(workshop.run_all().await.len(), 1, "the step that is ours has its message");
    assert_eq!(workshop.shown(&id).await, "running: done-a success, done-b enqueued");
}

#[tokio::test]
async fn a_joint_enqueue_that_is_not_answered_is_made_once() {
    for fault in [CommitFault::Refused, CommitFault::ReplyLost] {
        let workshop = Workshop::new("10: done-a, done-b").sharing_commits();
        let id = workshop.place(NAME, "a cause").await;
        workshop.commits.arm(fault, "done-b enqueued");
        let beat = workshop::mini_heartbeat::beat(&workshop.context, &id, 0, &workshop.invocation()).await;
        assert!(beat.is_err(), "{fault:?}: nobody knows what has become of it");
        workshop.beat().await;
        assert_eq!(workshop.run_all().await.len(), 2, "{fault:?}: runs of two steps");
        assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success", "{fault:?}");
    }
}

/// What the step did is refused, and so is what would have followed from it.
#[tokio::test]
async fn a_step_that_was_taken_away_commits_nothing() {
    let workshop = Workshop::new("10: gate-a limit=1 · 20: done-b").sharing_commits();
    let id = workshop.spawn().await;
    let meanwhile = async {
        workshop.gate.entered().await;
        let step = workshop.step(&id, "gate-a").await;
        assert!(workshop.store().ghost_step(&id, &step, "it is gone", workshop.now()).await.unwrap());
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(workshop.run_one(), meanwhile);
    assert_eq!(report.unwrap().unwrap(), RunReport::TakenOver);
    let shown = workshop.shown(&id).await;
    assert!(shown.starts_with("error: gate-a error (it is gone"), "{shown}");
}

/// A stop is written first, and what follows from it is planned after that; one commit cannot be both.
#[tokio::test]
async fn an_expiry_that_the_end_of_a_step_comes_upon_is_followed_at_once() {
    let stages = "10: gate-a · 20: done-b · 30: done-z always";
    let workshop = Workshop::with(&[xml(NAME, "expire-in=\"2 hours\"", "no_auto_spawn", stages)]).sharing_commits();
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    // Begun before the expiry, ended after it, as its own clock tells.
    let invocation = workshop.invocation_of(Duration::from_secs(3 * 3_600)).later(Duration::from_secs(2 * 3_600 + 1));
    workshop.gate.open();
    workshop::runner::run(&workshop.context, &message.body, &invocation).await.unwrap();
    assert!(workshop.pipeline(&id).await.stop.is_some(), "the pipeline has expired");
    let shown = workshop.shown(&id).await;
    assert_eq!(shown, "running: gate-a success, done-b pending, done-z enqueued");
}

/// A message tells in which continuation its attempt is: the first claim of an attempt notes when it began.
#[tokio::test]
async fn a_retry_of_a_step_that_was_continued_begins_anew() {
    for workshop in [
        Workshop::new("10: fans-a limit=2 parts=2 fails=saved · 20: done-b"),
        Workshop::new("10: fans-a limit=2 parts=2 fails=saved · 20: done-b").sharing_commits(),
    ] {
        let id = workshop.spawn().await;
        workshop.run_all().await;
        assert_eq!(workshop.step(&id, "fans-a").await.record.status, StepStatus::Error);
        workshop.wait(5);
        workshop.beat().await;
        workshop.run_all().await;
        let record = workshop.step(&id, "fans-a").await.record;
        assert_eq!((record.status, record.attempt), (StepStatus::Success, 2));
        assert_eq!(
            record.started_at.map(|at| at >= workshop.now()),
            Some(true),
            "the second attempt has its own start"
        );
    }
}
