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
    let mut names = failed(&pipeline, |allowed| !allowed);
    if names.is_empty() {
        names = failed(&pipeline, |_| true);
    }
    if names.is_empty() {
        return Err(Error::NothingFailed { id: id.clone(), status: pipeline.status });
    }
    for name in &names {
        rerun_step(context, id, name, operator).await?;
    }
    Ok(names)
}

fn failed(pipeline: &Pipeline, counts: impl Fn(bool) -> bool) -> Vec<Name> {
    let failed = pipeline.steps.iter().filter(|step| step.record.status == StepStatus::Error);
    failed.filter(|step| counts(step.definition.allow_failure)).map(|step| step.definition.name.clone()).collect()
}
