//! Where pipelines and steps stand.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::xml::quoted;

/// Where a pipeline stands; [`crate::plan::settled`] computes it and nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PipelineStatus {
    /// Nothing has started.
    Pending,
    /// A step is enqueued, running or can still become ready.
    Running,
    /// A person has paused it: nothing more is enqueued, and what is enqueued or running goes on to its end. The clock of its
    /// expiry stands still. It is open, so its siblings wait.
    Paused,
    /// Every step is success, skipped, or a failure that is allowed.
    Success,
    /// A step failed for good and nothing is left to run.
    Error,
    /// Stopped by a person or by expiry, and no step still runs.
    Cancelled,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// Not enqueued yet.
    Pending,
    /// A message is on its way to a runner.
    Enqueued,
    /// A runner has claimed it.
    Running,
    /// Done.
    Success,
    /// There was nothing to do.
    Skipped,
    /// The attempt failed; unfinished while attempts are left.
    Error,
    /// Never to be run: its pipeline ended first.
    Cancelled,
}

/// Why a text is no [`PipelineStatus`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a pipeline status (expected one of {})", quoted(found), words_of(&PipelineStatus::ALL))]
pub struct BadPipelineStatus {
    /// The text.
    pub found: String,
}

/// Why a text is no [`StepStatus`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a step status")]
pub struct BadStepStatus {
    /// The text.
    pub found: String,
}

impl PipelineStatus {
    /// All of them.
    pub const ALL: [PipelineStatus; 6] = [
        PipelineStatus::Pending,
        PipelineStatus::Running,
        PipelineStatus::Paused,
        PipelineStatus::Success,
        PipelineStatus::Error,
        PipelineStatus::Cancelled,
    ];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PipelineStatus::Pending => "pending",
            PipelineStatus::Running => "running",
            PipelineStatus::Paused => "paused",
            PipelineStatus::Success => "success",
            PipelineStatus::Error => "error",
            PipelineStatus::Cancelled => "cancelled",
        }
    }

    /// Whether beats still look at it.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            PipelineStatus::Pending | PipelineStatus::Running | PipelineStatus::Paused => true,
            PipelineStatus::Success | PipelineStatus::Error | PipelineStatus::Cancelled => false,
        }
    }
}

impl FromStr for PipelineStatus {
    type Err = BadPipelineStatus;

    fn from_str(text: &str) -> Result<Self, BadPipelineStatus> {
        let known = PipelineStatus::ALL.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| BadPipelineStatus { found: text.to_owned() })
    }
}

impl fmt::Display for PipelineStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl StepStatus {
    /// All of them, in the order of a step's life.
    pub const ALL: [StepStatus; 7] = [
        StepStatus::Pending,
        StepStatus::Enqueued,
        StepStatus::Running,
        StepStatus::Success,
        StepStatus::Skipped,
        StepStatus::Error,
        StepStatus::Cancelled,
    ];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            StepStatus::Pending => "pending",
            StepStatus::Enqueued => "enqueued",
            StepStatus::Running => "running",
            StepStatus::Success => "success",
            StepStatus::Skipped => "skipped",
            StepStatus::Error => "error",
            StepStatus::Cancelled => "cancelled",
        }
    }

    /// Whether a message or a runner is busy with the step.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, StepStatus::Enqueued | StepStatus::Running)
    }
}

impl FromStr for StepStatus {
    type Err = BadStepStatus;

    fn from_str(text: &str) -> Result<Self, BadStepStatus> {
        let known = StepStatus::ALL.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| BadStepStatus { found: text.to_owned() })
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

fn words_of(statuses: &[PipelineStatus]) -> String {
    let words: Vec<String> = statuses.iter().map(|status| format!("`{status}`")).collect();
    words.join(", ")
}
