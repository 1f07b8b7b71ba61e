//! Which steps are enqueued or running now, in all open pipelines.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use engine::Context;
use engine::gather::LISTED;
use futures::{StreamExt, stream};
use pipeline::{Name, Pipeline, PipelineId, StepStatus};
use serde::Serialize;

use super::attempts::last_attempt;

/// The steps that are enqueued or running.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ActiveSteps {
    /// The steps, pipeline by pipeline, by priority and age of the pipelines.
    pub steps: Vec<ActiveStep>,
    /// How many there are of each status, in the pipelines that were looked at.
    pub by_status: BTreeMap<String, usize>,
    /// How many there are of each name, in the pipelines that were looked at.
    pub by_name: BTreeMap<String, usize>,
    /// How many open pipelines were looked at.
    pub pipelines: usize,
    /// How many steps are counted but not shown, because there are too many.
    pub left_out: usize,
    /// Pipelines that cannot be read, and why.
    pub problems: Vec<String>,
    /// Where to go on, if there are more open pipelines.
    pub next: Option<String>,
}

/// A step that is enqueued or running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveStep {
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// The name of the pipeline's definition.
    pub pipeline_name: Name,
    /// Its name.
    pub name: Name,
    /// Where it stands.
    pub status: StepStatus,
    /// The number of the attempt.
    pub attempt: u32,
    /// The number of the last attempt: the one that failed for good, or the last that its definition allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_limit: Option<u32>,
    /// Since when it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when the runner holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<DateTime<Utc>>,
    /// How far the work is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
}

/// Most steps that are shown at once.
const SHOWN: usize = 1_000;

/// Lists the steps that are enqueued or running in up to `limit` open pipelines behind a place that an earlier answer
/// named.
///
/// # Errors
/// The store did not answer. A pipeline that cannot be read is a problem of the answer.
pub async fn active_steps(context: &Context, limit: usize, after: Option<&str>) -> store::Result<ActiveSteps> {
    let mut open = context.store.open_pipelines(LISTED).await?;
    open.retain(|open| after.is_none_or(|after| open.place.as_str() > after));
    open.sort_by(|a, b| a.place.cmp(&b.place));
    let has_more = open.len() > limit;
    open.truncate(limit);
    let next = match open.last() {
        Some(last) if has_more => Some(last.place.clone()),
        _ => None,
    };
    let mut found = ActiveSteps { pipelines: open.len(), next, ..ActiveSteps::default() };
    let reads: Vec<_> = open.into_iter().map(|open| read(context, open.id)).collect();
    let mut reads = stream::iter(reads).buffered(context.limits.parallel_pipelines);
    while let Some((id, read)) = reads.next().await {
        match read {
            Ok(Some(pipeline)) => found.add(&pipeline),
            // It was cleaned up since it was listed.
            Ok(None) => {}
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => found.problems.push(format!("pipeline {id}: {}", engine::error_chain::chain(&error))),
        }
    }
    Ok(found)
}

async fn read(context: &Context, id: PipelineId) -> (PipelineId, store::Result<Option<Pipeline>>) {
    let read = context.store.pipeline_with_steps(&id).await;
    (id, read)
}

impl ActiveSteps {
    fn add(&mut self, pipeline: &Pipeline) {
        for step in &pipeline.steps {
            if !step.record.status.is_active() {
                continue;
            }
            let (name, record) = (&step.definition.name, &step.record);
            *self.by_status.entry(record.status.to_string()).or_default() += 1;
            *self.by_name.entry(name.to_string()).or_default() += 1;
            // Counted all the same: only the answer must not grow without end.
            if self.steps.len() >= SHOWN {
                self.left_out += 1;
                continue;
            }
            let is_running = record.status == StepStatus::Running;
            self.steps.push(ActiveStep {
                pipeline: pipeline.id.clone(),
                pipeline_name: pipeline.name().clone(),
                name: name.clone(),
                status: record.status,
                attempt: record.attempt,
                attempts_limit: last_attempt(step),
                since: if is_running { record.started_at } else { record.enqueued_at },
                owner: if is_running { record.owner.clone() } else { None },
                lease_until: record.lease_until,
                progress: record.progress.clone(),
            });
        }
    }
}
