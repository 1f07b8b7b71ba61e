//! Questions about facts that a definition asks before a spawn or an enqueue.
//!
//! The built-in conditions are an enum, so that they can be compared, printed and stored; the code that decides is the
//! code that explains.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::definition::Arguments;
use crate::id::Name;
use crate::schedule::Cron;

/// What must hold for a pipeline to be spawned by a beat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PipelineCondition {
    /// Never met: the pipeline is spawned by hand, by the API or by another pipeline only.
    NoAutoSpawn,
    /// No pipeline of the same name is open.
    NoSiblingInProgress,
    /// The expression fell due within the pulse.
    CronExpression {
        /// The expression and its time zone.
        #[serde(flatten)]
        cron: Cron,
    },
    /// A bunch of files has arrived completely; hands its files to the steps.
    BunchComplete {
        /// The file name prefixes that belong to the bunch, in the order of their import.
        prefixes: Vec<String>,
    },
}

/// What must hold for a step to be enqueued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StepCondition {
    /// Fewer attempts than the limit have been made.
    AttemptsLimit {
        /// How many attempts there may be; at least 1.
        limit: u32,
    },
    /// After a failed attempt this long has passed.
    TimeBetweenAttempts {
        /// The least wait.
        #[serde(with = "whole_seconds")]
        wait: Duration,
    },
    /// The steps before (or the named ones) ended well: success, skipped, or a failure that is allowed.
    PreviousStepsCompleted {
        /// Only these of the steps before; all if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<Vec<Name>>,
    },
    /// The steps before (or the named ones) ended in whatever way.
    PreviousStepsFinished {
        /// Only these of the steps before; all if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<Vec<Name>>,
    },
}

/// The answer of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// It holds; what it found is handed to the steps.
    Met(Arguments),
    /// It does not hold now, for this reason.
    Unmet(String),
    /// It can never hold any more, for this reason.
    Never(String),
}

/// Serde form of a duration: whole seconds.
mod whole_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_secs().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_secs(u64::deserialize(deserializer)?))
    }
}
