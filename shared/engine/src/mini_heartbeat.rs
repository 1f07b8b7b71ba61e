//! The same pass as the heartbeat, for one pipeline, right after one of its steps ended.

use pipeline::PipelineId;
use pipeline::settings::Scope;
use store::message::StepMessage;

use crate::apply::{AdvanceReport, advance, advance_alone};
use crate::context::{Context, Invocation};
use crate::gather::FactGatherer;

/// Beats for the pipeline of a step that has just ended; if the step is one of a wide stage that is still busy, only as far
/// as to find that out.
///
/// Whoever ends last finds nobody busy and looks at everything. Two that end at the same moment may both find so. A step
/// that is found busy looks for itself when it ends, after this one has been committed.
///
/// # Errors
/// The store did not answer. Nothing is lost: the heartbeat does the same within a minute.
pub async fn beat_behind(
    context: &Context,
    message: &StepMessage,
    invocation: &Invocation,
) -> store::Result<AdvanceReport> {
    let StepMessage { pipeline, step, sort_order, .. } = message;
    if message.is_gated && context.store.is_stage_busy(pipeline, *sort_order, step).await? {
        return Ok(AdvanceReport::default());
    }
    beat(context, pipeline, message.hops.saturating_add(1), invocation).await
}

/// Moves one pipeline on, unless the setting `mini_heartbeat` leaves that to the heartbeat. `hops` counts the runners that
/// followed each other since the last heartbeat.
///
/// # Errors
/// The store did not answer. Nothing is lost: the heartbeat does the same within a minute.
pub async fn beat(
    context: &Context,
    id: &PipelineId,
    hops: u32,
    invocation: &Invocation,
) -> store::Result<AdvanceReport> {
    let gatherer = FactGatherer::of_one(context, context.settings(invocation.now()).await?);
    if !gatherer.settings().flag("mini_heartbeat", &Scope::Default) {
        return Ok(AdvanceReport::default());
    }
    advance(&gatherer, id, hops, invocation).await
}

/// Moves a pipeline on of which no step is running but the one that has just ended. `None`, and nothing done, if something
/// else is, if the setting `mini_heartbeat` leaves it to the heartbeat, or if more is to be done than to go on.
///
/// # Errors
/// The store did not answer.
pub(crate) async fn beat_alone(
    context: &Context,
    message: &StepMessage,
    invocation: &Invocation,
) -> store::Result<Option<AdvanceReport>> {
    let gatherer = FactGatherer::of_one(context, context.settings(invocation.now()).await?);
    if !gatherer.settings().flag("mini_heartbeat", &Scope::Default) {
        return Ok(None);
    }
    advance_alone(&gatherer, &message.pipeline, message.hops.saturating_add(1), invocation).await
}
