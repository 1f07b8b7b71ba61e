//! Pipelines as a person names them: by the beginning of an id.

use chrono::{DateTime, Utc};
use engine::Context;
use pipeline::{Pipeline, PipelineId};

use super::Error;

/// Most open and most ended pipelines that a beginning of an id is compared with.
const LOOK_LIMIT: usize = 10_000;

/// How many months the ended ones go back.
const MONTHS: u32 = 12;

/// Most candidates that are named where a beginning fits several ids.
const NAMED: usize = 8;

/// The pipeline whose id this is or begins with this, if there is one.
///
/// # Errors
/// There are several, or the store did not answer.
pub async fn find_by_beginning(
    context: &Context,
    beginning: &str,
    now: DateTime<Utc>,
) -> Result<Option<PipelineId>, Error> {
    if let Ok(id) = beginning.parse() {
        return Ok(Some(id));
    }
    let store = &context.store;
    let mut ids = Vec::new();
    for open in store.open_pipelines(LOOK_LIMIT).await? {
        ids.push(open.id);
    }
    ids.extend(store.ended_pipelines(LOOK_LIMIT, MONTHS, now).await?);
    ids.retain(|id| id.as_str().starts_with(beginning));
    ids.sort();
    // One that ends while they are listed is in both lists.
    ids.dedup();
    match ids.as_slice() {
        [] => Ok(None),
        [id] => Ok(Some(id.clone())),
        several => {
            let count = several.len();
            // The latest first: it is the likeliest.
            let latest: Vec<_> = several.iter().rev().take(NAMED).cloned().collect();
            let pipelines = store.pipelines_without_steps(&latest).await?;
            let named: Vec<String> = pipelines.iter().map(describe).collect();
            let more = if count > named.len() { ", …" } else { "" };
            let named = format!("{}{more}", named.join(", "));
            Err(Error::Ambiguous { found: beginning.to_owned(), count, named })
        }
    }
}

fn describe(pipeline: &Pipeline) -> String {
    format!("{} ({}, {})", pipeline.id, pipeline.name(), pipeline.status)
}
