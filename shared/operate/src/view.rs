//! What an operator sees: the domain as JSON. Times are UTC, durations carry their unit.

mod listed_arguments;
mod stands_at;

use chrono::{DateTime, Utc};
use engine::StepLog;
use pipeline::Arguments;
use pipeline::facts::Facts;
use pipeline::plan::{self, Outlook};
use pipeline::{Definition, Pipeline, PipelineStatus, Step, StepRecord, StepStatus};
use serde::Serialize;
use steps::import::arrivals::Arrival;
use store::settings::AuditEntry;
use store::steps::Attempt;

use crate::attempts::last_attempt;
use crate::{Answered, ListedPipeline};

pub use stands_at::StandsAt;

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
    /// The number of the last attempt that its definition allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_limit: Option<u32>,
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

/// Everything about one step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepDetails {
    /// What the details of its pipeline show of it.
    #[serde(flatten)]
    pub step: StepRow,
    /// Its pipeline.
    pub pipeline: String,
    /// The name of the pipeline's definition.
    pub pipeline_name: String,
    /// What its author says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the executor is told, besides the arguments of the pipeline.
    pub arguments: Arguments,
    /// Whether its failure lets the pipeline go on.
    pub allow_failure: bool,
    /// Whether it runs whatever becomes of the others.
    pub run_always: bool,
    /// Why it does not run, or what it does, in one sentence.
    pub why: String,
    /// Its conditions one by one.
    pub conditions: Vec<Answered>,
    /// When the latest attempt was enqueued or continued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enqueued_at: Option<DateTime<Utc>>,
    /// How often its message had to be sent again.
    pub resends: u32,
    /// How often the latest attempt was continued in a further invocation.
    pub continuations: u32,
    /// How often in a row a host died with it.
    pub interruptions: u32,
    /// Who ran or runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when its runner holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<DateTime<Utc>>,
    /// When the latest attempt ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether its error uses up all attempts.
    pub is_permanent: bool,
    /// Where a continued attempt goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<serde_json::Value>,
    /// Its attempts, the first one first.
    pub attempts: Vec<AttemptRow>,
}

/// One attempt of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRow {
    /// Its number.
    pub number: u32,
    /// When it was claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// What failed, why it was skipped, or what is wrong with the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The end of its log.
    pub log: String,
    /// Whether `log` is only the end of a longer one.
    pub is_log_shortened: bool,
    /// Where the whole log is.
    pub log_url: String,
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
        spawned_at: pipeline.spawned_at,
        spawned_by: pipeline.spawned_by.clone(),
        ended_at: pipeline.ended_at,
        duration_ms: (pipeline.ended_at.unwrap_or(now) - pipeline.spawned_at).num_milliseconds().max(0),
        stopped: pipeline.stop.as_ref().map(|stop| stop.reason.clone()),
        arguments: listed_arguments::shortened(&pipeline.arguments),
        stands_at: None,
    }
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
    let steps = shown.steps.iter().zip(&outlooks).map(|(of, outlook)| step(shown, of, outlook, now)).collect();
    let whole = PipelineRow { arguments: shown.arguments.clone(), ..pipeline(shown, now) };
    PipelineDetails { pipeline: whole, steps }
}

/// What is known of one step.
#[derive(Debug)]
pub struct StepKnowledge<'a> {
    /// Its pipeline.
    pub pipeline: &'a Pipeline,
    /// The step.
    pub step: &'a Step,
    /// Why it stands where it stands.
    pub why: String,
    /// Its conditions with their answers.
    pub conditions: Vec<Answered>,
    /// The attempts that are kept beside the latest one.
    pub earlier: &'a [Attempt],
}

/// Shows everything about one step.
#[must_use]
pub fn step_details(known: StepKnowledge<'_>, now: DateTime<Utc>) -> StepDetails {
    let StepKnowledge { pipeline: of, step: shown, why, conditions, earlier } = known;
    let Step { definition, record } = shown;
    // Why it waits stands in `why`.
    let row = step(of, shown, &Outlook::Active, now);
    let earlier = earlier.iter().filter(|earlier| earlier.number < record.attempt);
    let mut attempts: Vec<AttemptRow> = earlier.map(|earlier| attempt(of, shown, earlier)).collect();
    if record.attempt > 0 {
        let StepRecord { attempt: number, started_at, finished_at, message, log, .. } = record.clone();
        attempts.push(attempt(of, shown, &Attempt { number, started_at, finished_at, message, log }));
    }
    StepDetails {
        step: row,
        pipeline: of.id.to_string(),
        pipeline_name: of.name().to_string(),
        description: definition.description.clone(),
        arguments: definition.arguments.clone(),
        allow_failure: definition.allow_failure,
        run_always: definition.run_always,
        why,
        conditions,
        enqueued_at: record.enqueued_at,
        resends: record.resends,
        continuations: record.continuations,
        interruptions: record.interruptions,
        owner: record.owner.clone(),
        lease_until: record.lease_until,
        finished_at: record.finished_at,
        is_permanent: record.is_permanent,
        checkpoint: record.checkpoint.clone(),
        attempts,
    }
}

fn attempt(of: &Pipeline, step: &Step, attempt: &Attempt) -> AttemptRow {
    let Attempt { number, started_at, finished_at, message, log } = attempt.clone();
    AttemptRow {
        number,
        started_at,
        finished_at,
        message,
        is_log_shortened: StepLog::file_of(&log, &of.id).is_some(),
        log,
        log_url: format!("/pipelines/{}/steps/{}/log?attempt={number}", of.id, step.definition.name),
    }
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
        attempts_limit: last_attempt(step),
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
