//! How full the queues are, and what lies in the dead letters and why.

use engine::error_chain::chain;
use engine::{Context, Invocation};
use pipeline::{Name, Pipeline, PipelineId, Priority, StepStatus};
use serde::Serialize;
use store::message::StepMessage;
use store::queue::{Depth, MAX_RECEIVES};

/// How full the queues are. Approximate on AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queues {
    /// One queue for each priority, the highest first.
    pub queues: Vec<QueueDepth>,
    /// Messages that were delivered too often.
    pub dead_letters: u64,
}

/// How full the queue of one priority is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueDepth {
    /// The priority.
    pub priority: Priority,
    /// Messages that wait for a runner.
    pub waiting: u64,
    /// Messages that runners have.
    pub in_flight: u64,
    /// Messages that are not due yet.
    pub delayed: u64,
}

/// A message that was delivered too often, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExaminedDeadLetter {
    /// The message's own id.
    pub id: String,
    /// The pipeline that it is for, if it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<PipelineId>,
    /// The name of the pipeline's definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_name: Option<Name>,
    /// The step that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Name>,
    /// The attempt that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Why it is dead as far as can be told, and what a redrive would do.
    pub why: String,
    /// Its text, shortened.
    pub body: String,
}

/// What became of a redrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redriven {
    /// How many messages were moved back, if the back end can tell; SQS moves them by itself from here on.
    pub moved: Option<u64>,
}

/// Most dead letters that are looked at: each costs two reads.
pub const PEEK_LIMIT: usize = 100;

/// Most characters of a message that are shown.
const BODY_LIMIT: usize = 1_000;

/// Tells how full the queues are.
///
/// # Errors
/// The store did not answer.
pub async fn queues(context: &Context) -> store::Result<Queues> {
    let queue = &context.store.queue;
    let mut queues = Vec::new();
    for priority in Priority::ALL {
        let Depth { waiting, in_flight, delayed } = queue.depth(priority).await?;
        queues.push(QueueDepth { priority, waiting, in_flight, delayed });
    }
    Ok(Queues { queues, dead_letters: queue.count_dead_letters().await? })
}

/// Looks at up to `limit` dead letters ([`PEEK_LIMIT`] at most) and at the steps that they are for.
///
/// # Errors
/// The store did not answer. A message or a step that cannot be read is no error but the reason why a message is dead.
pub async fn dead_letters(context: &Context, limit: usize) -> store::Result<Vec<ExaminedDeadLetter>> {
    let mut letters = Vec::new();
    for letter in context.store.queue.peek_dead_letters(limit.min(PEEK_LIMIT)).await? {
        letters.push(examine(context, letter).await?);
    }
    Ok(letters)
}

/// Moves all dead letters back to the queues that they came from. Safe at any time: a message that is stale by now does
/// nothing.
///
/// # Errors
/// The store did not answer; the messages may have been moved.
pub async fn redrive(context: &Context, by: &str, invocation: &Invocation) -> store::Result<Redriven> {
    // Before the move: what was done and is not noted would be worse than what is noted and was not done.
    let count = context.store.queue.count_dead_letters().await?;
    context.store.record_audit(by, &format!("moved the dead letters back ({count})"), invocation.now()).await?;
    let moved = context.store.queue.redrive_dead_letters().await?;
    tracing::info!("dead letters moved back by {by}");
    Ok(Redriven { moved })
}

async fn examine(context: &Context, letter: store::queue::DeadLetter) -> store::Result<ExaminedDeadLetter> {
    let body = letter.body.chars().take(BODY_LIMIT).collect();
    let unreadable = |why: String| ExaminedDeadLetter {
        id: letter.id.clone(),
        pipeline: None,
        pipeline_name: None,
        step: None,
        attempt: None,
        why,
        body,
    };
    let message = match StepMessage::parse(&letter.body) {
        Ok(message) => message,
        Err(error) => return Ok(unreadable(format!("{}; a redrive fails again", chain(&error)))),
    };
    let read = context.store.pipeline_without_steps(&message.pipeline).await;
    let (name, why) = match read {
        Ok(None) => (None, "its pipeline is not there any more; a redrive drops it".to_owned()),
        Ok(Some(pipeline)) => (Some(pipeline.name().clone()), why(context, &pipeline, &message).await?),
        Err(error) if error.is_retryable() => return Err(error),
        Err(error) => (None, format!("{}; a redrive fails again", chain(&error))),
    };
    let StepMessage { pipeline, step, attempt, .. } = message;
    let dead = unreadable(why);
    Ok(ExaminedDeadLetter {
        pipeline: Some(pipeline),
        pipeline_name: name,
        step: Some(step),
        attempt: Some(attempt),
        ..dead
    })
}

/// Why the message of a pipeline that can be read is dead.
async fn why(context: &Context, pipeline: &Pipeline, message: &StepMessage) -> store::Result<String> {
    let step = &message.step;
    let record = match context.store.step_record(&message.pipeline, message.sort_order, step).await {
        Ok(record) => record,
        Err(error) if error.is_retryable() => return Err(error),
        Err(error) => return Ok(format!("{}; a redrive fails again", chain(&error))),
    };
    let Some(record) = record else {
        return Ok(format!("step `{step}` was never enqueued; a redrive drops the message"));
    };
    let is_stale = record.token.as_ref() != Some(&message.token) || record.attempt != message.attempt;
    Ok(match record.status {
        status if is_stale => {
            format!("stale: step `{step}` is {status} in attempt {}; a redrive drops the message", record.attempt)
        }
        StepStatus::Success | StepStatus::Skipped | StepStatus::Error | StepStatus::Cancelled => {
            format!("step `{step}` has ended, it is {}; a redrive drops the message", record.status)
        }
        StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running => format!(
            "no runner could record an outcome in {MAX_RECEIVES} deliveries, step `{step}` is {} and the pipeline {}; a \
             redrive runs it again",
            record.status, pipeline.status
        ),
    })
}
