//! Takes one message, runs one step: claim, look for a stop, attempt, commit, leave.
//!
//! A lost claim is a result, not an error; a failure of the mini beat never turns a finished step into a failed message.
//! The attempt and its commit have files of their own. A host that lives long and runs message after message has a
//! [`resident`] runner, which does the same five steps; the functions on AWS do not need it.

mod attempt;
mod commit;
pub mod resident;

use std::sync::Arc;

use pipeline::{Pipeline, StepDefinition, StepStatus};
use serde::Serialize;
use store::message::{BadMessage, StepMessage};
use store::steps::{Claim, Claimed};
use store::take_next::ClaimedMessage;

use crate::busy_stages::{Others, StageEntry};
use crate::context::{Context, Invocation};
use crate::mini_heartbeat;
use crate::runner::attempt::{Attempted, CurrentAttempt};
use crate::runner::commit::{AttemptEnd, commit};

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
    if context.store.shared_commits.is_some() {
        // One machine: the mini beat is in the commit that ends the step.
        return resident::run_one(context, body, invocation).await;
    }
    let mut step = match claim(context, body, invocation).await? {
        StepClaim::Won(step) => *step,
        StepClaim::NothingToRun(report) => return Ok(report),
    };
    let attempted = match look_for_stop(context, &mut step, invocation).await? {
        StopLook::Begin(order) => CurrentAttempt { context, order: &order, invocation }.run(&mut step).await?,
        StopLook::NotBegun(attempted) => attempted,
    };
    let report = match attempted {
        Attempted::Ended(end) => commit(context, &mut step.claimed, end).await?,
        Attempted::Over(report) => report,
    };
    leave(context, step, &report, invocation).await;
    Ok(report)
}

/// A claimed step, which its stage counts as running.
struct RunningStep {
    message: StepMessage,
    claimed: Box<Claimed>,
    /// The pipeline without its steps, if it was read with the claim.
    pipeline: Option<Pipeline>,
    entry: StageEntry,
}

impl RunningStep {
    fn enter(context: &Context, claimed: ClaimedMessage) -> Self {
        let ClaimedMessage { message, claimed, pipeline } = claimed;
        let entry = context.busy_stages.enter(&message);
        RunningStep { message, claimed, pipeline, entry }
    }
}

/// What became of a message before its step began.
enum StepClaim {
    /// The step is claimed.
    Won(Box<RunningStep>),
    /// There is nothing to run.
    NothingToRun(RunReport),
}

/// What a look at the pipeline of a claimed step says.
enum StopLook {
    /// The step is to be begun.
    Begin(Box<WorkOrder>),
    /// It is not begun.
    NotBegun(Attempted),
}

/// What an attempt is made of.
struct WorkOrder {
    /// The pipeline, without the records of its steps.
    pipeline: Pipeline,
    definition: Arc<StepDefinition>,
}

/// Claims the step that a message names.
async fn claim(context: &Context, body: &str, invocation: &Invocation) -> Result<StepClaim, Error> {
    let mut message = StepMessage::parse(body)?;
    let lease_until = context.lease_until(invocation);
    match context.store.claim_step(&message, &invocation.id, lease_until, invocation.now()).await? {
        Claim::Won(claimed) => {
            let step = RunningStep::enter(context, ClaimedMessage { message, claimed, pipeline: None });
            Ok(StepClaim::Won(Box::new(step)))
        }
        Claim::Gone => {
            tracing::warn!(pipeline.id = %message.pipeline, step.name = %message.step, "message dropped: the pipeline is gone");
            Ok(StepClaim::NothingToRun(RunReport::Gone))
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
            Ok(StepClaim::NothingToRun(RunReport::NotClaimed { status }))
        }
    }
}

/// Reads the pipeline of a claimed step and gives the step back if the pipeline was stopped or has ended.
///
/// The look comes after the claim, so that a step that is claimed after a stop was set always finds the stop.
async fn look_for_stop(context: &Context, step: &mut RunningStep, invocation: &Invocation) -> Result<StopLook, Error> {
    let RunningStep { message, claimed, pipeline, .. } = step;
    let pipeline = match pipeline.take() {
        Some(pipeline) => Some(pipeline),
        None => context.store.pipeline_without_steps(&message.pipeline).await?,
    };
    let Some(pipeline) = pipeline else { return Ok(StopLook::NotBegun(Attempted::Over(RunReport::Gone))) };
    let added = claimed.definition.take();
    let Some(definition) = added.or_else(|| pipeline.definition.step(&message.step).cloned()) else {
        let problem = format!("pipeline `{}` has no step `{}`", pipeline.name(), message.step);
        return Ok(StopLook::NotBegun(Attempted::Ended(AttemptEnd::without_work(problem, invocation.now()))));
    };
    if let Some(reason) = reason_not_to_begin(&pipeline, &definition, claimed) {
        context.store.give_back(claimed, &reason, invocation.now()).await?;
        return Ok(StopLook::NotBegun(Attempted::Over(RunReport::Stopped)));
    }
    Ok(StopLook::Begin(Box::new(WorkOrder { pipeline, definition })))
}

/// Why a claimed step is not begun; `None` if it is to be begun.
fn reason_not_to_begin(pipeline: &Pipeline, step: &StepDefinition, claimed: &Claimed) -> Option<String> {
    let is_open = pipeline.status.is_open();
    // What a late beat marks in an ended pipeline is not begun either: nobody waits for it any more.
    if is_open && (step.run_always || claimed.record.is_rerun) {
        return None;
    }
    if let Some(stop) = &pipeline.stop {
        return Some(stop.reason.clone());
    }
    (!is_open).then(|| format!("the pipeline has ended, it is {}", pipeline.status))
}

/// Leaves the stage of a step that is over, and beats for what may follow from it.
async fn leave(context: &Context, step: RunningStep, report: &RunReport, invocation: &Invocation) {
    let RunningStep { mut message, claimed, entry, .. } = step;
    if *report == RunReport::Continued {
        // The step is still running, in the invocation that goes on with it: nothing follows yet.
        return;
    }
    // What the step added may be ready although its own stage has not ended.
    message.is_gated &= claimed.record.added.is_empty();
    // Only now that the end is recorded: whoever leaves after us sees it, so we may leave the look to them. If a next step
    // of the stage was taken with the end, it counts by now, so it may be the one that looks.
    let others = entry.leave();
    // If the stage has ended in this process, to ask the store whether it is busy would be one request for nothing.
    message.is_gated &= others != Others::Left;
    let is_left_to_others = message.is_gated && others == Others::Running;
    if !is_left_to_others {
        mini_beat(context, &message, invocation).await;
    }
}

async fn mini_beat(context: &Context, message: &StepMessage, invocation: &Invocation) {
    if let Err(error) = mini_heartbeat::beat_behind(context, message, invocation).await {
        let error = crate::error_chain::chain(&error);
        tracing::warn!(pipeline.id = %message.pipeline, "mini heartbeat failed, the heartbeat will do it: {error}");
    }
}
