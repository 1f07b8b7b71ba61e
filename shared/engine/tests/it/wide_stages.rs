//! Wide stages: what their steps cost together, and that what waits for all of them always comes.

use std::sync::atomic::Ordering;

use futures::future::join_all;
use insta::assert_snapshot;
use store::message::StepMessage;
use store::queue::Received;

use workshop::Fault;
use workshop::Workshop;
use workshop::runner;

const WIDTH: usize = 1_000;

/// A pipeline whose stage of a thousand steps is enqueued.
async fn wide() -> (Workshop, pipeline::PipelineId) {
    let workshop = Workshop::new(&format!("10: fans-a count={WIDTH} · 30: joins-c"));
    let id = workshop.spawn().await;
    workshop.run_one().await.unwrap().unwrap();
    workshop.table.counted.forget();
    (workshop, id)
}

async fn run(workshop: &Workshop, message: &Received) {
    runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    workshop.store().queue.delete(&message.receipt).await.unwrap();
}

/// What the runs of the stage cost per step: writes, requests that read, and items read.
fn costs(workshop: &Workshop) -> [f64; 3] {
    let counted = &workshop.table.counted;
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    [&counted.writes, &counted.reads, &counted.items].map(|count| count.load(Ordering::Relaxed) as f64 / WIDTH as f64)
}

#[tokio::test]
async fn a_thousand_steps_and_their_join_cost_little_more_than_one_by_one() {
    let (workshop, id) = wide().await;
    workshop.run_all().await;
    let [writes, reads, items] = costs(&workshop);
    assert!(workshop.shown(&id).await.starts_with("success: fans-a success"));
    // A step has its claim and its commit; its enqueue came before.
    assert!(writes < 2.1, "{writes} writes for each step");
    // It reads its pipeline and a neighbour or two. The look at everything comes with the last of them and with the join.
    assert!(reads < 2.2, "{reads} reads for each step");
    assert!(items < 8.0, "{items} items for each step");
}

#[tokio::test]
async fn a_thousand_steps_that_end_in_any_order_cost_little_more() {
    let (workshop, id) = wide().await;
    let mut messages = Vec::new();
    while let Some(message) = workshop.receive().await {
        messages.push(message);
    }
    assert_eq!(messages.len(), WIDTH);
    // 617 has no factor in common with a thousand.
    for place in 0..WIDTH {
        run(&workshop, &messages[place * 617 % WIDTH]).await;
    }
    workshop.run_all().await;
    let [writes, reads, items] = costs(&workshop);
    assert!(workshop.shown(&id).await.starts_with("success: fans-a success"));
    assert!(writes < 2.1, "{writes} writes for each step");
    assert!(reads < 4.0, "{reads} reads for each step");
    assert!(items < 20.0, "{items} items for each step");
}

#[tokio::test]
async fn enqueueing_a_wide_stage_writes_each_step_once() {
    let workshop = Workshop::new(&format!("10: fans-a count={WIDTH} · 30: joins-c"));
    workshop.spawn().await;
    workshop.table.counted.forget();
    workshop.run_one().await.unwrap().unwrap();
    let [writes, reads, items] = costs(&workshop);
    assert!(writes < 1.02, "{writes} writes for each step");
    assert!(reads < 0.1, "{reads} reads for each step");
    assert!(items < 0.1, "{items} items for each step");
}

#[tokio::test]
async fn the_join_comes_without_a_heartbeat_however_many_end_at_once() {
    for round in 0..5 {
        let workshop = Workshop::new("10: fans-a count=40 · 30: joins-c");
        let id = workshop.spawn().await;
        workshop.run_one().await.unwrap().unwrap();
        let mut messages = Vec::new();
        while let Some(message) = workshop.receive().await {
            assert!(StepMessage::parse(&message.body).unwrap().is_gated);
            messages.push(message);
        }
        // Eight runners at a time, in changing company.
        messages.rotate_left(round * 7);
        for together in messages.chunks(8) {
            join_all(together.iter().map(|message| run(&workshop, message))).await;
        }
        workshop.run_all().await;
        assert!(workshop.shown(&id).await.ends_with("joins-c success"), "round {round}");
    }
}

/// The last but one has committed and not yet looked, when the last commits and looks.
#[tokio::test]
async fn the_join_comes_when_the_last_two_see_each_other_ended() {
    let workshop = Workshop::new("10: fans-a count=10 · 30: joins-c");
    let id = workshop.spawn().await;
    for _ in 0..9 {
        workshop.run_one().await.unwrap().unwrap();
    }
    let (first, last) = (workshop.receive().await.unwrap(), workshop.receive().await.unwrap());
    workshop.table.arm(Fault::Late, "success", 0);
    let slow = run(&workshop, &first);
    let fast = async {
        workshop.table.late.notified().await;
        // It finds the other one running, which has not committed yet.
        run(&workshop, &last).await;
        assert!(workshop.shown(&id).await.ends_with("joins-c pending"));
        workshop.table.go_on.notify_one();
    };
    tokio::join!(slow, fast);
    assert!(workshop.shown(&id).await.ends_with("joins-c enqueued"));
    workshop.run_all().await;
    assert!(workshop.shown(&id).await.ends_with("joins-c success"));
}

#[tokio::test]
async fn a_wide_stage_with_failures_settles_by_itself() {
    let workshop = Workshop::new("10: fans-a count=12 runs=broken · 30: joins-c · 40: done-report always");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let shown = workshop.shown(&id).await;
    assert!(shown.starts_with("error: fans-a success"), "{shown}");
    assert!(shown.ends_with("joins-c cancelled, done-report success"), "{shown}");
}

/// What it adds need not wait for the rest of its stage, if it asks for nothing.
#[tokio::test]
async fn what_a_step_of_a_wide_stage_adds_is_enqueued_when_that_step_ends() {
    let others: Vec<String> = (1..12).map(|number| format!("done-{number}")).collect();
    let stages = format!("10: fans-a count=2 waits=not, {} · 30: joins-c", others.join(", "));
    for workshop in [Workshop::new(&stages), Workshop::new(&stages).sharing_commits()] {
        let id = workshop.spawn().await;
        let message = workshop.receive().await.unwrap();
        assert!(StepMessage::parse(&message.body).unwrap().is_gated);
        run(&workshop, &message).await;
        let shown = workshop.shown(&id).await;
        assert!(
            shown.contains("done-1 enqueued") && shown.contains("s0000 enqueued, fans-a.s0001 enqueued"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn steps_of_a_wide_stage_that_go_on_stay_gated() {
    let workshop = Workshop::new("10: fans-a count=10 runs=counts · 30: joins-c");
    let id = workshop.spawn().await;
    workshop.run_one().await.unwrap().unwrap();
    workshop.run_one().await.unwrap().unwrap();
    let message = StepMessage::parse(&workshop.receive().await.unwrap().body).unwrap();
    assert!(message.is_gated);
    workshop.wait(60);
    workshop.beat().await;
    workshop.run_all().await;
    assert!(workshop.shown(&id).await.ends_with("joins-c success"));
}

#[tokio::test]
async fn a_wide_stage_and_its_join_end_whatever_write_is_disturbed() {
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost] {
        for after in workshop::every_write() {
            let workshop = Workshop::new("10: fans-a count=9 limit=4 · 30: joins-c limit=4");
            let id = workshop.place("work", "a cause").await;
            workshop.table.arm(fault, "", after);
            workshop.live().await;
            let shown = workshop.shown(&id).await;
            assert!(shown.starts_with("success: fans-a success"), "{shown}, {fault:?} at write {after}");
            assert!(shown.contains("joins-c success"), "{shown}, {fault:?} at write {after}");
            if !workshop.table.is_spent() {
                assert!(after > 30, "only {after} writes");
                break;
            }
        }
    }
}

/// Marks that follow the one that failed are made all the same, and their messages sent.
#[tokio::test]
async fn what_was_marked_beside_a_failed_mark_has_its_message() {
    let workshop = Workshop::new("10: done-a, done-b, done-c · 20: done-d");
    workshop.table.arm(Fault::Refused, "done-b", 0);
    let id = workshop.spawn().await;
    assert_snapshot!(workshop.shown(&id).await, @"pending: done-a enqueued, done-b pending, done-c enqueued, done-d pending");
    assert_eq!(workshop.run_all().await.len(), 4);
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success, done-c success, done-d success");
}
