//! What conditions ask about beside their own pipeline, gathered for a beat.
//!
//! Most conditions ask nothing of the kind, so a beat plans twice where they do: a first plan that takes what is not known
//! for met shows which steps are otherwise ready, and only for these more is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use pipeline::condition::{PipelineCondition, Registered, StepCondition};
use pipeline::facts::{Answer, Asker, Facts};
use pipeline::settings::Settings;
use pipeline::{Definition, Name, Pipeline, PipelineId, PipelineStatus, Pulse, Step};
use store::pipelines::OpenPipeline;
use tokio::sync::OnceCell;

use crate::conditions::looks::Looks;
use crate::conditions::{SpawnQuestion, StepQuestion};
use crate::context::Context;
use crate::monitor::Monitor;

/// Most open pipelines that are listed. All of them, but for the memory: siblings are looked for in the list.
pub const LISTED: usize = 100_000;

/// Gathers the facts around the pipelines of one beat; what was asked once is not asked again.
pub(crate) struct FactGatherer<'a> {
    pub(crate) context: &'a Context,
    pub(crate) monitor: Monitor,
    settings: Arc<Settings>,
    open: OnceCell<Vec<OpenPipeline>>,
    active_steps: OnceCell<BTreeMap<Name, Vec<PipelineId>>>,
}

impl<'a> FactGatherer<'a> {
    /// The gatherer of a beat that has listed the open pipelines.
    pub(crate) fn of_all(context: &'a Context, settings: Arc<Settings>, open: Vec<OpenPipeline>) -> Self {
        let open = OnceCell::new_with(Some(open));
        FactGatherer { context, monitor: Monitor::default(), settings, open, active_steps: OnceCell::new() }
    }

    /// The gatherer of the beat of one pipeline; the others are listed when somebody asks.
    pub(crate) fn of_one(context: &'a Context, settings: Arc<Settings>) -> Self {
        let monitor = Monitor::default();
        FactGatherer { context, monitor, settings, open: OnceCell::new(), active_steps: OnceCell::new() }
    }

    /// The same for a full beat, which also watches how long steps wait.
    pub(crate) fn watching(self, pulse: Pulse) -> Self {
        FactGatherer { monitor: Monitor::of_beat(pulse), ..self }
    }

    /// The settings in force, to be kept.
    pub(crate) fn kept_settings(&self) -> Arc<Settings> {
        self.settings.clone()
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Facts of which everything that is not known counts as met.
    pub(crate) fn guess(&self) -> Facts {
        Facts { settings: self.settings.as_ref().clone(), is_guess: true, ..Facts::default() }
    }

    /// The facts that the conditions of some steps ask for; `None` if they ask for none.
    ///
    /// # Errors
    /// The store did not answer.
    pub(crate) async fn around_steps(
        &self,
        pipeline: &Pipeline,
        steps: impl Iterator<Item = &Step> + Clone,
        now: DateTime<Utc>,
    ) -> store::Result<Option<Facts>> {
        let mut around = Facts { settings: self.settings.as_ref().clone(), ..Facts::default() };
        let mut has_asked = false;
        for step in steps {
            for (index, described) in step.definition.conditions.iter().enumerate() {
                match &described.condition {
                    StepCondition::WaitForStepIsNotRunning { .. } => {
                        around.active_steps = self.active_steps().await?.clone()
                    }
                    StepCondition::NamedPipelinesHaveStatus { pipelines, .. } => {
                        self.add_latest(&mut around, pipelines).await?
                    }
                    StepCondition::Registered(registered) => {
                        let answer = self.ask_step(pipeline, step, registered, now).await?;
                        let asked =
                            Asker { pipeline: Some(pipeline.id.clone()), name: step.definition.name.clone(), index };
                        around.registered.extend(answer.map(|answer| (asked, answer)));
                    }
                    StepCondition::AttemptsLimit { .. }
                    | StepCondition::TimeBetweenAttempts { .. }
                    | StepCondition::PreviousStepsCompleted { .. }
                    | StepCondition::PreviousStepsFinished { .. }
                    | StepCondition::DependingOnNamedSteps { .. }
                    | StepCondition::Recurring { .. } => continue,
                }
                has_asked = true;
            }
        }
        Ok(has_asked.then_some(around))
    }

    /// The facts that the conditions of a definition ask for, after the looks of those that find.
    ///
    /// # Errors
    /// The store did not answer.
    pub(crate) async fn around_definition(
        &self,
        definition: &Definition,
        pulse: Pulse,
        looks: &Looks,
    ) -> store::Result<Facts> {
        let mut around = Facts {
            settings: self.settings.as_ref().clone(),
            has_fetchers: !self.context.fetchers.is_empty(),
            ..Facts::default()
        };
        for (index, described) in definition.conditions.iter().enumerate() {
            match &described.condition {
                PipelineCondition::NoConflictingStep { .. } => around.active_steps = self.active_steps().await?.clone(),
                PipelineCondition::NamedPipelinesHaveStatus { pipelines, .. } => {
                    self.add_latest(&mut around, pipelines).await?;
                }
                PipelineCondition::Registered(Registered { name, arguments }) => {
                    let asked = Asker { pipeline: None, name: definition.name.clone(), index };
                    if let Some(answer) = looks.answer(name, &definition.name) {
                        around.registered.insert(asked, answer);
                    } else if let Some(condition) = self.context.conditions.of_pipelines(name) {
                        let question = SpawnQuestion { store: &self.context.store, definition, arguments, pulse };
                        around.registered.insert(asked, condition.check(&question).await?);
                    }
                }
                PipelineCondition::NoAutoSpawn
                | PipelineCondition::NoSiblingInProgress
                | PipelineCondition::CronExpression { .. }
                | PipelineCondition::ConfigurableCronExpression { .. }
                | PipelineCondition::CleanUp
                | PipelineCondition::Initializer
                | PipelineCondition::WebsiteActive { .. }
                | PipelineCondition::PipelineEnabled
                | PipelineCondition::Maintenance => {}
            }
        }
        Ok(around)
    }

    async fn ask_step(
        &self,
        pipeline: &Pipeline,
        step: &Step,
        registered: &Registered,
        now: DateTime<Utc>,
    ) -> store::Result<Option<Answer>> {
        let Registered { name, arguments } = registered;
        let Some(condition) = self.context.conditions.of_steps(name) else { return Ok(None) };
        let question = StepQuestion { store: &self.context.store, pipeline, step: &step.definition, arguments, now };
        condition.check(&question).await.map(Some)
    }

    async fn add_latest(&self, around: &mut Facts, names: &[Name]) -> store::Result<()> {
        for name in names {
            if !around.latest.contains_key(name)
                && let Some(found) = self.latest(name).await?
            {
                around.latest.insert(name.clone(), found);
            }
        }
        Ok(())
    }

    async fn latest(&self, name: &Name) -> store::Result<Option<(PipelineId, PipelineStatus)>> {
        let Some(id) = self.context.store.latest_pipeline(name).await?.id else { return Ok(None) };
        let pipeline = self.context.store.pipeline_without_steps(&id).await?;
        Ok(pipeline.map(|pipeline| (id, pipeline.status)))
    }

    /// By name: in which open pipelines steps are enqueued or running.
    async fn active_steps(&self) -> store::Result<&BTreeMap<Name, Vec<PipelineId>>> {
        self.active_steps.get_or_try_init(|| self.find_active_steps()).await
    }

    async fn find_active_steps(&self) -> store::Result<BTreeMap<Name, Vec<PipelineId>>> {
        let store = &self.context.store;
        let open = self.open.get_or_try_init(|| store.open_pipelines(LISTED)).await?;
        let reads: Vec<_> = open.iter().map(|open| store.pipeline_with_steps(&open.id)).collect();
        let mut pipelines = stream::iter(reads).buffered(self.context.limits.parallel_pipelines);
        let mut active: BTreeMap<Name, BTreeSet<PipelineId>> = BTreeMap::new();
        while let Some(read) = pipelines.next().await {
            let pipeline = match read {
                Ok(Some(pipeline)) => pipeline,
                Ok(None) => continue,
                Err(error) if error.is_retryable() => return Err(error),
                // A pipeline that cannot be read is a problem of its own beat, not of all others.
                Err(_) => continue,
            };
            for step in pipeline.steps.iter().filter(|step| step.record.status.is_active()) {
                active.entry(step.definition.name.clone()).or_default().insert(pipeline.id.clone());
            }
        }
        Ok(active.into_iter().map(|(name, ids)| (name, ids.into_iter().collect())).collect())
    }
}

/// The facts that the unfinished steps of a pipeline ask for, for people who ask why nothing runs.
///
/// # Errors
/// The store did not answer.
pub async fn around(context: &Context, pipeline: &Pipeline, now: DateTime<Utc>) -> store::Result<Facts> {
    let is_open = pipeline.status.is_open();
    let unfinished = pipeline.steps.iter().filter(|step| is_open && !step.record.status.is_active());
    ask(context, pipeline, unfinished, now).await
}

/// The facts that the conditions of one step ask for, wherever it stands.
///
/// # Errors
/// The store did not answer.
pub async fn around_step(
    context: &Context,
    pipeline: &Pipeline,
    step: &Step,
    now: DateTime<Utc>,
) -> store::Result<Facts> {
    ask(context, pipeline, std::iter::once(step), now).await
}

async fn ask(
    context: &Context,
    pipeline: &Pipeline,
    steps: impl Iterator<Item = &Step> + Clone,
    now: DateTime<Utc>,
) -> store::Result<Facts> {
    let gatherer = FactGatherer::of_one(context, context.fresh_settings(now).await?);
    let around = gatherer.around_steps(pipeline, steps, now).await?;
    Ok(around.unwrap_or_else(|| Facts { settings: gatherer.settings().clone(), ..Facts::default() }))
}
