//! What people can do to pipelines and see of them: the one set of calls and rows behind the command line, the API and pages.

mod active;
mod arrivals;
mod attempts;
mod cancel;
mod catalogue;
mod claims;
mod error;
mod export;
mod health;
mod ids;
pub mod import_configuration;
mod imports;
mod list;
pub mod listing;
mod operator;
pub mod orders;
mod pause;
mod product;
pub mod queues;
mod rerun;
mod rerun_failed;
mod rows;
pub mod settings;
pub mod shop;
mod spawn;
pub mod upload;
pub mod view;
mod why;

use std::sync::Arc;

use engine::error_chain::chain;
use engine::{Context, Invocation, mini_heartbeat};
use pipeline::PipelineId;
use pipeline::definition::Definition;

pub use active::{ActiveStep, ActiveSteps, active_steps};
pub use arrivals::arrivals;
pub use cancel::{CANCEL_LIMIT, CancelSelection, Cancelled, cancel, cancel_all};
pub use claims::Claims;
pub use error::Error;
pub use export::{ExportText, export, export_text};
pub use health::{Health, HealthStatus, health};
pub use ids::find_by_beginning;
pub use imports::{ImportFile, ImportHistory, ImportOutcome, ImportRow, import_file, import_named, imports};
pub use list::{BadCursor, Cursor, ListedPipeline, PipelineFilter, PipelinePage, UnreadablePipeline, list};
pub use operator::{AuditStamp, Operator};
pub use pause::{pause, resume};
pub use product::{ProductDetails, ShownProduct, product, product_in};
pub use rerun::rerun_step;
pub use rerun_failed::rerun_failed;
pub use rows::rows;
pub use spawn::{InitRequest, Initialized, init, init_once};
pub use why::{Answered, Why, WhyNotSpawned, WhyStep, conditions_of, why, why_not_spawned, why_of};

/// How often a write is repeated because a beat wrote in between.
const RACES: usize = 5;

/// Notes who did what. What was done is done, so a failure here is told to the log, with what the audit misses.
async fn note(context: &Context, what: &str, stamp: AuditStamp<'_>) {
    let AuditStamp { by, at } = stamp;
    if let Err(error) = context.store.record_audit(by, what, at).await {
        tracing::error!("audit not written ({by} {what}): {}", chain(&error));
    }
}

/// Does at once what the next heartbeat would do anyway; what was asked for is done, so a failure here is none.
async fn beat_for(context: &Context, id: &PipelineId, invocation: &Invocation) {
    if let Err(error) = mini_heartbeat::beat(context, id, 0, invocation).await {
        let error = chain(&error);
        tracing::warn!(pipeline.id = %id, "mini heartbeat failed, the heartbeat will do it: {error}");
    }
}

/// The definition of a name that is in force.
///
/// # Errors
/// There is no such definition, it is broken, or the store did not answer.
pub async fn definition(context: &Context, name: &str) -> Result<Arc<Definition>, Error> {
    Ok(context.definitions.find(context.store.files.as_ref(), name).await?)
}
