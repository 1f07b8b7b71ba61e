//! What a person can do to pipelines; the same calls behind the CLI and the API.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipeline::definition::{Arguments, Definition};
use pipeline::pipeline::{Stop, StoppedBy};
use pipeline::{Pipeline, PipelineId, PipelineStatus};
use store::pipelines::{NewPipeline, PipelineWritten};

use crate::context::{Context, Invocation};
use crate::mini_heartbeat;

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such definition.
    #[error("there is no pipeline definition `{name}` (known: {known}{broken})")]
    UnknownDefinition {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
        /// What is wrong with definitions, each behind a semicolon.
        broken: String,
    },
    /// The definition is broken.
    #[error("the definition cannot be used: {problems}")]
    BrokenDefinition {
        /// What is wrong with it.
        problems: String,
    },
    /// There is no such pipeline.
    #[error("there is no pipeline {0}")]
    UnknownPipeline(PipelineId),
    /// The pipeline has ended.
    #[error("pipeline {id} has ended, it is {status}")]
    Ended {
        /// Which.
        id: PipelineId,
        /// How.
        status: PipelineStatus,
    },
    /// Somebody was faster.
    #[error("pipeline {id} is being stopped already: {reason}")]
    Stopping {
        /// Which.
        id: PipelineId,
        /// Why.
        reason: String,
    },
    /// Others keep writing to the pipeline.
    #[error("pipeline {0} changed while it was being changed; try again")]
    Busy(PipelineId),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Which pipelines to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of this definition.
    pub name: Option<String>,
    /// Only those that stand there.
    pub status: Option<PipelineStatus>,
    /// Most pipelines to list.
    pub limit: usize,
}

/// How many months a list looks back.
const MONTHS: u32 = 12;

/// Most pipelines that a filtered list looks at.
const LOOK_LIMIT: usize = 10_000;

/// How often a write is repeated because a beat wrote in between.
const RACES: usize = 5;

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

/// Stops an open pipeline: nothing more is begun but its run-always steps; a running step ends by itself.
///
/// # Errors
/// There is no such pipeline, it has ended or is being stopped, or the store did not answer.
pub async fn cancel(context: &Context, id: &PipelineId, reason: &str, invocation: &Invocation) -> Result<(), Error> {
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
            tracing::info!(pipeline.id = %id, pipeline.name = %pipeline.name(), "pipeline cancelled: {reason}");
            beat_for(context, id, invocation).await;
            return Ok(());
        }
    }
    Err(Error::Busy(id.clone()))
}

/// Does at once what the next heartbeat would do anyway; what was asked for is done, so a failure here is none.
async fn beat_for(context: &Context, id: &PipelineId, invocation: &Invocation) {
    if let Err(error) = mini_heartbeat::beat(context, id, 0, invocation).await {
        let error = crate::heartbeat::chain(&error);
        tracing::warn!(pipeline.id = %id, "mini heartbeat failed, the heartbeat will do it: {error}");
    }
}

/// Lists pipelines: the open ones first, then the ended ones, each with the latest spawn first. Their steps are not read.
///
/// # Errors
/// The store did not answer.
pub async fn list(context: &Context, filter: &Filter, now: DateTime<Utc>) -> Result<Vec<Pipeline>, Error> {
    let store = &context.store;
    let is_filtered = filter.name.is_some() || filter.status.is_some();
    let look = if is_filtered { LOOK_LIMIT } else { filter.limit };
    let mut ids: Vec<PipelineId> = store.open_pipelines(look).await?.into_iter().map(|open| open.id).collect();
    ids.sort_by(|a, b| b.cmp(a));
    ids.extend(store.ended_pipelines(look, MONTHS, now).await?);
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let mut found = Vec::new();
    for page in ids.chunks(100) {
        let pipelines = store.pipelines_without_steps(page).await?.into_iter();
        found.extend(pipelines.filter(|pipeline| filter.takes(pipeline)));
        if found.len() >= filter.limit {
            break;
        }
    }
    // The listing may lag behind, so the order comes from what was read.
    found.sort_by_key(|pipeline| (!pipeline.status.is_open(), std::cmp::Reverse(pipeline.spawned_at)));
    found.truncate(filter.limit);
    Ok(found)
}

impl Filter {
    fn takes(&self, pipeline: &Pipeline) -> bool {
        self.name.as_ref().is_none_or(|name| pipeline.name().as_str() == name)
            && self.status.is_none_or(|status| pipeline.status == status)
    }
}

async fn definition(context: &Context, name: &str) -> Result<Arc<Definition>, Error> {
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    if let Some(definition) = loaded.get(name) {
        return Ok(definition.clone());
    }
    let quoted = format!("`{name}`");
    let problems: Vec<&String> = loaded.problems.iter().filter(|problem| problem.contains(&quoted)).collect();
    if !problems.is_empty() {
        let problems = problems.into_iter().cloned().collect::<Vec<_>>().join("; ");
        return Err(Error::BrokenDefinition { problems });
    }
    let known = loaded.definitions.iter().map(|definition| definition.name.to_string()).collect::<Vec<_>>().join(", ");
    // One of them may be its own: a file that is no XML does not tell the names in it.
    let broken = loaded.problems.iter().map(|problem| format!("; broken: {problem}")).collect();
    Err(Error::UnknownDefinition { name: name.to_owned(), known, broken })
}
