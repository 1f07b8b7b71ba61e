//! Steps that add steps to later stages.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use pipeline::{PipelineId, StepStatus};

use workshop::Fault;
use workshop::Workshop;

/// Where the pipeline stands, and how many of its steps stand where; added steps by their adder.
async fn summed(workshop: &Workshop, id: &PipelineId) -> String {
    let pipeline = workshop.pipeline(id).await;
    let mut counts: BTreeMap<(i32, String, StepStatus), usize> = BTreeMap::new();
    for step in &pipeline.steps {
        let name = step.definition.name.as_str();
        let name = name.rsplit_once('.').map_or(name.to_owned(), |(adder, _)| format!("{adder}.…"));
        *counts.entry((step.definition.sort_order, name, step.record.status)).or_default() += 1;
    }
    let counts = counts.iter().map(|((_, name, status), count)| match count {
        1 => format!("{name} {status}"),
        count => format!("{count} {name} {status}"),
    });
    format!("{}: {}", pipeline.status, counts.collect::<Vec<_>>().join(", "))
}

#[tokio::test]
async fn a_step_adds_steps_to_the_next_stage_and_a_join_follows() {
    let workshop = Workshop::new("10: fans-a count=3 · 20: done-b · 30: joins-c");
    let id = workshop.spawn().await;
    workshop.run_one().await.unwrap().unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"running: fans-a success, done-b enqueued, fans-a.s0000 enqueued, fans-a.s0001 enqueued, fans-a.s0002 enqueued, joins-c pending");
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: fans-a success, done-b success, fans-a.s0000 success, fans-a.s0001 success, fans-a.s0002 success, joins-c success");
    assert_eq!(workshop.step(&id, "joins-c").await.record.output.unwrap(), 3);
    assert_snapshot!(workshop.step(&id, "fans-a.s0001").await.record.log.trim_end(), @"2026-08-01 12:00:00 fans-a.s0001 info: did it");
}

#[tokio::test]
async fn steps_can_be_added_by_added_steps() {
    let workshop = Workshop::new("10: fans-a count=2 to=20 runs=fans · 40: joins-c");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    // They take the arguments of nobody, so they add to their own stage, and are refused.
    assert_snapshot!(workshop.shown(&id).await.replace("), ", "),\n"), @r"
    error: fans-a success, fans-a.s0000 error for good (step `s0000` cannot be added: its sort order is 20; expected one behind that of `fans-a.s0000`, 20),
    fans-a.s0001 error for good (step `s0000` cannot be added: its sort order is 20; expected one behind that of `fans-a.s0001`, 20),
    joins-c cancelled
    ");
    let workshop = Workshop::new("10: fans-a count=2 to=15 runs=fans · 40: joins-c");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(summed(&workshop, &id).await, @"success: fans-a success, 2 fans-a.… success, 3 fans-a.s0000.… success, 3 fans-a.s0001.… success, joins-c success");
}

#[tokio::test]
async fn steps_added_in_several_invocations_all_count() {
    let workshop = Workshop::new("10: fans-a count=7 parts=3 · 30: joins-c");
    let id = workshop.spawn().await;
    workshop.run_one().await.unwrap().unwrap();
    workshop.run_one().await.unwrap().unwrap();
    // Nobody sees them before the step has succeeded.
    assert_snapshot!(workshop.shown(&id).await, @"running: fans-a enqueued, joins-c pending");
    workshop.run_all().await;
    assert_snapshot!(summed(&workshop, &id).await, @"success: fans-a success, 7 fans-a.… success, joins-c success");
}

#[tokio::test]
async fn a_retry_goes_on_behind_the_steps_that_were_added_before_the_checkpoint() {
    let workshop = Workshop::new("10: fans-a count=9 parts=3 fails=saved limit=2 · 30: joins-c");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(summed(&workshop, &id).await, @"success: fans-a success, 9 fans-a.… success, joins-c success");
}

#[tokio::test]
async fn steps_of_an_attempt_that_failed_are_never_seen() {
    let workshop = Workshop::new("10: fans-a count=9 parts=3 fails=unseen limit=2 · 30: joins-c");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(summed(&workshop, &id).await, @"success: fans-a success, 9 fans-a.… success, joins-c success");
    assert!(workshop.pipeline(&id).await.steps.iter().all(|step| !step.definition.name.as_str().contains("unseen")));
}

#[tokio::test]
async fn steps_that_are_added_again_by_hand_are_the_same() {
    let workshop = Workshop::new("10: fans-a count=4 · 30: joins-c");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.process(&id, "fans-a").await;
    workshop.run_all().await;
    assert_snapshot!(summed(&workshop, &id).await, @"success: fans-a success, 4 fans-a.… success, joins-c success");
}

#[tokio::test]
async fn what_cannot_be_added_says_why() {
    let workshop =
        Workshop::new("10: fans-a to=10, fans-b runs=dnoe, fans-c named=x.y, fans-d count=10000 · 20: done-e");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let shown = workshop.shown(&id).await.replace("), ", "),\n");
    let known = workshop.context.executors.names().join(", ");
    assert_snapshot!(shown.replace(&known, "…"), @r"
    error: fans-a error for good (step `s0000` cannot be added: its sort order is 10; expected one behind that of `fans-a`, 10),
    fans-b error for good (step `s0000` cannot be added: there is no executor `dnoe` (known: …)),
    fans-c error for good (step `x.y0000` cannot be added: its name has a dot; expected none, because one is put before it),
    fans-d error for good (step `s9995` cannot be added: the pipeline would have more than 10000 steps),
    done-e cancelled
    ");
    assert_eq!(workshop.pipeline(&id).await.steps.len(), 5);
}

#[tokio::test]
async fn several_steps_together_are_held_to_the_limit() {
    let workshop = Workshop::new("10: fans-a count=6000 to=30 · 20: fans-b count=6000 to=30");
    let id = workshop.place("work", "a cause").await;
    workshop.beat().await;
    workshop.run_one().await.unwrap().unwrap();
    workshop.run_one().await.unwrap().unwrap();
    assert_snapshot!(summed(&workshop, &id).await, @"error: fans-a success, fans-b error, 6000 fans-a.… cancelled");
    let message = workshop.step(&id, "fans-b").await.record.message.unwrap();
    assert_snapshot!(message, @"6000 steps cannot be added: the pipeline would have more than 10000 steps");
}

#[tokio::test]
async fn steps_are_added_once_whatever_write_is_disturbed() {
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost, Fault::Repeated] {
        for after in workshop::every_write() {
            let workshop = Workshop::new("10: fans-a count=6 parts=2 limit=4 · 30: joins-c limit=4");
            let id = workshop.place("work", "a cause").await;
            workshop.table.arm(fault, "", after);
            workshop.live().await;
            let disturbed = format!("{fault:?} at write {after}");
            let expected = "success: fans-a success, 6 fans-a.… success, joins-c success";
            let shown = summed(&workshop, &id).await;
            // An added step of the tests has no limit of its own, so the one that was disturbed is tried again.
            assert_eq!(shown, expected, "{disturbed}");
            assert_eq!(workshop.step(&id, "joins-c").await.record.output.unwrap(), 6, "{disturbed}");
            if !workshop.table.is_spent() {
                assert!(after > 30, "only {after} writes");
                break;
            }
        }
    }
}

/// Not even those that it has added up to a checkpoint: a retry would count them, and there is none.
#[tokio::test]
async fn a_step_that_fails_for_good_has_added_nothing() {
    let stages = "10: fans-a limit=1 parts=2 fails=saved allowed · 30: done-b";
    for workshop in [Workshop::new(stages), Workshop::new(stages).sharing_commits()] {
        let id = workshop.spawn().await;
        workshop.run_all().await;
        let shown = workshop.shown(&id).await;
        assert_eq!(shown, "success: fans-a error (the shop did not answer), done-b success");
    }
}
