//! Gathers what conditions ask about beside their own pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use pipeline::condition::{PipelineCondition, StepCondition};
use pipeline::facts::World;
use pipeline::{Definition, Name, Pipeline, PipelineId, PipelineStatus};
use store::pipelines::OpenPipeline;

use crate::context::Context;

/// What the conditions of some definitions or of one pipeline ask about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// Steps of these names: are they busy anywhere?
    pub steps: BTreeSet<Name>,
    /// Definitions: where does their latest pipeline stand?
    pub pipelines: BTreeSet<Name>,
}

impl Questions {
    /// What the conditions of a pipeline's steps ask.
    #[must_use]
    pub fn of_pipeline(pipeline: &Pipeline) -> Self {
        let mut questions = Questions::default();
        for step in &pipeline.steps {
            for described in &step.definition.conditions {
                questions.add_step_condition(&described.condition);
            }
        }
        questions
    }

    /// What the conditions of definitions ask, those of their steps included.
    #[must_use]
    pub fn of_definitions(definitions: &[Arc<Definition>]) -> Self {
        let mut questions = Questions::default();
        for definition in definitions {
            for described in &definition.conditions {
                questions.add_pipeline_condition(&described.condition);
            }
            for described in definition.steps.iter().flat_map(|step| &step.conditions) {
                questions.add_step_condition(&described.condition);
            }
        }
        questions
    }

    fn add_pipeline_condition(&mut self, condition: &PipelineCondition) {
        match condition {
            PipelineCondition::NoConflictingStep { steps } => self.steps.extend(steps.iter().cloned()),
            PipelineCondition::NamedPipelinesHaveStatus { pipelines, .. } => {
                self.pipelines.extend(pipelines.iter().cloned());
            }
            PipelineCondition::NoAutoSpawn
            | PipelineCondition::NoSiblingInProgress
            | PipelineCondition::CronExpression { .. }
            | PipelineCondition::ConfigurableCronExpression { .. }
            | PipelineCondition::CleanUp
            | PipelineCondition::WebsiteActive { .. }
            | PipelineCondition::PipelineEnabled
            | PipelineCondition::BunchComplete { .. }
            | PipelineCondition::Maintenance
            | PipelineCondition::Registered { .. } => {}
        }
    }

    fn add_step_condition(&mut self, condition: &StepCondition) {
        match condition {
            StepCondition::WaitForStepIsNotRunning { steps } => self.steps.extend(steps.iter().cloned()),
            StepCondition::NamedPipelinesHaveStatus { pipelines, .. } => {
                self.pipelines.extend(pipelines.iter().cloned());
            }
            StepCondition::AttemptsLimit { .. }
            | StepCondition::TimeBetweenAttempts { .. }
            | StepCondition::PreviousStepsCompleted { .. }
            | StepCondition::PreviousStepsFinished { .. }
            | StepCondition::DependingOnNamedSteps { .. }
            | StepCondition::Recurring { .. }
            | StepCondition::Registered { .. } => {}
        }
    }
}

/// Answers questions from what is stored now. Without questions it costs one read, that of the settings.
///
/// # Errors
/// The store did not answer.
pub async fn gather(context: &Context, questions: &Questions, open: &[OpenPipeline]) -> store::Result<World> {
    let settings = context.store.settings().await?;
    let mut latest = BTreeMap::new();
    for name in &questions.pipelines {
        if let Some(found) = latest_of(context, name).await? {
            latest.insert(name.clone(), found);
        }
    }
    let active_steps = if questions.steps.is_empty() {
        BTreeMap::new()
    } else {
        active_steps(context, &questions.steps, open).await?
    };
    Ok(World { settings, active_steps, latest, registered: BTreeMap::new() })
}

async fn latest_of(context: &Context, name: &Name) -> store::Result<Option<(PipelineId, PipelineStatus)>> {
    let Some(id) = context.store.latest_pipeline(name).await? else { return Ok(None) };
    let pipeline = context.store.pipeline_without_steps(&id).await?;
    Ok(pipeline.map(|pipeline| (id, pipeline.status)))
}

/// In which open pipelines steps of these names are enqueued or running.
async fn active_steps(
    context: &Context,
    names: &BTreeSet<Name>,
    open: &[OpenPipeline],
) -> store::Result<BTreeMap<Name, Vec<PipelineId>>> {
    let reads: Vec<_> = open.iter().map(|open| context.store.pipeline_with_steps(&open.id)).collect();
    let pipelines: Vec<Option<Pipeline>> =
        stream::iter(reads).buffered(context.limits.parallel_pipelines).try_collect().await?;
    let mut active: BTreeMap<Name, Vec<PipelineId>> = BTreeMap::new();
    for pipeline in pipelines.into_iter().flatten() {
        for step in pipeline.steps.iter().filter(|step| step.record.status.is_active()) {
            if names.contains(&step.definition.name) {
                active.entry(step.definition.name.clone()).or_default().push(pipeline.id.clone());
            }
        }
    }
    Ok(active)
}
