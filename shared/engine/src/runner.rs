//! Takes one message, runs one step.
//!
//! Claim → look for a stop → execute with a deadline → finish → mini beat. A lost claim is a result, not an error; a
//! failure of the mini beat never turns a finished step into a failed message. What comes between claim and mini beat is in
//! `attempt`.

mod attempt;

use pipeline::StepStatus;
use serde::Serialize;
use store::message::{BadMessage, StepMessage};
use store::steps::{Claim, Claimed};

use crate::context::{Context, Invocation};
use crate::mini_heartbeat;
use crate::runner::attempt::{Attempt, End, Worked};

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
    /// The step was taken from this runner while it worked, or its lease was over before it began; nothing was committed.
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
    let mut message = StepMessage::parse(body)?;
    let lease_until = context.lease_until(invocation);
    let claim = context.store.claim_step(&message, &invocation.id, lease_until, invocation.now()).await?;
    let mut claimed = match claim {
        Claim::Won(claimed) => claimed,
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
                // The runner before us may have died between its commit and its mini beat, whatever it did.
                message.is_gated = false;
                mini_beat(context, &message, invocation).await;
            }
            return Ok(RunReport::NotClaimed { status });
        }
    };
    let report = match hold(context, &message, &mut claimed, invocation).await? {
        Worked::Left(RunReport::Continued) => return Ok(RunReport::Continued),
        Worked::Left(report) => report,
        Worked::Ended(end) => {
            if !message.is_gated
                && let Some(report) = attempt::commit_with_beat(context, &message, &mut claimed, &end, invocation).await
            {
                return Ok(report);
            }
            attempt::commit(context, &mut claimed, end, invocation).await?
        }
    };
    // What it added may be ready although its own stage has not ended.
    message.is_gated &= claimed.record.added.is_empty();
    mini_beat(context, &message, invocation).await;
    Ok(report)
}

/// Looks for a stop, and then does the work of a claimed step.
async fn hold(
    context: &Context,
    message: &StepMessage,
    claimed: &mut Claimed,
    invocation: &Invocation,
) -> Result<Worked, Error> {
    let Some(pipeline) = context.store.pipeline_without_steps(&message.pipeline).await? else {
        return Ok(Worked::Left(RunReport::Gone));
    };
    let added = claimed.definition.take();
    let Some(step) = added.as_ref().or_else(|| pipeline.definition.step(&message.step)) else {
        let message = format!("pipeline `{}` has no step `{}`", pipeline.name(), message.step);
        return Ok(Worked::Ended(End::without_work(message)));
    };
    let reason =
        pipeline.stop.as_ref().map(|stop| stop.reason.clone()).or_else(|| {
            (!pipeline.status.is_open()).then(|| format!("the pipeline has ended, it is {}", pipeline.status))
        });
    if let (Some(reason), false) = (reason, step.run_always || claimed.record.is_forced) {
        context.store.drop_claim(claimed, &reason, invocation.now()).await?;
        return Ok(Worked::Left(RunReport::Stopped));
    }
    Attempt { context, message, pipeline: &pipeline, step, invocation }.run(claimed).await
}

async fn mini_beat(context: &Context, message: &StepMessage, invocation: &Invocation) {
    if let Err(error) = mini_heartbeat::beat_behind(context, message, invocation).await {
        let error = crate::heartbeat::chain(&error);
        tracing::warn!(pipeline.id = %message.pipeline, "mini heartbeat failed, the heartbeat will do it: {error}");
    }
}
