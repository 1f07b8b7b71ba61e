//! The claim protocol: who wins a step, what counts as our own write, what is stale.

use std::time::Duration;

use chrono::{DateTime, Utc};
use insta::assert_snapshot;
use pipeline::transition::StepEvent;
use pipeline::{PipelineId, Step, StepRecord, StepStatus, Token};
use serde_json::{Value, json};
use store::keys;
use store::message::StepMessage;
use store::steps::{Claim, Claimed, Continuation, EnqueueMark, Enqueued, Finish, StepWritten};
use store::table::{Change, Condition, Relist, Write};

use workshop::Fault;
use workshop::{NAME, Workshop};

/// A pipeline with one step.
struct Bench {
    workshop: Workshop,
    id: PipelineId,
}

const STEP: &str = "done-a";

impl Bench {
    async fn new() -> Self {
        let workshop = Workshop::new("10: done-a limit=5");
        let id = workshop.place(NAME, "a test").await;
        Bench { workshop, id }
    }

    async fn step(&self) -> Step {
        self.workshop.step(&self.id, STEP).await
    }

    async fn record(&self) -> StepRecord {
        self.step().await.record
    }

    fn lease(&self) -> DateTime<Utc> {
        self.workshop.now() + Duration::from_secs(60)
    }

    /// Enqueues the step as it was seen.
    async fn try_enqueue(&self, seen: &Step, token: &str) -> store::Result<Enqueued> {
        let (store, token) = (self.workshop.store(), Token(token.to_owned()));
        let mark = EnqueueMark { step: seen, event: StepEvent::Enqueue, token, reruns: 0 };
        store.enqueue_step(&self.id, &mark, self.workshop.now()).await
    }

    /// Enqueues the step as it is; the message that belongs to it.
    async fn enqueue(&self, token: &str) -> StepMessage {
        let outcome = self.try_enqueue(&self.step().await, token).await.unwrap();
        assert!(matches!(outcome, Enqueued::Done(_)), "{outcome:?}");
        self.message().await
    }

    /// The message for the step as it stands.
    async fn message(&self) -> StepMessage {
        let step = self.step().await;
        let token = step.record.token.clone().unwrap();
        StepMessage::new(&self.id, &step, token, 0)
    }

    async fn try_claim(&self, message: &StepMessage, owner: &str) -> store::Result<Claim> {
        self.workshop.store().claim_step(message, owner, self.lease(), self.workshop.now()).await
    }

    async fn claim(&self, message: &StepMessage, owner: &str) -> Claimed {
        match self.try_claim(message, owner).await.unwrap() {
            Claim::Won(claimed) => *claimed,
            lost @ (Claim::Lost { .. } | Claim::Gone) => panic!("{owner} does not get the step: {lost:?}"),
        }
    }

    /// Enqueues and claims.
    async fn held(&self) -> Claimed {
        self.claim(&self.enqueue("t1").await, "ann").await
    }

    async fn try_finish(&self, claimed: &mut Claimed, finish: &Finish) -> store::Result<StepWritten> {
        self.workshop.store().finish_step(claimed, finish, "the log", self.workshop.now()).await
    }

    async fn finish(&self, claimed: &mut Claimed, finish: Finish) -> StepWritten {
        self.try_finish(claimed, &finish).await.unwrap()
    }

    async fn ghost(&self) -> bool {
        self.workshop.store().ghost_step(&self.id, &self.step().await, "it is gone", self.workshop.now()).await.unwrap()
    }

    async fn resend(&self, seen: &Step) -> Option<StepRecord> {
        self.workshop.store().touch_sent(&self.id, seen, self.workshop.now()).await.unwrap()
    }

    async fn go_on(&self, claimed: &mut Claimed, token: &str) -> StepWritten {
        let (store, token) = (self.workshop.store(), Token(token.to_owned()));
        let checkpoint = json!({ "row": 7 });
        let continuation = Continuation { checkpoint, token: &token, log: "the log", delay: Duration::ZERO };
        store.continue_step(claimed, continuation, self.workshop.now()).await.unwrap()
    }

    fn next_write(&self, fault: Fault) {
        self.workshop.table.arm(fault, "step/", 0);
    }

    /// Overwrites a field of the step's item.
    async fn spoil(&self, field: &str, value: Value) {
        let key = keys::step(&self.id, 10, &STEP.parse().unwrap());
        let change = Change::Patch { attributes: [(field.to_owned(), value)].into(), listing: Relist::Keep };
        self.workshop.store().table.write(Write { key, condition: Condition::Present, change }).await.unwrap();
    }
}

const SUCCESS: Finish = Finish::Success { warning: None };

fn failure() -> Finish {
    Finish::Error { message: "the shop did not answer".to_owned(), is_permanent: false }
}

fn chain(error: &dyn std::error::Error) -> String {
    engine::error_chain::chain(error)
}

/// Two beats note the same thing in the same moment, and between them a runner claims the step.
#[tokio::test]
async fn a_step_that_was_claimed_meanwhile_is_not_sent_again() {
    let bench = Bench::new().await;
    let message = bench.enqueue("t1").await;
    let seen = bench.step().await;
    assert!(bench.resend(&seen).await.is_some());
    bench.claim(&message, "ann").await;
    assert_eq!(bench.resend(&seen).await, None);
}

#[tokio::test]
async fn an_enqueue_counts_an_attempt_and_wins_once() {
    let bench = Bench::new().await;
    let seen = bench.step().await;
    assert_eq!((seen.record.status, seen.record.attempt, seen.record.version), (StepStatus::Pending, 0, 0));
    let Enqueued::Done(record) = bench.try_enqueue(&seen, "t1").await.unwrap() else { panic!("nobody else is there") };
    assert_eq!((record.status, record.attempt, record.version), (StepStatus::Enqueued, 1, 1));
    assert_eq!(bench.try_enqueue(&seen, "t2").await.unwrap(), Enqueued::Lost);
    assert_eq!(bench.record().await.token, Some(Token("t1".to_owned())));
}

#[tokio::test]
async fn an_enqueue_whose_reply_got_lost_is_ours() {
    let bench = Bench::new().await;
    bench.next_write(Fault::Repeated);
    assert_eq!(bench.enqueue("t1").await.attempt, 1);
    // The same for a retry, which is another kind of write.
    let mut claimed = bench.claim(&bench.message().await, "ann").await;
    bench.finish(&mut claimed, failure()).await;
    bench.workshop.table.arm(Fault::Repeated, "step/", 0);
    assert_eq!(bench.enqueue("t2").await.attempt, 2);
}

#[tokio::test]
async fn an_enqueue_repeated_by_the_same_invocation_is_ours() {
    let bench = Bench::new().await;
    let seen = bench.step().await;
    bench.next_write(Fault::ReplyLost);
    assert!(bench.try_enqueue(&seen, "t1").await.unwrap_err().is_retryable());
    assert!(matches!(bench.try_enqueue(&seen, "t1").await.unwrap(), Enqueued::Done(_)));
    assert_eq!(bench.record().await.attempt, 1);
}

#[tokio::test]
async fn an_enqueue_that_is_seen_late_leads_to_no_second_claim() {
    let bench = Bench::new().await;
    let mut step = bench.step().await;
    bench.claim(&bench.enqueue("t1").await, "ann").await;
    let Enqueued::Done(record) = bench.try_enqueue(&step, "t1").await.unwrap() else { panic!("it was ours") };
    step.record = *record;
    let message = StepMessage::new(&bench.id, &step, Token("t1".to_owned()), 0);
    let claim = bench.try_claim(&message, "bob").await.unwrap();
    assert_eq!(claim, Claim::Lost { status: StepStatus::Running, is_current: true });
}

#[tokio::test]
async fn one_of_two_runners_gets_the_step() {
    let bench = Bench::new().await;
    let message = bench.enqueue("t1").await;
    let claimed = bench.claim(&message, "ann").await;
    assert_eq!(claimed.record.status, StepStatus::Running);
    assert_eq!(claimed.record.lease_until, Some(bench.lease()));
    let lost = Claim::Lost { status: StepStatus::Running, is_current: true };
    assert_eq!(bench.try_claim(&message, "bob").await.unwrap(), lost);
    assert_eq!(bench.record().await.owner.as_deref(), Some("ann"));
}

#[tokio::test]
async fn a_claim_whose_reply_got_lost_is_ours() {
    let bench = Bench::new().await;
    let message = bench.enqueue("t1").await;
    bench.next_write(Fault::Repeated);
    bench.claim(&message, "ann").await;
    bench.claim(&message, "ann").await;
}

#[tokio::test]
async fn a_message_of_an_earlier_attempt_is_stale() {
    let bench = Bench::new().await;
    let first = bench.enqueue("t1").await;
    let mut claimed = bench.claim(&first, "ann").await;
    bench.finish(&mut claimed, failure()).await;
    let lost = Claim::Lost { status: StepStatus::Error, is_current: true };
    assert_eq!(bench.try_claim(&first, "bob").await.unwrap(), lost);
    bench.enqueue("t2").await;
    let lost = Claim::Lost { status: StepStatus::Enqueued, is_current: false };
    assert_eq!(bench.try_claim(&first, "bob").await.unwrap(), lost);
}

#[tokio::test]
async fn a_message_for_a_step_that_is_not_there_finds_nothing() {
    let bench = Bench::new().await;
    let mut message = bench.enqueue("t1").await;
    message.pipeline = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    assert_eq!(bench.try_claim(&message, "ann").await.unwrap(), Claim::Gone);
}

#[tokio::test]
async fn a_message_that_was_sent_again_is_as_good_as_the_first() {
    let bench = Bench::new().await;
    let first = bench.enqueue("t1").await;
    for _ in 0..3 {
        assert!(bench.resend(&bench.step().await).await.is_some());
    }
    assert_eq!(bench.record().await.resends, 3);
    let again = bench.message().await;
    bench.claim(&first, "ann").await;
    assert!(matches!(bench.try_claim(&again, "bob").await.unwrap(), Claim::Lost { .. }));
}

#[tokio::test]
async fn every_end_of_an_attempt_is_stored() {
    for (finish, expected) in [
        (SUCCESS, "success"),
        (Finish::Success { warning: Some("2 rows are odd".to_owned()) }, "success with a warning (2 rows are odd)"),
        (Finish::Skipped("nothing there".to_owned()), "skipped (nothing there)"),
        (failure(), "error (the shop did not answer)"),
        (Finish::Error { message: "no".to_owned(), is_permanent: true }, "error for good (no)"),
    ] {
        let bench = Bench::new().await;
        let mut claimed = bench.held().await;
        assert_eq!(bench.finish(&mut claimed, finish).await, StepWritten::Committed);
        let shown = bench.workshop.shown(&bench.id).await;
        assert_eq!(shown, format!("pending: done-a {expected}"));
        let record = bench.record().await;
        assert_eq!((record.log.as_str(), record.lease_until), ("the log", None));
        assert_eq!(record, claimed.record);
    }
}

#[tokio::test]
async fn a_finish_whose_reply_got_lost_is_ours() {
    for finish in [SUCCESS, failure(), Finish::Skipped("nothing there".to_owned())] {
        let bench = Bench::new().await;
        let mut claimed = bench.held().await;
        bench.next_write(Fault::ReplyLost);
        assert!(bench.try_finish(&mut claimed, &finish).await.unwrap_err().is_retryable());
        assert_eq!(bench.finish(&mut claimed, finish).await, StepWritten::Committed);
    }
}

#[tokio::test]
async fn who_was_ghosted_cannot_commit() {
    for finish in [SUCCESS, failure(), Finish::Error { message: "no".to_owned(), is_permanent: true }] {
        let bench = Bench::new().await;
        let mut claimed = bench.held().await;
        bench.workshop.wait(2);
        assert!(bench.ghost().await);
        let ghosted = bench.record().await;
        assert_eq!(ghosted.message.as_deref(), Some("it is gone"));
        let lost = StepWritten::Lost { status: Some(StepStatus::Error) };
        assert_eq!(bench.finish(&mut claimed, finish).await, lost);
        assert_eq!(bench.record().await, ghosted);
    }
}

#[tokio::test]
async fn who_was_taken_over_cannot_commit() {
    let bench = Bench::new().await;
    let mut ann = bench.held().await;
    bench.ghost().await;
    let mut bob = bench.claim(&bench.enqueue("t2").await, "bob").await;
    let lost = StepWritten::Lost { status: Some(StepStatus::Running) };
    let until = bench.lease();
    assert_eq!(bench.finish(&mut ann, SUCCESS).await, lost);
    assert_eq!(bench.workshop.store().save_progress(&mut ann, until).await.unwrap(), lost);
    assert_eq!(bench.go_on(&mut ann, "t3").await, lost);
    let now = bench.workshop.now();
    assert_eq!(bench.workshop.store().give_back(&mut ann, "stopped", now).await.unwrap(), lost);
    assert_eq!(bench.finish(&mut bob, SUCCESS).await, StepWritten::Committed);
}

/// What a holder may do with a step: all of it must be refused once the step is another one's.
async fn assert_has_no_say(bench: &Bench, claimed: &Claimed, what: &str) {
    let before = bench.record().await;
    let lost = StepWritten::Lost { status: Some(before.status) };
    let (store, now, until) = (bench.workshop.store(), bench.workshop.now(), bench.lease());
    for finish in [SUCCESS, failure(), Finish::Skipped("nothing there".to_owned())] {
        let held = bench.finish(&mut claimed.clone(), finish.clone()).await;
        assert_eq!(held, lost, "{what}: {finish:?} by who lost the step");
    }
    assert_eq!(bench.go_on(&mut claimed.clone(), "t9").await, lost, "{what}: handed on by who lost the step");
    let held = store.save_progress(&mut claimed.clone(), until).await.unwrap();
    assert_eq!(held, lost, "{what}: lengthened by who lost the step");
    let held = store.give_back(&mut claimed.clone(), "stopped", now).await.unwrap();
    assert_eq!(held, lost, "{what}: given back by who lost the step");
    assert_eq!(bench.record().await, before, "{what}: the step was changed by who lost it");
}

/// A host that stood still, lost its step, and got it again under the same name: for the next attempt, or for the next
/// continuation of the same one. The work that began first must not end the second.
#[tokio::test]
async fn a_living_owner_that_got_the_step_again_under_another_token_cannot_end_it_as_the_first() {
    let bench = Bench::new().await;
    let first = bench.held().await;
    bench.ghost().await;
    let second = bench.claim(&bench.enqueue("t2").await, "ann").await;
    assert_has_no_say(&bench, &first, "same owner, next attempt").await;
    assert_eq!(bench.go_on(&mut second.clone(), "t3").await, StepWritten::Committed);
    // Another moment, so that no two leases are alike.
    bench.workshop.wait(1);
    let mut third = bench.claim(&bench.message().await, "ann").await;
    bench.workshop.wait(1);
    assert_has_no_say(&bench, &second, "same owner and attempt, next continuation").await;
    assert_eq!(bench.finish(&mut third, SUCCESS).await, StepWritten::Committed);
}

/// The same enqueue in other hands, as after a claim that was taken over without a new token.
#[tokio::test]
async fn a_living_owner_whose_step_has_another_owner_under_the_same_token_cannot_end_it() {
    let bench = Bench::new().await;
    let claimed = bench.held().await;
    bench.spoil("owner", json!("bob")).await;
    assert_has_no_say(&bench, &claimed, "same token, other owner").await;
}

#[tokio::test]
async fn a_renewal_whose_reply_got_lost_does_not_lose_the_step() {
    let bench = Bench::new().await;
    let mut claimed = bench.held().await;
    let until = bench.lease() + Duration::from_secs(60);
    bench.next_write(Fault::ReplyLost);
    assert!(bench.workshop.store().save_progress(&mut claimed, until).await.is_err());
    assert_eq!(bench.workshop.store().save_progress(&mut claimed, until).await.unwrap(), StepWritten::Committed);
    bench.next_write(Fault::ReplyLost);
    assert!(bench.workshop.store().save_progress(&mut claimed, bench.lease()).await.is_err());
    assert_eq!(bench.finish(&mut claimed, SUCCESS).await, StepWritten::Committed);
}

#[tokio::test]
async fn progress_is_kept_and_lengthens_the_lease() {
    let bench = Bench::new().await;
    let mut claimed = bench.held().await;
    claimed.record.checkpoint = Some(json!({ "row": 5 }));
    claimed.record.progress = Some("5 rows".to_owned());
    let until = bench.lease() + Duration::from_secs(60);
    bench.workshop.store().save_progress(&mut claimed, until).await.unwrap();
    let record = bench.record().await;
    assert_eq!((record.checkpoint, record.progress), (Some(json!({ "row": 5 })), Some("5 rows".to_owned())));
    assert_eq!(record.lease_until, Some(until));
}

#[tokio::test]
async fn a_continued_step_keeps_its_attempt_and_leaves_old_messages_stale() {
    let bench = Bench::new().await;
    let first = bench.enqueue("t1").await;
    let mut ann = bench.claim(&first, "ann").await;
    let (started, mut before) = (ann.record.started_at, ann.clone());
    bench.next_write(Fault::Repeated);
    assert_eq!(bench.go_on(&mut ann, "t2").await, StepWritten::Committed);
    let record = bench.record().await;
    assert_eq!((record.status, record.attempt, record.continuations), (StepStatus::Enqueued, 1, 1));
    assert_eq!((record.checkpoint, record.lease_until), (Some(json!({ "row": 7 })), None));
    let stale = Claim::Lost { status: StepStatus::Enqueued, is_current: false };
    assert_eq!(bench.try_claim(&first, "bob").await.unwrap(), stale);
    // Who handed the step on has no more say in it.
    assert_eq!(bench.finish(&mut before, SUCCESS).await, StepWritten::Lost { status: Some(StepStatus::Enqueued) });
    bench.workshop.wait(1);
    let bob = bench.claim(&bench.message().await, "bob").await;
    assert_eq!(bob.record.started_at, started);
}

#[tokio::test]
async fn what_a_beat_repairs_is_its_own_although_the_reply_got_lost() {
    let bench = Bench::new().await;
    bench.enqueue("t1").await;
    bench.next_write(Fault::Repeated);
    assert_eq!(bench.resend(&bench.step().await).await.unwrap().resends, 1);
    bench.claim(&bench.message().await, "ann").await;
    bench.next_write(Fault::Repeated);
    assert!(bench.ghost().await);
    bench.enqueue("t2").await;
    bench.next_write(Fault::Repeated);
    let store = bench.workshop.store();
    assert!(store.cancel_step(&bench.id, &bench.step().await, bench.workshop.now()).await.unwrap());
    assert_eq!(bench.record().await.status, StepStatus::Cancelled);
}

#[tokio::test]
async fn what_a_beat_saw_long_ago_changes_nothing() {
    let bench = Bench::new().await;
    bench.enqueue("t1").await;
    let (enqueued, now) = (bench.step().await, bench.workshop.now());
    let mut claimed = bench.claim(&bench.message().await, "ann").await;
    let running = bench.step().await;
    let store = bench.workshop.store();
    assert!(!store.cancel_step(&bench.id, &enqueued, now).await.unwrap());
    assert_eq!(bench.resend(&enqueued).await, None);
    bench.finish(&mut claimed, SUCCESS).await;
    assert!(!store.ghost_step(&bench.id, &running, "it is gone", now).await.unwrap());
    assert_eq!(bench.record().await.status, StepStatus::Success);
}

#[tokio::test]
async fn a_claim_is_given_back_when_the_pipeline_is_stopped() {
    let bench = Bench::new().await;
    let mut claimed = bench.held().await;
    let (store, now) = (bench.workshop.store(), bench.workshop.now());
    bench.next_write(Fault::Repeated);
    assert_eq!(store.give_back(&mut claimed, "Ann had enough", now).await.unwrap(), StepWritten::Committed);
    assert_eq!(bench.workshop.shown(&bench.id).await, "pending: done-a cancelled (Ann had enough)");
}

#[tokio::test]
async fn a_new_attempt_inherits_the_checkpoint_only() {
    let bench = Bench::new().await;
    let mut claimed = bench.held().await;
    claimed.record.checkpoint = Some(json!(5));
    bench.workshop.store().save_progress(&mut claimed, bench.lease()).await.unwrap();
    claimed.record.output = Some(json!("an output"));
    bench.finish(&mut claimed, Finish::Error { message: "no".to_owned(), is_permanent: true }).await;
    bench.enqueue("t2").await;
    let record = bench.record().await;
    assert_eq!(record.checkpoint, Some(json!(5)));
    let expected = StepRecord {
        status: StepStatus::Enqueued,
        attempt: 2,
        token: Some(Token("t2".to_owned())),
        enqueued_at: Some(bench.workshop.now()),
        sent_at: Some(bench.workshop.now()),
        checkpoint: Some(json!(5)),
        version: record.version,
        ..StepRecord::pending()
    };
    assert_eq!(record, expected);
    let attempts = bench.workshop.store().attempts(&bench.id, &STEP.parse().unwrap()).await.unwrap();
    let kept: Vec<_> = attempts.iter().map(|a| (a.number, a.message.as_deref(), a.log.as_str())).collect();
    assert_eq!(kept, [(1, Some("no"), "the log")]);
}

#[tokio::test]
async fn a_success_forgets_the_checkpoint() {
    let bench = Bench::new().await;
    let mut claimed = bench.held().await;
    claimed.record.checkpoint = Some(json!(5));
    bench.workshop.store().save_progress(&mut claimed, bench.lease()).await.unwrap();
    bench.finish(&mut claimed, SUCCESS).await;
    assert_eq!(bench.record().await.checkpoint, None);
}

#[tokio::test]
async fn an_illegal_move_is_refused_with_both_states() {
    let bench = Bench::new().await;
    let mut claimed = bench.held().await;
    bench.finish(&mut claimed, SUCCESS).await;
    let error = bench.try_enqueue(&bench.step().await, "t2").await.unwrap_err();
    assert_snapshot!(chain(&error), @"failed to move a step: a step that is success cannot Enqueue");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_named() {
    let bench = Bench::new().await;
    bench.enqueue("t1").await;
    for (field, value) in [
        ("status", json!("asleep")),
        ("attempt", json!("one")),
        ("enqueued_at", json!("yesterday")),
        ("is_permanent", json!(1)),
        ("schema", json!(2)),
    ] {
        bench.spoil(field, value).await;
    }
    let mut errors = Vec::new();
    for (field, good) in [
        ("schema", json!(1)),
        ("status", json!("error")),
        ("attempt", json!(1)),
        ("enqueued_at", json!("2026-08-01T12:00:00.000Z")),
        ("is_permanent", json!(true)),
    ] {
        let error = bench.workshop.store().pipeline_with_steps(&bench.id).await.unwrap_err();
        errors.push(chain(&error).replace(bench.id.as_str(), "…"));
        bench.spoil(field, good).await;
    }
    assert_snapshot!(errors.join("\n"), @r#"
    failed to read a stored item: field `schema` of item `pipeline/… step/2147483658/done-a` is `2`; expected at most 1; a newer Systole wrote it
    failed to read a stored item: field `status` of item `pipeline/… step/2147483658/done-a` is `"asleep"`; expected a step status
    failed to read a stored item: field `attempt` of item `pipeline/… step/2147483658/done-a` is `"one"`; expected a number
    failed to read a stored item: field `enqueued_at` of item `pipeline/… step/2147483658/done-a` is `"yesterday"`; expected a time as in `2026-08-01T12:00:00.000Z`
    failed to read a stored item: field `is_permanent` of item `pipeline/… step/2147483658/done-a` is `1`; expected true or false
    "#);
    bench.record().await;
}
