//! Steps from their message to their end: what executors return, what gets lost on the way, who takes over.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use pipeline::settings::Scope;
use pipeline::{PipelineStatus, StepStatus, Token};
use store::queue::Outgoing;
use store::settings::NewSetting;
use store::{Store, keys};

use engine::WorkingDirectory;
use workshop::Fault;
use workshop::mini_heartbeat;
use workshop::runner::{self, RunReport};
use workshop::{NAME, Workshop};

const GRACE_MINUTES: u64 = 6;

/// Longer than the lease of an invocation of the workshop.
const LEASE_MINUTES: u64 = 3;

fn finished(status: StepStatus) -> RunReport {
    RunReport::Finished { status }
}

#[tokio::test]
async fn a_pipeline_runs_by_one_beat_and_its_mini_beats() {
    let workshop = Workshop::new("10: done-a, done-b · 20: done-c · 30: done-report always");
    let id = workshop.spawn().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a enqueued, done-b enqueued, done-c pending, done-report pending");
    let reports = workshop.run_all().await;
    assert_eq!(reports, vec![finished(StepStatus::Success); 4]);
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success, done-c success, done-report success");
    let record = workshop.step(&id, "done-c").await.record;
    assert_snapshot!(record.log.trim_end(), @"2026-08-01 12:00:00 done-c info: did it");
    assert_eq!(record.output.unwrap(), serde_json::json!({"attempt": 1, "by": "done-c"}));
}

#[tokio::test]
async fn every_outcome_of_an_executor_has_its_status() {
    let workshop = Workshop::new("10: done-a · 20: skips-b · 30: missing-c · 40: invalid-d · 50: done-e");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, skips-b skipped (there was nothing to do), missing-c skipped (there is no file `a.csv`), invalid-d success with a warning (2 rows are odd), done-e success");
}

#[tokio::test]
async fn a_permanent_error_is_not_retried() {
    let workshop = Workshop::new("10: broken-a limit=3 · 20: done-b · 30: done-report always");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: broken-a error for good (argument `x` is missing), done-b cancelled, done-report success");
    assert_snapshot!(workshop.step(&id, "broken-a").await.record.log.trim_end(), @"2026-08-01 12:00:00 broken-a error: argument `x` is missing");
}

#[tokio::test]
async fn a_failure_is_retried_until_the_attempts_are_used_up() {
    let workshop = Workshop::new("10: fails-a limit=3 · 20: done-b · 30: done-report always");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    // A retry comes with a heartbeat and never with a mini beat, or a failing step would spin.
    assert_snapshot!(workshop.shown(&id).await, @"running: fails-a error (the shop did not answer), done-b pending, done-report pending");
    for _ in 0..2 {
        workshop.beat().await;
        workshop.run_all().await;
    }
    assert_snapshot!(workshop.shown(&id).await, @"error: fails-a error 3 (the shop did not answer), done-b cancelled, done-report success");
    let attempts = workshop.store().attempts(&id, &"fails-a".parse().unwrap()).await.unwrap();
    let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_snapshot!(attempts[1].log.trim_end(), @"2026-08-01 12:00:00 fails-a error: the shop did not answer");
    // What is known of the failure stays for the steps after it.
    assert_snapshot!(workshop.step(&id, "fails-a").await.record.output.unwrap(), @r#""what is known of the failure""#);
}

#[tokio::test]
async fn a_retry_waits_for_its_time() {
    let workshop = Workshop::new("10: flaky-a limit=3 pause=5 · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: flaky-a error (the shop did not answer), done-b pending");
    workshop.wait(4);
    assert_eq!(workshop.beat().await.applied.enqueued, 0);
    workshop.wait(2);
    assert_eq!(workshop.beat().await.applied.enqueued, 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: flaky-a success 2, done-b success");
}

#[tokio::test]
async fn an_allowed_failure_does_not_stop_the_pipeline() {
    let workshop = Workshop::new("10: fails-a limit=2 allowed · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: fails-a error 2 (the shop did not answer), done-b success");
}

#[tokio::test]
async fn a_step_goes_on_at_its_checkpoint_within_one_attempt() {
    let workshop = Workshop::new("10: counts-a limit=1 · 20: done-b");
    let id = workshop.spawn().await;
    let reports = workshop.run_all().await;
    let (went_on, success) = (RunReport::Continued, finished(StepStatus::Success));
    assert_eq!(reports, [went_on.clone(), went_on, success.clone(), success]);
    let record = workshop.step(&id, "counts-a").await.record;
    assert_eq!((record.attempt, record.continuations, record.checkpoint), (1, 2, None));
    assert_snapshot!(record.log.trim_end(), @r"
    2026-08-01 12:00:00 counts-a info: part 1
    2026-08-01 12:00:00 counts-a info: part 2
    2026-08-01 12:00:00 counts-a info: part 3
    ");
}

#[tokio::test]
async fn a_lost_message_of_a_continued_step_is_sent_again() {
    let workshop = Workshop::new("10: counts-a limit=1");
    let id = workshop.spawn().await;
    workshop.run_one().await.unwrap().unwrap();
    let lost = workshop.receive().await.unwrap();
    workshop.store().queue.delete(&lost.receipt).await.unwrap();
    workshop.wait(GRACE_MINUTES);
    assert_eq!(workshop.beat().await.applied.resent, 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: counts-a success");
}

#[tokio::test]
async fn an_unknown_executor_is_named_with_the_known_ones() {
    let workshop = Workshop::new("10: done-a limit=3");
    let mut new = workshop.new_pipeline("work", "a cause").await;
    let step = &mut Arc::make_mut(&mut new.definition).steps[0];
    Arc::make_mut(step).executor = "import_prodcuts".to_owned();
    workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap();
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&new.id).await, @"error: done-a error for good (step `done-a` asks for the unknown executor `import_prodcuts` (known: broken, chatty, counts, done, dreams, fails, fans, flaky, gate, goes, greedy, hangs, invalid, joins, labours, missing, naps, panics, rambles, skips, wordy))");
}

#[tokio::test]
async fn a_panic_leaves_the_step_to_its_lease_and_is_retried() {
    let workshop = Workshop::new("10: panics-a limit=2 · 20: done-b");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let (context, invocation) = (workshop.context.clone(), workshop.invocation());
    let body = message.body.clone();
    let run = tokio::spawn(async move { runner::run(&context, &body, &invocation).await.map_err(|_| ()) });
    assert!(run.await.unwrap_err().is_panic());
    assert_snapshot!(workshop.shown(&id).await, @"running: panics-a running, done-b pending");
    // Nobody deleted the message: it comes again while the dead runner's lease lasts, and after that.
    let again = runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    assert_eq!(again, RunReport::NotClaimed { status: StepStatus::Running });
    workshop.wait(LEASE_MINUTES);
    let report = workshop.beat().await;
    assert_eq!((report.applied.ghosted, report.applied.enqueued), (1, 1));
    let again = runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    assert_eq!(again, RunReport::NotClaimed { status: StepStatus::Enqueued });
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: panics-a success 2, done-b success");
    let attempts = workshop.store().attempts(&id, &"panics-a".parse().unwrap()).await.unwrap();
    assert_snapshot!(attempts[0].message.as_deref().unwrap().split(" at ").next().unwrap(), @"the runner gave no sign of life until its lease ended");
}

#[tokio::test]
async fn an_attempt_ends_before_its_invocation_does() {
    let workshop = Workshop::new("10: hangs-a limit=1");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    // Two seconds are kept free for the commit.
    let invocation = workshop.invocation_of(Duration::from_millis(2_010));
    let report = runner::run(&workshop.context, &message.body, &invocation).await.unwrap();
    assert_eq!(report, finished(StepStatus::Error));
    assert_snapshot!(workshop.shown(&id).await, @"error: hangs-a error (the attempt did not end within the 0 s of its invocation)");
}

#[tokio::test]
async fn a_long_log_becomes_a_file() {
    let workshop = Workshop::new("10: chatty-a");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let record = workshop.step(&id, "chatty-a").await.record;
    assert!(record.log.len() < 900, "{} bytes are a lot for an item", record.log.len());
    let (hint, end) = record.log.split_once('\n').unwrap();
    assert!(end.ends_with("line 99\n"), "{end}");
    let token = record.token.unwrap().0;
    let key = WorkingDirectory::of(&id).key(&format!("logs/chatty-a/1-{token}.log"));
    assert_eq!(hint, format!("(the whole log is in {key})"));
    let file = workshop.store().files.get(&key, None).await.unwrap().unwrap();
    assert_eq!(std::str::from_utf8(&file).unwrap().lines().count(), 100);
}

#[tokio::test]
async fn what_cannot_be_stored_ends_the_attempt_with_a_reason() {
    let workshop = Workshop::new("10: greedy-a limit=3 · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await.replace(id.as_str(), "…"), @"error: greedy-a error for good (what the step left cannot be stored: failed to write item `pipeline/… step/2147483658/greedy-a`: attribute `output`: `0.5` is a floating point number; use an integer of a smaller unit or a string), done-b cancelled");
}

#[tokio::test]
async fn a_duplicate_message_runs_nothing() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    let again = runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    assert_eq!(again, RunReport::NotClaimed { status: StepStatus::Success });
    assert_eq!(workshop.step(&id, "done-a").await.record.attempt, 1);
}

#[tokio::test]
async fn a_duplicate_makes_up_for_the_mini_beat_of_a_runner_that_died() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadBefore, "done-b", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a success, done-b pending");
    runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a success, done-b enqueued");
}

#[tokio::test]
async fn a_failing_mini_beat_does_not_fail_the_step() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    workshop.table.arm(Fault::Refused, "done-b", 0);
    assert_eq!(workshop.run_one().await.unwrap().unwrap(), finished(StepStatus::Success));
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a success, done-b pending");
    assert_eq!(workshop.beat().await.applied.enqueued, 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success");
}

#[tokio::test]
async fn a_commit_that_cannot_be_recorded_is_delivered_again() {
    let workshop = Workshop::new("10: done-a limit=2");
    let id = workshop.spawn().await;
    workshop.table.arm(Fault::Refused, "done-a", 1);
    assert!(workshop.run_one().await.unwrap().is_err());
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a running");
    workshop.wait(LEASE_MINUTES);
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success 2");
}

#[tokio::test]
async fn a_stale_commit_changes_nothing() {
    let workshop = Workshop::new("10: gate-a limit=2 · 20: done-b");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let slow = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        workshop.wait(LEASE_MINUTES);
        assert_eq!(workshop.beat().await.applied.ghosted, 1);
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(slow, meanwhile);
    assert_eq!(report.unwrap(), RunReport::TakenOver);
    assert_snapshot!(workshop.shown(&id).await, @"running: gate-a enqueued 2, done-b pending");
    workshop.gate.open();
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: gate-a success 2, done-b success");
}

#[tokio::test]
async fn an_executor_that_lost_its_step_is_told_when_it_saves() {
    let workshop = Workshop::new("10: gate-a limit=1 save=true");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let slow = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        workshop.wait(LEASE_MINUTES);
        workshop.beat().await;
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(slow, meanwhile);
    assert_eq!(report.unwrap(), RunReport::TakenOver);
    assert_eq!(workshop.step(&id, "gate-a").await.record.checkpoint, None);
}

#[tokio::test]
async fn a_lost_message_is_sent_again_after_the_grace_time() {
    let workshop = Workshop::new("10: done-a limit=1");
    let id = workshop.spawn().await;
    let lost = workshop.receive().await.unwrap();
    workshop.store().queue.delete(&lost.receipt).await.unwrap();
    workshop.wait(4);
    assert_eq!(workshop.beat().await.applied.resent, 0);
    workshop.wait(2);
    assert_eq!(workshop.beat().await.applied.resent, 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success");
    // The lost one turns up after all.
    let late = runner::run(&workshop.context, &lost.body, &workshop.invocation()).await.unwrap();
    assert_eq!(late, RunReport::NotClaimed { status: StepStatus::Success });
}

#[tokio::test]
async fn an_enqueue_whose_beat_died_before_sending_is_sent_later() {
    let workshop = Workshop::new("10: done-a, done-b");
    let id = workshop.place("work", "a cause").await;
    workshop.table.arm(Fault::DeadAfter, "done-b", 0);
    workshop.die(mini_heartbeat::beat(&workshop.context, &id, 0, &workshop.invocation())).await;
    assert_snapshot!(workshop.shown(&id).await, @"pending: done-a enqueued, done-b enqueued");
    assert!(workshop.receive().await.is_none());
    workshop.wait(GRACE_MINUTES);
    assert_eq!(workshop.beat().await.applied.resent, 2);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success");
}

#[tokio::test]
async fn a_stage_whose_last_enqueue_fails_is_sent_as_far_as_it_got() {
    let workshop = Workshop::new("10: done-a, done-b");
    let id = workshop.place("work", "a cause").await;
    workshop.table.arm(Fault::Refused, "done-b", 0);
    let error = mini_heartbeat::beat(&workshop.context, &id, 0, &workshop.invocation()).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(workshop.run_one().await.unwrap().unwrap(), finished(StepStatus::Success));
}

#[tokio::test]
async fn two_beats_enqueue_a_step_once() {
    let workshop = Workshop::new("10: done-a, done-b, done-c");
    let id = workshop.place("work", "a cause").await;
    let (first, second) = (workshop.invocation(), workshop.invocation());
    let (first, second) = tokio::join!(
        mini_heartbeat::beat(&workshop.context, &id, 0, &first),
        mini_heartbeat::beat(&workshop.context, &id, 0, &second),
    );
    assert_eq!(first.unwrap().enqueued + second.unwrap().enqueued, 3);
    let mut bodies = Vec::new();
    while let Some(message) = workshop.receive().await {
        bodies.push(message.body);
    }
    assert_eq!(bodies.len(), 3);
}

#[tokio::test]
async fn parallel_steps_that_end_together_lead_on_once() {
    let workshop = Workshop::new("10: done-a, done-b, done-c, done-d · 20: done-e");
    let id = workshop.spawn().await;
    let mut messages = Vec::new();
    while let Some(message) = workshop.receive().await {
        messages.push((message.body, workshop.invocation()));
    }
    let runs = messages.iter().map(|(body, invocation)| runner::run(&workshop.context, body, invocation));
    for report in futures::future::join_all(runs).await {
        assert_eq!(report.unwrap(), finished(StepStatus::Success));
    }
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success, done-c success, done-d success, done-e success");
    assert_eq!(workshop.step(&id, "done-e").await.record.attempt, 1);
}

#[tokio::test]
async fn a_last_step_that_ends_while_its_beat_still_settles_ends_the_pipeline() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.place("work", "a cause").await;
    workshop.table.arm(Fault::DeadBefore, "meta", 0);
    workshop.die(mini_heartbeat::beat(&workshop.context, &id, 0, &workshop.invocation())).await;
    // The message is out, and the beat is about to settle the pipeline running.
    workshop.table.arm(Fault::Late, "meta", 0);
    let slow_beat = async {
        workshop.table.late.notified().await;
        let (pipeline, now) = (workshop.pipeline(&id).await, workshop.now());
        workshop.store().settle_pipeline(&pipeline, pipeline::PipelineStatus::Running, now).await.unwrap();
        workshop.table.go_on.notify_one();
    };
    let (report, ()) = tokio::join!(workshop.run_one(), slow_beat);
    assert_eq!(report.unwrap().unwrap(), finished(StepStatus::Success));
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success");
}

#[tokio::test]
async fn past_the_hop_limit_the_heartbeat_takes_over() {
    let mut workshop = Workshop::new("10: done-a · 20: done-b · 30: done-c · 40: done-d · 50: done-e");
    workshop.context.limits.hop_limit = 2;
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a success, done-b success, done-c success, done-d pending, done-e pending");
    assert_eq!(workshop.beat().await.applied.enqueued, 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success, done-c success, done-d success, done-e success");
}

#[tokio::test]
async fn a_step_that_never_ends_is_left_to_the_heartbeat_past_the_hop_limit() {
    let mut workshop = Workshop::new("10: goes-a limit=1");
    workshop.context.limits.hop_limit = 2;
    let id = workshop.spawn().await;
    assert_eq!(workshop.run_all().await, vec![RunReport::Continued; 3]);
    workshop.wait(GRACE_MINUTES);
    assert_eq!(workshop.beat().await.applied.resent, 1);
    assert_eq!(workshop.run_all().await, vec![RunReport::Continued; 3]);
    assert_eq!(workshop.step(&id, "goes-a").await.record.attempt, 1);
}

#[tokio::test]
async fn a_message_that_is_no_step_message_ends_in_the_dead_letters() {
    let workshop = Workshop::new("10: done-a");
    let bodies = ["", "{}", "no JSON at all", "{\"schema\":9,\"pipeline\":\"01jd9x4k7m3fq8zt0v2c\"}"];
    for body in bodies {
        let error = runner::run(&workshop.context, body, &workshop.invocation()).await.unwrap_err();
        assert!(matches!(error, runner::Error::BadMessage(_)), "{error}");
    }
    let message = Outgoing { body: "no JSON at all".to_owned(), delay: Duration::ZERO };
    workshop.store().queue.send(pipeline::Priority::Normal, vec![message]).await.unwrap();
    let mut errors = Vec::new();
    while let Some(report) = workshop.run_one().await {
        errors.push(engine::error_chain::chain(&report.unwrap_err()));
        workshop.wait(17);
    }
    assert_eq!(errors.len(), 5);
    assert_snapshot!(errors[0], @"message `no JSON at all` is no step message: expected ident at line 1 column 2");
    assert_eq!(workshop.store().queue.peek_dead_letters(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_of_a_newer_version_is_named_as_such() {
    let workshop = Workshop::new("10: done-a");
    workshop.spawn().await;
    let message = workshop.receive().await.unwrap().body.replace("\"schema\":1", "\"schema\":2");
    let error = runner::run(&workshop.context, &message, &workshop.invocation()).await.unwrap_err();
    assert_snapshot!(engine::error_chain::chain(&error), @"message has schema 2; this version knows 1");
}

#[tokio::test]
async fn a_message_for_a_deleted_pipeline_is_dropped() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let Store { table, .. } = workshop.store();
    for key in [keys::pipeline(&id), keys::step(&id, 10, &"done-a".parse().unwrap())] {
        let (condition, change) = (store::table::Condition::Any, store::table::Change::Delete);
        table.write(store::table::Write { key, condition, change }).await.unwrap();
    }
    let report = runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    assert_eq!(report, RunReport::Gone);
}

#[tokio::test]
async fn an_end_of_many_words_is_cut_to_fit_the_item() {
    let workshop = Workshop::new("10: wordy-a, rambles-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    for (step, status) in [("wordy-a", StepStatus::Skipped), ("rambles-b", StepStatus::Success)] {
        let record = workshop.step(&id, step).await.record;
        assert_eq!(record.status, status);
        let message = record.message.unwrap();
        assert!(message.len() < 510 && message.ends_with('…'), "{message}");
    }
}

#[tokio::test]
async fn tokens_differ_for_whatever_they_fence() {
    let workshop = Workshop::new("10: done-a");
    let (id, invocation) = (workshop.place("work", "a cause").await, workshop.invocation());
    let other = workshop.place("work", "another cause").await;
    let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
    let token = invocation.token(&id, &a, 1, 0);
    assert_eq!(token, invocation.token(&id, &a, 1, 0));
    let others: [Token; 5] = [
        invocation.token(&other, &a, 1, 0),
        invocation.token(&id, &b, 1, 0),
        invocation.token(&id, &a, 2, 0),
        invocation.token(&id, &a, 1, 1),
        workshop.invocation().token(&id, &a, 1, 0),
    ];
    assert!(!others.contains(&token));
}

#[tokio::test]
async fn row_37_a_log_keeps_lines_as_grave_as_the_setting_asks() {
    let workshop = Workshop::new("10: done-a · 20: wordy-b · 30: broken-c");
    let level = Scope::Pipeline(NAME.parse().unwrap());
    workshop
        .store()
        .set_setting(NewSetting { name: "log.level", scope: &level, value: "error" }, "Ann", workshop.now())
        .await
        .unwrap();
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_eq!(workshop.step(&id, "done-a").await.record.log, "");
    let log = workshop.step(&id, "broken-c").await.record.log;
    assert_snapshot!(log.trim_end(), @"2026-08-01 12:00:00 broken-c error: argument `x` is missing");
}

/// Two hundred steps, one after the other.
fn sequence() -> String {
    (0..200).map(|number| format!("{}: done-{number}", number * 10)).collect::<Vec<_>>().join(" · ")
}

#[tokio::test]
async fn two_hundred_steps_follow_each_other_by_mini_heartbeats_alone() {
    let workshop = Workshop::new(&sequence());
    let id = workshop.spawn().await;
    assert_eq!(workshop.run_all().await, vec![finished(StepStatus::Success); 200]);
    assert_eq!(workshop.pipeline(&id).await.status, PipelineStatus::Success);
}

#[tokio::test]
async fn the_heartbeat_takes_over_a_chain_that_got_too_long() {
    let mut workshop = Workshop::new(&sequence());
    workshop.context.limits.hop_limit = 60;
    let id = workshop.spawn().await;
    let mut runs = vec![workshop.run_all().await.len()];
    while workshop.pipeline(&id).await.status.is_open() {
        workshop.wait(1);
        assert_eq!(workshop.beat().await.applied.enqueued, 1);
        runs.push(workshop.run_all().await.len());
    }
    // The step that a beat enqueues is the first of a chain, sixty hops follow it.
    assert_eq!(runs, [61, 61, 61, 17]);
}

#[tokio::test]
async fn a_runner_whose_lease_is_over_does_not_begin() {
    let mut workshop = Workshop::new("10: done-a limit=2");
    workshop.context.limits.lease_margin = Duration::ZERO;
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let late = workshop.invocation_of(Duration::ZERO);
    let report = runner::run(&workshop.context, &message.body, &late).await.unwrap();
    assert_eq!(report, RunReport::TakenOver);
    // Its mini beat sees that the lease is over.
    let step = workshop.step(&id, "done-a").await;
    assert_eq!((step.record.status, step.record.output), (StepStatus::Error, None));
    workshop.live().await;
    assert_eq!(workshop.shown(&id).await, "success: done-a success 2");
}
