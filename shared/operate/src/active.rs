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
    /// The number of the last attempt that its definition allows.
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
    let open = context.store.open_pipelines(LISTED).await?.into_iter();
    let mut open: Vec<_> = open.filter(|open| after.is_none_or(|after| open.place.as_str() > after)).collect();
    open.sort_by(|a, b| a.place.cmp(&b.place));
    let has_more = open.len() > limit;
    open.truncate(limit);
    let next = open.last().filter(|_| has_more).map(|last| last.place.clone());
    let mut found = ActiveSteps { pipelines: open.len(), next, ..ActiveSteps::default() };
    let reads = open.into_iter().map(|open| async move {
        let read = context.store.pipeline_with_steps(&open.id).await;
        (open.id, read)
    });
    let mut reads = stream::iter(reads.collect::<Vec<_>>()).buffered(context.limits.parallel_pipelines);
    while let Some((id, read)) = reads.next().await {
        match read {
            Ok(pipeline) => pipeline.iter().for_each(|pipeline| found.add(pipeline)),
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => found.problems.push(format!("pipeline {id}: {}", engine::error_chain::chain(&error))),
        }
    }
    Ok(found)
}

impl ActiveSteps {
    fn add(&mut self, pipeline: &Pipeline) {
        for step in pipeline.steps.iter().filter(|step| step.record.status.is_active()) {
            let (name, record) = (&step.definition.name, &step.record);
            *self.by_status.entry(record.status.to_string()).or_default() += 1;
            *self.by_name.entry(name.to_string()).or_default() += 1;
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
                owner: record.owner.clone().filter(|_| is_running),
                lease_until: record.lease_until,
                progress: record.progress.clone(),
            });
        }
    }
}
