//! Conditions that others add: the traits that they implement, and the list of all implementations.
//!
//! A definition names such a condition as its `type`, with arguments as it likes. The conditions that are built in answer
//! from facts and live in `pipeline::condition`; those here may look anywhere, so they are asked by the beat before it
//! plans, and their answer is one of the facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use pipeline::definition::Arguments;
use pipeline::facts::Answer;
use pipeline::merge::{self, Vocabulary};
use pipeline::{Definition, Pipeline, Pulse, StepDefinition};
use store::Store;

/// What a pipeline condition is asked.
pub struct SpawnQuestion<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// What would be spawned.
    pub definition: &'a Definition,
    /// The arguments of the condition.
    pub arguments: &'a Arguments,
    /// The span that the beat answers for.
    pub pulse: Pulse,
}

/// What a step condition is asked.
pub struct StepQuestion<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// The pipeline with its steps.
    pub pipeline: &'a Pipeline,
    /// The step that would be enqueued.
    pub step: &'a StepDefinition,
    /// The arguments of the condition.
    pub arguments: &'a Arguments,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Tells whether a pipeline may be spawned now.
///
/// It is asked by every beat, so it answers within milliseconds and changes nothing. A condition that is simply
/// [`Answer::Met`] spawns a pipeline with every beat, unless another condition stands against that; one that answers
/// [`Answer::Found`] spawns one for each thing found.
#[async_trait]
pub trait PipelineCondition: Send + Sync {
    /// The name that definitions use as `type`: lower-case letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// What it asks, in one line for people.
    fn description(&self) -> &'static str;

    /// Answers.
    ///
    /// # Errors
    /// The store did not answer. What else goes wrong is an [`Answer::Unmet`] that says so.
    async fn check(&self, question: &SpawnQuestion<'_>) -> store::Result<Answer>;
}

/// Tells whether a step may be enqueued now. It is asked when everything else that the step asks for holds.
#[async_trait]
pub trait StepCondition: Send + Sync {
    /// The name that definitions use as `type`: lower-case letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// What it asks, in one line for people.
    fn description(&self) -> &'static str;

    /// Answers.
    ///
    /// # Errors
    /// The store did not answer. What else goes wrong is an [`Answer::Unmet`] that says so.
    async fn check(&self, question: &StepQuestion<'_>) -> store::Result<Answer>;
}

/// All registered conditions of a program, by name.
#[derive(Default)]
pub struct Conditions {
    pipeline: BTreeMap<&'static str, Arc<dyn PipelineCondition>>,
    step: BTreeMap<&'static str, Arc<dyn StepCondition>>,
}

impl Conditions {
    /// Makes the list.
    ///
    /// # Panics
    /// If a name is that of a condition that is built in: definitions could not reach it.
    #[must_use]
    pub fn new(
        pipeline: impl IntoIterator<Item = Arc<dyn PipelineCondition>>,
        step: impl IntoIterator<Item = Arc<dyn StepCondition>>,
    ) -> Self {
        let conditions = Conditions {
            pipeline: pipeline.into_iter().map(|condition| (condition.name(), condition)).collect(),
            step: step.into_iter().map(|condition| (condition.name(), condition)).collect(),
        };
        for name in conditions.pipeline.keys().chain(conditions.step.keys()) {
            assert!(!merge::is_built_in_condition(name), "condition `{name}` is built in and cannot be registered");
        }
        conditions
    }

    /// The pipeline condition of a name.
    #[must_use]
    pub fn of_pipelines(&self, name: &str) -> Option<&Arc<dyn PipelineCondition>> {
        self.pipeline.get(name)
    }

    /// The step condition of a name.
    #[must_use]
    pub fn of_steps(&self, name: &str) -> Option<&Arc<dyn StepCondition>> {
        self.step.get(name)
    }

    /// The names that definitions may use.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            pipeline_conditions: self.pipeline.keys().map(|name| (*name).to_owned()).collect(),
            step_conditions: self.step.keys().map(|name| (*name).to_owned()).collect(),
        }
    }
}
