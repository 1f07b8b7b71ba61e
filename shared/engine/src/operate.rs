//! What a person can do to pipelines; the same calls behind the CLI and the API.

mod active;
mod cancel;
mod error;
mod hold;
mod list;
mod process;
pub mod queues;
pub mod settings;
mod spawn;
pub mod upload;
mod why;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipeline::PipelineId;
use pipeline::definition::Definition;

pub use active::{ActiveStep, ActiveSteps, active_steps};
pub use cancel::{CANCEL_LIMIT, Cancelled, cancel, cancel_all};
pub use error::Error;
pub use hold::{pause, resume};
pub use list::{Cursor, Filter, Page, Row, Unreadable, list};
pub use process::process_step;
pub use spawn::{Initialized, init, init_once};
pub use why::{Answered, Why, WhyNotSpawned, WhyStep, conditions_of, why, why_not_spawned, why_of};

use crate::context::{Context, Invocation};
use crate::mini_heartbeat;

/// How often a write is repeated because a beat wrote in between.
const RACES: usize = 5;

/// Notes who did what. What was done is done, so a failure here is told to the log, with what the audit misses.
async fn note(context: &Context, by: &str, what: &str, now: DateTime<Utc>) {
    if let Err(error) = context.store.record_audit(by, what, now).await {
        tracing::error!("audit not written ({by} {what}): {}", crate::heartbeat::chain(&error));
    }
}

/// Does at once what the next heartbeat would do anyway; what was asked for is done, so a failure here is none.
async fn beat_for(context: &Context, id: &PipelineId, invocation: &Invocation) {
    if let Err(error) = mini_heartbeat::beat(context, id, 0, invocation).await {
        let error = crate::heartbeat::chain(&error);
        tracing::warn!(pipeline.id = %id, "mini heartbeat failed, the heartbeat will do it: {error}");
    }
}

/// The definition of a name that is in force.
///
/// # Errors
/// There is no such definition, it is broken, or the store did not answer.
pub async fn definition(context: &Context, name: &str) -> Result<Arc<Definition>, Error> {
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
    let names: Vec<&str> = loaded.definitions.iter().map(|definition| definition.name.as_str()).collect();
    let known = format!("{}{}", names.join(", "), pipeline::xml::suggest::remark(name, names.iter().copied()));
    // One of them may be its own: a file that is no XML does not tell the names in it.
    let broken = loaded.problems.iter().map(|problem| format!("; broken: {problem}")).collect();
    Err(Error::UnknownDefinition { name: name.to_owned(), known, broken })
}
