//! Takes one message, runs one step.
//!
//! Claim → look for a stop → execute with a deadline → finish → mini beat. A lost claim is a result, not an error; a
//! failure of the mini beat never turns a finished step into a failed message. What comes between claim and mini beat is in
//! `attempt`; a host that runs message after message has a `worker`, which does in one commit what follows on each other.

mod attempt;
mod worker;

use pipeline::{Pipeline, StepDefinition, StepStatus};
use serde::Serialize;
use store::message::{BadMessage, StepMessage};
use store::queue::Received;
use store::steps::{Claim, Claimed};
use store::take_next::{ClaimedMessage, NextMessage};

use crate::at_work::{Others, Place};
use crate::context::{Context, Invocation};
use crate::mini_heartbeat;
use crate::runner::attempt::{Ahead, Attempt, Committed, End, Worked};

pub use worker::{Turn, Worker};

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
    match start(context, body, invocation).await? {
        Start::Step(begun) => Ok(work(context, *begun, invocation, None).await?.0),
        Start::Dropped(report) => Ok(report),
    }
}

/// A claimed step, which counts among those at work.
struct Begun {
    started: ClaimedMessage,
    place: Place,
}

/// A message that was taken with the end of a step.
struct Taken {
    received: Received,
    /// Its step, if that is claimed.
    begun: Option<Begun>,
}

/// What became of a message before its step began.
enum Start {
    /// The step is claimed.
    Step(Box<Begun>),
    /// There is nothing to run.
    Dropped(RunReport),
}

/// Claims the step that a message names.
async fn start(context: &Context, body: &str, invocation: &Invocation) -> Result<Start, Error> {
    let mut message = StepMessage::parse(body)?;
    let lease_until = context.lease_until(invocation);
    match context.store.claim_step(&message, &invocation.id, lease_until, invocation.now()).await? {
        Claim::Won(claimed) => {
            Ok(Start::Step(Box::new(Begun::of(context, ClaimedMessage { message, claimed, pipeline: None }))))
        }
        Claim::Gone => {
            tracing::warn!(pipeline.id = %message.pipeline, step.name = %message.step, "message dropped: the pipeline is gone");
            Ok(Start::Dropped(RunReport::Gone))
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
            Ok(Start::Dropped(RunReport::NotClaimed { status }))
        }
    }
}

impl Begun {
    fn of(context: &Context, started: ClaimedMessage) -> Self {
        let place = context.at_work.enter(&started.message);
        Begun { started, place }
    }
}

/// Runs a claimed step to its end and beats; takes the next message in the same commit if it may go `ahead`.
async fn work(
    context: &Context,
    begun: Begun,
    invocation: &Invocation,
    ahead: Option<Ahead<'_>>,
) -> Result<(RunReport, Option<Taken>), Error> {
    let Begun { mut started, place } = begun;
    let worked = hold(context, &mut started, invocation).await?;
    let ClaimedMessage { mut message, mut claimed, .. } = started;
    let (report, taken, needs_beat) = match worked {
        Worked::Left(RunReport::Continued) => return Ok((RunReport::Continued, None)),
        Worked::Left(report) => (report, None, true),
        Worked::Ended(end) => {
            match attempt::commit_at_once(context, &message, &mut claimed, &end, invocation, ahead).await {
                Some(Committed { report, next, needs_beat }) => {
                    (report, next.map(|next| Taken::of(context, next)), needs_beat)
                }
                None => (attempt::commit(context, &mut claimed, end).await?, None, true),
            }
        }
    };
    // What it added may be ready although its own stage has not ended.
    message.is_gated &= claimed.record.added.is_empty();
    // The next step is among those at work by now, so it may be the one that looks.
    let others = place.leave();
    // To look around first would be work for nothing.
    message.is_gated &= others != Others::Left;
    if needs_beat && !(message.is_gated && others == Others::AtWork) {
        mini_beat(context, &message, invocation).await;
    }
    Ok((report, taken))
}

impl Taken {
    fn of(context: &Context, next: NextMessage) -> Self {
        let NextMessage { received, claimed: started } = next;
        Taken { received, begun: started.map(|started| Begun::of(context, started)) }
    }
}

/// Looks for a stop, and then does the work of a claimed step.
async fn hold(context: &Context, started: &mut ClaimedMessage, invocation: &Invocation) -> Result<Worked, Error> {
    let ClaimedMessage { message, claimed, pipeline } = started;
    let pipeline = match pipeline.take() {
        Some(pipeline) => Some(pipeline),
        None => context.store.pipeline_without_steps(&message.pipeline).await?,
    };
    let Some(pipeline) = pipeline else { return Ok(Worked::Left(RunReport::Gone)) };
    let added = claimed.definition.take();
    let Some(step) = added.as_ref().or_else(|| pipeline.definition.step(&message.step)) else {
        let message = format!("pipeline `{}` has no step `{}`", pipeline.name(), message.step);
        return Ok(Worked::Ended(End::without_work(message, invocation.now())));
    };
    if let Some(reason) = reason_to_drop(&pipeline, step, claimed) {
        context.store.drop_claim(claimed, &reason, invocation.now()).await?;
        return Ok(Worked::Left(RunReport::Stopped));
    }
    Attempt { context, message, pipeline: &pipeline, step, invocation }.run(claimed).await
}

/// Why a claimed step is not begun; `None` if it is to be begun.
fn reason_to_drop(pipeline: &Pipeline, step: &StepDefinition, claimed: &Claimed) -> Option<String> {
    let is_open = pipeline.status.is_open();
    // What a late beat marks in an ended pipeline is not begun either: nobody waits for it any more.
    if is_open && (step.run_always || claimed.record.is_forced) {
        return None;
    }
    let stopped = pipeline.stop.as_ref().map(|stop| stop.reason.clone());
    stopped.or_else(|| (!is_open).then(|| format!("the pipeline has ended, it is {}", pipeline.status)))
}

async fn mini_beat(context: &Context, message: &StepMessage, invocation: &Invocation) {
    if let Err(error) = mini_heartbeat::beat_behind(context, message, invocation).await {
        let error = crate::error_chain::chain(&error);
        tracing::warn!(pipeline.id = %message.pipeline, "mini heartbeat failed, the heartbeat will do it: {error}");
    }
}
