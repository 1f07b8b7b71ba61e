//! The logs of a step's attempts, whole, wherever they are kept.

use chrono::{DateTime, Utc};
use engine::log_file;
use pipeline::{PipelineId, Step};
use serde::Serialize;

use crate::installation::Installation;

/// One attempt and its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AttemptLog {
    pub(crate) attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<DateTime<Utc>>,
    /// What failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    pub(crate) log: String,
}

/// The logs of all attempts, the first one first.
pub(crate) async fn of_step(
    installation: &Installation,
    id: &PipelineId,
    step: &Step,
) -> anyhow::Result<Vec<AttemptLog>> {
    let record = &step.record;
    let mut logs = Vec::new();
    // An attempt that is being enqueued has its log kept before its item goes to the next one.
    let store = &installation.context.store;
    let earlier = store.attempts(id, &step.definition.name).await?;
    for attempt in earlier.into_iter().filter(|attempt| attempt.number != record.attempt) {
        logs.push(AttemptLog {
            attempt: attempt.number,
            started_at: attempt.started_at,
            finished_at: attempt.finished_at,
            message: attempt.message,
            log: log_file::whole(store, id, &attempt.log).await?,
        });
    }
    if record.attempt > 0 {
        logs.push(AttemptLog {
            attempt: record.attempt,
            started_at: record.started_at,
            finished_at: record.finished_at,
            message: record.message.clone(),
            log: log_file::latest(store, id, step).await?,
        });
    }
    Ok(logs)
}

/// One attempt's log below its heading.
pub(crate) fn in_words(attempt: &AttemptLog) -> String {
    let text = if attempt.log.is_empty() { "(nothing was logged)\n" } else { &attempt.log };
    format!("--- ATTEMPT {} ---\n{text}", attempt.attempt)
}
