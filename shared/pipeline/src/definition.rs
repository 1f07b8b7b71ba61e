//! What the XML says: a definition, its steps, and what must hold before they are spawned or enqueued.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::arguments::Arguments;
use crate::condition::{PipelineCondition, StepCondition};
use crate::id::Name;

/// Most steps of one definition. A definition is one table item, which may have 400 KB; work that fans out wider adds its
/// steps when it runs.
pub const STEP_LIMIT: usize = 1_000;

/// Most steps of one pipeline, with those that were added when it ran. A beat that looks at all of them has them in memory
/// and reads their items, a megabyte per thousand.
pub const PIPELINE_STEP_LIMIT: usize = 10_000;

/// What a pipeline is spawned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Unique among all definitions.
    pub name: Name,
    /// What people see beside the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether each pipeline gets a file prefix of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub uses_working_directory: bool,
    /// How long after its spawn a pipeline is cancelled by the beat.
    #[serde(default, with = "crate::duration::seconds", skip_serializing_if = "Option::is_none")]
    pub expire_in: Option<Duration>,
    /// Which queue its steps go through.
    #[serde(default)]
    pub priority: Priority,
    /// What must hold for a spawn; all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Described<PipelineCondition>>,
    /// In the order of [`StepDefinition::sort_order`]; equal ones as they were written.
    pub steps: Vec<Arc<StepDefinition>>,
}

/// One step of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDefinition {
    /// Unique within the definition.
    pub name: Name,
    /// Which executor does the work.
    pub executor: String,
    /// Steps with equal order form a stage.
    pub sort_order: i32,
    /// What people see beside the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long one attempt may run before the whole pipeline is cancelled.
    #[serde(default, with = "crate::duration::seconds", skip_serializing_if = "Option::is_none")]
    pub expire_in: Option<Duration>,
    /// Whether the pipeline can succeed although this step failed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_failure: bool,
    /// Whether the step runs after everything else has ended, whatever the outcome.
    #[serde(default, skip_serializing_if = "is_false")]
    pub run_always: bool,
    /// What the executor is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: Arguments,
    /// What must hold for an attempt; all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Described<StepCondition>>,
    /// Whether a step of the running pipeline added it; no definition has such steps.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_added: bool,
}

/// A condition and the words its author gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described<C> {
    /// The condition.
    #[serde(flatten)]
    pub condition: C,
    /// Its author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Which queue the steps of a pipeline go through; runners take the higher first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before everything else.
    High,
    /// What a definition has that says nothing.
    #[default]
    Normal,
    /// When nothing else waits.
    Low,
}

/// Why a text is no [`Priority`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a priority (expected `high`, `normal` or `low`)")]
pub struct BadPriority {
    /// The text.
    pub found: String,
}

/// Names the content of a definition, so that a pipeline keeps the very definition it was spawned from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DefinitionHash(String);

impl Definition {
    /// The hash of the definition's stored form.
    #[must_use]
    pub fn hash(&self) -> DefinitionHash {
        let stored = serde_json::to_vec(self).expect("a definition has only string keys and no failing serializer");
        let digest = Sha256::digest(stored);
        DefinitionHash(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether two pipelines of it must never be open at the same time.
    #[must_use]
    pub fn has_no_sibling_in_progress(&self) -> bool {
        self.conditions.iter().any(|described| described.condition == PipelineCondition::NoSiblingInProgress)
    }

    /// The step of a name.
    #[must_use]
    pub fn step(&self, name: &Name) -> Option<&Arc<StepDefinition>> {
        self.steps.iter().find(|step| step.name == *name)
    }
}

impl StepDefinition {
    /// A step that waits for the stages before it, as most do, and asks for nothing else.
    #[must_use]
    pub fn new(name: Name, executor: impl Into<String>, sort_order: i32) -> Self {
        let condition = StepCondition::PreviousStepsCompleted { steps: None };
        StepDefinition {
            name,
            executor: executor.into(),
            sort_order,
            description: None,
            expire_in: None,
            allow_failure: false,
            run_always: false,
            arguments: Arguments::new(),
            conditions: vec![Described { condition, description: None }],
            is_added: false,
        }
    }
}

impl DefinitionHash {
    /// Takes a hash back from its stored text.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        DefinitionHash(text)
    }

    /// The hash as 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Priority {
    /// All of them, the highest first.
    pub const ALL: [Priority; 3] = [Priority::High, Priority::Normal, Priority::Low];

    /// The priority as the XML spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        }
    }
}

impl FromStr for Priority {
    type Err = BadPriority;

    fn from_str(text: &str) -> Result<Self, BadPriority> {
        let known = Priority::ALL.into_iter().find(|priority| priority.as_str() == text);
        known.ok_or_else(|| BadPriority { found: text.to_owned() })
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for DefinitionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` hands a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
