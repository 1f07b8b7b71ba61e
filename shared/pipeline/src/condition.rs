//! Questions about facts that a definition asks before a spawn or an enqueue.
//!
//! The built-in conditions are an enum, so that they can be compared, printed and stored; the code that decides is the
//! code that explains.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::arguments::Arguments;
use crate::id::Name;
use crate::schedule::Cron;
use crate::status::PipelineStatus;

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
    /// The expression of a setting fell due within the pulse; what is set for this definition counts before what is set
    /// for all.
    ConfigurableCronExpression {
        /// The setting, of a kind that holds a cron expression.
        setting: String,
    },
    /// The time of the clean-up has come; the same as the expression of the setting `clean_up.cron`.
    CleanUp,
    /// There are data fetchers, and the settings `initializer.enabled` and `initializer.in_pipeline` say that a pipeline
    /// asks them.
    Initializer,
    /// All these websites are active, as the setting `website.active` says for each.
    WebsiteActive {
        /// Their codes.
        websites: Vec<String>,
    },
    /// The setting `pipeline.enabled` is on for this definition.
    PipelineEnabled,
    /// No step of one of these names is enqueued or running in any pipeline.
    NoConflictingStep {
        /// The names.
        steps: Vec<Name>,
    },
    /// The latest pipeline of each of these definitions has one of these statuses.
    NamedPipelinesHaveStatus {
        /// The definitions.
        pipelines: Vec<Name>,
        /// The statuses.
        statuses: Vec<PipelineStatus>,
    },
    /// Maintenance mode is off. Nothing is spawned during maintenance anyway; the condition says so where one looks.
    Maintenance,
    /// A condition that somebody registered answers.
    #[serde(untagged)]
    Registered(Registered),
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
    /// These of the steps before ended well. Other than the conditions above, it asks so of a run-always step, too, and
    /// what there is not never ended well.
    DependingOnNamedSteps {
        /// Their names.
        steps: Vec<Name>,
    },
    /// No other step of one of these names is enqueued or running, in this pipeline or any other.
    WaitForStepIsNotRunning {
        /// The names.
        steps: Vec<Name>,
    },
    /// The latest pipeline of each of these definitions has one of these statuses.
    NamedPipelinesHaveStatus {
        /// The definitions.
        pipelines: Vec<Name>,
        /// The statuses.
        statuses: Vec<PipelineStatus>,
    },
    /// The step runs again after it succeeded, until it has run so often, is skipped or failed for good. Only then it has
    /// ended for the steps after it.
    ///
    /// Attempts count runs: a failed attempt is one of the runs, and an [`AttemptsLimit`](Self::AttemptsLimit) beside this
    /// decides only whether a failed run is tried again.
    Recurring {
        /// How often it runs in all.
        limit: u32,
        /// The wait after a run.
        #[serde(with = "whole_seconds")]
        wait: Duration,
    },
    /// A condition that somebody registered answers.
    #[serde(untagged)]
    Registered(Registered),
}

/// A condition that a program registers beside those that are built in. Stored and shown like them, under its own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredRegistered")]
pub struct Registered {
    /// Its name.
    #[serde(rename = "type")]
    pub name: String,
    /// What it is told.
    #[serde(skip_serializing_if = "Arguments::is_empty")]
    pub arguments: Arguments,
}

/// As items hold it.
#[derive(Deserialize)]
struct StoredRegistered {
    #[serde(rename = "type")]
    kind: String,
    /// Beside the type `registered`, as earlier versions wrote it.
    name: Option<String>,
    #[serde(default)]
    arguments: Arguments,
}

/// A condition that is built in and cannot be read must not be taken for one that somebody registered.
#[derive(Debug, thiserror::Error)]
#[error("condition `{0}` has arguments that cannot be read")]
struct UnreadableCondition(String);

impl PipelineCondition {
    /// What a registered condition is told, if this is the one of the name.
    #[must_use]
    pub fn registered_as(&self, name: &str) -> Option<&Arguments> {
        let PipelineCondition::Registered(registered) = self else { return None };
        (registered.name == name).then_some(&registered.arguments)
    }
}

impl TryFrom<StoredRegistered> for Registered {
    type Error = UnreadableCondition;

    fn try_from(stored: StoredRegistered) -> Result<Self, UnreadableCondition> {
        let StoredRegistered { kind, name, arguments } = stored;
        let name = name.filter(|_| kind == "registered").unwrap_or(kind);
        if is_built_in(&name) { Err(UnreadableCondition(name)) } else { Ok(Registered { name, arguments }) }
    }
}

/// Whether definitions mean a condition of ours by that type.
#[must_use]
pub fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// The types of all conditions that are built in, of pipelines and of steps.
pub(crate) const BUILT_IN: [&str; 18] = [
    "attempts_limit",
    "clean_up",
    "configurable_cron_expression",
    "cron_expression",
    "depending_on_named_steps",
    "initializer",
    "maintenance",
    "named_pipelines_have_status",
    "no_auto_spawn",
    "no_conflicting_step",
    "no_sibling_in_progress",
    "pipeline_enabled",
    "previous_steps_completed",
    "previous_steps_finished",
    "recurring",
    "time_between_attempts",
    "wait_for_step_is_not_running",
    "website_active",
];

/// The answer of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// It holds. What the condition of a pipeline found is handed to its steps; that of a step hands nothing on.
    Met(Arguments),
    /// It does not hold now, for this reason.
    Unmet(String),
    /// It can never hold any more, for this reason.
    Never(String),
}

/// Serde form of a duration: whole seconds.
mod whole_seconds {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_secs().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        crate::duration::of_seconds(u64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
