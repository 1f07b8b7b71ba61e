//! One pipeline from its spawn to its end, disturbed at every write that beats and runners make.

use pipeline::PipelineId;

use workshop::Fault;
use workshop::{Workshop, xml};

const STAGES: &str = "10: flaky-a limit=4, skips-b limit=4 · 20: counts-c limit=4 · 30: done-report limit=4 always";

/// A first beat, three minutes before the pipeline is due.
async fn before_it_is_due() -> Workshop {
    let workshop = Workshop::with(&[xml("work", "", "cron_expression=3 12 * * *", STAGES)]);
    workshop.beat().await;
    workshop
}

/// Beats and runs until the pipeline has ended; whoever meets the fault dies or fails there, and others follow.
async fn live(workshop: &Workshop) -> PipelineId {
    for _ in 0..50 {
        workshop.wait(3);
        workshop.try_beat().await;
        while workshop.try_run_one().await {}
        if let [id] = &workshop.store().ended_pipelines(10, 1, workshop.now()).await.unwrap()[..] {
            return id.clone();
        }
    }
    panic!("the pipeline has not ended")
}

/// What becomes of the steps, whatever the attempts it took.
async fn statuses(workshop: &Workshop, id: &PipelineId) -> String {
    let pipeline = workshop.pipeline(id).await;
    let steps = pipeline.steps.iter().map(|step| format!("{} {}", step.definition.name, step.record.status));
    format!("{}: {}", pipeline.status, steps.collect::<Vec<_>>().join(", "))
}

/// Disturbs each write in turn; how many there are.
async fn disturb_every_write(fault: Fault) -> usize {
    for after in workshop::every_write() {
        let workshop = before_it_is_due().await;
        workshop.table.arm(fault, "", after);
        let id = live(&workshop).await;
        let expected = "success: flaky-a success, skips-b skipped, counts-c success, done-report success";
        assert_eq!(statuses(&workshop, &id).await, expected, "{fault:?} at write {after}");
        assert!(workshop.store().open_pipelines(10).await.unwrap().is_empty(), "{fault:?} at write {after}");
        if !workshop.table.is_spent() {
            return after;
        }
    }
    unreachable!("the loop has no end of its own")
}

#[tokio::test]
async fn a_death_before_any_write_is_repaired() {
    assert!(disturb_every_write(Fault::DeadBefore).await > 20);
}

#[tokio::test]
async fn a_death_after_any_write_is_repaired() {
    assert!(disturb_every_write(Fault::DeadAfter).await > 20);
}

#[tokio::test]
async fn a_failure_of_any_write_is_repaired() {
    assert!(disturb_every_write(Fault::Refused).await > 20);
}

#[tokio::test]
async fn a_lost_reply_to_any_write_is_repaired() {
    assert!(disturb_every_write(Fault::ReplyLost).await > 20);
}

/// The client repeats the write itself: nothing is even late.
#[tokio::test]
async fn a_repetition_of_any_write_is_not_noticed() {
    for after in workshop::every_write() {
        let workshop = before_it_is_due().await;
        workshop.table.arm(Fault::Repeated, "", after);
        workshop.wait(3);
        // The second beat is for the retry of the step that fails once.
        for _ in 0..2 {
            workshop.beat().await;
            workshop.run_all().await;
        }
        let ended = workshop.store().ended_pipelines(10, 1, workshop.now()).await.unwrap();
        let [id] = &ended[..] else { panic!("the pipeline has not ended, repeated was write {after}") };
        let expected = "success: flaky-a success 2, skips-b skipped (there was nothing to do), counts-c success, \
                        done-report success";
        assert_eq!(workshop.shown(id).await, expected, "repeated was write {after}");
        if !workshop.table.is_spent() {
            break;
        }
    }
}
