//! The same pass as the heartbeat, for one pipeline, right after one of its steps ended.

use pipeline::PipelineId;

use crate::apply::{Applied, advance};
use crate::context::{Context, Invocation};

/// Moves one pipeline on. `hops` counts the runners that followed each other since the last heartbeat.
///
/// # Errors
/// The store did not answer. Nothing is lost: the heartbeat does the same within a minute.
pub async fn beat(context: &Context, id: &PipelineId, hops: u32, invocation: &Invocation) -> store::Result<Applied> {
    advance(context, id, hops, invocation).await
}
