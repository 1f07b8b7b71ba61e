//! Carries on what a dead host of the same machine was doing.
//!
//! On AWS a runner that dies is known by its lease alone, and its attempt counts. A local host can know better: a process
//! that was killed on this machine is gone for certain, and its steps were interrupted, not failed. They go on at their
//! checkpoint at once, as if the runner had run short of time, without using up an attempt.
//!
//! The dead process may also have marked a step enqueued and not sent its message, or received the message and not claimed
//! the step. That leaves no trace, so the messages of all enqueued steps are sent again; what was not lost is a duplicate.
//!
//! A step that is interrupted again and again at the same place is what kills its host, and is given up as on AWS.

use std::time::Duration;

use pipeline::step::INTERRUPTION_LIMIT;
use pipeline::{Pipeline, PipelineId, Step, StepStatus};
use store::message::StepMessage;
use store::queue::Outgoing;
use store::steps::{Claimed, Continuation, StepWritten};

use crate::apply::{outgoing, resend_step};
use crate::context::{Context, Invocation};
use crate::error_chain::chain;
use crate::executor::log_file;

/// Frees a dead beat's lease, enqueues the steps of dead owners again, and sends the messages of all enqueued steps.
///
/// Returns how many messages it sent. To be called when a process has died, not with every beat.
///
/// # Errors
/// The store did not answer.
pub async fn take_over(
    context: &Context,
    is_dead: impl Fn(&str) -> bool,
    invocation: &Invocation,
) -> store::Result<usize> {
    let store = &context.store;
    store.free_lease(&is_dead).await?;
    let mut sent = 0;
    for open in store.open_pipelines(context.limits.pipelines_per_beat).await? {
        let Some(pipeline) = read(context, &open.id).await? else { continue };
        let mut messages = Vec::new();
        for step in &pipeline.steps {
            let is_orphaned = step.record.owner.as_deref().is_some_and(&is_dead);
            messages.extend(match step.record.status {
                StepStatus::Running if is_orphaned => carry_on(context, &pipeline, step, invocation).await?,
                // Whether its message was lost leaves no trace; a second one does no harm.
                StepStatus::Enqueued => resend_step(context, &pipeline.id, step, invocation).await?,
                StepStatus::Running
                | StepStatus::Pending
                | StepStatus::Success
                | StepStatus::Error
                | StepStatus::Skipped
                | StepStatus::Cancelled => None,
            });
        }
        sent += messages.len();
        if !messages.is_empty() {
            store.queue.send(pipeline.definition.priority, messages).await?;
        }
    }
    Ok(sent)
}

/// Reads a pipeline with its steps; one that cannot be read keeps nobody else waiting.
async fn read(context: &Context, id: &PipelineId) -> store::Result<Option<Pipeline>> {
    match context.store.pipeline_with_steps(id).await {
        Err(error) if !error.is_retryable() => {
            tracing::error!(pipeline.id = %id, "pipeline passed over: {}", chain(&error));
            Ok(None)
        }
        read => read,
    }
}

/// Marks a step of a dead owner enqueued again, where it left off; `None` if somebody was faster.
async fn carry_on(
    context: &Context,
    pipeline: &Pipeline,
    step: &Step,
    invocation: &Invocation,
) -> store::Result<Option<Outgoing>> {
    let (record, definition) = (&step.record, &step.definition);
    let Some(owner) = record.owner.clone() else { return Ok(None) };
    if record.interruptions + 1 >= INTERRUPTION_LIMIT {
        give_up(context, pipeline, step, invocation).await?;
        return Ok(None);
    }
    // As the dead host had claimed it: what it wrote last is what the write must meet.
    let mut claimed = Claimed {
        pipeline: pipeline.id.clone(),
        name: definition.name.clone(),
        sort_order: definition.sort_order,
        definition: None,
        record: record.clone(),
        owner,
        item: None,
    };
    let (store, now) = (&context.store, invocation.now());
    let log = log_file::taken_over(context, &claimed, step, now).await?;
    claimed.record.interruptions += 1;
    let token = invocation.token(&pipeline.id, &definition.name, record.attempt, record.continuations + 1);
    let checkpoint = record.checkpoint.clone().unwrap_or_default();
    let continuation = Continuation { checkpoint, token: &token, log: &log, delay: Duration::ZERO };
    let written = store.continue_step(&mut claimed, continuation, now).await?;
    if written != StepWritten::Committed {
        return Ok(None);
    }
    tracing::warn!(
        pipeline.id = %pipeline.id,
        step.name = %definition.name,
        "step carried on: the process that ran it is gone"
    );
    let step = Step { definition: definition.clone(), record: claimed.record };
    Ok(Some(outgoing(&StepMessage::new(&pipeline.id, &step, token, 0))))
}

/// Makes an error for good of a step that has killed its hosts too often in a row.
async fn give_up(context: &Context, pipeline: &Pipeline, step: &Step, invocation: &Invocation) -> store::Result<()> {
    let cause = "the process that ran the step died";
    if context.store.ghost_step(&pipeline.id, step, cause, invocation.now()).await? {
        tracing::error!(pipeline.id = %pipeline.id, step.name = %step.definition.name, "step failed: {cause} again");
    }
    Ok(())
}
