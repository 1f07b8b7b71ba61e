//! Which pipelines there are.

use chrono::{DateTime, Utc};
use pipeline::{Pipeline, PipelineId, PipelineStatus};

use super::Error;
use crate::context::Context;

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
