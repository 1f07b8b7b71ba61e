//! Stopping a pipeline.

use pipeline::PipelineId;
use pipeline::pipeline::{Stop, StoppedBy};
use store::pipelines::PipelineWritten;

use super::{Error, RACES, beat_for, note};
use crate::context::{Context, Invocation};

/// Stops an open pipeline: nothing more is begun but its run-always steps; a running step ends by itself. `by` is who does
/// it, for the audit.
///
/// # Errors
/// There is no such pipeline, it has ended or is being stopped, or the store did not answer.
pub async fn cancel(
    context: &Context,
    id: &PipelineId,
    by: &str,
    reason: &str,
    invocation: &Invocation,
) -> Result<(), Error> {
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
        let stop = Stop { by: StoppedBy::Cancel, reason: reason.to_owned(), at: invocation.now() };
        if context.store.stop_pipeline(&pipeline, &stop).await? == PipelineWritten::Done {
            tracing::info!(pipeline.id = %id, pipeline.name = %pipeline.name(), "pipeline cancelled by {by}: {reason}");
            note(context, by, &format!("cancelled pipeline {} {id}: {reason}", pipeline.name()), invocation.now())
                .await;
            beat_for(context, id, invocation).await;
            return Ok(());
        }
    }
    Err(Error::Busy(id.clone()))
}
