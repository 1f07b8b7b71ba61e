//! Steps that an executor adds to later stages of its own pipeline: one for each thing that it found.
//!
//! They count when the adding step succeeds, all or none. Until then they are kept with the checkpoint: an executor that
//! adds steps and leaves a checkpoint behind them does not add them again when it goes on, in a further invocation or in a
//! further attempt. One that runs again after a success, by hand or because it recurs, adds to what it had added before.

use pipeline::definition::PIPELINE_STEP_LIMIT;
use pipeline::step::AddedSteps;
use pipeline::{Name, StepDefinition, StepStatus};
use serde::de::DeserializeOwned;
use store::steps::Claimed;

use crate::executor::ExecutorError;
use crate::executor::additions::Additions;
use crate::executor::output::read_output;
use crate::executor::work::Work;

impl Work<'_> {
    /// Adds a step to a later stage of this pipeline, and returns the name it gets: that of this step, a dot, and the name
    /// given. [`StepDefinition::new`] makes one that waits for the stages before it.
    ///
    /// # Errors
    /// The stage is not later, the executor is unknown or told what it does not take, the name has a dot, is too long or was given before, or the
    /// pipeline would have more than [`PIPELINE_STEP_LIMIT`] steps; all permanent.
    pub fn add_step(&mut self, mut step: StepDefinition) -> Result<Name, ExecutorError> {
        let (adder, given) = (&self.step.name, &step.name);
        let refused = |why: String| ExecutorError::permanent(format!("step `{given}` cannot be added: {why}"));
        if step.sort_order <= self.step.sort_order {
            let (own, its) = (self.step.sort_order, step.sort_order);
            return Err(refused(format!("its sort order is {its}; expected one behind that of `{adder}`, {own}")));
        }
        let Some(executor) = self.context.executors.get(&step.executor) else {
            let known = self.context.executors.names().join(", ");
            return Err(refused(format!("there is no executor `{}` (known: {known})", step.executor)));
        };
        // As a definition is checked when it is loaded: no step begins that is told what it does not know.
        let told: Vec<_> = step.arguments.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
        if let Some(fault) = executor.arguments().faults(&told).into_iter().next() {
            return Err(refused(fault.message));
        }
        if given.as_str().contains('.') {
            return Err(refused("its name has a dot; expected none, because one is put before it".to_owned()));
        }
        let name: Name = format!("{adder}.{given}").parse().map_err(|error| refused(format!("{error}")))?;
        if self.pipeline.definition.step(&name).is_some() || self.additions.names.contains(&name) {
            return Err(refused(format!("there is a step `{name}` already")));
        }
        if self.pipeline.definition.steps.len() + self.additions.names.len() >= PIPELINE_STEP_LIMIT {
            return Err(refused(too_many()));
        }
        self.additions.names.insert(name.clone());
        (step.name, step.is_added) = (name.clone(), true);
        self.additions.pending.push(step);
        Ok(name)
    }

    /// What each step left that an earlier step added, by name; those that left nothing are not there. Reads the whole
    /// pipeline, so call it once.
    ///
    /// # Errors
    /// The store did not answer, or an output has another shape; the latter is permanent.
    pub async fn outputs_of_added<T: DeserializeOwned>(&self, adder: &str) -> Result<Vec<(Name, T)>, ExecutorError> {
        let Some(pipeline) = self.store.pipeline_with_steps(&self.pipeline.id).await? else { return Ok(Vec::new()) };
        let mut outputs = Vec::new();
        for step in pipeline.steps.into_iter().filter(|step| step.definition.is_added) {
            let name = &step.definition.name;
            let is_meant = name.as_str().rsplit_once('.').is_some_and(|(by, _)| by == adder);
            let has_ended = matches!(step.record.status, StepStatus::Success | StepStatus::Skipped);
            if let (true, true, Some(output)) = (is_meant, has_ended, step.record.output) {
                let output = read_output(name.as_str(), output)?;
                outputs.push((name.clone(), output));
            }
        }
        Ok(outputs)
    }

    /// Stores what was added since the last time, under the claim's own batch. Nobody sees it before a fenced write names it.
    pub(crate) async fn store_added(&mut self, claimed: &mut Claimed) -> Result<(), ExecutorError> {
        let Additions { pending, names, batch, found } = &mut self.additions;
        if pending.is_empty() {
            return Ok(());
        }
        let (id, adder) = (&self.pipeline.id, &self.step.name);
        if found.is_none() {
            *found = Some(self.store.count_added_steps(id).await?);
        }
        // Two steps that add at the same moment may both pass; each of them keeps to the limit.
        if self.pipeline.definition.steps.len() + found.unwrap_or(0) + names.len() > PIPELINE_STEP_LIMIT {
            return Err(ExecutorError::permanent(format!("{} steps cannot be added: {}", pending.len(), too_many())));
        }
        let token = self.record.token.as_ref().map_or("", |token| &token.0);
        let fresh = || AddedSteps { batch: format!("{}-{token}", self.record.attempt), chunks: 0, steps: 0 };
        let before = batch.clone().unwrap_or_else(fresh);
        let now = self.store.put_added_steps(id, adder, &before, pending).await?;
        pending.clear();
        let adding = &mut claimed.record.adding;
        adding.retain(|batch| batch.batch != now.batch);
        adding.push(now.clone());
        *batch = Some(now);
        Ok(())
    }
}

fn too_many() -> String {
    format!("the pipeline would have more than {PIPELINE_STEP_LIMIT} steps")
}
