//! One attempt of a step: execute under the deadline, keep the log, and commit the end or hand on to a further invocation.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use pipeline::{Pipeline, Step, StepDefinition};
use serde_json::Value;
use store::message::StepMessage;
use store::queue::{DELAY_LIMIT, Receipt};
use store::steps::{Claimed, Finish, Held};
use store::take_next::{NextMessage, NextTaker};
use store::transaction::CommitAndTake;
use tokio::sync::Mutex;

use crate::apply::outgoing_after;
use crate::context::{Context, Invocation};
use crate::executor::{Additions, ExecutorError, Level, Outcome, StepLog, Work, WorkingDirectory, taken};
use crate::mini_heartbeat;
use crate::runner::{Error, RunReport};

/// What an invocation knows of the attempt that it claimed.
pub(super) struct Attempt<'a> {
    pub(super) context: &'a Context,
    pub(super) message: &'a StepMessage,
    /// The pipeline, without the records of its steps.
    pub(super) pipeline: &'a Pipeline,
    pub(super) step: &'a Arc<StepDefinition>,
    pub(super) invocation: &'a Invocation,
}

/// How far an invocation came with an attempt.
pub(super) enum Worked {
    /// To its end, which is not recorded yet.
    Ended(End),
    /// It is not ours any more: handed on, or taken.
    Left(RunReport),
}

/// How an attempt ended.
pub(super) struct End {
    finish: Finish,
    /// What of its log goes into the step's item.
    log: String,
    /// When. Read once: an attempt that is committed again finds its own write by all that it has written.
    at: DateTime<Utc>,
}

impl End {
    /// An attempt that fails for good before it has begun.
    pub(super) fn without_work(message: String, at: DateTime<Utc>) -> Self {
        End { finish: Finish::Error { message, is_permanent: true }, log: String::new(), at }
    }
}

/// A delay that lasts as long as heartbeats are apart: the chain of runners is not one behind it.
const HEARTBEAT_DISTANCE: Duration = Duration::from_secs(60);

impl Attempt<'_> {
    /// Does the work, and hands it on to a further invocation if it has not ended.
    pub(super) async fn run(&self, claimed: &mut Claimed) -> Result<Worked, Error> {
        let Attempt { context, pipeline, step, invocation, .. } = *self;
        // A step does not fail for settings that cannot be read; it keeps all lines then.
        let settings = context.settings(invocation.now()).await.unwrap_or_default();
        if claimed.record.lease_until.is_some_and(|until| until < invocation.now()) {
            // This host stood still, and somebody else may have the step by now.
            return Ok(Worked::Left(RunReport::TakenOver));
        }
        let so_far = if claimed.record.continuations > 0 { claimed.record.log.as_str() } else { "" };
        let log = StepLog::continued(so_far, Level::set_for(pipeline.name(), &settings));
        let record = claimed.record.clone();
        let held = Arc::new(Mutex::new(claimed.clone()));
        let mut work = Work {
            store: &context.store,
            pipeline,
            step,
            held: held.clone(),
            record,
            output: None,
            additions: Additions::default(),
            invocation,
            context,
            hops: self.message.hops,
            log,
        };
        let mut outcome = execute(&mut work).await;
        *claimed = held.lock().await.clone();
        if outcome.is_ok()
            && let Err(error) = work.store_added(claimed).await
        {
            outcome = Err(error);
        }
        let Work { mut log, output, .. } = work;
        claimed.record.output = output;
        if let Err(error) = &outcome {
            log.line(invocation.now(), Level::Error, &step.name, &error.chain());
        }
        let item_log = keep_log(context, pipeline, claimed, &log).await?;
        if let Ok(Outcome::Continue { checkpoint, after }) = outcome {
            return self.continue_later(claimed, checkpoint, after, item_log).await;
        }
        Ok(Worked::Ended(End { finish: finish_of(outcome), log: item_log, at: invocation.now() }))
    }

    /// Hands the attempt on to a further invocation.
    async fn continue_later(
        &self,
        claimed: &mut Claimed,
        checkpoint: Value,
        after: Duration,
        log: String,
    ) -> Result<Worked, Error> {
        let Attempt { context, message, pipeline, step, invocation } = *self;
        let delay = after.min(DELAY_LIMIT);
        let continuation = claimed.record.continuations + 1;
        let token = invocation.token(&pipeline.id, &step.name, claimed.record.attempt, continuation);
        let held = context.store.continue_step(claimed, checkpoint, &token, &log, delay, invocation.now()).await;
        if let Some(finish) = held.as_ref().err().and_then(unstorable) {
            return Ok(Worked::Ended(End { finish, log, at: invocation.now() }));
        }
        if let Held::Lost { .. } = held? {
            return Ok(Worked::Left(RunReport::TakenOver));
        }
        let hops = if delay < HEARTBEAT_DISTANCE { message.hops.saturating_add(1) } else { 0 };
        // Past the cap the message is left to the heartbeat's re-send.
        if hops <= context.limits.hop_limit {
            let step = Step { definition: step.clone(), record: claimed.record.clone() };
            let next = StepMessage::new(&pipeline.id, &step, token, hops);
            let next = if message.is_gated { next.gated() } else { next };
            let next = outgoing_after(&next, delay);
            context.store.queue.send(pipeline.definition.priority, vec![next]).await?;
        }
        Ok(Worked::Left(RunReport::Continued))
    }
}

/// Executes under the deadline, renewing the lease where the host asks for it.
async fn execute(work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
    let Some(executor) = work.context.executors.get(&work.step.executor).cloned() else {
        return Err(ExecutorError::permanent(format!(
            "step `{}` asks for the unknown executor `{}` (known: {})",
            work.step.name,
            work.step.executor,
            work.context.executors.names().join(", ")
        )));
    };
    let budget = work.invocation.left().saturating_sub(COMMIT_TIME);
    let renewal = renew(work.context, work.invocation, work.held.clone());
    let execution = tokio::time::timeout(budget, executor.execute(work));
    tokio::select! {
        biased;
        outcome = execution => outcome.unwrap_or_else(|_| {
            let seconds = budget.as_secs();
            Err(ExecutorError::retryable(format!("the attempt did not end within the {seconds} s of its invocation")))
        }),
        lost = renewal => Err(lost),
    }
}

/// Lengthens the lease as long as this runner lives, if the host asks for it; ends only when the step was taken from us.
async fn renew(context: &Context, invocation: &Invocation, held: Arc<Mutex<Claimed>>) -> ExecutorError {
    let Some(lease) = context.limits.renewed_lease else { return std::future::pending().await };
    loop {
        #[expect(clippy::disallowed_methods, reason = "the lease must be renewed while the executor works")]
        tokio::time::sleep(lease / 3).await;
        let mut claimed = held.lock().await;
        match context.store.save_progress(&mut claimed, context.lease_until(invocation)).await {
            Ok(held) => {
                if let Err(lost) = taken(held) {
                    return lost;
                }
            }
            Err(error) => tracing::warn!("lease not renewed: {}", crate::error_chain::chain(&error)),
        }
    }
}

/// Kept free at the end of an invocation to record what came of it.
const COMMIT_TIME: Duration = Duration::from_secs(2);

/// Records how an attempt ended.
pub(super) async fn commit(context: &Context, claimed: &mut Claimed, end: End) -> Result<RunReport, Error> {
    let End { mut finish, log, at } = end;
    let mut held = context.store.finish_step(claimed, &finish, &log, at).await;
    if let Some(failure) = held.as_ref().err().and_then(unstorable) {
        claimed.record.output = None;
        finish = failure;
        held = context.store.finish_step(claimed, &finish, &log, at).await;
    }
    match held? {
        Held::Committed => {
            log_finished(claimed, &finish);
            Ok(RunReport::Finished { status: claimed.record.status })
        }
        Held::Lost { status } => {
            let status = status.map_or_else(|| "gone".to_owned(), |status| status.to_string());
            let (id, name) = (&claimed.pipeline, &claimed.name);
            tracing::warn!(pipeline.id = %id, step.name = %name, "outcome dropped: the step was taken over, it is {status}");
            Ok(RunReport::TakenOver)
        }
    }
}

/// How a runner goes on in the commit that ends a step.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'a> {
    /// The message that is dealt with then.
    pub(super) done: &'a Receipt,
    /// The invocation that the next step is claimed for.
    pub(super) invocation: &'a Invocation,
}

/// What one commit did.
pub(super) struct Committed {
    pub(super) report: RunReport,
    /// The message that was taken with it.
    pub(super) next: Option<NextMessage>,
    /// Whether a mini beat was not in it.
    pub(super) needs_beat: bool,
}

/// Records how an attempt ended in one commit with what follows from it: the mini beat, if nothing else of the pipeline is
/// at work (two that ended at the same moment would not see each other), and the claim of the next step. `None`, and
/// nothing done, if the back end cannot do that or neither can be.
pub(super) async fn commit_at_once(
    context: &Context,
    message: &StepMessage,
    claimed: &mut Claimed,
    end: &End,
    invocation: &Invocation,
    ahead: Option<Ahead<'_>>,
) -> Option<Committed> {
    let transaction = context.store.transaction()?;
    claimed.item.iter().for_each(|item| transaction.know(item));
    let beside = Context { store: transaction.store.clone(), ..context.clone() };
    let mut finished = claimed.clone();
    let held = beside.store.finish_step(&mut finished, &end.finish, &end.log, end.at).await;
    if !matches!(held, Ok(Held::Committed)) {
        return None;
    }
    let is_gated = message.is_gated && finished.record.added.is_empty();
    if is_gated {
        // A beat is not in it, so it is worth while only with a claim.
        ahead?;
    } else {
        mini_heartbeat::beat_alone(&beside, message, invocation).await.ok().flatten()?;
    }
    // After an error the attempt is committed again by itself, and finds its own write if there is one.
    let next = match ahead {
        Some(ahead) => match transaction.commit_and_take_next(&taker(context, ahead)).await {
            Ok(CommitAndTake::Next(next)) => Some(*next),
            Ok(CommitAndTake::NothingNext) => None,
            Ok(CommitAndTake::NotCommitted) | Err(_) => return None,
        },
        None => match transaction.commit().await {
            Ok(true) => None,
            Ok(false) | Err(_) => return None,
        },
    };
    *claimed = finished;
    log_finished(claimed, &end.finish);
    Some(Committed { report: RunReport::Finished { status: claimed.record.status }, next, needs_beat: is_gated })
}

fn taker(context: &Context, ahead: Ahead<'_>) -> NextTaker {
    let Ahead { done, invocation } = ahead;
    NextTaker {
        done: done.clone(),
        owner: invocation.id.clone(),
        lease_until: context.lease_until(invocation),
        now: invocation.now(),
    }
}

/// Puts a log that is too long for the step's item into a file; returns what goes into the item.
async fn keep_log(
    context: &Context,
    pipeline: &Pipeline,
    claimed: &Claimed,
    log: &StepLog,
) -> Result<String, store::Error> {
    let token = claimed.record.token.as_ref().map_or("", |token| &token.0);
    let key = WorkingDirectory::of(&pipeline.id).log_key(&claimed.name, claimed.record.attempt, token);
    if log.is_long() {
        context.store.files.put(&key, Bytes::from(log.text())).await?;
    }
    Ok(log.for_item(&key))
}

fn finish_of(outcome: Result<Outcome, ExecutorError>) -> Finish {
    match outcome {
        Ok(Outcome::Done | Outcome::Continue { .. }) => Finish::Success { warning: None },
        Ok(Outcome::Skipped { reason }) => Finish::Skipped(shortened(reason)),
        Err(ExecutorError::NotFound { message }) => Finish::Skipped(shortened(message)),
        Err(ExecutorError::InvalidData { message }) => Finish::Success { warning: Some(shortened(message)) },
        Err(error @ ExecutorError::Retryable { .. }) => {
            Finish::Error { message: shortened(error.chain()), is_permanent: false }
        }
        Err(error @ ExecutorError::Permanent { .. }) => {
            Finish::Error { message: shortened(error.chain()), is_permanent: true }
        }
    }
}

/// The end of an attempt that leaves something the store refuses for good: too large, or with a number it cannot hold.
fn unstorable(error: &store::Error) -> Option<Finish> {
    let message = format!("what the step left cannot be stored: {}", crate::error_chain::chain(error));
    (!error.is_retryable()).then(|| Finish::Error { message: shortened(message), is_permanent: true })
}

/// Most bytes of a message in the step's item; of an error the log has the whole.
const MESSAGE_LIMIT_BYTES: usize = 500;

fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_LIMIT_BYTES {
        message.truncate(message.floor_char_boundary(MESSAGE_LIMIT_BYTES));
        message.push('…');
    }
    // What others sent may be quoted in it, and terminals obey such characters.
    message.replace(char::is_control, " ")
}

fn log_finished(claimed: &Claimed, finish: &Finish) {
    let record = &claimed.record;
    let duration_ms = match (record.started_at, record.finished_at) {
        (Some(started), Some(finished)) => (finished - started).num_milliseconds(),
        _ => 0,
    };
    let (id, name, attempt) = (&claimed.pipeline, &claimed.name, record.attempt);
    match finish {
        Finish::Success { warning: None } | Finish::Skipped(_) => {
            tracing::info!(pipeline.id = %id, step.name = %name, step.attempt = attempt, duration_ms, "step finished: {}", record.status);
        }
        Finish::Success { warning: Some(message) } | Finish::Error { message, .. } => {
            tracing::warn!(pipeline.id = %id, step.name = %name, step.attempt = attempt, duration_ms, "step finished: {}: {message}", record.status);
        }
    }
}
