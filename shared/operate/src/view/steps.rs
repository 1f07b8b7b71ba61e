//! Steps as an operator sees them: a row in the details of a pipeline, and everything about one.

use chrono::{DateTime, Utc};
use engine::StepLog;
use pipeline::plan::Outlook;
use pipeline::{Arguments, Pipeline, Step, StepRecord, StepStatus};
use serde::Serialize;
use store::steps::Attempt;

use crate::Answered;
use crate::attempts::last_attempt;

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
    /// The number of the last attempt: the one that failed for good, or the last that its definition allows.
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
    let mut attempts = Vec::new();
    for earlier in earlier {
        // An attempt is kept just before the next one is enqueued; if that came to nothing, the latest is among them.
        if earlier.number < record.attempt {
            attempts.push(attempt(of, shown, earlier));
        }
    }
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

/// Shows a step in the details of its pipeline, and why it waits.
pub(super) fn step(pipeline: &Pipeline, step: &Step, outlook: &Outlook, now: DateTime<Utc>) -> StepRow {
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
    let duration_ms = match (record.started_at, end) {
        // Two machines wrote them, and their clocks may differ.
        (Some(start), Some(end)) => Some((end - start).num_milliseconds().max(0)),
        _ => None,
    };
    StepRow {
        name: definition.name.to_string(),
        sort_order: definition.sort_order,
        executor: definition.executor.clone(),
        status: record.status,
        attempt: record.attempt,
        attempts_limit: last_attempt(step),
        started_at: record.started_at,
        duration_ms,
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
    let mut before = pipeline.steps.iter().filter(|other| other.definition.sort_order < step.definition.sort_order);
    let failed = before.find(|other| other.record.status == StepStatus::Error)?;
    Some(format!("step `{}` before it did not succeed", failed.definition.name))
}
