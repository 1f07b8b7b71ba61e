//! Stopping a pipeline.

use engine::Context;
use engine::gather::LISTED;
use pipeline::PipelineId;
use pipeline::pipeline::{StopRequest, StoppedBy};
use serde::Serialize;
use store::pipelines::PipelineWritten;

use super::{Error, Operator, RACES, beat_for, note};

/// Stops an open pipeline: nothing more is begun but its run-always steps; a running step ends by itself.
///
/// # Errors
/// There is no such pipeline, it has ended or is being stopped, or the store did not answer.
pub async fn cancel(context: &Context, id: &PipelineId, reason: &str, operator: Operator<'_>) -> Result<(), Error> {
    let Operator { name: by, invocation } = operator;
    for _ in 0..RACES {
        let Some(pipeline) = context.store.pipeline_without_steps(id).await? else {
            return Err(Error::UnknownPipeline(id.clone()));
        };
        if !pipeline.status.is_open() {
            return Err(Error::Ended { id: id.clone(), status: pipeline.status });
        }
        if let Some(stop) = pipeline.stop {
            return Err(Error::Stopping { id: id.clone(), reason: stop.reason });
        }
        let stop = StopRequest { by: StoppedBy::Cancel, reason: reason.to_owned(), at: invocation.now() };
        // Whoever wrote in between may have ended or stopped it: it is read again, and judged anew.
        if context.store.stop_pipeline(&pipeline, &stop).await? == PipelineWritten::Done {
            tracing::info!(pipeline.id = %id, pipeline.name = %pipeline.name(), "pipeline cancelled by {by}: {reason}");
            note(context, &format!("cancelled pipeline {} {id}: {reason}", pipeline.name()), operator.stamp()).await;
            beat_for(context, id, invocation).await;
            return Ok(());
        }
    }
    Err(Error::Busy(id.clone()))
}

/// Which pipelines to stop.
#[derive(Debug, Clone, Default)]
pub struct CancelSelection {
    /// These.
    pub ids: Vec<PipelineId>,
    /// All open ones of these definitions.
    pub names: Vec<String>,
}

/// What became of one of many cancels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cancelled {
    /// The pipeline.
    pub id: PipelineId,
    /// Why it was not cancelled; none if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Most pipelines that one call cancels.
pub const CANCEL_LIMIT: usize = 500;

/// Stops the named pipelines, and all open ones of the named definitions, up to [`CANCEL_LIMIT`]; whoever has more calls
/// again.
///
/// # Errors
/// The store did not answer; some of them may be stopped. What stands in the way of a single one is told in its place.
pub async fn cancel_all(
    context: &Context,
    selection: CancelSelection,
    reason: &str,
    operator: Operator<'_>,
) -> Result<Vec<Cancelled>, Error> {
    let CancelSelection { ids: mut all, names } = selection;
    if !names.is_empty() {
        for open in context.store.open_pipelines(LISTED).await? {
            if names.iter().any(|name| open.name.as_str() == name) {
                all.push(open.id);
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|id| seen.insert(id.clone()));
    all.truncate(CANCEL_LIMIT);
    let mut cancelled = Vec::new();
    for id in all {
        let problem = match cancel(context, &id, reason, operator).await {
            Ok(()) => None,
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => Some(error.to_string()),
        };
        cancelled.push(Cancelled { id, problem });
    }
    Ok(cancelled)
}
