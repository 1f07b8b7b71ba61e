//! Spawning a pipeline by hand.

use pipeline::PipelineId;
use pipeline::definition::Arguments;
use store::pipelines::NewPipeline;

use super::{Error, beat_for, definition};
use crate::context::{Context, Invocation};

/// Spawns a pipeline by hand, whatever its conditions say, and enqueues its first steps.
///
/// # Errors
/// There is no such definition, it is broken, or the store did not answer.
pub async fn init(
    context: &Context,
    name: &str,
    arguments: Arguments,
    by: &str,
    invocation: &Invocation,
) -> Result<PipelineId, Error> {
    let definition = definition(context, name).await?;
    let key = format!("{by} {}", invocation.id);
    let id = PipelineId::derive(&definition.name, &key, invocation.now());
    let (spawned_by, found, after) = (by.to_owned(), Vec::new(), None);
    let new = NewPipeline { id: id.clone(), definition, arguments, spawned_by, found, after };
    context.store.spawn_pipeline(&new, invocation.now()).await?;
    tracing::info!(pipeline.id = %id, pipeline.name = name, "pipeline spawned by {by}");
    beat_for(context, &id, invocation).await;
    Ok(id)
}
