//! Where a pipeline of a list stands.

use chrono::{DateTime, Utc};
use pipeline::StepStatus;
use serde::Serialize;

/// The step that failed, or that an open pipeline waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandsAt {
    /// Its name.
    pub step: String,
    /// Where it stands.
    pub status: StepStatus,
    /// The number of its latest attempt.
    pub attempt: u32,
    /// The number of the last attempt: the one that failed for good, or the last that its definition allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_limit: Option<u32>,
    /// Whether it is enqueued or running in the last of them.
    pub is_last_attempt: bool,
    /// Since when it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Why it failed, why it waits, or how far it is.
    pub reason: String,
}
