//! One spawned pipeline with its steps.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::arguments::Arguments;
use crate::definition::{Definition, StepDefinition};
use crate::id::{Name, PipelineId};
use crate::status::{PipelineStatus, StepStatus};
use crate::step::{Step, StepRecord};

/// A pipeline as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Its id.
    pub id: PipelineId,
    /// The very definition it was spawned from; later edits do not touch it.
    pub definition: Arc<Definition>,
    /// What all its steps are told, besides their own arguments.
    pub arguments: Arguments,
    /// Where it stood when it was settled last.
    pub status: PipelineStatus,
    /// When it was spawned.
    pub spawned_at: DateTime<Utc>,
    /// Who spawned it and why, for people.
    pub spawned_by: String,
    /// When it settled for good.
    pub ended_at: Option<DateTime<Utc>>,
    /// Set when a person or the beat wants it to end early.
    pub stop: Option<StopRequest>,
    /// Since when it is paused by a person; a stop ends the pause.
    pub paused_at: Option<DateTime<Utc>>,
    /// How long it was paused before, in all.
    pub paused_for: Duration,
    /// How often a person ran one of its ordinary steps again. What runs always tells of the others, so it runs again
    /// behind each.
    pub reruns: u32,
    /// How many of its steps had succeeded with a warning when it ended.
    pub warnings: u32,
    /// Its steps, by sort order; those of one stage in the order of the definition, and then those added, by name.
    pub steps: Vec<Step>,
    /// The version of the stored item.
    pub version: u64,
}

/// The wish to end a pipeline early. It comes before every claim: a runner that claims a step looks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    /// Who wants it.
    pub by: StoppedBy,
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// Who ends a pipeline early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoppedBy {
    /// A person, by CLI or API.
    Cancel,
    /// The beat, because `expire-in` or a step's `expireIn` has passed.
    Expiry,
}

impl Pipeline {
    /// The name of its definition.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.definition.name
    }

    /// The step of a name.
    #[must_use]
    pub fn step(&self, name: &Name) -> Option<&Step> {
        self.steps.iter().find(|step| step.definition.name == *name)
    }

    /// The steps of these names, as far as there are such.
    #[must_use]
    pub fn steps_named(&self, names: &[Name]) -> Vec<&Step> {
        match names {
            [] => Vec::new(),
            [name] => self.step(name).into_iter().collect(),
            names => {
                // A wide stage names all of its steps: one look through them instead of one for each name.
                let steps: HashMap<&Name, &Step> =
                    self.steps.iter().map(|step| (&step.definition.name, step)).collect();
                names.iter().filter_map(|name| steps.get(name).copied()).collect()
            }
        }
    }

    /// Joins a definition's steps, and those that were added, with what has become of them. Of two added steps of one name
    /// the first counts: who adds twice means the same.
    ///
    /// Steps without a record have not been enqueued yet; once the pipeline has ended they never will be. One that a late
    /// beat enqueues all the same is never begun, because its runner looks first; it is as good as cancelled.
    #[must_use]
    pub fn join_steps(
        definition: &Definition,
        mut added: Vec<Arc<StepDefinition>>,
        status: PipelineStatus,
        mut record_of: impl FnMut(&Name) -> Option<StepRecord>,
    ) -> Vec<Step> {
        let unreached = if status.is_open() { StepStatus::Pending } else { StepStatus::Cancelled };
        // Both sorts are stable.
        added.sort_by(|a, b| a.name.cmp(&b.name));
        added.dedup_by(|a, b| a.name == b.name);
        let mut all: Vec<_> = definition.steps.iter().cloned().chain(added).collect();
        all.sort_by_key(|step| step.sort_order);
        let mut steps = Vec::with_capacity(all.len());
        for definition in all {
            let mut record = record_of(&definition.name).unwrap_or_else(StepRecord::pending);
            if record.status == StepStatus::Pending || record.status.is_active() && !status.is_open() {
                record.status = unreached;
            }
            steps.push(Step { definition, record });
        }
        steps
    }
}
