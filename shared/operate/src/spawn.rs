//! Spawning a pipeline by hand.

mod request_keys;

use std::sync::Arc;

use engine::Context;
use pipeline::Arguments;
use pipeline::definition::Definition;
use pipeline::{Name, PipelineId};
use store::pipelines::{NewPipeline, Spawned};

use super::error::ARGUMENTS_LIMIT_BYTES;
use super::{Error, Operator, beat_for, definition, note};

/// What became of a request that may come more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialized {
    /// The pipeline.
    pub id: PipelineId,
    /// Whether this very request spawned it.
    pub is_new: bool,
}

/// What is to be spawned, in a request that may come more than once.
#[derive(Debug, Clone)]
pub struct InitRequest<'a> {
    /// The name of the definition.
    pub name: &'a str,
    /// What the steps are told.
    pub arguments: Arguments,
    /// Tells the request from others for the same definition.
    pub key: &'a str,
}

/// A pipeline to spawn.
struct SpawnOrder {
    definition: Arc<Definition>,
    arguments: Arguments,
    /// What its id is derived from.
    cause: String,
    /// What no other pipeline may be spawned for.
    found: Vec<String>,
}

/// Spawns a pipeline by hand, whatever its conditions say, and enqueues its first steps.
///
/// # Errors
/// An argument cannot be used, there is no such definition, it is broken, or the store did not answer.
pub async fn init(
    context: &Context,
    name: &str,
    arguments: Arguments,
    operator: Operator<'_>,
) -> Result<PipelineId, Error> {
    check(&arguments)?;
    let definition = definition(context, name).await?;
    let cause = format!("{} {}", operator.name, operator.invocation.id);
    let spawned = spawn(context, SpawnOrder { definition, arguments, cause, found: Vec::new() }, operator).await?;
    Ok(spawned.id)
}

/// Does what [`init`] does, once per key and definition: a request that is repeated because its answer got lost finds the
/// pipeline of its first try.
///
/// # Errors
/// As [`init`], or the key was used with other arguments or for another definition.
pub async fn init_once(
    context: &Context,
    request: &InitRequest<'_>,
    operator: Operator<'_>,
) -> Result<Initialized, Error> {
    check(&request.arguments)?;
    let definition = definition(context, request.name).await?;
    let name = definition.name.clone();
    let cause = format!("request {}", request.key);
    if let Some(first) = first_try(context, &name, &cause).await? {
        return confirm(context, first, request).await;
    }
    request_keys::take(context, request.key, &name, operator.invocation.now()).await?;
    let (arguments, found) = (request.arguments.clone(), vec![cause.clone()]);
    let spawned = spawn(context, SpawnOrder { definition, arguments, cause: cause.clone(), found }, operator).await?;
    if spawned.is_new {
        return Ok(spawned);
    }
    // The same request came twice at the same moment.
    let first = first_try(context, &name, &cause).await?.unwrap_or(spawned.id);
    confirm(context, first, request).await
}

/// Refuses arguments that no item could keep.
fn check(arguments: &Arguments) -> Result<(), Error> {
    for key in arguments.keys() {
        if key.trim().is_empty() || key.chars().any(char::is_control) {
            return Err(Error::ArgumentKey { found: key.chars().take(60).flat_map(char::escape_default).collect() });
        }
    }
    let size_bytes = arguments.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size_bytes > ARGUMENTS_LIMIT_BYTES {
        return Err(Error::ArgumentsTooLarge { size_bytes });
    }
    Ok(())
}

async fn first_try(context: &Context, name: &Name, cause: &str) -> Result<Option<PipelineId>, Error> {
    let spawned = context.store.spawned_for(name, &[cause.to_owned()]).await?;
    Ok(spawned.into_iter().next().map(|(_, id)| id))
}

/// The pipeline of the first try, if that asked for the same.
async fn confirm(context: &Context, id: PipelineId, request: &InitRequest<'_>) -> Result<Initialized, Error> {
    let first = context.store.pipeline_without_steps(&id).await?;
    if first.is_some_and(|first| first.arguments != request.arguments) {
        return Err(Error::KeyReused { key: request.key.to_owned(), name: request.name.to_owned(), id });
    }
    Ok(Initialized { id, is_new: false })
}

async fn spawn(context: &Context, order: SpawnOrder, operator: Operator<'_>) -> Result<Initialized, Error> {
    let Operator { name: by, invocation } = operator;
    let SpawnOrder { definition, arguments, cause, found } = order;
    let name = definition.name.clone();
    let id = PipelineId::derive(&name, &cause, invocation.now());
    let new = NewPipeline { id: id.clone(), definition, arguments, spawned_by: by.to_owned(), found, after: None };
    if context.store.spawn_pipeline(&new, invocation.now()).await? == Spawned::Existed {
        return Ok(Initialized { id, is_new: false });
    }
    tracing::info!(pipeline.id = %id, pipeline.name = %name, "pipeline spawned by {by}");
    note(context, &format!("spawned pipeline {name} {id}"), operator.stamp()).await;
    beat_for(context, &id, invocation).await;
    Ok(Initialized { id, is_new: true })
}
