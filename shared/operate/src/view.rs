//! What an operator sees: the domain as JSON. Times are UTC, durations carry their unit.

mod listed_arguments;
mod stands_at;
mod steps;

use ::steps::import::arrivals::Arrival;
use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::facts::Facts;
use pipeline::{Definition, Pipeline, PipelineStatus, plan};
use serde::Serialize;
use store::settings::AuditEntry;

use crate::ListedPipeline;

pub use stands_at::StandsAt;
pub use steps::{AttemptRow, StepDetails, StepKnowledge, StepRow, step_details};

/// The outcome of a pipeline that succeeded with warnings of its steps.
pub const WITH_FINDINGS: &str = "success with findings";

/// A pipeline in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PipelineRow {
    /// Its id.
    pub id: String,
    /// The name of its definition.
    pub name: String,
    /// Where it stands.
    pub status: PipelineStatus,
    /// [`WITH_FINDINGS`] if it succeeded and steps of it have a warning: not all that it worked on could be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
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
    /// What its steps are told; in lists each value is shortened.
    #[serde(skip_serializing_if = "Arguments::is_empty")]
    pub arguments: Arguments,
    /// The step that it stands at, in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_at: Option<StandsAt>,
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

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: String,
    /// What was done.
    pub what: String,
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
        outcome: outcome(pipeline),
        spawned_at: pipeline.spawned_at,
        spawned_by: pipeline.spawned_by.clone(),
        ended_at: pipeline.ended_at,
        duration_ms: (pipeline.ended_at.unwrap_or(now) - pipeline.spawned_at).num_milliseconds().max(0),
        stopped: pipeline.stop.as_ref().map(|stop| stop.reason.clone()),
        arguments: listed_arguments::shortened(&pipeline.arguments),
        stands_at: None,
    }
}

impl PipelineRow {
    /// What it came to, or where it stands, in words.
    #[must_use]
    pub fn standing(&self) -> String {
        self.outcome.map_or_else(|| self.status.to_string(), str::to_owned)
    }
}

/// What a pipeline came to, if that is more than its status says.
fn outcome(pipeline: &Pipeline) -> Option<&'static str> {
    (pipeline.status == PipelineStatus::Success && pipeline.warnings > 0).then_some(WITH_FINDINGS)
}

/// Shows a row of a list.
#[must_use]
pub fn row(row: &ListedPipeline, now: DateTime<Utc>) -> ListRow {
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
pub fn details(shown: &Pipeline, around: &Facts, now: DateTime<Utc>) -> PipelineDetails {
    let outlooks = plan::outlooks(shown, around, now);
    let mut rows = Vec::new();
    for (step, outlook) in shown.steps.iter().zip(&outlooks) {
        rows.push(steps::step(shown, step, outlook, now));
    }
    let whole = PipelineRow { arguments: shown.arguments.clone(), ..pipeline(shown, now) };
    PipelineDetails { pipeline: whole, steps: rows }
}

/// Shows a line of the audit.
#[must_use]
pub fn audit(entry: &AuditEntry) -> AuditRow {
    AuditRow { at: entry.at, by: entry.by.clone(), what: entry.what.clone() }
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
