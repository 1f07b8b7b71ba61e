//! What an executor gets: arguments, working directory, artifacts, log, deadline, attempt, checkpoint.
//!
//! Steps hand things on by outputs: a value is one, and a file is one that names an artifact. There is no other storage
//! between steps, because an output is fenced: it is that of the attempt that succeeded, whole, or there is none.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipeline::settings::Settings;
use pipeline::{Definition, Pipeline, PipelineId, StepDefinition, StepRecord};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Store;
use store::pipelines::{NewPipeline, Spawned};
use store::services::Services;
use store::steps::{Claimed, StepWritten};
use tokio::sync::Mutex;

use crate::context::{Context, Invocation};
use crate::definitions::FindError;
use crate::error_chain::chain;
use crate::executor::ExecutorError;
use crate::executor::additions::Additions;
use crate::executor::log_file::SharedLog;
use crate::executor::output::read_output;
use crate::executor::step_log::Level;
use crate::executor::working_directory::{WorkingDirectory, is_file_of};
use crate::mini_heartbeat;

/// One attempt of one step, as its executor sees it.
pub struct Work<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// The pipeline, without the records of its steps.
    pub pipeline: &'a Pipeline,
    /// What the step should do.
    pub step: &'a StepDefinition,
    /// Who works, what time it is, and how long the work may take.
    pub invocation: &'a Invocation,
    /// The claim; shared with the renewal of its lease.
    pub(crate) claim: Arc<Mutex<Claimed>>,
    /// The record as it was claimed.
    pub(crate) record: StepRecord,
    pub(crate) output: Option<Value>,
    pub(crate) additions: Additions,
    pub(crate) context: &'a Context,
    /// How many runners have followed each other up to this one.
    pub(crate) hops: u32,
    pub(crate) log: SharedLog,
}

/// Whether an executor should stop and leave a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// There is time.
    None,
    /// The deadline is near.
    Time,
}

impl<'a> Work<'a> {
    /// The id of the pipeline.
    #[must_use]
    pub fn pipeline_id(&self) -> &PipelineId {
        &self.pipeline.id
    }

    /// The number of the attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.record.attempt
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.invocation.now()
    }

    /// The pipeline's file prefix.
    ///
    /// # Errors
    /// The definition has no `use-working-directory="true"`; permanent.
    pub fn working_directory(&self) -> Result<WorkingDirectory, ExecutorError> {
        if self.pipeline.definition.uses_working_directory {
            return Ok(WorkingDirectory::of(&self.pipeline.id));
        }
        let name = self.pipeline.name();
        Err(ExecutorError::permanent(format!(
            "step `{}` needs a working directory; set use-working-directory=\"true\" on pipeline `{name}`",
            self.step.name
        )))
    }

    /// A key for a file that this attempt writes. Other steps learn of it through [`Work::set_output`], so what a losing
    /// attempt wrote stays unseen.
    #[must_use]
    pub fn artifact_key(&self, file_name: &str) -> String {
        let token = self.record.token.as_ref().map_or("", |token| &token.0);
        let directory = WorkingDirectory::of(&self.pipeline.id);
        directory.key(&format!("{}/{}-{token}/{file_name}", self.step.name, self.attempt()))
    }

    /// What this deployment lets executors call beside the storage.
    #[must_use]
    pub fn services(&self) -> &'a Services {
        &self.context.services
    }

    /// The settings in force, read now.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn settings(&self) -> Result<Arc<Settings>, ExecutorError> {
        Ok(self.context.fresh_settings(self.now()).await?)
    }

    /// The definition of a name that is in force.
    ///
    /// # Errors
    /// There is none, or it is broken; both are permanent. Or the store did not answer.
    pub async fn definition(&self, name: &str) -> Result<Arc<Definition>, ExecutorError> {
        match self.context.definitions.find(self.store.files.as_ref(), name).await {
            Ok(definition) => Ok(definition),
            Err(FindError::Store(error)) => Err(error.into()),
            Err(refused) => Err(ExecutorError::permanent(refused.to_string())),
        }
    }

    /// Spawns a pipeline and enqueues its first steps; a repetition with the same id finds what the first one spawned.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn spawn(&mut self, new: &NewPipeline) -> Result<Spawned, ExecutorError> {
        let spawned = self.store.spawn_pipeline(new, self.now()).await?;
        if spawned == Spawned::New {
            let (id, name) = (&new.id, &new.definition.name);
            tracing::info!(pipeline.id = %id, pipeline.name = %name, "pipeline spawned by {}", new.spawned_by);
            self.info(&format!("spawned pipeline `{name}` {id}"));
        }
        // The pipeline is there; what fails now is done by the next heartbeat.
        let hops = self.hops.saturating_add(1);
        if let Err(error) = mini_heartbeat::beat(self.context, &new.id, hops, self.invocation).await {
            let error = chain(&error);
            tracing::warn!(pipeline.id = %new.id, "mini heartbeat failed, the heartbeat will do it: {error}");
        }
        Ok(spawned)
    }

    /// Refuses the key of a file that is not one of this pipeline: outputs may come from outside, as those of a function do.
    ///
    /// # Errors
    /// Permanent, and names the key.
    pub fn check_own_file(&self, key: &str) -> Result<(), ExecutorError> {
        let id = self.pipeline_id();
        if is_file_of(id, key) {
            return Ok(());
        }
        Err(ExecutorError::permanent(format!(
            "`{key}` is no file of this pipeline (expected is a key that begins with `work/{id}/` or `archive/{id}/`)"
        )))
    }

    /// What an earlier step of the definition left, if it has ended and left anything. For the steps that were added, see
    /// [`Work::outputs_of_added`].
    ///
    /// # Errors
    /// The store did not answer, or the output has another shape; the latter is permanent.
    pub async fn output_of<T: DeserializeOwned>(&self, step: &str) -> Result<Option<T>, ExecutorError> {
        let Some(definition) = self.pipeline.definition.steps.iter().find(|other| other.name.as_str() == step) else {
            return Ok(None);
        };
        let record = self.store.step_record(&self.pipeline.id, definition.sort_order, &definition.name).await?;
        let Some(output) = record.and_then(|record| record.output) else { return Ok(None) };
        read_output(step, output).map(Some)
    }

    /// Leaves something for later steps; seen when this attempt is committed. At most some hundred bytes: larger things go
    /// into a file that the output names.
    pub fn set_output(&mut self, output: Value) {
        self.output = Some(output);
    }

    /// Where an earlier invocation or attempt left off.
    ///
    /// # Errors
    /// The checkpoint has another shape; permanent.
    pub fn checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, ExecutorError> {
        let Some(checkpoint) = self.record.checkpoint.clone() else { return Ok(None) };
        serde_json::from_value(checkpoint).map(Some).map_err(|error| {
            ExecutorError::permanent(format!("the checkpoint of step `{}` cannot be read: {error}", self.step.name))
        })
    }

    /// Keeps a checkpoint and a word on the progress, and shows that this runner is alive.
    ///
    /// # Errors
    /// The step was taken from us: stop at once. Or the store did not answer.
    pub async fn save(&mut self, checkpoint: Value, progress: &str) -> Result<(), ExecutorError> {
        let claim = self.claim.clone();
        let mut claimed = claim.lock().await;
        self.store_added(&mut claimed).await?;
        if claimed.record.checkpoint.as_ref() != Some(&checkpoint) {
            // The work got further than where a host died with it.
            claimed.record.interruptions = 0;
        }
        claimed.record.checkpoint = Some(checkpoint);
        claimed.record.progress = Some(progress.to_owned());
        let until = self.context.lease_until(self.invocation);
        taken(self.store.save_progress(&mut claimed, until).await?)
    }

    /// The latest checkpoint: that of this invocation if it has kept one, or else the one that it began with.
    pub async fn kept_checkpoint(&self) -> Option<Value> {
        self.claim.lock().await.record.checkpoint.clone()
    }

    /// Whether to stop and leave a checkpoint; ask before every piece of work of some seconds.
    #[must_use]
    pub fn shortage(&self) -> Shortage {
        if self.invocation.left() <= self.context.limits.deadline_margin { Shortage::Time } else { Shortage::None }
    }

    /// How long until the executor should stop.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.invocation.left().saturating_sub(self.context.limits.deadline_margin)
    }

    /// Why the step should not go on: its pipeline was cancelled or has expired since it began. A step that runs always
    /// goes on, and so does one that a person runs again. Ask every now and then where work takes long.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn stop_reason(&self) -> Result<Option<String>, ExecutorError> {
        if self.step.run_always || self.record.is_rerun {
            return Ok(None);
        }
        let pipeline = self.store.pipeline_without_steps(&self.pipeline.id).await?;
        Ok(pipeline.and_then(|pipeline| pipeline.stop).map(|stop| stop.reason))
    }

    /// Adds a line to the step's log.
    pub fn info(&mut self, message: &str) {
        self.log.lock().line(self.invocation.now(), Level::Info, &self.step.name, message);
    }

    /// Adds a warning to the step's log.
    pub fn warn(&mut self, message: &str) {
        self.log.lock().line(self.invocation.now(), Level::Warning, &self.step.name, message);
    }
}

/// An error if the step is not ours any more.
pub(crate) fn taken(written: StepWritten) -> Result<(), ExecutorError> {
    match written {
        StepWritten::Committed => Ok(()),
        StepWritten::Lost { status } => {
            let status = status.map_or_else(|| "gone".to_owned(), |status| status.to_string());
            Err(ExecutorError::retryable(format!("the step was taken from this runner; it is {status} now")))
        }
    }
}

impl Context {
    pub(crate) fn lease_until(&self, invocation: &Invocation) -> DateTime<Utc> {
        let length = self.limits.renewed_lease.unwrap_or_else(|| invocation.left() + self.limits.lease_margin);
        invocation.now() + length
    }
}
