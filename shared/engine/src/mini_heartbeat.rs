//! The same pass as the heartbeat, for one pipeline, right after one of its steps ended.

use pipeline::PipelineId;
use pipeline::settings::Scope;

use crate::apply::{Applied, advance};
use crate::context::{Context, Invocation};
use crate::world::Surroundings;

/// Moves one pipeline on, unless the setting `mini_heartbeat` leaves that to the heartbeat. `hops` counts the runners that
/// followed each other since the last heartbeat.
///
/// # Errors
/// The store did not answer. Nothing is lost: the heartbeat does the same within a minute.
pub async fn beat(context: &Context, id: &PipelineId, hops: u32, invocation: &Invocation) -> store::Result<Applied> {
    let surroundings = Surroundings::of_one(context, context.settings(invocation.now()).await?);
    if !surroundings.settings().flag("mini_heartbeat", &Scope::Default) {
        return Ok(Applied::default());
    }
    advance(&surroundings, id, hops, invocation).await
}
