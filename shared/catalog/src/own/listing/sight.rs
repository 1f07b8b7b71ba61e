//! What a reader may see.

use std::collections::BTreeSet;

use pipeline::PipelineId;
use store::Store;

use super::super::error::Error;
use super::state::state;

/// Which state of the catalogue readers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Things as they are.
    Current,
    /// Things as they were when this generation began.
    Before(u64),
}

/// Finds out what readers see now.
///
/// # Errors
/// The store did not answer.
pub async fn sight(store: &Store) -> Result<Sight, Error> {
    let state = state(store.table.as_ref()).await?;
    let ended = ended(store, &state.holders).await?;
    Ok(match state.holders.len() > ended.len() {
        true => Sight::Before(state.generation),
        false => Sight::Current,
    })
}

/// Those of some pipelines that have ended, or are not known any more.
///
/// # Errors
/// The store did not answer.
pub async fn ended(store: &Store, pipelines: &BTreeSet<PipelineId>) -> Result<BTreeSet<PipelineId>, Error> {
    let mut ended = BTreeSet::new();
    for id in pipelines {
        let pipeline = store.pipeline_without_steps(id).await?;
        if !pipeline.is_some_and(|pipeline| pipeline.status.is_open()) {
            ended.insert(id.clone());
        }
    }
    Ok(ended)
}
