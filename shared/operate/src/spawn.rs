//! Spawning a pipeline by hand.

use std::sync::Arc;

use engine::{Context, Invocation};
use pipeline::Arguments;
use pipeline::definition::Definition;
use pipeline::{Name, PipelineId};
use store::pipelines::{NewPipeline, Spawned};

use super::{Error, beat_for, definition, note};

/// What became of a request that may come more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialized {
    /// The pipeline.
    pub id: PipelineId,
    /// Whether this very request spawned it.
    pub is_new: bool,
}

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
    let cause = format!("{by} {}", invocation.id);
    spawn(context, definition, arguments, &cause, Vec::new(), by, invocation).await.map(|spawned| spawned.id)
}

/// Does what [`init`] does, once per `key` and definition: a request that is repeated because its answer got lost finds
/// the pipeline of its first try.
///
/// # Errors
/// As [`init`], or the key was used with other arguments.
pub async fn init_once(
    context: &Context,
    name: &str,
    arguments: Arguments,
    by: &str,
    key: &str,
    invocation: &Invocation,
) -> Result<Initialized, Error> {
    let definition = definition(context, name).await?;
    let cause = format!("request {key}");
    if let Some(first) = first_try(context, &definition.name, &cause).await? {
        return confirm(context, first, name, key, &arguments).await;
    }
    let found = vec![cause.clone()];
    let spawned = spawn(context, definition.clone(), arguments.clone(), &cause, found, by, invocation).await?;
    if spawned.is_new {
        return Ok(spawned);
    }
    // The same request came twice at the same moment.
    let first = first_try(context, &definition.name, &cause).await?.unwrap_or(spawned.id);
    confirm(context, first, name, key, &arguments).await
}

async fn first_try(context: &Context, name: &Name, cause: &str) -> Result<Option<PipelineId>, Error> {
    let spawned = context.store.spawned_for(name, &[cause.to_owned()]).await?;
    Ok(spawned.into_iter().next().map(|(_, id)| id))
}

async fn confirm(
    context: &Context,
    id: PipelineId,
    name: &str,
    key: &str,
    arguments: &Arguments,
) -> Result<Initialized, Error> {
    let first = context.store.pipeline_without_steps(&id).await?;
    if first.is_some_and(|first| first.arguments != *arguments) {
        return Err(Error::KeyReused { key: key.to_owned(), name: name.to_owned(), id });
    }
    Ok(Initialized { id, is_new: false })
}

async fn spawn(
    context: &Context,
    definition: Arc<Definition>,
    arguments: Arguments,
    cause: &str,
    found: Vec<String>,
    by: &str,
    invocation: &Invocation,
) -> Result<Initialized, Error> {
    let name = definition.name.clone();
    let id = PipelineId::derive(&name, cause, invocation.now());
    let new = NewPipeline { id: id.clone(), definition, arguments, spawned_by: by.to_owned(), found, after: None };
    if context.store.spawn_pipeline(&new, invocation.now()).await? == Spawned::Existed {
        return Ok(Initialized { id, is_new: false });
    }
    tracing::info!(pipeline.id = %id, pipeline.name = %name, "pipeline spawned by {by}");
    note(context, by, &format!("spawned pipeline {name} {id}"), invocation.now()).await;
    beat_for(context, &id, invocation).await;
    Ok(Initialized { id, is_new: true })
}
