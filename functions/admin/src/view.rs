//! What an operator sees: the domain as JSON. Times are UTC, durations carry their unit.

use chrono::{DateTime, Utc};
use engine::operate;
use pipeline::facts::World;
use pipeline::plan::{self, Outlook};
use pipeline::{Definition, Pipeline, PipelineStatus, Step, StepStatus};
use serde::Serialize;
use store::arrivals::Arrival;

/// A pipeline in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PipelineRow {
    /// Its id.
    pub id: String,
    /// The name of its definition.
    pub name: String,
    /// Where it stands.
    pub status: PipelineStatus,
    /// When it was spawned.
    pub spawned_at: DateTime<Utc>,
    /// Who spawned it and why.
    pub spawned_by: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it took, or takes already.
    pub duration_ms: i64,
    /// Why it was stopped, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// A row of a list of pipelines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ListRow {
    /// A pipeline.
    Readable(Box<PipelineRow>),
    /// One that cannot be read.
    Unreadable {
        /// Its id.
        id: String,
        /// The name of its definition, if the listing tells.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// When it was spawned.
        spawned_at: DateTime<Utc>,
        /// Why it cannot be read.
        problem: String,
    },
}

/// A pipeline with its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PipelineDetails {
    /// What a list shows of it.
    #[serde(flatten)]
    pub pipeline: PipelineRow,
    /// Its steps in their order.
    pub steps: Vec<StepRow>,
}

/// A step of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepRow {
    /// Its name.
    pub name: String,
    /// Its place.
    pub sort_order: i32,
    /// Which executor does the work.
    pub executor: String,
    /// Where it stands; a step that its pipeline's end left unreached is cancelled.
    pub status: StepStatus,
    /// The number of the latest attempt.
    pub attempt: u32,
    /// When the latest attempt started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// How long the latest attempt took, or takes already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// What failed, why it was skipped, or what is wrong with the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How far the work is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// Why it does not run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
    /// The end of the log of the latest attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub log: String,
    /// What it left for later steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<serde_json::Value>,
}

/// A definition in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DefinitionRow {
    /// Its name.
    pub name: String,
    /// What its author says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its steps' names in their order.
    pub steps: Vec<String>,
}

/// A file of the drop area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArrivalRow {
    /// Its key.
    pub key: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it was seen first.
    pub seen_at: DateTime<Utc>,
    /// Why no pipeline has taken it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The pipeline that took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
}

/// Shows a pipeline in a list.
#[must_use]
pub fn pipeline(pipeline: &Pipeline, now: DateTime<Utc>) -> PipelineRow {
    PipelineRow {
        id: pipeline.id.to_string(),
        name: pipeline.name().to_string(),
        status: pipeline.status,
        spawned_at: pipeline.spawned_at,
        spawned_by: pipeline.spawned_by.clone(),
        ended_at: pipeline.ended_at,
        duration_ms: (pipeline.ended_at.unwrap_or(now) - pipeline.spawned_at).num_milliseconds().max(0),
        stopped: pipeline.stop.as_ref().map(|stop| stop.reason.clone()),
    }
}

/// Shows a row of a list.
#[must_use]
pub fn row(row: &operate::Row, now: DateTime<Utc>) -> ListRow {
    match &row.pipeline {
        Ok(readable) => ListRow::Readable(Box::new(pipeline(readable, now))),
        Err(unreadable) => ListRow::Unreadable {
            id: row.id.to_string(),
            name: unreadable.name.as_ref().map(ToString::to_string),
            spawned_at: row.spawned_at,
            problem: unreadable.problem.clone(),
        },
    }
}

/// Shows a pipeline with its steps, and why they wait.
#[must_use]
pub fn details(shown: &Pipeline, world: &World, now: DateTime<Utc>) -> PipelineDetails {
    let outlooks = plan::outlooks(shown, world, now);
    let steps = shown.steps.iter().zip(&outlooks).map(|(of, outlook)| step(shown, of, outlook, now)).collect();
    PipelineDetails { pipeline: pipeline(shown, now), steps }
}

/// Shows a definition in a list.
#[must_use]
pub fn definition(definition: &Definition) -> DefinitionRow {
    DefinitionRow {
        name: definition.name.to_string(),
        description: definition.description.clone(),
        steps: definition.steps.iter().map(|step| step.name.to_string()).collect(),
    }
}

/// Shows a file of the drop area.
#[must_use]
pub fn arrival(arrival: &Arrival) -> ArrivalRow {
    ArrivalRow {
        key: arrival.key.clone(),
        size_bytes: arrival.size_bytes,
        seen_at: arrival.seen_at,
        waits_for: arrival.waits_for.clone(),
        pipeline: arrival.pipeline.clone(),
    }
}

fn step(pipeline: &Pipeline, step: &Step, outlook: &Outlook, now: DateTime<Utc>) -> StepRow {
    let Step { definition, record } = step;
    let is_over = !pipeline.status.is_open();
    let is_unreached = record.status == StepStatus::Cancelled && record.attempt == 0;
    let waits_for = match outlook {
        Outlook::Waiting(reasons) if !is_over => reasons.clone(),
        Outlook::Unreachable(reason) => vec![reason.clone()],
        Outlook::Ended(_) if is_unreached => why_unreached(pipeline, step).into_iter().collect(),
        Outlook::Waiting(_) | Outlook::Ended(_) | Outlook::Active | Outlook::Ready => Vec::new(),
    };
    let end = if record.status == StepStatus::Running { Some(now) } else { record.finished_at };
    StepRow {
        name: definition.name.to_string(),
        sort_order: definition.sort_order,
        executor: definition.executor.clone(),
        status: record.status,
        attempt: record.attempt,
        started_at: record.started_at,
        duration_ms: record.started_at.zip(end).map(|(start, end)| (end - start).num_milliseconds().max(0)),
        message: record.message.clone(),
        progress: record.progress.clone(),
        waits_for,
        log: record.log.clone(),
        output: record.output.clone(),
    }
}

/// Why the pipeline ended before a step.
fn why_unreached(pipeline: &Pipeline, step: &Step) -> Option<String> {
    if let Some(stop) = &pipeline.stop {
        return Some(format!("the pipeline was stopped: {}", stop.reason));
    }
    let before = pipeline.steps.iter().filter(|other| other.definition.sort_order < step.definition.sort_order);
    let failed = before.into_iter().find(|other| other.record.status == StepStatus::Error)?;
    Some(format!("step `{}` before it did not succeed", failed.definition.name))
}

/// An id that no other request has.
#[must_use]
pub(crate) fn random_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
