//! Takes one message, runs one step.
//!
//! Claim → look for a stop → execute with a deadline → finish → mini beat. A lost claim is a result, not an error; a
//! failure of the mini beat never turns a finished step into a failed message.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pipeline::{Pipeline, Step, StepStatus};
use serde::Serialize;
use store::message::{BadMessage, StepMessage};
use store::steps::{Claim, Claimed, Finish, Held};
use tokio::sync::Mutex;

use crate::apply::outgoing;
use crate::context::{Context, Invocation};
use crate::executor::{ExecutorError, Outcome};
use crate::mini_heartbeat;
use crate::step_log::{Level, StepLog};
use crate::work::{Work, WorkingDirectory};

/// What a runner did with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum RunReport {
    /// The attempt ended and was committed.
    Finished {
        /// The status of the step.
        status: StepStatus,
    },
    /// Time ran short; a further invocation goes on.
    Continued,
    /// The message was a duplicate or stale.
    NotClaimed {
        /// Where the step stands.
        status: StepStatus,
    },
    /// The pipeline is being stopped; the step was not run.
    Stopped,
    /// The step was taken from this runner while it worked; nothing was committed.
    TakenOver,
    /// The pipeline has been deleted.
    Gone,
}

/// Why a message could not be dealt with; it will be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message can never be understood; it ends in the dead letters as evidence.
    #[error(transparent)]
    BadMessage(#[from] BadMessage),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Runs the step that a message names.
///
/// # Errors
/// The message is unreadable, or the outcome could not be recorded: the queue must deliver it again.
pub async fn run(context: &Context, body: &str, invocation: &Invocation) -> Result<RunReport, Error> {
    let message = StepMessage::parse(body)?;
    let lease_until = context.lease_until(invocation);
    let claim = context.store.claim_step(&message, &invocation.id, lease_until, invocation.now()).await?;
    let claimed = match claim {
        Claim::Won(claimed) => *claimed,
        Claim::Gone => {
            tracing::warn!(pipeline.id = %message.pipeline, step.name = %message.step, "message dropped: the pipeline is gone");
            return Ok(RunReport::Gone);
        }
        Claim::Lost { status, is_current } => {
            tracing::warn!(
                pipeline.id = %message.pipeline,
                step.name = %message.step,
                step.attempt = message.attempt,
                "message dropped: it is a duplicate or stale, the step is {status}"
            );
            if is_current && !status.is_active() {
                // The runner before us may have died between its commit and its mini beat.
                mini_beat(context, &message, invocation).await;
            }
            return Ok(RunReport::NotClaimed { status });
        }
    };
    let report = hold(context, &message, claimed, invocation).await?;
    if report != RunReport::Continued {
        mini_beat(context, &message, invocation).await;
    }
    Ok(report)
}

/// Does the work of a claimed step and records how it ended.
async fn hold(
    context: &Context,
    message: &StepMessage,
    mut claimed: Claimed,
    invocation: &Invocation,
) -> Result<RunReport, Error> {
    let Some(pipeline) = context.store.pipeline_without_steps(&message.pipeline).await? else {
        return Ok(RunReport::Gone);
    };
    let Some(step) = pipeline.definition.step(&message.step) else {
        let message = format!("pipeline `{}` has no step `{}`", pipeline.name(), message.step);
        let finish = Finish::Error { message, is_permanent: true };
        return commit(context, &mut claimed, finish, "", invocation).await;
    };
    let reason =
        pipeline.stop.as_ref().map(|stop| stop.reason.clone()).or_else(|| {
            (!pipeline.status.is_open()).then(|| format!("the pipeline has ended, it is {}", pipeline.status))
        });
    if let (Some(reason), false) = (reason, step.run_always) {
        context.store.drop_claim(&mut claimed, &reason, invocation.now()).await?;
        return Ok(RunReport::Stopped);
    }
    let log = StepLog::continued(if claimed.record.continuations > 0 { &claimed.record.log } else { "" });
    let record = claimed.record.clone();
    let held = Arc::new(Mutex::new(claimed));
    let store = &context.store;
    let mut work =
        Work { store, pipeline: &pipeline, step, held: held.clone(), record, output: None, invocation, context, log };
    let outcome = execute(&mut work).await;
    let Work { mut log, output, .. } = work;
    let mut claimed = held.lock().await.clone();
    claimed.record.output = output;
    if let Err(error) = &outcome {
        log.line(invocation.now(), Level::Error, &step.name, &error.chain());
    }
    let item_log = keep_log(context, &pipeline, &claimed, &log).await?;
    if let Ok(Outcome::Continue { checkpoint }) = outcome {
        return continue_later(context, message, &mut claimed, checkpoint, &item_log, invocation).await;
    }
    commit(context, &mut claimed, finish_of(outcome), &item_log, invocation).await
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
                if let Err(lost) = crate::work::taken(held) {
                    return lost;
                }
            }
            Err(error) => tracing::warn!("lease not renewed: {}", crate::heartbeat::chain(&error)),
        }
    }
}

/// Kept free at the end of an invocation to record what came of it.
const COMMIT_TIME: Duration = Duration::from_secs(2);

async fn commit(
    context: &Context,
    claimed: &mut Claimed,
    mut finish: Finish,
    log: &str,
    invocation: &Invocation,
) -> Result<RunReport, Error> {
    let mut held = context.store.finish_step(claimed, &finish, log, invocation.now()).await;
    if let Some(failure) = held.as_ref().err().and_then(unstorable) {
        claimed.record.output = None;
        finish = failure;
        held = context.store.finish_step(claimed, &finish, log, invocation.now()).await;
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

async fn continue_later(
    context: &Context,
    message: &StepMessage,
    claimed: &mut Claimed,
    checkpoint: serde_json::Value,
    log: &str,
    invocation: &Invocation,
) -> Result<RunReport, Error> {
    let store = &context.store;
    let continuation = claimed.record.continuations + 1;
    let token = invocation.token(&claimed.pipeline, &claimed.name, claimed.record.attempt, continuation);
    let held = store.continue_step(claimed, checkpoint, &token, log, invocation.now()).await;
    if let Some(failure) = held.as_ref().err().and_then(unstorable) {
        return commit(context, claimed, failure, log, invocation).await;
    }
    match held? {
        Held::Lost { .. } => Ok(RunReport::TakenOver),
        Held::Committed => {
            // Past the cap the message is left to the heartbeat's re-send.
            if message.hops < context.limits.hop_limit {
                let Some(pipeline) = store.pipeline_without_steps(&claimed.pipeline).await? else {
                    return Ok(RunReport::Gone);
                };
                if let Some(definition) = pipeline.definition.step(&claimed.name) {
                    let step = Step { definition: definition.clone(), record: claimed.record.clone() };
                    let next = StepMessage::new(&claimed.pipeline, &step, token, message.hops + 1);
                    store.queue.send(pipeline.definition.priority, vec![outgoing(&next)]).await?;
                }
            }
            Ok(RunReport::Continued)
        }
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

async fn mini_beat(context: &Context, message: &StepMessage, invocation: &Invocation) {
    if let Err(error) = mini_heartbeat::beat(context, &message.pipeline, message.hops + 1, invocation).await {
        let error = crate::heartbeat::chain(&error);
        tracing::warn!(pipeline.id = %message.pipeline, "mini heartbeat failed, the heartbeat will do it: {error}");
    }
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
    let message = format!("what the step left cannot be stored: {}", crate::heartbeat::chain(error));
    (!error.is_retryable()).then(|| Finish::Error { message: shortened(message), is_permanent: true })
}

/// Most bytes of a message in the step's item; of an error the log has the whole.
const MESSAGE_LIMIT_BYTES: usize = 500;

fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_LIMIT_BYTES {
        message.truncate(message.floor_char_boundary(MESSAGE_LIMIT_BYTES));
        message.push('…');
    }
    message
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
