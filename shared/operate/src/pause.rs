//! Pausing a pipeline and letting it go on.

use chrono::SecondsFormat;
use engine::Context;
use pipeline::PipelineId;
use store::pipelines::PipelineWritten;

use super::{Error, Operator, RACES, beat_for, note};

/// Pauses an open pipeline: nothing more of it is enqueued, what is enqueued or running goes on to its end, and its expiry
/// stands still.
///
/// # Errors
/// There is no such pipeline, it has ended, is being stopped or is paused already, or the store did not answer.
pub async fn pause(context: &Context, id: &PipelineId, operator: Operator<'_>) -> Result<(), Error> {
    let Operator { name: by, invocation } = operator;
    for _ in 0..RACES {
        let pipeline = open(context, id).await?;
        if let Some(stop) = pipeline.stop {
            return Err(Error::Stopping { id: id.clone(), reason: stop.reason });
        }
        if let Some(since) = pipeline.paused_at {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            return Err(Error::Paused { id: id.clone(), since });
        }
        if context.store.pause_pipeline(&pipeline, invocation.now()).await? == PipelineWritten::Done {
            tracing::info!(pipeline.id = %id, pipeline.name = %pipeline.name(), "pipeline paused by {by}");
            note(context, &format!("paused pipeline {} {id}", pipeline.name()), operator.stamp()).await;
            beat_for(context, id, invocation).await;
            return Ok(());
        }
    }
    Err(Error::Busy(id.clone()))
}

/// Lets a paused pipeline go on, at once.
///
/// # Errors
/// There is no such pipeline, it has ended or is not paused, or the store did not answer.
pub async fn resume(context: &Context, id: &PipelineId, operator: Operator<'_>) -> Result<(), Error> {
    let Operator { name: by, invocation } = operator;
    for _ in 0..RACES {
        let pipeline = open(context, id).await?;
        if pipeline.paused_at.is_none() {
            return Err(Error::NotPaused(id.clone()));
        }
        if context.store.resume_pipeline(&pipeline, invocation.now()).await? == PipelineWritten::Done {
            tracing::info!(pipeline.id = %id, pipeline.name = %pipeline.name(), "pipeline resumed by {by}");
            note(context, &format!("resumed pipeline {} {id}", pipeline.name()), operator.stamp()).await;
            beat_for(context, id, invocation).await;
            return Ok(());
        }
    }
    Err(Error::Busy(id.clone()))
}

/// The pipeline, without its steps, if it has not ended.
async fn open(context: &Context, id: &PipelineId) -> Result<pipeline::Pipeline, Error> {
    match context.store.pipeline_without_steps(id).await? {
        None => Err(Error::UnknownPipeline(id.clone())),
        Some(pipeline) if !pipeline.status.is_open() => Err(Error::Ended { id: id.clone(), status: pipeline.status }),
        Some(pipeline) => Ok(pipeline),
    }
}
