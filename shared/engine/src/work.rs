//! What an executor gets: arguments, working directory, artifacts, log, deadline, attempt, checkpoint.
//!
//! Steps hand things on by outputs: a value is one, and a file is one that names an artifact. There is no other storage
//! between steps, because an output is fenced: it is that of the attempt that succeeded, whole, or there is none.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipeline::{Name, Pipeline, PipelineId, StepDefinition, StepRecord};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Store;
use store::steps::{Claimed, Held};
use tokio::sync::Mutex;

use crate::context::{Context, Invocation};
use crate::executor::ExecutorError;
use crate::fan_out::Additions;
use crate::step_log::{Level, StepLog};

/// One attempt of one step, as its executor sees it.
pub struct Work<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// The pipeline, without the records of its steps.
    pub pipeline: &'a Pipeline,
    /// What the step should do.
    pub step: &'a StepDefinition,
    /// The claim; shared with the renewal of its lease.
    pub(crate) held: Arc<Mutex<Claimed>>,
    /// The record as it was claimed.
    pub(crate) record: StepRecord,
    pub(crate) output: Option<Value>,
    pub(crate) additions: Additions,
    pub(crate) invocation: &'a Invocation,
    pub(crate) context: &'a Context,
    /// How many runners have followed each other up to this one.
    pub(crate) hops: u32,
    pub(crate) log: StepLog,
}

/// The file prefix that belongs to one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDirectory {
    prefix: String,
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

    /// An argument of the step, or else of the pipeline.
    #[must_use]
    pub fn optional_argument(&self, key: &str) -> Option<&'a str> {
        self.step.arguments.get(key).or_else(|| self.pipeline.arguments.get(key)).map(String::as_str)
    }

    /// An argument that the executor cannot do without.
    ///
    /// # Errors
    /// The argument is missing; permanent.
    pub fn argument(&self, key: &str) -> Result<&'a str, ExecutorError> {
        self.optional_argument(key).ok_or_else(|| {
            ExecutorError::permanent(format!("step `{}` needs an argument `{key}` and has none", self.step.name))
        })
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

    /// Refuses the key of a file that is not one of this pipeline: outputs may come from outside, as those of a function do.
    ///
    /// # Errors
    /// Permanent, and names the key.
    pub(crate) fn check_own_file(&self, key: &str) -> Result<(), ExecutorError> {
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
        let held = self.held.clone();
        let mut claimed = held.lock().await;
        self.store_added(&mut claimed).await?;
        claimed.record.checkpoint = Some(checkpoint);
        claimed.record.progress = Some(progress.to_owned());
        let until = self.context.lease_until(self.invocation);
        taken(self.store.save_progress(&mut claimed, until).await?)
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

    /// Adds a line to the step's log.
    pub fn info(&mut self, message: &str) {
        self.log.line(self.invocation.now(), Level::Info, &self.step.name, message);
    }

    /// Adds a warning to the step's log.
    pub fn warn(&mut self, message: &str) {
        self.log.line(self.invocation.now(), Level::Warning, &self.step.name, message);
    }
}

pub(crate) fn read_output<T: DeserializeOwned>(step: &str, output: Value) -> Result<T, ExecutorError> {
    serde_json::from_value(output)
        .map_err(|error| ExecutorError::permanent(format!("the output of step `{step}` cannot be read: {error}")))
}

/// An error if the step is not ours any more.
pub(crate) fn taken(held: Held) -> Result<(), ExecutorError> {
    match held {
        Held::Committed => Ok(()),
        Held::Lost { status } => {
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

/// Whether a key is that of a file that a pipeline works on or has left.
pub(crate) fn is_file_of(pipeline: &PipelineId, key: &str) -> bool {
    let is_ours = ["work", "archive"].iter().any(|place| key.starts_with(&format!("{place}/{pipeline}/")));
    is_ours && store::files::check_key(key).is_ok()
}

impl WorkingDirectory {
    /// The working directory of a pipeline.
    #[must_use]
    pub fn of(pipeline: &PipelineId) -> Self {
        WorkingDirectory { prefix: format!("work/{pipeline}/") }
    }

    /// The key of a file in it.
    #[must_use]
    pub fn key(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Its prefix, with a slash at the end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of the log of one attempt that is too long for its step's item.
    #[must_use]
    pub(crate) fn log_key(&self, step: &Name, attempt: u32, token: &str) -> String {
        self.key(&format!("logs/{step}/{attempt}-{token}.log"))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn the_files_of_a_pipeline_lie_below_its_own_prefixes() {
        let id = |cause: &str| PipelineId::derive(&"p".parse().unwrap(), cause, DateTime::UNIX_EPOCH);
        let (own, other) = (id("own"), id("other"));
        for key in [format!("work/{own}/first/1-t/a.json"), format!("archive/{own}/files/a.csv")] {
            assert!(is_file_of(&own, &key), "{key}");
        }
        for key in [
            format!("work/{other}/files/a.csv"),
            format!("archive/{other}/files/a.csv"),
            format!("work/{own}"),
            format!("work/{own}x/a.csv"),
            format!("work/{own}/../{other}/files/a.csv"),
            format!("work/{own}//a.csv"),
            format!("/work/{own}/a.csv"),
            "pipelines/a.xml".to_owned(),
            "incoming/a.csv".to_owned(),
            String::new(),
        ] {
            assert!(!is_file_of(&own, &key), "{key}");
        }
    }
}
