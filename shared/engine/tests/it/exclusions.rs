//! Steps that must not run at the same time, in pipelines that know nothing of each other.

use pipeline::transition::StepEvent;
use pipeline::{PipelineId, StepStatus};
use store::steps::{EnqueueMark, Enqueued};

use workshop::Fault;
use workshop::Workshop;
use workshop::mini_heartbeat;

/// A pipeline with one step, which waits while any other step of the names runs.
fn xml(pipeline: &str, step: &str, waits_for: &str) -> String {
    format!(
        "<config><pipeline name=\"{pipeline}\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\
         <step name=\"{step}\" executorType=\"done\"><conditions>\
         <step_condition type=\"wait_for_step_is_not_running\"><argument key=\"steps\" value=\"{waits_for}\"/></step_condition>\
         <step_condition type=\"attempts_limit\"><argument key=\"limit\" value=\"5\"/></step_condition>\
         </conditions></step></pipeline></config>"
    )
}

/// Two pipelines whose steps exclude each other, spawned and not begun.
async fn two(steps: [&str; 2], waits_for: [&str; 2]) -> (Workshop, [PipelineId; 2]) {
    let workshop = Workshop::with(&[xml("one", steps[0], waits_for[0]), xml("two", steps[1], waits_for[1])]);
    let ids = [workshop.place("one", "x").await, workshop.place("two", "x").await];
    (workshop, ids)
}

async fn statuses(workshop: &Workshop, ids: &[PipelineId; 2]) -> [StepStatus; 2] {
    let mut statuses = [StepStatus::Pending; 2];
    for (status, id) in statuses.iter_mut().zip(ids) {
        *status = workshop.pipeline(id).await.steps[0].record.status;
    }
    statuses
}

async fn busy(workshop: &Workshop, ids: &[PipelineId; 2]) -> usize {
    statuses(workshop, ids).await.iter().filter(|status| status.is_active()).count()
}

/// Beats and runs until both have ended, and looks after each of them that both are never busy.
async fn live(workshop: &Workshop, ids: &[PipelineId; 2], what: &str) {
    for _ in 0..50 {
        workshop.wait(3);
        workshop.try_beat().await;
        assert!(busy(workshop, ids).await <= 1, "{what}");
        while workshop.try_run_one().await {
            assert!(busy(workshop, ids).await <= 1, "{what}");
        }
        if statuses(workshop, ids).await == [StepStatus::Success; 2] {
            return;
        }
    }
    panic!("{what}: they stand at {:?}", statuses(workshop, ids).await)
}

#[tokio::test]
async fn two_steps_that_exclude_each_other_run_one_after_the_other_whatever_write_is_disturbed() {
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost, Fault::Repeated] {
        for after in workshop::every_write() {
            let (workshop, ids) = two(["a", "b"], ["b", "a"]).await;
            workshop.table.arm(fault, "", after);
            live(&workshop, &ids, &format!("{fault:?} at write {after}")).await;
            if !workshop.table.is_spent() {
                assert!(after > 5, "{after} writes");
                break;
            }
        }
    }
}

/// Both look at the same moment, and nobody is busy; the one that writes later must lose.
#[tokio::test]
async fn of_two_beats_at_the_same_moment_one_enqueues() {
    of_two_beats_one_enqueues(|workshop| workshop).await;
}

/// A commit of marks and messages is no way around the entries.
#[tokio::test]
async fn of_two_beats_at_the_same_moment_one_enqueues_where_commits_are_shared() {
    of_two_beats_one_enqueues(Workshop::sharing_commits).await;
}

async fn of_two_beats_one_enqueues(over: impl Fn(Workshop) -> Workshop) {
    for (steps, waits_for) in [(["reindex", "reindex"], ["reindex", "reindex"]), (["a", "b"], ["b", "a"])] {
        let (workshop, ids) = two(steps, waits_for).await;
        let workshop = over(workshop);
        race(&workshop, &ids).await;
        live(&workshop, &ids, "after the race").await;
        // By now there are entries of steps that have ended.
        let ids = [workshop.place("one", "y").await, workshop.place("two", "y").await];
        race(&workshop, &ids).await;
        live(&workshop, &ids, "after the second race").await;
    }
}

/// The first beat is about to write when the second one does all of its work.
async fn race(workshop: &Workshop, ids: &[PipelineId; 2]) {
    workshop.table.arm(Fault::Late, "busy/", 0);
    let (first, second) = (workshop.invocation(), workshop.invocation());
    let late = mini_heartbeat::beat(&workshop.context, &ids[0], 0, &first);
    let meanwhile = async {
        workshop.table.late.notified().await;
        mini_heartbeat::beat(&workshop.context, &ids[1], 0, &second).await.unwrap();
        workshop.table.go_on.notify_one();
    };
    let (late, ()) = tokio::join!(late, meanwhile);
    assert_eq!(late.unwrap().enqueued, 0, "the step of the later write was enqueued beside the other one");
    assert_eq!(statuses(workshop, ids).await, [StepStatus::Pending, StepStatus::Enqueued]);
}

/// Of two steps that both wait for a third, neither waits for the other.
#[tokio::test]
async fn steps_that_wait_for_the_same_one_do_not_wait_for_each_other() {
    let (workshop, ids) = two(["import", "import"], ["reindex", "reindex"]).await;
    workshop.beat().await;
    assert_eq!(statuses(&workshop, &ids).await, [StepStatus::Enqueued, StepStatus::Enqueued]);
}

/// What a beat has looked at is old when it enqueues; then the entries alone tell who is busy, all of them.
#[tokio::test]
async fn a_step_waits_for_every_busy_step_of_a_name_and_not_only_for_the_last_one() {
    let definitions =
        [xml("one", "import", "reindex"), xml("two", "import", "reindex"), xml("three", "reindex", "import")];
    let workshop = Workshop::with(&definitions);
    let [one, two, three] = ["one", "two", "three"].map(|name| workshop.place(name, "x"));
    let (one, two, three) = (one.await, two.await, three.await);
    let seen = workshop.pipeline(&three).await;
    for id in [&one, &two] {
        let applied = mini_heartbeat::beat(&workshop.context, id, 0, &workshop.invocation()).await.unwrap();
        assert_eq!(applied.enqueued, 1);
    }
    // The message of the first one waits, the second one runs to its end.
    let first = workshop.receive().await.unwrap();
    assert!(first.body.contains(one.as_str()), "{}", first.body);
    workshop.run_all().await;
    let (step, late) = (&seen.steps[0], workshop.invocation());
    let token = late.token(&three, &step.definition.name, 1, 0);
    let import = ["import".parse().unwrap()];
    let mark = EnqueueMark { step, event: StepEvent::Enqueue, token, reruns: 0 };
    let marked = workshop.store().enqueue_step_alone(&three, &mark, &import, late.now());
    assert_eq!(marked.await.unwrap(), Enqueued::Lost, "the first import has not ended");
}

/// A pipeline `one`, whose step `a` excludes `b` and which stays open because nobody takes its other step; and `two`.
fn with_an_open_end(executor: &str) -> Workshop {
    let exclusive = xml("one", "a", "b").replace("executorType=\"done\"", &format!("executorType=\"{executor}\""));
    let open_end = "</step><step name=\"open_end\" executorType=\"naps\"/></pipeline>";
    Workshop::with(&[exclusive.replace("</step></pipeline>", open_end), xml("two", "b", "a")])
}

#[tokio::test]
async fn a_step_that_has_ended_gives_its_exclusion_back_while_its_pipeline_stays_open() {
    for (executor, status) in [
        ("done", StepStatus::Success),
        ("skips", StepStatus::Skipped),
        ("broken", StepStatus::Error),
        // With attempts left: the one that failed is over.
        ("fails", StepStatus::Error),
    ] {
        let workshop = with_an_open_end(executor);
        let ids = [workshop.place("one", "x").await, workshop.place("two", "x").await];
        let beat = async |id| mini_heartbeat::beat(&workshop.context, id, 0, &workshop.invocation()).await.unwrap();
        beat(&ids[0]).await;
        beat(&ids[1]).await;
        assert_eq!(statuses(&workshop, &ids).await, [StepStatus::Enqueued, StepStatus::Pending], "{executor}");
        workshop.run_all().await;
        assert!(workshop.pipeline(&ids[0]).await.status.is_open(), "{executor}: its pipeline was to stay open");
        beat(&ids[1]).await;
        let found = statuses(&workshop, &ids).await;
        assert_eq!(found, [status, StepStatus::Enqueued], "{executor}: `a` has ended, and `b` may begin");
    }
}

/// While the other one is busy a retry waits, as the first attempt did.
#[tokio::test]
async fn a_retry_of_a_step_that_gave_its_exclusion_back_waits_for_the_other_one() {
    let workshop = with_an_open_end("flaky");
    let ids = [workshop.place("one", "x").await, workshop.place("two", "x").await];
    mini_heartbeat::beat(&workshop.context, &ids[0], 0, &workshop.invocation()).await.unwrap();
    workshop.run_all().await;
    mini_heartbeat::beat(&workshop.context, &ids[1], 0, &workshop.invocation()).await.unwrap();
    workshop.beat().await;
    assert_eq!(statuses(&workshop, &ids).await, [StepStatus::Error, StepStatus::Enqueued]);
    workshop.run_all().await;
    workshop.beat().await;
    assert_eq!(statuses(&workshop, &ids).await, [StepStatus::Enqueued, StepStatus::Success]);
    // What is known of the first attempt is kept before its item is used for the second.
    let attempts = workshop.store().attempts(&ids[0], &"a".parse().unwrap()).await.unwrap();
    let kept: Vec<_> = attempts.iter().map(|attempt| (attempt.number, attempt.message.as_deref())).collect();
    assert_eq!(kept, [(1, Some("the shop did not answer"))]);
}

/// A beat that has looked before a cancel marks a step when its pipeline has ended, and dies before it sends the message.
#[tokio::test]
async fn a_step_that_is_enqueued_after_the_end_of_its_pipeline_holds_nobody_up_and_can_be_run_by_hand() {
    let (workshop, ids) = two(["a", "b"], ["b", "a"]).await;
    let seen = workshop.pipeline(&ids[0]).await;
    workshop.cancel(&ids[0], "Ann had enough").await;
    let late = workshop.invocation();
    let (name, waits_for) = ("a".parse().unwrap(), ["b".parse().unwrap()]);
    let token = late.token(&ids[0], &name, 1, 0);
    let step = &seen.steps[0];
    let mark = EnqueueMark { step, event: StepEvent::Enqueue, token, reruns: 0 };
    let marked = workshop.store().enqueue_step_alone(&ids[0], &mark, &waits_for, late.now());
    assert!(matches!(marked.await.unwrap(), Enqueued::Done(_)));
    assert_eq!(statuses(&workshop, &ids).await, [StepStatus::Cancelled, StepStatus::Pending]);

    workshop.beat().await;
    assert_eq!(statuses(&workshop, &ids).await, [StepStatus::Cancelled, StepStatus::Enqueued]);
    workshop.run_all().await;
    workshop.process(&ids[0], "a").await;
    workshop.run_all().await;
    assert_eq!(statuses(&workshop, &ids).await, [StepStatus::Success; 2]);
}
