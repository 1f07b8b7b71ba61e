//! Whoever takes a step looks for a stop and for the end of its pipeline first, however the step was taken.

use std::time::Duration;

use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::transition::StepEvent;
use pipeline::{Pipeline, PipelineId, PipelineStatus, StepStatus};
use store::message::StepMessage;
use store::queue::Outgoing;
use store::steps::{EnqueueMark, Enqueued};

use engine::runner::RunReport;
use engine::runner::resident::{ResidentRunner, Turn};
use workshop::{Workshop, xml};

/// Two definitions: `one`, whose only step waits in the middle of its work, and `two` with these stages.
fn two(stages: &str) -> Workshop {
    let definitions = [xml("one", "", "no_auto_spawn", "10: gate-a"), xml("two", "", "no_auto_spawn", stages)];
    Workshop::with(&definitions).sharing_commits()
}

/// Writes a stop as the first thing that a cancel does; no beat has looked at it yet.
async fn stop(workshop: &Workshop, id: &PipelineId) {
    let stop = StopRequest { by: StoppedBy::Cancel, reason: "Ann had enough".to_owned(), at: workshop.now() };
    let pipeline = workshop.pipeline(id).await;
    workshop.store().stop_pipeline(&pipeline, &stop).await.unwrap();
}

/// A resident runner takes a message, and something happens while its executor works; what it has taken ahead is told.
async fn turn_while<'a>(workshop: &'a Workshop, meanwhile: impl Future<Output = ()>) -> ResidentRunner<'a> {
    let mut runner = ResidentRunner::new(&workshop.context, || workshop.invocation());
    let during = async {
        workshop.gate.entered().await;
        meanwhile.await;
        workshop.gate.open();
    };
    let (turn, ()) = tokio::join!(runner.turn(Duration::ZERO), during);
    let turn = turn.unwrap();
    assert!(matches!(turn, Turn::Done(RunReport::Finished { status: StepStatus::Success })), "{turn:?}");
    assert!(runner.is_ahead(), "the runner was to take the next message in the commit that ends its step");
    runner
}

async fn next_report(runner: &mut ResidentRunner<'_>) -> RunReport {
    match runner.turn(Duration::ZERO).await.unwrap() {
        Turn::Done(report) => report,
        other @ (Turn::Nothing | Turn::Failed { .. }) => panic!("no step was dealt with: {other:?}"),
    }
}

/// It has not begun, and says why.
async fn assert_dropped(workshop: &Workshop, id: &PipelineId, step: &str, reason: &str) {
    let record = workshop.step(id, step).await.record;
    assert_eq!((record.status, record.message.as_deref()), (StepStatus::Cancelled, Some(reason)), "`{step}`");
    assert_eq!((record.output, record.log.as_str()), (None, ""), "`{step}` has done its work");
}

#[tokio::test]
async fn a_stop_is_seen_by_whoever_claims_a_step() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    stop(&workshop, &id).await;
    assert_eq!(workshop.run_one().await.unwrap().unwrap(), RunReport::Stopped);
    assert_dropped(&workshop, &id, "done-a", "Ann had enough").await;
}

/// The pipeline of the step that ends is read before the commit, the one of the step that is taken after it.
#[tokio::test]
async fn a_stop_is_seen_for_a_step_of_the_same_stage_that_was_taken_ahead() {
    let others: Vec<String> = (1..12).map(|number| format!("done-{number}")).collect();
    let workshop = Workshop::new(&format!("10: gate-0, {}", others.join(", "))).sharing_commits();
    let id = workshop.spawn().await;
    let mut runner = turn_while(&workshop, stop(&workshop, &id)).await;
    assert_eq!(next_report(&mut runner).await, RunReport::Stopped);
    assert_dropped(&workshop, &id, "done-1", "Ann had enough").await;
}

#[tokio::test]
async fn a_stop_is_seen_for_a_step_of_another_pipeline_that_was_taken_ahead() {
    let workshop = two("10: done-a · 20: done-b");
    let (one, id) = (workshop.place("one", "x").await, workshop.place("two", "x").await);
    workshop::mini_heartbeat::beat(&workshop.context, &one, 0, &workshop.invocation()).await.unwrap();
    workshop::mini_heartbeat::beat(&workshop.context, &id, 0, &workshop.invocation()).await.unwrap();
    let mut runner = turn_while(&workshop, stop(&workshop, &id)).await;
    assert_eq!(next_report(&mut runner).await, RunReport::Stopped);
    assert_dropped(&workshop, &id, "done-a", "Ann had enough").await;
}

/// What runs always and what a person asks for passes a stop, taken ahead as well as claimed by itself.
#[tokio::test]
async fn a_step_that_passes_a_stop_is_begun_when_it_is_taken_ahead() {
    for step in ["done-a", "done-z"] {
        let workshop = two("10: done-a · 20: done-z always");
        let (one, id) = (workshop.place("one", "x").await, workshop.place("two", "x").await);
        workshop::mini_heartbeat::beat(&workshop.context, &one, 0, &workshop.invocation()).await.unwrap();
        if step == "done-z" {
            workshop.cancel(&id, "Ann had enough").await;
        } else {
            workshop.process(&id, step).await;
            stop(&workshop, &id).await;
        }
        let mut runner = turn_while(&workshop, async {}).await;
        assert_eq!(next_report(&mut runner).await, RunReport::Finished { status: StepStatus::Success }, "{step}");
        assert_eq!(workshop.step(&id, step).await.record.status, StepStatus::Success);
    }
}

/// A beat that has seen the pipeline open marks one of its steps when it has ended, and sends the message.
async fn mark_late(workshop: &Workshop, seen: &Pipeline, step: &str) {
    let late = workshop.invocation();
    let mut step = seen.step(&step.parse().unwrap()).unwrap().clone();
    let token = late.token(&seen.id, &step.definition.name, 1, 0);
    let mark = EnqueueMark { step: &step, event: StepEvent::Enqueue, token: token.clone(), reruns: 0 };
    let marked = workshop.store().enqueue_step(&seen.id, &mark, late.now()).await.unwrap();
    let Enqueued::Done(record) = marked else { panic!("nobody else marked it") };
    step.record = *record;
    let message = Outgoing { body: StepMessage::new(&seen.id, &step, token, 0).body(), delay: Duration::ZERO };
    workshop.store().queue.send(seen.definition.priority, vec![message]).await.unwrap();
}

/// What a late beat marks: an ordinary step, and one that runs always, which a later beat found to be unreachable.
const LATE: [&str; 2] = ["done-a", "done-z"];

/// A pipeline that has ended while a beat was about to mark one of its steps.
async fn ended_with_a_late_mark(workshop: &Workshop, name: &str, step: &str) -> PipelineId {
    let id = workshop.place(name, "x").await;
    let seen = workshop.pipeline(&id).await;
    workshop.store().settle_pipeline(&seen, PipelineStatus::Error, workshop.now()).await.unwrap();
    mark_late(workshop, &seen, step).await;
    id
}

#[tokio::test]
async fn a_step_that_is_marked_late_in_an_ended_pipeline_is_never_begun() {
    for step in LATE {
        let workshop = Workshop::new("10: done-a · 20: done-z always");
        let id = ended_with_a_late_mark(&workshop, "work", step).await;
        assert_eq!(workshop.run_one().await.unwrap().unwrap(), RunReport::Stopped, "`{step}`");
        assert_dropped(&workshop, &id, step, "the pipeline has ended, it is error").await;
        let shown = workshop.shown(&id).await;
        assert!(shown.starts_with("error: "), "the end of the pipeline stays: {shown}");
    }
}

#[tokio::test]
async fn a_step_that_is_marked_late_in_an_ended_pipeline_is_never_begun_when_it_is_taken_ahead() {
    for step in LATE {
        let workshop = two("10: done-a · 20: done-z always");
        let one = workshop.place("one", "x").await;
        workshop::mini_heartbeat::beat(&workshop.context, &one, 0, &workshop.invocation()).await.unwrap();
        let id = ended_with_a_late_mark(&workshop, "two", step).await;
        let mut runner = turn_while(&workshop, async {}).await;
        assert_eq!(next_report(&mut runner).await, RunReport::Stopped, "`{step}`");
        assert_dropped(&workshop, &id, step, "the pipeline has ended, it is error").await;
    }
}

/// The pipeline ends after the late beat has marked the step and before a runner takes it.
#[tokio::test]
async fn the_end_of_a_pipeline_is_seen_for_a_step_that_was_taken_ahead_after_it() {
    let workshop = two("10: done-a · 20: done-b");
    let one = workshop.place("one", "x").await;
    workshop::mini_heartbeat::beat(&workshop.context, &one, 0, &workshop.invocation()).await.unwrap();
    let id = workshop.place("two", "x").await;
    mark_late(&workshop, &workshop.pipeline(&id).await, "done-a").await;
    let end = async {
        let pipeline = workshop.pipeline(&id).await;
        workshop.store().settle_pipeline(&pipeline, PipelineStatus::Success, workshop.now()).await.unwrap();
    };
    let mut runner = turn_while(&workshop, end).await;
    assert_eq!(next_report(&mut runner).await, RunReport::Stopped);
    assert_dropped(&workshop, &id, "done-a", "the pipeline has ended, it is success").await;
}

/// Its step began before that, marked by a beat that had seen it open; what the step does at its end reopens nothing.
#[tokio::test]
async fn the_end_of_a_pipeline_stands_although_one_of_its_steps_ends_later() {
    let stages = "10: gate-a · 20: done-b";
    for workshop in [Workshop::new(stages), Workshop::new(stages).sharing_commits()] {
        let id = workshop.place("work", "x").await;
        mark_late(&workshop, &workshop.pipeline(&id).await, "gate-a").await;
        let end = async {
            workshop.gate.entered().await;
            let pipeline = workshop.pipeline(&id).await;
            workshop.store().settle_pipeline(&pipeline, PipelineStatus::Cancelled, workshop.now()).await.unwrap();
            workshop.gate.open();
        };
        let (report, ()) = tokio::join!(workshop.run_one(), end);
        assert_eq!(report.unwrap().unwrap(), RunReport::Finished { status: StepStatus::Success });
        assert_eq!(workshop.shown(&id).await, "cancelled: gate-a success, done-b cancelled");
        assert!(workshop.receive().await.is_none(), "a step of an ended pipeline is enqueued");
    }
}
