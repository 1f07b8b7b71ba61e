//! What a beat knows outside one pipeline.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::arguments::Arguments;
use crate::id::{Name, PipelineId};
use crate::settings::Settings;
use crate::status::PipelineStatus;

/// What is known beside the pipeline or definition in question.
///
/// Gathered once per beat. A mini beat gathers only what the conditions of its one pipeline ask for.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The settings in force.
    pub settings: Settings,
    /// Whether this program has data fetchers.
    pub has_fetchers: bool,
    /// By step name: in which open pipelines a step of that name is enqueued or running.
    pub active_steps: BTreeMap<Name, Vec<PipelineId>>,
    /// By definition: the pipeline that was spawned last, and where it stands.
    pub latest: BTreeMap<Name, (PipelineId, PipelineStatus)>,
    /// What the conditions that others registered answered.
    pub registered: BTreeMap<Asker, Answer>,
    /// Whether conditions about what is not known here count as met: a first look, which finds out what must be asked.
    pub is_guess: bool,
}

/// Something that a condition found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Names it for ever: the same thing never spawns twice.
    pub key: String,
    /// When it appeared.
    pub at: DateTime<Utc>,
    /// What the steps are told of it.
    pub arguments: Arguments,
    /// What it consists of, such as names of files: what the note says of each when a pipeline has it or when it waits.
    pub things: Vec<String>,
}

/// What a registered condition answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It holds.
    Met,
    /// It holds because of something that was found, for which one pipeline is spawned and never a second one. Of a step's
    /// condition it is as good as [`Answer::Met`].
    Found(Discovery),
    /// It does not hold now, for this reason.
    Unmet(String),
    /// It can never hold any more, for this reason.
    Never(String),
}

/// Who asked a registered condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asker {
    /// The pipeline, unless a definition asks before its spawn.
    pub pipeline: Option<PipelineId>,
    /// The definition or the step.
    pub name: Name,
    /// The condition's place among those of the definition or step.
    pub index: usize,
}

impl Facts {
    /// Whether maintenance mode is on: nothing is spawned and nothing enqueued.
    #[must_use]
    pub fn is_in_maintenance(&self) -> bool {
        self.settings.flag("maintenance", &crate::settings::Scope::Default)
    }
}
