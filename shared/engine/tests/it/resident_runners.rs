//! A runner that deals with message after message.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use patience::wait;
use pipeline::StepStatus;

use engine::runner::RunReport;
use engine::runner::resident::{ResidentRunner, Turn};
use workshop::CommitFault;
use workshop::Workshop;

fn runner(workshop: &Workshop) -> ResidentRunner<'_> {
    ResidentRunner::new(&workshop.context, || workshop.invocation())
}

async fn turn(runner: &mut ResidentRunner<'_>) -> store::Result<Turn> {
    wait("a turn of the runner ends").until(runner.turn(Duration::ZERO)).await
}

/// Turns until there is nothing to do; what became of the messages.
async fn work(runner: &mut ResidentRunner<'_>) -> Vec<RunReport> {
    let mut reports = Vec::new();
    let wait = wait("the runner finds nothing more to do");
    loop {
        wait.go_on();
        match turn(runner).await.unwrap() {
            Turn::Nothing => return reports,
            Turn::Done(report) => reports.push(report),
            Turn::Failed { error, .. } => panic!("{error}"),
        }
    }
}

const CHAIN: &str = "10: done-a · 20: done-b · 30: done-c";

#[tokio::test]
async fn a_chain_is_run_to_its_end_with_a_write_for_its_first_claim_only() {
    let workshop = Workshop::new(CHAIN).sharing_commits();
    let id = workshop.spawn().await;
    workshop.table.counted.forget();
    let mut runner = runner(&workshop);
    assert_eq!(work(&mut runner).await.len(), 3);
    runner.end().await.unwrap();
    assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success, done-c success");
    assert_eq!(workshop.table.counted.writes.load(Ordering::Relaxed), 1);
    assert!(workshop.receive().await.is_none());
    assert!(workshop.store().open_pipelines(10).await.unwrap().is_empty(), "an ended pipeline is listed as open");
    assert_eq!(workshop.store().ended_pipelines(10, 1, workshop.now()).await.unwrap(), [id], "it is listed as ended");
}

/// On AWS a table and a queue share no commits; nothing is taken ahead there.
#[tokio::test]
async fn a_resident_runner_needs_no_shared_commits() {
    let workshop = Workshop::new(CHAIN);
    let id = workshop.spawn().await;
    let mut runner = runner(&workshop);
    let wait = wait("the runner finds nothing more to do");
    while !matches!(turn(&mut runner).await.unwrap(), Turn::Nothing) {
        wait.go_on();
        assert!(!runner.is_ahead());
    }
    assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success, done-c success");
}

/// A stage of so many steps, and one that waits for all of them.
fn wide(count: usize) -> String {
    let steps: Vec<String> = (1..count).map(|number| format!("done-{number}")).collect();
    format!("10: done-0, {} · 20: done-join", steps.join(", "))
}

#[tokio::test]
async fn the_last_of_a_stage_looks_for_what_follows() {
    for count in [2, 9, 40] {
        let workshop = Workshop::new(&wide(count)).sharing_commits();
        let id = workshop.spawn().await;
        let (mut one, mut two) = (runner(&workshop), runner(&workshop));
        for _ in 0..=count {
            turn(&mut one).await.unwrap();
            turn(&mut two).await.unwrap();
        }
        assert!(workshop.shown(&id).await.starts_with("success: "), "{}", workshop.shown(&id).await);
    }
}

/// The step that was taken ahead fails; it looks all the same, as the one before it counted on.
#[tokio::test]
async fn a_failed_step_that_was_taken_ahead_lets_the_join_follow() {
    let stages = wide(12).replace("done-7", "broken-7").replace("done-join", "done-report always");
    let workshop = Workshop::new(&stages).sharing_commits();
    let id = workshop.spawn().await;
    work(&mut runner(&workshop)).await;
    assert!(workshop.shown(&id).await.starts_with("error: "), "{}", workshop.shown(&id).await);
}

#[tokio::test]
async fn nothing_is_taken_ahead_when_the_host_ends() {
    let workshop = Workshop::new(CHAIN).sharing_commits();
    let id = workshop.spawn().await;
    let ends = AtomicBool::new(true);
    let mut runner = runner(&workshop).taking_ahead_while(|| !ends.load(Ordering::Relaxed));
    turn(&mut runner).await.unwrap();
    assert!(!runner.is_ahead());
    runner.end().await.unwrap();
    assert!(workshop.shown(&id).await.ends_with("done-a success, done-b enqueued, done-c pending"));
    // Longer than a message that was received is hidden: the one that was dealt with is not among them.
    workshop.wait(20);
    let left = workshop.receive().await.expect("the message of the second step is left");
    assert!(left.body.contains("done-b"), "{}", left.body);
    assert!(workshop.receive().await.is_none());
}

#[tokio::test]
async fn nothing_is_taken_ahead_when_the_host_was_told_to_end_during_the_step() {
    let workshop = Workshop::new("10: gate-a · 20: done-b").sharing_commits();
    let id = workshop.spawn().await;
    let ends = AtomicBool::new(false);
    let mut runner = runner(&workshop).taking_ahead_while(|| !ends.load(Ordering::Relaxed));
    let meanwhile = async {
        workshop.gate.entered().await;
        ends.store(true, Ordering::Relaxed);
        workshop.gate.open();
    };
    let (turned, ()) = tokio::join!(turn(&mut runner), meanwhile);
    assert!(matches!(turned.unwrap(), Turn::Done(_)));
    assert!(!runner.is_ahead());
    runner.end().await.unwrap();
    assert!(workshop.shown(&id).await.ends_with("gate-a success, done-b enqueued"));
}

/// A step of 270 s and then another one of 60 s, of which each has 300 s.
#[tokio::test]
async fn a_step_that_was_taken_ahead_has_its_whole_time() {
    let workshop = Workshop::new("10: gate-a · 20: done-b").sharing_commits();
    let id = workshop.spawn().await;
    let begun = std::sync::Mutex::new(Vec::new());
    let begin = || {
        begun.lock().unwrap().push(workshop.now());
        workshop.invocation_of(Duration::from_secs(300))
    };
    let mut runner = ResidentRunner::new(&workshop.context, begin);
    let meanwhile = async {
        workshop.gate.entered().await;
        workshop.wait(4);
        workshop.gate.open();
    };
    let (turned, ()) = tokio::join!(turn(&mut runner), meanwhile);
    assert!(matches!(turned.unwrap(), Turn::Done(_)) && runner.is_ahead());
    // The second step is claimed now, and for as long as the first one was.
    let claimed = workshop.step(&id, "done-b").await.record;
    // The clock of an invocation goes on by what the test itself takes.
    let since = claimed.started_at.expect("a running step has begun") - workshop.now();
    assert!((0..60).contains(&since.num_seconds()), "{since}");
    assert_eq!(*begun.lock().unwrap().last().unwrap(), workshop.now());
    let lease = claimed.lease_until.expect("a running step has a lease");
    assert!((lease - workshop.now()).num_seconds() >= 290, "{lease}");
    turn(&mut runner).await.unwrap();
    assert!(workshop.shown(&id).await.ends_with("gate-a success, done-b success"));
}

#[tokio::test]
async fn a_resident_runner_that_dies_with_a_step_taken_ahead_loses_a_lease_and_no_step() {
    let workshop = Workshop::new("10: done-a · 20: done-b limit=3").sharing_commits();
    let id = workshop.spawn().await;
    let mut runner = runner(&workshop);
    turn(&mut runner).await.unwrap();
    assert!(runner.is_ahead());
    drop(runner);
    assert!(workshop.shown(&id).await.ends_with("done-b running"));
    workshop.live().await;
    assert_eq!(workshop.shown(&id).await, "success: done-a success, done-b success 2");
}

/// A message that cannot be read lies behind one that can: it is taken with it, and fails by itself.
#[tokio::test]
async fn a_message_that_names_no_step_is_taken_and_comes_again() {
    let workshop = Workshop::new("10: done-a").sharing_commits();
    workshop.spawn().await;
    let bad = store::queue::Outgoing { body: "no step".to_owned(), delay: Duration::ZERO };
    workshop.store().queue.send(pipeline::Priority::Low, vec![bad]).await.unwrap();
    let mut runner = runner(&workshop);
    let first = turn(&mut runner).await.unwrap();
    assert!(matches!(first, Turn::Done(RunReport::Finished { status: StepStatus::Success })), "{first:?}");
    assert!(runner.is_ahead());
    let second = turn(&mut runner).await.unwrap();
    assert!(matches!(&second, Turn::Failed { message, .. } if message.body == "no step"), "{second:?}");
    assert!(matches!(turn(&mut runner).await.unwrap(), Turn::Nothing));
    // Longer than a message that was received is hidden.
    workshop.wait(20);
    let again = workshop.receive().await.expect("what was not dealt with comes again");
    assert_eq!((again.body.as_str(), again.receive_count), ("no step", 2));
}

/// The end of a step does not shorten the time of the next one: that counts from the next one's own beginning.
#[tokio::test]
async fn a_step_that_was_taken_ahead_is_held_for_its_own_invocation() {
    let workshop = Workshop::new(CHAIN).sharing_commits();
    let id = workshop.spawn().await;
    let minutes = std::sync::atomic::AtomicU64::new(0);
    // A minute for the first step, ten for the second one.
    let begin = || workshop.invocation_of(Duration::from_secs(60 * (1 + 9 * minutes.fetch_add(1, Ordering::Relaxed))));
    let mut runner = ResidentRunner::new(&workshop.context, begin);
    turn(&mut runner).await.unwrap();
    assert!(runner.is_ahead());
    let record = workshop.step(&id, "done-b").await.record;
    // One more because clocks differ.
    let held = (record.lease_until.unwrap() - workshop.now()).num_seconds();
    assert!((655..=665).contains(&held), "it is held for {held} s");
    assert_eq!(work(&mut runner).await.len(), 2);
}

/// It is claimed, and was looked after for a stop at that moment, so it is ended like any step that runs.
#[tokio::test]
async fn a_step_that_was_taken_ahead_has_begun_when_a_stop_comes() {
    let workshop = Workshop::new(&wide(10)).sharing_commits();
    let id = workshop.spawn().await;
    let mut runner = runner(&workshop);
    turn(&mut runner).await.unwrap();
    assert!(runner.is_ahead());
    workshop.cancel(&id, "a reason").await;
    work(&mut runner).await;
    let shown = workshop.shown(&id).await;
    assert!(shown.starts_with("cancelled: done-0 success, done-1 success, done-2 cancelled"), "{shown}");
}

/// Longer than the lease of an invocation of the workshop.
const LEASE_MINUTES: u64 = 3;

/// The shared commit has not happened then, so nothing is taken ahead, and the step is ended by itself.
#[tokio::test]
async fn a_step_whose_shared_commit_conflicts_ends_all_the_same_and_its_message_is_deleted() {
    // With the gate of a wide stage the shared commit has no mini beat in it, in a chain it has.
    for (stages, what) in [(wide(12), "done-0 success"), (CHAIN.to_owned(), "done-a success")] {
        for fault in [CommitFault::Overtaken, CommitFault::Refused] {
            let workshop = Workshop::new(&stages).sharing_commits();
            let id = workshop.spawn().await;
            let mut runner = runner(&workshop);
            workshop.commits.arm(fault, what);
            let turn = turn(&mut runner).await.unwrap();
            assert!(workshop.commits.is_spent(), "no shared commit wrote `{what}`");
            let is_success = matches!(turn, Turn::Done(RunReport::Finished { status: StepStatus::Success }));
            assert!(is_success, "{fault:?} of `{what}`: {turn:?}");
            assert!(!runner.is_ahead(), "{fault:?} of `{what}`: what did not happen has taken a message");
            let name = what.split(' ').next().unwrap();
            let record = workshop.step(&id, name).await.record;
            assert_eq!(record.status, StepStatus::Success, "{fault:?} of `{what}`: it said so, and the store does not");
            work(&mut runner).await;
            workshop.wait(LEASE_MINUTES);
            assert_eq!(workshop.beat().await.applied.ghosted, 0, "{fault:?} of `{what}`: an ended step is ghosted");
            let shown = workshop.shown(&id).await;
            assert!(shown.starts_with("success: "), "{fault:?} of `{what}`: {shown}");
            assert!(!shown.contains("success 2"), "{fault:?} of `{what}`: {shown}");
            // Longer than a message that was received is hidden.
            workshop.wait(20);
            assert!(workshop.receive().await.is_none(), "{fault:?} of `{what}`: a message was not deleted");
        }
    }
}

/// The step that the lost call claimed is known to nobody; that one is left to its lease, and no other.
#[tokio::test]
async fn a_step_whose_shared_commit_is_not_answered_ends_once() {
    for (stages, name, next) in [
        (wide(12), "done-0", "done-1"),
        ("10: done-a · 20: done-b limit=2 · 30: done-c".to_owned(), "done-a", "done-b"),
    ] {
        let workshop = Workshop::new(&stages.replace("done-1,", "done-1 limit=2,")).sharing_commits();
        let id = workshop.spawn().await;
        let mut runner = runner(&workshop);
        workshop.commits.arm(CommitFault::ReplyLost, &format!("{name} success"));
        let turn = turn(&mut runner).await.unwrap();
        assert!(matches!(turn, Turn::Done(RunReport::Finished { status: StepStatus::Success })), "{turn:?}");
        assert_eq!(workshop.step(&id, next).await.record.status, StepStatus::Running, "the lost call claimed `{next}`");
        work(&mut runner).await;
        workshop.wait(LEASE_MINUTES);
        assert_eq!(workshop.beat().await.applied.ghosted, 1, "`{next}` alone is ghosted");
        work(&mut runner).await;
        let shown = workshop.shown(&id).await;
        assert!(shown.starts_with("success: "), "{shown}");
        assert_eq!(workshop.step(&id, name).await.record.attempt, 1, "`{name}` ended with its first attempt");
        assert_eq!(workshop.step(&id, next).await.record.attempt, 2, "`{next}` is tried again");
    }
}
