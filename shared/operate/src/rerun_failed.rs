//! The rerun of a whole pipeline: all its steps that failed.

use engine::Context;
use pipeline::{Name, Pipeline, PipelineId, StepStatus};

use super::rerun::rerun_step;
use super::{Error, Operator};

/// Enqueues every step of a pipeline that failed, as [`rerun_step`] does, and returns their names. Failures that are allowed
/// count only if nothing else failed.
///
/// # Errors
/// There is no such pipeline, nothing of it failed, or the store did not answer; some of the steps may be enqueued.
pub async fn rerun_failed(context: &Context, id: &PipelineId, operator: Operator<'_>) -> Result<Vec<Name>, Error> {
    let Some(pipeline) = context.store.pipeline_with_steps(id).await? else {
        return Err(Error::UnknownPipeline(id.clone()));
    };
    let names = failed(&pipeline);
    if names.is_empty() {
        return Err(Error::NothingFailed { id: id.clone(), status: pipeline.status });
    }
    // One by one: each is a group of writes of its own, and what came through stays if a later one fails.
    for name in &names {
        rerun_step(context, id, name, operator).await?;
    }
    Ok(names)
}

/// The steps to run again.
fn failed(pipeline: &Pipeline) -> Vec<Name> {
    let (mut failed, mut allowed) = (Vec::new(), Vec::new());
    for step in &pipeline.steps {
        if step.record.status != StepStatus::Error {
            continue;
        }
        let names = if step.definition.allow_failure { &mut allowed } else { &mut failed };
        names.push(step.definition.name.clone());
    }
    // A failure that is allowed held nobody up, so it is run again only by itself.
    if failed.is_empty() { allowed } else { failed }
}
